# SPDX-License-Identifier: GPL-2.0-or-later
"""The handshakes: at which times messages are repeated, and everything an access point does wrong when told to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sockbench.air import (
    DEAUTH_AT_ONCE,
    SILENT,
    AccessPoint,
    Client,
    JoinFailed,
    Rsn,
    Station,
    eapol,
    frames,
    with_rsn,
    without_gtk,
)
from sockbench.air.frame import message_name
from sockbench.clock import MS, SEC

from .world import PASSWORD, SSID, World

# When hostapd says message 1 or 3, and when it gives up.
TRIES, GIVES_UP = [0, 100 * MS, 1100 * MS, 2100 * MS], 3100 * MS


def times(record: Client, name: str) -> list[int]:
    """Return when a message crossed, counted from the association."""
    assert record.associated_at is not None
    return [at - record.associated_at for at, found in record.handshake if found == name]


async def failing(world: World, password: str = PASSWORD, station: Station | None = None) -> JoinFailed:
    """Let a station fail to join and return how."""
    with pytest.raises(JoinFailed) as caught:
        await (station or world.air.station()).join(SSID, password, within=20 * SEC)
    return caught.value


def test_wrong_passphrase_with_hostapd() -> None:
    """Message 1 is repeated as if nobody had answered; the end is reason 15."""
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        failed = await failing(world, "another passphrase")
        (record,) = ap.gone
        assert times(record, "M1") == TRIES and times(record, "M2") == TRIES
        assert (failed.phase, failed.code, record.left_reason, record.left_by) == ("WAIT_M3", 15, 15, "ap")
        assert record.left_at == (record.associated_at or 0) + GIVES_UP == world.now

    world.run(case())
    assert ap.gone[0].wrong_mics == 4


@pytest.mark.parametrize("reason", [1, 2])
def test_wrong_passphrase_with_deauthentication_at_once(reason: int) -> None:
    world = World()
    world.wpa2(profile=replace(DEAUTH_AT_ONCE, reason=reason))

    async def case() -> None:
        started = world.now
        failed = await failing(world, "another passphrase")
        assert (failed.code, world.now) == (reason, started)

    world.run(case())


def test_wrong_passphrase_with_silence() -> None:
    world = World()
    ap = world.wpa2(profile=SILENT)

    async def case() -> None:
        started = world.now
        failed = await failing(world, "another passphrase")
        assert failed.code is None and world.now - started == 3 * SEC
        (record,) = ap.stations.values()
        assert times(record, "M1") == [0] and record.state == "ASSOCIATED"
        await world.bench.idle(for_=60 * SEC)
        assert times(record, "M1") == [0]

    world.run(case())


def test_silent_station_is_asked_four_times() -> None:
    world = World()
    ap = world.wpa2()
    station = world.air.station()
    station.silent_on.add("M1")

    async def case() -> None:
        await failing(world, station=station)
        record = await ap.left(within=1 * SEC)
        assert times(record, "M1") == TRIES and record.left_reason == 15

    world.run(case())


def test_message_3_is_repeated_at_the_same_times() -> None:
    world = World()
    ap = world.wpa2()
    station = world.air.station()
    station.drop("M4", count=None)

    async def case() -> None:
        await station.join(SSID, PASSWORD, within=5 * SEC)
        record = await ap.left(within=5 * SEC)
        assert times(record, "M3") == TRIES and record.left_at == (record.associated_at or 0) + GIVES_UP
        assert station.lost == 15

    world.run(case())


@pytest.mark.parametrize("name", ["M1", "M3"])
def test_lost_message_of_the_access_point_comes_again_after_100_ms(name: str) -> None:
    world = World()
    ap = world.wpa2()
    ap.drop(name)

    async def case() -> None:
        started = world.now
        await world.joined(ap)
        assert world.now - started == 100 * MS

    world.run(case())


@pytest.mark.parametrize("name", ["M2", "M4"])
def test_lost_message_of_the_station_brings_the_last_one_again(name: str) -> None:
    world = World()
    ap = world.wpa2()
    station = world.air.station()
    station.drop(name)

    async def case() -> None:
        started = world.now
        await station.join(SSID, PASSWORD, within=5 * SEC)
        assert (await ap.joined(within=5 * SEC)).authorized_at == started + 100 * MS

    world.run(case())


@pytest.mark.parametrize("name", ["M3", "M1"])
def test_delayed_message_still_counts(name: str) -> None:
    """An answer to an earlier try is as good as one to the last."""
    world = World()
    ap = world.wpa2()
    ap.delay(name, by=50 * MS)

    async def case() -> None:
        started = world.now
        await world.joined(ap)
        assert world.now - started == 50 * MS

    world.run(case())


def test_wrong_mic_of_message_3_is_not_accepted() -> None:
    world = World()
    ap = world.wpa2()
    ap.corrupt("M3")

    async def case() -> None:
        started = world.now
        station = await world.joined(ap)
        assert world.now - started == 100 * MS
        assert station.supplicant is not None and station.supplicant.wrong_mics == 1

    world.run(case())


def test_other_nonce_in_message_3_makes_its_mic_right_and_changes_nothing() -> None:
    """The key was made with the nonce of message 1; message 3 only repeats it."""
    world = World()
    ap = world.wpa2()
    ap.edit_key("M3", lambda key: replace(key, nonce=bytes(32)))
    world.run(world.joined(ap))


def test_other_nonce_in_message_1_comes_to_nothing() -> None:
    world = World()
    ap = world.wpa2()
    ap.edit_key("M1", lambda key: replace(key, nonce=bytes(32)), count=None)

    async def case() -> None:
        assert (await failing(world)).code == 15

    world.run(case())


@pytest.mark.parametrize(
    ("change", "reason"), [(without_gtk, 1), (with_rsn(Rsn(capabilities=0x000C).element()), 17)]
)
def test_message_3_that_cannot_be_accepted_ends_the_join(change: object, reason: int) -> None:
    world = World()
    ap = world.wpa2()
    ap.edit_key("M3", change)  # type: ignore[arg-type]

    async def case() -> None:
        assert (await failing(world)).code == reason
        record = await ap.left(within=0)
        assert (record.left_reason, record.left_by) == (reason, "station")

    world.run(case())


def test_message_3_once_more_as_it_was_installs_no_key_again() -> None:
    """The KRACK mistake would begin the packet numbers anew."""
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        host = station.host("10.0.0.1")
        await host.icmp.ping("10.0.0.2", within=1 * SEC)
        assert station.supplicant is not None and station.supplicant.key is not None
        sent = station.supplicant.key.sent
        ap.replay("M3")
        ap.send_eapol("M3", station.mac)
        assert station.supplicant.key.sent >= sent > 0
        await host.icmp.ping("10.0.0.2", within=1 * SEC)

    world.run(case())


def test_edited_frame_is_what_crosses() -> None:
    world = World()
    ap = world.wpa2()
    ap.edit("ASSOC_RESP", lambda mpdu: mpdu[:26] + (30).to_bytes(2, "little") + mpdu[28:])
    ap.edit("AUTH", lambda mpdu: None)

    async def case() -> None:
        started = world.now
        failed = await failing(world)
        assert (failed.phase, failed.code, world.now - started) == ("ASSOC", 30, 200 * MS)

    world.run(case())


def test_rule_takes_a_predicate_and_ends_after_its_count() -> None:
    world = World()
    ap = world.wpa2()
    ap.drop(lambda mpdu: message_name(mpdu) == "AUTH", count=2)

    async def case() -> None:
        started = world.now
        await world.joined(ap)
        assert world.now - started == 400 * MS

    world.run(case())


def test_duplicate_messages_do_no_harm() -> None:
    world = World()
    ap = world.wpa2()
    for name in ("AUTH", "ASSOC_RESP", "M1", "M3"):
        ap.duplicate(name)
    world.run(world.joined(ap))


def test_what_has_no_mic_cannot_be_corrupted() -> None:
    ap = World().wpa2()
    with pytest.raises(ValueError, match="AUTH has no MIC"):
        ap.corrupt("AUTH")
    with pytest.raises(LookupError, match="no M3 was sent"):
        ap.replay("M3")


async def _rekeyed(world: World, ap: AccessPoint, station: Station) -> None:
    host = station.host("10.0.0.1")
    await host.icmp.ping("10.0.0.2", within=1 * SEC)
    await world.bench.wire.peer.icmp.ping("10.0.0.1", within=1 * SEC)


def test_group_key_changes_and_group_frames_go_on() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station, other = await world.joined(ap), await world.joined(ap)
        before = ap.group.used
        ap.rekey_group(at=world.now + 5 * MS)
        await world.bench.idle(for_=10 * MS)
        assert ap.group.used is not before and ap.group.used.key_id == 2
        for one in (station, other):
            assert [name for _, name in ap.stations[one.mac].handshake[-2:]] == ["G1", "G2"]
        await _rekeyed(world, ap, station)
        ap.rekey_group()
        assert ap.group.used.key_id == 1
        await _rekeyed(world, ap, other)

    world.run(case())


def test_group_message_is_repeated_and_then_the_station_is_sent_away_with_16() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station, other = await world.joined(ap), await world.joined(ap)
        other.silent_on.add("G1")
        before, started = ap.group.used, world.now
        ap.rekey_group()
        await world.bench.idle(for_=3 * SEC)
        assert ap.group.used is before and station.state == "CONNECTED"
        record = await ap.left(other.mac, within=1 * SEC)
        assert (record.left_reason, record.left_at) == (16, started + GIVES_UP)
        assert [at - started for at, name in record.handshake if name == "G1"] == TRIES
        assert ap.group.used is not before

    world.run(case())


def test_group_key_is_handed_out_after_a_pairwise_handshake_that_came_between() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        record = ap.stations[station.mac]
        station.delay("G2", by=10 * MS)
        station.delay("M4", by=10 * MS)
        ap.rekey_group()
        ap.rekey_pairwise()
        newcomer = await world.joined(ap)
        assert ap.group.used.key_id == 1
        await world.bench.idle(for_=30 * MS)
        assert [name for _, name in record.handshake[4:]] == ["G1", "M1", "M2", "M3", "G2", "M4", "G1", "G2"]
        assert [name for _, name in ap.stations[newcomer.mac].handshake[4:]] == ["G1", "G2"]
        assert ap.group.used.key_id == 2
        await _rekeyed(world, ap, station)

    world.run(case())


def test_pairwise_key_changes_encrypted_with_the_old_one() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        before = station.supplicant and station.supplicant.key
        ap.rekey_pairwise(station.mac)
        assert station.supplicant is not None and station.supplicant.key is not before
        crossed = [frame for frame in world.air.frames if frame.name in ("M1", "M2", "M3", "M4")]
        assert [frame.protected for frame in crossed] == [False] * 4 + [True] * 4
        await _rekeyed(world, ap, station)

    world.run(case())


def test_messages_are_sent_in_plaintext_when_told() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        ap.plaintext.add("G1")
        ap.rekey_group()
        assert [frame.protected for frame in world.air.frames if frame.name == "G1"] == [False]
        assert station.state == "CONNECTED"

    world.run(case())


def test_answer_in_plaintext_is_refused_once_the_station_has_used_its_key() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        await station.host("10.0.0.1").icmp.ping("10.0.0.2", within=1 * SEC)
        station.plaintext.add("G2")
        ap.rekey_group()
        record = await ap.left(within=4 * SEC)
        assert (record.left_reason, record.refused) == (16, 4)

    world.run(case())


def test_forged_element_in_message_2_is_found() -> None:
    """12.7.6.3: it has to be that of the association request."""
    world = World()
    world.wpa2()
    station = world.air.station()
    station.edit_key("M2", lambda key: replace(key, data=Rsn(capabilities=0x000C).element()))

    async def case() -> None:
        assert (await failing(world, station=station)).code == 17

    world.run(case())


def test_key_data_of_message_3_has_the_element_of_the_beacon_and_the_group_key() -> None:
    world = World()
    ap = world.wpa2()
    seen: list[eapol.EapolKey] = []

    def note(key: eapol.EapolKey) -> eapol.EapolKey:
        seen.append(key)
        return key

    ap.edit_key("M3", note)
    world.run(world.joined(ap))
    (message,) = seen
    beacon = ap.beacon(world.now)
    element = eapol.find_rsn(message.data)
    assert beacon is not None and element is not None and element in beacon
    assert eapol.find_gtk(message.data) == (1, ap.group.used.tk)
    assert frames.element(frames.RSN, element[2:]) == element
