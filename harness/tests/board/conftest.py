# SPDX-License-Identifier: GPL-2.0-or-later
"""The runner of the tests that need a real board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .runs import Runner


@pytest.fixture
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runner]:
    """Runs cases in a folder of this test's own."""
    made = Runner(request.config, tmp_path)
    yield made
    made.close()
