# SPDX-License-Identifier: GPL-2.0-or-later
"""A DNS server (RFC 1035) on a host: A records by name, and what may go wrong with the answers.

Queries are answered in the instant in which they come, or `delay` later. Everything that came is in
`queries`. How it misbehaves is set by attributes, or in any way at all by `edit`.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockbench.peers.address import ip_bytes
from sockbench.peers.udp import Datagram

if TYPE_CHECKING:
    from sockbench.peers.host import Host

PORT = 53
HEADER = struct.Struct("!HHHHHH")
RESPONSE, AUTHORITATIVE, TRUNCATED, RECURSION_DESIRED, RECURSION_AVAILABLE = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NAME_ERROR, REFUSED = 0, 1, 2, 3, 5
TYPE_A, TYPE_CNAME, TYPE_AAAA, CLASS_IN = 1, 5, 28, 1
LABEL_MAX = 63


@dataclass(frozen=True)
class DnsQuery:
    """A query that came, with one question."""

    id: int
    name: str
    type: int
    recursion_desired: bool
    source: tuple[str, int]
    at: int


@dataclass(frozen=True)
class Record:
    """A resource record of class IN."""

    name: str
    type: int
    ttl: int
    data: bytes


@dataclass(frozen=True)
class DnsReply:
    """An answer before it is encoded."""

    id: int
    name: str
    type: int
    rcode: int = NO_ERROR
    records: tuple[Record, ...] = ()
    truncated: bool = False
    is_response: bool = True
    recursion_desired: bool = True


def build_name(name: str) -> bytes:
    """Return a name as labels, without compression."""
    labels = name.rstrip(".").encode("ascii").split(b".")
    if any(not 1 <= len(label) <= LABEL_MAX for label in labels):
        raise ValueError(f"{name!r} has a label that is empty or longer than {LABEL_MAX} bytes")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def parse_name(data: bytes, at: int) -> tuple[str, int] | None:
    """Return a name and where it ends; None if it is cut off or compressed (a query needs no compression)."""
    labels: list[str] = []
    while at < len(data):
        length = data[at]
        at += 1
        if length == 0:
            return ".".join(labels), at
        if length > LABEL_MAX or at + length > len(data):
            return None
        labels.append(data[at : at + length].decode("ascii", errors="replace"))
        at += length
    return None


def parse_query(datagram: Datagram) -> DnsQuery | None:
    """Return a standard query; None if it is not one with one question of class IN."""
    data = datagram.data
    if len(data) < HEADER.size:
        return None
    number, flags, questions, *_ = HEADER.unpack_from(data)
    named = parse_name(data, HEADER.size)
    if flags & 0xF800 or questions != 1 or named is None or named[1] + 4 > len(data):
        return None
    name, at = named
    kind, category = struct.unpack_from("!HH", data, at)
    if category != CLASS_IN:
        return None
    return DnsQuery(number, name, kind, bool(flags & RECURSION_DESIRED), datagram.source, datagram.at)


def build_reply(reply: DnsReply) -> bytes:
    """Return a reply's bytes; a record of the question's name points to it (RFC 1035 4.1.4)."""
    flags = RECURSION_AVAILABLE | AUTHORITATIVE | reply.rcode
    flags |= RESPONSE if reply.is_response else 0
    flags |= TRUNCATED if reply.truncated else 0
    flags |= RECURSION_DESIRED if reply.recursion_desired else 0
    data = HEADER.pack(reply.id, flags, 1, len(reply.records), 0, 0)
    data += build_name(reply.name) + struct.pack("!HH", reply.type, CLASS_IN)
    for record in reply.records:
        data += struct.pack("!H", 0xC000 | HEADER.size) if record.name == reply.name else build_name(record.name)
        data += struct.pack("!HHIH", record.type, CLASS_IN, record.ttl, len(record.data)) + record.data
    return data


class DnsServer:
    """A server on a host of the wire. `records` may be changed at any time; names are compared without case."""

    def __init__(self, host: Host, records: Mapping[str, str | tuple[str, ...]], *, ttl: int = 300) -> None:
        self.records: dict[str, str | tuple[str, ...]] = dict(records)
        self.ttl = ttl
        self.queries: list[DnsQuery] = []
        # How it misbehaves: not at all answering, how late it is, what it answers instead.
        self.silent = False
        self.delay = 0
        self.edit: Callable[[DnsReply], DnsReply | None] | None = None
        self._loop = asyncio.get_running_loop()
        self._endpoint = host.udp.bind(PORT)
        self._endpoint.on_datagram = self._came

    def close(self) -> None:
        """Serve no longer."""
        self._endpoint.close()

    def _came(self, datagram: Datagram) -> None:
        query = parse_query(datagram)
        if query is None:
            return
        self.queries.append(query)
        if self.silent:
            return
        reply: DnsReply | None = self._reply(query)
        if reply is not None and self.edit is not None:
            reply = self.edit(reply)
        if reply is not None:
            self._endpoint.send(build_reply(reply), to=query.source, at=int(self._loop.time()) + self.delay)

    def _reply(self, query: DnsQuery) -> DnsReply:
        found = next((ips for name, ips in self.records.items() if name.lower() == query.name.lower()), None)
        if found is None:
            return DnsReply(query.id, query.name, query.type, NAME_ERROR, recursion_desired=query.recursion_desired)
        ips = (found,) if isinstance(found, str) else found
        records = tuple(Record(query.name, TYPE_A, self.ttl, ip_bytes(ip)) for ip in ips if query.type == TYPE_A)
        return DnsReply(query.id, query.name, query.type, NO_ERROR, records, recursion_desired=query.recursion_desired)
