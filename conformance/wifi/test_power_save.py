"""power_save(): the device dozes between beacons, and loses nothing by it but time.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import HOUR, MS, SEC, US, RemoteTypeError, covers, elapsed_is

from conformance.scenes import (
    BROADCAST,
    DEVICE,
    EVERYBODY,
    bound_udp,
    connected_tcp,
    datagram,
    echoes,
    raises_at_once,
    times_out,
)
from conformance.wifi.scenes import (
    BEACON,
    BEACONS_MISSED,
    PROBES,
    PROBING,
    SEARCH,
    WORK,
    link,
    linked,
    make,
    there_again,
)
from conformance.wifi.test_faults import COMMAND_STUCK, DIED, arm
from conformance.wifi.test_rekey import REKEYS, hears_groups
from conformance.wifi.test_roam import bssid_of


async def dozing(wifi, air, wire, security="wpa2", **options):
    """Return an access point that the board is linked to, and dozes with."""
    ap = await linked(wifi, air, wire, security, **options)
    assert await wifi.power_save(True) is None
    assert ap.stations[wire.board_mac].power_save is True
    return ap


def next_beacon(bench, ap):
    """Return when the access point sends its next beacon, in whole microseconds, as the beacon has it."""
    return int.from_bytes(ap.beacon(bench.now)[24:32], "little") * US


def is_at(instant, wanted):
    """Assert that something was at the instant of a beacon."""
    assert 0 <= instant - wanted < 1 * US, f"{instant}, wanted {wanted}"


def data_to_board(air, since):
    """Return the frames of data that the board was sent since then."""
    return [frame for frame in air.frames if not frame.outgoing and frame.name == "DATA" and frame.at >= since]


@pytest.mark.parametrize("security", ["open", "wpa2"])
@pytest.mark.parametrize("beacon_tu", [20, 100, 1000])
@covers("wifi.power-save", "wifi.power-save.fetch")
async def test_datagram_is_fetched_at_the_next_beacon(bench, wifi, air, wire, cold_target, tasks, security, beacon_tu):
    """Kept until then, in that instant asked for by a poll, and there for the program."""
    ap = await dozing(wifi, air, wire, security, beacon_tu=beacon_tu)
    sock = await bound_udp(cold_target)
    far = wire.peer.udp.bind(7000)
    for number in range(3):
        await asyncio.sleep(7 * MS)
        receiving = tasks.start(sock.recvfrom(100))
        await asyncio.sleep(1 * MS)
        upcoming = next_beacon(bench, ap)
        far.send(bytes([number]), to=(DEVICE, 5000))
        assert len(ap.stations[wire.board_mac].buffered) == 1
        polled = await air.expect("PS_POLL", within=beacon_tu * 1024 * US + WORK)
        is_at(polled.at, upcoming)
        assert (await receiving)[0] == bytes([number])
        assert bench.now - upcoming <= WORK
    await air.expect_none("PS_POLL", for_=1 * HOUR)


@pytest.mark.parametrize("count", [2, 5, 16])
@covers("wifi.power-save.fetch", "wifi.power-save")
async def test_more_data_is_fetched_one_by_one(bench, wifi, air, wire, cold_target, count):
    """In the order in which it came, a poll each, all at that beacon; the last says that there is no more."""
    ap = await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    far = wire.peer.udp.bind(7000)
    start, upcoming = bench.now, next_beacon(bench, ap)
    for number in range(count):
        far.send(bytes([number]), to=(DEVICE, 5000))
    await asyncio.sleep(upcoming - bench.now + 10 * MS)
    frames = data_to_board(air, start)
    assert [frame.more_data for frame in frames] == [True] * (count - 1) + [False]
    assert upcoming <= frames[0].at and frames[-1].at - upcoming < 10 * MS
    air.ignore("PS_POLL")
    assert len([frame for frame in air.frames if frame.name == "PS_POLL"]) == count
    await sock.settimeout(0)
    assert [(await sock.recvfrom(10))[0] for _ in range(count)] == [bytes([number]) for number in range(count)]


@pytest.mark.parametrize("count", [1, 3])
@covers("wifi.power-save.group", "wifi.power-save")
async def test_broadcasts_are_heard_right_after_the_beacon(bench, wifi, air, wire, cold_target, count):
    """The board stays awake for all of them, without a poll."""
    ap = await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    start, upcoming = bench.now, next_beacon(bench, ap)
    for number in range(count):
        wire.send(datagram(wire, bytes([number]), to=(BROADCAST, 5000), link=EVERYBODY))
    await asyncio.sleep(upcoming - bench.now - 1 * MS)
    assert not data_to_board(air, start)
    await asyncio.sleep(2 * MS)
    assert [frame.more_data for frame in data_to_board(air, start)] == [True] * (count - 1) + [False]
    await sock.settimeout(0)
    assert [(await sock.recvfrom(10))[0] for _ in range(count)] == [bytes([number]) for number in range(count)]
    assert not [frame for frame in air.frames if frame.name == "PS_POLL"]


@covers("wifi.power-save.group", "wifi.power-save.fetch")
async def test_unicast_and_broadcast_at_the_same_beacon(bench, wifi, air, wire, cold_target):
    """Neither hides the other."""
    ap = await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    upcoming = next_beacon(bench, ap)
    wire.send(datagram(wire, b"to all", to=(BROADCAST, 5000), link=EVERYBODY))
    wire.peer.udp.bind(7000).send(b"to you", to=(DEVICE, 5000))
    await asyncio.sleep(upcoming - bench.now + 2 * MS)
    await sock.settimeout(0)
    assert {bytes((await sock.recvfrom(10))[0]) for _ in range(2)} == {b"to all", b"to you"}


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.power-save.send")
async def test_sending_does_not_wait_for_a_beacon(bench, wifi, air, wire, cold_target, security):
    """At once, and the frame says that the board dozes on."""
    ap = await dozing(wifi, air, wire, security)
    await echoes(cold_target, wire)  # so that ARP has nothing to ask
    sock = await bound_udp(cold_target)
    far = wire.peer.udp.bind(7000)
    start = bench.now
    sending = sock.sendto(b"now", (wire.peer.ip, 7000))
    await sending
    elapsed_is(sending, 0)
    assert (await far.recv(within=WORK)).data == b"now"
    data = [frame for frame in air.frames if frame.outgoing and frame.name == "DATA" and frame.at >= start]
    assert data and all(frame.power_save for frame in data)
    assert ap.stations[wire.board_mac].power_save is True


@covers("wifi.power-save.send", "wifi.power-save.fetch")
async def test_answer_comes_with_the_next_beacon(bench, wifi, air, wire, cold_target):
    """A round trip takes until then, not a nanosecond longer than it has to."""
    ap = await dozing(wifi, air, wire)
    await echoes(cold_target, wire)
    await asyncio.sleep(next_beacon(bench, ap) - bench.now + 20 * MS)
    upcoming = next_beacon(bench, ap)
    await wire.peer.icmp.ping(DEVICE, b"asleep?", within=BEACON + WORK)
    assert 0 <= bench.now - upcoming <= WORK


@pytest.mark.parametrize("direction", ["send", "recv", "both"])
@covers("wifi.power-save", "tcp.recv.integrity")
async def test_stream_passes_under_power_save(wifi, air, wire, cold_target, tasks, direction):
    """Every byte once and in order; slower, for acknowledgements wait for beacons, too."""
    await dozing(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    content = bytes(range(256)) * 160
    transfers = []
    if direction != "send":
        conn.send(content)
        transfers.append(tasks.start(sock.recv(len(content))))
    if direction != "recv":
        transfers.append(tasks.start(sock.sendall(content)))
    results = [await transfer for transfer in transfers]
    if direction != "send":
        assert results[0] == content
    if direction != "recv":
        assert await conn.recv(len(content), within=600 * SEC) == content


@pytest.mark.parametrize("beacon_tu", [20, 100])
@covers("wifi.power-save.loss", "wifi.loss.beacons", "wifi.is-linked")
async def test_silence_ends_the_link_of_a_dozing_board_exactly_then(bench, wifi, air, wire, cold_target, beacon_tu):
    """As of one that is awake: seven beacons, then three probes in 150 ms."""
    ap = await dozing(wifi, air, wire, beacon_tu=beacon_tu)
    interval = beacon_tu * 1024 * US
    await asyncio.sleep(3 * SEC)
    upcoming = next_beacon(bench, ap)
    ap.disappear()
    for after in PROBES:
        asked = await air.expect(
            lambda frame: frame.name == "PROBE_REQ" and frame.receiver == ap.bssid, within=BEACONS_MISSED * interval
        )
        is_at(asked.at, upcoming + (BEACONS_MISSED - 1) * interval + after)
    await asyncio.sleep(asked.at - PROBES[-1] + PROBING - 200 * US - bench.now)
    assert await wifi.is_linked() is True
    await asyncio.sleep(200 * US + WORK)
    assert await wifi.is_linked() is False
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@covers("wifi.power-save.loss", "wifi.loss.beacons")
async def test_dozing_board_lives_through_six_lost_beacons(wifi, air, wire, cold_target):
    """And what was kept meanwhile is fetched."""
    ap = await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    wire.peer.udp.bind(7000).send(b"patience", to=(DEVICE, 5000))
    ap.disappear()
    await asyncio.sleep(6 * BEACON)
    ap.appear()
    await sock.settimeout(2 * BEACON // MS)
    assert (await sock.recvfrom(10))[0] == b"patience"
    assert await wifi.is_linked() is True


@pytest.mark.parametrize("how", ["deauth", "disassoc"])
@covers("wifi.power-save.loss", "wifi.loss.deauthentication", "wifi.power-save.kept")
async def test_deauthentication_is_fetched_as_data_is(bench, wifi, air, wire, cold_target, how):
    """At the next beacon; joined again at once, and dozing again."""
    ap = await dozing(wifi, air, wire)
    upcoming = next_beacon(bench, ap)
    getattr(ap, how)(mac=wire.board_mac)
    await asyncio.sleep(upcoming - bench.now - 1 * MS)
    assert await wifi.is_linked() is True
    record = await ap.left(wire.board_mac, within=2 * MS)
    is_at(record.left_at, upcoming)
    record = await ap.joined(within=1 * SEC)
    assert 0 <= record.authorized_at - upcoming - SEARCH <= WORK
    await asyncio.sleep(WORK)
    assert ap.stations[wire.board_mac].power_save is True
    await echoes(cold_target, wire)


@covers("wifi.power-save.loss", "wifi.power-save.send", "wifi.reconnect", "wifi.loss.sockets")
async def test_access_point_that_forgot_a_dozing_board_is_joined_again(bench, wifi, air, wire, cold_target):
    """It says so at the board's first word, and is heard."""
    ap = await dozing(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    await bench.idle(for_=1 * HOUR)
    ap.restart()
    await sock.sendall(b"is anybody there?")
    assert await conn.recv(17, within=600 * SEC) == b"is anybody there?"
    assert ap.stations[wire.board_mac].power_save is True


async def reconnected(wifi, air, wire, ap):
    """Lose the network and have it again."""
    ap.disappear()
    await asyncio.sleep(10 * BEACON)
    assert await wifi.is_linked() is False
    await there_again(wifi, air, ap)


async def linked_anew(wifi, air, wire, ap):
    """Leave the network, and link again."""
    await wifi.unlink()
    await link(wifi, wire, ap)


@pytest.mark.parametrize("again", [reconnected, linked_anew])
@covers("wifi.power-save.kept", "wifi.reconnect")
async def test_power_save_is_kept(wifi, air, wire, cold_target, again):
    """Over a loss, and over unlink() and link(): it is the program's wish until it has another."""
    ap = await dozing(wifi, air, wire)
    await again(wifi, air, wire, ap)
    await asyncio.sleep(WORK)
    assert ap.stations[wire.board_mac].power_save is True
    await echoes(cold_target, wire)
    await wifi.power_save(False)
    await again(wifi, air, wire, ap)
    await asyncio.sleep(WORK)
    assert ap.stations[wire.board_mac].power_save is False


@pytest.mark.parametrize("fault", [COMMAND_STUCK, DIED], ids=["stuck", "died"])
@covers("wifi.power-save.kept", "wifi.driver.command-stuck", "wifi.reconnect")
async def test_power_save_is_kept_over_a_reset_of_the_radio(bench, wifi, air, wire, cold_target, fault):
    """The radio has forgotten it; the driver has not."""
    ap = await dozing(wifi, air, wire)
    arm(bench, fault)
    with pytest.raises(OSError):
        await wifi.rssi()
    await air.expect("ASSOC_REQ", within=2 * SEC)
    await asyncio.sleep(WORK)
    assert await wifi.is_linked() is True
    assert ap.stations[wire.board_mac].power_save is True
    await echoes(cold_target, wire)


@covers("wifi.power-save.call", "wifi.power-save.kept")
async def test_power_save_may_be_asked_for_before_link(wifi, air, wire, cold_target):
    """Nothing is said until there is somebody to say it to; the board dozes from its first instant."""
    ap = make(air)
    await wifi.power_save(True)
    await air.expect_none(for_=1 * SEC)
    await link(wifi, wire, ap)
    assert ap.stations[wire.board_mac].power_save is True
    await echoes(cold_target, wire)


@covers("wifi.power-save.call", "wifi.power-save")
async def test_waking_up_brings_all_that_was_kept(bench, wifi, air, wire, cold_target):
    """At once, and without polls; from then on nothing waits."""
    ap = await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    far = wire.peer.udp.bind(7000)
    await asyncio.sleep(next_beacon(bench, ap) - bench.now + 1 * MS)
    for number in range(3):
        far.send(bytes([number]), to=(DEVICE, 5000))
    await wifi.power_save(False)
    await asyncio.sleep(WORK)
    far.send(b"awake", to=(DEVICE, 5000))
    await asyncio.sleep(WORK)
    await sock.settimeout(0)
    assert [(await sock.recvfrom(10))[0] for _ in range(4)] == [b"\0", b"\1", b"\2", b"awake"]
    assert not [frame for frame in air.frames if frame.name == "PS_POLL"]


@pytest.mark.parametrize("on", [True, False, 1, 0, 2])
@covers("wifi.power-save.call")
async def test_change_is_said_once(wifi, air, wire, on):
    """By null data with the bit; what is so already is not said again."""
    ap = await linked(wifi, air, wire)
    for _ in range(2):
        await wifi.power_save(not on)
        for _ in range(2):
            call = wifi.power_save(on)
            assert await call is None
            elapsed_is(call, 0)
            assert ap.stations[wire.board_mac].power_save is bool(on)
    said = [frame.power_save for frame in air.frames if frame.outgoing and frame.name == "NULL"]
    assert said == ([False, True, False, True] if on else [True, False, True, False])[-len(said) :]
    assert len(said) in (3, 4)


@covers("wifi.power-save.fetch")
async def test_poll_without_an_answer_is_sent_again_at_the_next_beacon(bench, wifi, air, wire, cold_target):
    """As long as the beacon says that there is something."""
    ap = await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    ap.silent_on.add("PS_POLL")
    upcoming = next_beacon(bench, ap)
    wire.peer.udp.bind(7000).send(b"at last", to=(DEVICE, 5000))
    for number in range(4):
        if number == 3:
            ap.silent_on.clear()
        is_at((await air.expect("PS_POLL", within=BEACON + WORK)).at, upcoming + number * BEACON)
    await sock.settimeout(1)
    assert (await sock.recvfrom(10))[0] == b"at last"


@pytest.mark.parametrize("timeout", [1 * MS, 50 * MS, 102 * MS, 5 * SEC])
@covers("wifi.power-save.timeouts", "timeout.exact")
async def test_timeouts_are_exact_under_power_save(wifi, air, wire, cold_target, timeout):
    """Dozing is the radio's matter: a call ends to the tick."""
    await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    stream, _ = await connected_tcp(cold_target, wire)
    for one in (sock, stream):
        await one.settimeout(timeout // MS)
    await times_out(stream.recv(10), timeout)
    await times_out(sock.recvfrom(10), timeout)
    await times_out(stream.recv(10), timeout)


@covers("wifi.power-save.timeouts", "wifi.power-save.fetch", "timeout.exact")
async def test_timeout_before_the_beacon_loses_nothing(bench, wifi, air, wire, cold_target):
    """What the access point keeps is not there yet; the next call has it."""
    ap = await dozing(wifi, air, wire)
    sock = await bound_udp(cold_target)
    await asyncio.sleep(next_beacon(bench, ap) - bench.now + 1 * MS)
    wire.peer.udp.bind(7000).send(b"kept", to=(DEVICE, 5000))
    await sock.settimeout(50)
    await times_out(sock.recvfrom(10), 50 * MS)
    upcoming = next_beacon(bench, ap)
    await sock.settimeout(100)
    assert (await sock.recvfrom(10))[0] == b"kept"
    assert 0 <= bench.now - upcoming <= WORK


@pytest.mark.parametrize("which", REKEYS)
@covers("wifi.power-save.fetch", "wifi.rekey.group", "wifi.rekey.pairwise")
async def test_new_keys_reach_a_dozing_board(bench, wifi, air, wire, cold_target, which):
    """Each message at a beacon; then everything passes with them."""
    ap = await dozing(wifi, air, wire)
    REKEYS[which](ap)
    await asyncio.sleep(3 * BEACON)
    await echoes(cold_target, wire)
    await wifi.power_save(False)
    await hears_groups(bench, cold_target, wire)
    assert await wifi.is_linked() is True


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.power-save.kept", "wifi.roam.call")
async def test_dozing_board_roams_and_dozes_on(bench, wifi, air, wire, cold_target, security):
    """The other access point keeps its frames."""
    await dozing(wifi, air, wire, security, channel=1)
    other = make(air, security, channel=11, rssi=-60)
    await wifi.roam(bssid_of(other))
    await asyncio.sleep(WORK)
    assert other.stations[wire.board_mac].power_save is True
    await echoes(cold_target, wire)
    await asyncio.sleep(next_beacon(bench, other) - bench.now + 20 * MS)
    upcoming = next_beacon(bench, other)
    await wire.peer.icmp.ping(DEVICE, b"asleep?", within=BEACON + WORK)
    assert 0 <= bench.now - upcoming <= WORK


@covers("wifi.power-save", "wifi.scan")
async def test_scan_of_a_dozing_board(wifi, air, wire, cold_target):
    """It is awake for it, and dozes afterwards."""
    ap = await dozing(wifi, air, wire)
    make(air, channel=11)
    assert len(await wifi.scan(1300)) == 2
    assert ap.stations[wire.board_mac].power_save is True
    await echoes(cold_target, wire)


@covers("wifi.power-save", "wifi.channel-switch")
async def test_dozing_board_follows_to_another_channel(wifi, air, wire, cold_target):
    """It hears every beacon, and so that its access point moves."""
    ap = await dozing(wifi, air, wire, channel=6)
    ap.switch_channel(11)
    await asyncio.sleep(6 * BEACON)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)
    assert [frame.channel for frame in air.frames if frame.outgoing][-1] == 11


@pytest.mark.parametrize("arguments", [(), (None,), ("on",), (1.0,), (b"1",), (True, True)])
@covers("wifi.power-save.arguments")
async def test_wrong_types_are_refused(wifi, air, arguments):
    """TypeError at once; nothing is sent."""
    await raises_at_once(wifi.power_save(*arguments), RemoteTypeError)
    await air.expect_none(for_=1 * SEC)


@covers("wifi.power-save.call", "wifi.driver.command-stuck")
async def test_power_save_whose_command_is_stuck_is_as_it_was(bench, wifi, air, wire, cold_target):
    """EIO; the network is joined again, awake."""
    ap = await linked(wifi, air, wire)
    arm(bench, COMMAND_STUCK)
    with pytest.raises(OSError) as caught:
        await wifi.power_save(True)
    assert caught.value.errno == errno.EIO
    await there_again(wifi, air, ap)
    assert ap.stations[wire.board_mac].power_save is False
    await echoes(cold_target, wire)
