"""Losing the network: who can end the link, exactly when silence ends it, and what follows an access point that moves.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import HOUR, MS, SEC, US, covers

from conformance.scenes import bound_udp, connected_tcp, echoes, raises_at_once
from conformance.wifi.scenes import BEACON, BEACONS_MISSED, PROBES, PROBING, SEARCH, WORK, linked, make, there_again

# 802.11-2020 table 9-49, and numbers that are not in it.
REASONS = [*range(1, 25), 34, 45, 66, 255, 65535]
WAYS_OUT = ("deauth", "disassoc")


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("how", WAYS_OUT)
@covers("wifi.loss.deauthentication", "wifi.reconnect", "wifi.is-linked")
async def test_every_reason_ends_the_link_at_once(wifi, air, wire, cold_target, how, reason):
    """And the driver joins again, whatever it was."""
    ap = await linked(wifi, air, wire)
    getattr(ap, how)(mac=wire.board_mac, reason=reason)
    await asyncio.sleep(WORK)
    assert await wifi.is_linked() is False
    assert (await ap.joined(within=1 * SEC)).authorized
    await asyncio.sleep(WORK)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@pytest.mark.parametrize("reason", [*range(1, 25), 0, 65535])
@pytest.mark.parametrize("direction", ["send", "recv"])
@covers("wifi.loss.sockets", "wifi.loss.deauthentication", "tcp.recv.integrity")
async def test_stream_survives_a_loss_in_the_middle(wifi, air, wire, cold_target, tasks, direction, reason):
    """Every byte once and in order, for any reason that the access point gives."""
    ap = await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    content = bytes((number * 7 + reason) & 0xFF for number in range(60_000))
    if direction == "recv":
        conn.send(content)
        transfer = tasks.start(sock.recv(len(content)))
    else:
        transfer = tasks.start(sock.sendall(content))
    await asyncio.sleep(1 * MS)
    assert transfer.pending
    ap.deauth(mac=wire.board_mac, reason=reason)
    received = await transfer
    if direction == "send":
        received = await conn.recv(len(content), within=600 * SEC)
    assert received == content


@pytest.mark.parametrize("how", WAYS_OUT)
@covers("wifi.loss.deauthentication")
async def test_broadcast_ends_the_link(wifi, air, wire, cold_target, how):
    """It is to every station."""
    ap = await linked(wifi, air, wire)
    getattr(ap, how)()
    await asyncio.sleep(WORK)
    assert await wifi.is_linked() is False
    await ap.joined(within=1 * SEC)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("how", WAYS_OUT)
@pytest.mark.parametrize("who", ["another-bssid", "another-station"])
@covers("wifi.loss.strangers")
async def test_what_is_not_for_the_board_ends_nothing(wifi, air, wire, cold_target, how, who):
    """Another network's stations, and another station of the own network."""
    ap = await linked(wifi, air, wire)
    other = air.access_point("other", channel=ap.channel)
    sender = other if who == "another-bssid" else ap
    mac = wire.board_mac if who == "another-bssid" else "02:00:00:00:00:77"
    for destination in (mac, None) if sender is other else (mac,):
        getattr(sender, how)(mac=destination)
    await asyncio.sleep(1 * SEC)
    assert await wifi.is_linked() is True
    assert wire.board_mac in ap.stations
    await echoes(cold_target, wire)


@covers("wifi.loss.strangers", "wifi.loss.deauthentication")
async def test_deauthentication_before_link_is_nothing(wifi, air, wire, cold_target):
    """There is nothing to end."""
    ap = make(air)
    ap.deauth()
    await asyncio.sleep(1 * SEC)
    await air.expect_none(for_=1 * SEC)
    assert await wifi.is_linked() is False


async def first_probe(air, ap):
    """Return when the board first asked the silent access point whether it is there."""
    asked = await air.expect(
        lambda frame: frame.name == "PROBE_REQ" and frame.receiver == ap.bssid, within=BEACONS_MISSED * BEACON + WORK
    )
    return asked.at


@pytest.mark.parametrize("beacon_tu", [20, 100, 1000])
@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.loss.beacons", "wifi.is-linked")
async def test_silence_ends_the_link_exactly_then(bench, wifi, air, wire, cold_target, security, beacon_tu):
    """Seven beacons, then three probes in 150 ms: linked a microsecond before, not linked just after."""
    ap = await linked(wifi, air, wire, security, beacon_tu=beacon_tu)
    interval = beacon_tu * 1024 * US
    await asyncio.sleep(3 * SEC)
    upcoming = int.from_bytes(ap.beacon(bench.now)[24:32], "little") * US
    ap.disappear()
    asked = await air.expect(
        lambda frame: frame.name == "PROBE_REQ" and frame.receiver == ap.bssid, within=BEACONS_MISSED * interval
    )
    # The beacon says when it is sent in whole microseconds.
    assert 0 <= asked.at - (upcoming - interval + BEACONS_MISSED * interval) < 1 * US
    for after in PROBES[1:]:
        again = await air.expect(lambda frame: frame.receiver == ap.bssid, within=PROBES[1] + WORK)
        assert again.at - asked.at == after
    await asyncio.sleep(asked.at + PROBING - 200 * US - bench.now)
    assert await wifi.is_linked() is True
    await asyncio.sleep(200 * US + WORK)
    assert await wifi.is_linked() is False
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("after", [0, 49 * MS, 51 * MS, 99 * MS])
@covers("wifi.loss.beacons", "wifi.is-linked")
async def test_any_answer_to_the_probes_keeps_the_link(wifi, air, wire, cold_target, after):
    """An access point that was not heard for a while, but is there, is not lost."""
    ap = await linked(wifi, air, wire)
    ap.disappear()
    await first_probe(air, ap)
    await asyncio.sleep(after)
    ap.appear()
    await asyncio.sleep(1 * SEC)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@pytest.mark.parametrize("missed", [1, 5, 6])
@covers("wifi.loss.beacons")
async def test_fewer_beacons_missed_are_nothing(wifi, air, wire, cold_target, missed):
    """No probe, no word."""
    ap = await linked(wifi, air, wire)
    ap.disappear()
    await asyncio.sleep(missed * BEACON)
    ap.appear()
    await air.expect_none("PROBE_REQ", for_=10 * SEC)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@covers("wifi.loss.beacons", "wifi.link")
async def test_link_lasts_as_long_as_there_are_beacons(bench, wifi, air, wire, cold_target):
    """Ten hours without a word are no loss, and nobody says anything."""
    await linked(wifi, air, wire)
    await echoes(cold_target, wire)
    await air.expect_none(for_=10 * HOUR)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@covers("wifi.loss.sending", "wifi.is-linked", "wifi.link-info")
async def test_sending_without_a_link_fails_as_without_a_cable(wifi, air, wire, cold_target):
    """Datagrams and new connections are told at once; the address stays for when it is back."""
    ap = await linked(wifi, air, wire)
    sock = await bound_udp(cold_target)
    address = await wifi.link_info()
    ap.disappear()
    await asyncio.sleep(8 * BEACON + PROBING)
    assert await wifi.is_linked() is False
    assert await wifi.link_info() == address
    await raises_at_once(sock.sendto(b"x", (wire.peer.ip, 7000)), OSError, errno.EHOSTUNREACH)
    stream = await cold_target.socket()
    await raises_at_once(stream.connect((wire.peer.ip, 80)), OSError, errno.EHOSTUNREACH)
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("how", ["beacon", "action"])
@pytest.mark.parametrize("quiet", [False, True], ids=["goes-on", "quiet"])
@pytest.mark.parametrize("count", [1, 3, 10])
@covers("wifi.channel-switch", "wifi.is-linked")
async def test_link_follows_to_another_channel(wifi, air, wire, cold_target, how, quiet, count):
    """At the time that was announced; no new join, and a connection does not notice."""
    ap = await linked(wifi, air, wire, channel=6)
    sock, conn = await connected_tcp(cold_target, wire)
    ap.switch_channel(11, count=count, quiet=quiet, action=how == "action")
    await asyncio.sleep((count + 2) * BEACON)
    assert await wifi.is_linked() is True
    await sock.sendall(b"moved")
    assert await conn.recv(5, within=60 * SEC) == b"moved"
    assert [frame.channel for frame in air.frames if frame.outgoing][-1] == 11
    assert len([frame for frame in air.frames if frame.outgoing and frame.name == "ASSOC_REQ"]) == 1


@covers("wifi.channel-switch", "wifi.loss.beacons", "wifi.reconnect")
async def test_access_point_that_moves_without_a_word_is_found_again(wifi, air, wire, cold_target):
    """Its beacons cease, and the search finds it where it is."""
    ap = await linked(wifi, air, wire, channel=1)
    air.ignore("PROBE_REQ")
    ap.disappear()
    ap.channel = 13
    ap.restart()
    ap.appear()
    await asyncio.sleep(8 * BEACON + PROBING + SEARCH + WORK)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@pytest.mark.parametrize("after", [0, 100 * MS, 1 * SEC, 1 * HOUR])
@covers("wifi.loss.deauthentication", "wifi.reconnect", "wifi.loss.sockets")
async def test_access_point_that_restarts_is_joined_again(bench, wifi, air, wire, cold_target, after):
    """It has forgotten the station and tells it so at its first data; a connection goes on after that."""
    ap = await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    await bench.idle(for_=after)
    ap.restart()
    await sock.sendall(b"is anybody there?")
    assert await conn.recv(17, within=600 * SEC) == b"is anybody there?"
    assert await wifi.is_linked() is True
