"""Addresses over the air: the life of a lease, conflicts, servers that are none, and names.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from scapy.layers.inet import UDP
from sockbench import HOUR, MS, SEC, WIFI_WPA2, covers
from sockbench.peers import DhcpServer, DnsServer, Lease

from conformance.network.scenes import (
    CONFLICT_DETECTION,
    DHCP_TIMEOUT,
    GATEWAY,
    LEASED,
    MASK,
    NONE,
    PASSPHRASE,
    SSID,
    serve,
)
from conformance.scenes import bound_udp, echoes
from conformance.wifi.scenes import BEACON, SEARCH, SILENCE, WORK, fails, mac_of, make, network


async def leased(wifi, air, wire, **lease):
    """Link the board by DHCP; return the access point and the server."""
    ap = make(air)
    server = serve(wire, **lease)
    await wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    return ap, server


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.dhcp", "wifi.link-info", "wifi.is-linked")
async def test_link_takes_the_address_that_the_server_gives(wifi, air, wire, cold_target, security):
    """The conversation begins as soon as data may pass."""
    ap = make(air, security)
    server = serve(wire)
    linking = wifi.link(*network(ap))
    await linking
    assert await wifi.link_info() == (LEASED, MASK, GATEWAY, wire.peer.ip, mac_of(wire))
    assert [message.kind for message in server.messages] == ["DISCOVER", "REQUEST"]
    discover = server.messages[0]
    assert 0 <= discover.at - ap.stations[wire.board_mac].authorized_at <= WORK
    assert discover.client_mac == wire.board_mac
    assert linking.elapsed <= SEARCH + CONFLICT_DETECTION
    await echoes(cold_target, wire)


@covers("wifi.dhcp.failure", "wifi.link.failure", "wifi.is-linked")
async def test_without_a_server_link_fails_and_leaves_the_network(wifi, air, wire, cold_target):
    """TimeoutError a minute after the join; the access point is told, and the next link() works."""
    ap = make(air)
    linking = wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    wire.ignore(UDP(dport=67))
    await fails(linking, SILENCE, SEARCH + DHCP_TIMEOUT)
    record = await ap.left(within=1 * MS)
    assert record.left_by == "station"
    assert await wifi.is_linked() is False
    await air.expect_none(for_=1 * HOUR)
    serve(wire)
    await wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("naks", [1, 3])
@covers("wifi.dhcp")
async def test_refused_request_starts_anew(wifi, air, wire, cold_target, naks):
    """The first ACK counts."""
    make(air)
    server = serve(wire)
    server.naks = naks
    await wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    assert [message.kind for message in server.messages] == ["DISCOVER", "REQUEST"] * (naks + 1)
    await echoes(cold_target, wire)


@covers("wifi.dhcp.lease")
async def test_lease_is_renewed_at_half_its_time(bench, wifi, air, wire, cold_target):
    """By a message to its server (RFC 2131 4.4.5), as often as needed."""
    _, server = await leased(wifi, air, wire, seconds=3600)
    bound = server.messages[-1].at
    await bench.idle(for_=3 * HOUR)
    renewals = server.of("REQUEST")[1:]
    assert 4 <= len(renewals) <= 6
    assert all(renewal.destination == wire.peer.ip and renewal.client_ip == LEASED for renewal in renewals)
    assert abs(renewals[0].at - bound - 1800 * SEC) <= 60 * SEC
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@covers("wifi.dhcp.lease")
async def test_lease_that_its_server_does_not_renew_is_asked_of_all(bench, wifi, air, wire, cold_target):
    """From seven eighths of its time on (RFC 2131 4.4.5), by broadcast; another server may answer."""
    _, server = await leased(wifi, air, wire, seconds=3600)
    bound = server.messages[-1].at
    server.silent_on.add("REQUEST")
    await bench.idle(for_=3300 * SEC)
    asked = server.of("REQUEST")[1:]
    unicast = [message for message in asked if message.destination == wire.peer.ip]
    broadcast = [message for message in asked if message.destination == "255.255.255.255"]
    assert unicast and broadcast
    assert abs(broadcast[0].at - bound - 3150 * SEC) <= 60 * SEC
    server.silent_on.clear()
    await bench.idle(for_=300 * SEC)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@covers("wifi.dhcp.lease", "wifi.is-linked")
async def test_lease_that_nobody_renews_ends(bench, wifi, air, wire, cold_target):
    """The address is given up with its time, and there again with the server; the network stays joined."""
    ap, server = await leased(wifi, air, wire, seconds=3600)
    server.silent_on.update(("REQUEST", "DISCOVER"))
    await bench.idle(for_=3480 * SEC)
    assert await wifi.is_linked() is True
    await bench.idle(for_=120 * SEC)
    assert await wifi.is_linked() is False
    assert (await wifi.link_info())[0] == NONE
    assert wire.board_mac in ap.stations
    server.silent_on.clear()
    await bench.idle(for_=120 * SEC)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@covers("wifi.dhcp.lease")
async def test_renewal_that_is_refused_begins_anew(bench, wifi, air, wire, cold_target):
    """The address is given up at once, and the new one taken."""
    _, server = await leased(wifi, air, wire, seconds=3600)
    server.naks = 1
    server.lease = replace(server.lease, ip="10.0.0.51")
    await bench.idle(for_=1900 * SEC)
    assert (await wifi.link_info())[0] == "10.0.0.51"
    await echoes(cold_target, wire)


@covers("wifi.dhcp", "wifi.unlink")
async def test_unlink_gives_the_lease_back(wifi, air, wire, cold_target):
    """Before the network is left, or nobody would hear it."""
    ap, server = await leased(wifi, air, wire)
    await echoes(cold_target, wire)
    await wifi.unlink()
    released = server.messages[-1]
    assert (released.kind, released.client_ip, released.server_id) == ("RELEASE", LEASED, wire.peer.ip)
    assert (await ap.left(within=1 * MS)).left_by == "station"


@covers("wifi.dhcp.conflict")
async def test_address_that_somebody_has_is_declined(wifi, air, wire, cold_target, tasks):
    """The server is told, and the next address taken."""
    wire.host(LEASED)
    make(air)
    server = serve(wire)
    linking = tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))
    declined = await server.received("DECLINE", within=SEARCH + CONFLICT_DETECTION)
    assert declined.requested_ip == LEASED
    server.lease = replace(server.lease, ip="10.0.0.51")
    await linking
    assert (await wifi.link_info())[0] == "10.0.0.51"
    await echoes(cold_target, wire)


@pytest.mark.parametrize("rogue", ["offers-later", "acknowledges", "refuses"])
@covers("wifi.dhcp.rogue")
async def test_server_that_was_not_chosen_has_no_say(wifi, air, wire, cold_target, rogue):
    """Its offers come second; what it says to a request of another's is not for it to say."""
    make(air)
    server = serve(wire)
    other = DhcpServer(wire.host("10.0.0.66"), Lease("10.0.0.99", router="10.0.0.66", dns=("10.0.0.66",)))
    other.delay = 1 * MS
    if rogue == "offers-later":
        other.silent_on.add("REQUEST")
    else:
        kind = "ACK" if rogue == "acknowledges" else "NAK"
        other.silent_on.add("DISCOVER")
        other.edit = lambda reply: replace(reply, kind=kind, xid=reply.xid ^ 1)
    await wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    assert await wifi.link_info() == (LEASED, MASK, GATEWAY, wire.peer.ip, mac_of(wire))
    assert server.messages[1].server_id == wire.peer.ip
    await echoes(cold_target, wire)


@pytest.mark.parametrize("away", [0, 5 * SEC, 60 * SEC], ids=["at-once", "5-s", "60-s"])
@covers("wifi.reconnect.address", "wifi.dhcp.lease", "wifi.is-linked")
async def test_leased_address_is_asked_for_again_after_a_loss(bench, wifi, air, wire, cold_target, away):
    """It may be another network behind the same name (RFC 2131 3.2); its server says whether it may be kept."""
    ap, server = await leased(wifi, air, wire)
    before = len(server.messages)
    if away:
        ap.disappear()
        await bench.idle(for_=away)
    else:
        ap.deauth()
        await asyncio.sleep(WORK)
    ap.appear()
    await air.expect("ASSOC_REQ", within=40 * SEC)
    await bench.idle(for_=CONFLICT_DETECTION)
    assert [message.kind for message in server.messages[before:]] == ["REQUEST"]
    assert await wifi.is_linked() is True
    assert (await wifi.link_info())[0] == LEASED
    await echoes(cold_target, wire)


@covers("wifi.reconnect.address", "wifi.dhcp.lease")
async def test_another_network_behind_the_same_name_gives_another_address(bench, wifi, air, wire, cold_target):
    """The old one is refused there."""
    ap, server = await leased(wifi, air, wire)
    server.naks = 1
    server.lease = replace(server.lease, ip="10.0.0.51")
    ap.deauth()
    await ap.joined(within=1 * SEC)
    await bench.idle(for_=2 * CONFLICT_DETECTION)
    assert (await wifi.link_info())[0] == "10.0.0.51"
    await echoes(cold_target, wire)


@covers("wifi.dhcp", "wifi.join.strongest", "wifi.loss.beacons")
async def test_network_that_is_lost_during_dhcp_is_joined_again_and_asked_again(wifi, air, wire, cold_target, tasks):
    """link() goes on within its minute."""
    ap = make(air)
    server = serve(wire)
    server.silent_on.add("DISCOVER")
    linking = tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))
    await server.received("DISCOVER", within=1 * SEC)
    ap.deauth()
    server.silent_on.clear()
    await linking
    assert (await wifi.link_info())[0] == LEASED
    await echoes(cold_target, wire)


NAME, IP = "host.example", "93.184.216.34"


@covers("wifi.gethostbyname", "wifi.dhcp")
async def test_name_is_resolved_by_the_server_of_the_lease(wifi, air, wire):
    """No setting is needed."""
    server = DnsServer(wire.peer, {NAME: IP})
    await leased(wifi, air, wire)
    assert await wifi.gethostbyname(NAME) == IP
    assert len(server.queries) == 1


@covers("wifi.gethostbyname", "wifi.loss.sockets")
async def test_question_outlives_a_loss_of_the_network(bench, wifi, air, wire, tasks):
    """It is asked again when its time comes, over the link that is back."""
    server = DnsServer(wire.peer, {NAME: IP})
    ap, _ = await leased(wifi, air, wire)
    await bench.idle(for_=8 * BEACON)
    server.silent = True
    asking = tasks.start(wifi.gethostbyname(NAME))
    await asyncio.sleep(10 * MS)
    ap.deauth()
    await ap.joined(within=1 * SEC)
    server.silent = False
    assert await asking == IP


@covers("wifi.dhcp", "wifi.set-link-info")
async def test_zeros_as_address_mean_dhcp(wifi, air, wire, cold_target):
    """Also after a static one."""
    make(air)
    serve(wire)
    await wifi.set_link_info("10.0.0.77", MASK, NONE, NONE)
    await wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    assert (await wifi.link_info())[0] == "10.0.0.77"
    await wifi.unlink()
    await wifi.set_link_info(NONE, NONE, NONE, NONE)
    await wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    assert (await wifi.link_info())[0] == LEASED
    sock = await bound_udp(cold_target)
    await sock.sendto(b"x", (wire.peer.ip, 5353))
    await wire.expect(UDP(dport=5353), within=1 * SEC)
