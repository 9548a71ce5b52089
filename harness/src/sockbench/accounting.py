# SPDX-License-Identifier: GPL-2.0-or-later
"""Who accounts for the frames of the board, and who waits for them: the same on the wire, on air and on the CAN bus.

A frame is accounted for by whoever handled it, by an `expect` that returned it, or by `ignore`. What
remains fails the case.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from sockbench.clock import text
from sockbench.errors import Expired, StrayFrame

SHOWN = 12


class Crossing(Protocol):
    """What can be accounted for."""

    at: int
    outgoing: bool
    claimed_by: str


F = TypeVar("F", bound=Crossing)
Written = TypeVar("Written", contravariant=True)


class Book(Protocol[Written]):
    """Virtual time, and somebody who writes down what crosses."""

    now: int

    def crossed(self, frame: Written) -> None:
        """Write down a frame that crosses."""


class Accounts(Generic[F]):
    """The frames of one medium. `where` is a word for messages: " on air", or nothing."""

    def __init__(self, book: Book[F], loop: asyncio.AbstractEventLoop, where: str = "") -> None:
        self._book = book
        self._loop = loop
        self._where = where
        self.frames: list[F] = []
        self._ignored: list[Callable[[F], bool]] = []
        self._unclaimed: list[F] = []
        self._watchers: list[tuple[Callable[[F], bool], asyncio.Future[F], bool]] = []
        self._coming: list[tuple[int, int, F]] = []
        self._sequence = 0

    def log(self, frame: F) -> None:
        """Write a frame down, now or when its time has come."""
        if frame.at <= self._book.now:
            self._append(frame)
        else:
            self._sequence += 1
            heapq.heappush(self._coming, (frame.at, self._sequence, frame))

    def passed(self) -> None:
        """Write down the frames whose time has come."""
        coming, now = self._coming, self._book.now
        while coming and coming[0][0] <= now:
            self._append(heapq.heappop(coming)[2])

    def _append(self, frame: F) -> None:
        self.frames.append(frame)
        self._book.crossed(frame)

    async def expect(self, matches: Callable[[F], bool], wanted: str, within: int) -> F:
        """Return the first frame of the board that matches and account for it; raise Expired after `within`."""
        __tracebackhide__ = True
        _check_time("within", within)
        for frame in self._unclaimed:
            if matches(frame):
                self._unclaimed.remove(frame)
                frame.claimed_by = "expect"
                return frame
        started = self._book.now
        found = await self._watch(matches, within, claims=True)
        if found is None:
            raise Expired(
                f"wanted {wanted}{self._where} within {text(within)} from {text(started)}; {self._seen(started)}"
            )
        return found

    async def expect_none(self, matches: Callable[[F], bool], unwanted: str, for_: int) -> None:
        """Let `for_` pass and raise AssertionError at the first frame of the board that matches."""
        __tracebackhide__ = True
        _check_time("for_", for_)
        started = self._book.now
        found = next((frame for frame in self._unclaimed if matches(frame)), None)
        if found is None:
            found = await self._watch(matches, for_, claims=False)
        if found is not None:
            raise AssertionError(f"wanted {unwanted}{self._where} for {text(for_)} from {text(started)}; saw {found!r}")

    def ignore(self, matches: Callable[[F], bool]) -> None:
        """Account for every frame that matches, past and future."""
        self._ignored.append(matches)
        remaining = []
        for frame in self._unclaimed:
            if matches(frame):
                frame.claimed_by = "ignore"
            else:
                remaining.append(frame)
        self._unclaimed = remaining

    def arrived(self, frame: F) -> None:
        """Take a frame of the board that everybody who is there has seen."""
        if not frame.claimed_by and self._ignored and any(matches(frame) for matches in self._ignored):
            frame.claimed_by = "ignore"
        for matches, future, claims in self._watchers:
            if not future.done() and matches(frame):
                future.set_result(frame)
                if claims:
                    frame.claimed_by = frame.claimed_by or "expect"
        if not frame.claimed_by:
            self._unclaimed.append(frame)

    def claim_all(self, who: str) -> None:
        """Account for every frame so far."""
        for frame in self._unclaimed:
            frame.claimed_by = who
        self._unclaimed.clear()

    def check(self) -> None:
        """Raise StrayFrame if a frame is left that nobody accounts for."""
        __tracebackhide__ = True
        if self._unclaimed:
            shown = "".join(f"\n    {frame!r}" for frame in self._unclaimed[:SHOWN])
            raise StrayFrame(f"frames{self._where} that nobody accounted for ({len(self._unclaimed)}):{shown}")

    def fail(self, error: BaseException) -> None:
        """Let everybody who waits for a frame have that error."""
        for _, future, _ in self._watchers:
            if not future.done():
                future.set_exception(error)

    async def _watch(self, matches: Callable[[F], bool], duration: int, *, claims: bool) -> F | None:
        future: asyncio.Future[F] = self._loop.create_future()
        entry = (matches, future, claims)
        self._watchers.append(entry)
        timer = self._loop.call_at(self._book.now + duration, _expire, future)
        try:
            return await future
        except _Passed:
            return None
        finally:
            timer.cancel()
            self._watchers.remove(entry)

    def _seen(self, since: int) -> str:
        seen = [frame for frame in self.frames if frame.at >= since and frame.outgoing]
        shown = seen or [frame for frame in self.frames if frame.outgoing]
        if not shown:
            return "the board has sent nothing at all"
        lines = "".join(f"\n    {frame!r}" for frame in shown[-SHOWN:])
        return ("the board sent" if seen else "the board sent nothing since; before:") + lines


class Accounted(Generic[F]):
    """What a bench asks of anything that frames cross: to write them down, and to name those nobody accounts for."""

    _accounts: Accounts[F]

    def passed(self) -> None:
        """Write down the frames to the board whose time has come."""
        self._accounts.passed()

    def claim_all(self, who: str) -> None:
        """Account for every frame so far."""
        self._accounts.claim_all(who)

    def check(self) -> None:
        """Raise StrayFrame if a frame is left that nobody accounts for."""
        __tracebackhide__ = True
        self._accounts.check()

    def fail(self, error: BaseException) -> None:
        """Let everybody who waits for a frame have that error."""
        self._accounts.fail(error)


class _Passed(Exception):
    """The time of a watcher is over."""


def _expire(future: asyncio.Future[F]) -> None:
    if not future.done():
        future.set_exception(_Passed())


def _check_time(name: str, duration: int) -> None:
    if isinstance(duration, bool) or not isinstance(duration, int) or duration < 0:
        raise ValueError(f"{name}= is a number of nanoseconds, not {duration!r}")
