# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6 of a host against another host, and its neighbour discovery against Scapy."""

from __future__ import annotations

from random import Random

import pytest
from scapy.layers.inet import UDPerror
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6PacketTooBig,
    IPerror6,
    IPv6,
)
from scapy.layers.l2 import Ether
from sockbench.peers.errors import Expired
from sockbench.peers.nd import Prefix, Router

from .world import MS, SEC, US, World, both

BOARD_MAC = "02:00:00:00:00:01"


def frames_of(world: World, host: int) -> list[Ether]:
    return [Ether(frame) for _, frame in world.cable.frames if frame[11] == host]


@pytest.mark.parametrize("address", ["2001:db8::2", "fe80::ff:fe00:2"])
def test_neighbours_find_each_other_and_ping(address: str) -> None:
    world = World()

    async def main() -> None:
        assert await world.board.icmp6.ping(address, bytes(4000), within=SEC) == bytes(4000)
        assert world.board.nd.table == {address: world.peer.mac}

    world.run(main())
    solicitation, advertisement = frames_of(world, 1)[0], frames_of(world, 2)[0]
    assert solicitation.dst == "33:33:ff:00:00:02" and solicitation[IPv6].dst == "ff02::1:ff00:2"
    assert (solicitation[ICMPv6ND_NS].tgt, solicitation[ICMPv6NDOptSrcLLAddr].lladdr) == (address, BOARD_MAC)
    assert (advertisement[ICMPv6ND_NA].tgt, advertisement[ICMPv6NDOptDstLLAddr].lladdr) == (address, world.peer.mac)
    assert (advertisement[ICMPv6ND_NA].S, advertisement[ICMPv6ND_NA].O, advertisement[IPv6].hlim) == (1, 1, 255)


def test_solicitations_are_answered_late_wrong_or_never_on_request() -> None:
    world = World()

    async def main() -> None:
        world.peer.nd.delay = 2 * SEC
        world.peer.nd.answer_mac = "02:00:00:00:00:99"
        assert await world.board.nd.resolve("2001:db8::2", within=3 * SEC) == "02:00:00:00:00:99"
        assert world.now == 2 * SEC + 2 * 50 * US
        world.peer.nd.enabled = False
        with pytest.raises(Expired):
            await world.board.nd.resolve("2001:db8::2", within=SEC)

    world.run(main())


def test_duplicate_address_detection_is_answered_to_all_nodes() -> None:
    world = World()
    probe = (
        Ether(src=BOARD_MAC, dst="33:33:ff:00:00:02")
        / IPv6(src="::", dst="ff02::1:ff00:2", hlim=255)
        / ICMPv6ND_NS(tgt="2001:db8::2")
    )
    assert world.peer.receive(bytes(probe))
    answer = Ether(world.cable.frames[-1][1])
    assert (answer.dst, answer[IPv6].dst, answer[ICMPv6ND_NA].S) == ("33:33:00:00:00:01", "ff02::1", 0)
    routed = bytes(probe).replace(b"\x3a\xff", b"\x3a\xfe", 1)
    assert not world.peer.receive(routed), "a solicitation from another link was answered"
    world.loop.close()


def test_router_advertises_what_it_is_told() -> None:
    world = World()
    asked = Ether(src=BOARD_MAC, dst="33:33:00:00:00:02") / IPv6(src="fe80::1", dst="ff02::2", hlim=255) / ICMPv6ND_RS()
    assert not world.peer.receive(bytes(asked))
    world.peer.nd.router = Router(
        prefixes=(Prefix(prefix="2001:db8:1::", valid=100, preferred=50), Prefix(prefix="2001:db8:2::", on_link=False)),
        lifetime=600,
        managed=True,
        mtu=1400,
    )
    world.peer.nd.know("fe80::1", BOARD_MAC)
    assert world.peer.receive(bytes(asked))
    answer = Ether(world.cable.frames[-1][1])
    advertisement = answer[ICMPv6ND_RA]
    assert (answer[IPv6].src, answer[IPv6].dst, answer[IPv6].hlim) == (world.peer.link_local, "fe80::1", 255)
    assert (advertisement.routerlifetime, advertisement.M, advertisement.O, advertisement.chlim) == (600, 1, 0, 64)
    assert answer[ICMPv6NDOptMTU].mtu == 1400 and answer[ICMPv6NDOptSrcLLAddr].lladdr == world.peer.mac
    first = answer[ICMPv6NDOptPrefixInfo]
    assert (first.prefix, first.prefixlen, first.validlifetime, first.preferredlifetime) == (
        "2001:db8:1::",
        64,
        100,
        50,
    )
    assert (first.L, first.A) == (1, 1)
    second = first.payload.getlayer(ICMPv6NDOptPrefixInfo)
    assert (second.prefix, second.L, second.A) == ("2001:db8:2::", 0, 1)
    sent = bytes(answer)
    del answer[ICMPv6ND_RA].cksum
    assert bytes(answer) == sent
    world.loop.close()


@pytest.mark.parametrize("size", [0, 1, 1452, 1453, 65_507])
def test_datagrams_of_every_size_cross_whole(size: int) -> None:
    world = World()
    content = Random(size).randbytes(size)

    async def main() -> None:
        ours, theirs = world.board.udp.bind(6000), world.peer.udp.bind(5000)
        ours.send(content, to=("2001:db8::2", 5000))
        there = await theirs.recv(within=SEC)
        assert (there.data, there.source) == (content, ("2001:db8::1", 6000))
        theirs.send(content, to=there.source)
        assert (await ours.recv(within=SEC)).data == content

    world.run(main())
    assert max(len(frame) for _, frame in world.cable.frames) <= 1514


def test_refused_port_and_too_big_quote_the_packet() -> None:
    world = World()

    async def main() -> None:
        world.peer.udp.refuse(5000)
        world.board.udp.bind(6000).send(b"hello", to=("2001:db8::2", 5000))
        await world.pass_time(MS)
        world.peer.icmp6.packet_too_big(next(bytes(f) for f in reversed(frames_of(world, 1))), 1280)

    world.run(main())
    refusal, too_big = frames_of(world, 2)[-2:]
    assert refusal[ICMPv6DestUnreach].code == 4 and too_big[ICMPv6PacketTooBig].mtu == 1280
    for error in (refusal, too_big):
        assert (error[IPerror6].dst, error[UDPerror].dport, error[UDPerror].sport) == ("2001:db8::2", 5000, 6000)


def test_tcp_is_the_same_over_ipv6() -> None:
    world = World(loss=0.05, reorder=0.1, seed=2)
    content = Random(1).randbytes(200_000)

    async def main() -> None:
        world.board.nd.know("2001:db8::2", world.peer.mac)
        listener = world.peer.tcp.listen(80)
        ours = world.board.tcp.connect(80, to="2001:db8::2")
        theirs = await listener.accept(within=100 * SEC)
        assert (ours.mss, theirs.mss) == (1440, 1440)
        ours.send(content)
        theirs.send(content)
        received = await both(theirs.recv(len(content), within=600 * SEC), ours.recv(len(content), within=600 * SEC))
        assert received == [content, content]
        assert theirs.remote_ip == "2001:db8::1"
        ours.finish()
        theirs.finish()
        await both(ours.closed(within=60 * SEC), theirs.closed(within=60 * SEC))

    world.run(main())


def test_group_is_heard_only_after_joining() -> None:
    world = World()

    async def main() -> None:
        theirs = world.peer.udp.bind(5000)
        ours = world.board.udp.bind(6000)
        ours.send(b"before", to=("ff02::1234", 5000))
        await world.pass_time(MS)
        world.peer.join("ff02::1234")
        ours.send(b"after", to=("ff02::1234", 5000))
        assert (await theirs.recv(within=SEC)).data == b"after"

    world.run(main())
