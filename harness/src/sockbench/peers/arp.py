# SPDX-License-Identifier: GPL-2.0-or-later
"""The ARP of a host: answers for its address, knows or finds out the addresses of others (RFC 826)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sockbench.peers.address import BROADCAST_MAC, UNKNOWN_MAC, UNSPECIFIED_IP, ip_bytes, mac_bytes
from sockbench.peers.headers import ETHERTYPE_ARP, Arp, build_arp, build_ethernet, parse_arp
from sockbench.peers.neighbours import Neighbours

REQUEST, REPLY = 1, 2


class ArpService(Neighbours):
    """`peer.arp`; what a test may change is in `Neighbours`."""

    requests_max = 5
    answer_name = "an ARP answer for"

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        mac: bytes,
        ip: bytes,
        send: Callable[[bytes, int | None], None],
    ) -> None:
        super().__init__(loop, mac)
        self._ip = ip
        self._send = send

    def own(self, ip: bytes) -> None:
        """Answer for another address from now on."""
        self._ip = ip

    def request(self, ip: str, *, at: int | None = None) -> None:
        """Broadcast one request for `ip`."""
        self._transmit(Arp(REQUEST, self._mac, self._ip, UNKNOWN_MAC, ip_bytes(ip)), BROADCAST_MAC, at)

    def announce(self, *, mac: str | None = None, at: int | None = None) -> None:
        """Broadcast a gratuitous request for the host's own address (RFC 5227 3)."""
        sender = self._mac if mac is None else mac_bytes(mac)
        self._transmit(Arp(REQUEST, sender, self._ip, UNKNOWN_MAC, self._ip), BROADCAST_MAC, at)

    def answer(self, ip: str, mac: str, *, at: int | None = None) -> None:
        """Send an answer nobody has asked for to the owner of `ip` at `mac`."""
        self._transmit(Arp(REPLY, self._claimed(), self._ip, mac_bytes(mac), ip_bytes(ip)), mac_bytes(mac), at)

    def receive(self, data: bytes) -> bool:
        """Act on an ARP message; return whether it concerned this host."""
        message = parse_arp(data)
        if message is None:
            return False
        concerns_us = message.target_ip == self._ip
        is_announcement = message.sender_ip == message.target_ip and message.sender_ip != self._ip
        if message.sender_ip != UNSPECIFIED_IP and (concerns_us or message.sender_ip in self._known):
            self._learn(message.sender_ip, message.sender_mac)
        if is_announcement:
            return True
        if not concerns_us or not self.enabled:
            return False
        if message.operation == REQUEST:
            answer = Arp(REPLY, self._claimed(), self._ip, message.sender_mac, message.sender_ip)
            self._transmit(answer, message.sender_mac, self._later())
        return True

    def _request(self, ip: bytes) -> None:
        self._transmit(Arp(REQUEST, self._mac, self._ip, UNKNOWN_MAC, ip), BROADCAST_MAC, None)

    def _transmit(self, message: Arp, destination: bytes, at: int | None) -> None:
        self._send(build_ethernet(destination, self._mac, ETHERTYPE_ARP, build_arp(message)), at)
