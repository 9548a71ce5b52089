# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures in pcapng (draft-ietf-opsawg-pcapng): virtual nanoseconds, named interfaces, API calls as comments.

Scapy's writer knows microseconds only. Little-endian throughout; every block is a multiple of four
bytes and ends with its own length.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
ENHANCED_PACKET = 6
BYTE_ORDER = 0x1A2B3C4D

LINKTYPE_ETHERNET = 1
LINKTYPE_IEEE802_11_RADIOTAP = 127
LINKTYPE_CAN_SOCKETCAN = 227

OPT_END = 0
OPT_COMMENT = 1
SHB_USERAPPL = 4
IF_NAME = 2
IF_TSRESOL = 9
EPB_FLAGS = 2

NANOSECONDS = 9
INBOUND, OUTBOUND = 1, 2
# An option's length is 16 bits; a reader need not show a page of text per packet.
COMMENT_MAX = 1000


@dataclass(frozen=True)
class Interface:
    """One place where frames were seen."""

    name: str
    link_type: int = LINKTYPE_ETHERNET


@dataclass(frozen=True)
class Packet:
    """One frame of the capture; `comments` are what the API did since the packet before."""

    at: int
    interface: int
    outgoing: bool
    data: bytes
    comments: tuple[str, ...] = ()


def write(file: BinaryIO, interfaces: Sequence[Interface], packets: Iterable[Packet], *, comments: Sequence[str] = (),
          application: str = "sockbench") -> None:  # fmt: skip
    """Write a capture with one section."""
    options = [(OPT_COMMENT, _text(comment)) for comment in comments] + [(SHB_USERAPPL, _text(application))]
    header = struct.pack("<IHHq", BYTE_ORDER, 1, 0, -1) + _options(options)
    file.write(_block(SECTION_HEADER, header))
    for interface in interfaces:
        body = struct.pack("<HHI", interface.link_type, 0, 0)
        body += _options([(IF_NAME, _text(interface.name)), (IF_TSRESOL, bytes([NANOSECONDS]))])
        file.write(_block(INTERFACE_DESCRIPTION, body))
    for packet in packets:
        size = len(packet.data)
        body = struct.pack("<IIIII", packet.interface, packet.at >> 32, packet.at & 0xFFFFFFFF, size, size)
        body += _padded(packet.data)
        flags = struct.pack("<I", OUTBOUND if packet.outgoing else INBOUND)
        body += _options([*((OPT_COMMENT, _text(comment)) for comment in packet.comments), (EPB_FLAGS, flags)])
        file.write(_block(ENHANCED_PACKET, body))


def _block(kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    parts = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(parts) + struct.pack("<HH", OPT_END, 0)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def _text(words: str) -> bytes:
    return words.encode("utf-8", errors="replace")[:COMMENT_MAX]
