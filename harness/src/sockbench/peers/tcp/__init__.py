# SPDX-License-Identifier: GPL-2.0-or-later
"""A complete TCP that can be told to misbehave."""

from sockbench.peers.tcp.connection import Connection
from sockbench.peers.tcp.options import ConnectionOptions
from sockbench.peers.tcp.segment import Segment
from sockbench.peers.tcp.service import Listener, TcpService

__all__ = ["Connection", "ConnectionOptions", "Listener", "Segment", "TcpService"]
