# SPDX-License-Identifier: GPL-2.0-or-later
"""The ARP of a host: answers for its address, knows or finds out the addresses of others (RFC 826)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sockbench.peers.address import BROADCAST_MAC, UNKNOWN_MAC, UNSPECIFIED_IP, ip_bytes, mac_bytes, mac_text
from sockbench.peers.headers import ETHERTYPE_ARP, Arp, build_arp, build_ethernet, parse_arp
from sockbench.peers.waiting import Waiters

REQUEST, REPLY = 1, 2
QUEUED_MAX = 64
REQUESTS_MAX = 5
REQUEST_INTERVAL_NS = 1_000_000_000  # RFC 1122 2.3.2.1: at most one per second and destination.


class ArpService:
    """`peer.arp`. Attributes that a test may change:

    enabled      answer requests for the host's address
    answer_mac   the MAC address that answers claim; None is the host's own
    delay        nanoseconds between a request and the answer
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        mac: bytes,
        ip: bytes,
        send: Callable[[bytes, int | None], None],
    ) -> None:
        self._loop = loop
        self._mac = mac
        self._ip = ip
        self._send = send
        self._known: dict[bytes, bytes] = {}
        self._queued: dict[bytes, list[Callable[[bytes], None]]] = {}
        self._waiters = Waiters(loop)
        self.enabled = True
        self.answer_mac: str | None = None
        self.delay = 0

    @property
    def table(self) -> dict[str, str]:
        """Return whom the host knows, as text."""
        return {".".join(map(str, ip)): mac_text(mac) for ip, mac in self._known.items()}

    def know(self, ip: str, mac: str) -> None:
        """Take `mac` for `ip` as if ARP had found it."""
        self._learn(ip_bytes(ip), mac_bytes(mac))

    def forget(self, ip: str) -> None:
        """Know `ip` no longer, so that the next packet to it asks."""
        self._known.pop(ip_bytes(ip), None)

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

    async def resolve(self, ip: str, *, within: int) -> str:
        """Return the MAC address that answers for `ip`; always asks."""
        self.forget(ip)
        self.request(ip)
        key = ip_bytes(ip)
        await self._waiters.until(
            lambda: key in self._known, within=within, wanted=f"an ARP answer for {ip}", seen=lambda: "none"
        )
        return mac_text(self._known[key])

    def when_known(self, ip: bytes, use: Callable[[bytes], None]) -> None:
        """Call `use` with the MAC address of `ip`, at once if it is known, else when an answer comes."""
        mac = self._known.get(ip)
        if mac is not None:
            use(mac)
            return
        queue = self._queued.setdefault(ip, [])
        if len(queue) < QUEUED_MAX:
            queue.append(use)
        if len(queue) == 1:
            self._ask(ip, REQUESTS_MAX)

    def heard(self, ip: bytes, mac: bytes) -> None:
        """Remember who sent an IP packet, unless ARP has said otherwise: saves tests a request they did not ask for."""
        if ip not in self._known and ip != UNSPECIFIED_IP:
            self._learn(ip, mac)

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
            at = int(self._loop.time()) + self.delay if self.delay else None
            self._transmit(answer, message.sender_mac, at)
        return True

    def _ask(self, ip: bytes, left: int) -> None:
        """Ask for `ip` until it is known; drop what waits for it after the last request stayed unanswered."""
        if ip not in self._queued:
            return
        if not left:
            del self._queued[ip]
            return
        self._transmit(Arp(REQUEST, self._mac, self._ip, UNKNOWN_MAC, ip), BROADCAST_MAC, None)
        self._loop.call_later(REQUEST_INTERVAL_NS, self._ask, ip, left - 1)

    def _claimed(self) -> bytes:
        return self._mac if self.answer_mac is None else mac_bytes(self.answer_mac)

    def _learn(self, ip: bytes, mac: bytes) -> None:
        self._known[ip] = mac
        for use in self._queued.pop(ip, ()):
            use(mac)
        self._waiters.notify()

    def _transmit(self, message: Arp, destination: bytes, at: int | None) -> None:
        self._send(build_ethernet(destination, self._mac, ETHERTYPE_ARP, build_arp(message)), at)
