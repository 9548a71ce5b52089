# SPDX-License-Identifier: GPL-2.0-or-later
"""Build and parse of 802.11 frames (IEEE 802.11-2020 clause 9) with `struct`: headers, management bodies, elements.

An MPDU here has no FCS, as on the link. Parsers return None for what is malformed and never raise.
What is in an RSN element is `rsn`'s business, what is in an EAPOL frame `eapol`'s.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

# The first byte of frame control: version 0, type, subtype (9.2.4.1.3, table 9-1).
ASSOC_REQ, ASSOC_RESP, REASSOC_REQ, REASSOC_RESP = 0x00, 0x10, 0x20, 0x30
PROBE_REQ, PROBE_RESP, BEACON, DISASSOC, AUTH, DEAUTH, ACTION = 0x40, 0x50, 0x80, 0xA0, 0xB0, 0xC0, 0xD0
PS_POLL = 0xA4
DATA, NULL, QOS_DATA, QOS_NULL = 0x08, 0x48, 0x88, 0xC8
NAMES = {
    ASSOC_REQ: "ASSOC_REQ", ASSOC_RESP: "ASSOC_RESP", REASSOC_REQ: "REASSOC_REQ", REASSOC_RESP: "REASSOC_RESP",
    PROBE_REQ: "PROBE_REQ", PROBE_RESP: "PROBE_RESP", BEACON: "BEACON", DISASSOC: "DISASSOC", AUTH: "AUTH",
    DEAUTH: "DEAUTH", ACTION: "ACTION", PS_POLL: "PS_POLL", DATA: "DATA", NULL: "NULL", QOS_DATA: "DATA",
    QOS_NULL: "NULL",
}  # fmt: skip

# The second byte of frame control.
TO_DS, FROM_DS, MORE_FRAGMENTS, RETRY, POWER, MORE_DATA, PROTECTED, ORDER = (1 << bit for bit in range(8))

BROADCAST = b"\xff" * 6
HEADER_BYTES = 24

# Capability information (9.4.1.4).
ESS, PRIVACY, SHORT_PREAMBLE, SHORT_SLOT = 0x0001, 0x0010, 0x0020, 0x0400

# Elements (9.4.2.1).
SSID, RATES, DS_PARAMETER, TIM, CHANNEL_SWITCH, ERP, RSN, EXTENDED_RATES, VENDOR = 0, 1, 3, 5, 37, 42, 48, 50, 221

# In units of 500 kbit/s, the basic ones with bit 7 (9.4.2.3): 1, 2, 5.5, 11; then 6 to 54 Mbit/s.
BASIC_RATES = (2, 4, 11, 22)
RATES_BODY = bytes([0x82, 0x84, 0x8B, 0x96, 12, 18, 24, 36])
EXTENDED_RATES_BODY = bytes([48, 72, 96, 108])
LOWEST_RATE, HIGHEST_RATE = 2, 108

# 802.2 LLC and SNAP of an encapsulated Ethernet frame (RFC 1042, and 802.1H for two old protocols).
SNAP = b"\xaa\xaa\x03\x00\x00\x00"
SNAP_802_1H = b"\xaa\xaa\x03\x00\x00\xf8"
ETHERTYPE_EAPOL = b"\x88\x8e"
EAPOL_SNAP = SNAP + ETHERTYPE_EAPOL
# IEEE 802.3 3.2.6: what is smaller is a length.
TYPE_MIN = 0x0600

SEQUENCE_MAX = 0x0FFF

_MANAGEMENT = struct.Struct("<BBH6s6s6sH")
_AUTH = struct.Struct("<HHH")


class Numbering:
    """Numbers the frames of one sender (9.2.4.4)."""

    def __init__(self) -> None:
        self._sequence = 0

    def next(self) -> int:
        """Return the sequence control field of the next frame, fragment number 0."""
        self._sequence = (self._sequence + 1) & SEQUENCE_MAX
        return self._sequence << 4


class AuthBody(NamedTuple):
    """An Authentication frame's fixed fields (9.3.3.11)."""

    algorithm: int
    transaction: int
    status: int


class AssocRequest(NamedTuple):
    """An Association or Reassociation Request (9.3.3.5, 9.3.3.7); `current` is the old AP's address."""

    capability: int
    listen_interval: int
    current: bytes | None
    elements: tuple[tuple[int, bytes], ...]


class AssocResponse(NamedTuple):
    """An Association or Reassociation Response (9.3.3.6); the AID without its two upper bits."""

    capability: int
    status: int
    aid: int
    elements: tuple[tuple[int, bytes], ...]


class BeaconBody(NamedTuple):
    """A Beacon or Probe Response (9.3.3.2, 9.3.3.10)."""

    timestamp: int
    interval_tu: int
    capability: int
    elements: tuple[tuple[int, bytes], ...]


def header(control: int, flags: int, address1: bytes, address2: bytes, address3: bytes, sequence: int) -> bytes:
    """Return a three-address header, duration 0: nothing takes time on this air."""
    return _MANAGEMENT.pack(control, flags, 0, address1, address2, address3, sequence)


def ps_poll(aid: int, bssid: bytes, transmitter: bytes) -> bytes:
    """Return a PS-Poll (9.3.1.5): the AID with its two upper bits set takes the duration's place."""
    return struct.pack("<BBH6s6s", PS_POLL, POWER, aid | 0xC000, bssid, transmitter)


def header_bytes(mpdu: bytes) -> int:
    """Return how long the header is, 0 if the frame is shorter than that."""
    if len(mpdu) < 2:
        return 0
    if mpdu[0] == DATA and mpdu[1] & 3 != 3:  # Nearly all there are.
        return HEADER_BYTES if len(mpdu) >= HEADER_BYTES else 0
    control = mpdu[0]
    if control & 0x0C == 0x04:
        size = 16 if control == PS_POLL else 10
    else:
        size = HEADER_BYTES
        if control & 0x0C == 0x08:
            if mpdu[1] & (TO_DS | FROM_DS) == TO_DS | FROM_DS:
                size += 6
            if control & 0x80:
                size += 2
    return size if len(mpdu) >= size else 0


def element(number: int, body: bytes) -> bytes:
    """Return one element; raise ValueError for a body that its length field can't say."""
    if len(body) > 255:
        raise ValueError(f"an element holds 255 bytes, not {len(body)}")
    return bytes([number, len(body)]) + body


def parse_elements(data: bytes) -> tuple[tuple[int, bytes], ...] | None:
    """Return the elements in their order; None unless each is whole."""
    found = []
    at = 0
    while at < len(data):
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            return None
        found.append((data[at], data[at + 2 : at + 2 + data[at + 1]]))
        at += 2 + data[at + 1]
    return tuple(found)


def find(elements: Iterable[tuple[int, bytes]], number: int) -> bytes | None:
    """Return the body of the first element of that number."""
    return next((body for found, body in elements if found == number), None)


def auth_body(body: AuthBody) -> bytes:
    """Return the body of an Authentication frame."""
    return _AUTH.pack(*body)


def parse_auth(body: bytes) -> AuthBody | None:
    """Return what an Authentication frame says."""
    return AuthBody(*_AUTH.unpack_from(body)) if len(body) >= _AUTH.size else None


def parse_assoc_request(body: bytes, *, again: bool) -> AssocRequest | None:
    """Return what an Association Request says, or a Reassociation Request (`again`)."""
    fixed = 10 if again else 4
    if len(body) < fixed:
        return None
    elements = parse_elements(body[fixed:])
    if elements is None:
        return None
    capability, interval = struct.unpack_from("<HH", body)
    return AssocRequest(capability, interval, body[4:10] if again else None, elements)


def parse_assoc_response(body: bytes) -> AssocResponse | None:
    """Return what an Association or Reassociation Response says."""
    if len(body) < 6:
        return None
    elements = parse_elements(body[6:])
    if elements is None:
        return None
    capability, status, aid = struct.unpack_from("<HHH", body)
    return AssocResponse(capability, status, aid & 0x3FFF, elements)


def parse_beacon(body: bytes) -> BeaconBody | None:
    """Return what a Beacon or Probe Response says."""
    if len(body) < 12:
        return None
    elements = parse_elements(body[12:])
    if elements is None:
        return None
    timestamp, interval, capability = struct.unpack_from("<QHH", body)
    return BeaconBody(timestamp, interval, capability, elements)


def supported_rates(elements: Iterable[tuple[int, bytes]]) -> set[int]:
    """Return the rates of both elements, without the bit of the basic ones."""
    found: set[int] = set()
    for number, body in elements:
        if number in (RATES, EXTENDED_RATES):
            found.update(rate & 0x7F for rate in body)
    return found


def to_ethernet(mpdu: bytes) -> bytes | None:
    """Return the Ethernet frame that a data frame carries, unpadded; None if it carries none.

    Nothing here is encrypted. A body without SNAP is an 802.3 frame with a length (802.1H, annex C).
    """
    start = header_bytes(mpdu)
    if not start or mpdu[0] & 0x4C != 0x08 or len(mpdu) < start + 3:
        return None
    ds = mpdu[1] & 3
    if ds == TO_DS:
        addresses = mpdu[16:22] + mpdu[10:16]
    elif ds == FROM_DS:
        addresses = mpdu[4:10] + mpdu[16:22]
    elif ds == 0:
        addresses = mpdu[4:16]
    else:
        addresses = mpdu[16:22] + mpdu[24:30]
    begin = mpdu[start : start + 6]
    if (begin == SNAP or begin == SNAP_802_1H) and len(mpdu) >= start + 8:
        return addresses + mpdu[start + 6 :]
    body = mpdu[start:]
    return addresses + len(body).to_bytes(2, "big") + body


def llc_body(frame: bytes) -> bytes | None:
    """Return an Ethernet frame's content as the body of a data frame; None if it has no type."""
    if len(frame) < 14:
        return None
    kind = int.from_bytes(frame[12:14], "big")
    if kind >= TYPE_MIN:
        return SNAP + frame[12:]
    return frame[14 : 14 + kind]


def sequence_number(mpdu: bytes) -> int:
    """Return the sequence number of a management or data frame."""
    return int.from_bytes(mpdu[22:24], "little") >> 4
