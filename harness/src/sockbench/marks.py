# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case says about itself: which requirements it covers, what it needs of a driver, when its time is over."""

from __future__ import annotations

import pytest


def covers(*slugs: str) -> pytest.MarkDecorator:
    """Name the requirements that a case proves, by slug."""
    if not slugs or not all(isinstance(slug, str) for slug in slugs):
        raise TypeError(f"covers() takes slugs, not {slugs!r}")
    return pytest.mark.covers.with_args(*slugs)


def needs(*capabilities: str) -> pytest.MarkDecorator:
    """Name what a driver has to have for a case to apply; its manifest says whether it has it."""
    if not capabilities or not all(isinstance(one, str) for one in capabilities):
        raise TypeError(f"needs() takes capabilities, not {capabilities!r}")
    return pytest.mark.needs.with_args(*capabilities)


def deadline(at: int) -> pytest.MarkDecorator:
    """Let the case's virtual time end at `at` ns."""
    if isinstance(at, bool) or not isinstance(at, int) or at <= 0:
        raise ValueError(f"a deadline is a positive number of nanoseconds, not {at!r}")
    return pytest.mark.deadline.with_args(at)
