# SPDX-License-Identifier: GPL-2.0-or-later
"""All verdicts of a run together: results.json, the terminal's summary, and the suite's own files.

Lives in the process that the user started; xdist's workers send it what it needs with their reports.
"""

from __future__ import annotations

import json
import platform
import subprocess
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from sockbench import catalogue, manifest
from sockbench.errors import BenchError
from sockbench.results import AS_EXPECTED, NOT_APPLICABLE, VERDICTS, CaseResult, document, write

DRIVER = "eth"

# The attribute of a report that carries a case's facts; xdist sends it along.
REPORT_KEY = "sockbench"
PACKAGES = ("scapy", "cbor2", "pytest", "pytest-xdist")
NOTES = ".cases-"
STOP = ".stop"
_QEMU_WAIT_S = 10


@dataclass(frozen=True)
class Suite:
    """What the suite beside the cases says: its slugs (None: it has no catalogue), its driver, and its folder."""

    driver: manifest.Driver
    slugs: frozenset[str] | None
    folder: Path | None


def read_suite(config: pytest.Config, driver: str | None) -> Suite:
    """Read requirements/ and drivers/DRIVER.toml, from the folder of the cases or the nearest above."""
    name = DRIVER if driver is None else driver
    if not manifest.NAME.fullmatch(name):
        raise BenchError(f"--sockbench-driver {name!r} is no name")
    requirements = _beside(config, "requirements")
    slugs = frozenset(catalogue.load(requirements).requirements) if requirements is not None else None
    drivers = _beside(config, "drivers")
    if drivers is None:
        return Suite(manifest.bare(name), slugs, None)
    path = drivers / f"{name}.toml"
    if path.exists():
        return Suite(manifest.read(path), slugs, drivers.parent)
    if driver is None:
        return Suite(manifest.bare(name), slugs, drivers.parent)
    known = ", ".join(sorted(file.stem for file in drivers.glob("*.toml")))
    raise BenchError(f"--sockbench-driver {driver}: there is no {path}; known: {known}")


def _beside(config: pytest.Config, name: str) -> Path | None:
    for argument in config.args or ["."]:
        place = (config.invocation_params.dir / argument.split("::", 1)[0]).absolute()
        for folder in (place, *place.parents):
            if any((folder / name).glob("*.toml")):
                return folder / name
            if folder == config.rootpath:
                break
    return None


def is_whole(config: pytest.Config, folder: Path | None) -> bool:
    """Return whether all cases of the suite in FOLDER were asked for, so that one that is not here does not exist."""
    if folder is None:
        return False
    asked = [(config.invocation_params.dir / argument).absolute() for argument in config.args or ["."]]
    return any(place in (folder, *folder.parents) for place in asked)


def note_case(out: Path, worker: str, facts: Mapping[str, Any]) -> None:
    """Write an ended case down where the worker is: its report may still be on its way when the run is interrupted."""
    try:
        with open(out / f"{NOTES}{worker}", "a", encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")
    except OSError:
        return  # A disk that is full is told by the results, which can't be written either.


def stop_is_asked(out: Path) -> bool:
    """Return whether the run was interrupted: xdist does not tell its workers, they would run on for seconds."""
    return (out / STOP).exists()


def noted_cases(out: Path) -> list[CaseResult]:
    """Return the cases that workers wrote down, and remove their notes."""
    found = []
    for path in sorted(out.glob(f"{NOTES}*")):
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                found.append(CaseResult(**json.loads(line)))
        path.unlink()
    return found


class Reporting:
    """Collects the cases' facts and writes them when the run ends, however it ends."""

    def __init__(self, config: pytest.Config, out: Path | None, driver: str, seed: int) -> None:
        self._config = config
        self._out = out
        self._driver = driver
        self._seed = seed
        self._cases: dict[str, CaseResult] = {}
        self._firmware = ""
        if out is not None:
            for left in out.glob(f"{NOTES}*"):  # By a run that was killed.
                left.unlink()
            (out / STOP).unlink(missing_ok=True)

    def pytest_keyboard_interrupt(self) -> None:
        """Let the workers stop after the case that each is at."""
        if self._out is not None:
            with suppress(OSError):
                (self._out / STOP).touch()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        facts: dict[str, Any] | None = getattr(report, REPORT_KEY, None)
        if facts is not None:
            case = CaseResult(**facts["case"])
            self._cases[case.id] = case
            self._firmware = facts["firmware"] or self._firmware

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """Write the results, after a Ctrl-C too; a disk that is full is one line and a bad exit status."""
        problem: OSError | None = None
        result: object = None
        try:
            self._write(complete=exitstatus in (0, 1))
        except OSError as error:
            problem = error
        try:
            result = yield
        except OSError as error:  # pytest's own junit.xml.
            problem = problem or error
        if problem is not None:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            line = f"sockbench: the results cannot be written to {self._out}: {problem.strerror}"
            self._config.get_terminal_writer().line(f"\n{line}", red=True)
        return result

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self._cases:
            return
        counts = {verdict: 0 for verdict in VERDICTS}
        for case in self._cases.values():
            counts[case.verdict] += 1
        said = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        terminalreporter.write_line(f"sockbench: {said} ({self._driver}, seed {self._seed})")
        reasons = Counter(case.reason for case in self._cases.values() if case.verdict == NOT_APPLICABLE)
        for reason, count in sorted(reasons.items()):
            terminalreporter.write_line(f"  {NOT_APPLICABLE} {count:4}: {reason}")
        for case in sorted(self._cases.values(), key=lambda case: case.id):
            if case.verdict not in AS_EXPECTED:
                terminalreporter.write_line(f"  {case.verdict:16} {case.id}")

    def _write(self, *, complete: bool) -> None:
        if self._out is None:
            return
        for case in noted_cases(self._out):
            self._cases.setdefault(case.id, case)
        content = document(self._cases.values(), seed=self._seed, versions=self._versions(), complete=complete)
        write(self._out / "results.json", content)

    def _versions(self) -> dict[str, str]:
        versions = {"sockbench": _own_version(), "python": platform.python_version()}
        versions.update({name: version(name) for name in PACKAGES})
        versions["firmware"] = self._firmware
        qemu: Path | None = self._config.getoption("--sockbench-qemu")
        if qemu is not None:
            versions["qemu"] = _qemu_version(qemu)
        return versions


def _own_version() -> str:
    import sockbench

    return sockbench.__version__


def _qemu_version(qemu: Path) -> str:
    try:
        said = subprocess.run([qemu, "--version"], capture_output=True, text=True, timeout=_QEMU_WAIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return said.stdout.splitlines()[0] if said.stdout else "unknown"
