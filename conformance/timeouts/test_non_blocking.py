"""Timeout 0: no method waits, whatever it would have to wait for.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, covers, elapsed_is

from conformance.scenes import (
    BLOCKING,
    DATAGRAM,
    DEVICE,
    RECEIVING,
    blocked,
    bound_udp,
    connected_tcp,
    data_of,
    echoes,
    listening_tcp,
    would_block,
)

OF_METHOD = {
    "accept": "tcp.accept.non-blocking",
    "connect": "tcp.connect.non-blocking",
    "send": "tcp.send.non-blocking",
    "sendall": "tcp.sendall.non-blocking",
}


@pytest.mark.parametrize(
    "scene", [pytest.param(name, marks=covers(OF_METHOD.get(name, "udp.recvfrom.non-blocking"))) for name in BLOCKING]
)
@covers("timeout.zero", "timeout.would-block-class")
async def test_zero_never_waits(target, wire, bench, scene):
    """An event loop that polls its sockets stands still if one of the methods waits after all."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(0)
    await would_block(waits.start(), errno.EINPROGRESS if scene == "connect" else errno.EWOULDBLOCK)
    await bench.idle(for_=100 * MS)
    await would_block(waits.start(), errno.EALREADY if scene == "connect" else errno.EWOULDBLOCK)
    await echoes(target, wire, port=9200)


@pytest.mark.parametrize("scene", DATAGRAM)
@covers("timeout.zero", "udp.recvfrom.non-blocking")
async def test_zero_returns_a_waiting_datagram(target, wire, bench, scene):
    """Non-blocking does not mean never: what is there is returned."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(0)
    waits.far.send(b"here", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    call = waits.start()
    assert data_of(scene, await call) in (b"here", 4)
    elapsed_is(call, 0)
    await would_block(waits.start())


@pytest.mark.parametrize("scene", [name for name in RECEIVING if name.startswith("tcp")])
@pytest.mark.parametrize("queued", [1, 9, 10, 11])
@covers("timeout.zero")
async def test_zero_returns_what_a_stream_holds(target, wire, bench, scene, queued):
    """With fewer bytes queued than asked for, non-blocking mode returns these (as BSD does)."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(0)
    waits.far.send(b"0123456789A"[:queued])
    await bench.idle(for_=300 * MS)
    call = waits.start()
    got = await call
    elapsed_is(call, 0)
    assert got == (b"0123456789A"[: min(queued, 10)] if scene == "tcp-recv" else min(queued, 10))
    if queued <= 10:
        await would_block(waits.start())


@covers("timeout.zero", "tcp.accept.non-blocking")
async def test_zero_accepts_a_waiting_client(target, wire):
    """A polling server gets its client at the first poll after the handshake."""
    listener = await listening_tcp(target)
    await listener.settimeout(0)
    await would_block(listener.accept())
    client = wire.peer.tcp.connect(80, sport=4000)
    await client.established(within=1 * SEC)
    call = listener.accept()
    _, address = await call
    elapsed_is(call, 0)
    assert address == (wire.peer.ip, 4000)
    await would_block(listener.accept())


@pytest.mark.parametrize("method", ["send", "sendall"])
@covers("timeout.zero", "tcp.sendall.non-blocking")
async def test_zero_sends_what_fits(target, wire, method):
    """With room in the buffer non-blocking sending is ordinary sending."""
    sock, conn = await connected_tcp(target, wire)
    await sock.settimeout(0)
    call = sock.call(method, b"fits")
    assert await call == (4 if method == "send" else None)
    elapsed_is(call, 0)
    assert await conn.recv(4, within=1 * SEC) == b"fits"


@pytest.mark.parametrize("method", ["bind", "connect", "sendto", "send", "sendall"])
@covers("timeout.zero", "udp.connect.local")
async def test_zero_leaves_what_never_waits_alone(target, wire, method):
    """The datagram methods that need not wait work in non-blocking mode as always."""
    far = wire.peer.udp.bind(7000)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.settimeout(0)
    arguments = {"bind": (5000,), "connect": ((wire.peer.ip, 7000),), "sendto": (b"x", (wire.peer.ip, 7000))}
    if method in ("send", "sendall"):
        await sock.connect((wire.peer.ip, 7000))
    call = sock.call(method, *arguments.get(method, (b"x",)))
    await call
    elapsed_is(call, 0)
    if method in ("sendto", "send", "sendall"):
        assert (await far.recv(within=1 * SEC)).data == b"x"


@covers("timeout.zero", "timeout.per-socket")
async def test_zero_on_one_socket_leaves_another_waiting(target, tasks, bench):
    """Non-blocking mode belongs to the socket it was set on."""
    polled, waiting = await bound_udp(target, 5000), await bound_udp(target, 5001)
    await polled.settimeout(0)
    blocked_call = tasks.start(waiting.recvfrom(10))
    await would_block(polled.recvfrom(10))
    await bench.idle(for_=10 * SEC)
    assert blocked_call.pending
