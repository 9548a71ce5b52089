"""The timeout matrix for AF_INET6: every method that can wait, in the scenes of the IPv4 cases.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, RemoteTimeoutError, covers

from conformance.ipv6.link import BOARD_LOCAL, dual
from conformance.scenes import BLOCKING, DATAGRAM, RECEIVING, blocked, data_of, times_out, would_block

NEVER = ["connect", "send", "sendall"]


async def scene_of(name, cold_target, wire):
    """Return the scene NAME with IPv6 in the place of IPv4."""
    target, six = await dual(cold_target, wire)
    return await blocked(name, target, six)


@pytest.mark.parametrize("scene", BLOCKING)
@pytest.mark.parametrize("timeout", [1, 10, 250, 1001])
@covers("timeout.every-method", "timeout.exact", "timeout.class", "ipv6.stream", "ipv6.datagram")
async def test_timeout_ends_the_wait_exactly(cold_target, wire, scene, timeout):
    """As bounded as with IPv4."""
    waits = await scene_of(scene, cold_target, wire)
    await waits.sock.settimeout(timeout)
    error = await times_out(waits.start(), timeout * MS)
    assert isinstance(error, RemoteTimeoutError) and error.errno == errno.ETIMEDOUT


@pytest.mark.parametrize("scene", [name for name in BLOCKING if name not in NEVER])
@covers("timeout.zero", "timeout.would-block-class")
async def test_zero_never_waits(cold_target, wire, scene):
    """Would block, which is no TimeoutError."""
    waits = await scene_of(scene, cold_target, wire)
    await waits.sock.settimeout(0)
    await would_block(waits.start())


@pytest.mark.parametrize("scene", [name for name in BLOCKING if name not in NEVER])
@covers("timeout.none", "recv.waits-for-ever")
async def test_none_waits_for_ever(cold_target, wire, tasks, scene):
    """A minute, and still waiting."""
    waits = await scene_of(scene, cold_target, wire)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(60 * SEC)
    assert waiting.pending


@pytest.mark.parametrize("scene", [name for name in BLOCKING if name not in NEVER])
@covers("timeout.huge", "timeout.every-method")
async def test_huge_timeout_is_not_cut_to_32_bits(cold_target, wire, tasks, scene):
    """2^32 + 10 ms must not be 10 ms."""
    waits = await scene_of(scene, cold_target, wire)
    await waits.sock.settimeout(2**32 + 10)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(60 * SEC)
    assert waiting.pending


@pytest.mark.parametrize("scene", DATAGRAM)
@pytest.mark.parametrize("before", [True, False], ids=["in-time", "late"])
@covers("timeout.in-time", "timeout.survives")
async def test_datagram_around_the_deadline(cold_target, wire, tasks, scene, before):
    """A millisecond before it is delivered, two after it is kept for the next call."""
    waits = await scene_of(scene, cold_target, wire)
    # Both sides know each other from here on: the datagram takes no time on the way.
    assert await wire.peer.icmp6.ping(BOARD_LOCAL, b"x", within=1 * SEC) == b"x"
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    await asyncio.sleep((99 if before else 102) * MS)
    waits.far.send(b"data", to=(BOARD_LOCAL, 5000))
    if not before:
        await times_out(waiting, 100 * MS)
    result = await (waiting if before else waits.start())
    assert data_of(scene, result) in (b"data", 4)


@pytest.mark.parametrize("scene", [name for name in RECEIVING if name.startswith("tcp")])
@pytest.mark.parametrize("before", [True, False], ids=["in-time", "late"])
@covers("timeout.in-time", "tcp.recv.timeout-keeps-data")
async def test_last_byte_around_the_deadline(cold_target, wire, tasks, scene, before):
    """A millisecond before it completes the read, two after it completes the next one."""
    waits = await scene_of(scene, cold_target, wire)
    await waits.sock.settimeout(100)
    waits.far.send(b"123456789")
    await asyncio.sleep(1 * MS)
    waiting = tasks.start(waits.start())
    await asyncio.sleep((99 if before else 102) * MS)
    waits.far.send(b"0")
    if not before:
        await times_out(waiting, 100 * MS)
    assert await (waiting if before else waits.start()) in (b"1234567890", 10)
