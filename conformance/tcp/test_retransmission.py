"""Data that the peer does not acknowledge: sent again on schedule, given up at the end, without touching timeouts.

lwIP's rules (tcp.c, tcp_slowtmr): the timeout R is 6 slow ticks before the first round-trip sample and sinks to 3 with
three samples of a fast network; each repetition doubles it, up to 128 R; after 12 repetitions comes the end.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import MS, SEC, RemoteIOError, covers

from conformance.scenes import echoes, raises_at_once, times_out
from conformance.tcp.stream import MSS, connected, on_schedule, pattern, segments, talks, took

REPETITIONS = 12
# R in slow ticks after so many acknowledged segments (the estimate starts at 6 and loses a quarter with each sample
# of 0), and when, in ms from half a second before the first slow tick, the connection is given up.
ROUND_TRIPS = {0: (6, 2_301_500), 1: (5, 1_918_000), 2: (4, 1_534_500), 3: (3, 1_151_000), 6: (3, 1_151_000)}
# Data sent right after warmed(): the first slow tick that counts for it comes so long after the SYN.
NEXT_SLOW_TICK = 750


def schedule(r: int) -> list[int]:
    """Return when, in ms after the SYN, data sent right after warmed() is repeated if the timeout is R ticks."""
    at = NEXT_SLOW_TICK + (r - 1) * 500
    moments = [at]
    for repetition in range(1, REPETITIONS):
        at += (r << min(repetition, 7)) * 500
        moments.append(at)
    return moments


async def warmed(target, wire, round_trips):
    """Return a connected socket, its end and the time of its SYN, after so many acknowledged segments.

    The first slow tick has passed by then: at tick 0 of its clock lwIP takes no samples (0 stands for "no sample").
    """
    sock, conn = await connected(target, wire)
    await asyncio.sleep(300 * MS)
    for number in range(round_trips):
        await sock.send(b"%d" % number)
        await conn.until(lambda c, n=number: c.received_bytes == n + 1, within=1 * MS)
        await asyncio.sleep(1 * MS)
    return sock, conn, segments(wire, flags="S")[0].at


@pytest.mark.parametrize("round_trips", ROUND_TRIPS)
@covers("tcp.send.stream", "timeout.not-protocol-timers")
async def test_unacknowledged_data_is_repeated_on_schedule(target, wire, round_trips):
    """How patient the stack is depends on what it has measured of the network, and on nothing else."""
    sock, conn, start = await warmed(target, wire, round_trips)
    conn.silent = True
    before = len(segments(wire, data=True))
    assert await sock.send(b"is anybody there?") == 17
    await asyncio.sleep(100 * SEC)
    sent = segments(wire, data=True)[before:]
    on_schedule(sent[1:], start, [at for at in schedule(ROUND_TRIPS[round_trips][0]) if at < 100_000])
    assert {frame.payload for frame in sent} == {b"is anybody there?"} and len({f.tcp.seq for f in sent}) == 1


@pytest.mark.parametrize("method", ["recv", "sendall"])
@pytest.mark.parametrize("round_trips", [0, 3])
@covers("tcp.send.waits", "tcp.sendall.error", "tcp.send.stream")
async def test_unacknowledged_data_is_given_up_in_the_end(target, wire, tasks, bench, method, round_trips):
    """A peer that died is noticed after twenty minutes on a fast network and after forty on an unknown one."""
    sock, conn, start = await warmed(target, wire, round_trips)
    conn.silent = True
    before = len(segments(wire, data=True))
    if method == "recv":
        await sock.send(b"is anybody there?")
        waiting = tasks.start(sock.recv(1))
    else:
        waiting = tasks.start(sock.sendall(await target.buffer(60_000, fill=9)))
    with pytest.raises(RemoteIOError):
        await waiting
    r, given_up = ROUND_TRIPS[round_trips]
    sent = segments(wire, data=True)[before:]
    first = sent[0].tcp.seq
    on_schedule([frame for frame in sent if frame.tcp.seq == first][1:], start, schedule(r))
    took(bench.now - start, (NEXT_SLOW_TICK - 500 + given_up) * MS)
    assert not [frame for frame in segments(wire) if "R" in str(frame.tcp.flags)]
    await raises_at_once(sock.send(b"x"), RemoteIOError)
    await raises_at_once(sock.recv(1), RemoteIOError)
    await echoes(target, wire)


@pytest.mark.parametrize("timeout", [1, 100, 777, 10_000])
@covers("timeout.not-protocol-timers", "timeout.exact", "recv.timeout")
async def test_timeouts_stay_exact_while_data_is_repeated(target, wire, bench, timeout):
    """The user's clock and the stack's have nothing to do with each other."""
    sock, conn, start = await warmed(target, wire, 3)
    conn.silent = True
    before = len(segments(wire, data=True))
    await sock.send(b"lost")
    await sock.settimeout(timeout)
    for _ in range(min(30_000 // timeout, 100)):
        await times_out(sock.recv(1), timeout * MS)
    sent = segments(wire, data=True)[before:]
    elapsed_ms = (bench.now - start) // MS
    on_schedule(sent[1:], start, [at for at in schedule(3) if at < elapsed_ms])


@pytest.mark.parametrize("timeout", [100, 100_000])
@covers("tcp.sendall.timeout", "timeout.exact")
async def test_sendall_to_a_dead_peer_ends_at_its_timeout(target, wire, timeout):
    """The stack would go on for twenty minutes; the caller has said how long it waits."""
    sock, conn, _ = await warmed(target, wire, 3)
    conn.silent = True
    await sock.settimeout(timeout)
    await times_out(sock.sendall(await target.buffer(60_000, fill=9)), timeout * MS)


@pytest.mark.parametrize("number", [1, 2, 5, 12])
@covers("tcp.send.stream", "tcp.send.waits")
async def test_any_repetition_may_be_the_one_that_arrives(target, wire, bench, number):
    """The last of twelve is as good as the first: the stream goes on, and nothing comes twice."""
    sock, conn, start = await warmed(target, wire, 3)
    conn.silent = True
    before = len(segments(wire, data=True))
    await sock.send(b"at last")
    await asyncio.sleep(start + (schedule(3)[number - 1] - 50) * MS - bench.now)
    conn.silent = False
    await asyncio.sleep(10 * SEC)
    assert len(segments(wire, data=True)) == before + number + 1
    assert conn.received == b"012at last"
    await talks(sock, conn)


@covers("tcp.send.stream")
async def test_three_duplicate_acks_repeat_at_once(target, wire, bench):
    """One lost segment of many costs a round trip, not a timeout (RFC 5681 3.2): two are not enough, three are."""
    sock, conn, _ = await warmed(target, wire, 3)
    conn.ack = "never"
    began = bench.now
    base = conn.rcv_nxt
    await sock.send(pattern(3 * MSS))
    await bench.idle(for_=1 * MS)
    first = len(segments(wire, began, data=True))
    assert first >= 2
    for number in range(3):
        assert len(segments(wire, began, data=True)) == first, f"repeated after {number} duplicates"
        conn.raw(flags="A", ack=base)
        await bench.idle(for_=1 * MS)
    again = segments(wire, began, data=True)[first:]
    assert again and again[0].tcp.seq == base
    conn.ack = "every"
    await conn.until(lambda c: c.received_bytes >= 3 * MSS, within=10 * SEC)
    assert conn.received[3:] == pattern(3 * MSS)


@covers("tcp.send.stream", "timeout.not-protocol-timers")
async def test_partial_acknowledgement_restarts_the_schedule(target, wire, bench):
    """What is acknowledged is never sent again; what is not is sent soon."""
    sock, conn, _ = await warmed(target, wire, 3)
    conn.silent = True
    began = bench.now
    data = pattern(2 * MSS)
    await sock.send(data)
    await asyncio.sleep(20 * SEC)
    conn.silent = False
    half = (segments(wire, began, data=True)[0].tcp.seq + MSS) % 2**32
    conn.raw(flags="A", ack=half)
    since = bench.now
    await asyncio.sleep(10 * SEC)
    later = segments(wire, since, data=True)
    assert later and all(frame.tcp.seq == half for frame in later)


@covers("tcp.send.waits", "socket.independent")
async def test_dead_peer_of_one_socket_does_not_slow_another(target, wire, bench):
    """Each connection has its own timers."""
    one, dead, _ = await warmed(target, wire, 3)
    two, alive = await connected(target, wire, 81)
    dead.silent = True
    await one.send(b"lost")
    for _ in range(20):
        at = bench.now
        await talks(two, alive)
        assert bench.now - at < 2 * MS
        await asyncio.sleep(5 * SEC)
