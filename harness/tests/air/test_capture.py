# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark as a judge that shares no line with us: it dissects all that crosses, and decrypts it with the passphrase."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from sockbench import bundle
from sockbench.clock import MS, SEC

from .world import PASSWORD, SSID, World


def tshark(path: Path, *words: str) -> list[str]:
    """Return the lines that tshark says of a capture, with the network's key known to it."""
    program = shutil.which("tshark")
    if program is None:
        pytest.fail("tshark is missing: apt install tshark")
    options = ["-o", "wlan.enable_decryption:TRUE", "-o", f'uat:80211_keys:"wpa-pwd","{PASSWORD}:{SSID}"']
    # Its profile is the user's own: a home of our own keeps the result the same everywhere.
    environment = {"HOME": str(path.parent), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    said = subprocess.run([program, "-r", str(path), *options, *words], capture_output=True, text=True, check=True,
                          timeout=60, env=environment)  # fmt: skip
    return said.stdout.splitlines()


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture with everything in it that our nodes say."""
    world = World()
    ap = world.wpa2(channel=11, rssi=-55)
    world.air.access_point("open", security="open", channel=1)
    for name in ("wpa", "wep", "sae", "eap", "wpa2-tkip", "wpa+wpa2", "wpa2+sae"):
        world.air.access_point(name, PASSWORD, security=name, channel=13)

    async def case() -> None:
        station = await world.joined(ap)
        host = station.host("10.0.0.1")
        await station.scan()
        await host.icmp.ping("10.0.0.2", b"pairwise", within=1 * SEC)
        ap.rekey_group()
        host.arp.announce()
        ap.rekey_pairwise()
        await host.icmp.ping("10.0.0.2", b"rekeyed", within=1 * SEC)
        station.power_save = True
        await world.bench.wire.peer.icmp.ping("10.0.0.1", b"kept", within=1 * SEC)
        ap.switch_channel(6, count=2, action=True)
        await world.bench.idle(for_=500 * MS)
        ap.deauth(station.mac, 8)
        await station.gone(within=1 * SEC)

    world.run(case())
    path = tmp_path / "trace.pcapng"
    path.write_bytes(bundle.capture(world.bench.timeline))
    return path


def test_tshark_finds_nothing_malformed(capture: Path) -> None:
    assert tshark(capture, "-Y", "_ws.malformed || _ws.expert.severity == error") == []
    assert len(tshark(capture, "-Y", "frame.interface_name == wlan0")) > 60


def test_tshark_sees_channel_signal_and_rate(capture: Path) -> None:
    fields = ["-T", "fields", "-e", "wlan_radio.channel", "-e", "wlan_radio.signal_dbm", "-e", "wlan_radio.data_rate"]
    auth = tshark(capture, "-Y", "wlan.fc.type_subtype == 11 && wlan.sa == 02:00:00:00:a0:01", *fields)
    assert auth == ["11\t-55\t1"]
    data = tshark(capture, "-Y", "icmp && wlan.sa == 02:00:00:00:00:02", *fields)
    assert set(data) == {"11\t-55\t54"}


def test_tshark_numbers_the_messages_of_the_handshake(capture: Path) -> None:
    numbers = tshark(capture, "-Y", "eapol", "-T", "fields", "-e", "wlan_rsna_eapol.keydes.msgnr")
    assert numbers == ["1", "2", "3", "4", "1", "2", "1", "2", "3", "4"]


def test_tshark_decrypts_unicast_group_and_rekeyed_data(capture: Path) -> None:
    words = ["-Y", "wlan && icmp", "-T", "fields", "-e", "wlan.fc.protected", "-e", "data.data"]
    seen = tshark(capture, *words)
    wanted = [f"True\t{word.hex()}" for word in (b"pairwise", b"rekeyed", b"kept") for _ in range(2)]
    assert [line.replace("1\t", "True\t", 1) if line.startswith("1") else line for line in seen] == wanted
    group = tshark(capture, "-Y", "wlan && arp && wlan.da == ff:ff:ff:ff:ff:ff && wlan.fc.fromds == 1")
    assert len(group) == 2


def test_tshark_reads_the_channel_switch(capture: Path) -> None:
    fields = ["-T", "fields", "-e", "wlan.csa.new_channel_number", "-e", "wlan.csa.channel_switch.count"]
    assert tshark(capture, "-Y", "wlan.csa.new_channel_number", *fields) == ["6\t2", "6\t2", "6\t1"]


def test_every_line_of_the_timeline_says_what_it_is() -> None:
    world = World()
    ap = world.wpa2()
    world.run(world.joined(ap))
    text = world.bench.timeline.text()
    for words in (
        "Beacons from 0.000001000 s every 102400 us", "Auth 02:00:00:00:b0:01 > 02:00:00:00:a0:01",
        "Assoc Req 02:00:00:00:b0:01 > 02:00:00:00:a0:01 SSID='net'", "Assoc Resp", "status=0", "EAPOL M1", "EAPOL M4",
    ):  # fmt: skip
        assert words in text
