# SPDX-License-Identifier: GPL-2.0-or-later
"""What of a failed case's traceback is shown: the lines of the case, not the machinery below it.

Only for errors that say themselves what is wrong, ours and those of wrong arguments; whatever else
is raised inside the harness may be its own mistake and keeps every frame, as does `--full-trace`.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import _pytest
import pluggy
import pytest

import sockbench
from sockbench.errors import ForgottenCall

_PACKAGE = "sockbench"
_MACHINERY = (
    *(str(Path(module.__file__ or "").parent) for module in (sockbench, asyncio, _pytest, pluggy)),
    warnings.__file__,
)
_NEVER_AWAITED = "was never awaited"


def clear(excinfo: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """Return what is to be reported for what a case raised."""
    forgotten = next((str(one) for one in _chain(excinfo.value) if _NEVER_AWAITED in str(one)), None)
    if forgotten is not None and not isinstance(excinfo.value, ForgottenCall):
        # Python warns where nobody can catch it, pytest raises that within itself: no line of it helps.
        return _reported(ForgottenCall(f"{forgotten}: write `await` before the call"), None, excinfo)
    for error in _chain(excinfo.value):
        if _says_it_all(error):
            error.__traceback__ = _pruned(error.__traceback__)
    if not _says_it_all(excinfo.value):
        return excinfo
    return _reported(excinfo.value, _pruned(excinfo.tb), excinfo)


def _reported(
    error: BaseException, traceback: TracebackType | None, before: pytest.ExceptionInfo[BaseException]
) -> pytest.ExceptionInfo[BaseException]:
    found = pytest.ExceptionInfo.from_exc_info((type(error), error, traceback or before.tb))
    if traceback is None:
        found.traceback = found.traceback.filter(lambda entry: False)
    return found


def without_advice(report: pytest.TestReport) -> None:
    """Drop pytest's advice about hidden frames: where there is no line of the case, the message is all there is."""
    for traceback, _, _ in getattr(report.longrepr, "chain", ()):
        if not getattr(traceback, "reprentries", None) or "hidden" in (getattr(traceback, "extraline", "") or ""):
            traceback.extraline = None


def _says_it_all(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] == _PACKAGE or isinstance(error, (TypeError, ValueError, RuntimeError))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _pruned(traceback: TracebackType | None) -> TracebackType | None:
    frames = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        if not frame.tb_frame.f_code.co_filename.startswith(_MACHINERY):
            kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept
