# SPDX-License-Identifier: GPL-2.0-or-later
"""An asyncio event loop whose clock is the board's virtual clock.

The unit of `loop.time()`, and so of `asyncio.sleep` and `asyncio.timeout`, is the nanosecond, as an
int. When no callback is ready, the loop lets the board run: `World.advance` hands control to the
board until something crosses the link or the earliest timer is due. Nothing else moves the clock.

Ready callbacks run in the order in which they became ready, timers of one instant in the order in
which they were set, so that the same test takes the same path in every run.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine, Iterable
from contextvars import Context
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sockbench.clock import text
from sockbench.errors import Deadlock, Runaway

T = TypeVar("T")
_NO_SOCKETS = "no sockets of the host in a case: the other end of the cable is wire.peer"


class World(Protocol):
    """What the loop advances: the board behind its link, or a fake of it."""

    @property
    def now(self) -> int:
        """Virtual time, in nanoseconds since the board's HELLO."""

    def advance(self, until: int) -> None:
        """Let the board run until it has said something or it is `until`, whichever is first."""


class Unwinding(Exception):
    """A task that was told to end waits for virtual time, which has ended with its case."""


class VirtualTask(asyncio.Task[Any]):
    """A task whose hash is its number, so that asyncio's sets of tasks have one order in every run."""

    def __init__(self, number: int, coroutine: Coroutine[Any, Any, Any], **options: Any) -> None:
        self._number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop on virtual time; see the module's text."""

    _ready: Any  # BaseEventLoop's queue of callbacks that can run now.
    _stopping: bool

    def __init__(self, world: World, deadline: int) -> None:
        super().__init__()
        self._world = world
        self._deadline = deadline
        self._timers: list[tuple[int, int, asyncio.TimerHandle]] = []
        self._sequence = 0
        self._unwinding = False
        self._failures: list[BaseException] = []
        self.set_task_factory(self._make_task)
        self.set_exception_handler(self._note_failure)

    def time(self) -> int:  # type: ignore[override, unused-ignore]
        """Return virtual time in nanoseconds; an int, although asyncio's type says float."""
        return self._world.now

    def set_deadline(self, deadline: int) -> None:
        """End the run with Runaway or Deadlock when virtual time would pass `deadline`."""
        self._deadline = deadline

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back `delay` nanoseconds from now."""
        return self.call_at(self._world.now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at `when`, after everything that was set for the same instant earlier."""
        at = int(when)
        if at != when:
            raise ValueError(f"times are whole nanoseconds (`500 * MS`, not `0.5`), not {when!r}")
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._sequence += 1
        heapq.heappush(self._timers, (at, self._sequence, handle))
        return handle

    def unwind(self, tasks: Iterable[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
        """Cancel the tasks and let them end without time passing; return those that would not."""
        waiting = [task for task in tasks if not task.done()]
        for task in waiting:
            task.cancel()
        self._unwinding = True
        try:
            if waiting:
                self.run_until_complete(asyncio.gather(*waiting, return_exceptions=True))
        except Unwinding:
            pass
        finally:
            self._unwinding = False
        return [task for task in waiting if not task.done()]

    def _make_task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any
    ) -> asyncio.Future[Any]:
        self._sequence += 1
        return VirtualTask(self._sequence, coroutine, loop=loop, **options)

    def _note_failure(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what a callback raised: the run ends with it, it is not just printed."""
        failure = context.get("exception")
        # A task's exception that nobody fetched is reported by the task's scope, with its name.
        if failure is not None and "handle" in context:
            self._failures.append(failure)

    def _run_once(self) -> None:
        """Run what is ready; if nothing is, let the board run until something is."""
        ready = self._ready
        self._collect_due()
        if not ready and not self._stopping:
            self._advance()
            self._collect_due()
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
        if self._failures and not self._unwinding:
            failure = self._failures[0]
            self._failures.clear()
            raise failure

    def _collect_due(self) -> None:
        timers = self._timers
        if not timers:
            return
        now = self._world.now
        while timers and (timers[0][2]._cancelled or timers[0][0] <= now):
            handle = heapq.heappop(timers)[2]
            if not handle.cancelled():
                self._ready.append(handle)

    def _advance(self) -> None:
        if self._unwinding:
            raise Unwinding
        deadline = self._deadline
        until = self._timers[0][0] if self._timers else deadline
        if self._world.now >= deadline:
            if self._timers:
                raise Runaway(
                    f"virtual time reached its deadline of {text(deadline)}; the next timer is at {text(until)}"
                    f"{self._who_waits()}"
                )
            raise Deadlock(
                f"everybody waits; nothing was set to happen until the deadline of {text(deadline)}{self._who_waits()}"
            )
        self._world.advance(min(until, deadline))

    def _who_waits(self) -> str:
        """Return where each task waits, one line each."""
        lines = []
        for task in sorted(asyncio.all_tasks(self), key=hash):
            for frame in task.get_stack(limit=1):
                name = getattr(task.get_coro(), "__qualname__", task.get_name())
                lines.append(f"\n    {name} waits in {Path(frame.f_code.co_filename).name}, line {frame.f_lineno}")
        return "".join(lines)

    # What BaseEventLoop asks of a loop with sockets, signals and threads, which this one has not.

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled timer is dropped when it comes to the head of the queue."""

    def _process_events(self, event_list: Any) -> None:
        raise AssertionError("this loop has no selector")

    def _write_to_self(self) -> None:
        raise RuntimeError("a thread may not touch the virtual loop: it would make runs differ")

    def run_in_executor(self, *_: object) -> Any:
        raise RuntimeError("no threads in a case: when they end is not a matter of virtual time")

    async def create_connection(self, *_: object, **__: object) -> Any:
        raise RuntimeError(_NO_SOCKETS)

    async def create_server(self, *_: object, **__: object) -> Any:
        raise RuntimeError(_NO_SOCKETS)

    async def create_datagram_endpoint(self, *_: object, **__: object) -> Any:
        raise RuntimeError(_NO_SOCKETS)
