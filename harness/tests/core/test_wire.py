# SPDX-License-Identifier: GPL-2.0-or-later
"""Every frame is accounted for; patterns look at what was set and at nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from sockbench import link
from sockbench.clock import MS
from sockbench.errors import Expired, StrayFrame, TargetDied
from sockbench.packets import ARP, ICMP, IP, TCP, UDP, Ether, HostAsked, Packet, Raw
from sockbench.patterns import answer

from .fake import FakeBoard, bench

ETHER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")


def tcp(payload: bytes = b"", **fields: Any) -> bytes:
    settings: dict[str, Any] = {"sport": 5000, "dport": 80, "flags": "S", **fields}
    packet = ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(**settings)
    return bytes(packet / Raw(payload) if payload else packet)


def stranger(size: int = 60) -> bytes:
    """Return a frame that no host wants."""
    return (bytes.fromhex("0200000000ff02000000000188b5") + b"x" * size)[:size]


def test_expect_returns_the_first_that_matches_at_its_time() -> None:
    board = FakeBoard()
    world = bench(board)
    board.transmit(1 * MS, tcp(dport=81))
    board.transmit(2 * MS, tcp(dport=80, seq=7))
    board.transmit(3 * MS, tcp(dport=80, seq=8))
    frame = world.run(world.wire.expect(TCP(dport=80, flags="S"), within=50 * MS))
    assert (frame.at, frame.tcp.seq, world.now) == (2 * MS, 7, 2 * MS)


@pytest.mark.parametrize(("sent", "in_time"), [(10 * MS, True), (10 * MS + 1, False)])
def test_expect_counts_within_from_the_call(sent: int, in_time: bool) -> None:
    board = FakeBoard()
    world = bench(board)
    board.transmit(world.now + sent, tcp())
    waiting = world.wire.expect(TCP(dport=80), within=10 * MS)
    if in_time:
        assert world.run(waiting).tcp.dport == 80
    else:
        with pytest.raises(Expired, match=r"TCP\(dport=80\) within 0\.010000000 s.*nothing at all"):
            world.run(waiting)


def test_expect_takes_what_nobody_has_accounted_for_first() -> None:
    board = FakeBoard()
    world = bench(board)
    board.transmit(1 * MS, stranger())
    world.run(world.idle(for_=2 * MS))
    assert world.run(world.wire.expect(within=0)).at == 1 * MS
    with pytest.raises(Expired):
        world.run(world.wire.expect(within=1 * MS))


def test_expect_none_fails_at_the_frame_and_names_it() -> None:
    board = FakeBoard()
    world = bench(board)
    board.transmit(5 * MS, tcp())
    world.run(world.wire.expect_none(UDP(), for_=4 * MS))
    with pytest.raises(AssertionError, match="wanted nothing at all for .* saw 0.005000000 s board >"):
        world.run(world.wire.expect_none(for_=60 * MS))
    assert world.now == 5 * MS


def test_expect_none_sees_what_a_host_handles_too() -> None:
    board = FakeBoard()
    world = bench(board)
    request = Ether(src="02:00:00:00:00:01", dst="ff:ff:ff:ff:ff:ff") / ARP(
        op=1, hwsrc="02:00:00:00:00:01", psrc="10.0.0.1", pdst="10.0.0.2"
    )
    board.transmit(1 * MS, bytes(request))
    with pytest.raises(AssertionError, match="10.0.0.2"):
        world.run(world.wire.expect_none(ARP(), for_=10 * MS))


def test_stray_frame_fails_the_case_and_a_handled_one_does_not() -> None:
    board = FakeBoard()
    world = bench(board)
    echo = ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(type=8)
    board.transmit(1 * MS, bytes(echo))
    world.run(world.idle(for_=2 * MS))
    world.check()
    board.transmit(3 * MS, stranger())
    world.run(world.idle(for_=2 * MS))
    with pytest.raises(StrayFrame, match=r"\(1\):.*\n.*0\.003000000 s board >"):
        world.check()
    world.wire.ignore(lambda frame: frame.outgoing)
    world.check()


def test_ignore_accounts_for_future_frames_that_match_only() -> None:
    board = FakeBoard()
    world = bench(board)
    world.wire.ignore(Ether(type=0x88B5))
    board.transmit(1 * MS, stranger())
    board.transmit(2 * MS, tcp())
    world.run(world.idle(for_=3 * MS))
    with pytest.raises(StrayFrame, match=r"\(1\):"):
        world.check()


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (TCP(), True),
        (TCP(flags="S"), True),
        (TCP(flags="SA"), False),
        (IP(dst="10.0.0.2") / TCP(dport=80), True),
        (IP(dst="10.0.0.3") / TCP(dport=80), False),
        (TCP() / Raw(b"data"), True),
        (TCP() / Raw(b"date"), False),
        (Ether(src="02:00:00:00:00:01".upper()), True),
        (UDP(), False),
        (ARP(), False),
        (IP(ttl=64), True),
        (IP(ttl=63), False),
    ],
)
def test_pattern_compares_only_what_was_set(pattern: Packet, matches: bool) -> None:
    board = FakeBoard()
    world = bench(board)
    board.transmit(1 * MS, tcp(b"data"))
    world.run(world.idle(for_=2 * MS))
    if matches:
        assert world.run(world.wire.expect(pattern, within=0)).payload == b"data"
    else:
        with pytest.raises(Expired):
            world.run(world.wire.expect(pattern, within=0))


def test_frames_to_the_board_are_padded_unless_told_otherwise() -> None:
    board = FakeBoard()
    world = bench(board)
    world.wire.send(stranger(20))
    world.wire.send(stranger(20), pad=False)
    world.run(world.idle(for_=1))
    sent = [payload for _, kind, payload in board.happened if kind == link.FRAME]
    assert [len(data) for data in sent] == [60, 20] and sent[0][20:] == bytes(40)


def test_frame_at_a_later_time_is_logged_when_it_crosses() -> None:
    board = FakeBoard()
    world = bench(board)
    start = world.now
    world.wire.send(stranger(), at=start + 5 * MS)
    board.transmit(start + 3 * MS, stranger())
    world.run(world.idle(for_=10 * MS))
    assert [(frame.at - start, frame.outgoing) for frame in world.wire.frames] == [(3 * MS, True), (5 * MS, False)]


@pytest.mark.parametrize("size", [0, 65_536])
def test_frame_of_impossible_size_is_one_line(size: int) -> None:
    world = bench()
    with pytest.raises(ValueError, match=f"1 to 65535 bytes, not {size}"):
        world.wire.send(bytes(size), pad=False)


def test_largest_frame_is_sent() -> None:
    board = FakeBoard()
    world = bench(board)
    world.wire.send(bytes(65_535))
    world.run(world.idle(for_=1))
    assert len(board.happened[-1][2]) == 65_535


@pytest.mark.parametrize("within", [-1, 1.5, True, None])
def test_times_are_whole_nanoseconds(within: object) -> None:
    world = bench()
    with pytest.raises(ValueError, match="within= is a number of nanoseconds"):
        world.run(world.wire.expect(within=within))  # type: ignore[arg-type]


def test_answer_acknowledges_syn_data_and_fin() -> None:
    board = FakeBoard()
    world = bench(board)
    board.transmit(1 * MS, tcp(b"abc", flags="FPA", seq=0xFFFFFFFE, ack=50))
    frame = world.run(world.wire.expect(TCP(), within=2 * MS))
    reply = Ether(bytes(answer(frame, flags="SA", ttl=9)))
    assert (reply.dst, reply[IP].dst, reply[IP].ttl) == ("02:00:00:00:00:01", "10.0.0.1", 9)
    assert (reply[TCP].sport, reply[TCP].dport) == (80, 5000)
    assert (reply[TCP].seq, reply[TCP].ack, str(reply[TCP].flags)) == (50, 2, "SA")
    with pytest.raises(TypeError, match="no layer of the answer has a field 'flagz'"):
        answer(frame, flagz="S")


def test_payload_is_without_padding() -> None:
    board = FakeBoard()
    world = bench(board)
    packet = ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(b"hi")
    board.transmit(1 * MS, bytes(packet).ljust(60, b"\0"))
    frame = world.run(world.wire.expect(UDP(dport=2), within=2 * MS))
    assert frame.payload == b"hi" and frame.tcp is None and frame.arp is None and frame.icmp is None


def test_waiting_for_a_frame_of_a_dead_target_ends() -> None:
    board = FakeBoard()
    world = bench(board)
    board.say(1 * MS, link.PANIC, b"main.c:12: boom")
    with pytest.raises(TargetDied, match="main.c:12: boom"):
        world.run(world.wire.expect(within=50 * MS))
    assert world.now == 1 * MS


def test_packet_that_would_ask_the_host_raises() -> None:
    world = bench()
    for packet in (IP(dst="10.0.0.1"), Ether() / IP(src="10.0.0.2", dst="10.0.0.1"), ARP(pdst="10.0.0.1")):
        with pytest.raises(HostAsked):
            world.wire.send(packet)
