"""connect(): the handshake, its end, its refusal, and where it must not even begin.

When an attempt ends that nobody answers is in test_connect_timing.py.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from scapy.layers.inet import TCP
from scapy.layers.l2 import ARP
from sockbench import MS, SEC, RemoteError, RemoteIOError, answer, covers, elapsed_is

from conformance.scenes import DEVICE, FAR_AWAY, echoes, raises_at_once
from conformance.tcp.stream import MSS, WINDOW, connected, listening, prompt, segments, talks

FORMS = {
    "string-and-port": ("10.0.0.2", 80),
    "five-integers": (10, 0, 0, 2, 80),
    "string": "10.0.0.2",
    "four-integers": (10, 0, 0, 2),
}


@pytest.mark.parametrize("form", [name for name, address in FORMS.items() if len(address) in (2, 5)])
@covers("tcp.connect.handshake", "address.every-form-everywhere", "address.five-integers", "socket.default-is-tcp4")
async def test_connect_does_the_handshake(target, wire, tasks, form):
    """Without a right SYN, the right ACK and a None at the end nothing else of TCP works."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect(FORMS[form]))
    syn = await wire.expect(TCP(flags="S"), within=50 * MS)
    assert (syn.ip.version, syn.ip.proto, syn.ip.src, syn.ip.dst) == (4, 6, DEVICE, "10.0.0.2")
    assert syn.tcp.dport == 80 and syn.tcp.sport >= 1024 and syn.tcp.ack == 0
    assert dict(syn.tcp.options)["MSS"] == MSS
    wire.send(answer(syn, flags="SA", seq=1000))
    ack = await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)
    assert (ack.tcp.seq, ack.tcp.ack, ack.tcp.sport) == ((syn.tcp.seq + 1) % 2**32, 1001, syn.tcp.sport)
    assert ack.tcp.window == WINDOW and not ack.payload
    assert await connecting is None
    await wire.expect_none(for_=10 * SEC)


@pytest.mark.parametrize("form", ["string", "four-integers"])
@covers("connect.port-zero", "address.missing-port-is-zero", "address.every-form-everywhere")
async def test_connect_without_a_port_means_port_zero(target, wire, form):
    """A connection to some leftover port would be a connection to the wrong service."""
    wire.peer.tcp.refuse()
    sock = await target.socket()
    with pytest.raises(RemoteIOError):
        await sock.connect(FORMS[form])
    assert all(frame.tcp.dport == 0 for frame in segments(wire))
    await wire.expect_none(for_=5 * SEC)


@pytest.mark.parametrize("port", [1, 1023, 1024, 0x1234, 49152, 65535])
@covers("tcp.connect.handshake", "address.string-and-port")
async def test_connect_to_every_kind_of_port(target, wire, port):
    """A port whose bytes are swapped, or taken for negative, reaches nobody."""
    sock, conn = await connected(target, wire, port)
    await talks(sock, conn)


@pytest.mark.parametrize("delay", [0, 1, 100, 2500, 10_000])
@covers("tcp.connect.ends-with-handshake")
async def test_connect_ends_with_the_handshake(target, wire, delay):
    """A connect that returned before the peer answered would report a connection that is none."""
    wire.peer.tcp.listen(80, syn_ack_delay=delay * MS)
    sock = await target.socket()
    call = sock.connect((wire.peer.ip, 80))
    assert await call is None
    elapsed_is(call, delay * MS)


@covers("tcp.connect.ends-with-handshake")
async def test_lost_ack_of_the_handshake_is_sent_again(target, wire):
    """The peer repeats its SYN-ACK: an end that no longer answers it leaves the server half open."""
    sock = await target.socket()
    listener = wire.peer.tcp.listen(80)
    await sock.connect((wire.peer.ip, 80))
    conn = await listener.accept(within=1 * SEC)
    before = len(segments(wire))
    conn.raw(flags="SA", seq=conn.iss, ack=conn.rcv_nxt)
    await asyncio.sleep(300 * MS)
    again = segments(wire)[before:]
    assert len(again) == 1 and again[0].tcp.flags == "A" and again[0].tcp.ack == (conn.iss + 1) % 2**32
    await talks(sock, conn)


@pytest.mark.parametrize("delay", [0, 1, 100, 2500])
@covers("tcp.connect.refused", "errors.below-ioerror")
async def test_refusal_is_reported_when_it_comes(target, wire, tasks, bench, delay):
    """A closed port is known at once: waiting for a timeout instead makes every retry slow."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 81)))
    syn = await wire.expect(TCP(dport=81, flags="S"), within=50 * MS)
    await asyncio.sleep(delay * MS)
    at = bench.now
    wire.send(answer(syn, flags="RA", seq=0))
    with pytest.raises(ConnectionRefusedError) as caught:
        await connecting
    prompt(bench, at)
    assert isinstance(caught.value, RemoteIOError) and caught.value.errno == errno.ECONNREFUSED
    await echoes(target, wire)


@pytest.mark.parametrize("wrong", ["ack-of-nothing", "ack-too-low", "ack-too-high", "no-ack"])
@covers("tcp.connect.refused")
async def test_reset_that_acknowledges_nothing_of_ours_is_ignored(target, wire, tasks, wrong):
    """Else anybody who guesses the ports can refuse a connection in the peer's name (RFC 9293 3.10.7.3)."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    ack = {"ack-of-nothing": 0, "no-ack": 0, "ack-too-low": syn.tcp.seq, "ack-too-high": syn.tcp.seq + 2}[wrong]
    wire.send(answer(syn, flags="R" if wrong == "no-ack" else "RA", seq=0, ack=ack % 2**32))
    await wire.expect_none(for_=1 * SEC)
    assert connecting.pending
    wire.send(answer(syn, flags="SA", seq=1000))
    assert await connecting is None
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)


@covers("tcp.connect.handshake")
async def test_syn_ack_for_another_syn_is_reset_and_the_attempt_goes_on(target, wire, tasks):
    """An old SYN-ACK must not be taken for the answer (RFC 9293 3.10.7.3)."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    wire.send(answer(syn, flags="SA", seq=5000, ack=(syn.tcp.seq + 77) % 2**32))
    reset = await wire.expect(lambda frame: frame.tcp is not None and "R" in str(frame.tcp.flags), within=50 * MS)
    assert reset.tcp.seq == (syn.tcp.seq + 77) % 2**32
    wire.ignore(TCP(dport=80, flags="S"))
    assert connecting.pending
    wire.send(answer(syn, flags="SA", seq=1000))
    assert await connecting is None
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)


@covers("tcp.connect.after-refusal")
async def test_connect_after_a_refusal_really_connects(target, wire):
    """A stale error of the first attempt would condemn the second, good one."""
    wire.peer.tcp.refuse(81)
    listener = wire.peer.tcp.listen(80)
    sock = await target.socket()
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            await sock.connect((wire.peer.ip, 81))
    assert await sock.connect((wire.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))


@pytest.mark.parametrize("method", ["recv", "send", "sendall"])
@covers("tcp.connect.refused", "tcp.unconnected-unusable")
async def test_refused_socket_is_unconnected(target, wire, method):
    """After a refusal the socket has no peer: reading must not wait for one."""
    wire.peer.tcp.refuse(81)
    sock = await target.socket()
    with pytest.raises(ConnectionRefusedError):
        await sock.connect((wire.peer.ip, 81))
    error = await raises_at_once(sock.call(method, 4 if method == "recv" else b"data"), RemoteIOError)
    assert not isinstance(error, TimeoutError)


@pytest.mark.parametrize("other", ["same-address", "other-port", "other-host"])
@covers("tcp.connect.already-connected")
async def test_connect_on_a_connected_socket_is_refused(target, wire, other):
    """A second connect must neither move the connection nor break it."""
    sock, conn = await connected(target, wire)
    before = len(segments(wire))
    address = {"same-address": ("10.0.0.2", 80), "other-port": ("10.0.0.2", 81), "other-host": ("10.0.0.3", 80)}[other]
    await raises_at_once(sock.connect(address), RemoteIOError, errno.EISCONN)
    assert len(segments(wire)) == before
    await talks(sock, conn)


@pytest.mark.parametrize("state", ["listening", "closed", "accepted"])
@covers("tcp.connect.wrong-state")
async def test_connect_in_a_wrong_state_is_refused(target, wire, state):
    """No SYN may come from a server socket or from one that is no more."""
    sock = await listening(target)
    if state == "closed":
        await sock.close()
    elif state == "accepted":
        conn = wire.peer.tcp.connect(80, sport=4000)
        await conn.established(within=1 * SEC)
        sock, _ = await sock.accept()
    await raises_at_once(sock.connect((wire.peer.ip, 81)), RemoteIOError)
    assert not segments(wire, flags="S")
    await echoes(target, wire)


@pytest.mark.parametrize("address", [5555, ("10.0.0.1", 5555), (10, 0, 0, 1, 5555), ("0.0.0.0", 5555)])
@covers("tcp.connect.from-bound-port", "bind.integer", "bind.address-and-port")
async def test_connect_leaves_from_the_bound_port(target, wire, address):
    """Peers that admit only certain source ports depend on it."""
    sock = await target.socket()
    await sock.bind(address)
    listener = wire.peer.tcp.listen(80)
    assert await sock.connect((wire.peer.ip, 80)) is None
    conn = await listener.accept(within=1 * SEC)
    assert (conn.remote_ip, conn.remote_port) == (DEVICE, 5555)
    await talks(sock, conn)


NOT_UNICAST = ["255.255.255.255", "10.0.0.255", "224.0.0.1", "239.255.255.255", "0.0.0.0"]


@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("ip", NOT_UNICAST)
@covers("tcp.connect.not-unicast")
async def test_connect_to_what_is_no_host_is_refused_without_a_frame(target, wire, ip, timeout):
    """TCP is between two hosts; a broadcast SYN asks every host on the net (RFC 9293 MUST-46)."""
    sock = await target.socket()
    await sock.settimeout(timeout)
    error = await raises_at_once(sock.connect((ip, 80)), RemoteIOError)
    assert not isinstance(error, TimeoutError) and error.errno != errno.EINPROGRESS
    await wire.expect_none(for_=10 * SEC)
    listener = wire.peer.tcp.listen(80)
    await sock.settimeout(None)
    assert await sock.connect((wire.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))


@pytest.mark.parametrize("ip", ["10.0.0.1", "127.0.0.1"])
@pytest.mark.parametrize("served", [True, False])
@covers("tcp.connect.own-address")
async def test_connect_to_oneself_stays_at_home(target, wire, ip, served):
    """Frames from the board to itself, or ARP for its own address, confuse every switch."""
    if served:
        await listening(target, 80)
    sock = await target.socket()
    await sock.settimeout(5000)
    try:
        assert await sock.connect((ip, 80)) is None and served
    except RemoteError as error:
        assert isinstance(error, RemoteIOError)
    await wire.expect_none(for_=30 * SEC)


@pytest.mark.parametrize("timeout", [None, 0, 100])
@covers("connect.no-route")
async def test_connect_without_a_route_fails_at_once(cold_target, wire, timeout):
    """With no way to the network there is nothing to wait for."""
    await cold_target.net_up(ip="10.0.0.1", mask="255.255.255.0", gw="0.0.0.0")
    wire.ignore(ARP(psrc=DEVICE, pdst=DEVICE))
    sock = await cold_target.socket()
    await sock.settimeout(timeout)
    await raises_at_once(sock.connect((FAR_AWAY, 80)), RemoteIOError, errno.EHOSTUNREACH)
    assert not segments(wire)


@covers("tcp.connect.handshake")
async def test_connect_through_the_gateway(target, wire, tasks):
    """What is not on the own network goes to the gateway's hardware address."""
    gateway = wire.host(ip="10.0.0.254")
    sock = await target.socket()
    connecting = tasks.start(sock.connect((FAR_AWAY, 80)))
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    assert (syn.eth.dst, syn.ip.dst) == (gateway.mac, FAR_AWAY)
    wire.send(answer(syn, flags="SA", seq=1000))
    assert await connecting is None
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)


UNUSABLE = {
    "recv": (5,),
    "recv-nothing": (0,),
    "send": (b"data",),
    "send-nothing": (b"",),
    "sendall": (b"data",),
    "sendall-nothing": (b"",),
    "recv_into": (),
}


@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize("timeout", [None, 0, 100])
@pytest.mark.parametrize("use", UNUSABLE)
@covers("tcp.unconnected-unusable", "send.needs-peer", "sendall.needs-peer")
async def test_unconnected_socket_cannot_be_used(target, wire, use, timeout, bound):
    """Waiting for data on a socket without a peer is waiting for ever."""
    sock = await target.socket()
    if bound:
        await sock.bind(5555)
    await sock.settimeout(timeout)
    arguments = UNUSABLE[use] if use != "recv_into" else (await target.buffer(4),)
    await raises_at_once(sock.call(use.split("-")[0], *arguments), RemoteIOError, errno.ENOTCONN)
    await wire.expect_none(for_=1 * SEC)


@covers("tcp.connect.handshake", "socket.independent")
async def test_eight_connections_have_eight_ports(target, wire):
    """Two connections with one pair of ports would be one connection."""
    pairs = [await connected(target, wire, 8000 + number) for number in range(8)]
    assert len({conn.remote_port for _, conn in pairs}) == 8
    for number, (sock, conn) in enumerate(pairs):
        await sock.sendall(b"to %d" % number)
        conn.send(b"from %d" % number)
    for number, (sock, conn) in enumerate(pairs):
        assert await sock.recv(6) == b"from %d" % number
        assert await conn.recv(4, within=1 * SEC) == b"to %d" % number
