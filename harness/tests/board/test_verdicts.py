# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way in which a case can end has its verdict, and none harms the case after it.

One run holds all of them, each followed by a case that has to pass as if it were alone.
"""

from __future__ import annotations

import json

import pytest

from .runs import Run, Runner

CASES = '''
async def good(target, wire):
    far = wire.peer.udp.bind(7000)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.sendto(b"hello", (wire.peer.ip, 7000))
    assert (await far.recv(within=1 * SEC)).data == b"hello"

async def test_00_good(target, wire): await good(target, wire)

async def test_10_assertion(target): await target.crash("assert")
async def test_11_good(target, wire): await good(target, wire)

async def test_12_hardfault(target): await target.crash("hardfault")
async def test_13_good(target, wire): await good(target, wire)

async def test_14_hang(target): await target.crash("hang")
async def test_15_good(target, wire): await good(target, wire)

async def test_16_stack(target): await target.crash("stack")
async def test_17_good(target, wire): await good(target, wire)

async def test_20_qemu_killed(target, bench):
    os.kill(bench.board.pid, 9)
    await bench.idle(for_=1 * SEC)
async def test_21_good(target, wire): await good(target, wire)

async def test_30_malformed_cbor(target, bench):
    bench.request(b"\\xff\\x00nonsense", "nonsense")
    await bench.idle(for_=1 * SEC)
async def test_31_good(target, wire): await good(target, wire)

async def test_32_agent_lives_on_after_nonsense(target, bench, wire):
    """The agent refuses each of them, and then serves."""
    heard = []
    bench.target.received, usual = lambda data: heard.append(data) or "", bench.target.received
    for nonsense in (b"\\xff", b"\\xa1", b"\\x00" * 131072, b"\\x9f" * 5000, b""):
        bench.request(nonsense, "nonsense")
    await bench.idle(for_=1 * SEC)
    bench.target.received = usual
    assert len(heard) >= 4 and all(b"bad" in data for data in heard)
    await good(target, wire)

async def test_33_oversize_frames_harm_nothing(target, wire):
    for size in (1514, 1515, 1600, 9000, 65535):
        wire.send(bytes.fromhex("020000000001020000000002080045") + bytes(size - 15))
    await good(target, wire)

async def test_40_stray_frame(target, wire):
    wire.peer.enabled = False
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.sendto(b"x", (wire.peer.ip, 7000))
    await asyncio.sleep(1 * MS)
async def test_41_good(target, wire): await good(target, wire)

async def test_42_forgotten_call(target):
    target.socket()
    await asyncio.sleep(1 * MS)
async def test_43_good(target, wire): await good(target, wire)

async def test_44_background_failure(target, tasks):
    tasks.start(target.socket("no", "such", "socket"))
    await asyncio.sleep(1 * MS)
async def test_45_good(target, wire): await good(target, wire)

async def test_51_forgotten_await(target, wire):
    wire.expect(within=1 * SEC)
async def test_52_good(target, wire): await good(target, wire)

@deadline(10 * SEC)
async def test_46_deadlock(target, wire):
    await asyncio.get_running_loop().create_future()
async def test_47_good(target, wire): await good(target, wire)

@deadline(10 * SEC)
async def test_48_runaway(target, wire):
    while True: await asyncio.sleep(1 * SEC)
async def test_49_good(target, wire): await good(target, wire)

async def test_50_pending_calls_are_no_failure(target, tasks):
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(5000)
    tasks.start(sock.recvfrom(10))
    await asyncio.sleep(1 * MS)

async def test_60_known_deviation(target): assert False
async def test_61_deviation_that_passes(target): pass
async def test_62_deviation_does_not_excuse_the_bench(target, bench):
    os.kill(bench.board.pid, 9)
    await bench.idle(for_=1 * SEC)
'''

CONNECT = """
async def test_connect(target, wire):
    wire.peer.tcp.listen(80)
    sock = await target.socket()
    await sock.connect((wire.peer.ip, 80))
"""

MANIFEST = """
interface = "eth"
[[deviation]]
case = "test_cases.py::test_60_known_deviation"
reason = "known"
[[deviation]]
case = "test_cases.py::test_61_deviation_that_passes"
reason = "thought to be known"
[[deviation]]
case = "test_cases.py::test_62_deviation_does_not_excuse_the_bench"
reason = "known"
"""


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The one run of all these cases."""
    folder = tmp_path_factory.mktemp("verdicts")
    (folder / "drivers").mkdir()
    (folder / "drivers" / "here.toml").write_text(MANIFEST)
    runner = Runner(request.config, folder)
    return runner.run(CASES, "--sockbench-driver", "here", "--sockbench-watchdog", "2")


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("test_10_assertion", "failed", "crash.c:"),
        ("test_12_hardfault", "failed", "pc="),
        ("test_14_hang", "failed", "the watchdog ended the board"),
        ("test_16_stack", "failed", "stack"),
        ("test_20_qemu_killed", "error", "QEMU ended by SIGKILL"),
        ("test_30_malformed_cbor", "error", "the agent refused a message"),
        ("test_32_agent_lives_on_after_nonsense", "passed", ""),
        ("test_33_oversize_frames_harm_nothing", "passed", ""),
        ("test_40_stray_frame", "failed", "nobody accounted for"),
        ("test_42_forgotten_call", "failed", "calls that nobody awaited: socket()"),
        ("test_44_background_failure", "failed", "the background task socket"),
        ("test_46_deadlock", "failed", "test_46_deadlock waits in test_cases.py, line "),
        ("test_48_runaway", "failed", "the next timer is at"),
        ("test_50_pending_calls_are_no_failure", "passed", ""),
        ("test_51_forgotten_await", "failed", "coroutine 'Wire.expect' was never awaited: write `await`"),
        ("test_60_known_deviation", "expected-deviation", "assert False"),
        ("test_61_deviation_that_passes", "unexpected-pass", ""),
        ("test_62_deviation_does_not_excuse_the_bench", "error", "QEMU ended by SIGKILL"),
    ],
)
def test_case_has_its_verdict_and_its_reason(run: Run, name: str, verdict: str, words: str) -> None:
    assert run.verdict(name) == verdict
    if words:
        error = json.loads((run.bundle(name) / "bundle.json").read_text())["error"]
        assert words in error
        assert verdict != "error" or "\n" not in error


def test_report_shows_lines_of_the_cases_and_none_of_the_machinery(run: Run) -> None:
    # asyncio's, pytest's and our frames say nothing to somebody whose case failed.
    for word in ("base_events.py", "pluggy", "loop.py:", "wire.py:", "traceback entries are hidden"):
        assert word not in run.output, word
    assert "test_cases.py:" in run.output and "was never awaited" in run.output


def test_every_case_after_a_bad_one_passes(run: Run) -> None:
    verdicts = {case["id"]: case["verdict"] for case in run.results["cases"] if case["id"].endswith("_good")}
    assert len(verdicts) == 13 and set(verdicts.values()) == {"passed"}


def test_totals_and_status_say_that_something_is_wrong(run: Run) -> None:
    totals = run.results["totals"]
    assert run.status == 1
    assert sum(totals.values()) == len(run.results["cases"]) == totals["passed"] + 15
    assert totals["error"] == 3 and totals["expected-deviation"] == 1 and totals["unexpected-pass"] == 1
    assert "test_14_hang" in run.output and (run.out / "junit.xml").exists()


def test_bundle_reproduces_the_case(run: Run, runner: Runner) -> None:
    """The same seed and case give the same hash, alone as in the suite."""
    facts = json.loads((run.bundle("test_40_stray_frame") / "bundle.json").read_text())
    again = runner.run(CASES, "-k", "test_40_stray_frame", "--sockbench-seed", str(facts["seed"]), out="again")
    assert again.case("test_40_stray_frame")["trace_sha256"] == facts["trace_sha256"]


def test_another_seed_is_another_run(runner: Runner) -> None:
    """A connection's first sequence number and port are drawn on the device."""
    hashes = set()
    for seed in ("1", "2"):
        run = runner.run(CONNECT, "--sockbench-seed", seed)
        assert run.status == 0, run.output
        hashes.add(run.case("test_connect")["trace_sha256"])
    assert len(hashes) == 2


def test_timeline_of_a_bundle_holds_calls_and_frames(run: Run) -> None:
    lines = (run.bundle("test_40_stray_frame") / "timeline.txt").read_text().splitlines()
    assert any("api      > socket(type=SOCK_DGRAM)" in line for line in lines)
    assert any("frame    board > " in line and "10.0.0.2" in line for line in lines)
    times = [line.split(" s ")[0] for line in lines]
    assert times == sorted(times)
