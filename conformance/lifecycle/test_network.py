"""Sockets while the network is down, goes down and comes back.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, US, Faults, RemoteIOError, covers, elapsed_is

from conformance.scenes import DEVICE, bound_udp, echoes, raises_at_once, times_out, would_block


async def up(target):
    """Give the board its address of all the other cases."""
    await target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254")


@pytest.mark.parametrize("method", ["tcp-connect", "sendto", "send", "sendall"])
@covers("network.down-at-start", "connect.no-route")
async def test_reaching_out_before_the_network_is_up_is_an_ioerror(cold_target, wire, method):
    """The examples bring the network up first; a program that does not is told so at once."""
    protocol, _, name = method.rpartition("-")
    sock = await (cold_target.socket() if protocol == "tcp" else cold_target.socket(type=SOCK_DGRAM))
    if name in ("send", "sendall"):
        await sock.connect((wire.peer.ip, 7000))
    arguments = {"connect": ((wire.peer.ip, 80),), "sendto": (b"x", (wire.peer.ip, 80))}.get(name, (b"x",))
    await raises_at_once(sock.call(name, *arguments), RemoteIOError)
    await wire.expect_none(for_=10 * SEC)
    wire.ignore(lambda frame: frame.arp is not None)
    await up(cold_target)
    await echoes(cold_target, wire)


@covers("network.down-at-start", "udp.connect.local", "bind.silent", "timeout.milliseconds")
async def test_local_calls_work_before_the_network_is_up(cold_target, wire):
    """Making, binding, connecting a datagram socket, listening and setting timeouts need no network."""
    sock = await cold_target.socket(type=SOCK_DGRAM)
    assert await sock.bind(5000) is None
    assert await sock.settimeout(0) is None
    await would_block(sock.recvfrom(10))
    connecting = sock.connect((wire.peer.ip, 7000))
    assert await connecting is None
    elapsed_is(connecting, 0)
    listener = await cold_target.socket()
    assert await listener.bind(80) is None
    assert await listener.listen() is None
    await wire.expect_none(for_=10 * SEC)


@covers("network.down-at-start", "bind.integer", "udp.bind.receives-everything")
async def test_sockets_bound_before_the_network_is_up_serve_after_it(cold_target, wire, bench):
    """A server that starts faster than its network is reachable once that is there."""
    sock = await bound_udp(cold_target)
    listener = await cold_target.socket()
    await listener.bind(80)
    await listener.listen()
    wire.ignore(lambda frame: frame.arp is not None)
    await up(cold_target)
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"x", (wire.peer.ip, 7000))
    await wire.peer.tcp.connect(80, sport=4000).established(within=1 * SEC)
    assert (await listener.accept())[1] == (wire.peer.ip, 4000)


@pytest.mark.parametrize("timeout", [1, 100, 60_000])
@covers("network.down-at-start", "timeout.exact", "udp.recvfrom.timeout")
async def test_timeouts_are_exact_without_a_network(cold_target, timeout):
    """Waiting is the board's own business."""
    sock = await bound_udp(cold_target)
    await sock.settimeout(timeout)
    await times_out(sock.recvfrom(10), timeout * MS)


@covers("network.link-loss", "timeout.exact")
async def test_network_that_goes_down_leaves_a_wait_and_its_timeout_alone(target, wire, tasks):
    """A wait of a minute is a wait of a minute, with an outage in the middle."""
    sock = await bound_udp(target)
    await sock.settimeout(60_000)
    waiting = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(10 * SEC)
    await target.net_down()
    await asyncio.sleep(10 * SEC)
    wire.ignore(lambda frame: frame.arp is not None)
    await up(target)
    await times_out(waiting, 60 * SEC)


@covers("network.link-loss", "errors.below-ioerror")
async def test_datagrams_flow_again_after_an_outage(target, wire, bench):
    """Sending fails while the network is down and works with the same socket when it is back."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target)
    await sock.sendto(b"before", (wire.peer.ip, 7000))
    assert (await far.recv(within=1 * SEC)).data == b"before"
    wire.ignore(lambda frame: frame.arp is not None)
    await target.net_down()
    await raises_at_once(sock.sendto(b"lost", (wire.peer.ip, 7000)), RemoteIOError)
    await up(target)
    await sock.sendto(b"after", (wire.peer.ip, 7000))
    asked = await far.recv(within=1 * SEC)
    assert asked.data == b"after"
    far.send(b"answer", to=asked.source)
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"answer", (wire.peer.ip, 7000))


async def talk(target, wire):
    """Return what the documented calls give in a short conversation, by TCP and by datagrams."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target)
    results = [await sock.sendto(b"d" * 3000, (wire.peer.ip, 7000))]
    asked = await far.recv(within=60 * SEC)
    results += [asked.data, asked.source]
    far.send(b"u" * 3000, to=asked.source)
    results.append(await sock.recvfrom(4000))
    listener = wire.peer.tcp.listen(80)
    stream = await target.socket()
    results.append(await stream.connect((wire.peer.ip, 80)))
    connection = await listener.accept(within=60 * SEC)
    results.append(await stream.sendall(b"s" * 20_000))
    results.append(await connection.recv(20_000, within=600 * SEC))
    connection.send(b"r" * 20_000)
    results.append(await stream.recv(20_000))
    await stream.settimeout(100)
    results.append((await times_out(stream.recv(1), 100 * MS)).errno)
    return results


@pytest.mark.parametrize("mtu", [1500, 1280, 576])
@pytest.mark.parametrize("delay", [0, 10 * MS, 500 * MS], ids=["at-once", "10-ms", "500-ms"])
@covers("network.variations", "timeout.exact")
async def test_results_do_not_depend_on_delay_or_mtu(cold_target, wire, delay, mtu):
    """A slow peer or a narrow link changes times and frames, never what a program is told."""
    wire.ignore(lambda frame: frame.arp is not None)
    await cold_target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254", mtu=mtu)
    wire.faults.to_board = Faults(delay=delay)
    results = await talk(cold_target, wire)
    assert all(frame.ip is None or frame.ip.len <= mtu for frame in wire.frames if frame.outgoing)
    assert results == [
        3000,
        b"d" * 3000,
        (DEVICE, 5000),
        (b"u" * 3000, (wire.peer.ip, 7000)),
        None,
        None,
        b"s" * 20_000,
        b"r" * 20_000,
        errno.ETIMEDOUT,
    ]


@pytest.mark.parametrize("delay", [1 * MS, 250 * MS, 3 * SEC])
@covers("network.variations", "udp.recvfrom.one-datagram")
async def test_answer_comes_later_by_the_delay_of_the_wire_and_nothing_else(target, wire, tasks, bench, delay):
    """Times shift by what the wire declares: the device adds the same as without it."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target)
    took = []
    for late in (0, delay):
        wire.faults.to_board = Faults(delay=late)
        waiting = tasks.start(sock.recvfrom(10))
        await asyncio.sleep(1 * MS)
        sent = bench.now
        far.send(b"answer", to=(DEVICE, 5000))
        await waiting
        took.append(bench.now - sent - late)
    assert abs(took[1] - took[0]) < 100 * US
