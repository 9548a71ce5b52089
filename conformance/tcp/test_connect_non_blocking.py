"""connect() in non-blocking mode: at once, in the background, and what the next calls say.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from scapy.layers.inet import TCP
from sockbench import MS, SEC, RemoteIOError, answer, covers

from conformance.scenes import echoes, raises_at_once, would_block
from conformance.tcp.stream import CONNECT_LIMIT, SYN_SCHEDULE, on_schedule, segments, talks


async def begun(target, address=("10.0.0.2", 80)):
    """Return a socket whose non-blocking connect is under way.

    The wire takes no time: a peer that answers at once has answered before the call can return, so the peers of these
    cases take a moment.
    """
    sock = await target.socket()
    await sock.settimeout(0)
    await would_block(sock.connect(address), errno.EINPROGRESS)
    return sock


@covers("tcp.connect.non-blocking", "timeout.zero", "timeout.would-block-class")
async def test_connect_goes_on_in_the_background(target, wire):
    """EINPROGRESS, then EALREADY, then EISCONN: what an event loop polls for."""
    sock = await begun(target)
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    for _ in range(3):
        await would_block(sock.connect((wire.peer.ip, 80)), errno.EALREADY)
    wire.send(answer(syn, flags="SA", seq=1000))
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)
    for _ in range(2):
        await raises_at_once(sock.connect((wire.peer.ip, 80)), RemoteIOError, errno.EISCONN)
    assert len(segments(wire, flags="S")) == 1


@pytest.mark.parametrize("delay", [1, 10, 1000, 10_000])
@covers("tcp.connect.non-blocking")
async def test_connection_made_in_the_background_works(target, wire, delay):
    """Nobody has to call connect a second time for the connection to be usable."""
    listener = wire.peer.tcp.listen(80, syn_ack_delay=delay * MS)
    sock = await begun(target)
    conn = await listener.accept(within=11 * SEC)
    await sock.settimeout(None)
    await talks(sock, conn)


@covers("tcp.connect.non-blocking", "timeout.zero")
async def test_answer_in_no_time_may_connect_at_once(target, wire):
    """Non-blocking does not mean in the background: what is done is done."""
    listener = wire.peer.tcp.listen(80)
    sock = await target.socket()
    await sock.settimeout(0)
    try:
        assert await sock.connect((wire.peer.ip, 80)) is None
    except RemoteIOError as error:
        assert error.errno == errno.EINPROGRESS and not isinstance(error, TimeoutError)
    await sock.settimeout(None)
    await talks(sock, await listener.accept(within=1 * SEC))


@pytest.mark.parametrize("method", ["connect", "recv", "send", "sendall"])
@covers("tcp.connect.non-blocking", "tcp.connect.refused")
async def test_refusal_in_the_background_is_told_by_the_next_call(target, wire, bench, method):
    """A refusal nobody hears of leaves the program waiting for ever."""
    sock = await begun(target)
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    await bench.idle(for_=10 * MS)
    wire.send(answer(syn, flags="RA", seq=0))
    await bench.idle(for_=10 * MS)
    arguments = {"connect": (("10.0.0.2", 80),), "recv": (1,)}.get(method, (b"x",))
    await raises_at_once(sock.call(method, *arguments), ConnectionRefusedError, errno.ECONNREFUSED)
    # It is told once: the next attempt is as good as the first.
    listener = wire.peer.tcp.listen(80)
    await sock.settimeout(None)
    assert await sock.connect((wire.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))
    await echoes(target, wire)


@covers("tcp.connect.non-blocking", "tcp.connect.gives-up")
async def test_failure_in_the_background_is_told_by_the_next_call(target, wire):
    """The limit of the stack counts in non-blocking mode, too, and so does its schedule."""
    wire.peer.tcp.listen(80, silent=True)
    sock = await begun(target)
    start = segments(wire)[0].at
    await asyncio.sleep(CONNECT_LIMIT - 10 * MS)
    await would_block(sock.connect((wire.peer.ip, 80)), errno.EALREADY)
    await asyncio.sleep(20 * MS)
    on_schedule(segments(wire), start, SYN_SCHEDULE)
    await raises_at_once(sock.connect((wire.peer.ip, 80)), RemoteIOError, errno.ETIMEDOUT)


@pytest.mark.parametrize("method", ["recv", "recv_into", "send", "sendall"])
@covers("tcp.connect.non-blocking", "timeout.zero")
async def test_data_during_the_handshake_would_block_or_is_refused(target, wire, method):
    """Before the peer has answered there is nobody to talk to, and nothing to wait for."""
    wire.peer.tcp.listen(80, silent=True)
    sock = await begun(target)
    first = {"recv": 1, "recv_into": await target.buffer(1)}.get(method, b"x")
    error = await raises_at_once(sock.call(method, first), RemoteIOError)
    assert not isinstance(error, TimeoutError)
    assert error.errno in (errno.EWOULDBLOCK, errno.ENOTCONN, errno.EINPROGRESS, errno.EALREADY)
    assert not segments(wire, data=True)


@pytest.mark.parametrize("mode", [None, 1000])
@covers("tcp.connect.non-blocking", "timeout.transitions")
async def test_blocking_connect_joins_the_attempt_or_says_that_there_is_one(target, wire, mode):
    """Going back to blocking mode in mid-attempt must not start a second handshake."""
    listener = wire.peer.tcp.listen(80, syn_ack_delay=500 * MS)
    sock = await begun(target)
    await sock.settimeout(mode)
    try:
        assert await sock.connect((wire.peer.ip, 80)) is None
    except RemoteIOError as error:
        assert error.errno == errno.EALREADY and not isinstance(error, TimeoutError)
    conn = await listener.accept(within=1 * SEC)
    await talks(sock, conn)
    assert len(segments(wire, flags="S")) == 1


@covers("tcp.connect.non-blocking", "close.unused")
async def test_close_while_connecting_is_quiet(target, wire):
    """Giving up leaves no timer behind: no SYN ever follows."""
    wire.peer.tcp.listen(80, silent=True)
    sock = await begun(target)
    await sock.close()
    count = len([frame for frame in segments(wire) if "S" in str(frame.tcp.flags)])
    await asyncio.sleep(60 * SEC)
    assert count == 1 == len([frame for frame in segments(wire) if "S" in str(frame.tcp.flags)])
    assert (await target.stats())["tcp_pcbs"] == 0


@covers("tcp.connect.non-blocking", "socket.independent")
async def test_eight_attempts_at_once(target, wire):
    """One thread can open many connections side by side: that is what the mode is for."""
    listeners = [wire.peer.tcp.listen(8000 + number, syn_ack_delay=(8 - number) * 100 * MS) for number in range(8)]
    socks = [await begun(target, ("10.0.0.2", 8000 + number)) for number in range(8)]
    for sock, listener in reversed(list(zip(socks, listeners, strict=True))):
        conn = await listener.accept(within=150 * MS)
        await sock.settimeout(None)
        await talks(sock, conn)
