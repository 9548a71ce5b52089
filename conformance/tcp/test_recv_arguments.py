"""Arguments of recv() and recv_into() on a stream: sizes, buffers, flags, and that wrong ones cost nothing.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sockbench import (
    MS,
    RemoteIOError,
    RemoteMemoryError,
    RemoteOverflowError,
    RemoteTypeError,
    RemoteValueError,
    covers,
    elapsed_is,
)

from conformance.scenes import raises_at_once, would_block
from conformance.tcp.stream import connected, pattern


async def holding(target, wire, bench, data):
    """Return a connected socket in non-blocking mode in which DATA waits."""
    sock, conn = await connected(target, wire)
    conn.send(data)
    await bench.idle(for_=10 * MS)
    await sock.settimeout(0)
    return sock, conn


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("state", ["idle", "data", "end"])
@pytest.mark.parametrize("method", ["recv", "recv_into", "recv_into-empty"])
@covers("recv.bufsize-zero", "recv_into.nothing-to-do")
async def test_nothing_asked_is_nothing_at_once(target, wire, bench, method, state, timeout):
    """lwIP would wait for data and then deliver none of it."""
    sock, conn = await connected(target, wire)
    if state == "data":
        conn.send(b"abc")
    elif state == "end":
        conn.finish()
    await bench.idle(for_=10 * MS)
    await sock.settimeout(timeout)
    if method == "recv":
        call = sock.recv(0)
    elif method == "recv_into":
        call = sock.recv_into(await target.buffer(8), 0)
    else:
        call = sock.recv_into(await target.buffer(0))
    assert await call == (b"" if method == "recv" else 0)
    elapsed_is(call, 0)
    if state == "data":
        assert await sock.recv(3) == b"abc"


@covers("recv.bufsize-zero")
async def test_nothing_asked_does_not_wait_for_another_reader(target, wire, tasks):
    """Two readers take turns; one that wants nothing needs no turn."""
    sock, conn = await connected(target, wire)
    reading = tasks.start(sock.recv(4))
    await asyncio.sleep(10 * MS)
    call = sock.recv(0)
    assert await call == b""
    elapsed_is(call, 0)
    assert reading.pending
    conn.send(b"data")
    assert await reading == b"data"


BAD: dict[str, tuple[object, Any]] = {
    "minus-one": (-1, RemoteValueError),
    "int-min": (-(2**31), RemoteValueError),
    "very-negative": (-(2**70), (RemoteValueError, RemoteOverflowError)),
    "none": (None, RemoteTypeError),
    "str": ("7", RemoteTypeError),
    "float": (1.5, RemoteTypeError),
    "bytes": (b"7", RemoteTypeError),
    "tuple": ((7,), RemoteTypeError),
}


@pytest.mark.parametrize("bad", BAD)
@covers("recv.bufsize-invalid", "arguments.no-side-effect")
async def test_bad_bufsize_is_refused_and_consumes_nothing(target, wire, bench, bad):
    """A mistake in the program must not cost bytes of the stream."""
    value, kind = BAD[bad]
    sock, _ = await holding(target, wire, bench, b"abc")
    await raises_at_once(sock.recv(value), kind)
    assert await sock.recv(3) == b"abc"


@covers("recv.bufsize-invalid", "arguments.no-side-effect")
async def test_missing_and_superfluous_arguments_are_refused(target, wire, bench):
    """The signature is recv(bufsize, flags=0) and no other."""
    sock, _ = await holding(target, wire, bench, b"abc")
    await raises_at_once(sock.call("recv"), RemoteTypeError)
    await raises_at_once(sock.call("recv", 1, 0, 0), RemoteTypeError)
    await raises_at_once(sock.call("recv", 1, size=1), RemoteTypeError)
    await raises_at_once(sock.call("recv_into"), RemoteTypeError)
    assert await sock.call("recv", bufsize=1, flags=0) == b"a"
    assert await sock.call("recv", 2) == b"bc"


@pytest.mark.parametrize("bufsize", [10**6, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 2**63 - 1, 2**64])
@covers("recv.bufsize-huge", "tcp.recv.end-after-partial")
async def test_huge_bufsize_is_a_limit_or_refused(target, wire, bench, bufsize):
    """More than the device has memory for: five bytes and the end, or a clear refusal; never a crash or a wrap."""
    sock, conn = await connected(target, wire)
    conn.send(b"small")
    conn.finish()
    await bench.idle(for_=10 * MS)
    try:
        assert await sock.recv(bufsize) == b"small"
    except (RemoteOverflowError, RemoteMemoryError, RemoteValueError) as error:
        assert bufsize > 2**31 - 1, f"{error!r} for a size within range"
        assert await sock.recv(5) == b"small"
    assert await sock.recv(1) == b""


@covers("recv.bufsize-huge", "tcp.recv.timeout-keeps-data", "tcp.recv.integrity")
async def test_no_byte_is_lost_when_memory_runs_out(target, wire):
    """A read that finds no memory for its bytes says so, and they are there for the next, smaller or later one."""
    sock, conn = await connected(target, wire)
    taken = []
    for size in (2**20, 2**16, 2**12):
        while (await target.stats())["heap_free"] > size + 2**14:
            taken.append(await target.buffer(size))
    free = (await target.stats())["heap_free"]
    data = pattern(2 * free)
    conn.send(data)
    with pytest.raises(RemoteMemoryError):
        await sock.recv(len(data))
    await sock.settimeout(10_000)
    got = bytes(await sock.recv(100))
    for buffer in taken:
        await buffer.free()
    got += await sock.recv(len(data) - 100)
    assert got == data


@pytest.mark.parametrize("flags", [1, 2, 0x08, 0x40, 0x8000, -1, 2**31])
@pytest.mark.parametrize("method", ["recv", "recv_into"])
@covers("recv.flags")
async def test_unknown_flags_are_refused_and_consume_nothing(target, wire, bench, method, flags):
    """A flag that is ignored promises what the call does not do."""
    sock, _ = await holding(target, wire, bench, b"abc")
    arguments = (3,) if method == "recv" else (await target.buffer(3), 3)
    for _ in range(2):
        await raises_at_once(
            sock.call(method, *arguments, flags), (RemoteIOError, RemoteValueError, RemoteOverflowError)
        )
    assert await sock.recv(3, 0) == b"abc"


@pytest.mark.parametrize("flags", [None, "0", 0.0, ()])
@covers("recv.flags", "arguments.no-side-effect")
async def test_flags_of_another_type_are_refused(target, wire, bench, flags):
    """Only an integer is a set of flags."""
    sock, _ = await holding(target, wire, bench, b"abc")
    await raises_at_once(sock.recv(3, flags), RemoteTypeError)
    assert await sock.recv(3) == b"abc"


@pytest.mark.parametrize("count", [1, 5, 15, 16])
@covers("recv_into.at-start", "recv_into.count")
async def test_recv_into_writes_the_start_and_nothing_else(target, wire, bench, count):
    """What lies behind the bytes belongs to somebody else."""
    sock, conn = await connected(target, wire)
    conn.send(b"0123456789ABCDEF" * 2)
    await bench.idle(for_=10 * MS)
    buffer = await target.buffer(16, fill=0xAA)
    assert await sock.recv_into(buffer, count) == count
    assert await buffer.read() == b"0123456789ABCDEF"[:count] + b"\xaa" * (16 - count)


@pytest.mark.parametrize("bufsize", ["missing", -1, -2, -1000, -(2**31)])
@covers("recv_into.default-bufsize")
async def test_recv_into_without_a_size_fills_the_buffer(target, wire, bench, bufsize):
    """Sixteen of twenty bytes; the other four stay in the stream."""
    sock, conn = await connected(target, wire)
    conn.send(b"0123456789ABCDEFghij")
    buffer = await target.buffer(16)
    call = sock.recv_into(buffer) if bufsize == "missing" else sock.recv_into(buffer, bufsize)
    assert await call == 16
    assert await buffer.read() == b"0123456789ABCDEF"
    assert await sock.recv(4) == b"ghij"


@pytest.mark.parametrize("bufsize", [17, 32, 2**16, 2**31 - 1, 2**32, 2**32 + 4, 2**64])
@covers("recv_into.never-overruns", "arguments.no-side-effect")
async def test_bufsize_beyond_the_buffer_is_refused(target, wire, bench, bufsize):
    """An overrun writes over whatever the device keeps behind the buffer: canaries around it tell."""
    sock, conn = await connected(target, wire)
    conn.send(b"0123456789ABCDEF" * 4)
    await bench.idle(for_=10 * MS)
    before, buffer, behind = [await target.buffer(16, fill=0xAA) for _ in range(3)]
    await raises_at_once(sock.recv_into(buffer, bufsize), (RemoteValueError, RemoteOverflowError))
    for canary in (before, buffer, behind):
        assert await canary.read() == b"\xaa" * 16
    assert await sock.recv_into(buffer, 16) == 16
    assert await buffer.read() == b"0123456789ABCDEF"
    assert await before.read() == await behind.read() == b"\xaa" * 16


UNWRITABLE = {"bytes": b"12345678", "str": "12345678", "none": None, "int": 8, "list": [0] * 8, "tuple": (1, 2)}


@pytest.mark.parametrize("kind", UNWRITABLE)
@covers("recv_into.writable-only", "arguments.no-side-effect")
async def test_only_a_writable_buffer_is_accepted(target, wire, bench, kind):
    """Writing into what cannot be written corrupts constants; the data stays for the right call."""
    sock, _ = await holding(target, wire, bench, b"abc")
    await raises_at_once(sock.recv_into(UNWRITABLE[kind]), RemoteTypeError)
    assert await sock.recv(3) == b"abc"


@pytest.mark.parametrize("size", ["3", 1.5, None])
@covers("recv_into.writable-only", "recv.bufsize-invalid")
async def test_size_of_recv_into_of_another_type_is_refused(target, wire, bench, size):
    """The refused call touches neither stream nor buffer."""
    sock, _ = await holding(target, wire, bench, b"abc")
    buffer = await target.buffer(8, fill=0xAA)
    await raises_at_once(sock.recv_into(buffer, size), RemoteTypeError)
    assert await buffer.read() == b"\xaa" * 8
    assert await sock.recv(3) == b"abc"
    await would_block(sock.recv_into(buffer))


@pytest.mark.parametrize("method", ["recvfrom", "recvfrom_into"])
@covers("tcp.recvfrom.refused")
async def test_recvfrom_on_a_connected_stream_is_refused(target, wire, bench, method):
    """A stream has no datagrams; its bytes stay for recv."""
    sock, _ = await holding(target, wire, bench, b"abc")
    first = 3 if method == "recvfrom" else await target.buffer(3)
    await raises_at_once(sock.call(method, first), RemoteIOError)
    assert await sock.recv(3) == b"abc"
