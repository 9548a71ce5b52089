"""Many sockets at once, all of them working, and what is left of every stack.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import AF_INET, AF_INET6, MS, SEC, SOCK_DGRAM, SOCK_RAW, RemoteIOError, covers
from sockbench.peers.address import ip_bytes

from conformance.ipv6.link import BOARD_LOCAL, PEER_LOCAL, up6
from conformance.scenes import BOARD, DEVICE, raises_at_once
from conformance.tcp.stream import pattern

# What has to be left of each stack at its fullest, in bytes: more than an exception frame with the floating point
# registers, which comes on top of whatever was reached when an interrupt strikes at the worst moment.
RESERVE = 512
EXPERIMENT = 200
# Threads that calls run on, beside the one that the agent takes by itself.
WORKERS = 8
FAMILIES = ((AF_INET, DEVICE, "10.0.0.2"), (AF_INET6, BOARD_LOCAL, PEER_LOCAL))


class Sockets:
    """64 sockets of the board: 16 streams, 12 datagram and 4 raw sockets of each family, and their far ends."""

    def __init__(self, target: Any, wire: Any) -> None:
        self.target = target
        self.wire = wire
        self.streams: list[tuple[Any, Any]] = []
        self.datagrams: list[tuple[Any, Any, str, int]] = []
        self.raws: list[tuple[Any, Any, str, str, int]] = []

    async def open(self) -> None:
        """Open them all; half of the streams are accepted, half have connected."""
        peer = self.wire.peer
        for family, own, far in FAMILIES:
            listener = await self.target.socket(family)
            await listener.bind(80)
            await listener.listen(8)
            for number in range(16):
                if number % 2:
                    conn = peer.tcp.connect(80, to=own)
                    await conn.established(within=1 * SEC)
                    sock, _ = await listener.accept()
                else:
                    port = 8000 + number + (100 if family is AF_INET6 else 0)
                    waiting = peer.tcp.listen(port)
                    sock = await self.target.socket(family)
                    await sock.connect((far, port))
                    conn = await waiting.accept(within=1 * SEC)
                self.streams.append((sock, conn))
            await listener.close()
            for number in range(12):
                port = 5000 + number
                sock = await self.target.socket(family, SOCK_DGRAM)
                await sock.bind(port)
                end = peer.udp.bind(port + (1000 if family is AF_INET6 else 0))
                self.datagrams.append((sock, end, own, port))
            for number in range(4):
                sock = await self.target.socket(family, SOCK_RAW, EXPERIMENT + number)
                self.raws.append((sock, family, own, far, EXPERIMENT + number))

    async def work(self, text: bytes, backwards: bool = False) -> None:
        """Send something of its own to and from each of them; nobody gets what is another's."""
        step = -1 if backwards else 1
        for number, (sock, conn) in list(enumerate(self.streams))[::step]:
            data = b"%s stream %d" % (text, number)
            conn.send(data)
            await sock.sendall(data)
        for number, (_, end, own, port) in list(enumerate(self.datagrams))[::step]:
            end.send(b"%s datagram %d" % (text, number), to=(own, port))
        for number, (_, family, own, far, protocol) in list(enumerate(self.raws))[::step]:
            data = b"%s raw %d" % (text, number)
            if family is AF_INET:
                packet = IP(src=far, dst=own, proto=protocol) / Raw(data)
                self.wire.send(Ether(src=self.wire.peer.mac, dst=BOARD) / packet)
            else:
                self.wire.peer.send_ip(ip_bytes(own), protocol, data, source=ip_bytes(far))
        await asyncio.sleep(10 * MS)
        for number, (sock, conn) in enumerate(self.streams):
            data = b"%s stream %d" % (text, number)
            assert await sock.recv(len(data)) == data
            assert await conn.recv(len(data), within=5 * SEC) == data
        for number, (sock, end, _, _) in enumerate(self.datagrams):
            data, sender = await sock.recvfrom(100)
            assert data == b"%s datagram %d" % (text, number)
            await sock.sendto(data, sender)
            assert (await end.recv(within=1 * SEC)).data == data
        for number, (sock, family, _, _, _) in enumerate(self.raws):
            data = await sock.recv(100)
            assert data[20 if family is AF_INET else 0 :] == b"%s raw %d" % (text, number)


@pytest.mark.parametrize("backwards", [False, True], ids=["in-order", "backwards"])
@covers("limits.sixty-four-sockets", "socket.independent")
async def test_sixty_four_sockets_of_every_kind_work_at_once(cold_target, wire, backwards):
    """Three rounds over all of them, then one is closed and another opened in its place."""
    await up6(cold_target, wire)
    await wire.peer.icmp.ping(DEVICE, within=1 * SEC)
    sockets = Sockets(cold_target, wire)
    await sockets.open()
    assert len(sockets.streams) + len(sockets.datagrams) + len(sockets.raws) == 64
    for text in (b"first", b"second", b"third"):
        await sockets.work(text, backwards)
    sock, end, own, port = sockets.datagrams.pop()
    await sock.close()
    anew = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    await anew.bind(port)
    sockets.datagrams.append((anew, end, own, port))
    await sockets.work(b"fourth", backwards)


@covers("limits.sixty-four-sockets", "close.wakes-blocked")
async def test_network_goes_down_under_sixty_four_sockets(cold_target, wire):
    """Nothing hangs, nothing dies: the sockets can be closed, and new ones work when the network is back."""
    await up6(cold_target, wire)
    await wire.peer.icmp.ping(DEVICE, within=1 * SEC)
    sockets = Sockets(cold_target, wire)
    await sockets.open()
    await sockets.work(b"before")
    wire.ignore(lambda frame: frame.outgoing)
    await cold_target.net_down()
    await asyncio.sleep(10 * SEC)
    for sock, *_ in [*sockets.streams, *sockets.datagrams, *sockets.raws]:
        await sock.close()
        await sock.drop()
    for _, conn in sockets.streams:
        conn.vanish()
    for _, end, _, _ in sockets.datagrams:
        end.close()
    await up6(cold_target, wire)
    again = Sockets(cold_target, wire)
    await again.open()
    await again.work(b"after")


@covers("limits.stack-reserve")
async def test_every_stack_keeps_its_reserve(cold_target, wire, tasks):
    """Streams both ways, large datagrams, errors and a network that goes down, on as many threads at once."""
    await up6(cold_target, wire)
    await wire.peer.icmp.ping(DEVICE, within=1 * SEC)
    sockets = Sockets(cold_target, wire)
    await sockets.open()
    await sockets.work(b"load")
    wire.ignore(lambda frame: frame.outgoing)
    data = pattern(20_000)
    busy = []
    for number, (sock, conn) in enumerate(sockets.streams[:: len(sockets.streams) // (WORKERS // 2)]):
        conn.send(data)
        for method, argument in (("recv", 20_000), ("sendall", data)):
            view = cold_target.thread(f"{method}-{number}").of(sock)
            busy.append(tasks.start(view.call(method, argument)))
    for call in busy:
        assert await call in (data, None)
    reader = cold_target.thread("recv-0")
    for family, own, far in FAMILIES:
        for number in range(WORKERS // 2):
            thread = cold_target.thread(f"sendall-{number}")
            sock = thread.of(await thread.socket(family, SOCK_DGRAM))
            await sock.bind(9000 + number)
            await sock.sendto(pattern(60_000), (far, 9))
            end = wire.peer.udp.bind(10_000 + number + (100 if family is AF_INET6 else 0))
            end.send(pattern(60_000), to=(own, 9000 + number))
            assert await reader.of(sock).recv(65_535) == pattern(60_000)
            await raises_at_once(sock.bind(9000), RemoteIOError)
    await cold_target.net_down()
    await up6(cold_target, wire)
    threads = (await cold_target.stats())["threads"]
    assert {"lwip", "agent", cold_target.interface, "can"} <= set(threads) and len(threads) == 4 + 1 + WORKERS
    assert min(threads.values()) >= RESERVE, threads
