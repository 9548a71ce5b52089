"""recvfrom and recv on datagram sockets: one call, one datagram, its sender, its length.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, RemoteIOError, RemoteTypeError, RemoteValueError, covers

from conformance.scenes import DEVICE, bound_udp, connected_udp, datagram, raises_at_once, would_block

METHODS = ["recv", "recvfrom", "recv_into", "recvfrom_into"]


async def receive(sock, method, bufsize, target):
    """Return (data, sender) of one receive call; sender is None for the methods that do not give it."""
    buffer = await target.buffer(bufsize) if method.endswith("_into") else None
    result = await sock.call(method, bufsize if buffer is None else buffer)
    first, sender = result if method.startswith("recvfrom") else (result, None)
    return (first if buffer is None else (await buffer.read())[:first]), sender


@pytest.mark.parametrize("method", METHODS)
@covers("udp.recvfrom.one-datagram", "udp.recvfrom_into.one-datagram", "udp.recv.one-datagram")
async def test_call_returns_at_the_first_datagram(target, wire, bench, tasks, method):
    """A call that waited for bufsize bytes would hang on every protocol of short messages."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    first = await target.buffer(100) if method.endswith("_into") else 100
    waiting = tasks.start(sock.call(method, first))
    await asyncio.sleep(70 * MS)
    assert waiting.pending
    sent = bench.now
    far.send(b"abc", to=(DEVICE, 5000))
    result = await waiting
    assert (result[0] if method.startswith("recvfrom") else result) in (b"abc", 3)
    assert bench.now - sent < 1 * MS


@pytest.mark.parametrize("method", METHODS)
@covers("udp.recv.one-datagram", "udp.recvfrom.fifo", "udp.recvfrom_into.one-datagram")
async def test_two_queued_datagrams_need_two_calls(target, wire, bench, method):
    """Datagrams that are glued together lose their boundaries."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    far.send(b"1234", to=(DEVICE, 5000))
    far.send(b"abcd", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert (await receive(sock, method, 100, target))[0] == b"1234"
    assert (await receive(sock, method, 100, target))[0] == b"abcd"
    await sock.settimeout(0)
    await would_block(sock.recvfrom(100))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bufsize", [1, 9, 10, 11])
@covers("udp.recvfrom.at-most-bufsize", "udp.recv.truncates", "recv.at-most-bufsize", "udp.recvfrom_into.at-start")
async def test_long_datagram_is_cut_and_its_rest_dropped(target, wire, bench, method, bufsize):
    """A datagram of 10 bytes, read with room for less, as much and more: the next call gets the next one."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    far.send(b"0123456789", to=(DEVICE, 5000))
    far.send(b"next", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    data, _ = await receive(sock, method, bufsize, target)
    assert data == b"0123456789"[:bufsize]
    data, _ = await receive(sock, method, 100, target)
    assert data == b"next"


@covers("udp.recvfrom.data-and-sender", "address.returned-form")
async def test_result_is_a_bytearray_and_the_sender(target, wire, tasks):
    """The pair is what a program answers to."""
    sock = await bound_udp(target)
    waiting = tasks.start(sock.recvfrom(100))
    wire.peer.udp.bind(7000).send(b"hello", to=(DEVICE, 5000))
    result = await waiting
    assert isinstance(result, tuple) and len(result) == 2
    data, address = result
    assert isinstance(data, bytearray) and data == b"hello"
    assert isinstance(address, tuple) and address == ("10.0.0.2", 7000)
    assert isinstance(address[0], str) and isinstance(address[1], int)


@covers("udp.recvfrom_into.count-and-sender", "address.returned-form")
async def test_result_of_recvfrom_into_is_a_count_and_the_sender(target, wire, tasks):
    """The count is an int, the address has the same form as recvfrom's."""
    sock = await bound_udp(target)
    buffer = await target.buffer(16)
    waiting = tasks.start(sock.recvfrom_into(buffer))
    wire.peer.udp.bind(7000).send(b"hello", to=(DEVICE, 5000))
    result = await waiting
    assert isinstance(result, tuple) and result == (5, ("10.0.0.2", 7000))
    assert type(result[0]) is int


@pytest.mark.parametrize("port", [0, 1, 80, 1023, 1024, 49152, 65535])
@covers("udp.recvfrom.data-and-sender", "address.returned-form")
async def test_every_source_port_is_reported(target, wire, bench, port):
    """Byte order, sign and the unusual port 0 show at these values."""
    sock = await bound_udp(target)
    wire.send(datagram(wire, b"x", source=(wire.peer.ip, port)))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"x", (wire.peer.ip, port))


@pytest.mark.parametrize("source", ["1.2.3.4", "10.0.0.254", "9.255.0.128", "223.254.127.1"])
@covers("udp.recvfrom.data-and-sender", "udp.bind.receives-everything")
async def test_every_source_address_is_reported(target, wire, bench, source):
    """A bound socket hears anybody, from the local net or beyond the gateway, and says who it was."""
    sock = await bound_udp(target)
    wire.send(datagram(wire, b"x", source=(source, 7000)))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"x", (source, 7000))


@covers("udp.recvfrom.data-and-sender")
async def test_senders_stay_with_their_datagrams(target, wire, bench):
    """Two senders in turn: an address kept per socket instead of per datagram would mix them up."""
    sock = await bound_udp(target)
    one, two = wire.peer.udp.bind(7000), wire.host(ip="10.0.0.3").udp.bind(7001)
    for number in range(3):
        one.send(b"one %d" % number, to=(DEVICE, 5000))
        two.send(b"two %d" % number, to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    for number in range(3):
        assert await sock.recvfrom(10) == (b"one %d" % number, ("10.0.0.2", 7000))
        assert await sock.recvfrom(10) == (b"two %d" % number, ("10.0.0.3", 7001))


@covers("udp.recvfrom.fifo")
async def test_datagrams_come_in_order_duplicates_included(target, wire, bench):
    """Order of arrival is all the order UDP has; a duplicate on the wire is a datagram like any other."""
    sock = await bound_udp(target)
    sent = [b"a", b"bb", b"ccc", b"ccc", b"dddd", b"eeeee"]
    for data in sent:
        wire.send(datagram(wire, data))
    await bench.idle(for_=1 * MS)
    assert [(await sock.recvfrom(10))[0] for _ in sent] == sent


@pytest.mark.parametrize("method", METHODS)
@covers("udp.recvfrom.zero-length", "udp.recv.zero-length", "udp.recvfrom_into.count-and-sender")
async def test_empty_datagram_is_a_result(target, wire, tasks, method):
    """An empty datagram is a message (and not an end of stream): keep-alives are made of it."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    first = await target.buffer(10) if method.endswith("_into") else 10
    waiting = tasks.start(sock.call(method, first))
    await asyncio.sleep(10 * MS)
    far.send(b"", to=(DEVICE, 5000))
    nothing = 0 if method.endswith("_into") else b""
    assert await waiting == ((nothing, (wire.peer.ip, 7000)) if method.startswith("recvfrom") else nothing)
    far.send(b"next", to=(DEVICE, 5000))
    assert (await receive(sock, method, 10, target))[0] == b"next"


@pytest.mark.parametrize("method", ["recv", "recvfrom"])
@covers("udp.recvfrom.bufsize-edge", "recv.bufsize-zero")
async def test_bufsize_zero_waits_for_a_datagram_and_consumes_it(target, wire, tasks, method):
    """With no room at all the call still takes one datagram off the queue, as BSD does."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    waiting = tasks.start(sock.call(method, 0))
    await asyncio.sleep(60 * SEC)
    assert waiting.pending
    far.send(b"gone", to=(DEVICE, 5000))
    assert await waiting == ((b"", (wire.peer.ip, 7000)) if method == "recvfrom" else b"")
    far.send(b"next", to=(DEVICE, 5000))
    assert (await receive(sock, method, 10, target))[0] == b"next"


BAD_SIZES = {
    "minus-one": (-1, RemoteValueError),
    "int-min": (-(2**31), RemoteValueError),
    "none": (None, RemoteTypeError),
    "str": ("7", RemoteTypeError),
    "float": (1.5, RemoteTypeError),
    "bytes": (b"7", RemoteTypeError),
    "tuple": ((7,), RemoteTypeError),
}


@pytest.mark.parametrize("bad", BAD_SIZES)
@pytest.mark.parametrize("method", ["recv", "recvfrom"])
@covers("udp.recvfrom.bufsize-edge", "recv.bufsize-invalid", "arguments.no-side-effect")
async def test_bad_bufsize_is_refused_and_consumes_nothing(target, wire, bench, method, bad):
    """A wrong size is a mistake in the program; it must not cost a datagram."""
    value, kind = BAD_SIZES[bad]
    sock = await bound_udp(target)
    wire.peer.udp.bind(7000).send(b"kept", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    await raises_at_once(sock.call(method, value), kind)
    assert (await receive(sock, method, 10, target))[0] == b"kept"


@pytest.mark.parametrize("bufsize", [65_507, 65_508, 1_000_000, 2**31 - 1])
@pytest.mark.parametrize("method", ["recv", "recvfrom"])
@covers("udp.recvfrom.bufsize-edge", "recv.bufsize-huge")
async def test_large_bufsize_is_a_limit_not_an_allocation(target, wire, bench, method, bufsize):
    """Asking for much must not need that much memory: the datagram has 5 bytes."""
    sock = await bound_udp(target)
    wire.peer.udp.bind(7000).send(b"small", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    result = await sock.call(method, bufsize)
    assert result in (b"small", (b"small", (wire.peer.ip, 7000)))


@pytest.mark.parametrize("method", ["recv", "recvfrom", "recv_into", "recvfrom_into"])
@covers("udp.bind.before-io", "udp.recvfrom.unbound")
async def test_receiving_without_a_port_fails_at_once(target, method):
    """Nothing can ever arrive at a socket without a port: waiting would be for ever."""
    sock = await target.socket(type=SOCK_DGRAM)
    first = await target.buffer(10) if method.endswith("_into") else 10
    for timeout in (None, 0, 100):
        await sock.settimeout(timeout)
        error = await raises_at_once(sock.call(method, first), RemoteIOError)
        assert not isinstance(error, TimeoutError)


@pytest.mark.parametrize("flags", [1, 0x08, 0x40, 0x8000, -1])
@pytest.mark.parametrize("method", ["recv", "recvfrom"])
@covers("recv.flags")
async def test_flags_are_refused_and_consume_nothing(target, wire, bench, method, flags):
    """A flag that is ignored would promise what the call does not do."""
    sock, far = await connected_udp(target, wire)
    far.send(b"kept", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    for _ in range(2):
        await raises_at_once(sock.call(method, 10, flags), RemoteValueError)
    assert (await receive(sock, method, 10, target))[0] == b"kept"


@pytest.mark.parametrize("method", ["recvfrom", "recvfrom_into"])
@pytest.mark.parametrize("state", ["new", "listening"])
@covers("tcp.recvfrom.refused")
async def test_recvfrom_is_not_for_streams(target, method, state):
    """A stream has no datagrams; the call says so instead of waiting."""
    sock = await target.socket()
    if state == "listening":
        await sock.bind(80)
        await sock.listen()
    first = await target.buffer(10) if method.endswith("_into") else 10
    await raises_at_once(sock.call(method, first), RemoteIOError)
