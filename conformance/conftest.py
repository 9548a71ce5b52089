"""Settings of the conformance suite; its fixtures come from the sockbench plugin.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sockbench import Bench

from conformance.network.scenes import Interface


@pytest.fixture
def interface(bench: Bench) -> Interface:
    """The module of the interface under test, and something that it can link to."""
    return Interface(bench)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out selftest/ unless it is asked for by name: it proves the tools, not the target."""
    if collection_path.name == "selftest" and not any("selftest" in argument for argument in config.args):
        return True
    return None
