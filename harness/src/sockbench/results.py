# SPDX-License-Identifier: GPL-2.0-or-later
"""results.json: one verdict per case, totals, versions, seed.

A verdict is `failed` where the target is at fault and `error` where the bench is. A known deviation
excuses `failed` only, and has to deviate: one that passes is an `unexpected-pass`. A case that the
driver's manifest leaves out is `not-applicable`: it is counted, and says why.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sockbench.manifest import Entry

PASSED, FAILED, ERROR = "passed", "failed", "error"
EXPECTED_DEVIATION, UNEXPECTED_PASS = "expected-deviation", "unexpected-pass"
NOT_APPLICABLE = "not-applicable"
VERDICTS = (PASSED, FAILED, ERROR, EXPECTED_DEVIATION, UNEXPECTED_PASS, NOT_APPLICABLE)
AS_EXPECTED = (PASSED, EXPECTED_DEVIATION, NOT_APPLICABLE)


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
    reason: str = ""  # The manifest's, where it has a word in the verdict.


def judge(verdict: str, deviation: Entry | None) -> str:
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
