# SPDX-License-Identifier: GPL-2.0-or-later
"""Running other programs: into a log with progress, or in the user's terminal.

A program started here never outlives ./bench: it is ended on interruption, and the kernel ends
it when ./bench is killed outright.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from .report import Failure, tail

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
END_SECONDS = 10
FULL_BYTES = 1_000_000

_libc = ctypes.CDLL(None, use_errno=True)


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return our environment without what would change another Python's imports."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"}
    }
    # A path in a message or log must not depend on the user's language.
    environ["LC_ALL"] = "C.UTF-8"
    environ.update(extra or {})
    return environ


def run_logged(
    command: Sequence[str | Path],
    log: Path,
    what: str,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    advice: str = "",
) -> None:
    """Run a program with its output in `log`; a Failure shows the end of that log."""
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w", encoding="utf-8", errors="replace") as out:
        out.write("$ " + " ".join(words) + "\n")
        out.flush()
        status = _pump(_start(words, cwd, env, subprocess.PIPE), out.write, on_line)
    if status == 0:
        return
    text = log.read_text(encoding="utf-8", errors="replace")
    # A full disk may have swallowed the very message that says so.
    full = "No space left on device" in text or shutil.disk_usage(log.parent).free < FULL_BYTES
    if full:
        raise Failure(
            f"the disk is full: {what} stopped; make room, or name another place by XDG_CACHE_HOME ({log.parent})"
        )
    reason = f"by signal {-status}" if status < 0 else f"with status {status}"
    raise Failure(
        f"{what} failed {reason}; {advice or 'its output tells why'} (log: {log})",
        detail=tail(text),
    )


def run_in_terminal(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> int:
    """Run a program in the foreground and return its exit status.

    An interrupt ends the program, not us: the suite writes its results when interrupted, and we
    wait for that. From a terminal the program gets the signal itself; else we pass it on.
    With `on_line`, its output is shown and every line is given to `on_line`, too.
    """
    words = [str(word) for word in command]
    output = subprocess.PIPE if on_line else None
    process = _start(words, cwd, env, output)

    def pass_on(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(signal.SIGINT)

    before = {one: signal.signal(one, pass_on) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        if on_line is None:
            return process.wait()
        return _pump(process, _show, on_line)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def answer_of(command: Sequence[str | Path]) -> str | None:
    """Return what a program prints, stripped, or None if it is missing or fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _start(
    words: list[str], cwd: Path | None, env: Mapping[str, str] | None, output: int | None
) -> subprocess.Popen[str]:
    parent = os.getpid()

    def end_with_parent() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        # If the parent ended before prctl() took effect, nobody will send the signal.
        if os.getppid() != parent:
            os._exit(1)

    try:
        return subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(clean_environment() if env is None else env),
            stdin=None if output is None else subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            text=True,
            errors="replace",
            preexec_fn=end_with_parent,
            close_fds=False,  # the locks that we hold are inherited, see places.py
        )
    except FileNotFoundError:
        raise Failure(
            f"the program {words[0]} is missing; `./bench setup` installs what is needed"
        ) from None


def _pump(
    process: subprocess.Popen[str],
    write: Callable[[str], object],
    on_line: Callable[[str], None] | None,
) -> int:
    """Copy a program's output until it ends; end the program if we are to end."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            write(line)
            if on_line:
                on_line(line.rstrip("\n"))
        return process.wait()
    except BaseException:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
