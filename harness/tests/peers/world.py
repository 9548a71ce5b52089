# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts on an in-memory cable, on a virtual clock of their own: what the tests of the peers run in.

The clock is an asyncio loop whose selector, asked to wait, moves the clock instead. No board, no
link and no plugin take part, so that a fault found here is a fault of the peers.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from sockbench.peers import Connection, Host
from sockbench.peers.address import ip_bytes, mac_bytes
from sockbench.peers.headers import (
    ETHERTYPE_IPV4,
    PROTOCOL_TCP,
    build_ethernet,
    build_ipv4,
    parse_ipv4,
    pseudo_sum,
)
from sockbench.peers.tcp.segment import Segment, build_segment, flag_bits, flag_text, parse_segment

US = 1_000
MS = 1_000_000
SEC = 1_000_000_000

T = TypeVar("T")


class Stuck(AssertionError):
    """Everybody waits and no timer is set."""


class _SkippingSelector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck(f"nothing will ever happen after {self._loop.now} ns")
        if timeout:
            self._loop.skip()
        return super().select(0)


class _Timer(asyncio.TimerHandle):
    """A timer that rings after those set before it for the same instant; a heap alone does not keep that order."""

    _made = 0

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        _Timer._made += 1
        self._order = _Timer._made
        self._scheduled = True  # asyncio's own note that its heap holds this timer.

    def __lt__(self, other: asyncio.TimerHandle) -> bool:
        assert isinstance(other, _Timer)
        return (self.when(), self._order) < (other.when(), other._order)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock counts integer nanoseconds and moves only while everybody waits."""

    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        self.now = 0
        super().__init__(_SkippingSelector(self))
        self._clock_resolution = 1  # asyncio calls what is due before now + resolution: exactly now.

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:  # type: ignore[override]
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        return timer

    def skip(self) -> None:
        """Go to the next timer; the timeout that asyncio computes is cut to a day's number of seconds."""
        self.now = int(self._scheduled[0].when())


class Cable:
    """Carries frames between hosts after `latency` ns; drops, doubles and delays them as its seed has it."""

    def __init__(
        self,
        loop: VirtualLoop,
        *,
        latency: int = 50 * US,
        loss: float = 0.0,
        duplicate: float = 0.0,
        reorder: float = 0.0,
        corrupt: float = 0.0,
        seed: int = 1,
    ) -> None:
        self._loop = loop
        self._random = Random(seed)
        self.latency = latency
        self.loss = loss
        self.duplicate = duplicate
        self.reorder = reorder
        self.corrupt = corrupt
        self.hosts: list[Host] = []
        self.frames: list[tuple[int, bytes]] = []
        self.lost: list[bytes] = []
        self.unwanted: list[bytes] = []
        self.filter: Callable[[bytes], bool] = lambda frame: True

    def host(self, number: int, **options: Any) -> Host:
        """Return a new host 10.0.0.`number` on this cable."""
        options = {"ip6": f"2001:db8::{number}", **options}
        host = Host(
            f"10.0.0.{number}", f"02:00:00:00:00:{number:02x}", send=self._carrier(), loop=self._loop, **options
        )
        self.hosts.append(host)
        return host

    def _carrier(self) -> Callable[[bytes, int | None], None]:
        index = len(self.hosts)

        def send(frame: bytes, at: int | None) -> None:
            start = self._loop.now if at is None else at
            self.frames.append((start, frame))
            copies = 2 if self._random.random() < self.duplicate else 1
            for _ in range(copies):
                if self._random.random() < self.loss or not self.filter(frame):
                    self.lost.append(frame)
                    continue
                data = frame
                if self._random.random() < self.corrupt:
                    spoilt = bytearray(frame)
                    spoilt[self._random.randrange(14, len(frame))] ^= 1 << self._random.randrange(8)
                    data = bytes(spoilt)
                late = self.latency * 5 if self._random.random() < self.reorder else 0
                self._loop.call_at(start + self.latency + late, self._arrive, index, data)

        return send

    def _arrive(self, origin: int, frame: bytes) -> None:
        if not any([host.receive(frame) for index, host in enumerate(self.hosts) if index != origin]):
            self.unwanted.append(frame)


class World:
    """The loop, the cable and two hosts: `board` (10.0.0.1) and `peer` (10.0.0.2)."""

    def __init__(self, **faults: Any) -> None:
        self.loop = VirtualLoop()
        self.cable = Cable(self.loop, **faults)
        self.board = self.cable.host(1, seed=1)
        self.peer = self.cable.host(2, seed=2)

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run `main` to its end and return its result."""
        try:
            return self.loop.run_until_complete(main)
        finally:
            for host in self.cable.hosts:
                host.close()
            self.loop.close()

    @property
    def now(self) -> int:
        return self.loop.now

    async def pass_time(self, by: int) -> None:
        """Let `by` ns pass."""
        future = self.loop.create_future()
        self.loop.call_at(self.loop.now + by, future.set_result, None)
        await future

    async def connected(
        self, board_options: dict[str, Any] | None = None, **peer_options: Any
    ) -> tuple[Connection, Connection]:
        """Return both ends of an established connection: the board's, which connected, and the peer's."""
        listener = self.peer.tcp.listen(80, **peer_options)
        ours = self.board.tcp.connect(80, to="10.0.0.2", **(board_options or {}))
        theirs = await listener.accept(within=60 * SEC)
        await ours.established(within=60 * SEC)
        return ours, theirs


async def both(*awaitables: Awaitable[Any]) -> list[Any]:
    """Wait for all of them side by side."""
    return await asyncio.gather(*awaitables)


class Probe:
    """Speaks single segments of a test's making to a lone host and notes what it answers."""

    def __init__(self, **options: Any) -> None:
        self.loop = VirtualLoop()
        self.sent: list[Segment] = []
        self.host = Host(
            "10.0.0.2",
            "02:00:00:00:00:02",
            send=self._note,
            loop=self.loop,
            neighbours={"10.0.0.1": "02:00:00:00:00:01"},
        )
        self.listener = self.host.tcp.listen(80, **{"isn": 5000, **options})

    def _note(self, frame: bytes, at: int | None) -> None:
        packet = parse_ipv4(frame[14:])
        assert packet is not None
        segment = parse_segment(packet.payload, pseudo_sum(packet.source, packet.destination) + PROTOCOL_TCP)
        assert segment is not None, "the host sent a segment with a wrong checksum"
        self.sent.append(segment)

    def say(self, flags: str, seq: int, ack: int = 0, payload: bytes = b"", **fields: Any) -> list[str]:
        """Send one segment from 10.0.0.1:4000 to port 80; return what came back at once, as short texts."""
        before = len(self.sent)
        options = {"port": 80, "source_port": 4000, "window": 4000, "check": None, "options": b"", **fields}
        segment = Segment(
            options["source_port"],
            options["port"],
            seq,
            ack,
            flag_bits(flags),
            options["window"],
            payload,
            options["options"],
            check=options["check"],
        )
        source, destination = ip_bytes("10.0.0.1"), ip_bytes("10.0.0.2")
        data = build_segment(segment, pseudo_sum(source, destination) + PROTOCOL_TCP)
        packet = build_ipv4(source, destination, PROTOCOL_TCP, data)
        self.accounted = self.host.receive(
            build_ethernet(mac_bytes("02:00:00:00:00:02"), mac_bytes("02:00:00:00:00:01"), ETHERTYPE_IPV4, packet)
        )
        return [brief(answer) for answer in self.sent[before:]]

    def established(self) -> Connection:
        """Shake hands: the prober's next number is 101, the host's 5001."""
        assert self.say("S", 100) == ["SA 5000 101"]
        assert self.say("A", 101, 5001) == []
        return self.listener.connections[-1]

    def let_pass(self, by: int) -> list[str]:
        """Let `by` ns pass and return what was sent in the meantime."""
        before = len(self.sent)

        async def wait() -> None:
            future = self.loop.create_future()
            self.loop.call_at(self.loop.now + by, future.set_result, None)
            await future

        self.loop.run_until_complete(wait())
        return [brief(answer) for answer in self.sent[before:]]

    def close(self) -> None:
        self.host.close()
        self.loop.close()


def brief(segment: Segment) -> str:
    """Return flags, sequence and acknowledgement numbers, and the length where there is payload."""
    text = f"{flag_text(segment.flags)} {segment.seq} {segment.ack}"
    return f"{text} +{len(segment.payload)}" if segment.payload else text
