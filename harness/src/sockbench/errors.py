# SPDX-License-Identifier: GPL-2.0-or-later
"""What can happen: to the bench (BenchError), to the target (TargetDied), to time, and to a wait (Expired).

The tree decides the verdict: a BenchError is `error`, everything else is `failed`. Exceptions that
the target's own API raised are in `remote`.
"""

from __future__ import annotations

from sockbench.peers.errors import ConnectionLost, Expired


class BenchError(Exception):
    """The bench itself is at fault or can't work; never the target. One line that says what to do."""


class BoardLost(BenchError):
    """QEMU ended or the link to it broke, without the firmware having asked for it."""


class AgentRefused(BenchError):
    """The agent took a request for malformed, or has no thread left for it."""


class LinkBroken(BenchError):
    """What came over the link is not the link protocol."""


class TargetDied(Exception):
    """The firmware ended: assertion, processor fault or exit."""


class TargetHung(TargetDied):
    """The firmware ran so long without saying anything that the watchdog ended it."""


class Deadlock(Exception):
    """Everybody waits and nothing is set to happen before the virtual deadline."""


class Runaway(Exception):
    """Things kept happening until the virtual deadline passed."""


class StrayFrame(AssertionError):
    """A frame that nobody accounted for."""


class ForgottenCall(AssertionError):
    """A call was made and nobody awaited it, or a background task failed and nobody looked."""


__all__ = [
    "AgentRefused",
    "BenchError",
    "BoardLost",
    "ConnectionLost",
    "Deadlock",
    "Expired",
    "ForgottenCall",
    "LinkBroken",
    "Runaway",
    "StrayFrame",
    "TargetDied",
    "TargetHung",
]
