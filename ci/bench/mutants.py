# SPDX-License-Identifier: GPL-2.0-or-later
"""The power of the suite, measured: seeded bugs in the firmware, each of which a case has to catch.

A mutant is a small edit of the firmware's sources (conformance/mutants/*.toml). It is made in a
copy of the sources, so that no normal build can ever hold one. First the cases run that cover the
requirements which the mutant breaks; if they all pass, the whole suite does. A mutant that no case
catches survives: a case is missing.
"""

from __future__ import annotations

import json
import shutil
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import suite
from .firmware import ELF, VARIABLES
from .places import CHECKOUT
from .preparation import Prepared
from .processes import run_logged
from .report import Failure, step

DIRECTORY = CHECKOUT / "conformance" / "mutants"
COPIED = ("CMakeLists.txt", "CMakePresets.json", "firmware", "emulated_nic/regs")
KEYS = {"id", "title", "breaks", "edit"}
EDIT_KEYS = {"file", "find", "replace"}
# A mutant may hang the guest; a healthy one says something every few milliseconds.
WATCHDOG_S = 10


@dataclass(frozen=True)
class Edit:
    """In `file`, the only place where `find` stands becomes `replace`."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True)
class Mutant:
    """One seeded bug, and the requirements whose cases are expected to notice it."""

    id: str
    title: str
    breaks: tuple[str, ...]
    edits: tuple[Edit, ...]


@dataclass
class Outcome:
    """What became of a mutant."""

    mutant: Mutant
    fate: str = "survived"
    cases: list[str] = field(default_factory=list)
    seconds: float = 0.0


def load(directory: Path = DIRECTORY, sources: Path = CHECKOUT) -> list[Mutant]:
    """Return every mutant; Failure for one that does not fit the format or the sources."""
    found: dict[str, Mutant] = {}
    for path in sorted(directory.glob("*.toml")):
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
        except (OSError, ValueError) as error:
            raise Failure(f"{path.name}: {error}") from None
        for entry in entries:
            mutant = _mutant(path.name, entry, sources)
            if mutant.id in found:
                raise Failure(f"{path.name}: mutant {mutant.id} is there twice")
            found[mutant.id] = mutant
    if not found:
        raise Failure(f"{directory} has no mutants")
    return list(found.values())


def run(prepared: Prepared, out: Path, expression: str | None, workers: int) -> int:
    """Build and judge the mutants whose id or title contains `expression`; return the exit status."""
    mutants = [one for one in load() if expression is None or expression in f"{one.id} {one.title}"]
    if not mutants:
        raise Failure(f"no mutant's id or title contains {expression!r}")
    covered = _covered()
    unknown = sorted({slug for one in mutants for slug in one.breaks} - set(covered))
    if unknown:
        raise Failure(f"no case covers {unknown[0]}, which a mutant is said to break")
    out.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    outcomes: list[Outcome] = []
    workers = min(workers, len(mutants))
    with step("mutants") as line:
        places = [_Workshop(prepared, out / f"worker{number}") for number in range(workers)]
        for place in places:
            line.progress("building the sources they are made from")
            place.build("baseline")

        def work(number: int) -> list[Outcome]:
            mine = []
            for mutant in mutants[number::workers]:
                outcome = places[number].judge(mutant, covered)
                mine.append(outcome)
                outcomes.append(outcome)
                line.progress(f"{len(outcomes)}/{len(mutants)} {mutant.id}: {outcome.fate}")
            return mine

        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(work, number) for number in range(workers)]:
                future.result()
        caught = sum(one.fate == "caught" for one in outcomes)
        line.done(f"{caught} of {len(mutants)} caught")
    return _tell(mutants, outcomes, out, time.monotonic() - started)


class _Workshop:
    """A copy of the firmware's sources with a build directory of its own."""

    def __init__(self, prepared: Prepared, place: Path) -> None:
        self._prepared = prepared
        self._logs = place / "logs"
        self._tree = place / "tree"
        self._results = place / "results"
        # What an earlier run changed and did not change back is gone with its copy.
        shutil.rmtree(place, ignore_errors=True)
        self._tree.mkdir(parents=True)
        for name in COPIED:
            source, target = CHECKOUT / name, self._tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        options = [f"-D{variable}={prepared.trees[name].path}" for variable, name in VARIABLES.items()]
        run_logged(["cmake", "--preset", "firmware", *options], self._logs / "configure.log",
                   "configuring the firmware", cwd=self._tree)  # fmt: skip

    def build(self, name: str) -> Path:
        """Build the sources as they are and return the ELF file."""
        run_logged(["cmake", "--build", "--preset", "firmware"], self._logs / f"{name}.log",
                   f"building {name}", cwd=self._tree)  # fmt: skip
        return next((self._tree / "build" / "firmware").rglob(ELF))

    def judge(self, mutant: Mutant, covered: dict[str, list[str]]) -> Outcome:
        """Make the mutant, run the suite against it, and undo it."""
        outcome = Outcome(mutant)
        started = time.monotonic()
        before = {edit.file: (self._tree / edit.file).read_text(encoding="utf-8") for edit in mutant.edits}
        for edit in mutant.edits:
            path = self._tree / edit.file
            path.write_text(path.read_text(encoding="utf-8").replace(edit.find, edit.replace), encoding="utf-8")
        try:
            elf = self.build(mutant.id)
            wanted = sorted({case for slug in mutant.breaks for case in covered[slug]})
            for cases in (wanted, ["conformance"]):
                outcome.cases = self._failing(elf, cases, mutant.id)
                if outcome.cases:
                    outcome.fate = "caught"
                    break
        except Failure as failure:
            outcome.fate = f"not built: {failure}"
        finally:
            # Written anew, so newer than what was built from the mutant.
            for file, text in before.items():
                (self._tree / file).write_text(text, encoding="utf-8")
        outcome.seconds = time.monotonic() - started
        return outcome

    def _failing(self, elf: Path, cases: Sequence[str], name: str) -> list[str]:
        """Return the cases that did not end as expected, the first only."""
        options = suite.Run(self._results, extra=("-x", "-q", "-p", "no:cacheprovider",
                                                  f"--sockbench-watchdog={WATCHDOG_S}"))  # fmt: skip
        words = suite.command(self._prepared, options)
        words[words.index("--sockbench-firmware") + 1] = str(elf)
        at = words.index("conformance")
        words[at : at + 1] = list(cases)
        results = self._results / "results.json"
        results.unlink(missing_ok=True)
        try:
            run_logged(words, self._logs / f"{name}-suite.log", f"the suite against {name}", cwd=CHECKOUT)
        except Failure as failure:
            if not results.exists():
                raise Failure(f"{failure}; no results") from None
        facts = json.loads(results.read_text(encoding="utf-8"))
        return [one["id"] for one in facts["cases"] if one["verdict"] not in ("passed", "expected-deviation")]


def _mutant(where: str, entry: Any, sources: Path) -> Mutant:
    name = entry.get("id", "a mutant without id") if isinstance(entry, dict) else "not a table"
    if not isinstance(entry, dict) or set(entry) != KEYS:
        raise Failure(f"{where}: {name}: a mutant has {', '.join(sorted(KEYS))} and nothing else")
    for edit in entry["edit"]:
        if not isinstance(edit, dict) or set(edit) != EDIT_KEYS:
            raise Failure(f"{where}: {name}: an edit has {', '.join(sorted(EDIT_KEYS))} and nothing else")
    mutant = Mutant(entry["id"], entry["title"], tuple(entry["breaks"]), tuple(Edit(**one) for one in entry["edit"]))
    if not mutant.breaks or not mutant.edits:
        raise Failure(f"{where}: {name}: 'breaks' names no requirement, or 'edit' no place")
    for one in mutant.edits:
        try:
            count = (sources / one.file).read_text(encoding="utf-8").count(one.find)
        except OSError as error:
            raise Failure(f"{where}: {name}: {one.file}: {error.strerror}") from None
        if count != 1:
            raise Failure(f"{where}: {name}: 'find' stands {count} times in {one.file}, not once: {one.find!r}")
    return mutant


def _covered() -> dict[str, list[str]]:
    """Return the test functions that cover each requirement."""
    text = (CHECKOUT / "conformance" / "coverage.toml").read_text(encoding="utf-8")
    return {slug: sorted(cases) for slug, cases in tomllib.loads(text).items()}


def _tell(mutants: Sequence[Mutant], outcomes: Sequence[Outcome], out: Path, seconds: float) -> int:
    """Print who caught what, write report.json, and return 0 if nothing survived."""
    order = {mutant.id: number for number, mutant in enumerate(mutants)}
    ordered = sorted(outcomes, key=lambda one: order[one.mutant.id])
    for one in ordered:
        by = one.cases[0].removeprefix("conformance/") if one.cases else "NO CASE"
        print(f"{one.mutant.id:<6} {one.fate:<9} {one.mutant.title}\n       by {by}")
    report = [{"id": one.mutant.id, "title": one.mutant.title, "fate": one.fate, "cases": one.cases,
               "seconds": round(one.seconds, 1)} for one in ordered]  # fmt: skip
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    survivors = [one.mutant.id for one in ordered if one.fate != "caught"]
    caught = len(ordered) - len(survivors)
    print(f"{caught} of {len(ordered)} mutants caught in {seconds:.0f} s; report: {out / 'report.json'}")
    if survivors:
        print(f"survivors: {', '.join(survivors)}")
    return 1 if survivors else 0
