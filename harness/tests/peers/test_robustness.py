# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever arrives, a peer neither raises nor talks without end."""

from __future__ import annotations

from random import Random

import pytest
from sockbench.peers import Connection

from .world import MS, SEC, Probe, World

FLAGS = ["S", "SA", "A", "PA", "FA", "F", "R", "RA", "FPA", "SF", "PAU", "", "SFRPAUEC"]


@pytest.mark.parametrize("seed", range(40))
def test_random_segments_in_and_near_the_window_do_no_harm(seed: int) -> None:
    random = Random(seed)
    probe = Probe(
        window=random.choice([None, 0, 100]),
        ack=random.choice(["every", "delayed", "never"]),
        timestamps=random.random() < 0.5,
        sack=random.random() < 0.5,
    )
    for _ in range(300):
        known = probe.listener.connections[-1] if probe.listener.connections else None
        expected = known.rcv_nxt if known else 100
        sent = known.snd_nxt if known else 5001
        before = len(probe.sent)
        probe.say(
            random.choice(FLAGS),
            (expected + random.choice([0, 0, 0, 1, -1, 5, -5, 1000, 70_000, -70_000, 1 << 31])) & 0xFFFFFFFF,
            (sent + random.choice([0, 0, 0, 1, -1, 100, -100, 1 << 31])) & 0xFFFFFFFF,
            random.randbytes(random.choice([0, 0, 1, 10, 1460])),
            window=random.choice([0, 1, 100, 4000, 65535]),
            options=random.choice(
                [b"", b"\x01\x01\x08\x0a" + random.randbytes(8), random.randbytes(8), b"\x02\x04\0\0"]
            ),
        )
        assert sum(not sent.payload for sent in probe.sent[before:]) < 5
        action = random.randrange(12)
        if known and action == 0 and known.state not in ("CLOSED", "TIME-WAIT") and not known.finished:
            known.send(b"x" * 2000)
        elif known and action == 1:
            known.finish()
        elif action == 2:
            probe.let_pass(random.choice([MS, SEC, 100 * SEC]))
    probe.close()


@pytest.mark.parametrize("seed", range(20))
def test_random_and_damaged_frames_do_no_harm(seed: int) -> None:
    world = World(seed=seed)
    random = Random(seed)
    captured: list[bytes] = []

    async def main() -> None:
        world.peer.udp.bind(5000)
        world.peer.udp.refuse(5001)
        ours, theirs = await world.connected({"timestamps": True}, timestamps=True)
        ours.send(bytes(5000))
        world.board.udp.bind(6000).send(bytes(3000), to=("10.0.0.2", 5000))
        world.board.udp.bind(6001).send(bytes(3000), to=("2001:db8::2", 5001))
        await world.pass_time(SEC)
        captured.extend(frame for _, frame in world.cable.frames)
        for _ in range(500):
            frame = bytearray(random.choice(captured))
            for _ in range(random.randrange(1, 4)):
                frame[random.randrange(len(frame))] = random.getrandbits(8)
            world.peer.receive(bytes(frame[: random.randrange(len(frame) + 1)]))
            world.peer.receive(bytes(frame))
            world.peer.receive(world.peer._mac + random.randbytes(random.randrange(80)))
        await world.pass_time(SEC)

    world.run(main())


def test_condition_that_raises_reaches_who_waits() -> None:
    world = World()

    async def main() -> None:
        ours, theirs = await world.connected()

        def raise_on_data(conn: Connection) -> bool:
            if conn.received_bytes:
                raise LookupError("from the condition")
            return False

        ours.send(b"x", at=world.now + MS)
        with pytest.raises(LookupError, match="from the condition"):
            await theirs.until(raise_on_data, within=SEC)
        ours.send(b"y")
        assert await theirs.recv(2, within=SEC) == b"xy"

    world.run(main())
