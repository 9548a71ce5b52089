# SPDX-License-Identifier: GPL-2.0-or-later
"""results.json: one verdict per case, totals, versions, seed; and the expectations that turn verdicts.

A verdict is `failed` where the target is at fault and `error` where the bench is. A known deviation
excuses `failed` only, and has to deviate: one that passes is an `unexpected-pass`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sockbench.errors import BenchError

PASSED, FAILED, ERROR = "passed", "failed", "error"
EXPECTED_DEVIATION, UNEXPECTED_PASS = "expected-deviation", "unexpected-pass"
VERDICTS = (PASSED, FAILED, ERROR, EXPECTED_DEVIATION, UNEXPECTED_PASS)
AS_EXPECTED = (PASSED, EXPECTED_DEVIATION)


@dataclass(frozen=True)
class CaseResult:
    """One case, as results.json has it."""

    id: str
    verdict: str
    requirements: list[str]
    driver: str
    virtual_ns: int
    wall_ms: float
    trace_sha256: str


@dataclass(frozen=True)
class Deviation:
    """A case (or a test function, for all of its cases) that is known to fail, and why."""

    case: str
    reason: str


def read_expectations(path: Path) -> list[Deviation]:
    """Return the deviations in a file; anything the format does not know is a BenchError of one line."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BenchError(f"{path}: {error}") from None
    unknown = sorted(set(table) - {"deviation"})
    if unknown:
        raise BenchError(f"{path}: unknown table '{unknown[0]}', only [[deviation]] is allowed")
    entries = table.get("deviation", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BenchError(f"{path}: 'deviation' has to be an array of tables")
    found: dict[str, Deviation] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{path}: deviation {number}"
        if sorted(entry) != ["case", "reason"]:
            raise BenchError(f"{where}: has to have 'case' and 'reason' and nothing else")
        if not all(isinstance(value, str) and value.strip() for value in entry.values()):
            raise BenchError(f"{where}: 'case' and 'reason' have to be texts that are not empty")
        if entry["case"] in found:
            raise BenchError(f"{where}: {entry['case']} is listed twice")
        found[entry["case"]] = Deviation(**entry)
    return list(found.values())


def deviation_for(case: str, deviations: Iterable[Deviation]) -> Deviation | None:
    """Return the deviation that names the case or its test function."""
    function = case.split("[", 1)[0]
    return next((entry for entry in deviations if entry.case in (case, function)), None)


def judge(verdict: str, deviation: Deviation | None) -> str:
    """Return the verdict with the expectation taken into account."""
    if deviation is None or verdict == ERROR:
        return verdict
    return UNEXPECTED_PASS if verdict == PASSED else EXPECTED_DEVIATION


def document(cases: Iterable[CaseResult], *, seed: int, versions: Mapping[str, str], complete: bool) -> dict[str, Any]:
    """Return what results.json says; cases are sorted, so that two runs compare by their files."""
    ordered = sorted(cases, key=lambda case: case.id)
    totals = {verdict: sum(case.verdict == verdict for case in ordered) for verdict in VERDICTS}
    return {
        "seed": seed,
        "complete": complete,
        "versions": dict(versions),
        "totals": totals,
        "cases": [asdict(case) for case in ordered],
    }


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write results.json; either the old file is there or the whole new one."""
    write_atomically(path, (json.dumps(content, indent=1) + "\n").encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there; nothing of it remains if that fails."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(scratch, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
