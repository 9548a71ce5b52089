"""Datagram sockets of AF_INET6: receiving, the connected filter, sizes, groups, ports that nobody has.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, PadN
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import AF_INET6, MS, SEC, SOCK_DGRAM, RemoteIOError, covers, elapsed_is

from conformance.ipv6.link import (
    BOARD_LOCAL,
    PEER_GLOBAL,
    PEER_LOCAL,
    SCOPE,
    UNREACHABLE,
    datagram6,
    dual,
    globally,
    icmp6_type,
    udp6,
    up6,
)
from conformance.scenes import BOARD, EVERYBODY, echoes, raises_at_once, times_out, would_block
from conformance.tcp.stream import pattern

# lwIP counts the IPv6 header of 40 bytes in its 16 bits (pbuf.h, tot_len), so 40 less than RFC 8200 allows.
LARGEST = 65_535 - 40 - 8
LARGEST_OF_ALL = 65_527
ONE_FRAME = 1452
METHODS = ["send", "sendall", "sendto"]
READERS = ["recv", "recvfrom", "recv_into", "recvfrom_into"]


async def data_by(sock, method, target):
    """Return the data that one call of METHOD receives."""
    if not method.endswith("_into"):
        result = await sock.call(method, 100)
        return result[0] if method == "recvfrom" else result
    buffer = await target.buffer(100)
    result = await sock.call(method, buffer)
    return (await buffer.read())[: result[0] if method == "recvfrom_into" else result]


async def sender(target, address, method):
    """Return a function (data) that calls METHOD of a bound socket so that the datagram goes to ADDRESS."""
    sock = await udp6(target)
    if method == "sendto":
        return lambda data: sock.sendto(data, address)
    await sock.connect(address)
    return lambda data: sock.call(method, data)


@pytest.mark.parametrize("size", [0, 1, ONE_FRAME - 1, ONE_FRAME, ONE_FRAME + 1, 2900, 8192, LARGEST - 1, LARGEST])
@pytest.mark.parametrize("method", METHODS)
@covers("ipv6.datagram", "udp.sendto.sizes")
async def test_datagram_of_any_size_arrives_as_one(cold_target, wire, method, size):
    """One frame up to 1452 bytes, fragments beyond, up to the largest."""
    await up6(cold_target, wire)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    far = wire.peer.udp.bind(7000)
    send = await sender(cold_target, (PEER_LOCAL, 7000), method)
    data = pattern(size)
    before = len(wire.frames)
    assert await send(data) == (None if method == "sendall" else size)
    received = await far.recv(within=5 * SEC)
    assert received.data == data and received.source == (BOARD_LOCAL, 5000)
    frames = [frame for frame in wire.frames[before:] if frame.outgoing]
    assert (len(frames) == 1) == (size <= ONE_FRAME)
    assert max(len(frame.data) for frame in frames) <= 1514


@pytest.mark.parametrize("method", METHODS)
@covers("ipv6.datagram", "udp.sendto.sizes")
async def test_datagram_above_the_largest_is_refused(cold_target, wire, method):
    """EMSGSIZE at once, not a byte is sent, and the socket goes on."""
    await up6(cold_target, wire)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    far = wire.peer.udp.bind(7000)
    send = await sender(cold_target, (PEER_LOCAL, 7000), method)
    with pytest.raises(RemoteIOError) as caught:
        await send(pattern(LARGEST + 1))
    assert caught.value.errno == errno.EMSGSIZE
    await wire.expect_none(UDP(), for_=1 * SEC)
    await send(b"fits")
    assert (await far.recv(within=1 * SEC)).data == b"fits"


@pytest.mark.parametrize("size", [0, 1, ONE_FRAME, ONE_FRAME + 1, 8192, 60_000, LARGEST])
@pytest.mark.parametrize("method", ["recv", "recvfrom"])
@covers("ipv6.datagram", "udp.recvfrom.largest")
async def test_datagram_of_any_size_is_received_as_one(cold_target, wire, bench, method, size):
    """Fragments are put together before the program sees anything."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    data = pattern(size)
    wire.peer.udp.bind(7000).send(data, to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=20 * MS)
    result = await sock.call(method, 65_536)
    assert (result[0] if method == "recvfrom" else result) == data


@pytest.mark.parametrize("size", [LARGEST + 1, LARGEST_OF_ALL - 1, LARGEST_OF_ALL])
@covers("ipv6.datagram")
async def test_datagram_larger_than_the_stack_can_hold_is_dropped_or_whole(cold_target, wire, bench, size):
    """Sixteen bits that run over must not become a short datagram, or the end of the firmware."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    far = wire.peer.udp.bind(7000)
    data = pattern(size)
    far.send(data, to=(BOARD_LOCAL, 5000))
    far.send(b"next", to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=20 * MS)
    received = await sock.recv(65_536)
    if received == data:
        received = await sock.recv(65_536)
    assert received == b"next"
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@covers("ipv6.datagram")
async def test_header_in_front_of_fragments_does_not_lead_past_the_largest(cold_target, wire, bench):
    """The eight bytes of options come with the first fragment only: no other fragment shows that it is too much."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    far = wire.peer.udp.bind(7000)
    whole = LARGEST + 8
    for start in range(0, whole, 1440):
        part = bytes(min(1440, whole - start))
        more = start + len(part) < whole
        layers: Any = IPv6ExtHdrFragment(nh=17, offset=start // 8, m=int(more), id=0x7777) / Raw(part)
        if start == 0:
            layers = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]) / layers
        wire.send(Ether(src=wire.peer.mac, dst=BOARD) / IPv6(src=PEER_LOCAL, dst=BOARD_LOCAL) / layers)
    await bench.idle(for_=20 * MS)
    far.send(b"next", to=(BOARD_LOCAL, 5000))
    assert await sock.recv(65_536) == b"next"


@pytest.mark.parametrize("order", ["reversed", "twice"])
@covers("ipv6.datagram")
async def test_fragments_in_any_order_make_one_datagram(cold_target, wire, bench, order):
    """A network may turn fragments around or double them (RFC 8200 4.5)."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    far = wire.peer.udp.bind(7000)
    far.send(b"first", to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recv(10) == b"first"
    before = len(wire.frames)
    far.send(pattern(5000), to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=10 * MS)
    assert await sock.recv(6000) == pattern(5000)
    fragments = [frame.data for frame in wire.frames[before:] if not frame.outgoing]
    # Another identification, the last four bytes of the fragment header behind 14 + 40 bytes: a datagram of its own.
    anew = [data[:58] + b"\0\0\x77\x77" + data[62:] for data in fragments]
    for frame in anew[::-1] if order == "reversed" else [one for pair in zip(anew, anew, strict=True) for one in pair]:
        wire.send(frame)
    await bench.idle(for_=10 * MS)
    assert await sock.recv(6000) == pattern(5000)
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@covers("ipv6.datagram")
async def test_missing_fragment_delivers_nothing(cold_target, wire, bench):
    """Half a datagram is none; the next whole one is delivered."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    far = wire.peer.udp.bind(7000)
    far.send(pattern(5000), to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=10 * MS)
    await sock.recv(6000)
    fragments = [frame.data for frame in wire.frames if not frame.outgoing and len(frame.data) > 1000]
    for data in fragments[1:]:
        wire.send(data[:58] + b"\0\0\x77\x77" + data[62:])
    await sock.settimeout(100)
    await times_out(sock.recv(6000), 100 * MS)
    # The stack tells the sender when it gives up the rest (RFC 4443 3.3), if it has the first fragment; it has not.
    await wire.expect_none(lambda frame: icmp6_type(frame) == 3, for_=120 * SEC)
    far.send(b"whole", to=(BOARD_LOCAL, 5000))
    assert await sock.recv(10) == b"whole"


@pytest.mark.parametrize("method", READERS)
@pytest.mark.parametrize("scope", ["link-local", "global"])
@covers("ipv6.datagram", "udp.connect.recv")
async def test_every_reader_receives(cold_target, wire, tasks, method, scope):
    """Blocked when the datagram comes, and woken by it."""
    target, six = await dual(cold_target, wire, scope)
    far = six.peer.udp.bind(7000)
    sock = await target.socket(AF_INET6, SOCK_DGRAM)
    await sock.connect((six.peer.ip, 7000))
    await sock.send(b"ping")
    asked = await far.recv(within=1 * SEC)
    waiting = tasks.start(data_by(sock, method, target))
    await asyncio.sleep(5 * MS)
    far.send(b"pong", to=asked.source)
    assert await waiting == b"pong"


@pytest.mark.parametrize("timeout", [None, 0, 100], ids=str)
@covers("ipv6.datagram", "udp.connect.local")
async def test_connect_is_local_and_takes_no_time(cold_target, wire, timeout):
    """Not even the neighbour is asked for."""
    await up6(cold_target, wire)
    sock = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    await sock.settimeout(timeout)
    connecting = sock.connect((PEER_LOCAL, 7000))
    assert await connecting is None
    elapsed_is(connecting, 0)
    await wire.expect_none(for_=10 * SEC)


STRANGERS: dict[str, dict[str, Any]] = {
    "other-address": {"source": ("fe80::ff:fe00:9", 7000)},
    "last-bit": {"source": ("fe80::ff:fe00:3", 7000)},
    "other-prefix": {"source": ("2001:db8::ff:fe00:2", 7000)},
    "port-above": {"source": (PEER_LOCAL, 7001)},
    "port-below": {"source": (PEER_LOCAL, 6999)},
    "port-zero": {"source": (PEER_LOCAL, 0)},
    "port-bytes-swapped": {"source": (PEER_LOCAL, 0x581B)},
}


@pytest.mark.parametrize("method", READERS)
@pytest.mark.parametrize("stranger", STRANGERS)
@covers("ipv6.datagram", "udp.connect.other-ip-ignored", "udp.connect.other-port-ignored")
async def test_strangers_datagram_is_not_delivered(cold_target, wire, bench, method, stranger):
    """Whoever is not the peer is not heard; the peer's next datagram is."""
    await up6(cold_target, wire)
    wire.ignore(lambda frame: icmp6_type(frame) in (UNREACHABLE, 135))
    far = wire.peer.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.connect((PEER_LOCAL, 7000))
    wire.send(datagram6(wire, b"stranger", **STRANGERS[stranger]))
    await bench.idle(for_=1 * MS)
    far.send(b"peer", to=(BOARD_LOCAL, 5000))
    assert await data_by(sock, method, cold_target) == b"peer"
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@covers("ipv6.datagram", "udp.connect.again")
async def test_connecting_again_moves_target_and_filter(cold_target, wire, bench):
    """What the old peer had sent is not read after the move, nor what it sends then."""
    host = await globally(cold_target, wire)
    old, new = wire.peer.udp.bind(7000), host.udp.bind(7001)
    sock = await udp6(cold_target)
    await sock.connect((PEER_LOCAL, 7000))
    old.send(b"old", to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=1 * MS)
    await sock.connect((host.link_local, 7001))
    wire.ignore(lambda frame: icmp6_type(frame) == UNREACHABLE)
    old.send(b"older", to=(BOARD_LOCAL, 5000))
    new.send(b"new", to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"new", (host.link_local, 7001, 0, SCOPE))
    await sock.settimeout(0)
    await would_block(sock.recv(10))
    await raises_at_once(sock.sendto(b"x", (PEER_LOCAL, 7000)), RemoteIOError, errno.EISCONN)


@pytest.mark.parametrize("method", ["send", "sendall", "recv", "recvfrom"])
@covers("ipv6.datagram", "udp.unconnected-send", "udp.recvfrom.unbound")
async def test_calls_in_a_wrong_state_are_refused(cold_target, wire, method):
    """Sending without a peer and receiving without a port."""
    await up6(cold_target, wire)
    sock = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    number = errno.EDESTADDRREQ if "send" in method else errno.EINVAL
    await raises_at_once(sock.call(method, b"x" if "send" in method else 10), RemoteIOError, number)
    await raises_at_once(sock.listen(), RemoteIOError, errno.EOPNOTSUPP)
    await wire.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("flood", [16, 17, 40])
@covers("ipv6.datagram", "udp.recvfrom.fifo", "udp.recvfrom.overrun")
async def test_sixteen_datagrams_are_kept_in_order(cold_target, wire, bench, flood):
    """The first sixteen, in order; what comes on top is dropped."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    far = wire.peer.udp.bind(7000)
    for number in range(flood):
        far.send(b"%d" % number, to=(BOARD_LOCAL, 5000))
    await bench.idle(for_=10 * MS)
    assert [await sock.recv(10) for _ in range(16)] == [b"%d" % number for number in range(16)]
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@pytest.mark.parametrize(
    "how", ["checksum-zero", "checksum-wrong", "length-too-long", "length-too-short", "length-zero"]
)
@covers("ipv6.datagram")
async def test_broken_datagram_is_dropped(cold_target, wire, bench, how):
    """IPv6 has no checksum of its own: that of UDP is not optional (RFC 8200 8.1). Lengths have to fit."""
    await up6(cold_target, wire)
    wire.ignore(lambda frame: icmp6_type(frame) == UNREACHABLE)
    sock = await udp6(cold_target)
    fields: dict[str, dict[str, Any]] = {
        "checksum-zero": {"chksum": 0},
        "checksum-wrong": {"chksum": 0x1234},
        "length-too-long": {"len": 200},
        "length-too-short": {"len": 7},
        "length-zero": {"len": 0},
    }
    wire.send(datagram6(wire, b"broken", **fields[how]))
    await bench.idle(for_=1 * MS)
    wire.peer.udp.bind(7000).send(b"whole", to=(BOARD_LOCAL, 5000))
    assert await sock.recv(10) == b"whole"


@pytest.mark.parametrize("used", ["closed", "other-port", "family"])
@covers("ipv6.port-unreachable", "ipv6.families-apart")
async def test_datagram_for_nobody_is_answered_by_port_unreachable(cold_target, wire, used):
    """RFC 4443 3.1, code 4, quoting the datagram; an IPv4 socket on the port is nobody."""
    await up6(cold_target, wire)
    if used == "closed":
        await (await udp6(cold_target, 5000)).close()
    elif used == "other-port":
        await udp6(cold_target, 5001)
    else:
        await (await cold_target.socket(type=SOCK_DGRAM)).bind(5000)
    wire.peer.udp.bind(7000).send(b"anybody?", to=(BOARD_LOCAL, 5000))
    answer = await wire.expect(lambda frame: icmp6_type(frame) == UNREACHABLE, within=10 * MS)
    assert answer.data[55] == 4 and b"anybody?" in answer.data
    assert (answer.ipv6.src, answer.ipv6.dst) == (BOARD_LOCAL, PEER_LOCAL)


@pytest.mark.parametrize("connected", [False, True])
@covers("ipv6.port-unreachable", "udp.sendto.unreachable")
async def test_port_unreachable_does_not_disturb_a_datagram_socket(cold_target, wire, tasks, connected):
    """As with IPv4: datagrams may be lost, and nobody is told."""
    await up6(cold_target, wire)
    wire.peer.udp.refuse(7000)
    sock = await udp6(cold_target)
    if connected:
        await sock.connect((PEER_LOCAL, 7000))
    for _ in range(3):
        assert await (sock.send(b"x") if connected else sock.sendto(b"x", (PEER_LOCAL, 7000))) == 1
    await sock.settimeout(100)
    await times_out(sock.recv(10), 100 * MS)
    assert len([frame for frame in wire.frames if icmp6_type(frame) == UNREACHABLE]) == 3


GROUPS = {
    "all-nodes": ("ff02::1", "33:33:00:00:00:01"),
    "all-routers": ("ff02::2", "33:33:00:00:00:02"),
    "mdns": ("ff02::fb", "33:33:00:00:00:fb"),
    "four-bytes": ("ff02::1234:5678", "33:33:12:34:56:78"),
    "site": ("ff05::101", "33:33:00:00:01:01"),
    "everywhere": ("ff0e::7777", "33:33:00:00:77:77"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("group", GROUPS)
@covers("ipv6.multicast", "udp.sendto.broadcast-multicast")
async def test_datagram_to_a_group_needs_no_neighbour(cold_target, wire, method, group):
    """The Ethernet address is made of the last 32 bits (RFC 2464 7); nobody is asked, everybody in the group hears."""
    host = await globally(cold_target, wire)
    ip, mac = GROUPS[group]
    host.join(ip)
    far = host.udp.bind(7000)
    send = await sender(cold_target, (ip, 7000), method)
    await send(b"to all")
    assert (await far.recv(within=10 * MS)).data == b"to all"
    (frame,) = [frame for frame in wire.frames if frame.outgoing and frame.udp is not None]
    assert (frame.eth.dst, frame.ipv6.dst) == (mac, ip)


@pytest.mark.parametrize("scope", [0, SCOPE])
@covers("ipv6.multicast", "ipv6.scope")
async def test_group_of_the_link_is_reached_from_the_link_local_address(cold_target, wire, scope):
    """Its members can only answer to that one (RFC 6724 5, rule 2)."""
    host = await globally(cold_target, wire)
    host.join("ff02::fb")
    far = host.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"x", ("ff02::fb", 7000, 0, scope))
    assert (await far.recv(within=10 * MS)).source == (BOARD_LOCAL, 5000)


@covers("ipv6.multicast", "udp.bind.receives-everything")
async def test_datagram_to_all_nodes_is_received(cold_target, wire, bench):
    """Every node is in ff02::1; one in a group that the board did not join is not heard."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    far = wire.peer.udp.bind(7000)
    far.send(b"not ours", to=("ff02::77", 5000))
    far.send(b"all", to=("ff02::1", 5000))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"all", (PEER_LOCAL, 7000, 0, SCOPE))
    await sock.settimeout(0)
    await would_block(sock.recv(10))


@pytest.mark.parametrize("ip", ["::ffff:10.0.0.2", "::ffff:255.255.255.255", "::ffff:0.0.0.0", "::FFFF:a00:2"])
@pytest.mark.parametrize("method", ["bind", "connect", "sendto"])
@covers("ipv6.families-apart", "socket.family-inet6")
async def test_mapped_address_is_refused(cold_target, wire, method, ip):
    """IPv4 has a family of its own: no IPv4 packet leaves an IPv6 socket."""
    target, six = await dual(cold_target, wire)
    sock = await target.socket(AF_INET6, SOCK_DGRAM)
    arguments = (b"x", (ip, 7000)) if method == "sendto" else ((ip, 7000),)
    await raises_at_once(sock.call(method, *arguments), RemoteIOError, errno.ENETUNREACH)
    await wire.expect_none(for_=1 * SEC)
    await echoes(target, six)


@pytest.mark.parametrize("first", ["four", "six"])
@covers("ipv6.families-apart", "socket.independent")
async def test_datagrams_of_both_families_on_one_port_do_not_mix(cold_target, wire, bench, first):
    """Two sockets, one port, two families: each hears its own, whichever was bound first."""
    await up6(cold_target, wire)
    sockets = {}
    for family in (first, "six" if first == "four" else "four"):
        sock = await (udp6(cold_target) if family == "six" else cold_target.socket(type=SOCK_DGRAM))
        if family == "four":
            await sock.bind(5000)
        sockets[family] = sock
    far = wire.peer.udp.bind(7000)
    far.send(b"four", to=("10.0.0.1", 5000))
    far.send(b"six", to=(BOARD_LOCAL, 5000))
    far.send(b"four, all", to=("10.0.0.255", 5000))
    await bench.idle(for_=1 * MS)
    assert await sockets["six"].recvfrom(10) == (b"six", (PEER_LOCAL, 7000, 0, SCOPE))
    assert [await sockets["four"].recvfrom(10) for _ in range(2)] == [
        (b"four", ("10.0.0.2", 7000)),
        (b"four, all", ("10.0.0.2", 7000)),
    ]
    for sock in sockets.values():
        await sock.settimeout(0)
        await would_block(sock.recv(10))


@pytest.mark.parametrize("bound", ["four", "six"])
@covers("ipv6.families-apart")
async def test_server_of_one_family_refuses_the_other(cold_target, wire, bound):
    """Listening on :: takes no IPv4 connection, and the other way round; both together take both."""
    await up6(cold_target, wire)

    async def serve(family):
        sock = await (cold_target.socket(AF_INET6) if family == "six" else cold_target.socket())
        await sock.bind(80)
        await sock.listen()
        return sock

    where = {"four": "10.0.0.1", "six": BOARD_LOCAL}
    other = "six" if bound == "four" else "four"
    await serve(bound)
    refused = wire.peer.tcp.connect(80, to=where[other])
    await refused.closed(within=1 * SEC)
    assert refused.lost == "refused"
    await wire.peer.tcp.connect(80, to=where[bound]).established(within=1 * SEC)
    listener = await serve(other)
    await wire.peer.tcp.connect(80, to=where[other], sport=4000).established(within=1 * SEC)
    assert (await listener.accept())[1][1] == 4000


@covers("ipv6.families-apart", "bind.port-in-use")
async def test_port_is_in_use_within_its_family_only(cold_target, wire):
    """Twice in one family is EADDRINUSE, as for IPv4."""
    await up6(cold_target, wire)
    await udp6(cold_target, 5000)
    second = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    await raises_at_once(second.bind(5000), RemoteIOError, errno.EADDRINUSE)
    four = await cold_target.socket(type=SOCK_DGRAM)
    assert await four.bind(5000) is None


@pytest.mark.parametrize("link", [EVERYBODY, "33:33:00:00:00:01"])
@covers("ipv6.datagram")
async def test_datagram_to_somebody_else_is_not_taken(cold_target, wire, bench, link):
    """A frame that everybody gets, with an IPv6 address that is not ours: not for us, and not to be answered."""
    await globally(cold_target, wire)
    sock = await udp6(cold_target)
    wire.send(datagram6(wire, b"x", to=(PEER_GLOBAL, 5000), link=link))
    await wire.expect_none(for_=1 * SEC)
    await sock.settimeout(0)
    await would_block(sock.recv(10))
