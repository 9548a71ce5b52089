# SPDX-License-Identifier: GPL-2.0-or-later
"""hostapd and wpa_supplicant as the far end: what joins them speaks the handshakes that the field speaks.

Their state machines, key derivation and EAPOL code are linked from hostap's own sources (hostap.c); the air, the
associations and CCMP are the harness's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sockbench import AF_INET, SOCK_DGRAM, WIFI_WPA2, RemoteIOError
from sockbench.air import JoinFailed, Station, access_point, station
from sockbench.bench import Bench
from sockbench.clock import MS, SEC
from sockbench.packets import IP, UDP, Ether

from ..air.world import PASSWORD, SSID, World
from .captures import NETWORKS
from .hostap import HostapdAuthenticator, WpaSupplicant

BOARD_IP = "10.0.0.1"
# The board looks at 13 channels first (docs/wifi-datasheet.md, section 5).
SEARCHED = 520 * MS


@pytest.fixture
def hostapd(monkeypatch: pytest.MonkeyPatch, hostap_program: Path) -> Iterator[list[HostapdAuthenticator]]:
    """The authenticators of this test's access points, which are hostapd's."""
    monkeypatch.setattr(HostapdAuthenticator, "program", hostap_program, raising=False)
    monkeypatch.setattr(HostapdAuthenticator, "made", [])
    monkeypatch.setattr(access_point, "Authenticator", HostapdAuthenticator)
    yield HostapdAuthenticator.made
    for made in HostapdAuthenticator.made:
        made.process.close()


@pytest.fixture
def wpa_supplicant(monkeypatch: pytest.MonkeyPatch, hostap_program: Path) -> Iterator[list[WpaSupplicant]]:
    """The supplicants of this test's stations, which are wpa_supplicant's."""
    monkeypatch.setattr(WpaSupplicant, "program", hostap_program, raising=False)
    monkeypatch.setattr(WpaSupplicant, "made", [])
    monkeypatch.setattr(WpaSupplicant, "network", (PASSWORD.encode(), SSID.encode()), raising=False)
    monkeypatch.setattr(station, "Supplicant", WpaSupplicant)
    yield WpaSupplicant.made
    for made in WpaSupplicant.made:
        made.process.close()


# The NIC's model with hostapd


async def linked(bench: Bench, ssid: str, password: str, *, said: str | None = None) -> Any:
    """Link the board to an access point and return it; the board is told `said`, or the passphrase."""
    bench.interface = "wifi"
    ap = bench.air.access_point(ssid, password)
    await link(bench, ssid, said or password)
    return ap


async def link(bench: Bench, ssid: str, password: str) -> None:
    bench.wire.ignore(lambda frame: frame.arp is not None)
    wifi = bench.target.wifi
    await wifi.set_link_info(BOARD_IP, "255.255.255.0", "10.0.0.254", "0.0.0.0")
    await wifi.link(ssid, WIFI_WPA2, password)


async def passes(bench: Bench, port: int) -> None:
    """Assert that data passes, both ways and to the group."""
    sock = await bench.target.socket(AF_INET, SOCK_DGRAM)
    await sock.bind(port)
    far = bench.wire.peer.udp.bind(port)
    await sock.sendto(b"to hostapd", (bench.wire.peer.ip, port))
    asked = await far.recv(within=1 * SEC)
    far.send(b"from hostapd", to=asked.source)
    assert (await sock.recvfrom(100))[0] == b"from hostapd"
    ether = Ether(src=bench.wire.peer.mac, dst="ff:ff:ff:ff:ff:ff")
    bench.wire.send(ether / IP(src=bench.wire.peer.ip, dst="10.0.0.255") / UDP(sport=7, dport=port) / b"to all")
    assert (await sock.recvfrom(100))[0] == b"to all"
    await sock.close()
    far.close()


@pytest.mark.parametrize(("ssid", "password"), NETWORKS, ids=[ssid for ssid, _ in NETWORKS])
async def test_board_joins_hostapd(bench: Bench, hostapd: list[HostapdAuthenticator], ssid: str, password: str) -> None:
    """And takes new keys from it, as often as it gives some."""
    ap = await linked(bench, ssid, password)
    await passes(bench, 5000)
    (made,) = hostapd
    for round_ in range(3):
        group = ap.group.used
        made.rekey_group()
        await bench.idle(for_=100 * MS)
        assert ap.group.used.key_id != group.key_id
        await passes(bench, 5001 + 2 * round_)
        before = made.key
        ap.rekey_pairwise()
        await bench.idle(for_=100 * MS)
        assert made.key is not before
        await passes(bench, 5002 + 2 * round_)
    assert (made.leaves, made.wrong_mics) == ([], 0)


async def test_board_with_a_wrong_passphrase(bench: Bench, hostapd: list[HostapdAuthenticator]) -> None:
    """hostapd says message 1 four times, gives up after 3.1 s with reason 15, and link() says that it was the key."""
    began = bench.now
    with pytest.raises(RemoteIOError) as caught:
        await linked(bench, SSID, PASSWORD, said="not the passphrase")
    (made,) = hostapd
    assert made.wrong_mics == 4
    ((at, reason),) = made.leaves
    assert reason == 15
    # The messages of a join take no time, the firmware's work little.
    assert SEARCHED + 3100 * MS <= at - began < SEARCHED + 3101 * MS
    assert caught.value.errno == 13


@pytest.mark.parametrize("name", ["M1", "M2", "M3", "M4"])
async def test_a_lost_message_is_made_good(bench: Bench, hostapd: list[HostapdAuthenticator], name: str) -> None:
    bench.interface = "wifi"
    ap = bench.air.access_point(SSID, PASSWORD)
    if name in ("M1", "M3"):
        ap.drop(name)
    else:
        ap.silent_on.add(name)
        asyncio.get_running_loop().call_at(SEARCHED + 50 * MS, ap.silent_on.discard, name)
    await link(bench, SSID, PASSWORD)
    await bench.idle(for_=2 * SEC)
    await passes(bench, 5000)


# The NIC's soft AP with wpa_supplicant


async def test_wpa_supplicant_joins_the_soft_ap(bench: Bench, wpa_supplicant: list[WpaSupplicant]) -> None:
    bench.interface = "wifi"
    await bench.target.wifi.softap_init(SSID, WIFI_WPA2, PASSWORD)
    joined = bench.air.station()
    await joined.join(SSID, PASSWORD, within=5 * SEC)
    host = joined.host("192.168.0.21")
    await host.icmp.ping("192.168.0.1", b"to the soft AP", within=1 * SEC)
    (made,) = wpa_supplicant
    assert made.key is not None
    assert len(made.groups) == 1
    assert joined.refused == 0


async def test_wpa_supplicant_with_a_wrong_passphrase_is_sent_away(
    bench: Bench, wpa_supplicant: list[WpaSupplicant], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.interface = "wifi"
    wrong = "not the passphrase"
    monkeypatch.setattr(WpaSupplicant, "network", (wrong.encode(), SSID.encode()))
    await bench.target.wifi.softap_init(SSID, WIFI_WPA2, PASSWORD)
    joined = bench.air.station()
    with pytest.raises(JoinFailed):
        await joined.join(SSID, wrong, within=5 * SEC)
    (made,) = wpa_supplicant
    assert made.key is None
    assert joined.lost == 15


# The harness's nodes with them


def test_station_of_the_harness_joins_hostapd(hostapd: list[HostapdAuthenticator]) -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        joined = await world.joined(ap)
        await exchange(world, joined, ap)
        hostapd[0].rekey_group()
        await exchange(world, joined, ap)

    world.run(case())
    assert (hostapd[0].leaves, hostapd[0].wrong_mics) == ([], 0)


def test_wpa_supplicant_joins_the_access_point_of_the_harness(wpa_supplicant: list[WpaSupplicant]) -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        joined = await world.joined(ap)
        await exchange(world, joined, ap)
        ap.rekey_group()
        await exchange(world, joined, ap)
        assert sorted(wpa_supplicant[0].groups) == [1, 2]

    world.run(case())


def test_wpa_supplicant_joins_hostapd(
    wpa_supplicant: list[WpaSupplicant], hostapd: list[HostapdAuthenticator]
) -> None:
    """The judges agree with each other: what carries them here does not spoil what they say."""
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        joined = await world.joined(ap)
        await exchange(world, joined, ap)

    world.run(case())
    assert wpa_supplicant[0].key is not None and hostapd[0].key is not None
    assert wpa_supplicant[0].key.tk == hostapd[0].key.tk


async def exchange(world: World, joined: Station, ap: Any) -> None:
    """Let data pass both ways, and a new pairwise key, and data again."""
    host = joined.host("10.0.0.1")
    await host.icmp.ping("10.0.0.2", b"before", within=1 * SEC)
    ap.rekey_pairwise()
    await host.icmp.ping("10.0.0.2", b"after", within=1 * SEC)
    assert joined.refused == 0
