# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test can make the peer's TCP do wrong, seen from the other end of the cable."""

from __future__ import annotations

import pytest
from sockbench.peers import Connection, ConnectionLost
from sockbench.peers.errors import Expired
from sockbench.peers.tcp.segment import PSH, Segment

from .world import MS, SEC, Probe, World, both


def test_silent_peer_hears_and_says_nothing() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        theirs.silent = True
        ours.send(b"hello?")
        await world.pass_time(10 * SEC)
        assert theirs.received == b"hello?" and ours.unacknowledged == 6
        theirs.silent = False
        await ours.until(lambda conn: conn.unacknowledged == 0, within=20 * SEC)

    world.run(main())


def test_silent_listener_leaves_syns_unanswered_but_accounted_for() -> None:
    world = World()

    async def main() -> None:
        listener = world.peer.tcp.listen(80, silent=True)
        ours = world.board.tcp.connect(80, to="10.0.0.2")
        with pytest.raises(Expired):
            await ours.established(within=10 * SEC)
        assert (await listener.incoming(within=0)).state == "SYN-RECEIVED"

    world.run(main())
    assert world.cable.unwanted == []


def test_never_acknowledging_peer_still_delivers() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(ack="never")
        ours.send(b"abc")
        assert await theirs.recv(3, within=SEC) == b"abc"
        theirs.send(b"def")
        assert await ours.recv(3, within=SEC) == b"def"
        assert ours.unacknowledged == 3
        theirs.ack = "every"
        await ours.until(lambda conn: conn.unacknowledged == 0, within=MS)

    world.run(main())


@pytest.mark.parametrize("how", ["drop", "corrupt"])
def test_spoilt_segments_are_lost_once(how: str) -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        getattr(theirs, how)(2, when=lambda segment: bool(segment.payload))
        theirs.send(b"x")
        with pytest.raises(Expired):
            await ours.recv(1, within=3 * SEC)
        assert await ours.recv(1, within=SEC) == b"x"

    world.run(main())
    assert len(world.cable.unwanted) == (2 if how == "corrupt" else 0)


def test_duplicated_segments_arrive_twice() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        theirs.duplicate(when=lambda segment: bool(segment.flags & PSH))
        count = len(world.cable.frames)
        theirs.send(b"x")
        await ours.recv(1, within=SEC)
        frames = [frame for _, frame in world.cable.frames[count:]]
        assert frames[0][34:] == frames[1][34:]

    world.run(main())


def test_delayed_segment_is_overtaken() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        theirs.delay(5 * MS)
        theirs.send(b"first ")
        theirs.send(b"second")
        start = world.now
        assert await ours.recv(12, within=SEC) == b"first second"
        assert world.now - start == 5 * MS + world.cable.latency

    world.run(main())


def test_segments_can_be_edited() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()

        def change(segment: Segment) -> Segment:
            segment.ack += 1000
            return segment

        theirs.edit(change, when=lambda segment: bool(segment.payload))
        theirs.send(b"acknowledges what was never sent")
        await world.pass_time(100 * MS)
        assert ours.received == b""
        assert len(await ours.recv(32, within=2 * SEC)) == 32

    world.run(main())


def test_fixed_initial_sequence_number() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(isn=12345)
        assert (ours.irs, theirs.iss, theirs.snd_nxt) == (12345, 12345, 12346)

    world.run(main())


def test_reset_with_a_number_of_the_tests_choice() -> None:
    probe = Probe()
    conn = probe.established()
    conn.reset(seq=77, ack=88, flags="R")
    assert [(sent.flags, sent.seq, sent.ack) for sent in probe.sent[-1:]] == [(4, 77, 88)]
    assert conn.state == "CLOSED"
    probe.close()


def test_vanished_peer_answers_like_a_host_that_was_restarted() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        theirs.vanish()
        ours.send(b"still there?")
        with pytest.raises(ConnectionLost):
            await ours.recv(1, within=SEC)
        assert ours.lost == "reset"

    world.run(main())


def test_raw_segment_has_the_connections_numbers_where_none_are_given() -> None:
    probe = Probe()
    conn = probe.established()
    conn.raw(flags="PAU", payload=b"abc", urgent=2)
    conn.raw(flags="A", seq=1, ack=2, window=3)
    first, second = probe.sent[-2:]
    assert (first.seq, first.ack, first.window, first.urgent, first.payload) == (5001, 101, 65535, 2, b"abc")
    assert (second.seq, second.ack, second.window) == (1, 2, 3)
    assert conn.snd_nxt == 5001
    probe.close()


def test_acknowledged_raw_payload_moves_the_connection_on() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        theirs.raw(flags="PA", payload=b"raw ")
        await theirs.until(lambda conn: conn.snd_nxt == (conn.iss + 5) & 0xFFFFFFFF, within=SEC)
        theirs.send(b"and cooked")
        assert await ours.recv(14, within=SEC) == b"raw and cooked"

    world.run(main())
    assert len(world.cable.frames) < 12, "the two ends acknowledge each other for ever"


def test_ends_that_disagree_fall_silent() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()
        theirs.raw(flags="PA", seq=theirs.snd_nxt + 50_000, ack=theirs.rcv_nxt + 100, payload=b"nonsense")
        count = len(world.cable.frames)
        await world.pass_time(1 * SEC)
        assert len(world.cable.frames) - count <= 30
        ours.send(b"well")
        assert await theirs.recv(4, within=5 * SEC) == b"well"

    world.run(main())


def test_setup_is_called_before_anything_is_sent() -> None:
    world = World()

    def setup(conn: Connection) -> None:
        conn.drop()  # The SYN-ACK.
        conn.send(b"banner")

    async def main() -> None:
        listener = world.peer.tcp.listen(80, setup=setup)
        ours = world.board.tcp.connect(80, to="10.0.0.2")
        await both(ours.established(within=5 * SEC), listener.accept(within=5 * SEC))
        assert world.now > SEC
        assert await ours.recv(6, within=SEC) == b"banner"

    world.run(main())


def test_opening_the_window_says_so_and_closing_it_does_not() -> None:
    probe = Probe()
    conn = probe.established()
    count = len(probe.sent)
    conn.window = 100
    assert len(probe.sent) == count
    conn.window = 200
    conn.acknowledge()
    assert [sent.window for sent in probe.sent[count:]] == [200, 200]
    probe.close()


def test_sending_after_the_end_is_refused() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected(window=0)
        ours.send(b"waits")
        ours.finish()
        with pytest.raises(ConnectionLost):
            ours.send(b"too late")
        theirs.reset()
        with pytest.raises(ConnectionLost):
            theirs.send(b"x")
        with pytest.raises(ConnectionLost):
            await theirs.recv(1, within=0)

    world.run(main())


@pytest.mark.parametrize("first", ["ours", "theirs", "both"])
def test_every_order_of_closing_ends_cleanly(first: str) -> None:
    world = World(loss=0.2, seed=9)

    async def main() -> None:
        ours, theirs = await world.connected()
        ours.send(b"to them")
        theirs.send(b"to us")
        early, late = (ours, theirs) if first == "ours" else (theirs, ours)
        early.finish()
        if first != "both":
            await late.until(lambda conn: conn.peer_finished, within=100 * SEC)
        late.finish()
        await both(early.closed(within=500 * SEC), late.closed(within=500 * SEC))
        assert (ours.received, theirs.received) == (b"to us", b"to them")
        assert (ours.lost, theirs.lost) == (None, None)

    world.run(main())


def test_port_in_use_is_refused() -> None:
    world = World()

    async def main() -> None:
        world.board.tcp.connect(80, to="10.0.0.2", sport=4000)
        with pytest.raises(ValueError, match="is in use"):
            world.board.tcp.connect(80, to="10.0.0.2", sport=4000)

    world.run(main())
