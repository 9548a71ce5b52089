"""The option calls, for which the page has the constants: SO_RCVTIMEO and SO_REUSEADDR.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, SO_RCVTIMEO, SO_REUSEADDR, SOCK_DGRAM, SOL_SOCKET, RemoteIOError, covers

from conformance.scenes import BLOCKING, RECEIVING, blocked, bound_udp, listening_tcp, raises_at_once, times_out


@pytest.mark.parametrize("scene", [*RECEIVING, "accept"])
@covers("options.rcvtimeo")
async def test_rcvtimeo_bounds_every_receiving_method(target, wire, scene):
    """The option in milliseconds acts as settimeout does."""
    assert scene in BLOCKING
    waits = await blocked(scene, target, wire)
    assert await waits.sock.call("setsockopt", SOL_SOCKET, SO_RCVTIMEO, 200) is None
    await times_out(waits.start(), 200 * MS)


@pytest.mark.parametrize("before", [100, 1])
@covers("options.rcvtimeo")
async def test_rcvtimeo_of_zero_means_none(target, tasks, before):
    """As in BSD, and other than settimeout: 0 takes the timeout away."""
    sock = await bound_udp(target)
    await sock.settimeout(before)
    await sock.call("setsockopt", SOL_SOCKET, SO_RCVTIMEO, 0)
    waiting = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(60 * SEC)
    assert waiting.pending
    await sock.close()
    with pytest.raises(RemoteIOError):
        await waiting


@pytest.mark.parametrize("level", [0, 6, 41])
@covers("options.rcvtimeo", "constants.options")
async def test_number_of_rcvtimeo_means_it_at_the_socket_level_only(target, level):
    """Numbers of options are those of their level: at another one, the same number is no timeout."""
    sock = await bound_udp(target)
    with pytest.raises(RemoteIOError):
        await sock.call("setsockopt", level, SO_RCVTIMEO, 30)
    assert await sock.call("getsockopt", SOL_SOCKET, SO_RCVTIMEO) == 0
    await sock.settimeout(60)
    await times_out(sock.recvfrom(10), 60 * MS)


@covers("options.reuseaddr", "bind.port-in-use")
async def test_port_in_time_wait_needs_reuseaddr(target, wire):
    """A server that restarts gets its port back, if it asks for that."""
    listener = await listening_tcp(target)
    client = wire.peer.tcp.connect(80)
    await client.established(within=1 * SEC)
    accepted, _ = await listener.accept()
    await accepted.close()
    client.finish()
    await listener.close()
    await asyncio.sleep(1 * SEC)
    without, given = await target.socket(), await target.socket()
    await raises_at_once(without.bind(80), RemoteIOError, errno.EADDRINUSE)
    await given.call("setsockopt", SOL_SOCKET, SO_REUSEADDR, 1)
    assert await given.bind(80) is None
    await given.listen()
    await wire.peer.tcp.connect(80).established(within=1 * SEC)


@covers("options.reuseaddr")
async def test_reuseaddr_does_not_allow_two_listeners(target, wire):
    """Two servers on one port would take each other's clients."""
    listener = await target.socket()
    await listener.call("setsockopt", SOL_SOCKET, SO_REUSEADDR, 1)
    await listener.bind(80)
    await listener.listen()
    second = await target.socket()
    await second.call("setsockopt", SOL_SOCKET, SO_REUSEADDR, 1)
    with pytest.raises(RemoteIOError):
        await second.bind(80)
        await second.listen()
    await wire.peer.tcp.connect(80, sport=4000).established(within=1 * SEC)
    assert (await listener.accept())[1] == (wire.peer.ip, 4000)


@covers("options.reuseaddr")
async def test_reuseaddr_leaves_datagrams_alone(target, wire, bench):
    """A datagram socket with the option still receives."""
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.call("setsockopt", SOL_SOCKET, SO_REUSEADDR, 1)
    await sock.bind(5000)
    wire.peer.udp.bind(7000).send(b"x", to=("10.0.0.1", 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"x", (wire.peer.ip, 7000))
