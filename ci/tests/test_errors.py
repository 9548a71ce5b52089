# SPDX-License-Identifier: GPL-2.0-or-later
"""What the user sees when something is wrong: one line, an exit status, never a traceback."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bench import checks, command_line, environment, processes, suite, system_packages
from bench.places import CHECKOUT, Cache
from bench.preparation import Prepared
from bench.report import Failure
from bench.system_packages import Need

Bench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a function that runs ./bench in a checkout of its own: this one is locked by who tests it."""
    checkout = tmp_path / "checkout"
    shutil.copytree(CHECKOUT / "ci", checkout / "ci", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "bench", checkout)
    (checkout / "harness").mkdir()
    shutil.copy(CHECKOUT / "harness" / "requirements.txt", checkout / "harness")

    def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [checkout / "bench", *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environ},
        )

    return run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["conformance", "--lwip-dir", "/nonexistent"], "--lwip-dir=/nonexistent is not an lwIP 2.2 tree"),
        (["conformance", "-n", "0"], "'0' is not a number of workers"),
        (["conformance", "--seed", "-1"], "is not an integer of 0 to 64 bits"),
        (["conformance", "--seed=x"], "'x' is not an integer"),
        (["nonsense"], "invalid choice: 'nonsense'"),
    ],
)
def test_wrong_command_line_is_one_clear_line(bench: Bench, tmp_path: Path, arguments: list[str], said: str) -> None:
    """A typing error must not start minutes of work."""
    done = bench(*arguments, XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode != 0
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_unwritable_cache_is_one_clear_line(bench: Bench) -> None:
    """A wrong XDG_CACHE_HOME is named as what is wrong."""
    done = bench("setup", XDG_CACHE_HOME="/proc/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("bench: cannot write the cache /proc/nowhere/sockbench")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a directory on a file system of 64 kB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", place], check=True)


def test_full_disk_is_one_clear_line(full_disk: Path) -> None:
    """On a full disk the user is told so, and that another place may be named."""
    with pytest.raises(OSError) as caught, open(full_disk / "fill", "wb") as file:
        file.write(bytes(1_000_000))
    line = command_line.explain(caught.value)
    assert line.startswith("the disk is full") and "\n" not in line


def test_program_that_fills_the_disk_is_told_as_full_disk(cache: Cache) -> None:
    """A compiler's message about the disk must not drown in a log."""
    with pytest.raises(Failure, match="the disk is full: building stopped"):
        processes.run_logged(
            ["sh", "-c", "echo 'write: No space left on device'; exit 1"], cache.logs / "x.log", "building"
        )


def test_setup_on_a_full_disk_is_one_clear_line(bench: Bench, full_disk: Path) -> None:
    """./bench with a tiny cache ends with one line, and leaves no half-made entry."""
    done = bench("setup", XDG_CACHE_HOME=str(full_disk))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the disk is full" in done.stderr.splitlines()[-1]
    for kind in ("sources", "wheels", "qemu"):
        assert not list((full_disk / "sockbench" / kind).glob("*"))


def test_missing_program_is_named() -> None:
    """The name of what is missing and the command that installs it."""
    with pytest.raises(Failure, match="the program no-such-compiler is missing"):
        processes.run_in_terminal(["no-such-compiler"])


def test_failing_program_shows_the_end_of_its_log(cache: Cache) -> None:
    """The reason is shown; the rest is where the line says."""
    with pytest.raises(Failure) as caught:
        processes.run_logged(["sh", "-c", "echo why; exit 3"], cache.logs / "x.log", "the step")
    assert str(caught.value).startswith("the step failed with status 3")
    assert caught.value.detail.endswith("    why")


def test_system_error_names_the_file() -> None:
    """Permissions and the like end as one line with the path."""
    assert command_line.explain(PermissionError(errno.EACCES, "Permission denied", "/x")) == (
        "not allowed to write (/x): Permission denied"
    )


def test_missing_packages_without_root_are_one_line(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may not install gets the command to hand to someone who may."""
    needs = [Need("there", "is used", lambda: True), Need("absent-package", "is used", lambda: False)]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None)
    with pytest.raises(Failure, match="as root, run: apt-get install absent-package$"):
        system_packages.ensure(needs, cache)


def test_nothing_missing_runs_nothing(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everything is there, neither apt nor root is needed."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", "/nonexistent")
    system_packages.ensure([Need("there", "is used", lambda: True)], cache)


def test_sudo_never_waits_for_a_password_without_a_terminal() -> None:
    """In CI a password prompt would be a run that never ends."""
    assert system_packages.root_prefix(0, True, False) == []
    assert system_packages.root_prefix(1000, True, True) == ["sudo"]
    assert system_packages.root_prefix(1000, True, False) == ["sudo", "-n"]
    assert system_packages.root_prefix(1000, False, True) is None


def test_killed_bench_takes_its_program_with_it(tmp_path: Path) -> None:
    """After kill -9 of ./bench no compiler goes on in the background."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from bench import processes\n"
        "processes.run_logged(['sh', '-c', 'echo $$ > ' + sys.argv[2] + '; exec sleep 600'], "
        "Path(sys.argv[2] + '.log'), 'x')\n"
    )
    pid_file = tmp_path / "pid"
    process = subprocess.Popen([sys.executable, "-c", script, str(CHECKOUT / "ci"), str(pid_file)])
    deadline = time.monotonic() + 20
    while not (pid_file.exists() and pid_file.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.01)
    child = int(pid_file.read_text())
    process.send_signal(signal.SIGKILL)
    process.wait()
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(child)


def alive(pid: int) -> bool:
    """Tell whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_interrupted_environment_is_made_afresh(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment whose making was interrupted has no stamp and is never used."""
    made = []

    def fake_run(command: list[object], log: Path, what: str, **rest: object) -> None:
        made.append(what)
        if "venv" in command:
            (Path(str(command[-1])) / "bin").mkdir(parents=True)
            (Path(str(command[-1])) / "bin" / "python").touch()
        if what == "installing Python packages" and made.count(what) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(environment, "run_logged", fake_run)
    requirement = tmp_path / "requirements.txt"
    requirement.write_text("one==1\n")
    monkeypatch.setattr(environment, "MESON", requirement)
    with pytest.raises(KeyboardInterrupt):
        environment.ensure_build_python(cache)
    environment.ensure_build_python(cache)
    assert made.count("installing Python packages") == 2
    assert made.count("fetching Python packages") == 1, "what was fetched is not fetched again"
    before = list(made)
    environment.ensure_build_python(cache)
    assert made == before, "a complete environment is used as it is"


def test_every_check_runs_and_a_failure_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One failing runner must neither hide the others nor be hidden by them."""

    def bad(log: Path) -> str:
        raise Failure("broken", detail="    why")

    some = [checks.Check("first", bad), checks.Check("second", lambda log: "3 passed")]
    assert checks.run_all(some, tmp_path) == 1
    out = capsys.readouterr().out
    assert "FAILED: broken" in out and "    why" in out and "passed: 3 passed" in out
    assert "FAILED: first; 1 passed" in out
    assert checks.run_all(some[1:], tmp_path) == 0


def test_results_of_a_crashed_run_are_not_the_last_runs(tmp_path: Path) -> None:
    """A suite that dies before it writes must not be reported by yesterday's file."""
    (tmp_path / "results.json").write_text('{"totals": {"passed": 60}}')
    assert suite.describe(tmp_path).startswith("60 passed:")
    suite._forget_results(tmp_path)
    assert suite.describe(tmp_path) == f"none were written to {tmp_path}"


def test_unreadable_bundle_is_one_line(tmp_path: Path) -> None:
    """`./bench replay` of something else says so."""
    with pytest.raises(Failure, match="is not a bundle"):
        suite._read_bundle(tmp_path)
    (tmp_path / "bundle.json").write_text('{"case": "x"}')
    with pytest.raises(Failure, match="it has no seed, trace_sha256"):
        suite._read_bundle(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"#!/bin/sh\n", "is not an ELF file"),
        (b"", "is not an ELF file"),
        (b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + b"\x3e\x00", "a 32-bit Arm ELF file is needed"),
    ],
    ids=["text", "empty", "x86-64"],
)
def test_run_refuses_what_the_board_cannot_run(bench: Bench, tmp_path: Path, content: bytes, said: str) -> None:
    """QEMU takes any file for a raw image: the user would see a dump of registers."""
    file = tmp_path / "firmware.elf"
    file.write_bytes(content)
    done = bench("run", str(file), XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert said in line


def test_files_named_after_two_dashes_replace_the_suite(tmp_path: Path) -> None:
    """Whoever names one file does not want all of them."""
    anywhere = tmp_path / "x"
    prepared = Prepared(Cache(anywhere), {}, anywhere, anywhere, anywhere, anywhere, None)
    assert "conformance" in suite.command(prepared, suite.Run(out=tmp_path, extra=["--pdb"]))
    assert "conformance" not in suite.command(prepared, suite.Run(out=tmp_path, extra=["conformance/tcp", "-x"]))
