"""bind() on TCP sockets: where a server is reached, and what is refused.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from sockbench import (
    MS,
    SEC,
    SO_REUSEADDR,
    SOCK_DGRAM,
    SOL_SOCKET,
    RemoteError,
    RemoteIOError,
    RemoteTypeError,
    covers,
    elapsed_is,
)

from conformance.scenes import DEVICE, raises_at_once
from conformance.tcp.stream import connected, listening, segments, talks


async def reached(wire, port, **options):
    """Return the peer's end of a connection to the board's PORT."""
    conn = wire.peer.tcp.connect(port, **options)
    return await conn.established(within=1 * SEC)


FORMS = {
    "integer": 80,
    "string-and-port": ("10.0.0.1", 80),
    "five-integers": (10, 0, 0, 1, 80),
    "any-string": ("0.0.0.0", 80),
    "any-integers": (0, 0, 0, 0, 80),
}


@pytest.mark.parametrize("form", FORMS)
@covers("bind.integer", "bind.address-and-port", "address.every-form-everywhere", "tcp.listen.accepts")
async def test_every_form_of_bind_is_served(target, wire, form):
    """The server is where the program said."""
    sock = await target.socket()
    assert await sock.bind(FORMS[form]) is None
    await sock.listen()
    conn = await reached(wire, 80)
    client, address = await sock.accept()
    assert address == (wire.peer.ip, conn.local_port)
    await talks(client, conn)


@pytest.mark.parametrize("port", [1, 80, 1023, 1024, 0x1234, 49152, 65535])
@covers("bind.integer")
async def test_every_kind_of_port_can_be_bound(target, wire, port):
    """A port with swapped bytes would be a server that nobody finds."""
    sock = await listening(target, port)
    conn = await reached(wire, port)
    client, _ = await sock.accept()
    await talks(client, conn)


@pytest.mark.parametrize("form", ["integer", ("10.0.0.1", 80)])
@covers("bind.silent", "results.none")
async def test_bind_is_silent_and_immediate(target, wire, form):
    """bind is local: it neither waits nor sends."""
    sock = await target.socket()
    call = sock.bind(80 if form == "integer" else form)
    assert await call is None
    elapsed_is(call, 0)
    await wire.expect_none(for_=10 * SEC)


@pytest.mark.parametrize("address", [("10.0.0.2", 80), ("192.168.1.1", 80), (8, 8, 8, 8, 80), ("10.0.0.255", 80)])
@covers("bind.foreign-address")
async def test_foreign_address_is_refused(target, wire, address):
    """A server that believes it is bound elsewhere is reached by nobody and says nothing."""
    sock = await target.socket()
    await raises_at_once(sock.bind(address), RemoteIOError, errno.EADDRNOTAVAIL)
    await sock.bind(80)
    await sock.listen()
    await reached(wire, 80)


@pytest.mark.parametrize("form", [0, ("10.0.0.1", 0), "10.0.0.1", (10, 0, 0, 1), ("0.0.0.0", 0), "0.0.0.0"])
@covers("bind.port-zero", "address.missing-port-is-zero")
async def test_no_port_means_a_free_port(target, wire, form):
    """Each socket gets a port of its own above the reserved ones, also for connecting."""
    seen = set()
    listener = wire.peer.tcp.listen(80)
    for _ in range(3):
        sock = await target.socket()
        assert await sock.bind(form) is None
        await sock.connect((wire.peer.ip, 80))
        seen.add((await listener.accept(within=1 * SEC)).remote_port)
    assert len(seen) == 3 and min(seen) >= 1024


@pytest.mark.parametrize("state", ["bound", "listening"])
@pytest.mark.parametrize("second", [80, ("10.0.0.1", 80), ("0.0.0.0", 80)])
@covers("bind.port-in-use")
async def test_port_in_use_is_refused(target, wire, state, second):
    """Two servers on one port would each get some of the clients."""
    first = await target.socket()
    await first.bind(80)
    if state == "listening":
        await first.listen()
    other = await target.socket()
    await raises_at_once(other.bind(second), RemoteIOError, errno.EADDRINUSE)
    await other.bind(81)
    await first.listen()
    await reached(wire, 80)
    await first.close()


@covers("bind.port-in-use")
async def test_udp_and_tcp_ports_are_different_things(target, wire):
    """DNS servers, for one, use the same number for both."""
    udp = await target.socket(type=SOCK_DGRAM)
    await udp.bind(80)
    sock = await listening(target, 80)
    conn = await reached(wire, 80)
    client, _ = await sock.accept()
    await talks(client, conn)


@pytest.mark.parametrize("used", ["bound", "listening"])
@covers("bind.port-in-use", "close.releases-port")
async def test_port_is_free_after_close(target, wire, used):
    """A server that restarts must find its port again."""
    for _ in range(5):
        sock = await target.socket()
        await sock.bind(80)
        if used == "listening":
            await sock.listen()
        await sock.close()
    sock = await listening(target, 80)
    conn = await reached(wire, 80)
    client, _ = await sock.accept()
    await talks(client, conn)


@pytest.mark.parametrize("second", [80, 81, 0, ("10.0.0.1", 81)])
@covers("bind.twice")
async def test_second_bind_is_refused_and_harmless(target, wire, second):
    """lwIP links a control block twice if it is let: then the whole stack stands still at the next walk."""
    sock = await target.socket()
    await sock.bind(80)
    for _ in range(2):
        await raises_at_once(sock.bind(second), RemoteIOError, errno.EINVAL)
    await sock.listen()
    conn = await reached(wire, 80)
    client, _ = await sock.accept()
    await talks(client, conn)
    other, conn = await connected(target, wire, 8080)
    await talks(other, conn)
    outside = wire.peer.tcp.connect(81)
    await outside.closed(within=1 * SEC)
    assert outside.lost == "refused"


@covers("bind.wrong-state")
async def test_bind_on_a_connected_socket_is_refused(target, wire):
    """A connection has its port already; the refusal leaves it alone."""
    sock, conn = await connected(target, wire)
    await raises_at_once(sock.bind(5555), RemoteIOError)
    await talks(sock, conn)


@covers("bind.wrong-state")
async def test_bind_on_a_listening_or_closed_socket_is_refused(target, wire):
    """The listener goes on accepting where it was; a closed socket is none."""
    sock = await listening(target)
    await raises_at_once(sock.bind(81), RemoteIOError)
    conn = await reached(wire, 80)
    client, _ = await sock.accept()
    await talks(client, conn)
    await sock.close()
    await raises_at_once(sock.bind(82), RemoteIOError)


BAD = {
    "minus-one": -1,
    "65536": 65536,
    "80-and-65536": 65616,
    "2**32": 2**32 + 80,
    "none": None,
    "str": "80",
    "float": 80.0,
    "empty-tuple": (),
    "bytes": b"80",
    "str-port": ("10.0.0.1", "80"),
    "none-port": ("10.0.0.1", None),
    "big-port": ("10.0.0.1", 65536),
    "list": [10, 0, 0, 1, 80],
}


@pytest.mark.parametrize("bad", BAD)
@covers("bind.bad-arguments", "address.port-range", "arguments.no-side-effect")
async def test_bad_argument_of_bind_is_refused(target, wire, bad):
    """65616 is 80 if it is cut to 16 bits: the program would serve a port it never named."""
    sock = await target.socket()
    with pytest.raises((ValueError, OverflowError, TypeError, OSError)) as caught:
        await sock.bind(BAD[bad])
    if bad in ("none", "float", "bytes", "str-port", "none-port", "list"):
        assert isinstance(caught.value, RemoteTypeError)
    assert isinstance(caught.value, RemoteError)
    elapsed_is(caught.value, 0)
    assert await sock.bind(80) is None
    await sock.listen()
    await reached(wire, 80)


@pytest.mark.parametrize("reuse", [False, True])
@covers("options.reuseaddr", "bind.port-in-use")
async def test_port_in_time_wait_needs_reuseaddr(target, wire, reuse):
    """A restarted server: its old connection is in TIME_WAIT, which the option is made to pass over."""
    listener = await listening(target)
    conn = await reached(wire, 80)
    client, _ = await listener.accept()
    await client.close()
    await conn.until(lambda c: c.peer_finished, within=1 * SEC)
    conn.finish()
    await conn.closed(within=1 * SEC)
    await listener.close()
    again = await target.socket()
    if reuse:
        await again.call("setsockopt", SOL_SOCKET, SO_REUSEADDR, 1)
        assert await again.bind(80) is None
        await again.listen()
        await reached(wire, 80, sport=4001)
    else:
        await raises_at_once(again.bind(80), RemoteIOError, errno.EADDRINUSE)


@covers("options.reuseaddr", "bind.port-in-use")
async def test_reuseaddr_does_not_allow_two_listeners(target):
    """The option is for old connections, not for stealing a port from a server that runs."""
    socks = [await target.socket() for _ in range(2)]
    for sock in socks:
        await sock.call("setsockopt", SOL_SOCKET, SO_REUSEADDR, 1)
    await socks[0].bind(80)
    await socks[0].listen()
    with pytest.raises(RemoteIOError):
        await socks[1].bind(80)
        await socks[1].listen()


@covers("bind.address-and-port")
async def test_server_on_one_address_is_not_reached_at_another(target, wire):
    """Bound to 10.0.0.1 means 10.0.0.1 only: a SYN to the broadcast address is nobody's."""
    await listening(target, 80)
    link = Ether(src=wire.peer.mac, dst="ff:ff:ff:ff:ff:ff")
    wire.send(link / IP(src=wire.peer.ip, dst="10.0.0.255") / TCP(sport=4000, dport=80, flags="S", seq=1))
    wire.send(link / IP(src=wire.peer.ip, dst="255.255.255.255") / TCP(sport=4001, dport=80, flags="S", seq=1))
    await wire.expect_none(for_=30 * SEC)
    assert not segments(wire)
    conn = wire.peer.tcp.connect(80, to=DEVICE)
    await conn.established(within=100 * MS)
