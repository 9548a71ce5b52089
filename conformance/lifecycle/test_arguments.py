"""Wrong calls: refused as what they are, without an effect; the right call afterwards works.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, RemoteAttributeError, RemoteTypeError, RemoteValueError, covers

from conformance.scenes import bound_udp, connected_tcp, connected_udp, heap_free, listening_tcp, raises_at_once

BUFFER = object()

# Method -> (its parameters in order, arguments of a right call).
SIGNATURES = {
    "connect": (("address",), (("10.0.0.2", 7000),)),
    "close": ((), ()),
    "recv": (("bufsize", "flags"), (4, 0)),
    "recv_into": (("buffer", "bufsize", "flags"), (BUFFER, 4, 0)),
    "recvfrom": (("bufsize", "flags"), (4, 0)),
    "recvfrom_into": (("buffer", "bufsize", "flags"), (BUFFER, 4, 0)),
    "send": (("buffer", "flags"), (b"data", 0)),
    "sendall": (("buffer", "flags"), (b"data", 0)),
    "sendto": (("buffer", "address", "flags"), (b"data", ("10.0.0.2", 7000), 0)),
    "settimeout": (("timeout",), (100,)),
    "bind": (("address",), (6000,)),
    "listen": (("maxlog",), (1,)),
    "accept": ((), ()),
    "fileno": ((), ()),
}
REQUIRED = {"connect": 1, "recv": 1, "recv_into": 1, "recvfrom": 1, "recvfrom_into": 1, "send": 1, "sendall": 1}
REQUIRED |= {"sendto": 2, "settimeout": 1, "bind": 1}


async def scene(method, target, wire, bench):
    """Return a socket on which a right call of METHOD returns at once."""
    if method in ("connect", "sendto", "bind"):
        return await target.socket(type=SOCK_DGRAM)
    if method == "accept":
        listener = await listening_tcp(target)
        await wire.peer.tcp.connect(80).established(within=1 * SEC)
        return listener
    if method == "listen":
        sock = await target.socket()
        await sock.bind(80)
        return sock
    if method in ("close", "fileno", "settimeout"):
        return await bound_udp(target)
    sock, far = await connected_udp(target, wire)
    far.send(b"data", to=("10.0.0.1", 5000))
    await bench.idle(for_=1 * MS)
    return sock


async def right(method, target):
    """Return the arguments of a right call of METHOD."""
    return [await target.buffer(4) if given is BUFFER else given for given in SIGNATURES[method][1]]


@pytest.mark.parametrize("method", SIGNATURES)
@covers("module.names")
async def test_arguments_by_position(target, wire, bench, method):
    """Each parameter has its documented place."""
    wire.ignore(lambda frame: frame.outgoing)
    sock = await scene(method, target, wire, bench)
    await sock.call(method, *await right(method, target))


@pytest.mark.parametrize("method", SIGNATURES)
@covers("module.names")
async def test_arguments_by_name(target, wire, bench, method):
    """Each parameter has its documented name."""
    wire.ignore(lambda frame: frame.outgoing)
    sock = await scene(method, target, wire, bench)
    await sock.call(method, **dict(zip(SIGNATURES[method][0], await right(method, target), strict=True)))


@pytest.mark.parametrize("method", [name for name in SIGNATURES if REQUIRED.get(name, 0) < len(SIGNATURES[name][0])])
@covers("module.names")
async def test_optional_arguments_may_be_left_out(target, wire, bench, method):
    """The defaults are those of the headings: bufsize -1, flags 0, maxlog 2."""
    wire.ignore(lambda frame: frame.outgoing)
    sock = await scene(method, target, wire, bench)
    await sock.call(method, *(await right(method, target))[: REQUIRED.get(method, 0)])


async def _refused_then_right(method, target, wire, bench, arguments, keywords):
    """Assert that the wrong call is a TypeError without an effect: the right one works after it."""
    sock = await scene(method, target, wire, bench)
    before = len(wire.frames)
    await raises_at_once(sock.call(method, *arguments, **keywords), RemoteTypeError)
    await bench.idle(for_=1 * SEC)
    assert not any(frame.outgoing for frame in wire.frames[before:])
    wire.ignore(lambda frame: frame.outgoing)
    result = await sock.call(method, *await right(method, target))
    if method in ("recv", "recvfrom"):
        assert (result[0] if method == "recvfrom" else result) == b"data"


@pytest.mark.parametrize("method", SIGNATURES)
@covers("arguments.no-side-effect", "module.names")
async def test_too_many_arguments_are_refused(target, wire, bench, method):
    """One more than the heading has."""
    await _refused_then_right(method, target, wire, bench, [*await right(method, target), 0], {})


@pytest.mark.parametrize("method", REQUIRED)
@covers("arguments.no-side-effect", "module.names")
async def test_too_few_arguments_are_refused(target, wire, bench, method):
    """One less than the heading needs."""
    await _refused_then_right(method, target, wire, bench, (await right(method, target))[: REQUIRED[method] - 1], {})


@pytest.mark.parametrize("name", ["unknown", "Buffer"])
@pytest.mark.parametrize("method", SIGNATURES)
@covers("arguments.no-side-effect", "module.names")
async def test_unknown_argument_name_is_refused(target, wire, bench, method, name):
    """A misspelt name must not be ignored: its value would be."""
    await _refused_then_right(method, target, wire, bench, await right(method, target), {name: 0})


@pytest.mark.parametrize("method", [name for name in SIGNATURES if SIGNATURES[name][0]])
@covers("arguments.no-side-effect", "module.names")
async def test_argument_given_twice_is_refused(target, wire, bench, method):
    """By position and by name at once."""
    arguments = await right(method, target)
    await _refused_then_right(method, target, wire, bench, arguments, {SIGNATURES[method][0][0]: arguments[0]})


NO_FLAGS = {"none": None, "str": "0", "float": 0.0}


@pytest.mark.parametrize("name", NO_FLAGS)
@pytest.mark.parametrize("method", [name for name in SIGNATURES if "flags" in SIGNATURES[name][0]])
@covers("arguments.no-side-effect", "recv.flags", "send.flags")
async def test_flags_that_are_no_integer_are_refused(target, wire, bench, method, name):
    """Flags are a number; nothing is received or sent for anything else."""
    await _refused_then_right(method, target, wire, bench, [*(await right(method, target))[:-1], NO_FLAGS[name]], {})


BAD_SIZES = {"none": None, "str": "4", "float": 4.0, "bytes": b"4", "list": [4]}


@pytest.mark.parametrize("name", BAD_SIZES)
@pytest.mark.parametrize("method", ["recv", "recvfrom", "recv_into", "recvfrom_into"])
@covers("arguments.no-side-effect", "recv.bufsize-invalid")
async def test_bufsize_that_is_no_integer_is_refused(target, wire, bench, method, name):
    """Nothing is consumed: the datagram is there for the right call."""
    arguments = await right(method, target)
    arguments[-2] = BAD_SIZES[name]
    await _refused_then_right(method, target, wire, bench, arguments, {})


@pytest.mark.parametrize("name", ["none", "str", "float", "list"])
@covers("arguments.no-side-effect", "tcp.listen.maxlog-edge")
async def test_maxlog_that_is_no_integer_is_refused(target, wire, bench, name):
    """The socket does not listen after it."""
    await _refused_then_right("listen", target, wire, bench, [BAD_SIZES[name]], {})


@pytest.mark.parametrize("name", BAD_SIZES)
@pytest.mark.parametrize("method", ["recv", "recv_into"])
@covers("arguments.no-side-effect", "recv.bufsize-invalid")
async def test_bad_bufsize_consumes_nothing_of_a_stream(target, wire, bench, method, name):
    """The stream goes on where it was."""
    sock, connection = await connected_tcp(target, wire)
    connection.send(b"kept")
    await bench.idle(for_=1 * MS)
    arguments = (await right(method, target))[:-2]
    await raises_at_once(sock.call(method, *arguments, BAD_SIZES[name]), RemoteTypeError)
    assert await sock.recv(4) == b"kept"


@covers("arguments.no-side-effect", "recv.bufsize-invalid")
async def test_negative_bufsize_consumes_nothing_of_a_stream(target, wire, bench):
    """Negative means the whole buffer for the _into methods; recv has no buffer."""
    sock, connection = await connected_tcp(target, wire)
    connection.send(b"kept")
    await bench.idle(for_=1 * MS)
    await raises_at_once(sock.recv(-1), RemoteValueError)
    assert await sock.recv(4) == b"kept"


@pytest.mark.parametrize("name", ["shutdown", "dup", "makefile", "Connect", "nonsense", "", "socket", "ip_to_tuple"])
@covers("module.other-bsd-calls")
async def test_method_that_is_not_offered_is_an_attributeerror(target, name):
    """A method that does nothing would be worse than none."""
    sock = await target.socket()
    await raises_at_once(sock.call(name), RemoteAttributeError)


@covers("arguments.no-side-effect", "close.nothing-lost")
async def test_wrong_calls_lose_no_memory(target, bench):
    """A thousand refused calls later the heap is as before."""
    sock = await bound_udp(target)

    async def wrong():
        for call in (
            lambda: sock.recv(None),
            lambda: sock.sendto(b"x" * 1000, "nonsense"),
            lambda: sock.bind(()),
            lambda: sock.settimeout("1"),
            lambda: sock.call("recv", 1, 2, 3),
            lambda: target.socket(type="x"),
        ):
            with pytest.raises((TypeError, ValueError)):
                await call()

    await wrong()
    before = await heap_free(target, bench)
    for _ in range(100):
        await wrong()
    assert await heap_free(target, bench) == before
