"""How the board gets its address in these cases, by whichever interface is under test, and the cable.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

from sockbench import MS, SEC, WIFI_WPA2
from sockbench.peers import DhcpServer, Lease

from conformance.scenes import BOARD, DEVICE

MASK = "255.255.255.0"
GATEWAY = "10.0.0.254"
NONE = "0.0.0.0"
# The address that the DHCP server gives, unless the case has another.
LEASED = "10.0.0.50"

# What wifi links to in these cases.
SSID, PASSPHRASE = "sockbench", "correct horse battery staple"
# docs/wifi-datasheet.md, section 5: 40 ms on each of 13 channels; this access point answers at once.
JOIN = 13 * 40 * MS

# docs/nic-datasheet.md, section 9.
LINK_DOWN, LINK_UP = 1, 2
# Until a plugged-in cable is a link: the PHY negotiates, the driver hears of it.
NEGOTIATION = 10 * MS
# docs/socket-module.md: how long link() waits.
LINK_TIMEOUT = 10 * SEC
DHCP_TIMEOUT = 60 * SEC
# From the server's ACK to a usable address, at most: RFC 5227 1.1 and 2.1.1.
CONFLICT_DETECTION = 10 * SEC


class Interface:
    """The module of the interface under test, `eth` or `wifi`; they differ in what link() is told, and in its time."""

    def __init__(self, bench: Any) -> None:
        self._module = getattr(bench.target, bench.interface)
        # How long link() takes before there is a question of addresses.
        self.joins = 0
        # The board's address as link_info() tells it: text of eth, bytes of wifi, as the original has them.
        self.mac: str | bytes = BOARD
        if bench.interface == "wifi":
            ap = bench.air.access_points[0] if bench.air.access_points else bench.air.access_point(SSID, PASSPHRASE)
            self._network: tuple[Any, ...] = (ap.ssid, WIFI_WPA2, PASSPHRASE)
            self.joins = JOIN
            self.mac = bytes.fromhex(BOARD.replace(":", ""))
        else:
            self._network = ()

    @property
    def unlinked(self) -> tuple[str | bytes, ...]:
        """What link_info() tells of an interface that is down."""
        return (NONE, NONE, NONE, NONE, self.mac)

    def link(self, *arguments: Any) -> Any:
        """Call link() with what this interface wants to be told, or with other ARGUMENTS."""
        return self._module.link(*(arguments or self._network))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


async def link_static(interface: Any, wire: Any, ip: str = DEVICE, gw: str = GATEWAY, dns: str = NONE) -> None:
    """Bring the interface up with a static address; ARP is accounted for."""
    wire.ignore(lambda frame: frame.arp is not None)
    await interface.set_link_info(ip, MASK, gw, dns)
    await interface.link()


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
