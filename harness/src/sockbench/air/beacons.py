# SPDX-License-Identifier: GPL-2.0-or-later
"""What an access point says of itself in beacons, probe responses and association responses (9.3.3.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from sockbench.air import frames
from sockbench.air.rsn import Security

# 9.4.2.18: mode 1 asks stations to be quiet until the switch.
QUIET = 1
# Spectrum management, channel switch announcement (9.6.2.1).
ACTION_CHANNEL_SWITCH = bytes([0, 4])
LARGEST_AID = 2007


@dataclass(frozen=True)
class Switch:
    """A channel switch that is under way."""

    channel: int
    count: int
    quiet: bool

    def element(self) -> bytes:
        """Return the announcement (9.4.2.18)."""
        return frames.element(frames.CHANNEL_SWITCH, bytes([QUIET if self.quiet else 0, self.channel, self.count]))


def tim(waiting: Iterable[int], *, group: bool) -> bytes:
    """Return the TIM (9.4.2.5) for these AIDs; every beacon is a DTIM, so that group frames wait for one interval."""
    bitmap = bytearray(LARGEST_AID // 8 + 1)
    for aid in waiting:
        bitmap[aid // 8] |= 1 << aid % 8
    used = [index for index, byte in enumerate(bitmap) if byte]
    # The bitmap is cut at both ends; its offset is even.
    first = used[0] & ~1 if used else 0
    last = used[-1] if used else 0
    return frames.element(frames.TIM, bytes([0, 1, first | group]) + bytes(bitmap[first : last + 1]))


def capability(security: Security) -> int:
    """Return the capability information (9.4.1.4)."""
    return frames.ESS | frames.SHORT_PREAMBLE | frames.SHORT_SLOT | (frames.PRIVACY if security.privacy else 0)


def body(
    ssid: bytes,
    security: Security,
    *,
    channel: int,
    interval_tu: int,
    timestamp: int = 0,
    tim_element: bytes = b"",
    switch: Switch | None = None,
) -> bytes:
    """Return the body of a beacon, or of a probe response (which has no TIM); elements in ascending order."""
    return b"".join(
        (
            struct.pack("<QHH", timestamp, interval_tu, capability(security)),
            frames.element(frames.SSID, ssid),
            frames.element(frames.RATES, frames.RATES_BODY),
            frames.element(frames.DS_PARAMETER, bytes([channel])),
            tim_element,
            switch.element() if switch is not None else b"",
            frames.element(frames.ERP, b"\0"),
            security.rsn.element() if security.rsn is not None else b"",
            frames.element(frames.EXTENDED_RATES, frames.EXTENDED_RATES_BODY),
            security.wpa_element(),
        )
    )


def assoc_response(security: Security, *, status: int, aid: int) -> bytes:
    """Return the body of an association response."""
    fixed = struct.pack("<HHH", capability(security), status, aid | 0xC000 if aid else 0)
    rates = frames.element(frames.RATES, frames.RATES_BODY)
    return fixed + rates + frames.element(frames.EXTENDED_RATES, frames.EXTENDED_RATES_BODY)
