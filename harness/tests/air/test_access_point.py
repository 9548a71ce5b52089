# SPDX-License-Identifier: GPL-2.0-or-later
"""How stations get into an access point, and why not."""

from __future__ import annotations

import pytest
from sockbench.air import ACL, FULL, JoinFailed, frames, rsn
from sockbench.clock import MS, SEC

from .world import NIC_MAC, PASSWORD, SSID, World


def answers(world: World, kind: int) -> list[bytes]:
    """Return the bodies of what the NIC heard of one kind."""
    return [mpdu[24:] for _, _, mpdu in world.nic.heard if mpdu[0] == kind]


def statuses(world: World, kind: int) -> list[int]:
    """Return the status codes of answers."""
    at = 4 if kind == frames.AUTH else 2
    return [int.from_bytes(body[at : at + 2], "little") for body in answers(world, kind)]


def test_open_network_lets_a_station_in_at_once() -> None:
    world = World()
    ap = world.air.access_point("open")

    async def case() -> None:
        station = await world.joined(ap)
        record = await ap.joined(within=0)
        assert (record.mac, record.state, record.aid, station.aid) == (station.mac, "AUTHORIZED", 1, 1)
        assert record.authorized_at == world.now and not record.handshake

    world.run(case())


def test_wpa2_lets_a_station_in_after_four_messages() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        record = ap.stations[station.mac]
        assert [name for _, name in record.handshake] == ["M1", "M2", "M3", "M4"]
        assert record.authorized and station.state == "CONNECTED"

    world.run(case())


def test_second_station_has_the_next_aid_and_a_freed_one_is_used_again() -> None:
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        first, second = await world.joined(ap), await world.joined(ap)
        assert (first.aid, second.aid) == (1, 2)
        first.leave()
        assert (await ap.left(first.mac, within=0)).left_reason == 3
        assert (await world.joined(ap)).aid == 1

    world.run(case())


@pytest.mark.parametrize("ssid", [b"x", b"y" * 32, b"a\0b", "höhle ☕".encode(), b"\xff\xfe"])
def test_ssid_is_any_1_to_32_bytes(ssid: bytes) -> None:
    world = World()
    ap = world.air.access_point(ssid, PASSWORD)

    async def case() -> None:
        await world.joined(ap)
        beacon = ap.beacon(world.now)
        assert beacon is not None and frames.element(frames.SSID, ssid) in beacon

    world.run(case())


@pytest.mark.parametrize("ssid", [b"", b"y" * 33, "ü" * 17])
def test_other_ssids_are_refused(ssid: str | bytes) -> None:
    with pytest.raises(ValueError, match="1 to 32 bytes"):
        World().air.access_point(ssid)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"security": "wpa2"}, "needs a password"),
        ({"security": "wpa3"}, "security= is one of open wep"),
        ({"password": "1234567"}, "8 to 63 printable"),
        ({"password": "x" * 64}, "8 to 63 printable"),
        ({"password": "pässword"}, "8 to 63 printable"),
        ({"channel": 14}, "a channel is 1 to 13"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        World().air.access_point("net", **options)  # type: ignore[arg-type]


def test_psk_takes_the_place_of_a_passphrase() -> None:
    world = World()
    ap = world.air.access_point("net", psk=bytes(range(32)))

    async def case() -> None:
        await world.air.station().join("net", psk=bytes(range(32)), within=5 * SEC)
        with pytest.raises(JoinFailed):
            await world.air.station().join("net", psk=bytes(32), within=5 * SEC)

    world.run(case())
    assert ap.password is None


def test_hidden_network_is_found_by_asking_for_its_name() -> None:
    world = World()
    ap = world.wpa2(hidden=True)

    async def case() -> None:
        beacon = ap.beacon(world.now)
        assert beacon is not None and frames.find(frames.parse_elements(beacon[36:]) or (), frames.SSID) == b""
        station = world.air.station()
        assert [network.ssid for network in await station.scan()] == [b""]
        await station.join(SSID, PASSWORD, within=5 * SEC)

    world.run(case())


@pytest.mark.parametrize(("asked", "answered"), [(b"", True), (b"net", True), (b"other", False)])
def test_probe_is_answered_for_its_name_and_for_any(asked: bytes, answered: bool) -> None:
    world = World()
    world.air.access_point("net")
    body = frames.element(frames.SSID, asked) + frames.element(frames.RATES, frames.RATES_BODY)
    world.nic.say(2 * MS, world.nic.management(frames.PROBE_REQ, frames.BROADCAST, body))
    world.run(world.bench.idle(for_=3 * MS))
    assert bool(answers(world, frames.PROBE_RESP)) == answered


def test_unknown_passphrase_character_set_and_statuses_of_authentication() -> None:
    world = World()
    ap = world.air.access_point("net", deny=(NIC_MAC,))
    world.nic.say(2 * MS, world.nic.auth(ap.address))
    shared_key = frames.auth_body(frames.AuthBody(1, 1, 0))
    third = frames.auth_body(frames.AuthBody(0, 3, 0))
    world.nic.say(3 * MS, world.nic.management(frames.AUTH, ap.address, shared_key))
    world.nic.say(4 * MS, world.nic.management(frames.AUTH, ap.address, third))
    world.run(world.bench.idle(for_=5 * MS))
    assert statuses(world, frames.AUTH) == [1, 13, 14] and not ap.stations
    ap.deny.clear()
    ap.auth_status = 17
    world.nic.say(6 * MS, world.nic.auth(ap.address))
    world.run(world.bench.idle(for_=5 * MS))
    assert statuses(world, frames.AUTH)[-1] == 17


def test_statuses_of_association() -> None:
    world = World()
    ap = world.air.access_point("net")
    nic = world.nic
    slow = frames.element(frames.SSID, b"net") + frames.element(frames.RATES, b"\x82\x84")
    requests = [
        nic.assoc(ap.address, b"other"),
        nic.management(frames.ASSOC_REQ, ap.address, b"\x01\x00\x0a\x00" + slow),
        nic.assoc(ap.address, b"net", capability=frames.ESS | frames.PRIVACY),
        nic.assoc(ap.address, b"net"),
    ]
    nic.say(2 * MS, nic.auth(ap.address))
    for number, request in enumerate(requests):
        nic.say((3 + number) * MS, request)
    world.run(world.bench.idle(for_=10 * MS))
    assert statuses(world, frames.ASSOC_RESP) == [1, 18, 10, 0]


@pytest.mark.parametrize(("element", "status"), [(b"", 40), (rsn.Rsn(akms=(rsn.SAE,)).element(), 43)])
def test_rsn_element_of_the_request_counts(element: bytes, status: int) -> None:
    world = World()
    ap = world.wpa2()
    world.nic.say(2 * MS, world.nic.auth(ap.address))
    capability = frames.ESS | frames.PRIVACY
    world.nic.say(3 * MS, world.nic.assoc(ap.address, b"net", element, capability=capability))
    world.run(world.bench.idle(for_=4 * MS))
    assert statuses(world, frames.ASSOC_RESP) == [status]


def test_association_before_authentication_is_answered_by_deauthentication() -> None:
    """11.3.4.1: class 2 frames."""
    world = World()
    ap = world.air.access_point("net")
    world.nic.say(2 * MS, world.nic.assoc(ap.address, b"net"))
    world.run(world.bench.idle(for_=3 * MS))
    assert answers(world, frames.DEAUTH) and not answers(world, frames.ASSOC_RESP)


@pytest.mark.parametrize(("authenticated", "kind"), [(False, frames.DEAUTH), (True, frames.DISASSOC)])
def test_data_of_who_is_not_associated_is_answered_by_reason_7(authenticated: bool, kind: int) -> None:
    world = World()
    ap = world.air.access_point("net")
    if authenticated:
        world.nic.say(2 * MS, world.nic.auth(ap.address))
    world.nic.say(3 * MS, world.nic.data(ap.address, b"\xff" * 6 + world.nic.address + b"\x08\x00data"))
    world.run(world.bench.idle(for_=4 * MS))
    assert answers(world, kind) == [b"\x07\x00"]


@pytest.mark.parametrize(
    ("profile", "phase", "code"), [(FULL, "ASSOC", 17), (ACL, "AUTH", 1)]
)
def test_profiles_that_refuse(profile: object, phase: str, code: int) -> None:
    world = World()
    world.wpa2(profile=profile)

    async def case() -> None:
        with pytest.raises(JoinFailed) as caught:
            await world.air.station().join(SSID, PASSWORD, within=5 * SEC)
        assert (caught.value.phase, caught.value.code) == (phase, code)

    world.run(case())


def test_stations_above_the_limit_are_refused() -> None:
    world = World()
    ap = world.wpa2(max_stations=1)

    async def case() -> None:
        first = await world.joined(ap)
        with pytest.raises(JoinFailed) as caught:
            await world.joined(ap)
        assert caught.value.code == 17
        first.leave()
        await world.joined(ap)

    world.run(case())


@pytest.mark.parametrize(("silence", "phase"), [("AUTH", "AUTH"), ("ASSOC", "ASSOC")])
def test_silence_makes_a_station_try_three_times(silence: str, phase: str) -> None:
    world = World()
    ap = world.wpa2()
    ap.silent_on.add(silence)

    async def case() -> None:
        started = world.now
        with pytest.raises(JoinFailed) as caught:
            await world.joined(ap)
        assert (caught.value.phase, caught.value.code, world.now - started) == (phase, None, 600 * MS)

    world.run(case())


@pytest.mark.parametrize("security", ["wep", "wpa", "wpa2-tkip", "sae", "eap"])
def test_networks_that_are_only_seen_let_nobody_in(security: str) -> None:
    world = World()
    world.air.access_point("net", security=security)

    async def case() -> None:
        with pytest.raises(JoinFailed) as caught:
            await world.air.station().join("net", PASSWORD, within=5 * SEC)
        assert caught.value.phase in ("ASSOC", "WAIT_M1")

    world.run(case())


@pytest.mark.parametrize("security", ["wpa+wpa2", "wpa2+sae"])
def test_networks_that_offer_wpa2_among_others_can_be_joined(security: str) -> None:
    world = World()
    ap = world.wpa2(security=security)
    world.run(world.joined(ap))
