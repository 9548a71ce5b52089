# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers of the board: hosts with ARP, ICMP, UDP and a TCP of our own, on virtual time."""

from sockbench.peers.dhcp import DhcpMessage, DhcpServer, Lease
from sockbench.peers.dhcp_client import DhcpClient
from sockbench.peers.dns import DnsReply, DnsServer, Record
from sockbench.peers.errors import ConnectionLost
from sockbench.peers.host import Host
from sockbench.peers.nd import Prefix, Router
from sockbench.peers.router import Gateway
from sockbench.peers.tcp import Connection, ConnectionOptions, Listener, Segment, TcpService
from sockbench.peers.udp import Datagram, UdpEndpoint

__all__ = [
    "Connection",
    "ConnectionLost",
    "ConnectionOptions",
    "Datagram",
    "DhcpClient",
    "DhcpMessage",
    "DhcpServer",
    "DnsReply",
    "DnsServer",
    "Gateway",
    "Host",
    "Lease",
    "Listener",
    "Prefix",
    "Record",
    "Router",
    "Segment",
    "TcpService",
    "UdpEndpoint",
]
