# SPDX-License-Identifier: GPL-2.0-or-later
"""Neighbour discovery of a host (RFC 4861): answers for its addresses, finds others, plays a router on request."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sockbench.peers.address import ip_bytes, mac_bytes
from sockbench.peers.headers import PROTOCOL_ICMPV6, Icmp, IpPacket, build_icmp, pseudo_sum
from sockbench.peers.neighbours import Neighbours

ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 133, 134, 135, 136
OPTION_SOURCE_MAC, OPTION_TARGET_MAC, OPTION_PREFIX, OPTION_MTU = 1, 2, 3, 5
FLAG_ROUTER, FLAG_SOLICITED, FLAG_OVERRIDE = 0x80000000, 0x40000000, 0x20000000
HOP_LIMIT = 255  # RFC 4861 7.1: a packet from another link cannot have it.
ALL_NODES = ip_bytes("ff02::1")
ALL_ROUTERS = ip_bytes("ff02::2")
UNSPECIFIED = bytes(16)


@dataclass(frozen=True, kw_only=True)
class Prefix:
    """A prefix that a router advertises (RFC 4861 4.6.2); lifetimes are in seconds, as on the wire."""

    prefix: str
    length: int = 64
    valid: int = 2_592_000
    preferred: int = 604_800
    on_link: bool = True
    autonomous: bool = True


@dataclass(frozen=True, kw_only=True)
class Router:
    """What a router advertisement says (RFC 4861 4.2)."""

    prefixes: tuple[Prefix, ...] = ()
    lifetime: int = 1800
    hop_limit: int = 64
    managed: bool = False
    other: bool = False
    reachable_ms: int = 0
    retransmit_ms: int = 0
    mtu: int | None = None
    source_mac: bool = True


class Network(Protocol):
    """What neighbour discovery needs of the host below it."""

    def send_ip(
        self,
        destination: bytes,
        protocol: int,
        payload: bytes,
        *,
        source: bytes,
        ttl: int = HOP_LIMIT,
        at: int | None = None,
    ) -> None:
        """Send a packet, now or at a virtual time."""


def solicited_node(address: bytes) -> bytes:
    """Return the group on which the owner of `address` listens for solicitations (RFC 4291 2.7.1)."""
    return b"\xff\x02" + bytes(9) + b"\x01\xff" + address[13:]


def link_local(mac: bytes) -> bytes:
    """Return the link-local address with the modified EUI-64 of `mac` (RFC 4291, appendix A)."""
    return b"\xfe\x80" + bytes(6) + bytes([mac[0] ^ 2]) + mac[1:3] + b"\xff\xfe" + mac[3:]


class NdService(Neighbours):
    """`peer.nd`. What a test may change is in `Neighbours`, and

    router       what router solicitations are answered with; None: not at all
    """

    requests_max = 3  # MAX_MULTICAST_SOLICIT, RFC 4861 10
    answer_name = "an advertisement of"

    def __init__(
        self, network: Network, loop: asyncio.AbstractEventLoop, mac: bytes, addresses: tuple[bytes, ...]
    ) -> None:
        super().__init__(loop, mac)
        self._network = network
        self._addresses = addresses
        self.router: Router | None = None

    def solicit(self, ip: str, *, to: str | None = None, at: int | None = None) -> None:
        """Ask for `ip`: its solicited-node group, or `to`."""
        self._solicit(ip_bytes(ip), None if to is None else ip_bytes(to), at)

    def advertise(
        self,
        *,
        target: str | None = None,
        mac: str | None = None,
        to: str = "ff02::1",
        override: bool = True,
        solicited: bool = False,
        at: int | None = None,
    ) -> None:
        """Send a neighbour advertisement for one of the host's addresses (or any), asked for or not."""
        address = self._addresses[0] if target is None else ip_bytes(target)
        claimed = self._claimed() if mac is None else mac_bytes(mac)
        flags = (FLAG_OVERRIDE if override else 0) | (FLAG_SOLICITED if solicited else 0)
        self._advertise(address, claimed, ip_bytes(to), flags, at)

    def advertise_router(self, router: Router, *, to: str = "ff02::1", at: int | None = None) -> None:
        """Send one router advertisement from the host's link-local address."""
        self._advertise_router(router, ip_bytes(to), at)

    def receive(self, packet: IpPacket, message: Icmp) -> bool:
        """Act on a message of types 133 to 136; return whether it concerned this host."""
        if packet.ttl != HOP_LIMIT or message.code:
            return False
        body = message.rest.to_bytes(4, "big") + message.payload
        if message.type == ROUTER_SOLICITATION:
            if self.router is None:
                return False
            to = ALL_NODES if packet.source == UNSPECIFIED else packet.source
            self._advertise_router(self.router, to, self._later())
            return True
        if message.type == NEIGHBOUR_SOLICITATION and len(body) >= 20:
            return self._answer(packet, body[4:20], body[20:])
        if message.type == NEIGHBOUR_ADVERTISEMENT and len(body) >= 20:
            mac = _mac_option(body[20:], OPTION_TARGET_MAC)
            target = body[4:20]
            is_asked_for = target in self._queued or bool(self._waiters)
            if mac is not None and (is_asked_for or target in self._known):
                self._learn(target, mac)
                return True
        return False

    # -- inside ------------------------------------------------------------------------------------

    def _answer(self, packet: IpPacket, target: bytes, options: bytes) -> bool:
        if target not in self._addresses or not self.enabled:
            return False
        mac = _mac_option(options, OPTION_SOURCE_MAC)
        if packet.source == UNSPECIFIED:  # Duplicate address detection: tell everybody (RFC 4861 7.2.4).
            self._advertise(target, self._claimed(), ALL_NODES, FLAG_OVERRIDE, self._later())
            return True
        if mac is not None:
            self._learn(packet.source, mac)
        self._advertise(target, self._claimed(), packet.source, FLAG_SOLICITED | FLAG_OVERRIDE, self._later())
        return True

    def _request(self, ip: bytes) -> None:
        self._solicit(ip, None, None)

    def _solicit(self, target: bytes, to: bytes | None, at: int | None) -> None:
        option = bytes([OPTION_SOURCE_MAC, 1]) + self._mac
        destination = solicited_node(target) if to is None else to
        self._send(Icmp(NEIGHBOUR_SOLICITATION, 0, 0, target + option), self._source_like(target), destination, at)

    def _advertise(self, target: bytes, mac: bytes, to: bytes, flags: int, at: int | None) -> None:
        if self.router is not None:
            flags |= FLAG_ROUTER
        option = bytes([OPTION_TARGET_MAC, 1]) + mac
        source = target if target in self._addresses else self._addresses[0]
        self._send(Icmp(NEIGHBOUR_ADVERTISEMENT, 0, flags, target + option), source, to, at)

    def _advertise_router(self, router: Router, to: bytes, at: int | None) -> None:
        flags = (0x80 if router.managed else 0) | (0x40 if router.other else 0)
        rest = router.hop_limit << 24 | flags << 16 | router.lifetime
        body = struct.pack("!II", router.reachable_ms, router.retransmit_ms)
        if router.source_mac:
            body += bytes([OPTION_SOURCE_MAC, 1]) + self._mac
        if router.mtu is not None:
            body += struct.pack("!BBHI", OPTION_MTU, 1, 0, router.mtu)
        body += b"".join(_prefix_options(router.prefixes))
        self._send(Icmp(ROUTER_ADVERTISEMENT, 0, rest, body), link_local(self._mac), to, at)

    def _send(self, message: Icmp, source: bytes, destination: bytes, at: int | None) -> None:
        pseudo = pseudo_sum(source, destination) + PROTOCOL_ICMPV6 + 8 + len(message.payload)
        data = build_icmp(message, pseudo=pseudo)
        self._network.send_ip(destination, PROTOCOL_ICMPV6, data, source=source, ttl=HOP_LIMIT, at=at)

    def _source_like(self, target: bytes) -> bytes:
        local = link_local(self._mac)
        others = [address for address in self._addresses if address != local]
        return others[0] if others and target[:2] != b"\xfe\x80" else local


def _prefix_options(prefixes: Iterable[Prefix]) -> Iterable[bytes]:
    for prefix in prefixes:
        flags = (0x80 if prefix.on_link else 0) | (0x40 if prefix.autonomous else 0)
        yield struct.pack("!BBBBIII", OPTION_PREFIX, 4, prefix.length, flags, prefix.valid, prefix.preferred, 0)
        yield ip_bytes(prefix.prefix)


def _mac_option(options: bytes, kind: int) -> bytes | None:
    """Return the link-layer address in the option of `kind`, or None; an option of length zero ends the search."""
    at = 0
    while at + 8 <= len(options) and options[at + 1]:
        if options[at] == kind:
            return options[at + 2 : at + 8]
        at += options[at + 1] * 8
    return None
