# SPDX-License-Identifier: GPL-2.0-or-later
"""When an access point's beacons are sent, what they say at each time, and what is done around them.

The TIM shows what is kept (`delivery`); a channel switch is announced with a count that falls from
beacon to beacon, and done right before the beacon after the last announcing one (9.4.2.18).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sockbench.air import beacons, frames
from sockbench.air.medium import TU_US, Declaration
from sockbench.peers.waiting import Timer

if TYPE_CHECKING:
    from sockbench.air.access_point import AccessPoint

# A short interframe space (IEEE 802.11-2020 table 18-5): what comes right after a beacon, or right before.
SIFS = 10_000


class Beaconing:
    """The beacons of one access point, from now on."""

    def __init__(self, ap: AccessPoint) -> None:
        self._ap = ap
        self._began = ap.now
        self._timer = Timer(ap.loop, self._rang)
        self._after: list[Callable[[], None]] = []
        # The switch that is announced; its count is that of the next beacon, 0 when only the move is left.
        self.switch: beacons.Switch | None = None

    def declaration(self) -> Declaration:
        """Return the beacons as they are from now on."""
        ap = self._ap
        waiting, group = ap.delivery.waiting()
        content = beacons.body(
            b"" if ap.hidden else ap.ssid, ap.security, channel=ap.channel, interval_tu=ap.beacon_tu,
            tim_element=beacons.tim(waiting, group=group), switch=self.switch,
        )  # fmt: skip
        mpdu = frames.header(frames.BEACON, 0, frames.BROADCAST, ap.address, ap.address, 0) + content
        return Declaration(mpdu, ap.channel, ap.rssi, self._began, ap.beacon_tu * TU_US)

    def show(self) -> None:
        """Declare them anew."""
        if self._ap.present:
            self._ap.network.declare_as(self.declaration())

    def restart(self) -> None:
        """Begin anew, with a beacon now."""
        self.close()
        self._after.clear()
        self.switch = None
        self._began = self._ap.now
        self.show()

    def after_next(self, act: Callable[[], None]) -> None:
        """Do something right after the next beacon; one that is sent in this instant has been sent."""
        self._after.append(act)
        self._arm(self._next(self._ap.now + 1) + SIFS)

    def announce(self, switch: beacons.Switch) -> None:
        """Announce a channel switch from the next beacon on."""
        self.switch = switch
        self.show()
        self._arm(self._next(self._ap.now) + SIFS)

    def close(self) -> None:
        """Cancel the timer."""
        self._timer.stop()

    def _next(self, at: int) -> int:
        return self.declaration().after(at)

    def _arm(self, at: int) -> None:
        if self._timer.deadline is None or at < self._timer.deadline:
            self._timer.start(at)

    def _rang(self) -> None:
        switch = self.switch
        if switch is not None and switch.count == 0:
            self.switch = None
            self._ap.channel = switch.channel
            self.show()
        else:
            waiting, self._after = self._after, []
            for act in waiting:
                act()
            if switch is not None:
                self.switch = beacons.Switch(switch.channel, switch.count - 1, switch.quiet)
                if self.switch.count:
                    self.show()
        upcoming = self._next(self._ap.now + SIFS)
        if self._after or (self.switch is not None and self.switch.count):
            self._arm(upcoming + SIFS)
        if self.switch is not None and not self.switch.count:
            self._arm(upcoming - SIFS)
