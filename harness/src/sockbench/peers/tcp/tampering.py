# SPDX-License-Identifier: GPL-2.0-or-later
"""Spoiling what a connection sends: segments lost, doubled, late, changed or with a wrong checksum.

Rules are asked in the order in which they were made; a rule that has acted `count` times is gone.
What is spoilt here is spoilt at the source, for one connection; the wire has faults of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sockbench.peers.tcp.segment import Segment, wrong_checksum

Matches = Callable[[Segment], bool]
# What becomes of one segment: (nanoseconds from now, segment) for each that is really sent.
Fate = list[tuple[int, Segment]]


@dataclass
class _Rule:
    count: int
    when: Matches | None
    act: Callable[[Segment], Fate]


class Tampering:
    """The rules of one connection."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def add(self, act: Callable[[Segment], Fate], *, count: int, when: Matches | None) -> None:
        """Let the next `count` segments that match `when` (any, if None) meet the fate that `act` returns."""
        if count < 1:
            raise ValueError(f"count= is at least 1, not {count!r}")
        self._rules.append(_Rule(count, when, act))

    def apply(self, segment: Segment) -> Fate:
        """Return what is sent instead of `segment`."""
        for rule in self._rules:
            if rule.when is None or rule.when(segment):
                rule.count -= 1
                if not rule.count:
                    self._rules.remove(rule)
                return rule.act(segment)
        return [(0, segment)]


def drop(segment: Segment) -> Fate:
    """Lose the segment."""
    return []


def duplicate(segment: Segment) -> Fate:
    """Send the segment twice."""
    return [(0, segment), (0, segment)]


def delay(by: int) -> Callable[[Segment], Fate]:
    """Send the segment `by` ns later; what is sent in between overtakes it."""
    return lambda segment: [(by, segment)]


def corrupt(pseudo: int) -> Callable[[Segment], Fate]:
    """Send the segment with a checksum that is wrong."""
    return lambda segment: [(0, replace(segment, check=wrong_checksum(segment, pseudo)))]


def edit(change: Callable[[Segment], Segment | None]) -> Callable[[Segment], Fate]:
    """Send what `change` makes of a copy of the segment; None loses it."""

    def act(segment: Segment) -> Fate:
        changed = change(replace(segment))
        return [] if changed is None else [(0, changed)]

    return act
