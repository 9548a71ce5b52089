"""recv_into and recvfrom_into on datagram sockets: where the bytes go, and where they must not.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import MS, RemoteOverflowError, RemoteTypeError, RemoteValueError, covers

from conformance.scenes import DEVICE, bound_udp, raises_at_once, times_out

METHODS = ["recv_into", "recvfrom_into"]
CANARY = 0xAA


def count_of(result):
    """Return the number of bytes, of either method's result."""
    return result[0] if isinstance(result, tuple) else result


async def arrived(target, wire, bench, *datagrams):
    """Return a bound socket with DATAGRAMS in its queue."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    for data in datagrams:
        far.send(data, to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    return sock


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("length", "bufsize"), [(5, 10), (10, 10), (11, 10), (10, 1), (0, 10), (3, 16)])
@covers("recv_into.at-start", "udp.recvfrom_into.at-start", "recv_into.count")
async def test_bytes_go_to_the_start_and_nothing_else_changes(target, wire, bench, method, length, bufsize):
    """The buffer is the caller's: what lies behind the datagram must stay as it was."""
    data = bytes(range(1, length + 1))
    sock = await arrived(target, wire, bench, data)
    buffer = await target.buffer(16, fill=CANARY)
    stored = min(length, bufsize)
    assert count_of(await sock.call(method, buffer, bufsize)) == stored
    assert await buffer.read() == data[:stored] + bytes([CANARY]) * (16 - stored)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bufsize", [None, -1, -2, -7, -1000, -(2**31), -(2**63)], ids=str)
@pytest.mark.parametrize("length", [15, 16, 17])
@covers("recv_into.default-bufsize", "udp.recvfrom_into.default-bufsize")
async def test_missing_or_negative_bufsize_means_the_whole_buffer(target, wire, bench, method, bufsize, length):
    """The default is -1, and the page says what any negative number means."""
    data = bytes(range(1, length + 1))
    sock = await arrived(target, wire, bench, data)
    buffer = await target.buffer(16, fill=CANARY)
    arguments = (buffer,) if bufsize is None else (buffer, bufsize)
    assert count_of(await sock.call(method, *arguments)) == min(length, 16)
    assert await buffer.read() == (data[:16]).ljust(16, bytes([CANARY]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bufsize", [17, 1000, 2**31, 2**32, 2**32 + 4, 2**64])
@covers("recv_into.never-overruns", "udp.recvfrom_into.never-overruns", "arguments.no-side-effect")
async def test_bufsize_beyond_the_buffer_is_refused(target, wire, bench, method, bufsize):
    """A size that the buffer does not have would write over the program's memory."""
    sock = await arrived(target, wire, bench, b"kept")
    buffer = await target.buffer(16, fill=CANARY)
    await raises_at_once(sock.call(method, buffer, bufsize), (RemoteValueError, RemoteOverflowError))
    assert await buffer.read() == bytes([CANARY]) * 16
    assert count_of(await sock.call(method, buffer, 16)) == 4
    assert (await buffer.read())[:5] == b"kept" + bytes([CANARY])


@pytest.mark.parametrize("method", METHODS)
@covers("udp.recvfrom_into.never-overruns", "recv_into.never-overruns")
async def test_bufsize_of_exactly_the_buffer_is_accepted(target, wire, bench, method):
    """The limit itself is inside."""
    sock = await arrived(target, wire, bench, b"0123456789abcdef")
    buffer = await target.buffer(16, fill=CANARY)
    assert count_of(await sock.call(method, buffer, 16)) == 16
    assert await buffer.read() == b"0123456789abcdef"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [0, 16], ids=["empty-buffer", "bufsize-zero"])
@covers("udp.recvfrom_into.never-overruns", "recv_into.nothing-to-do")
async def test_no_room_takes_a_datagram_and_stores_nothing(target, wire, bench, method, size):
    """Zero room is not 'the whole buffer': the datagram is taken, no byte is written."""
    sock = await arrived(target, wire, bench, b"gone", b"next")
    buffer = await target.buffer(size, fill=CANARY)
    result = await sock.call(method, buffer, 0)
    assert result == ((0, (wire.peer.ip, 7000)) if method == "recvfrom_into" else 0)
    assert await buffer.read() == bytes([CANARY]) * size
    assert (await sock.recvfrom(10))[0] == b"next"


NOT_WRITABLE = {
    "bytes": b"0123456789",
    "str": "0123456789",
    "none": None,
    "int": 10,
    "list": [0] * 10,
    "tuple": (0, 0),
    "float": 1.0,
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NOT_WRITABLE)
@covers("recv_into.writable-only", "udp.recvfrom_into.writable-only", "arguments.no-side-effect")
async def test_buffer_that_cannot_be_written_is_refused_before_anything_is_taken(target, wire, bench, method, name):
    """The mistake is the program's, the datagram is not lost for it."""
    sock = await arrived(target, wire, bench, b"kept")
    await raises_at_once(sock.call(method, NOT_WRITABLE[name]), RemoteTypeError)
    assert (await sock.recvfrom(10))[0] == b"kept"


@pytest.mark.parametrize("method", METHODS)
@covers("udp.recvfrom_into.one-datagram", "timeout.survives")
async def test_timeout_leaves_the_buffer_untouched(target, wire, method):
    """Nothing came, nothing is written."""
    sock = await bound_udp(target)
    buffer = await target.buffer(16, fill=CANARY)
    await sock.settimeout(100)
    await times_out(sock.call(method, buffer), 100 * MS)
    assert await buffer.read() == bytes([CANARY]) * 16


@pytest.mark.parametrize("method", METHODS)
@covers("udp.recvfrom_into.at-start")
async def test_one_buffer_serves_many_calls(target, wire, tasks, method):
    """A loop reads into one buffer: each datagram starts at its beginning."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    buffer = await target.buffer(8, fill=CANARY)
    for data in (b"longest!", b"short", b"x"):
        waiting = tasks.start(sock.call(method, buffer))
        await asyncio.sleep(1 * MS)
        far.send(data, to=(DEVICE, 5000))
        assert count_of(await waiting) == len(data)
    assert await buffer.read() == b"xhortst!"
