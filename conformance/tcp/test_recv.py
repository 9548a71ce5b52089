"""recv() and recv_into() on a stream: how many bytes, when, and until what.

Deadlines are in test_recv_deadline.py, the end of the stream in test_recv_end.py, arguments in test_recv_arguments.py.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sockbench import MS, SEC, covers, elapsed_is

from conformance.tcp.stream import LONG, MSS, WINDOW, connected, pattern, prompt, segments, talks

METHODS = ["recv", "recv_into"]
SIZES = [1, 2, MSS - 1, MSS, MSS + 1, WINDOW - 1, WINDOW, WINDOW + 1, 65_536]


class Reader:
    """One of the two methods, so that a case reads the same for both."""

    def __init__(self, sock, method, target):
        self._sock, self._method, self._target = sock, method, target
        self._buffer: Any = None

    async def start(self, count, tasks):
        """Return the call under way."""
        if self._method == "recv_into":
            self._buffer = await self._target.buffer(count)
            return tasks.start(self._sock.recv_into(self._buffer, count))
        return tasks.start(self._sock.recv(count))

    async def data(self, call):
        """Return the bytes that the call got."""
        result = await call
        if self._method == "recv_into":
            assert type(result) is int
            return bytes(await self._buffer.read())[:result]
        assert type(result) is bytearray
        return bytes(result)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.blocks-until-bufsize", "recv_into.blocks", "recv_into.count", "recv.bytearray")
async def test_call_waits_for_the_last_byte(target, wire, tasks, bench, method, count):
    """One byte less than asked for is not enough, however long it takes; the last byte ends the call."""
    sock, conn = await connected(target, wire)
    reader = Reader(sock, method, target)
    data = pattern(count, seed=count)
    receiving = await reader.start(count, tasks)
    conn.send(data[:-1])
    await asyncio.sleep(20 * SEC)
    assert receiving.pending
    assert conn.unacknowledged == 0 and conn.unsent == 0
    at = bench.now
    conn.send(data[-1:])
    await receiving
    assert bench.now - at < 1 * MS
    assert await reader.data(receiving) == data


@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.blocks-until-bufsize", "recv_into.blocks")
async def test_bytes_that_come_one_by_one_are_collected(target, wire, tasks, bench, method):
    """One byte each 100 ms: a call for seven returns at the seventh, with all of them."""
    sock, conn = await connected(target, wire)
    reader = Reader(sock, method, target)
    receiving = await reader.start(7, tasks)
    for number in range(7):
        assert receiving.pending
        await asyncio.sleep(100 * MS)
        at = bench.now
        conn.send(b"1234567"[number : number + 1])
    assert await reader.data(receiving) == b"1234567"
    prompt(bench, at)


@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.stops-at-bufsize", "recv.at-most-bufsize", "recv_into.at-start")
async def test_call_stops_at_bufsize_and_keeps_the_rest(target, wire, tasks, bench, method):
    """A hundred bytes at once, read by tens: in order, without a gap, each at once."""
    sock, conn = await connected(target, wire)
    reader = Reader(sock, method, target)
    data = pattern(100)
    conn.send(data)
    await bench.idle(for_=10 * MS)
    for number in range(10):
        call = await reader.start(10, tasks)
        assert await reader.data(call) == data[10 * number : 10 * number + 10]
        elapsed_is(call, 0)


@pytest.mark.parametrize("count", [1, 7, 1000, MSS + 1, 3000])
@covers("tcp.recv.stops-at-bufsize", "tcp.recv.integrity")
async def test_reads_need_not_match_segments(target, wire, count):
    """The stream has no boundaries: where the peer's segments end is nothing to the reader."""
    sock, conn = await connected(target, wire)
    data = pattern(6000 - 6000 % count, seed=count)
    conn.send(data[:1459])
    conn.send(data[1459:])
    got = b""
    while len(got) < min(len(data), 40 * count):
        got += await sock.recv(count)
    assert got == data[: len(got)]


@pytest.mark.parametrize("method", METHODS)
@covers("recv.waits-for-ever", "timeout.none")
async def test_call_without_timeout_waits_for_ever(target, wire, tasks, method):
    """Silence is no error, however long; the byte that ends it is delivered."""
    sock, conn = await connected(target, wire)
    reader = Reader(sock, method, target)
    receiving = await reader.start(1, tasks)
    await asyncio.sleep(LONG)
    assert receiving.pending
    conn.send(b"!")
    assert await reader.data(receiving) == b"!"


@pytest.mark.parametrize("noise", ["keepalive", "old-segment", "empty-ack", "beyond-window", "bad-checksum"])
@covers("recv.waits-for-ever", "timeout.absolute", "tcp.recv.integrity")
async def test_what_is_no_new_data_does_not_end_the_call(target, wire, tasks, noise):
    """Keep-alives, repeats and broken segments wake the stack, not the reader."""
    sock, conn = await connected(target, wire)
    conn.send(b"old!")
    assert await sock.recv(4) == b"old!"
    receiving = tasks.start(sock.recv(4))
    for _ in range(5):
        await asyncio.sleep(1 * SEC)
        following = conn.snd_nxt
        if noise == "keepalive":
            conn.raw(flags="A", seq=following - 1)
        elif noise == "old-segment":
            conn.raw(flags="PA", seq=following - 4, payload=b"old!")
        elif noise == "empty-ack":
            conn.raw(flags="A")
        elif noise == "beyond-window":
            conn.raw(flags="PA", seq=following + 70_000, payload=b"far.")
        else:
            conn.raw(flags="PA", seq=following, payload=b"bad!", check=0x1234)
    assert receiving.pending


@covers("tcp.recv.window", "tcp.recv.integrity")
async def test_full_window_is_announced_and_reading_opens_it(target, wire, bench):
    """A peer that is not told of the room stays silent; one that is not told of the end overruns."""
    sock, conn = await connected(target, wire)
    data = pattern(3 * WINDOW)
    conn.send(data)
    await bench.idle(for_=500 * MS)
    assert conn.snd_wnd == 0 and conn.unsent == 2 * WINDOW
    held_at = bench.now
    assert await sock.recv(WINDOW) == data[:WINDOW]
    await conn.until(lambda c: c.unsent < 2 * WINDOW, within=1 * SEC)
    update = next(frame for frame in segments(wire, held_at) if frame.tcp.window)
    assert update.at - held_at < 5 * MS
    assert await sock.recv(2 * WINDOW) == data[WINDOW:]


@covers("tcp.recv.window")
async def test_reading_byte_by_byte_sends_no_silly_updates(target, wire, bench):
    """A window update for each byte read is the silly window syndrome (RFC 9293 3.8.6.2.2)."""
    sock, conn = await connected(target, wire)
    conn.send(pattern(WINDOW))
    await bench.idle(for_=1 * SEC)
    assert conn.snd_wnd == 0
    at = bench.now
    for _ in range(MSS // 4):
        await sock.recv(1)
    assert not segments(wire, at)
    for _ in range(WINDOW // 8):
        await sock.recv(8)
        if segments(wire, at):
            break
    updates = segments(wire, at)
    assert len(updates) == 1 and updates[0].tcp.window >= MSS


@pytest.mark.parametrize("held", [1, 1000, WINDOW])
@covers("tcp.recv.blocks-until-bufsize", "tcp.recv.window")
async def test_waiting_call_keeps_the_peer_sending(target, wire, tasks, held):
    """A read longer than the window would never end if the window only opened at its end."""
    sock, conn = await connected(target, wire)
    data = pattern(WINDOW + held, seed=held)
    receiving = tasks.start(sock.recv(len(data)))
    for start in range(0, len(data), 977):
        conn.send(data[start : start + 977])
        await asyncio.sleep(20 * MS)
    assert await receiving == data


@covers("recv.bytearray")
async def test_result_is_a_fresh_bytearray_of_any_bytes(target, wire):
    """All 256 values come through, NUL included, and each call has its own object."""
    sock, conn = await connected(target, wire)
    every = bytes(range(256))
    conn.send(every * 2)
    first, second = await sock.recv(256), await sock.recv(256)
    assert type(first) is bytearray and type(second) is bytearray
    assert first == every and second == every and first is not second


@pytest.mark.parametrize("isn", [0, 2**31 - 100, 2**32 - 1, 2**32 - 3000, 2**32 - 70_000])
@covers("tcp.recv.integrity", "tcp.send.stream")
async def test_stream_survives_the_wrap_of_sequence_numbers(target, wire, isn):
    """The numbers begin again at 0 after 4 GiB, which some connection meets at its start."""
    sock, conn = await connected(target, wire, isn=isn)
    data = pattern(100_000)
    conn.send(data)
    got = b""
    for _ in range(10):
        got += await sock.recv(10_000)
    assert got == data
    await talks(sock, conn)


@covers("tcp.recv.integrity")
async def test_overlapping_segments_are_joined(target, wire, tasks):
    """A repeated segment may begin before and end after what is there already."""
    sock, conn = await connected(target, wire)
    receiving = tasks.start(sock.recv(12))
    begin = conn.snd_nxt
    for offset, payload in ((4, b"efgh"), (0, b"abcdef"), (2, b"cdefgh"), (6, b"ghijkl")):
        conn.raw(flags="PA", seq=begin + offset, payload=payload)
        await asyncio.sleep(10 * MS)
    assert await receiving == b"abcdefghijkl"


@covers("tcp.recv.integrity")
async def test_urgent_data_stays_in_line(target, wire, tasks):
    """The module has no urgent data: the byte is one of the stream and not lost."""
    sock, conn = await connected(target, wire)
    receiving = tasks.start(sock.recv(6))
    conn.raw(flags="PAU", payload=b"abcdef", urgent=3)
    assert await receiving == b"abcdef"


@covers("tcp.recv.blocks-until-bufsize", "socket.independent")
async def test_two_streams_do_not_mix(target, wire, tasks):
    """Bytes go to the socket whose connection they came on."""
    one, first = await connected(target, wire, 80)
    two, second = await connected(target, wire, 81)
    reading = [tasks.start(sock.recv(2000)) for sock in (one, two)]
    for _ in range(20):
        first.send(b"1" * 100)
        second.send(b"2" * 100)
        await asyncio.sleep(1 * MS)
    assert await reading[0] == b"1" * 2000
    assert await reading[1] == b"2" * 2000
