# SPDX-License-Identifier: GPL-2.0-or-later
"""A bench outside of pytest: what the benchmarks and the determinism tool run on."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from sockbench.bench import Bench
from sockbench.board import Board, pin
from sockbench.clock import DAY

DEADLINE = 365 * DAY
T = TypeVar("T")


class Session:
    """One QEMU process and, one after the other, the benches on it; a context manager.

    It begins with a board whose firmware is ready and whose network is down.
    """

    def __init__(self, qemu: Path, firmware: Path, *, seed: int = 1, interface: str = "eth") -> None:
        pin(0)
        self.board = Board(qemu, firmware, interface=interface)
        self._seed = seed
        self._interface = interface
        self.bench = self._fresh()

    def reset(self, *, network: bool) -> None:
        """Reset the board in place, and bring its network up if asked to."""
        self.bench.close(keep_board=True)
        self.bench = self._fresh()
        if network:
            self.bench.bring_network_up()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on virtual time and return its result."""
        return self.bench.run(work)

    def memory_bytes(self) -> tuple[int, int]:
        """Return the resident memory of QEMU: now, and the most it ever was."""
        lines = Path(f"/proc/{self.board.pid}/status").read_text(encoding="ascii").splitlines()
        kib = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return kib["VmRSS"] * 1024, kib["VmHWM"] * 1024

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bench.close(keep_board=False)

    def _fresh(self) -> Bench:
        bench = Bench(self.board, seed=self._seed, deadline=DEADLINE, interface=self._interface)
        bench.boot()
        return bench
