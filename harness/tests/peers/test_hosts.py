# SPDX-License-Identifier: GPL-2.0-or-later
"""ARP, ICMP, UDP and fragmentation of a host, against another host."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from sockbench.peers import Host
from sockbench.peers.errors import Expired
from sockbench.peers.fragments import LIFETIME_NS, Reassembly
from sockbench.peers.headers import IpPacket

from .world import MS, SEC, US, VirtualLoop, World, both


def test_unknown_neighbour_is_asked_for_once_and_gets_all_packets() -> None:
    world = World()

    async def main() -> None:
        endpoint = world.peer.udp.bind(5000)
        sender = world.board.udp.bind(6000)
        for text in (b"one", b"two"):
            sender.send(text, to=("10.0.0.2", 5000))
        assert (await endpoint.recv(within=SEC)).data == b"one"
        assert (await endpoint.recv(within=SEC)).data == b"two"

    world.run(main())
    kinds = [Ether(frame).type for _, frame in world.cable.frames]
    assert kinds == [0x0806, 0x0806, 0x0800, 0x0800]


def test_arp_answers_late_wrong_or_never_on_request() -> None:
    world = World()

    async def main() -> None:
        assert await world.board.arp.resolve("10.0.0.2", within=SEC) == world.peer.mac
        assert world.now == 100 * US
        world.peer.arp.delay = 3 * SEC
        world.peer.arp.answer_mac = "02:00:00:00:00:99"
        assert await world.board.arp.resolve("10.0.0.2", within=4 * SEC) == "02:00:00:00:00:99"
        assert world.now == 3 * SEC + 200 * US
        world.peer.arp.enabled = False
        with pytest.raises(Expired, match="an ARP answer for 10.0.0.2"):
            await world.board.arp.resolve("10.0.0.2", within=SEC)

    world.run(main())
    assert len(world.cable.unwanted) == 1


def test_announcement_updates_who_knows_us() -> None:
    world = World()

    async def main() -> None:
        await world.board.arp.resolve("10.0.0.2", within=SEC)
        world.peer.arp.announce(mac="02:00:00:00:00:77")
        await world.pass_time(MS)
        assert world.board.arp.table == {"10.0.0.2": "02:00:00:00:00:77"}

    world.run(main())
    last = Ether(world.cable.frames[-1][1])
    assert (last.dst, last[ARP].psrc, last[ARP].pdst) == ("ff:ff:ff:ff:ff:ff", "10.0.0.2", "10.0.0.2")


def test_echo_is_answered_unless_switched_off() -> None:
    world = World()

    async def main() -> None:
        assert await world.board.icmp.ping("10.0.0.2", b"abc" * 1000, within=SEC) == b"abc" * 1000
        world.peer.icmp.delay = 2 * SEC
        start = world.now
        assert await world.board.icmp.ping("10.0.0.2", b"", within=3 * SEC) == b""
        assert world.now - start == 2 * SEC + 100 * US
        world.peer.icmp.echo = False
        with pytest.raises(Expired):
            await world.board.icmp.ping("10.0.0.2", within=SEC)

    world.run(main())


@pytest.mark.parametrize("size", [0, 1, 1472, 1473, 2952, 65_507])
def test_datagrams_of_every_size_cross_whole(size: int) -> None:
    world = World()
    content = bytes(at * 7 & 0xFF for at in range(size))

    async def main() -> None:
        ours, theirs = world.board.udp.bind(6000), world.peer.udp.bind(5000)
        ours.send(content, to=("10.0.0.2", 5000))
        there = await theirs.recv(within=SEC)
        assert (there.data, there.source, there.destination) == (content, ("10.0.0.1", 6000), ("10.0.0.2", 5000))
        theirs.send(there.data, to=there.source)
        assert (await ours.recv(within=SEC)).data == content

    world.run(main())
    sizes = [len(frame) for _, frame in world.cable.frames]
    assert max(sizes) <= 1514


def test_datagram_that_is_too_large_is_refused() -> None:
    world = World()

    async def main() -> None:
        with pytest.raises(ValueError, match="65507"):
            world.board.udp.bind().send(bytes(65_508), to=("10.0.0.2", 5000))

    world.run(main())


def test_fragments_in_any_order_and_twice_make_one_datagram() -> None:
    world = World(reorder=0.5, duplicate=0.3, seed=4)

    async def main() -> None:
        theirs = world.peer.udp.bind(5000)
        world.board.udp.bind(6000).send(bytes(range(256)) * 200, to=("10.0.0.2", 5000))
        assert (await theirs.recv(within=SEC)).data == bytes(range(256)) * 200
        assert not theirs.pending

    world.run(main())


def fragment(offset: int, payload: bytes, more: bool) -> IpPacket:
    return IpPacket(b"\x0a\0\0\1", b"\x0a\0\0\2", 17, 64, payload, 5, offset, more)


def test_overlapping_fragments_end_the_datagram() -> None:
    table = Reassembly()
    assert table.add(fragment(0, bytes(16), True), 0) is None
    assert table.add(fragment(8, bytes(16), True), 0) is None
    assert table.add(fragment(24, b"end", False), 0) is None


def test_fragments_are_forgotten_at_their_lifetime_and_not_before() -> None:
    for elapsed, whole in ((LIFETIME_NS - 1, True), (LIFETIME_NS, False)):
        table = Reassembly()
        assert table.add(fragment(0, bytes(8), True), 0) is None
        assert (table.add(fragment(8, b"end", False), elapsed) is not None) is whole


def test_refused_udp_port_quotes_the_datagram() -> None:
    world = World()

    async def main() -> None:
        world.peer.udp.refuse(5000)
        world.board.udp.bind(6000).send(b"hello world", to=("10.0.0.2", 5000))
        await world.pass_time(SEC)

    world.run(main())
    error = Ether(world.cable.frames[-1][1])
    assert (error[ICMP].type, error[ICMP].code) == (3, 3)
    quote = IP(bytes(error[ICMP].payload))
    assert (quote.src, quote.dst, quote[UDP].sport, quote[UDP].dport) == ("10.0.0.1", "10.0.0.2", 6000, 5000)


@pytest.mark.parametrize(
    ("method", "argument", "type_", "code", "field"),
    [
        ("unreachable", 1, 3, 1, {}),
        ("fragmentation_needed", 576, 3, 4, {"nexthopmtu": 576}),
        ("time_exceeded", 1, 11, 1, {}),
        ("parameter_problem", 9, 12, 0, {"ptr": 9}),
        ("redirect", "10.0.0.254", 5, 1, {"gw": "10.0.0.254"}),
    ],
)
def test_icmp_errors_quote_the_frame_they_answer(
    method: str, argument: object, type_: int, code: int, field: dict[str, object]
) -> None:
    world = World()
    frame = bytes(
        Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        / IP(src="10.0.0.1", dst="10.0.0.2")
        / UDP(sport=1, dport=2)
        / b"xyz"
    )

    async def main() -> None:
        world.peer.arp.know("10.0.0.1", world.board.mac)
        getattr(world.peer.icmp, method)(frame, argument)

    world.run(main())
    error = Ether(world.cable.frames[-1][1])[ICMP]
    assert (error.type, error.code) == (type_, code)
    assert {name: getattr(error, name) for name in field} == field
    assert bytes(error.payload)[:28] == frame[14:42]


def test_strangers_frames_are_not_accounted_for() -> None:
    world = World()

    async def main() -> None:
        sender = world.board.udp.bind(6000)
        sender.send(b"nobody", to=("10.0.0.2", 5000))
        world.board.tcp.connect(80, to="10.0.0.2")
        await world.pass_time(MS)

    world.run(main())
    assert len(world.cable.unwanted) == 2


def test_broadcast_and_joined_group_reach_the_endpoint() -> None:
    world = World()

    async def main() -> None:
        world.peer.join("224.1.2.3")
        theirs = world.peer.udp.bind(5000)
        ours = world.board.udp.bind(6000)
        for address in ("255.255.255.255", "10.0.0.255", "224.1.2.3", "224.1.2.4"):
            ours.send(address.encode(), to=(address, 5000))
        await world.pass_time(MS)
        assert [got.data for got in theirs.received] == [b"255.255.255.255", b"10.0.0.255", b"224.1.2.3"]

    world.run(main())
    assert [Ether(frame).dst for _, frame in world.cable.frames][-1] == "01:00:5e:01:02:04"


def test_deaf_host_answers_nothing() -> None:
    world = World()

    async def main() -> None:
        world.peer.enabled = False
        with pytest.raises(Expired):
            await world.board.arp.resolve("10.0.0.2", within=SEC)

    world.run(main())


def test_wait_ends_exactly_at_its_deadline() -> None:
    world = World()

    async def main() -> None:
        endpoint = world.peer.udp.bind(5000)
        with pytest.raises(Expired, match="a datagram on UDP port 5000"):
            await endpoint.recv(within=7 * SEC + 1)
        assert world.now == 7 * SEC + 1
        world.board.arp.know("10.0.0.2", world.peer.mac)
        sender = world.board.udp.bind(6000)
        sender.send(b"x", to=("10.0.0.2", 5000), at=9 * SEC)
        wait = 9 * SEC + 50 * US - world.now
        got, _ = await both(endpoint.recv(within=wait), world.pass_time(5 * SEC))
        assert got.at == 9 * SEC + 50 * US

    world.run(main())


@pytest.mark.parametrize("within", [-1, 1.5, True, None])
def test_within_is_a_number_of_nanoseconds(within: object) -> None:
    world = World()

    async def main() -> None:
        with pytest.raises(ValueError, match="within="):
            await world.peer.udp.bind(5000).recv(within=within)  # type: ignore[arg-type]

    world.run(main())


@pytest.mark.parametrize("address", ["02:00", "zz:00:00:00:00:01", ""])
def test_malformed_mac_is_refused(address: str) -> None:
    loop = VirtualLoop()
    with pytest.raises(ValueError):
        Host("10.0.0.2", address, send=lambda frame, at: None, loop=loop)
    loop.close()
