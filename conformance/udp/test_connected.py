"""Connected datagram sockets: the filter, the target, and what moves them.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest
from scapy.layers.inet import UDP
from sockbench import MS, SEC, SOCK_DGRAM, RemoteIOError, covers, elapsed_is

from conformance.scenes import (
    BROADCAST,
    DEVICE,
    EVERYBODY,
    connected_udp,
    datagram,
    ignore_refusals,
    raises_at_once,
    times_out,
    would_block,
)

METHODS = ["recv", "recvfrom", "recv_into", "recvfrom_into"]


async def data_by(sock, method, target):
    """Return the data that one call of METHOD receives."""
    if not method.endswith("_into"):
        result = await sock.call(method, 100)
        return result[0] if method == "recvfrom" else result
    buffer = await target.buffer(100)
    result = await sock.call(method, buffer)
    return (await buffer.read())[: result[0] if method == "recvfrom_into" else result]


@pytest.mark.parametrize("timeout", [None, 0, 100], ids=str)
@covers("udp.connect.local", "results.none")
async def test_connect_is_local_and_takes_no_time(target, wire, timeout):
    """No handshake exists: nothing on the wire, not even ARP, and None at once."""
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.settimeout(timeout)
    connecting = sock.connect((wire.peer.ip, 7000))
    assert await connecting is None
    elapsed_is(connecting, 0)
    await wire.expect_none(for_=10 * SEC)


@pytest.mark.parametrize("method", ["send", "sendall"])
@covers("udp.connect.send", "udp.bind.before-io")
async def test_connected_socket_sends_to_its_peer_from_one_port(target, wire, method):
    """Two datagrams, one target, one source port chosen for the socket."""
    far = wire.peer.udp.bind(7000)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.connect((wire.peer.ip, 7000))
    await sock.call(method, b"one")
    await sock.call(method, b"two")
    first, second = await far.recv(within=1 * SEC), await far.recv(within=1 * SEC)
    assert (first.data, second.data) == (b"one", b"two")
    assert first.source == second.source
    assert first.source[0] == DEVICE and first.source[1] >= 1024


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bound", [True, False], ids=["bound", "unbound"])
@covers("udp.connect.recv")
async def test_connected_socket_receives_from_its_peer(target, wire, tasks, method, bound):
    """Every receive method works, with a port of the program's choice or of the stack's."""
    far = wire.peer.udp.bind(7000)
    sock = await target.socket(type=SOCK_DGRAM)
    if bound:
        await sock.bind(5000)
    await sock.connect((wire.peer.ip, 7000))
    await sock.send(b"ping")
    asked = await far.recv(within=1 * SEC)
    waiting = tasks.start(data_by(sock, method, target))
    await asyncio.sleep(5 * MS)
    far.send(b"pong", to=asked.source)
    assert await waiting == b"pong"


@pytest.mark.parametrize("method", ["recvfrom", "recvfrom_into"])
@covers("udp.connect.recv", "address.returned-form")
async def test_sender_is_given_on_a_connected_socket_too(target, wire, bench, method):
    """The address is that of the peer, the only one it can be."""
    sock, far = await connected_udp(target, wire)
    far.send(b"x", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    first = 10 if method == "recvfrom" else await target.buffer(10)
    assert (await sock.call(method, first))[1] == (wire.peer.ip, 7000)


STRANGERS: dict[str, dict[str, Any]] = {
    "other-ip": {"source": ("10.0.0.3", 7000)},
    "neighbouring-ip": {"source": ("10.0.0.20", 7000)},
    "other-network": {"source": ("192.168.1.2", 7000)},
    "other-ip-broadcast": {"source": ("10.0.0.3", 7000), "to": (BROADCAST, 5000), "link": EVERYBODY},
    "port-above": {"source": ("10.0.0.2", 7001)},
    "port-below": {"source": ("10.0.0.2", 6999)},
    "port-zero": {"source": ("10.0.0.2", 0)},
    "port-bytes-swapped": {"source": ("10.0.0.2", 0x581B)},
    "other-port-broadcast": {"source": ("10.0.0.2", 7001), "to": (BROADCAST, 5000), "link": EVERYBODY},
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(
            name, marks=covers("udp.connect.other-port-ignored" if "port" in name else "udp.connect.other-ip-ignored")
        )
        for name in STRANGERS
    ],
)
@covers("udp.connect.ignored-is-unseen")
async def test_strangers_datagram_is_not_delivered(target, wire, bench, method, stranger):
    """Whoever is not the peer, by IP address or by port, is not heard; the peer's next datagram is."""
    sock, far = await connected_udp(target, wire)
    ignore_refusals(wire)
    wire.send(datagram(wire, b"stranger", **STRANGERS[stranger]))
    await bench.idle(for_=1 * MS)
    far.send(b"peer", to=(DEVICE, 5000))
    assert await data_by(sock, method, target) == b"peer"
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@covers("udp.connect.ignored-is-unseen", "udp.connect.other-ip-ignored")
async def test_flood_of_strangers_does_not_end_or_delay_the_wait(target, wire, tasks):
    """A wait of 100 ms under fire ends at 100 ms."""
    sock, _ = await connected_udp(target, wire)
    ignore_refusals(wire)
    await sock.settimeout(100)
    waiting = tasks.start(sock.recv(10))
    for _ in range(45):
        wire.send(datagram(wire, b"stranger", source=("10.0.0.3", 7000)))
        await asyncio.sleep(2 * MS)
    await times_out(waiting, 100 * MS)


@covers("udp.connect.again")
async def test_connecting_again_moves_target_and_filter(target, wire, bench):
    """After the move the old peer is a stranger and the new one is heard."""
    old, new = wire.peer.udp.bind(7000), wire.host(ip="10.0.0.3").udp.bind(7001)
    ignore_refusals(wire)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(5000)
    await sock.connect(("10.0.0.2", 7000))
    assert await sock.connect(("10.0.0.3", 7001)) is None
    assert await sock.send(b"to the new one") == 14
    assert (await new.recv(within=1 * SEC)).source == (DEVICE, 5000)
    old.send(b"old", to=(DEVICE, 5000))
    new.send(b"new", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"new", ("10.0.0.3", 7001))
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@covers("udp.connect.again")
async def test_what_others_sent_before_connect_is_not_read_after_it(target, wire, bench):
    """Whoever reads from a connected socket may rely on its peer: what strangers had sent before is gone."""
    old, new = wire.peer.udp.bind(7000), wire.host(ip="10.0.0.3").udp.bind(7001)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(5000)
    for number in range(3):
        old.send(b"old %d" % number, to=(DEVICE, 5000))
        new.send(b"new %d" % number, to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    await sock.connect(("10.0.0.3", 7001))
    assert [await sock.recv(10) for _ in range(3)] == [b"new 0", b"new 1", b"new 2"]
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@covers("udp.connect.broadcast", "udp.sendto.broadcast-multicast")
async def test_socket_connected_to_broadcast_sends_broadcasts_and_hears_nobody(target, wire):
    """Answers come from unicast addresses: all of them are different from the one connected to."""
    ignore_refusals(wire)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(5000)
    await sock.connect((BROADCAST, 7000))
    assert await sock.send(b"anybody?") == 8
    frame = await wire.expect(UDP(dport=7000), within=1 * SEC)
    assert frame.eth.dst == "ff:ff:ff:ff:ff:ff" and frame.ip.dst == BROADCAST
    wire.send(datagram(wire, b"me"))
    await sock.settimeout(100)
    await times_out(sock.recv(10), 100 * MS)


@pytest.mark.parametrize("to", ["the-peer", "another"])
@covers("udp.sendto.connected")
async def test_sendto_on_a_connected_socket_is_refused(target, wire, to, bench):
    """It must never go to the connected peer instead of the given address; it is refused, the connection stays."""
    sock, far = await connected_udp(target, wire)
    address = (wire.peer.ip, 7000) if to == "the-peer" else ("10.0.0.3", 7001)
    await raises_at_once(sock.sendto(b"x", address), RemoteIOError, errno.EISCONN)
    await wire.expect_none(for_=1 * SEC)
    assert await sock.send(b"still mine") == 10
    asked = await far.recv(within=1 * SEC)
    assert asked.data == b"still mine"
    far.send(b"yes", to=asked.source)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(10) == b"yes"


@covers("connect.port-zero", "address.missing-port-is-zero")
@pytest.mark.parametrize("form", ["10.0.0.2", (10, 0, 0, 2), ("10.0.0.2", 0), (10, 0, 0, 2, 0)], ids=str)
async def test_connect_without_a_port_sends_to_port_zero(target, wire, form):
    """A missing port is zero; UDP accepts that and uses it."""
    sock = await target.socket(type=SOCK_DGRAM)
    assert await sock.connect(form) is None
    assert await sock.send(b"x") == 1
    assert (await wire.expect(UDP(), within=1 * SEC)).udp.dport == 0


@covers("udp.connect.recv", "socket.independent")
async def test_two_sockets_connected_to_two_peers_do_not_mix(target, wire, bench):
    """Each hears its own peer, whatever order the datagrams come in."""
    one, two = wire.peer.udp.bind(7000), wire.host(ip="10.0.0.3").udp.bind(7000)
    first, second = await target.socket(type=SOCK_DGRAM), await target.socket(type=SOCK_DGRAM)
    await first.bind(5000)
    await second.bind(5001)
    await first.connect(("10.0.0.2", 7000))
    await second.connect(("10.0.0.3", 7000))
    for number in range(3):
        two.send(b"two %d" % number, to=(DEVICE, 5001))
        one.send(b"one %d" % number, to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert [await first.recv(10) for _ in range(3)] == [b"one 0", b"one 1", b"one 2"]
    assert [await second.recv(10) for _ in range(3)] == [b"two 0", b"two 1", b"two 2"]
