"""Waiting for frames, queues, several sockets, filters, and the errors of the bus.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno
import struct

import pytest
from sockbench import (
    AF_CAN,
    CAN_RAW_ERR_FILTER,
    CAN_RAW_FILTER,
    CAN_RAW_LOOPBACK,
    CAN_RAW_RECV_OWN_MSGS,
    MS,
    SEC,
    SO_RCVTIMEO,
    SOCK_RAW,
    SOL_CAN_RAW,
    SOL_SOCKET,
    RemoteIOError,
    RemoteTypeError,
    covers,
    elapsed_is,
)

from conformance.can.frames import ERROR, EXTENDED, REMOTE, bound_can, classic, filters
from conformance.scenes import bound_udp, echoes, raises_at_once, times_out, would_block

METHODS = ["recv", "recvfrom", "recv_into", "recvfrom_into"]
QUEUE = 64
# Faults of port 2.
BUS_OFF, RECOVERED, BUS_ERROR, COUNTERS = 1, 2, 3, 4


async def room(target, method):
    """Return the first argument of a receiving method."""
    return await target.buffer(72) if method.endswith("_into") else 72


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("timeout", [1, 10, 2500, 60_000])
@covers("timeout.every-method", "timeout.exact", "socket.family-can")
async def test_timeout_is_exact(target, method, timeout):
    """A CAN socket waits by the same clock as every other."""
    sock = await bound_can(target)
    await sock.settimeout(timeout)
    await times_out(sock.call(method, await room(target, method)), timeout * MS)


@covers("timeout.every-method", "socket.family-can")
async def test_receive_timeout_option(target):
    """SO_RCVTIMEO bounds it as well."""
    sock = await bound_can(target)
    await sock.setsockopt(SOL_SOCKET, SO_RCVTIMEO, 700)
    await times_out(sock.recv(16), 700 * MS)


@pytest.mark.parametrize("method", METHODS)
@covers("timeout.zero", "timeout.would-block-class", "socket.family-can")
async def test_non_blocking(target, can, bench, method):
    """Nothing there: says so at once. Something there: takes it."""
    sock = await bound_can(target)
    await sock.settimeout(0)
    await would_block(sock.call(method, await room(target, method)))
    can.send(1, b"x")
    await bench.idle(for_=1 * MS)
    call = sock.call(method, await room(target, method))
    await call
    elapsed_is(call, 0)


@pytest.mark.parametrize("method", METHODS)
@covers("timeout.none", "socket.family-can")
async def test_without_timeout_it_waits_for_ever(target, can, tasks, bench, method):
    """An hour of silence, then a frame: the call returns with it, at once."""
    sock = await bound_can(target)
    waiting = tasks.start(sock.call(method, await room(target, method)))
    await asyncio.sleep(3600 * SEC)
    assert waiting.pending
    sent = bench.now
    can.send(1, b"x")
    await waiting
    assert bench.now - sent < 1 * MS


@covers("timeout.in-time", "timeout.exact", "socket.family-can")
async def test_frame_just_in_time(target, can, tasks, bench):
    """A frame a millisecond before the deadline is received, one after it is not lost."""
    sock = await bound_can(target)
    await sock.settimeout(100)
    waiting = tasks.start(sock.recv(16))
    await asyncio.sleep(98 * MS)
    can.send(1)
    assert await waiting == classic(1)
    await times_out(sock.recv(16), 100 * MS)
    can.send(2)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(16) == classic(2)


@covers("socket.family-can")
async def test_frames_come_in_order(target, can, bench):
    """Order of arrival, not of priority."""
    sock = await bound_can(target)
    order = [7, 3, 0x7FF, 0, 3, 5]
    for number, id in enumerate(order):
        can.send(id, bytes([number]))
    await bench.idle(for_=1 * MS)
    for number, id in enumerate(order):
        assert await sock.recv(16) == classic(id, bytes([number]))


@covers("socket.family-can")
async def test_sent_frames_leave_in_order(target, can):
    """A controller that sorts by id would change what a program said."""
    sock = await bound_can(target)
    order = [7, 3, 0x7FF, 0, 3, 5]
    calls = [target.thread("one").of(sock).send(classic(id)) for id in order]
    for id in order:
        assert (await can.expect(within=1 * MS)).id == id
    for call in calls:
        assert await call == 16


@covers("socket.family-can")
async def test_full_queue_drops_the_newest(target, can, bench):
    """64 frames are kept; what comes on top is lost, what comes after the queue was read is not."""
    sock = await bound_can(target)
    for number in range(QUEUE + 6):
        can.send(number)
        await bench.idle(for_=1 * MS)
    for number in range(QUEUE):
        assert await sock.recv(16) == classic(number)
    await sock.settimeout(0)
    await would_block(sock.recv(16))
    can.send(0x700)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(16) == classic(0x700)


@covers("socket.family-can")
async def test_burst_longer_than_the_controllers_fifo(target, can, bench):
    """100 frames at one instant: those that fit are there, in order, and the socket lives on."""
    sock = await bound_can(target)
    await sock.setsockopt(SOL_CAN_RAW, CAN_RAW_ERR_FILTER, 4)
    for number in range(100):
        can.send(number)
    await bench.idle(for_=10 * MS)
    await sock.settimeout(0)
    got = []
    while True:
        try:
            got.append(bytes(await sock.recv(16)))
        except RemoteIOError as error:
            assert error.errno == errno.EAGAIN
            break
    frames = [frame for frame in got if not struct.unpack_from("<I", frame)[0] & ERROR]
    assert len(got) == QUEUE and frames == [classic(number) for number in range(len(frames))]
    # The overrun itself is reported to who asked for it: CAN_ERR_CRTL, RX_OVERFLOW.
    told = [frame for frame in got if frame not in frames]
    assert [struct.unpack_from("<I", frame)[0] for frame in told] == [ERROR | 4] and told[0][9] == 1
    can.send(0x700)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(16) == classic(0x700)


@covers("limits.stack-reserve", "socket.family-can")
async def test_thread_of_the_bus_keeps_its_stack_reserve(target, can, bench):
    """Every way through it: FD frames to many sockets, overrun, errors, bus-off; a quarter of 2 KiB stays."""
    socks = [await bound_can(target, fd=True) for _ in range(8)]
    for sock in socks:
        await sock.setsockopt(SOL_CAN_RAW, CAN_RAW_ERR_FILTER, 0x1FFFFFFF)
    waiting = [target.thread(f"reader-{number}").of(sock).recv(72) for number, sock in enumerate(socks)]
    await bench.idle(for_=1 * MS)
    for number in range(100):
        can.send(number, bytes(64), fd=True)
    for fault, argument in ((BUS_ERROR, 0x1F), (COUNTERS, 0xFFFF), (BUS_OFF, 0), (RECOVERED, 0)):
        bench.inject(fault, arg=argument, port=2)
    for call in waiting:
        assert len(await call) in (16, 72)
    assert (await target.stats())["threads"]["can"] >= 512


@covers("socket.family-can", "socket.independent")
async def test_every_socket_gets_its_own_copy(target, can, bench):
    """Three sockets on one bus, one not bound: two copies."""
    first, second = await bound_can(target), await bound_can(target)
    idle = await target.socket(AF_CAN, SOCK_RAW)
    can.send(9, b"all")
    await bench.idle(for_=1 * MS)
    assert await second.recv(16) == await first.recv(16) == classic(9, b"all")
    await raises_at_once(idle.recv(16), number=errno.EINVAL)


@pytest.mark.parametrize("closed", range(3))
@covers("socket.family-can", "socket.independent")
async def test_closing_one_socket_leaves_the_others_on_the_bus(target, can, bench, closed):
    """The oldest, the one between, the youngest: whichever goes, the bus stays the others'."""
    socks = [await bound_can(target) for _ in range(3)]
    await socks.pop(closed).close()
    can.send(9, b"others")
    await bench.idle(for_=1 * MS)
    for sock in socks:
        await sock.settimeout(0)
        assert await sock.recv(16) == classic(9, b"others")
    await socks[0].send(classic(10))
    await can.expect(10, within=1 * MS)
    assert await socks[1].recv(16) == classic(10)


@covers("socket.family-can")
async def test_sent_frame_is_heard_on_the_same_device(target, can):
    """By the others, not by the sender, unless the options say otherwise."""
    sender, other = await bound_can(target), await bound_can(target)
    await other.settimeout(0)
    await sender.settimeout(0)
    await sender.send(classic(1))
    assert await other.recv(16) == classic(1)
    await would_block(sender.recv(16))

    await sender.setsockopt(SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS, 1)
    assert await sender.getsockopt(SOL_CAN_RAW, CAN_RAW_RECV_OWN_MSGS) == 1
    await sender.send(classic(2))
    assert await sender.recv(16) == await other.recv(16) == classic(2)

    await sender.setsockopt(SOL_CAN_RAW, CAN_RAW_LOOPBACK, 0)
    await sender.send(classic(3))
    await would_block(other.recv(16))
    await would_block(sender.recv(16))
    for id in (1, 2, 3):
        await can.expect(id, within=1 * MS)


FILTERS = {
    "one-id": ([(0x123, 0x7FF)], [0x123], [0x122, 0x124, 0x7FF]),
    "range": ([(0x120, 0x7F0)], [0x120, 0x12F], [0x11F, 0x130]),
    "two": ([(1, 0x7FF), (3, 0x7FF)], [1, 3], [0, 2]),
    "inverted": ([(0x20000000 | 5, 0x7FF)], [4, 6], [5]),
    "standard-only": ([(0x123, EXTENDED | 0x7FF)], [0x123], [EXTENDED | 0x123]),
    "extended-only": ([(EXTENDED | 0x123, EXTENDED | 0x1FFFFFFF)], [EXTENDED | 0x123], [0x123, EXTENDED | 0x124]),
    "remote-only": ([(REMOTE, REMOTE)], [REMOTE | 1, REMOTE | 2], [1, 2]),
    "either-kind": ([(0x123, 0x1FFFFFFF)], [0x123, EXTENDED | 0x123, REMOTE | 0x123], [0x124]),
    "everything": ([(0, 0)], [0, 0x7FF, EXTENDED], []),
    "nothing": ([], [], [0, 0x7FF, EXTENDED]),
}


@pytest.mark.parametrize("name", FILTERS)
@covers("socket.family-can")
async def test_filter_lets_pass_what_linux_would(target, can, bench, name):
    """id & mask as in linux/can/raw.h; a frame that several filters let pass comes once."""
    pairs, passing, stopped = FILTERS[name]
    sock = await bound_can(target, only=filters(*pairs))
    await sock.settimeout(0)
    for word in [*stopped, *passing, *stopped]:
        can.send(word & 0x1FFFFFFF, extended=bool(word & EXTENDED), remote=bool(word & REMOTE))
        await bench.idle(for_=1 * MS)
    for word in passing:
        assert await sock.recv(16) == classic(word)
    await would_block(sock.recv(16))


@covers("socket.family-can")
async def test_filters_are_each_sockets_own_and_replaceable(target, can, bench):
    """A second set replaces the first; the neighbour hears what it wants."""
    narrow, wide = await bound_can(target, only=filters((1, 0x7FF))), await bound_can(target)
    await narrow.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, bytearray(filters((2, 0x7FF))))
    can.send(1)
    can.send(2)
    await bench.idle(for_=1 * MS)
    assert await narrow.recv(16) == classic(2)
    assert [await wide.recv(16) for _ in range(2)] == [classic(1), classic(2)]


@pytest.mark.parametrize("size", [1, 7, 9, 8 * 33])
@covers("socket.family-can", "arguments.no-side-effect")
async def test_bad_size_of_filters_is_refused(target, can, bench, size):
    """At most 32 of them, each whole; those before stay."""
    sock = await bound_can(target, only=filters((1, 0x7FF)))
    await raises_at_once(sock.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, bytes(size)), number=errno.EINVAL)
    can.send(2)
    can.send(1)
    await bench.idle(for_=1 * MS)
    assert await sock.recv(16) == classic(1)


@pytest.mark.parametrize("value", [1, None, "x", 1.0, (1,)], ids=["int", "none", "str", "float", "tuple"])
@covers("socket.family-can", "arguments.no-side-effect")
async def test_filters_are_bytes(target, value):
    """A number is no array of filters."""
    sock = await bound_can(target)
    await raises_at_once(sock.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, value), RemoteTypeError)


@covers("socket.family-can")
async def test_can_options_belong_to_can_sockets(target):
    """On an IP socket they are unknown options."""
    sock = await target.socket()
    await raises_at_once(sock.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, b""), number=errno.ENOPROTOOPT)
    await raises_at_once(sock.setsockopt(SOL_CAN_RAW, CAN_RAW_LOOPBACK, 1), number=errno.ENOPROTOOPT)
    await raises_at_once(sock.getsockopt(SOL_CAN_RAW, CAN_RAW_LOOPBACK), number=errno.ENOPROTOOPT)


@pytest.mark.parametrize("method", METHODS)
@covers("close.wakes-blocked", "socket.family-can")
async def test_close_wakes_a_waiting_call(target, can, tasks, method):
    """From another thread, at once, by IOError."""
    sock = await bound_can(target)
    waiting = tasks.start(sock.call(method, await room(target, method)))
    await asyncio.sleep(5 * SEC)
    await target.thread("closer").of(sock).close()
    with pytest.raises(RemoteIOError) as caught:
        await waiting
    elapsed_is(caught.value, 5 * SEC)
    can.send(1)
    await asyncio.sleep(1 * SEC)


@covers("socket.independent", "socket.family-can")
async def test_ip_and_can_do_not_disturb_each_other(target, can, wire, bench):
    """A CAN frame is no datagram and a datagram no CAN frame, though their sockets may share a number."""
    sock, udp = await bound_can(target), await bound_udp(target)
    await udp.settimeout(0)
    await sock.settimeout(0)
    can.send(1, b"can")
    await bench.idle(for_=1 * MS)
    await would_block(udp.recv(16))
    wire.peer.udp.bind(7000).send(b"udp", to=("10.0.0.1", 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recv(16) == classic(1, b"can")
    await would_block(sock.recv(16))
    assert await udp.recv(16) == b"udp"
    await echoes(target, wire)


@covers("socket.family-can")
async def test_can_needs_no_network(cold_target, can):
    """The bus works while the Ethernet interface is down."""
    sock = await bound_can(cold_target)
    await sock.send(classic(1))
    await can.expect(1, within=1 * MS)


@covers("socket.family-can")
async def test_bus_off_stops_sending_until_the_controller_recovers(target, can, bench):
    """ENETDOWN in between; a waiting receiver just waits; who asked for errors is told both times."""
    sock, watch = await bound_can(target), await bound_can(target, only=b"")
    await watch.setsockopt(SOL_CAN_RAW, CAN_RAW_ERR_FILTER, 0x1FFFFFFF)
    await sock.settimeout(50)
    bench.inject(BUS_OFF, port=2)
    await bench.idle(for_=1 * MS)
    await raises_at_once(sock.send(classic(1)), number=errno.ENETDOWN)
    await times_out(sock.recv(16), 50 * MS)
    assert struct.unpack_from("<IB", await watch.recv(16)) == (ERROR | 0x40, 8)
    await can.expect_none(for_=1 * SEC)
    bench.inject(RECOVERED, port=2)
    await bench.idle(for_=1 * MS)
    assert struct.unpack_from("<IB", await watch.recv(16)) == (ERROR | 0x100, 8)
    await sock.send(classic(2))
    await can.expect(2, within=1 * MS)


@covers("socket.family-can")
async def test_another_socket_does_not_end_bus_off(target, can, bench):
    """A controller that has disturbed the bus stays off it until it has recovered, whoever binds meanwhile."""
    await bound_can(target)
    bench.inject(BUS_OFF, port=2)
    await bench.idle(for_=1 * MS)
    late = await bound_can(target)
    await raises_at_once(late.send(classic(1)), number=errno.ENETDOWN)
    await can.expect_none(for_=1 * SEC)
    bench.inject(RECOVERED, port=2)
    await bench.idle(for_=1 * MS)
    await late.send(classic(2))
    await can.expect(2, within=1 * MS)


ERRORS = {
    "crc": (BUS_ERROR, 1, ERROR | 0x288, {3: 0x08}),
    "form": (BUS_ERROR, 2, ERROR | 0x288, {2: 2}),
    "stuff": (BUS_ERROR, 4, ERROR | 0x288, {2: 4}),
    "bit": (BUS_ERROR, 8, ERROR | 0x288, {2: 1}),
    "no-acknowledge": (BUS_ERROR, 16, ERROR | 0x220, {}),
    "sending-95": (COUNTERS, 95, None, {}),
    "sending-96": (COUNTERS, 96, ERROR | 0x204, {1: 0x08, 6: 96}),
    "sending-127": (COUNTERS, 127, ERROR | 0x204, {1: 0x08, 6: 127}),
    "sending-128": (COUNTERS, 128, ERROR | 0x204, {1: 0x20, 6: 128}),
    "receiving-96": (COUNTERS, 96 << 8, ERROR | 0x204, {1: 0x04, 7: 96}),
    "receiving-128": (COUNTERS, 128 << 8, ERROR | 0x204, {1: 0x10, 7: 128}),
}


@pytest.mark.parametrize("name", ERRORS)
@covers("socket.family-can")
async def test_error_of_the_bus_is_a_frame_for_who_asked(target, can, bench, name):
    """As linux/can/error.h encodes it; a socket that did not ask hears nothing; frames still flow."""
    fault, argument, word, places = ERRORS[name]
    watch, other = await bound_can(target), await bound_can(target)
    await watch.setsockopt(SOL_CAN_RAW, CAN_RAW_ERR_FILTER, 0x1FFFFFFF)
    for sock in (watch, other):
        await sock.settimeout(0)
    bench.inject(fault, arg=argument, port=2)
    await bench.idle(for_=1 * MS)
    if word is not None:
        data = bytes(places.get(place, 0) for place in range(8))
        assert await watch.recv(16) == classic(word, data)
    await would_block(watch.recv(16))
    await would_block(other.recv(16))
    can.send(1)
    await bench.idle(for_=1 * MS)
    assert await other.recv(16) == await watch.recv(16) == classic(1)
