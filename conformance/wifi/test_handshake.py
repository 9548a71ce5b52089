"""The four messages: what may come again, what must be refused, and that no key is ever installed twice.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sockbench import HOUR, MS, SEC, WIFI_WPA2, covers, elapsed_is
from sockbench.air import with_rsn, without_gtk

from conformance.network.scenes import GATEWAY, MASK, NONE, PASSPHRASE, SSID
from conformance.scenes import DEVICE, bound_udp, echoes
from conformance.wifi.scenes import HANDSHAKE, REPEATS, SEARCH, WRONG_KEY, fails, link, linked, make, works


async def start(wifi, tasks):
    """Return a link() with a static address, which has begun."""
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    return tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))


def packet_numbers(air, since=0):
    """Return the CCMP packet numbers of the data frames that the board has sent SINCE then."""
    return [
        packet_number(frame.data) for frame in air.frames if frame.outgoing and frame.protected and frame.at >= since
    ]


def packet_number(mpdu):
    """Return the packet number in the CCMP header of an MPDU (802.11-2020 12.5.3.2), behind a header of 24 bytes."""
    header = mpdu[24:32]
    return int.from_bytes(header[:2] + header[4:8], "little")


async def chat(target, wire, count):
    """Let the board send COUNT datagrams, each of which arrives."""
    sock = await bound_udp(target, 5100)
    far = wire.peer.udp.bind(7100)
    for number in range(count):
        await sock.sendto(b"%d" % number, (wire.peer.ip, 7100))
        assert (await far.recv(within=1 * SEC)).data == b"%d" % number
    await sock.close()
    far.close()


@covers("wifi.ccmp.packet-number", "wifi.keys.four-way")
async def test_packet_numbers_ascend_by_one(wifi, air, wire, cold_target):
    """From 1; none is left out and none is used twice."""
    await linked(wifi, air, wire)
    await echoes(cold_target, wire)
    await chat(cold_target, wire, 50)
    numbers = packet_numbers(air)
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) > 50


@covers("wifi.keys.four-way")
async def test_nonces_and_keys_are_new_in_every_handshake(wifi, air, wire, cold_target):
    """The same words are never encrypted the same way."""
    ap = await linked(wifi, air, wire)
    await wifi.unlink()
    await link(wifi, wire, ap)
    first, second = (frame for frame in air.frames if frame.outgoing and frame.name == "M2")
    assert first.data[-100:] != second.data[-100:]
    await echoes(cold_target, wire)


@pytest.mark.parametrize("times", [1, 2, 3])
@covers("wifi.keys.m1", "wifi.join.lost-attempt")
async def test_first_message_can_come_again(wifi, air, wire, cold_target, times):
    """Who did not hear the answer asks again; the last answer counts."""
    ap = make(air)
    ap.silent_on.add("M2")
    asyncio.get_running_loop().call_at(SEARCH + REPEATS[times] - 50 * MS, ap.silent_on.clear)
    elapsed_is(await link(wifi, wire, ap), SEARCH + REPEATS[times])
    assert len([frame for frame in air.frames if frame.outgoing and frame.name == "M2"]) == times + 1
    await echoes(cold_target, wire)


@pytest.mark.parametrize("lost", ["M2", "M3"])
@covers("wifi.keys.m1", "wifi.rekey.pairwise")
async def test_handshake_that_is_begun_anew_is_the_one_that_counts(bench, wifi, air, wire, cold_target, lost):
    """With another nonce, in the middle of one that came to a stop."""
    ap = await linked(wifi, air, wire)
    if lost == "M2":
        ap.silent_on.add("M2")
    else:
        ap.drop("M3", count=1)
    ap.rekey_pairwise()
    await bench.idle(for_=10 * MS)
    ap.silent_on.clear()
    ap.rekey_pairwise()
    await bench.idle(for_=10 * MS)
    await echoes(cold_target, wire)
    assert await wifi.is_linked() is True


@covers("wifi.keys.m1", "wifi.keys.m3")
async def test_nonce_that_changes_between_the_messages_is_not_accepted(wifi, air, wire, cold_target, tasks):
    """Message 3 has to be of the same handshake as message 1: its MIC is made with another key otherwise."""
    ap = make(air)
    ap.edit_key("M3", lambda key: replace(key, nonce=bytes(32)), count=None)
    linking = await start(wifi, tasks)
    await fails(linking, WRONG_KEY)
    await asyncio.sleep(10 * SEC)
    ap.disappear()
    await works(wifi, wire, cold_target, make(air))


@pytest.mark.parametrize("wrong", [1, 2, 3])
@covers("wifi.keys.m3")
async def test_message_with_a_wrong_mic_is_passed_over(wifi, air, wire, cold_target, wrong):
    """A right one after it is taken: it may have been spoilt by anybody."""
    ap = make(air)
    ap.corrupt("M3", count=wrong)
    elapsed_is(await link(wifi, wire, ap), SEARCH + REPEATS[wrong])
    await echoes(cold_target, wire)


@covers("wifi.keys.m3", "wifi.join.handshake-timeout")
async def test_access_point_whose_mics_are_all_wrong_is_not_joined(wifi, air, wire, cold_target, tasks):
    """It does not know the key: three seconds after message 1 the board has had enough."""
    ap = make(air)
    ap.corrupt("M3", count=None)
    linking = await start(wifi, tasks)
    await fails(linking, WRONG_KEY, SEARCH + HANDSHAKE)
    assert not [frame for frame in air.frames if frame.outgoing and frame.name == "M4"]
    await asyncio.sleep(10 * SEC)
    ap.disappear()
    await works(wifi, wire, cold_target, make(air))


OTHER_RSN = {
    "tkip-for-groups": bytes.fromhex("30140100000fac020100000fac040100000fac020000"),
    "sae-as-well": bytes.fromhex("30180100000fac040100000fac040200000fac02000fac080000"),
    "other-capabilities": bytes.fromhex("30140100000fac040100000fac040100000fac020c00"),
    "none-at-all": b"",
}


@pytest.mark.parametrize("element", OTHER_RSN)
@covers("wifi.keys.m3", "wifi.join.reasons")
async def test_other_element_than_in_the_beacon_ends_the_join(wifi, air, wire, cold_target, tasks, element):
    """Somebody has made the beacon promise less than there is: reason 17, and no key."""
    ap = make(air)
    ap.edit_key("M3", with_rsn(OTHER_RSN[element]), count=None)
    linking = await start(wifi, tasks)
    farewell = await air.expect("DEAUTH", within=1 * SEC)
    assert farewell.reason == 17
    await fails(linking, WRONG_KEY, SEARCH)
    ap.disappear()
    await works(wifi, wire, cold_target, make(air))


@covers("wifi.keys.m3", "wifi.join.reasons")
async def test_message_without_a_group_key_ends_the_join(wifi, air, wire, cold_target, tasks):
    """Half of the traffic would be lost in silence: reason 1."""
    ap = make(air)
    ap.edit_key("M3", without_gtk, count=None)
    linking = await start(wifi, tasks)
    farewell = await air.expect("DEAUTH", within=1 * SEC)
    assert farewell.reason == 1
    await fails(linking, WRONG_KEY, SEARCH)
    ap.disappear()
    await works(wifi, wire, cold_target, make(air))


@pytest.mark.parametrize("message", ["M1", "M3"])
@covers("wifi.keys.m1", "wifi.keys.m3")
async def test_old_counter_is_refused(wifi, air, wire, cold_target, tasks, message):
    """What was said before cannot be said again by somebody else."""
    ap = await linked(wifi, air, wire)
    before = (await cold_target.stats())["wifi"]
    ap.replay(message)
    await asyncio.sleep(1 * SEC)
    assert not [frame for frame in air.frames if frame.outgoing and frame.name in ("M2", "M4")][2:]
    after = (await cold_target.stats())["wifi"]
    refused = ("air_eapol_bad", "air_rx_replay", "air_rx_plaintext")
    assert sum(after[name] - before[name] for name in refused) >= 1
    await echoes(cold_target, wire)


@pytest.mark.parametrize("lost", [1, 2, 3])
@covers("wifi.keys.m4-lost", "wifi.keys.reinstallation", "wifi.ccmp.packet-number")
async def test_lost_last_message_is_said_again_and_no_key_installed_anew(wifi, air, wire, cold_target, lost):
    """The board has its keys and may send; the third message again is answered, and packet numbers go on."""
    ap = make(air)
    ap.silent_on.add("M4")
    await link(wifi, wire, ap)
    (mac,) = ap.stations
    assert not ap.stations[mac].authorized
    await asyncio.sleep(REPEATS[lost] - 50 * MS)
    ap.silent_on.clear()
    await asyncio.sleep(2 * SEC)
    answers = [frame for frame in air.frames if frame.outgoing and frame.name == "M4"]
    assert len(answers) == lost + 1
    assert ap.stations[mac].authorized
    await echoes(cold_target, wire)
    await chat(cold_target, wire, 5)
    numbers = packet_numbers(air)
    assert len(set(numbers)) == len(numbers) and numbers == sorted(numbers)


@pytest.mark.parametrize("times", [1, 5])
@covers("wifi.keys.reinstallation", "wifi.ccmp.packet-number", "wifi.ccmp.replay")
async def test_third_message_again_installs_no_key(wifi, air, wire, cold_target, times):
    """KRACK: a key that is installed again starts its packet numbers, and so its key stream, anew."""
    ap = await linked(wifi, air, wire)
    await echoes(cold_target, wire)
    await chat(cold_target, wire, 10)
    for _ in range(times):
        ap.send_eapol("M3", wire.board_mac)
        await asyncio.sleep(10 * MS)
        await chat(cold_target, wire, 3)
    numbers = packet_numbers(air)
    assert numbers == list(range(1, len(numbers) + 1))
    # Nor does the access point's: a frame that was there already is still one.
    before = (await cold_target.stats())["wifi"]["air_rx_replay"]
    ap.replay_data()
    await asyncio.sleep(10 * MS)
    assert (await cold_target.stats())["wifi"]["air_rx_replay"] == before + 1


@pytest.mark.parametrize("message", ["M1", "M3", "G1"])
@covers("wifi.keys.plaintext")
async def test_message_that_should_be_encrypted_is_refused(wifi, air, wire, cold_target, message):
    """Once there are keys nobody without them has a say."""
    ap = await linked(wifi, air, wire)
    await echoes(cold_target, wire)
    ap.plaintext.add(message)
    before = len(air.frames)
    ap.send_eapol(message, wire.board_mac)
    await asyncio.sleep(50 * MS)
    assert not [frame for frame in air.frames[before:] if frame.outgoing]
    ap.plaintext.clear()
    await echoes(cold_target, wire)


@pytest.mark.parametrize("stop", ["M1", "M3"])
@covers("wifi.keys.none-before", "wifi.is-linked")
async def test_no_data_passes_before_the_handshake_is_done(bench, wifi, air, wire, cold_target, tasks, stop):
    """Neither what the board wants to say nor what is said to it."""
    ap = make(air)
    ap.drop(stop, count=2)
    linking = await start(wifi, tasks)
    await air.expect("ASSOC_REQ", within=1 * SEC)
    await asyncio.sleep(200 * MS)
    assert linking.pending and await wifi.is_linked() is False
    wire.peer.arp.request(DEVICE)
    sock = await bound_udp(cold_target)
    with pytest.raises(OSError):
        await sock.sendto(b"x", (wire.peer.ip, 7000))
    await linking
    assert not [frame for frame in air.frames if frame.outgoing and frame.name == "DATA" and not frame.protected]
    wire.ignore(lambda frame: frame.arp is not None)
    await echoes(cold_target, wire)


@covers("wifi.keys.four-way", "wifi.link")
async def test_handshake_survives_an_air_that_loses(bench, wifi, air, wire, cold_target):
    """Half of the access point's messages are lost for two seconds: repetitions see to it."""
    ap = make(air)
    for message in ("AUTH", "ASSOC_RESP", "M1", "M3"):
        ap.drop(message, count=1)
    linking = await link(wifi, wire, ap)
    assert linking.elapsed < SEARCH + 200 * MS * 2 + REPEATS[2] + REPEATS[2]
    await echoes(cold_target, wire)
    await bench.idle(for_=1 * HOUR)
    assert await wifi.is_linked() is True
