"""Options of TCP: keep-alive, and sending small parts at once.

lwIP (tcp.c, tcp_slowtmr) looks at keep-alive at each slow tick, counts from the tick before the last segment that came,
and acts when more than the time has passed; so each step comes one tick after its time.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import (
    IPPROTO_TCP,
    MS,
    SEC,
    SO_KEEPALIVE,
    SOL_SOCKET,
    TCP_KEEPCNT,
    TCP_KEEPIDLE,
    TCP_KEEPINTVL,
    TCP_NODELAY,
    RemoteIOError,
    RemoteTimeoutError,
    covers,
)

from conformance.scenes import bound_udp, echoes, raises_at_once
from conformance.tcp.stream import FIRST_SLOW_TICK, connected, listening, on_schedule, segments, talks, took

HOUR = 3600 * SEC
# The largest number of seconds whose milliseconds fit 32 bits.
SECONDS_MAX = 4_294_967
DEFAULTS = {TCP_KEEPIDLE: 7200, TCP_KEEPINTVL: 75, TCP_KEEPCNT: 9}
TIMES = [("client", 1, 1, 1), ("client", 10, 3, 4), ("server", 2, 5, 2), ("server", 10, 3, 4), ("client", 7200, 75, 9)]


async def keeps_alive(sock, idle, interval, count):
    """Turn keep-alive on, with these times."""
    await sock.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, idle)
    await sock.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, interval)
    await sock.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, count)
    await sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)


def steps(idle, interval, count):
    """Return when, in ms after the handshake, the probes and the end of the connection are due."""
    return [(idle + number * interval) * 1000 + FIRST_SLOW_TICK // MS for number in range(count + 1)]


@pytest.mark.parametrize(("role", "idle", "interval", "count"), TIMES)
@covers("options.keepalive")
async def test_silent_peer_is_probed_and_given_up(target, wire, tasks, role, idle, interval, count):
    """A peer that lost its power would else hold a socket, and the thread that reads from it, for ever."""
    if role == "client":
        sock, conn = await connected(target, wire)
        await keeps_alive(sock, idle, interval, count)
    else:
        listener = await listening(target)
        await keeps_alive(listener, idle, interval, count)
        conn = wire.peer.tcp.connect(80)
        await conn.established(within=1 * SEC)
        sock, _ = await listener.accept()
    start = next(frame.at for frame in segments(wire) if "S" in str(frame.tcp.flags))
    handshake = len(segments(wire))
    conn.silent = True
    waiting = tasks.start(sock.recv(1))
    with pytest.raises(RemoteTimeoutError) as caught:
        await waiting
    *due, end = steps(idle, interval, count)
    *probes, reset = segments(wire)[handshake:]
    on_schedule(probes, start, due)
    assert {(frame.tcp.seq, bytes(frame.payload)) for frame in probes} == {((conn.rcv_nxt - 1) % 2**32, b"")}
    assert "R" in str(reset.tcp.flags)
    took(reset.at - start, end * MS)
    assert caught.value.errno == errno.ETIMEDOUT
    await raises_at_once(sock.send(b"x"), RemoteIOError)
    await echoes(target, wire)


@pytest.mark.parametrize("idle", [1, 60])
@covers("options.keepalive")
async def test_peer_that_answers_is_kept(target, wire, tasks, idle):
    """An idle peer that is there loses nothing, and is asked as often as was said."""
    sock, conn = await connected(target, wire)
    await keeps_alive(sock, idle, 1, 1)
    waiting = tasks.start(sock.recv(4))
    before = len(segments(wire))
    await asyncio.sleep(600 * SEC)
    asked = len(segments(wire)) - before
    assert waiting.pending and 600 // (idle + 1) <= asked <= 600 // idle
    conn.send(b"here")
    assert await waiting == b"here"
    await talks(sock, conn)


@pytest.mark.parametrize("ending", ["never-on", "turned-off"])
@covers("options.keepalive")
async def test_without_the_option_nobody_is_probed(target, wire, ending):
    """A connection that was left alone costs nothing (RFC 9293 3.8.4: off by default, and two hours at least)."""
    sock, conn = await connected(target, wire)
    if ending == "turned-off":
        await keeps_alive(sock, 10, 1, 1)
        await sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
    assert await sock.getsockopt(SOL_SOCKET, SO_KEEPALIVE) == 0
    await wire.expect_none(for_=3 * HOUR if ending == "never-on" else 600 * SEC)
    await talks(sock, conn)


@covers("options.keepalive", "tcp.connect.after-refusal")
async def test_options_outlive_a_refusal(target, wire, tasks):
    """What was set before connect() holds for the connection, whatever number of attempts it takes."""
    sock = await target.socket()
    await keeps_alive(sock, 10, 3, 1)
    await sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    wire.peer.tcp.refuse()
    with pytest.raises(ConnectionRefusedError):
        await sock.connect((wire.peer.ip, 80))
    listener = wire.peer.tcp.listen(80)
    await sock.connect((wire.peer.ip, 80))
    conn = await listener.accept(within=1 * SEC)
    conn.silent = True
    before = len(segments(wire))
    assert await sock.send(b"small") == await sock.send(b"parts") == 5
    assert len(segments(wire)[before:]) == 2
    conn.silent = False
    conn.acknowledge()
    await talks(sock, conn)
    conn.silent = True
    with pytest.raises(RemoteTimeoutError):
        await sock.recv(1)


@pytest.mark.parametrize("option", DEFAULTS)
@covers("options.keepalive", "arguments.no-side-effect")
async def test_times_of_keep_alive_have_limits(target, option):
    """What cannot be done is refused, and what was set stays; what can be done reads back."""
    most = 255 if option is TCP_KEEPCNT else SECONDS_MAX
    sock = await target.socket()
    assert await sock.getsockopt(IPPROTO_TCP, option) == DEFAULTS[option]
    for value in (1, most):
        assert await sock.setsockopt(IPPROTO_TCP, option, value) is None
        assert await sock.getsockopt(IPPROTO_TCP, option) == value
    for value in (0, -1, most + 1, 2**32 + 1):
        await raises_at_once(sock.setsockopt(IPPROTO_TCP, option, value), RemoteIOError, errno.EINVAL)
        assert await sock.getsockopt(IPPROTO_TCP, option) == most


@pytest.mark.parametrize(("level", "option"), [(SOL_SOCKET, SO_KEEPALIVE), (IPPROTO_TCP, TCP_NODELAY)])
@covers("options.keepalive", "options.nodelay")
async def test_switches_are_on_or_off(target, level, option):
    """Any number but 0 means on, as in BSD; a datagram socket has no such switch."""
    sock = await target.socket()
    for value, wanted in ((0, 0), (1, 1), (0, 0), (2, 1), (-1, 1)):
        await sock.setsockopt(level, option, value)
        assert await sock.getsockopt(level, option) == wanted
    other = await bound_udp(target)
    await raises_at_once(other.setsockopt(level, option, 1), RemoteIOError, errno.ENOPROTOOPT)
    await raises_at_once(other.getsockopt(level, option), RemoteIOError, errno.ENOPROTOOPT)


@pytest.mark.parametrize("when", ["never", "before-connect", "connected", "turned-off"])
@covers("options.nodelay")
async def test_small_parts_wait_unless_nodelay_is_set(target, wire, bench, when):
    """A remote control wants each key at once; a program that writes bytes wants them in one segment."""
    listener = wire.peer.tcp.listen(80, ack="never")
    sock = await target.socket()
    if when == "before-connect":
        await sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    await sock.connect((wire.peer.ip, 80))
    conn = await listener.accept(within=1 * SEC)
    if when in ("connected", "turned-off"):
        await sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    if when == "turned-off":
        await sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 0)
    for key in b"abc":
        await sock.send(bytes([key]))
    await bench.idle(for_=10 * MS)
    at_once = when in ("before-connect", "connected")
    assert conn.received == (b"abc" if at_once else b"a")
    conn.ack = "every"
    await bench.idle(for_=10 * MS)
    sent = [bytes(frame.payload) for frame in segments(wire, data=True)]
    assert sent == ([b"a", b"b", b"c"] if at_once else [b"a", b"bc"])
