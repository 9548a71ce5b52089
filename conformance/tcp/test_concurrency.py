"""Many TCP sockets and threads at once: each exact, each for itself.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import MS, SEC, RemoteIOError, covers

from conformance.scenes import DEVICE, bound_udp, fill, times_out
from conformance.tcp.stream import LONG, connected, listening, pattern, talks

TIMEOUTS = [1, 7, 10, 99, 100, 101, 1000, 2500]


@covers("timeout.many", "timeout.per-socket")
async def test_eight_reads_with_eight_timeouts(target, wire, tasks):
    """Started together, each ends at its own time: one timer for all would show here."""
    socks = [(await connected(target, wire, 8000 + number))[0] for number in range(8)]
    for sock, timeout in zip(socks, TIMEOUTS, strict=True):
        await sock.settimeout(timeout)
    for turn in range(3):
        order = list(zip(socks, TIMEOUTS, strict=True))
        calls = [(tasks.start(sock.recv(4)), timeout) for sock, timeout in (order if turn % 2 else order[::-1])]
        for call, timeout in sorted(calls, key=lambda pair: pair[1]):
            await times_out(call, timeout * MS)


@covers("timeout.many", "timeout.every-method")
async def test_eight_kinds_of_waiting_with_eight_timeouts(target, wire, tasks):
    """Reads, sends, accepts and connects side by side, each exact."""
    wire.peer.tcp.listen(81, silent=True)
    calls = []
    for number, timeout in enumerate(TIMEOUTS):
        kind = number % 4
        if kind == 0:
            sock, _ = await connected(target, wire, 8000 + number)
            start = lambda sock=sock: sock.recv(4)  # noqa: E731
        elif kind == 1:
            sock, conn = await connected(target, wire, 8000 + number, window=0)
            await fill(sock)
            start = lambda sock=sock: sock.sendall(b"more")  # noqa: E731
        elif kind == 2:
            sock = await listening(target, 9000 + number)
            start = lambda sock=sock: sock.accept()  # noqa: E731
        else:
            sock = await target.socket()
            start = lambda sock=sock: sock.connect(("10.0.0.2", 81))  # noqa: E731
        await sock.settimeout(timeout)
        calls.append((start, timeout))
    started = [(tasks.start(start()), timeout) for start, timeout in calls]
    for call, timeout in sorted(started, key=lambda pair: pair[1]):
        await times_out(call, timeout * MS)


@covers("timeout.per-socket", "socket.independent")
async def test_one_timeout_leaves_seven_waiting(target, wire, tasks):
    """A socket without a timeout waits on while its neighbours give up."""
    pairs = [await connected(target, wire, 8000 + number) for number in range(8)]
    await pairs[0][0].settimeout(100)
    calls = [tasks.start(sock.recv(4)) for sock, _ in pairs]
    await times_out(calls[0], 100 * MS)
    await asyncio.sleep(LONG)
    assert all(call.pending for call in calls[1:])
    for number, (_, conn) in reversed(list(enumerate(pairs))):
        if number:
            conn.send(b"%04d" % number)
            assert await calls[number] == b"%04d" % number


@covers("close.wakes-blocked", "socket.independent")
async def test_close_of_one_ends_only_its_own_calls(target, wire, tasks):
    """Eight waiting reads, one close: seven go on waiting."""
    pairs = [await connected(target, wire, 8000 + number) for number in range(8)]
    calls = [tasks.start(sock.recv(4)) for sock, _ in pairs]
    await asyncio.sleep(1 * SEC)
    await pairs[3][0].close()
    with pytest.raises(RemoteIOError):
        await calls[3]
    await asyncio.sleep(20 * SEC)
    for number, (_, conn) in enumerate(pairs):
        if number != 3:
            assert calls[number].pending
            conn.send(b"data")
            assert await calls[number] == b"data"


@covers("close.wakes-blocked")
async def test_close_ends_a_read_and_a_send_together(target, wire, tasks):
    """Both threads of a full-duplex connection are let go."""
    sock, conn = await connected(target, wire, window=0)
    await fill(sock)
    reading, sending = tasks.start(sock.recv(4)), tasks.start(sock.sendall(b"more"))
    await asyncio.sleep(1 * SEC)
    await sock.close()
    for call in (reading, sending):
        with pytest.raises(RemoteIOError):
            await call
    assert conn.received == b""


@covers("socket.independent", "tcp.recv.integrity")
async def test_seven_streams_both_ways_at_once(target, wire, tasks):
    """Fourteen transfers side by side: no byte on a wrong connection."""
    pairs = [await connected(target, wire, 8000 + number) for number in range(7)]
    size = 12_000
    reading = [tasks.start(sock.recv(size)) for sock, _ in pairs]
    sending = [tasks.start(sock.sendall(pattern(size, seed=100 + n))) for n, (sock, _) in enumerate(pairs)]
    for number, (_, conn) in enumerate(pairs):
        conn.send(pattern(size, seed=number + 1))
    for number, (_, conn) in enumerate(pairs):
        assert await reading[number] == pattern(size, seed=number + 1)
        assert await sending[number] is None
        assert await conn.recv(size, within=10 * SEC) == pattern(size, seed=100 + number)


@covers("socket.independent", "tcp.recv.blocks-until-bufsize")
async def test_two_readers_of_one_stream_share_it(target, wire, tasks):
    """Two threads read one socket: each byte goes to one of them, none is lost or doubled, and neither is forgotten."""
    sock, conn = await connected(target, wire)
    await sock.settimeout(5000)
    readers = [tasks.start(sock.recv(100)) for _ in range(2)]
    await asyncio.sleep(10 * MS)
    data = pattern(200)
    conn.send(data)
    parts = [await reader for reader in readers]
    assert sorted(b"".join(parts)) == sorted(data) and {len(part) for part in parts} == {100}
    await sock.settimeout(None)
    await talks(sock, conn)


@pytest.mark.parametrize("readers", [2, 5])
@covers("socket.independent", "udp.recvfrom.one-datagram")
async def test_readers_of_one_datagram_socket_get_one_each(target, wire, tasks, readers):
    """Datagrams that come together wake as many threads: one that is passed over would sleep beside its message."""
    sock = await bound_udp(target)
    await sock.settimeout(5000)
    far = wire.peer.udp.bind(7000)
    waiting = [tasks.start(sock.recvfrom(10)) for _ in range(readers)]
    await asyncio.sleep(10 * MS)
    for number in range(readers):
        far.send(b"%d" % number, to=(DEVICE, 5000))
    assert sorted([(await call)[0] for call in waiting]) == [b"%d" % number for number in range(readers)]


@covers("socket.independent", "tcp.sendall.everything")
async def test_writers_of_one_stream_take_turns(target, wire, tasks):
    """Two threads send through one socket to a slow reader: each text arrives whole, and both calls end."""
    sock, conn = await connected(target, wire, window=0)
    await sock.settimeout(60_000)
    size = 10_000
    writers = [tasks.start(sock.sendall(bytes([letter]) * size)) for letter in b"ab"]
    await asyncio.sleep(10 * MS)
    assert all(writer.pending for writer in writers)
    conn.window = None
    for writer in writers:
        assert await writer is None
    await conn.until(lambda c: c.received_bytes == 2 * size, within=10 * SEC)
    assert conn.received in (b"a" * size + b"b" * size, b"b" * size + b"a" * size)
