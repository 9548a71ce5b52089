# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of ./bench and what becomes of errors: one line and an exit status, no traceback.

Exit status: 0 as expected, 1 not so, 2 a wrong command line, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from . import checks, mutants, places, preparation, processes, suite, system_packages
from .places import CHECKOUT
from .preparation import Choices, Prepared
from .report import Failure
from .sources import OVERRIDES

INTERRUPTED = 130
# <elf.h>: EI_CLASS of 32 bits, and EM_ARM, little-endian.
ELF_32 = 1
ELF_ARM = b"\x28\x00"


def main(arguments: Sequence[str]) -> int:
    """Run one command and return the exit status; errors end here."""
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGHUP, _interrupt)
        options = parser().parse_args(arguments)
        status: int = options.function(options)
        sys.stdout.flush()
        return status
    except Failure as failure:
        if failure.detail:
            print(failure.detail, file=sys.stderr)
        return _say(str(failure))
    except KeyboardInterrupt:
        _say("interrupted; run it again to go on from here")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _say(explain(error))
    except Exception as error:
        return _say(f"a fault in ./bench itself: {error!r} ({_write_traceback()})")


def explain(error: OSError) -> str:
    """Say an operating system error in one line with what to do."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{where}; make room, or name another place by XDG_CACHE_HOME or --out"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"not allowed to write{where}: {error.strerror}"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"a directory is needed where a file is{where}"
    return f"{error.strerror or error}{where}"


class Parser(argparse.ArgumentParser):
    """One line for a wrong command line: the whole usage is for --help."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    top = Parser(
        prog="./bench",
        description="Run socket firmware on an emulated board and prove what its sockets do.",
        epilog="Each command first makes what it needs; all of it is cached.",
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    building = _building_options()

    one = commands.add_parser("conformance", parents=[building], help="run the conformance suite")
    _suite_options(one)
    one.set_defaults(function=run_conformance)

    one = commands.add_parser("test", parents=[building], help="run the project's own tests and the suite")
    one.add_argument("--out", type=Path, default=CHECKOUT / "out" / "test", help="where logs and results go")
    one.set_defaults(function=run_test)

    one = commands.add_parser("lint", parents=[building], help="check the sources")
    one.add_argument("--out", type=Path, default=CHECKOUT / "out" / "lint", help="where logs go")
    one.add_argument("--fix", action="store_true", help="let the formatters rewrite what they can")
    one.set_defaults(function=run_lint)

    one = commands.add_parser("bench", parents=[building], help="measure how fast the bench is here")
    one.add_argument("--json", action="store_true", help="print JSON instead of a table")
    one.set_defaults(function=run_benchmarks)

    one = commands.add_parser("mutants", parents=[building], help="seed bugs and see whether the suite catches them")
    one.add_argument("--out", type=Path, default=CHECKOUT / "out" / "mutants", metavar="DIR")
    one.add_argument("-k", metavar="TEXT[,TEXT]", help="only the mutants whose id or title contains one of these")
    one.add_argument("-n", type=_workers, default=2, metavar="N", help="on N workers (default: 2)")
    one.set_defaults(function=run_mutants)

    one = commands.add_parser("replay", parents=[building], help="run a failed case again from its bundle")
    one.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's directory")
    one.add_argument("--out", type=Path, default=CHECKOUT / "out" / "replay", metavar="DIR")
    one.set_defaults(function=run_replay)

    one = commands.add_parser("run", parents=[building], help="run firmware in real time, with a user network")
    one.add_argument("firmware", type=Path, metavar="FIRMWARE.elf")
    one.add_argument("--gdb", action="store_true", help="wait for a debugger on TCP port 1234 first")
    one.set_defaults(function=run_firmware)

    one = commands.add_parser("setup", parents=[building], help="make everything the others need")
    one.set_defaults(function=run_setup)

    one = commands.add_parser("clean", help="remove what was made in this checkout")
    one.add_argument("--cache", action="store_true", help="remove the shared cache, too")
    one.set_defaults(function=run_clean)
    return top


def run_conformance(options: argparse.Namespace) -> int:
    """Prepare, run the suite, say where the results are."""
    prepared = _prepare(options, system_packages.BUILD_NEEDS)
    extra = options.pytest_arguments
    run = suite.Run(
        out=options.out.absolute(),
        workers=options.n,
        expression=options.k,
        driver=options.driver,
        seed=options.seed,
        extra=extra[1:] if extra[:1] == ["--"] else extra,
    )
    return suite.conformance(prepared, run)


def run_test(options: argparse.Namespace) -> int:
    """Prepare and run every check of the project itself."""
    needs = (*system_packages.BUILD_NEEDS, *system_packages.TEST_NEEDS)
    with preparation.checkout_lock():
        prepared = preparation.prepare(_choices(options), needs)
        out = options.out.absolute()
        every = checks.lint(prepared) + checks.tests(prepared, out, workers=2)
        return checks.run_all(every, out / "logs")


def run_lint(options: argparse.Namespace) -> int:
    """Prepare and run the checks that read the sources."""
    needs = (*system_packages.BUILD_NEEDS, *system_packages.TEST_NEEDS)
    with preparation.checkout_lock():
        prepared = preparation.prepare(_choices(options), needs)
        if options.fix:
            checks.format_sources(prepared)
        return checks.run_all(checks.lint(prepared), options.out.absolute())


def run_benchmarks(options: argparse.Namespace) -> int:
    """Prepare and measure; with --json, standard output has nothing but JSON."""
    words = ["--json"] if options.json else []
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        prepared = _prepare(options, system_packages.BUILD_NEEDS)
    return processes.run_in_terminal(
        [prepared.python, "-m", "sockbench.benchmarks",
         "--qemu", prepared.qemu, "--firmware", prepared.firmware, *words],
        cwd=CHECKOUT)  # fmt: skip


def run_mutants(options: argparse.Namespace) -> int:
    """Prepare and run the suite against each seeded bug; 0 only if all are caught."""
    prepared = _prepare(options, system_packages.BUILD_NEEDS)
    return mutants.run(prepared, options.out.absolute(), options.k, options.n)


def run_firmware(options: argparse.Namespace) -> int:
    """Prepare and run an ELF file on the board alone: no harness, the host's clock, QEMU's user network."""
    if not options.firmware.is_file():
        raise Failure(f"there is no file {options.firmware}")
    _check_firmware(options.firmware)
    prepared = _prepare(options, system_packages.BUILD_NEEDS)
    debugger = ["-gdb", "tcp:localhost:1234", "-S"] if options.gdb else []
    print("console of the firmware; Ctrl-C ends it", flush=True)
    return processes.run_in_terminal(
        [prepared.qemu, "-M", "sockbench", "-nic", "user,model=sockbench-eth", "-display", "none",
         "-serial", "stdio", "-monitor", "none", *debugger, "-kernel", options.firmware])  # fmt: skip


def run_replay(options: argparse.Namespace) -> int:
    """Prepare, run the bundle's case again, compare its trace."""
    return suite.replay(_prepare(options, system_packages.BUILD_NEEDS), options.bundle, options.out.absolute())


def run_setup(options: argparse.Namespace) -> int:
    """Prepare and say where the parts are."""
    prepared = _prepare(options, (*system_packages.BUILD_NEEDS, *system_packages.TEST_NEEDS))
    print(f"python   {prepared.python}\nqemu     {prepared.qemu}\nfirmware {prepared.firmware}")
    return 0


def run_clean(options: argparse.Namespace) -> int:
    """Remove what ./bench made; results in out/ are the user's and stay."""
    doomed = [CHECKOUT / ".venv", CHECKOUT / "build"]
    if options.cache:
        doomed.append(places.cache_root())
    for path in doomed:
        if path.exists():
            shutil.rmtree(path)
            print(f"removed {path}")
    return 0


def _building_options() -> Parser:
    options = Parser(add_help=False)
    group = options.add_argument_group("third-party sources (fetched unless named)")
    for name, override in OVERRIDES.items():
        group.add_argument(override.option, metavar="DIR", dest=f"source_{name}",
                           help=f"{override.what}; or set {override.variable}")  # fmt: skip
    group.add_argument("--debian-mirror", metavar="URI", default=os.environ.get("SOCKBENCH_DEBIAN_MIRROR"),
                       help="Debian archive to fetch from, if this system's apt knows none; "
                       "or set SOCKBENCH_DEBIAN_MIRROR")  # fmt: skip
    return options


def _suite_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--out", type=Path, default=CHECKOUT / "out" / "conformance", metavar="DIR",
                     help="where results.json, junit.xml and bundles go (default: out/conformance)")  # fmt: skip
    one.add_argument("-n", type=_workers, metavar="N", help="run on N workers, each with its own board")
    one.add_argument("-k", metavar="EXPR", help="only the cases whose names match, as pytest's -k")
    one.add_argument("--driver", metavar="NAME", help="the driver under test, of conformance/drivers (default: eth)")
    one.add_argument("--seed", type=_seed, metavar="N", help="seed of everything random (default: the suite's)")
    one.add_argument("pytest_arguments", nargs="*", metavar="-- ARGUMENT", help="passed to pytest")


def _check_firmware(path: Path) -> None:
    """Refuse what the board can't run: QEMU takes any file for a raw image and crashes in it."""
    with open(path, "rb") as file:
        head = file.read(20)
    if head[:4] != b"\x7fELF":
        raise Failure(f"{path} is not an ELF file")
    if head[4] != ELF_32 or head[18:20] != ELF_ARM:
        raise Failure(f"{path} is not for the board: a 32-bit Arm ELF file is needed")


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of workers from 1 to 256")
    return int(text)


def _seed(text: str) -> int:
    try:
        seed = int(text, 0)
    except ValueError:
        seed = -1
    if not 0 <= seed < 1 << 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer of 0 to 64 bits")
    return seed


def _choices(options: argparse.Namespace) -> Choices:
    return Choices({name: getattr(options, f"source_{name}") for name in OVERRIDES}, options.debian_mirror)


def _prepare(options: argparse.Namespace, needs: Sequence[system_packages.Need]) -> Prepared:
    with preparation.checkout_lock():
        return preparation.prepare(_choices(options), needs)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> int:
    print(f"bench: {line}", file=sys.stderr, flush=True)
    return 1


def _write_traceback() -> str:
    """Put the traceback where a developer finds it, out of the user's sight."""
    log = places.cache_root() / "logs" / "fault.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        return "its traceback could not be written"
    return f"its traceback is in {log}"
