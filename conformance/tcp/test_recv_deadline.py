"""recv() and recv_into() on a stream with a timeout: exact, absolute, and without loss.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import MS, SEC, US, covers, elapsed_is

from conformance.scenes import times_out, would_block
from conformance.tcp.stream import MSS, connected, pattern, prompt, talks

METHODS = ["recv", "recv_into"]


async def argument(method, count, target):
    """Return the first argument of the method for COUNT bytes."""
    return await target.buffer(count) if method == "recv_into" else count


@pytest.mark.parametrize("timeout", [1, 2, 10, 99, 100, 101, 250, 500, 1000, 2500, 60_000])
@pytest.mark.parametrize("method", METHODS)
@covers("recv.timeout", "recv_into.blocks", "timeout.exact")
async def test_call_without_data_ends_at_the_timeout(target, wire, method, timeout):
    """Never earlier, never later, whatever the length; and the connection is as it was."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(timeout)
    await times_out(sock.call(method, await argument(method, 7, target)), timeout * MS)
    await talks(sock, conn)


@pytest.mark.parametrize("method", METHODS)
@covers("recv.timeout", "timeout.subsequent")
async def test_each_call_gets_its_full_timeout(target, wire, method):
    """Five calls wait five times."""
    sock, _ = await connected(target, wire)
    await sock.settimeout(100)
    first = await argument(method, 7, target)
    for _ in range(5):
        await times_out(sock.call(method, first), 100 * MS)


@pytest.mark.parametrize("partial", [1, 3, 6])
@pytest.mark.parametrize("method", METHODS)
@covers(
    "tcp.recv.timeout-is-absolute",
    "tcp.recv.timeout-keeps-data",
    "recv_into.timeout-keeps-data",
    "timeout.absolute",
)
async def test_partial_data_neither_moves_the_deadline_nor_is_lost(target, wire, tasks, method, partial):
    """Some of seven bytes at 50 ms, timeout 100 ms: exception at 100, the bytes are there for the next call."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(100)
    receiving = tasks.start(sock.call(method, await argument(method, 7, target)))
    await asyncio.sleep(50 * MS)
    conn.send(b"abcdefg"[:partial])
    await times_out(receiving, 100 * MS)
    call = sock.recv(partial)
    assert await call == b"abcdefg"[:partial]
    elapsed_is(call, 0)
    await times_out(sock.recv(1), 100 * MS)


@pytest.mark.parametrize("interval", [1, 10, 50, 99])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.timeout-is-absolute", "tcp.recv.timeout-keeps-data", "timeout.absolute")
async def test_trickling_data_does_not_postpone_the_deadline(target, wire, tasks, method, interval):
    """A peer that sends a byte now and then could else hold the caller for ever."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(100)
    receiving = tasks.start(sock.call(method, await argument(method, 1000, target)))
    sent = b""
    while receiving.pending:
        await asyncio.sleep(interval * MS)
        if receiving.pending:
            sent += bytes([len(sent)])
            conn.send(sent[-1:])
    await times_out(receiving, 100 * MS)
    assert sent
    assert await sock.recv(len(sent)) == sent


@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.timeout-keeps-data", "recv_into.timeout-keeps-data")
async def test_data_of_many_timeouts_comes_out_in_order(target, wire, tasks, method):
    """A reader that polls with a short timeout loses nothing, however often it is too early."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(10)
    data = pattern(3000)
    first = await argument(method, 3000, target)
    for start in range(0, 2900, 100):
        conn.send(data[start : start + 100])
        await times_out(sock.call(method, first), 10 * MS)
    conn.send(data[2900:])
    result = await sock.call(method, first)
    assert (result if method == "recv" else await first.read()) == data


@pytest.mark.parametrize("count", [2 * MSS, 5840, 5841, 20_000])
@covers("tcp.recv.timeout-keeps-data", "tcp.recv.window")
async def test_partial_data_of_more_than_a_window_is_kept(target, wire, tasks, count):
    """What a long call has collected when its time is over is not more than the device can hold, nor less."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(500)
    data = pattern(count)
    receiving = tasks.start(sock.recv(count + 1))
    conn.send(data)
    await times_out(receiving, 500 * MS)
    await sock.settimeout(None)
    assert await sock.recv(count) == data


@pytest.mark.parametrize("before", [10 * MS, 1 * MS, 100 * US])
@pytest.mark.parametrize("method", METHODS)
@covers("timeout.in-time")
async def test_last_byte_just_before_the_deadline_is_in_time(target, wire, tasks, bench, method, before):
    """An early expiry would turn an answer in time into an error."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(100)
    receiving = tasks.start(sock.call(method, await argument(method, 2, target)))
    conn.send(b"a")
    await asyncio.sleep(100 * MS - before)
    at = bench.now
    conn.send(b"b")
    assert await receiving in (b"ab", 2)
    prompt(bench, at)


@pytest.mark.parametrize("after", [1100 * US, 2 * MS, 50 * MS])
@covers("timeout.in-time", "tcp.recv.timeout-keeps-data")
async def test_last_byte_just_after_the_deadline_is_for_the_next_call(target, wire, tasks, after):
    """Too late for one call is in time for the next, and both parts are there."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(100)
    receiving = tasks.start(sock.recv(2))
    conn.send(b"a")
    await asyncio.sleep(100 * MS + after)
    conn.send(b"b")
    await times_out(receiving, 100 * MS)
    assert await sock.recv(2) == b"ab"


@pytest.mark.parametrize("noise", ["keepalive", "duplicate", "dup-ack", "foreign"])
@covers("timeout.absolute", "tcp.recv.timeout-is-absolute")
async def test_spurious_wake_ups_do_not_move_the_deadline(target, wire, tasks, noise):
    """A wait that starts anew at each wake-up is only as long as the net is quiet."""
    sock, conn = await connected(target, wire)
    other, foreign = await connected(target, wire, 81)
    conn.send(b"old!")
    await sock.recv(4)
    await sock.settimeout(100)
    receiving = tasks.start(sock.recv(5))
    while receiving.pending:
        await asyncio.sleep(7 * MS)
        if noise == "keepalive":
            conn.raw(flags="A", seq=conn.snd_nxt - 1)
        elif noise == "duplicate":
            conn.raw(flags="PA", seq=conn.snd_nxt - 4, payload=b"old!")
        elif noise == "dup-ack":
            conn.raw(flags="A")
        else:
            foreign.send(b"x")
    await times_out(receiving, 100 * MS)
    await other.close()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("queued", [0, 1, 6, 7, 8])
@covers("timeout.zero", "tcp.recv.timeout-keeps-data")
async def test_non_blocking_read_takes_what_is_there(target, wire, bench, method, queued):
    """Less than asked for is returned, nothing is would-block, more stays."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(0)
    first = await argument(method, 7, target)
    conn.send(b"abcdefgh"[:queued])
    await bench.idle(for_=10 * MS)
    if queued:
        result = await sock.call(method, first)
        assert result == (b"abcdefgh"[: min(queued, 7)] if method == "recv" else min(queued, 7))
    if queued <= 7:
        await would_block(sock.call(method, first))
    else:
        assert await sock.recv(7) == b"h"


@covers("timeout.subsequent", "timeout.transitions", "tcp.recv.timeout-keeps-data")
async def test_held_data_serves_every_mode(target, wire, tasks):
    """What a timed-out call left is returned in non-blocking mode, and counts for a blocking call."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(50)
    conn.send(b"abc")
    await times_out(sock.recv(10), 50 * MS)
    await sock.settimeout(0)
    assert await sock.recv(1) == b"a"
    await sock.settimeout(None)
    receiving = tasks.start(sock.recv(4))
    await asyncio.sleep(10 * SEC)
    assert receiving.pending
    conn.send(b"de")
    assert await receiving == b"bcde"
    await sock.settimeout(0)
    await would_block(sock.recv(1))


@pytest.mark.parametrize("piece", [1, 3, 4, 9, 10, 11])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.recv.timeout-keeps-data", "recv_into.timeout-keeps-data", "recv.at-most-bufsize")
async def test_held_data_is_read_in_pieces_and_before_newer_data(target, wire, bench, method, piece):
    """Ten bytes of a timed-out call and ten that came later are one stream, however it is cut."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(50)
    conn.send(b"0123456789")
    await times_out(sock.call(method, await argument(method, 100, target)), 50 * MS)
    conn.send(b"abcdefghij")
    await bench.idle(for_=10 * MS)
    got = b""
    while len(got) < 20:
        first = await argument(method, min(piece, 20 - len(got)), target)
        call = sock.call(method, first)
        result = await call
        elapsed_is(call, 0)
        got += result if method == "recv" else await first.read()
    assert got == b"0123456789abcdefghij"
