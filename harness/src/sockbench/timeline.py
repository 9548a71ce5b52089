# SPDX-License-Identifier: GPL-2.0-or-later
"""What happened in a case, in one order: API calls and results, frames, console lines, faults.

Entries are kept as they come and put into words only when somebody reads them. Also the trace hash,
which says in 64 digits whether two runs were the same.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import Any

from sockbench.clock import text

API, FRAME, CONSOLE, FAULT, LOST, BOARD = "api", "frame", "console", "fault", "lost", "board"

_ENTRY = struct.Struct("<cQBBI")


class Trace:
    """SHA-256 over all frames (t_ns, direction, port, bytes) and all agent messages (t_ns, direction, bytes).

    Results carry the device's own start and end times, so those are in it, too.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def frame(self, at: int, outgoing: bool, port: int, data: bytes) -> None:
        """Add a frame at the time at which it crosses."""
        self._hash.update(_ENTRY.pack(b"F", at, outgoing, port, len(data)) + data)

    def message(self, at: int, outgoing: bool, data: bytes) -> None:
        """Add a message to or from the agent."""
        self._hash.update(_ENTRY.pack(b"M", at, outgoing, 0, len(data)) + data)

    def fault(self, at: int, port: int, data: bytes) -> None:
        """Add the arming of a fault."""
        self._hash.update(_ENTRY.pack(b"X", at, False, port, len(data)) + data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class Timeline:
    """The entries of one case."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, str, Any]] = []

    def note(self, at: int, kind: str, what: Any) -> None:
        """Add an entry; `what` is put into words by str() when the timeline is read."""
        self._entries.append((at, kind, what))

    def entries(self) -> Iterator[tuple[int, str, Any]]:
        """Go through (time, kind, what), in the order in which things happened."""
        return iter(self._entries)

    def lines(self) -> list[str]:
        """Return one line per entry."""
        return [f"{text(at)} {kind:8} {_line(kind, what)}" for at, kind, what in self._entries]

    def text(self, last: int | None = None) -> str:
        """Return the timeline, or its last entries."""
        entries = self._entries if last is None else self._entries[-last:]
        lines = [f"{text(at)} {kind:8} {_line(kind, what)}" for at, kind, what in entries]
        left_out = len(self._entries) - len(entries)
        if left_out:
            lines.insert(0, f"({left_out} earlier entries)")
        return "\n".join(lines)

    def __len__(self) -> int:
        return len(self._entries)


def _line(kind: str, what: Any) -> str:
    if kind == FRAME:
        # The frame's own text begins with its time, which the line has already.
        return repr(what).split(" s ", 1)[1]
    return str(what)
