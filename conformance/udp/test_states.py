"""Every method in every state of a datagram socket: a defined result, at once, and a socket that still works.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno
from typing import Any

import pytest
from sockbench import SEC, SOCK_DGRAM, RemoteIOError, covers, elapsed_is

from conformance.scenes import DEVICE, bound_udp, connected_udp, raises_at_once, would_block


class Fails:
    """The call raises IOError at once, with this errno where one is named."""

    def __init__(self, number=None):
        self.number = number


class Returns:
    """The call returns this at once."""

    def __init__(self, value):
        self.value = value


class WouldBlock:
    """The call has nothing to return; in non-blocking mode it says so."""


PEER = ("10.0.0.2", 7000)
NOTHING = object()
CALLS: dict[str, tuple[Any, ...]] = {
    "bind": (6000,),
    "connect": (PEER,),
    "listen": (),
    "accept": (),
    "send": (b"x",),
    "sendall": (b"x",),
    "sendto": (b"x", PEER),
    "recv": (10,),
    "recvfrom": (10,),
    "recv_into": (NOTHING,),
    "recvfrom_into": (NOTHING,),
    "settimeout": (0,),
    "close": (),
}

ALWAYS = {
    "connect": Returns(None),
    "listen": Fails(),
    "accept": Fails(),
    "settimeout": Returns(None),
    "close": Returns(None),
}
RECEIVE = ("recv", "recvfrom", "recv_into", "recvfrom_into")

EXPECTED: dict[str, dict[str, Any]] = {
    "new": ALWAYS
    | {"bind": Returns(None), "sendto": Returns(1)}
    | dict.fromkeys(("send", "sendall"), Fails(errno.EDESTADDRREQ))
    | dict.fromkeys(RECEIVE, Fails()),
    "bound": ALWAYS
    | {"bind": Fails(), "sendto": Returns(1)}
    | dict.fromkeys(("send", "sendall"), Fails(errno.EDESTADDRREQ))
    | dict.fromkeys(RECEIVE, WouldBlock()),
    "connected": ALWAYS
    | {"bind": Fails(), "sendto": Fails(errno.EISCONN), "send": Returns(1), "sendall": Returns(None)}
    | dict.fromkeys(RECEIVE, WouldBlock()),
    "closed": dict.fromkeys(CALLS, Fails()) | {"close": Returns(None)},
}


async def socket_in(state, target, wire):
    """Return a datagram socket in STATE."""
    if state == "bound":
        return await bound_udp(target)
    if state == "connected":
        return (await connected_udp(target, wire))[0]
    sock = await target.socket(type=SOCK_DGRAM)
    if state == "closed":
        await sock.close()
    return sock


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("state", EXPECTED)
@covers("state.every-method", "udp.bind.before-io", "listen.only-tcp", "accept.wrong-state", "closed.every-method")
async def test_method_in_state(target, wire, state, method):
    """The result is the one the table names, it comes at once, and a new socket works afterwards."""
    wire.ignore(lambda frame: frame.outgoing)
    sock = await socket_in(state, target, wire)
    if state != "closed":
        await sock.settimeout(0)
    arguments = [await target.buffer(10) if given is NOTHING else given for given in CALLS[method]]
    call = sock.call(method, *arguments)
    expected = EXPECTED[state][method]
    if isinstance(expected, Fails):
        await raises_at_once(call, RemoteIOError, expected.number)
    elif isinstance(expected, WouldBlock):
        await would_block(call)
    else:
        assert await call == expected.value
        elapsed_is(call, 0)
    await sock.close()
    again = await bound_udp(target, 6000)
    far = wire.peer.udp.bind(8000)
    await again.sendto(b"and on", (wire.peer.ip, 8000))
    assert (await far.recv(within=1 * SEC)).source == (DEVICE, 6000)


@pytest.mark.parametrize("timeout", [None, 0, 100], ids=str)
@pytest.mark.parametrize("method", ["listen", "accept"])
@covers("listen.only-tcp", "accept.wrong-state")
async def test_server_methods_are_not_for_datagrams(target, wire, method, timeout):
    """There is nothing to accept on a datagram socket: no waiting, no success, and the binding stays."""
    sock = await bound_udp(target)
    await sock.settimeout(timeout)
    error = await raises_at_once(sock.call(method), RemoteIOError)
    assert not isinstance(error, TimeoutError)
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5000))
    await sock.settimeout(None)
    assert (await sock.recvfrom(10))[0] == b"x"
