"""Every method that waits, every kind of timeout, what it waits for a tick before the deadline, at it, a tick after it.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import HOUR, MS, SEC, US, RemoteIOError, RemoteTimeoutError, covers, deadline, elapsed_is

from conformance.scenes import BLOCKING, DATAGRAM, TICK, times_out, would_block
from conformance.timeouts.events import UNSURE, tick_after, wait_of

# Where in a tick the call starts: just after one, within it, just before the next.
PHASES = [UNSURE, 250 * US, 500 * US, TICK - UNSURE]
# How long a call may take that need not wait; what the device declares.
AT_ONCE = 400 * US


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("ticks", [-1, 0, 1], ids=["before", "at", "after"])
@pytest.mark.parametrize("timeout", [1, 100])
@pytest.mark.parametrize("scene", BLOCKING)
@covers("timeout.every-method", "timeout.in-time", "timeout.exact", "timeout.survives")
async def test_event_around_the_deadline(target, wire, bench, tasks, scene, timeout, ticks, phase):
    """In time it ends the call, too late it is there for the next; at the very tick one of the two, and never lost."""
    wait = await wait_of(scene, target, wire)
    await wait.settimeout(bench, timeout)
    due = tick_after(await wait.reach_phase(bench, phase), timeout)
    call = tasks.start(wait.start())
    await asyncio.sleep(due + ticks * TICK - bench.now)
    await wait.end()
    happened_at = bench.now
    try:
        result = await call
    except RemoteTimeoutError as error:
        assert ticks >= 0, f"ended by the timeout although it came in time: {error!r}"
        assert tick_after(error.started_at, timeout) == due
        assert due <= error.ended_at <= due + AT_ONCE
        await wait.happens_later()
    else:
        assert ticks <= 0, "came too late, and still ended the call"
        assert tick_after(call.started_at, timeout) == due
        assert happened_at <= call.ended_at <= happened_at + AT_ONCE
        wait.check(result)
    await wait.happens_once()


@pytest.mark.parametrize("phase", [UNSURE, TICK - UNSURE])
@pytest.mark.parametrize("ticks", [-1, 0, 1], ids=["before", "at", "after"])
@pytest.mark.parametrize("scene", [name for name in BLOCKING if name != "connect"])
@covers("timeout.zero", "timeout.would-block-class")
async def test_event_around_a_call_that_never_waits(target, wire, bench, scene, ticks, phase):
    """What is there is returned, what is not is not waited for, and what comes after is there for the next call."""
    wait = await wait_of(scene, target, wire)
    await wait.settimeout(bench, 0)
    await wait.reach_phase(bench, phase)
    if ticks < 1:
        await wait.end()
        await asyncio.sleep(-ticks * TICK)
    call = wait.start()
    if ticks == 1:
        await would_block(call)
        await wait.end()
        await asyncio.sleep(TICK)
        await wait.happens_later()
    else:
        try:
            result = await call
        except RemoteIOError as error:
            assert ticks == 0, "it was there a tick before"
            elapsed_is(error, 0)
            await wait.happens_later()
        else:
            elapsed_is(call, 0)
            wait.check(result)
    await wait.happens_once()


@pytest.mark.parametrize("at", [1 * TICK, 10 * SEC])
@pytest.mark.parametrize("scene", BLOCKING)
@covers("timeout.none", "timeout.every-method")
async def test_event_ends_a_call_without_a_timeout(target, wire, bench, tasks, scene, at):
    """None waits for as long as it takes, also after a timeout and a mode that never waits."""
    wait = await wait_of(scene, target, wire)
    for earlier in (5, 0, None):
        await wait.sock.settimeout(earlier)
    call = tasks.start(wait.start())
    await asyncio.sleep(at)
    assert call.pending
    await wait.end()
    happened_at = bench.now
    wait.check(await call)
    assert happened_at <= call.ended_at <= happened_at + AT_ONCE


# The first timeout whose milliseconds do not fit into 32 bits, and a second: cut to 32 bits it is a second.
HUGE = 2**32 + 1000
LONG = 2400 * HOUR
# These wait while nothing at all happens on the board. A connection keeps its timers busy, four times a second, and
# connecting and sending end by the stack's limits: for them a few seconds have to tell.
PATIENT = [*DATAGRAM, "accept"]


@deadline(LONG)
@pytest.mark.parametrize("scene", PATIENT)
@covers("timeout.huge", "timeout.exact")
async def test_timeout_beyond_32_bits_expires_exactly(target, wire, scene):
    """Fifty days and not one tick less: what wraps after 49.7 days fires at once, in the field, once."""
    wait = await wait_of(scene, target, wire)
    await wait.sock.settimeout(HUGE)
    await times_out(wait.start(), HUGE * MS)
    await wait.happens_once()


@deadline(LONG)
@pytest.mark.parametrize("timeout", [HUGE, 2**33, None], ids=str)
@pytest.mark.parametrize("scene", PATIENT)
@covers("timeout.huge", "timeout.none", "timeout.in-time")
async def test_event_after_32_bits_of_milliseconds_ends_the_call(target, wire, bench, tasks, scene, timeout):
    """The wait outlives the wrap of every 32-bit clock below it, and ends with what it waited for."""
    wait = await wait_of(scene, target, wire)
    await wait.settimeout(bench, timeout)
    start = await wait.reach_phase(bench, 500 * US)
    call = tasks.start(wait.start())
    # One tick before the end of the shortest of the three.
    await asyncio.sleep(tick_after(start, HUGE) - TICK - bench.now)
    assert call.pending
    await wait.end()
    wait.check(await call)
    await wait.happens_once()


@pytest.mark.parametrize("scene", [name for name in BLOCKING if name not in PATIENT])
@covers("timeout.huge", "timeout.every-method")
async def test_timeout_beyond_32_bits_is_not_a_second(target, wire, tasks, scene):
    """The timeout, cut to 32 bits, has long passed when the call ends with success."""
    wait = await wait_of(scene, target, wire)
    await wait.sock.settimeout(HUGE)
    call = tasks.start(wait.start())
    await asyncio.sleep(10 * SEC)
    assert call.pending
    await wait.end()
    wait.check(await call)
