"""A timeout bounds every method that can wait, exactly, with an exception that says so.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, US, RemoteTimeoutError, covers, elapsed_is

from conformance.scenes import BLOCKING, blocked, bound_udp, echoes, times_out

# The slug of each method's own clause about its timeout.
OF_METHOD = {
    "tcp-recv": "recv.timeout",
    "tcp-recv_into": "recv_into.blocks",
    "accept": "tcp.accept.timeout",
    "connect": "tcp.connect.timeout",
    "send": "tcp.send.timeout",
    "sendall": "tcp.sendall.timeout",
}


def scenes(*names):
    """Parametrize over the scenes NAMES, each covering its own method's clause, too."""
    return pytest.mark.parametrize(
        "scene",
        [pytest.param(name, marks=covers(OF_METHOD.get(name, "udp.recvfrom.timeout"))) for name in names or BLOCKING],
    )


@scenes()
@pytest.mark.parametrize("timeout", [1, 10, 100, 1000, 2500])
@covers("timeout.every-method", "timeout.exact", "timeout.class")
async def test_timeout_ends_the_wait_exactly(target, wire, scene, timeout):
    """A method that ignores its timeout, or rounds it, breaks every program that relies on being bounded."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(timeout)
    error = await times_out(waits.start(), timeout * MS)
    assert isinstance(error, RemoteTimeoutError)
    assert error.errno == errno.ETIMEDOUT


@pytest.mark.parametrize("timeout", [1, 2, 9, 10, 11, 99, 100, 101, 249, 250, 251, 499, 500, 501, 999, 1000, 1001])
@covers("timeout.exact")
async def test_timeout_around_the_periods_of_the_stack(target, timeout):
    """Rounding to a timer of the stack (10, 100, 250, 500 ms) would show at these values."""
    sock = await bound_udp(target)
    await sock.settimeout(timeout)
    await times_out(sock.recvfrom(10), timeout * MS)


@pytest.mark.parametrize("timeout", [60_000, 600_000, 3_600_000])
@covers("timeout.exact")
async def test_long_timeout_does_not_drift(target, timeout):
    """A minute, ten, an hour: a drifting clock would be late or early by more than a tick."""
    sock = await bound_udp(target)
    await sock.settimeout(timeout)
    await times_out(sock.recvfrom(10), timeout * MS)


@pytest.mark.parametrize("phase", [0, 1, 100, 333, 500, 750, 900, 990, 999])
@pytest.mark.parametrize("timeout", [1, 2, 10])
@covers("timeout.exact")
async def test_timeout_is_never_early_at_any_phase_of_the_tick(target, bench, timeout, phase):
    """Counting n ticks from within a tick ends up to one tick early: that is the classical fault here."""
    sock = await bound_udp(target)
    await sock.settimeout(timeout)
    await asyncio.sleep(1 * MS - bench.now % MS + phase * US)
    await times_out(sock.recvfrom(10), timeout * MS)


@scenes()
@covers("timeout.survives", "timeout.subsequent")
async def test_each_call_gets_the_full_timeout(target, wire, scene):
    """Three calls wait three times the timeout: it is neither used up nor shared."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(50)
    for _ in range(3 if scene != "connect" else 1):
        await times_out(waits.start(), 50 * MS)
    await echoes(target, wire, port=9200)


@pytest.mark.parametrize("scene", [name for name in BLOCKING if name not in ("connect", "send", "sendall")])
@covers("timeout.survives")
async def test_timeout_sends_nothing_and_closes_nothing(target, wire, scene):
    """A timeout is the end of a call, not of a socket."""
    waits = await blocked(scene, target, wire)
    number = await waits.sock.fileno()
    await waits.sock.settimeout(50)
    await times_out(waits.start(), 50 * MS)
    await wire.expect_none(for_=300 * MS)
    assert await waits.sock.fileno() == number
    await times_out(waits.start(), 50 * MS)


@scenes()
@pytest.mark.parametrize("first", [10, 200])
@covers("timeout.subsequent")
async def test_setting_during_a_call_does_not_touch_it(target, wire, tasks, scene, first):
    """The timeout of a call is the one that was set when it started."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(5 * MS)
    await waits.sock.settimeout(first)
    error = await times_out(waiting, 100 * MS)
    elapsed_is(error, 100 * MS)
    if scene != "connect":
        await times_out(waits.start(), first * MS)
