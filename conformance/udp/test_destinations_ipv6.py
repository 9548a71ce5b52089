"""Which datagram reaches which socket: every way to a local address, every destination, every sender. IPv6.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import AF_INET6, MS, SEC, SOCK_DGRAM, covers
from sockbench.peers.nd import Prefix, Router

from conformance.ipv6.link import BOARD_GLOBAL, BOARD_LOCAL, PEER_GLOBAL, PEER_LOCAL, PREFIX, SCOPE, icmp6_type, up6
from conformance.scenes import BOARD
from conformance.udp.destinations import (
    DATA,
    DELIVERED,
    PORT,
    SILENCE,
    UNREACHABLE,
    Destination,
    Local,
    expected,
    heard,
)

LOCALS = {
    "port": Local(PORT),
    "wildcard": Local(("::", PORT)),
    "local": Local((BOARD_LOCAL, PORT), only=BOARD_LOCAL),
    "local-scoped": Local((BOARD_LOCAL, PORT, 0, SCOPE), only=BOARD_LOCAL),
    "global": Local((BOARD_GLOBAL, PORT), only=BOARD_GLOBAL),
    "automatic": Local(),
    "port-connected": Local(PORT, connected=True),
    "local-connected": Local((BOARD_LOCAL, PORT), only=BOARD_LOCAL, connected=True),
    "automatic-connected": Local(connected=True),
}

DESTINATIONS = {
    "local": Destination(BOARD_LOCAL, BOARD, own=True),
    "global": Destination(BOARD_GLOBAL, BOARD, own=True),
    "local-wrong-port": Destination(BOARD_LOCAL, BOARD, own=True, right_port=False),
    # A node is in these two groups by itself (RFC 4291 2.8), and in no other that it did not join.
    "all-nodes": Destination("ff02::1", "33:33:00:00:00:01", group=True),
    "solicited-node": Destination("ff02::1:ff00:1", "33:33:ff:00:00:01", group=True),
    "all-nodes-wrong-port": Destination("ff02::1", "33:33:00:00:00:01", group=True, right_port=False),
    "other-group": Destination("ff02::1234", "33:33:00:00:12:34"),
    "other-host": Destination("fe80::99", BOARD),
    # The loopback's address never comes from a wire (RFC 4291 2.5.3).
    "loopback": Destination("::1", BOARD),
}

# Who sends; a connected socket is connected to the first.
PEER = (PEER_LOCAL, 7000)
SENDERS = {
    "peer": PEER,
    "peers-other-port": (PEER_LOCAL, 7001),
    "other-host": ("fe80::ff:fe00:3", 7000),
    "global-host": (PEER_GLOBAL, 7000),
}

# Some of the cells by hand, as a check of the rule.
BY_HAND = {
    ("port", "local", "peer"): DELIVERED,
    ("port", "global", "global-host"): DELIVERED,
    ("port", "all-nodes", "other-host"): DELIVERED,
    ("port", "local-wrong-port", "other-host"): UNREACHABLE,
    ("wildcard", "other-group", "peer"): SILENCE,
    ("wildcard", "loopback", "other-host"): SILENCE,
    ("wildcard", "solicited-node", "peer"): DELIVERED,
    ("local", "local", "global-host"): DELIVERED,
    ("local", "global", "global-host"): UNREACHABLE,
    ("local", "all-nodes", "peer"): SILENCE,
    ("local-scoped", "local", "peers-other-port"): DELIVERED,
    ("local-scoped", "solicited-node", "peer"): SILENCE,
    ("global", "global", "peer"): DELIVERED,
    ("global", "local", "peer"): UNREACHABLE,
    ("automatic", "global", "other-host"): DELIVERED,
    ("automatic", "all-nodes-wrong-port", "peer"): SILENCE,
    ("port-connected", "local", "peer"): DELIVERED,
    ("port-connected", "all-nodes", "peer"): DELIVERED,
    ("port-connected", "all-nodes", "other-host"): SILENCE,
    ("port-connected", "local", "peers-other-port"): UNREACHABLE,
    ("local-connected", "global", "peer"): UNREACHABLE,
    ("local-connected", "local", "global-host"): UNREACHABLE,
    ("automatic-connected", "local", "peer"): DELIVERED,
    ("automatic-connected", "other-host", "peer"): SILENCE,
}


async def socket_at(local: Local, target: Any, wire: Any) -> tuple[Any, int]:
    """Return a non-blocking IPv6 socket with that local address, and its port."""
    sock = await target.socket(AF_INET6, SOCK_DGRAM)
    if local.bind is not None:
        await sock.bind(local.bind)
    if local.connected:
        await sock.connect(PEER)
    elif local.bind is None:
        wire.ignore(UDP(dport=9))
        await sock.sendto(b"a port, please", (PEER_LOCAL, 9))
    await sock.settimeout(0)
    return sock, (await sock.call("getsockname"))[1] if local.bind is None else PORT


def is_refusal(frame: Any) -> bool:
    """Return whether FRAME is the board's port-unreachable message (RFC 4443 3.1, code 4)."""
    return frame.outgoing and icmp6_type(frame) == 1 and frame.data[55] == 4


async def fate_of(wire: Any, bench: Any, sock: Any, port: int, destination: Destination, sender: str) -> str:
    """Send the datagram of a cell and return what became of it."""
    source, wrong = SENDERS[sender], 0 if destination.right_port else 1
    mac = wire.peer.mac if source[0] == PEER_LOCAL else wire.other.mac
    frame = Ether(src=mac, dst=destination.link) / IPv6(src=source[0], dst=destination.address)
    wire.send(frame / UDP(sport=source[1], dport=port + wrong) / Raw(DATA))
    wire.ignore(is_refusal)
    sent_at = bench.now
    await bench.idle(for_=10 * MS)
    refusals = [seen for seen in wire.frames if seen.at >= sent_at and is_refusal(seen)]
    got = await heard(sock)
    if got is not None:
        assert (got[0], got[1][:2]) == (DATA, source) and not refusals
        return DELIVERED
    assert [seen.ipv6.dst for seen in refusals] in ([], [source[0]])
    return UNREACHABLE if refusals else SILENCE


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("destination", DESTINATIONS)
@pytest.mark.parametrize("local", LOCALS)
@covers(
    "udp.bind.receives-everything",
    "bind.integer",
    "bind.address-and-port",
    "udp.connect.other-ip-ignored",
    "udp.connect.other-port-ignored",
    "ipv6.datagram",
    "ipv6.port-unreachable",
)
async def test_ipv6_datagram_reaches_who_it_is_for_and_nobody_else(
    cold_target, wire, bench, local, destination, sender
):
    """The second family keeps the same promises: no datagram is missed, none of somebody else's is heard."""
    here, there = LOCALS[local], DESTINATIONS[destination]
    wanted = expected(here, there, from_peer=sender == "peer")
    wire.peer.nd.router = Router(prefixes=(Prefix(prefix=PREFIX),))
    wire.other = wire.host(ip="10.0.0.3", ip6=PEER_GLOBAL)
    target = await up6(cold_target, wire, settled=False)
    # The router's answer, and the duplicate test of the address made of it (RFC 4862 5.4), take a good second.
    await bench.idle(for_=3 * SEC)
    sock, port = await socket_at(here, target, wire)
    assert await fate_of(wire, bench, sock, port, there, sender) == wanted
    # Whatever it was, the next one that is really for the socket arrives, alone.
    ours = here.only or BOARD_LOCAL
    wire.send(
        Ether(src=wire.peer.mac, dst=BOARD) / IPv6(src=PEER[0], dst=ours) / UDP(sport=PEER[1], dport=port) / b"next"
    )
    await bench.idle(for_=1 * MS)
    got = await heard(sock)
    assert got is not None and (got[0], got[1][:2]) == (b"next", PEER)
    assert await heard(sock) is None


@covers("udp.bind.receives-everything", "udp.connect.other-ip-ignored", "udp.connect.other-port-ignored")
def test_rule_agrees_with_the_ipv6_cells_by_hand():
    """A slip in the rule would be in every cell; these results were written down without it."""
    for (local, destination, sender), wanted in BY_HAND.items():
        assert sender in SENDERS
        cell = expected(LOCALS[local], DESTINATIONS[destination], from_peer=sender == "peer")
        assert cell == wanted, (local, destination, sender)
