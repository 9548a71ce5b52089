# SPDX-License-Identifier: GPL-2.0-or-later
"""A frame that crossed between board and wire, dissected only when somebody looks into it.

Dissecting costs more than everything else that happens to a frame, so whatever can be answered from
the bytes is: the payload, and whether a protocol can be there at all.
"""

from __future__ import annotations

from typing import Any

from sockbench.clock import text
from sockbench.packets import ARP, ICMP, IP, TCP, UDP, Ether, IPv6, Packet

_PROTOCOLS = {TCP: 6, UDP: 17, ICMP: 1}


class Frame:
    """One crossing: when, where, which way, and the bytes as they crossed."""

    __slots__ = ("at", "port", "outgoing", "data", "fate", "claimed_by", "_packet")

    def __init__(self, at: int, port: int, outgoing: bool, data: bytes, fate: str = "") -> None:
        self.at = at
        self.port = port
        self.outgoing = outgoing
        self.data = data
        # What the wire did to it: "", "lost", "corrupted", "late", "duplicate", "unreachable" (the board is not there).
        self.fate = fate
        # Who accounts for it; "" is nobody.
        self.claimed_by = ""
        self._packet: Any = None

    @property
    def packet(self) -> Any:
        """The frame as Scapy sees it."""
        if self._packet is None:
            self._packet = Ether(self.data)
        return self._packet

    def layer(self, kind: type[Packet]) -> Any:
        """Return the layer of that kind, or None; cheap where the bytes already say no."""
        if not self.may_hold(kind):
            return None
        return self.packet.getlayer(kind)

    def may_hold(self, kind: type[Packet]) -> bool:
        """Return whether the bytes leave it possible that such a layer is in the frame."""
        ethertype = self.data[12:14]
        if kind is IP or kind is ICMP:
            if ethertype != b"\x08\x00":
                return False
        elif kind is ARP:
            return ethertype == b"\x08\x06"
        elif kind is IPv6:
            return ethertype == b"\x86\xdd"
        protocol = _PROTOCOLS.get(kind)
        if protocol is not None and ethertype == b"\x08\x00" and len(self.data) > 23:
            # An ICMP error holds the packet that it is about.
            return self.data[23] == protocol or self.data[23] == 1
        return True

    @property
    def eth(self) -> Any:
        return self.packet

    @property
    def arp(self) -> Any:
        return self.layer(ARP)

    @property
    def ip(self) -> Any:
        return self.layer(IP)

    @property
    def ipv6(self) -> Any:
        return self.layer(IPv6)

    @property
    def tcp(self) -> Any:
        return self._own(TCP)

    @property
    def udp(self) -> Any:
        return self._own(UDP)

    @property
    def icmp(self) -> Any:
        return self._own(ICMP)

    @property
    def payload(self) -> bytes | None:
        """What TCP, UDP or ICMP carries, without the frame's padding; None where there is none of them."""
        data = self.data
        if data[12:14] == b"\x08\x00" and len(data) >= 34:
            start = 14 + (data[14] & 15) * 4
            end = min(14 + int.from_bytes(data[16:18], "big"), len(data))
            protocol = data[23]
            if int.from_bytes(data[20:22], "big") & 0x1FFF:
                return None
        elif data[12:14] == b"\x86\xdd" and len(data) >= 54:
            start, end, protocol = 54, min(54 + int.from_bytes(data[18:20], "big"), len(data)), data[20]
        else:
            return None
        if protocol == 6 and end - start >= 20:
            return data[start + (data[start + 12] >> 4) * 4 : end]
        if protocol in (17, 1, 58) and end - start >= 8:
            return data[start + 8 : end]
        return None

    def _own(self, kind: type[Packet]) -> Any:
        """Return the layer of the frame's own packet, not of one that an ICMP error quotes."""
        data = self.data
        if data[12:14] == b"\x08\x00" and (len(data) < 34 or data[23] != _PROTOCOLS[kind]):
            return None
        return self.layer(kind)

    def __repr__(self) -> str:
        way = "board >" if self.outgoing else "board <"
        notes = [note for note in (self.fate, self.claimed_by and f"for {self.claimed_by}") if note]
        return f"{text(self.at)} {way} {self.packet.summary()}" + (f" ({', '.join(notes)})" if notes else "")
