# SPDX-License-Identifier: GPL-2.0-or-later
"""The proxy passes arguments as they are, and its calls can neither be lost nor forgotten."""

from __future__ import annotations

import asyncio
from typing import Any

import cbor2
import pytest
from sockbench import link
from sockbench.clock import MS, US
from sockbench.constants import AF_INET, Constant
from sockbench.errors import AgentRefused, BenchError, ForgottenCall, LinkBroken, TargetDied
from sockbench.remote import CALL_COST, RemoteError, RemoteIOError, RemoteTimeoutError, elapsed_is

from .fake import FakeBoard, bench

SOCKET = cbor2.CBORTag(60004, 7)


@pytest.fixture
def board() -> FakeBoard:
    made = FakeBoard()
    made.answers["socket"] = lambda request: {"ok": SOCKET}
    made.answers["module.constants"] = lambda request: {"ok": {"AF_INET": 23}}
    return made


def requests(board: FakeBoard) -> list[dict[str, Any]]:
    return [cbor2.loads(payload) for _, kind, payload in board.happened if kind == link.MESSAGE]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (None, None),
        (True, True),
        (-5, -5),
        (2**70, 2**70),
        (1.5, 1.5),
        ("10.0.0.2", "10.0.0.2"),
        (b"abc", b"abc"),
        (("10.0.0.2", 80), ["10.0.0.2", 80]),
        # cbor2 gives what is within a tag as tuples.
        (["x", (1,)], cbor2.CBORTag(60001, ("x", (1,)))),
        (bytearray(b"ab"), cbor2.CBORTag(60002, b"ab")),
        ({"a": (1,)}, {"a": [1]}),
        (AF_INET, 23),
        (object(), cbor2.CBORTag(60005, "object")),
    ],
)
def test_arguments_are_passed_as_they_are(board: FakeBoard, value: object, sent: object) -> None:
    world = bench(board)

    async def main() -> None:
        sock = await world.target.socket()
        await sock.call("anything", value, named=value)

    world.run(main())
    request = requests(board)[-1]
    assert request["fn"] == "socket.anything" and request["self"] == SOCKET
    assert request["args"] == [sent] and request["kw"] == {"named": sent}


def test_omitted_arguments_are_not_sent(board: FakeBoard) -> None:
    world = bench(board)
    world.run(_await(world.target.socket()))
    assert set(requests(board)[-1]) == {"id", "th", "op", "fn"}


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ([cbor2.CBORTag(60002, b"x"), ["10.0.0.2", 7]], (bytearray(b"x"), ("10.0.0.2", 7))),
        (cbor2.CBORTag(60001, [1]), [1]),
        ({"a": [1]}, {"a": (1,)}),
        (None, None),
    ],
)
def test_results_have_their_python_types(board: FakeBoard, sent: object, got: object) -> None:
    board.answers["ip_to_tuple"] = lambda request: {"ok": sent}
    world = bench(board)
    result = world.run(_await(world.target.ip_to_tuple("x")))
    assert result == got and type(result) is type(got)


async def _await(call: Any) -> Any:
    return await call


def test_remote_exception_is_pythons_and_ours(board: FakeBoard) -> None:
    board.answers["socket.recv"] = lambda request: {
        "exc": {"cls": "TimeoutError", "errno": 110, "msg": "recv timed out"}, "after": 5 * MS
    }  # fmt: skip
    world = bench(board)

    async def main() -> RemoteError:
        sock = await world.target.socket()
        with pytest.raises(TimeoutError, match="recv timed out") as caught:
            await sock.recv(1)
        assert isinstance(caught.value, RemoteTimeoutError | RemoteIOError) and isinstance(caught.value, OSError)
        return caught.value

    error = world.run(main())
    assert (error.errno, error.elapsed) == (110, 5 * MS)


@pytest.mark.parametrize(
    ("took", "wanted", "holds"),
    [
        (100 * MS, 100 * MS, True),
        (100 * MS - 1, 100 * MS, False),
        (101 * MS + CALL_COST, 100 * MS, True),
        (101 * MS + CALL_COST + 1, 100 * MS, False),
        (CALL_COST, 0, True),
        (CALL_COST + 1, 0, False),
    ],
)
def test_elapsed_is_has_two_sides(board: FakeBoard, took: int, wanted: int, holds: bool) -> None:
    board.answers["ip_to_tuple"] = lambda request: {"ok": None, "after": took}
    world = bench(board)
    call = world.target.ip_to_tuple("x")
    world.run(_await(call))
    if holds:
        elapsed_is(call, wanted)
    else:
        with pytest.raises(AssertionError, match="wanted .* took .* from"):
            elapsed_is(call, wanted)


def test_call_survives_the_timeout_of_whoever_waits(board: FakeBoard) -> None:
    board.answers["socket.recv"] = lambda request: {"ok": cbor2.CBORTag(60002, b"late"), "after": 50 * MS}
    world = bench(board)

    async def main() -> None:
        sock = await world.target.socket()
        call = sock.recv(4)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10 * MS):
                await call
        assert call.pending
        assert await call == b"late" == await call
        assert call.elapsed == 50 * MS

    world.run(main())
    world.check()


def test_forgotten_call_fails_the_case(board: FakeBoard) -> None:
    world = bench(board)

    async def main() -> None:
        sock = await world.target.socket()
        sock.close()

    world.run(main())
    with pytest.raises(ForgottenCall, match=r"Socket\(7\).close\(\)"):
        world.check()


def test_failed_background_task_fails_the_case_unless_somebody_looks(board: FakeBoard) -> None:
    board.answers["ip_to_tuple"] = lambda request: {"exc": {"cls": "ValueError", "errno": 0, "msg": "bad"}}

    async def fails() -> None:
        await asyncio.sleep(1)
        raise KeyError("lost")

    async def main(look: bool) -> None:
        started = [world.tasks.start(world.target.ip_to_tuple("x")), world.tasks.start(fails())]
        await asyncio.sleep(1 * MS)
        for task in started:
            assert not task.pending
            if look:
                with pytest.raises((ValueError, KeyError)):
                    await task

    for look in (True, False):
        world = bench(board)
        world.run(main(look))
        if look:
            world.check()
        else:
            with pytest.raises(ForgottenCall, match="background task ip_to_tuple.*bad"):
                world.check()


def test_calls_at_once_run_on_threads_of_their_own_and_reuse_them(board: FakeBoard) -> None:
    world = bench(board)

    async def main() -> None:
        await asyncio.gather(*(world.target.ip_to_tuple("x") for _ in range(3)))
        sock = await world.target.socket()
        rx = world.target.thread("rx").of(sock)
        await asyncio.gather(rx.recv(1), rx.recv(2))

    world.run(main())
    assert [request["th"] for request in requests(board)[1:]] == ["w0", "w1", "w2", "w0", "rx", "rx"]


def test_death_ends_every_call_and_names_the_cause(board: FakeBoard) -> None:
    board.answers["socket.recv"] = lambda request: None
    world = bench(board)

    async def main() -> None:
        sock = await world.target.socket()
        waiting = world.tasks.start(sock.recv(1))
        board.say(world.now + 1 * MS, link.PANIC, b"tcp.c:99: pcb is null (task w0)")
        with pytest.raises(TargetDied, match=r"tcp.c:99: pcb is null \(task w0\)"):
            await waiting
        with pytest.raises(TargetDied):
            await sock.close()
        await asyncio.sleep(1)

    with pytest.raises(TargetDied):
        world.run(main())
    world.close(keep_board=True)
    assert board.closed


@pytest.mark.parametrize(
    ("said", "error", "words"),
    [
        (b"\xff\xff", LinkBroken, "no CBOR"),
        (cbor2.dumps([1]), LinkBroken, "no map"),
        (cbor2.dumps({"id": 999, "ok": 1}), LinkBroken, "nobody made"),
        (cbor2.dumps({"id": None, "bad": "not CBOR"}), AgentRefused, "not CBOR"),
    ],
)
def test_nonsense_from_the_agent_is_the_benchs_error(
    board: FakeBoard, said: bytes, error: type[BenchError], words: str
) -> None:
    world = bench(board)
    board.say(1 * MS, link.MBOX, said)
    with pytest.raises(error, match=f"^[^\n]*{words}[^\n]*$"):
        world.run(world.idle(for_=2 * MS))


def test_refused_request_is_the_benchs_error(board: FakeBoard) -> None:
    board.answers["ip_to_tuple"] = lambda request: {"bad": "no thread left"}
    world = bench(board)
    with pytest.raises(AgentRefused, match="ip_to_tuple.*no thread left"):
        world.run(_await(world.target.ip_to_tuple("x")))


def test_request_too_large_says_what_to_do(board: FakeBoard) -> None:
    world = bench(board)
    with pytest.raises(ValueError, match=r"131072: use target.buffer\(\)"):
        world.target.ip_to_tuple(bytes(131_072))
    with pytest.raises(ValueError, match="no constant SO_NOTHING"):
        world.target.ip_to_tuple(Constant("SO_NOTHING"))
    world.check()


def test_console_and_losses_are_in_the_timeline_at_their_time(board: FakeBoard) -> None:
    world = bench(board)
    board.say(100 * US, link.LOG, b"one\ntwo\n")
    board.say(200 * US, link.DROP, b"\x03\x01")
    world.run(world.idle(for_=1 * MS))
    assert world.timeline.lines()[-3:] == [
        "0.000100000 s console  one",
        "0.000100000 s console  two",
        "0.000200000 s lost     a message on port 0: the mailbox is full",
    ]
