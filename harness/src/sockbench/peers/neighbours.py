# SPDX-License-Identifier: GPL-2.0-or-later
"""What a host knows of its neighbours' MAC addresses, and what waits until it does.

ARP and neighbour discovery differ in how they ask and how they are answered; that is theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sockbench.peers.address import ip_bytes, ip_text, mac_bytes, mac_text
from sockbench.peers.waiting import Waiters

QUEUED_MAX = 64
REQUEST_INTERVAL_NS = 1_000_000_000  # RFC 1122 2.3.2.1: at most one per second and destination; RFC 4861 10.


class Neighbours:
    """The table of addresses. Attributes that a test may change:

    enabled      answer requests for the host's addresses
    answer_mac   the MAC address that answers claim; None is the host's own
    delay        nanoseconds between a request and the answer
    """

    requests_max: int
    answer_name: str

    def __init__(self, loop: asyncio.AbstractEventLoop, mac: bytes) -> None:
        self._loop = loop
        self._mac = mac
        self._known: dict[bytes, bytes] = {}
        self._queued: dict[bytes, list[Callable[[bytes], None]]] = {}
        self._failed: dict[bytes, list[Callable[[], None]]] = {}
        self._waiters = Waiters(loop)
        self.enabled = True
        self.answer_mac: str | None = None
        self.delay = 0

    @property
    def table(self) -> dict[str, str]:
        """Return whom the host knows, as text."""
        return {ip_text(ip): mac_text(mac) for ip, mac in self._known.items()}

    def know(self, ip: str, mac: str) -> None:
        """Take `mac` for `ip` as if it had been found out."""
        self._learn(ip_bytes(ip), mac_bytes(mac))

    def forget(self, ip: str) -> None:
        """Know `ip` no longer, so that the next packet to it asks."""
        self._known.pop(ip_bytes(ip), None)

    async def resolve(self, ip: str, *, within: int) -> str:
        """Return the MAC address that answers for `ip`; always asks."""
        self.forget(ip)
        key = ip_bytes(ip)
        self._request(key)
        await self._waiters.until(
            lambda: key in self._known, within=within, wanted=f"{self.answer_name} {ip}", seen=lambda: "none"
        )
        return mac_text(self._known[key])

    def when_known(
        self, ip: bytes, use: Callable[[bytes], None], failed: Callable[[], None] | None = None
    ) -> None:
        """Call `use` with the MAC address of `ip`, at once if it is known, else when an answer comes; or `failed`."""
        mac = self._known.get(ip)
        if mac is not None:
            use(mac)
            return
        queue = self._queued.setdefault(ip, [])
        if len(queue) < QUEUED_MAX:
            queue.append(use)
            if failed is not None:
                self._failed.setdefault(ip, []).append(failed)
        if len(queue) == 1:
            self._ask(ip, self.requests_max)

    def heard(self, ip: bytes, mac: bytes) -> None:
        """Remember who sent a packet, unless an answer has said otherwise: saves tests an unasked request."""
        if ip not in self._known and any(ip):
            self._learn(ip, mac)

    def _request(self, ip: bytes) -> None:
        """Ask once for `ip`."""
        raise AssertionError("each protocol asks in its own way")

    def _ask(self, ip: bytes, left: int) -> None:
        """Ask for `ip` until it is known; drop what waits for it after the last request stayed unanswered."""
        if ip not in self._queued:
            return
        if not left:
            del self._queued[ip]
            for failed in self._failed.pop(ip, ()):
                failed()
            return
        self._request(ip)
        self._loop.call_later(REQUEST_INTERVAL_NS, self._ask, ip, left - 1)

    def _claimed(self) -> bytes:
        return self._mac if self.answer_mac is None else mac_bytes(self.answer_mac)

    def _later(self) -> int | None:
        return int(self._loop.time()) + self.delay if self.delay else None

    def _learn(self, ip: bytes, mac: bytes) -> None:
        self._known[ip] = mac
        self._failed.pop(ip, None)
        for use in self._queued.pop(ip, ()):
            use(mac)
        self._waiters.notify()
