# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever the board says, an access point and a station neither raise nor let anything in."""

from __future__ import annotations

from random import Random

import pytest
from sockbench.air import frames
from sockbench.clock import MS, SEC, US

from .world import NIC_MAC, World

KINDS = [*frames.NAMES, 0x04, 0x98, 0xFC]


def noise(random: Random, world: World, bssid: bytes) -> bytes:
    """Return a frame whose header is right often enough to be looked into."""
    kind = random.choice(KINDS)
    flags = random.choice([0, frames.TO_DS, frames.FROM_DS, frames.TO_DS | frames.PROTECTED, random.getrandbits(8)])
    receiver = random.choice([bssid, frames.BROADCAST, random.randbytes(6)])
    mpdu = frames.header(kind, flags, receiver, world.nic.address, bssid, random.getrandbits(16))
    body = random.choice([b"", frames.EAPOL_SNAP, b"\0\0\1\0\0\0"]) + random.randbytes(random.randrange(120))
    return (mpdu + body)[: random.randrange(1, 24 + len(body) + 1)]


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_survived_and_nothing_of_it_reaches_the_wire(seed: int) -> None:
    random = Random(seed)
    world = World()
    ap = world.wpa2()
    world.air.ignore()

    async def case() -> None:
        station = await world.joined(ap)
        await station.host("10.0.0.1").icmp.ping("10.0.0.2", within=1 * SEC)
        crossed = len(world.bench.wire.frames)
        start = world.now
        for number in range(2000):
            world.nic.say(start + (number + 1) * 10 * US, noise(random, world, ap.address))
        await world.bench.idle(for_=50 * MS)
        assert len(world.bench.wire.frames) == crossed
        assert NIC_MAC not in ap.stations or not ap.stations[NIC_MAC].authorized
        assert station.state == "CONNECTED"
        await station.hosts[0].icmp.ping("10.0.0.2", within=1 * SEC)

    world.run(case())


@pytest.mark.parametrize("seed", range(4))
def test_noise_of_an_access_point_does_not_move_a_station(seed: int) -> None:
    random = Random(seed)
    world = World()
    ap = world.wpa2()

    async def case() -> None:
        station = await world.joined(ap)
        for _ in range(2000):
            kind = random.choice([kind for kind in KINDS if kind not in (frames.DEAUTH, frames.DISASSOC)])
            head = frames.header(kind, random.choice([0, frames.FROM_DS, frames.FROM_DS | frames.PROTECTED]),
                                 station.address, ap.address, ap.address, random.getrandbits(16))  # fmt: skip
            body = random.choice([b"", frames.EAPOL_SNAP]) + random.randbytes(random.randrange(120))
            world.air.send((head + body)[: random.randrange(1, 24 + len(body) + 1)])
        assert station.state == "CONNECTED"
        await station.host("10.0.0.1").icmp.ping("10.0.0.2", within=1 * SEC)

    world.run(case())


@pytest.mark.parametrize("cut", range(0, 16))
def test_message_2_that_is_cut_off_is_not_accepted(cut: int) -> None:
    world = World()
    ap = world.wpa2()
    station = world.air.station()
    station.edit("M2", lambda mpdu: mpdu[: 24 + 8 + cut * 8], count=1)

    async def case() -> None:
        started = world.now
        await station.join(ap.ssid, ap.password, within=5 * SEC)
        assert world.now - started == 100 * MS

    world.run(case())
