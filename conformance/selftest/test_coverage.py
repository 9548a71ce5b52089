"""Each way in which the catalogue or the coverage can be wrong is found; run by `pytest conformance/selftest`.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sockbench.catalogue import BadCatalogue, Catalogue, Pending, Requirement, load

from conformance.coverage import HERE, Case, coverage_of, misfits, problems, render, summary

Cases = list[Case]

GOOD = """
[[requirement]]
slug = "tcp.connect.refused"
id = "CONN-03"
statement = "A refused attempt raises."
source = "connect, 1st sentence"
level = "documented"
kind = "test"
"""


def written(tmp_path: Path, text: str, name: str = "connect.toml") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_good_entry_is_read(tmp_path: Path) -> None:
    catalogue = load(written(tmp_path, GOOD))
    assert catalogue.requirements["tcp.connect.refused"].id == "CONN-03"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (GOOD.replace('slug = "tcp.connect.refused"\n', ""), "'slug' is missing"),
        (GOOD.replace('level = "documented"', 'level = "must"'), "level 'must' is none of"),
        (GOOD.replace('kind = "test"', 'kind = "manual"'), "kind 'manual' is none of"),
        (GOOD.replace('kind = "test"', 'kind = "exception"'), "needs a reason"),
        (GOOD + 'reason = "none"\n', "needs a reason, and only that kind"),
        (GOOD.replace('level = "documented"', 'level = "silent"'), "name our choice"),
        (GOOD + 'choice = "x"\n', "name our choice"),
        (GOOD.replace('"tcp.connect.refused"', '"TCP connect"'), "a slug is"),
        (GOOD.replace('"CONN-03"', '"3"'), "an id is"),
        (GOOD.replace('"CONN-03"', "3"), "has to be a text"),
        (GOOD.replace('"A refused attempt raises."', '" "'), "has to be a text"),
        (GOOD + 'owner = "x"\n', "unknown key 'owner'"),
        (GOOD + GOOD, "this slug is taken"),
        (GOOD + GOOD.replace("tcp.connect.refused", "tcp.connect.other"), "id CONN-03 is taken"),
        (GOOD.replace("[[requirement]]", "[[requirements]]"), "unknown table 'requirements'"),
        (GOOD.replace("[[requirement]]", "[requirement]"), "array of tables"),
        (GOOD.replace('"test"', "test"), "connect.toml"),
    ],
)
def test_bad_entry_is_refused_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadCatalogue) as caught:
        load(written(tmp_path, text))
    assert "connect.toml" in str(caught.value) and complaint in str(caught.value)


def test_directory_without_requirements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match="no requirement files"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[pending]]\nslug = "tcp.connect.unknown"\nplan = "x"\n', "no such requirement"),
        ('[[pending]]\nslug = "tcp.connect.refused"\n', "'plan' is missing"),
        ('[[pending]]\nslug = "tcp.connect.refused"\nplan = "x"\n' * 2, "listed twice"),
    ],
)
def test_bad_pending_entry_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    written(tmp_path, text, "pending.toml")
    with pytest.raises(BadCatalogue, match=complaint):
        load(written(tmp_path, GOOD))


def catalogue(*, level: str = "documented", kind: str = "test", pending: bool = False) -> Catalogue:
    wanted = Requirement("a.b", "A-01", "s", "s", level, kind, choice="c" if level == "silent" else None)
    return Catalogue({"a.b": wanted}, {"a.b": Pending("a.b", "later")} if pending else {})


CASES: Cases = [
    ("f.py::test_x[1]", ("a.b",), ()),
    ("f.py::test_x[2]", ("a.b",), ("cable",)),
    ("f.py::test_y", ("a.b",), ()),
]


def recorded(cases: Cases) -> str:
    return render(coverage_of(cases))


def test_complete_coverage_has_no_problems() -> None:
    assert problems(catalogue(), CASES, recorded(CASES)) == []


def test_coverage_counts_the_cases_of_a_function() -> None:
    assert coverage_of(CASES) == {"a.b": {"f.py::test_x": 2, "f.py::test_y": 1}}
    assert '"f.py::test_x" = 2' in recorded(CASES)


def test_unknown_slug_is_found() -> None:
    cases: Cases = [*CASES, ("f.py::test_z", ("a.typo",), ())]
    assert problems(catalogue(), cases, recorded(cases)) == ["f.py::test_z: covers the unknown requirement 'a.typo'"]


def test_case_without_a_requirement_is_found() -> None:
    cases: Cases = [*CASES, ("f.py::test_z", (), ())]
    assert problems(catalogue(), cases, recorded(cases)) == ["f.py::test_z: names no requirement"]


def test_uncovered_documented_requirement_is_found() -> None:
    (found,) = problems(catalogue(), [], recorded([]))
    assert found.startswith("a.b: documented, but no case covers it")


@pytest.mark.parametrize("excuse", [{"pending": True}, {"kind": "exception"}, {"level": "silent"}])
def test_requirement_with_an_excuse_needs_no_case(excuse: dict[str, object]) -> None:
    assert problems(catalogue(**excuse), [], recorded([])) == []  # type: ignore[arg-type]


def test_pending_requirement_with_a_case_is_found() -> None:
    (found,) = problems(catalogue(pending=True), CASES, recorded(CASES))
    assert "listed in pending.toml but has cases" in found


def test_exception_with_a_case_is_found() -> None:
    (found,) = problems(catalogue(kind="exception"), CASES, recorded(CASES))
    assert "is an exception in the catalogue but has cases" in found


@pytest.mark.parametrize("before", [[], CASES[:1], [*CASES, ("f.py::test_z", ("a.b",), ())]])
def test_stale_coverage_file_is_found(before: Cases) -> None:
    (found,) = problems(catalogue(), CASES, recorded(before))
    assert found.startswith("coverage.toml is stale")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("has = ['cable']", None),
        ("lacks.cable = 'a reason'", None),
        ("has = []", "f.py::test_x[2]: needs 'cable', which driver d neither has nor lacks"),
        ("has = ['cable', 'phy']", "driver d: no case needs 'phy'"),
        ("has = ['cable']\nlacks.phy = 'a reason'", "driver d: no case needs 'phy'"),
        ("has = ['cable']\n[[deviation]]\ncase = 'f.py::test_x[1]'\nreason = 'r'", None),
        ("has = ['cable']\n[[deviation]]\ncase = 'f.py::test_x[3]'\nreason = 'r'", "there is no case f.py::test_x[3]"),
        ("has = ['cable']\n[[not-applicable]]\ncase = 'g.py::test_x'\nreason = 'r'", "there is no case g.py::test_x"),
    ],
)
def test_manifest_that_does_not_fit_the_cases_is_found(tmp_path: Path, text: str, found: str | None) -> None:
    lines = misfits(written(tmp_path, f"interface = 'eth'\n{text}\n", "d.toml"), CASES)
    assert (lines == []) if found is None else (len(lines) == 1 and found in lines[0])


def test_summary_counts_every_requirement_once() -> None:
    lines = summary(catalogue(), coverage_of(CASES))
    assert lines[0].split() == ["documented", "1", "requirements", "1", "covered", "0", "exceptions", "0", "open"]


def test_catalogue_of_this_tree_is_whole() -> None:
    """All requirements of the page are there; what it leaves to us, wifi, and those of the bench itself, may grow."""
    requirements = load(HERE / "requirements").requirements.values()
    levels = [wanted.level for wanted in requirements]
    assert sum(wanted.level == "documented" and not wanted.slug.startswith("wifi.") for wanted in requirements) == 82
    assert levels.count("interpretation") >= 32
    assert levels.count("silent") >= 102
