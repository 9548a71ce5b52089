# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast the bench is on this machine: `python -m sockbench.benchmarks`.

The one place in the package, beside the watchdog, where the host's clock is read. Figures depend on
the machine and on what else runs there; virtual rates do not. Rates are the best of several rounds, for
other load can only slow them down; durations of whole operations are medians.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sockbench.bench import INTERFACES, Bench
from sockbench.clock import MS, SEC, US
from sockbench.errors import BenchError, TargetDied
from sockbench.session import Session

PROCESSES = 5
RESETS = 100
ROUNDS = 10
ROUND_TRIPS = 2_000
IDLE_VIRTUAL = 500 * SEC
BULK_BYTES = 1_000_000
CHUNK_BYTES = 100_000
PINGS = 500
CASES = 50
MEGABYTE = 1_000_000

Reading = tuple[float, float]  # Wall and virtual seconds.


@dataclass(frozen=True)
class Figure:
    """One measured number."""

    name: str
    value: float
    unit: str
    meaning: str


class Stopwatch:
    """Wall and virtual seconds since it was made."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._virtual = bench.now
        self._wall = time.perf_counter()

    def read(self) -> Reading:
        """Return wall and virtual seconds."""
        return time.perf_counter() - self._wall, (self._bench.now - self._virtual) / SEC


class Benchmarks:
    """All measurements, in the order in which they are reported."""

    def __init__(self, qemu: Path, firmware: Path, interface: str) -> None:
        self._qemu = qemu
        self._firmware = firmware
        self._interface = interface
        self.figures: list[Figure] = []

    def run(self, progress: Callable[[str], None]) -> list[Figure]:
        """Measure everything and return the figures."""
        progress("starting processes")
        self._processes()
        with Session(self._qemu, self._firmware, interface=self._interface) as session:
            for name, measure in (
                ("resetting", self._resets),
                ("crossing the link", self._round_trips),
                ("idling", self._idle),
                ("sending by TCP", self._tcp_out),
                ("receiving by TCP", self._tcp_in),
                ("pinging", self._frames),
                ("running small cases", self._cases),
            ):
                progress(name)
                measure(session)
            resident, peak = session.memory_bytes()
            self._add("qemu_rss", resident / (1 << 20), "MiB", "resident memory of QEMU after all that")
            self._add("qemu_rss_peak", peak / (1 << 20), "MiB", "the most it ever was")
        return self.figures

    def _add(self, name: str, value: float, unit: str, meaning: str) -> None:
        self.figures.append(Figure(name, round(value, 3), unit, meaning))

    def _processes(self) -> None:
        walls = []
        for _ in range(PROCESSES):
            start = time.perf_counter()
            with Session(self._qemu, self._firmware):
                walls.append(time.perf_counter() - start)
        self._add("ready", statistics.median(walls) * 1000, "ms", "start of the process to firmware ready")

    def _resets(self, session: Session) -> None:
        walls = []
        for _ in range(RESETS):
            start = time.perf_counter()
            session.reset(network=False)
            walls.append(time.perf_counter() - start)
        self._add("reset", statistics.median(walls) * 1000, "ms", "reset in place to firmware ready")

    def _round_trips(self, session: Session) -> None:
        async def wake(bench: Bench) -> Reading:
            stopwatch = Stopwatch(bench)
            for _ in range(ROUND_TRIPS):
                await asyncio.sleep(10 * US)
            return stopwatch.read()

        async def cross(bench: Bench) -> Reading:
            # Behind the loop's back: the board is reset before anything else is done with it.
            at = bench.now
            start = time.perf_counter()
            for _ in range(ROUND_TRIPS):
                _, _, at, _ = session.board.exchange(at + 10 * US)
            return time.perf_counter() - start, 0.0

        wall, _ = best(session, cross, network=False)
        self._add("link_round_trips", ROUND_TRIPS / wall, "1/s", "messages of the board answered at once")
        wall, _ = best(session, wake, network=False)
        self._add("wake_ups", ROUND_TRIPS / wall, "1/s", "wake-ups of a task that does nothing else")

    def _idle(self, session: Session) -> None:
        async def idle(bench: Bench) -> Reading:
            stopwatch = Stopwatch(bench)
            await asyncio.sleep(IDLE_VIRTUAL)
            return stopwatch.read()

        wall, virtual = best(session, idle)
        self._add("idle", virtual / wall, "s/s", "virtual seconds per wall second, network up, nothing to do")

    def _tcp_out(self, session: Session) -> None:
        wall, virtual = best(session, send_bulk)
        self._add("tcp_from_board", BULK_BYTES / MEGABYTE / wall, "MB/s", "TCP from the board, per wall second")
        self._add("tcp_from_board_virtual", BULK_BYTES / MEGABYTE / virtual, "MB/s", "the same, per virtual second")

    def _tcp_in(self, session: Session) -> None:
        wall, virtual = best(session, receive_bulk)
        self._add("tcp_to_board", BULK_BYTES / MEGABYTE / wall, "MB/s", "TCP to the board, per wall second")
        self._add("tcp_to_board_virtual", BULK_BYTES / MEGABYTE / virtual, "MB/s", "the same, per virtual second")

    def _frames(self, session: Session) -> None:
        async def ping(bench: Bench) -> Reading:
            stopwatch = Stopwatch(bench)
            for _ in range(PINGS):
                await bench.wire.peer.icmp.ping("10.0.0.1", within=1 * SEC)
            return stopwatch.read()

        wall, _ = best(session, ping)
        self._add("frames", 2 * PINGS / wall, "1/s", "frames of echo requests and replies, one after the other")

    def _cases(self, session: Session) -> None:
        walls = []
        for _ in range(CASES):
            start = time.perf_counter()
            session.reset(network=True)
            session.run(small_case(session.bench))
            walls.append(time.perf_counter() - start)
        self._add("case", statistics.median(walls) * 1000, "ms", "reset, connect, ten bytes each way, close")


def best(
    session: Session, measure: Callable[[Bench], Coroutine[Any, Any, Reading]], *, network: bool = True
) -> Reading:
    """Return wall and virtual seconds of the round that took the least wall time."""
    readings = []
    for _ in range(ROUNDS):
        session.reset(network=network)
        readings.append(session.run(measure(session.bench)))
    return min(readings)


async def send_bulk(bench: Bench) -> Reading:
    """Let the board send BULK_BYTES by TCP; return wall and virtual seconds."""
    listener = bench.wire.peer.tcp.listen(80)
    sock = await bench.target.socket()
    await sock.connect((bench.wire.peer.ip, 80))
    connection = await listener.accept(within=1 * SEC)
    buffer = await bench.target.buffer(CHUNK_BYTES)
    stopwatch = Stopwatch(bench)
    for _ in range(BULK_BYTES // CHUNK_BYTES):
        await sock.sendall(buffer)
    await connection.until(lambda conn: conn.received_bytes == BULK_BYTES, within=60 * SEC)
    return stopwatch.read()


async def receive_bulk(bench: Bench) -> Reading:
    """Let the board receive BULK_BYTES by TCP; return wall and virtual seconds."""
    listener = bench.wire.peer.tcp.listen(80)
    sock = await bench.target.socket()
    await sock.connect((bench.wire.peer.ip, 80))
    connection = await listener.accept(within=1 * SEC)
    buffer = await bench.target.buffer(CHUNK_BYTES)
    stopwatch = Stopwatch(bench)
    connection.send(bytes(BULK_BYTES))
    for _ in range(BULK_BYTES // CHUNK_BYTES):
        received = await sock.recv_into(buffer, CHUNK_BYTES)
        if received != CHUNK_BYTES:
            raise RuntimeError(f"recv_into returned {received} of {CHUNK_BYTES} bytes")
    return stopwatch.read()


async def small_case(bench: Bench) -> None:
    """Do what a typical case of the suite does."""
    listener = bench.wire.peer.tcp.listen(80)
    sock = await bench.target.socket()
    await sock.connect((bench.wire.peer.ip, 80))
    connection = await listener.accept(within=1 * SEC)
    await sock.sendall(b"0123456789")
    connection.send(await connection.recv(10, within=1 * SEC))
    if bytes(await sock.recv(10)) != b"0123456789":
        raise RuntimeError("the echo came back changed")
    await sock.close()
    connection.finish()
    await asyncio.sleep(10 * MS)


def table(figures: list[Figure]) -> str:
    """Return the figures as lines of text, aligned."""
    width = max(len(figure.name) for figure in figures)
    return "\n".join(f"{f.name:<{width}}  {f.value:>12,.2f} {f.unit:<5} {f.meaning}" for f in figures)


def main() -> int:
    """Run the tool; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m sockbench.benchmarks", description=__doc__)
    parser.add_argument("--qemu", type=Path, required=True, help="QEMU binary with the sockbench machine")
    parser.add_argument("--firmware", type=Path, required=True, help="ELF file")
    parser.add_argument("--interface", choices=INTERFACES, default=INTERFACES[0], help="what the network is reached by")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()

    def progress(what: str) -> None:
        print(f"{what} ...", file=sys.stderr, flush=True)

    try:
        figures = Benchmarks(options.qemu, options.firmware, options.interface).run(progress)
    except (BenchError, TargetDied) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"figures": [asdict(figure) for figure in figures]}, indent=2))
    else:
        print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
