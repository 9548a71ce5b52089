"""What the driver does about a network that was lost: when it joins again, and when it gives up.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import HOUR, MS, SEC, WIFI_WPA2, covers, elapsed_is

from conformance.network.scenes import PASSPHRASE, SSID
from conformance.scenes import DEVICE, bound_udp, echoes
from conformance.wifi.scenes import (
    BEACON,
    NO_NETWORK,
    PAUSES,
    PHASE,
    PROBING,
    SEARCH,
    TRIES,
    WORK,
    fails,
    link,
    linked,
    make,
    there_again,
    works,
)


def searches(air, since):
    """Return when the board began to search, SINCE then: each search begins on channel 1."""
    return [
        frame.at
        for frame in air.frames
        if frame.outgoing and frame.at >= since and frame.name == "PROBE_REQ" and frame.channel == 1
        and frame.receiver == "ff:ff:ff:ff:ff:ff"
    ]  # fmt: skip


def follow(times, took):
    """Assert that attempts that TOOK so long each began at TIMES: one at once, each other one pause after the last."""
    for number, (earlier, later) in enumerate(zip(times, times[1:], strict=False)):
        pause = PAUSES[min(number, len(PAUSES) - 1)]
        assert 0 <= later - earlier - took - pause <= 1 * MS + WORK, (number, later - earlier)


@covers("wifi.reconnect", "wifi.loss.deauthentication")
async def test_network_is_joined_again_at_once(bench, wifi, air, wire, cold_target):
    """The search begins in the instant of the loss."""
    ap = await linked(wifi, air, wire)
    lost = bench.now
    ap.deauth()
    record = await ap.joined(within=1 * SEC)
    assert 0 <= searches(air, lost)[0] - lost <= WORK
    assert 0 <= record.authorized_at - lost - SEARCH <= WORK
    await asyncio.sleep(WORK)
    await echoes(cold_target, wire)


@covers("wifi.reconnect", "wifi.loss.beacons")
async def test_network_that_is_gone_is_looked_for_ever_more_rarely(bench, wifi, air, wire, cold_target):
    """At once, after 1, 2, 4, 8, 16 s, and then every 30 s, for ever."""
    ap = await linked(wifi, air, wire)
    gone = bench.now
    ap.disappear()
    await bench.idle(for_=1 * HOUR)
    times = searches(air, gone)
    assert times[0] - gone <= 7 * BEACON + PROBING + WORK
    follow(times, SEARCH)
    assert len(times) > 100
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@covers("wifi.reconnect")
async def test_pauses_begin_anew_after_a_success(bench, wifi, air, wire, cold_target):
    """A network that was back for a moment is as near as any."""
    ap = await linked(wifi, air, wire)
    ap.disappear()
    await bench.idle(for_=100 * SEC)
    await there_again(wifi, air, ap)
    await asyncio.sleep(1 * SEC)
    gone = bench.now
    ap.disappear()
    await bench.idle(for_=30 * SEC)
    times = searches(air, gone)
    follow(times, SEARCH)
    assert len(times) >= 5


@pytest.mark.parametrize("what", ["AUTH", "ASSOC"])
@covers("wifi.reconnect", "wifi.join.auth-timeout", "wifi.join.assoc-timeout")
async def test_access_point_that_does_not_answer_is_tried_again(bench, wifi, air, wire, cold_target, what):
    """Its silence is no reason to give up; each attempt takes as long as it takes."""
    ap = await linked(wifi, air, wire)
    ap.silent_on.add(what)
    lost = bench.now
    ap.deauth()
    await bench.idle(for_=60 * SEC)
    follow(searches(air, lost), SEARCH + TRIES * PHASE)
    assert await wifi.is_linked() is False
    ap.silent_on.clear()
    await ap.joined(within=32 * SEC)
    await asyncio.sleep(WORK)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("status", [1, 17, 30])
@pytest.mark.parametrize("phase", ["auth", "assoc"])
@covers("wifi.reconnect", "wifi.join.statuses")
async def test_access_point_that_refuses_is_tried_again(bench, wifi, air, wire, cold_target, phase, status):
    """It may be full now and not later."""
    ap = await linked(wifi, air, wire)
    setattr(ap, f"{phase}_status", status)
    lost = bench.now
    ap.deauth()
    await bench.idle(for_=60 * SEC)
    follow(searches(air, lost), SEARCH)
    setattr(ap, f"{phase}_status", 0)
    await ap.joined(within=32 * SEC)
    await asyncio.sleep(WORK)
    await echoes(cold_target, wire)


@covers("wifi.reconnect.gives-up", "wifi.is-linked")
async def test_password_that_was_changed_ends_the_reconnecting(bench, wifi, air, wire, cold_target):
    """No repetition will mend it; a program that asks is told, and link() with the new one works."""
    ap = await linked(wifi, air, wire)
    ap.password = "another one entirely"
    ap.deauth()
    await bench.idle(for_=10 * SEC)
    assert await wifi.is_linked() is False
    await air.expect_none(for_=1 * HOUR)
    await wifi.unlink()
    await works(wifi, wire, cold_target, ap)


@covers("wifi.reconnect.gives-up")
async def test_network_that_became_open_ends_the_reconnecting(bench, wifi, air, wire, cold_target):
    """Nobody is led onto an open network by its name."""
    ap = await linked(wifi, air, wire)
    ap.disappear()
    make(air, "open", channel=3)
    await bench.idle(for_=10 * SEC)
    assert await wifi.is_linked() is False
    await air.expect_none(for_=1 * HOUR)
    assert {frame.name for frame in air.frames if frame.outgoing and frame.channel == 3} == {"PROBE_REQ"}
    await wifi.unlink()


@pytest.mark.parametrize("after", [100 * MS, 1 * SEC, 20 * SEC])
@covers("wifi.reconnect.unlink", "wifi.unlink")
async def test_unlink_ends_the_reconnecting(bench, wifi, air, wire, cold_target, after):
    """In a search and in a pause; nothing is said any more."""
    ap = await linked(wifi, air, wire)
    ap.deauth()
    ap.disappear()
    await bench.idle(for_=after)
    assert await wifi.unlink() is None
    await air.expect_none(for_=1 * HOUR)
    ap.appear()
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("back", [True, False], ids=["comes-back", "stays-away"])
@pytest.mark.parametrize("after", [100 * MS, 1 * SEC], ids=["in-a-search", "in-a-pause"])
@covers("wifi.link.again", "wifi.reconnect", "wifi.link.no-network")
async def test_link_of_a_network_that_was_lost_begins_anew(bench, wifi, air, wire, cold_target, back, after):
    """The program has had enough of waiting: it is told at once what there is, as the first time."""
    ap = await linked(wifi, air, wire)
    ap.deauth()
    ap.disappear()
    await bench.idle(for_=after)
    if back:
        ap.appear()
        elapsed_is(await link(wifi, wire, ap), SEARCH)
        await echoes(cold_target, wire)
        return
    await fails(wifi.link(SSID, WIFI_WPA2, PASSPHRASE), NO_NETWORK, SEARCH)
    await air.expect_none(for_=1 * HOUR)
    ap.appear()
    await works(wifi, wire, cold_target, ap)


@covers("wifi.reconnect.address", "wifi.link-info", "wifi.is-linked")
async def test_static_address_is_there_again_with_the_link(bench, wifi, air, wire, cold_target):
    """Sockets that were bound to it go on."""
    ap = await linked(wifi, air, wire)
    sock = await bound_udp(cold_target)
    far = wire.peer.udp.bind(7000)
    for _ in range(3):
        ap.deauth()
        await ap.joined(within=1 * SEC)
        await asyncio.sleep(WORK)
        assert (await wifi.link_info())[0] == DEVICE
        far.send(b"again", to=(DEVICE, 5000))
        assert await sock.recvfrom(10) == (b"again", (wire.peer.ip, 7000))


@covers("wifi.reconnect", "wifi.roam", "wifi.join.strongest")
async def test_another_access_point_of_the_network_takes_its_place(bench, wifi, air, wire, cold_target):
    """Without a pause: the search finds it."""
    ap = await linked(wifi, air, wire, channel=1)
    other = make(air, channel=13, rssi=-80)
    lost = bench.now
    ap.deauth()
    ap.disappear()
    record = await other.joined(within=1 * SEC)
    assert 0 <= record.authorized_at - lost - SEARCH <= WORK
    await asyncio.sleep(WORK)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("times", [2, 10])
@covers("wifi.roam", "wifi.reconnect", "wifi.loss.sockets")
async def test_board_that_is_handed_to_and_fro_stays_reachable(bench, wifi, air, wire, cold_target, times):
    """Two access points that take turns."""
    aps = [make(air, channel=1), make(air, channel=6)]
    aps[1].disappear()
    await link(wifi, wire, aps[0])
    for number in range(times):
        here, there = aps[number % 2], aps[1 - number % 2]
        there.appear()
        here.deauth()
        here.disappear()
        await there.joined(within=1 * SEC)
        await asyncio.sleep(WORK)
        await echoes(cold_target, wire)


@covers("wifi.link.wrong-key", "wifi.reconnect")
async def test_first_attempt_is_not_repeated(bench, wifi, air, wire, cold_target):
    """A program that was told that link() failed has nothing going on behind its back."""
    ap = make(air)
    ap.auth_status = 1
    await wifi.set_link_info(DEVICE, "255.255.255.0", "10.0.0.254", "0.0.0.0")
    linking = wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    with pytest.raises(ConnectionRefusedError):
        await linking
    elapsed_is(linking, SEARCH)
    ap.auth_status = 0
    await air.expect_none(for_=1 * HOUR)
    assert await wifi.is_linked() is False
    assert (await wifi.link_info())[0] == "0.0.0.0"
