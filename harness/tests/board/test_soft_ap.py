# SPDX-License-Identifier: GPL-2.0-or-later
"""Stations of the harness in the board's soft AP: two implementations of every handshake against each other."""

from __future__ import annotations

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, SOCK_STREAM, Bench, Host, Target
from sockbench.air import Air, JoinFailed, Station
from sockbench.peers import DhcpClient

SSID, PASSWORD = "a device", "another passphrase"
DEVICE = "192.168.0.1"


@pytest.fixture
def soft_ap(bench: Bench) -> Target:
    """The device as an access point, nobody in it."""

    async def up() -> None:
        await bench.target.wifi.softap_init(SSID, bench.target.constants["WIFI_WPA2"], PASSWORD, 2)

    bench.run(up())
    return bench.target


async def joined(air: Air) -> tuple[Station, Host]:
    """Return a station in the device's network, and its host with an address of the device."""
    station = air.station()
    await station.join(SSID, PASSWORD, within=5 * SEC)
    host = station.host()
    await DhcpClient(host).bound(within=20 * SEC)
    return station, host


async def test_station_joins_and_has_an_address(soft_ap: Target, air: Air) -> None:
    station, host = await joined(air)
    assert [name for _, name in station.handshake] == ["M1", "M2", "M3", "M4"]
    assert await host.icmp.ping(DEVICE, b"x" * 1400, within=1 * SEC) == b"x" * 1400
    assert await soft_ap.wifi.softap_get_info() == ((host.ip, bytes.fromhex(station.mac.replace(":", ""))),)


async def test_stations_reach_each_other_and_no_more_than_allowed_get_in(soft_ap: Target, air: Air) -> None:
    _, one = await joined(air)
    second, other = await joined(air)
    assert await one.icmp.ping(other.ip, b"hello", within=1 * SEC) == b"hello"
    third = air.station()
    with pytest.raises(JoinFailed) as caught:
        await third.join(SSID, PASSWORD, within=5 * SEC)
    assert (caught.value.phase, caught.value.code) == ("ASSOC", 17)
    second.leave()
    await third.join(SSID, PASSWORD, within=5 * SEC)


async def test_wrong_passphrase_ends_with_15_after_3_1_seconds(soft_ap: Target, air: Air) -> None:
    station = air.station()
    with pytest.raises(JoinFailed) as caught:
        await station.join(SSID, "a wrong passphrase", within=10 * SEC)
    asked = [at for at, name in station.handshake if name == "M1"]
    assert caught.value.code == 15
    assert [at - asked[0] for at in asked] == [0, 100 * MS, 1100 * MS, 2100 * MS]
    assert station.now - asked[0] == 3100 * MS


@pytest.mark.parametrize("name", ["M2", "M4"])
async def test_lost_message_of_the_station_is_asked_for_again(soft_ap: Target, air: Air, name: str) -> None:
    station = air.station()
    station.drop(name)
    await station.join(SSID, PASSWORD, within=5 * SEC)
    host = station.host()
    await DhcpClient(host).bound(within=20 * SEC)
    asked = {"M2": "M1", "M4": "M3"}[name]
    first, again = (at for at, found in station.handshake if found == asked)
    assert again - first == 100 * MS


async def test_device_is_found_by_its_whole_name_only(soft_ap: Target, air: Air) -> None:
    with pytest.raises(JoinFailed) as caught:
        await air.station().join("a devic", PASSWORD, within=5 * SEC)
    assert caught.value.phase == "SEARCH"


async def test_dozing_station_fetches_what_was_kept(soft_ap: Target, air: Air) -> None:
    station, host = await joined(air)
    sock = await soft_ap.socket(type=SOCK_STREAM)
    await sock.bind((DEVICE, 80))
    await sock.listen(1)
    conn = host.tcp.connect(80, to=DEVICE)
    client, _ = await sock.accept()
    station.power_save = True
    await client.sendall(b"kept for you" * 400)
    before = station.now
    assert await conn.recv(4800, within=5 * SEC) == b"kept for you" * 400
    assert station.now > before
    station.power_save = False
    await client.close()


async def test_spoilt_repeated_and_plain_data_of_a_station_is_refused(soft_ap: Target, air: Air) -> None:
    station, host = await joined(air)
    sock = await soft_ap.socket(type=SOCK_DGRAM)
    await sock.bind((DEVICE, 5000))
    udp = host.udp.bind(6000)
    udp.send(b"first", to=(DEVICE, 5000))
    station.corrupt("DATA")
    udp.send(b"spoilt", to=(DEVICE, 5000))
    udp.send(b"good", to=(DEVICE, 5000))
    station.replay_data()
    station.plaintext.add("DATA")
    udp.send(b"plain", to=(DEVICE, 5000))
    station.plaintext.clear()
    udp.send(b"last", to=(DEVICE, 5000))
    assert [(await sock.recvfrom(100))[0] for _ in range(3)] == [b"first", b"good", b"last"]


async def test_end_of_the_access_point_is_said_to_all(soft_ap: Target, air: Air) -> None:
    (one, _), (other, _) = await joined(air), await joined(air)
    await soft_ap.wifi.softap_off()
    assert await one.gone(within=1 * SEC) == other.lost == 3
    assert not air.beacons


async def test_device_forgets_who_left_and_not_who_vanished(soft_ap: Target, air: Air) -> None:
    (one, _), (other, _) = await joined(air), await joined(air)
    one.leave()
    other.vanish()
    assert len(await soft_ap.wifi.softap_get_info()) == 1
