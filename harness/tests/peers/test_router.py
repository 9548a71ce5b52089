# SPDX-License-Identifier: GPL-2.0-or-later
"""A router forwards as RFC 1812 says, says by ICMP why it does not, and misbehaves when told to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sockbench.packets import ICMP, IP, UDP, Ether
from sockbench.peers import Gateway, Host
from sockbench.peers.errors import Expired
from sockbench.peers.icmp import TIME_EXCEEDED, UNREACHABLE

from .world import MS, SEC, World


class Routed(World):
    """Host 10.0.0.1, a router 10.0.0.254 | 10.0.1.254, host 10.0.1.2 behind it."""

    def __init__(self) -> None:
        super().__init__(latency=0)
        self.board.gateway = "10.0.0.254"
        send = self.cable._carrier()
        self.gateway = Gateway("10.0.0.254", "02:00:00:00:00:fe", far_ip="10.0.1.254", send=send, loop=self.loop)
        self.cable.hosts.append(self.gateway)  # type: ignore[arg-type]
        self.far: Host = self.gateway.host("10.0.1.2")

    def errors(self) -> list[tuple[int, int]]:
        """Return type and code of the ICMP errors that crossed the cable."""
        found = []
        for _, frame in self.cable.frames:
            packet = Ether(frame)
            if ICMP in packet and packet[ICMP].type in (UNREACHABLE, TIME_EXCEEDED):
                found.append((packet[ICMP].type, packet[ICMP].code))
        return found


def test_echo_crosses_the_router_both_ways_and_loses_a_hop_each_time() -> None:
    world = Routed()

    async def case() -> None:
        assert await world.board.icmp.ping("10.0.1.2", b"there", within=1 * SEC) == b"there"
        assert await world.far.icmp.ping("10.0.0.1", b"back", within=1 * SEC) == b"back"

    world.run(case())
    assert [IP(packet).ttl for _, packet in world.gateway.forwarded] == [63] * 4
    for _, packet in world.gateway.forwarded:
        read = IP(packet)
        was = read.chksum
        del read.chksum
        assert IP(bytes(read)).chksum == was


def test_its_own_addresses_answer_on_both_sides() -> None:
    world = Routed()

    async def case() -> None:
        await world.board.icmp.ping("10.0.0.254", within=1 * SEC)
        await world.far.icmp.ping("10.0.1.254", within=1 * SEC)

    world.run(case())
    assert not world.gateway.forwarded


@pytest.mark.parametrize(("ttl", "arrives"), [(1, False), (2, True)])
def test_packet_without_a_hop_left_goes_no_further(ttl: int, arrives: bool) -> None:
    world = Routed()

    async def case() -> None:
        if arrives:
            await world.board.icmp.ping("10.0.1.2", within=1 * SEC, ttl=ttl)
        else:
            with pytest.raises(Expired):
                await world.board.icmp.ping("10.0.1.2", within=1 * SEC, ttl=ttl)

    world.run(case())
    assert world.errors() == ([] if arrives else [(TIME_EXCEEDED, 0)])


async def datagram(world: Routed, to: str, size: int = 10) -> None:
    """Send a datagram and let half a minute pass."""
    world.board.udp.bind(9).send(bytes(size), to=(to, 7))
    await world.pass_time(30 * SEC)


def test_no_route_is_net_unreachable_and_no_host_is_host_unreachable() -> None:
    world = Routed()

    async def case() -> None:
        await datagram(world, "192.168.1.1")
        assert world.errors() == [(UNREACHABLE, 0)]
        started = world.now
        world.board.udp.bind(10).send(b"x", to=("10.0.1.77", 7))
        await world.pass_time(30 * SEC)
        assert world.errors() == [(UNREACHABLE, 0), (UNREACHABLE, 1)]
        at = [at for at, frame in world.cable.frames if ICMP in Ether(frame)][-1]
        assert at - started == 5 * SEC

    world.run(case())


def test_errors_are_not_said_about_errors_nor_when_told_not_to() -> None:
    world = Routed()

    async def case() -> None:
        world.board.icmp.error(bytes(14) + bytes(IP(src="192.168.1.1", dst="10.0.0.1") / UDP()), UNREACHABLE, 3)
        await world.pass_time(1 * SEC)
        assert len(world.errors()) == 1  # That of the board itself.
        world.gateway.errors = False
        await datagram(world, "192.168.1.1")
        assert len(world.errors()) == 1

    world.run(case())


def test_packet_larger_than_the_far_subnet_takes_is_fragmented() -> None:
    world = Routed()
    world.gateway.mtu = 600
    endpoint = world.far.udp.bind(7)

    async def case() -> None:
        await datagram(world, "10.0.1.2", 1400)
        assert (await endpoint.recv(within=1)).data == bytes(1400)
        sizes = [len(packet) for _, packet in world.gateway.forwarded]
        assert len(sizes) == 3 and max(sizes) <= 600

    world.run(case())


def test_packet_that_must_not_be_fragmented_is_refused_with_the_mtu() -> None:
    world = Routed()
    world.gateway.mtu = 600
    packet = IP(src="10.0.0.1", dst="10.0.1.2", flags="DF") / UDP(sport=1, dport=2) / bytes(1000)
    frame = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:fe") / packet

    async def case() -> None:
        world.gateway.near.arp.know("10.0.0.1", "02:00:00:00:00:01")
        world.gateway.receive(bytes(frame))
        await world.pass_time(1 * MS)
        said = Ether(world.cable.frames[-1][1])[ICMP]
        assert (said.type, said.code, said.nexthopmtu) == (UNREACHABLE, 4, 600)

    world.run(case())


def lose(gateway: Gateway) -> None:
    gateway.edit = lambda packet: None


def age(gateway: Gateway) -> None:
    gateway.hops = 64


def stop(gateway: Gateway) -> None:
    gateway.enabled = False


@pytest.mark.parametrize("change", [lose, age, stop])
def test_router_that_does_not_forward(change: Callable[[Gateway], None]) -> None:
    world = Routed()
    change(world.gateway)

    async def case() -> None:
        with pytest.raises(Expired):
            await world.board.icmp.ping("10.0.1.2", within=10 * SEC)

    world.run(case())


def test_router_takes_its_time() -> None:
    world = Routed()
    world.gateway.delay = 30 * MS

    async def case() -> None:
        started = world.now
        await world.board.icmp.ping("10.0.1.2", within=1 * SEC)
        assert world.now - started == 60 * MS

    world.run(case())


def test_tcp_works_through_the_router() -> None:
    world = Routed()

    async def case() -> None:
        listener = world.far.tcp.listen(80)
        connection = world.board.tcp.connect(80, to="10.0.1.2")
        other = await listener.accept(within=1 * SEC)
        connection.send(bytes(50_000))
        assert len(await other.recv(50_000, within=10 * SEC)) == 50_000

    world.run(case())
