# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens to an association: it ends, moves to another channel or access point, dozes."""

from __future__ import annotations

import pytest
from sockbench.air import AccessPoint, Station, beacons, frames
from sockbench.air.beaconing import SIFS
from sockbench.clock import MS, SEC, US

from .world import NIC_MAC, SSID, World

TBTT = 102_400 * US
BEGAN = 1 * US


async def ping(world: World, station: Station) -> None:
    """Let data pass both ways."""
    host = station.hosts[0] if station.hosts else station.host("10.0.0.1")
    await host.icmp.ping("10.0.0.2", within=1 * SEC)
    await world.bench.wire.peer.icmp.ping("10.0.0.1", within=1 * SEC)


@pytest.mark.parametrize("everybody", [False, True])
@pytest.mark.parametrize("kind", ["deauth", "disassoc"])
def test_station_is_sent_away_at_a_virtual_time(everybody: bool, kind: str) -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        getattr(ap, kind)(None if everybody else station.mac, 4, at=world.now + 5 * MS)
        assert await station.gone(within=6 * MS) == 4
        record = await ap.left(within=0)
        assert (record.left_at, record.left_reason, record.left_by) == (world.now, 4, "ap")

    world.run(case())


def test_station_may_be_told_to_go_and_be_kept() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        ap.deauth(station.mac, 7, forget=False)
        assert await station.gone(within=0) == 7 and ap.stations[station.mac].authorized

    world.run(case())


def test_access_point_that_disappeared_is_there_again_as_before() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        await ping(world, station)
        ap.disappear()
        assert ap.address not in world.air.beacons
        sent = len(world.air.frames)
        world.bench.wire.peer.icmp.unreachable(b"\0" * 14 + b"\x45" + bytes(11) + b"\x0a\0\0\1\x0a\0\0\2" + bytes(8))
        ap.deauth()
        assert not [frame for frame in world.air.frames[sent:] if frame.transmitter == ap.bssid]
        ap.appear()
        assert ap.address in world.air.beacons

    world.run(case())


def test_restart_forgets_stations_which_learn_it_from_their_own_data() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        host = station.host("10.0.0.1")
        ap.restart(at=world.now + 5 * MS)
        await world.bench.idle(for_=10 * MS)
        assert not ap.stations and station.state == "CONNECTED"
        host.arp.announce()
        assert await station.gone(within=0) == 7
        await station.join(SSID, ap.password, within=5 * SEC)

    world.run(case())


def test_idle_station_is_sent_away_with_reason_4() -> None:
    world = World()
    ap = world.wpa2()
    ap.inactivity = 10 * SEC

    async def case() -> None:
        station = await world.joined(ap)
        host = station.host("10.0.0.1")
        await world.bench.idle(for_=6 * SEC)
        host.arp.announce()
        heard = world.now
        record = await ap.left(within=20 * SEC)
        assert (record.left_at, record.left_reason) == (heard + 10 * SEC, 4)

    world.run(case())


def counts(world: World, ap: AccessPoint) -> list[tuple[int, int]]:
    """Return from when on beacons announced which count."""
    found = []
    for frame in world.air.frames:
        if frame.declared is None or frame.bssid != ap.bssid:
            continue
        said = frames.parse_beacon(frame.data[24:])
        assert said is not None
        switch = frames.find(said.elements, frames.CHANNEL_SWITCH)
        if switch is not None:
            found.append((frame.at, switch[2]))
    return found


@pytest.mark.parametrize("count", [1, 3])
def test_channel_switch_is_announced_with_a_falling_count(count: int) -> None:
    """9.4.2.18: with count 1 the switch comes right before the next beacon."""
    world = World()
    ap = world.wpa2(channel=3)

    async def case() -> None:
        station = await world.joined(ap)
        await world.bench.idle(for_=10 * MS)
        ap.switch_channel(9, count=count, quiet=True)
        announced = world.now
        first = BEGAN + TBTT
        assert counts(world, ap) == [(announced, count)]
        await world.bench.idle(for_=first + count * TBTT - SIFS - 1 - world.now)
        assert ap.channel == 3
        await world.bench.idle(for_=1)
        assert ap.channel == 9 and world.air.beacons[ap.address].channel == 9
        expected = [(first + step * TBTT + SIFS, count - 1 - step) for step in range(count - 1)]
        assert counts(world, ap) == [(announced, count), *expected]
        await world.bench.idle(for_=SIFS)
        assert station.channel == 9
        await ping(world, station)

    world.run(case())


def test_channel_switch_by_an_action_frame() -> None:
    world = World()
    ap = world.wpa2()
    ap.switch_channel(11, count=2, action=True)
    world.run(world.bench.idle(for_=1 * SEC))
    (action,) = (mpdu for _, _, mpdu in world.nic.heard if mpdu[0] == frames.ACTION)
    assert action[24:].hex() == "00042503000b02" and ap.channel == 11


def test_frame_for_a_dozing_station_waits_for_its_poll() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        await ping(world, station)
        await world.bench.idle(for_=10 * MS)
        station.power_save = True
        record = ap.stations[station.mac]
        udp = station.hosts[0].udp.bind(7)
        sender = world.bench.wire.peer.udp.bind(8)
        for number in range(3):
            sender.send(bytes([number]), to=("10.0.0.1", 7))
        assert record.power_save and len(record.buffered) == 3
        assert not udp.received
        beacon = ap.beacon(world.now)
        assert beacon is not None and beacons.tim([1], group=False) in beacon
        await udp.recv(within=1 * SEC)
        assert world.now == BEGAN + TBTT and udp.pending == 2 and not record.buffered
        more = [frame.more_data for frame in world.air.frames if frame.name == "DATA" and frame.receiver == station.mac]
        assert more[-3:] == [True, True, False]
        beacon = ap.beacon(world.now)
        assert beacon is not None and beacons.tim([], group=False) in beacon

    world.run(case())


def test_frames_that_were_kept_come_when_the_station_is_awake() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        await ping(world, station)
        await world.bench.idle(for_=10 * MS)
        station.power_save = True
        udp = station.hosts[0].udp.bind(7)
        world.bench.wire.peer.udp.bind(8).send(b"kept", to=("10.0.0.1", 7))
        station.power_save = False
        assert udp.pending == 1

    world.run(case())


def test_group_frames_wait_for_the_beacon_while_a_station_dozes() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        await ping(world, station)
        await world.bench.idle(for_=10 * MS)
        station.power_save = True
        udp = station.hosts[0].udp.bind(7)
        sender = world.bench.wire.peer.udp.bind(8)
        for data in (b"one", b"two"):
            sender.send(data, to=("10.0.0.255", 7))
        beacon = ap.beacon(world.now)
        assert beacon is not None and beacons.tim([], group=True) in beacon
        assert (await udp.recv(within=1 * SEC)).at == BEGAN + TBTT + SIFS
        groups = [frame for frame in world.air.frames if frame.name == "DATA" and frame.receiver == "ff:ff:ff:ff:ff:ff"]
        assert [frame.more_data for frame in groups[-2:]] == [True, False] and udp.pending == 1

    world.run(case())


def test_dozing_station_is_sent_away_when_it_polls() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        await world.bench.idle(for_=10 * MS)
        station.power_save = True
        ap.deauth(station.mac, 8)
        assert station.state == "CONNECTED" and station.mac in ap.stations
        assert await station.gone(within=1 * SEC) == 8 and world.now == BEGAN + TBTT
        assert not ap.stations

    world.run(case())


def test_station_that_moves_is_forgotten_by_the_other_access_point() -> None:
    world = World()
    first, second = world.wpa2(channel=1, rssi=-40), world.wpa2(channel=11, rssi=-60)
    stranger = world.air.access_point("other", channel=1, rssi=-10)

    async def case() -> None:
        station = await world.joined(first)
        assert station.bssid == first.bssid
        await ping(world, station)
        await station.join(SSID, first.password, bssid=second.bssid, within=5 * SEC)
        assert not first.stations and second.stations[station.mac].authorized
        assert first.gone[0].left_by == "station"
        await ping(world, station)
        assert not stranger.stations

    world.run(case())


def test_reassociation_request_is_answered_as_such() -> None:
    world = World()
    first, second = world.air.access_point("net"), world.air.access_point("net")
    nic = world.nic
    nic.say(2 * MS, nic.auth(first.address))
    nic.say(3 * MS, nic.assoc(first.address, b"net"))
    nic.say(4 * MS, nic.auth(second.address))
    request = nic.assoc(second.address, b"net")[24:]
    body = request[:4] + first.address + request[4:]
    nic.say(5 * MS, nic.management(frames.REASSOC_REQ, second.address, body))

    async def case() -> None:
        await world.bench.idle(for_=4 * MS)
        assert world.bench.wire.board_mac == NIC_MAC and first.stations[NIC_MAC].authorized
        await world.bench.idle(for_=2 * MS)
        assert second.stations[NIC_MAC].authorized and not first.stations
        assert [mpdu[0] for _, _, mpdu in world.nic.heard][-1] == frames.REASSOC_RESP

    world.run(case())
