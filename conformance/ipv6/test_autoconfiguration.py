"""Where the board's IPv6 addresses come from: its MAC address, a router's prefix, and the test for duplicates.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import AF_INET6, MS, SEC, SOCK_DGRAM, SOCK_STREAM, RemoteIOError, covers
from sockbench.peers.nd import Prefix, Router

from conformance.ipv6.link import (
    BOARD_GLOBAL,
    BOARD_LOCAL,
    MULTICAST_REPORT,
    NEIGHBOUR_ADVERTISEMENT,
    NOBODY_GLOBAL,
    PEER_GLOBAL,
    PREFIX,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
    SCOPE,
    SETTLED,
    globally,
    icmp6_type,
    is_background,
    solicitations,
    udp6,
    up6,
)
from conformance.scenes import BOARD, DEVICE, raises_at_once


async def addresses(target):
    """Return the board's IPv6 addresses."""
    return list((await target.net_info())["ip6"])


def said(wire, kind):
    """Return the board's ICMPv6 messages of that type."""
    return [frame for frame in wire.frames if frame.outgoing and icmp6_type(frame) == kind]


@covers("ipv6.autoconfiguration", "ipv6.duplicate-address")
async def test_link_local_address_is_that_of_the_mac_address(cold_target, wire):
    """Every node of a link has one, with the modified EUI-64 of its MAC address behind fe80::/64."""
    up = cold_target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254", ip6=True)
    wire.ignore(is_background)
    probe = await wire.expect(lambda frame: frame.ipv6 is not None and frame.ipv6.nh == 58 and not is_background(frame),
                              within=3 * SEC)  # fmt: skip
    assert (probe.ipv6.src, probe.ipv6.dst, probe.ipv6.hlim) == ("::", "ff02::1:ff00:1", 255)
    assert probe.eth.dst == "33:33:ff:00:00:01" and probe.packet.tgt == BOARD_LOCAL
    assert await up is None
    assert 900 * MS <= up.ended_at - probe.at <= 1100 * MS  # RETRANS_TIMER, RFC 4861 10
    assert await addresses(cold_target) == [BOARD_LOCAL]


@covers("ipv6.autoconfiguration")
async def test_without_ipv6_no_ipv6_frame_ever_leaves(target, wire):
    """A network up without it is an IPv4 network: a router's advertisement changes nothing."""
    wire.peer.nd.advertise_router(Router(prefixes=(Prefix(prefix=PREFIX),)))
    await wire.expect_none(for_=60 * SEC)
    assert await addresses(target) == []


@covers("ipv6.autoconfiguration")
async def test_ipv6_socket_without_ipv6_has_no_route(target, wire):
    """An interface without IPv6 is no way out: refused at once, and nothing is sent."""
    sock = await target.socket(AF_INET6, SOCK_DGRAM)
    await raises_at_once(sock.sendto(b"x", (PEER_GLOBAL, 7000)), RemoteIOError, errno.EHOSTUNREACH)
    stream = await target.socket(AF_INET6)
    await raises_at_once(stream.connect((PEER_GLOBAL, 80)), RemoteIOError, errno.EHOSTUNREACH)
    await wire.expect_none(for_=10 * SEC)


@covers("ipv6.autoconfiguration")
async def test_router_is_solicited_three_times(cold_target, wire):
    """RFC 4861 6.3.7: three solicitations, 4 s apart, then silence; groups are reported (RFC 2710)."""
    await up6(cold_target, wire, settled=False)
    await asyncio.sleep(60 * SEC)
    times = [frame.at for frame in said(wire, ROUTER_SOLICITATION)]
    assert len(times) == 3
    assert all(abs(later - earlier - 4 * SEC) <= 2 * MS for earlier, later in zip(times, times[1:], strict=False))
    assert all(frame.ipv6.dst == "ff02::2" and frame.ipv6.hlim == 255 for frame in said(wire, ROUTER_SOLICITATION))
    assert said(wire, MULTICAST_REPORT)


@pytest.mark.parametrize("when", ["solicited", "unsolicited"])
@covers("ipv6.autoconfiguration")
async def test_advertised_prefix_gives_a_global_address(cold_target, wire, when):
    """SLAAC: prefix of the router, identifier of the MAC address, after a test for duplicates of its own."""
    router = Router(prefixes=(Prefix(prefix=PREFIX),))
    if when == "solicited":
        wire.peer.nd.router = router
    await up6(cold_target, wire)
    if when == "unsolicited":
        assert await addresses(cold_target) == [BOARD_LOCAL]
        wire.peer.nd.advertise_router(router)
        await asyncio.sleep(5 * SEC)
    assert await addresses(cold_target) == [BOARD_LOCAL, BOARD_GLOBAL]
    assert len(solicitations(wire, BOARD_GLOBAL)) == 1
    host = wire.host(ip="10.0.0.3", ip6=PEER_GLOBAL)
    sock = await udp6(cold_target)
    host.udp.bind(7000)
    await sock.sendto(b"x", (PEER_GLOBAL, 7000))
    assert [frame.ipv6.src for frame in wire.frames if frame.outgoing and frame.udp is not None] == [BOARD_GLOBAL]


@pytest.mark.parametrize(
    "router",
    [
        Router(),
        Router(prefixes=(Prefix(prefix=PREFIX, autonomous=False),)),
        Router(prefixes=(Prefix(prefix=PREFIX, length=63),)),
        Router(prefixes=(Prefix(prefix="fe80::"),)),
        Router(prefixes=(Prefix(prefix=PREFIX, valid=0, preferred=0),)),
    ],
    ids=["no-prefix", "not-autonomous", "63-bits", "link-local", "no-lifetime"],
)
@covers("ipv6.autoconfiguration")
async def test_prefix_that_is_not_for_autoconfiguration_gives_no_address(cold_target, wire, router):
    """RFC 4862 5.5.3: what the router did not offer must not be taken."""
    wire.peer.nd.router = router
    await up6(cold_target, wire)
    assert await addresses(cold_target) == [BOARD_LOCAL]


@covers("ipv6.autoconfiguration")
async def test_two_prefixes_give_two_addresses(cold_target, wire):
    """A node may be on two networks at once; each peer is talked to from the address of its own."""
    wire.peer.nd.router = Router(prefixes=(Prefix(prefix=PREFIX), Prefix(prefix="2001:db8:0:1::")))
    await up6(cold_target, wire)
    await asyncio.sleep(SETTLED)
    own = "2001:db8:0:1:0:ff:fe00:1"
    assert sorted(await addresses(cold_target)) == sorted([BOARD_LOCAL, BOARD_GLOBAL, own])
    far = wire.host(ip="10.0.0.4", ip6="2001:db8:0:1::4").udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"x", ("2001:db8:0:1::4", 7000))
    assert (await far.recv(within=1 * SEC)).source == (own, 5000)


@covers("ipv6.autoconfiguration")
async def test_address_ends_with_its_lifetime(cold_target, wire):
    """RFC 4862 5.5.4: an address whose valid lifetime is over is nobody's."""
    prefix = Prefix(prefix=PREFIX, valid=30, preferred=20)
    wire.peer.nd.router = Router(prefixes=(prefix,), lifetime=40)
    await up6(cold_target, wire)
    assert BOARD_GLOBAL in await addresses(cold_target)
    await asyncio.sleep(30 * SEC)
    assert await addresses(cold_target) == [BOARD_LOCAL]
    sock = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    await raises_at_once(sock.bind((BOARD_GLOBAL, 5000)), RemoteIOError, errno.EADDRNOTAVAIL)


@covers("ipv6.autoconfiguration")
async def test_advertisement_through_a_router_is_not_believed(cold_target, wire):
    """RFC 4861 6.1.2: a hop limit below 255 says that it came from another link; anybody could have sent it."""
    await up6(cold_target, wire)
    wire.peer.nd.advertise_router(Router(prefixes=(Prefix(prefix=PREFIX),)))
    await asyncio.sleep(5 * SEC)
    assert BOARD_GLOBAL in await addresses(cold_target)
    genuine = next(frame for frame in wire.frames if icmp6_type(frame) == ROUTER_ADVERTISEMENT)
    forged = bytearray(genuine.data)
    forged[21] = 254
    # The fourth group of the prefix: another network.
    place = bytes(forged).index(bytes.fromhex("20010db8"))
    forged[place + 7] = 9
    _fix_checksum(forged)
    wire.send(bytes(forged))
    await asyncio.sleep(5 * SEC)
    assert await addresses(cold_target) == [BOARD_LOCAL, BOARD_GLOBAL]


def _fix_checksum(frame):
    """Make the ICMPv6 checksum of FRAME right again (RFC 4443 2.3)."""
    length = int.from_bytes(frame[18:20], "big")
    frame[56:58] = b"\0\0"
    data = bytes(frame[22:54]) + length.to_bytes(4, "big") + b"\0\0\0\x3a" + bytes(frame[54 : 54 + length])
    data += b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    frame[56:58] = (0xFFFF - total).to_bytes(2, "big")


@pytest.mark.parametrize("kind", ["owner", "another-that-probes"])
@covers("ipv6.duplicate-address")
async def test_global_address_of_somebody_else_is_not_taken(cold_target, wire, kind):
    """Two nodes with one address: the one that comes second must not use it (RFC 4862 5.4)."""
    wire.peer.nd.router = Router(prefixes=(Prefix(prefix=PREFIX),))
    wire.ignore(is_background)
    wire.ignore(lambda frame: icmp6_type(frame) == 135)
    up = cold_target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254", ip6=True)
    await wire.expect(lambda frame: bool(solicitations(wire, BOARD_GLOBAL)), within=5 * SEC)
    if kind == "owner":
        wire.peer.nd.advertise(target=BOARD_GLOBAL, mac="02:00:00:00:00:99")
    else:
        probe = bytearray(solicitations(wire, BOARD_GLOBAL)[0].data)
        probe[6:12] = bytes.fromhex("020000000099")
        # lwIP answers though it does not have the address yet (nd6_input); then neither takes it.
        wire.ignore(lambda frame: icmp6_type(frame) == NEIGHBOUR_ADVERTISEMENT)
        wire.send(bytes(probe))
    await up
    await asyncio.sleep(SETTLED)
    assert await addresses(cold_target) == [BOARD_LOCAL]
    sock = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    await raises_at_once(sock.bind((BOARD_GLOBAL, 5000)), RemoteIOError, errno.EADDRNOTAVAIL)


@covers("ipv6.duplicate-address")
async def test_link_local_address_of_somebody_else_is_not_used(cold_target, wire):
    """The network does not come up with an address that is taken; nothing is ever sent from it."""
    wire.ignore(is_background)
    wire.ignore(lambda frame: icmp6_type(frame) == 135)
    up = cold_target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254", ip6=True)
    await wire.expect(lambda frame: bool(solicitations(wire, BOARD_LOCAL)), within=5 * SEC)
    wire.peer.nd.advertise(target=BOARD_LOCAL, mac="02:00:00:00:00:99")
    await asyncio.sleep(SETTLED)
    assert up.pending
    assert all(frame.ipv6.src == "::" for frame in wire.frames if frame.outgoing and frame.ipv6 is not None)
    await cold_target.net_down()
    with pytest.raises(RemoteIOError):
        await up


@covers("ipv6.duplicate-address")
async def test_probe_for_our_own_address_is_answered(cold_target, wire):
    """Whoever comes second learns from us that the address is taken, and we keep it."""
    await up6(cold_target, wire)
    probe = bytearray(solicitations(wire, BOARD_LOCAL)[0].data)
    probe[6:12] = bytes.fromhex("020000000099")
    wire.send(bytes(probe))
    defence = await wire.expect(lambda frame: icmp6_type(frame) == NEIGHBOUR_ADVERTISEMENT, within=1 * SEC)
    assert (defence.ipv6.src, defence.ipv6.dst) == (BOARD_LOCAL, "ff02::1")
    assert defence.data[62:78] == solicitations(wire, BOARD_LOCAL)[0].data[62:78]
    assert await addresses(cold_target) == [BOARD_LOCAL]


@covers("ipv6.autoconfiguration", "ipv6.duplicate-address")
async def test_network_that_went_down_starts_over(cold_target, wire):
    """Down forgets every address; up again makes and tests them anew."""
    await globally(cold_target, wire)
    await cold_target.net_down()
    assert await addresses(cold_target) == []
    before = len(solicitations(wire, BOARD_LOCAL))
    wire.ignore(lambda frame: frame.arp is not None)
    await cold_target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254", ip6=True)
    await asyncio.sleep(SETTLED)
    assert len(solicitations(wire, BOARD_LOCAL)) == before + 1
    assert await addresses(cold_target) == [BOARD_LOCAL, BOARD_GLOBAL]


@covers("ipv6.route")
async def test_what_is_far_goes_to_the_router(cold_target, wire):
    """Neither link-local nor of our prefix: the Ethernet address is the router's, which is asked for nothing else."""
    await globally(cold_target, wire)
    sock = await udp6(cold_target)
    await sock.sendto(b"far", ("2001:db8:77::1", 7000))
    frame = await wire.expect(lambda frame: frame.udp is not None, within=1 * SEC)
    assert (frame.eth.dst, frame.ipv6.dst) == (wire.peer.mac, "2001:db8:77::1")
    assert not solicitations(wire, "2001:db8:77::1")


@pytest.mark.parametrize("lifetime", [None, 0])
@covers("ipv6.route", "connect.no-route")
async def test_without_a_router_nothing_is_far(cold_target, wire, lifetime):
    """No router, or one that says it is none (lifetime 0): refused at once and without a frame."""
    if lifetime is not None:
        wire.peer.nd.router = Router(prefixes=(Prefix(prefix=PREFIX),), lifetime=lifetime)
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    stream = await cold_target.socket(AF_INET6)
    await raises_at_once(sock.sendto(b"x", ("2001:db8:77::1", 7000)), RemoteIOError, errno.EHOSTUNREACH)
    await raises_at_once(stream.connect(("2001:db8:77::1", 80)), RemoteIOError, errno.EHOSTUNREACH)
    await wire.expect_none(for_=5 * SEC)


@covers("ipv6.route")
async def test_mtu_of_the_router_bounds_packets(cold_target, wire):
    """RFC 4861 6.3.4: the link's MTU is what its router says; a larger packet is sent in fragments."""
    host = await globally(cold_target, wire, mtu=1280)
    far = host.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"m" * 1400, (PEER_GLOBAL, 7000))
    assert (await far.recv(within=1 * SEC)).data == b"m" * 1400
    assert max(len(frame.data) - 14 for frame in wire.frames if frame.outgoing) <= 1280


@covers("ipv6.scope", "ipv6.autoconfiguration")
async def test_link_local_peer_is_reached_from_the_link_local_address(cold_target, wire):
    """Also where a global address exists: its peer could not answer to another (RFC 6724 5, rule 2)."""
    host = await globally(cold_target, wire)
    far = host.udp.bind(7000)
    sock = await udp6(cold_target)
    for scope in (0, SCOPE):
        await sock.sendto(b"x", (host.link_local, 7000, 0, scope))
        assert (await far.recv(within=1 * SEC)).source == (BOARD_LOCAL, 5000)
    await sock.sendto(b"x", (PEER_GLOBAL, 7000))
    assert (await far.recv(within=1 * SEC)).source == (BOARD_GLOBAL, 5000)


@covers("ipv6.autoconfiguration", "bind.foreign-address")
@pytest.mark.parametrize("ip", [NOBODY_GLOBAL, "fe80::77", PEER_GLOBAL, "ff02::1", "::2"])
async def test_bind_to_an_address_of_somebody_else_is_refused(cold_target, wire, ip):
    """A server must not wait where no packet will ever come to."""
    await globally(cold_target, wire)
    for kind in (SOCK_STREAM, SOCK_DGRAM):
        sock = await cold_target.socket(AF_INET6, kind)
        await raises_at_once(sock.bind((ip, 5000)), RemoteIOError, errno.EADDRNOTAVAIL)


@covers("ipv6.autoconfiguration")
async def test_echo_request_to_either_address_is_answered(cold_target, wire):
    """The board is a node that others can ping, and it answers from the address they asked."""
    host = await globally(cold_target, wire)
    for ip in (BOARD_LOCAL, BOARD_GLOBAL):
        assert await host.icmp6.ping(ip, b"ping" * 10, within=1 * SEC) == b"ping" * 10
    assert {frame.eth.src for frame in wire.frames if frame.outgoing} == {BOARD}
