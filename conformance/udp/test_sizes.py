"""Datagram sizes: what fits one frame, what is fragmented, the largest, one more; and the queue's depth.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from scapy.layers.inet import IP, UDP, fragment
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import MS, SEC, RemoteIOError, covers

from conformance.scenes import DEVICE, bound_udp, echoes, raises_at_once, towards, would_block

LARGEST = 65_507
# How many datagrams a socket keeps for its reader at most: docs/socket-module.md.
QUEUE_DEPTH = 16
QUEUE_BYTES = 131_072
METHODS = ["send", "sendall", "sendto"]


def pattern(size):
    """Return SIZE bytes in which every place can be told from its neighbours."""
    return bytes((at * 31 + at // 256 * 7) % 256 for at in range(size))


async def sender(target, wire, method):
    """Return (start, far): START(data) calls METHOD to FAR, whose address is resolved already."""
    start = await towards((wire.peer.ip, 7000), target, method)
    await echoes(target, wire)
    return start, wire.peer.udp.bind(7000)


@pytest.mark.parametrize("size", [1472, 1473, 2952, 2953, 8192, 65_506, LARGEST])
@pytest.mark.parametrize("method", METHODS)
@covers("udp.sendto.sizes", "udp.send.one-datagram", "udp.sendall.one-datagram")
async def test_datagram_of_any_size_arrives_as_one(target, wire, method, size):
    """One frame up to 1472 bytes, fragments beyond, up to the largest that UDP can carry."""
    start, far = await sender(target, wire, method)
    data = pattern(size)
    assert await start(data) == (None if method == "sendall" else size)
    received = await far.recv(within=5 * SEC)
    assert received.data == data
    assert received.source == (DEVICE, 5000)


@pytest.mark.parametrize("size", [1472, 1473, 2953, LARGEST])
@pytest.mark.parametrize("delay", [0, 1 * MS, 900 * MS])
@covers("udp.sendto.sizes", "udp.sendto.one-datagram")
async def test_first_datagram_to_a_neighbour_waits_for_it_whole(target, wire, size, delay):
    """The first message to a host is no smaller than the second: no fragment is lost while its address is asked for."""
    start = await towards((wire.peer.ip, 7000), target, "sendto")
    far = wire.peer.udp.bind(7000)
    wire.peer.arp.delay = delay
    data = pattern(size)
    assert await start(data) == size
    assert (await far.recv(within=2 * SEC)).data == data


@pytest.mark.parametrize("count", [2, 3, QUEUE_DEPTH])
@covers("udp.sendto.one-datagram", "udp.sendto.unreachable")
async def test_first_datagrams_to_a_neighbour_wait_in_order(target, wire, count):
    """Nor are those lost that are sent before the neighbour has answered."""
    start = await towards((wire.peer.ip, 7000), target, "sendto")
    far = wire.peer.udp.bind(7000)
    wire.peer.arp.delay = 50 * MS
    for number in range(count):
        await start(b"%d" % number)
    for number in range(count):
        assert (await far.recv(within=1 * SEC)).data == b"%d" % number


@pytest.mark.parametrize("size", [1472, 1473, 2953, LARGEST])
@covers("udp.sendto.sizes")
async def test_fragments_are_well_formed(target, wire, size):
    """One id, offsets without gap or overlap, more-fragments on all but the last, none above the MTU."""
    start, far = await sender(target, wire, "sendto")
    before = len(wire.frames)
    await start(pattern(size))
    await far.recv(within=1 * SEC)
    frames = [frame for frame in wire.frames[before:] if frame.outgoing and frame.ip is not None]
    assert len({frame.ip.id for frame in frames}) == 1
    offset = 0
    for frame in frames:
        assert frame.ip.frag * 8 == offset
        assert frame.ip.len <= 1500
        assert bool(frame.ip.flags.MF) == (frame is not frames[-1])
        offset += frame.ip.len - 20
    assert offset == size + 8
    assert len(frames) == -(-(size + 8) // 1480)


@pytest.mark.parametrize("size", [LARGEST + 1, LARGEST + 20, 65_527, 65_528, 65_535, 65_536, 70_000])
@pytest.mark.parametrize("method", METHODS)
@covers("udp.sendto.sizes", "udp.send.one-datagram", "udp.sendall.one-datagram")
async def test_datagram_beyond_the_largest_is_refused_and_nothing_sent(target, wire, method, size):
    """It cannot be sent whole, and a part of it would be a different message."""
    start, _ = await sender(target, wire, method)
    buffer = await target.buffer(size, fill=0x42)
    await raises_at_once(start(buffer), RemoteIOError, errno.EMSGSIZE)
    await wire.expect_none(for_=1 * SEC)
    await echoes(target, wire, port=9200)


def fragments(wire, data, size=1480):
    """Return the frames of a fragmented datagram to the board's port 5000."""
    packet = IP(src=wire.peer.ip, dst=DEVICE, id=77) / UDP(sport=7000, dport=5000) / Raw(data)
    link = Ether(src=wire.peer.mac, dst="02:00:00:00:00:01")
    return [link / piece for piece in fragment(packet, size)]


ORDERS = {
    "in-order": lambda frames: frames,
    "reversed": lambda frames: frames[::-1],
    "odd-then-even": lambda frames: frames[1::2] + frames[::2],
    "one-twice": lambda frames: [*frames[:2], *frames[1:]],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1473, 8000, LARGEST])
@covers("udp.recvfrom.largest", "udp.bind.receives-everything")
async def test_fragmented_datagram_is_received_whole(target, wire, bench, size, order):
    """Fragments in any order make the datagram, up to the largest one."""
    sock = await bound_udp(target)
    data = pattern(size)
    for frame in ORDERS[order](fragments(wire, data)):
        wire.send(frame)
    await bench.idle(for_=100 * MS)
    assert await sock.recvfrom(70_000) == (data, (wire.peer.ip, 7000))


@pytest.mark.parametrize("missing", [0, 2, -1], ids=["first", "middle", "last"])
@covers("udp.recvfrom.largest")
async def test_datagram_with_a_missing_fragment_is_not_delivered(target, wire, bench, missing):
    """Half a message is none; the socket goes on with the next."""
    sock = await bound_udp(target)
    frames = fragments(wire, pattern(8000))
    del frames[missing]
    for frame in frames:
        wire.send(frame)
    await bench.idle(for_=100 * MS)
    await sock.settimeout(0)
    await would_block(sock.recvfrom(70_000))
    wire.ignore(lambda frame: frame.icmp is not None)
    wire.peer.udp.bind(7000).send(b"whole", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert (await sock.recvfrom(100))[0] == b"whole"


@pytest.mark.parametrize("size", [0, 1, 17, 18, 19, 1471, 1472])
@covers("udp.bind.receives-everything", "udp.recvfrom.largest")
async def test_datagram_that_fits_one_frame_is_received(target, wire, bench, size):
    """Down to none and around the shortest frame, whose padding is no data; up to the longest."""
    sock = await bound_udp(target)
    wire.peer.udp.bind(7000).send(pattern(size), to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(2000) == (pattern(size), (wire.peer.ip, 7000))


@pytest.mark.parametrize("burst", [QUEUE_DEPTH - 1, QUEUE_DEPTH, QUEUE_DEPTH + 1, 200])
@covers("udp.recvfrom.overrun", "udp.bind.receives-everything", "socket.independent")
async def test_burst_beyond_the_queue_keeps_its_beginning(target, wire, bench, burst):
    """Of a burst the first datagrams stay, each whole and in order; after draining reception goes on."""
    sock, neighbour = await bound_udp(target), await bound_udp(target, 5001)
    far = wire.peer.udp.bind(7000)
    for number in range(burst):
        far.send(b"datagram %03d" % number, to=(DEVICE, 5000))
    far.send(b"for the neighbour", to=(DEVICE, 5001))
    await bench.idle(for_=10 * MS)
    await sock.settimeout(0)
    for number in range(min(burst, QUEUE_DEPTH)):
        assert (await sock.recvfrom(100))[0] == b"datagram %03d" % number
    await would_block(sock.recvfrom(100))
    assert (await neighbour.recvfrom(100))[0] == b"for the neighbour"
    far.send(b"and on", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert (await sock.recvfrom(100))[0] == b"and on"


@pytest.mark.parametrize(("last", "fits"), [(QUEUE_BYTES - 2 * LARGEST, True), (QUEUE_BYTES - 2 * LARGEST + 1, False)])
@covers("udp.recvfrom.overrun", "udp.recvfrom.largest")
async def test_queue_has_a_limit_in_bytes(target, wire, bench, last, fits):
    """A flood of the largest datagrams for one socket must not take the memory of all the others."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    sent = [pattern(LARGEST), pattern(LARGEST)[::-1], pattern(last)]
    for data in sent:
        far.send(data, to=(DEVICE, 5000))
    await bench.idle(for_=100 * MS)
    await sock.settimeout(0)
    for data in sent if fits else sent[:-1]:
        assert (await sock.recvfrom(70_000))[0] == data
    await would_block(sock.recvfrom(100))
    far.send(b"and on", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert (await sock.recvfrom(100))[0] == b"and on"
