"""The four documented address forms, in every method that takes an address.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from scapy.layers.inet import UDP
from sockbench import MS, SEC, SOCK_DGRAM, covers

from conformance.scenes import DEVICE, bound_udp, datagram

# The form as a function of (octets, port); the short forms have no port, which is then 0.
FORMS = {
    "string": lambda octets, port: ".".join(map(str, octets)),
    "four-integers": lambda octets, port: tuple(octets),
    "string-and-port": lambda octets, port: (".".join(map(str, octets)), port),
    "five-integers": lambda octets, port: (*octets, port),
}
WITHOUT_PORT = ("string", "four-integers")
PEER = (10, 0, 0, 2)


def forms(*names):
    """Parametrize over the forms, each covering its own requirement."""
    return pytest.mark.parametrize(
        "form", [pytest.param(name, marks=covers(f"address.{name}")) for name in names or FORMS]
    )


@forms()
@covers("address.every-form-everywhere", "address.missing-port-is-zero")
async def test_sendto_takes_every_form(target, wire, form):
    """Destination address and port on the wire are those of the form; a missing port is 0."""
    sock = await bound_udp(target)
    assert await sock.sendto(b"hello", FORMS[form](PEER, 0x1234)) == 5
    frame = await wire.expect(UDP(), within=1 * SEC)
    assert (frame.ip.dst, frame.udp.dport) == ("10.0.0.2", 0 if form in WITHOUT_PORT else 0x1234)
    assert frame.payload == b"hello"


@forms()
@covers("address.every-form-everywhere", "connect.port-zero", "udp.connect.send")
async def test_udp_connect_takes_every_form(target, wire, form):
    """The peer of the socket is the one of the form; a missing port is 0."""
    sock = await bound_udp(target)
    assert await sock.connect(FORMS[form](PEER, 0x1234)) is None
    assert await sock.send(b"hello") == 5
    frame = await wire.expect(UDP(), within=1 * SEC)
    assert (frame.ip.dst, frame.udp.dport) == ("10.0.0.2", 0 if form in WITHOUT_PORT else 0x1234)


@forms("string-and-port", "five-integers")
@covers("address.every-form-everywhere", "tcp.connect.handshake")
async def test_tcp_connect_takes_the_forms_with_a_port(target, wire, form):
    """The SYN goes to that address and port, and the handshake ends with None."""
    listener = wire.peer.tcp.listen(0x1234)
    sock = await target.socket()
    assert await sock.connect(FORMS[form](PEER, 0x1234)) is None
    connection = await listener.accept(within=1 * SEC)
    assert connection.state == "ESTABLISHED"


@forms("string", "four-integers")
@covers("address.every-form-everywhere", "connect.port-zero")
async def test_tcp_connect_without_a_port_never_succeeds(target, wire, form):
    """Nobody listens on port 0: refused here, or by the RST to a SYN to port 0; not one other port is tried."""
    wire.peer.tcp.refuse()
    sock = await target.socket()
    await sock.settimeout(5000)
    with pytest.raises(OSError) as caught:
        await sock.connect(FORMS[form](PEER, 0))
    assert not isinstance(caught.value, TimeoutError)
    assert all(frame.tcp is None or 0 in (frame.tcp.dport, frame.tcp.sport) for frame in wire.frames)


@forms()
@pytest.mark.parametrize("ip", [(0, 0, 0, 0), (10, 0, 0, 1)], ids=["wildcard", "own"])
@covers("address.every-form-everywhere", "bind.address-and-port", "bind.port-zero")
async def test_udp_bind_takes_every_form(target, wire, bench, form, ip):
    """A datagram to the bound port arrives; without a port a free one is chosen."""
    sock = await target.socket(type=SOCK_DGRAM)
    assert await sock.bind(FORMS[form](ip, 0x1234)) is None
    port = 0x1234
    if form in WITHOUT_PORT:
        far = wire.peer.udp.bind(8000)
        await sock.sendto(b"from where?", (wire.peer.ip, 8000))
        port = (await far.recv(within=1 * SEC)).source[1]
        assert port >= 1024
    wire.send(datagram(wire, b"hello", to=(DEVICE, port)))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"hello", (wire.peer.ip, 7000))


@forms("string-and-port", "five-integers")
@pytest.mark.parametrize("ip", [(0, 0, 0, 0), (10, 0, 0, 1)], ids=["wildcard", "own"])
@covers("address.every-form-everywhere", "bind.address-and-port")
async def test_tcp_bind_takes_the_forms_with_a_port(target, wire, form, ip):
    """A server bound in this form is reached on that port."""
    sock = await target.socket()
    assert await sock.bind(FORMS[form](ip, 0x1234)) is None
    await sock.listen()
    await wire.peer.tcp.connect(0x1234).established(within=1 * SEC)


# The first octet's edges are those of unicast addresses: 0, 127 and everything from 224 on is no host's.
EDGES = [(0, octet) for octet in (1, 126, 128, 191, 192, 223)] + [
    (place, octet) for place in (1, 2, 3) for octet in (0, 1, 127, 128, 254, 255)
]


@forms()
@pytest.mark.parametrize(("place", "octet"), EDGES)
@covers("address.every-form-everywhere")
async def test_every_octet_at_its_edges_is_put_on_the_wire(target, wire, form, place, octet):
    """The gateway carries the packet; its destination has each octet in its place."""
    octets = [11, 22, 33, 44]
    octets[place] = octet
    wire.host(ip="10.0.0.254")
    sock = await bound_udp(target)
    await sock.sendto(b"x", FORMS[form](octets, 7000))
    frame = await wire.expect(UDP(), within=1 * SEC)
    assert frame.ip.dst == ".".join(map(str, octets))


@forms("string-and-port", "five-integers")
@pytest.mark.parametrize("port", [0, 1, 80, 255, 256, 1023, 1024, 49152, 65534, 65535])
@covers("address.every-form-everywhere")
async def test_every_port_at_its_edges_is_put_on_the_wire(target, wire, form, port):
    """Both forms with a port carry all 16 bits of it, in network order."""
    sock = await bound_udp(target)
    await sock.sendto(b"x", FORMS[form](PEER, port))
    assert (await wire.expect(UDP(), within=1 * SEC)).udp.dport == port


@forms("string", "four-integers")
@covers("address.missing-port-is-zero")
async def test_missing_port_is_not_an_earlier_one(target, wire, form):
    """A call without a port after one with a port: still 0, no state is kept."""
    sock = await bound_udp(target)
    for address, expected in (((wire.peer.ip, 7000), 7000), (FORMS[form](PEER, 0), 0), ((wire.peer.ip, 7001), 7001)):
        await sock.sendto(b"x", address)
        assert (await wire.expect(UDP(), within=1 * SEC)).udp.dport == expected


@pytest.mark.parametrize("method", ["recvfrom", "recvfrom_into"])
@covers("address.every-form-everywhere", "address.returned-form")
async def test_returned_address_can_be_given_back(target, wire, bench, method):
    """Answer to whoever asked: the sender's address as it came is an argument of sendto and connect."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target)
    far.send(b"question", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    _, sender = await sock.call(method, 100 if method == "recvfrom" else await target.buffer(100))
    assert await sock.sendto(b"answer", sender) == 6
    assert (await far.recv(within=1 * SEC)).data == b"answer"
    await sock.connect(sender)
    await sock.send(b"more")
    assert (await far.recv(within=1 * SEC)).data == b"more"


@covers("address.every-form-everywhere", "address.returned-form", "tcp.accept.result")
async def test_address_of_an_accepted_client_can_be_connected_to(target, wire):
    """The address of accept names the client: a connection back to it finds its host."""
    listener = await target.socket()
    await listener.bind(80)
    await listener.listen()
    await wire.peer.tcp.connect(80, sport=4000).established(within=1 * SEC)
    _, address = await listener.accept()
    assert address == (wire.peer.ip, 4000)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.sendto(b"x", address)
    assert (await wire.expect(UDP(), within=1 * SEC)).udp.dport == 4000
