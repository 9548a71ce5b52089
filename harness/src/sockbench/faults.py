# SPDX-License-Identifier: GPL-2.0-or-later
"""What can befall a frame on the wire, in each direction by its own seeded chance.

A `Faults` is a value that a test sets; a `Channel` applies it. Corruption is what a receiver's FCS
did not see: one bit of an IPv4 packet, which the checksums above have to find. A frame of another
kind has no checksum above the FCS, so its corruption is a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sockbench.clock import MS, SEC

# What a reordered frame is late by unless said otherwise: more than a round trip of the bench, less
# than any retransmission timeout of the stack.
OVERTAKEN_BY = 2 * MS


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Chances (0 to 1) of each fault, a delay in ns for every frame, a rate in bits per second (0: no limit)."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0
    delay: int = 0
    rate: int = 0
    overtaken_by: int = OVERTAKEN_BY

    def __post_init__(self) -> None:
        for name in ("loss", "duplicate", "reorder", "corrupt"):
            chance = getattr(self, name)
            if isinstance(chance, bool) or not isinstance(chance, (int, float)) or not 0 <= chance <= 1:
                raise ValueError(f"{name}= is a chance from 0 to 1, not {chance!r}")
        for name in ("delay", "rate", "overtaken_by"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int) or number < 0:
                raise ValueError(f"{name}= is an int that is not negative, not {number!r}")


NONE = Faults()
# Returns what corruption makes of a frame, at a place that chance names; None: a loss.
Spoil = Callable[[bytes, int], bytes | None]


@dataclass(frozen=True)
class Carried:
    """One copy of a frame as it comes out of the channel."""

    at: int
    data: bytes
    fate: str


class Channel:
    """One direction of the wire, or of the air."""

    def __init__(self, seed: str, spoil: Spoil | None = None) -> None:
        self._random = Random(seed)
        self._spoil = spoil or flip_bit
        self._busy_until = 0
        self.faults = NONE

    def carry(self, data: bytes, at: int) -> list[Carried]:
        """Return the copies of a frame given to the wire at `at`, none if it is lost."""
        faults = self.faults
        if faults is NONE:
            return [Carried(at, data, "")]
        chance = self._random.random
        # Every chance is drawn for every frame, so that setting one fault does not move another's.
        lost, doubled, late, spoilt = chance(), chance(), chance(), chance()
        place = self._random.getrandbits(32)
        arrival = at + faults.delay
        if faults.rate:
            arrival = max(arrival, self._busy_until) + len(data) * 8 * SEC // faults.rate
            self._busy_until = arrival
        if lost < faults.loss:
            return []
        fates = []
        if spoilt < faults.corrupt:
            flipped = self._spoil(data, place)
            if flipped is None:
                return []
            data = flipped
            fates.append("corrupted")
        if late < faults.reorder:
            arrival += faults.overtaken_by
            fates.append("late")
        carried = [Carried(arrival, data, ",".join(fates))]
        if doubled < faults.duplicate:
            carried.append(Carried(arrival, data, ",".join([*fates, "duplicate"])))
        return carried


class FaultSettings:
    """The faults of both directions; assign a `Faults` to either."""

    def __init__(self, seed: int, where: str = "", spoil: Spoil | None = None) -> None:
        self.to_board_channel = Channel(f"{seed} to the board{where}", spoil)
        self.from_board_channel = Channel(f"{seed} from the board{where}", spoil)

    @property
    def to_board(self) -> Faults:
        return self.to_board_channel.faults

    @to_board.setter
    def to_board(self, faults: Faults) -> None:
        self.to_board_channel.faults = _checked(faults)

    @property
    def from_board(self) -> Faults:
        return self.from_board_channel.faults

    @from_board.setter
    def from_board(self, faults: Faults) -> None:
        self.from_board_channel.faults = _checked(faults)


def _checked(faults: Faults) -> Faults:
    if not isinstance(faults, Faults):
        raise TypeError(f"faults are a Faults, not {faults!r}")
    return faults


def flip_bit(data: bytes, place: int) -> bytes | None:
    """Return the frame with one bit of its IPv4 packet flipped; None for what is no IPv4."""
    if data[12:14] != b"\x08\x00" or len(data) < 34:
        return None
    length = min(int.from_bytes(data[16:18], "big"), len(data) - 14)
    if length < 20:
        return None
    spoilt = bytearray(data)
    spoilt[14 + place // 8 % length] ^= 1 << place % 8
    return bytes(spoilt)
