# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver's manifest: what it excuses, what it must not say, and that nothing in it can be void."""

from __future__ import annotations

from pathlib import Path

import pytest
from sockbench import manifest
from sockbench.errors import BenchError
from sockbench.manifest import Driver, Entry, entry_for

GOOD = """
interface = "wifi"
has = ["phy"]
lacks.cable = "there is none"
[[not-applicable]]
case = "f.py::test_a"
reason = "all of them"
[[deviation]]
case = "f.py::test_b[1]"
reason = "known"
"""
CASES: dict[str, tuple[str, ...]] = {
    "f.py::test_a[1]": (),
    "f.py::test_a[2]": (),
    "f.py::test_b[1]": ("phy",),
    "f.py::test_c": ("phy", "cable"),
}


def driver(folder: Path, text: str = GOOD) -> Driver:
    (folder / "x.toml").write_text(text)
    return manifest.read(folder / "x.toml")


def test_manifest_is_read(tmp_path: Path) -> None:
    found = driver(tmp_path)
    assert (found.name, found.interface, found.has) == ("x", "wifi", frozenset({"phy"}))
    assert found.deviations == (Entry("f.py::test_b[1]", "known"),)


def test_case_is_excused_by_name_or_by_what_it_needs(tmp_path: Path) -> None:
    found = driver(tmp_path)
    excuses = {case: found.excuse(case, needs) for case, needs in CASES.items()}
    assert excuses == {
        "f.py::test_a[1]": "all of them",
        "f.py::test_a[2]": "all of them",
        "f.py::test_b[1]": None,
        "f.py::test_c": "there is none",
    }


def test_entry_names_a_case_or_all_cases_of_a_function() -> None:
    entries = [Entry("f.py::test_a", "all"), Entry("f.py::test_b[1]", "one")]
    found = [entry_for(name, entries) for name in ("f.py::test_a[9]", "f.py::test_b[1]", "f.py::test_b[2]")]
    assert found == [entries[0], entries[1], None]


def test_manifest_that_fits_has_no_problem(tmp_path: Path) -> None:
    assert driver(tmp_path).problem(CASES, whole=True) is None


@pytest.mark.parametrize(
    ("case", "whole", "problem"),
    [
        ("f.py::test_c", True, "no case needs 'cable'"),
        ("f.py::test_b[1]", True, "there is no case f.py::test_b[1]"),
        ("f.py::test_b[1]", False, "there is no case f.py::test_b[1]"),
        ("f.py::test_c", False, None),
    ],
)
def test_entry_that_no_case_meets_is_found(tmp_path: Path, case: str, whole: bool, problem: str | None) -> None:
    """A run of a part can miss the cases of whole files, but not one of a file that it has."""
    found = driver(tmp_path).problem({name: needs for name, needs in CASES.items() if name != case}, whole=whole)
    assert found is None if problem is None else found is not None and problem in found


def test_part_without_a_file_says_nothing_about_its_cases(tmp_path: Path) -> None:
    assert driver(tmp_path).problem({"g.py::test_z": ()}, whole=False) is None


def test_need_that_the_manifest_does_not_know_is_found(tmp_path: Path) -> None:
    found = driver(tmp_path).problem({"g.py::test_z": ("typo",)}, whole=False)
    assert found == "g.py::test_z: needs 'typo', which driver x neither has nor lacks"


def test_without_a_manifest_everything_applies() -> None:
    found = manifest.bare("wifi")
    assert found.interface == "wifi"
    assert found.excuse("f.py::test_c", ("cable",)) is None
    assert found.problem({"f.py::test_c": ("anything",)}, whole=True) is None
    with pytest.raises(BenchError, match="no interface of that name"):
        manifest.bare("can")


ETH = 'interface = "eth"\n'
BOTH = "".join(f"[[{name}]]\ncase = 'a'\nreason = 'b'\n" for name in ("deviation", "not-applicable"))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'interface' has to be one of eth, wifi"),
        ("interface = 'can'", "'interface' has to be one of eth, wifi"),
        ("interface = ", "x.toml"),
        (ETH + "has = 'cable'", "list of texts"),
        (ETH + "has = ['cable', 'cable']", "none of them twice"),
        (ETH + "lacks.cable = ''", "the reason by what is lacking"),
        (ETH + "has = ['cable']\nlacks.cable = 'why'", "'cable' is both"),
        (ETH + "[[deviations]]\n", "unknown key 'deviations'"),
        (ETH + "[deviation]\ncase = 'a'\n", "array of tables"),
        (ETH + "[[deviation]]\ncase = 'a'\n", "has to have 'case' and 'reason'"),
        (ETH + "[[not-applicable]]\ncase = 'a'\nreason = ''\n", "not empty"),
        (ETH + "[[deviation]]\ncase = 'a'\nreason = 'b'\nowner = 'c'\n", "nothing else"),
        (ETH + "[[not-applicable]]\ncase = 'a'\nreason = 'b'\n" * 2, "listed twice"),
        (ETH + BOTH, "a cannot deviate, it is not applicable"),
    ],
)
def test_bad_manifest_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BenchError) as caught:
        driver(tmp_path, text)
    assert complaint in str(caught.value) and "\n" not in str(caught.value)
