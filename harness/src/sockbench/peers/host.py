# SPDX-License-Identifier: GPL-2.0-or-later
"""A host on the wire: one MAC and one IPv4 address, with ARP, ICMP, UDP and TCP.

It knows nothing of the board: frames come in through `receive`, frames go out through the `send`
it was made with, time is that of the asyncio loop it was made with (integer nanoseconds). So a host
can be tested against another host without a board.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from random import Random

from sockbench.peers.address import (
    BROADCAST_IP,
    BROADCAST_MAC,
    ip_bytes,
    ip_text,
    is_multicast,
    mac_bytes,
    mac_text,
    multicast_mac,
)
from sockbench.peers.arp import ArpService
from sockbench.peers.fragments import Reassembly
from sockbench.peers.headers import (
    ETHERTYPE_IPV4,
    MORE_FRAGMENTS,
    PROTOCOL_ICMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    IpPacket,
    build_ethernet,
    build_ipv4,
    parse_ipv4,
)
from sockbench.peers.icmp import IcmpService
from sockbench.peers.tcp import TcpService
from sockbench.peers.udp import UdpService

MTU = 1500

# Sends a frame, now (None) or at a virtual time.
SendFrame = Callable[[bytes, int | None], None]


class Host:
    """A peer of the board. It answers ARP and echo requests, and nothing else unless told."""

    def __init__(
        self,
        ip: str,
        mac: str,
        *,
        send: SendFrame,
        loop: asyncio.AbstractEventLoop,
        prefix: int = 24,
        neighbours: Mapping[str, str] | None = None,
        seed: int = 0,
        mtu: int = MTU,
    ) -> None:
        self.ip = ip
        self.mac = mac_text(mac_bytes(mac))
        self.mtu = mtu
        self.enabled = True
        self._ip = ip_bytes(ip)
        self._mac = mac_bytes(mac)
        self._send = send
        self._loop = loop
        host_bits = (1 << (32 - prefix)) - 1
        self._subnet_broadcast = (int.from_bytes(self._ip, "big") | host_bits).to_bytes(4, "big")
        self._groups: set[bytes] = set()
        self._identification = 0
        self._reassembly = Reassembly()
        random = Random(f"{seed} {self.mac} {ip}")
        self.arp = ArpService(loop, self._mac, self._ip, send)
        self.icmp = IcmpService(self, loop)
        self.udp = UdpService(self, loop, self.icmp.refused)
        self.tcp = TcpService(self, loop, random)
        for neighbour, address in (neighbours or {}).items():
            self.arp.know(neighbour, address)

    def join(self, group: str) -> None:
        """Receive datagrams for a multicast group (without telling anybody by IGMP)."""
        self._groups.add(ip_bytes(group))

    def receive(self, frame: bytes) -> bool:
        """Act on a frame of the board, now; return whether it was for this host and somebody here wanted it."""
        if not self.enabled:
            return False
        destination = frame[:6]
        if destination != self._mac and not destination[0] & 1:
            return False
        ethertype = frame[12:14]
        if ethertype == b"\x08\x00":
            packet = parse_ipv4(frame[14:])
            if packet is None or not self._is_for_us(packet.destination):
                return False
            self.arp.heard(packet.source, frame[6:12])
            return self._receive_ip(packet, is_unicast=destination == self._mac)
        if ethertype == b"\x08\x06":
            return self.arp.receive(frame[14:])
        return False

    def send_ip(
        self,
        destination: bytes,
        protocol: int,
        payload: bytes,
        *,
        source: bytes | None = None,
        ttl: int = 64,
        at: int | None = None,
    ) -> None:
        """Send a packet, in fragments if it is larger than the MTU; asks by ARP whom it does not know."""
        origin = self._ip if source is None else source
        self._identification = (self._identification + 1) & 0xFFFF
        room = self.mtu - 20
        if len(payload) <= room:
            packets = [build_ipv4(origin, destination, protocol, payload, identification=self._identification, ttl=ttl)]
        else:
            step = room & ~7
            packets = [
                build_ipv4(
                    origin,
                    destination,
                    protocol,
                    payload[offset : offset + step],
                    identification=self._identification,
                    ttl=ttl,
                    flags=MORE_FRAGMENTS if offset + step < len(payload) else 0,
                    fragment_offset=offset,
                )
                for offset in range(0, len(payload), step)
            ]
        if destination in (BROADCAST_IP, self._subnet_broadcast):
            self._send_packets(packets, at, BROADCAST_MAC)
        elif is_multicast(destination):
            self._send_packets(packets, at, multicast_mac(destination))
        else:
            self.arp.when_known(destination, partial(self._send_packets, packets, at))

    def source_for(self, destination: bytes) -> bytes:
        """Return the host's own address of the destination's family."""
        return self._ip

    def close(self) -> None:
        """Forget every connection and endpoint and cancel every timer, without a word."""
        self.tcp.close()
        self.udp.close()

    def _receive_ip(self, packet: IpPacket, *, is_unicast: bool) -> bool:
        if packet.more_fragments or packet.fragment_offset:
            whole = self._reassembly.add(packet, int(self._loop.time()))
            if whole is None:
                return True
            packet = whole
        if packet.protocol == PROTOCOL_TCP:
            return is_unicast and self.tcp.receive(packet)  # RFC 9293 MUST-57
        if packet.protocol == PROTOCOL_UDP:
            return self.udp.receive(packet, refusable=is_unicast)
        if packet.protocol == PROTOCOL_ICMP:
            return self.icmp.receive(packet)
        return False

    def _is_for_us(self, destination: bytes) -> bool:
        return (
            destination == self._ip
            or destination == BROADCAST_IP
            or destination == self._subnet_broadcast
            or destination in self._groups
        )

    def _send_packets(self, packets: list[bytes], at: int | None, mac: bytes) -> None:
        for packet in packets:
            self._send(build_ethernet(mac, self._mac, ETHERTYPE_IPV4, packet), at)

    def __repr__(self) -> str:
        return f"Host({ip_text(self._ip)}, {self.mac})"
