"""sendall() on a stream: everything or an error, None, one deadline for the whole call.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import MS, SEC, RemoteIOError, covers, elapsed_is

from conformance.scenes import echoes, raises_at_once, times_out, would_block
from conformance.tcp.stream import MSS, SEND_BUFFER, connected, pattern, prompt, segments, talks

KIB = 1024


@pytest.mark.parametrize(
    "count", [1, MSS - 1, MSS, MSS + 1, SEND_BUFFER - 1, SEND_BUFFER, SEND_BUFFER + 1, 64 * KIB - 1, 64 * KIB]
)
@covers("tcp.sendall.everything", "sendall.none")
async def test_sendall_sends_everything_and_returns_none(target, wire, count):
    """Not a count, which a program could take for a part."""
    sock, conn = await connected(target, wire)
    data = pattern(count, seed=count)
    assert await sock.sendall(data) is None
    assert await conn.recv(count, within=10 * SEC) == data
    await asyncio.sleep(5 * SEC)
    assert conn.received == data


@covers("tcp.sendall.everything", "tcp.sendall.continues")
async def test_sendall_of_a_mebibyte(target, wire):
    """A firmware image or a picture: many times the buffer, in one call from one buffer on the device."""
    sock, conn = await connected(target, wire)
    block = await target.buffer(128 * KIB, seed=7)
    for _ in range(8):
        assert await sock.sendall(block) is None
    wanted = pattern(128 * KIB, seed=7) * 8
    await conn.until(lambda c: c.received_bytes >= len(wanted), within=60 * SEC)
    assert conn.received == wanted


@pytest.mark.parametrize("step", [1, 100, MSS, 5000])
@covers("tcp.sendall.continues")
async def test_sendall_returns_only_when_all_is_accepted(target, wire, tasks, step):
    """A slow reader takes STEP bytes now and then: the call lasts until the last byte has found room."""
    sock, conn = await connected(target, wire, window=0)
    count = SEND_BUFFER + 3 * step
    data = pattern(count, seed=step)
    sending = tasks.start(sock.sendall(data))
    await asyncio.sleep(1 * SEC)
    assert sending.pending
    while sending.pending:
        assert conn.received_bytes < 3 * step, "everything has found room, and the call goes on"
        conn.window = step
        conn.acknowledge()
        await asyncio.sleep(5 * SEC)
    assert await sending is None
    assert conn.received_bytes >= 1
    conn.window = None
    await conn.until(lambda c: c.received_bytes >= count, within=200 * SEC)
    assert conn.received == data


@pytest.mark.parametrize("timeout", [10, 100, 1000, 2500])
@covers("tcp.sendall.timeout", "tcp.sendall.error")
async def test_timeout_counts_from_the_start_of_the_call(target, wire, tasks, timeout):
    """A peer that takes a segment at each third of the timeout could else hold the call for ever."""
    sock, conn = await connected(target, wire, window=MSS, ack="never")
    await sock.settimeout(timeout)
    sending = tasks.start(sock.sendall(pattern(60_000)))
    taken = 0
    while sending.pending:
        await asyncio.sleep(timeout * MS // 3)
        if sending.pending:
            assert conn.received_bytes > taken, "the call has to be under way"
            taken = conn.received_bytes
            conn.acknowledge()
    await times_out(sending, timeout * MS)
    conn.ack = "every"
    await asyncio.sleep(20 * SEC)
    data = pattern(60_000)
    assert conn.received == data[: conn.received_bytes]
    assert 0 < conn.received_bytes < len(data)


@covers("tcp.sendall.timeout", "timeout.in-time")
async def test_sendall_in_time_raises_nothing(target, wire, tasks):
    """The same call with a peer that takes everything just before the deadline."""
    sock, conn = await connected(target, wire, window=0)
    await sock.settimeout(1000)
    data = pattern(20_000)
    sending = tasks.start(sock.sendall(data))
    await asyncio.sleep(950 * MS)
    conn.window = None
    assert await sending is None
    await conn.until(lambda c: c.received == data, within=10 * SEC)


@pytest.mark.parametrize("count", [1, MSS, SEND_BUFFER])
@covers("tcp.sendall.non-blocking", "sendall.none")
async def test_non_blocking_sendall_of_what_fits(target, wire, count):
    """With room for everything it is done at once, even if nothing can leave yet."""
    sock, conn = await connected(target, wire, window=0)
    await sock.settimeout(0)
    data = pattern(count)
    call = sock.sendall(data)
    assert await call is None
    elapsed_is(call, 0)
    conn.window = None
    await conn.until(lambda c: c.received == data, within=5 * SEC)


@pytest.mark.parametrize("count", [SEND_BUFFER + 1, 20_000])
@covers("tcp.sendall.non-blocking", "tcp.sendall.error")
async def test_non_blocking_sendall_of_too_much_would_block(target, wire, count):
    """It says so at once; what it sent is a clean prefix."""
    sock, conn = await connected(target, wire, window=0)
    await sock.settimeout(0)
    data = pattern(count)
    await would_block(sock.sendall(data))
    conn.window = None
    await asyncio.sleep(10 * SEC)
    assert conn.received == data[: conn.received_bytes]
    assert conn.received_bytes <= SEND_BUFFER


@pytest.mark.parametrize("after", [0, 1, 5000, 40_000])
@covers("tcp.sendall.error", "tcp.sendall.everything")
async def test_reset_on_the_way_is_an_error(target, wire, tasks, bench, after):
    """Never None after an error; what the peer saw is the beginning of the data."""
    # Nobody reads at the peer's end: its window closes after so many bytes.
    sock, conn = await connected(target, wire, buffer=after)
    data = pattern(60_000)
    sending = tasks.start(sock.sendall(data))
    await conn.until(lambda c: c.received_bytes >= after, within=60 * SEC)
    await asyncio.sleep(10 * MS)
    assert sending.pending
    at = bench.now
    conn.reset()
    with pytest.raises(ConnectionResetError):
        await sending
    prompt(bench, at)
    assert conn.received == data[: conn.received_bytes]
    await raises_at_once(sock.sendall(b"x"), RemoteIOError)
    await echoes(target, wire)


@pytest.mark.parametrize("payload", ["Hello World!", b"Hello World!", bytearray(b"Hello World!")])
@covers("sendall.str", "send.payload-types")
async def test_sendall_takes_text_and_bytes(target, wire, payload):
    """The examples of the documentation send text."""
    sock, conn = await connected(target, wire)
    assert await sock.sendall(payload) is None
    assert await conn.recv(12, within=1 * SEC) == b"Hello World!"


@covers("tcp.sendall.everything", "socket.independent")
async def test_four_threads_send_at_once(target, wire, tasks):
    """Each on its socket: nothing of one stream gets into another."""
    pairs = [await connected(target, wire, 8000 + number) for number in range(4)]
    data = [pattern(30_000, seed=number + 1) for number in range(4)]
    sending = [tasks.start(sock.sendall(data[number])) for number, (sock, _) in enumerate(pairs)]
    for call in sending:
        assert await call is None
    for number, (_, conn) in enumerate(pairs):
        assert await conn.recv(30_000, within=10 * SEC) == data[number]


@covers("tcp.sendall.everything", "tcp.recv.integrity")
async def test_both_directions_at_once(target, wire, tasks):
    """A stream is two streams: sending and receiving by two threads on one socket."""
    sock, conn = await connected(target, wire)
    out, back = pattern(50_000, seed=1), pattern(50_000, seed=2)
    sending = tasks.start(sock.sendall(out))
    receiving = tasks.start(sock.recv(50_000))
    conn.send(back)
    assert await sending is None
    assert await receiving == back
    assert await conn.recv(50_000, within=10 * SEC) == out
    assert segments(wire, data=True)
    await talks(sock, conn)
