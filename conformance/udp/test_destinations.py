"""Which datagram reaches which socket: every way to a local address, every destination, every sender. IPv4.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import MS, SOCK_DGRAM, covers

from conformance.scenes import BOARD, BROADCAST, DEVICE, EVERYBODY, datagram
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
    "wildcard-string": Local(("0.0.0.0", PORT)),
    "wildcard-integers": Local((0, 0, 0, 0, PORT)),
    "own-string": Local((DEVICE, PORT), only=DEVICE),
    "own-integers": Local((10, 0, 0, 1, PORT), only=DEVICE),
    "automatic": Local(),
    "port-connected": Local(PORT, connected=True),
    "own-connected": Local((DEVICE, PORT), only=DEVICE, connected=True),
    "automatic-connected": Local(connected=True),
}

DESTINATIONS = {
    "own": Destination(DEVICE, BOARD, own=True),
    "own-wrong-port": Destination(DEVICE, BOARD, own=True, right_port=False),
    "subnet-broadcast": Destination(BROADCAST, EVERYBODY, group=True),
    "limited-broadcast": Destination("255.255.255.255", EVERYBODY, group=True),
    "broadcast-wrong-port": Destination(BROADCAST, EVERYBODY, group=True, right_port=False),
    # Every host is in this group for ever (RFC 1112 7.2); none is in another that it did not join.
    "all-hosts": Destination("224.0.0.1", "01:00:5e:00:00:01", group=True),
    "other-group": Destination("239.1.2.3", "01:00:5e:01:02:03"),
    "other-host": Destination("10.0.0.99", BOARD),
    # Addresses of the loopback never come from a wire (RFC 1122 3.2.1.3 g).
    "loopback": Destination("127.0.0.1", BOARD),
}

# Who sends; a connected socket is connected to the first.
GATEWAY = "10.0.0.254"
PEER = ("10.0.0.2", 7000)
SENDERS = {
    "peer": PEER,
    "peers-other-port": ("10.0.0.2", 7001),
    "other-host": ("10.0.0.3", 7000),
    "host-behind-gateway": ("192.168.7.7", 7000),
}

# Some of the cells by hand, as a check of the rule.
BY_HAND = {
    ("port", "own", "host-behind-gateway"): DELIVERED,
    ("port", "subnet-broadcast", "other-host"): DELIVERED,
    ("port", "own-wrong-port", "peer"): UNREACHABLE,
    ("port", "broadcast-wrong-port", "peer"): SILENCE,
    ("wildcard-string", "limited-broadcast", "peers-other-port"): DELIVERED,
    ("wildcard-string", "other-host", "peer"): SILENCE,
    ("wildcard-integers", "own", "other-host"): DELIVERED,
    ("wildcard-integers", "loopback", "peer"): SILENCE,
    ("own-string", "own", "peers-other-port"): DELIVERED,
    ("own-string", "subnet-broadcast", "peer"): SILENCE,
    ("own-integers", "limited-broadcast", "other-host"): SILENCE,
    ("own-integers", "own-wrong-port", "host-behind-gateway"): UNREACHABLE,
    ("automatic", "own", "other-host"): DELIVERED,
    ("automatic", "other-group", "peer"): SILENCE,
    ("automatic", "subnet-broadcast", "peer"): DELIVERED,
    ("port-connected", "own", "peer"): DELIVERED,
    ("port-connected", "own", "peers-other-port"): UNREACHABLE,
    ("port-connected", "own", "other-host"): UNREACHABLE,
    ("port-connected", "subnet-broadcast", "peer"): DELIVERED,
    ("port-connected", "subnet-broadcast", "other-host"): SILENCE,
    ("own-connected", "own", "peer"): DELIVERED,
    ("own-connected", "limited-broadcast", "peer"): SILENCE,
    ("automatic-connected", "own", "host-behind-gateway"): UNREACHABLE,
    ("automatic-connected", "own", "peer"): DELIVERED,
}


async def socket_at(local: Local, target: Any, wire: Any) -> tuple[Any, int]:
    """Return a non-blocking socket with that local address, and its port."""
    sock = await target.socket(type=SOCK_DGRAM)
    if local.bind is not None:
        await sock.bind(local.bind)
    if local.connected:
        await sock.connect(PEER)
    elif local.bind is None:
        wire.ignore(UDP(dport=9))
        await sock.sendto(b"a port, please", (PEER[0], 9))
    await sock.settimeout(0)
    return sock, (await sock.call("getsockname"))[1] if local.bind is None else PORT


def is_refusal(frame: Any) -> bool:
    """Return whether FRAME is the board's port-unreachable message."""
    return frame.outgoing and frame.icmp is not None and (frame.icmp.type, frame.icmp.code) == (3, 3)


async def fate_of(wire: Any, bench: Any, sock: Any, port: int, destination: Destination, sender: str) -> str:
    """Send the datagram of a cell and return what became of it."""
    source, wrong = SENDERS[sender], 0 if destination.right_port else 1
    hosts = {GATEWAY: wire.host(ip=GATEWAY), "10.0.0.2": wire.peer, "10.0.0.3": wire.host(ip="10.0.0.3")}
    frame = Ether(src=hosts.get(source[0], hosts[GATEWAY]).mac, dst=destination.link)
    frame /= IP(src=source[0], dst=destination.address)
    wire.send(frame / UDP(sport=source[1], dport=port + wrong) / Raw(DATA))
    wire.ignore(is_refusal)
    sent_at = bench.now
    await bench.idle(for_=10 * MS)
    refusals = [seen for seen in wire.frames if seen.at >= sent_at and is_refusal(seen)]
    got = await heard(sock)
    if got is not None:
        assert got == (DATA, source) and not refusals
        return DELIVERED
    assert [seen.ip.dst for seen in refusals] in ([], [source[0]])
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
)
async def test_datagram_reaches_who_it_is_for_and_nobody_else(target, wire, bench, local, destination, sender):
    """A service that misses a datagram of its own, or gets one of somebody else's, cannot be trusted with either."""
    here, there = LOCALS[local], DESTINATIONS[destination]
    wanted = expected(here, there, from_peer=sender == "peer")
    sock, port = await socket_at(here, target, wire)
    assert await fate_of(wire, bench, sock, port, there, sender) == wanted
    # Whatever it was, the next one that is really for the socket arrives, alone.
    wire.send(datagram(wire, b"next", to=(DEVICE, port)))
    await bench.idle(for_=1 * MS)
    assert await heard(sock) == (b"next", PEER)
    assert await heard(sock) is None


@covers("udp.bind.receives-everything", "udp.connect.other-ip-ignored", "udp.connect.other-port-ignored")
def test_rule_agrees_with_the_cells_by_hand():
    """A slip in the rule would be in every cell; these results were written down without it."""
    for (local, destination, sender), wanted in BY_HAND.items():
        assert sender in SENDERS
        cell = expected(LOCALS[local], DESTINATIONS[destination], from_peer=sender == "peer")
        assert cell == wanted, (local, destination, sender)
