# SPDX-License-Identifier: GPL-2.0-or-later
"""The power of the suite, measured: seeded bugs in the firmware, each of which a case has to catch.

A mutant is a small edit of the firmware's sources (conformance/mutants/*.toml). It is made in a
copy of the sources, so that no normal build can ever hold one. First the cases run that cover the
requirements which the mutant breaks; if they all pass, the whole suite does. A mutant that no case
catches survives: a case is missing. Nothing counts as caught that fails without the mutant, too: the
suite has to pass against the unchanged copy first. That is proved once per firmware, suite, harness
and QEMU, and remembered in the directory of the results.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from . import places, suite
from .firmware import ELF, VARIABLES
from .places import CHECKOUT
from .preparation import Prepared
from .processes import run_logged
from .report import Failure, Step, step

DIRECTORY = CHECKOUT / "conformance" / "mutants"
# What decides how the suite ends against an unchanged firmware, besides firmware and QEMU.
JUDGES = ("conformance", "harness", "pyproject.toml")
COPIED = ("CMakeLists.txt", "CMakePresets.json", "firmware", "emulated_nic/regs")
KEYS = {"id", "title", "breaks", "edit"}
EDIT_KEYS = {"file", "find", "replace"}
# A mutant may hang the guest; a healthy one says something every few milliseconds.
WATCHDOG_S = 10
# On a busy machine also a healthy guest may be silent for that long: a case that the watchdog ended is given more.
PATIENT_WATCHDOG_S = 60
WATCHDOG_WORDS = "the watchdog ended the board"
CAUGHT, SURVIVED, NOT_BUILT, NO_VERDICT = "caught", "survived", "not built", "no verdict"
EXPECTED = ("passed", "expected-deviation", "not-applicable")


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

    @property
    def words(self) -> str:
        """What `-k` looks at."""
        return f"{self.id} {self.title}"


@dataclass
class Outcome:
    """What became of a mutant."""

    mutant: Mutant
    fate: str = SURVIVED
    cases: list[str] = field(default_factory=list)
    # Whether a case of the requirements under `breaks` did it, not one elsewhere in the suite.
    named: bool = False
    # Whether nothing but the watchdog noticed: the guest ran on without a word.
    hung: bool = False
    why: str = ""
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


def selected(mutants: Sequence[Mutant], expression: str | None) -> list[Mutant]:
    """Return those whose id or title contains one of the comma-separated texts; Failure if one selects none."""
    if expression is None:
        return list(mutants)
    texts = [text.strip() for text in expression.split(",")]
    for text in texts:
        if not text or not any(text in one.words for one in mutants):
            raise Failure(f"no mutant's id or title contains {text!r}")
    return [one for one in mutants if any(text in one.words for text in texts)]


def run(prepared: Prepared, out: Path, expression: str | None, workers: int) -> int:
    """Build and judge the mutants that `expression` selects; return the exit status."""
    mutants = selected(load(), expression)
    covered = _covered()
    unknown = sorted({slug for one in mutants for slug in one.breaks} - set(covered))
    if unknown:
        raise Failure(f"no case covers {unknown[0]}, which a mutant is said to break")
    out.mkdir(parents=True, exist_ok=True)
    with places.lock(out / ".lock", None):
        return _run(prepared, out, mutants, covered, min(workers, len(mutants)))


def _run(prepared: Prepared, out: Path, mutants: list[Mutant], covered: dict[str, list[str]], workers: int) -> int:
    started = time.monotonic()
    outcomes: list[Outcome] = []
    free: SimpleQueue[_Workshop] = SimpleQueue()

    def work(mutant: Mutant) -> Outcome:
        place = free.get()
        try:
            return place.judge(mutant, covered)
        finally:
            free.put(place)

    with step("mutants") as line:
        line.progress("building the sources they are made from")
        workshops = [_Workshop(prepared, out / f"worker{number}") for number in range(workers)]
        elves = [place.build("baseline") for place in workshops]
        for place in workshops:
            free.put(place)
        # The first copy's, so that the number of workers does not matter.
        _prove_sound(prepared, out / "sound", workshops[0], elves[0], workers, line)
        with ThreadPoolExecutor(workers) as pool:
            futures = [pool.submit(work, mutant) for mutant in mutants]
            try:
                for future in as_completed(futures):
                    outcomes.append(future.result())
                    last = outcomes[-1]
                    _write_report(_ordered(mutants, outcomes), out)
                    line.progress(f"{len(outcomes)}/{len(mutants)} {last.mutant.id}: {last.fate}")
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        caught = sum(one.fate == CAUGHT for one in outcomes)
        line.done(f"{caught} of {len(mutants)} caught")
    return _tell(_ordered(mutants, outcomes), out, time.monotonic() - started)


def _prove_sound(prepared: Prepared, remembered: Path, place: _Workshop, elf: Path, workers: int, line: Step) -> None:
    """Run the whole suite against the unchanged sources, unless it is known to pass against these."""
    state = _state(elf, prepared.qemu)
    if remembered.is_file() and remembered.read_text(encoding="utf-8") == state:
        return
    line.progress("running the suite without any of them")
    place.prove_sound(elf, workers)
    remembered.write_text(state, encoding="utf-8")


def _state(elf: Path, qemu: Path, checkout: Path = CHECKOUT) -> str:
    """Return a hash over everything that has a say in how the suite ends."""
    files = [elf, qemu]
    for name in JUDGES:
        place = checkout / name
        files += [place] if place.is_file() else sorted([*place.rglob("*.py"), *place.rglob("*.toml")])
    total = hashlib.sha256()
    for file in files:
        if file.parent.name != DIRECTORY.name:  # the mutants themselves have none
            total.update(f"{file}".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


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

    def prove_sound(self, elf: Path, workers: int) -> None:
        """Run the whole suite against the unchanged sources; Failure unless every case ends as expected."""
        failing = self._failing(
            elf, ["conformance"], "baseline", ("-x", *(("-n", str(workers)) if workers > 1 else ()))
        )
        if failing:
            raise Failure(f"{failing[0]} fails without any mutant, so its failing would prove nothing")

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
        except Failure as failure:
            outcome.fate, outcome.why = NOT_BUILT, f"{failure}"
        else:
            self._try(elf, outcome, covered)
        finally:
            # Written anew, so newer than what was built from the mutant.
            for file, text in before.items():
                (self._tree / file).write_text(text, encoding="utf-8")
        outcome.seconds = time.monotonic() - started
        return outcome

    def _try(self, elf: Path, outcome: Outcome, covered: dict[str, list[str]]) -> None:
        """Let the cases that should notice run, then all, until one does."""
        name = outcome.mutant.id
        wanted = sorted({case for slug in outcome.mutant.breaks for case in covered[slug]})
        try:
            for cases in (wanted, ["conformance"]):
                outcome.cases = self._failing(elf, cases, name, ("-x",))
                if outcome.cases and self._was_hung(name):
                    patient = ("-x", f"--sockbench-watchdog={PATIENT_WATCHDOG_S}")
                    outcome.cases = self._failing(elf, outcome.cases, name, patient) or self._failing(
                        elf, cases, name, patient
                    )
                if outcome.cases:
                    outcome.fate, outcome.named, outcome.hung = CAUGHT, cases is wanted, self._was_hung(name)
                    return
        except Failure as failure:
            outcome.fate, outcome.why = NO_VERDICT, f"{failure}"

    def _was_hung(self, name: str) -> bool:
        return WATCHDOG_WORDS in self._suite_log(name).read_text(encoding="utf-8")

    def _suite_log(self, name: str) -> Path:
        return self._logs / f"{name}-suite.log"

    def _failing(self, elf: Path, cases: Sequence[str], name: str, more: Sequence[str]) -> list[str]:
        """Run those cases and return the ones that did not end as expected; Failure if pytest itself did not work."""
        options = suite.Run(self._results, extra=("-q", "-p", "no:cacheprovider",
                                                  f"--sockbench-watchdog={WATCHDOG_S}", *more))  # fmt: skip
        words = suite.command(self._prepared, options)
        words[words.index("--sockbench-firmware") + 1] = str(elf)
        at = words.index("conformance")
        words[at : at + 1] = list(cases)
        results = self._results / "results.json"
        results.unlink(missing_ok=True)
        failed: Failure | None = None
        try:
            run_logged(words, self._suite_log(name), f"the suite against {name}", cwd=CHECKOUT)
        except Failure as failure:
            failed = failure
        try:
            verdicts = json.loads(results.read_text(encoding="utf-8"))["cases"]
        except OSError:
            raise Failure(f"the suite against {name} wrote no results; {failed}") from None
        failing = [one["id"] for one in verdicts if one["verdict"] not in EXPECTED]
        # A module that cannot be imported or a case that is not there fails pytest, but is no verdict.
        if not verdicts or (failed is not None and not failing):
            raise Failure(f"the suite against {name} ended without a case that failed; {failed or 'no case ran'}")
        return failing


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


def _ordered(mutants: Sequence[Mutant], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes in the order of their mutants."""
    order = {mutant.id: number for number, mutant in enumerate(mutants)}
    return sorted(outcomes, key=lambda one: order[one.mutant.id])


def _write_report(ordered: Sequence[Outcome], out: Path) -> None:
    """Write report.json: what is known until now."""
    report = [{"id": one.mutant.id, "title": one.mutant.title, "fate": one.fate, "why": one.why, "cases": one.cases,
               "named": one.named, "hung": one.hung, "seconds": round(one.seconds, 1)}
              for one in ordered]  # fmt: skip
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _tell(ordered: Sequence[Outcome], out: Path, seconds: float) -> int:
    """Print who caught what and return 0 if nothing survived."""
    for one in ordered:
        by = one.cases[0].removeprefix("conformance/") if one.cases else one.why or "NO CASE"
        notes = ("" if one.named or not one.cases else " (not a case of what it breaks)") + (
            " (by the watchdog alone)" if one.hung else ""
        )
        print(f"{one.mutant.id:<6} {one.fate:<9} {one.mutant.title}\n       by {by}{notes}")
    survivors = [one.mutant.id for one in ordered if one.fate != CAUGHT]
    caught = len(ordered) - len(survivors)
    named = sum(one.named for one in ordered)
    hung = sum(one.hung for one in ordered)
    print(f"{caught} of {len(ordered)} mutants caught in {seconds:.0f} s, {named} by a case of what they break, "
          f"{hung} by the watchdog alone; report: {out / 'report.json'}")  # fmt: skip
    if survivors:
        print(f"not caught: {', '.join(survivors)}")
    return 1 if survivors else 0
