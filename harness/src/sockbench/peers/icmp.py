# SPDX-License-Identifier: GPL-2.0-or-later
"""The ICMP of a host: answers echo requests, sends echo requests and, on request, every error (RFC 792)."""

from __future__ import annotations

import asyncio
from typing import Protocol

from sockbench.peers.address import ip_bytes, ip_text
from sockbench.peers.headers import PROTOCOL_ICMP, Icmp, IpPacket, build_icmp, parse_icmp
from sockbench.peers.waiting import Waiters

ECHO_REPLY, UNREACHABLE, SOURCE_QUENCH, REDIRECT, ECHO_REQUEST, TIME_EXCEEDED, PARAMETER_PROBLEM = (
    0,
    3,
    4,
    5,
    8,
    11,
    12,
)
FRAGMENTATION_NEEDED = 4
QUOTED_BYTES = 8  # RFC 792: header and 64 bits of the original datagram.


class Network(Protocol):
    """What ICMP needs of the host below it."""

    def send_ip(
        self, destination: bytes, protocol: int, payload: bytes, *, source: bytes, ttl: int = 64, at: int | None = None
    ) -> None:
        """Send a packet, now or at a virtual time."""

    def source_for(self, destination: bytes) -> bytes:
        """Return the host's own address of the destination's family."""


class HasData(Protocol):
    """A frame as the wire records it."""

    @property
    def data(self) -> bytes:
        """The frame's bytes."""


class IcmpService:
    """`peer.icmp`. `echo` tells whether echo requests are answered, `delay` how many nanoseconds later."""

    def __init__(self, network: Network, loop: asyncio.AbstractEventLoop) -> None:
        self._network = network
        self._loop = loop
        self._next_identifier = 1
        self._replies: dict[int, IpPacket] = {}
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
        quoted: int | None = QUOTED_BYTES,
        source: str | None = None,
        at: int | None = None,
    ) -> None:
        """Send the error to the sender of `frame`, quoting its IP header and `quoted` bytes (None: all) behind it."""
        data = (frame if isinstance(frame, bytes) else frame.data)[14:]
        header_bytes = (data[0] & 15) << 2
        total = int.from_bytes(data[2:4], "big")
        quote = data[: min(total, header_bytes + quoted)] if quoted is not None else data[:total]
        destination = data[12:16]
        origin = self._network.source_for(destination) if source is None else ip_bytes(source)
        message = build_icmp(Icmp(type, code, rest, quote))
        self._network.send_ip(destination, PROTOCOL_ICMP, message, source=origin, at=at)

    def unreachable(self, frame: HasData | bytes, code: int = 3, *, at: int | None = None) -> None:
        """Send destination unreachable; code 0 net, 1 host, 2 protocol, 3 port."""
        self.error(frame, UNREACHABLE, code, at=at)

    def fragmentation_needed(self, frame: HasData | bytes, mtu: int, *, at: int | None = None) -> None:
        """Send "fragmentation needed" with the next hop's MTU (RFC 1191 4)."""
        self.error(frame, UNREACHABLE, FRAGMENTATION_NEEDED, rest=mtu, at=at)

    def time_exceeded(self, frame: HasData | bytes, code: int = 0, *, at: int | None = None) -> None:
        """Send time exceeded; code 0 in transit, 1 reassembly."""
        self.error(frame, TIME_EXCEEDED, code, at=at)

    def parameter_problem(self, frame: HasData | bytes, pointer: int = 0, *, at: int | None = None) -> None:
        """Send parameter problem that points at byte `pointer` of the header."""
        self.error(frame, PARAMETER_PROBLEM, rest=pointer << 24, at=at)

    def source_quench(self, frame: HasData | bytes, *, at: int | None = None) -> None:
        """Send the source quench that RFC 6633 tells hosts to ignore."""
        self.error(frame, SOURCE_QUENCH, at=at)

    def redirect(self, frame: HasData | bytes, gateway: str, code: int = 1, *, at: int | None = None) -> None:
        """Send a redirect to `gateway`; code 0 for the net, 1 for the host."""
        self.error(frame, REDIRECT, code, rest=int.from_bytes(ip_bytes(gateway), "big"), at=at)

    async def ping(self, ip: str = "10.0.0.1", data: bytes = b"", *, within: int, ttl: int = 64) -> bytes:
        """Send an echo request and return the data of its reply; raise Expired after `within` ns."""
        identifier = self._next_identifier
        self._next_identifier = identifier % 0xFFFF + 1
        destination = ip_bytes(ip)
        rest = identifier << 16 | 1
        self._asked.add(rest)  # An answer may come in the same instant.
        self._network.send_ip(
            destination,
            PROTOCOL_ICMP,
            build_icmp(Icmp(ECHO_REQUEST, 0, rest, data)),
            source=self._network.source_for(destination),
            ttl=ttl,
        )
        try:
            await self._waiters.until(
                lambda: rest in self._replies, within=within, wanted=f"an echo reply from {ip}", seen=lambda: "none"
            )
        finally:
            self._asked.discard(rest)
        reply = self._replies.pop(rest)
        if reply.source != destination:
            raise ValueError(f"{ip_text(reply.source)} answered an echo request to {ip}")
        return reply.payload[8:]

    def refused(self, packet: IpPacket) -> None:
        """Send port unreachable for a datagram that nobody wanted."""
        header = bytes([0x45, 0]) + (20 + len(packet.payload)).to_bytes(2, "big")
        header += packet.identification.to_bytes(2, "big") + bytes([0, 0, packet.ttl, packet.protocol, 0, 0])
        header += packet.source + packet.destination
        self.error(bytes(14) + header + packet.payload, UNREACHABLE, 3)

    def receive(self, packet: IpPacket) -> bool:
        """Act on a message; return whether it was a request we answer or a reply we wait for."""
        message = parse_icmp(packet.payload)
        if message is None:
            return False
        if message.type == ECHO_REQUEST and self.echo:
            at = int(self._loop.time()) + self.delay if self.delay else None
            self._network.send_ip(
                packet.source,
                PROTOCOL_ICMP,
                build_icmp(Icmp(ECHO_REPLY, 0, message.rest, message.payload)),
                source=self._network.source_for(packet.source),
                at=at,
            )
            return True
        if message.type == ECHO_REPLY and message.rest in self._asked:
            self._replies[message.rest] = packet
            self._waiters.notify()
            return True
        return False
