"""send() on a stream: counts, payloads, states, and the errors of a peer that goes away.

Closed windows and timeouts are in test_send_window.py, sendall in test_sendall.py.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, RemoteError, RemoteIOError, RemoteTypeError, covers, elapsed_is

from conformance.scenes import echoes, raises_at_once
from conformance.tcp.stream import MSS, SEND_BUFFER, connected, pattern, segments, talks

METHODS = ["send", "sendall"]


async def everything(sock, data):
    """Send DATA by as many calls of send as it takes, checking each count."""
    sent = 0
    while sent < len(data):
        count = await sock.send(data[sent:])
        assert type(count) is int and 1 <= count <= len(data) - sent
        sent += count


@pytest.mark.parametrize("count", [1, MSS - 1, MSS, MSS + 1, SEND_BUFFER, SEND_BUFFER + 1, 20_000])
@covers("tcp.send.stream", "send.count", "tcp.send.partial")
async def test_what_send_accepts_reaches_the_peer(target, wire, count):
    """Byte for byte, in order, and counted right: the program resends by this count."""
    sock, conn = await connected(target, wire)
    data = pattern(count, seed=count)
    await everything(sock, data)
    assert await conn.recv(count, within=5 * SEC) == data
    await asyncio.sleep(10 * SEC)
    assert conn.received == data


@covers("tcp.send.stream")
async def test_every_byte_value_is_sent(target, wire):
    """NUL ends no payload, and 0xFF is no sign."""
    sock, conn = await connected(target, wire)
    every = bytes(range(256))
    assert await sock.send(every) == 256
    assert await conn.recv(256, within=1 * SEC) == every


@covers("tcp.send.stream", "send.count")
async def test_many_small_sends_are_one_stream(target, wire):
    """The peer reads no boundaries, and the order of the calls."""
    sock, conn = await connected(target, wire)
    for number in range(200):
        assert await sock.send(b"%03d," % number) == 4
    assert await conn.recv(800, within=5 * SEC) == b"".join(b"%03d," % number for number in range(200))


@covers("tcp.send.stream")
async def test_send_returns_before_the_peer_has_acknowledged(target, wire):
    """Accepting is taking over: a call per round trip would be slow on every real network."""
    sock, conn = await connected(target, wire)
    conn.silent = True
    call = sock.send(b"x" * 1000)
    assert await call == 1000
    elapsed_is(call, 0)


PAYLOADS = {
    "bytes": (b"Hello", b"Hello"),
    "bytearray": (bytearray(b"Hello"), b"Hello"),
    "str": ("Hello", b"Hello"),
    "str-with-nul": ("a\0b", b"a\0b"),
    "str-beyond-ascii": ("ü€", "ü€".encode()),
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("method", METHODS)
@covers("send.payload-types", "sendall.str")
async def test_payload_types(target, wire, method, payload):
    """Both examples of the documentation send a str."""
    given, wanted = PAYLOADS[payload]
    sock, conn = await connected(target, wire)
    assert await sock.call(method, given) == (len(wanted) if method == "send" else None)
    assert await conn.recv(len(wanted), within=1 * SEC) == wanted


@pytest.mark.parametrize("method", METHODS)
@covers("send.payload-types")
async def test_payload_from_a_buffer_on_the_device(target, wire, method):
    """A bytearray of the device itself, which the module may not keep after the call."""
    sock, conn = await connected(target, wire)
    buffer = await target.buffer(100, fill=0x5A)
    assert await sock.call(method, buffer) == (100 if method == "send" else None)
    assert await conn.recv(100, within=1 * SEC) == b"\x5a" * 100


@pytest.mark.parametrize("bad", [None, 7, 1.5, [1, 2], (1, 2), True, {}])
@pytest.mark.parametrize("method", METHODS)
@covers("send.payload-types", "arguments.no-side-effect")
async def test_other_types_are_refused_and_nothing_is_sent(target, wire, method, bad):
    """A number is no text: guessing what it means would put garbage on the wire."""
    sock, conn = await connected(target, wire)
    await raises_at_once(sock.call(method, bad), RemoteTypeError)
    assert not segments(wire, data=True)
    await talks(sock, conn)


@pytest.mark.parametrize("method", METHODS)
@covers("arguments.no-side-effect")
async def test_missing_and_superfluous_arguments_are_refused(target, wire, method):
    """The signature is (buffer, flags=0) and no other."""
    sock, conn = await connected(target, wire)
    for arguments, names in (((), {}), ((b"x", 0, 0), {}), ((b"x",), {"data": b"x"})):
        await raises_at_once(sock.call(method, *arguments, **names), RemoteTypeError)
    assert not segments(wire, data=True)
    await sock.call(method, buffer=b"named", flags=0)
    assert await conn.recv(5, within=1 * SEC) == b"named"


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("payload", [b"", "", bytearray()])
@pytest.mark.parametrize("method", METHODS)
@covers("send.empty", "sendall.none")
async def test_sending_nothing_sends_nothing(target, wire, method, payload, timeout):
    """0 (or None) at once, and no empty segment."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(timeout)
    await asyncio.sleep(1 * SEC)
    before = len(segments(wire))
    call = sock.call(method, payload)
    assert await call == (0 if method == "send" else None)
    elapsed_is(call, 0)
    await asyncio.sleep(10 * SEC)
    assert len(segments(wire)) == before


@pytest.mark.parametrize("flags", [1, 0x80, -1, 0x4000, 2**31])
@pytest.mark.parametrize("method", METHODS)
@covers("send.flags")
async def test_unknown_flags_are_refused_and_nothing_is_sent(target, wire, method, flags):
    """The same on every call, and nothing extra on the wire."""
    sock, conn = await connected(target, wire)
    for _ in range(2):
        await raises_at_once(sock.call(method, b"x", flags), RemoteError)
    assert not segments(wire, data=True)
    await talks(sock, conn)


@pytest.mark.parametrize("method", METHODS)
@covers("send.needs-peer", "sendall.needs-peer", "udp.unconnected-send")
async def test_unconnected_sockets_send_nothing(target, wire, method):
    """lwIP would broadcast the datagram to port 0 and call it a success."""
    for kind in ({}, {"type": SOCK_DGRAM}):
        for payload in (b"data", b""):
            sock = await target.socket(**kind)
            await raises_at_once(sock.call(method, payload), RemoteIOError)
    await wire.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.send.after-reset", "errors.below-ioerror")
async def test_send_after_a_reset_fails(target, wire, bench, method, timeout):
    """The peer is gone and said so: first the reason, then that there is no connection."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(timeout)
    conn.reset()
    await bench.idle(for_=10 * MS)
    before = len(segments(wire))
    await raises_at_once(sock.call(method, b"x"), ConnectionResetError, errno.ECONNRESET)
    for _ in range(2):
        await raises_at_once(sock.call(method, b"x"), RemoteIOError)
    assert len(segments(wire)) == before
    await echoes(target, wire)


@pytest.mark.parametrize("method", METHODS)
@covers("tcp.send.peer-gone")
async def test_send_to_a_peer_that_is_gone_ends_in_an_error(target, wire, bench, method):
    """The first send cannot know; the RST that answers it tells the second."""
    sock, conn = await connected(target, wire)
    conn.vanish()
    assert await sock.call(method, b"hello?") in (6, None)
    await bench.idle(for_=10 * MS)
    await raises_at_once(sock.call(method, b"x"), RemoteIOError)
    await raises_at_once(sock.recv(1), RemoteIOError)
    await echoes(target, wire)


@pytest.mark.parametrize("method", METHODS)
@covers("tcp.send.peer-gone", "tcp.send.after-reset")
async def test_send_to_a_peer_that_closed_both_ways(target, wire, bench, method):
    """FIN says that the peer will not write; only its RST says that it does not read either."""
    sock, conn = await connected(target, wire)
    conn.finish()
    await bench.idle(for_=10 * MS)
    conn.vanish()
    assert await sock.call(method, b"hello?") in (6, None)
    await bench.idle(for_=10 * MS)
    await raises_at_once(sock.call(method, b"x"), RemoteIOError)


@pytest.mark.parametrize("method", METHODS)
@covers("send.wrong-state", "close.no-more-io")
async def test_closed_socket_sends_nothing(target, wire, method):
    """Above all not on a newer socket with the same number."""
    sock, conn = await connected(target, wire)
    await sock.close()
    await conn.until(lambda c: c.peer_finished, within=1 * SEC)
    other, second = await connected(target, wire, 81)
    await raises_at_once(sock.call(method, b"x"), RemoteIOError)
    await talks(other, second)
    assert conn.received == b"" and second.received == b"ping"


@pytest.mark.parametrize("address", [("10.0.0.2", 7000), ("10.0.0.2", 80)])
@pytest.mark.parametrize("state", ["connected", "new", "listening"])
@covers("tcp.sendto.refused")
async def test_sendto_is_not_for_streams(target, wire, state, address):
    """lwIP drops the address in silence and sends to the connected peer instead."""
    if state == "connected":
        sock, _ = await connected(target, wire)
    else:
        sock = await target.socket()
        if state == "listening":
            await sock.bind(80)
            await sock.listen()
    await raises_at_once(sock.sendto(b"data", address), RemoteIOError)
    assert not segments(wire, data=True)


@pytest.mark.parametrize("mss", [1, 88, 536, 1459, 1460, 9000])
@covers("tcp.send.stream")
async def test_peers_segment_size_is_respected(target, wire, mss):
    """A segment larger than the peer announced may never arrive; one larger than the link cannot leave."""
    sock, conn = await connected(target, wire, mss=mss)
    data = pattern(3000)
    await everything(sock, data)
    await conn.until(lambda c: c.received == data, within=600 * SEC)
    assert max(len(frame.payload) for frame in segments(wire, data=True)) <= min(mss, MSS)


@pytest.mark.parametrize("policy", ["every", "delayed"])
@covers("tcp.send.stream", "tcp.send.partial")
async def test_peers_way_of_acknowledging_does_not_matter(target, wire, policy):
    """A peer that acknowledges late is slower, never wrong."""
    sock, conn = await connected(target, wire, ack=policy)
    data = pattern(30_000)
    await everything(sock, data)
    assert await conn.recv(len(data), within=60 * SEC) == data
