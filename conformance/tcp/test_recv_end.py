"""recv() and recv_into() when the stream ends: by FIN, by reset, with or without data before.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, RemoteIOError, covers, elapsed_is

from conformance.scenes import echoes, raises_at_once, times_out
from conformance.tcp.stream import LONG, MSS, connected, pattern, prompt

METHODS = ["recv", "recv_into"]
FIN = 0x01


async def argument(method, count, target):
    """Return the first argument of the method for COUNT bytes."""
    return await target.buffer(count) if method == "recv_into" else count


def nothing(method):
    """Return what the method says at the end of the stream."""
    return 0 if method == "recv_into" else b""


@pytest.mark.parametrize("timeout", [None, 0, 1000])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.end-of-stream", "recv_into.count")
async def test_end_of_stream_is_empty_for_ever(target, wire, bench, method, timeout):
    """A reader that misses the end once must find it again; an error in its place looks like a fault."""
    sock, conn = await connected(target, wire)
    first = await argument(method, 7, target)
    await sock.settimeout(timeout)
    conn.finish()
    await bench.idle(for_=10 * MS)
    for _ in range(4):
        call = sock.call(method, first)
        assert await call == nothing(method)
        elapsed_is(call, 0)
    await asyncio.sleep(LONG if timeout is None else 1 * SEC)
    assert await sock.call(method, first) == nothing(method)


@pytest.mark.parametrize("delay", [0, 70, 10_000])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.end-of-stream")
async def test_fin_ends_a_waiting_call_when_it_comes(target, wire, tasks, bench, method, delay):
    """The end is known at once, not at the next timeout."""
    sock, conn = await connected(target, wire)
    receiving = tasks.start(sock.call(method, await argument(method, 7, target)))
    await asyncio.sleep(1 * MS + delay * MS)
    assert receiving.pending
    at = bench.now
    conn.finish()
    assert await receiving == nothing(method)
    prompt(bench, at)


@pytest.mark.parametrize("count", [1, 6, 7, 8, 14])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.end-after-partial", "tcp.recv.end-of-stream", "recv_into.count")
async def test_bytes_before_the_end_are_returned(target, wire, tasks, bench, method, count):
    """The last message of a stream is rarely as long as the buffer: it must come out, then the end."""
    sock, conn = await connected(target, wire)
    data = b"abcdefghijklmn"[:count]
    first = await argument(method, 7, target)
    conn.send(data)
    receiving = tasks.start(sock.call(method, first))
    await asyncio.sleep(50 * MS)
    at = bench.now
    conn.finish()
    got = b""
    while True:
        result = await receiving
        if result == nothing(method):
            break
        got += result if method == "recv" else bytes(await first.read())[:result]
        receiving = sock.call(method, first)
    assert got == data
    assert bench.now - at < 5 * MS
    assert await sock.recv(1) == b""


@covers("tcp.recv.end-after-partial")
async def test_fin_in_the_segment_of_the_data(target, wire, tasks):
    """Many servers send their answer and FIN in one segment."""
    sock, conn = await connected(target, wire)
    receiving = tasks.start(sock.recv(100))
    await asyncio.sleep(10 * MS)
    conn.raw(flags="FPA", payload=b"the answer")
    assert await receiving == b"the answer"
    assert await sock.recv(100) == b""


@covers("tcp.recv.end-of-stream", "tcp.recv.integrity")
async def test_lost_fin_is_waited_for(target, wire, tasks):
    """Until the repeated FIN comes the stream is not over."""
    sock, conn = await connected(target, wire)
    conn.drop(when=lambda segment: segment.flags & FIN)
    conn.send(b"abc")
    receiving = tasks.start(sock.recv(7))
    await asyncio.sleep(10 * MS)
    conn.finish()
    await asyncio.sleep(900 * MS)
    assert receiving.pending
    assert await receiving == b"abc"
    assert 910 * MS <= receiving.elapsed < 2 * SEC


@covers("tcp.recv.end-of-stream", "tcp.recv.integrity")
async def test_fin_that_overtakes_data_ends_nothing(target, wire, tasks):
    """The end is where its sequence number says, not where it arrives."""
    sock, conn = await connected(target, wire)
    receiving = tasks.start(sock.recv(7))
    begin = conn.snd_nxt
    conn.raw(flags="FA", seq=begin + 3)
    await asyncio.sleep(100 * MS)
    assert receiving.pending
    conn.raw(flags="PA", seq=begin, payload=b"abc")
    await asyncio.sleep(100 * MS)
    if receiving.pending:
        # lwIP may keep the data of what came too early but not a bare FIN: the peer repeats it.
        conn.raw(flags="FA", seq=begin + 3)
    assert await receiving == b"abc"
    assert await sock.recv(1) == b""


@covers("tcp.recv.end-of-stream", "tcp.send.after-reset")
async def test_half_closed_peer_is_still_sent_to(target, wire):
    """FIN ends one direction: a client that has asked all its questions still wants the answers."""
    sock, conn = await connected(target, wire)
    conn.finish()
    assert await sock.recv(1) == b""
    data = pattern(10_000)
    await sock.sendall(data)
    await conn.until(lambda c: c.received == data, within=5 * SEC)
    assert await sock.recv(1) == b""


@pytest.mark.parametrize("timeout", [None, 5000])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.reset", "errors.below-ioerror")
async def test_reset_ends_a_waiting_call_when_it_comes(target, wire, tasks, bench, method, timeout):
    """A peer that crashed says so by RST: the reader must not wait on."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(timeout)
    receiving = tasks.start(sock.call(method, await argument(method, 7, target)))
    await asyncio.sleep(70 * MS)
    at = bench.now
    conn.reset()
    with pytest.raises(ConnectionResetError) as caught:
        await receiving
    prompt(bench, at)
    assert isinstance(caught.value, RemoteIOError) and caught.value.errno == errno.ECONNRESET
    await raises_at_once(sock.recv(1), RemoteIOError)
    await echoes(target, wire)


@pytest.mark.parametrize("timeout", [None, 0, 100])
@covers("tcp.recv.reset")
async def test_reset_between_calls_is_told_by_the_next(target, wire, bench, timeout):
    """Nobody was reading when it came: the next reader hears of it at once."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(timeout)
    conn.reset()
    await bench.idle(for_=10 * MS)
    await raises_at_once(sock.recv(1), ConnectionResetError, errno.ECONNRESET)
    error = await raises_at_once(sock.recv(1), RemoteIOError)
    assert not isinstance(error, TimeoutError)


@pytest.mark.parametrize("count", [1, 3, 6])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.reset-after-partial")
async def test_bytes_before_a_reset_come_before_its_error(target, wire, tasks, bench, method, count):
    """Neither the bytes nor the error may get lost: one call has the bytes, the next the error."""
    sock, conn = await connected(target, wire)
    first = await argument(method, 7, target)
    receiving = tasks.start(sock.call(method, first))
    conn.send(b"abcdef"[:count])
    await asyncio.sleep(50 * MS)
    assert receiving.pending
    at = bench.now
    conn.reset()
    result = await receiving
    prompt(bench, at)
    assert (result if method == "recv" else bytes(await first.read())[:result]) == b"abcdef"[:count]
    await raises_at_once(sock.call(method, first), ConnectionResetError, errno.ECONNRESET)
    await raises_at_once(sock.call(method, first), RemoteIOError)


@pytest.mark.parametrize("count", [5, 2 * MSS])
@covers("tcp.recv.reset-after-partial")
async def test_queued_bytes_survive_a_reset(target, wire, bench, count):
    """Data that arrived in order before the reset was acknowledged: the peer believes it was read."""
    sock, conn = await connected(target, wire)
    data = pattern(count)
    conn.send(data)
    await bench.idle(for_=10 * MS)
    conn.reset()
    await bench.idle(for_=10 * MS)
    assert await sock.recv(count) == data
    await raises_at_once(sock.recv(1), ConnectionResetError)


@covers("tcp.recv.reset-after-partial", "tcp.recv.timeout-keeps-data")
async def test_held_bytes_survive_a_reset(target, wire, bench):
    """Bytes that a timed-out call left behind are no less received than others."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(50)
    conn.send(b"abc")
    await times_out(sock.recv(7), 50 * MS)
    conn.reset()
    await bench.idle(for_=10 * MS)
    assert await sock.recv(7) == b"abc"
    await raises_at_once(sock.recv(7), ConnectionResetError)


@pytest.mark.parametrize("offset", [-1, 70_000, 1, 100])
@covers("tcp.recv.reset")
async def test_reset_that_does_not_fit_is_ignored(target, wire, tasks, offset):
    """Anybody can send a RST; only the exact sequence number proves that it is the peer's (RFC 5961 3.2)."""
    sock, conn = await connected(target, wire)
    receiving = tasks.start(sock.recv(4))
    await asyncio.sleep(10 * MS)
    conn.raw(flags="R", seq=(conn.snd_nxt + offset) % 2**32)
    await asyncio.sleep(1 * SEC)
    assert receiving.pending
    conn.send(b"good")
    assert await receiving == b"good"


@pytest.mark.parametrize("read_before", [True, False])
@covers("tcp.recv.end-of-stream", "tcp.recv.end-after-partial")
async def test_reset_after_the_end_changes_nothing_for_the_reader(target, wire, bench, read_before):
    """Many peers send FIN and then, when they exit, RST: the stream was complete before."""
    sock, conn = await connected(target, wire)
    conn.send(b"all of it")
    conn.finish()
    await bench.idle(for_=10 * MS)
    if read_before:
        assert await sock.recv(9) == b"all of it"
        assert await sock.recv(1) == b""
    conn.reset()
    await bench.idle(for_=10 * MS)
    if not read_before:
        assert await sock.recv(9) == b"all of it"
    for _ in range(3):
        assert await sock.recv(1) == b""
    await raises_at_once(sock.send(b"x"), RemoteIOError)


@covers("tcp.recv.end-of-stream", "socket.independent")
async def test_end_of_one_stream_is_not_the_end_of_another(target, wire, tasks):
    """The end belongs to its connection."""
    one, first = await connected(target, wire, 80)
    two, second = await connected(target, wire, 81)
    reading = [tasks.start(sock.recv(4)) for sock in (one, two)]
    first.finish()
    assert await reading[0] == b""
    await asyncio.sleep(10 * SEC)
    assert reading[1].pending
    second.send(b"data")
    assert await reading[1] == b"data"
