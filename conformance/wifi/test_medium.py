"""An air that loses, doubles, delays and reorders; and an access point that has its own ideas of who may stay.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import HOUR, MINUTE, MS, SEC, Faults, covers, deadline, elapsed_is

from conformance.scenes import DEVICE, bound_udp, connected_tcp, echoes
from conformance.wifi.scenes import REFUSED, SEARCH, WORK, fails, link, linked, make, network, there_again, works

BAD_AIR = {
    "loses": Faults(loss=0.1),
    "doubles": Faults(duplicate=0.3),
    "delays": Faults(delay=5 * MS),
    "reorders": Faults(reorder=0.2),
    "corrupts": Faults(corrupt=0.05),
    "is-slow": Faults(rate=1_000_000),
    "everything": Faults(loss=0.03, duplicate=0.1, reorder=0.1, corrupt=0.02, delay=2 * MS),
}


@pytest.mark.parametrize("what", BAD_AIR)
@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.medium", "tcp.recv.integrity", "tcp.sendall.everything")
async def test_stream_passes_bad_air_whole(bench, wifi, air, wire, cold_target, tasks, security, what):
    """In both directions at once: every byte once and in order, encrypted or not."""
    await linked(wifi, air, wire, security)
    sock, conn = await connected_tcp(cold_target, wire)
    air.faults.to_board = air.faults.from_board = BAD_AIR[what]
    content = bytes(range(256)) * 80
    sending = tasks.start(sock.sendall(content))
    conn.send(content)
    assert await sock.recv(len(content)) == content
    await sending
    assert await conn.recv(len(content), within=3600 * SEC) == content
    air.faults.to_board = air.faults.from_board = Faults()
    await bench.idle(for_=10 * SEC)


@pytest.mark.parametrize("what", BAD_AIR)
@covers("wifi.medium", "wifi.ccmp.replay", "udp.recvfrom.one-datagram")
async def test_datagrams_over_bad_air_are_whole_or_missing(bench, wifi, air, wire, cold_target, what):
    """None is doubled, none is changed: a packet number is good for once."""
    await linked(wifi, air, wire)
    sock = await bound_udp(cold_target)
    far = wire.peer.udp.bind(7000)
    await echoes(cold_target, wire)
    air.faults.to_board = BAD_AIR[what]
    sent = [b"%d " % number * 50 for number in range(60)]
    received: list[bytes] = []
    await sock.settimeout(100)
    for first in range(0, len(sent), 10):
        for data in sent[first : first + 10]:
            far.send(data, to=(DEVICE, 5000))
        with pytest.raises(TimeoutError):
            while True:
                received.append(bytes((await sock.recvfrom(1000))[0]))
    assert len(set(received)) == len(received) and set(received) <= set(sent)
    assert len(received) >= 30


@pytest.mark.parametrize("delay", [1 * MS, 10 * MS, 39 * MS])
@covers("wifi.medium", "wifi.join.time")
async def test_join_takes_longer_by_what_the_air_delays(wifi, air, wire, cold_target, delay):
    """Three answers are waited for: authentication, association (message 1 comes with it), message 3."""
    ap = make(air)
    air.faults.to_board = Faults(delay=delay)
    elapsed_is(await link(wifi, wire, ap), SEARCH + 3 * delay)
    air.faults.to_board = Faults()
    await echoes(cold_target, wire)


@covers("wifi.loss.deauthentication", "wifi.reconnect")
async def test_access_point_that_sends_the_silent_away_has_them_back(bench, wifi, air, wire, cold_target):
    """A board that says nothing for five minutes is sent away, as hostapd does it, and joins again."""
    ap = make(air)
    ap.inactivity = 5 * MINUTE
    await link(wifi, wire, ap)
    associated = ap.stations[wire.board_mac].associated_at
    await echoes(cold_target, wire)
    heard = ap.stations[wire.board_mac].last_heard
    record = await ap.left(within=6 * MINUTE)
    assert (record.left_by, record.left_reason) == ("ap", 4)
    assert record.left_at - heard == 5 * MINUTE and associated < heard
    await ap.joined(within=1 * SEC)
    await asyncio.sleep(WORK)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("limit", [1, 3])
@covers("wifi.link.refused", "wifi.join.statuses")
async def test_access_point_that_is_full_has_room_again(wifi, air, wire, cold_target, limit):
    """As soon as somebody has left."""
    ap = make(air, max_stations=limit)
    stations = [air.station(mac=f"02:00:00:00:01:{number:02x}") for number in range(limit)]
    for station in stations:
        await station.join(ap.ssid, ap.password, within=5 * SEC)
    await wifi.set_link_info(DEVICE, "255.255.255.0", "10.0.0.254", "0.0.0.0")
    await fails(wifi.link(*network(ap)), REFUSED, SEARCH)
    stations[0].leave()
    await works(wifi, wire, cold_target, ap)


@covers("wifi.medium", "wifi.keys.four-way")
async def test_board_and_another_station_talk_through_the_access_point(bench, wifi, air, wire, cold_target):
    """Each has its own key; the access point encrypts anew."""
    ap = await linked(wifi, air, wire)
    station = air.station(mac="02:00:00:00:01:01")
    await station.join(ap.ssid, ap.password, within=5 * SEC)
    host = station.host(ip="10.0.0.21")
    sock = await bound_udp(cold_target)
    far = host.udp.bind(7000)
    assert await sock.sendto(b"hello", (host.ip, 7000)) == 5
    datagram = await far.recv(within=1 * SEC)
    assert (datagram.data, datagram.source) == (b"hello", (DEVICE, 5000))
    far.send(b"hello yourself", to=datagram.source)
    assert await sock.recvfrom(100) == (b"hello yourself", (host.ip, 7000))


@deadline(100 * HOUR)
@covers("wifi.medium", "wifi.reconnect", "wifi.loss.beacons")
async def test_link_comes_back_however_often_it_is_lost(bench, wifi, air, wire, cold_target):
    """Fifty losses of every kind, and no memory is lost by them."""
    ap = await linked(wifi, air, wire)
    wire.peer.udp.bind(7000)
    ways = [
        lambda: ap.deauth(),
        lambda: ap.disassoc(),
        lambda: ap.disappear(),
        lambda: ap.restart(),
        lambda: bench.inject(24),
    ]
    sock = await bound_udp(cold_target)
    free = []
    for number in range(50):
        ways[number % len(ways)]()
        await bench.idle(for_=2 * SEC)
        if number % len(ways) == 3:
            # A restarted access point says that it knows nobody at the first frame that it hears.
            await sock.sendto(b"?", (wire.peer.ip, 7000))
            await bench.idle(for_=2 * SEC)
        await there_again(wifi, air, ap)
        await sock.sendto(b"!", (wire.peer.ip, 7000))
        await bench.idle(for_=1 * SEC)
        free.append((await cold_target.stats())["heap_free"])
    assert free[-1] == free[len(ways)], free
    await echoes(cold_target, wire)
