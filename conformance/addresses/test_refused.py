"""What is not an address: refused by every method, before anything happens, and harmlessly.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import SEC, SOCK_DGRAM, RemoteTypeError, RemoteValueError, covers

from conformance.scenes import raises_at_once

METHODS = ["bind", "tcp-bind", "connect", "tcp-connect", "sendto"]


async def refused(target, wire, address, kind, methods=METHODS):
    """Assert that every method refuses ADDRESS by KIND at once, sends nothing, and that the right call then works."""
    sockets = []
    for method in methods:
        protocol, _, name = method.rpartition("-")
        sock = await (target.socket() if protocol == "tcp" else target.socket(type=SOCK_DGRAM))
        arguments = (b"x", address) if name == "sendto" else (address,)
        await raises_at_once(sock.call(name, *arguments), kind)
        sockets.append((protocol, name, sock))
    await wire.expect_none(for_=1 * SEC)
    listener, far = wire.peer.tcp.listen(80), wire.peer.udp.bind(80)
    for protocol, name, sock in sockets:
        if name == "bind":
            assert await sock.bind(("10.0.0.1", 5000)) is None
        elif protocol == "tcp":
            assert await sock.connect((wire.peer.ip, 80)) is None
            await listener.accept(within=1 * SEC)
        else:
            if name == "connect":
                await sock.connect((wire.peer.ip, 80))
                await sock.send(b"right")
            else:
                await sock.sendto(b"right", (wire.peer.ip, 80))
            assert (await far.recv(within=1 * SEC)).data == b"right"


OUT_OF_RANGE = [-1, 256, 300, 2**31, 2**32 + 10, 2**64]


@pytest.mark.parametrize("octet", OUT_OF_RANGE, ids=str)
@pytest.mark.parametrize("form", ["string-and-port", "four-integers", "five-integers"])
@covers("address.octet-range", "arguments.no-side-effect")
async def test_octet_out_of_range_is_refused(target, wire, form, octet):
    """An octet that is cut to 8 bits is another host's address."""
    octets = (10, 0, 0, octet)
    text = ".".join(map(str, octets))
    address = {"string-and-port": (text, 80), "four-integers": octets, "five-integers": (*octets, 80)}[form]
    await refused(target, wire, address, RemoteValueError)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
@pytest.mark.parametrize("octet", [-1, 256])
@pytest.mark.parametrize("form", ["string", "five-integers"])
@covers("address.octet-range")
async def test_octet_out_of_range_is_refused_in_every_place(target, wire, form, place, octet):
    """All four octets are checked, not just the last."""
    octets = [10, 0, 0, 2]
    octets[place] = octet
    address = ".".join(map(str, octets)) if form == "string" else (*octets, 80)
    await refused(target, wire, address, RemoteValueError)


MALFORMED = {
    "empty": "",
    "one-part": "10",
    "two-parts": "10.2",
    "three-parts": "10.0.2",
    "five-parts": "10.0.0.2.5",
    "letters": "a.b.c.d",
    "double-dot": "10..0.2",
    "leading-dot": ".10.0.0.2",
    "trailing-dot": "10.0.0.2.",
    "only-dots": "...",
    "leading-space": " 10.0.0.2",
    "trailing-space": "10.0.0.2 ",
    "inner-space": "10.0. 0.2",
    "newline": "10.0.0.2\n",
    "nul": "10.0.0.2\0",
    "nul-and-more": "10.0.0.2\0x",
    "plus": "+10.0.0.2",
    "inner-plus": "10.0.0.+2",
    "minus": "-10.0.0.2",
    "hexadecimal": "0x0a.0.0.2",
    "octal": "012.0.0.2",
    "leading-zeros": "010.000.000.002",
    "one-number": "167772162",
    "hexadecimal-number": "0x0a000002",
    "with-port": "10.0.0.2:80",
    "with-prefix": "10.0.0.2/24",
    "trailing-letter": "10.0.0.2a",
    "exponent": "1e1.0.0.2",
    "comma": "10,0,0,2",
    "other-digits": "\u0661\u0660.\u0660.\u0660.\u0662",
    "ipv6": "fe80::1",
    "ipv4-in-ipv6": "::ffff:10.0.0.2",
    "only-a-port": "80",
    "very-long": "1" * 300,
    "long-octet": "10.0.0." + "0" * 290 + "2",
}


@pytest.mark.parametrize("bad", MALFORMED)
@pytest.mark.parametrize("form", ["string", "pair"])
@covers("address.malformed-string", "arguments.no-side-effect")
async def test_malformed_string_is_refused(target, wire, form, bad):
    """A string that is read generously reaches a host that nobody named."""
    text = MALFORMED[bad]
    await refused(target, wire, text if form == "string" else (text, 80), RemoteValueError)


NAMES = {
    "localhost": "localhost",
    "domain": "example.com",
    "trailing-dot": "example.com.",
    "long-label": "a" * 64 + ".example",
    "long-name": ".".join(["abcdefg"] * 32),
    "empty-label": "example..com",
    "broadcast": "<broadcast>",
    "unicode": "bücher.example",
}


@pytest.mark.parametrize("name", NAMES)
@covers("address.no-host-names", "arguments.no-side-effect")
async def test_host_name_is_refused_without_a_query(target, wire, name):
    """The documented forms have no names: no DNS query leaves the board, no call waits for one."""
    await refused(target, wire, (NAMES[name], 80), RemoteValueError)


PORTS = [-1, 65536, 65616, 2**31, 2**32 + 80, 2**64 + 80]


@pytest.mark.parametrize("port", PORTS, ids=str)
@pytest.mark.parametrize("form", ["string-and-port", "five-integers"])
@covers("address.port-range", "arguments.no-side-effect")
async def test_port_out_of_range_is_refused(target, wire, form, port):
    """A port that is cut to 16 bits is another service: 65616 would be 80."""
    address = ("10.0.0.1", port) if form == "string-and-port" else (10, 0, 0, 1, port)
    await refused(target, wire, address, RemoteValueError)


ARITIES = {
    "empty": (),
    "one-integer": (1,),
    "one-string": ("10.0.0.2",),
    "three-integers": (10, 0, 2),
    "six-integers": (10, 0, 0, 2, 80, 0),
    "many": tuple(range(100)),
    "string-and-three": ("10.0.0.2", 80, 0, 0),
    "string-and-two": ("10.0.0.2", 80, 0),
    "nested": ((10, 0, 0, 2), 80),
    "nested-pair": (("10.0.0.2", 80),),
    "port-first": (80, "10.0.0.2"),
}


@pytest.mark.parametrize("bad", ARITIES)
@covers("address.arity", "arguments.no-side-effect")
async def test_tuple_of_another_shape_is_refused(target, wire, bad):
    """Other shapes belong to other families, or to nobody."""
    await refused(target, wire, ARITIES[bad], RemoteTypeError)


TYPES = {
    "none": None,
    "float": 10.0,
    "bytes": b"10.0.0.2",
    "bytearray": bytearray(b"10.0.0.2"),
    "list": ["10.0.0.2", 80],
    "list-of-octets": [10, 0, 0, 2],
    "dict": {"10.0.0.2": 80},
    "object": object(),
    "port-as-text": ("10.0.0.2", "80"),
    "port-none": ("10.0.0.2", None),
    "port-float": ("10.0.0.2", 80.0),
    "port-bytes": ("10.0.0.2", b"80"),
    "address-bytes": (b"10.0.0.2", 80),
    "address-none": (None, 80),
    "address-list": ([10, 0, 0, 2], 80),
    "octet-float": (10.0, 0, 0, 2),
    "octet-text": ("10", "0", "0", "2"),
    "octet-none": (10, 0, None, 2),
    "fifth-text": (10, 0, 0, 2, "80"),
    "fifth-float": (10, 0, 0, 2, 80.0),
}


@pytest.mark.parametrize("bad", TYPES)
@covers("address.types", "arguments.no-side-effect")
async def test_address_of_another_type_is_refused(target, wire, bad):
    """The mistake is reported as what it is, before the call has any effect."""
    await refused(target, wire, TYPES[bad], RemoteTypeError)


@pytest.mark.parametrize("address", [80, 0, -1, True], ids=str)
@covers("address.types")
async def test_integer_is_an_address_for_bind_only(target, wire, address):
    """The short form means a port of the board; no far end can be named by it."""
    await refused(target, wire, address, RemoteTypeError, methods=["connect", "tcp-connect", "sendto"])
