# SPDX-License-Identifier: GPL-2.0-or-later
"""Background tasks of a case: they live as long as it, and one that fails unseen fails it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from sockbench.errors import ForgottenCall
from sockbench.target import Call


class Task:
    """A call or coroutine that runs beside the test; await it for its result or its exception."""

    def __init__(self, work: Call | Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> None:
        self._call: Call | None = None
        self._task: asyncio.Task[Any] | None = None
        self._looked = False
        self._started_at = int(loop.time())
        self._ended_at = 0
        self._loop = loop
        if isinstance(work, Call):
            work.observed = True
            self._call = work
            self.name = work.name
        elif asyncio.iscoroutine(work):
            self.name = getattr(work, "__qualname__", repr(work))
            self._task = loop.create_task(work)
            self._task.add_done_callback(self._ended)
        else:
            raise TypeError(f"tasks.start takes a call or a coroutine, not {work!r}")

    @property
    def pending(self) -> bool:
        """Whether it still runs."""
        if self._call is not None:
            return self._call.pending
        assert self._task is not None
        return not self._task.done()

    @property
    def elapsed(self) -> int:
        """Nanoseconds that it took: of a call on the device, of a coroutine by the bench's clock."""
        if self._call is not None:
            return self._call.elapsed
        if self.pending:
            raise RuntimeError(f"{self.name} has not ended, it has no elapsed time")
        return self._ended_at - self._started_at

    @property
    def started_at(self) -> int:
        return self._call.started_at if self._call is not None else self._started_at

    @property
    def ended_at(self) -> int:
        return self._call.ended_at if self._call is not None else self._ended_at

    def cancel(self) -> None:
        """End a coroutine; a call ends on the device only, by closing its socket."""
        if self._task is None:
            raise TypeError(f"{self.name} is a call on the device: close its socket to end it")
        self._task.cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        __tracebackhide__ = True
        self._looked = True
        if self._call is not None:
            return (yield from self._call.__await__())
        assert self._task is not None
        return (yield from asyncio.shield(self._task).__await__())

    def unseen_failure(self) -> BaseException | None:
        """Return what it raised, unless somebody has awaited it."""
        if self._looked or self.pending:
            return None
        if self._call is not None:
            return self._call.error
        assert self._task is not None
        return None if self._task.cancelled() else self._task.exception()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._ended_at = int(self._loop.time())
        if not task.cancelled():
            task.exception()  # Fetched here, so that asyncio does not print it; `check` reports it.

    def __repr__(self) -> str:
        return f"Task({self.name}, {'pending' if self.pending else 'ended'})"


class Tasks:
    """The scope of one case's background tasks."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: list[Task] = []

    def start(self, work: Call | Coroutine[Any, Any, Any]) -> Task:
        """Let a call or coroutine run beside the test."""
        task = Task(work, self._loop)
        self._tasks.append(task)
        return task

    def check(self) -> None:
        """Raise if a task failed and nobody has awaited it."""
        __tracebackhide__ = True
        for task in self._tasks:
            failure = task.unseen_failure()
            if failure is not None:
                raise ForgottenCall(f"the background task {task.name} failed: {failure!r}") from failure
