"""What the module offers: its constants and its methods.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from sockbench import SOCK_DGRAM, RemoteAttributeError, RemoteIOError, RemoteTypeError, covers

from conformance.scenes import raises_at_once

FAMILIES = ("AF_INET", "AF_INET6", "AF_CAN")
TYPES = ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW")
OPTIONS = ("SO_RCVTIMEO", "SO_REUSEADDR")
METHODS = (
    "fileno",
    "connect",
    "close",
    "recv",
    "recv_into",
    "recvfrom",
    "recvfrom_into",
    "send",
    "sendall",
    "sendto",
    "settimeout",
    "bind",
    "listen",
    "accept",
)


@pytest.mark.parametrize(
    "name",
    [
        *(pytest.param(name, marks=covers("constants.families")) for name in FAMILIES),
        *(pytest.param(name, marks=covers("constants.types")) for name in TYPES),
        *(pytest.param(name, marks=covers("constants.options")) for name in ("SOL_SOCKET", *OPTIONS)),
        pytest.param("IPPROTO_TCP", marks=covers("constants.ipproto-tcp")),
    ],
)
@covers("module.names")
async def test_constant_is_an_integer(target, name):
    """Programs pass it on and compare it."""
    assert type(target.constants[name]) is int


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(FAMILIES, marks=covers("constants.families"), id="families"),
        pytest.param(TYPES, marks=covers("constants.types"), id="types"),
        pytest.param(OPTIONS, marks=covers("constants.options"), id="options"),
    ],
)
@covers("module.names")
async def test_constants_of_a_kind_differ(target, names):
    """Two names for one number would make one of them mean something else."""
    assert len({target.constants[name] for name in names}) == len(names)


@covers("constants.ipproto-tcp")
async def test_ipproto_tcp_is_the_protocol_number(target):
    """It is a number of the Internet, not of the module."""
    assert target.constants["IPPROTO_TCP"] == 6


@pytest.mark.parametrize("method", METHODS)
@covers("module.names")
async def test_method_exists(target, method):
    """A wrong argument name is a TypeError of the method; a missing method would be an AttributeError."""
    sock = await target.socket(type=SOCK_DGRAM)
    await raises_at_once(sock.call(method, no_such_argument=0), RemoteTypeError)


@pytest.mark.parametrize("method", ["setsockopt", "getsockopt", "shutdown", "getsockname", "getpeername"])
@covers("module.other-bsd-calls")
async def test_other_bsd_method_is_absent_or_checks_its_arguments(target, method):
    """What the page does not list may be missing; what is there does not ignore what it is given."""
    sock = await target.socket(type=SOCK_DGRAM)
    await raises_at_once(sock.call(method, no_such_argument=0), (RemoteAttributeError, RemoteTypeError))


@covers("module.other-bsd-calls")
async def test_getsockname_names_the_local_end(target):
    """As in BSD: the bound address and port, and what an automatic bind chose."""
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(5000)
    assert (await sock.call("getsockname"))[1] == 5000
    other = await target.socket(type=SOCK_DGRAM)
    await other.bind(("10.0.0.1", 0))
    address, port = await other.call("getsockname")
    assert address == "10.0.0.1" and port >= 1024


@covers("module.other-bsd-calls")
async def test_getpeername_names_the_far_end(target, wire):
    """As in BSD: the connected address, and an error without one."""
    sock = await target.socket(type=SOCK_DGRAM)
    await raises_at_once(sock.call("getpeername"), RemoteIOError, errno.ENOTCONN)
    await sock.connect((wire.peer.ip, 7000))
    assert await sock.call("getpeername") == (wire.peer.ip, 7000)
