"""Changes among the three modes, independence of sockets, and many timeouts at once.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, covers, elapsed_is

from conformance.scenes import bound_udp, connected_tcp, listening_tcp, times_out, would_block

MODES = [None, 0, 70]
DEVICE = "10.0.0.1"


async def _acts_as(sock, mode, method, *arguments, tasks, end):
    """Assert that SOCK is in MODE, by a call of METHOD that has nothing to return; END ends the wait of None."""
    call = sock.call(method, *arguments)
    if mode is None:
        waiting = tasks.start(call)
        await asyncio.sleep(10 * SEC)
        assert waiting.pending
        end()
        await waiting
    elif mode == 0:
        await would_block(call)
    else:
        await times_out(call, mode * MS)


@pytest.mark.parametrize("after", MODES, ids=str)
@pytest.mark.parametrize("before", MODES, ids=str)
@pytest.mark.parametrize("kind", ["udp", "tcp", "listener"])
@covers("timeout.transitions", "timeout.none", "timeout.zero")
async def test_every_change_of_mode_takes_effect_at_the_next_call(target, wire, tasks, kind, before, after):
    """All nine changes, each used before and after: a mode that sticks blocks a program for ever."""
    use: tuple[Any, ...]
    end: Callable[[], Any]
    if kind == "udp":
        sock, far = await bound_udp(target), wire.peer.udp.bind(7000)
        use, end = ("recvfrom", 10), lambda: far.send(b"x", to=(DEVICE, 5000))
    elif kind == "tcp":
        sock, conn = await connected_tcp(target, wire)
        use, end = ("recv", 1), lambda: conn.send(b"x")
    else:
        sock = await listening_tcp(target)
        use, end = ("accept",), lambda: wire.peer.tcp.connect(80)

    for mode in (before, after):
        await sock.settimeout(mode)
        await _acts_as(sock, mode, *use, tasks=tasks, end=end)


@covers("timeout.per-socket", "socket.starts-blocking", "socket.independent")
async def test_timeout_of_one_socket_is_not_anothers(target, wire, tasks):
    """A new socket waits without end although every other one has a timeout."""
    bounded, unbounded = await bound_udp(target, 5000), await bound_udp(target, 5001)
    await bounded.settimeout(100)
    waiting = tasks.start(unbounded.recvfrom(10))
    await times_out(bounded.recvfrom(10), 100 * MS)
    await asyncio.sleep(60 * SEC)
    assert waiting.pending
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5001))
    assert await waiting == (b"x", (wire.peer.ip, 7000))


@pytest.mark.parametrize(
    "timeouts", [range(10, 90, 10), range(80, 0, -10), range(101, 109), [50] * 8], ids=["up", "down", "dense", "equal"]
)
@covers("timeout.many", "timeout.exact", "timeout.per-socket")
async def test_eight_sockets_each_keep_their_own_timeout(target, tasks, timeouts):
    """Eight waits at once, each ended exactly: one shared timer would give all of them one of the values."""
    waiting: list[Any] = []
    for number, timeout in enumerate(timeouts):
        sock = await bound_udp(target, 5000 + number)
        await sock.settimeout(timeout)
        waiting.append((timeout, tasks.start(sock.recvfrom(10))))
    for timeout, call in sorted(waiting, key=lambda entry: entry[0]):
        await times_out(call, timeout * MS)


@covers("timeout.many", "timeout.every-method")
async def test_eight_calls_of_different_kinds_each_keep_their_timeout(target, wire, tasks):
    """Streams, datagrams and listeners wait side by side."""
    waiting: list[Any] = []
    for number in range(3):
        stream, _ = await connected_tcp(target, wire, port=80 + number)
        datagram = await bound_udp(target, 5000 + number)
        for sock, method, arguments in ((stream, "recv", (1,)), (datagram, "recvfrom", (1,))):
            timeout = 37 + 41 * len(waiting)
            await sock.settimeout(timeout)
            waiting.append((timeout, tasks.start(sock.call(method, *arguments))))
    for number in range(2):
        listener = await listening_tcp(target, 8000 + number)
        timeout = 37 + 41 * len(waiting)
        await listener.settimeout(timeout)
        waiting.append((timeout, tasks.start(listener.accept())))
    assert len(waiting) == 8
    for timeout, call in waiting:
        await times_out(call, timeout * MS)


@covers("timeout.many")
async def test_one_delivery_leaves_the_other_timeouts_alone(target, wire, tasks):
    """The socket that gets its datagram returns; its neighbours' waits end when they have to."""
    sockets = [await bound_udp(target, 5000 + number) for number in range(4)]
    for number, sock in enumerate(sockets):
        await sock.settimeout(100 + 10 * number)
    waiting = [tasks.start(sock.recvfrom(10)) for sock in sockets]
    await asyncio.sleep(50 * MS)
    wire.peer.udp.bind(7000).send(b"for the third", to=(DEVICE, 5002))
    assert await waiting[2] == (b"for the th", (wire.peer.ip, 7000))
    for number in (0, 1, 3):
        await times_out(waiting[number], (100 + 10 * number) * MS)


@pytest.mark.parametrize("timeout", [0, 100], ids=["non-blocking", "timeout"])
@covers("timeout.accepted-socket", "socket.independent")
async def test_accepted_socket_does_not_inherit_the_listeners_timeout(target, wire, tasks, timeout):
    """A server that polls its listener still reads its clients' requests whole."""
    listener = await listening_tcp(target)
    client = wire.peer.tcp.connect(80, sport=4000)
    await client.established(within=1 * SEC)
    await listener.settimeout(timeout)
    accepted, _ = await listener.accept()
    waiting = tasks.start(accepted.recv(3))
    await asyncio.sleep(60 * SEC)
    assert waiting.pending
    client.send(b"hey")
    assert await waiting == b"hey"


@pytest.mark.parametrize("timeout", [0, 40], ids=["non-blocking", "timeout"])
@covers("socket.independent", "timeout.per-socket")
async def test_reused_descriptor_does_not_inherit_the_timeout(target, wire, tasks, timeout):
    """The next socket often gets the number of the last one; it must not get its mode."""
    first = await bound_udp(target)
    await first.settimeout(timeout)
    await first.close()
    second = await bound_udp(target)
    waiting = tasks.start(second.recvfrom(10))
    await asyncio.sleep(10 * SEC)
    assert waiting.pending
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5000))
    assert (await waiting)[0] == b"x"


@covers("timeout.milliseconds", "timeout.every-method")
async def test_sendto_does_not_wait_under_any_mode(target, wire):
    """A datagram is handed over, not delivered: sendto takes no time in all three modes."""
    far = wire.peer.udp.bind(7000)
    sock = await target.socket(type=SOCK_DGRAM)
    for mode in MODES:
        await sock.settimeout(mode)
        sending = sock.sendto(b"x", (wire.peer.ip, 7000))
        assert await sending == 1
        elapsed_is(sending, 0)
        assert (await far.recv(within=1 * SEC)).data == b"x"
