# SPDX-License-Identifier: GPL-2.0-or-later
"""The air against the real NIC and firmware: two ends by different authors, from the same standard."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, Bench, Faults, Target, bundle
from sockbench.air import HOME_PASSWORD, HOME_SSID, AccessPoint, Air

BOARD, PEER = "10.0.0.1", "10.0.0.2"
TBTT = 102_400_000


@pytest.fixture
def wifi(bench: Bench) -> Target:
    """The device in the usual network, over the air."""
    bench.interface = "wifi"
    bench.bring_network_up()
    return bench.target


async def echo(bench: Bench, size: int = 100) -> None:
    """Let data pass both ways."""
    data = Random(size).randbytes(size)
    assert await bench.wire.peer.icmp.ping(BOARD, data, within=1 * SEC) == data


async def stream(bench: Bench, target: Target, size: int, *, within: int) -> None:
    """Let bytes go there and back, in order and whole."""
    data = Random(size).randbytes(size)
    listener = bench.wire.peer.tcp.listen(80)
    sock = await target.socket()
    await sock.connect((PEER, 80))
    conn = await listener.accept(within=1 * SEC)
    sending = bench.tasks.start(sock.sendall(data))
    assert await conn.recv(size, within=within) == data
    await sending
    conn.send(data)
    assert bytes(await sock.recv(size)) == data
    await sock.close()


async def test_board_joins_and_every_size_of_packet_crosses(bench: Bench, wifi: Target, air: Air) -> None:
    record = await air.ap.joined(within=0)
    assert [name for _, name in record.handshake] == ["M1", "M2", "M3", "M4"]
    assert bench.wire.board_mac == record.mac
    for size in (0, 1, 1472, 1473, 8000):
        await echo(bench, size)
    assert not record.refused


async def test_stream_is_whole_over_bad_air(bench: Bench, wifi: Target, air: Air) -> None:
    bad = Faults(loss=0.1, duplicate=0.1, reorder=0.1, corrupt=0.1, delay=2 * MS)
    air.faults.to_board = air.faults.from_board = bad
    await stream(bench, wifi, 60_000, within=300 * SEC)


async def test_keys_change_under_a_stream(bench: Bench, wifi: Target, air: Air) -> None:
    ap = air.ap
    record = await ap.joined(within=0)
    air.faults.to_board = Faults(rate=2_000_000)
    for number in range(1, 4):
        ap.rekey_group(at=bench.now + number * 100 * MS)
        ap.rekey_pairwise(at=bench.now + number * 100 * MS + 50 * MS)
    await stream(bench, wifi, 100_000, within=60 * SEC)
    names = [name for _, name in record.handshake]
    assert names.count("G2") == 3 and names.count("M4") == 4 and record.authorized
    await echo(bench)


async def test_channel_switch_under_a_stream(bench: Bench, wifi: Target, air: Air) -> None:
    air.faults.to_board = Faults(rate=2_000_000)
    air.ap.switch_channel(13, at=bench.now + 50 * MS)
    await stream(bench, wifi, 100_000, within=60 * SEC)
    assert air.ap.channel == 13 and air.frames[-1].channel == 13


async def test_spoilt_repeated_and_plain_data_is_refused(bench: Bench, wifi: Target, air: Air) -> None:
    """Each of them would be a way in for a stranger."""
    sock = await wifi.socket(type=SOCK_DGRAM)
    await sock.bind(5000)
    far = bench.wire.peer.udp.bind(6000)
    await sock.sendto(b"here I am", (PEER, 6000))
    air.ap.corrupt("DATA")
    far.send(b"spoilt", to=(BOARD, 5000))
    far.send(b"good", to=(BOARD, 5000))
    air.ap.replay_data()
    air.ap.plaintext.add("DATA")
    far.send(b"plain", to=(BOARD, 5000))
    air.ap.plaintext.clear()
    await bench.idle(for_=10 * MS)
    far.send(b"last", to=(BOARD, 5000))
    assert await sock.recvfrom(100) == (b"good", (PEER, 6000))
    assert await sock.recvfrom(100) == (b"last", (PEER, 6000))


async def test_network_that_was_lost_is_joined_again(bench: Bench, wifi: Target, air: Air) -> None:
    """The NIC asks three times for an access point that is silent for seven beacons; the device looks for it again."""
    ap = air.ap
    await echo(bench)
    await bench.idle(for_=1 * SEC)
    beacon = air.beacons[ap.address]
    last = beacon.after(bench.now) - TBTT
    ap.disappear()
    probe = await air.expect(lambda frame: frame.name == "PROBE_REQ" and frame.receiver == ap.bssid, within=2 * SEC)
    assert probe.at == last + 7 * TBTT
    await bench.idle(for_=5 * SEC)
    ap.appear()
    ap.restart()
    await ap.joined(within=30 * SEC)
    await echo(bench)


async def test_restarted_access_point_tells_the_board_to_come_again(bench: Bench, wifi: Target, air: Air) -> None:
    await echo(bench)
    air.ap.restart()
    sock = await wifi.socket(type=SOCK_DGRAM)
    await sock.sendto(b"anybody?", (PEER, 6000))
    record = await air.ap.joined(within=5 * SEC)
    assert record.authorized
    await echo(bench)


async def test_two_networks_of_one_name_and_the_stronger_is_taken(bench: Bench, air: Air) -> None:
    far = air.access_point(HOME_SSID, HOME_PASSWORD, channel=1, rssi=-80)
    near = air.access_point(HOME_SSID, HOME_PASSWORD, channel=11, rssi=-40)
    bench.interface = "wifi"
    await bench.target.net_up(ip=BOARD, mask="255.255.255.0", gw=PEER)
    assert near.stations and not far.stations
    near.disappear()
    await far.joined(within=10 * SEC)
    await echo(bench)


async def test_tshark_decrypts_what_the_board_says(bench: Bench, wifi: Target, air: Air, tmp_path: Path) -> None:
    """A third author reads the NIC's frames with nothing but the passphrase."""
    ap: AccessPoint = air.ap
    await echo(bench, 16)
    ap.rekey_group()
    ap.rekey_pairwise(at=bench.now + 5 * MS)
    await bench.idle(for_=10 * MS)
    await echo(bench, 17)
    program = shutil.which("tshark")
    if program is None:
        pytest.fail("tshark is missing: apt install tshark")
    path = tmp_path / "trace.pcapng"
    path.write_bytes(bundle.capture(bench.timeline))

    def tshark(*words: str) -> list[str]:
        options = ["-o", "wlan.enable_decryption:TRUE"]
        options += ["-o", f'uat:80211_keys:"wpa-pwd","{HOME_PASSWORD}:{HOME_SSID}"']
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/local/bin"}
        said = subprocess.run([program, "-r", str(path), *options, *words], capture_output=True, text=True,
                              check=True, timeout=60, env=environment)  # fmt: skip
        return said.stdout.splitlines()

    assert tshark("-Y", "_ws.malformed || _ws.expert.severity == error") == []
    numbers = tshark("-Y", "eapol", "-T", "fields", "-e", "wlan_rsna_eapol.keydes.msgnr")
    assert numbers == ["1", "2", "3", "4", "1", "2", "1", "2", "3", "4"]
    seen = tshark("-Y", f"wlan && icmp && wlan.sa == {bench.wire.board_mac}", "-T", "fields", "-e", "data.data")
    assert seen == [Random(size).randbytes(size).hex() for size in (16, 17)]
