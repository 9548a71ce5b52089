# SPDX-License-Identifier: GPL-2.0-or-later
"""Matching of frames on air: by a message's name, by a Scapy packet, or by a predicate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sockbench.air.frame import MESSAGES, AirFrame
from sockbench.packets import Packet
from sockbench.patterns import describe as describe_packet
from sockbench.patterns import packet_predicate

Predicate = Callable[[AirFrame], bool]
Pattern = str | Packet | Predicate


def matcher(pattern: Pattern | None) -> Predicate:
    """Return the predicate that a pattern stands for; None stands for every frame."""
    if pattern is None:
        return lambda frame: True
    if isinstance(pattern, str):
        wanted = message(pattern)
        return lambda frame: frame.name == wanted
    if isinstance(pattern, Packet):
        return _packet_matcher(pattern)
    if callable(pattern):
        return pattern
    raise TypeError(f"a pattern is a message's name, a Scapy packet or a predicate, not {pattern!r}")


def message(name: str) -> str:
    """Return a message's name; raise ValueError for one that does not exist: it would match nothing, silently."""
    if name not in MESSAGES:
        raise ValueError(f"there is no message {name!r}; there are {' '.join(sorted(MESSAGES))}")
    return name


def describe(pattern: Pattern | None) -> str:
    """Return a pattern as messages show it."""
    return pattern if isinstance(pattern, str) else describe_packet(pattern)  # type: ignore[arg-type]


def _packet_matcher(pattern: Packet) -> Predicate:
    matches = packet_predicate(pattern)

    def either(frame: AirFrame) -> bool:
        if matches(frame.packet):
            return True
        inner: Any = frame.inner if frame.protected else None
        return inner is not None and matches(inner)

    return either
