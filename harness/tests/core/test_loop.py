# SPDX-License-Identifier: GPL-2.0-or-later
"""The loop: time moves only while everybody waits, in one order, and never beyond its deadline."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sockbench.errors import Deadlock, Runaway
from sockbench.loop import VirtualLoop

MS = 1_000_000
DEADLINE = 10**12


class Clock:
    """A world in which nothing happens but time."""

    def __init__(self) -> None:
        self.now = 0
        self.stops: list[int] = []

    def advance(self, until: int) -> None:
        self.stops.append(until)
        self.now = until


def test_sleep_takes_exactly_its_nanoseconds() -> None:
    clock = Clock()

    async def main() -> int:
        await asyncio.sleep(50 * MS + 1)
        return clock.now

    assert VirtualLoop(clock, DEADLINE).run_until_complete(main()) == 50 * MS + 1
    assert clock.stops == [50 * MS + 1]


def test_plain_work_passes_no_time() -> None:
    clock = Clock()

    async def main() -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    VirtualLoop(clock, DEADLINE).run_until_complete(main())
    assert clock.stops == []


@pytest.mark.parametrize(("work", "ends_in_time"), [(99, True), (101, False)])
def test_timeout_is_exact_on_both_sides(work: int, ends_in_time: bool) -> None:
    async def main() -> bool:
        try:
            async with asyncio.timeout(100):
                await asyncio.sleep(work)
        except TimeoutError:
            return False
        return True

    assert VirtualLoop(Clock(), DEADLINE).run_until_complete(main()) is ends_in_time


def test_timers_of_one_instant_ring_in_the_order_of_setting() -> None:
    """asyncio's own heap does not keep this order."""
    loop = VirtualLoop(Clock(), DEADLINE)
    rung: list[int] = []

    async def main() -> None:
        for number in range(50):
            loop.call_at(1000, rung.append, number)
        await asyncio.sleep(1001)

    loop.run_until_complete(main())
    assert rung == list(range(50))


def test_cancelled_timer_costs_no_wake_up() -> None:
    clock = Clock()
    loop = VirtualLoop(clock, DEADLINE)

    async def main() -> None:
        loop.call_later(10, print).cancel()
        await asyncio.sleep(100)

    loop.run_until_complete(main())
    assert clock.stops == [100]


def test_a_group_cancels_its_tasks_in_the_order_of_their_making() -> None:
    """TaskGroup keeps a set; by address its order would differ from run to run."""
    ended: list[int] = []

    async def wait(number: int) -> None:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append(number)

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(40):
                group.create_task(wait(number))
            await asyncio.sleep(1)
            raise KeyError

    with pytest.raises(ExceptionGroup):
        VirtualLoop(Clock(), DEADLINE).run_until_complete(main())
    assert ended == list(range(40))


def test_deadlock_is_told_from_runaway() -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    async def busy() -> None:
        while True:
            await asyncio.sleep(700)

    with pytest.raises(Deadlock, match=r"deadline of 0\.000001000 s"):
        VirtualLoop(Clock(), 1000).run_until_complete(forever())
    with pytest.raises(Runaway, match=r"next timer is at 0\.000001400 s"):
        VirtualLoop(Clock(), 1000).run_until_complete(busy())


def test_deadline_itself_can_be_reached() -> None:
    VirtualLoop(Clock(), 1000).run_until_complete(asyncio.sleep(1000))
    with pytest.raises(Runaway):
        VirtualLoop(Clock(), 999).run_until_complete(asyncio.sleep(1000))


def test_threads_are_refused() -> None:
    loop = VirtualLoop(Clock(), DEADLINE)
    raised: list[BaseException] = []

    def intrude() -> None:
        try:
            loop.call_soon_threadsafe(print)
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_failure_of_a_callback_ends_the_run() -> None:
    """asyncio would log it and go on; a peer's bug would go unseen."""
    loop = VirtualLoop(Clock(), DEADLINE)

    async def main() -> None:
        loop.call_later(5, int, "no number")
        await asyncio.sleep(1000)

    with pytest.raises(ValueError, match="no number"):
        loop.run_until_complete(main())


def test_unwinding_ends_tasks_without_time() -> None:
    clock = Clock()
    loop = VirtualLoop(clock, DEADLINE)
    ended: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.sleep(10**9)
        finally:
            ended.append("tidy")

    async def stubborn() -> None:
        try:
            await asyncio.sleep(10**9)
        finally:
            await asyncio.sleep(10**9)

    async def main() -> list[asyncio.Task[None]]:
        tasks = [loop.create_task(tidy()), loop.create_task(stubborn())]
        await asyncio.sleep(1)
        return tasks

    tasks = loop.run_until_complete(main())
    assert loop.unwind(tasks) == [tasks[1]]
    assert ended == ["tidy"] and clock.now == 1


def test_fractions_of_nanoseconds_are_refused() -> None:
    async def main() -> None:
        await asyncio.sleep(0.5)

    with pytest.raises(ValueError, match="whole nanoseconds"):
        VirtualLoop(Clock(), DEADLINE).run_until_complete(main())
