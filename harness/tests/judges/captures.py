# SPDX-License-Identifier: GPL-2.0-or-later
"""What crossed the air, as a capture for programs that know neither pcapng nor radiotap; and a case worth judging."""

from __future__ import annotations

import struct
from pathlib import Path

from sockbench.air.frame import AirFrame
from sockbench.bench import Bench
from sockbench.clock import SEC

from ..air.world import World

LINKTYPE_IEEE802_11 = 105
PCAP_HEADER = struct.Struct("<IHHiIII")
PCAP_PACKET = struct.Struct("<IIII")


def write_pcap(path: Path, bench: Bench) -> None:
    """Write the frames of the air as a capture of 802.11 frames (pcap, microseconds)."""
    parts = [PCAP_HEADER.pack(0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_IEEE802_11)]
    for _, _, what in bench.timeline.entries():
        if isinstance(what, AirFrame):
            head = PCAP_PACKET.pack(what.at // SEC, what.at % SEC // 1000, len(what.data), len(what.data))
            parts.append(head + what.data)
    path.write_bytes(b"".join(parts))


def harness_alone(ssid: str, password: str) -> Bench:
    """Play an access point and a station of the harness: join, and data both ways."""
    world = World()

    async def case() -> None:
        station = await world.joined(world.air.access_point(ssid, password))
        await station.host("10.0.0.1").icmp.ping("10.0.0.2", b"judge me", within=1 * SEC)

    world.run(case())
    return world.bench
