# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP segments on the wire: header, options, checksum (RFC 9293 3.1 and 3.2, RFC 7323, RFC 2018)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from sockbench.peers.checksum import checksum, is_valid, word_sum

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
FLAG_LETTERS = "FSRPAUEC"

OPTION_END, OPTION_NOP, OPTION_MSS, OPTION_WINDOW_SCALE, OPTION_SACK_PERMITTED, OPTION_SACK, OPTION_TIMESTAMPS = (
    0,
    1,
    2,
    3,
    4,
    5,
    8,
)

_HEADER = struct.Struct("!HHIIHHHH")
OPTIONS_BYTES_MAX = 40


def flag_bits(letters: str) -> int:
    """Return the bits for letters such as "SA"; raise ValueError for a letter that is no flag."""
    bits = 0
    for letter in letters:
        bits |= 1 << FLAG_LETTERS.index(letter)
    return bits


def flag_text(bits: int) -> str:
    """Return the letters of the bits that are set, in the order of the bits."""
    return "".join(letter for bit, letter in enumerate(FLAG_LETTERS) if bits >> bit & 1)


@dataclass(slots=True)
class Segment:
    """One TCP segment. `check` is None for the right checksum, else the field as it is to be sent."""

    source_port: int
    destination_port: int
    seq: int
    ack: int
    flags: int
    window: int
    payload: bytes = b""
    options: bytes = b""
    urgent: int = 0
    check: int | None = None

    @property
    def length(self) -> int:
        """Return what the segment occupies in sequence space (RFC 9293 3.4)."""
        return len(self.payload) + (self.flags >> 1 & 1) + (self.flags & 1)

    def __str__(self) -> str:
        return (
            f"{self.source_port}>{self.destination_port} {flag_text(self.flags)} seq={self.seq} ack={self.ack}"
            f" win={self.window} len={len(self.payload)}"
        )


@dataclass(frozen=True, slots=True)
class SynOptions:
    """The options of a SYN that a TCP negotiates; None or False for one that is absent."""

    mss: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    timestamps: tuple[int, int] | None = None


def build_segment(segment: Segment, pseudo: int) -> bytes:
    """Return the bytes of `segment`; `pseudo` is the sum of its addresses and the protocol number."""
    options = segment.options
    if len(options) & 3:
        options += bytes(-len(options) & 3)
    if len(options) > OPTIONS_BYTES_MAX:
        raise ValueError(f"{len(options)} bytes of TCP options; a header holds {OPTIONS_BYTES_MAX}")
    data = _HEADER.pack(
        segment.source_port,
        segment.destination_port,
        segment.seq & 0xFFFFFFFF,
        segment.ack & 0xFFFFFFFF,
        (20 + len(options)) << 10 | segment.flags,
        segment.window,
        0,
        segment.urgent,
    )
    data = b"".join((data, options, segment.payload))
    check = segment.check
    if check is None:
        check = checksum(data, pseudo + len(data))
    return b"".join((data[:16], check.to_bytes(2, "big"), data[18:]))


def parse_segment(data: bytes, pseudo: int) -> Segment | None:
    """Return the segment in `data`, or None if its data offset or its checksum is wrong."""
    size = len(data)
    if size < 20 or not is_valid(data, pseudo + size):
        return None
    source_port, destination_port, seq, ack, bits, window, _, urgent = _HEADER.unpack_from(data)
    header_bytes = bits >> 10 & 0x3C
    if not 20 <= header_bytes <= size:
        return None
    options = data[20:header_bytes] if header_bytes > 20 else b""
    return Segment(source_port, destination_port, seq, ack, bits & 0xFF, window, data[header_bytes:], options, urgent)


def wrong_checksum(segment: Segment, pseudo: int) -> int:
    """Return a checksum that `segment` certainly does not have."""
    correct = word_sum(build_segment(segment, pseudo)[16:18])
    return (correct + 1) % 0xFFFF


def build_options(
    *,
    mss: int | None = None,
    window_scale: int | None = None,
    sack_permitted: bool = False,
    timestamps: tuple[int, int] | None = None,
    sack: Iterable[tuple[int, int]] = (),
) -> bytes:
    """Return the options asked for, each aligned by NOPs to four bytes."""
    parts = []
    if mss is not None:
        parts.append(struct.pack("!BBH", OPTION_MSS, 4, mss))
    if window_scale is not None:
        parts.append(struct.pack("!BBBB", OPTION_NOP, OPTION_WINDOW_SCALE, 3, window_scale))
    if sack_permitted:
        parts.append(struct.pack("!BBBB", OPTION_NOP, OPTION_NOP, OPTION_SACK_PERMITTED, 2))
    if timestamps is not None:
        value, echo = timestamps
        parts.append(
            struct.pack("!BBBBII", OPTION_NOP, OPTION_NOP, OPTION_TIMESTAMPS, 10, value & 0xFFFFFFFF, echo & 0xFFFFFFFF)
        )
    blocks = list(sack)
    if blocks:
        parts.append(struct.pack("!BBBB", OPTION_NOP, OPTION_NOP, OPTION_SACK, 2 + 8 * len(blocks)))
        parts += [struct.pack("!II", left & 0xFFFFFFFF, right & 0xFFFFFFFF) for left, right in blocks]
    return b"".join(parts)


def walk_options(options: bytes) -> Iterable[tuple[int, bytes]]:
    """Yield kind and value of each option up to the end or to the first illegal length (RFC 9293 MUST-7)."""
    at = 0
    while at < len(options):
        kind = options[at]
        if kind == OPTION_END:
            return
        if kind == OPTION_NOP:
            at += 1
            continue
        if at + 1 >= len(options):
            return
        size = options[at + 1]
        if size < 2 or at + size > len(options):
            return
        yield kind, options[at + 2 : at + size]
        at += size


def parse_syn_options(options: bytes) -> SynOptions:
    """Return what a SYN's options negotiate; an option with the wrong length counts as absent."""
    mss = window_scale = timestamps = None
    sack_permitted = False
    for kind, value in walk_options(options):
        if kind == OPTION_MSS and len(value) == 2:
            mss = int.from_bytes(value, "big")
        elif kind == OPTION_WINDOW_SCALE and len(value) == 1:
            window_scale = min(value[0], 14)  # RFC 7323 2.3
        elif kind == OPTION_SACK_PERMITTED and not value:
            sack_permitted = True
        elif kind == OPTION_TIMESTAMPS and len(value) == 8:
            timestamps = struct.unpack("!II", value)
    return SynOptions(mss, window_scale, sack_permitted, timestamps)


def parse_timestamps(options: bytes) -> tuple[int, int] | None:
    """Return value and echo of a timestamps option (RFC 7323 3.2), or None."""
    return parse_syn_options(options).timestamps if options else None
