"""Ping from the device: the program makes the request and its checksum, sends it on a raw socket, reads the reply.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import struct
from typing import Any

from sockbench import AF_INET, AF_INET6, IPPROTO_ICMP, SOCK_RAW

IPPROTO_ICMPV6 = 58


def checksum(data: bytes) -> int:
    """Return the Internet checksum of DATA (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def echo_request(kind: int, identifier: int, sequence: int, data: bytes) -> bytes:
    """Return an echo request with its checksum; that of ICMPv6 is replaced by the stack, which knows the addresses."""
    header = struct.pack("!BBHHH", kind, 0, 0, identifier, sequence)
    return struct.pack("!BBHHH", kind, 0, checksum(header + data), identifier, sequence) + data


async def ping(socket: Any, ip: str, count: int = 3, data: bytes = b"ping", timeout: int = 1000) -> list[bytes | None]:
    """Return the data of each reply of IP, None for one that did not come within TIMEOUT milliseconds."""
    is_ip6 = ":" in ip
    request, reply = (128, 129) if is_ip6 else (8, 0)
    # create a raw socket for ICMP
    sock = await socket.socket(AF_INET6 if is_ip6 else AF_INET, SOCK_RAW, IPPROTO_ICMPV6 if is_ip6 else IPPROTO_ICMP)
    await sock.settimeout(timeout)
    replies: list[bytes | None] = []
    for sequence in range(count):
        await sock.sendto(echo_request(request, 0x1234, sequence, data), (ip, 0))
        answer = None
        try:
            while answer is None:
                packet, address = await sock.recvfrom(65535)
                # an IPv4 packet comes with its header, whose length is in its first byte
                message = packet if is_ip6 else packet[(packet[0] & 15) * 4 :]
                head = struct.pack("!BB", reply, 0), struct.pack("!HH", 0x1234, sequence)
                if address[0] == ip and (message[:2], message[4:8]) == head:
                    answer = bytes(message[8:])
        except TimeoutError:
            pass
        replies.append(answer)
    await sock.close()
    return replies
