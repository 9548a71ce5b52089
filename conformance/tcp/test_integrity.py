"""Whole streams over a wire that loses, repeats, reorders and spoils frames: slower, never different.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

import pytest
from sockbench import HOUR, MS, SEC, Faults, covers

from conformance.tcp.stream import connected, pattern, segments, served

BYTES = 60_000
WEATHER = {
    "loss": Faults(loss=0.1),
    "duplicate": Faults(duplicate=0.2),
    "reorder": Faults(reorder=0.2),
    "corrupt": Faults(corrupt=0.1),
    "delay": Faults(delay=5 * MS),
    "all": Faults(loss=0.03, duplicate=0.05, reorder=0.05, corrupt=0.03),
}


@pytest.mark.parametrize("weather", WEATHER)
@covers("tcp.recv.integrity")
async def test_received_stream_is_the_sent_one(target, wire, tasks, weather):
    """Every byte once and in its place, whatever became of the segments that carried it."""
    sock, conn = await connected(target, wire, rto=300 * MS, rto_min=300 * MS, rto_max=3 * SEC)
    wire.faults.to_board = WEATHER[weather]
    data = pattern(BYTES, seed=11)
    receiving = tasks.start(sock.recv(BYTES))
    conn.send(data)
    assert await receiving == data
    wire.faults.to_board = Faults()


@pytest.mark.parametrize("weather", WEATHER)
@covers("tcp.send.stream", "tcp.sendall.everything")
async def test_sent_stream_is_the_received_one(target, wire, weather):
    """The same outwards: lost segments are sent again, and nothing but what was given is ever sent."""
    sock, conn = await connected(target, wire)
    wire.faults.from_board = WEATHER[weather]
    data = pattern(BYTES, seed=12)
    assert await sock.sendall(data) is None
    await conn.until(lambda c: c.received_bytes >= BYTES, within=2 * HOUR)
    wire.faults.from_board = Faults()
    assert conn.received == data


@pytest.mark.parametrize("weather", ["loss", "all"])
@covers("tcp.recv.integrity", "tcp.send.stream", "close.orderly")
async def test_exchange_and_close_in_bad_weather(target, wire, tasks, weather):
    """Requests, answers and both FINs come through: an application sees no more than slowness."""
    _, sock, conn = await served(target, wire, rto=300 * MS, rto_min=300 * MS, rto_max=3 * SEC)
    wire.faults.to_board = wire.faults.from_board = WEATHER[weather]
    for number in range(10):
        conn.send(pattern(700, seed=number))
        assert await sock.recv(700) == pattern(700, seed=number)
        await sock.sendall(pattern(900, seed=number))
        await conn.until(lambda c, n=number: c.received_bytes == 900 * (n + 1), within=1 * HOUR)
    conn.finish()
    assert await sock.recv(1) == b""
    await sock.close()
    await conn.closed(within=1 * HOUR)
    wire.faults.to_board = wire.faults.from_board = Faults()
    assert conn.peer_finished and conn.received == b"".join(pattern(900, seed=number) for number in range(10))


@covers("tcp.recv.integrity", "tcp.recv.stops-at-bufsize")
async def test_mebibyte_is_received(target, wire):
    """Far more than any buffer, read by odd sizes."""
    sock, conn = await connected(target, wire)
    block = pattern(64 * 1024, seed=3)
    for _ in range(16):
        conn.send(block)
    got = bytearray()
    while len(got) < 16 * len(block):
        got += await sock.recv(min(60_001, 16 * len(block) - len(got)))
    assert got == block * 16
    assert len(segments(wire)) > 100


PEERS: dict[str, dict[str, Any]] = {
    "plain": {},
    "no-mss-option": {"mss": None},
    "window-scale": {"window_scale": 7},
    "sack": {"sack": True},
    "timestamps": {"timestamps": True},
    "all-options": {"window_scale": 14, "sack": True, "timestamps": True},
    "small-buffer": {"buffer": 2000, "mss": 500},
    "late-acknowledgements": {"ack": "delayed", "ack_delay": 400 * MS},
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("role", ["client", "server"])
@covers("tcp.send.stream", "tcp.recv.integrity", "tcp.connect.handshake", "tcp.accept.usable")
async def test_peers_of_every_kind_are_talked_to(target, wire, tasks, role, peer):
    """What a peer offers in its SYN is an offer: whether the board takes it up or not, the streams are right."""
    if role == "client":
        sock, conn = await connected(target, wire, **PEERS[peer])
    else:
        _, sock, conn = await served(target, wire, **PEERS[peer])
    out, back = pattern(20_000, seed=21), pattern(20_000, seed=22)
    sending, receiving = tasks.start(sock.sendall(out)), tasks.start(sock.recv(len(back)))
    conn.send(back)
    got = b""
    while len(got) < len(out):
        got += await conn.recv(500, within=60 * SEC)
    assert got == out
    assert await sending is None
    assert await receiving == back
    await sock.close()
    await conn.until(lambda c: c.peer_finished, within=5 * SEC)
    conn.finish()
    await conn.closed(within=5 * SEC)
    assert conn.lost is None
    if peer == "no-mss-option":
        # RFC 9293 MUST-15: without the option a segment carries 536 bytes.
        assert max(len(frame.payload) for frame in segments(wire, data=True)) == 536
