"""The address forms of IPv6 in every method that takes an address, and the texts that are none.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from scapy.layers.inet import UDP
from sockbench import (
    AF_INET6,
    MS,
    SEC,
    SOCK_DGRAM,
    RemoteIOError,
    RemoteTypeError,
    RemoteValueError,
    covers,
)

from conformance.ipv6.link import (
    BOARD_GLOBAL,
    BOARD_LOCAL,
    PEER_GLOBAL,
    PEER_LOCAL,
    SCOPE,
    datagram6,
    dual,
    globally,
    udp6,
    up6,
)
from conformance.scenes import ignore_refusals, raises_at_once

FORMS = {
    "text": lambda ip, port: ip,
    "text-and-port": lambda ip, port: (ip, port),
    "four-parts": lambda ip, port: (ip, port, 0, 0),
    "four-parts-with-scope": lambda ip, port: (ip, port, 0, SCOPE),
    "four-parts-with-flow": lambda ip, port: (ip, port, 0xFFFFF, SCOPE),
}
forms = pytest.mark.parametrize("form", FORMS)
scopes = pytest.mark.parametrize("scope", ["link-local", "global"])


@forms
@scopes
@covers("ipv6.address-forms", "socket.family-inet6")
async def test_sendto_takes_every_form(cold_target, wire, form, scope):
    """Destination address and port on the wire are those of the form; a missing port is 0."""
    target, six = await dual(cold_target, wire, scope)
    sock = await udp6(target)
    assert await sock.sendto(b"hello", FORMS[form](six.peer.ip, 0x1234)) == 5
    frame = await wire.expect(UDP(), within=1 * SEC)
    assert (frame.ipv6.dst, frame.udp.dport) == (six.peer.ip, 0 if form == "text" else 0x1234)
    assert frame.payload == b"hello"


@forms
@scopes
@covers("ipv6.address-forms", "socket.family-inet6")
async def test_udp_connect_takes_every_form(cold_target, wire, form, scope):
    """The peer of the socket is the one of the form."""
    target, six = await dual(cold_target, wire, scope)
    sock = await udp6(target)
    assert await sock.connect(FORMS[form](six.peer.ip, 0x1234)) is None
    assert await sock.send(b"hello") == 5
    frame = await wire.expect(UDP(), within=1 * SEC)
    assert (frame.ipv6.dst, frame.udp.dport) == (six.peer.ip, 0 if form == "text" else 0x1234)


@pytest.mark.parametrize("form", [name for name in FORMS if name != "text"])
@scopes
@covers("ipv6.address-forms", "ipv6.stream")
async def test_tcp_connect_takes_the_forms_with_a_port(cold_target, wire, form, scope):
    """The handshake is done with that address and port."""
    target, six = await dual(cold_target, wire, scope)
    listener = six.peer.tcp.listen(0x1234)
    sock = await target.socket()
    assert await sock.connect(FORMS[form](six.peer.ip, 0x1234)) is None
    assert (await listener.accept(within=1 * SEC)).state == "ESTABLISHED"


@covers("ipv6.address-forms", "connect.port-zero")
async def test_tcp_connect_to_a_bare_text_means_port_zero(cold_target, wire):
    """Nobody listens there: the peer refuses."""
    target, six = await dual(cold_target, wire)
    wire.peer.tcp.refuse()
    sock = await target.socket()
    with pytest.raises(ConnectionRefusedError):
        await sock.connect(six.peer.ip)
    assert {frame.tcp.dport for frame in wire.frames if frame.outgoing and frame.tcp is not None} == {0}


@forms
@pytest.mark.parametrize("ip", ["::", BOARD_LOCAL, BOARD_GLOBAL], ids=["any", "link-local", "global"])
@covers("ipv6.address-forms", "bind.address-and-port")
async def test_udp_bind_takes_every_form(cold_target, wire, form, ip):
    """A datagram to the bound address and port arrives; a missing port is chosen by the stack."""
    host = await globally(cold_target, wire)
    sock = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    assert await sock.bind(FORMS[form](ip, 0x1234)) is None
    port = (await sock.call("getsockname"))[1]
    assert port >= 1024 if form == "text" else port == 0x1234
    host.udp.bind(7000).send(b"hello", to=(BOARD_LOCAL if ip == "::" else ip, port))
    assert (await sock.recvfrom(10))[0] == b"hello"


@covers("ipv6.address-forms", "bind.integer")
async def test_bind_takes_a_bare_port(cold_target, wire):
    """The documented form of servers is no matter of the family."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target, 5000)
    assert await sock.call("getsockname") == ("::", 5000, 0, 0)
    wire.peer.udp.bind(7000).send(b"hello", to=(BOARD_LOCAL, 5000))
    assert (await sock.recvfrom(10))[0] == b"hello"


# Texts of one address each; the long ones are what a reader of RFC 4291 2.2 has to take.
SPELLINGS = {
    "full": "2001:0db8:0000:0000:0000:0000:0000:0003",
    "no-leading-zeros": "2001:db8:0:0:0:0:0:3",
    "capitals": "2001:DB8::3",
    "gap-in-front-of-last": "2001:db8:0:0:0:0::3",
    "gap-for-one": "2001:db8::0:0:0:0:3",
    "dotted-tail": "2001:db8::0.0.0.3",
    "dotted-tail-in-full": "2001:db8:0:0:0:0:0.0.0.3",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@covers("ipv6.address-forms")
async def test_every_spelling_of_an_address_is_that_address(cold_target, wire, spelling):
    """A text that is copied from a configuration has any of these forms."""
    host = await globally(cold_target, wire)
    far = host.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"x", (SPELLINGS[spelling], 7000))
    assert (await far.recv(within=1 * SEC)).destination == (PEER_GLOBAL, 7000)


NOT_IPV6 = {
    "empty": "",
    "colon": ":",
    "three-colons": ":::",
    "seven-groups": "1:2:3:4:5:6:7",
    "nine-groups": "1:2:3:4:5:6:7:8:9",
    "two-gaps": "1::2::3",
    "gap-for-nothing": "1:2:3:4::5:6:7:8",
    "five-digits": "2001:0db80::1",
    "no-digit": "2001:dg8::1",
    "colon-in-front": ":1:2:3:4:5:6:7",
    "colon-at-the-end": "1:2:3:4:5:6:7:",
    "scope-in-text": "fe80::1%2",
    "brackets": "[fe80::1]",
    "prefix": "fe80::/64",
    "space-in-front": " fe80::1",
    "space-behind": "fe80::1 ",
    "newline": "fe80::1\n",
    "nul": "fe80::1\0",
    "sign": "-1::1",
    "ipv4": "10.0.0.2",
    "dotted-in-the-middle": "::10.0.0.2:1",
    "dotted-too-large": "::10.0.0.256",
    "dotted-too-short": "::10.0.2",
    "dotted-leading-zero": "::10.0.0.02",
    "name": "localhost",
    "full-width": "fe80::\uff11",
}


@pytest.mark.parametrize("method", ["bind", "connect", "sendto"])
@pytest.mark.parametrize("name", NOT_IPV6)
@covers("ipv6.malformed-refused", "address.malformed-string", "address.no-host-names")
async def test_text_that_is_no_ipv6_address_is_refused(target, wire, method, name):
    """ValueError at once and without a frame, whatever tuple the text is in; the socket is as before."""
    sock = await target.socket(AF_INET6, SOCK_DGRAM)
    text = NOT_IPV6[name]
    for address in (text, (text, 7000), (text, 7000, 0, SCOPE)):
        arguments = (b"x", address) if method == "sendto" else (address,)
        await raises_at_once(sock.call(method, *arguments), RemoteValueError)
    await wire.expect_none(for_=1 * SEC)
    assert await sock.bind(5000) is None


WRONG = {
    "port-negative": ((PEER_LOCAL, -1), RemoteValueError),
    "port-65536": ((PEER_LOCAL, 65536), RemoteValueError),
    "port-huge": ((PEER_LOCAL, 2**70), RemoteValueError),
    "port-text": ((PEER_LOCAL, "80"), RemoteTypeError),
    "port-none": ((PEER_LOCAL, None), RemoteTypeError),
    "port-float": ((PEER_LOCAL, 80.0), RemoteTypeError),
    "flow-negative": ((PEER_LOCAL, 80, -1, 0), RemoteValueError),
    "flow-21-bits": ((PEER_LOCAL, 80, 0x100000, 0), RemoteValueError),
    "flow-text": ((PEER_LOCAL, 80, "0", 0), RemoteTypeError),
    "scope-negative": ((PEER_LOCAL, 80, 0, -1), RemoteValueError),
    "scope-33-bits": ((PEER_LOCAL, 80, 0, 2**32), RemoteValueError),
    "scope-text": ((PEER_LOCAL, 80, 0, "eth"), RemoteTypeError),
    "one-part": ((PEER_LOCAL,), RemoteTypeError),
    "three-parts": ((PEER_LOCAL, 80, 0), RemoteTypeError),
    "five-parts": ((PEER_LOCAL, 80, 0, 0, 0), RemoteTypeError),
    "nothing": ((), RemoteTypeError),
    "four-integers": ((10, 0, 0, 2), RemoteTypeError),
    "five-integers": ((10, 0, 0, 2, 80), RemoteTypeError),
    "bytes": ((bytes(16), 80), RemoteTypeError),
    "list": ([PEER_LOCAL, 80], RemoteTypeError),
    "none": (None, RemoteTypeError),
}


@pytest.mark.parametrize("method", ["bind", "connect", "sendto"])
@pytest.mark.parametrize("name", WRONG)
@covers("ipv6.malformed-refused", "address.types", "address.arity", "address.port-range")
async def test_wrong_parts_are_refused(target, wire, method, name):
    """Types and numbers of parts are TypeError, ranges ValueError; neither has an effect."""
    address, kind = WRONG[name]
    sock = await target.socket(AF_INET6, SOCK_DGRAM)
    await raises_at_once(sock.call(method, *((b"x", address) if method == "sendto" else (address,))), kind)
    await wire.expect_none(for_=1 * SEC)
    assert await sock.bind(5000) is None


@pytest.mark.parametrize("method", ["bind", "connect", "sendto"])
@pytest.mark.parametrize("scope", [1 + SCOPE, 200, 256 + SCOPE, 2**32 - 1])
@covers("ipv6.scope")
async def test_scope_that_no_interface_has_is_refused(cold_target, wire, method, scope):
    """A number that is cut to eight bits would name an interface that was not meant."""
    await up6(cold_target, wire)
    sock = await cold_target.socket(AF_INET6, SOCK_DGRAM)
    address = (BOARD_LOCAL if method == "bind" else PEER_LOCAL, 7000, 0, scope)
    arguments = (b"x", address) if method == "sendto" else (address,)
    await raises_at_once(sock.call(method, *arguments), RemoteIOError, errno.ENETUNREACH)
    await wire.expect_none(for_=5 * SEC)


# What RFC 5952 makes of an address; the board's peer sends from it.
RFC5952 = {
    "longest-run": ("2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"),
    "first-of-equal-runs": ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    "one-group-is-no-run": ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    "small-letters": ("2001:DB8::ABCD:EF01", "2001:db8::abcd:ef01"),
    "leading-zeros": ("2001:db8::00a0:0b00", "2001:db8::a0:b00"),
    "no-zeros": ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"),
}


@pytest.mark.parametrize("method", ["recvfrom", "recvfrom_into"])
@pytest.mark.parametrize("name", RFC5952)
@covers("ipv6.returned-form", "address.returned-form")
async def test_sender_is_returned_as_rfc_5952_writes_it(cold_target, wire, bench, method, name):
    """One address has one text, so that texts can be compared."""
    await globally(cold_target, wire)
    sock = await udp6(cold_target)
    source, text = RFC5952[name]
    wire.send(datagram6(wire, b"x", source=(source, 7000), to=(BOARD_GLOBAL, 5000)))
    await bench.idle(for_=1 * MS)
    _, sender = await sock.call(method, 10 if method == "recvfrom" else await cold_target.buffer(10))
    assert sender == (text, 7000, 0, 0)


@scopes
@covers("ipv6.returned-form", "ipv6.scope")
async def test_returned_address_can_be_given_back(cold_target, wire, scope):
    """Sender of recvfrom and client of accept: four parts, with the interface for link-local ones only."""
    target, six = await dual(cold_target, wire, scope)
    number = SCOPE if scope == "link-local" else 0
    own = BOARD_LOCAL if scope == "link-local" else BOARD_GLOBAL
    far = six.peer.udp.bind(7000)
    sock = await udp6(target)
    far.send(b"question", to=(own, 5000))
    _, sender = await sock.recvfrom(100)
    assert sender == (six.peer.ip, 7000, 0, number)
    assert await sock.sendto(b"answer", sender) == 6
    assert (await far.recv(within=1 * SEC)).data == b"answer"

    listener = await target.socket()
    await listener.bind(80)
    await listener.listen()
    await six.peer.tcp.connect(80, to=own, sport=4000).established(within=1 * SEC)
    client, address = await listener.accept()
    assert address == (six.peer.ip, 4000, 0, number) == await client.call("getpeername")
    await sock.connect(sender)
    assert await sock.call("getpeername") == (six.peer.ip, 7000, 0, number)


@covers("ipv6.returned-form")
async def test_strangers_port_zero_is_returned_as_zero(cold_target, wire, bench):
    """Four parts with a port of 0, not two parts."""
    await up6(cold_target, wire)
    ignore_refusals(wire)
    sock = await udp6(cold_target)
    wire.send(datagram6(wire, b"x", source=(PEER_LOCAL, 0)))
    await bench.idle(for_=1 * MS)
    assert await sock.recvfrom(10) == (b"x", (PEER_LOCAL, 0, 0, SCOPE))
