"""Streams of AF_INET6: connecting, refusal, data, end, reset, serving, and where a connection must not begin.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from scapy.layers.inet import TCP
from sockbench import AF_INET6, MS, SEC, US, Faults, RemoteIOError, RemoteTimeoutError, answer, covers, elapsed_is

from conformance.ipv6.link import BOARD_GLOBAL, BOARD_LOCAL, PEER_LOCAL, SCOPE, dual, up6
from conformance.scenes import connected_tcp, echoes, listening_tcp, raises_at_once, times_out, would_block
from conformance.tcp.stream import CONNECT_LIMIT, MSS, SYN_SCHEDULE, connected, on_schedule, pattern, segments, talks

scopes = pytest.mark.parametrize("scope", ["link-local", "global"])
# The IPv6 header is 20 bytes longer than that of IPv4, so that much less fits a frame (RFC 8200 8.3).
MSS6 = MSS - 20


def own(scope):
    """Return the board's address of that scope."""
    return BOARD_LOCAL if scope == "link-local" else BOARD_GLOBAL


@scopes
@covers("ipv6.stream", "socket.family-inet6")
async def test_connect_does_the_handshake(cold_target, wire, tasks, scope):
    """SYN, SYN-ACK, ACK between the addresses of that scope, over IPv6 and nothing else."""
    target, six = await dual(cold_target, wire, scope)
    # The neighbour is known from here on.
    await six.peer.icmp6.ping(own(scope), within=1 * SEC)
    sock = await target.socket()
    connecting = tasks.start(sock.connect((six.peer.ip, 80)))
    syn = await wire.expect(TCP(flags="S"), within=50 * MS)
    assert (syn.ipv6.version, syn.ipv6.nh, syn.ipv6.src, syn.ipv6.dst) == (6, 6, own(scope), six.peer.ip)
    assert syn.tcp.dport == 80 and syn.tcp.sport >= 1024 and syn.tcp.ack == 0
    assert dict(syn.tcp.options)["MSS"] == MSS6
    wire.send(answer(syn, flags="SA", seq=1000))
    ack = await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)
    assert (ack.tcp.seq, ack.tcp.ack, ack.tcp.sport) == ((syn.tcp.seq + 1) % 2**32, 1001, syn.tcp.sport)
    assert await connecting is None
    assert all(frame.ip is None for frame in wire.frames)


@scopes
@pytest.mark.parametrize("delay", [0, 1, 100, 2500])
@covers("ipv6.stream", "tcp.connect.ends-with-handshake")
async def test_connect_ends_with_the_handshake(cold_target, wire, scope, delay):
    """Neither before the peer answered nor noticeably after it."""
    target, six = await dual(cold_target, wire, scope)
    six.peer.tcp.listen(80, syn_ack_delay=delay * MS)
    call = (await target.socket()).connect((six.peer.ip, 80))
    assert await call is None
    elapsed_is(call, delay * MS)


@scopes
@covers("ipv6.stream", "tcp.connect.refused")
async def test_refusal_is_reported_at_once(cold_target, wire, scope):
    """RST to the SYN: ConnectionRefusedError; the socket may connect elsewhere."""
    target, six = await dual(cold_target, wire, scope)
    six.peer.tcp.refuse(81)
    listener = six.peer.tcp.listen(80)
    sock = await target.socket()
    for _ in range(3):
        error = await raises_at_once(sock.connect((six.peer.ip, 81)), ConnectionRefusedError, errno.ECONNREFUSED)
        assert isinstance(error, RemoteIOError)
    assert await sock.connect((six.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))


@pytest.mark.parametrize("timeout", [1, 2, 10, 100, 2500, 2700, 17_000, 18_000])
@covers("ipv6.stream", "tcp.connect.timeout", "timeout.exact")
async def test_connect_to_a_silent_peer_ends_at_the_timeout(cold_target, wire, timeout):
    """The same schedule of SYNs and the same exactness as with IPv4."""
    target, six = await dual(cold_target, wire)
    wire.peer.tcp.listen(80, silent=True)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    sock = await target.socket()
    await sock.settimeout(timeout)
    await times_out(sock.connect((six.peer.ip, 80)), timeout * MS)
    on_schedule(segments(wire), segments(wire)[0].at, [at for at in SYN_SCHEDULE if at < timeout - 2 or at == 0])
    await wire.expect_none(TCP(), for_=60 * SEC)
    await echoes(target, six)


@pytest.mark.parametrize("timeout", [None, 19_000])
@covers("ipv6.stream", "tcp.connect.gives-up")
async def test_connect_to_a_silent_peer_ends_at_the_limit_of_the_stack(cold_target, wire, timeout):
    """Seven SYNs, 18.25 s, TimeoutError."""
    target, six = await dual(cold_target, wire)
    wire.peer.tcp.listen(80, silent=True)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    sock = await target.socket()
    await sock.settimeout(timeout)
    with pytest.raises(RemoteTimeoutError) as caught:
        await sock.connect((six.peer.ip, 80))
    assert abs(caught.value.elapsed - CONNECT_LIMIT) <= 2 * MS and caught.value.errno == errno.ETIMEDOUT
    on_schedule(segments(wire), segments(wire)[0].at, SYN_SCHEDULE)


@pytest.mark.parametrize("before", [1 * MS, 100 * US])
@pytest.mark.parametrize("timeout", [10, 100])
@covers("ipv6.stream", "timeout.in-time")
async def test_answer_just_before_the_deadline_connects(cold_target, wire, timeout, before):
    """In time is in time."""
    target, six = await dual(cold_target, wire)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    listener = wire.peer.tcp.listen(80, syn_ack_delay=timeout * MS - before)
    sock = await target.socket()
    await sock.settimeout(timeout)
    assert await sock.connect((six.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))


@pytest.mark.parametrize("timeout", [10, 100, 2500])
@covers("ipv6.stream", "tcp.connect.clean-after-timeout")
async def test_answer_just_after_the_deadline_is_reset(cold_target, wire, timeout):
    """The server learns that nobody is there."""
    target, six = await dual(cold_target, wire)
    listener = wire.peer.tcp.listen(80, syn_ack_delay=(timeout + 2) * MS)
    sock = await target.socket()
    await sock.settimeout(timeout)
    await times_out(sock.connect((six.peer.ip, 80)), timeout * MS)
    conn = await listener.incoming(within=1 * SEC)
    await conn.closed(within=10 * MS)
    assert conn.lost == "refused"


@covers("ipv6.stream", "tcp.connect.non-blocking")
async def test_non_blocking_connect_goes_on_in_the_background(cold_target, wire):
    """EINPROGRESS, EALREADY, EISCONN."""
    target, six = await dual(cold_target, wire)
    listener = wire.peer.tcp.listen(80, syn_ack_delay=10 * MS)
    sock = await target.socket()
    await sock.settimeout(0)
    await would_block(sock.connect((six.peer.ip, 80)), errno.EINPROGRESS)
    await would_block(sock.connect((six.peer.ip, 80)), errno.EALREADY)
    conn = await listener.accept(within=1 * SEC)
    await asyncio.sleep(1 * MS)
    await raises_at_once(sock.connect((six.peer.ip, 80)), RemoteIOError, errno.EISCONN)
    await would_block(sock.recv(4))
    await sock.settimeout(None)
    await talks(sock, conn)


NOT_UNICAST = ["::", "ff02::1", "ff05::2", "ff0e::1", "::ffff:10.0.0.2", "::ffff:127.0.0.1", "::ffff:0.0.0.0"]


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("ip", NOT_UNICAST)
@covers("ipv6.stream", "ipv6.multicast", "ipv6.families-apart", "tcp.connect.not-unicast")
async def test_connect_to_what_is_no_ipv6_host_is_refused_without_a_frame(cold_target, wire, ip, timeout):
    """Nobody, everybody, and IPv4 in disguise: ENETUNREACH at once, and the socket is as before."""
    target, six = await dual(cold_target, wire)
    sock = await target.socket()
    await sock.settimeout(timeout)
    await raises_at_once(sock.connect((ip, 80)), RemoteIOError, errno.ENETUNREACH)
    await wire.expect_none(for_=10 * SEC)
    listener = wire.peer.tcp.listen(80)
    await sock.settimeout(None)
    assert await sock.connect((six.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))


@pytest.mark.parametrize("ip", [BOARD_LOCAL, "::1"])
@pytest.mark.parametrize("served", [True, False])
@covers("ipv6.stream", "tcp.connect.own-address")
async def test_connect_to_oneself_stays_at_home(cold_target, wire, ip, served):
    """Served, it is a connection; not served, it is refused; never is it a frame."""
    target, _ = await dual(cold_target, wire)
    if served:
        await listening_tcp(target, 80)
    sock = await target.socket()
    await sock.settimeout(5000)
    if served:
        assert await sock.connect((ip, 80)) is None
    else:
        with pytest.raises(ConnectionRefusedError):
            await sock.connect((ip, 80))
    await wire.expect_none(for_=30 * SEC)


@scopes
@pytest.mark.parametrize("size", [1, MSS6, MSS6 + 1, 5840, 20_000])
@covers("ipv6.stream", "tcp.sendall.everything", "tcp.recv.integrity")
async def test_data_of_any_size_goes_both_ways(cold_target, wire, tasks, scope, size):
    """Nothing lost, added or moved; no segment above the MTU."""
    target, six = await dual(cold_target, wire, scope)
    sock, conn = await connected(target, six)
    data = pattern(size)
    assert await sock.sendall(data) is None
    assert await conn.recv(size, within=60 * SEC) == data
    conn.send(data)
    assert await sock.recv(size) == data
    assert max(len(frame.data) for frame in segments(wire)) <= 1514


@covers("ipv6.stream", "tcp.recv.blocks-until-bufsize", "tcp.recv.timeout-keeps-data")
async def test_recv_waits_for_all_bytes_and_keeps_what_came(cold_target, wire, tasks):
    """Nine of ten bytes: the timeout is exact, and the next call has all ten."""
    target, six = await dual(cold_target, wire)
    sock, conn = await connected(target, six)
    await sock.settimeout(100)
    conn.send(b"123456789")
    await times_out(sock.recv(10), 100 * MS)
    conn.send(b"0more")
    assert await sock.recv(10) == b"1234567890"
    assert await sock.recv(4) == b"more"


@covers("ipv6.stream", "recv_into.count", "recv_into.at-start")
async def test_recv_into_fills_the_buffer(cold_target, wire):
    """The other way to read."""
    target, six = await dual(cold_target, wire)
    sock, conn = await connected(target, six)
    buffer = await target.buffer(8, fill=0xAA)
    conn.send(b"123456")
    assert await sock.recv_into(buffer, 6) == 6
    assert await buffer.read() == b"123456\xaa\xaa"


@scopes
@covers("ipv6.stream", "tcp.recv.end-of-stream", "tcp.recv.end-after-partial")
async def test_end_of_stream_is_empty_for_ever(cold_target, wire, tasks, scope):
    """What came first, then nothing, again and again."""
    target, six = await dual(cold_target, wire, scope)
    sock, conn = await connected(target, six)
    conn.send(b"last")
    conn.finish()
    assert await sock.recv(10) == b"last"
    for _ in range(3):
        assert await sock.recv(10) == b""
    assert await sock.sendall(b"half closed") is None
    assert await conn.recv(11, within=1 * SEC) == b"half closed"


@scopes
@covers("ipv6.stream", "tcp.recv.reset", "tcp.recv.reset-after-partial", "tcp.send.after-reset")
async def test_reset_is_an_exception(cold_target, wire, tasks, scope):
    """What came is delivered, then ConnectionResetError for whatever is called."""
    target, six = await dual(cold_target, wire, scope)
    sock, conn = await connected(target, six)
    conn.send(b"last")
    conn.reset()
    await asyncio.sleep(1 * MS)
    assert await sock.recv(10) == b"last"
    for _ in range(2):
        with pytest.raises(ConnectionResetError):
            await sock.recv(10)
    with pytest.raises(ConnectionResetError):
        await sock.send(b"x")
    await echoes(target, six)


@scopes
@covers("ipv6.stream", "close.orderly")
async def test_close_ends_the_stream_in_order(cold_target, wire, scope):
    """What was accepted for sending arrives, then FIN."""
    target, six = await dual(cold_target, wire, scope)
    sock, conn = await connected(target, six)
    await sock.sendall(b"bye")
    await sock.close()
    assert await conn.recv(10, within=1 * SEC) == b"bye"
    conn.finish()
    await conn.closed(within=5 * SEC)
    assert conn.lost is None


@covers("ipv6.stream", "tcp.recv.integrity")
async def test_lost_segment_is_sent_again(cold_target, wire, tasks):
    """Loss on the way costs time and nothing else."""
    target, six = await dual(cold_target, wire)
    sock, conn = await connected(target, six)
    data = pattern(3000)
    conn.drop(count=2, when=lambda segment: segment.payload)
    conn.send(data)
    assert await sock.recv(3000) == data
    wire.faults.from_board = Faults(loss=0.3)
    await sock.sendall(data)
    assert await conn.recv(3000, within=600 * SEC) == data


@scopes
@pytest.mark.parametrize("bound", ["port", "any", "own"])
@covers("ipv6.stream", "tcp.accept.result", "tcp.listen.accepts", "bind.address-and-port")
async def test_server_accepts_and_talks(cold_target, wire, scope, bound):
    """Bound to a port, to ::, or to the address itself."""
    target, six = await dual(cold_target, wire, scope)
    listener = await target.socket()
    await listener.bind({"port": 80, "any": ("::", 80), "own": (own(scope), 80)}[bound])
    await listener.listen()
    conn = six.peer.tcp.connect(80, to=own(scope), sport=4000)
    await conn.established(within=1 * SEC)
    sock, address = await listener.accept()
    assert address == (six.peer.ip, 4000, 0, SCOPE if scope == "link-local" else 0)
    assert (await sock.call("getsockname"))[:2] == (own(scope), 80)
    await talks(sock, conn)


@covers("ipv6.stream", "bind.address-and-port")
async def test_server_on_one_address_is_not_reached_by_another(cold_target, wire):
    """Bound to the global address: a SYN to the link-local one is refused."""
    target, six = await dual(cold_target, wire, "global")
    listener = await target.socket()
    await listener.bind((BOARD_GLOBAL, 80))
    await listener.listen()
    conn = six.peer.tcp.connect(80, to=BOARD_LOCAL)
    await conn.closed(within=1 * SEC)
    assert conn.lost == "refused"
    await six.peer.tcp.connect(80, to=BOARD_GLOBAL).established(within=1 * SEC)


@covers("ipv6.stream", "tcp.accept.timeout", "tcp.accept.non-blocking")
async def test_accept_waits_as_it_is_told(cold_target, wire):
    """Timeout and non-blocking mode of a server."""
    target, _ = await dual(cold_target, wire)
    listener = await listening_tcp(target)
    for timeout in (1, 10, 1000):
        await listener.settimeout(timeout)
        await times_out(listener.accept(), timeout * MS)
    await listener.settimeout(0)
    await would_block(listener.accept())


@pytest.mark.parametrize("code", range(7))
@covers("ipv6.port-unreachable", "tcp.connect.icmp")
async def test_port_unreachable_about_our_syn_refuses(cold_target, wire, tasks, code):
    """RFC 1122 4.2.3.9 for IPv6: code 4 (port) is hard, all others are soft, and the attempt goes on."""
    target, six = await dual(cold_target, wire)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    sock = await target.socket()
    connecting = tasks.start(sock.connect((six.peer.ip, 80)))
    syn = await wire.expect(TCP(flags="S"), within=50 * MS)
    wire.peer.icmp6.unreachable(syn, code)
    await asyncio.sleep(100 * MS)
    if code == 4:
        with pytest.raises(ConnectionRefusedError):
            await connecting
        return
    assert connecting.pending
    wire.send(answer(syn, flags="SA", seq=1000))
    assert await connecting is None
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)


@covers("ipv6.port-unreachable", "tcp.connect.icmp")
async def test_port_unreachable_about_another_syn_is_ignored(cold_target, wire, tasks):
    """A guess of the ports is not enough: the quoted sequence number has to be ours (RFC 5927 4.1)."""
    target, six = await dual(cold_target, wire)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    sock = await target.socket()
    connecting = tasks.start(sock.connect((six.peer.ip, 80)))
    syn = await wire.expect(TCP(flags="S"), within=50 * MS)
    forged = bytearray(syn.data)
    forged[61] ^= 1
    wire.peer.icmp6.unreachable(bytes(forged))
    await asyncio.sleep(100 * MS)
    assert connecting.pending
    wire.send(answer(syn, flags="SA", seq=1000))
    assert await connecting is None
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)


@covers("ipv6.stream", "state.every-method")
async def test_calls_in_a_wrong_state_are_refused(cold_target, wire):
    """Unconnected, listening, and connected twice."""
    target, six = await dual(cold_target, wire)
    sock = await target.socket()
    await raises_at_once(sock.recv(1), RemoteIOError, errno.ENOTCONN)
    await raises_at_once(sock.send(b"x"), RemoteIOError, errno.ENOTCONN)
    await raises_at_once(sock.sendto(b"x", (PEER_LOCAL, 80)), RemoteIOError, errno.EOPNOTSUPP)
    await raises_at_once(sock.listen(), RemoteIOError, errno.EDESTADDRREQ)
    await raises_at_once(sock.accept(), RemoteIOError)
    stream, conn = await connected_tcp(target, six)
    await raises_at_once(stream.connect((PEER_LOCAL, 81)), RemoteIOError, errno.EISCONN)
    await raises_at_once(stream.recvfrom(1), RemoteIOError, errno.EOPNOTSUPP)
    await talks(stream, conn)


@covers("ipv6.stream", "socket.independent")
async def test_eight_connections_do_not_mix(cold_target, wire):
    """Each has its own ports and its own bytes."""
    target, six = await dual(cold_target, wire)
    pairs = [await connected(target, six, 8000 + number) for number in range(8)]
    for number, (sock, conn) in enumerate(pairs):
        await sock.sendall(b"to %d" % number)
        conn.send(b"from %d" % number)
    for number, (sock, conn) in enumerate(pairs):
        assert await sock.recv(6) == b"from %d" % number
        assert await conn.recv(4, within=1 * SEC) == b"to %d" % number
    assert len({conn.remote_port for _, conn in pairs}) == 8


@covers("ipv6.families-apart", "socket.independent")
async def test_streams_of_both_families_live_side_by_side(cold_target, wire):
    """A stream of each family at once, with one peer."""
    await up6(cold_target, wire)
    four, conn4 = await connected(cold_target, wire)
    listener = wire.peer.tcp.listen(81)
    stream = await cold_target.socket(AF_INET6)
    await stream.connect((PEER_LOCAL, 81))
    conn6 = await listener.accept(within=1 * SEC)
    await talks(four, conn4)
    await talks(stream, conn6)
    conn6.reset()
    await asyncio.sleep(1 * MS)
    await talks(four, conn4)
