# SPDX-License-Identifier: GPL-2.0-or-later
"""Units of virtual time: every time in sockbench is an int of nanoseconds."""

from __future__ import annotations

NS = 1
US = 1_000
MS = 1_000_000
SEC = 1_000_000_000
MINUTE = 60 * SEC
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def text(at: int) -> str:
    """Return a time in seconds with all nine digits, as timelines and messages show it."""
    sign = "-" if at < 0 else ""
    seconds, rest = divmod(abs(at), SEC)
    return f"{sign}{seconds}.{rest:09d} s"
