"""listen(): who is let in, how many may wait, and what becomes of those that wait.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from sockbench import MS, SEC, RemoteIOError, RemoteTypeError, covers

from conformance.scenes import DEVICE, bound_udp, echoes, raises_at_once
from conformance.tcp.stream import (
    HALF_OPEN_LIMIT,
    SYN_ACK_SCHEDULE,
    connected,
    listening,
    on_schedule,
    segments,
    talks,
)

REFUSED_IN_WRONG_STATE = ["udp", "connected", "closed"]


def syn(wire, sport, dport=80):
    """Return a SYN that nobody on the peer's side knows of."""
    link = Ether(src=wire.peer.mac, dst="02:00:00:00:00:01")
    return link / IP(src=wire.peer.ip, dst=DEVICE) / TCP(sport=sport, dport=dport, flags="S", seq=100)


@covers("tcp.listen.enables")
async def test_only_listen_opens_the_port(target, wire):
    """Before listen a client is refused, after it the handshake is answered."""
    sock = await target.socket()
    for step in ("new", "bound"):
        if step == "bound":
            await sock.bind(80)
        early = wire.peer.tcp.connect(80)
        await early.closed(within=100 * MS)
        assert early.lost == "refused"
    assert await sock.listen() is None
    conn = wire.peer.tcp.connect(80)
    await conn.established(within=100 * MS)
    client, _ = await sock.accept()
    await talks(client, conn)


@covers("tcp.bind.before-listen")
async def test_listen_without_bind_is_refused_or_really_listens(target, wire):
    """lwIP would listen on port 0, where nobody can come."""
    sock = await target.socket()
    try:
        await sock.listen()
    except RemoteIOError:
        await sock.bind(80)
        await sock.listen()
        await wire.peer.tcp.connect(80).established(within=100 * MS)
    else:
        port = (await sock.call("getsockname"))[1]
        assert port >= 1024
        await wire.peer.tcp.connect(port).established(within=100 * MS)


@pytest.mark.parametrize("maxlog", [None, 0, -1, 1, 2, 3, 5, 20])
@covers("tcp.listen.backlog", "tcp.listen.maxlog-edge")
async def test_maxlog_limits_the_clients_that_wait(target, wire, maxlog):
    """Exactly so many are let in; the next one hears nothing and may try again."""
    sock = await listening(target, 80, *([] if maxlog is None else [maxlog]))
    limit = 2 if maxlog is None else max(maxlog, 1)
    waiting = [wire.peer.tcp.connect(80) for _ in range(limit)]
    for conn in waiting:
        await conn.established(within=100 * MS)
    extra = wire.peer.tcp.connect(80)
    await asyncio.sleep(900 * MS)
    assert extra.state == "SYN-SENT"
    assert not [frame for frame in segments(wire) if frame.tcp.dport == extra.local_port]
    assert all(conn.state == "ESTABLISHED" for conn in waiting)
    client, address = await sock.accept()
    assert address == (wire.peer.ip, waiting[0].local_port)
    await extra.established(within=3 * SEC)
    await talks(client, waiting[0])


@covers("tcp.listen.backlog")
async def test_clients_beyond_the_backlog_get_in_one_by_one(target, wire):
    """Each accept makes room for one: none is established and then thrown out."""
    sock = await listening(target, 80, 1)
    clients = [wire.peer.tcp.connect(80) for _ in range(4)]
    served = []
    for _ in clients:
        client, address = await sock.accept()
        served.append(address[1])
        await talks(client, next(conn for conn in clients if conn.local_port == address[1]))
        await client.close()
    assert sorted(served) == sorted(conn.local_port for conn in clients)


@pytest.mark.parametrize("maxlog", [10**6, 2**31 - 1])
@covers("tcp.listen.maxlog-edge")
async def test_huge_maxlog_is_capped(target, wire, maxlog):
    """A number that wraps to 0 would be a server that lets nobody in."""
    sock = await listening(target, 80, maxlog)
    for conn in [wire.peer.tcp.connect(80) for _ in range(10)]:
        await conn.established(within=100 * MS)
    for _ in range(10):
        await sock.accept()


@pytest.mark.parametrize("bad", [None, "2", 1.5, (2,), b"2"])
@covers("tcp.listen.maxlog-edge", "arguments.no-side-effect")
async def test_maxlog_of_another_type_is_refused(target, wire, bad):
    """The refused call changes nothing: the port stays closed until a right one."""
    sock = await target.socket()
    await sock.bind(80)
    await raises_at_once(sock.listen(bad), RemoteTypeError)
    early = wire.peer.tcp.connect(80)
    await early.closed(within=100 * MS)
    await sock.listen(1)
    await wire.peer.tcp.connect(80).established(within=100 * MS)


@covers("tcp.listen.half-open")
async def test_syn_ack_is_repeated_and_then_given_up(target, wire):
    """A client that vanished in mid-handshake costs the server 20 seconds, not for ever."""
    await listening(target)
    wire.send(syn(wire, 4000))
    first = await wire.expect(TCP(sport=80, dport=4000, flags="SA"), within=10 * MS)
    wire.ignore(TCP(sport=80, dport=4000))
    await asyncio.sleep(120 * SEC)
    on_schedule(segments(wire), first.at, SYN_ACK_SCHEDULE)
    assert (await target.stats())["tcp_pcbs"] == 0


@pytest.mark.parametrize("maxlog", [1, 2, 3])
@covers("tcp.listen.half-open", "tcp.listen.backlog")
async def test_half_open_handshakes_block_for_twenty_seconds(target, wire, bench, maxlog):
    """A handful of forged SYNs must not lock the door for good: just before the limit no, just after it yes."""
    sock = await listening(target, 80, maxlog)
    began = bench.now
    for number in range(maxlog):
        wire.send(syn(wire, 4000 + number))
        await wire.expect(TCP(sport=80, dport=4000 + number, flags="SA"), within=10 * MS)
        wire.ignore(TCP(sport=80, dport=4000 + number))
    await asyncio.sleep(began + HALF_OPEN_LIMIT - 10 * MS - bench.now)
    wire.send(syn(wire, 5000))
    await asyncio.sleep(20 * MS)
    assert not [frame for frame in segments(wire) if frame.tcp.dport == 5000]
    good = wire.peer.tcp.connect(80)
    await good.established(within=10 * MS)
    client, _ = await sock.accept()
    await talks(client, good)


@covers("tcp.listen.half-open")
async def test_flood_of_syns_does_no_lasting_harm(target, wire):
    """Hundreds of SYNs: the listener drops them, keeps what it had, and serves again."""
    sock, conn = await connected(target, wire, 8080)
    listener = await listening(target)
    wire.ignore(lambda frame: frame.tcp is not None and frame.tcp.sport == 80 and 10000 <= frame.tcp.dport < 10300)
    for number in range(300):
        wire.send(syn(wire, 10000 + number))
    await asyncio.sleep(HALF_OPEN_LIMIT + 1 * SEC)
    await talks(sock, conn)
    good = wire.peer.tcp.connect(80)
    await good.established(within=100 * MS)
    client, _ = await listener.accept()
    await talks(client, good)


@pytest.mark.parametrize("state", REFUSED_IN_WRONG_STATE)
@covers("listen.only-tcp")
async def test_listen_is_for_unconnected_tcp_sockets(target, wire, state):
    """A datagram socket has no connections to wait for; a connected one has its peer."""
    if state == "udp":
        sock = await bound_udp(target)
    else:
        sock, _ = await connected(target, wire)
    if state == "closed":
        await sock.close()
    await raises_at_once(sock.listen(), RemoteIOError)
    await echoes(target, wire)


@pytest.mark.parametrize("second", [1, 3])
@covers("tcp.listen.again")
async def test_listen_again_changes_the_limit(target, wire, second):
    """The queue stays; only what comes from now on is counted against the new limit."""
    sock = await listening(target, 80, 2)
    waiting = [wire.peer.tcp.connect(80) for _ in range(2)]
    for conn in waiting:
        await conn.established(within=100 * MS)
    assert await sock.listen(second) is None
    third = wire.peer.tcp.connect(80)
    await asyncio.sleep(500 * MS)
    assert third.state == ("ESTABLISHED" if second == 3 else "SYN-SENT")
    for conn in waiting:
        client, address = await sock.accept()
        assert address[1] == conn.local_port
        await talks(client, conn)


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("method", ["recv", "recv_into", "send", "sendall"])
@covers("tcp.listen.no-data", "send.wrong-state")
async def test_listening_socket_carries_no_data(target, wire, method, timeout):
    """Data belongs to the accepted sockets; on the listener it is a mistake, told at once."""
    sock = await listening(target)
    await sock.settimeout(timeout)
    first = {"recv": 1, "recv_into": await target.buffer(1)}.get(method, b"x")
    error = await raises_at_once(sock.call(method, first), RemoteIOError)
    assert not isinstance(error, TimeoutError) and error.errno != errno.EWOULDBLOCK
    await wire.peer.tcp.connect(80).established(within=100 * MS)


@pytest.mark.parametrize("count", [1, 100, 1460, 5840])
@covers("tcp.listen.keeps-data", "tcp.listen.accepts")
async def test_data_before_accept_is_kept(target, wire, count):
    """Clients speak as soon as they are connected; the server may come to them much later."""
    sock = await listening(target)
    conn = wire.peer.tcp.connect(80)
    data = bytes(i % 251 for i in range(count))
    conn.send(data)
    conn.finish()
    await asyncio.sleep(10 * SEC)
    client, _ = await sock.accept()
    assert await client.recv(count) == data
    for _ in range(3):
        assert await client.recv(1) == b""
    await client.sendall(b"bye")
    await conn.until(lambda c: c.received == b"bye", within=1 * SEC)


@covers("tcp.listen.waiting-client-resets")
async def test_client_that_resets_while_waiting_frees_its_place(target, wire, tasks):
    """accept must neither fail for a client that is gone nor hand it out."""
    sock = await listening(target, 80, 1)
    gone = wire.peer.tcp.connect(80)
    await gone.established(within=100 * MS)
    gone.reset()
    accepting = tasks.start(sock.accept())
    await asyncio.sleep(10 * SEC)
    assert accepting.pending
    good = wire.peer.tcp.connect(80)
    await good.established(within=100 * MS)
    client, address = await accepting
    assert address == (wire.peer.ip, good.local_port)
    await talks(client, good)


@pytest.mark.parametrize("place", range(3), ids=["first", "middle", "last"])
@covers("tcp.listen.waiting-client-resets")
async def test_reset_of_one_that_waits_keeps_the_others(target, wire, place):
    """Of three that wait one resets, and another comes: whoever is left is served, in order."""
    sock = await listening(target, 80, 3)
    await sock.settimeout(1000)
    clients = [wire.peer.tcp.connect(80) for _ in range(3)]
    for conn in clients:
        await conn.established(within=100 * MS)
    clients.pop(place).reset()
    await asyncio.sleep(10 * MS)
    clients.append(wire.peer.tcp.connect(80))
    await clients[-1].established(within=100 * MS)
    for conn in clients:
        client, address = await sock.accept()
        assert address[1] == conn.local_port
        await talks(client, conn)


@covers("close.listener")
async def test_closing_the_listener_turns_everybody_away(target, wire):
    """Those that wait are reset, newcomers refused, the accepted one lives on."""
    sock = await listening(target, 80, 3)
    clients = [wire.peer.tcp.connect(80) for _ in range(3)]
    for conn in clients:
        await conn.established(within=100 * MS)
    accepted, _ = await sock.accept()
    assert await sock.close() is None
    for conn in clients[1:]:
        await conn.closed(within=10 * MS)
        assert conn.lost == "reset"
    late = wire.peer.tcp.connect(80)
    await late.closed(within=100 * MS)
    assert late.lost == "refused"
    await talks(accepted, clients[0])


@covers("close.listener", "tcp.listen.half-open")
async def test_closing_the_listener_ends_half_open_handshakes(target, wire):
    """The ACK that would complete a handshake with nobody is answered by RST."""
    sock = await listening(target)
    wire.send(syn(wire, 4000))
    answered = await wire.expect(TCP(sport=80, dport=4000, flags="SA"), within=10 * MS)
    wire.ignore(TCP(sport=80, dport=4000))
    await sock.close()
    acknowledged = syn(wire, 4000)
    acknowledged[TCP].flags, acknowledged[TCP].seq, acknowledged[TCP].ack = "A", 101, answered.tcp.seq + 1
    wire.send(acknowledged)
    await asyncio.sleep(10 * MS)
    assert "R" in str(segments(wire)[-1].tcp.flags)
    assert (await target.stats())["tcp_pcbs"] == 0
