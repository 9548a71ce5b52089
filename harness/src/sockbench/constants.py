# SPDX-License-Identifier: GPL-2.0-or-later
"""The constants of the documented module, as symbols: each is the device's number once it is sent.

The host's own numbers would do for some and be wrong for others, so none has a number here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """A constant of the device, by name."""

    name: str

    def __repr__(self) -> str:
        return self.name


AF_INET = Constant("AF_INET")
AF_INET6 = Constant("AF_INET6")
AF_CAN = Constant("AF_CAN")
SOCK_STREAM = Constant("SOCK_STREAM")
SOCK_DGRAM = Constant("SOCK_DGRAM")
SOCK_RAW = Constant("SOCK_RAW")
SOL_SOCKET = Constant("SOL_SOCKET")
SO_RCVTIMEO = Constant("SO_RCVTIMEO")
SO_REUSEADDR = Constant("SO_REUSEADDR")
SO_KEEPALIVE = Constant("SO_KEEPALIVE")
IPPROTO_IP = Constant("IPPROTO_IP")
IPPROTO_ICMP = Constant("IPPROTO_ICMP")
IPPROTO_TCP = Constant("IPPROTO_TCP")
IPPROTO_UDP = Constant("IPPROTO_UDP")
IP_HDRINCL = Constant("IP_HDRINCL")
TCP_NODELAY = Constant("TCP_NODELAY")
TCP_KEEPIDLE = Constant("TCP_KEEPIDLE")
TCP_KEEPINTVL = Constant("TCP_KEEPINTVL")
TCP_KEEPCNT = Constant("TCP_KEEPCNT")
CAN_RAW = Constant("CAN_RAW")
SOL_CAN_RAW = Constant("SOL_CAN_RAW")
CAN_RAW_FILTER = Constant("CAN_RAW_FILTER")
CAN_RAW_ERR_FILTER = Constant("CAN_RAW_ERR_FILTER")
CAN_RAW_LOOPBACK = Constant("CAN_RAW_LOOPBACK")
CAN_RAW_RECV_OWN_MSGS = Constant("CAN_RAW_RECV_OWN_MSGS")
CAN_RAW_FD_FRAMES = Constant("CAN_RAW_FD_FRAMES")
WIFI_OPEN = Constant("WIFI_OPEN")
WIFI_WEP = Constant("WIFI_WEP")
WIFI_WPA = Constant("WIFI_WPA")
WIFI_WPA2 = Constant("WIFI_WPA2")
