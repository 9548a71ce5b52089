# SPDX-License-Identifier: GPL-2.0-or-later
"""A host on the wire: one MAC address, IPv4 and IPv6, with ARP, ND, ICMP, UDP and TCP.

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
    UNSPECIFIED_IP,
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
    ETHERTYPE_IPV6,
    MORE_FRAGMENTS,
    PROTOCOL_FRAGMENT,
    PROTOCOL_ICMP,
    PROTOCOL_ICMPV6,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    IpPacket,
    build_ethernet,
    build_ipv4,
    build_ipv6,
    build_ipv6_fragment,
    parse_icmp,
    parse_ipv4,
    parse_ipv6,
    pseudo_sum,
)
from sockbench.peers.icmp import IcmpService
from sockbench.peers.icmp6 import Icmp6Service
from sockbench.peers.nd import ALL_NODES, ALL_ROUTERS, NdService, link_local, solicited_node
from sockbench.peers.tcp import TcpService
from sockbench.peers.udp import UdpService

MTU = 1500
SHORTEST_BYTES = 60  # IEEE 802.3 4A.4.2: 64 with the FCS, which does not travel here.

# Sends a frame, now (None) or at a virtual time.
SendFrame = Callable[[bytes, int | None], None]


class Host:
    """A peer of the board. It answers ARP, neighbour solicitations and echo requests, and nothing else unless told.

    `ip6` is an IPv6 address beside the link-local one, which follows from the MAC address.
    """

    def __init__(
        self,
        ip: str,
        mac: str,
        *,
        send: SendFrame,
        loop: asyncio.AbstractEventLoop,
        prefix: int = 24,
        ip6: str | None = None,
        neighbours: Mapping[str, str] | None = None,
        seed: int = 0,
        mtu: int = MTU,
        shortest: int = SHORTEST_BYTES,
        gateway: str | None = None,
    ) -> None:
        self.ip = ip
        self.mac = mac_text(mac_bytes(mac))
        self.mtu = mtu
        self._shortest = shortest
        self.enabled = True
        self._ip = ip_bytes(ip)
        self._mac = mac_bytes(mac)
        self._send_frame = send
        self.loop = loop
        # Who forwards what is for another subnet; None: everybody is asked for directly.
        self.gateway = gateway
        self._host_bits = (1 << (32 - prefix)) - 1
        self._subnet_broadcast = (int.from_bytes(self._ip, "big") | self._host_bits).to_bytes(4, "big")
        self._groups: set[bytes] = set()
        self._link_local = link_local(self._mac)
        self.link_local = ip_text(self._link_local)
        self.ip6 = None if ip6 is None else ip_text(ip_bytes(ip6))
        self._ip6 = self._link_local if ip6 is None else ip_bytes(ip6)
        own6 = (self._link_local,) if ip6 is None else (self._ip6, self._link_local)
        self._groups6 = {ALL_NODES, *map(solicited_node, own6)}
        self._own6 = frozenset(own6)
        self._identification = 0
        self._reassembly = Reassembly()
        random = Random(f"{seed} {self.mac} {ip}")
        self.arp = ArpService(loop, self._mac, self._ip, self.send_frame)
        self.icmp = IcmpService(self, loop)
        self.nd = NdService(self, loop, self._mac, own6)
        self.icmp6 = Icmp6Service(self, loop)
        self.udp = UdpService(self, loop, self._refuse)
        self.tcp = TcpService(self, loop, random)
        for neighbour, address in (neighbours or {}).items():
            (self.nd if ":" in neighbour else self.arp).know(neighbour, address)

    def readdress(self, ip: str, prefix: int = 24, *, gateway: str | None = None) -> None:
        """Have another IPv4 address from now on; connections of the old one end without a word."""
        self.ip = ip
        self._ip = ip_bytes(ip)
        self._host_bits = (1 << (32 - prefix)) - 1
        self._subnet_broadcast = (int.from_bytes(self._ip, "big") | self._host_bits).to_bytes(4, "big")
        self.gateway = gateway
        self.arp.own(self._ip)

    def join(self, group: str) -> None:
        """Receive datagrams for a multicast group (without telling anybody by IGMP or MLD)."""
        (self._groups6 if ":" in group else self._groups).add(ip_bytes(group))

    def receive(self, frame: bytes) -> bool:
        """Act on a frame of the board, now; return whether it was for this host and somebody here wanted it."""
        if not self.enabled or len(frame) < 14:
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
        if ethertype == b"\x86\xdd":
            packet = parse_ipv6(frame[14:])
            if packet is None or not self._is_for_us6(packet.destination):
                return False
            if packet.protocol != PROTOCOL_ICMPV6:
                self.nd.heard(packet.source, frame[6:12])
            return self._receive_ip(packet, is_unicast=destination == self._mac)
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
        origin = self.source_for(destination) if source is None else source
        self._identification = (self._identification + 1) & 0xFFFF
        if len(destination) == 16:
            packets = self._ipv6_packets(origin, destination, protocol, payload, ttl)
            if destination[0] == 0xFF:
                self._send_packets(packets, at, ETHERTYPE_IPV6, multicast_mac(destination))
            else:
                self.nd.when_known(destination, partial(self._send_packets, packets, at, ETHERTYPE_IPV6))
            return
        packets = self._ipv4_packets(origin, destination, protocol, payload, ttl)
        if destination in (BROADCAST_IP, self._subnet_broadcast):
            self._send_packets(packets, at, ETHERTYPE_IPV4, BROADCAST_MAC)
        elif is_multicast(destination):
            self._send_packets(packets, at, ETHERTYPE_IPV4, multicast_mac(destination))
        else:
            self.arp.when_known(self._next_hop(destination), partial(self._send_packets, packets, at, ETHERTYPE_IPV4))

    def source_for(self, destination: bytes) -> bytes:
        """Return the host's own address of the destination's family."""
        if len(destination) == 4:
            return self._ip
        is_local = destination[:2] == b"\xfe\x80" or (destination[0] == 0xFF and destination[1] & 15 == 2)
        return self._link_local if is_local else self._ip6

    def close(self) -> None:
        """Forget every connection and endpoint and cancel every timer, without a word."""
        self.tcp.close()
        self.udp.close()

    def _receive_ip(self, packet: IpPacket, *, is_unicast: bool) -> bool:
        if packet.more_fragments or packet.fragment_offset:
            whole = self._reassembly.add(packet, int(self.loop.time()))
            if whole is None:
                return True
            packet = whole
        if packet.protocol == PROTOCOL_TCP:
            return is_unicast and self.tcp.receive(packet)  # RFC 9293 MUST-57
        if packet.protocol == PROTOCOL_UDP:
            return self.udp.receive(packet, refusable=is_unicast)
        if packet.protocol == PROTOCOL_ICMP:
            return self.icmp.receive(packet)
        if packet.protocol == PROTOCOL_ICMPV6 and len(packet.source) == 16:
            pseudo = pseudo_sum(packet.source, packet.destination) + PROTOCOL_ICMPV6 + len(packet.payload)
            message = parse_icmp(packet.payload, pseudo=pseudo)
            if message is None:
                return False
            if 133 <= message.type <= 137:
                return self.nd.receive(packet, message)
            return self.icmp6.receive(packet, message)
        return False

    def _is_for_us(self, destination: bytes) -> bool:
        return (
            destination == self._ip
            or destination == BROADCAST_IP
            or destination == self._subnet_broadcast
            or destination in self._groups
            # RFC 2131 4.1: who has no address yet takes what comes to its MAC address, to be offered one.
            or self._ip == UNSPECIFIED_IP
        )

    def _is_for_us6(self, destination: bytes) -> bool:
        return (
            destination in self._own6
            or destination in self._groups6
            or (destination == ALL_ROUTERS and self.nd.router is not None)
        )

    def _next_hop(self, destination: bytes) -> bytes:
        if self.gateway is None:
            return destination
        differs = int.from_bytes(destination, "big") ^ int.from_bytes(self._ip, "big")
        return destination if differs <= self._host_bits else ip_bytes(self.gateway)

    def _refuse(self, packet: IpPacket) -> None:
        if len(packet.source) == 4:
            self.icmp.refused(packet)
        else:
            header = build_ipv6(packet.source, packet.destination, packet.protocol, packet.payload)[:40]
            self.icmp6.refused(packet, header)

    def _ipv4_packets(self, source: bytes, destination: bytes, protocol: int, payload: bytes, ttl: int) -> list[bytes]:
        identification = self._identification
        room = self.mtu - 20
        if len(payload) <= room:
            return [build_ipv4(source, destination, protocol, payload, identification=identification, ttl=ttl)]
        step = room & ~7
        return [
            build_ipv4(
                source,
                destination,
                protocol,
                payload[offset : offset + step],
                identification=identification,
                ttl=ttl,
                flags=MORE_FRAGMENTS if offset + step < len(payload) else 0,
                fragment_offset=offset,
            )
            for offset in range(0, len(payload), step)
        ]

    def _ipv6_packets(
        self, source: bytes, destination: bytes, protocol: int, payload: bytes, hop_limit: int
    ) -> list[bytes]:
        if len(payload) <= self.mtu - 40:
            return [build_ipv6(source, destination, protocol, payload, hop_limit=hop_limit)]
        step = (self.mtu - 48) & ~7
        packets = []
        for offset in range(0, len(payload), step):
            is_last = offset + step >= len(payload)
            part = payload[offset : offset + step]
            part = build_ipv6_fragment(protocol, self._identification, offset, not is_last, part)
            packets.append(build_ipv6(source, destination, PROTOCOL_FRAGMENT, part, hop_limit=hop_limit))
        return packets

    def _send_packets(self, packets: list[bytes], at: int | None, ethertype: int, mac: bytes) -> None:
        for packet in packets:
            self.send_frame(build_ethernet(mac, self._mac, ethertype, packet), at)

    def send_frame(self, frame: bytes, at: int | None = None) -> None:
        """Send a frame, now or at a virtual time, padded as its medium wants it."""
        if len(frame) < self._shortest:
            frame = frame.ljust(self._shortest, b"\0")
        self._send_frame(frame, at)

    def __repr__(self) -> str:
        return f"Host({ip_text(self._ip)}, {self.mac})"
