# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers of the board: hosts with ARP, ICMP, UDP and a TCP of our own, on virtual time."""

from sockbench.peers.errors import ConnectionLost
from sockbench.peers.host import Host
from sockbench.peers.nd import Prefix, Router
from sockbench.peers.tcp import Connection, ConnectionOptions, Listener, Segment, TcpService
from sockbench.peers.udp import Datagram, UdpEndpoint

__all__ = [
    "Connection",
    "ConnectionLost",
    "ConnectionOptions",
    "Datagram",
    "Host",
    "Listener",
    "Prefix",
    "Router",
    "Segment",
    "TcpService",
    "UdpEndpoint",
]
