# SPDX-License-Identifier: GPL-2.0-or-later
"""RSN and WPA elements, and what security a network offers by them (IEEE 802.11-2020 9.4.2.24)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sockbench.air import frames

OUI = b"\x00\x0f\xac"
# Cipher suites (table 9-149) and AKM suites (table 9-151).
WEP40, TKIP, CCMP = OUI + b"\x01", OUI + b"\x02", OUI + b"\x04"
EAP, PSK, SAE = OUI + b"\x01", OUI + b"\x02", OUI + b"\x08"
# The element that came before the standard's: Microsoft's OUI, type 1.
WPA_TYPE = b"\x00\x50\xf2\x01"
WPA_TKIP, WPA_PSK = b"\x00\x50\xf2\x02", b"\x00\x50\xf2\x02"

# Status codes of a refused association (table 9-50).
INVALID_ELEMENT, BAD_GROUP, BAD_PAIRWISE, BAD_AKM, BAD_VERSION = 40, 41, 42, 43, 44


@dataclass(frozen=True)
class Rsn:
    """An RSN element: one group cipher, and the choices of pairwise cipher and of key management."""

    group: bytes = CCMP
    pairwise: tuple[bytes, ...] = (CCMP,)
    akms: tuple[bytes, ...] = (PSK,)
    capabilities: int = 0
    version: int = 1

    def element(self) -> bytes:
        """Return the whole element."""
        body = struct.pack("<H", self.version) + self.group
        for suites in (self.pairwise, self.akms):
            body += struct.pack("<H", len(suites)) + b"".join(suites)
        return frames.element(frames.RSN, body + struct.pack("<H", self.capabilities))


def parse_rsn(body: bytes) -> Rsn | None:
    """Return what the body of an RSN element says; what is left out has its default (9.4.2.24.1)."""
    if len(body) < 2:
        return None
    version = int.from_bytes(body[:2], "little")
    rest = body[2:]
    group = CCMP
    if rest:
        if len(rest) < 4:
            return None
        group, rest = rest[:4], rest[4:]
    lists: list[tuple[bytes, ...]] = [(CCMP,), (EAP,)]
    for index in range(2):
        if not rest:
            break
        if len(rest) < 2:
            return None
        count = int.from_bytes(rest[:2], "little")
        if count == 0 or len(rest) < 2 + 4 * count:
            return None
        lists[index] = tuple(rest[2 + 4 * number : 6 + 4 * number] for number in range(count))
        rest = rest[2 + 4 * count :]
    if len(rest) == 1:
        return None
    capabilities = int.from_bytes(rest[:2], "little")
    return Rsn(group, lists[0], lists[1], capabilities, version)


@dataclass(frozen=True)
class Security:
    """How a network protects itself, as its beacons show it."""

    name: str
    privacy: bool
    rsn: Rsn | None = None
    wpa: bool = False

    @property
    def joinable(self) -> bool:
        """Whether our access point can let a station in: open, or a pre-shared key with CCMP."""
        if self.rsn is None:
            return not self.privacy
        return self.rsn.group == CCMP and CCMP in self.rsn.pairwise and PSK in self.rsn.akms

    def wpa_element(self) -> bytes:
        """Return the WPA element of a network with TKIP and a pre-shared key, or nothing."""
        if not self.wpa:
            return b""
        body = WPA_TYPE + struct.pack("<H", 1) + WPA_TKIP
        body += struct.pack("<H", 1) + WPA_TKIP + struct.pack("<H", 1) + WPA_PSK
        return frames.element(frames.VENDOR, body)

    def judge(self, body: bytes | None) -> int:
        """Return the status for a station whose association request has this RSN element (None: it has none)."""
        if self.rsn is None:
            return 0
        if body is None:
            return INVALID_ELEMENT
        chosen = parse_rsn(body)
        if chosen is None:
            return INVALID_ELEMENT
        if chosen.version != self.rsn.version:
            return BAD_VERSION
        if chosen.group != self.rsn.group:
            return BAD_GROUP
        if len(chosen.pairwise) != 1 or chosen.pairwise[0] not in self.rsn.pairwise or chosen.pairwise[0] != CCMP:
            return BAD_PAIRWISE
        if len(chosen.akms) != 1 or chosen.akms[0] not in self.rsn.akms or chosen.akms[0] != PSK:
            return BAD_AKM
        return 0


SECURITIES = {
    security.name: security
    for security in (
        Security("open", False),
        Security("wep", True),
        Security("wpa", True, wpa=True),
        Security("wpa2", True, Rsn()),
        Security("wpa2-tkip", True, Rsn(TKIP, (TKIP,))),
        Security("wpa+wpa2", True, Rsn(), wpa=True),
        Security("wpa2+sae", True, Rsn(akms=(PSK, SAE))),
        # 12.6.3: SAE comes with management frame protection, capability bits 6 (required) and 7 (capable).
        Security("sae", True, Rsn(akms=(SAE,), capabilities=0x00C0)),
        Security("eap", True, Rsn(akms=(EAP,))),
    )
}
