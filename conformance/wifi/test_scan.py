"""scan: which networks it tells of, what it says of each, how long it takes, and what it must not be harmed by.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from scapy.layers.dot11 import Dot11, Dot11Beacon
from sockbench import MS, SEC, WIFI_WPA2, RemoteIOError, RemoteValueError, covers, elapsed_is

from conformance.network.scenes import PASSPHRASE, SSID
from conformance.scenes import DEVICE, bound_udp, connected_tcp, echoes, raises_at_once
from conformance.wifi.scenes import ANOTHER_SECURITY, fails, linked, make, works

CHANNELS = 13
# A scan that is not told otherwise: 5,000 ms, of which every channel has an equal part in whole milliseconds.
SCAN = 5000 // CHANNELS * CHANNELS * MS
BSSID = "02:00:00:00:aa:01"


def address(ap):
    """Return an access point's BSSID as the module tells it, 6 bytes."""
    return bytes.fromhex(ap.bssid.replace(":", ""))


def by_name(found):
    """Return the networks of a scan by their names."""
    return {network[0]: network for network in found}


@covers("wifi.scan", "wifi.scan.duration")
async def test_scan_of_an_empty_air_finds_nothing(wifi, air):
    """And takes the time that it was given."""
    scanning = wifi.scan()
    assert await scanning == ()
    elapsed_is(scanning, SCAN)


@covers("wifi.scan")
async def test_network_is_told_with_all_that_is_known(wifi, air, cold_target):
    """Name, security, strength, BSSID."""
    ap = make(air, rssi=-61)
    ((ssid, security, rssi, bssid),) = await wifi.scan()
    assert (ssid, rssi, bytes(bssid)) == (SSID, -61, address(ap))
    assert security == cold_target.constants["WIFI_WPA2"]


@pytest.mark.parametrize("channel", range(1, CHANNELS + 1))
@covers("wifi.scan.channels")
async def test_every_channel_is_looked_at(wifi, air, channel):
    """A network on any of them is found."""
    ap = make(air, channel=channel)
    assert [network[3] for network in await wifi.scan()] == [address(ap)]


@covers("wifi.scan.channels", "wifi.scan")
async def test_every_access_point_is_told_once(wifi, air):
    """In the order of their channels, though each is heard many times; one of the same name is another."""
    aps = [
        air.access_point(f"net {channel}", channel=channel, rssi=-30 - channel) for channel in range(CHANNELS, 0, -1)
    ]
    twin = air.access_point("net 7", channel=7, rssi=-70)
    found = await wifi.scan()
    names = [network[0] for network in found if network[3] != address(twin)]
    assert names == [f"net {channel}" for channel in range(1, CHANNELS + 1)]
    assert sorted(network[3] for network in found) == sorted(address(ap) for ap in [*aps, twin])


@pytest.mark.parametrize("number", [1, 16, 63, 64])
@covers("wifi.scan", "wifi.scan.channels", "wifi.scan.crowd")
async def test_many_networks_are_told_all(wifi, air, number):
    """A crowded house is no reason to leave somebody out."""
    for count in range(number):
        air.access_point(f"net {count}", channel=count % CHANNELS + 1)
    assert sorted(network[0] for network in await wifi.scan()) == sorted(f"net {count}" for count in range(number))


@pytest.mark.parametrize("where", [1, 13], ids=["first-channel", "last-channel"])
@covers("wifi.scan.crowd", "wifi.link", "wifi.loss.beacons")
async def test_network_is_joined_in_a_crowd(bench, wifi, air, wire, cold_target, where):
    """Sixty others are heard on the way to it, and are nothing to it afterwards."""
    for number in range(60):
        air.access_point(f"net {number}", channel=number % CHANNELS + 1, rssi=-30)
    ap = make(air, channel=where, rssi=-85)
    await works(wifi, wire, cold_target, ap)
    await bench.idle(for_=10 * SEC)
    assert await wifi.is_linked() is True


# What an access point offers, and what a scan calls it.
SECURITIES = {
    "open": "WIFI_OPEN",
    "wep": "WIFI_WEP",
    "wpa": "WIFI_WPA",
    "wpa2": "WIFI_WPA2",
    "wpa+wpa2": "WIFI_WPA2",
    "wpa2+sae": "WIFI_WPA2",
}


@pytest.mark.parametrize("security", SECURITIES)
@covers("wifi.scan.security", "wifi.constants")
async def test_security_is_told_as_link_wants_it(wifi, air, cold_target, security):
    """The best of what is offered."""
    air.access_point(SSID, None if security == "open" else PASSPHRASE, security=security)
    ((_, told, *_),) = await wifi.scan()
    assert told == cold_target.constants[SECURITIES[security]]


@pytest.mark.parametrize("security", ["sae", "eap", "wpa2-tkip"])
@covers("wifi.scan.security")
async def test_security_that_has_no_constant_is_told_as_the_next_of_kin(wifi, air, cold_target, security):
    """Never as an open network: a program that looks for those must not be misled."""
    air.access_point(SSID, PASSPHRASE, security=security)
    ((_, told, *_),) = await wifi.scan()
    assert told == cold_target.constants["WIFI_WPA2"]


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.scan.hidden")
async def test_hidden_network_has_no_name(wifi, air, security):
    """It is told of, since it is there, by its BSSID."""
    ap = make(air, security, hidden=True)
    ((ssid, _, _, bssid),) = await wifi.scan()
    assert (len(ssid), bssid) == (0, address(ap))


@covers("wifi.scan")
async def test_strength_is_that_of_now(wifi, air):
    """Nothing is remembered of an earlier scan."""
    ap = make(air, rssi=-50)
    for rssi in (-50, -80, -30):
        ap.rssi = rssi
        assert [network[2] for network in await wifi.scan()] == [rssi]
    ap.disappear()
    assert await wifi.scan() == ()


@pytest.mark.parametrize("duration", [13, 14, 25, 26, 100, 519, 520, 5000, 600_000])
@covers("wifi.scan.duration")
async def test_scan_never_lasts_longer_than_it_was_told(wifi, air, duration):
    """Each channel is looked at for an equal part of it, in whole milliseconds."""
    make(air, channel=1)
    scanning = wifi.scan(duration)
    await scanning
    elapsed_is(scanning, duration // CHANNELS * CHANNELS * MS)


@pytest.mark.parametrize("duration", [-1, 0, 12, 600_001, 2**40])
@covers("wifi.scan.duration", "wifi.link.arguments")
async def test_duration_in_which_no_channel_can_be_looked_at_is_none(wifi, air, duration):
    """Less than a millisecond for each of them; or more than ten minutes."""
    await raises_at_once(wifi.scan(duration), RemoteValueError)
    await air.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("how", ["default", "positional", "keyword"])
@covers("wifi.scan.duration", "wifi.scan")
async def test_duration_has_its_name_and_its_default(wifi, air, how):
    """5,000 ms, by position or by name."""
    make(air)
    scanning = {
        "default": lambda: wifi.scan(),
        "positional": lambda: wifi.scan(5000),
        "keyword": lambda: wifi.scan(duration=5000),
    }[how]()
    assert len(await scanning) == 1
    elapsed_is(scanning, SCAN)


@covers("wifi.scan", "wifi.link")
async def test_scan_before_and_after_link(wifi, air, wire, cold_target):
    """It changes nothing about linking."""
    ap = make(air)
    assert len(await wifi.scan()) == 1
    await works(wifi, wire, cold_target, ap)
    assert len(await wifi.scan()) == 1
    await echoes(cold_target, wire)
    await wifi.unlink()
    assert len(await wifi.scan()) == 1


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.scan.linked", "wifi.power-save", "wifi.is-linked")
async def test_scan_of_a_linked_board_loses_nothing(bench, wifi, air, wire, cold_target, tasks, security):
    """What is sent to it meanwhile waits at the access point, in order."""
    ap = await linked(wifi, air, wire, security, channel=6)
    other = air.access_point("other", channel=11)
    sock = await bound_udp(cold_target)
    await echoes(cold_target, wire)
    scanning = tasks.start(wifi.scan())
    far = wire.peer.udp.bind(7000)
    for number in range(10):
        await asyncio.sleep(50 * MS)
        far.send(b"%d" % number, to=(DEVICE, 5000))
    assert sorted(network[3] for network in await scanning) == sorted([address(ap), address(other)])
    for number in range(10):
        assert await sock.recvfrom(10) == (b"%d" % number, (wire.peer.ip, 7000))
    nulls = [frame.power_save for frame in air.frames if frame.outgoing and frame.name == "NULL"]
    assert nulls == [True, False]
    assert await wifi.is_linked() is True


@covers("wifi.scan.linked", "tcp.recv.integrity")
async def test_stream_goes_on_through_scans(wifi, air, wire, cold_target, tasks):
    """In both directions."""
    await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    for _ in range(3):
        scanning = tasks.start(wifi.scan())
        await asyncio.sleep(100 * MS)
        conn.send(b"q" * 2000)
        await sock.sendall(b"a" * 2000)
        assert await sock.recv(2000) == b"q" * 2000
        assert await conn.recv(2000, within=60 * SEC) == b"a" * 2000
        assert len(await scanning) == 1


@covers("wifi.scan", "wifi.link.again")
async def test_second_scan_at_the_same_time_is_refused(wifi, air, tasks):
    """The first one goes on."""
    make(air)
    first = tasks.start(wifi.scan())
    await asyncio.sleep(100 * MS)
    with pytest.raises(RemoteIOError) as caught:
        await wifi.scan()
    assert caught.value.errno in (errno.EBUSY, errno.EALREADY)
    elapsed_is(caught.value, 0)
    assert len(await first) == 1


@covers("wifi.unlink", "wifi.scan")
async def test_unlink_leaves_a_scan_alone_or_ends_it_at_once(wifi, air, wire, tasks):
    """It does not hang, either way, and the next scan is whole."""
    await linked(wifi, air, wire)
    scanning = tasks.start(wifi.scan())
    await asyncio.sleep(100 * MS)
    await wifi.unlink()
    try:
        await scanning
    except OSError as error:
        assert error.errno == errno.ENETDOWN
    assert scanning.elapsed <= SCAN + 2 * MS
    assert len(await wifi.scan()) == 1


def beacon(*elements, bssid=BSSID, interval=100, capability="ESS"):
    """Return a beacon of ELEMENTS as they are: (number, bytes), or bytes that need be none."""
    head = Dot11(type=0, subtype=8, addr1="ff:ff:ff:ff:ff:ff", addr2=bssid, addr3=bssid)
    body = bytes(head / Dot11Beacon(beacon_interval=interval, cap=capability))
    for element in elements:
        body += element if isinstance(element, bytes) else bytes([element[0], len(element[1])]) + element[1]
    return body


NAME = (0, b"made by hand")
RATES = (1, bytes.fromhex("82848b960c121824"))
RSN = (48, bytes.fromhex("0100000fac040100000fac040100000fac020000"))
MALFORMED = {
    "cut-in-the-header": beacon(NAME)[:20],
    "cut-in-the-body": beacon()[:30],
    "element-without-a-length": beacon(NAME) + b"\x01",
    "element-longer-than-the-frame": beacon() + b"\x00\x20abc",
    "name-of-33-bytes": beacon((0, b"x" * 33)),
    "name-of-255-bytes": beacon((0, b"x" * 255)),
}


@pytest.mark.parametrize("what", MALFORMED)
@covers("wifi.scan.malformed")
async def test_malformed_beacon_is_no_network_and_no_harm(wifi, air, wire, cold_target, what):
    """The scan goes on; networks that are whole are told."""
    ap = make(air)
    air.declare(MALFORMED[what], channel=6, rssi=-30, interval_us=102_400)
    sending = [frame for frame in (MALFORMED[what],) for _ in range(3)]
    scanning = wifi.scan()
    for frame in sending:
        air.send(frame, channel=1, rssi=-30)
    found = await scanning
    assert address(ap) in [network[3] for network in found]
    assert all(len(network[0]) <= 32 for network in found)
    await works(wifi, wire, cold_target, ap)


# What a beacon is called that has these elements and this capability; None: nothing that could be joined.
ODD = {
    "elements-in-another-order": ((RSN, RATES, NAME), "ESS+privacy", "WIFI_WPA2"),
    "unknown-elements": ((NAME, (200, b"?" * 20), RATES, (255, b"\x00" * 5), RSN), "ESS+privacy", "WIFI_WPA2"),
    "name-twice": ((NAME, RATES, (0, b"another"), RSN), "ESS+privacy", "WIFI_WPA2"),
    "no-rates": ((NAME, RSN), "ESS+privacy", "WIFI_WPA2"),
    "rsn-cut-in-the-version": ((NAME, RATES, (48, b"\x01")), "ESS+privacy", None),
    "rsn-cut-in-a-suite": ((NAME, RATES, (48, RSN[1][:9])), "ESS+privacy", None),
    "rsn-with-too-many-suites": ((NAME, RATES, (48, RSN[1][:6] + b"\xff\x7f" + RSN[1][8:])), "ESS+privacy", None),
    "rsn-of-another-version": ((NAME, RATES, (48, b"\x02" + RSN[1][1:])), "ESS+privacy", None),
    "empty-rsn": ((NAME, RATES, (48, b"")), "ESS+privacy", None),
    "two-ciphers": ((NAME, RATES, (48, bytes.fromhex("0100000fac040200000fac02000fac040100000fac020000"))),
                    "ESS+privacy", "WIFI_WPA2"),
    "two-keys": ((NAME, RATES, (48, bytes.fromhex("0100000fac040100000fac040200000fac08000fac020000"))),
                 "ESS+privacy", "WIFI_WPA2"),
}  # fmt: skip


@pytest.mark.parametrize("what", ODD)
@covers("wifi.scan.malformed", "wifi.scan.security")
async def test_odd_beacon_is_read_for_what_it_says(wifi, air, cold_target, what):
    """Unknown elements are skipped; an RSN element that is not whole is a security, but none that could be joined."""
    elements, capability, security = ODD[what]
    air.declare(beacon(*elements, capability=capability), channel=3, rssi=-55, interval_us=30_000)
    found = by_name(await wifi.scan())
    if security is not None:
        assert found["made by hand"][1:] == (cold_target.constants[security], -55, bytes.fromhex("02000000aa01"))
    else:
        assert found["made by hand"][1] != cold_target.constants["WIFI_OPEN"]
        await fails(wifi.link("made by hand", WIFI_WPA2, PASSPHRASE), ANOTHER_SECURITY)


@covers("wifi.scan.channels", "wifi.scan")
async def test_neighbour_channel_is_not_this_one(wifi, air):
    """What is heard on a channel that it does not say it is on is told of once."""
    ap = make(air, channel=5)
    make(air, channel=6).disappear()
    found = await wifi.scan()
    assert [network[3] for network in found] == [address(ap)]


@covers("wifi.scan", "wifi.link.security")
async def test_result_of_a_scan_is_what_link_takes(wifi, air, wire, cold_target):
    """A program can link to the first network of the list as it stands there."""
    make(air)
    ((ssid, security, *_),) = await wifi.scan()
    await wifi.set_link_info(DEVICE, "255.255.255.0", "10.0.0.254", "0.0.0.0")
    wire.ignore(lambda frame: frame.arp is not None)
    await wifi.link(ssid, security, PASSPHRASE)
    await echoes(cold_target, wire)
