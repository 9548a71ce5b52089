"""What close() does on the wire, to the port, and to calls that are blocked in other threads.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from sockbench import MS, SEC, SOCK_DGRAM, SOCK_STREAM, RemoteIOError, covers, elapsed_is

from conformance.scenes import (
    BLOCKING,
    BOARD,
    DEVICE,
    blocked,
    bound_udp,
    connected_tcp,
    echoes,
    fill,
    heap_free,
    listening_tcp,
    raises_at_once,
)


@pytest.mark.parametrize("timeout", [None, 60_000], ids=["blocking", "timeout"])
@pytest.mark.parametrize("scene", BLOCKING)
@covers("close.wakes-blocked", "errors.below-ioerror")
async def test_close_from_another_thread_ends_a_blocked_call(target, wire, tasks, scene, timeout):
    """Without it a program could never stop a thread that waits for a peer."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(timeout)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(2 * SEC)
    assert waiting.pending
    closing = waits.sock.close()
    assert await closing is None
    elapsed_is(closing, 0)
    with pytest.raises(RemoteIOError) as caught:
        await waiting
    assert not isinstance(caught.value, TimeoutError)
    assert caught.value.errno == errno.EBADF
    elapsed_is(caught.value, 2 * SEC)
    await echoes(target, wire, port=9200)


@pytest.mark.parametrize("count", [2, 4])
@covers("close.wakes-blocked")
async def test_close_ends_every_call_that_is_blocked_on_the_socket(target, tasks, count):
    """Not just the first of the waiting threads."""
    sock = await bound_udp(target)
    waiting = [tasks.start(sock.recvfrom(10)) for _ in range(count)]
    await asyncio.sleep(1 * SEC)
    assert all(call.pending for call in waiting)
    await sock.close()
    for call in waiting:
        with pytest.raises(RemoteIOError):
            await call


@covers("close.wakes-blocked", "socket.independent")
async def test_close_ends_no_call_on_another_socket(target, wire, tasks):
    """The neighbour waits on."""
    closed, other = await bound_udp(target, 5000), await bound_udp(target, 5001)
    ended, waiting = tasks.start(closed.recvfrom(10)), tasks.start(other.recvfrom(10))
    await asyncio.sleep(1 * SEC)
    await closed.close()
    with pytest.raises(RemoteIOError):
        await ended
    await asyncio.sleep(60 * SEC)
    assert waiting.pending
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5001))
    assert (await waiting)[0] == b"x"


@covers("close.wakes-blocked", "close.releases-port", "socket.independent")
async def test_port_is_free_although_a_call_was_blocked_on_it(target, wire, tasks):
    """The woken call does not keep the port, and gets none of the successor's datagrams."""
    sock = await bound_udp(target)
    waiting = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(1 * SEC)
    await sock.close()
    successor = await bound_udp(target)
    with pytest.raises(RemoteIOError):
        await waiting
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5000))
    assert (await successor.recvfrom(10))[0] == b"x"


@covers("close.orderly", "results.none")
async def test_close_of_an_idle_connection_is_a_fin(target, wire):
    """The peer learns of the end in an orderly way, and the closing handshake completes."""
    sock, connection = await connected_tcp(target, wire)
    closing = sock.close()
    assert await closing is None
    elapsed_is(closing, 0)
    await asyncio.sleep(1 * SEC)
    ends = [frame for frame in wire.frames if frame.outgoing and frame.tcp is not None and "F" in str(frame.tcp.flags)]
    assert len(ends) == 1
    assert not any("R" in str(frame.tcp.flags) for frame in wire.frames if frame.tcp is not None)
    connection.finish()
    await connection.closed(within=10 * SEC)


@pytest.mark.parametrize("size", [1, 1460, 1461, 5000, 100_000])
@covers("close.orderly")
async def test_close_sends_what_was_accepted_and_then_fin(target, wire, size):
    """close is not 'throw away': all data arrives before the end of the stream."""
    sock, connection = await connected_tcp(target, wire)
    data = bytes(at * 7 % 251 for at in range(size))
    await sock.sendall(data)
    await sock.close()
    assert await connection.recv(size, within=60 * SEC) == data
    await connection.until(lambda conn: conn.peer_finished, within=60 * SEC)
    assert bytes(connection.received) == data


@covers("close.orderly")
async def test_close_after_the_peers_fin_ends_the_connection(target, wire):
    """Both directions are closed: the peer's connection is over after our FIN."""
    sock, connection = await connected_tcp(target, wire)
    connection.finish()
    assert await sock.recv(1) == b""
    await sock.close()
    await connection.closed(within=10 * SEC)


@pytest.mark.parametrize("peer", ["silent", "window-closed"])
@covers("close.prompt")
async def test_close_does_not_wait_for_the_peer(target, wire, peer):
    """With data under way and nobody acknowledging, close still returns at once; the stack does the rest."""
    sock, connection = await connected_tcp(target, wire)
    if peer == "silent":
        connection.silent = True
    else:
        connection.window = 0
    await fill(sock)
    closing = sock.close()
    assert await closing is None
    elapsed_is(closing, 0)
    await echoes(target, wire)


@covers("close.unread-data-resets")
async def test_close_with_unread_data_resets(target, wire, bench):
    """The peer must not believe that its data was read (RFC 9293 SHLD-3)."""
    sock, connection = await connected_tcp(target, wire)
    connection.send(b"never read")
    await bench.idle(for_=500 * MS)
    await sock.close()
    await connection.closed(within=1 * SEC)
    assert any("R" in str(frame.tcp.flags) for frame in wire.frames if frame.outgoing and frame.tcp is not None)


@covers("close.unread-data-resets")
async def test_data_after_close_is_answered_by_reset(target, wire):
    """Nobody is there to read it (RFC 1122 4.2.2.13)."""
    sock, connection = await connected_tcp(target, wire)
    await sock.close()
    await asyncio.sleep(1 * SEC)
    connection.send(b"too late")
    await connection.closed(within=10 * SEC)
    assert any("R" in str(frame.tcp.flags) for frame in wire.frames if frame.outgoing and frame.tcp is not None)


@pytest.mark.parametrize("used", ["new", "bound"])
@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("close.unused")
async def test_close_of_an_unused_socket_sends_nothing(target, wire, kind, used):
    """There is nobody to tell."""
    sock = await target.socket(type=kind)
    if used == "bound":
        await sock.bind(80)
    assert await sock.close() is None
    await wire.expect_none(for_=60 * SEC)


@covers("close.unused", "tcp.connect.clean-after-timeout")
async def test_close_while_connecting_leaves_nothing_behind(target, wire):
    """No SYN is repeated after it, and a late SYN-ACK is answered by RST."""
    await echoes(target, wire)
    sock = await target.socket()
    await sock.settimeout(0)
    await raises_at_once(sock.connect((wire.peer.ip, 81)), RemoteIOError, errno.EINPROGRESS)
    syn = await wire.expect(TCP(dport=81, flags="S"), within=50 * MS)
    assert await sock.close() is None
    await wire.expect_none(TCP(dport=81, flags="S"), for_=30 * SEC)
    late = TCP(sport=81, dport=syn.tcp.sport, flags="SA", seq=5000, ack=syn.tcp.seq + 1, window=8192)
    wire.send(Ether(src=wire.peer.mac, dst=BOARD) / IP(src=wire.peer.ip, dst=DEVICE) / late)
    reset = await wire.expect(TCP(dport=81), within=1 * SEC)
    assert "R" in str(reset.tcp.flags)


@covers("close.listener", "close.releases-port")
async def test_close_of_a_listener_refuses_newcomers(target, wire):
    """The service is gone, and clients are told at once; the port can be bound again."""
    listener = await listening_tcp(target)
    await listener.close()
    client = wire.peer.tcp.connect(80)
    await client.closed(within=1 * SEC)
    again = await listening_tcp(target)
    await wire.peer.tcp.connect(80).established(within=1 * SEC)
    await again.accept()


@covers("close.listener")
async def test_close_of_a_listener_resets_those_who_wait(target, wire):
    """A client that nobody will ever accept must not be left hanging."""
    listener = await listening_tcp(target)
    client = wire.peer.tcp.connect(80)
    await client.established(within=1 * SEC)
    await listener.close()
    await client.closed(within=1 * SEC)


@covers("close.listener", "socket.independent")
async def test_accepted_socket_outlives_its_listener_and_the_other_way_round(target, wire):
    """The listener is the door, not the room."""
    listener = await listening_tcp(target)
    first, second = wire.peer.tcp.connect(80, sport=4001), wire.peer.tcp.connect(80, sport=4002)
    await first.established(within=1 * SEC)
    await second.established(within=1 * SEC)
    one, _ = await listener.accept()
    two, _ = await listener.accept()
    await one.close()
    await wire.peer.tcp.connect(80, sport=4003).established(within=1 * SEC)
    await listener.accept()
    await listener.close()
    second.send(b"still there?")
    assert await two.recv(12) == b"still there?"
    await two.sendall(b"yes")
    assert await second.recv(3, within=1 * SEC) == b"yes"


@covers("close.nothing-lost")
async def test_hundred_connections_leave_nothing_behind(target, wire, bench):
    """Connected, closed by both, waited out: control blocks and heap are as before."""

    async def cycle():
        sock, connection = await connected_tcp(target, wire, port=next(ports))
        await sock.close()
        connection.finish()
        await connection.closed(within=10 * SEC)
        await sock.drop()

    ports = iter(range(1000, 2000))
    # The first cycles make the device's worker threads, which stay; TIME-WAIT takes two minutes.
    for _ in range(10):
        await cycle()
    await asyncio.sleep(121 * SEC)
    before = await heap_free(target, bench)
    for _ in range(100):
        await cycle()
    await asyncio.sleep(121 * SEC)
    assert await heap_free(target, bench) == before
    assert (await target.stats())["tcp_pcbs"] == 0
