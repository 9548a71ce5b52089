# SPDX-License-Identifier: GPL-2.0-or-later
"""Show that the same seed gives the same trace: `python -m sockbench.determinism`.

Thousands of ARP exchanges, each after an idle gap of its own, are the sharpest probe of the virtual
clock: every gap puts the processor to sleep and wakes it by a timer, and a fault of the clock of one
instruction in fifty thousand wake-ups shows as another hash. `compare` does the same for two
results of the conformance suite. The hogs are there to disturb the host, not the result.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sockbench.bench import INTERFACES
from sockbench.clock import SEC, text
from sockbench.errors import BenchError, TargetDied
from sockbench.session import Session

GAP_DECADES = (3, 9)  # Gaps from 1 µs to 1 s, evenly spread over the powers of ten.
HOG = "while True: pass"


def gaps(seed: int, count: int) -> list[int]:
    """Return `count` idle gaps in nanoseconds, the same for the same seed."""
    random = Random(seed)
    return [int(10 ** random.uniform(*GAP_DECADES)) for _ in range(count)]


@dataclass(frozen=True)
class Crossing:
    """When a frame crossed, which way, and its bytes."""

    at: int
    outgoing: bool
    data: bytes

    def __str__(self) -> str:
        return f"{text(self.at)} {'from' if self.outgoing else 'to'} the board, {self.data.hex()}"


async def exchange(session: Session, count: int, seed: int) -> list[Crossing]:
    """Let the peer ask for the board's address `count` times; return all frames and their times."""
    bench = session.bench
    peer = bench.wire.peer
    for gap in gaps(seed, count):
        await asyncio.sleep(gap)
        await peer.arp.resolve("10.0.0.1", within=1 * SEC)
    crossings = [Crossing(frame.at, frame.outgoing, frame.data) for frame in bench.wire.frames]
    return crossings + [Crossing(frame.at, frame.outgoing, frame.data) for frame in bench.air.frames]


def hash_of(crossings: list[Crossing]) -> str:
    """Return one hash over all times, directions and bytes."""
    digest = hashlib.sha256()
    for crossing in crossings:
        digest.update(struct.pack("<QBI", crossing.at, crossing.outgoing, len(crossing.data)))
        digest.update(crossing.data)
    return digest.hexdigest()


def first_difference(first: list[Crossing], second: list[Crossing]) -> str:
    """Say where two lists of frames part."""
    for number, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return f"frame {number}: {a} and {b}"
    return f"after frame {min(len(first), len(second))}: {len(first)} frames and {len(second)}"


def run_exchanges(options: argparse.Namespace) -> int:
    """Do all runs, each on a fresh process; return 0 if they have one hash."""
    hogs = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(options.hogs)]
    hashes: list[str] = []
    reference: list[Crossing] = []
    binaries = ""
    try:
        for number in range(options.runs):
            start = time.perf_counter()
            with Session(
                options.qemu, options.firmware, seed=options.seed, interface=options.interface
            ) as session:
                before, binaries = binaries, f"{session.board.firmware_sha256} {options.qemu.stat().st_mtime_ns}"
                if before and binaries != before:
                    raise BenchError("QEMU or the firmware was replaced between two runs: nothing can be compared")
                session.bench.bring_network_up()
                crossings = session.run(exchange(session, options.exchanges, options.seed))
                virtual = session.bench.now
            hashes.append(hash_of(crossings))
            wall = time.perf_counter() - start
            print(
                f"run {number + 1}/{options.runs}: {hashes[-1][:16]}, {options.exchanges} exchanges,"
                f" {text(virtual)} virtual, {wall:.1f} s",
                flush=True,
            )
            reference = reference or crossings
            if hashes[-1] != hashes[0]:
                print(f"    differs from the first run at {first_difference(reference, crossings)}", flush=True)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    different = len(set(hashes))
    beside = f" beside {options.hogs} hogs" if options.hogs else ""
    print(f"{len(hashes)} runs of {options.exchanges} exchanges{beside}: {different} hash{'es' * (different > 1)}")
    return 0 if different == 1 else 1


def trace_hashes(path: Path) -> dict[str, str]:
    """Return the trace hash of each case in a results file of the suite."""
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    cases = content["cases"] if isinstance(content, dict) else content
    return {case["id"]: case["trace_sha256"] for case in cases}


def compare(first: Path, second: Path) -> list[str]:
    """Return one line for each case that only one result has or whose hashes differ."""
    a, b = trace_hashes(first), trace_hashes(second)
    lines = [f"only in {first}: {name}" for name in sorted(a.keys() - b.keys())]
    lines += [f"only in {second}: {name}" for name in sorted(b.keys() - a.keys())]
    for name in sorted(a.keys() & b.keys()):
        if a[name] != b[name]:
            lines.append(f"differs: {name} ({str(a[name])[:16]} and {str(b[name])[:16]})")
    return lines


def run_compare(options: argparse.Namespace) -> int:
    """Print how two results differ; return 0 if they don't, 2 if one cannot be read."""
    try:
        lines = compare(options.first, options.second)
        hashes = list(trace_hashes(options.first).values())
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"not a result of the suite: {error}", file=sys.stderr)
        return 2
    for line in lines:
        print(line)
    traced = sum(bool(one) for one in hashes)
    if not lines:
        # A case that asks for no board has nothing that could differ, and must not count as equal either.
        print(f"{traced} cases, every trace hash equal; {len(hashes) - traced} without a board")
    return 1 if lines or not traced else 0


def positive(word: str) -> int:
    """Return the number in `word`, at least 1."""
    number = int(word)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not {number}")
    return number


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    top = argparse.ArgumentParser(prog="python -m sockbench.determinism", description=__doc__)
    top.add_argument("--qemu", type=Path, help="QEMU binary with the sockbench machine")
    top.add_argument("--firmware", type=Path, help="ELF file")
    top.add_argument("--exchanges", type=positive, default=50_000)
    top.add_argument("--runs", type=positive, default=10)
    top.add_argument("--seed", type=int, default=1)
    top.add_argument("--interface", choices=INTERFACES, default=INTERFACES[0], help="what the exchanges go over")
    top.add_argument("--hogs", type=int, default=0, help="processes that burn the host's CPU meanwhile")
    commands = top.add_subparsers(dest="command")
    comparison = commands.add_parser("compare", help="compare the trace hashes of two results.json")
    comparison.add_argument("first", type=Path)
    comparison.add_argument("second", type=Path)
    return top


def main() -> int:
    """Run the tool; return its exit status."""
    commands = parser()
    options = commands.parse_args()
    if options.command == "compare":
        return run_compare(options)
    if options.qemu is None or options.firmware is None:
        commands.error("--qemu and --firmware are needed")
    try:
        return run_exchanges(options)
    except (BenchError, TargetDied) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
