# SPDX-License-Identifier: GPL-2.0-or-later
"""What the wire does to frames: how often, how late, and the same for the same seed."""

from __future__ import annotations

import pytest
from sockbench import link
from sockbench.clock import MS, SEC, US
from sockbench.faults import Channel, Faults, flip_bit
from sockbench.packets import ICMP, IP, TCP, UDP, Ether, Raw
from sockbench.peers.headers import parse_ipv4

from .fake import FakeBoard, bench

COUNT = 4000
PACKET = bytes(
    Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
    / IP(src="10.0.0.1", dst="10.0.0.2")
    / UDP(sport=1, dport=2)
    / Raw(b"0123456789" * 10)
)


def carried(faults: Faults, seed: str = "1", count: int = COUNT) -> list[list[tuple[int, bytes, str]]]:
    channel = Channel(seed)
    channel.faults = faults
    return [[(copy.at, copy.data, copy.fate) for copy in channel.carry(PACKET, i * MS)] for i in range(count)]


def test_wire_without_faults_changes_nothing() -> None:
    assert carried(Faults(), count=10) == [[(i * MS, PACKET, "")] for i in range(10)]


@pytest.mark.parametrize("chance", [0.0, 0.1, 0.5, 1.0])
def test_loss_and_duplication_happen_as_often_as_told(chance: float) -> None:
    # Four standard deviations of a binomial count; the seed is fixed, so this never varies.
    most = 4 * (COUNT * chance * (1 - chance)) ** 0.5
    lost = sum(not copies for copies in carried(Faults(loss=chance)))
    doubled = sum(len(copies) == 2 for copies in carried(Faults(duplicate=chance)))
    assert abs(lost - COUNT * chance) <= most and abs(doubled - COUNT * chance) <= most


def test_same_seed_gives_the_same_fate_and_another_seed_another() -> None:
    weather = Faults(loss=0.1, duplicate=0.1, reorder=0.1, corrupt=0.1)
    assert carried(weather) == carried(weather) != carried(weather, seed="2")


def test_one_fault_does_not_move_another() -> None:
    """A case that adds duplication keeps its losses."""
    alone = [bool(copies) for copies in carried(Faults(loss=0.2))]
    together = [bool(copies) for copies in carried(Faults(loss=0.2, duplicate=0.5, reorder=0.3))]
    assert alone == together


def test_delay_and_reordering_are_exact() -> None:
    copies = [copy for one in carried(Faults(delay=7, reorder=0.5, overtaken_by=3 * MS), count=100) for copy in one]
    late = [at - i * MS for i, (at, _, _) in enumerate(copies)]
    assert set(late) == {7, 7 + 3 * MS}


def test_rate_sends_one_after_the_other() -> None:
    channel = Channel("1")
    channel.faults = Faults(rate=8_000_000)
    at = [channel.carry(PACKET, 0)[0].at for _ in range(3)]
    assert at == [len(PACKET) * US * n for n in (1, 2, 3)]
    assert channel.carry(PACKET, 1 * SEC)[0].at == 1 * SEC + len(PACKET) * US


def test_every_corruption_is_one_bit_that_a_checksum_finds() -> None:
    for copies in carried(Faults(corrupt=1.0), count=500):
        ((_, data, fate),) = copies
        difference = int.from_bytes(data, "big") ^ int.from_bytes(PACKET, "big")
        assert difference.bit_count() == 1 and fate == "corrupted"
        packet = parse_ipv4(data[14:])
        whole = Ether(data)
        if packet is not None:
            wrong = whole[UDP].chksum
            del whole[UDP].chksum
            assert Ether(bytes(whole))[UDP].chksum != wrong


def test_corruption_of_what_has_no_checksum_is_a_loss() -> None:
    arp = bytes.fromhex("ffffffffffff0200000000010806") + bytes(46)
    assert flip_bit(arp, 5) is None
    channel = Channel("1")
    channel.faults = Faults(corrupt=1.0)
    assert channel.carry(arp, 0) == []


@pytest.mark.parametrize(
    "settings",
    [{"loss": -0.1}, {"loss": 1.1}, {"corrupt": "x"}, {"duplicate": True}, {"delay": -1}, {"delay": 0.5}, {"rate": -1}],
)
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(settings))}= is"):
        Faults(**settings)  # type: ignore[arg-type]


def test_each_direction_has_its_own_faults() -> None:
    board = FakeBoard()
    world = bench(board)
    echo = bytes(
        Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(type=8)
    )
    world.wire.faults.to_board = Faults(loss=1.0)
    board.transmit(1 * MS, echo)
    world.run(world.idle(for_=2 * MS))
    assert [(frame.outgoing, frame.fate) for frame in world.wire.frames] == [(True, ""), (False, "lost")]
    assert not [kind for _, kind, _ in board.happened if kind == link.FRAME]
    world.wire.faults.to_board = Faults()
    world.wire.faults.from_board = Faults(loss=1.0)
    board.transmit(3 * MS, echo)
    world.run(world.idle(for_=2 * MS))
    assert [(frame.outgoing, frame.fate) for frame in world.wire.frames[2:]] == [(True, "lost")]
    world.check()


def test_delayed_frame_of_the_board_is_expected_when_it_arrives() -> None:
    board = FakeBoard()
    world = bench(board)
    world.wire.faults.from_board = Faults(delay=5 * MS)
    world.wire.peer.enabled = False
    board.transmit(1 * MS, bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(
        src="10.0.0.1", dst="10.0.0.2") / TCP(dport=80)))  # fmt: skip
    frame = world.run(world.wire.expect(TCP(), within=50 * MS))
    assert (frame.at, world.now) == (1 * MS, 6 * MS)


def test_only_a_faults_is_taken() -> None:
    with pytest.raises(TypeError, match="are a Faults"):
        bench().wire.faults.to_board = 0.1  # type: ignore[assignment]
