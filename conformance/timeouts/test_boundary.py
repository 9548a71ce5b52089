"""What happens just before the deadline, just after it, and what must not move it.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from sockbench import MS, SEC, US, covers

from conformance.scenes import (
    BLOCKING,
    BOARD,
    DATAGRAM,
    DEVICE,
    RECEIVING,
    blocked,
    bound_udp,
    connected_tcp,
    connected_udp,
    data_of,
    datagram,
    ignore_refusals,
    listening_tcp,
    times_out,
)


@pytest.mark.parametrize("scene", DATAGRAM)
@pytest.mark.parametrize("before", [1 * MS, 50 * US])
@covers("timeout.in-time", "udp.recvfrom.timeout")
async def test_datagram_just_before_the_deadline_is_delivered(target, wire, tasks, scene, before):
    """An early expiry would lose the answer that came in time."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(100 * MS - before)
    waits.far.send(b"in time", to=(DEVICE, 5000))
    assert data_of(scene, await waiting) in (b"in time", 7)


@pytest.mark.parametrize("scene", DATAGRAM)
@covers("timeout.in-time", "timeout.survives", "udp.recvfrom.timeout")
async def test_datagram_after_the_deadline_is_kept_for_the_next_call(target, wire, tasks, scene):
    """What comes too late for one call is not lost for the next."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(102 * MS)
    waits.far.send(b"late", to=(DEVICE, 5000))
    await times_out(waiting, 100 * MS)
    assert data_of(scene, await waits.start()) in (b"late", 4)


@pytest.mark.parametrize("scene", [name for name in RECEIVING if name.startswith("tcp")])
@covers("timeout.in-time")
async def test_last_byte_just_before_the_deadline_completes_the_read(target, wire, tasks, scene):
    """Ten bytes, the last of them 1 ms before the deadline: no exception."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(20 * MS)
    waits.far.send(b"123456789")
    await asyncio.sleep(79 * MS)
    waits.far.send(b"0")
    assert await waiting in (b"1234567890", 10)


@pytest.mark.parametrize("scene", [name for name in RECEIVING if name.startswith("tcp")])
@covers("timeout.in-time", "tcp.recv.timeout-keeps-data", "recv_into.timeout-keeps-data")
async def test_last_byte_after_the_deadline_finds_the_others_still_there(target, wire, tasks, scene):
    """Nine bytes in time and one late: the exception, then all ten at once."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(20 * MS)
    waits.far.send(b"123456789")
    await asyncio.sleep(82 * MS)
    waits.far.send(b"0")
    await times_out(waiting, 100 * MS)
    again = waits.start()
    assert await again in (b"1234567890", 10)
    if scene == "tcp-recv_into":
        assert await waits.arguments[0].read() == b"1234567890"


@pytest.mark.parametrize("at", [99, 102])
@covers("timeout.in-time", "tcp.accept.timeout")
async def test_client_around_the_deadline_of_accept(target, wire, tasks, at):
    """A client that completes in time is returned; one that comes later waits for the next call."""
    listener = await listening_tcp(target)
    await listener.settimeout(100)
    waiting = tasks.start(listener.accept())
    await asyncio.sleep(at * MS)
    client = wire.peer.tcp.connect(80, sport=4000)
    await client.established(within=1 * SEC)
    if at > 100:
        await times_out(waiting, 100 * MS)
        waiting = listener.accept()
    assert (await waiting)[1] == (wire.peer.ip, 4000)


def _broken_header(wire):
    frame = datagram(wire, b"noise")
    frame[IP].chksum = 0x1234
    return frame


NOISE = {
    "wrong-checksum": lambda wire: datagram(wire, b"noise", chksum=0x1234),
    "wrong-ip-checksum": _broken_header,
    "other-sender-port": lambda wire: datagram(wire, b"noise", source=(wire.peer.ip, 7001)),
    "other-sender": lambda wire: datagram(wire, b"noise", source=("10.0.0.3", 7000)),
    "other-port": lambda wire: datagram(wire, b"noise", to=(DEVICE, 5999)),
}


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize("scene", [name for name in DATAGRAM if name.startswith("connected")])
@covers("timeout.absolute", "udp.connect.ignored-is-unseen", "udp.recvfrom.timeout")
async def test_frames_that_are_not_for_the_call_do_not_move_its_deadline(target, wire, tasks, scene, noise):
    """Foreign or broken datagrams every 30 ms: the wait of 100 ms ends at 100 ms."""
    waits = await blocked(scene, target, wire)
    ignore_refusals(wire)
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    for _ in range(3):
        await asyncio.sleep(30 * MS)
        wire.send(NOISE[noise](wire))
    await times_out(waiting, 100 * MS)


@pytest.mark.parametrize("scene", [name for name in RECEIVING if name.startswith("tcp")])
@covers("timeout.absolute", "tcp.recv.timeout-is-absolute")
async def test_trickling_stream_does_not_move_the_deadline(target, wire, tasks, scene):
    """One byte every 30 ms would postpone a timeout that starts anew with each chunk."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    waiting = tasks.start(waits.start())
    for _ in range(4):
        await asyncio.sleep(30 * MS)
        waits.far.send(b"x")
    await times_out(waiting, 100 * MS)


@covers("timeout.absolute", "tcp.accept.timeout")
async def test_half_open_connections_do_not_move_the_deadline_of_accept(target, wire, tasks):
    """SYNs without an end are no connections: accept times out as if they had not come."""
    listener = await listening_tcp(target)
    wire.ignore(TCP(sport=80))
    await listener.settimeout(100)
    waiting = tasks.start(listener.accept())
    for port in (4001, 4002):
        await asyncio.sleep(30 * MS)
        syn = TCP(sport=port, dport=80, flags="S", seq=1000, window=8192)
        wire.send(Ether(src=wire.peer.mac, dst=BOARD) / IP(src=wire.peer.ip, dst=DEVICE) / syn)
    await times_out(waiting, 100 * MS)


@covers("timeout.not-protocol-timers")
async def test_protocol_timers_go_on_after_a_timeout(target, wire):
    """A lost segment is sent again on the stack's schedule although the caller has long had its timeout."""
    sock, conn = await connected_tcp(target, wire)
    conn.silent = True
    await sock.settimeout(100)
    assert await sock.send(b"lost") == 4
    await times_out(sock.recv(1), 100 * MS)
    await asyncio.sleep(10 * SEC)
    sent = [frame for frame in wire.frames if frame.outgoing and frame.tcp is not None and frame.payload == b"lost"]
    assert len(sent) >= 2
    assert sent[1].tcp.seq == sent[0].tcp.seq
    assert sent[1].at - sent[0].at > 1 * SEC


@pytest.mark.parametrize("scene", [name for name in BLOCKING if name not in ("connect", "send", "sendall")])
@covers("timeout.none", "recv.waits-for-ever", "tcp.accept.blocks")
async def test_none_waits_for_ever_after_a_number(target, wire, tasks, scene):
    """None takes an earlier timeout away: a minute later, 600 times the timeout, the call still waits."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    await waits.sock.settimeout(None)
    waiting = tasks.start(waits.start())
    await asyncio.sleep(60 * SEC)
    assert waiting.pending
    if scene == "accept":
        client = wire.peer.tcp.connect(80, sport=4000)
        await client.established(within=1 * SEC)
        assert (await waiting)[1] == (wire.peer.ip, 4000)
    elif scene.startswith("tcp"):
        waits.far.send(b"0123456789")
        assert await waiting in (b"0123456789", 10)
    else:
        waits.far.send(b"at last", to=(DEVICE, 5000))
        assert data_of(scene, await waiting) in (b"at last", 7)


@covers("udp.connect.ignored-is-unseen")
async def test_ignored_datagrams_do_not_take_the_place_of_the_peers(target, wire, bench):
    """A flood from a stranger must not push out the peer's one datagram."""
    sock, far = await connected_udp(target, wire)
    ignore_refusals(wire)
    for number in range(100):
        wire.send(datagram(wire, b"flood %d" % number, source=("10.0.0.3", 7000)))
    far.send(b"mine", to=(DEVICE, 5000))
    await bench.idle(for_=10 * MS)
    assert await sock.recv(100) == b"mine"
    await sock.settimeout(100)
    await times_out(sock.recv(100), 100 * MS)


@covers("timeout.absolute")
async def test_timeout_counts_from_the_call_not_from_the_setting(target):
    """A timeout set long before the call is not used up by then."""
    sock = await bound_udp(target)
    await sock.settimeout(100)
    await asyncio.sleep(60 * SEC)
    await times_out(sock.recvfrom(10), 100 * MS)


@covers("timeout.in-time", "udp.recvfrom.fifo")
async def test_datagram_at_any_moment_of_the_call_ends_its_wait(target, wire, tasks):
    """What arrives between the look at the queue and the sleep must not be slept over, at whatever microsecond."""
    waits = await blocked("udp-recvfrom", target, wire)
    await waits.sock.settimeout(100)
    for step in range(240):
        waiting = tasks.start(waits.start())
        await asyncio.sleep(step * 250)
        waits.far.send(b"now", to=(DEVICE, 5000))
        assert (await waiting)[0] == b"now"
        assert waiting.elapsed < 2 * MS


# Longer than a call takes from its request to its sleep on the device, and shorter than the stretch before that sleep
# in which a wake-up could get lost (3 us).
ASLEEP = 150 * US
STEP = 500


@pytest.mark.parametrize("scene", ["udp-recvfrom", "tcp-recv"])
@covers("timeout.in-time", "tcp.recv.blocks-until-bufsize")
async def test_data_at_any_moment_of_the_call_ends_it(target, wire, tasks, bench, scene):
    """Between looking in vain and going to sleep there is a moment: what comes then must not be slept over."""
    waits = await blocked(scene, target, wire)
    await waits.sock.settimeout(100)
    for after in range(0, ASLEEP, STEP):
        waiting = tasks.start(waits.start())
        at = bench.now + after
        if scene == "tcp-recv":
            waits.far.send(b"0123456789", at=at)
        else:
            waits.far.send(b"in time", to=(DEVICE, 5000), at=at)
        assert data_of(scene, await waiting) in (b"0123456789", b"in time"), f"{after} ns after the request"
