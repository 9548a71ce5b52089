# SPDX-License-Identifier: GPL-2.0-or-later
"""The peers against the real firmware on the emulated board: another author's stack is their best judge."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, Faults, RemoteConnectionError, RemoteTimeoutError, Target, Wire
from sockbench.peers import Connection, Prefix, Router, Segment

BOARD = "10.0.0.1"


async def connected(target: Target, wire: Wire, **options: Any) -> tuple[Any, Connection]:
    """Return a socket of the board, connected, and the peer's end of it."""
    listener = wire.peer.tcp.listen(80, **options)
    sock = await target.socket()
    await sock.connect((wire.peer.ip, 80))
    return sock, await listener.accept(within=1 * SEC)


async def test_board_answers_arp_and_echo_of_every_size(target: Target, wire: Wire) -> None:
    """A peer can find the board and reach it, with and without fragments."""
    assert await wire.peer.arp.resolve(BOARD, within=10 * MS) == "02:00:00:00:00:01"
    for size in (0, 1, 1472, 1473, 8000):
        data = Random(size).randbytes(size)
        assert await wire.peer.icmp.ping(BOARD, data, within=100 * MS) == data


@pytest.mark.parametrize("size", [0, 1, 1472, 1473, 30_000, 65_507])
async def test_datagrams_cross_whole_both_ways(target: Target, wire: Wire, size: int) -> None:
    """UDP, checksums and fragmentation of both stacks agree."""
    data = Random(size).randbytes(size)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(5000)
    far = wire.peer.udp.bind(6000)
    far.send(data, to=(BOARD, 5000))
    assert await sock.recvfrom(70_000) == (data, (wire.peer.ip, 6000))
    await sock.sendto(data, (wire.peer.ip, 6000))
    datagram = await far.recv(within=1 * SEC)
    assert (datagram.data, datagram.source) == (data, (BOARD, 5000))


@pytest.mark.parametrize("isn", [0xFFFFFFFF, 0xFFFFF000, 0x7FFFFFF0, 0])
@pytest.mark.parametrize("policy", ["every", "delayed"])
async def test_stream_is_whole_across_the_wrap(target: Target, wire: Wire, isn: int, policy: str) -> None:
    """Sequence numbers wrap in the middle of a stream without harm."""
    there, back = Random(isn).randbytes(40_000), Random(isn + 1).randbytes(40_000)
    sock, conn = await connected(target, wire, isn=isn, ack=policy)
    conn.send(there)
    assert bytes(await sock.recv(len(there))) == there
    await sock.sendall(back)
    assert await conn.recv(len(back), within=5 * SEC) == back
    conn.finish()
    assert await sock.recv(1) == b""
    await sock.close()
    await conn.closed(within=10 * SEC)
    assert conn.lost is None


@pytest.mark.parametrize(
    "faults",
    [Faults(loss=0.05), Faults(duplicate=0.1), Faults(reorder=0.1), Faults(corrupt=0.05)],
    ids=["loss", "duplicate", "reorder", "corrupt"],
)
async def test_streams_survive_a_bad_wire(target: Target, wire: Wire, faults: Faults) -> None:
    """Both stacks mend what the wire spoils, in both directions at once."""
    there, back = Random(1).randbytes(60_000), Random(2).randbytes(60_000)
    sock, conn = await connected(target, wire)
    wire.faults.to_board = wire.faults.from_board = faults
    wire.ignore()
    conn.send(there)
    assert bytes(await sock.recv(len(there))) == there
    await sock.sendall(back)
    assert await conn.recv(len(back), within=4000 * SEC) == back


async def test_board_that_connects_to_a_silent_peer_times_out(target: Target, wire: Wire) -> None:
    """A silent listener is heard of by nobody, and its SYNs are no strays."""
    wire.peer.tcp.listen(80, silent=True)
    sock = await target.socket()
    await sock.settimeout(500)
    with pytest.raises(RemoteTimeoutError):
        await sock.connect((wire.peer.ip, 80))


async def test_refused_and_reset_connections_are_errors_on_the_board(target: Target, wire: Wire) -> None:
    """Our RSTs have numbers that the board accepts."""
    wire.peer.tcp.refuse(81)
    sock = await target.socket()
    with pytest.raises(RemoteConnectionError):
        await sock.connect((wire.peer.ip, 81))
    sock, conn = await connected(target, wire)
    conn.reset()
    with pytest.raises(RemoteConnectionError):
        await sock.recv(1)


async def test_reset_beside_the_window_is_ignored(target: Target, wire: Wire) -> None:
    """A RST with a number of the test's choice arrives as it was made, and the board looks at it."""
    sock, conn = await connected(target, wire)
    conn.raw(flags="R", seq=conn.snd_nxt + 100_000)
    conn.send(b"still here")
    assert bytes(await sock.recv(10)) == b"still here"


async def test_closed_window_holds_the_board_back(target: Target, wire: Wire) -> None:
    """The board probes a window that the peer has closed, and goes on when it opens."""
    sock, conn = await connected(target, wire, window=0)
    await sock.sendall(b"patience")
    await conn.until(lambda c: c.state == "ESTABLISHED", within=0)
    await wire.expect_none(lambda frame: False, for_=60 * SEC)
    assert conn.received == b""
    conn.window = None
    assert await conn.recv(8, within=1 * SEC) == b"patience"


async def test_lost_and_spoilt_segments_of_the_peer_come_again(target: Target, wire: Wire) -> None:
    """What the peer loses, corrupts, delays or doubles itself reaches the board once and in order."""
    data = Random(3).randbytes(30_000)

    def has_data(segment: Segment) -> bool:
        return bool(segment.payload)

    sock, conn = await connected(target, wire)
    conn.drop(when=has_data)
    conn.duplicate(when=has_data)
    conn.corrupt(when=has_data)
    conn.delay(3 * MS, when=has_data)
    conn.send(data)
    assert bytes(await sock.recv(len(data))) == data


async def test_peer_connects_to_a_listening_board(target: Target, wire: Wire) -> None:
    """The active side of our TCP is understood, data in the first flight included."""
    server = await target.socket()
    await server.bind(7)
    await server.listen(1)
    conn = wire.peer.tcp.connect(7)
    conn.send(b"first words")
    client, address = await server.accept()
    assert address == (wire.peer.ip, conn.local_port)
    assert bytes(await client.recv(11)) == b"first words"
    await client.close()
    conn.finish()
    await conn.closed(within=1 * SEC)
    assert conn.lost is None and conn.peer_finished


async def test_board_configures_itself_by_our_router_and_answers_over_ipv6(cold_target: Target, wire: Wire) -> None:
    """Neighbour discovery, router advertisements, fragments and TCP of the peer are understood over IPv6."""
    wire.ignore()
    wire.peer.nd.router = Router(prefixes=(Prefix(prefix="2001:db8::"),))
    await cold_target.net_up(ip=BOARD, mask="255.255.255.0", gw="10.0.0.254", ip6=True)
    await wire.expect_none(lambda frame: False, for_=5 * SEC)
    for address in ("fe80::ff:fe00:1", "2001:db8::ff:fe00:1"):
        assert await wire.peer.icmp6.ping(address, bytes(3000), within=1 * SEC) == bytes(3000)
    conn = wire.peer.tcp.connect(80, to="2001:db8::ff:fe00:1")
    await conn.closed(within=1 * SEC)
    assert conn.lost == "refused"
