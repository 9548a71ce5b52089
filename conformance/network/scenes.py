"""How the board gets its address in these cases, and the cable.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

from sockbench import MS, SEC
from sockbench.peers import DhcpServer, Lease

from conformance.scenes import BOARD, DEVICE

MASK = "255.255.255.0"
GATEWAY = "10.0.0.254"
NONE = "0.0.0.0"
UNLINKED = (NONE, NONE, NONE, NONE, BOARD)
# The address that the DHCP server gives, unless the case has another.
LEASED = "10.0.0.50"

# docs/nic-datasheet.md, section 9.
LINK_DOWN, LINK_UP = 1, 2
# Until a plugged-in cable is a link: the PHY negotiates, the driver hears of it.
NEGOTIATION = 10 * MS
# docs/socket-module.md: how long link() waits.
LINK_TIMEOUT = 10 * SEC
DHCP_TIMEOUT = 60 * SEC
# From the server's ACK to a usable address, at most: RFC 5227 1.1 and 2.1.1.
CONFLICT_DETECTION = 10 * SEC


async def link_static(target: Any, wire: Any, ip: str = DEVICE, gw: str = GATEWAY, dns: str = NONE) -> None:
    """Bring the interface up with a static address; ARP is accounted for."""
    wire.ignore(lambda frame: frame.arp is not None)
    await target.eth.set_link_info(ip, MASK, gw, dns)
    await target.eth.link()


def serve(wire: Any, ip: str = LEASED, **lease: Any) -> DhcpServer:
    """Return a DHCP server on the peer; ARP, by which the board looks for conflicts, is accounted for."""
    wire.ignore(lambda frame: frame.arp is not None)
    return DhcpServer(wire.peer, Lease(ip, **{"router": GATEWAY, "dns": (wire.peer.ip,), **lease}))


def pull(bench: Any) -> None:
    """Unplug the cable."""
    bench.inject(LINK_DOWN)


def plug(bench: Any) -> None:
    """Plug it in again."""
    bench.inject(LINK_UP)
