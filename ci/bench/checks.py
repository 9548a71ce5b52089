# SPDX-License-Identifier: GPL-2.0-or-later
"""The project's own tests: lint, host unit tests, qtests, harness tests, a conformance run over each driver.

Every runner is run even when an earlier one failed, so that one run tells everything. Each
prints its closing line; the whole output is in a log beside the results.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from . import firmware, judges, qemu, suite
from .places import CHECKOUT
from .preparation import Prepared
from .processes import run_logged
from .report import Failure, step

PYTHON_FOLDERS = ("ci", "conformance", "harness")


@dataclass(frozen=True)
class Check:
    """One runner: it returns its closing line or raises Failure."""

    name: str
    run: Callable[[Path], str]


def run_all(checks: Iterable[Check], logs: Path) -> int:
    """Run every check, print each outcome and a summary; return the exit status."""
    logs.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    passed, failed = [], []
    for check in checks:
        log = logs / (check.name.replace(" ", "-") + ".log")
        with step(check.name) as line:
            line.progress("running")
            try:
                line.done(f"passed: {check.run(log)}")
                passed.append(check.name)
            except Failure as failure:
                line.done(f"FAILED: {failure}")
                if failure.detail:
                    print(failure.detail, flush=True)
                failed.append(check.name)
    seconds = time.monotonic() - started
    # Alone on its line, as CI systems look for it.
    print(f"{len(passed)} passed, {len(failed)} failed")
    if failed:
        print(f"FAILED: {', '.join(failed)}; {len(passed)} passed ({seconds:.0f} s); logs: {logs}")
        return 1
    print(f"all {len(passed)} passed ({seconds:.0f} s); logs: {logs}")
    return 0


def lint(prepared: Prepared) -> list[Check]:
    """Return the checks that read the sources and run nothing of them."""
    tools = prepared.python.parent
    sources = c_files("firmware")
    models = c_files("emulated_nic")

    def clang_format(log: Path) -> str:
        run_logged([tools / "clang-format", "--dry-run", "--Werror", *sources], log,
                   "clang-format", cwd=CHECKOUT,
                   advice="`./bench lint --fix` formats the files")  # fmt: skip
        return f"{len(sources)} files"

    def cppcheck(log: Path) -> str:
        run_logged(
            ["cppcheck", "--quiet", "--std=c11", "--error-exitcode=1", "--inline-suppr",
             "--enable=warning,portability", "--suppress=missingIncludeSystem",
             # Not wrong here: the linker's symbols bound one object, waiting threads link records
             # of their stacks, and an object that its opener fills is not used uninitialised.
             "--suppress=comparePointers", "--suppress=autoVariables", "--suppress=ctuuninitvar",
             "-Ifirmware", "-Iemulated_nic/regs", *[path for path in sources if path.suffix == ".c"]],
            log, "cppcheck", cwd=CHECKOUT)  # fmt: skip
        return f"{len(sources)} files"

    def checkpatch(log: Path) -> str:
        # By their paths within QEMU's tree, because the script allows some things in tests only.
        # The register lists (another licence) and bare-metal firmware are not QEMU's dialect.
        folder = CHECKOUT / "emulated_nic"
        inside = [path.relative_to("emulated_nic") for path in models]
        folders = (("tests", "qtest"), ("tests", "unit"))
        ours = [path for path in inside if path.parts[0] == "hw" or path.parts[:2] in folders]
        script = prepared.trees["qemu"].path / "scripts" / "checkpatch.pl"
        run_logged(["perl", script, "--no-tree", "--terse", "--no-summary", "--quiet", "--file", *ours],
                   log, "QEMU's checkpatch", cwd=folder)  # fmt: skip
        return f"{len(ours)} files"

    def ruff(log: Path) -> str:
        run_logged([tools / "ruff", "check", "--no-cache", *PYTHON_FOLDERS], log, "ruff", cwd=CHECKOUT)
        return last_line(log)

    def mypy(log: Path) -> str:
        run_logged([prepared.python, "-m", "mypy", "--cache-dir", CHECKOUT / "build" / "mypy",
                    *PYTHON_FOLDERS], log, "mypy --strict", cwd=CHECKOUT)  # fmt: skip
        return last_line(log)

    return [
        Check("clang-format", clang_format),
        Check("cppcheck", cppcheck),
        Check("checkpatch", checkpatch),
        Check("ruff", ruff),
        Check("mypy", mypy),
    ]


def tests(prepared: Prepared, out: Path, workers: int) -> list[Check]:
    """Return the checks that run something, from the smallest part to the whole."""

    def entry_command(log: Path) -> str:
        run_logged([prepared.python, "-m", "pytest", "-q", "ci/tests"], log, "the entry command's tests",
                   cwd=CHECKOUT)  # fmt: skip
        return last_line(log)

    def host_tests(log: Path) -> str:
        with step("host tests") as line:
            firmware.build("host-tests", prepared.cache, prepared.trees, line)
        run_logged(["ctest", "--preset", "host-tests"], log, "the firmware's host tests", cwd=CHECKOUT)
        return matching_line(log, r"tests passed")

    def qtests(log: Path) -> str:
        with step("qtests") as line:
            qemu.build(prepared.cache, prepared.trees["qemu"], prepared.build_python,
                       prepared.qemu, ["--qtests", "--race-test"], line)  # fmt: skip
        build_log = prepared.cache.logs / "qemu-build.log"
        log.write_text(build_log.read_text(encoding="utf-8"), encoding="utf-8")
        closing = [matching_line(log, rf"^{name}:") for name in ("unit tests", "qtests", "link tests", "race test")]
        return "; ".join(closing)

    def harness(log: Path) -> str:
        run_logged(
            [prepared.python, "-m", "pytest", "-q", "harness/tests", "--ignore=harness/tests/judges",
             "-p", "sockbench.pytest_plugin", "--sockbench-qemu", prepared.qemu,
             "--sockbench-firmware", prepared.firmware, "--sockbench-out", out / "harness"],
            log, "the harness's tests", cwd=CHECKOUT)  # fmt: skip
        return last_line(log)

    def judged(log: Path) -> str:
        with step("judges") as line:
            found = judges.ensure(prepared.cache, prepared.trees, prepared.mirror, line)
        run_logged(
            [prepared.python, "-m", "pytest", "-q", "harness/tests/judges", "-p", "sockbench.pytest_plugin",
             "--sockbench-qemu", prepared.qemu, "--sockbench-firmware", prepared.firmware,
             "--sockbench-out", out / "judges", "--judge-hostap", found.hostap, "--judge-captures", found.captures],
            log, "the judges of the wifi", cwd=CHECKOUT)  # fmt: skip
        return last_line(log)

    def catalogue(log: Path) -> str:
        # What the checks of the catalogue catch, then the catalogue itself against the cases.
        run_logged([prepared.python, "-m", "pytest", "-q", "conformance/selftest"], log,
                   "the catalogue's own tests", cwd=CHECKOUT)  # fmt: skip
        run_logged([prepared.python, "-m", "conformance.coverage"], log, "the coverage check", cwd=CHECKOUT)
        return last_line(log)

    def conformance(log: Path) -> str:
        return suite.conformance_logged(prepared, suite.Run(out / "conformance", workers=workers), log)

    def wifi(log: Path) -> str:
        run = suite.Run(out / "conformance-wifi", workers=workers, driver="wifi")
        return suite.conformance_logged(prepared, run, log)

    return [
        Check("entry command", entry_command),
        Check("host tests", host_tests),
        Check("qtests", qtests),
        Check("harness tests", harness),
        Check("judges", judged),
        Check("catalogue", catalogue),
        Check("conformance", conformance),
        Check("conformance over wifi", wifi),
    ]


def format_sources(prepared: Prepared) -> None:
    """Let the formatters rewrite what they can."""
    tools = prepared.python.parent
    log = prepared.cache.logs / "format.log"
    run_logged([tools / "clang-format", "-i", *c_files("firmware")], log, "clang-format", cwd=CHECKOUT)
    run_logged([tools / "ruff", "check", "--no-cache", "--fix-only", *PYTHON_FOLDERS], log, "ruff",
               cwd=CHECKOUT)  # fmt: skip


def c_files(folder: str) -> list[Path]:
    """Return the C sources and headers below a folder, relative to the checkout."""
    found = (CHECKOUT / folder).rglob("*.[ch]")
    return sorted(path.relative_to(CHECKOUT) for path in found)


def last_line(log: Path) -> str:
    """Return the last line of a log that is not empty, without pytest's frame."""
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    return lines[-1].strip("= ") if lines else ""


def matching_line(log: Path, pattern: str) -> str:
    """Return the last line of a log that matches: a runner's own summary."""
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if re.search(pattern, line)]
    if not lines:
        raise Failure(f"{log} has no summary line")
    return lines[-1].strip()
