# SPDX-License-Identifier: GPL-2.0-or-later
"""The key of group frames that an access point sends, and its change (IEEE 802.11-2020 12.7.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sockbench.air import ccmp
from sockbench.air.authenticator import IDLE, Authenticator

GTK_BYTES = 16
# Key id 0 is the pairwise key's. Two are enough to use one while the other is handed out.
FIRST, SECOND = 1, 2


class GroupKeys:
    """The key in use, and the one that is about to take its place."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self.used = ccmp.Key(random(GTK_BYTES), FIRST)
        self.next: ccmp.Key | None = None
        self._handing_out = False

    def restart(self) -> None:
        """Make a new one, at once."""
        self.used = ccmp.Key(self._random(GTK_BYTES), FIRST)
        self.next = None

    def change(self, stations: Iterable[Authenticator]) -> None:
        """Make a new one and hand it out to these stations."""
        self.next = ccmp.Key(self._random(GTK_BYTES), SECOND if self.used.key_id == FIRST else FIRST)
        # A station may answer in the instant in which it is told, before the next one is.
        self._handing_out = True
        chosen = list(stations)
        for authenticator in chosen:
            authenticator.start_group()
        self._handing_out = False
        self.settle(chosen)

    def settle(self, stations: Iterable[Authenticator]) -> None:
        """Use the new one once nobody is left who has still to answer for it, or to end another handshake before."""
        if self.next is not None and not self._handing_out and all(one.phase == IDLE for one in stations):
            self.used, self.next = self.next, None
