"""New keys while the link is up, with traffic in both directions; and what CCMP refuses.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import HOUR, MS, SEC, covers, deadline

from conformance.scenes import BROADCAST, DEVICE, EVERYBODY, bound_udp, connected_tcp, datagram, echoes
from conformance.wifi.scenes import REPEATS, linked
from conformance.wifi.test_handshake import packet_number

REKEYS = {"group": lambda ap: ap.rekey_group(), "pairwise": lambda ap: ap.rekey_pairwise()}


async def hears_groups(bench, target, wire):
    """Assert that a broadcast datagram arrives, so that both ends have the same group key."""
    sock = await bound_udp(target, 5200)
    wire.send(datagram(wire, b"to all", to=(BROADCAST, 5200), link=EVERYBODY))
    await bench.idle(for_=1 * MS)
    await sock.settimeout(0)
    assert (await sock.recvfrom(100))[0] == b"to all"
    await sock.close()


@covers("wifi.keys.four-way", "wifi.keys.m3")
async def test_broadcasts_arrive_with_the_group_key(bench, wifi, air, wire, cold_target):
    """Which came with message 3."""
    await linked(wifi, air, wire)
    await hears_groups(bench, cold_target, wire)


@pytest.mark.parametrize("times", [1, 2, 3, 10])
@pytest.mark.parametrize("which", REKEYS)
@covers("wifi.rekey.group", "wifi.rekey.pairwise")
async def test_new_keys_are_taken(bench, wifi, air, wire, cold_target, which, times):
    """However often; unicasts and broadcasts pass after each."""
    ap = await linked(wifi, air, wire)
    for _ in range(times):
        REKEYS[which](ap)
        await bench.idle(for_=10 * MS)
        await hears_groups(bench, cold_target, wire)
        await echoes(cold_target, wire)
    assert await wifi.is_linked() is True


@pytest.mark.parametrize("which", REKEYS)
@pytest.mark.parametrize("direction", ["to-board", "from-board"])
@covers("wifi.rekey.group", "wifi.rekey.pairwise", "tcp.recv.integrity")
async def test_stream_goes_on_through_new_keys(wifi, air, wire, cold_target, tasks, which, direction):
    """Every byte once and in order, with five changes of keys in the middle."""
    ap = await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    content = bytes(range(256)) * 400
    if direction == "to-board":
        conn.send(content)
        transfer = tasks.start(sock.recv(len(content)))
    else:
        transfer = tasks.start(sock.sendall(content))
    for _ in range(5):
        REKEYS[which](ap)
        await asyncio.sleep(2 * MS)
    received = await transfer
    if direction == "from-board":
        received = await conn.recv(len(content), within=600 * SEC)
    assert received == content


@deadline(200 * HOUR)
@covers("wifi.rekey.group", "wifi.rekey.pairwise", "wifi.is-linked")
async def test_link_lasts_for_days_of_new_keys(bench, wifi, air, wire, cold_target):
    """The group key every hour, the pairwise one every day."""
    ap = await linked(wifi, air, wire)
    for hour in range(72):
        await bench.idle(for_=1 * HOUR)
        ap.rekey_group()
        if hour % 24 == 23:
            await bench.idle(for_=1 * SEC)
            ap.rekey_pairwise()
    await bench.idle(for_=1 * SEC)
    assert await wifi.is_linked() is True
    await hears_groups(bench, cold_target, wire)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("lost", [1, 2, 3])
@covers("wifi.rekey.group", "wifi.join.lost-attempt")
async def test_lost_group_message_comes_again(bench, wifi, air, wire, cold_target, lost):
    """After 0.1, 1.1 and 2.1 s; the link stays up."""
    ap = await linked(wifi, air, wire)
    ap.drop("G1", count=lost)
    ap.rekey_group()
    await bench.idle(for_=REPEATS[lost] + 10 * MS)
    await hears_groups(bench, cold_target, wire)
    assert await wifi.is_linked() is True


@covers("wifi.rekey.group", "wifi.keys.m3")
async def test_group_message_with_a_wrong_mic_is_passed_over(bench, wifi, air, wire, cold_target):
    """The next one counts."""
    ap = await linked(wifi, air, wire)
    ap.corrupt("G1", count=1)
    ap.rekey_group()
    await bench.idle(for_=REPEATS[1] + 10 * MS)
    await hears_groups(bench, cold_target, wire)


async def refusals(target):
    """Return how many frames the NIC has refused, by reason."""
    counters = (await target.stats())["wifi"]
    return {name: counters[f"air_rx_{name}"] for name in ("replay", "bad_mic", "plaintext", "no_key")}


async def one_more(target, before, name):
    """Assert that one frame more was refused than BEFORE, for that reason."""
    after = await refusals(target)
    assert {key: after[key] - before[key] for key in after} == {**dict.fromkeys(after, 0), name: 1}


@covers("wifi.ccmp.replay")
async def test_frame_that_was_there_already_is_refused(bench, wifi, air, wire, cold_target):
    """A datagram that somebody records and sends again arrives once."""
    ap = await linked(wifi, air, wire)
    sock = await bound_udp(cold_target)
    await echoes(cold_target, wire)
    before = await refusals(cold_target)
    wire.peer.udp.bind(7000).send(b"pay 100", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    ap.replay_data()
    await bench.idle(for_=1 * MS)
    await one_more(cold_target, before, "replay")
    await sock.settimeout(0)
    assert (await sock.recvfrom(100))[0] == b"pay 100"
    with pytest.raises(OSError):
        await sock.recvfrom(100)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("what", ["bad_mic", "plaintext"])
@covers("wifi.ccmp.mic", "wifi.ccmp.plaintext")
async def test_frame_that_is_not_rightly_encrypted_is_refused(bench, wifi, air, wire, cold_target, what):
    """Nobody without the key gets a byte into a socket."""
    ap = await linked(wifi, air, wire)
    sock = await bound_udp(cold_target)
    await echoes(cold_target, wire)
    before = await refusals(cold_target)
    if what == "bad_mic":
        ap.corrupt("DATA", count=1)
    else:
        ap.plaintext.add("DATA")
    far = wire.peer.udp.bind(7000)
    far.send(b"forged", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    ap.plaintext.clear()
    await one_more(cold_target, before, what)
    far.send(b"genuine", to=(DEVICE, 5000))
    assert (await sock.recvfrom(100))[0] == b"genuine"


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.ccmp.plaintext", "wifi.keys.four-way")
async def test_data_is_encrypted_exactly_if_the_network_is_secured(wifi, air, wire, cold_target, security):
    """What a program sends is on the air as the network promises."""
    await linked(wifi, air, wire, security)
    await echoes(cold_target, wire)
    data = [frame for frame in air.frames if frame.outgoing and frame.name == "DATA"]
    assert data and all(frame.protected is (security == "wpa2") for frame in data)
    assert any(b"still there?" in frame.data for frame in data) is (security == "open")


@covers("wifi.ccmp.packet-number", "wifi.rekey.pairwise")
async def test_packet_numbers_begin_anew_with_a_new_key_only(bench, wifi, air, wire, cold_target):
    """The new key is another: its first frame has number 1 again, and that only once."""
    ap = await linked(wifi, air, wire)
    await echoes(cold_target, wire)
    ap.rekey_pairwise()
    await bench.idle(for_=10 * MS)
    await echoes(cold_target, wire)
    numbers = [packet_number(frame.data) for frame in air.frames if frame.outgoing and frame.protected]
    start = numbers.index(1, 1)
    assert numbers[:start] == list(range(1, start + 1))
    assert numbers[start:] == list(range(1, len(numbers) - start + 1))
