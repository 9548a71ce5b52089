"""Names of networks and their keys: what can be joined, and what is none.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import SEC, WIFI_OPEN, WIFI_WPA2, RemoteTypeError, RemoteValueError, covers, elapsed_is

from conformance.network.scenes import PASSPHRASE, SSID
from conformance.scenes import echoes, raises_at_once
from conformance.wifi.scenes import NO_NETWORK, SEARCH, fails, link, make

# Texts and the bytes they are on the air; every byte can be in a name, a NUL as well.
NAMES: dict[str, str | bytes] = {
    "one-character": "x",
    "thirty-two": "x" * 32,
    "blank": " ",
    "nul-inside": "a\0b",
    "nul-first": "\0b",
    "nul-last": "a\0",
    "one-byte-and-nuls": "a" + "\0" * 31,
    "utf-8": "Größe 7",
    "utf-8-thirty-two": "ü" * 16,
    "utf-8-four-bytes": "\N{ANTENNA WITH BARS}" * 8,
    "not-utf-8": b"\xff\xfe\x80",
    "every-high-byte": bytes(range(224, 256)),
    "quotes": "\"'\\%s;",
}


@pytest.mark.parametrize("security", ["open", "wpa2"])
@pytest.mark.parametrize("name", NAMES)
@covers("wifi.ssid", "wifi.link")
async def test_every_name_can_be_joined(wifi, air, wire, cold_target, name, security):
    """The name is also part of what the key is made of."""
    ssid = NAMES[name]
    ap = air.access_point(ssid, **({} if security == "open" else {"password": PASSPHRASE}))
    elapsed_is(await link(wifi, wire, ap), SEARCH)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("name", NAMES)
@covers("wifi.ssid", "wifi.scan")
async def test_every_name_is_told_by_a_scan(wifi, air, name):
    """As it would be given to link()."""
    ssid = NAMES[name]
    air.access_point(ssid)
    ((heard, *_),) = await wifi.scan()
    as_bytes = heard.encode() if isinstance(heard, str) else bytes(heard)
    assert as_bytes == (ssid.encode() if isinstance(ssid, str) else ssid)


@pytest.mark.parametrize("ssid", ["", b"", "x" * 33, "ü" * 17, b"\xff" * 33], ids=repr)
@covers("wifi.ssid", "wifi.link.arguments")
async def test_name_of_another_length_is_none(wifi, air, ssid):
    """Before anything is sent."""
    await raises_at_once(wifi.link(ssid, WIFI_OPEN), RemoteValueError)
    await air.expect_none(for_=1 * SEC)


@pytest.mark.parametrize(
    ("theirs", "asked"), [("a", "A"), ("a\0", "a"), ("a", "a\0"), ("é", "e\u0301"), ("x" * 32, "x" * 31)], ids=repr
)
@covers("wifi.ssid", "wifi.link.no-network")
async def test_names_are_compared_byte_by_byte(wifi, air, theirs, asked):
    """What looks alike is not the same network."""
    air.access_point(theirs)
    await fails(wifi.link(asked, WIFI_OPEN), NO_NETWORK, SEARCH)


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.ssid.hidden", "wifi.link")
async def test_hidden_network_is_joined_by_its_name(wifi, air, wire, cold_target, security):
    """It is asked for by name while it is searched for."""
    ap = make(air, security, hidden=True)
    elapsed_is(await link(wifi, wire, ap), SEARCH)
    await echoes(cold_target, wire)


@covers("wifi.ssid.hidden", "wifi.link.no-network")
async def test_hidden_network_of_another_name_is_not_joined(wifi, air):
    """It does not answer to a name that is not its own."""
    make(air, hidden=True)
    await fails(wifi.link("another", WIFI_WPA2, PASSPHRASE), NO_NETWORK, SEARCH)


@pytest.mark.parametrize("ssid", ["\0", "\0" * 32], ids=["one", "thirty-two"])
@covers("wifi.ssid.hidden", "wifi.scan.hidden", "wifi.link.no-network")
async def test_name_of_nothing_but_nuls_is_a_hidden_one(wifi, air, ssid):
    """So some access points hide their names, keeping the length: there is no network to join by that."""
    air.access_point(ssid)
    ((heard, *_),) = await wifi.scan()
    assert len(heard) == 0
    await fails(wifi.link(ssid, WIFI_OPEN), NO_NETWORK, SEARCH)


PASSWORDS = {
    "eight": "12345678",
    "sixty-three": "x" * 63,
    "every-character": "".join(map(chr, range(0x20, 0x20 + 63))),
    "the-others": "".join(map(chr, range(0x5F, 0x7F))),
    "blanks": " " * 8,
    "sixty-three-digits": "0123456789abcdef" * 3 + "0123456789abcde",
}


@pytest.mark.parametrize("password", PASSWORDS)
@covers("wifi.password", "wifi.link", "wifi.keys.four-way")
async def test_every_passphrase_is_a_key(wifi, air, wire, cold_target, password):
    """8 to 63 characters, from blank to tilde."""
    ap = air.access_point(SSID, PASSWORDS[password])
    elapsed_is(await link(wifi, wire, ap), SEARCH)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("case", ["lower", "upper"])
@covers("wifi.password", "wifi.link")
async def test_sixty_four_hexadecimal_digits_are_the_key_itself(wifi, air, wire, cold_target, case):
    """No name goes into it, and capitals are digits as well."""
    psk = bytes(range(200, 232))
    ap = air.access_point(SSID, psk=psk)
    digits = psk.hex() if case == "lower" else psk.hex().upper()
    await wifi.set_link_info("10.0.0.1", "255.255.255.0", "10.0.0.254", "0.0.0.0")
    wire.ignore(lambda frame: frame.arp is not None)
    linking = wifi.link(ap.ssid, WIFI_WPA2, digits)
    await linking
    elapsed_is(linking, SEARCH)
    await echoes(cold_target, wire)


NO_PASSWORDS = {
    "none": "",
    "seven": "1234567",
    "sixty-four-not-hexadecimal": "x" * 64,
    "sixty-five": "0" * 65,
    "control-character": "1234567\x1f",
    "delete": "1234567\x7f",
    "nul": "1234567\0",
    "not-ascii": "1234567ü",
}


@pytest.mark.parametrize("password", NO_PASSWORDS)
@covers("wifi.password", "wifi.link.arguments")
async def test_what_is_no_key_is_refused(wifi, air, password):
    """Before anything is sent."""
    make(air)
    await raises_at_once(wifi.link(SSID, WIFI_WPA2, NO_PASSWORDS[password]), RemoteValueError)
    await air.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("password", [None, 12345678, ("12345678",)])
@covers("wifi.password", "wifi.link.arguments")
async def test_what_is_no_text_is_refused(wifi, air, password):
    """By its type."""
    await raises_at_once(wifi.link(SSID, WIFI_WPA2, password), RemoteTypeError)
    await air.expect_none(for_=1 * SEC)
