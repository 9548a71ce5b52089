"""What becomes of a datagram that reaches a socket's board: the rule of the two destination matrices.

The rule follows from the page's sentences about bind and connect and from the host requirements, never from
what the firmware does; the tables of both families carry hand-written results for some of the cells as well.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any

from sockbench import RemoteIOError

DELIVERED = "delivered"
UNREACHABLE = "port unreachable"
SILENCE = "silence"

DATA = b"who hears this?"
PORT = 5000


@dataclass(frozen=True)
class Local:
    """How a socket comes by its local address: `bind` is what it is bound to, None for a port of the stack's choice.

    `only` is the one address it has thereby, None for all of them.
    """

    bind: Any = None
    only: str | None = None
    connected: bool = False


@dataclass(frozen=True)
class Destination:
    """Where a datagram goes: its address, the Ethernet address of its frame, and whether to the socket's port.

    `own` says that the address is one of the board's own, `group` that it is one of several hosts, the board among
    them; neither: the packet is not for the board, or not one that may come from a wire.
    """

    address: str
    link: str
    own: bool = False
    group: bool = False
    right_port: bool = True


def expected(local: Local, destination: Destination, from_peer: bool) -> str:
    """Return what becomes of a datagram to DESTINATION, sent by the address LOCAL is connected to or by another.

    A socket bound to a port alone hears it on every address of the board, broadcasts included, one bound to an
    address on that one alone; a connected one hears its peer alone, address and port. What no socket takes earns
    a port-unreachable message (RFC 1122 4.1.3.1), unless it went to a group (RFC 1122 3.2.2, RFC 4443 2.4 e.3).
    What is not addressed to the board is dropped in silence (RFC 1122 3.2.1.3).
    """
    if not (destination.own or destination.group):
        return SILENCE
    taken = destination.right_port and local.only in (None, destination.address) and (from_peer or not local.connected)
    if taken:
        return DELIVERED
    return UNREACHABLE if destination.own else SILENCE


async def heard(sock: Any) -> Any:
    """Return the datagram that waits in a non-blocking SOCK and its sender's address, or None if there is none."""
    try:
        return await sock.recvfrom(100)
    except RemoteIOError as error:
        assert error.errno == errno.EWOULDBLOCK
        return None
