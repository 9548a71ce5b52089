# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses: text towards tests, bytes on the wire. Conversions are cached, for the bulk path uses them too."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

BROADCAST_MAC = b"\xff" * 6
UNKNOWN_MAC = b"\x00" * 6
BROADCAST_IP = b"\xff" * 4
UNSPECIFIED_IP = b"\x00" * 4


@lru_cache(maxsize=4096)
def mac_bytes(text: str) -> bytes:
    """Return the six bytes of a colon-separated MAC address; raise ValueError for any other text."""
    parts = text.split(":")
    if len(parts) != 6:
        raise ValueError(f"not a MAC address: {text!r}")
    return bytes(int(part, 16) for part in parts)


def mac_text(address: bytes) -> str:
    """Return a MAC address in lower-case hexadecimal with colons."""
    return address.hex(":")


@lru_cache(maxsize=4096)
def ip_bytes(text: str) -> bytes:
    """Return the 4 or 16 bytes of an address; raise ValueError for text that is none."""
    return ipaddress.ip_address(text).packed


@lru_cache(maxsize=4096)
def ip_text(address: bytes) -> str:
    """Return the usual text of an IPv4 (4 bytes) or IPv6 (16 bytes) address."""
    return str(ipaddress.ip_address(address))


def is_multicast(address: bytes) -> bool:
    """Tell whether an IPv4 or IPv6 address names a group (RFC 1112 4, RFC 4291 2.7)."""
    return 0xE0 <= address[0] <= 0xEF if len(address) == 4 else address[0] == 0xFF


def multicast_mac(address: bytes) -> bytes:
    """Return the group MAC address of a multicast address (RFC 1112 6.4, RFC 2464 7)."""
    if len(address) == 4:
        return b"\x01\x00\x5e" + bytes([address[1] & 0x7F]) + address[2:]
    return b"\x33\x33" + address[12:]
