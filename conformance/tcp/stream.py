"""What the TCP cases share: payloads, schedules of lwIP's timers, and the segments that left the board.

Scenes that other suites use, too, are in conformance/scenes.py.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sockbench import MS, SEC, US

# lwIP's lwipopts.h of this firmware: TCP_MSS, and TCP_WND and TCP_SND_BUF of four segments.
MSS = 1460
WINDOW = 4 * MSS
SEND_BUFFER = 4 * MSS

BOARD_MAC = "02:00:00:00:00:01"
# Longer than the timers of an idle connection, keep-alive excepted: whoever waits so long waits for ever.
LONG = 150 * SEC

# lwIP counts in slow ticks of 500 ms (tcp_priv.h, TCP_SLOW_INTERVAL). On a stack without connections the first of
# them comes 250 ms after connect(), because the TCP timer starts with the connection and begins with a slow tick.
SLOW_TICK = 500 * MS
FIRST_SLOW_TICK = 250 * MS

# opt.h: LWIP_TCP_RTO_TIME of 3 s, TCP_SYNMAXRTX of 6, without back-off while the handshake lasts.
SYN_SCHEDULE = [0, 2750, 5750, 8750, 11750, 14750, 17750]
CONNECT_LIMIT = 18_250 * MS
# A server's SYN-ACK backs off; the half-open connection is dropped by TCP_SYN_RCVD_TIMEOUT (20 s) plus phase.
SYN_ACK_SCHEDULE = [0, 2750, 8750]
HALF_OPEN_LIMIT = 20_250 * MS

# A timer of the stack fires within the tick after it is due, and lwIP counts from the tick before the event.
TIMER_SLACK = 2 * MS
# What may pass between an event on the wire and the end of the call that it ends.
PROMPT = 300 * US


def pattern(count: int, seed: int = 1) -> bytes:
    """Return the bytes with which the agent fills a buffer of COUNT bytes made from SEED (docs/agent-protocol.md)."""
    data = bytearray(count)
    x = seed
    for i in range(count):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        data[i] = x >> 24
    return bytes(data)


def prompt(bench: Any, since: int) -> None:
    """Assert that virtual time has hardly moved SINCE the event."""
    assert bench.now - since < PROMPT, f"ended {bench.now - since} ns after what should have ended it"


def segments(wire: Any, since: int = 0, *, data: bool = False, flags: str | None = None) -> list[Any]:
    """Return the TCP frames that left the board SINCE then: those with data only, those with these flags only."""
    return [
        frame
        for frame in wire.frames
        if frame.outgoing
        and frame.at >= since
        and frame.tcp is not None
        and (not data or frame.payload)
        and (flags is None or frame.tcp.flags == flags)
    ]


def on_schedule(frames: Iterable[Any], start: int, wanted_ms: Iterable[float]) -> None:
    """Assert that exactly these frames left at WANTED_MS after START, each within the slack of one timer."""
    seen = [frame.at - start for frame in frames]
    wanted = [round(ms * MS) for ms in wanted_ms]
    text = f"wanted {[w / MS for w in wanted]} ms, seen {[s / MS for s in seen]} ms"
    assert len(seen) == len(wanted), text
    for one, other in zip(seen, wanted, strict=True):
        assert abs(one - other) <= TIMER_SLACK, text


def took(elapsed: int, wanted: int) -> None:
    """Assert that something that a timer of the stack ends took as long as WANTED, within the slack of one timer."""
    assert abs(elapsed - wanted) <= TIMER_SLACK, f"wanted {wanted / MS} ms, seen {elapsed / MS} ms"


async def connected(target: Any, wire: Any, port: int = 80, **options: Any) -> tuple[Any, Any]:
    """Return a socket connected to the peer's PORT, and the peer's end, which behaves as OPTIONS say."""
    listener = wire.peer.tcp.listen(port, **options)
    sock = await target.socket()
    await sock.connect((wire.peer.ip, port))
    return sock, await listener.accept(within=1 * SEC)


async def listening(target: Any, port: int = 80, *maxlog: int) -> Any:
    """Return a socket that listens on PORT."""
    sock = await target.socket()
    await sock.bind(port)
    await sock.listen(*maxlog)
    return sock


async def served(target: Any, wire: Any, port: int = 80, **options: Any) -> tuple[Any, Any, Any]:
    """Return a listener, the socket that it accepted, and the peer's end of that connection."""
    listener = await listening(target, port)
    conn = wire.peer.tcp.connect(port, **options)
    await conn.established(within=1 * SEC)
    sock, _ = await listener.accept()
    return listener, sock, conn


async def talks(sock: Any, conn: Any) -> None:
    """Assert that a connection carries data both ways."""
    before = len(conn.received)
    await sock.sendall(b"ping")
    await conn.until(lambda c: c.received[before:] == b"ping", within=5 * SEC)
    conn.send(b"pong")
    assert await sock.recv(4) == b"pong"
