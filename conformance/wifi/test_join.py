"""The phases of a join: how long each waits, what a lost attempt costs, and both sides of every limit.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from sockbench import HOUR, MS, SEC, WIFI_WPA2, covers, elapsed_is
from sockbench.air import HOSTAPD

from conformance.network.scenes import GATEWAY, MASK, NONE, PASSPHRASE, SSID
from conformance.scenes import DEVICE, echoes
from conformance.wifi.scenes import (
    GIVES_UP,
    HANDSHAKE,
    LIMIT,
    PHASE,
    REPEATS,
    SEARCH,
    SILENCE,
    TRIES,
    WRONG_KEY,
    fails,
    link,
    make,
    works,
)

# What the board says in a phase, what the access point answers, and how the phase's silence is told.
ASKED = {"AUTH": "AUTH", "ASSOC": "ASSOC_REQ"}
ANSWERED = {"AUTH": "AUTH", "ASSOC": "ASSOC_RESP"}
BY_PHASE = {"AUTH": "wifi.join.auth-timeout", "ASSOC": "wifi.join.assoc-timeout"}


async def start(wifi, tasks):
    """Return a link() with a static address, which has begun."""
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    return tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))


def said(air, name):
    """Return when the board said what has that NAME."""
    return [frame.at for frame in air.frames if frame.outgoing and frame.name == name]


@pytest.mark.parametrize("phase", ASKED)
@covers("wifi.join.auth-timeout", "wifi.join.assoc-timeout", "wifi.link.silence")
async def test_phase_that_is_not_answered_is_tried_three_times(wifi, air, wire, cold_target, tasks, phase):
    """200 ms apart, and given up 200 ms after the third."""
    ap = make(air)
    ap.silent_on.add(phase)
    linking = await start(wifi, tasks)
    await fails(linking, SILENCE, SEARCH + TRIES * PHASE)
    times = said(air, ASKED[phase])
    assert [later - earlier for earlier, later in pairwise(times)] == [PHASE] * (TRIES - 1)
    await air.expect_none(for_=1 * HOUR)
    ap.silent_on.clear()
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("lost", range(1, TRIES))
@pytest.mark.parametrize("phase", ASKED)
@covers("wifi.join.lost-attempt")
async def test_lost_answer_costs_its_time_and_no_more(wifi, air, wire, cold_target, phase, lost):
    """The next attempt succeeds."""
    ap = make(air)
    ap.drop(ANSWERED[phase], count=lost)
    elapsed_is(await link(wifi, wire, ap), SEARCH + lost * PHASE)
    assert len(said(air, ASKED[phase])) == lost + 1
    await echoes(cold_target, wire)


@pytest.mark.parametrize("late", [1 * MS, PHASE - 1 * MS, PHASE + 1 * MS, TRIES * PHASE - 1 * MS])
@pytest.mark.parametrize("phase", ASKED)
@covers("wifi.join.lost-attempt", "wifi.join.auth-timeout", "wifi.join.assoc-timeout")
async def test_answer_counts_until_the_phase_is_given_up(wifi, air, wire, cold_target, phase, late):
    """Also when the question was repeated meanwhile."""
    ap = make(air, "open")
    ap.delay(ANSWERED[phase], by=late, count=None)
    elapsed_is(await link(wifi, wire, ap), SEARCH + late)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("phase", ASKED)
@covers("wifi.join.auth-timeout", "wifi.join.assoc-timeout", "wifi.link.silence")
async def test_answer_after_the_phase_is_nothing_to_the_board(wifi, air, wire, cold_target, tasks, phase):
    """It has given up, and joins anew when it is told to."""
    ap = make(air)
    ap.delay(ANSWERED[phase], by=TRIES * PHASE + 1 * MS, count=TRIES)
    linking = await start(wifi, tasks)
    await fails(linking, SILENCE, SEARCH + TRIES * PHASE)
    await asyncio.sleep(10 * SEC)
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("message", ["M1", "M3"])
@pytest.mark.parametrize("lost", [1, 2, 3])
@covers("wifi.join.lost-attempt", "wifi.keys.four-way")
async def test_lost_message_of_the_handshake_comes_again(wifi, air, wire, cold_target, message, lost):
    """When the access point repeats it: after 0.1, 1.1 and 2.1 s."""
    ap = make(air)
    ap.drop(message, count=lost)
    elapsed_is(await link(wifi, wire, ap), SEARCH + REPEATS[lost])
    await echoes(cold_target, wire)


@covers("wifi.join.handshake-timeout")
async def test_handshake_that_never_begins_is_given_up(wifi, air, wire, cold_target, tasks):
    """Three seconds after the association; the access point is told by reason 15."""
    ap = make(air)
    ap.drop("M1", count=None)
    linking = await start(wifi, tasks)
    farewell = await air.expect("DEAUTH", within=SEARCH + HANDSHAKE + 1 * SEC)
    await fails(linking, WRONG_KEY, SEARCH + HANDSHAKE)
    assert farewell.reason == 15
    assert farewell.at - said(air, "ASSOC_REQ")[-1] == HANDSHAKE
    await asyncio.sleep(10 * SEC)
    await works(wifi, wire, cold_target, make_another(air, ap))


def make_another(air, ap):
    """Return an access point of the same network in the place of one that was told to misbehave."""
    ap.disappear()
    return make(air)


@pytest.mark.parametrize("late", [1 * MS, HANDSHAKE - 1 * MS])
@pytest.mark.parametrize("message", ["M1", "M3"])
@covers("wifi.join.handshake-timeout", "wifi.join.lost-attempt")
async def test_message_counts_until_the_handshake_is_given_up(wifi, air, wire, cold_target, message, late):
    """A slow access point is no reason to give up."""
    ap = make(air)
    ap.delay(message, by=late, count=None)
    elapsed_is(await link(wifi, wire, ap), SEARCH + late)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("message", ["M1", "M3"])
@covers("wifi.join.handshake-timeout")
async def test_message_after_the_handshake_is_nothing_to_the_board(wifi, air, wire, cold_target, tasks, message):
    """It was given up a millisecond before."""
    ap = make(air)
    ap.delay(message, by=HANDSHAKE + 1 * MS, count=None)
    linking = await start(wifi, tasks)
    await fails(linking, WRONG_KEY, SEARCH + HANDSHAKE)
    await asyncio.sleep(10 * SEC)
    await works(wifi, wire, cold_target, make_another(air, ap))


@covers("wifi.join.handshake-timeout", "wifi.link.wrong-key")
async def test_every_message_gives_the_handshake_its_time_anew(wifi, air, wire, cold_target, tasks):
    """The access point's four first messages keep the board waiting for more than three seconds."""
    ap = make(air)
    ap.silent_on.add("M2")
    linking = await start(wifi, tasks)
    await fails(linking, WRONG_KEY, SEARCH + GIVES_UP)
    assert [at - said(air, "M2")[0] for at in said(air, "M2")] == list(REPEATS)
    ap.silent_on.clear()
    await works(wifi, wire, cold_target, ap)


@covers("wifi.join.limit", "wifi.link.silence")
async def test_join_that_is_drawn_out_ends_after_thirteen_seconds(wifi, air, wire, cold_target, tasks):
    """An access point that says its first message over and over keeps nobody waiting for ever."""
    endless = tuple(number * SEC for number in range(1, 60))
    ap = make(air, profile=replace(HOSTAPD, repeats=endless, patience=120 * SEC))
    ap.silent_on.add("M2")
    linking = await start(wifi, tasks)
    farewell = await air.expect("DEAUTH", within=LIMIT + 1 * SEC)
    assert farewell.reason == 15
    await fails(linking, SILENCE, LIMIT)
    await works(wifi, wire, cold_target, make_another(air, ap))


@pytest.mark.parametrize("seconds", [4, 11, 12])
@covers("wifi.join.limit", "wifi.join.handshake-timeout")
async def test_join_that_is_drawn_out_succeeds_within_its_limit(wifi, air, wire, cold_target, seconds):
    """Every message accepted gives the handshake its time anew, as long as the thirteen seconds last."""
    endless = tuple(number * SEC for number in range(1, 60))
    ap = make(air, profile=replace(HOSTAPD, repeats=endless, patience=120 * SEC))
    ap.silent_on.add("M2")
    asyncio.get_running_loop().call_at(SEARCH + seconds * SEC - 500 * MS, ap.silent_on.clear)
    elapsed_is(await link(wifi, wire, ap), SEARCH + seconds * SEC)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("order", [0, 1], ids=["first", "second"])
@covers("wifi.join.strongest", "wifi.scan.channels")
async def test_strongest_access_point_is_joined(wifi, air, wire, cold_target, order):
    """Whichever channel it is on, and whatever was heard first."""
    aps = [make(air, channel=1, rssi=-40 - 30 * order), make(air, channel=11, rssi=-70 + 30 * order)]
    elapsed_is(await link(wifi, wire, aps[0]), SEARCH)
    assert wire.board_mac in aps[order].stations and wire.board_mac not in aps[1 - order].stations
    await echoes(cold_target, wire)


@covers("wifi.join.strongest")
async def test_of_equals_the_first_that_was_heard_is_joined(wifi, air, wire, cold_target):
    """Channels are looked at in ascending order."""
    late, early = make(air, channel=9), make(air, channel=3)
    await link(wifi, wire, late)
    assert wire.board_mac in early.stations
    await echoes(cold_target, wire)


@covers("wifi.join.strongest", "wifi.link.security")
async def test_stronger_one_with_another_security_is_passed_over(wifi, air, wire, cold_target):
    """A network of the same name that somebody left open is not the one asked for."""
    make(air, "open", channel=1, rssi=-20)
    ap = make(air, channel=11, rssi=-80)
    elapsed_is(await link(wifi, wire, ap), SEARCH)
    assert wire.board_mac in ap.stations
    await echoes(cold_target, wire)


@covers("wifi.join.strangers", "wifi.link.deauthenticated")
async def test_strangers_cannot_end_a_join(wifi, air, wire, cold_target, tasks):
    """Deauthentications of other access points are not the chosen one's."""
    ap = make(air)
    other = air.access_point("other", "another password", channel=ap.channel)
    ap.silent_on.add("ASSOC")
    linking = await start(wifi, tasks)
    asked = await air.expect("ASSOC_REQ", within=1 * SEC)
    other.deauth(mac=asked.source, reason=1)
    other.deauth(reason=1)
    ap.silent_on.clear()
    elapsed_is(await ended(linking), SEARCH + PHASE)
    await echoes(cold_target, wire)


async def ended(call):
    """Await CALL and return it."""
    await call
    return call
