# SPDX-License-Identifier: GPL-2.0-or-later
"""The UDP of a host: endpoints that send and receive whole datagrams, also fragmented ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sockbench.peers.address import ip_bytes, ip_text
from sockbench.peers.headers import PROTOCOL_UDP, IpPacket, build_udp, parse_udp
from sockbench.peers.waiting import Waiters

# The length fields have 16 bits: that of UDP counts its header of 8 bytes, that of IPv4 its own 20 as well.
PAYLOAD_MAX, PAYLOAD6_MAX = 65_507, 65_527
EPHEMERAL_FIRST = 49152


class Network(Protocol):
    """What UDP needs of the host below it."""

    def send_ip(
        self, destination: bytes, protocol: int, payload: bytes, *, source: bytes, at: int | None = None
    ) -> None:
        """Send a packet, now or at a virtual time."""

    def source_for(self, destination: bytes) -> bytes:
        """Return the host's own address of the destination's family."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """A datagram that came: payload, (ip, port) of the sender and of the destination, virtual time."""

    data: bytes
    source: tuple[str, int]
    destination: tuple[str, int]
    at: int


class UdpEndpoint:
    """A bound port of the peer. `received` has all datagrams that came."""

    def __init__(self, loop: asyncio.AbstractEventLoop, network: Network, port: int, release: Callable[[], None]):
        self._loop = loop
        self._network = network
        self._release = release
        self._taken = 0
        self._waiters = Waiters(loop)
        self.port = port
        self.received: list[Datagram] = []
        # Called with every datagram, in the instant in which it comes: for servers.
        self.on_datagram: Callable[[Datagram], None] | None = None

    def send(
        self,
        data: bytes,
        *,
        to: tuple[str, int],
        at: int | None = None,
        source: str | None = None,
        check: int | None = None,
        length: int | None = None,
    ) -> None:
        """Send one datagram, now or at `at`; `source`, `check` and `length` replace what is right."""
        destination = ip_bytes(to[0])
        most = PAYLOAD_MAX if len(destination) == 4 else PAYLOAD6_MAX
        if len(data) > most:
            raise ValueError(f"a datagram holds {most} bytes, not {len(data)}")
        origin = self._network.source_for(destination) if source is None else ip_bytes(source)
        datagram = build_udp(origin, destination, self.port, to[1], data, check=check, length=length)
        self._network.send_ip(destination, PROTOCOL_UDP, datagram, source=origin, at=at)

    async def recv(self, *, within: int) -> Datagram:
        """Return the earliest datagram not yet returned; raise Expired after `within` ns."""
        await self._waiters.until(
            lambda: len(self.received) > self._taken,
            within=within,
            wanted=f"a datagram on UDP port {self.port}",
            seen=lambda: f"none after the first {self._taken}",
        )
        self._taken += 1
        return self.received[self._taken - 1]

    @property
    def pending(self) -> int:
        """Return how many datagrams `recv` would return at once."""
        return len(self.received) - self._taken

    def close(self) -> None:
        """Free the port."""
        self._release()

    def deliver(self, datagram: Datagram) -> None:
        """Take a datagram that came for this port."""
        self.received.append(datagram)
        if self.on_datagram is not None:
            self.on_datagram(datagram)
        self._waiters.notify()


class UdpService:
    """`peer.udp`: binds ports; answers with ICMP port unreachable where it was told to refuse."""

    def __init__(
        self, network: Network, loop: asyncio.AbstractEventLoop, unreachable: Callable[[IpPacket], None]
    ) -> None:
        self._network = network
        self._loop = loop
        self._unreachable = unreachable
        self._endpoints: dict[int, UdpEndpoint] = {}
        self._refused: set[int] = set()
        self._next_port = EPHEMERAL_FIRST
        self.bad_datagrams = 0

    def bind(self, port: int = 0) -> UdpEndpoint:
        """Return an endpoint on `port` (0: any free one); raise ValueError if it is taken."""
        if port == 0:
            while self._next_port in self._endpoints:
                self._next_port += 1
            port = self._next_port
            self._next_port += 1
        if not 1 <= port <= 65535:
            raise ValueError(f"a port is 0 to 65535, not {port!r}")
        if port in self._endpoints:
            raise ValueError(f"UDP port {port} of this peer is bound already")
        self._refused.discard(port)
        endpoint = UdpEndpoint(self._loop, self._network, port, lambda: self._forget(port))
        self._endpoints[port] = endpoint
        return endpoint

    def refuse(self, port: int) -> None:
        """Answer datagrams for `port` with ICMP port unreachable."""
        self._endpoints.pop(port, None)
        self._refused.add(port)

    def receive(self, packet: IpPacket, *, refusable: bool) -> bool:
        """Act on a datagram; return False if nobody here was told of its port."""
        datagram = parse_udp(packet)
        if datagram is None:
            self.bad_datagrams += 1
            return False
        port = datagram.destination_port
        endpoint = self._endpoints.get(port)
        if endpoint is not None:
            endpoint.deliver(
                Datagram(
                    datagram.payload,
                    (ip_text(packet.source), datagram.source_port),
                    (ip_text(packet.destination), port),
                    int(self._loop.time()),
                )
            )
            return True
        if port in self._refused and refusable:
            self._unreachable(packet)
            return True
        return False

    def close(self) -> None:
        """Forget every endpoint."""
        self._endpoints.clear()

    def _forget(self, port: int) -> None:
        self._endpoints.pop(port, None)
