"""link() that does not succeed: which error, exactly when, and that the next one does.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from sockbench import HOUR, MS, WIFI_OPEN, WIFI_WPA2, covers
from sockbench.air import ACL, DEAUTH_AT_ONCE, FULL, HOSTAPD, SILENT

from conformance.network.scenes import GATEWAY, MASK, NONE, PASSPHRASE, SSID
from conformance.scenes import DEVICE
from conformance.wifi.scenes import (
    ANOTHER_SECURITY,
    GIVES_UP,
    HANDSHAKE,
    NO_NETWORK,
    REFUSED,
    SEARCH,
    THROWN_OUT,
    WRONG_KEY,
    fails,
    make,
    works,
)

WRONG = "correct horse battery stapler"


async def fails_to_link(wifi, arguments, number, after):
    """Return the error of link() with a static address and these ARGUMENTS: NUMBER, after so many ns."""
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    error = await fails(wifi.link(*arguments), number, after)
    assert await wifi.is_linked() is False
    assert (await wifi.link_info())[0] == NONE
    return error


@pytest.mark.parametrize(
    "ssid",
    ["", "Sockbench", "sockbenc", "sockbench2", "sockbench\0"],
    ids=["nobody", "case", "shorter", "longer", "nul"],
)
@covers("wifi.link.no-network", "wifi.link.failure", "wifi.ssid")
async def test_network_that_is_not_there_is_found_missing_after_the_search(wifi, air, wire, cold_target, ssid):
    """ENOENT; names that are like it are others, and nothing goes on after it."""
    ap = make(air)
    if ssid == "":
        ap.disappear()
    await fails_to_link(wifi, (ssid or SSID, WIFI_WPA2, PASSPHRASE), NO_NETWORK, SEARCH)
    await air.expect_none(for_=1 * HOUR)
    ap.appear()
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("security", ["open", "wep", "wpa", "wpa2-tkip", "sae", "eap"])
@covers("wifi.link.security", "wifi.link.failure")
async def test_network_without_wpa2_is_not_spoken_to(wifi, air, wire, cold_target, security):
    """EPROTO after the search, and not a single frame to the network."""
    ap = air.access_point(SSID, **({} if security == "open" else {"password": PASSPHRASE}), security=security)
    await fails_to_link(wifi, (SSID, WIFI_WPA2, PASSPHRASE), ANOTHER_SECURITY, SEARCH)
    assert {frame.name for frame in air.frames if frame.outgoing} == {"PROBE_REQ"}
    ap.disappear()
    await works(wifi, wire, cold_target, make(air))


@pytest.mark.parametrize("security", ["wep", "wpa", "wpa2", "wpa2+sae", "sae"])
@covers("wifi.link.security", "wifi.link.failure")
async def test_secured_network_is_not_joined_as_an_open_one(wifi, air, wire, cold_target, security):
    """Nobody's data goes unencrypted by a mistake of the network's settings."""
    ap = air.access_point(SSID, PASSPHRASE, security=security)
    await fails_to_link(wifi, (SSID, WIFI_OPEN), ANOTHER_SECURITY, SEARCH)
    assert {frame.name for frame in air.frames if frame.outgoing} == {"PROBE_REQ"}
    ap.disappear()
    await works(wifi, wire, cold_target, make(air, "open"))


@pytest.mark.parametrize("security", ["wpa2", "wpa+wpa2", "wpa2+sae"])
@covers("wifi.link", "wifi.link.security")
async def test_network_that_offers_wpa2_among_others_is_joined(wifi, air, wire, cold_target, security):
    """Networks in transition are the usual ones."""
    await works(wifi, wire, cold_target, air.access_point(SSID, PASSPHRASE, security=security))


# What each kind of access point makes of a wrong passphrase, and when.
PROFILES = {
    "hostapd": (HOSTAPD, WRONG_KEY, GIVES_UP),
    "deauthenticates-by-2": (DEAUTH_AT_ONCE, WRONG_KEY, 0),
    "deauthenticates-by-1": (replace(DEAUTH_AT_ONCE, reason=1), WRONG_KEY, 0),
    "deauthenticates-by-14": (replace(DEAUTH_AT_ONCE, reason=14), WRONG_KEY, 0),
    "deauthenticates-by-23": (replace(DEAUTH_AT_ONCE, reason=23), WRONG_KEY, 0),
    "falls-silent": (SILENT, WRONG_KEY, HANDSHAKE),
}


@pytest.mark.parametrize("profile", PROFILES)
@covers("wifi.link.wrong-key", "wifi.link.failure", "wifi.join.handshake-timeout")
async def test_wrong_passphrase_is_told_by_every_kind_of_access_point(wifi, air, wire, cold_target, profile):
    """EACCES, as soon as this one lets it be known; the right one works at once."""
    kind, number, after = PROFILES[profile]
    ap = make(air, profile=kind)
    await fails_to_link(wifi, (SSID, WIFI_WPA2, WRONG), number, SEARCH + after)
    await air.expect_none(for_=1 * HOUR)
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("passphrase", [PASSPHRASE.upper(), PASSPHRASE + " ", PASSPHRASE[:-1], "0" * 64, "x" * 8])
@covers("wifi.link.wrong-key", "wifi.password")
async def test_every_other_passphrase_is_wrong(wifi, air, wire, cold_target, passphrase):
    """Case, blanks and length count."""
    ap = make(air, profile=DEAUTH_AT_ONCE)
    await fails_to_link(wifi, (SSID, WIFI_WPA2, passphrase), WRONG_KEY, SEARCH)
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("profile", [FULL, ACL], ids=["full", "acl"])
@covers("wifi.link.refused", "wifi.link.failure")
async def test_access_point_that_takes_nobody_refuses_at_once(wifi, air, wire, cold_target, profile):
    """ConnectionRefusedError after the search, whatever the reason."""
    ap = make(air, profile=profile)
    await fails_to_link(wifi, (SSID, WIFI_WPA2, PASSPHRASE), REFUSED, SEARCH)
    await air.expect_none(for_=1 * HOUR)
    ap.profile = HOSTAPD
    await works(wifi, wire, cold_target, ap)


# Status codes that access points are known to refuse with (802.11-2020 table 9-50), reserved and unknown ones.
STATUSES = [1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 27, 30, 37, 40, 41, 43, 45, 51, 53, 82, 255, 65535]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("phase", ["auth", "assoc"])
@covers("wifi.join.statuses", "wifi.link.refused")
async def test_every_status_refuses(wifi, air, wire, cold_target, phase, status):
    """Of the authentication and of the association; the message says which."""
    ap = make(air)
    setattr(ap, f"{phase}_status", status)
    error = await fails_to_link(wifi, (SSID, WIFI_WPA2, PASSPHRASE), REFUSED, SEARCH)
    assert f"{error}".endswith(f" {status}"), f"{error}"
    setattr(ap, f"{phase}_status", 0)
    await works(wifi, wire, cold_target, ap)


@covers("wifi.link.refused")
async def test_station_that_is_denied_is_refused_and_others_are_not(wifi, air, wire, cold_target):
    """By its address."""
    other = make(air, "open", channel=11)
    await works(wifi, wire, cold_target, other)
    board = wire.board_mac
    await wifi.unlink()
    other.disappear()
    ap = make(air, deny=(board,))
    await fails_to_link(wifi, (SSID, WIFI_WPA2, PASSPHRASE), REFUSED, SEARCH)
    ap.deny = ()
    await works(wifi, wire, cold_target, ap)


# 802.11-2020 table 9-49, and numbers that are not in it.
REASONS = [*range(1, 25), 34, 45, 66, 100, 255, 256, 65535]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("how", ["deauth", "disassoc"])
@covers("wifi.join.reasons", "wifi.link.wrong-key")
async def test_every_reason_ends_the_handshake(wifi, air, wire, cold_target, tasks, how, reason):
    """A station that is thrown out in the middle of it holds no key that the access point accepts."""
    ap = make(air)
    ap.silent_on.add("M2")
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    linking = tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))
    await air.expect("M2", within=1000 * MS)
    getattr(ap, how)(reason=reason)
    error = await fails(linking, WRONG_KEY, SEARCH)
    assert f"{error}".endswith(f" {reason}"), f"{error}"
    ap.silent_on.clear()
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("reason", [1, 2, 3, 5, 6, 7, 9, 255])
@pytest.mark.parametrize("phase", ["AUTH", "ASSOC"])
@covers("wifi.join.reasons", "wifi.link.deauthenticated")
async def test_deauthentication_before_the_handshake_ends_the_join(wifi, air, wire, cold_target, tasks, phase, reason):
    """ConnectionAbortedError in its instant."""
    ap = make(air)
    ap.silent_on.add(phase)
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    linking = tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))
    await air.expect(phase if phase == "AUTH" else "ASSOC_REQ", within=1000 * MS)
    ap.deauth(reason=reason)
    await fails(linking, THROWN_OUT, SEARCH)
    ap.silent_on.clear()
    await works(wifi, wire, cold_target, ap)
