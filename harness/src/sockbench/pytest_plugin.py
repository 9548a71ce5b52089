# SPDX-License-Identifier: GPL-2.0-or-later
"""The pytest plugin: fixtures, options, and how a case ends.

A board serves one case after the other, reset in between, until a case fails; each xdist worker has
its own, on its own core. What a case left behind is checked here, its verdict found, its bundle
written. What becomes of all verdicts together is `reporting`'s business.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shlex
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sockbench import bundle, tracebacks
from sockbench.air import Air
from sockbench.bench import DEADLINE, Bench
from sockbench.board import WATCHDOG_S, Board, pin
from sockbench.errors import BenchError, TargetDied
from sockbench.manifest import entry_for
from sockbench.peers.can import CanBus
from sockbench.reporting import DRIVER, REPORT_KEY, Reporting, Suite, is_whole, note_case, read_suite, stop_is_asked
from sockbench.results import ERROR, EXPECTED_DEVIATION, FAILED, NOT_APPLICABLE, PASSED, UNEXPECTED_PASS, judge
from sockbench.target import Target
from sockbench.tasks import Tasks
from sockbench.wire import Wire

SEED = 1
TIMELINE_SHOWN = 60

SUITE = pytest.StashKey[Suite]()
KEEPER = pytest.StashKey["Keeper"]()
BENCH = pytest.StashKey[Bench]()
PROBLEM = pytest.StashKey[str]()
EXCUSE = pytest.StashKey[str]()
OUTCOME = pytest.StashKey[dict[str, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sockbench", "socket firmware on an emulated board")
    group.addoption("--sockbench-qemu", type=Path, metavar="FILE", help="QEMU with the board `sockbench`")
    group.addoption("--sockbench-firmware", type=Path, metavar="FILE", help="firmware to test, an ELF file")
    group.addoption("--sockbench-out", type=Path, metavar="DIR", help="where results and bundles go")
    group.addoption("--sockbench-driver", metavar="NAME", help=f"the driver under test (default: {DRIVER})")
    group.addoption("--sockbench-seed", type=int, metavar="N", default=SEED, help="seed of all that is random")
    group.addoption("--sockbench-watchdog", type=int, metavar="S", default=WATCHDOG_S,
                    help=f"wall seconds of silence after which a board is ended (default: {WATCHDOG_S})")  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(*slugs): the requirements that a case proves")
    config.addinivalue_line("markers", "needs(*capabilities): what a driver has to have for a case to apply")
    config.addinivalue_line("markers", "deadline(at): where the case's virtual time ends, in ns")
    # A forgotten await would be a case that proves nothing.
    config.addinivalue_line("filterwarnings", "error:coroutine .* was never awaited:RuntimeWarning")
    config.addinivalue_line("filterwarnings", "error::pytest.PytestUnraisableExceptionWarning")
    seed = config.getoption("--sockbench-seed")
    if seed < 0:
        raise pytest.UsageError("--sockbench-seed is a number from 0")
    try:
        suite = read_suite(config, config.getoption("--sockbench-driver"))
    except BenchError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[SUITE] = suite
    out: Path | None = config.getoption("--sockbench-out")
    if out is not None:
        config.option.sockbench_out = out = out.absolute()
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise pytest.UsageError(f"--sockbench-out {out}: {error.strerror}") from None
        if not config.option.xmlpath:
            config.option.xmlpath = str(out / "junit.xml")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Reporting(config, out, suite.driver.name, seed), "sockbench-reporting")


def pytest_unconfigure(config: pytest.Config) -> None:
    keeper = config.stash.get(KEEPER, None)
    if keeper is not None:
        keeper.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse a suite whose cases cover what its catalogue has not, or whose driver's manifest does not fit them."""
    problem = suite_problem(config, items)
    if problem is None:
        return
    if not hasattr(config, "workerinput"):
        raise pytest.UsageError(problem)
    # xdist has no way to end a run from a worker's collection: there every case says it.
    config.stash[PROBLEM] = problem


def pytest_runtest_setup(item: pytest.Item) -> None:
    problem = item.config.stash.get(PROBLEM, None)
    if problem is not None:
        raise BenchError(problem)
    excuse = item.config.stash[SUITE].driver.excuse(item.nodeid, needs_of(item))
    if excuse is not None:
        item.stash[EXCUSE] = excuse
        pytest.skip(excuse)


def needs_of(item: pytest.Item) -> tuple[str, ...]:
    """Return what a case needs of the driver."""
    return tuple(dict.fromkeys(one for mark in item.iter_markers("needs") for one in mark.args))


def suite_problem(config: pytest.Config, items: list[pytest.Item]) -> str | None:
    """Return what is wrong between cases, catalogue and manifest, in one line."""
    suite = config.stash[SUITE]
    for item in items:
        for mark in item.iter_markers("covers"):
            for slug in mark.args:
                if suite.slugs is not None and slug not in suite.slugs:
                    return f"{item.nodeid}: covers the unknown requirement '{slug}'"
    if any("::" in argument for argument in config.args):
        return None  # Parts of files were asked for, so a case that is not here may exist.
    cases = {item.nodeid: needs_of(item) for item in items}
    return suite.driver.problem(cases, whole=is_whole(config, suite.folder))


class Keeper:
    """Keeps one worker's board from case to case."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._board: Board | None = None
        self._cores = os.sched_getaffinity(0)

    def board(self) -> Board:
        """Return the board; the first time, pin this process to its core."""
        if self._board is None:
            self._board = self._new()
            pin(_worker_number(self._config))
        return self._board

    def close(self) -> None:
        """End the board and give the other cores back."""
        if self._board is not None:
            self._board.close()
            self._board = None
            os.sched_setaffinity(0, self._cores)

    def _new(self) -> Board:
        paths: list[Path] = []
        for option in ("--sockbench-qemu", "--sockbench-firmware"):
            path = self._config.getoption(option)
            if path is None:
                raise BenchError(f"{option} is missing: a case needs a board")
            paths.append(path)
        return Board(
            *paths,
            watchdog_s=self._config.getoption("--sockbench-watchdog"),
            interface=self._config.stash[SUITE].driver.interface,
        )


def _worker_number(config: pytest.Config) -> int:
    name: str = getattr(config, "workerinput", {}).get("workerid", "")
    digits = name.removeprefix("gw")
    # Runs side by side without xdist should not all choose the first core.
    return int(digits) if digits.isdigit() else os.getpid()


def case_seed(seed: int, case: str) -> int:
    """Return a case's own seed, so that cases differ and each is the same alone as in the suite."""
    return int.from_bytes(hashlib.sha256(f"{seed} {case}".encode()).digest()[:8], "little")


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """One board, freshly reset for this case, and its world."""
    __tracebackhide__ = True
    item = request.node
    keeper = request.config.stash.get(KEEPER, None)
    if keeper is None:
        keeper = request.config.stash[KEEPER] = Keeper(request.config)
    mark = item.get_closest_marker("deadline")
    made = Bench(
        keeper.board(),
        seed=case_seed(request.config.getoption("--sockbench-seed"), item.nodeid),
        deadline=mark.args[0] if mark else DEADLINE,
        interface=request.config.stash[SUITE].driver.interface,
    )
    item.stash[BENCH] = made
    try:
        made.boot()
        yield made
    finally:
        failed = sys.exc_info()[0] is not None or item.stash.get(OUTCOME, {}).get("verdict", PASSED) != PASSED
        made.close(keep_board=not failed)


@pytest.fixture
def wire(bench: Bench) -> Wire:
    """The Ethernet segment that the board is on, by cable or through access points, with its default peer."""
    return bench.wire


@pytest.fixture
def air(bench: Bench) -> Air:
    """The medium of the board's wifi NIC."""
    return bench.air


@pytest.fixture
def can(bench: Bench) -> CanBus:
    """The CAN bus that the board is on."""
    return bench.can


@pytest.fixture
def tasks(bench: Bench) -> Tasks:
    """The scope of the case's background tasks."""
    return bench.tasks


@pytest.fixture
def cold_target(bench: Bench) -> Target:
    """The device, its network still down."""
    return bench.target


@pytest.fixture
def target(bench: Bench) -> Target:
    """The device, its network up."""
    __tracebackhide__ = True
    bench.bring_network_up()
    return bench.target


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async case on virtual time, and check what it left behind."""
    __tracebackhide__ = True
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    bench = pyfuncitem.stash.get(BENCH, None)
    if bench is None:
        raise pytest.UsageError(f"{pyfuncitem.nodeid} is async and has none of our fixtures: nothing can run it")
    names = pyfuncitem._fixtureinfo.argnames
    bench.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    bench.check()
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Find the verdict of a case from its phases, and put what the results need into the report."""
    bench = item.stash.get(BENCH, None)
    shortened = bench is not None and call.excinfo is not None and not item.config.option.fulltrace
    if shortened and call.excinfo is not None:
        call.excinfo = tracebacks.clear(call.excinfo)
    report = yield
    if shortened:
        tracebacks.without_advice(report)
    outcome = item.stash.setdefault(OUTCOME, {"verdict": PASSED, "wall_ms": 0.0, "counts": False})
    outcome["wall_ms"] += report.duration * 1000
    if report.skipped:
        if EXCUSE in item.stash:
            outcome.update(verdict=NOT_APPLICABLE, reason=item.stash[EXCUSE], counts=True)
        return report
    if call.excinfo is not None:
        verdict = verdict_for(call.excinfo.value, call.when)
        if outcome["verdict"] == PASSED:
            outcome["verdict"] = verdict
        report.sections.append(("sockbench verdict", verdict))
        if bench is not None:
            report.sections.append(("sockbench timeline", bench.timeline.text(TIMELINE_SHOWN)))
    if report.when == "call":
        outcome["counts"] = True
        _expect(item, report, outcome)
    if bench is not None and (report.when == "call" or call.excinfo is not None):
        outcome["virtual_ns"] = bench.now
        outcome["trace_sha256"] = bench.trace.hexdigest()
        outcome["firmware"] = f"{bench.target.firmware} sha256:{bench.board.firmware_sha256}"
        if call.excinfo is not None:
            _leave_bundle(item, report, bench, outcome, str(call.excinfo.value))
    if report.when == "teardown" and (outcome["counts"] or outcome["verdict"] != PASSED):
        slugs = dict.fromkeys(slug for mark in item.iter_markers("covers") for slug in mark.args)
        facts = {
            "id": item.nodeid,
            "verdict": outcome["verdict"],
            "requirements": list(slugs),
            "driver": item.config.stash[SUITE].driver.name,
            "virtual_ns": outcome.get("virtual_ns", 0),
            "wall_ms": round(outcome["wall_ms"], 3),
            "trace_sha256": outcome.get("trace_sha256", ""),
            "reason": outcome.get("reason", ""),
        }
        setattr(report, REPORT_KEY, {"case": facts, "firmware": outcome.get("firmware", "")})
        out: Path | None = item.config.getoption("--sockbench-out")
        if out is not None and hasattr(item.config, "workerinput"):
            note_case(out, item.config.workerinput["workerid"], facts)
            if stop_is_asked(out):
                item.session.shouldstop = "the run was interrupted"
    return report


def verdict_for(error: BaseException, phase: str) -> str:
    """Return whose fault an exception is: the target's (`failed`) or the bench's (`error`)."""
    if isinstance(error, BenchError):
        return ERROR
    if phase == "call" or isinstance(error, TargetDied):
        return FAILED
    # Before the test there is nothing but booting and net.up; what they raise of the device is its own.
    return FAILED if phase == "setup" and type(error).__name__.startswith("Remote") else ERROR


def _expect(item: pytest.Item, report: pytest.TestReport, outcome: dict[str, Any]) -> None:
    """Turn the verdict where a deviation is known."""
    deviation = entry_for(item.nodeid, item.config.stash[SUITE].driver.deviations)
    outcome["verdict"] = judge(outcome["verdict"], deviation)
    if deviation is None:
        return
    outcome["reason"] = deviation.reason
    if outcome["verdict"] == EXPECTED_DEVIATION:
        report.outcome = "skipped"
        report.wasxfail = deviation.reason
    elif outcome["verdict"] == UNEXPECTED_PASS:
        report.outcome = "failed"
        report.longrepr = f"passes, but is listed as a deviation: {deviation.reason}"


def _leave_bundle(
    item: pytest.Item, report: pytest.TestReport, bench: Bench, outcome: dict[str, Any], error: str
) -> None:
    out: Path | None = item.config.getoption("--sockbench-out")
    if out is None:
        return
    config = item.config
    facts = {
        "case": item.nodeid,
        "verdict": outcome["verdict"],
        "error": error,
        "seed": config.getoption("--sockbench-seed"),
        "case_seed": bench.seed,
        "driver": config.stash[SUITE].driver.name,
        "command": shlex.join([sys.executable, "-m", "pytest", item.nodeid, *_options(config)]),
        "qemu": str(config.getoption("--sockbench-qemu")),
        "firmware": str(config.getoption("--sockbench-firmware")),
        "firmware_sha256": bench.board.firmware_sha256,
        "virtual_ns": bench.now,
        "trace_sha256": outcome["trace_sha256"],
    }
    try:
        folder = bundle.write(out / "failures", item.nodeid, facts, bench.timeline)
    except OSError as problem:
        report.sections.append(("sockbench bundle", f"not written: {problem}"))
        return
    report.sections.append(("sockbench bundle", str(folder)))


def _options(config: pytest.Config) -> list[str]:
    words = ["-p", "sockbench.pytest_plugin"]
    for name in ("qemu", "firmware", "driver", "seed"):
        value = config.getoption(f"--sockbench-{name}")
        if value is not None:
            words += [f"--sockbench-{name}", str(value)]
    return words

