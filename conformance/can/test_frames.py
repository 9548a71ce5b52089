"""Every id, length and kind of frame crosses the bus in both directions as it is.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import MS, SEC, covers

from conformance.can.frames import BRS, ESI, EXTENDED, FD, FD_LENGTHS, REMOTE, bound_can, classic, counting, flexible
from conformance.scenes import raises_at_once

IDS = {
    "standard-0": 0,
    "standard-1": 1,
    "standard-highest": 0x7FF,
    "extended-0": EXTENDED,
    "extended-that-fits-11-bits": EXTENDED | 0x7FF,
    "extended-0x800": EXTENDED | 0x800,
    "extended-0x3ffff": EXTENDED | 0x3FFFF,
    "extended-0x40000": EXTENDED | 0x40000,
    "extended-highest": EXTENDED | 0x1FFFFFFF,
    "extended-alternating": EXTENDED | 0x15555555,
}
METHODS = ["send", "sendall", "sendto"]


def transmit(sock, method, frame):
    """Call one of the three methods that send."""
    return sock.sendto(frame, ("can0",)) if method == "sendto" else sock.call(method, frame)


@pytest.mark.parametrize("word", IDS.values(), ids=IDS)
@covers("socket.family-can")
async def test_id_leaves_as_it_is(target, can, word):
    """Shifts and masks of the controller's split id show at these values."""
    sock = await bound_can(target)
    assert await sock.send(classic(word, b"abc")) == 16
    frame = await can.expect(within=1 * MS)
    assert (frame.id, frame.extended, frame.remote, frame.fd, frame.data) == (
        word & 0x1FFFFFFF, bool(word & EXTENDED), False, False, b"abc")  # fmt: skip


@pytest.mark.parametrize("word", IDS.values(), ids=IDS)
@covers("socket.family-can")
async def test_id_arrives_as_it_is(target, can, bench, word):
    """The same ids, from the bus to the program."""
    sock = await bound_can(target)
    can.send(word & 0x1FFFFFFF, b"abc", extended=bool(word & EXTENDED))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(72) == (classic(word, b"abc"), ("can0",))


@pytest.mark.parametrize("length", range(9))
@covers("socket.family-can")
async def test_every_classic_length_in_both_directions(target, can, bench, length):
    """What is behind the length neither leaves nor arrives."""
    sock = await bound_can(target)
    assert await sock.send(classic(0x123, counting(8), length=length)) == 16
    assert (await can.expect(0x123, within=1 * MS)).data == counting(length)
    can.send(0x124, counting(length))
    await bench.idle(for_=1 * MS)
    assert await sock.recv(16) == classic(0x124, counting(length))


@pytest.mark.parametrize("extended", [False, True], ids=["standard", "extended"])
@pytest.mark.parametrize("length", FD_LENGTHS)
@covers("socket.family-can")
async def test_every_fd_length_in_both_directions(target, can, bench, length, extended):
    """All 16 lengths that CAN FD has."""
    word = EXTENDED | 0x12345678 if extended else 0x321
    sock = await bound_can(target, fd=True)
    assert await sock.send(flexible(word, counting(length))) == 72
    frame = await can.expect(word & 0x1FFFFFFF, within=1 * MS)
    assert (frame.fd, frame.brs, frame.extended, frame.length, frame.data) == (
        True, False, extended, length, counting(length))  # fmt: skip
    can.send(word & 0x1FFFFFFF, counting(length), extended=extended, fd=True)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(100) == flexible(word, counting(length), flags=FD)


@pytest.mark.parametrize("brs", [False, True], ids=["", "brs"])
@pytest.mark.parametrize("esi", [False, True], ids=["", "esi"])
@covers("socket.family-can")
async def test_flags_of_an_fd_frame_arrive(target, can, bench, brs, esi):
    """BRS and ESI are the sender's; FD says what it is."""
    sock = await bound_can(target, fd=True)
    can.send(1, b"x", fd=True, brs=brs, esi=esi)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(72) == flexible(1, b"x", flags=FD | (BRS if brs else 0) | (ESI if esi else 0))


@pytest.mark.parametrize("flags", range(8))
@covers("socket.family-can")
async def test_only_brs_is_the_programs_to_set(target, can, flags):
    """FD is implied by the size, ESI is what the controller knows of itself."""
    sock = await bound_can(target, fd=True)
    await sock.send(flexible(1, b"x", flags=flags))
    frame = await can.expect(within=1 * MS)
    assert (frame.fd, frame.brs, frame.esi) == (True, bool(flags & BRS), False)


@pytest.mark.parametrize("word", [0x7FF, EXTENDED | 0x1FFFFFFF], ids=["standard", "extended"])
@pytest.mark.parametrize("length", [0, 1, 8])
@covers("socket.family-can")
async def test_remote_frame_in_both_directions(target, can, bench, word, length):
    """It asks for so many bytes and has none itself."""
    sock = await bound_can(target)
    await sock.send(classic(word | REMOTE, b"never", length=length))
    frame = await can.expect(within=1 * MS)
    assert (frame.remote, frame.length, frame.data) == (True, length, b"")
    can.send(word & 0x1FFFFFFF, extended=bool(word & EXTENDED), remote=True, length=length)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(16) == classic(word | REMOTE, length=length)


@covers("socket.family-can")
async def test_classic_frames_on_a_socket_with_fd(target, can, bench):
    """A classic frame has 16 bytes there, too, in both directions."""
    sock = await bound_can(target, fd=True)
    assert await sock.send(classic(5, b"old")) == 16
    assert not (await can.expect(5, within=1 * MS)).fd
    can.send(6, b"old")
    await bench.idle(for_=1 * MS)
    assert await sock.recv(72) == classic(6, b"old")


@pytest.mark.parametrize("method", METHODS)
@covers("socket.family-can")
async def test_every_method_sends(target, can, method):
    """send and sendto return the size of the frame, sendall None."""
    sock = await bound_can(target)
    assert await transmit(sock, method, classic(7, b"x")) == (None if method == "sendall" else 16)
    assert (await can.expect(7, within=1 * MS)).data == b"x"


@covers("socket.family-can")
async def test_every_method_receives(target, can, bench):
    """One frame per call; the address is the interface."""
    sock = await bound_can(target)
    for number in range(4):
        can.send(number, bytes([number]))
    await bench.idle(for_=1 * MS)
    buffer = await target.buffer(32)
    assert await sock.recv(16) == classic(0, b"\0")
    assert await sock.recvfrom(16) == (classic(1, b"\1"), ("can0",))
    assert await sock.recv_into(buffer) == 16
    assert (await buffer.read())[:16] == classic(2, b"\2")
    assert await sock.recvfrom_into(buffer) == (16, ("can0",))
    assert (await buffer.read())[:16] == classic(3, b"\3")


@pytest.mark.parametrize("bufsize", [0, 1, 15, 16])
@covers("socket.family-can")
async def test_short_buffer_cuts_the_frame(target, can, bench, bufsize):
    """The rest of it is dropped, as with datagrams; the next call gets the next frame."""
    sock = await bound_can(target)
    can.send(1, b"12345678")
    can.send(2, b"next")
    await bench.idle(for_=1 * MS)
    assert await sock.recv(bufsize) == classic(1, b"12345678")[:bufsize]
    assert await sock.recv(16) == classic(2, b"next")


BAD_FRAMES = {
    "empty": b"",
    "15-bytes": classic(1)[:15],
    "17-bytes": classic(1) + b"\0",
    "71-bytes": flexible(1)[:71],
    "73-bytes": flexible(1) + b"\0",
    "length-9": classic(1, length=9),
    "length-255": classic(1, length=255),
    "standard-id-too-long": classic(0x800),
    "standard-id-with-extended-bits": classic(0x1FFFFFFF),
    "error-flag": classic(0x20000001),
    "fd-length-9": flexible(1, length=9),
    "fd-length-63": flexible(1, length=63),
    "fd-length-65": flexible(1, length=65),
    "fd-remote": flexible(0x40000001),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", BAD_FRAMES)
@covers("socket.family-can", "arguments.no-side-effect")
async def test_what_is_no_frame_is_refused(target, can, bad, method):
    """EINVAL, nothing on the bus, and never another frame than the one that was asked for."""
    sock = await bound_can(target, fd=True)
    await raises_at_once(transmit(sock, method, BAD_FRAMES[bad]), number=22)
    await can.expect_none(for_=1 * SEC)
    await sock.send(classic(1))
    await can.expect(1, within=1 * MS)


@covers("socket.family-can")
async def test_fd_needs_its_option(target, can, bench):
    """Without CAN_RAW_FD_FRAMES a program neither sends nor meets a frame of another size."""
    sock = await bound_can(target)
    await raises_at_once(sock.send(flexible(1, b"x")), number=22)
    can.send(2, b"unheard", fd=True)
    can.send(3, b"heard")
    await bench.idle(for_=1 * MS)
    assert await sock.recv(72) == classic(3, b"heard")


@covers("socket.family-can")
async def test_exchange_takes_the_same_time_each_time(target, can, bench):
    """Ten round trips: every one takes exactly as long as the first."""
    sock = await bound_can(target)
    spans = []
    for number in range(10):
        await bench.idle(for_=10 * MS - bench.now % (10 * MS))
        started = bench.now
        call = sock.send(classic(number))
        spans.append((await can.expect(number, within=1 * MS)).at - started)
        assert await call == 16
    assert max(spans[1:]) - min(spans[1:]) <= 1000, spans
