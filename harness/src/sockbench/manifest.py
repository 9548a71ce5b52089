# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver's manifest, drivers/NAME.toml: its interface, what it has, and every difference it is permitted.

A difference is a case that does not apply, a capability that it lacks (and with it the cases that
need one), or a deviation. Each has its reason, and each has to be one: an entry that no case meets
is refused by the plugin, a deviation that passes is a failure.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sockbench.errors import BenchError

INTERFACES = ("eth", "wifi")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_KEYS = ("interface", "has", "lacks", "not-applicable", "deviation")


@dataclass(frozen=True)
class Entry:
    """A case (or a test function, for all of its cases) and why it is listed."""

    case: str
    reason: str


@dataclass(frozen=True)
class Driver:
    """What a manifest says."""

    name: str
    interface: str
    has: frozenset[str] | None = None  # None: there is no manifest, and nothing is missing.
    lacks: Mapping[str, str] = field(default_factory=dict)
    not_applicable: tuple[Entry, ...] = ()
    deviations: tuple[Entry, ...] = ()

    def excuse(self, case: str, needs: Iterable[str]) -> str | None:
        """Return why a case that needs these capabilities does not apply; None if it does."""
        listed = entry_for(case, self.not_applicable)
        if listed is not None:
            return listed.reason
        return next((self.lacks[one] for one in needs if one in self.lacks), None)

    def problem(self, cases: Mapping[str, tuple[str, ...]], *, whole: bool) -> str | None:
        """Return what is wrong between the manifest and CASES with their needs; WHOLE: they are all cases there are."""
        if self.has is None:
            return None
        for case, needs in cases.items():
            for one in needs:
                if one not in self.has and one not in self.lacks:
                    return f"{case}: needs '{one}', which driver {self.name} neither has nor lacks"
        names = {name for case in cases for name in (case, case.split("[", 1)[0])}
        files = {case.split("::", 1)[0] for case in cases}
        for entry in (*self.not_applicable, *self.deviations):
            if (whole or entry.case.split("::", 1)[0] in files) and entry.case not in names:
                return f"driver {self.name}: there is no case {entry.case}"
        needed = {one for needs in cases.values() for one in needs}
        for one in sorted((self.has | set(self.lacks)) - needed) if whole else ():
            return f"driver {self.name}: no case needs '{one}'"
        return None


def bare(name: str) -> Driver:
    """Return the driver of a suite that has no manifests: what it is called is its interface."""
    if name not in INTERFACES:
        raise BenchError(f"driver {name}: there is no manifest, and no interface of that name")
    return Driver(name, name)


def read(path: Path) -> Driver:
    """Return the driver that a file describes; anything the format does not know is a BenchError of one line."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BenchError(f"{path}: {error}") from None
    unknown = sorted(set(table) - set(_KEYS))
    if unknown:
        raise BenchError(f"{path}: unknown key '{unknown[0]}', known are {', '.join(_KEYS)}")
    interface = table.get("interface")
    if interface not in INTERFACES:
        raise BenchError(f"{path}: 'interface' has to be one of {', '.join(INTERFACES)}")
    has = table.get("has", [])
    if not isinstance(has, list) or not all(_is_text(one) for one in has) or len(set(has)) != len(has):
        raise BenchError(f"{path}: 'has' has to be a list of texts, none of them twice")
    lacks = table.get("lacks", {})
    if not isinstance(lacks, dict) or not all(_is_text(reason) for reason in lacks.values()):
        raise BenchError(f"{path}: 'lacks' has to be a table, the reason by what is lacking")
    both = sorted(set(has) & set(lacks))
    if both:
        raise BenchError(f"{path}: '{both[0]}' is both in 'has' and in 'lacks'")
    not_applicable, deviations = (_entries(path, table, name) for name in ("not-applicable", "deviation"))
    for entry in deviations:
        if any(other.case == entry.case for other in not_applicable):
            raise BenchError(f"{path}: {entry.case} cannot deviate, it is not applicable")
    return Driver(path.stem, interface, frozenset(has), lacks, not_applicable, deviations)


def entry_for(case: str, entries: Iterable[Entry]) -> Entry | None:
    """Return the entry that names the case or its test function."""
    function = case.split("[", 1)[0]
    return next((entry for entry in entries if entry.case in (case, function)), None)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _entries(path: Path, table: Mapping[str, Any], name: str) -> tuple[Entry, ...]:
    entries = table.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BenchError(f"{path}: '{name}' has to be an array of tables")
    found: dict[str, Entry] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{path}: {name} {number}"
        if sorted(entry) != ["case", "reason"]:
            raise BenchError(f"{where}: has to have 'case' and 'reason' and nothing else")
        if not all(_is_text(value) for value in entry.values()):
            raise BenchError(f"{where}: 'case' and 'reason' have to be texts that are not empty")
        if entry["case"] in found:
            raise BenchError(f"{where}: {entry['case']} is listed twice")
        found[entry["case"]] = Entry(**entry)
    return tuple(found.values())
