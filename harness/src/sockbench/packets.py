# SPDX-License-Identifier: GPL-2.0-or-later
"""Scapy, cut off from the host it runs on.

Left alone, Scapy reads the host's interfaces and routes when imported, takes source addresses from
them, and sends real ARP and neighbour solicitations to find a destination's MAC. Here it has no
interfaces, and asking it for a route or a neighbour raises. This module has to be the first to
import Scapy's layers; the plugin sees to that.
"""

from __future__ import annotations

from typing import Any

from scapy.config import conf

conf.route_autoload = False
conf.route6_autoload = False
conf.ifaces_autoload = False  # type: ignore[attr-defined]

import scapy.interfaces  # noqa: E402


class HostAsked(Exception):
    """A packet left it to the host to fill in an address: give src and dst, for Ether too."""


class _NoInterfaces(scapy.interfaces.NetworkInterfaceDict):
    """No interfaces, however often they are looked for."""

    def reload(self) -> None:
        """Find nothing."""


# Importing the layers looks for the host's interfaces, by netlink; so this has to come before.
conf.ifaces = _NoInterfaces()

from scapy.layers import inet, inet6, l2  # noqa: E402
from scapy.layers.dot11 import Dot11  # noqa: E402
from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.inet6 import IPv6  # noqa: E402
from scapy.layers.l2 import ARP, Ether  # noqa: E402
from scapy.packet import NoPayload, Packet, Padding, Raw  # noqa: E402


class _NoRoutes:
    """A route table that nobody may look into; whoever only cleans it may."""

    def route(self, *arguments: Any, **options: Any) -> Any:
        raise HostAsked("a packet has no source address: give src, and src and dst of Ether")

    def get_if_bcast(self, interface: Any) -> list[str]:
        return []

    def invalidate_cache(self) -> None:
        return None

    def resync(self) -> None:
        return None


def _ask_neighbour(*arguments: Any, **options: Any) -> Any:
    raise HostAsked("a packet has no destination MAC: give dst of Ether")


def _install() -> None:
    conf.route = _NoRoutes()  # type: ignore[assignment, unused-ignore]
    conf.route6 = _NoRoutes()  # type: ignore[assignment, unused-ignore]
    conf.neighbor.resolve = _ask_neighbour  # type: ignore[method-assign, unused-ignore]
    for module, name in (
        (l2, "getmacbyip"),
        (inet, "getmacbyip"),
        (inet6, "getmacbyip6"),
        (inet6, "neighsol"),
    ):
        setattr(module, name, _ask_neighbour)
    # Ports are numbers in every text: their names come from the host's /etc/services.
    conf.noenum.add(TCP.sport, TCP.dport, UDP.sport, UDP.dport)  # type: ignore[attr-defined, unused-ignore]


_install()

__all__ = [
    "ARP",
    "ICMP",
    "IP",
    "TCP",
    "UDP",
    "Dot11",
    "Ether",
    "HostAsked",
    "IPv6",
    "NoPayload",
    "Packet",
    "Padding",
    "Raw",
]
