"""A board with IPv6, a peer whose address is an IPv6 address, and what the IPv6 cases share.

`dual` makes target and wire look as the scenes of conformance/scenes.py expect them, with IPv6 in the place of IPv4:
so a scene that says `target.socket()` and `wire.peer.ip` serves both families.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from typing import Any

from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import AF_INET6, SEC, SOCK_DGRAM
from sockbench.peers.address import ip_text
from sockbench.peers.nd import Prefix, Router

from conformance.scenes import BOARD, DEVICE

# RFC 4291, appendix A: the interface identifier is the MAC address with ff:fe in the middle and one bit turned.
BOARD_LOCAL = "fe80::ff:fe00:1"
PEER_LOCAL = "fe80::ff:fe00:2"
# Addresses of the link that nobody has.
NOBODY_LOCAL = "fe80::77"
# What the router of `globally` advertises, and the addresses there.
PREFIX = "2001:db8::"
BOARD_GLOBAL = "2001:db8::ff:fe00:1"
PEER_GLOBAL = "2001:db8::3"
NOBODY_GLOBAL = "2001:db8::77"
# The number of the Ethernet interface, as lwIP counts them (netif_get_index): the loopback is the first.
SCOPE = 2

# The last router solicitation goes 8 s after the first (RFC 4861 6.3.7), the last report of a group within 10 s
# (RFC 2710 7.10); after this the board is quiet.
SETTLED = 20 * SEC
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, NEIGHBOUR_SOLICITATION, NEIGHBOUR_ADVERTISEMENT = 133, 134, 135, 136
MULTICAST_REPORT, MULTICAST_DONE = 131, 132
UNREACHABLE, ECHO_REQUEST, ECHO_REPLY = 1, 128, 129


def icmp6_type(frame: Any) -> int | None:
    """Return the type of the frame's ICMPv6 message, behind a hop-by-hop header if there is one; None for others."""
    data = frame.data
    if data[12:14] != b"\x86\xdd":
        return None
    if data[20] == 58:
        return int(data[54])
    if data[20] == 0 and data[54] == 58:
        return int(data[62])
    return None


def is_background(frame: Any) -> bool:
    """Return whether FRAME is what a node says by itself: solicitations of routers, reports of groups."""
    return icmp6_type(frame) in (ROUTER_SOLICITATION, MULTICAST_REPORT, MULTICAST_DONE)


def solicitations(wire: Any, address: str, since: int = 0) -> list[Any]:
    """Return the board's neighbour solicitations for ADDRESS that left SINCE then."""
    return [
        frame
        for frame in wire.frames
        if frame.outgoing
        and frame.at >= since
        and icmp6_type(frame) == NEIGHBOUR_SOLICITATION
        and target_of(frame) == address
    ]


def target_of(frame: Any) -> str:
    """Return the address that a neighbour solicitation or advertisement is about."""
    return ip_text(frame.data[62:78])


async def up6(target: Any, wire: Any, *, settled: bool = True) -> Any:
    """Bring TARGET up with both families and return it; what a node says by itself is accounted for."""
    wire.ignore(is_background)
    wire.ignore(lambda frame: icmp6_type(frame) == NEIGHBOUR_SOLICITATION and frame.ipv6.src == "::")
    await target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254", ip6=True)
    if settled:
        await asyncio.sleep(SETTLED)
    return target


async def globally(target: Any, wire: Any, **router: Any) -> Any:
    """Bring TARGET up on a link with a router, and return a host with a global address on it."""
    wire.peer.nd.router = Router(prefixes=(Prefix(prefix=PREFIX),), **router)
    host = wire.host(ip="10.0.0.3", ip6=PEER_GLOBAL)
    await up6(target, wire)
    return host


class SixTarget:
    """The target whose sockets are of AF_INET6 unless their family is given."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def socket(self, *args: Any, **kwargs: Any) -> Any:
        """Call the constructor."""
        if not args:
            kwargs.setdefault("family", AF_INET6)
        return self._target.socket(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)


class SixPeer:
    """The peer whose address is its IPv6 address."""

    def __init__(self, peer: Any, ip: str) -> None:
        self._peer = peer
        self.ip = ip

    def __getattr__(self, name: str) -> Any:
        return getattr(self._peer, name)


class SixWire:
    """The wire whose peer is a SixPeer."""

    def __init__(self, wire: Any, host: Any, ip: str) -> None:
        self._wire = wire
        self.peer = SixPeer(host, ip)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)


async def dual(target: Any, wire: Any, scope: str = "link-local") -> tuple[Any, Any]:
    """Return TARGET and WIRE as the shared scenes want them, with addresses of that SCOPE, link-local or global."""
    if scope == "global":
        host = await globally(target, wire)
        return SixTarget(target), SixWire(wire, host, PEER_GLOBAL)
    await up6(target, wire)
    return SixTarget(target), SixWire(wire, wire.peer, PEER_LOCAL)


async def udp6(target: Any, port: int = 5000) -> Any:
    """Return an IPv6 datagram socket bound to PORT on every address."""
    sock = await target.socket(AF_INET6, SOCK_DGRAM)
    await sock.bind(port)
    return sock


def datagram6(
    wire: Any,
    data: bytes,
    *,
    to: tuple[str, int] = (BOARD_LOCAL, 5000),
    source: tuple[str, int] = (PEER_LOCAL, 7000),
    link: str = BOARD,
    **udp: Any,
) -> Any:
    """Return the frame of an IPv6 datagram that no peer sends."""
    ip6 = IPv6(src=source[0], dst=to[0])
    return Ether(src=wire.peer.mac, dst=link) / ip6 / UDP(sport=source[1], dport=to[1], **udp) / Raw(data)
