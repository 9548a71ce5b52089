# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts on an in-memory cable, on a virtual clock of their own: what the tests of the peers run in.

The clock is an asyncio loop whose selector, asked to wait, moves the clock instead. No board, no
link and no plugin take part, so that a fault found here is a fault of the peers.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from random import Random
from typing import Any, TypeVar

from sockbench.peers import Connection, Host

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
        self._loop.skip(int(timeout))
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock counts integer nanoseconds and moves only while everybody waits."""

    def __init__(self) -> None:
        self.now = 0
        super().__init__(_SkippingSelector(self))
        self._clock_resolution = 1  # asyncio calls what is due before now + resolution: exactly now.

    def time(self) -> float:
        return self.now

    def skip(self, by: int) -> None:
        self.now += by


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
