"""bind on datagram sockets: which address and port then receive, and what is refused.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from scapy.layers.inet import ICMP
from sockbench import (
    MS,
    SEC,
    SOCK_DGRAM,
    RemoteIOError,
    RemoteTypeError,
    RemoteValueError,
    covers,
    elapsed_is,
)

from conformance.scenes import (
    BOARD,
    BROADCAST,
    DEVICE,
    EVERYBODY,
    bound_udp,
    connected_udp,
    datagram,
    raises_at_once,
    would_block,
)

FORMS = {
    "port": lambda port: port,
    "wildcard-string": lambda port: ("0.0.0.0", port),
    "wildcard-integers": lambda port: (0, 0, 0, 0, port),
    "own-string": lambda port: (DEVICE, port),
    "own-integers": lambda port: (10, 0, 0, 1, port),
}


@pytest.mark.parametrize("port", [1, 80, 1023, 1024, 5000, 0x1234, 65535])
@pytest.mark.parametrize("form", FORMS)
@covers("bind.integer", "bind.address-and-port", "bind.silent", "results.none", "udp.bind.receives-everything")
async def test_every_form_of_bind_receives_on_its_port(target, wire, bench, form, port):
    """A datagram to the board's address and that port arrives; bind itself takes no time and sends nothing."""
    sock = await target.socket(type=SOCK_DGRAM)
    binding = sock.bind(FORMS[form](port))
    assert await binding is None
    elapsed_is(binding, 0)
    await wire.expect_none(for_=10 * SEC)
    wire.send(datagram(wire, b"hello", to=(DEVICE, port)))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(100) == (b"hello", (wire.peer.ip, 7000))


@pytest.mark.parametrize("offset", [-1, 1, 256, -256])
@covers("bind.integer", "udp.bind.receives-everything")
async def test_other_ports_are_not_received_and_answered_by_port_unreachable(target, wire, offset):
    """The neighbour port belongs to nobody: the sender is told so (RFC 1122 4.1.3.1)."""
    sock = await bound_udp(target)
    wire.send(datagram(wire, b"stray", to=(DEVICE, 5000 + offset)))
    told = await wire.expect(ICMP(type=3, code=3), within=1 * SEC)
    assert told.ip.dst == wire.peer.ip
    await sock.settimeout(0)
    await would_block(sock.recvfrom(10))


DESTINATIONS = {
    "unicast": (DEVICE, BOARD, {"port": True, "wildcard-string": True, "own-string": True}),
    "subnet-broadcast": (BROADCAST, EVERYBODY, {"port": True, "wildcard-string": True, "own-string": False}),
    "broadcast": ("255.255.255.255", EVERYBODY, {"port": True, "wildcard-string": True, "own-string": False}),
    "foreign-unicast": ("10.0.0.99", BOARD, {"port": False, "wildcard-string": False, "own-string": False}),
    "foreign-multicast": (
        "239.1.2.3",
        "01:00:5e:01:02:03",
        {"port": False, "wildcard-string": False, "own-string": False},
    ),
}


@pytest.mark.parametrize("form", ["port", "wildcard-string", "own-string"])
@pytest.mark.parametrize("destination", DESTINATIONS)
@covers("udp.bind.receives-everything", "bind.integer", "bind.address-and-port")
async def test_bind_decides_which_destinations_are_received(target, wire, bench, form, destination):
    """An integer and 0.0.0.0 mean every address of the board, broadcasts included; its own address only that one."""
    address, link, received = DESTINATIONS[destination]
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(FORMS[form](5000))
    await sock.settimeout(0)
    wire.send(datagram(wire, b"hello", to=(address, 5000), link=link))
    await bench.idle(for_=1 * MS)
    if received[form]:
        assert await sock.recvfrom(100) == (b"hello", (wire.peer.ip, 7000))
    else:
        await would_block(sock.recvfrom(100))
    await wire.expect_none(for_=1 * SEC)


FOREIGN = ["10.0.0.2", "10.0.0.3", "8.8.8.8", "192.168.1.1", BROADCAST, "255.255.255.255"]


@pytest.mark.parametrize("address", FOREIGN)
@covers("bind.foreign-address", "arguments.no-side-effect")
async def test_address_of_somebody_else_is_refused(target, wire, bench, address):
    """A service bound to an address the board does not have would never hear anything."""
    sock = await target.socket(type=SOCK_DGRAM)
    await raises_at_once(sock.bind((address, 5000)), RemoteIOError, errno.EADDRNOTAVAIL)
    await sock.bind(5000)
    wire.send(datagram(wire, b"x"))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"x", (wire.peer.ip, 7000))


NO_PORT = [0, ("0.0.0.0", 0), (0, 0, 0, 0, 0), (DEVICE, 0), DEVICE, (10, 0, 0, 1), "0.0.0.0", (0, 0, 0, 0)]


@pytest.mark.parametrize("address", NO_PORT, ids=str)
@covers("bind.port-zero", "address.missing-port-is-zero", "address.string", "address.four-integers")
async def test_no_port_means_a_free_one(target, wire, address):
    """Each socket gets a port of its own, none of the privileged ones, and receives on it."""
    far = wire.peer.udp.bind(7000)
    ports = set()
    for _ in range(3):
        sock = await target.socket(type=SOCK_DGRAM)
        assert await sock.bind(address) is None
        await sock.sendto(b"ask", (wire.peer.ip, 7000))
        asked = await far.recv(within=1 * SEC)
        ports.add(asked.source[1])
        far.send(b"answer", to=asked.source)
        assert await sock.recvfrom(100) == (b"answer", (wire.peer.ip, 7000))
    assert len(ports) == 3 and min(ports) >= 1024


@pytest.mark.parametrize("first", FORMS)
@pytest.mark.parametrize("second", FORMS)
@covers("bind.port-in-use")
async def test_port_of_another_socket_is_refused_and_free_after_its_close(target, wire, bench, first, second):
    """Two services on one port would steal each other's datagrams; after close the port is free at once."""
    holder, latecomer = await target.socket(type=SOCK_DGRAM), await target.socket(type=SOCK_DGRAM)
    await holder.bind(FORMS[first](5000))
    await raises_at_once(latecomer.bind(FORMS[second](5000)), RemoteIOError, errno.EADDRINUSE)
    wire.send(datagram(wire, b"mine"))
    await bench.idle(for_=1 * MS)
    assert (await holder.recvfrom(10))[0] == b"mine"
    await holder.close()
    assert await latecomer.bind(FORMS[second](5000)) is None
    wire.send(datagram(wire, b"now mine"))
    await bench.idle(for_=1 * MS)
    assert (await latecomer.recvfrom(10))[0] == b"now mine"


@covers("bind.port-in-use")
async def test_tcp_and_udp_ports_do_not_conflict(target, wire, bench):
    """The protocols count their ports apart."""
    stream = await target.socket()
    await stream.bind(5000)
    await stream.listen()
    sock = await bound_udp(target, 5000)
    wire.send(datagram(wire, b"x"))
    await bench.idle(for_=1 * MS)
    assert (await sock.recvfrom(10))[0] == b"x"
    client = wire.peer.tcp.connect(5000)
    await client.established(within=1 * SEC)


@pytest.mark.parametrize("again", [5000, 5001, 0, (DEVICE, 5001)], ids=str)
@covers("bind.twice", "arguments.no-side-effect")
async def test_second_bind_is_refused_and_the_first_stays(target, wire, bench, again):
    """A socket has one address; the attempt to give it another changes nothing."""
    sock = await bound_udp(target)
    await raises_at_once(sock.bind(again), RemoteIOError)
    wire.send(datagram(wire, b"x"))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"x", (wire.peer.ip, 7000))
    other = await bound_udp(target, 5001)
    wire.send(datagram(wire, b"y", to=(DEVICE, 5001)))
    await bench.idle(for_=1 * MS)
    assert await other.recvfrom(10) == (b"y", (wire.peer.ip, 7000))


@pytest.mark.parametrize("bound", [True, False], ids=["bound", "unbound"])
@covers("bind.wrong-state")
async def test_bind_after_connect_is_refused(target, wire, bound):
    """The connection has its local port; it keeps it."""
    far = wire.peer.udp.bind(7000)
    sock = await target.socket(type=SOCK_DGRAM)
    if bound:
        await sock.bind(5000)
    await sock.connect((wire.peer.ip, 7000))
    await sock.send(b"before")
    source = (await far.recv(within=1 * SEC)).source
    await raises_at_once(sock.bind(6000), RemoteIOError)
    await sock.send(b"after")
    assert (await far.recv(within=1 * SEC)).source == source


BAD_BINDS = {
    "minus-one": (-1, RemoteValueError),
    "65536": (65536, RemoteValueError),
    "65616": (65616, RemoteValueError),
    "two-to-32-plus-80": (2**32 + 80, RemoteValueError),
    "bignum": (2**70, RemoteValueError),
    "none": (None, RemoteTypeError),
    "port-as-text": ("80", RemoteValueError),
    "float": (80.0, RemoteTypeError),
    "bytes": (b"80", RemoteTypeError),
    "list": ([80], RemoteTypeError),
    "empty-tuple": ((), RemoteTypeError),
    "only-a-port-in-a-tuple": ((80,), RemoteTypeError),
}


@pytest.mark.parametrize("kind", ["udp", "tcp"])
@pytest.mark.parametrize("bad", BAD_BINDS)
@covers("bind.bad-arguments", "address.port-range", "arguments.no-side-effect")
async def test_bad_bind_argument_is_refused_and_binds_nothing(target, wire, bench, kind, bad):
    """A port that is cut to 16 bits binds somebody else's; the socket stays unbound and usable."""
    value, error = BAD_BINDS[bad]
    sock = await target.socket(type=SOCK_DGRAM) if kind == "udp" else await target.socket()
    await raises_at_once(sock.bind(value), error)
    await wire.expect_none(for_=1 * SEC)
    assert await sock.bind(80) is None
    if kind == "udp":
        wire.send(datagram(wire, b"x", to=(DEVICE, 80)))
        await bench.idle(for_=1 * MS)
        assert (await sock.recvfrom(10))[0] == b"x"
    else:
        await sock.listen()
        await wire.peer.tcp.connect(80).established(within=1 * SEC)


@covers("close.releases-port")
async def test_closed_port_is_unreachable_at_once(target, wire, bench):
    """After close the port belongs to nobody, and the senders are told."""
    sock, far = await connected_udp(target, wire)
    await sock.close()
    far.send(b"too late", to=(DEVICE, 5000))
    told = await wire.expect(ICMP(type=3, code=3), within=1 * SEC)
    assert told.ip.dst == wire.peer.ip
    again = await bound_udp(target, 5000)
    far.send(b"hello", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert await again.recvfrom(10) == (b"hello", (wire.peer.ip, 7000))


@covers("close.releases-port", "udp.bind.receives-everything")
async def test_queue_of_a_closed_socket_is_not_the_next_ones(target, wire, bench):
    """What the old socket never read does not turn up at its successor."""
    sock = await bound_udp(target)
    wire.send(datagram(wire, b"old"))
    await bench.idle(for_=1 * MS)
    await sock.close()
    successor = await bound_udp(target)
    await successor.settimeout(0)
    await would_block(successor.recvfrom(10))
