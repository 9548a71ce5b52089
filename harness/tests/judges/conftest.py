# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of cases on the real board, made once for all judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..board.runs import Runner
from .captures import BOARD_CASE, NETWORKS


@pytest.fixture(scope="session")
def board_captures(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Captures of the board on each of the networks: `N-first.pcapng` before any rekey, `N.pcapng` whole."""
    folder = tmp_path_factory.mktemp("captures")
    case = BOARD_CASE.format(NETWORKS, str(folder))
    run = Runner(request.config, tmp_path_factory.mktemp("cases")).run(case)
    assert run.status == 0, run.output
    return folder


@pytest.fixture(params=range(len(NETWORKS)), ids=[ssid for ssid, _ in NETWORKS])
def network(request: pytest.FixtureRequest) -> int:
    """Which network."""
    number: int = request.param
    return number
