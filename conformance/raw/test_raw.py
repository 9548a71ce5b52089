"""SOCK_RAW of both families: what is read, what is sent, who gets what, and what stays as it was.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import (
    AF_INET,
    AF_INET6,
    IP_HDRINCL,
    IPPROTO_IP,
    MS,
    SEC,
    SOCK_DGRAM,
    SOCK_RAW,
    SOCK_STREAM,
    RemoteIOError,
    covers,
)
from sockbench.peers.address import ip_bytes

from conformance.ipv6.link import BOARD_LOCAL, PEER_LOCAL, SCOPE, icmp6_type, up6
from conformance.scenes import BOARD, DEVICE, connected_tcp, echoes, raises_at_once, times_out, would_block
from conformance.tcp.stream import pattern, talks

# RFC 3692: two numbers for experiments, which no stack knows.
EXPERIMENT, OTHER = 253, 254
# An address of the link that nobody plays.
STRANGER = {4: "10.0.0.9", 6: "fe80::ff:fe00:9"}


@dataclass(frozen=True)
class Family:
    """One of the two families: its constant, its addresses, and the header that a raw socket reads."""

    version: int
    constant: Any
    board: str
    peer: str
    largest: int

    def address(self, ip: str) -> tuple[Any, ...]:
        """Return what recvfrom says of a packet from IP."""
        return (ip, 0) if self.version == 4 else (ip, 0, 0, SCOPE)

    def packet(self, data: bytes, protocol: int, source: str | None = None, to: str | None = None) -> Any:
        """Return a packet from the peer, or from SOURCE, to the board."""
        if self.version == 4:
            return IP(src=source or self.peer, dst=to or self.board, proto=protocol) / Raw(data)
        return IPv6(src=source or self.peer, dst=to or self.board, nh=protocol) / Raw(data)

    def body(self, packet: bytes) -> bytes:
        """Return the payload of what was read; an IPv4 packet has its header in front."""
        if self.version == 6:
            return bytes(packet)
        assert packet[0] == 0x45 and int.from_bytes(packet[2:4], "big") == len(packet)
        return bytes(packet[20:])


FAMILIES = {
    "ipv4": Family(4, AF_INET, DEVICE, "10.0.0.2", 65_515),
    "ipv6": Family(6, AF_INET6, BOARD_LOCAL, PEER_LOCAL, 65_495),
}
families = pytest.mark.parametrize("family", FAMILIES.values(), ids=list(FAMILIES))


async def opened(cold_target, wire, family, protocol=EXPERIMENT):
    """Bring the network up, make the peer and the board know each other, and return a raw socket of PROTOCOL."""
    await up6(cold_target, wire)
    await wire.peer.icmp.ping(DEVICE, within=1 * SEC)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    return await cold_target.socket(family.constant, SOCK_RAW, protocol)


def arrive(wire, packet):
    """Send a packet to the board."""
    wire.send(Ether(src=wire.peer.mac, dst=BOARD) / packet)


def is_packet(frame, family, protocol):
    """Return whether FRAME left the board as a packet of PROTOCOL."""
    if not frame.outgoing:
        return False
    if family.version == 4:
        return frame.ip is not None and frame.ip.proto == protocol
    return frame.ipv6 is not None and frame.data[20] == protocol


@families
@pytest.mark.parametrize("method", ["recv", "recvfrom", "recv_into", "recvfrom_into"])
@covers("raw.receive", "socket.type-raw")
async def test_packet_is_read_whole(cold_target, wire, bench, family, method):
    """IPv4 with its header, byte for byte as it was on the wire; IPv6 without."""
    sock = await opened(cold_target, wire, family)
    packet = family.packet(b"payload", EXPERIMENT)
    arrive(wire, packet)
    await bench.idle(for_=1 * MS)
    wanted = bytes(packet) if family.version == 4 else b"payload"
    if method.endswith("_into"):
        buffer = await cold_target.buffer(100)
        result = await sock.call(method, buffer)
        data = (await buffer.read())[: result[0] if method == "recvfrom_into" else result]
    else:
        result = await sock.call(method, 100)
        data = result[0] if method == "recvfrom" else result
    assert data == wanted
    if "recvfrom" in method:
        assert result[1] == family.address(family.peer)


@families
@pytest.mark.parametrize("size", [0, 1, 1400, 4000, 60_000])
@covers("raw.receive")
async def test_packets_of_any_size_are_read_whole(cold_target, wire, bench, family, size):
    """An empty one too, and one that came in fragments: they are put together first."""
    sock = await opened(cold_target, wire, family)
    data = pattern(size)
    wire.peer.send_ip(ip_bytes(family.board), EXPERIMENT, data, source=ip_bytes(family.peer))
    await bench.idle(for_=20 * MS)
    assert family.body(await sock.recv(65_535)) == data


@families
@covers("raw.receive", "udp.recv.truncates")
async def test_what_does_not_fit_is_cut_off(cold_target, wire, bench, family):
    """As for every datagram: the rest is gone, and the next call has the next packet."""
    sock = await opened(cold_target, wire, family)
    for data in (b"first", b"second"):
        arrive(wire, family.packet(data, EXPERIMENT))
    await bench.idle(for_=1 * MS)
    start = 20 if family.version == 4 else 0
    assert (await sock.recv(start + 3))[start:] == b"fir"
    assert (await sock.recv(100))[start:] == b"second"


@families
@covers("raw.protocol-filter")
async def test_other_protocols_and_families_are_not_read(cold_target, wire, bench, family):
    """A socket of 253 hears 253 of its own family, and nothing of 254, UDP, ICMP or the other family."""
    sock = await opened(cold_target, wire, family)
    await cold_target.socket(family.constant, SOCK_RAW, OTHER)
    other = FAMILIES["ipv6" if family.version == 4 else "ipv4"]
    # Keeps the stack from answering that the other family has nobody for the protocol.
    await cold_target.socket(other.constant, SOCK_RAW, EXPERIMENT)
    arrive(wire, family.packet(b"other", OTHER))
    arrive(wire, other.packet(b"family", EXPERIMENT))
    await wire.peer.icmp.ping(DEVICE, within=1 * SEC)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    arrive(wire, family.packet(b"mine", EXPERIMENT))
    await bench.idle(for_=1 * MS)
    assert family.body(await sock.recv(100)) == b"mine"
    await sock.settimeout(0)
    await would_block(sock.recv(100))


@families
@pytest.mark.parametrize("count", [2, 5])
@covers("raw.protocol-filter")
async def test_every_socket_of_the_protocol_gets_a_copy(cold_target, wire, bench, family, count):
    """Nobody takes packets from another, and the order is the same for all."""
    sockets = [await opened(cold_target, wire, family)]
    sockets += [await cold_target.socket(family.constant, SOCK_RAW, EXPERIMENT) for _ in range(count - 1)]
    for number in range(3):
        arrive(wire, family.packet(b"%d" % number, EXPERIMENT))
    await bench.idle(for_=1 * MS)
    for sock in sockets:
        assert [family.body(await sock.recv(100)) for _ in range(3)] == [b"0", b"1", b"2"]
    await sockets[0].close()
    arrive(wire, family.packet(b"later", EXPERIMENT))
    await bench.idle(for_=1 * MS)
    for sock in sockets[1:]:
        assert family.body(await sock.recv(100)) == b"later"


@families
@pytest.mark.parametrize("size", [0, 1, 100, 1400, 4000])
@pytest.mark.parametrize("method", ["sendto", "send", "sendall"])
@covers("raw.send")
async def test_payload_is_sent_behind_a_header_of_the_stack(cold_target, wire, family, size, method):
    """Addresses and protocol are right, nothing is added, and what is large goes in fragments."""
    sock = await opened(cold_target, wire, family)
    data = pattern(size)
    if method == "sendto":
        assert await sock.sendto(data, (family.peer, 0)) == size
    else:
        await sock.connect((family.peer, 0))
        assert await sock.call(method, data) == (size if method == "send" else None)
    if size > 1480:
        wire.ignore(lambda frame: frame.outgoing)
        frames = [frame for frame in wire.frames if frame.outgoing and len(frame.data) > 1000]
        assert len(frames) == 3 and all(len(frame.data) <= 1514 for frame in frames)
        return
    frame = await wire.expect(lambda frame: is_packet(frame, family, EXPERIMENT), within=10 * MS)
    header = frame.ip if family.version == 4 else frame.ipv6
    assert (header.src, header.dst) == (family.board, family.peer)
    start = 34 if family.version == 4 else 54
    assert frame.data[start : start + size] == data
    length = int.from_bytes(frame.data[16:18], "big") - 20 if family.version == 4 else header.plen
    assert length == size


@families
@covers("raw.send", "udp.sendto.sizes")
async def test_largest_packet_is_sent_and_one_more_byte_is_refused(cold_target, wire, family):
    """EMSGSIZE, at once, and not a byte is sent."""
    sock = await opened(cold_target, wire, family)
    before = len(wire.frames)
    with pytest.raises(RemoteIOError) as caught:
        await sock.sendto(bytes(family.largest + 1), (family.peer, 0))
    assert caught.value.errno == errno.EMSGSIZE and len(wire.frames) == before
    assert await sock.sendto(bytes(family.largest), (family.peer, 0)) == family.largest
    await asyncio.sleep(50 * MS)
    wire.ignore(lambda frame: frame.outgoing)
    header, extra = (34, 0) if family.version == 4 else (54, 8)
    sent = sum(len(frame.data) - header - extra for frame in wire.frames[before:] if len(frame.data) > 60)
    rest = family.largest % 1480 if family.version == 4 else family.largest % 1448
    assert family.largest - rest <= sent <= family.largest


@covers("raw.header-included", "raw.send")
async def test_own_header_is_sent_as_it_is(cold_target, wire):
    """Source, identification, time to live, type of service: all are the program's."""
    family = FAMILIES["ipv4"]
    sock = await opened(cold_target, wire, family)
    assert await sock.call("getsockopt", IPPROTO_IP, IP_HDRINCL) == 0
    assert await sock.call("setsockopt", IPPROTO_IP, IP_HDRINCL, 1) is None
    assert await sock.call("getsockopt", IPPROTO_IP, IP_HDRINCL) == 1
    packet = bytes(IP(src="10.0.0.99", dst=family.peer, proto=OTHER, id=0x4711, ttl=7, tos=0x10) / Raw(b"mine"))
    assert await sock.sendto(packet, (family.peer, 0)) == len(packet)
    frame = await wire.expect(lambda frame: is_packet(frame, family, OTHER), within=10 * MS)
    assert frame.data[14 : 14 + len(packet)] == packet
    await sock.call("setsockopt", IPPROTO_IP, IP_HDRINCL, 0)
    assert await sock.sendto(b"yours", (family.peer, 0)) == 5
    frame = await wire.expect(lambda frame: is_packet(frame, family, EXPERIMENT), within=10 * MS)
    assert frame.ip.src == DEVICE and bytes(frame.ip.payload)[:5] == b"yours"


@pytest.mark.parametrize("size", [0, 1, 19])
@covers("raw.header-included")
async def test_packet_shorter_than_its_header_is_refused(cold_target, wire, size):
    """There is no packet without a header."""
    sock = await opened(cold_target, wire, FAMILIES["ipv4"])
    await sock.call("setsockopt", IPPROTO_IP, IP_HDRINCL, 1)
    await raises_at_once(sock.sendto(bytes(size), ("10.0.0.2", 0)), RemoteIOError, errno.EINVAL)
    await wire.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("name", ["raw-ipv6", "stream", "datagram"])
@covers("raw.header-included")
async def test_other_sockets_have_no_such_option(cold_target, wire, name):
    """ENOPROTOOPT, as for any option that a socket does not have."""
    raw = await opened(cold_target, wire, FAMILIES["ipv6"])
    kinds = {"stream": SOCK_STREAM, "datagram": SOCK_DGRAM}
    sock = raw if name == "raw-ipv6" else await cold_target.socket(type=kinds[name])
    await raises_at_once(sock.call("setsockopt", IPPROTO_IP, IP_HDRINCL, 1), RemoteIOError, errno.ENOPROTOOPT)
    await raises_at_once(sock.call("getsockopt", IPPROTO_IP, IP_HDRINCL), RemoteIOError, errno.ENOPROTOOPT)


@families
@covers("raw.addresses")
async def test_connected_socket_hears_its_peer_only(cold_target, wire, bench, family):
    """By address; what strangers had sent before is gone; ports mean nothing."""
    sock = await opened(cold_target, wire, family)
    arrive(wire, family.packet(b"before", EXPERIMENT, STRANGER[family.version]))
    await bench.idle(for_=1 * MS)
    assert await sock.connect((family.peer, 4711)) is None
    assert (await sock.call("getpeername"))[:2] == (family.peer, 0)
    for source in (STRANGER[family.version], family.peer):
        arrive(wire, family.packet(source.encode(), EXPERIMENT, source))
    wire.ignore(lambda frame: frame.outgoing)
    await bench.idle(for_=1 * MS)
    assert family.body(await sock.recv(100)) == family.peer.encode()
    await sock.settimeout(0)
    await would_block(sock.recv(100))
    await raises_at_once(sock.sendto(b"x", (family.peer, 0)), RemoteIOError, errno.EISCONN)


@families
@covers("raw.addresses")
async def test_bound_socket_hears_its_address_only(cold_target, wire, bench, family):
    """Bound to the board's address: packets to everybody are not for it; bound to a foreign one: refused."""
    sock = await opened(cold_target, wire, family)
    assert await sock.bind((family.board, 4711)) is None
    assert (await sock.call("getsockname"))[:2] == (family.board, 0)
    everybody = "10.0.0.255" if family.version == 4 else "ff02::1"
    wire.ignore(lambda frame: frame.outgoing)
    arrive(wire, family.packet(b"all", EXPERIMENT, to=everybody))
    arrive(wire, family.packet(b"me", EXPERIMENT))
    await bench.idle(for_=1 * MS)
    assert family.body(await sock.recv(100)) == b"me"
    await sock.settimeout(0)
    await would_block(sock.recv(100))
    await raises_at_once(sock.bind((family.peer, 0)), RemoteIOError, errno.EADDRNOTAVAIL)


@families
@pytest.mark.parametrize("timeout", [1, 100, 2500])
@pytest.mark.parametrize("method", ["recv", "recvfrom", "recv_into"])
@covers("raw.waiting", "timeout.exact")
async def test_timeout_is_exact(cold_target, wire, family, timeout, method):
    """As for every other socket."""
    sock = await opened(cold_target, wire, family)
    await sock.bind(0)
    await sock.settimeout(timeout)
    first: Any = await cold_target.buffer(10) if method == "recv_into" else 10
    await times_out(sock.call(method, first), timeout * MS)


@families
@covers("raw.waiting", "timeout.zero")
async def test_non_blocking_never_waits(cold_target, wire, bench, family):
    """Would block, then the packet."""
    sock = await opened(cold_target, wire, family)
    await sock.settimeout(0)
    await would_block(sock.recv(10))
    arrive(wire, family.packet(b"x", EXPERIMENT))
    await bench.idle(for_=1 * MS)
    assert family.body(await sock.recv(100)) == b"x"
    await would_block(sock.recv(10))


@families
@covers("raw.waiting", "close.wakes-blocked")
async def test_packet_and_close_end_a_wait(cold_target, wire, tasks, family):
    """Woken by what comes, and by the end of the socket."""
    sock = await opened(cold_target, wire, family)
    waiting = tasks.start(sock.recv(100))
    await asyncio.sleep(50 * MS)
    arrive(wire, family.packet(b"x", EXPERIMENT))
    assert family.body(await waiting) == b"x"
    waiting = tasks.start(sock.recv(100))
    await asyncio.sleep(50 * MS)
    await sock.close()
    with pytest.raises(RemoteIOError) as caught:
        await waiting
    assert caught.value.errno == errno.EBADF


@families
@covers("raw.stack-unaffected", "raw.receive")
async def test_tcp_works_under_the_eyes_of_a_raw_socket(cold_target, wire, family):
    """A connection is made, used and ended; the raw socket has read every segment of the peer."""
    raw = await opened(cold_target, wire, family, 6)
    if family.version == 4:
        sock, conn = await connected_tcp(cold_target, wire)
    else:
        listener = wire.peer.tcp.listen(80)
        sock = await cold_target.socket(AF_INET6)
        await sock.connect((PEER_LOCAL, 80))
        conn = await listener.accept(within=1 * SEC)
    await talks(sock, conn)
    conn.finish()
    assert await sock.recv(10) == b""
    await sock.close()
    sent = [frame for frame in wire.frames if not frame.outgoing and frame.tcp is not None]
    await raw.settimeout(0)
    for frame in sent:
        # Behind the Ethernet header of 14 bytes; the frame's padding is no part of the packet.
        end = 14 + (frame.ip.len if family.version == 4 else 40 + frame.ipv6.plen)
        assert family.body(await raw.recv(2000)) == frame.data[34 if family.version == 4 else 54 : end]
    await would_block(raw.recv(10))


@families
@covers("raw.stack-unaffected")
async def test_udp_works_under_the_eyes_of_a_raw_socket(cold_target, wire, bench, family):
    """The datagram socket has its datagram, and a port that nobody has is still unreachable."""
    raw = await opened(cold_target, wire, family, 17)
    sock = await cold_target.socket(family.constant, SOCK_DGRAM)
    await sock.bind(5000)
    far = wire.peer.udp.bind(7000)
    far.send(b"datagram", to=(family.board, 5000))
    far.send(b"nobody", to=(family.board, 5001))
    await bench.idle(for_=1 * MS)
    assert await sock.recv(100) == b"datagram"
    assert [family.body(await raw.recv(100))[8:] for _ in range(2)] == [b"datagram", b"nobody"]

    def refuses(frame):
        return (frame.icmp is not None and frame.icmp.type == 3) or icmp6_type(frame) == 1

    await wire.expect(refuses, within=10 * MS)


@families
@pytest.mark.parametrize("is_open", [True, False])
@covers("raw.stack-unaffected")
async def test_unknown_protocol_is_unreachable_unless_somebody_has_it(cold_target, wire, bench, family, is_open):
    """The stack's answer to what nobody wants (RFC 1122 3.2.2.1, RFC 8200 4) stays away while a socket wants it."""
    sock = await opened(cold_target, wire, family, EXPERIMENT if is_open else OTHER)
    arrive(wire, family.packet(b"x" * 8, EXPERIMENT))
    if is_open:
        assert family.body(await sock.recv(100)) == b"x" * 8
        await wire.expect_none(for_=1 * SEC)
    else:
        answer = await wire.expect(lambda frame: frame.outgoing, within=10 * MS)
        assert answer.icmp.code == 2 if family.version == 4 else icmp6_type(answer) == 4


@families
@pytest.mark.parametrize("protocol", [0, 256, 65_535, 2**31, 2**32 + 1, -2])
@covers("raw.combinations", "socket.type-against-proto", "socket.failure-is-ioerror")
async def test_protocol_that_no_packet_can_carry_is_refused(target, wire, family, protocol):
    """A number that is cut to eight bits would be another protocol."""
    await raises_at_once(target.socket(family.constant, SOCK_RAW, protocol), RemoteIOError)
    await echoes(target, wire)


@pytest.mark.parametrize("protocol", [1, 2, 50, 58, 253, 255])
@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("raw.combinations", "socket.type-against-proto")
async def test_only_raw_sockets_have_other_protocols(target, wire, kind, protocol):
    """A stream or datagram socket of another protocol than its own is refused, of both families."""
    for family in (AF_INET, AF_INET6):
        await raises_at_once(target.socket(family, kind, protocol), RemoteIOError, errno.EPROTONOSUPPORT)
    await echoes(target, wire)


@families
@covers("raw.combinations", "listen.only-tcp")
async def test_methods_of_streams_are_refused(cold_target, wire, family):
    """No server without a stream; no sending without a destination."""
    sock = await opened(cold_target, wire, family)
    await raises_at_once(sock.send(b"x"), RemoteIOError, errno.EDESTADDRREQ)
    await sock.bind(0)
    await raises_at_once(sock.listen(), RemoteIOError, errno.EOPNOTSUPP)
    await raises_at_once(sock.accept(), RemoteIOError, errno.EOPNOTSUPP)
    await wire.expect_none(for_=1 * SEC)


@families
@covers("raw.receive", "raw.send")
async def test_segment_made_by_the_program_is_a_segment(cold_target, wire, bench, family):
    """A raw socket sends a SYN of its own; the answer is read, and the stack resets what it did not ask for."""
    raw = await opened(cold_target, wire, family, 6)
    wire.peer.tcp.listen(80)
    layer = IP(src=family.board, dst=family.peer) if family.version == 4 else IPv6(src=family.board, dst=family.peer)
    syn = bytes(layer / TCP(sport=40000, dport=80, flags="S", seq=1))[20 if family.version == 4 else 40 :]
    await raw.sendto(syn, (family.peer, 0))
    await bench.idle(for_=1 * MS)
    assert family.body(await raw.recv(100))[13] == 0x12  # SYN and ACK
    sent = [frame for frame in wire.frames if frame.outgoing and frame.tcp is not None]
    resets = [frame for frame in sent if "R" in str(frame.tcp.flags)]
    assert len(resets) == 1 and resets[0].tcp.sport == 40000


@families
@covers("raw.send", "raw.protocol-filter")
async def test_datagram_made_by_the_program_arrives(cold_target, wire, family):
    """UDP over a raw socket: header and checksum are the program's."""
    raw = await opened(cold_target, wire, family, 17)
    far = wire.peer.udp.bind(7000)
    layer = IP(src=family.board, dst=family.peer) if family.version == 4 else IPv6(src=family.board, dst=family.peer)
    data = bytes(layer / UDP(sport=5555, dport=7000) / Raw(b"by hand"))[20 if family.version == 4 else 40 :]
    await raw.sendto(data, family.peer)
    received = await far.recv(within=10 * MS)
    assert (received.data, received.source) == (b"by hand", (family.board, 5555))
