"""sendto, send and sendall on datagram sockets: one call, one datagram, to the right place.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from scapy.layers.inet import UDP
from sockbench import MS, SEC, SOCK_DGRAM, Faults, RemoteIOError, RemoteTypeError, RemoteValueError, covers, elapsed_is

from conformance.scenes import NOBODY, bound_udp, raises_at_once, towards

METHODS = ["send", "sendall", "sendto"]


async def sender(target, wire, method):
    """Return (start, far): START(data, *flags) calls METHOD so that the datagram goes to FAR."""
    return await towards((wire.peer.ip, 7000), target, method), wire.peer.udp.bind(7000)


def internet_checksum(data):
    """Return the one's complement sum of DATA (RFC 1071), complemented."""
    data += b"\0" * (len(data) % 2)
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def pseudo_header(frame):
    """Return the pseudo header that UDP's checksum covers (RFC 768)."""
    ip = frame.data[14:34]
    return ip[12:20] + bytes([0, 17]) + frame.data[38:40]


@pytest.mark.parametrize("size", [0, 1, 2, 17, 18, 19, 255, 256, 1471, 1472])
@pytest.mark.parametrize("method", METHODS)
@covers("udp.sendto.one-datagram", "udp.sendto.count", "send.count", "sendall.none", "udp.send.one-datagram")
async def test_one_call_is_one_datagram(target, wire, method, size):
    """The datagram carries the bytes, its length fields and checksum are right, and it is the only one."""
    start = await towards((wire.peer.ip, 7000), target, method)
    data = bytes((7 * at + 3) % 256 for at in range(size))
    assert await start(data) == (None if method == "sendall" else size)
    frame = await wire.expect(UDP(dport=7000), within=1 * SEC)
    assert (frame.ip.src, frame.ip.dst) == ("10.0.0.1", wire.peer.ip)
    assert frame.udp.len == 8 + size
    assert frame.ip.len == 28 + size
    udp = frame.data[34 : 34 + 8 + size]
    assert udp[8:] == data
    assert udp[6:8] != b"\0\0"
    assert internet_checksum(pseudo_header(frame) + udp) == 0
    await wire.expect_none(UDP(dport=7000), for_=1 * SEC)


@covers("udp.sendto.one-datagram")
async def test_checksum_that_comes_to_zero_is_sent_as_all_ones(target, wire):
    """Zero in the field means 'no checksum' (RFC 768): such datagrams would travel unprotected."""
    sock = await bound_udp(target)
    await sock.sendto(b"\0\0", (wire.peer.ip, 7000))
    probe = await wire.expect(UDP(dport=7000), within=1 * SEC)
    # The payload that takes the place of the checksum makes the sum complete, so the field comes to zero.
    await sock.sendto(probe.data[40:42], (wire.peer.ip, 7000))
    frame = await wire.expect(UDP(dport=7000), within=1 * SEC)
    assert frame.data[40:42] == b"\xff\xff"


@covers("udp.sendto.argument-order", "module.names")
async def test_arguments_are_buffer_address_flags(target, wire):
    """By position and by name; an order like another language's would send to nobody."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target)
    to = (wire.peer.ip, 7000)
    assert await sock.sendto(b"one", to) == 3
    assert await sock.sendto(b"two", to, 0) == 3
    assert await sock.sendto(buffer=b"three", address=to, flags=0) == 5
    assert await sock.sendto(b"four", flags=0, address=to) == 4
    assert [(await far.recv(within=1 * SEC)).data for _ in range(4)] == [b"one", b"two", b"three", b"four"]


@pytest.mark.parametrize(
    "arguments",
    [((("10.0.0.2", 7000)), b"data"), (b"data", 0, ("10.0.0.2", 7000)), (b"data",), (), (b"data", None)],
    ids=["swapped", "flags-before-address", "no-address", "nothing", "none"],
)
@covers("udp.sendto.argument-order", "arguments.no-side-effect")
async def test_wrong_order_is_refused_and_nothing_sent(target, wire, arguments):
    """The mistake shows at once and not in a capture."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target)
    # An int as an address is bind's short form only.
    await raises_at_once(sock.sendto(*arguments), RemoteTypeError)
    await wire.expect_none(for_=1 * SEC)
    assert await sock.sendto(b"right", (wire.peer.ip, 7000)) == 5
    assert (await far.recv(within=1 * SEC)).data == b"right"


PAYLOADS = {
    "bytes": (bytes(range(256)), bytes(range(256))),
    "bytearray": (bytearray(range(256)), bytes(range(256))),
    "str": ("Hello World!", b"Hello World!"),
    "str-nul": ("a\0b", b"a\0b"),
    "str-utf8": ("Grüße €", "Grüße €".encode()),
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("method", METHODS)
@covers("send.payload-types", "udp.sendto.payload-types", "sendall.str")
async def test_text_and_bytes_are_payloads(target, wire, method, payload):
    """The examples send text, programs send bytes; the count is that of the bytes sent."""
    given, expected = PAYLOADS[payload]
    start, far = await sender(target, wire, method)
    assert await start(given) == (None if method == "sendall" else len(expected))
    assert (await far.recv(within=1 * SEC)).data == expected


@pytest.mark.parametrize("method", METHODS)
@covers("send.payload-types", "udp.sendto.payload-types")
async def test_buffer_on_the_device_is_a_payload(target, wire, method):
    """A bytearray that a receive call filled can be sent on as it is."""
    start, far = await sender(target, wire, method)
    buffer = await target.buffer(9, fill=0x5A)
    assert await start(buffer) == (None if method == "sendall" else 9)
    assert (await far.recv(within=1 * SEC)).data == b"\x5a" * 9


NOT_PAYLOADS = {
    "none": None,
    "int": 5,
    "list": [1, 2],
    "tuple": (1, 2),
    "float": 1.5,
    "bool": True,
    "dict": {},
    "object": object(),
}


@pytest.mark.parametrize("payload", NOT_PAYLOADS)
@pytest.mark.parametrize("method", METHODS)
@covers("send.payload-types", "udp.sendto.payload-types", "arguments.no-side-effect")
async def test_other_types_are_refused_and_nothing_sent(target, wire, method, payload):
    """An int as payload would be that many zero bytes in some languages: it is refused."""
    start, far = await sender(target, wire, method)
    await raises_at_once(start(NOT_PAYLOADS[payload]), RemoteTypeError)
    await wire.expect_none(for_=1 * SEC)
    await start(b"right")
    assert (await far.recv(within=1 * SEC)).data == b"right"


@pytest.mark.parametrize("flags", [1, 0x08, 0x80, 0x4000, -1])
@pytest.mark.parametrize("method", METHODS)
@covers("send.flags")
async def test_unknown_flags_are_refused_and_nothing_sent(target, wire, method, flags):
    """A flag that is ignored would promise what the call does not do."""
    start, far = await sender(target, wire, method)
    for _ in range(2):
        await raises_at_once(start(b"flagged", flags), RemoteValueError)
    await wire.expect_none(for_=1 * SEC)
    await start(b"plain", 0)
    assert (await far.recv(within=1 * SEC)).data == b"plain"


@pytest.mark.parametrize("method", ["send", "sendall"])
@pytest.mark.parametrize("data", [b"data", b""], ids=["data", "empty"])
@pytest.mark.parametrize("bound", [True, False], ids=["bound", "new"])
@covers("udp.unconnected-send", "send.needs-peer", "sendall.needs-peer")
async def test_sending_without_a_peer_is_refused(target, wire, method, data, bound):
    """Without an address there is nobody to send to; a broadcast to 0.0.0.0 is what must not happen."""
    sock = await bound_udp(target) if bound else await target.socket(type=SOCK_DGRAM)
    for timeout in (None, 0, 100):
        await sock.settimeout(timeout)
        await raises_at_once(sock.call(method, data), RemoteIOError, errno.EDESTADDRREQ)
    await wire.expect_none(for_=1 * SEC)


@covers("udp.sendto.unbound", "bind.port-zero")
async def test_first_sendto_gives_the_socket_a_port_that_it_keeps(target, wire):
    """A client asks without binding; the answers come to the port its question came from."""
    one, two = wire.peer.udp.bind(7000), wire.host(ip="10.0.0.3").udp.bind(7001)
    sock = await target.socket(type=SOCK_DGRAM)
    assert await sock.sendto(b"first", ("10.0.0.2", 7000)) == 5
    asked = await one.recv(within=1 * SEC)
    assert asked.source[1] >= 1024
    assert await sock.sendto(b"second", ("10.0.0.3", 7001)) == 6
    assert (await two.recv(within=1 * SEC)).source == asked.source
    two.send(b"answer", to=asked.source)
    assert await sock.recvfrom(100) == (b"answer", ("10.0.0.3", 7001))


@pytest.mark.parametrize("port", [1, 1023, 5000, 65535])
@covers("udp.sendto.source", "bind.integer")
async def test_datagram_leaves_from_the_bound_port(target, wire, port):
    """Firewalls and peers know a service by its source port."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target, port)
    await sock.sendto(b"x", (wire.peer.ip, 7000))
    assert (await far.recv(within=1 * SEC)).source == ("10.0.0.1", port)


@pytest.mark.parametrize("method", METHODS)
@covers("send.buffer-is-copied")
async def test_buffer_may_change_while_the_neighbour_is_being_resolved(target, wire, method):
    """The datagram that waits for ARP carries what the buffer held at the call."""
    host = wire.host(ip="10.0.0.3")
    far = host.udp.bind(7000)
    sock = await bound_udp(target)
    buffer = await target.buffer(100, fill=0x11)
    wire.faults.to_board = Faults(delay=100 * MS)
    if method == "sendto":
        await sock.sendto(buffer, ("10.0.0.3", 7000))
    else:
        await sock.connect(("10.0.0.3", 7000))
        await sock.call(method, buffer)
    await buffer.write(b"\x22" * 100)
    assert (await far.recv(within=5 * SEC)).data == b"\x11" * 100


@covers("udp.sendto.unreachable")
async def test_datagram_to_a_silent_neighbour_is_accepted(target, wire):
    """UDP promises nothing: the call succeeds, at most five ARP requests ask, and nothing else is sent."""
    wire.peer.arp.enabled = False
    sock = await bound_udp(target)
    sending = sock.sendto(b"anybody?", (NOBODY, 7000))
    assert await sending == 8
    elapsed_is(sending, 0)
    wire.ignore(lambda frame: frame.arp is not None)
    await wire.expect_none(UDP(), for_=60 * SEC)
    asked = [frame for frame in wire.frames if frame.outgoing and frame.arp is not None and frame.arp.pdst == NOBODY]
    assert 1 <= len(asked) <= 5


@covers("udp.sendto.unreachable", "errors.below-ioerror")
async def test_port_unreachable_does_not_break_the_socket(target, wire):
    """One peer without the service is no reason not to talk to the next."""
    far = wire.peer.udp.bind(7000)
    sock = await bound_udp(target)
    await sock.sendto(b"nobody there", (wire.peer.ip, 7001))
    wire.peer.icmp.unreachable(await wire.expect(UDP(dport=7001), within=1 * SEC), code=3)
    await wire.expect_none(for_=1 * SEC)
    assert await sock.sendto(b"hello", (wire.peer.ip, 7000)) == 5
    asked = await far.recv(within=1 * SEC)
    far.send(b"hi", to=asked.source)
    assert await sock.recvfrom(10) == (b"hi", (wire.peer.ip, 7000))
