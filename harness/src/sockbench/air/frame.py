# SPDX-License-Identifier: GPL-2.0-or-later
"""A frame that crossed the air, and what can be said of it in one line; dissected only when somebody looks.

What is asked often (names, addresses) is answered from the bytes. Who has the key puts the decrypted
frame beside the one that crossed.
"""

from __future__ import annotations

import struct
from typing import Any

from sockbench.air import ccmp, eapol, frames
from sockbench.clock import text
from sockbench.packets import Dot11, Ether
from sockbench.peers.address import mac_text

PORT = 1
FRAME, BEACONS, NO_MORE_BEACONS = 0, 1, 2
LINK_HEADER = struct.Struct("<BBbB")
DECLARATION = struct.Struct("<QII")

# Radiotap (radiotap.org): flags, rate, channel and signal are there.
_RADIOTAP = struct.Struct("<BBHIBBHHb")
_PRESENT = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5
_CCK, _OFDM, _2GHZ = 0x0020, 0x0040, 0x0080


def megahertz(channel: int) -> int:
    """Return the centre of a channel of the 2.4 GHz band (IEEE 802.11-2020 15.4.4.3)."""
    return 2484 if channel == 14 else 2407 + 5 * channel


class AirFrame:
    """One crossing: when, from whom, on which channel, and the MPDU as it crossed, without FCS."""

    __slots__ = (
        "at", "outgoing", "channel", "rssi", "rate", "data", "fate", "claimed_by", "declared", "_plain", "_packet",
        "_inner",
    )  # fmt: skip

    port = PORT

    def __init__(
        self, at: int, outgoing: bool, data: bytes, *, channel: int, rssi: int, rate: int, plain: bytes | None = None,
        fate: str = "", declared: bytes | None = None,
    ) -> None:  # fmt: skip
        self.at = at
        # Whether the board sent it.
        self.outgoing = outgoing
        self.channel = channel
        self.rssi = rssi
        # In units of 500 kbit/s.
        self.rate = rate
        self.data = data
        # What the air did to it: "", "lost", "late", "duplicate".
        self.fate = fate
        # Who accounts for it; "" is nobody.
        self.claimed_by = ""
        # Of a declaration of beacons (or of their end): what crossed the link instead of a frame.
        self.declared = declared
        self._plain = plain
        self._packet: Any = None
        self._inner: Any = None

    @property
    def plain(self) -> bytes | None:
        """The frame as it was before encryption; None if nobody here has the key."""
        return self.data if not self.protected else self._plain

    def decrypted(self, plain: bytes) -> None:
        """Note what the frame says; called by who has the key."""
        self._plain = plain

    @property
    def name(self) -> str:
        """What kind of message it is, as `expect` takes it."""
        plain = self.plain
        return message_name(self.data if plain is None else plain)

    @property
    def protected(self) -> bool:
        return len(self.data) > 1 and bool(self.data[1] & frames.PROTECTED)

    @property
    def retry(self) -> bool:
        return bool(self.data[1] & frames.RETRY)

    @property
    def power_save(self) -> bool:
        return bool(self.data[1] & frames.POWER)

    @property
    def more_data(self) -> bool:
        return bool(self.data[1] & frames.MORE_DATA)

    @property
    def receiver(self) -> str:
        return mac_text(self.data[4:10])

    @property
    def transmitter(self) -> str:
        return mac_text(self.data[10:16])

    @property
    def bssid(self) -> str:
        ds = self.data[1] & 3 if self.data[0] & 0x0C == 0x08 else 0
        if self.data[0] & 0x0C == 0x04 or ds == frames.TO_DS:
            return self.receiver
        return self.transmitter if ds == frames.FROM_DS else mac_text(self.data[16:22])

    @property
    def source(self) -> str:
        is_data = self.data[0] & 0x0C == 0x08
        return mac_text(self.data[16:22]) if is_data and self.data[1] & 3 == frames.FROM_DS else self.transmitter

    @property
    def destination(self) -> str:
        is_data = self.data[0] & 0x0C == 0x08
        return mac_text(self.data[16:22]) if is_data and self.data[1] & 3 == frames.TO_DS else self.receiver

    @property
    def body(self) -> bytes:
        """What follows the header, decrypted where the key is known."""
        plain = self.plain
        data = self.data if plain is None else plain
        return data[frames.header_bytes(data) :]

    @property
    def ethernet(self) -> bytes | None:
        """What a data frame carries, as an Ethernet frame without padding."""
        plain = self.plain
        return None if plain is None else frames.to_ethernet(plain)

    @property
    def status(self) -> int | None:
        """The status code of an answer."""
        if self.name == "AUTH":
            said = frames.parse_auth(self.body)
            return None if said is None else said.status
        if self.name in ("ASSOC_RESP", "REASSOC_RESP"):
            answer = frames.parse_assoc_response(self.body)
            return None if answer is None else answer.status
        return None

    @property
    def reason(self) -> int | None:
        """The reason code of a Deauthentication or Disassociation."""
        if self.name in ("DEAUTH", "DISASSOC") and len(self.body) >= 2:
            return int.from_bytes(self.body[:2], "little")
        return None

    @property
    def ssid(self) -> bytes | None:
        """The SSID element's content."""
        name = self.name
        elements: Any = None
        if name == "PROBE_REQ":
            elements = frames.parse_elements(self.body)
        elif name in ("BEACON", "PROBE_RESP"):
            beacon = frames.parse_beacon(self.body)
            elements = None if beacon is None else beacon.elements
        elif name in ("ASSOC_REQ", "REASSOC_REQ"):
            request = frames.parse_assoc_request(self.body, again=name == "REASSOC_REQ")
            elements = None if request is None else request.elements
        return None if elements is None else frames.find(elements, frames.SSID)

    @property
    def key(self) -> eapol.EapolKey | None:
        """The EAPOL-Key frame in it; its key data is as it crossed."""
        plain = self.plain
        return None if plain is None else eapol_key(plain)

    @property
    def packet(self) -> Any:
        """The frame as it crossed, as Scapy sees it."""
        if self._packet is None:
            self._packet = Dot11(self.data)
        return self._packet

    @property
    def inner(self) -> Any:
        """The frame before encryption, as Scapy sees it; None if nobody here has the key."""
        plain = self.plain
        if self._inner is None and plain is not None:
            self._inner = Dot11(plain) if self.protected else self.packet
        return self._inner

    def wire(self) -> bytes:
        """Return what crossed the link."""
        if self.declared is not None:
            return self.declared
        return LINK_HEADER.pack(FRAME, self.channel, self.rssi, self.rate) + self.data

    def capture(self) -> bytes:
        """Return the frame as LINKTYPE_IEEE802_11_RADIOTAP has it."""
        modulation = _CCK if self.rate in frames.BASIC_RATES else _OFDM
        size = _RADIOTAP.size
        head = _RADIOTAP.pack(
            0, 0, size, _PRESENT, 0, self.rate, megahertz(self.channel), modulation | _2GHZ, self.rssi
        )
        return head + self.data

    def __repr__(self) -> str:
        way = "board >" if self.outgoing else "board <"
        notes = [note for note in (self.fate, self.claimed_by and f"for {self.claimed_by}") if note]
        return f"{text(self.at)} {way} {self.describe()}" + (f" ({', '.join(notes)})" if notes else "")

    def describe(self) -> str:
        """Return one line that says what it is."""
        if self.declared is not None and self.declared[0] == NO_MORE_BEACONS:
            return f"no more beacons of {mac_text(self.data[10:16])}"
        said = f"ch {self.channel} {_SHORT.get(self.name, self.name)}"
        if self.declared is not None:
            first, interval, _ = DECLARATION.unpack_from(self.declared, LINK_HEADER.size)
            said += f"s from {text(first)} every {interval} us"
        if len(self.data) >= 16 or self.name == "PS_POLL":
            said += f" {self.transmitter} > {self.receiver}"
        said += "".join(f" {part}" for part in self._details())
        return said

    def _details(self) -> list[str]:
        name = self.name
        found = []
        ssid = self.ssid
        if ssid is not None:
            found.append(f"SSID={ssid.decode('utf-8', errors='backslashreplace')!r}")
        if self.status is not None:
            found.append(f"status={self.status}")
        if self.reason is not None:
            found.append(f"reason={self.reason}")
        if self.protected:
            start = frames.header_bytes(self.data)
            found.append(f"key={ccmp.key_id(self.data, start)} PN={ccmp.packet_number(self.data, start)}")
        key = self.key
        if key is not None:
            found.append(f"replay={key.replay}")
        for flag, word in ((frames.POWER, "PM"), (frames.MORE_DATA, "more"), (frames.RETRY, "retry")):
            if len(self.data) > 1 and self.data[1] & flag:
                found.append(word)
        carried = self.ethernet if name == "DATA" else None
        if carried is not None:
            found.append(Ether(carried).summary())
        return found


_SHORT = {
    "AUTH": "Auth", "ASSOC_REQ": "Assoc Req", "ASSOC_RESP": "Assoc Resp", "REASSOC_REQ": "Reassoc Req",
    "REASSOC_RESP": "Reassoc Resp", "PROBE_REQ": "Probe Req", "PROBE_RESP": "Probe Resp", "BEACON": "Beacon",
    "DISASSOC": "Disassoc", "DEAUTH": "Deauth", "ACTION": "Action", "DATA": "Data", "NULL": "Null",
    "PS_POLL": "PS-Poll",
    "M1": "EAPOL M1", "M2": "EAPOL M2", "M3": "EAPOL M3", "M4": "EAPOL M4", "G1": "EAPOL G1", "G2": "EAPOL G2",
}  # fmt: skip
MESSAGES = frozenset(_SHORT) | {"EAPOL"}


def message_name(mpdu: bytes) -> str:
    """Return the name of a frame that is not encrypted; of an encrypted one DATA, of an unknown kind its number."""
    if len(mpdu) < 2:
        return "SHORT"
    name = frames.NAMES.get(mpdu[0])
    if name is None:
        return f"0x{mpdu[0]:02x}"
    if name != "DATA" or mpdu[1] & frames.PROTECTED:
        return name
    start = frames.header_bytes(mpdu)
    if mpdu[start : start + 8] != frames.EAPOL_SNAP:
        return name
    key = eapol_key(mpdu)
    return "EAPOL" if key is None else key.name


def eapol_key(mpdu: bytes) -> eapol.EapolKey | None:
    """Return the EAPOL-Key frame in a data frame that is not encrypted."""
    start = frames.header_bytes(mpdu)
    if not start or mpdu[start : start + 8] != frames.EAPOL_SNAP:
        return None
    return eapol.parse(mpdu[start + 8 :])
