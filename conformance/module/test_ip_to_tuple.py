"""ip_to_tuple: text to four integers, or a refusal; no network.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import SEC, RemoteTypeError, RemoteValueError, covers, elapsed_is

from conformance.addresses.test_refused import MALFORMED, NAMES
from conformance.scenes import raises_at_once

GOOD = [
    "192.168.1.10",
    "0.0.0.0",
    "255.255.255.255",
    "1.2.3.4",
    "4.3.2.1",
    "127.0.0.1",
    "9.99.100.199",
    "200.249.250.255",
]


@pytest.mark.parametrize("text", GOOD)
@covers("ip_to_tuple.four-integers")
async def test_dotted_text_becomes_its_four_integers(target, text):
    """In the order written, as a tuple of ints."""
    call = target.ip_to_tuple(text)
    result = await call
    elapsed_is(call, 0)
    assert isinstance(result, tuple)
    assert result == tuple(int(part) for part in text.split("."))
    assert all(type(part) is int for part in result)


@pytest.mark.parametrize("octet", [0, 1, 9, 10, 99, 100, 199, 200, 249, 250, 255])
@covers("ip_to_tuple.four-integers")
async def test_every_octet_at_its_edges(target, octet):
    """One, two and three digits in every place."""
    for place in range(4):
        parts = [11, 22, 33, 44]
        parts[place] = octet
        assert await target.ip_to_tuple(".".join(map(str, parts))) == tuple(parts)


@pytest.mark.parametrize("octet", [-1, 256, 260, 300, 999, 1000, 2**32, 2**32 + 10])
@covers("ip_to_tuple.malformed-refused")
async def test_octet_out_of_range_is_refused(target, octet):
    """300 is no octet, and 256 is not 0, in any place."""
    for place in range(4):
        parts = ["10", "0", "0", "2"]
        parts[place] = str(octet)
        await raises_at_once(target.ip_to_tuple(".".join(parts)), RemoteValueError)


@pytest.mark.parametrize("name", [*MALFORMED, *NAMES])
@covers("ip_to_tuple.malformed-refused")
async def test_text_of_another_form_is_refused(target, name):
    """What is no address as an argument is no address here."""
    await raises_at_once(target.ip_to_tuple(MALFORMED.get(name, NAMES.get(name))), RemoteValueError)


WRONG_TYPES = {
    "none": None,
    "int": 10,
    "tuple": (10, 0, 0, 2),
    "bytes": b"10.0.0.2",
    "float": 10.0,
    "list": ["10.0.0.2"],
    "object": object(),
}


@pytest.mark.parametrize("name", WRONG_TYPES)
@covers("ip_to_tuple.pure")
async def test_argument_of_another_type_is_a_typeerror(target, name):
    """Only text is parsed."""
    await raises_at_once(target.ip_to_tuple(WRONG_TYPES[name]), RemoteTypeError)


@pytest.mark.parametrize("arguments", [(), ("10.0.0.2", "10.0.0.3")], ids=["none", "two"])
@covers("ip_to_tuple.pure")
async def test_exactly_one_argument_is_taken(target, arguments):
    """The heading shows none, the description needs one."""
    await raises_at_once(target.ip_to_tuple(*arguments), RemoteTypeError)


@covers("ip_to_tuple.pure")
async def test_no_frame_is_sent(target, wire):
    """Neither for an address nor for a name."""
    await target.ip_to_tuple("10.0.0.2")
    await raises_at_once(target.ip_to_tuple("example.com"), RemoteValueError)
    await wire.expect_none(for_=10 * SEC)


@covers("ip_to_tuple.pure", "network.down-at-start")
async def test_network_is_not_needed(cold_target):
    """It works before the network is up."""
    assert await cold_target.ip_to_tuple("1.2.3.4") == (1, 2, 3, 4)
