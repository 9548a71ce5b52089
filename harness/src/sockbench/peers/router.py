# SPDX-License-Identifier: GPL-2.0-or-later
"""A router between the wire and a subnet behind it (RFC 1812): forwards IPv4, and misbehaves when told to.

Each of its two legs is a host of its own with ARP and ICMP. Hosts of the far subnet are on a segment
that only the router is on, too; everything there happens in the instant of its cause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from sockbench.peers.address import BROADCAST_IP, ip_bytes, is_multicast
from sockbench.peers.checksum import checksum
from sockbench.peers.headers import (
    DONT_FRAGMENT,
    ETHERTYPE_IPV4,
    MORE_FRAGMENTS,
    PROTOCOL_ICMP,
    build_ethernet,
    build_ipv4,
    parse_ipv4,
)
from sockbench.peers.host import MTU, Host, SendFrame

NET_UNREACHABLE, HOST_UNREACHABLE = 0, 1
FAR_MAC_PREFIX = "02:00:00:00:01"


class Gateway:
    """A router: `near` is its host on the wire, `far` that on the subnet behind it.

    Attributes that a case may change:

    enabled   forward at all
    errors    say by ICMP what could not be forwarded
    delay     nanoseconds that forwarding takes
    hops      by how much the TTL falls
    mtu       of the far subnet; what is larger is fragmented, or refused if it must not be
    edit      called with every packet before it is forwarded; returns it, another one, or None to lose it
    """

    def __init__(
        self, ip: str, mac: str, *, far_ip: str, send: SendFrame, loop: asyncio.AbstractEventLoop, prefix: int = 24,
        far_prefix: int = 24, far_mac: str | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        number = int(far_ip.rsplit(".", 1)[1])
        self.near = Host(ip, mac, send=send, loop=loop, prefix=prefix, seed=seed)
        self.far = Host(far_ip, far_mac or f"{FAR_MAC_PREFIX}:{number:02x}", send=self._to_far, loop=loop,
                        prefix=far_prefix, seed=seed)  # fmt: skip
        self.enabled = True
        self.errors = True
        self.delay = 0
        self.hops = 1
        self.mtu = MTU
        self.edit: Callable[[bytes], bytes | None] | None = None
        # Packets as they were forwarded: (time, packet).
        self.forwarded: list[tuple[int, bytes]] = []
        self._loop = loop
        self._seed = seed
        self._subnets = ((ip_bytes(ip), prefix, self.near), (ip_bytes(far_ip), far_prefix, self.far))
        self._hosts: list[Host] = []

    def host(self, ip: str, mac: str | None = None) -> Host:
        """Return a new host of the far subnet, whose gateway this router is."""
        number = int(ip.rsplit(".", 1)[1])
        made = Host(ip, mac or f"{FAR_MAC_PREFIX}:{number:02x}", send=self._from_far, loop=self._loop,
                    seed=self._seed, gateway=self.far.ip)  # fmt: skip
        self._hosts.append(made)
        return made

    def receive(self, frame: bytes) -> bool:
        """Act on a frame of the wire; return whether it is accounted for."""
        return self._arrived(self.near, frame)

    def close(self) -> None:
        """Close its legs and the hosts behind it."""
        for host in (self.near, self.far, *self._hosts):
            host.close()

    def _arrived(self, leg: Host, frame: bytes) -> bool:
        if leg.receive(frame):
            return True
        if frame[12:14] != b"\x08\x00" or frame[:6] != bytes.fromhex(leg.mac.replace(":", "")):
            return False
        packet = parse_ipv4(frame[14:])
        if packet is None or packet.destination == ip_bytes(leg.ip) or not leg.enabled:
            return False
        whole = frame[14 : 14 + int.from_bytes(frame[16:18], "big")]
        if self.enabled and packet.destination != BROADCAST_IP and not is_multicast(packet.destination):
            self._forward(leg, whole)
        return True

    def _forward(self, leg: Host, packet: bytes) -> None:
        if packet[8] <= self.hops:
            # RFC 1812 5.3.1: what has no hop left goes no further.
            self._say(leg, packet, partial(leg.icmp.time_exceeded, bytes(14) + packet))
            return
        way = self._way(packet[16:20])
        if way is None:
            self._say(leg, packet, partial(leg.icmp.unreachable, bytes(14) + packet, NET_UNREACHABLE))
            return
        if way is self.far and len(packet) > self.mtu and int.from_bytes(packet[6:8], "big") & DONT_FRAGMENT:
            self._say(leg, packet, partial(leg.icmp.fragmentation_needed, bytes(14) + packet, self.mtu))
            return
        changed: bytes | None = _aged(packet, self.hops)
        if self.edit is not None and changed is not None:
            changed = self.edit(changed)
        if changed is None:
            return
        failed = partial(self._say, leg, packet, partial(leg.icmp.unreachable, bytes(14) + packet, HOST_UNREACHABLE))
        for piece in _pieces(changed, self.mtu if way is self.far else MTU):
            way.arp.when_known(piece[16:20], partial(self._out, way, piece), failed)

    def _out(self, way: Host, packet: bytes, mac: bytes) -> None:
        at = int(self._loop.time()) + self.delay
        self.forwarded.append((at, packet))
        source = bytes.fromhex(way.mac.replace(":", ""))
        way.send_frame(build_ethernet(mac, source, ETHERTYPE_IPV4, packet), at if self.delay else None)

    def _way(self, destination: bytes) -> Host | None:
        address = int.from_bytes(destination, "big")
        for own, prefix, leg in self._subnets:
            if (address ^ int.from_bytes(own, "big")) >> (32 - prefix) == 0:
                return leg
        return None

    def _say(self, leg: Host, packet: bytes, error: Callable[[], None]) -> None:
        """Send an error, unless it is about an error, or about a fragment that is not the first (RFC 1812 4.3.2.7)."""
        header = (packet[0] & 15) << 2
        is_error = packet[9] == PROTOCOL_ICMP and packet[header : header + 1] not in (b"\0", b"\x08")
        is_later_fragment = bool(int.from_bytes(packet[6:8], "big") & 0x1FFF)
        if self.errors and not is_error and not is_later_fragment:
            error()

    def _to_far(self, frame: bytes, at: int | None) -> None:
        self._at(at, self._deliver, frame, None)

    def _from_far(self, frame: bytes, at: int | None) -> None:
        self._at(at, self._deliver, frame, frame[6:12])

    def _deliver(self, frame: bytes, sender: bytes | None) -> None:
        """Let everybody on the far segment hear a frame, but its sender; None is the router's own leg."""
        if sender is not None:
            self._arrived(self.far, frame)
        for host in self._hosts:
            if sender is None or bytes.fromhex(host.mac.replace(":", "")) != sender:
                host.receive(frame)

    def _at(self, at: int | None, act: Callable[[bytes, bytes | None], None], frame: bytes, who: bytes | None) -> None:
        if at is None or at <= self._loop.time():
            act(frame, who)
        else:
            self._loop.call_at(at, act, frame, who)


def _aged(packet: bytes, hops: int) -> bytes:
    """Return a packet with a smaller TTL and the checksum that belongs to it."""
    header_bytes = (packet[0] & 15) << 2
    header = packet[:8] + bytes([packet[8] - hops, packet[9], 0, 0]) + packet[12:header_bytes]
    total = checksum(header)
    return header[:10] + total.to_bytes(2, "big") + header[12:] + packet[header_bytes:]


def _pieces(packet: bytes, mtu: int) -> list[bytes]:
    """Return a packet in fragments that fit (RFC 791 3.2)."""
    if len(packet) <= mtu:
        return [packet]
    header_bytes = (packet[0] & 15) << 2
    fragment = int.from_bytes(packet[6:8], "big")
    start, more = (fragment & 0x1FFF) << 3, fragment & MORE_FRAGMENTS
    payload = packet[header_bytes:]
    step = (mtu - header_bytes) & ~7
    pieces = []
    for offset in range(0, len(payload), step):
        is_last = offset + step >= len(payload)
        pieces.append(
            build_ipv4(
                packet[12:16], packet[16:20], packet[9], payload[offset : offset + step],
                identification=int.from_bytes(packet[4:6], "big"), ttl=packet[8],
                flags=more if is_last else MORE_FRAGMENTS, fragment_offset=start + offset,
                options=packet[20:header_bytes] if not offset else b"",
            )
        )  # fmt: skip
    return pieces
