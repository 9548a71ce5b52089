# SPDX-License-Identifier: GPL-2.0-or-later
"""Timers and waiting for peers, on the virtual clock of the running asyncio loop (integer nanoseconds)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sockbench.peers.errors import Expired


class Timer:
    """A deadline that is moved often and reached seldom.

    Moving it later costs an assignment: the loop's own timer stays where it is, finds on ringing
    that it was too early, and is set again. Stopping really cancels, so nothing stale remains.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._handle: asyncio.TimerHandle | None = None
        self._handle_at = 0
        self.deadline: int | None = None

    @property
    def is_running(self) -> bool:
        """Whether a deadline is set."""
        return self.deadline is not None

    def start(self, deadline: int) -> None:
        """Ring at `deadline`, and no longer at an earlier-set one."""
        self.deadline = deadline
        if self._handle is not None:
            if self._handle_at <= deadline:
                return
            self._handle.cancel()
        self._handle_at = deadline
        self._handle = self._loop.call_at(deadline, self._reached)

    def stop(self) -> None:
        """Never ring for the deadline that was set."""
        self.deadline = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _reached(self) -> None:
        self._handle = None
        deadline = self.deadline
        if deadline is None:
            return
        if self._loop.time() < deadline:
            self._handle_at = deadline
            self._handle = self._loop.call_at(deadline, self._reached)
            return
        self.deadline = None
        self._ring()


class Waiters:
    """Those who wait for a condition on a peer; the peer calls `notify` whenever something has changed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def until(self, condition: Callable[[], bool], *, within: int, wanted: str, seen: Callable[[], str]) -> None:
        """Return once `condition` holds, at the instant at which it does; raise Expired `within` ns from now."""
        if isinstance(within, bool) or not isinstance(within, int) or within < 0:
            raise ValueError(f"within= is a number of nanoseconds, not {within!r}")
        if condition():
            return
        future: asyncio.Future[None] = self._loop.create_future()
        entry = (condition, future)
        self._waiting.append(entry)
        deadline = int(self._loop.time()) + within
        timer = self._loop.call_at(deadline, _expire, future)
        try:
            await future
        except _Late:
            raise Expired(f"wanted {wanted} within {within} ns, saw {seen()}, at {int(self._loop.time())} ns") from None
        finally:
            timer.cancel()
            if entry in self._waiting:
                self._waiting.remove(entry)

    def notify(self) -> None:
        """Let go everybody whose condition holds now; whose condition raises gets that exception."""
        for entry in list(self._waiting):
            condition, future = entry
            if future.done():
                continue
            try:
                if condition():
                    future.set_result(None)
            except Exception as error:
                future.set_exception(error)

    def __bool__(self) -> bool:
        return bool(self._waiting)


class _Late(Exception):
    """A wait reached its deadline."""


def _expire(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_exception(_Late())
