# SPDX-License-Identifier: GPL-2.0-or-later
"""Put fragments together again (RFC 791 3.2, RFC 8200 4.5). One table serves IPv4 and IPv6.

Overlapping fragments end the datagram, as RFC 5722 demands for IPv6 and RFC 1858 recommends for
IPv4: a peer of a test bench must not guess which of two versions of a byte was meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sockbench.peers.headers import IpPacket

LIFETIME_NS = 60_000_000_000  # RFC 8200 4.5; RFC 1122 3.3.2 allows 60 to 120 s for IPv4.
LARGEST_BYTES = 65_535
DATAGRAMS_MAX = 64


@dataclass
class _Datagram:
    expires_at: int
    parts: dict[int, bytes] = field(default_factory=dict)
    total: int | None = None


class Reassembly:
    """The datagrams whose fragments have begun to arrive."""

    def __init__(self) -> None:
        self._datagrams: dict[tuple[bytes, bytes, int, int], _Datagram] = {}

    def add(self, packet: IpPacket, now: int) -> IpPacket | None:
        """Take a fragment; return the whole packet once nothing is missing, else None."""
        for key in [key for key, datagram in self._datagrams.items() if now >= datagram.expires_at]:
            del self._datagrams[key]
        key = (packet.source, packet.destination, packet.protocol, packet.identification)
        datagram = self._datagrams.get(key)
        if datagram is None:
            if len(self._datagrams) >= DATAGRAMS_MAX:
                return None
            datagram = self._datagrams[key] = _Datagram(now + LIFETIME_NS)

        start, end = packet.fragment_offset, packet.fragment_offset + len(packet.payload)
        if datagram.parts.get(start) == packet.payload:
            return None  # A copy of a fragment we have is no overlap (RFC 8200 4.5).
        overlaps = any(start < at + len(part) and at < end for at, part in datagram.parts.items())
        if overlaps or end > LARGEST_BYTES or (packet.more_fragments and len(packet.payload) % 8):
            del self._datagrams[key]
            return None
        datagram.parts[start] = packet.payload
        if not packet.more_fragments:
            datagram.total = end
        if datagram.total is None or sum(map(len, datagram.parts.values())) != datagram.total:
            return None
        del self._datagrams[key]
        whole = b"".join(datagram.parts[at] for at in sorted(datagram.parts))
        return packet._replace(payload=whole, fragment_offset=0, more_fragments=False)
