# SPDX-License-Identifier: GPL-2.0-or-later
"""The medium: what crosses the link, who hears it, who accounts for it, and what befalls it."""

from __future__ import annotations

import pytest
from scapy.layers.dot11 import Dot11, Dot11Deauth
from sockbench import Faults
from sockbench.air import AirFrame, beacons, frames, rsn
from sockbench.air.frame import DECLARATION, LINK_HEADER
from sockbench.clock import MS, SEC, US
from sockbench.errors import Expired, StrayFrame

from .world import NIC_MAC, World

OTHER = b"\x02\0\0\0\xcc\1"


def stray(world: World) -> bytes:
    """Return a frame that is for nobody."""
    return world.nic.management(frames.DEAUTH, OTHER, b"\x03\x00")


def test_frame_to_the_board_has_the_header_of_the_link() -> None:
    """docs/link-protocol.md: kind, channel, dBm, rate."""
    world = World()
    world.air.send(stray(world), channel=11, rssi=-71, rate=108, at=5 * MS)
    world.run(world.bench.idle(for_=10 * MS))
    at, kind, payload = world.board.happened[-1]
    assert (at, kind, payload) == (5 * MS, 0, bytes([0, 11, 256 - 71, 108]) + stray(world))
    (frame,) = world.air.frames
    assert (frame.at, frame.outgoing, frame.channel, frame.rssi, frame.rate) == (5 * MS, False, 11, -71, 108)


def test_declaration_has_first_time_and_interval() -> None:
    world = World()
    ap = world.air.access_point("net", channel=3, rssi=-60, beacon_tu=200)
    world.run(world.bench.idle(for_=1 * MS))
    payload = world.nic.declared[0]
    assert payload[:4] == bytes([1, 3, 256 - 60, 2])
    assert DECLARATION.unpack_from(payload, 4) == (1000, 204_800, 0)
    assert payload[20:44] == frames.header(frames.BEACON, 0, frames.BROADCAST, ap.address, ap.address, 0)
    ap.disappear()
    world.run(world.bench.idle(for_=1 * MS))
    assert world.nic.declared[1] == bytes([2, 3, 256 - 60, 0]) + ap.address + bytes(2)


def test_beacon_carries_the_time_at_which_it_is_sent() -> None:
    world = World()
    ap = world.air.access_point("net")
    beacon = ap.beacon(200 * MS)
    assert beacon is not None
    sent = frames.parse_beacon(beacon[24:])
    assert sent is not None and sent.timestamp == 1 + 2 * 102_400
    ap.disappear()
    assert ap.beacon(0) is None


def test_stray_frame_on_air_fails_the_case() -> None:
    world = World()
    world.nic.say(2 * MS, stray(world))
    world.bench.run(world.bench.idle(for_=3 * MS))
    with pytest.raises(StrayFrame, match=r"frames on air .*\(1\):\n.*Deauth 02:00:00:00:00:81.*reason=3"):
        world.bench.check()
    world.air.ignore("DEAUTH")
    world.bench.check()


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("DEAUTH", True),
        ("DISASSOC", False),
        (Dot11(addr2=NIC_MAC.upper()), True),
        (Dot11Deauth(reason=3), True),
        (Dot11Deauth(reason=4), False),
        (lambda frame: frame.reason == 3, True),
    ],
)
def test_pattern_is_a_name_a_packet_or_a_predicate(pattern: object, matches: bool) -> None:
    world = World()
    world.nic.say(2 * MS, stray(world))
    waiting = world.air.expect(pattern, within=5 * MS)  # type: ignore[arg-type]
    if matches:
        assert world.run(waiting).at == 2 * MS
    else:
        with pytest.raises(Expired, match="the board sent"):
            world.bench.run(waiting)


def test_pattern_that_names_no_message_is_refused() -> None:
    world = World()
    with pytest.raises(ValueError, match="no message 'DEAUTHENTICATION'"):
        world.bench.run(world.air.expect("DEAUTHENTICATION", within=1))
    ap = world.air.access_point("net")
    with pytest.raises(ValueError, match="none of"):
        ap.silent_on.add("ASSOC_REQ")


def test_expect_none_fails_at_the_frame() -> None:
    world = World()
    world.nic.say(2 * MS, stray(world))
    with pytest.raises(AssertionError, match="wanted no DEAUTH on air .* saw 0.002000000 s board > ch 6 Deauth"):
        world.bench.run(world.air.expect_none("DEAUTH", for_=1 * SEC))
    assert world.now == 2 * MS


def test_search_on_an_empty_channel_needs_nobody() -> None:
    """A scan asks on 13 channels; that nobody answers on most is no fault."""
    world = World()
    body = frames.element(frames.SSID, b"") + frames.element(frames.RATES, frames.RATES_BODY)
    world.nic.say(2 * MS, world.nic.management(frames.PROBE_REQ, frames.BROADCAST, body))
    world.run(world.bench.idle(for_=3 * MS))
    assert world.air.frames[0].claimed_by == "search"


def test_nobody_hears_what_is_sent_on_another_channel() -> None:
    world = World()
    ap = world.air.access_point("net", channel=6)
    world.nic.say(2 * MS, world.nic.auth(ap.address), channel=7)
    world.air.ignore("AUTH")
    world.run(world.bench.idle(for_=3 * MS))
    assert not ap.stations
    world.nic.say(4 * MS, world.nic.auth(ap.address), channel=6)
    world.run(world.bench.idle(for_=3 * MS))
    assert ap.stations[NIC_MAC].state == "AUTHENTICATED"


def test_lost_frames_are_accounted_for_and_heard_by_nobody() -> None:
    world = World()
    ap = world.air.access_point("net")
    world.air.faults.from_board = Faults(loss=1)
    world.nic.say(2 * MS, world.nic.auth(ap.address))
    world.run(world.bench.idle(for_=3 * MS))
    assert not ap.stations and world.air.frames[-1].fate == "lost"
    world.air.faults.from_board = Faults()
    world.air.faults.to_board = Faults(loss=1)
    world.nic.say(4 * MS, world.nic.auth(ap.address))
    world.run(world.bench.idle(for_=3 * MS))
    assert ap.stations and not world.nic.heard


def test_corruption_on_air_is_what_the_fcs_finds() -> None:
    world = World()
    ap = world.air.access_point("net")
    world.air.faults.from_board = Faults(corrupt=1)
    world.nic.say(2 * MS, world.nic.auth(ap.address))
    world.run(world.bench.idle(for_=3 * MS))
    assert not ap.stations and world.air.frames[-1].fate == "lost"


def test_delay_and_rate_count_for_each_direction() -> None:
    world = World()
    ap = world.air.access_point("net")
    world.air.faults.to_board = Faults(delay=3 * MS)
    world.air.faults.from_board = Faults(rate=30 * 8 * 1000)  # The request has 30 bytes: 1 ms.
    world.nic.say(2 * MS, world.nic.auth(ap.address))
    world.run(world.bench.idle(for_=10 * MS))
    assert ap.stations[NIC_MAC].authenticated_at == 3 * MS
    assert world.nic.heard[0][0] == 6 * MS


def test_board_declares_beacons_that_stations_hear() -> None:
    world = World()
    body = beacons.body(b"soft", rsn.SECURITIES["open"], channel=4, interval_tu=100)
    beacon = frames.header(frames.BEACON, 0, frames.BROADCAST, world.nic.address, world.nic.address, 0) + body
    world.nic.declare(2 * MS, beacon, first=27_600 * US, channel=4)
    station = world.air.station()

    async def scan() -> None:
        (network,) = await station.scan()
        assert (network.ssid, network.channel, network.bssid, network.rssi) == (b"soft", 4, NIC_MAC, 20)
        # Channel 4 is listened to from 120 to 160 ms.
        assert network.heard_at == 130 * MS

    world.run(scan())
    shown = next(frame for frame in world.air.frames if frame.outgoing)
    assert shown.name == "BEACON" and shown.claimed_by == "declaration"


def test_radiotap_says_channel_rate_and_signal() -> None:
    frame = AirFrame(0, True, b"\x40\0" + bytes(22), channel=13, rssi=-47, rate=2)
    assert frame.capture()[:15].hex() == "00000f002e000000" + "00" + "02" + "a809" + "a000" + "d1"
    assert frame.wire()[: LINK_HEADER.size] == bytes([0, 13, 256 - 47, 2])
