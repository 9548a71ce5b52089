"""What sockets see of a link that is lost and comes back: every method that can wait, every state of a stream.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import HOUR, MS, SEC, covers, deadline

from conformance.scenes import BLOCKING, blocked, bound_udp, connected_tcp, echoes, fill, listening_tcp, times_out
from conformance.timeouts.events import Wait
from conformance.wifi.scenes import WORK, linked, make, there_again

# How the link is lost; the first two are answered by joining again at once, the last lasts until it is there again.
LOSSES = {
    "deauthenticated": lambda ap: ap.deauth(),
    "disassociated": lambda ap: ap.disassoc(),
    "access-point-gone": lambda ap: ap.disappear(),
}


@pytest.mark.parametrize("timeout", [2, 100, 900, 15_000])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", BLOCKING)
@covers("wifi.loss.sockets", "timeout.exact")
async def test_timeout_is_exact_across_a_loss(wifi, air, wire, cold_target, tasks, name, loss, timeout):
    """Whatever happens to the link, and whether it comes back in time."""
    ap = await linked(wifi, air, wire)
    scene = await blocked(name, cold_target, wire)
    await scene.sock.settimeout(timeout)
    waiting = tasks.start(scene.start())
    await asyncio.sleep(1 * MS)
    LOSSES[loss](ap)
    await times_out(waiting, timeout * MS)
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", [name for name in BLOCKING if name != "connect"])
@covers("wifi.loss.sockets", "wifi.reconnect")
async def test_wait_is_ended_after_the_link_is_back(bench, wifi, air, wire, cold_target, tasks, name, loss):
    """What was waited for comes when it can; nobody has to call again."""
    ap = await linked(wifi, air, wire)
    scene = await blocked(name, cold_target, wire)
    wait = Wait(name, scene, wire)
    waiting = tasks.start(wait.start())
    await asyncio.sleep(100 * MS)
    LOSSES[loss](ap)
    await asyncio.sleep(3 * SEC)
    assert waiting.pending
    await there_again(wifi, air, ap)
    await wait.end()
    wait.check(await waiting)


@pytest.mark.parametrize("away", [1 * SEC, 10 * SEC, 120 * SEC])
@covers("wifi.loss.sockets", "tcp.recv.integrity")
async def test_idle_connection_outlives_an_outage(bench, wifi, air, wire, cold_target, away):
    """Nobody had anything to say, so nothing is lost."""
    ap = await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    ap.disappear()
    await bench.idle(for_=away)
    await there_again(wifi, air, ap)
    conn.send(b"good morning")
    assert await sock.recv(12) == b"good morning"
    await sock.sendall(b"and to you")
    assert await conn.recv(10, within=60 * SEC) == b"and to you"


@pytest.mark.parametrize("away", [1 * SEC, 10 * SEC, 60 * SEC])
@pytest.mark.parametrize("state", ["sending", "receiving", "full", "ended-by-peer", "finished", "listening"])
@covers("wifi.loss.sockets")
async def test_stream_in_every_state_goes_on(bench, wifi, air, wire, cold_target, tasks, state, away):
    """After the outage it is where it was."""
    ap = await linked(wifi, air, wire)
    if state == "listening":
        listener = await listening_tcp(cold_target)
        accepting = tasks.start(listener.accept())
        ap.disappear()
        await bench.idle(for_=away)
        await there_again(wifi, air, ap)
        await wire.peer.tcp.connect(80, sport=4000).established(within=1 * SEC)
        assert (await accepting)[1] == (wire.peer.ip, 4000)
        return
    sock, conn = await connected_tcp(cold_target, wire)
    content = bytes(range(256)) * 20
    if state == "full":
        conn.silent = True
        await fill(sock)
        conn.silent = False
        already = conn.received_bytes
    elif state == "ended-by-peer":
        conn.finish()
        await bench.idle(for_=1 * MS)
    ap.disappear()
    if state == "finished":
        await sock.sendall(content)
        await sock.close()
    elif state in ("sending", "ended-by-peer"):
        await sock.sendall(content)
    elif state == "receiving":
        conn.send(content)
    await bench.idle(for_=away)
    await there_again(wifi, air, ap)
    if state == "receiving":
        assert await sock.recv(len(content)) == content
    elif state == "full":
        await conn.until(lambda connection: connection.received_bytes > already, within=300 * SEC)
    else:
        assert await conn.recv(len(content), within=300 * SEC) == content
    if state == "ended-by-peer":
        assert await sock.recv(10) == b""
    elif state == "finished":
        await conn.until(lambda connection: connection.peer_finished, within=300 * SEC)


@deadline(48 * HOUR)
@covers("wifi.loss.sockets", "errors.below-ioerror")
async def test_connection_whose_network_never_returns_ends_by_the_stack(bench, wifi, air, wire, cold_target, tasks):
    """With something to send it is not kept for ever; the error is the one for a silent peer."""
    ap = await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    ap.disappear()
    await sock.sendall(b"into the void")
    with pytest.raises(TimeoutError):
        await sock.recv(1)
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("loss", LOSSES)
@covers("wifi.loss.sockets", "net.select.timeout")
async def test_select_is_exact_across_a_loss(wifi, air, wire, cold_target, tasks, loss):
    """Its sockets become neither readable nor failed by it."""
    ap = await linked(wifi, air, wire)
    sock, _ = await connected_tcp(cold_target, wire)
    other = await bound_udp(cold_target)
    selecting = tasks.start(cold_target.select([sock, other], [], [sock, other], 5000))
    await asyncio.sleep(1 * SEC)
    LOSSES[loss](ap)
    assert await selecting == ((), (), ())
    assert 5 * SEC <= selecting.elapsed <= 5 * SEC + 2 * MS
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@covers("wifi.loss.sockets", "wifi.reconnect", "wifi.join.strongest")
async def test_connection_moves_to_another_access_point_of_the_network(bench, wifi, air, wire, cold_target):
    """The addresses stay, so the connection does."""
    ap = await linked(wifi, air, wire, channel=1)
    other = make(air, channel=11, rssi=-70)
    sock, conn = await connected_tcp(cold_target, wire)
    ap.disappear()
    await other.joined(within=3 * SEC)
    await asyncio.sleep(WORK)
    conn.send(b"found you")
    assert await sock.recv(9) == b"found you"
