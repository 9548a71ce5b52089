"""Where the sequence numbers of a connection begin (RFC 6528), and what is done with segments that come early.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sockbench import MS, SEC, US, covers

from conformance.scenes import echoes
from conformance.tcp.stream import MSS, connected, pattern, segments, served

CLOCK = 4 * US
# A number is drawn a little before its frame leaves.
DRAWN = 50 * US
SERVER_PORT = 80
# More than the driver has (port/memory.h), and less than a window of single bytes.
RECEIVE_BUFFERS = 1000
ROLES = ["client", "server"]


async def first_segment(target: Any, wire: Any, listener: Any, role: str, port: int) -> Any:
    """Make a connection between the board's and the peer's PORT, reset it, and return the board's SYN or SYN-ACK."""
    before = len(segments(wire))
    sock = await target.socket()
    if role == "client":
        await sock.bind(port)
        await sock.connect((wire.peer.ip, SERVER_PORT))
        conn = await listener.accept(within=1 * SEC)
    else:
        await sock.bind(SERVER_PORT)
        await sock.listen()
        conn = wire.peer.tcp.connect(SERVER_PORT, sport=port)
        await conn.established(within=1 * SEC)
    conn.reset()
    await sock.close()
    await asyncio.sleep(1 * MS)
    return segments(wire)[before]


def hashed(frame: Any) -> int:
    """Return what a first sequence number has beside the clock."""
    number: int = (frame.tcp.seq - frame.at // CLOCK) % 2**32
    return number


def apart(one: int, other: int) -> int:
    """Return how far apart two sequence numbers are."""
    return min((one - other) % 2**32, (other - one) % 2**32)


@pytest.mark.parametrize("after", [10 * MS, 1 * SEC, 3600 * SEC, 2**32 * CLOCK + 1 * SEC])
@pytest.mark.parametrize("role", ROLES)
@covers("tcp.initial-sequence-number")
async def test_numbers_of_one_connection_go_on_with_time(target, wire, role, after):
    """Made again, a connection must not take the last one's late segments for its own: its numbers have moved on."""
    listener = wire.peer.tcp.listen(SERVER_PORT)
    first = await first_segment(target, wire, listener, role, 6000)
    await asyncio.sleep(after)
    second = await first_segment(target, wire, listener, role, 6000)
    assert second.at - first.at >= after
    assert apart(hashed(first), hashed(second)) <= DRAWN // CLOCK


@pytest.mark.parametrize("role", ROLES)
@covers("tcp.initial-sequence-number")
async def test_numbers_of_another_connection_cannot_be_foretold(target, wire, role):
    """Who may connect once could else write into the connections of others without seeing them."""
    listener = wire.peer.tcp.listen(SERVER_PORT)
    numbers = [hashed(await first_segment(target, wire, listener, role, 6000 + port)) for port in range(8)]
    steps = [(after - before) % 2**32 for before, after in zip(numbers, numbers[1:], strict=False)]
    for values in (numbers, steps):
        for place, value in enumerate(values):
            assert all(apart(value, other) > 1000 for other in values[:place]), values


@pytest.mark.parametrize("role", ROLES)
@covers("tcp.recv.integrity", "tcp.recv.window")
async def test_segments_that_came_early_need_not_come_again(target, wire, tasks, role):
    """One segment takes a detour: what overtook it is kept, and the stream goes on as soon as it is there."""
    if role == "client":
        sock, conn = await connected(target, wire)
    else:
        _, sock, conn = await served(target, wire)
    receiving = tasks.start(sock.recv(3 * MSS))
    data = pattern(3 * MSS)
    conn.delay(10 * MS, when=lambda segment: len(segment.payload) > 0)
    before = len(wire.frames)
    conn.send(data)
    assert await receiving == data
    sent = [frame for frame in wire.frames[before:] if not frame.outgoing and frame.payload]
    assert len(sent) == 3, "what had arrived was asked for again"
    assert receiving.elapsed < 11 * MS


@covers("socket.independent", "tcp.recv.integrity", "driver.burst")
async def test_one_peers_early_bytes_leave_room_for_others(target, wire, bench):
    """A peer that sends everything but its first byte, byte by byte, must not silence the whole device."""
    sock, conn = await connected(target, wire)
    data = pattern(RECEIVE_BUFFERS)
    first = conn.snd_nxt
    for place in range(1, RECEIVE_BUFFERS):
        conn.raw(flags="A", seq=(first + place) % 2**32, payload=data[place : place + 1])
        if place % 100 == 0:
            await bench.idle(for_=2 * MS)
    await bench.idle(for_=2 * MS)
    await echoes(target, wire)
    conn.send(data)
    assert await sock.recv(len(data)) == data
