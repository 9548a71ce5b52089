"""accept(): when it returns, with what, and what the socket it returns can do.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from sockbench import MS, SEC, RemoteIOError, covers

from conformance.scenes import DEVICE, bound_udp, echoes, raises_at_once, times_out, would_block
from conformance.tcp.stream import LONG, connected, listening, prompt, served, talks


@covers("tcp.accept.blocks")
async def test_accept_ends_with_the_handshake_and_not_before(target, wire, tasks, bench):
    """At the SYN the client is only a claim; accept returns at the last ACK of the handshake."""
    listener = await listening(target)
    accepting = tasks.start(listener.accept())
    link = Ether(src=wire.peer.mac, dst="02:00:00:00:00:01") / IP(src=wire.peer.ip, dst=DEVICE)
    await asyncio.sleep(10 * MS)
    wire.send(link / TCP(sport=4000, dport=80, flags="S", seq=100))
    reply = await wire.expect(TCP(sport=80, flags="SA"), within=10 * MS)
    assert reply.tcp.ack == 101
    await asyncio.sleep(2 * SEC)
    assert accepting.pending
    at = bench.now
    wire.send(link / TCP(sport=4000, dport=80, flags="A", seq=101, ack=(reply.tcp.seq + 1) % 2**32))
    _, address = await accepting
    prompt(bench, at)
    assert address == (wire.peer.ip, 4000)


@covers("tcp.accept.blocks")
async def test_accept_waits_for_ever(target, wire, tasks):
    """A server may wait long for its first client."""
    listener = await listening(target)
    accepting = tasks.start(listener.accept())
    await asyncio.sleep(LONG)
    assert accepting.pending
    conn = wire.peer.tcp.connect(80)
    client, _ = await accepting
    await talks(client, conn)


@pytest.mark.parametrize("sport", [1, 80, 1023, 49152, 65535])
@covers("tcp.accept.result", "address.returned-form")
async def test_accept_returns_socket_and_address(target, wire, sport):
    """The address is who the client is: text and integer, as recvfrom gives it."""
    listener = await listening(target)
    wire.peer.tcp.connect(80, sport=sport)
    result = await listener.accept()
    assert isinstance(result, tuple) and len(result) == 2
    client, address = result
    assert isinstance(address, tuple) and address == ("10.0.0.2", sport)
    assert isinstance(address[0], str) and type(address[1]) is int
    assert await client.fileno() != await listener.fileno()


@covers("tcp.accept.result", "socket.independent")
async def test_clients_with_the_same_port_are_told_apart(target, wire):
    """Two hosts may use one port number: the address makes the difference."""
    listener = await listening(target)
    one = wire.peer.tcp.connect(80, sport=4000)
    first, address = await listener.accept()
    assert address == ("10.0.0.2", 4000)
    two = wire.host(ip="10.0.0.3").tcp.connect(80, sport=4000)
    second, address = await listener.accept()
    assert address == ("10.0.0.3", 4000)
    await talks(second, two)
    await talks(first, one)


@covers("tcp.accept.usable")
async def test_accepted_socket_talks_from_the_port_of_the_listener(target, wire):
    """The client knows the server by its port; both directions work, and the end of stream, too."""
    _, client, conn = await served(target, wire, 8080)
    assert conn.remote_port == 8080
    await talks(client, conn)
    conn.finish()
    assert await client.recv(1) == b""
    await client.sendall(b"bye")
    await client.close()
    await conn.closed(within=5 * SEC)
    assert conn.received.endswith(b"bye")


@pytest.mark.parametrize("close_each", [True, False])
@covers("tcp.accept.listener-stays", "tcp.accept.usable")
async def test_listener_serves_client_after_client(target, wire, close_each):
    """One accept must not use up the listener."""
    listener = await listening(target)
    numbers = set()
    for sport in range(4000, 4010):
        conn = wire.peer.tcp.connect(80, sport=sport)
        client, address = await listener.accept()
        assert address[1] == sport
        await talks(client, conn)
        numbers.add(await client.fileno())
        if close_each:
            await client.close()
    assert close_each or len(numbers) == 10


@covers("tcp.accept.listener-stays")
async def test_clients_are_served_in_the_order_of_their_handshakes(target, wire):
    """The one that waited longest comes first, even if another sent its SYN before."""
    listener = await listening(target, 80, 3)
    slow = wire.peer.tcp.connect(80, sport=4000)
    slow.delay(200 * MS, when=lambda segment: segment.flags == 0x10)
    first = wire.peer.tcp.connect(80, sport=4001)
    await first.established(within=10 * MS)
    await asyncio.sleep(100 * MS)
    second = wire.peer.tcp.connect(80, sport=4002)
    await second.established(within=10 * MS)
    await asyncio.sleep(500 * MS)
    assert [(await listener.accept())[1][1] for _ in range(3)] == [4001, 4002, 4000]


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("state", ["new", "bound", "connected", "udp", "closed"])
@covers("accept.wrong-state")
async def test_accept_on_what_does_not_listen_fails_at_once(target, wire, state, timeout):
    """No client can ever come there: waiting for one, even for the timeout, is wrong."""
    if state == "udp":
        sock = await bound_udp(target)
    elif state == "connected":
        sock, _ = await connected(target, wire)
    else:
        sock = await target.socket()
        if state == "bound":
            await sock.bind(80)
    await sock.settimeout(timeout)
    if state == "closed":
        await sock.close()
    error = await raises_at_once(sock.accept(), RemoteIOError)
    assert not isinstance(error, TimeoutError)
    await wire.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("timeout", [1, 10, 100, 1000, 2500, 60_000])
@covers("tcp.accept.timeout")
async def test_accept_without_a_client_ends_at_the_timeout(target, wire, timeout):
    """A server that looks after other things meanwhile gets its thread back, and the listener stays."""
    listener = await listening(target)
    await listener.settimeout(timeout)
    for _ in range(2):
        await times_out(listener.accept(), timeout * MS)
    conn = wire.peer.tcp.connect(80)
    client, _ = await listener.accept()
    await talks(client, conn)


@pytest.mark.parametrize(("offset", "in_time"), [(-1 * MS, True), (-100_000, True), (2 * MS, False)])
@covers("tcp.accept.timeout", "timeout.in-time")
async def test_client_around_the_deadline(target, wire, tasks, offset, in_time):
    """Just before it is served; just after it waits for the next accept."""
    listener = await listening(target)
    await listener.settimeout(100)
    accepting = tasks.start(listener.accept())
    await asyncio.sleep(100 * MS + offset)
    conn = wire.peer.tcp.connect(80)
    if in_time:
        client, _ = await accepting
    else:
        await times_out(accepting, 100 * MS)
        client, _ = await listener.accept()
    await talks(client, conn)


@covers("tcp.accept.timeout", "tcp.listen.half-open")
async def test_half_open_client_at_the_deadline_is_no_client(target, wire, tasks):
    """Its handshake may be completed for a later accept."""
    listener = await listening(target)
    await listener.settimeout(100)
    conn = wire.peer.tcp.connect(80)
    conn.delay(300 * MS, when=lambda segment: segment.flags == 0x10)
    await times_out(listener.accept(), 100 * MS)
    await listener.settimeout(400)
    client, address = await listener.accept()
    assert address[1] == conn.local_port
    await talks(client, conn)


@covers("tcp.accept.non-blocking")
async def test_non_blocking_accept_takes_all_that_wait(target, wire, bench):
    """A polling server: as many accepts as clients, then would-block."""
    listener = await listening(target, 80, 3)
    await listener.settimeout(0)
    await would_block(listener.accept())
    clients = [wire.peer.tcp.connect(80) for _ in range(3)]
    await bench.idle(for_=10 * MS)
    for conn in clients:
        client, address = await listener.accept()
        assert address[1] == conn.local_port
        await talks(client, conn)
    await would_block(listener.accept())


@pytest.mark.parametrize("timeout", [0, 100])
@covers("timeout.accepted-socket", "tcp.accept.usable")
async def test_accepted_socket_inherits_no_timeout(target, wire, tasks, timeout):
    """A new socket is blocking, whatever the listener was set to."""
    listener = await listening(target)
    await listener.settimeout(timeout)
    conn = wire.peer.tcp.connect(80)
    await conn.established(within=100 * MS)
    client, _ = await listener.accept()
    receiving = tasks.start(client.recv(4))
    await asyncio.sleep(LONG)
    assert receiving.pending
    conn.send(b"data")
    assert await receiving == b"data"
    await listener.settimeout(None)
    await client.settimeout(50)
    await times_out(client.recv(1), 50 * MS)
    accepting = tasks.start(listener.accept())
    await asyncio.sleep(10 * SEC)
    assert accepting.pending


@covers("close.listener", "tcp.accept.listener-stays")
async def test_closing_an_accepted_socket_leaves_the_listener(target, wire):
    """The server goes on after each client."""
    listener, client, conn = await served(target, wire)
    await client.close()
    await conn.until(lambda c: c.peer_finished, within=1 * SEC)
    again = wire.peer.tcp.connect(80)
    client, _ = await listener.accept()
    await talks(client, again)


@covers("close.wakes-blocked", "close.listener")
async def test_closing_the_listener_ends_a_waiting_accept(target, wire, tasks, bench):
    """The only way to stop a server thread without a timeout."""
    listener = await listening(target)
    accepting = tasks.start(listener.accept())
    await asyncio.sleep(5 * SEC)
    at = bench.now
    await listener.close()
    with pytest.raises(RemoteIOError) as caught:
        await accepting
    prompt(bench, at)
    assert not isinstance(caught.value, TimeoutError)
    await echoes(target, wire)


@covers("tcp.accept.no-socket-left", "socket.failure-is-ioerror")
async def test_accept_without_a_free_socket_raises_and_recovers(target, wire):
    """Running out of sockets must neither take the server down nor cost the client that waits its place."""
    listener = await listening(target)
    others = []
    with pytest.raises(RemoteIOError):
        while True:
            others.append(await target.socket())
    conn = wire.peer.tcp.connect(80)
    await conn.established(within=100 * MS)
    await listener.settimeout(100)
    with pytest.raises(RemoteIOError):
        await listener.accept()
    await asyncio.sleep(1 * SEC)
    assert conn.lost is None and not conn.peer_finished
    await others.pop().close()
    client, address = await listener.accept()
    assert address[1] == conn.local_port
    await talks(client, conn)


@covers("tcp.accept.listener-stays", "close.nothing-lost")
async def test_two_hundred_clients_in_a_row(target, wire):
    """More connections than control blocks: those in TIME_WAIT are recycled."""
    listener = await listening(target)
    for number in range(200):
        conn = wire.peer.tcp.connect(80)
        client, _ = await listener.accept()
        await client.sendall(b"%d" % number)
        await client.close()
        await conn.until(lambda c: c.peer_finished, within=1 * SEC)
        conn.finish()
        assert conn.received == b"%d" % number
