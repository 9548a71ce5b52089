# SPDX-License-Identifier: GPL-2.0-or-later
"""What can happen to somebody who waits for a peer."""

from __future__ import annotations


class Expired(AssertionError):
    """What was waited for did not come in time."""


class ConnectionLost(Exception):
    """The peer's connection ended by a reset or by giving up, while a test waited for something else."""
