# SPDX-License-Identifier: GPL-2.0-or-later
"""The retransmission timeout of RFC 6298, in nanoseconds of virtual time."""

from __future__ import annotations

CLOCK_GRANULARITY_NS = 1  # The virtual clock's; G of RFC 6298 2.
AFTER_LOST_SYN_NS = 3_000_000_000  # RFC 6298 5.7


class RetransmissionTimeout:
    """Smoothed round-trip time, its variance, and the timeout that follows from them."""

    def __init__(self, *, initial: int, minimum: int, maximum: int) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self.smoothed: int | None = None
        self._variance = 0
        self.value = initial

    def measured(self, round_trip: int) -> None:
        """Take a round-trip time of a segment that was sent once (RFC 6298 2.2 and 2.3, Karn's rule in 3)."""
        if self.smoothed is None:
            self.smoothed = round_trip
            self._variance = round_trip // 2
        else:
            self._variance += (abs(self.smoothed - round_trip) - self._variance) // 4
            self.smoothed += (round_trip - self.smoothed) // 8
        timeout = self.smoothed + max(CLOCK_GRANULARITY_NS, 4 * self._variance)
        self.value = min(max(timeout, self._minimum), self._maximum)

    def back_off(self) -> None:
        """Double the timeout (RFC 6298 5.5)."""
        self.value = min(2 * self.value, self._maximum)

    def syn_was_lost(self) -> None:
        """Start the data phase with three seconds if the timer expired for the SYN (RFC 6298 5.7)."""
        if self.smoothed is None:
            self.value = max(self._minimum, min(AFTER_LOST_SYN_NS, self._maximum))
