# SPDX-License-Identifier: GPL-2.0-or-later
"""What crossed the air, as captures for the judges; and cases whose captures are worth judging."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sockbench import bundle, pcapng
from sockbench.clock import SEC

from ..air.world import World

# Name and passphrase, each at the ends of what it may be (IEEE 802.11-2020 9.4.2.2 and J.4.1).
NETWORKS = [
    ("net name", "a passphrase"),
    ("n", "8 chars."),
    ("thirty-two bytes are the longest", "63 characters, the most that a passphrase has, ~ and blanks !!!"),
]

LINKTYPE_IEEE802_11 = 105
PCAP_HEADER = struct.Struct("<IHHiIII")
PCAP_PACKET = struct.Struct("<IIII")

# The board joins, exchanges data, gets a new group key and a new pairwise key, and leaves. The words of the data say
# which keys were in force. Then it is an access point itself, for two stations.
BOARD_CASE = """
from pathlib import Path
from sockbench import bundle

async def says(bench, sock, port, word):
    await sock.sendto(word, (bench.wire.peer.ip, 7000))
    asked = await port.recv(within=1 * SEC)
    port.send(word, to=asked.source)
    assert (await sock.recvfrom(100))[0] == word
    bench.wire.peer.arp.announce()
    await bench.idle(for_=1 * MS)

@pytest.mark.parametrize("number", range(3))
async def test_board(bench, number):
    ssid, password = {0!r}[number]
    bench.interface = "wifi"
    ap = bench.air.access_point(ssid, password)
    wifi = bench.target.wifi
    await wifi.set_link_info("10.0.0.1", "255.255.255.0", "10.0.0.254", "0.0.0.0")
    await wifi.link(ssid, WIFI_WPA2, password)
    sock = await bench.target.socket(AF_INET, SOCK_DGRAM)
    await sock.bind(5000)
    port = bench.wire.peer.udp.bind(7000)
    await says(bench, sock, port, b"with the first keys")
    (Path({1!r}) / f"{{number}}-first.pcapng").write_bytes(bundle.capture(bench.timeline))
    ap.rekey_group()
    await bench.idle(for_=100 * MS)
    await says(bench, sock, port, b"with a new group key")
    ap.rekey_pairwise()
    await bench.idle(for_=100 * MS)
    await says(bench, sock, port, b"with a new pairwise key")
    await wifi.unlink()
    await bench.idle(for_=100 * MS)
    (Path({1!r}) / f"{{number}}.pcapng").write_bytes(bundle.capture(bench.timeline))

@pytest.mark.parametrize("number", range(3))
async def test_soft_ap(bench, number):
    ssid, password = {0!r}[number]
    bench.interface = "wifi"
    await bench.target.wifi.softap_init(ssid, WIFI_WPA2, password)
    stations = [bench.air.station() for _ in range(2)]
    for station in stations:
        await station.join(ssid, password, within=5 * SEC)
    one, other = (station.host(f"192.168.0.2{{index}}") for index, station in enumerate(stations))
    await one.icmp.ping("192.168.0.1", b"with the first keys", within=1 * SEC)
    await one.icmp.ping(other.ip, b"from one to the other", within=1 * SEC)
    stations[0].leave()
    await bench.target.wifi.softap_off()
    await bench.idle(for_=100 * MS)
    (Path({1!r}) / f"soft-ap-{{number}}.pcapng").write_bytes(bundle.capture(bench.timeline))
"""


def harness_alone(ssid: str, password: str) -> bytes:
    """Play an access point and a station of the harness, which join and exchange data; return the capture."""
    world = World()

    async def case() -> None:
        station = await world.joined(world.air.access_point(ssid, password))
        await station.host("10.0.0.1").icmp.ping("10.0.0.2", b"with the first keys", within=1 * SEC)

    world.run(case())
    return bundle.capture(world.bench.timeline)


def air_of(capture: bytes) -> Iterator[tuple[int, bytes]]:
    """Return time and 802.11 frame of everything on the interface wlan0 of a bundle's capture."""
    at = 0
    while at < len(capture):
        kind, size = struct.unpack_from("<II", capture, at)
        if kind == pcapng.ENHANCED_PACKET:
            interface, high, low, count, _ = struct.unpack_from("<IIIII", capture, at + 8)
            packet = capture[at + 28 : at + 28 + count]
            if interface == bundle.AIR:
                yield high << 32 | low, packet[int.from_bytes(packet[2:4], "little") :]
        at += size


def pcap_of(capture: bytes) -> bytes:
    """Return the air of a bundle's capture as some programs want it: pcap, microseconds, no radiotap."""
    parts = [PCAP_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_IEEE802_11)]
    for at, frame in air_of(capture):
        parts.append(PCAP_PACKET.pack(at // SEC, at % SEC // 1000, len(frame), len(frame)) + frame)
    return b"".join(parts)
