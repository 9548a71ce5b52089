# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the judges are, and captures of cases on the real board, made once for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..board.runs import Runner
from .captures import BOARD_CASE, NETWORKS


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("judges", "other people's programs and captures")
    group.addoption("--judge-hostap", type=Path, metavar="FILE", help="hostap.c, built with hostap's sources")
    group.addoption("--judge-captures", type=Path, metavar="DIR", help="the captures of aircrack-ng's source package")


@pytest.fixture(scope="session")
def hostap_program(request: pytest.FixtureRequest) -> Path:
    """hostapd's authenticator and wpa_supplicant's supplicant."""
    program: Path | None = request.config.getoption("--judge-hostap", default=None)
    if program is None:
        pytest.fail("this judge is missing: ./bench test builds it and gives it by --judge-hostap")
    return program


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
