# SPDX-License-Identifier: GPL-2.0-or-later
"""Running the conformance suite and telling how it ended.

The exit status is pytest's: 0 only if every case ended as expected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import places
from .places import CHECKOUT
from .preparation import Prepared
from .processes import run_in_terminal, run_logged
from .report import Failure

NO_TESTS_COLLECTED = 5  # pytest's exit status


@dataclass(frozen=True)
class Run:
    """The user's choices for one run."""

    out: Path
    workers: int | None = None
    expression: str | None = None
    driver: str | None = None
    seed: int | None = None
    extra: Sequence[str] = ()


def command(prepared: Prepared, run: Run) -> list[str]:
    """Return the command line of pytest for that run."""
    # Files named by the user are what is run, not what is run besides.
    everything = [] if any(_names_cases(word) for word in run.extra) else ["conformance"]
    words = [
        str(prepared.python), "-m", "pytest", *everything,
        "-p", "sockbench.pytest_plugin",
        "--sockbench-qemu", str(prepared.qemu),
        "--sockbench-firmware", str(prepared.firmware),
        "--sockbench-out", str(run.out),
    ]  # fmt: skip
    if run.workers is not None:
        words += ["-n", str(run.workers)]
    if run.expression is not None:
        words += ["-k", run.expression]
    if run.driver is not None:
        words += ["--sockbench-driver", run.driver]
    if run.seed is not None:
        words += ["--sockbench-seed", str(run.seed)]
    return words + list(run.extra)


def conformance(prepared: Prepared, run: Run) -> int:
    """Run the suite in the terminal; return the exit status."""
    run.out.mkdir(parents=True, exist_ok=True)
    with places.lock(run.out / ".lock", None):
        _forget_results(run.out)
        status = run_in_terminal(command(prepared, run), cwd=CHECKOUT)
    if status == NO_TESTS_COLLECTED:
        raise Failure(f"no case matches -k {run.expression!r}")
    if status < 0:
        raise Failure(f"the suite was ended by signal {-status}; results so far: {run.out}")
    print(f"results: {describe(run.out)}")
    return status


def replay(prepared: Prepared, bundle: Path, out: Path) -> int:
    """Run a bundle's case again with its seed; 0 only if every nanosecond of it was the same."""
    facts = _read_bundle(bundle)
    case, seed, wanted = facts["case"], facts["seed"], facts["trace_sha256"]
    run = Run(out, seed=int(seed), driver=facts.get("driver"))
    words = [case if word == "conformance" else word for word in command(prepared, run)]
    out.mkdir(parents=True, exist_ok=True)
    with places.lock(out / ".lock", None):
        _forget_results(out)
        run_in_terminal(words, cwd=CHECKOUT)
    try:
        cases = json.loads((out / "results.json").read_text(encoding="utf-8"))["cases"]
    except (OSError, ValueError, KeyError):
        raise Failure(f"{case} could not be run again; is it still in this checkout?") from None
    for one in cases:
        if one["id"] == case:
            same = one["trace_sha256"] == wanted
            print(f"{case}: {one['verdict']}, trace {'the same' if same else 'ANOTHER'} (seed {seed})")
            if not same:
                print(f"    then {wanted}\n    now  {one['trace_sha256']}")
                print(f"    {_difference(facts, prepared)}")
            return 0 if same else 1
    raise Failure(f"{case} is not in this checkout's suite any more")


def _names_cases(word: str) -> bool:
    return not word.startswith("-") and (CHECKOUT / word.split("::", 1)[0]).exists()


def _difference(facts: dict[str, Any], prepared: Prepared) -> str:
    now = hashlib.sha256(prepared.firmware.read_bytes()).hexdigest()
    if facts.get("firmware_sha256") not in (None, now):
        return f"the firmware is another than the bundle's ({now[:12]}, then {facts['firmware_sha256'][:12]})"
    if facts.get("qemu") not in (None, str(prepared.qemu)):
        return f"the emulator is another than the bundle's ({facts['qemu']})"
    return "the firmware and the emulator are those of the bundle, so the case or the harness has changed"


def _read_bundle(bundle: Path) -> dict[str, Any]:
    path = bundle / "bundle.json" if bundle.is_dir() else bundle
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        missing = {"case", "seed", "trace_sha256"} - set(facts)
    except OSError as error:
        raise Failure(f"{path} is not a bundle: {error.strerror}") from None
    except (ValueError, TypeError):
        raise Failure(f"{path} is not a bundle: name the folder of a case in out/conformance/failures") from None
    if missing or not isinstance(facts, dict):
        raise Failure(f"{path} is not a bundle: it has no {', '.join(sorted(missing))}")
    return facts


def conformance_logged(prepared: Prepared, run: Run, log: Path) -> str:
    """Run the suite with its output in a log; return the closing line, or raise Failure."""
    run.out.mkdir(parents=True, exist_ok=True)
    with places.lock(run.out / ".lock", None):
        _forget_results(run.out)
        run_logged(command(prepared, run), log, "the conformance run", cwd=CHECKOUT)
    return describe(run.out)


def describe(out: Path) -> str:
    """Say in one line what results.json holds and where it is."""
    path = out / "results.json"
    try:
        totals = json.loads(path.read_text(encoding="utf-8"))["totals"]
        counted = ", ".join(f"{count} {verdict}" for verdict, count in totals.items() if count)
    except FileNotFoundError:
        return f"none were written to {out}"
    except (ValueError, KeyError, AttributeError, OSError) as error:
        return f"{path} cannot be read ({error})"
    return f"{counted or 'no case'}: {path}"


def _forget_results(out: Path) -> None:
    """Remove the last run's verdicts: after a crash they must not pass for this run's."""
    for name in ("results.json", "junit.xml"):
        (out / name).unlink(missing_ok=True)
