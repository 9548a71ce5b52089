# SPDX-License-Identifier: GPL-2.0-or-later
"""What ./bench mutants takes for a mutant, and what it takes for caught."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bench import mutants
from bench.report import Failure

SOURCE = "int answer(void)\n{\n    return 42;\n}\n\nint other(void)\n{\n    return 7;\n}\n"
GOOD = """
[[mutant]]
id = "X01"
title = "the answer is wrong"
breaks = ["answer.right"]
[[mutant.edit]]
file = "answer.c"
find = "return 42;"
replace = "return 41;"
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a file of mutants of one source and returns its directory."""
    (tmp_path / "answer.c").write_text(SOURCE, encoding="utf-8")

    def write(text: str) -> Path:
        directory = tmp_path / "mutants"
        directory.mkdir(exist_ok=True)
        (directory / "some.toml").write_text(text, encoding="utf-8")
        return directory

    return write


def refusal(directory: Path) -> str:
    """Return the one line with which the loader refuses."""
    with pytest.raises(Failure) as caught:
        mutants.load(directory, directory.parent)
    return str(caught.value)


def test_a_mutant_is_its_edits_and_what_they_break(write: Write) -> None:
    directory = write(GOOD)
    edit = mutants.Edit("answer.c", "return 42;", "return 41;")
    wanted = mutants.Mutant("X01", "the answer is wrong", ("answer.right",), (edit,))
    assert mutants.load(directory, directory.parent) == [wanted]


def test_every_mutant_of_this_checkout_fits_its_sources_and_the_coverage() -> None:
    covered = mutants._covered()
    for mutant in mutants.load():
        assert not set(mutant.breaks) - set(covered), mutant.id


def test_find_that_is_nowhere_is_refused(write: Write) -> None:
    assert "X01: 'find' stands 0 times in answer.c" in refusal(write(GOOD.replace("return 42;", "return 43;")))


def test_find_that_is_in_two_places_is_refused(write: Write) -> None:
    assert "X01: 'find' stands 2 times in answer.c" in refusal(write(GOOD.replace("return 42;", "return ")))


def test_file_that_is_not_there_is_refused(write: Write) -> None:
    assert "X01: question.c: No such file" in refusal(write(GOOD.replace("answer.c", "question.c")))


def test_two_mutants_of_one_id_are_refused(write: Write) -> None:
    assert "mutant X01 is there twice" in refusal(write(GOOD + GOOD))


@pytest.mark.parametrize(
    "wrong",
    [
        GOOD.replace("title =", "name ="),
        GOOD.replace("replace =", "by ="),
        GOOD.replace('["answer.right"]', "[]"),
        GOOD.replace("breaks = ", 'note = "x"\nbreaks = '),
    ],
    ids=["no-title", "no-replacement", "breaks-nothing", "unknown-key"],
)
def test_what_does_not_fit_the_format_is_refused(write: Write, wrong: str) -> None:
    assert "some.toml: X01: " in refusal(write(wrong))


def test_a_file_that_is_no_toml_is_refused(write: Write) -> None:
    assert refusal(write("[[mutant")).startswith("some.toml: ")


def test_a_directory_without_mutants_is_refused(write: Write) -> None:
    assert "has no mutants" in refusal(write(""))


def test_a_requirement_without_a_case_is_refused_before_anything_is_built(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    directory = write(GOOD)
    real = mutants.load
    monkeypatch.setattr(mutants, "load", lambda: real(directory, directory.parent))
    prepared: Any = SimpleNamespace()
    with pytest.raises(Failure, match=r"no case covers answer\.right"):
        mutants.run(prepared, tmp_path / "out", None, 1)
    with pytest.raises(Failure, match="no mutant's id or title contains"):
        mutants.run(prepared, tmp_path / "out", "question", 1)


def test_texts_select_by_id_or_title_and_each_selects_something(write: Write) -> None:
    directory = write(GOOD + GOOD.replace("X01", "Y01") + GOOD.replace("X01", "Y02").replace("answer is", "day is"))
    loaded = mutants.load(directory, directory.parent)

    def ids(expression: str | None) -> list[str]:
        return [one.id for one in mutants.selected(loaded, expression)]

    assert ids(None) == ["X01", "Y01", "Y02"]
    assert ids("Y") == ids("Y01,Y02") == ids("Y02, Y01") == ["Y01", "Y02"]
    assert ids("answer") == ids("X,Y01,answer") == ["X01", "Y01"]
    for wrong in ("Z01", "X01,Z01", "X01,", ""):
        with pytest.raises(Failure, match="no mutant's id or title contains"):
            ids(wrong)


@pytest.fixture
def proofs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Return a function that asks for the proof and returns how often the suite was run for it until now."""
    for name in ("fw.elf", "qemu", "conformance/test_some.py", "conformance/mutants/some.toml", "harness/wire.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    real = mutants._state
    monkeypatch.setattr(mutants, "_state", lambda elf, qemu: real(elf, qemu, tmp_path))
    runs: list[int] = []
    place: Any = SimpleNamespace(prove_sound=lambda elf, workers: runs.append(workers))
    prepared: Any = SimpleNamespace(qemu=tmp_path / "qemu")
    line: Any = SimpleNamespace(progress=lambda text: None)

    def prove() -> int:
        mutants._prove_sound(prepared, tmp_path / "sound", place, tmp_path / "fw.elf", 2, line)
        return len(runs)

    return prove


def test_proof_holds_while_nothing_has_changed(proofs: Callable[[], int], tmp_path: Path) -> None:
    assert [proofs(), proofs()] == [1, 1]
    (tmp_path / "conformance/mutants/some.toml").write_text("one more", encoding="utf-8")
    assert proofs() == 1


@pytest.mark.parametrize(
    "changed", ["fw.elf", "qemu", "conformance/test_some.py", "conformance/test_new.py", "harness/wire.py",
                "pyproject.toml"]
)  # fmt: skip
def test_proof_is_made_anew_after_a_change(proofs: Callable[[], int], tmp_path: Path, changed: str) -> None:
    proofs()
    (tmp_path / changed).write_text("otherwise", encoding="utf-8")
    assert [proofs(), proofs()] == [2, 2]


def test_proof_that_fails_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "_state", lambda elf, qemu: "some state")

    def fail(elf: Path, workers: int) -> None:
        raise Failure("case0 fails without any mutant")

    place: Any = SimpleNamespace(prove_sound=fail)
    prepared: Any = SimpleNamespace(qemu=tmp_path)
    line: Any = SimpleNamespace(progress=lambda text: None)
    for _ in range(2):
        with pytest.raises(Failure):
            mutants._prove_sound(prepared, tmp_path / "sound", place, tmp_path, 1, line)


def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdicts: list[str] | None, status: int) -> Any:
    """Return a workshop whose pytest ends with STATUS and writes those verdicts, or nothing."""
    place = mutants._Workshop.__new__(mutants._Workshop)
    place._prepared = SimpleNamespace(python="python", qemu="qemu", firmware="fw")  # type: ignore[assignment]
    place._logs = place._results = tmp_path

    def run(words: list[str], *_: Any, **__: Any) -> None:
        if verdicts is not None:
            cases = [{"id": f"case{number}", "verdict": one} for number, one in enumerate(verdicts)]
            (tmp_path / "results.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")
        if status:
            raise Failure(f"failed with status {status}")

    monkeypatch.setattr(mutants, "run_logged", run)
    return place


@pytest.mark.parametrize(
    ("verdicts", "status", "failing"),
    [
        (["passed", "expected-deviation", "not-applicable"], 0, []),
        (["passed", "failed"], 1, ["case1"]),
        (["error"], 1, ["case0"]),
        (["unexpected-pass"], 1, ["case0"]),
    ],
)
def test_caught_is_what_has_a_verdict_that_was_not_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdicts: list[str], status: int, failing: list[str]
) -> None:
    place = workshop(tmp_path, monkeypatch, verdicts, status)
    assert place._failing(tmp_path / "elf", ["some"], "X01", ()) == failing


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [(None, 4), (["passed"], 1), ([], 5), ([], 0)],
    ids=["no-results", "collection-error", "nothing-collected", "no-case"],
)
def test_a_pytest_that_did_not_work_catches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verdicts: list[str] | None, status: int
) -> None:
    place = workshop(tmp_path, monkeypatch, verdicts, status)
    with pytest.raises(Failure):
        place._failing(tmp_path / "elf", ["some"], "X01", ())


@pytest.mark.parametrize(
    ("runs", "fate", "case", "hung"),
    [
        ([("case0", True), ("case0", True)], mutants.CAUGHT, "case0", True),
        ([("case0", True), (None, False), ("case1", False)], mutants.CAUGHT, "case1", False),
        ([("case0", True), (None, False), (None, False), (None, False)], mutants.SURVIVED, None, False),
        ([("case0", False)], mutants.CAUGHT, "case0", False),
        ([(None, False), ("case2", False)], mutants.CAUGHT, "case2", False),
    ],
    ids=["hangs", "slow-then-caught", "slow-then-survives", "caught", "caught-elsewhere"],
)
def test_case_that_was_only_slow_catches_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runs: list[tuple[str | None, bool]],
    fate: str,
    case: str | None,
    hung: bool,
) -> None:
    """Each run ends with a failing case or none, by the watchdog or not."""
    place = mutants._Workshop.__new__(mutants._Workshop)
    place._logs = tmp_path
    left = list(runs)

    def run(elf: Path, cases: list[str], name: str, more: tuple[str, ...]) -> list[str]:
        failing, by_watchdog = left.pop(0)
        (tmp_path / f"{name}-suite.log").write_text(mutants.WATCHDOG_WORDS if by_watchdog else "", encoding="utf-8")
        return [] if failing is None else [failing]

    monkeypatch.setattr(place, "_failing", run)
    mutant = mutants.Mutant("X01", "the answer is wrong", ("answer.right",), ())
    outcome = mutants.Outcome(mutant)
    place._try(tmp_path / "elf", outcome, {"answer.right": ["case0", "case1"]})
    assert (outcome.fate, outcome.cases, outcome.hung, left) == (fate, [case] if case else [], hung, [])
