# SPDX-License-Identifier: GPL-2.0-or-later
"""A DHCP client (RFC 2131 4.4) on a host: for servers that the device runs.

Times are those of the RFC without its random part: every run is the same. The host has no address
(0.0.0.0) until a lease is bound, and loses it when the lease ends.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from sockbench.peers.address import ip_bytes, ip_text
from sockbench.peers.dhcp import (
    BOOTREPLY,
    BOOTREQUEST,
    BROADCAST,
    BROADCAST_FLAG,
    CLIENT_PORT,
    LEASE_TIME,
    MASK,
    NAME_SERVERS,
    NOBODY,
    REBINDING_TIME,
    RENEWAL_TIME,
    REQUESTED_IP,
    ROUTER,
    SERVER_ID,
    SERVER_PORT,
    DhcpMessage,
    Lease,
    build_dhcp,
    parse_dhcp,
)
from sockbench.peers.udp import Datagram
from sockbench.peers.waiting import Timer, Waiters

if TYPE_CHECKING:
    from sockbench.peers.host import Host

SEC = 1_000_000_000
# RFC 2131 4.1: 4 s, then twice as long each time, up to 64 s.
FIRST_WAIT, LONGEST_WAIT = 4 * SEC, 64 * SEC
# RFC 2131 4.4.5: half and seven eighths of the lease, unless the server says otherwise.
T1_PART, T2_PART = 0.5, 0.875
# RFC 2131 4.4.5: in renewing and rebinding half of what is left, and no less than a minute.
SHORTEST_RENEWAL = 60 * SEC
PARAMETERS = 55
WANTED = bytes([MASK, ROUTER, NAME_SERVERS, LEASE_TIME, RENEWAL_TIME, REBINDING_TIME])

INIT, SELECTING, REQUESTING, BOUND, RENEWING, REBINDING = (
    "INIT", "SELECTING", "REQUESTING", "BOUND", "RENEWING", "REBINDING",
)  # fmt: skip
Change = Callable[[DhcpMessage], DhcpMessage | None]


class DhcpClient:
    """The client of one host; it begins at once."""

    def __init__(self, host: Host, *, broadcast: bool = True, seed: int = 0) -> None:
        self.state = INIT
        self.lease: Lease | None = None
        self.server: str | None = None
        # Everything that came from servers, and all that was sent.
        self.messages: list[DhcpMessage] = []
        self.sent: list[DhcpMessage] = []
        # How it misbehaves: how many leases it declines, and what is sent instead.
        self.declines = 0
        self.edit: Change | None = None
        self._host = host
        self._loop = host.loop
        self._flags = BROADCAST_FLAG if broadcast else 0
        self._random = Random(f"{seed} {host.mac} dhcp")
        self._endpoint = host.udp.bind(CLIENT_PORT)
        self._endpoint.on_datagram = self._came
        self._waiters = Waiters(self._loop)
        self._again = Timer(self._loop, self._repeat)
        self._ends = Timer(self._loop, self._next_state)
        self._wait = FIRST_WAIT
        self._xid = 0
        self._offered: DhcpMessage | None = None
        self._bound_at = 0
        self.discover()

    async def bound(self, *, within: int) -> Lease:
        """Return the lease once there is one; raise Expired after `within` ns."""
        await self._waiters.until(
            lambda: self.lease is not None, within=within, wanted="a DHCP lease",
            seen=lambda: f"{self.state} after {[message.kind for message in self.messages]}",
        )  # fmt: skip
        assert self.lease is not None
        return self.lease

    def discover(self) -> None:
        """Begin anew: have no address, and ask everybody for one."""
        self._lose()
        self.state, self._wait, self._xid = SELECTING, FIRST_WAIT, self._random.getrandbits(32)
        self._repeat()

    def release(self) -> None:
        """Give the lease back."""
        if self.lease is not None and self.server is not None:
            options = {SERVER_ID: ip_bytes(self.server)}
            self._send("RELEASE", options, client_ip=self.lease.ip, to=self.server)
        self._lose()

    def close(self) -> None:
        """Ask no longer, without a word."""
        self._again.stop()
        self._ends.stop()
        self._endpoint.close()

    def _came(self, datagram: Datagram) -> None:
        message = parse_dhcp(datagram.data, of=BOOTREPLY)
        if message is None or message.client_mac != self._host.mac or message.xid != self._xid:
            return
        message = replace(message, at=datagram.at, source=datagram.source, destination=datagram.destination[0])
        self.messages.append(message)
        if message.kind == "OFFER" and self.state == SELECTING and message.server_id is not None:
            self._offered = message
            self.state, self._wait = REQUESTING, FIRST_WAIT
            self._repeat()
        elif message.kind == "ACK" and self.state in (REQUESTING, RENEWING, REBINDING):
            self._bind(message)
        elif message.kind == "NAK" and self.state in (REQUESTING, RENEWING, REBINDING):
            self.discover()
        self._waiters.notify()

    def _bind(self, message: DhcpMessage) -> None:
        if self.declines > 0:
            self.declines -= 1
            options = {REQUESTED_IP: ip_bytes(message.your_ip), SERVER_ID: message.options.get(SERVER_ID, b"")}
            self._send("DECLINE", options)
            # RFC 2131 3.1, 5: ten seconds before it begins again.
            self._lose()
            self._ends.start(self._now() + 10 * SEC)
            return
        lease = _lease(message)
        self.lease, self.server = lease, message.server_id or self.server
        self.state, self._bound_at = BOUND, self._now()
        self._again.stop()
        prefix = int.from_bytes(ip_bytes(lease.mask), "big").bit_count()
        self._host.readdress(lease.ip, prefix, gateway=lease.router)
        self._ends.start(self._bound_at + _t1(lease))

    def _next_state(self) -> None:
        lease = self.lease
        if lease is None:
            self.discover()
            return
        if self.state == BOUND:
            self.state = RENEWING
            self._ends.start(self._bound_at + _t2(lease))
        elif self.state == RENEWING:
            self.state = REBINDING
            self._ends.start(self._bound_at + lease.seconds * SEC)
        else:
            self.discover()
            return
        self._xid = self._random.getrandbits(32)
        self._repeat()

    def _repeat(self) -> None:
        """Send what this state asks, and see to it that it is asked again."""
        now = self._now()
        if self.state == SELECTING:
            self._send("DISCOVER", {PARAMETERS: WANTED})
        elif self.state == REQUESTING and self._offered is not None:
            offered = self._offered
            if self._wait > LONGEST_WAIT:
                self.discover()
                return
            options = {
                REQUESTED_IP: ip_bytes(offered.your_ip), SERVER_ID: offered.options[SERVER_ID], PARAMETERS: WANTED
            }  # fmt: skip
            self._send("REQUEST", options)
        elif self.state in (RENEWING, REBINDING) and self.lease is not None:
            to = self.server if self.state == RENEWING and self.server is not None else BROADCAST
            self._send("REQUEST", {PARAMETERS: WANTED}, client_ip=self.lease.ip, to=to)
            left = (self._ends.deadline or now) - now
            self._again.start(now + max(left // 2, SHORTEST_RENEWAL))
            return
        self._again.start(now + min(self._wait, LONGEST_WAIT))
        self._wait *= 2

    def _lose(self) -> None:
        self._again.stop()
        self._ends.stop()
        self._offered = None
        self.state, self.lease, self.server = INIT, None, None
        self._host.readdress(NOBODY)

    def _send(self, kind: str, options: dict[int, bytes], *, client_ip: str = NOBODY, to: str = BROADCAST) -> None:
        flags = self._flags if client_ip == NOBODY else 0
        message: DhcpMessage | None = DhcpMessage(
            kind, self._xid, self._host.mac, client_ip, flags=flags, options=options, at=self._now(), destination=to
        )
        if self.edit is not None and message is not None:
            message = self.edit(message)
        if message is not None:
            self.sent.append(message)
            self._endpoint.send(build_dhcp(message, NOBODY, of=BOOTREQUEST), to=(to, SERVER_PORT))

    def _now(self) -> int:
        return int(self._loop.time())


def _lease(message: DhcpMessage) -> Lease:
    options = message.options
    servers = options.get(NAME_SERVERS, b"")
    return Lease(
        message.your_ip,
        mask=_text(options.get(MASK)) or "255.255.255.0",
        router=_text(options.get(ROUTER)),
        dns=tuple(ip_text(servers[at : at + 4]) for at in range(0, len(servers) - 3, 4)),
        seconds=_seconds(options.get(LEASE_TIME)) or 0,
        renewal=_seconds(options.get(RENEWAL_TIME)),
        rebinding=_seconds(options.get(REBINDING_TIME)),
    )


def _text(data: bytes | None) -> str | None:
    return ip_text(data[:4]) if data is not None and len(data) >= 4 else None


def _seconds(data: bytes | None) -> int | None:
    return int(struct.unpack("!I", data)[0]) if data is not None and len(data) == 4 else None


def _t1(lease: Lease) -> int:
    return lease.renewal * SEC if lease.renewal is not None else int(lease.seconds * SEC * T1_PART)


def _t2(lease: Lease) -> int:
    return lease.rebinding * SEC if lease.rebinding is not None else int(lease.seconds * SEC * T2_PART)
