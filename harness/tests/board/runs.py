# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs of pytest with the plugin, in processes of their own, on cases that a test writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sockbench

HEADER = """
import asyncio, os
import pytest
from sockbench import *
from sockbench import link
"""
LIMIT_S = 120


@dataclass
class Run:
    """How a run ended."""

    status: int
    output: str
    out: Path

    @property
    def results(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.out / "results.json").read_text())
        return content

    def case(self, name: str) -> dict[str, Any]:
        """Return the result of the case of that name."""
        cases: list[dict[str, Any]] = self.results["cases"]
        (found,) = (case for case in cases if case["id"].split("::")[1] == name)
        return found

    def verdict(self, name: str) -> str:
        return str(self.case(name)["verdict"])

    def bundle(self, name: str) -> Path:
        """Return the folder of the failed case's bundle."""
        (found,) = (self.out / "failures").glob(f"*_{name}")
        return found


class Runner:
    """Writes cases into a folder and runs them."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self.qemu: Path | None = config.getoption("--sockbench-qemu")
        self.firmware: Path | None = config.getoption("--sockbench-firmware")
        if self.qemu is None or self.firmware is None:
            pytest.fail("these tests need a board: give --sockbench-qemu and --sockbench-firmware")
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []

    def close(self) -> None:
        """End what a test that failed left running."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def write(self, text: str) -> None:
        """Write the cases."""
        (self.folder / "test_cases.py").write_text(HEADER + text)

    def start(self, *options: str, out: str = "out", **popen: Any) -> subprocess.Popen[str]:
        """Start a run of what was written."""
        words = [
            sys.executable, "-m", "pytest", "-q", "--tb=short",
            "-p", "sockbench.pytest_plugin", "-p", "no:cacheprovider",
            "--rootdir", str(self.folder), "--sockbench-out", str(self.folder / out),
        ]  # fmt: skip
        given = " ".join(options)
        if "--sockbench-qemu" not in given:
            words += ["--sockbench-qemu", str(self.qemu)]
        if "--sockbench-firmware" not in given:
            words += ["--sockbench-firmware", str(self.firmware)]
        environment = {**os.environ, "PYTHONPATH": str(Path(sockbench.__file__).parents[1])}
        environment.pop("PYTEST_ADDOPTS", None)
        environment.pop("PYTEST_XDIST_WORKER", None)
        process = subprocess.Popen(
            [*words, *options, str(self.folder)], cwd=self.folder, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **{"preexec_fn": _hear_interrupts, **popen},
        )  # fmt: skip
        self._started.append(process)
        return process

    def run(self, text: str, *options: str, out: str = "out", **popen: Any) -> Run:
        """Write the cases, run them, and return how that ended."""
        self.write(text)
        process = self.start(*options, out=out, **popen)
        output, _ = process.communicate(timeout=LIMIT_S)
        return Run(process.returncode, output, self.folder / out)


def _hear_interrupts() -> None:
    """Let Ctrl-C have its usual effect: whoever runs these tests in the background of a shell script ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
