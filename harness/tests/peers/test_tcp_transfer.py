# SPDX-License-Identifier: GPL-2.0-or-later
"""Two of our TCPs against each other: streams arrive whole whatever the cable does, and at the times RFC 6298 gives."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from sockbench.peers import ConnectionLost
from sockbench.peers.errors import Expired
from sockbench.peers.tcp.segment import SYN, parse_segment

from .world import MS, SEC, US, World, both

MIB = 1 << 20

CABLES = [
    {},
    {"loss": 0.05},
    {"duplicate": 0.1},
    {"reorder": 0.2},
    {"corrupt": 0.03},
    {"loss": 0.05, "duplicate": 0.05, "reorder": 0.1, "corrupt": 0.02, "seed": 7},
]


@pytest.mark.parametrize("cable", CABLES, ids=lambda cable: "+".join(cable) or "clean")
@pytest.mark.parametrize(
    "options",
    [{}, {"ack": "delayed"}, {"window_scale": 4, "sack": True, "timestamps": True}],
    ids=["plain", "delayed", "options"],
)
def test_a_mebibyte_each_way_arrives_intact(cable: dict[str, Any], options: dict[str, Any]) -> None:
    world = World(**cable)
    there, back = Random(1).randbytes(MIB), Random(2).randbytes(MIB)

    async def main() -> None:
        ours, theirs = await world.connected(options, **options)
        ours.send(there)
        theirs.send(back)
        received = await both(theirs.recv(MIB, within=3600 * SEC), ours.recv(MIB, within=3600 * SEC))
        assert received == [there, back]
        ours.finish()
        theirs.finish()
        await both(ours.closed(within=600 * SEC), theirs.closed(within=600 * SEC))
        assert ours.lost is None and theirs.lost is None

    world.run(main())


def test_same_seed_gives_the_same_frames() -> None:
    def frames() -> list[tuple[int, bytes]]:
        world = World(loss=0.1, reorder=0.1, seed=3)

        async def main() -> None:
            ours, theirs = await world.connected()
            ours.send(bytes(100_000))
            await theirs.recv(100_000, within=600 * SEC)

        world.run(main())
        return world.cable.frames

    assert frames() == frames()


@pytest.mark.parametrize("isn", [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFF000, 0x7FFFFFFF, 0])
def test_sequence_numbers_wrap(isn: int) -> None:
    world = World(loss=0.02, reorder=0.1)
    content = Random(isn).randbytes(100_000)

    async def main() -> None:
        ours, theirs = await world.connected({"isn": isn}, isn=isn)
        assert (ours.iss, theirs.irs) == (isn, isn)
        ours.send(content)
        theirs.send(content)
        await both(theirs.recv(len(content), within=600 * SEC), ours.recv(len(content), within=600 * SEC))
        assert theirs.received == ours.received == content
        assert theirs.rcv_nxt == (isn + 1 + len(content)) % (1 << 32)
        ours.finish()
        theirs.finish()
        await both(ours.closed(within=60 * SEC), theirs.closed(within=60 * SEC))

    world.run(main())


def test_lost_syn_is_sent_again_with_doubled_intervals_and_given_up() -> None:
    world = World(latency=1)

    async def main() -> None:
        world.board.arp.know("10.0.0.9", "02:00:00:00:00:09")
        conn = world.board.tcp.connect(80, to="10.0.0.9")
        with pytest.raises(ConnectionLost):
            await conn.established(within=1000 * SEC)
        assert conn.lost == "timeout"

    world.run(main())
    assert [at // SEC for at, _ in world.cable.frames] == [0, 1, 3, 7, 15, 31, 63]
    assert world.now == 123 * SEC  # The last interval is rto_max, 60 s.


def test_unacknowledged_data_is_sent_again_with_doubled_intervals_and_given_up() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected({"attempts": 9})
        theirs.vanish()
        theirs.silent = True
        start, count = world.now, len(world.cable.frames)
        ours.send(b"anybody there?")
        await ours.closed(within=1000 * SEC)
        assert ours.lost == "timeout"
        intervals = [(at - start) // SEC for at, _ in world.cable.frames[count:]]
        assert intervals == [0, 1, 3, 7, 15, 31, 63, 123, 183]
        assert world.now == start + 243 * SEC

    world.run(main())


def test_round_trip_time_sets_the_timeout() -> None:
    world = World(latency=2 * SEC)

    async def main() -> None:
        world.board.arp.know("10.0.0.2", world.peer.mac)
        ours, _ = await world.connected({"rto": 10 * SEC})
        assert ours.rto == 4 * SEC + 4 * 2 * SEC  # RFC 6298 2.2
        ours.send(b"x")
        await world.pass_time(5 * SEC)
        assert ours.rto == 4 * SEC + 4 * (2 * SEC * 3 // 4)  # RFC 6298 2.3, the same round trip again

    world.run(main())


def test_third_duplicate_acknowledgement_sends_at_once() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        ours.drop(when=lambda segment: bool(segment.payload))
        start = world.now
        ours.send(bytes(1460 * 6))
        await theirs.recv(1460 * 6, within=SEC)
        assert world.now - start < 10 * MS

    world.run(main())


def test_two_lost_segments_wait_for_the_timer() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        ours.drop(2)
        start = world.now
        ours.send(bytes(2000))
        await theirs.recv(2000, within=5 * SEC)
        assert world.now - start == SEC + 150 * US  # The second segment goes when the first is acknowledged.

    world.run(main())


def test_connection_whose_syn_was_lost_starts_with_three_seconds() -> None:
    world = World()

    async def main() -> None:
        world.board.arp.know("10.0.0.2", world.peer.mac)
        listener = world.peer.tcp.listen(80)
        ours = world.board.tcp.connect(80, to="10.0.0.2", setup=lambda conn: conn.drop())
        theirs = await listener.accept(within=2 * SEC)
        assert ours.rto == 3 * SEC  # RFC 6298 5.7
        assert theirs.rto == 1 * SEC

    world.run(main())


def test_delayed_acknowledgement_comes_with_the_second_segment_or_in_time() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(ack="delayed", ack_delay=170 * MS)
        start = world.now
        ours.send(b"one")
        await ours.until(lambda conn: conn.unacknowledged == 0, within=SEC)
        assert world.now - start == 170 * MS + 100 * US
        start = world.now
        ours.send(bytes(2 * 1460))
        await ours.until(lambda conn: conn.unacknowledged == 0, within=SEC)
        assert world.now - start == 100 * US

    world.run(main())


def test_mss_limits_every_segment() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(mss=100)
        assert ours.mss == 100 and theirs.mss == 1460
        ours.send(bytes(1000))
        await theirs.recv(1000, within=SEC)
        theirs_default, _ = await second_connection(world, mss=None)
        assert theirs_default.mss == 536  # RFC 9293 MUST-15

    world.run(main())
    sizes = [len(frame) for _, frame in world.cable.frames]
    assert max(sizes) == 14 + 20 + 20 + 100


async def second_connection(world: World, **options: Any) -> Any:
    listener = world.peer.tcp.listen(81, **options)
    ours = world.board.tcp.connect(81, to="10.0.0.2")
    return ours, await listener.accept(within=SEC)


def test_closed_window_is_probed_until_it_opens() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(window=0)
        start, count = world.now, len(world.cable.frames)
        ours.send(b"hello world")
        await world.pass_time(3600 * SEC)
        assert theirs.received == b"" and ours.state == "ESTABLISHED"
        probes = [(at - start) // SEC for at, frame in world.cable.frames[count:] if frame[:6] == b"\x02\0\0\0\0\x02"]
        assert probes[:8] == [1, 3, 7, 15, 31, 63, 123, 183]
        theirs.window = None
        assert await theirs.recv(11, within=SEC) == b"hello world"

    world.run(main())


def test_window_bounds_what_is_in_flight() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(window=2920, ack="never")
        ours.send(bytes(10_000))
        await world.pass_time(100 * MS)
        assert (theirs.received_bytes, ours.unacknowledged, ours.unsent) == (2920, 2920, 7080)
        theirs.window = 100
        theirs.ack = "every"
        await world.pass_time(1 * MS)
        # The window shrank, and all in flight is acknowledged: the 100 bytes wait for the probe timer.
        assert (ours.unacknowledged, ours.unsent, ours.snd_wnd) == (0, 7080, 100)
        theirs.window = 65_535
        assert len(await theirs.recv(10_000, within=10 * SEC)) == 10_000

    world.run(main())


def test_full_receive_buffer_closes_the_window_and_reading_opens_it() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(buffer=5840)
        ours.send(bytes(4 * 5840))
        await world.pass_time(500 * MS)
        assert (theirs.received_bytes, ours.snd_wnd) == (5840, 0)
        for _ in range(4):
            assert len(await theirs.recv(5840, within=5 * SEC)) == 5840
        with pytest.raises(Expired):
            await theirs.recv(1, within=SEC)

    world.run(main())


def test_window_scale_allows_more_than_64_kib_in_flight() -> None:
    world = World(latency=10 * MS)

    async def main() -> None:
        ours, theirs = await world.connected({"window_scale": 0}, window_scale=7)
        ours.send(b"x")
        await world.pass_time(SEC)
        assert ours.snd_wnd == 65_535 << 7
        ours.send(bytes(500_000))
        assert ours.unacknowledged == 500_000
        await theirs.recv(500_001, within=SEC)
        plain, _ = await second_connection(world, window_scale=7)
        assert plain.snd_wnd == 65_535  # Not offered, so not used.

    world.run(main())


def test_timestamps_and_sack_blocks_go_out_only_if_agreed() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected({"timestamps": True, "sack": True}, timestamps=True, sack=True)
        assert ours.mss == 1448
        ours.drop(when=lambda segment: bool(segment.payload))
        count = len(world.cable.frames)
        ours.send(bytes(3000))
        await theirs.recv(3000, within=5 * SEC)
        tail = [frame[34:] for _, frame in world.cable.frames[count:]]
        assert any(b"\x05\x0a" in data[20:60] for data in tail), "no SACK block was sent"
        assert all(data[20:24] == b"\x01\x01\x08\x0a" for data in tail)
        count = len(world.cable.frames)
        await second_connection(world, timestamps=True, sack=True)
        assert [data[34:][12] >> 4 for _, data in world.cable.frames[count:]] == [6, 6, 5]

    world.run(main())


def test_simultaneous_open_makes_one_connection() -> None:
    world = World()

    async def main() -> None:
        world.board.arp.know("10.0.0.2", world.peer.mac)
        world.peer.arp.know("10.0.0.1", world.board.mac)
        ours = world.board.tcp.connect(4001, to="10.0.0.2", sport=4000)
        theirs = world.peer.tcp.connect(4000, to="10.0.0.1", sport=4001)
        await both(ours.established(within=SEC), theirs.established(within=SEC))
        ours.send(b"ping")
        theirs.send(b"pong")
        assert await both(theirs.recv(4, within=SEC), ours.recv(4, within=SEC)) == [b"ping", b"pong"]

    world.run(main())
    flags = [frame[34 + 13] for _, frame in world.cable.frames[:4]]
    assert flags == [SYN, SYN, SYN | 16, SYN | 16]


def test_queued_data_leaves_with_the_handshake() -> None:
    world = World()

    async def main() -> None:
        listener = world.peer.tcp.listen(80)
        ours = world.board.tcp.connect(80, to="10.0.0.2")
        ours.send(b"early")
        ours.finish()
        theirs = await listener.accept(within=SEC)
        assert await theirs.recv(99, within=SEC) == b"early"
        assert theirs.state == "CLOSE-WAIT"

    world.run(main())


def test_actions_happen_at_the_times_they_are_given() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        ours.send(b"a", at=5 * SEC)
        ours.raw(flags="A", at=6 * SEC)
        ours.finish(at=7 * SEC + 1)
        theirs.reset(at=8 * SEC)
        count = len(world.cable.frames)
        await ours.closed(within=20 * SEC)
        times = [at for at, frame in world.cable.frames[count:] if frame[6:12] == b"\x02\0\0\0\0\x01"]
        assert times == [5 * SEC, 6 * SEC, 7 * SEC + 1]
        assert world.now == 8 * SEC + 50 * US and ours.lost == "reset"

    world.run(main())


def test_parse_finds_no_segment_in_rubbish() -> None:
    random = Random(5)
    assert not any(parse_segment(random.randbytes(random.randrange(60)), 0) for _ in range(2000))
