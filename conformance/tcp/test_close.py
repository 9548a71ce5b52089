"""close() of TCP sockets: what the peer sees, how long it takes, and what is left.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, RemoteIOError, covers, elapsed_is

from conformance.scenes import echoes, fill, raises_at_once, times_out
from conformance.tcp.stream import (
    SEND_BUFFER,
    connected,
    listening,
    on_schedule,
    pattern,
    prompt,
    segments,
    served,
    talks,
)


@pytest.mark.parametrize("count", [0, 1, 1460, 5840])
@pytest.mark.parametrize("role", ["client", "server"])
@covers("close.orderly", "results.none")
async def test_accepted_data_comes_before_the_fin(target, wire, role, count):
    """send said that it accepted the data: close must not throw it away."""
    if role == "client":
        sock, conn = await connected(target, wire)
    else:
        _, sock, conn = await served(target, wire)
    data = pattern(count)
    await sock.sendall(data)
    assert await sock.close() is None
    await conn.until(lambda c: c.peer_finished, within=1 * SEC)
    assert conn.received == data
    conn.finish()
    await conn.closed(within=1 * SEC)
    assert conn.lost is None
    assert not [frame for frame in segments(wire) if "R" in str(frame.tcp.flags)]


@covers("close.orderly")
async def test_close_after_the_peer_is_orderly(target, wire):
    """The other end said goodbye first: both FINs are acknowledged, and nothing is reset."""
    sock, conn = await connected(target, wire)
    conn.send(b"bye")
    conn.finish()
    assert await sock.recv(10) == b"bye"
    await sock.close()
    await conn.closed(within=1 * SEC)
    assert conn.lost is None
    await asyncio.sleep(130 * SEC)
    assert (await target.stats())["tcp_pcbs"] == 0


@covers("close.orderly")
async def test_simultaneous_close_is_orderly(target, wire, bench):
    """Both FINs cross on the way (RFC 9293 3.6, figure 13)."""
    sock, conn = await connected(target, wire)
    conn.silent = True
    before_fin = conn.rcv_nxt
    await sock.close()
    await bench.idle(for_=1 * MS)
    conn.silent = False
    at = bench.now
    conn.raw(flags="FA", ack=before_fin)
    await bench.idle(for_=1 * MS)
    assert segments(wire, at), "the FIN of the peer has to be acknowledged"
    assert not [frame for frame in segments(wire) if "R" in str(frame.tcp.flags)]
    conn.raw(flags="A", seq=conn.snd_nxt, ack=(before_fin + 1) % 2**32)
    quiet_from = bench.now + 1 * MS
    await asyncio.sleep(60 * SEC)
    assert not segments(wire, quiet_from)


@covers("close.orderly")
async def test_lost_fin_is_sent_again(target, wire):
    """The peer would else wait for an end that never comes."""
    sock, conn = await connected(target, wire)
    start = segments(wire, flags="S")[0].at
    conn.silent = True
    await sock.close()
    await asyncio.sleep(30 * SEC)
    fins = [frame for frame in segments(wire) if "F" in str(frame.tcp.flags)]
    on_schedule(fins[1:], start, [2750, 8750, 20_750])
    conn.silent = False
    await conn.until(lambda c: c.peer_finished, within=30 * SEC)


STATES = ["idle", "unacknowledged", "zero-window", "peer-finished"]


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("state", STATES)
@covers("close.prompt", "close.orderly")
async def test_close_does_not_wait_for_the_peer(target, wire, state, timeout):
    """A program that ends its work must not be held by a peer that sleeps."""
    sock, conn = await connected(target, wire)
    if state == "zero-window":
        conn.window = 0
        conn.acknowledge()
    conn.silent = state == "unacknowledged"
    if state in ("unacknowledged", "zero-window"):
        await fill(sock)
    elif state == "peer-finished":
        conn.finish()
        await asyncio.sleep(1 * MS)
    await sock.settimeout(timeout)
    call = sock.close()
    assert await call is None
    elapsed_is(call, 0)
    await echoes(target, wire)


@pytest.mark.parametrize("wait", [1, 100])
@covers("close.prompt", "close.orderly")
async def test_data_behind_a_closed_window_outlives_the_socket(target, wire, wait):
    """The socket is gone, its data is not: the peer gets it all when it has room, and then the FIN."""
    sock, conn = await connected(target, wire, window=0)
    data = pattern(SEND_BUFFER)
    await sock.sendall(data)
    await sock.close()
    await asyncio.sleep(wait * SEC)
    conn.window = None
    await conn.until(lambda c: c.peer_finished, within=10 * SEC)
    assert conn.received == data


@pytest.mark.parametrize("kind", ["queued", "held-by-a-timeout", "taken-by-a-waiting-read"])
@covers("close.unread-data-resets")
async def test_unread_data_makes_close_a_reset(target, wire, bench, tasks, kind):
    """The peer believes that its data was read: RST tells it that it was not (RFC 9293 SHLD-3)."""
    sock, conn = await connected(target, wire)
    conn.send(b"never read")
    await bench.idle(for_=10 * MS)
    if kind == "held-by-a-timeout":
        await sock.settimeout(50)
        await times_out(sock.recv(100), 50 * MS)
    reading = tasks.start(sock.recv(100)) if kind == "taken-by-a-waiting-read" else None
    await bench.idle(for_=10 * MS)
    at = bench.now
    assert await sock.close() is None
    if reading is not None:
        with pytest.raises(RemoteIOError):
            await reading
    await conn.closed(within=10 * MS)
    assert conn.lost == "reset"
    flags = [str(frame.tcp.flags) for frame in segments(wire, at)]
    assert flags[-1] == "RA" and not any("F" in each for each in flags)


@covers("close.unread-data-resets", "example.server")
async def test_data_sent_before_such_a_reset_arrives(target, wire, bench):
    """A server that answers without reading the question: the answer must be on the wire before the RST."""
    sock, conn = await connected(target, wire)
    conn.send(b"a question nobody reads")
    await bench.idle(for_=10 * MS)
    await sock.sendall(b"Hello!")
    await sock.close()
    await conn.closed(within=10 * MS)
    assert conn.received == b"Hello!" and conn.lost == "reset"


@pytest.mark.parametrize("kept_by", ["nagle", "closed-window"])
@covers("close.unread-data-resets", "close.orderly")
async def test_data_not_yet_sent_leaves_before_such_a_reset(target, wire, bench, kept_by):
    """sendall said that it accepted the answer; that it still waited its turn must not cost the client its end."""
    sock, conn = await connected(target, wire, window=0 if kept_by == "closed-window" else None)
    conn.send(b"a question nobody reads")
    await bench.idle(for_=10 * MS)
    conn.ack = "never"
    await sock.sendall(b"The answer ")
    await sock.sendall(b"and its end")
    await bench.idle(for_=10 * MS)
    assert conn.received == (b"" if kept_by == "closed-window" else b"The answer ")
    assert await sock.close() is None
    if kept_by == "closed-window":
        assert conn.lost is None, "what the peer has no room for yet would be lost"
        conn.ack = "every"
        conn.window = None
    await conn.closed(within=10 * SEC)
    assert conn.received == b"The answer and its end" and conn.lost == "reset"


@covers("close.unread-data-resets")
async def test_data_that_was_read_makes_no_reset(target, wire, bench):
    """The other side of it: everything read, everything orderly."""
    sock, conn = await connected(target, wire)
    conn.send(b"all read")
    assert await sock.recv(8) == b"all read"
    await sock.close()
    await conn.until(lambda c: c.peer_finished, within=1 * SEC)
    assert conn.lost is None


@covers("close.unread-data-resets")
async def test_data_after_close_is_reset(target, wire, bench):
    """Nobody will ever read it: the peer is told to stop."""
    sock, conn = await connected(target, wire)
    await sock.close()
    await conn.until(lambda c: c.peer_finished, within=1 * SEC)
    conn.send(b"too late")
    await conn.closed(within=1 * SEC)
    assert conn.lost == "reset"


@pytest.mark.parametrize("used", ["new", "bound", "timeout-set"])
@covers("close.unused")
async def test_closing_an_unused_socket_is_silent(target, wire, used):
    """Nobody has heard of it, so nobody needs to hear of its end."""
    sock = await target.socket()
    if used == "bound":
        await sock.bind(5555)
    elif used == "timeout-set":
        await sock.settimeout(0)
    assert await sock.close() is None
    await wire.expect_none(for_=60 * SEC)


@pytest.mark.parametrize("state", ["new", "connected", "listening"])
@covers("close.twice")
async def test_second_close_does_nothing(target, wire, state):
    """Above all it must not close a newer socket that got the same number."""
    if state == "connected":
        sock, _ = await connected(target, wire, 81)
    elif state == "listening":
        sock = await listening(target, 8080)
    else:
        sock = await target.socket()
    await sock.close()
    other, conn = await connected(target, wire)
    for _ in range(3):
        assert await sock.close() is None
    await talks(other, conn)


METHODS = ["recv", "recv_into", "send", "sendall", "accept", "connect", "bind", "listen", "settimeout"]


@pytest.mark.parametrize("kind", ["new", "connected", "listening"])
@pytest.mark.parametrize("method", METHODS)
@covers("close.no-more-io", "closed.every-method")
async def test_closed_socket_refuses_every_method(target, wire, method, kind):
    """At once, without a frame, and without touching the socket that has the number now."""
    if kind == "connected":
        sock, _ = await connected(target, wire, 81)
    elif kind == "listening":
        sock = await listening(target, 8080)
    else:
        sock = await target.socket()
    await sock.close()
    other, conn = await connected(target, wire)
    before = len(segments(wire))
    arguments = {
        "recv": (1,),
        "recv_into": (await target.buffer(1),),
        "send": (b"x",),
        "sendall": (b"x",),
        "connect": (("10.0.0.2", 80),),
        "bind": (5555,),
        "settimeout": (100,),
    }
    await raises_at_once(sock.call(method, *arguments.get(method, ())), RemoteIOError)
    assert len(segments(wire)) == before
    await talks(other, conn)


@pytest.mark.parametrize("method", ["recv", "recv_into"])
@pytest.mark.parametrize("timeout", [None, 60_000])
@covers("close.wakes-blocked")
async def test_close_from_another_thread_ends_a_waiting_read(target, wire, tasks, bench, method, timeout):
    """lwIP as it comes would wait on for ever, on memory that is free."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(timeout)
    first = await target.buffer(4) if method == "recv_into" else 4
    receiving = tasks.start(sock.call(method, first))
    await asyncio.sleep(5 * SEC)
    at = bench.now
    assert await sock.close() is None
    with pytest.raises(RemoteIOError) as caught:
        await receiving
    prompt(bench, at)
    assert not isinstance(caught.value, TimeoutError)
    await conn.until(lambda c: c.peer_finished, within=1 * SEC)
    await echoes(target, wire)


@covers("close.releases-port", "close.listener")
async def test_port_of_a_closed_listener_refuses_and_can_be_bound(target, wire):
    """The port is free at once, and until somebody takes it nobody answers there."""
    sock = await listening(target)
    await sock.close()
    early = wire.peer.tcp.connect(80)
    await early.closed(within=100 * MS)
    assert early.lost == "refused"
    again = await listening(target)
    conn = wire.peer.tcp.connect(80)
    client, _ = await again.accept()
    await talks(client, conn)


@pytest.mark.parametrize(("after", "is_free"), [(1_000, False), (120_000, False), (120_500, True)])
@covers("close.releases-port", "options.reuseaddr")
async def test_time_wait_lasts_two_minutes(target, wire, bench, after, is_free):
    """The side that closed first keeps its port for two segment lifetimes (RFC 9293 3.6.1), and not longer."""
    listener, client, conn = await served(target, wire)
    start = segments(wire, flags="SA")[0].at
    await listener.close()
    await client.close()
    await conn.until(lambda c: c.peer_finished, within=1 * MS)
    conn.finish()
    await asyncio.sleep(start + after * MS - bench.now)
    sock = await target.socket()
    if is_free:
        assert await sock.bind(80) is None
    else:
        await raises_at_once(sock.bind(80), RemoteIOError, errno.EADDRINUSE)


@pytest.mark.parametrize("ending", ["we-close", "peer-closes", "peer-resets", "unread"])
@covers("close.nothing-lost")
async def test_connections_leave_nothing_behind(target, wire, ending):
    """A device that runs for years makes many connections."""
    listener = wire.peer.tcp.listen(80)

    async def one():
        sock = await target.socket()
        await sock.connect((wire.peer.ip, 80))
        conn = await listener.accept(within=1 * SEC)
        await talks(sock, conn)
        if ending == "peer-closes":
            conn.finish()
            assert await sock.recv(1) == b""
        elif ending == "peer-resets":
            conn.reset()
        elif ending == "unread":
            conn.send(b"unread")
        await asyncio.sleep(1 * MS)
        await sock.close()
        await asyncio.sleep(1 * MS)
        await sock.drop()
        if ending == "we-close":
            conn.finish()

    before = await target.stats()
    for _ in range(20):
        await one()
    # Connections in TIME_WAIT are over after two minutes.
    await asyncio.sleep(125 * SEC)
    after = await target.stats()
    assert after["tcp_pcbs"] == before["tcp_pcbs"] == 0
    assert after["lwip"]["mem.used"] == before["lwip"]["mem.used"]
    assert after["heap_free"] == before["heap_free"]
