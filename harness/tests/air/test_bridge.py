# SPDX-License-Identifier: GPL-2.0-or-later
"""The wire over the air: what of it reaches the board's station, and how the station's frames come out."""

from __future__ import annotations

import pytest
from sockbench import Faults, link
from sockbench.air import AccessPoint, frames
from sockbench.clock import MS, SEC
from sockbench.errors import StrayFrame
from sockbench.packets import ARP, IP, UDP, Ether
from sockbench.peers.address import mac_bytes

from .world import NIC_MAC, World

PEER_MAC = "02:00:00:00:00:02"


def associated(world: World) -> AccessPoint:
    """Return an open access point with the NIC in it, at 4 ms."""
    ap = world.air.access_point("net")
    world.nic.say(2 * MS, world.nic.auth(ap.address))
    world.nic.say(3 * MS, world.nic.assoc(ap.address, b"net"))
    world.run(world.bench.idle(for_=4 * MS - world.now))
    world.nic.heard.clear()
    return ap


def test_frame_of_the_station_comes_out_padded_in_the_same_instant() -> None:
    world = World()
    ap = associated(world)
    who_has = ARP(op=1, hwsrc=NIC_MAC, psrc="10.0.0.1", pdst="10.0.0.2")
    arp = bytes(Ether(src=NIC_MAC, dst="ff:ff:ff:ff:ff:ff") / who_has)
    world.nic.say(5 * MS, world.nic.data(ap.address, arp))
    frame = world.run(world.bench.wire.expect(ARP(op=1), within=5 * MS))
    assert (frame.at, frame.port, len(frame.data), frame.data[:42]) == (5 * MS, 1, 60, arp)
    assert frame.claimed_by == "10.0.0.2"
    world.run(world.bench.idle(for_=1 * MS))
    said_again, answer = (mpdu for _, _, mpdu in world.nic.heard)
    assert frames.to_ethernet(said_again) == arp
    assert said_again[4:22] == b"\xff" * 6 + ap.address + mac_bytes(NIC_MAC)
    assert answer[4:22] == mac_bytes(NIC_MAC) + ap.address + mac_bytes(PEER_MAC)


def test_hosts_know_the_station_without_asking() -> None:
    world = World()
    associated(world)
    world.bench.wire.peer.udp.bind(5).send(b"data", to=("10.0.0.1", 6), at=7 * MS)
    world.run(world.bench.idle(for_=5 * MS))
    ((at, _, mpdu),) = world.nic.heard
    carried = frames.to_ethernet(mpdu)
    assert at == 7 * MS and carried is not None and Ether(carried)[UDP].dport == 6
    (frame,) = (frame for frame in world.bench.wire.frames if not frame.outgoing)
    assert (frame.at, frame.port, frame.fate) == (7 * MS, 1, "")


def test_nothing_reaches_who_is_not_associated() -> None:
    world = World()
    world.air.access_point("net")
    world.bench.wire.send(Ether(src=PEER_MAC, dst=NIC_MAC, type=0x88B5) / b"x")
    world.bench.wire.send(Ether(src=PEER_MAC, dst="ff:ff:ff:ff:ff:ff", type=0x88B5) / b"x")
    world.run(world.bench.idle(for_=1 * MS))
    assert [frame.fate for frame in world.bench.wire.frames] == ["unreachable"] * 2
    assert not world.nic.heard


def test_frame_for_another_address_stays_on_the_wire() -> None:
    world = World()
    associated(world)
    world.bench.wire.send(Ether(src=PEER_MAC, dst="02:00:00:00:00:77", type=0x88B5) / b"x")
    world.run(world.bench.idle(for_=1 * MS))
    assert not world.nic.heard and world.bench.wire.frames[-1].fate == "unreachable"


def test_cable_is_not_plugged_in() -> None:
    world = World()
    associated(world)
    world.bench.wire.send(Ether(src=PEER_MAC, dst="ff:ff:ff:ff:ff:ff", type=0x88B5) / b"x")
    world.run(world.bench.idle(for_=1 * MS))
    assert len(world.nic.heard) == 1
    assert not [payload for _, kind, payload in world.board.happened if kind == link.FRAME and payload[0] == 0xFF]


def test_cable_and_air_are_one_segment_when_both_are_there() -> None:
    world = World()
    associated(world)
    world.bench.interface = "eth"
    ports: list[int] = []
    world.board.on_frame = lambda port, payload: ports.append(port)
    world.bench.wire.send(Ether(src=PEER_MAC, dst="ff:ff:ff:ff:ff:ff", type=0x88B5) / b"x")
    world.bench.wire.send(Ether(src=PEER_MAC, dst=NIC_MAC, type=0x88B5) / b"x")
    world.bench.wire.send(Ether(src=PEER_MAC, dst="02:00:00:00:00:01", type=0x88B5) / b"x")
    world.run(world.bench.idle(for_=1 * MS))
    assert ports == [0, 1, 1, 0]
    with pytest.raises(ValueError, match="by eth or wifi"):
        world.bench.interface = "can"


def test_faults_of_the_wire_and_of_the_air_both_count() -> None:
    world = World()
    associated(world)
    world.bench.wire.faults.to_board = Faults(delay=2 * MS)
    world.air.faults.to_board = Faults(delay=3 * MS)
    world.bench.wire.send(Ether(src=PEER_MAC, dst=NIC_MAC, type=0x88B5) / b"x")
    world.run(world.bench.idle(for_=10 * MS))
    assert [at for at, _, _ in world.nic.heard] == [4 * MS + 5 * MS]


def test_stations_of_the_air_reach_each_other_without_the_wire() -> None:
    world = World()
    one_ap, other_ap = world.wpa2(channel=1), world.wpa2(channel=11)

    async def case() -> None:
        one, other = world.air.station(), world.air.station()
        await one.join("net", one_ap.password, bssid=one_ap.bssid, within=5 * SEC)
        await other.join("net", one_ap.password, bssid=other_ap.bssid, within=5 * SEC)
        host = one.host("10.0.0.21")
        other.host("10.0.0.22")
        assert await host.icmp.ping("10.0.0.22", b"hello", within=1 * SEC) == b"hello"

    world.run(case())
    assert not [frame for frame in world.bench.wire.frames if frame.ip is not None]


def test_data_before_the_handshake_is_over_is_not_accepted() -> None:
    """It would be a fault of the NIC, so nobody accounts for it."""
    world = World()
    ap = world.wpa2()
    rsn_element = ap.rsn_element
    world.nic.say(2 * MS, world.nic.auth(ap.address))
    request = world.nic.assoc(ap.address, b"net", rsn_element, capability=frames.ESS | frames.PRIVACY)
    world.nic.say(3 * MS, request)
    packet = Ether(src=NIC_MAC, dst=PEER_MAC) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2)
    world.nic.say(4 * MS, world.nic.data(ap.address, bytes(packet)))
    world.bench.run(world.bench.idle(for_=5 * MS))
    with pytest.raises(StrayFrame, match="Data 02:00:00:00:00:81"):
        world.bench.check()
    assert not world.bench.wire.frames and ap.stations[NIC_MAC].refused == 1


def test_same_seed_gives_the_same_trace() -> None:
    def trace() -> str:
        world = World()
        ap = world.wpa2()

        async def case() -> None:
            station = await world.joined(ap)
            await station.host("10.0.0.1").icmp.ping("10.0.0.2", within=1 * SEC)

        world.run(case())
        return world.bench.trace.hexdigest()

    assert trace() == trace()
