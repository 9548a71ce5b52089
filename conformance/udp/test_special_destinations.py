"""Destinations that are no ordinary host: broadcast, multicast, the unspecified address, nobody, the board itself.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from scapy.layers.inet import UDP
from sockbench import MS, SEC, RemoteIOError, covers, elapsed_is

from conformance.scenes import BROADCAST, DEVICE, FAR_AWAY, bound_udp, echoes, raises_at_once, towards

METHODS = ["send", "sendall", "sendto"]

ETHERNET = {
    BROADCAST: "ff:ff:ff:ff:ff:ff",
    "255.255.255.255": "ff:ff:ff:ff:ff:ff",
    "224.0.0.1": "01:00:5e:00:00:01",
    "239.129.2.3": "01:00:5e:01:02:03",
    "239.255.255.250": "01:00:5e:7f:ff:fa",
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("destination", ETHERNET)
@covers("udp.sendto.broadcast-multicast", "udp.sendto.one-datagram")
async def test_broadcast_and_multicast_leave_with_their_ethernet_address(target, wire, method, destination):
    """No ARP, and the group's low 23 bits in the frame's destination (RFC 1112 6.4): discovery protocols live on it."""
    start = await towards((destination, 7000), target, method)
    assert await start(b"anybody?") == (None if method == "sendall" else 8)
    frame = await wire.expect(UDP(dport=7000), within=1 * SEC)
    assert frame.eth.dst == ETHERNET[destination]
    assert (frame.ip.src, frame.ip.dst) == (DEVICE, destination)
    assert frame.payload == b"anybody?"
    await wire.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("connected", [False, True], ids=["bound", "connected"])
@pytest.mark.parametrize("form", ["0.0.0.0", ("0.0.0.0", 7000), (0, 0, 0, 0), (0, 0, 0, 0, 7000)], ids=str)
@covers("udp.sendto.broadcast-multicast", "udp.sendto.connected")
async def test_unspecified_destination_is_refused(target, wire, connected, form):
    """0.0.0.0 is nobody: neither the connected peer nor everybody."""
    sock = await bound_udp(target)
    if connected:
        await sock.connect((wire.peer.ip, 7000))
    await raises_at_once(sock.sendto(b"x", form), RemoteIOError)
    await wire.expect_none(for_=1 * SEC)
    await echoes(target, wire)


@pytest.mark.parametrize("destination", [FAR_AWAY, "8.8.8.8", "223.255.255.254"])
@covers("udp.sendto.unreachable", "connect.no-route")
async def test_without_a_route_sending_fails_at_once(cold_target, wire, destination):
    """A board without a gateway knows that it cannot reach other networks, and says so."""
    target = cold_target
    await target.net_up(ip=DEVICE, mask="255.255.255.0", gw="0.0.0.0")
    wire.ignore(lambda frame: frame.arp is not None)
    sock = await bound_udp(target)
    await raises_at_once(sock.sendto(b"x", (destination, 7000)), RemoteIOError, errno.EHOSTUNREACH)
    await wire.expect_none(UDP(), for_=5 * SEC)
    await echoes(target, wire)


@covers("udp.sendto.one-datagram")
async def test_other_networks_are_reached_through_the_gateway(target, wire):
    """The frame goes to the gateway's Ethernet address, the packet to the far one."""
    gateway = wire.host(ip="10.0.0.254")
    sock = await bound_udp(target)
    assert await sock.sendto(b"x", (FAR_AWAY, 7000)) == 1
    frame = await wire.expect(UDP(dport=7000), within=1 * SEC)
    assert (frame.eth.dst, frame.ip.dst) == (gateway.mac, FAR_AWAY)


@pytest.mark.parametrize("destination", [DEVICE, "127.0.0.1"])
@covers("udp.sendto.one-datagram", "udp.bind.receives-everything")
async def test_datagram_to_the_board_itself_stays_inside(target, wire, bench, destination):
    """Two programs on one board talk by the same calls; the wire sees none of it."""
    one, two = await bound_udp(target, 5000), await bound_udp(target, 5001)
    assert await one.sendto(b"neighbour", (destination, 5001)) == 9
    await bench.idle(for_=1 * MS)
    data, sender = await two.recvfrom(100)
    assert data == b"neighbour" and sender[1] == 5000
    await wire.expect_none(for_=5 * SEC)


@pytest.mark.parametrize("port", [0, 1, 80, 1023, 1024, 0x1234, 49152, 65535])
@pytest.mark.parametrize("method", METHODS)
@covers("address.string-and-port", "udp.sendto.one-datagram", "udp.connect.send")
async def test_every_destination_port_is_put_on_the_wire(target, wire, method, port):
    """Byte order, sign and the unusual port 0 show at these values."""
    start = await towards((wire.peer.ip, port), target, method)
    sending = start(b"x")
    await sending
    elapsed_is(sending, 0)
    assert (await wire.expect(UDP(), within=1 * SEC)).udp.dport == port
