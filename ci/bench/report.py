# SPDX-License-Identifier: GPL-2.0-or-later
"""What the user sees: one line per step, its progress, its duration, and failures.

On a terminal the line of the running step is rewritten in place. Elsewhere (a CI log) progress
is printed at most once in PROGRESS_SECONDS, so that a build neither looks dead nor fills pages.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

PROGRESS_SECONDS = 15.0


class Failure(Exception):
    """The run cannot go on; the message is one line that says what to do.

    `detail` is what may be printed above that line, such as the end of a log.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class Step:
    """One line of output that is being written."""

    def __init__(self, name: str, out: TextIO) -> None:
        self._name = name
        self._out = out
        self._tty = out.isatty()
        self._started = time.monotonic()
        self._printed_at = self._started
        self._open_line = False

    def doing(self, text: str) -> None:
        """Announce work that will take a while."""
        self._show(text, always=True)

    def progress(self, text: str) -> None:
        """Tell how far the work is; may be called as often as one likes."""
        now = time.monotonic()
        if self._tty or now - self._printed_at >= PROGRESS_SECONDS:
            self._show(text, always=False)

    def done(self, text: str) -> None:
        """Close the line with the outcome and the duration."""
        seconds = time.monotonic() - self._started
        self._erase()
        print(f"{self._name + ':':<18} {text} ({seconds:.1f} s)", file=self._out, flush=True)

    def abandon(self) -> None:
        """Leave the line as it is and start a new one."""
        if self._open_line:
            print(file=self._out, flush=True)
            self._open_line = False

    def _show(self, text: str, *, always: bool) -> None:
        self._printed_at = time.monotonic()
        line = f"{self._name + ':':<18} {text}"
        if self._tty:
            width = shutil.get_terminal_size().columns - 1
            self._erase()
            print(line[:width], end="", file=self._out, flush=True)
            self._open_line = True
        else:
            mark = "" if always else f" ({self._printed_at - self._started:.0f} s so far)"
            print(line + mark, file=self._out, flush=True)

    def _erase(self) -> None:
        if self._open_line:
            print("\r\033[K", end="", file=self._out, flush=True)
            self._open_line = False


@contextmanager
def step(name: str, out: TextIO | None = None) -> Iterator[Step]:
    """Give a Step whose line is closed even when the work fails."""
    one = Step(name, out or sys.stdout)
    try:
        yield one
    finally:
        one.abandon()


def tail(text: str, lines: int = 25) -> str:
    """Return the last lines of a log, indented so that they stand apart from our own lines."""
    return "\n".join("    " + line for line in text.splitlines()[-lines:])
