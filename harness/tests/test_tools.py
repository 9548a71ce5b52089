# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmarks and determinism tools as commands: what they compare, and what they say when they cannot work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sockbench.determinism import Crossing, compare, first_difference, gaps, hash_of


def result(path: Path, **hashes: Any) -> Path:
    cases = [{"id": name, "trace_sha256": value} for name, value in hashes.items()]
    path.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    return path


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sockbench.determinism", "compare", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_equal_results_have_no_differences(tmp_path: Path) -> None:
    first, second = result(tmp_path / "a", x="1", y="2"), result(tmp_path / "b", y="2", x="1")
    assert compare(first, second) == []
    done = run(first, second)
    assert (done.returncode, done.stdout) == (0, "2 cases, every trace hash equal; 0 without a board\n")


def test_a_case_without_a_board_differs_from_nothing(tmp_path: Path) -> None:
    """A case that asks for no board has no trace, and must not make two equal runs look different."""
    first, second = result(tmp_path / "a", x="1", pure=""), result(tmp_path / "b", x="1", pure="")
    done = run(first, second)
    assert (done.returncode, done.stdout) == (0, "1 cases, every trace hash equal; 1 without a board\n")


@pytest.mark.parametrize(
    "other", [{"x": "1"}, {"x": "1", "y": "3"}, {"x": "1", "y": "2", "z": "4"}, {"x": None, "y": "2"}]
)
def test_every_difference_is_one_line(tmp_path: Path, other: dict[str, Any]) -> None:
    first, second = result(tmp_path / "a", x="1", y="2"), result(tmp_path / "b", **other)
    assert len(compare(first, second)) == 1
    assert run(first, second).returncode == 1


def test_missing_hashes_are_not_equal(tmp_path: Path) -> None:
    first, second = result(tmp_path / "a", x=None), result(tmp_path / "b", x=None)
    assert run(first, second).returncode == 1


def test_no_cases_are_not_equal(tmp_path: Path) -> None:
    assert run(result(tmp_path / "a"), result(tmp_path / "b")).returncode == 1


@pytest.mark.parametrize("content", ["", "[1]", '{"cases": [{"id": "x"}]}', "{}"])
def test_what_is_no_result_is_said_in_one_line(tmp_path: Path, content: str) -> None:
    broken = tmp_path / "broken"
    broken.write_text(content, encoding="utf-8")
    done = run(broken, result(tmp_path / "a", x="1"))
    assert done.returncode == 2
    assert done.stderr.startswith("not a result of the suite") and done.stderr.count("\n") == 1


def test_gaps_follow_from_the_seed_and_span_the_decades() -> None:
    assert gaps(1, 1000) == gaps(1, 1000) != gaps(2, 1000)
    assert min(gaps(1, 1000)) < 2_000 and max(gaps(1, 1000)) > 900_000_000


def test_first_difference_names_the_frame() -> None:
    same = [Crossing(1, True, b"a"), Crossing(2, False, b"b")]
    assert hash_of(same) == hash_of(list(same))
    for other in (Crossing(3, False, b"b"), Crossing(2, True, b"b"), Crossing(2, False, b"c")):
        assert hash_of([same[0], other]) != hash_of(same)
        assert first_difference(same, [same[0], other]).startswith("frame 1: 0.000000002 s to the board, 62 and ")
    assert first_difference(same, same[:1]) == "after frame 1: 2 frames and 1"


def test_missing_binaries_are_said_in_one_line(tmp_path: Path) -> None:
    for module in ("determinism", "benchmarks"):
        binaries = ["--qemu", str(tmp_path / "q"), "--firmware", str(tmp_path / "f")]
        command = [sys.executable, "-m", f"sockbench.{module}", *binaries]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 2 and "missing" in last and "Traceback" not in done.stderr
