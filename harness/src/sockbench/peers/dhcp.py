# SPDX-License-Identifier: GPL-2.0-or-later
"""A DHCP server (RFC 2131) on a host: one lease, offered to whoever asks, and what may go wrong with it.

Messages are answered in the instant in which they come, or `delay` later. Everything that came is
in `messages`. How it misbehaves is set by attributes, or in any way at all by `edit`.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sockbench.peers.address import ip_bytes, ip_text, mac_text
from sockbench.peers.udp import Datagram
from sockbench.peers.waiting import Waiters

if TYPE_CHECKING:
    from sockbench.peers.host import Host

BOOTREQUEST, BOOTREPLY = 1, 2
SERVER_PORT = 67
CLIENT_PORT = 68
# RFC 2131 2, figure 1, up to and with the magic cookie.
HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
COOKIE = b"\x63\x82\x53\x63"
BROADCAST_FLAG = 0x8000
BROADCAST = "255.255.255.255"
NOBODY = "0.0.0.0"

# RFC 2132: the options that a server needs.
MASK, ROUTER, NAME_SERVERS, REQUESTED_IP, LEASE_TIME = 1, 3, 6, 50, 51
MESSAGE_TYPE, SERVER_ID, RENEWAL_TIME, REBINDING_TIME, CLIENT_ID, PAD, END = 53, 54, 58, 59, 61, 0, 255
KINDS = ("", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM")


@dataclass(frozen=True)
class DhcpMessage:
    """A message of the protocol; addresses in text, options by their number."""

    kind: str
    xid: int
    client_mac: str
    client_ip: str = NOBODY
    your_ip: str = NOBODY
    flags: int = 0
    seconds: int = 0
    options: dict[int, bytes] = field(default_factory=dict)
    at: int = 0
    source: tuple[str, int] = (NOBODY, 0)
    destination: str = NOBODY

    @property
    def requested_ip(self) -> str | None:
        """The address that the client asks for by option 50."""
        return _address(self.options.get(REQUESTED_IP))

    @property
    def server_id(self) -> str | None:
        """The server that the client has chosen."""
        return _address(self.options.get(SERVER_ID))


@dataclass(frozen=True)
class Lease:
    """What the server gives. Times in seconds; renewal and rebinding None: not said."""

    ip: str
    mask: str = "255.255.255.0"
    router: str | None = None
    dns: tuple[str, ...] = ()
    seconds: int = 3600
    renewal: int | None = None
    rebinding: int | None = None


def _address(data: bytes | None) -> str | None:
    return ip_text(data) if data is not None and len(data) == 4 else None


def parse_dhcp(data: bytes, *, of: int = BOOTREQUEST) -> DhcpMessage | None:
    """Return a client's message, or a server's; None if it is not one (RFC 2131 2 and 3)."""
    if len(data) < HEADER.size:
        return None
    op, hardware, length, _, xid, seconds, flags, client, your, _, _, mac, _, _, cookie = HEADER.unpack_from(data)
    options = parse_options(data[HEADER.size :])
    if op != of or hardware != 1 or length != 6 or cookie != COOKIE or options is None:
        return None
    kind = options.pop(MESSAGE_TYPE, b"")
    if len(kind) != 1 or not 1 <= kind[0] < len(KINDS):
        return None
    return DhcpMessage(
        KINDS[kind[0]], xid, mac_text(mac[:6]), ip_text(client), ip_text(your), flags, seconds, options
    )  # fmt: skip


def parse_options(data: bytes) -> dict[int, bytes] | None:
    """Return options by their number; None unless each is whole and the end is marked (RFC 2132 2)."""
    options: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        code = data[at]
        if code == END:
            return options
        if code == PAD:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            return None
        options[code] = options.get(code, b"") + data[at + 2 : at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return None


def build_dhcp(message: DhcpMessage, server_ip: str, *, of: int = BOOTREPLY) -> bytes:
    """Return a server's message, or a client's."""
    mac = bytes.fromhex(message.client_mac.replace(":", ""))
    header = HEADER.pack(
        of, 1, 6, 0, message.xid, message.seconds, message.flags, ip_bytes(message.client_ip),
        ip_bytes(message.your_ip), ip_bytes(server_ip), bytes(4), mac.ljust(16, b"\0"), bytes(64), bytes(128), COOKIE,
    )  # fmt: skip
    options = {MESSAGE_TYPE: bytes([KINDS.index(message.kind)]), **message.options}
    return header + b"".join(bytes([code, len(value)]) + value for code, value in options.items()) + bytes([END])


class DhcpServer:
    """A server with one lease on a host of the wire."""

    def __init__(self, host: Host, lease: Lease) -> None:
        self.lease = lease
        self.messages: list[DhcpMessage] = []
        self.sent: list[DhcpMessage] = []
        # How it misbehaves: what it does not answer, how often it refuses, how late it is.
        self.silent_on: set[str] = set()
        self.naks = 0
        self.delay = 0
        self.edit: Callable[[DhcpMessage], DhcpMessage | None] | None = None
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._endpoint = host.udp.bind(SERVER_PORT)
        self._endpoint.on_datagram = self._came
        self._waiters = Waiters(self._loop)
        self._taken = 0

    async def received(self, kind: str, *, within: int) -> DhcpMessage:
        """Return the earliest message of that kind not yet returned, and pass over those before it."""

        def find() -> int | None:
            later = range(self._taken, len(self.messages))
            return next((index for index in later if self.messages[index].kind == kind), None)

        await self._waiters.until(
            lambda: find() is not None,
            within=within,
            wanted=f"a DHCP {kind}",
            seen=lambda: str([message.kind for message in self.messages[self._taken :]]),
        )
        found = find()
        assert found is not None
        self._taken = found + 1
        return self.messages[found]

    def of(self, kind: str) -> list[DhcpMessage]:
        """Return all messages of that kind so far."""
        return [message for message in self.messages if message.kind == kind]

    def close(self) -> None:
        """Serve no longer."""
        self._endpoint.close()

    def _came(self, datagram: Datagram) -> None:
        message = parse_dhcp(datagram.data)
        if message is None:
            return
        message = replace(message, at=datagram.at, source=datagram.source, destination=datagram.destination[0])
        self.messages.append(message)
        reply = self._reply(message)
        if reply is not None and self.edit is not None:
            reply = self.edit(reply)
        if reply is not None:
            self._send(reply)
        self._waiters.notify()

    def _reply(self, message: DhcpMessage) -> DhcpMessage | None:
        if message.kind in self.silent_on:
            return None
        if message.kind == "DISCOVER":
            return self._answer("OFFER", message)
        # RFC 2131 4.3.2: a request that names another server is none for us.
        if message.kind != "REQUEST" or message.server_id not in (None, self._host.ip):
            return None
        wanted = message.requested_ip or message.client_ip
        if self.naks > 0:
            self.naks -= 1
            return self._answer("NAK", message)
        return self._answer("ACK" if wanted == self.lease.ip else "NAK", message)

    def _answer(self, kind: str, message: DhcpMessage) -> DhcpMessage:
        options = {SERVER_ID: ip_bytes(self._host.ip)}
        if kind == "NAK":  # RFC 2131 table 3: neither an address nor a time.
            return DhcpMessage(kind, message.xid, message.client_mac, flags=message.flags, options=options)
        lease = self.lease
        options |= {LEASE_TIME: struct.pack("!I", lease.seconds), MASK: ip_bytes(lease.mask)}
        if lease.renewal is not None:
            options[RENEWAL_TIME] = struct.pack("!I", lease.renewal)
        if lease.rebinding is not None:
            options[REBINDING_TIME] = struct.pack("!I", lease.rebinding)
        if lease.router is not None:
            options[ROUTER] = ip_bytes(lease.router)
        if lease.dns:
            options[NAME_SERVERS] = b"".join(map(ip_bytes, lease.dns))
        return DhcpMessage(
            kind, message.xid, message.client_mac, message.client_ip, lease.ip, message.flags, options=options
        )  # fmt: skip

    def _send(self, reply: DhcpMessage) -> None:
        """Send it where RFC 2131 4.1 says: to the client's address, the offered one, or everybody."""
        to = reply.client_ip if reply.client_ip != NOBODY else reply.your_ip
        if reply.kind == "NAK" or (reply.flags & BROADCAST_FLAG and reply.client_ip == NOBODY) or to == NOBODY:
            to = BROADCAST
        else:
            self._host.arp.know(to, reply.client_mac)
        at = int(self._loop.time()) + self.delay
        self.sent.append(replace(reply, at=at, destination=to))
        self._endpoint.send(build_dhcp(reply, self._host.ip), to=(to, CLIENT_PORT), at=at)
