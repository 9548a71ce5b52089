# SPDX-License-Identifier: GPL-2.0-or-later
"""The ICMPv6 of a host (RFC 4443): echo both ways and errors on request. Neighbour discovery is in `nd`."""

from __future__ import annotations

import asyncio

from sockbench.peers.address import ip_bytes
from sockbench.peers.headers import PROTOCOL_ICMPV6, Icmp, IpPacket, build_icmp, pseudo_sum
from sockbench.peers.icmp import HasData, Network
from sockbench.peers.waiting import Waiters

UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM, ECHO_REQUEST, ECHO_REPLY = 1, 2, 3, 4, 128, 129
QUOTED_BYTES_MAX = 1280 - 40 - 8  # RFC 4443 3.1: as much as fits the minimum MTU.


class Icmp6Service:
    """`peer.icmp6`. `echo` tells whether echo requests are answered, `delay` how many nanoseconds later."""

    def __init__(self, network: Network, loop: asyncio.AbstractEventLoop) -> None:
        self._network = network
        self._loop = loop
        self._next_identifier = 1
        self._replies: dict[int, bytes] = {}
        self._asked: set[int] = set()
        self._waiters = Waiters(loop)
        self.echo = True
        self.delay = 0

    def error(
        self,
        frame: HasData | bytes,
        type: int,
        code: int = 0,
        *,
        rest: int = 0,
        source: str | None = None,
        at: int | None = None,
    ) -> None:
        """Send the error to the sender of `frame`, quoting as much of its packet as an error may."""
        data = (frame if isinstance(frame, bytes) else frame.data)[14:]
        quote = data[: min(40 + int.from_bytes(data[4:6], "big"), QUOTED_BYTES_MAX)]
        destination = data[8:24]
        origin = self._network.source_for(destination) if source is None else ip_bytes(source)
        self._send(Icmp(type, code, rest, quote), origin, destination, at)

    def unreachable(self, frame: HasData | bytes, code: int = 4, *, at: int | None = None) -> None:
        """Send destination unreachable; code 0 no route, 1 prohibited, 3 address, 4 port."""
        self.error(frame, UNREACHABLE, code, at=at)

    def packet_too_big(self, frame: HasData | bytes, mtu: int, *, at: int | None = None) -> None:
        """Send packet too big with the next hop's MTU."""
        self.error(frame, PACKET_TOO_BIG, rest=mtu, at=at)

    def time_exceeded(self, frame: HasData | bytes, code: int = 0, *, at: int | None = None) -> None:
        """Send time exceeded; code 0 in transit, 1 reassembly."""
        self.error(frame, TIME_EXCEEDED, code, at=at)

    async def ping(self, ip: str, data: bytes = b"", *, within: int) -> bytes:
        """Send an echo request and return the data of its reply; raise Expired after `within` ns."""
        identifier = self._next_identifier
        self._next_identifier = identifier % 0xFFFF + 1
        destination = ip_bytes(ip)
        rest = identifier << 16 | 1
        self._asked.add(rest)  # An answer may come in the same instant.
        self._send(Icmp(ECHO_REQUEST, 0, rest, data), self._network.source_for(destination), destination, None)
        try:
            await self._waiters.until(
                lambda: rest in self._replies, within=within, wanted=f"an echo reply from {ip}", seen=lambda: "none"
            )
        finally:
            self._asked.discard(rest)
        return self._replies.pop(rest)

    def receive(self, packet: IpPacket, message: Icmp) -> bool:
        """Act on a message; return whether it was a request we answer or a reply we wait for."""
        if message.type == ECHO_REQUEST and self.echo:
            at = int(self._loop.time()) + self.delay if self.delay else None
            source = packet.destination if packet.destination[0] != 0xFF else self._network.source_for(packet.source)
            self._send(Icmp(ECHO_REPLY, 0, message.rest, message.payload), source, packet.source, at)
            return True
        if message.type == ECHO_REPLY and message.rest in self._asked:
            self._replies[message.rest] = message.payload
            self._waiters.notify()
            return True
        return False

    def refused(self, packet: IpPacket, header: bytes) -> None:
        """Send port unreachable for a datagram that nobody wanted; `header` is its IPv6 header."""
        self.error(bytes(14) + header + packet.payload, UNREACHABLE, 4)

    def _send(self, message: Icmp, source: bytes, destination: bytes, at: int | None) -> None:
        pseudo = pseudo_sum(source, destination) + PROTOCOL_ICMPV6 + 8 + len(message.payload)
        data = build_icmp(message, pseudo=pseudo)
        self._network.send_ip(destination, PROTOCOL_ICMPV6, data, source=source, at=at)
