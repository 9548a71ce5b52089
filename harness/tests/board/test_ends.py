# SPDX-License-Identifier: GPL-2.0-or-later
"""However a run ends, it leaves whole results and no QEMU behind, and says what is wrong in one line."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .runs import LIMIT_S, Runner

LONG = """
async def test_a_short(target): pass

@deadline(100_000 * HOUR)
async def test_b_long(target, bench):
    with open("told", "w") as told: told.write(str(bench.board.pid))
    while True: await asyncio.sleep(1 * SEC)
"""
SHORT = """
async def test_it(target): pass
"""


def told_by(process: subprocess.Popen[str], fifo: Path) -> int:
    """Return QEMU's process id, which the case writes when it runs."""
    assert process.poll() is None
    return int(fifo.read_text())


def gone_within(pid: int, milliseconds: int) -> bool:
    """Return whether a process ends in that time; waits for its end, not for the time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(milliseconds))
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_killed_harness_leaves_no_qemu(runner: Runner, workers: tuple[str, ...]) -> None:
    os.mkfifo(runner.folder / "told")
    runner.write(LONG)
    process = runner.start(*workers)
    pid = told_by(process, runner.folder / "told")
    os.kill(parent_of(pid), signal.SIGKILL)
    assert gone_within(pid, 1000)
    process.kill()
    process.communicate(timeout=LIMIT_S)


def parent_of(pid: int) -> int:
    """Return the process id of a process's parent: of the Python that drives that QEMU."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_interrupted_run_has_complete_results_so_far(runner: Runner, workers: tuple[str, ...]) -> None:
    os.mkfifo(runner.folder / "told")
    runner.write(LONG)
    process = runner.start(*workers, start_new_session=True)
    pid = told_by(process, runner.folder / "told")
    # As a terminal does: to every process of the group.
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 2, output
    assert gone_within(pid, 1000)
    results = (runner.folder / "out" / "results.json").read_text()
    assert '"complete": false' in results and '"passed": 1' in results and "test_b_long" not in results
    assert (runner.folder / "out" / "junit.xml").exists()


def test_workers_give_what_one_process_gives(runner: Runner) -> None:
    cases = """
@pytest.mark.parametrize("number", range(6))
async def test_it(target, wire, number):
    far = wire.peer.udp.bind(7000)
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.sendto(b"x" * number, (wire.peer.ip, 7000))
    await far.recv(within=1 * SEC)
"""
    hashes = []
    for options, out in (((), "one"), (("-n", "2"), "two")):
        run = runner.run(cases, *options, out=out)
        assert run.status == 0, run.output
        hashes.append([(case["id"], case["trace_sha256"]) for case in run.results["cases"]])
    assert hashes[0] == hashes[1] and len({digest for _, digest in hashes[0]}) == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sockbench-qemu", "/nowhere/qemu"), "QEMU /nowhere/qemu is missing"),
        (("--sockbench-firmware", "/nowhere/fw.elf"), "firmware /nowhere/fw.elf is missing"),
        (("--sockbench-firmware", "test_cases.py"), "is not an ELF file"),
        (("--sockbench-firmware", sys.executable), "a 32-bit Arm ELF file is needed"),
        (("--sockbench-qemu", "/bin/false"), "QEMU ended with status 1"),
    ],
)
def test_board_that_cannot_start_is_an_error_of_one_line(
    runner: Runner, options: tuple[str, ...], words: str
) -> None:
    run = runner.run(SHORT, *options)
    assert run.status == 1 and run.verdict("test_it") == "error"
    assert len([line for line in run.output.splitlines() if line.startswith("E ") and words in line]) == 1


@pytest.mark.parametrize(
    ("file", "text", "options", "words"),
    [
        ("drivers/eth.toml", "[[deviation", (), "eth.toml: "),
        ("drivers/eth.toml", "interface = 'eth'\n[[deviation]]\ncase = 1\n", (), "has to have 'case' and 'reason'"),
        ("drivers/other.toml", "", ("--sockbench-driver", "typo"), "known: other"),
        ("x", "", ("--sockbench-driver", "typo"), "no interface of that name"),
        ("requirements/a.toml", "[[requirement]]\nslug = 'x'\n", (), "a.toml: x: 'id' is missing"),
        ("x", "", ("--sockbench-driver", "../x"), "is no name"),
        ("x", "", ("--sockbench-seed", "-1"), "is a number from 0"),
    ],
)
def test_bad_setting_is_one_line_and_a_bad_status(
    runner: Runner, file: str, text: str, options: tuple[str, ...], words: str
) -> None:
    (runner.folder / file).parent.mkdir(exist_ok=True)
    (runner.folder / file).write_text(text)
    run = runner.run(SHORT, *options)
    assert run.status not in (0, 1)
    assert len([line for line in run.output.splitlines() if words in line]) == 1
    assert "Traceback" not in run.output


def test_unknown_requirement_is_refused(runner: Runner) -> None:
    (runner.folder / "requirements").mkdir()
    entry = '[[requirement]]\nslug = "a.b"\nid = "A-01"\nstatement = "s"\nsource = "s"\nlevel = "documented"\n'
    (runner.folder / "requirements" / "a.toml").write_text(entry + 'kind = "test"\n')
    run = runner.run('@covers("a.typo")' + SHORT)
    assert run.status not in (0, 1) and "covers the unknown requirement 'a.typo'" in run.output
    run = runner.run('@covers("a.b")' + SHORT)
    assert run.status == 0 and run.case("test_it")["requirements"] == ["a.b"]


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("what", ["deviation", "not-applicable"])
def test_manifest_that_names_no_case_is_refused(runner: Runner, what: str, workers: tuple[str, ...]) -> None:
    """A case that was renamed or removed must not stay excused."""
    (runner.folder / "drivers").mkdir()
    entry = f'interface = "eth"\n[[{what}]]\ncase = "test_cases.py::test_gone"\nreason = "x"\n'
    (runner.folder / "drivers" / "eth.toml").write_text(entry)
    run = runner.run(SHORT, *workers)
    assert run.status != 0 and "there is no case test_cases.py::test_gone" in run.output
    assert "INTERNALERROR" not in run.output and "1 passed" not in run.output


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_case_that_does_not_apply_is_counted_and_says_why(runner: Runner, workers: tuple[str, ...]) -> None:
    """It is not run, and never left out in silence."""
    cases = """
async def test_it(target): pass
async def test_listed(target): assert False
@needs("cable")
async def test_cable(target): assert False
@needs("phy")
async def test_phy(target): pass
"""
    (runner.folder / "drivers").mkdir()
    (runner.folder / "drivers" / "mine.toml").write_text("""
interface = "eth"
has = ["phy"]
lacks.cable = "there is none"
[[not-applicable]]
case = "test_cases.py::test_listed"
reason = "it is another matter"
""")
    run = runner.run(cases, "--sockbench-driver", "mine", *workers)
    assert run.status == 0, run.output
    found = {case["id"].split("::")[1]: (case["verdict"], case["reason"]) for case in run.results["cases"]}
    assert found == {
        "test_it": ("passed", ""),
        "test_listed": ("not-applicable", "it is another matter"),
        "test_cable": ("not-applicable", "there is none"),
        "test_phy": ("passed", ""),
    }
    assert run.results["totals"]["not-applicable"] == 2
    assert "2 passed, 2 not-applicable (mine, seed 1)" in run.output
    assert "not-applicable    1: there is none" in run.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_full_disk_is_one_line(runner: Runner, workers: tuple[str, ...]) -> None:
    """A limit on the size of files stands in for a full disk: writing fails in the same place."""
    many = "@pytest.mark.parametrize('number', range(40))\nasync def test_it(target, number): pass\n"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    run = runner.run(many, *workers, preexec_fn=limit)
    assert run.status not in (0, 1)
    lines = [line for line in run.output.splitlines() if "the results cannot be written" in line]
    assert len(lines) == 1 and "File too large" in lines[0] and "Traceback" not in run.output
    assert not (run.out / "results.json").exists()


def test_no_frame_of_a_board_has_an_address_of_the_host(runner: Runner) -> None:
    """The frames of a whole case name the hosts of the bench and nobody else."""
    run = runner.run("""
async def test_it(target, wire):
    listener = wire.peer.tcp.listen(80)
    sock = await target.socket()
    await sock.connect((wire.peer.ip, 80))
    conn = await listener.accept(within=1 * SEC)
    conn.send(b"x"); await sock.recv(1); await sock.close()
    await asyncio.sleep(1 * SEC)
    assert len(wire.frames) > 6
    for frame in wire.frames:
        assert {frame.eth.src, frame.eth.dst} <= {"02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff"}
        if frame.ip is not None:
            assert {frame.ip.src, frame.ip.dst} == {"10.0.0.1", "10.0.0.2"}
        else:
            assert {frame.arp.psrc, frame.arp.pdst} <= {"10.0.0.1", "10.0.0.2"}
""")
    assert run.status == 0, run.output
