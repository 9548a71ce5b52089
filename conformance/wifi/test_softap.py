"""The soft access point: stations join it, get addresses and exchange data; who must not get in; and its end.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import (
    HOUR,
    MS,
    SEC,
    WIFI_OPEN,
    WIFI_WEP,
    WIFI_WPA,
    WIFI_WPA2,
    RemoteTypeError,
    RemoteValueError,
    covers,
    elapsed_is,
)
from sockbench.air import JoinFailed
from sockbench.peers import DhcpClient

from conformance.network.scenes import PASSPHRASE
from conformance.scenes import bound_udp, raises_at_once
from conformance.wifi.scenes import GIVES_UP, REPEATS, fails, linked, make, works

NAME = "from the board"
DEVICE_AP = "192.168.0.1"
STATION = "192.168.0.21"
MACS = [f"02:00:00:00:01:{number:02x}" for number in range(40)]


def credentials(security):
    """Return what softap_init has to be told."""
    return (NAME, WIFI_OPEN) if security == "open" else (NAME, WIFI_WPA2, PASSPHRASE)


def password(security):
    """Return what a station has to know."""
    return None if security == "open" else PASSPHRASE


async def served(wifi, air, security="wpa2", number=0, **options):
    """Return a station that has joined the board's access point, which is brought up for it."""
    await wifi.softap_init(*credentials(security), **options)
    return await joined(air, security, number)


async def joined(air, security="wpa2", number=0):
    """Return a station that has joined the board's access point."""
    station = air.station(mac=MACS[number])
    await station.join(NAME, password(security), within=5 * SEC)
    return station


async def talks(target, host, port=5300):
    """Assert that data passes between the board and a station's host, both ways."""
    sock = await bound_udp(target, port)
    far = host.udp.bind(port)
    far.send(b"hello board", to=(DEVICE_AP, port))
    data, source = await sock.recvfrom(100)
    assert (data, source) == (b"hello board", (host.ip, port))
    assert await sock.sendto(b"hello station", source) == 13
    assert (await far.recv(within=1 * SEC)).data == b"hello station"
    await sock.close()
    far.close()


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.softap")
async def test_station_joins_and_exchanges_data(wifi, air, cold_target, security):
    """Which is what it is for."""
    starting = wifi.softap_init(*credentials(security))
    assert await starting is None
    elapsed_is(starting, 0)
    station = await joined(air, security)
    await talks(cold_target, station.host(ip=STATION))


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.softap.addresses", "wifi.softap")
async def test_station_gets_an_address(wifi, air, cold_target, security):
    """From the network of the device, with the device as its router; softap_get_info tells of it."""
    station = await served(wifi, air, security)
    host = station.host(ip="0.0.0.0")
    lease = await DhcpClient(host).bound(within=10 * SEC)
    assert lease.ip.startswith("192.168.0.") and lease.ip != DEVICE_AP
    assert (lease.mask, lease.router) == ("255.255.255.0", DEVICE_AP)
    ((ip, mac),) = await wifi.softap_get_info()
    assert (ip, bytes(mac)) == (lease.ip, bytes.fromhex(MACS[0].replace(":", "")))
    await talks(cold_target, host)


@covers("wifi.softap.addresses")
async def test_stations_get_different_addresses(wifi, air, cold_target):
    """And each keeps its own when it asks again."""
    await wifi.softap_init(*credentials("wpa2"), 4)
    leases = []
    for number in range(4):
        station = await joined(air, "wpa2", number)
        leases.append((await DhcpClient(station.host(ip="0.0.0.0")).bound(within=10 * SEC)).ip)
    assert len(set(leases)) == 4
    assert sorted(ip for ip, _ in await wifi.softap_get_info()) == sorted(leases)


@pytest.mark.parametrize("when", ["before", "after"])
@covers("wifi.softap.addresses")
async def test_address_of_the_device_can_be_chosen(wifi, air, cold_target, when):
    """Before it is brought up and while it is."""
    if when == "before":
        await wifi.softap_config("10.9.0.1", "10.9.0.1", "255.255.255.0")
    station = await served(wifi, air)
    if when == "after":
        await wifi.softap_config("10.9.0.1", "10.9.0.1", "255.255.255.0")
    host = station.host(ip="0.0.0.0")
    assert (await DhcpClient(host).bound(within=10 * SEC)).ip.startswith("10.9.0.")
    await host.icmp.ping("10.9.0.1", b"x", within=1 * SEC)


@pytest.mark.parametrize("name", ["x", "x" * 32, "Größe 7", "a\0b"])
@covers("wifi.ssid", "wifi.softap")
async def test_every_name_is_one(wifi, air, cold_target, name):
    """As for link()."""
    await wifi.softap_init(name, WIFI_WPA2, PASSPHRASE)
    station = air.station(mac=MACS[0])
    await station.join(name, PASSPHRASE, within=5 * SEC)
    await talks(cold_target, station.host(ip=STATION))


@pytest.mark.parametrize("key", ["12345678", "x" * 63])
@covers("wifi.password", "wifi.softap.keys")
async def test_every_passphrase_is_one(wifi, air, cold_target, key):
    """As for link()."""
    await wifi.softap_init(NAME, WIFI_WPA2, key)
    station = air.station(mac=MACS[0])
    await station.join(NAME, key, within=5 * SEC)
    await talks(cold_target, station.host(ip=STATION))


@covers("wifi.softap.keys")
async def test_station_with_a_wrong_passphrase_does_not_get_in(wifi, air, cold_target):
    """It is asked four times and then shown out; the next one with the right one gets in."""
    await wifi.softap_init(*credentials("wpa2"))
    station = air.station(mac=MACS[0])
    with pytest.raises(JoinFailed):
        await station.join(NAME, "another passphrase", within=10 * SEC)
    asked = [frame.at for frame in air.frames if frame.outgoing and frame.name == "M1"]
    assert [at - asked[0] for at in asked] == list(REPEATS)
    (farewell,) = [frame for frame in air.frames if frame.outgoing and frame.name == "DEAUTH"]
    assert (farewell.reason, farewell.at - asked[0]) == (15, GIVES_UP)
    assert await wifi.softap_get_info() == ()
    other = await joined(air, "wpa2", 1)
    await talks(cold_target, other.host(ip=STATION))


@covers("wifi.softap.keys")
async def test_station_that_falls_silent_in_the_handshake_is_shown_out(wifi, air, cold_target):
    """It keeps no place, and never counted as a station."""
    await wifi.softap_init(*credentials("wpa2"), 1)
    station = air.station(mac=MACS[0])
    station.silent_on.add("M1")
    with pytest.raises(JoinFailed):
        await station.join(NAME, PASSPHRASE, within=10 * SEC)
    # The station has given up 3 s after message 1; the access point does so a little later.
    assert await wifi.softap_get_info() == ()
    asked = next(frame for frame in air.frames if frame.outgoing and frame.name == "M1")
    farewell = await air.expect("DEAUTH", within=200 * MS)
    assert (farewell.reason, farewell.at - asked.at) == (15, GIVES_UP)
    other = await joined(air, "wpa2", 1)
    await talks(cold_target, other.host(ip=STATION))


@pytest.mark.parametrize("limit", [1, 2, 4])
@covers("wifi.softap.full")
async def test_one_station_too_many_is_refused(wifi, air, cold_target, limit):
    """Until another leaves; the others do not notice."""
    await wifi.softap_init(*credentials("wpa2"), limit)
    stations = [await joined(air, "wpa2", number) for number in range(limit)]
    late = air.station(mac=MACS[limit])
    with pytest.raises(JoinFailed):
        await late.join(NAME, PASSPHRASE, within=5 * SEC)
    (refused,) = {frame.status for frame in air.frames if frame.outgoing and frame.name == "ASSOC_RESP"} - {0}
    assert refused == 17
    stations[0].leave()
    await asyncio.sleep(10 * MS)
    await late.join(NAME, PASSPHRASE, within=5 * SEC)
    await talks(cold_target, late.host(ip=STATION))
    assert len(await wifi.softap_get_info()) == limit


@covers("wifi.softap")
async def test_stations_talk_to_each_other(wifi, air, cold_target):
    """The access point hands on what is for another."""
    await wifi.softap_init(*credentials("wpa2"))
    hosts = []
    for number in range(2):
        station = await joined(air, "wpa2", number)
        hosts.append(station.host(ip=f"192.168.0.{21 + number}"))
    hosts[0].arp.know(hosts[1].ip, hosts[1].mac)
    assert await hosts[0].icmp.ping(hosts[1].ip, b"x", within=1 * SEC) == b"x"


@covers("wifi.softap.off", "wifi.softap")
async def test_softap_off_shows_everybody_out(wifi, air, wire, cold_target):
    """As often as one likes; nothing is said after it, and the device can link."""
    station = await served(wifi, air)
    assert await wifi.softap_off() is None
    await asyncio.sleep(1 * MS)
    assert station.lost is not None
    await air.expect_none(for_=1 * HOUR)
    late = air.station(mac=MACS[1])
    with pytest.raises(JoinFailed):
        await late.join(NAME, PASSPHRASE, within=5 * SEC)
    await works(wifi, wire, cold_target, make(air))


@covers("wifi.softap.off")
async def test_it_can_be_brought_up_again_under_another_name(wifi, air, cold_target):
    """Old stations have nothing to do with it."""
    await served(wifi, air)
    await wifi.softap_off()
    await wifi.softap_init("another", WIFI_OPEN)
    station = air.station(mac=MACS[1])
    await station.join("another", within=5 * SEC)
    await talks(cold_target, station.host(ip=STATION))


@covers("wifi.softap.link", "wifi.link.failure")
async def test_station_and_access_point_exclude_each_other(wifi, air, wire, cold_target):
    """Whichever is there first stays."""
    ap = await linked(wifi, air, wire)
    await fails(wifi.softap_init(*credentials("wpa2")), errno.EBUSY)
    assert await wifi.is_linked() is True
    await wifi.unlink()
    await wifi.softap_init(*credentials("wpa2"))
    await fails(wifi.link(ap.ssid, WIFI_WPA2, PASSPHRASE), errno.EBUSY)
    await fails(wifi.softap_init(*credentials("wpa2")), errno.EALREADY)
    station = await joined(air)
    await talks(cold_target, station.host(ip=STATION))


@covers("wifi.softap", "wifi.softap.off")
async def test_without_an_access_point_there_are_no_stations(wifi, air):
    """softap_get_info says so."""
    await fails(wifi.softap_get_info(), errno.ENETDOWN)


TYPES = [
    (),
    (NAME,),
    (1, WIFI_OPEN),
    (NAME, "open"),
    (NAME, WIFI_WPA2, 12345678),
    (NAME, WIFI_OPEN, "", "4"),
    (NAME, WIFI_OPEN, "", 4, 5),
]
VALUES = [
    ("", WIFI_OPEN),
    ("x" * 33, WIFI_OPEN),
    (NAME, 9),
    (NAME, WIFI_WPA2),
    (NAME, WIFI_WPA2, "1234567"),
    (NAME, WIFI_WPA2, "x" * 64),
    (NAME, WIFI_OPEN, "", 0),
    (NAME, WIFI_OPEN, "", -1),
    (NAME, WIFI_OPEN, "", 1000),
]


@pytest.mark.parametrize(
    ("arguments", "kind"), [(one, RemoteTypeError) for one in TYPES] + [(one, RemoteValueError) for one in VALUES]
)
@covers("wifi.softap.arguments")
async def test_wrong_arguments_are_refused(wifi, air, arguments, kind):
    """At once, and nothing is on the air."""
    await raises_at_once(wifi.softap_init(*arguments), kind)
    await air.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("security", [WIFI_WEP, WIFI_WPA], ids=["wep", "wpa"])
@covers("wifi.softap.arguments", "wifi.link.security")
async def test_security_that_the_nic_cannot_speak_is_refused(wifi, air, security):
    """As for link()."""
    await fails(wifi.softap_init(NAME, security, PASSPHRASE), errno.EPROTO, 0)
    await air.expect_none(for_=1 * SEC)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ((1,), RemoteTypeError),
        (("10.9.0.1", None), RemoteTypeError),
        (("10.9.0",), RemoteValueError),
        (("224.0.0.1",), RemoteValueError),
        (("10.9.0.1", "10.9.0.1", "255.0.255.0"), RemoteValueError),
    ],
)
@covers("wifi.softap.arguments")
async def test_wrong_addresses_are_refused(wifi, air, arguments, kind):
    """As for set_link_info()."""
    await raises_at_once(wifi.softap_config(*arguments), kind)
