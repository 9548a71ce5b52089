# SPDX-License-Identifier: GPL-2.0-or-later
"""Build and parse of Ethernet, ARP, IPv4, IPv6, UDP and ICMP headers with `struct`.

Peers answer thousands of frames per wall second, so no dissector stands on their path; Scapy is
the independent judge of this file in the tests. Parsers return None for what is malformed, and
never raise: a peer counts such a frame and leaves it to the test. TCP has its own module.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from sockbench.peers.checksum import checksum, is_valid, word_sum

ETHERTYPE_IPV4 = 0x0800
ETHERTYPE_ARP = 0x0806
ETHERTYPE_IPV6 = 0x86DD

PROTOCOL_ICMP = 1
PROTOCOL_TCP = 6
PROTOCOL_UDP = 17
PROTOCOL_FRAGMENT = 44  # RFC 8200 4.5
PROTOCOL_ICMPV6 = 58

_ARP = struct.Struct("!HHBBH6s4s6s4s")
_IPV4 = struct.Struct("!BBHHHBBH4s4s")
_IPV6 = struct.Struct("!IHBB16s16s")
_IPV6_FRAGMENT = struct.Struct("!BBHI")
_UDP = struct.Struct("!HHHH")
_ICMP = struct.Struct("!BBHI")

MORE_FRAGMENTS = 0x2000
DONT_FRAGMENT = 0x4000


class Arp(NamedTuple):
    """An ARP message for Ethernet and IPv4 (RFC 826)."""

    operation: int
    sender_mac: bytes
    sender_ip: bytes
    target_mac: bytes
    target_ip: bytes


class IpPacket(NamedTuple):
    """An IPv4 or IPv6 packet, or a fragment of one: what the protocols above need of it."""

    source: bytes
    destination: bytes
    protocol: int
    ttl: int
    payload: bytes
    identification: int = 0
    fragment_offset: int = 0
    more_fragments: bool = False


class Udp(NamedTuple):
    """A UDP datagram (RFC 768)."""

    source_port: int
    destination_port: int
    payload: bytes


class Icmp(NamedTuple):
    """An ICMP or ICMPv6 message: type, code, the four bytes after the checksum, and what follows them."""

    type: int
    code: int
    rest: int
    payload: bytes


def build_ethernet(destination: bytes, source: bytes, ethertype: int, payload: bytes) -> bytes:
    """Return a frame without FCS; padding to 60 bytes is the host's business."""
    return destination + source + ethertype.to_bytes(2, "big") + payload


def build_arp(message: Arp) -> bytes:
    """Return the 28 bytes of an ARP message."""
    return _ARP.pack(1, ETHERTYPE_IPV4, 6, 4, *message)


def parse_arp(data: bytes) -> Arp | None:
    """Return the ARP message in `data`, or None where it is not one for Ethernet and IPv4."""
    if len(data) < _ARP.size:
        return None
    hardware, protocol, hardware_bytes, protocol_bytes, operation, *rest = _ARP.unpack_from(data)
    if (hardware, protocol, hardware_bytes, protocol_bytes) != (1, ETHERTYPE_IPV4, 6, 4):
        return None
    return Arp(operation, *rest)


def build_ipv4(
    source: bytes,
    destination: bytes,
    protocol: int,
    payload: bytes,
    *,
    identification: int = 0,
    ttl: int = 64,
    flags: int = 0,
    fragment_offset: int = 0,
    options: bytes = b"",
) -> bytes:
    """Return an IPv4 packet with its header checksum; `fragment_offset` is in bytes, a multiple of eight."""
    header_bytes = 20 + len(options)
    header = _IPV4.pack(
        0x40 | header_bytes >> 2,
        0,
        header_bytes + len(payload),
        identification,
        flags | fragment_offset >> 3,
        ttl,
        protocol,
        0,
        source,
        destination,
    )
    total = checksum(header + options)
    return b"".join((header[:10], total.to_bytes(2, "big"), header[12:], options, payload))


def parse_ipv4(data: bytes) -> IpPacket | None:
    """Return the IPv4 packet at the start of `data` without Ethernet padding, or None if header or length is wrong."""
    if len(data) < 20:
        return None
    first, _, total, identification, fragment, ttl, protocol, _, source, destination = _IPV4.unpack_from(data)
    header_bytes = (first & 15) << 2
    if first >> 4 != 4 or header_bytes < 20 or not header_bytes <= total <= len(data):
        return None
    if not is_valid(data[:header_bytes]):
        return None
    return IpPacket(
        source,
        destination,
        protocol,
        ttl,
        data[header_bytes:total],
        identification,
        (fragment & 0x1FFF) << 3,
        bool(fragment & MORE_FRAGMENTS),
    )


def build_ipv6(source: bytes, destination: bytes, next_header: int, payload: bytes, *, hop_limit: int = 64) -> bytes:
    """Return an IPv6 packet without extension headers (RFC 8200 3)."""
    return _IPV6.pack(0x60000000, len(payload), next_header, hop_limit, source, destination) + payload


def build_ipv6_fragment(next_header: int, identification: int, offset: int, more: bool, part: bytes) -> bytes:
    """Return a fragment header (RFC 8200 4.5) in front of `part`."""
    return _IPV6_FRAGMENT.pack(next_header, 0, offset | more, identification) + part


def parse_ipv6(data: bytes) -> IpPacket | None:
    """Return the IPv6 packet at the start of `data`, extension headers skipped, or None if it is malformed."""
    if len(data) < 40:
        return None
    first, length, next_header, hop_limit, source, destination = _IPV6.unpack_from(data)
    if first >> 28 != 6 or 40 + length > len(data):
        return None
    payload = data[40 : 40 + length]
    identification = offset = 0
    more = False
    while next_header in (0, 43, 60, PROTOCOL_FRAGMENT):  # hop by hop, routing, destination options
        if len(payload) < 8:
            return None
        if next_header == PROTOCOL_FRAGMENT:
            next_header, _, field, identification = _IPV6_FRAGMENT.unpack_from(payload)
            offset, more = field & 0xFFF8, bool(field & 1)
            payload = payload[8:]
            break
        extension_bytes = (payload[1] + 1) << 3
        next_header = payload[0]
        if extension_bytes > len(payload):
            return None
        payload = payload[extension_bytes:]
    return IpPacket(source, destination, next_header, hop_limit, payload, identification, offset, more)


def pseudo_sum(source: bytes, destination: bytes) -> int:
    """Return the checksum share of the two addresses; protocol and length are to be added by the caller."""
    return word_sum(source) + word_sum(destination)


def build_udp(
    source: bytes,
    destination: bytes,
    source_port: int,
    destination_port: int,
    payload: bytes,
    *,
    check: int | None = None,
    length: int | None = None,
) -> bytes:
    """Return a UDP datagram; `check` and `length` replace what is right (0 means "no checksum", RFC 768)."""
    size = 8 + len(payload)
    if length is None:
        length = size
    data = _UDP.pack(source_port, destination_port, length, 0) + payload
    if check is None:
        check = checksum(data, pseudo_sum(source, destination) + PROTOCOL_UDP + size) or 0xFFFF
    return data[:6] + check.to_bytes(2, "big") + data[8:]


def parse_udp(packet: IpPacket) -> Udp | None:
    """Return the datagram in `packet`, or None if its length or checksum is wrong."""
    data = packet.payload
    if len(data) < 8:
        return None
    source_port, destination_port, length, check = _UDP.unpack_from(data)
    if not 8 <= length <= len(data):
        return None
    data = data[:length]
    if check and not is_valid(data, pseudo_sum(packet.source, packet.destination) + PROTOCOL_UDP + length):
        return None
    if not check and len(packet.source) == 16:  # RFC 8200 8.1
        return None
    return Udp(source_port, destination_port, data[8:])


def build_icmp(message: Icmp, *, pseudo: int = 0) -> bytes:
    """Return an ICMP message with its checksum; for ICMPv6 `pseudo` is the pseudo-header's sum (RFC 4443 2.3)."""
    header = _ICMP.pack(message.type, message.code, 0, message.rest)
    total = checksum(header + message.payload, pseudo)
    return b"".join((header[:2], total.to_bytes(2, "big"), header[4:], message.payload))


def parse_icmp(data: bytes, *, pseudo: int = 0) -> Icmp | None:
    """Return the ICMP message in `data`, or None if it is short or its checksum wrong."""
    if len(data) < 8 or not is_valid(data, pseudo):
        return None
    type_, code, _, rest = _ICMP.unpack_from(data)
    return Icmp(type_, code, rest, data[8:])
