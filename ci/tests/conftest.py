# SPDX-License-Identifier: GPL-2.0-or-later
"""The entry command's own tests: they import `bench` from ci/ and touch neither network nor apt."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.places import Cache  # noqa: E402  the path has to be set first


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Return an empty cache of the test's own."""
    one = Cache(tmp_path / "cache")
    one.create()
    return one
