"""What every case of this folder starts from: sockets go over the air, whatever interface the run is about.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

import pytest
from sockbench import Bench


@pytest.fixture
def wifi(bench: Bench) -> Any:
    """The module `wifi` of the device; the wire is behind the access points."""
    bench.interface = "wifi"
    return bench.target.wifi
