# SPDX-License-Identifier: GPL-2.0-or-later
"""What the harness writes: captures that tshark reads, results that are whole or not there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sockbench import bundle, results
from sockbench.clock import MS, SEC
from sockbench.manifest import Entry
from sockbench.packets import TCP
from sockbench.results import CaseResult, judge

from .fake import FakeBoard, bench
from .test_wire import tcp


def test_capture_has_nanoseconds_directions_and_calls(tmp_path: Path) -> None:
    """tshark is a second reader: what it shows is in the file."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.fail("tshark is missing: apt install tshark")
    board = FakeBoard()
    world = bench(board)
    board.transmit(5 * SEC + 123_456_789, tcp())
    frame = world.run(world.wire.expect(TCP(), within=9 * SEC))
    world.wire.send(bytes(reversed(frame.data)), at=2**33 * 1000)
    world.loop.set_deadline(2**43)
    world.run(world.idle(for_=2**43 - world.now - MS))
    path = tmp_path / "trace.pcapng"
    path.write_bytes(bundle.capture(world.timeline, comments=("a case",)))
    fields = ["frame.time_epoch", "frame.interface_name", "frame.packet_flags_direction", "frame.comment", "frame.len"]
    words = [tshark, "-r", str(path), "-T", "fields", *(word for field in fields for word in ("-e", field))]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60)
    first, second = (line.split("\t") for line in said.stdout.splitlines())
    assert first[0] == "5.123456789" and second[0] == "8589.934592000"
    assert (first[1], first[2], second[2], first[4]) == ("eth", "0x00000002", "0x00000001", "54")
    assert "module.constants()" in first[3] and second[3] == ""


def test_trace_hash_sees_time_direction_bytes_and_calls() -> None:
    def run(at: int, data: bytes, name: str) -> str:
        board = FakeBoard()
        world = bench(board)
        board.transmit(at, data)
        world.run(world.idle(for_=5 * MS))
        world.target.call(name, None, (), {}, None)
        return world.trace.hexdigest()

    reference = run(1 * MS, tcp(), "a")
    assert run(1 * MS, tcp(), "a") == reference
    others = [run(1 * MS + 1, tcp(), "a"), run(1 * MS, tcp(seq=1), "a"), run(1 * MS, tcp(), "b")]
    assert len({reference, *others}) == 4


def case(name: str, verdict: str = "passed") -> CaseResult:
    return CaseResult(name, verdict, ["a.b"], "driver", 1, 0.5, "00")


def test_results_are_sorted_and_counted(tmp_path: Path) -> None:
    content = results.document(
        [case("b", "failed"), case("a")], seed=3, versions={"sockbench": "1"}, complete=True
    )
    results.write(tmp_path / "results.json", content)
    read = json.loads((tmp_path / "results.json").read_text())
    assert [entry["id"] for entry in read["cases"]] == ["a", "b"]
    assert read["totals"] == {
        "passed": 1, "failed": 1, "error": 0, "expected-deviation": 0, "unexpected-pass": 0, "not-applicable": 0
    }  # fmt: skip
    assert list(read["cases"][0]) == [
        "id", "verdict", "requirements", "driver", "virtual_ns", "wall_ms", "trace_sha256", "reason"
    ]  # fmt: skip


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.json"
    results.write_atomically(path, b"old")

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        results.write_atomically(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("verdict", "expected", "judged"),
    [
        ("passed", False, "passed"),
        ("failed", False, "failed"),
        ("passed", True, "unexpected-pass"),
        ("failed", True, "expected-deviation"),
        ("error", True, "error"),
    ],
)
def test_deviation_excuses_the_target_only_and_has_to_deviate(verdict: str, expected: bool, judged: str) -> None:
    assert judge(verdict, Entry("x", "y") if expected else None) == judged
