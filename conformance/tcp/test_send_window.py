"""send() and sendall() against a window that closes, shrinks and opens again: waiting, timeout, exact stream.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import HOUR, MS, SEC, RemoteIOError, covers, elapsed_is

from conformance.scenes import echoes, fill, raises_at_once, times_out, would_block
from conformance.tcp.stream import (
    FIRST_SLOW_TICK,
    LONG,
    MSS,
    SEND_BUFFER,
    SLOW_TICK,
    connected,
    on_schedule,
    pattern,
    prompt,
    segments,
    talks,
    took,
)

METHODS = ["send", "sendall"]
# tcp.c, tcp_persist_backoff: 3, 6, 12, 24, 48, 96 and then 120 slow ticks; the first is cut short by the phase.
PROBE_SCHEDULE = [1250, 4250, 10_250, 22_250, 46_250, 94_250, 154_250, 214_250, 274_250, 334_250, 394_250, 454_250]


async def full(target, wire):
    """Return a socket whose send buffer is full because the peer's window is 0, its end, and the bytes accepted."""
    sock, conn = await connected(target, wire, window=0)
    return sock, conn, await fill(sock)


@covers("tcp.send.non-blocking", "tcp.send.partial")
async def test_buffer_fills_and_then_send_would_block(target, wire):
    """What is accepted is bounded by the buffer, whatever the peer does: 4 segments here."""
    sock, conn, accepted = await full(target, wire)
    assert accepted == SEND_BUFFER
    await sock.settimeout(0)
    for _ in range(3):
        await would_block(sock.send(b"more"))
    assert conn.received == b""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("timeout", [1, 10, 100, 249, 250, 251, 1000, 1500, 2500, 60_000])
@covers("tcp.send.timeout", "tcp.sendall.timeout", "timeout.exact")
async def test_send_without_room_ends_at_the_timeout(target, wire, method, timeout):
    """lwIP looks at a sender's timeout once a second: 100 ms would be anything up to 1000."""
    sock, conn, accepted = await full(target, wire)
    await sock.settimeout(timeout)
    await times_out(sock.call(method, b"more"), timeout * MS)
    await times_out(sock.call(method, b"more"), timeout * MS)
    conn.window = None
    await conn.until(lambda c: len(c.received) >= accepted, within=200 * SEC)
    await asyncio.sleep(1 * SEC)
    assert conn.received == b"\x55" * accepted


@pytest.mark.parametrize("closed_for", [100 * MS, 10 * SEC, LONG])
@pytest.mark.parametrize("method", METHODS)
@covers("tcp.send.waits", "timeout.none")
async def test_send_waits_for_the_window(target, wire, tasks, bench, method, closed_for):
    """A printer out of paper closes its window for long: without a timeout that is no error."""
    sock, conn, accepted = await full(target, wire)
    sending = tasks.start(sock.call(method, b"more"))
    await asyncio.sleep(closed_for)
    assert sending.pending and conn.received == b""
    at = bench.now
    conn.window = None
    assert await sending == (4 if method == "send" else None)
    assert bench.now - at < 2 * MS
    await conn.until(lambda c: c.received == b"\x55" * accepted + b"more", within=5 * SEC)


@pytest.mark.parametrize("before", [1 * MS, 100_000])
@pytest.mark.parametrize("method", METHODS)
@covers("timeout.in-time", "tcp.send.timeout")
async def test_window_that_opens_just_before_the_deadline_is_in_time(target, wire, tasks, method, before):
    """Room that comes in time is used."""
    sock, conn, _ = await full(target, wire)
    await sock.settimeout(100)
    sending = tasks.start(sock.call(method, b"more"))
    await asyncio.sleep(100 * MS - before)
    conn.window = None
    assert await sending == (4 if method == "send" else None)


@covers("tcp.send.timeout", "timeout.survives", "tcp.send.partial")
async def test_connection_goes_on_after_a_send_timeout(target, wire):
    """A timeout is no failure of the connection: the program may try the same bytes again."""
    sock, conn, accepted = await full(target, wire)
    await sock.settimeout(100)
    await times_out(sock.send(b"again"), 100 * MS)
    conn.window = None
    await conn.until(lambda c: len(c.received) == accepted, within=5 * SEC)
    assert await sock.send(b"again") == 5
    await conn.until(lambda c: c.received.endswith(b"\x55again"), within=5 * SEC)
    await talks(sock, conn)


@pytest.mark.parametrize("timeout", [None, 0, 100])
@covers("send.count", "tcp.send.partial", "tcp.send.timeout")
async def test_send_with_some_room_returns_the_count(target, wire, timeout):
    """Room for a part: the count says how much, before any timeout, and resending the rest gives the stream."""
    sock, conn = await connected(target, wire, window=0)
    await sock.settimeout(timeout)
    data = pattern(SEND_BUFFER + 1000)
    call = sock.send(data)
    count = await call
    elapsed_is(call, 0)
    assert 0 < count <= SEND_BUFFER
    conn.window = None
    await sock.settimeout(None)
    while count < len(data):
        count += await sock.send(data[count:])
    await conn.until(lambda c: c.received == data, within=10 * SEC)


@pytest.mark.parametrize("chunk", [7, 536, MSS, 3000, 12_000])
@covers("tcp.send.partial", "tcp.send.non-blocking", "tcp.send.stream")
async def test_non_blocking_sender_rebuilds_the_exact_stream(target, wire, tasks, chunk):
    """A slow reader, a polling writer: no gap, no byte twice."""
    sock, conn = await connected(target, wire, buffer=4000)
    await sock.settimeout(0)
    data, sent = pattern(12_000, seed=chunk), 0

    async def read_slowly():
        got = b""
        while len(got) < len(data):
            await asyncio.sleep(10 * MS)
            got += await conn.recv(min(1000, len(data) - len(got)), within=60 * SEC)
        return got

    reading = tasks.start(read_slowly())
    while sent < len(data):
        try:
            sent += await sock.send(data[sent : sent + chunk])
        except RemoteIOError as error:
            assert error.errno == errno.EWOULDBLOCK
            await asyncio.sleep(5 * MS)
    assert await reading == data


@pytest.mark.parametrize("method", METHODS)
@covers("send.buffer-is-copied")
async def test_buffer_may_change_after_the_call(target, wire, method):
    """The peer's window is 0, so nothing has left yet: what leaves later is what was given, not what came after."""
    sock, conn = await connected(target, wire, window=0)
    buffer = await target.buffer(1000, fill=0x11)
    await sock.call(method, buffer)
    await buffer.write(b"\x22" * 1000)
    await asyncio.sleep(100 * SEC)
    conn.window = None
    await conn.until(lambda c: len(c.received) >= 1000, within=5 * SEC)
    assert conn.received == b"\x11" * 1000


@pytest.mark.parametrize("method", METHODS)
@covers("send.buffer-is-copied")
async def test_buffer_may_change_before_a_retransmission(target, wire, method):
    """A segment that was lost is sent again with the bytes of then."""
    sock, conn = await connected(target, wire)
    conn.silent = True
    buffer = await target.buffer(1000, fill=0x11)
    await sock.call(method, buffer)
    await buffer.write(b"\x22" * 1000)
    await asyncio.sleep(5 * SEC)
    sent = segments(wire, data=True)
    assert len(sent) == 2
    assert all(frame.payload == b"\x11" * 1000 for frame in sent)


@covers("tcp.send.waits")
async def test_closed_window_is_probed_on_schedule(target, wire):
    """Without probes a lost window update would stop the connection for ever (RFC 9293 3.8.6.1)."""
    sock, conn = await connected(target, wire, window=0)
    start = segments(wire, flags="S")[0].at
    await sock.sendall(b"waiting")
    await asyncio.sleep(160 * SEC)
    probes = segments(wire, data=True)
    on_schedule(probes, start, PROBE_SCHEDULE[:7])
    assert {frame.payload for frame in probes} == {b"w"}
    conn.window = None
    await conn.until(lambda c: c.received == b"waiting", within=5 * SEC)


@covers("tcp.send.waits")
async def test_answered_probes_go_on_for_ever(target, wire, tasks):
    """Ten minutes behind a closed window, longer than unanswered probes: alive as long as the peer answers."""
    sock, conn, accepted = await full(target, wire)
    sending = tasks.start(sock.send(b"more"))
    await asyncio.sleep(600 * SEC)
    assert sending.pending
    conn.window = None
    assert await sending == 4
    await conn.until(lambda c: len(c.received) == accepted + 4, within=5 * SEC)


@covers("tcp.send.waits")
async def test_unanswered_probes_end_the_connection(target, wire, tasks):
    """A peer that answers no probe is dead: after twelve of them the waiting call learns it, at 454.75 s."""
    sock, conn, _ = await full(target, wire)
    start = segments(wire, flags="S")[0].at
    conn.silent = True
    sending = tasks.start(sock.send(b"more"))
    with pytest.raises(RemoteIOError) as caught:
        await sending
    on_schedule(segments(wire, data=True), start, PROBE_SCHEDULE)
    took(caught.value.ended_at - caught.value.started_at, FIRST_SLOW_TICK + 454_500 * MS)
    await echoes(target, wire)


@pytest.mark.parametrize("window", [1, 7, 100, MSS - 1, MSS, MSS + 1])
@covers("tcp.sendall.continues", "tcp.send.stream")
async def test_tiny_window_only_makes_it_slow(target, wire, window):
    """A small device as the peer: every window gets the exact stream, and is never exceeded."""
    sock, conn = await connected(target, wire, window=window)
    data = pattern(40 * window if window < 100 else 6000, seed=window)
    await sock.sendall(data)
    await conn.until(lambda c: len(c.received) >= len(data), within=1 * HOUR)
    assert conn.received == data
    assert max(len(frame.payload) for frame in segments(wire, data=True)) <= window


@pytest.mark.parametrize("smaller", [0, 1, 500, 2000])
@covers("tcp.sendall.everything", "tcp.send.stream")
async def test_window_that_shrinks_is_survived(target, wire, tasks, smaller):
    """A peer should not take back what it offered, but some do (RFC 9293 3.8.6, SHLD-14)."""
    sock, conn = await connected(target, wire, window=5000)
    data = pattern(30_000, seed=smaller)
    sending = tasks.start(sock.sendall(data))
    await conn.until(lambda c: len(c.received) >= 5000, within=5 * SEC)
    conn.window = smaller
    conn.acknowledge()
    await asyncio.sleep(5 * SEC)
    conn.window = None
    assert await sending is None
    await conn.until(lambda c: len(c.received) >= len(data), within=100 * SEC)
    assert conn.received == data


@pytest.mark.parametrize("method", METHODS)
@covers("tcp.send.after-reset", "tcp.sendall.error")
async def test_reset_ends_a_waiting_send(target, wire, tasks, bench, method):
    """The peer says that it will never have room."""
    sock, conn, _ = await full(target, wire)
    sending = tasks.start(sock.call(method, b"more"))
    await asyncio.sleep(3 * SEC)
    at = bench.now
    conn.reset()
    with pytest.raises(ConnectionResetError):
        await sending
    prompt(bench, at)
    await raises_at_once(sock.send(b"x"), RemoteIOError)


@pytest.mark.parametrize("method", METHODS)
@covers("close.wakes-blocked", "tcp.send.waits")
async def test_close_ends_a_waiting_send(target, wire, tasks, bench, method):
    """The only way out of a send without a timeout."""
    sock, conn, _ = await full(target, wire)
    sending = tasks.start(sock.call(method, b"more"))
    await asyncio.sleep(3 * SEC)
    at = bench.now
    await sock.close()
    with pytest.raises(RemoteIOError) as caught:
        await sending
    prompt(bench, at)
    assert not isinstance(caught.value, TimeoutError)


@covers("tcp.send.waits", "tcp.recv.blocks-until-bufsize")
async def test_closed_window_does_not_stop_receiving(target, wire, tasks):
    """The two directions of a stream are independent, also within one socket and two threads."""
    sock, conn, _ = await full(target, wire)
    sending = tasks.start(sock.send(b"more"))
    await asyncio.sleep(SLOW_TICK)
    for number in range(5):
        conn.send(b"msg%d" % number)
        assert await sock.recv(4) == b"msg%d" % number
    assert sending.pending
