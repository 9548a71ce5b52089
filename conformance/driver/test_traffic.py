"""Traffic that is hard on a driver: every length, bursts, strangers' and broken frames.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import MS, SEC, covers, needs

from conformance.driver.test_faults import COUNTERS
from conformance.scenes import DEVICE, bound_udp, echoes

# Payloads of a UDP datagram that give frames of 60 to 1,514 bytes.
SHORTEST, LONGEST = 18, 1472
STRANGER = "02:00:00:00:00:77"
BOARD_MAC = "02:00:00:00:00:01"


@pytest.mark.parametrize("first", range(0, LONGEST + 1, 184))
@covers("driver.every-length", "udp.sendto.sizes")
async def test_every_length_passes_both_ways(target, wire, first):
    """No length of frame is special: each comes back exactly as it was sent."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    for length in range(first, min(first + 184, LONGEST + 1)):
        content = bytes((length + position) & 0xFF for position in range(length))
        far.send(content, to=(DEVICE, 5000))
        data, source = await sock.recvfrom(2000)
        assert data == content and source == (wire.peer.ip, 7000), length
        assert await sock.sendto(data, source) == length
        assert (await far.recv(within=10 * MS)).data == content, length


@pytest.mark.parametrize("frames", [2, 64, 300, 1000])
@covers("driver.burst")
async def test_after_a_burst_frames_still_arrive(target, wire, frames):
    """A burst larger than any ring is taken or counted as lost, and the next frame gets through."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    before = (await target.stats())[COUNTERS[target.interface]]
    for _ in range(frames):
        far.send(b"flood", to=(DEVICE, 5999))
    far.send(b"after the flood", to=(DEVICE, 5000))
    wire.ignore(lambda frame: frame.icmp is not None)
    await sock.settimeout(1000)
    try:
        data, _ = await sock.recvfrom(100)
    except TimeoutError:
        far.send(b"after the flood", to=(DEVICE, 5000))
        data, _ = await sock.recvfrom(100)
    assert data == b"after the flood"
    after = (await target.stats())[COUNTERS[target.interface]]
    seen = after["rx_frames"] - before["rx_frames"]
    lost = after["rx_nobuf"] - before["rx_nobuf"]
    assert seen + lost >= frames + 1, (seen, lost)
    await echoes(target, wire)


@needs("shared-wire")
@covers("driver.foreign-frames")
async def test_frames_for_others_are_nobodys(target, wire):
    """Frames to another station, of an unknown protocol, too short or too long change nothing."""
    sock = await bound_udp(target)
    strange = [
        (Ether(src=wire.peer.mac, dst=STRANGER, type=0x0800) / Raw(b"\x45" + bytes(60)), True),
        (Ether(src=wire.peer.mac, dst=BOARD_MAC, type=0x88B5) / Raw(bytes(100)), True),
        (Ether(src=wire.peer.mac, dst=BOARD_MAC, type=0x0800) / Raw(b"\x45"), False),
        (Ether(src=wire.peer.mac, dst=BOARD_MAC, type=0x0800) / Raw(bytes(1501)), True),
        (Ether(src=wire.peer.mac, dst="01:00:5e:00:00:fb", type=0x0800) / Raw(b"\x45" + bytes(60)), True),
    ]
    await target.stats()  # the first one takes memory for its answer that it keeps
    before = await target.stats()
    for _ in range(100):
        for frame, padded in strange:
            wire.send(frame, pad=padded)
    await wire.expect_none(for_=1 * SEC)
    after = await target.stats()
    own = COUNTERS[target.interface]
    assert after["heap_free"] == before["heap_free"]
    for counter, times in (("rx_filtered", 200), ("rx_runt", 100), ("rx_oversize", 100)):
        assert after[own][counter] - before[own][counter] == times, counter
    await sock.close()
    await echoes(target, wire)
