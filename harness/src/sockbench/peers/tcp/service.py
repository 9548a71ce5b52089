# SPDX-License-Identifier: GPL-2.0-or-later
"""The TCP of a host: which connection, listener or refusal a segment belongs to."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any, Protocol

from sockbench.peers.address import ip_bytes
from sockbench.peers.headers import PROTOCOL_TCP, IpPacket, pseudo_sum
from sockbench.peers.tcp.connection import Connection
from sockbench.peers.tcp.machine import near, reset_for
from sockbench.peers.tcp.options import ConnectionOptions
from sockbench.peers.tcp.segment import ACK, RST, SYN, Segment, build_segment, parse_segment
from sockbench.peers.waiting import Waiters

EPHEMERAL_FIRST, EPHEMERAL_LAST = 49152, 65535  # RFC 6335 6


class Network(Protocol):
    """What TCP needs of the host below it."""

    def send_ip(self, destination: bytes, protocol: int, payload: bytes, *, source: bytes) -> None:
        """Send a packet now."""

    def source_for(self, destination: bytes) -> bytes:
        """Return the host's own address of the destination's family."""


class _Path:
    """The two addresses of a connection, and the sum that its checksums start with."""

    def __init__(self, network: Network, local: bytes, remote: bytes) -> None:
        self.local = local
        self.remote = remote
        self.pseudo = pseudo_sum(local, remote) + PROTOCOL_TCP
        self._network = network

    def send(self, segment: Segment) -> None:
        data = build_segment(segment, self.pseudo)
        self._network.send_ip(self.remote, PROTOCOL_TCP, data, source=self.local)


class Listener:
    """A port on which the peer accepts connections. `connections` has all of them, also half-open ones."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int, options: ConnectionOptions) -> None:
        self.port = port
        self.options = options
        self.connections: list[Connection] = []
        self._accepted = 0
        self._seen = 0
        self._ready: list[Connection] = []
        self._waiters = Waiters(loop)

    async def accept(self, *, within: int) -> Connection:
        """Return the next connection whose handshake is over; raise Expired after `within` ns."""
        await self._waiters.until(lambda: len(self._ready) > self._accepted, within=within, **self._wanted("accept"))
        self._accepted += 1
        return self._ready[self._accepted - 1]

    async def incoming(self, *, within: int) -> Connection:
        """Return the next connection as soon as its SYN has come."""
        await self._waiters.until(lambda: len(self.connections) > self._seen, within=within, **self._wanted("hear of"))
        self._seen += 1
        return self.connections[self._seen - 1]

    def changed(self, connection: Connection) -> None:
        """Take note that a connection of this listener may have been established."""
        if connection not in self._ready and connection.state not in ("CLOSED", "SYN-SENT", "SYN-RECEIVED"):
            self._ready.append(connection)
        self._waiters.notify()

    def _wanted(self, verb: str) -> dict[str, Any]:
        seen = ", ".join(map(str, self.connections)) or "no SYN"
        return {"wanted": f"a connection to {verb} on port {self.port}", "seen": lambda: seen}


class TcpService:
    """`peer.tcp`: listens, connects, refuses; says nothing on a port it was told nothing about."""

    def __init__(self, network: Network, loop: asyncio.AbstractEventLoop, random: Random) -> None:
        self._network = network
        self._loop = loop
        self._random = random
        self._connections: dict[tuple[int, bytes, int, bytes], Connection] = {}
        self._listeners: dict[int, Listener] = {}
        self._half_open: dict[int, Listener] = {}
        self._refused: set[int] = set()
        self._refuses_all = False
        self._next_port = EPHEMERAL_FIRST
        self.bad_segments = 0

    # -- what a test tells it ----------------------------------------------------------------------

    def listen(self, port: int, **options: Any) -> Listener:
        """Accept connections to `port` until told otherwise; options as in ConnectionOptions."""
        _check_port(port)
        self.allow(port)
        listener = self._listeners[port] = Listener(self._loop, port, ConnectionOptions(**options))
        return listener

    def unlisten(self, port: int) -> None:
        """Accept no further connection to `port`; those that exist stay."""
        self._listeners.pop(port, None)

    def connect(self, port: int, *, to: str = "10.0.0.1", sport: int | None = None, **options: Any) -> Connection:
        """Send SYN to a port of the board (or of `to`) and return the connection at once."""
        _check_port(port)
        if sport is None:
            sport = self._free_port()
        _check_port(sport)
        remote = ip_bytes(to)
        local = self._network.source_for(remote)
        connection = self._make(local, sport, remote, port, ConnectionOptions(**options))
        connection.open()
        return connection

    def refuse(self, port: int | None = None) -> None:
        """Answer whatever comes for `port` (None: for any port without listener) with RST, as a closed port does."""
        if port is None:
            self._refuses_all = True
            return
        _check_port(port)
        self._listeners.pop(port, None)
        self._refused.add(port)

    def allow(self, port: int) -> None:
        """Take back `refuse(port)`."""
        self._refused.discard(port)

    @property
    def connections(self) -> list[Connection]:
        """Return the connections known, in the order in which they began; lost and closed ones too."""
        return list(self._connections.values())

    # -- what the host tells it --------------------------------------------------------------------

    def receive(self, packet: IpPacket) -> bool:
        """Act on a segment; return False if nobody here was told of its port."""
        segment = parse_segment(packet.payload, pseudo_sum(packet.source, packet.destination) + PROTOCOL_TCP)
        if segment is None:
            self.bad_segments += 1
            return False
        port = segment.destination_port
        key = (port, packet.source, segment.source_port, packet.destination)
        connection = self._connections.get(key)
        listener = self._listeners.get(port)
        if connection is not None and not (listener is not None and _begins_anew(connection, segment)):
            connection.receive(segment)
            if connection.remote_port and self._half_open:
                self._report(connection)
            return True
        if listener is not None:
            self._arrived_in_listen(listener, packet, segment)
            return True
        if port in self._refused or self._refuses_all:
            self._answer(packet, reset_for(segment))
            return True
        return False

    def close(self) -> None:
        """Forget everything, without a word."""
        for connection in self._connections.values():
            connection.vanish()
        self._connections.clear()
        self._listeners.clear()

    # -- inside ------------------------------------------------------------------------------------

    def _arrived_in_listen(self, listener: Listener, packet: IpPacket, segment: Segment) -> None:
        """Act as RFC 9293 3.10.7.2 says."""
        if segment.flags & RST:
            return
        if segment.flags & ACK:
            self._answer(packet, reset_for(segment))
            return
        if not segment.flags & SYN:
            return
        connection = self._make(
            packet.destination, segment.destination_port, packet.source, segment.source_port, listener.options
        )
        connection.opened_by(segment)
        listener.connections.append(connection)
        self._half_open[id(connection)] = listener
        self._report(connection)

    def _report(self, connection: Connection) -> None:
        """Tell the listener of a connection that it may have been established."""
        listener = self._half_open.get(id(connection))
        if listener is not None:
            listener.changed(connection)
            if connection.state != "SYN-RECEIVED":
                del self._half_open[id(connection)]

    def _make(
        self, local: bytes, local_port: int, remote: bytes, remote_port: int, options: ConnectionOptions
    ) -> Connection:
        key = (local_port, remote, remote_port, local)
        earlier = self._connections.get(key)
        if earlier is not None:
            if earlier.state not in ("CLOSED", "TIME-WAIT"):
                raise ValueError(f"{earlier} is in use")
            earlier.vanish()
        isn = self._random.getrandbits(32) if options.isn is None else options.isn
        path = _Path(self._network, local, remote)
        connection = Connection(self._loop, path, local_port, remote_port, isn, options)
        self._connections.pop(key, None)
        self._connections[key] = connection
        return connection

    def _answer(self, packet: IpPacket, answer: Segment | None) -> None:
        if answer is not None:
            _Path(self._network, packet.destination, packet.source).send(answer)

    def _free_port(self) -> int:
        used = {key[0] for key in self._connections}
        for _ in range(EPHEMERAL_LAST - EPHEMERAL_FIRST + 1):
            port = self._next_port
            self._next_port = port + 1 if port < EPHEMERAL_LAST else EPHEMERAL_FIRST
            if port not in used:
                return port
        raise ValueError("every ephemeral port of this peer is in use")


def _begins_anew(connection: Connection, segment: Segment) -> bool:
    """Tell whether `segment` opens a new connection in place of one that is over (RFC 9293 3.10.7.4, MAY-2)."""
    if segment.flags & (SYN | RST | ACK) != SYN:
        return False
    if connection.state == "CLOSED":
        return True
    expected = connection.rcv_nxt
    return connection.state == "TIME-WAIT" and near(segment.seq, expected) >= expected


def _check_port(port: int) -> None:
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise ValueError(f"a port is 1 to 65535, not {port!r}")
