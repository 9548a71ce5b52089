# SPDX-License-Identifier: GPL-2.0-or-later
"""The requirement catalogue: reads requirements/*.toml and refuses what the schema does not allow.

Owns the schema, which conformance/README.md describes. Which cases cover what is for the suite's
own coverage check; that a case names only slugs that exist is for the plugin.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockbench.errors import BenchError

LEVELS = ("documented", "interpretation", "silent", "bench")
KINDS = ("test", "exception")
SLUG = re.compile(r"[a-z0-9_]+(-[a-z0-9_]+)*(\.[a-z0-9_]+(-[a-z0-9_]+)*)+")
ID = re.compile(r"[A-Z]+-[0-9]{2}")
REQUIRED = ("slug", "id", "statement", "source", "level", "kind")
OPTIONAL = ("choice", "reason")


class BadCatalogue(BenchError):
    """A catalogue file says something the schema does not allow."""


@dataclass(frozen=True)
class Requirement:
    """One thing the documented module has to do."""

    slug: str
    id: str
    statement: str
    source: str
    level: str
    kind: str
    choice: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Pending:
    """A documented requirement that has no case yet, with what is planned for it."""

    slug: str
    plan: str


@dataclass(frozen=True)
class Catalogue:
    """Every requirement by its slug, and which of them still wait for a case."""

    requirements: dict[str, Requirement]
    pending: dict[str, Pending]


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadCatalogue(f"{path.name}: {error}") from error


def _entries(path: Path, name: str) -> list[dict[str, Any]]:
    table = _table(path)
    others = sorted(set(table) - {name})
    if others:
        raise BadCatalogue(f"{path.name}: unknown table '{others[0]}', only [[{name}]] is allowed")
    entries = table.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadCatalogue(f"{path.name}: '{name}' has to be an array of tables")
    return entries


def _texts(where: str, entry: dict[str, Any], required: tuple[str, ...], optional: tuple[str, ...]) -> None:
    for key in required:
        if key not in entry:
            raise BadCatalogue(f"{where}: '{key}' is missing")
    for key, value in entry.items():
        if key not in required + optional:
            raise BadCatalogue(f"{where}: unknown key '{key}'")
        if not isinstance(value, str) or not value.strip():
            raise BadCatalogue(f"{where}: '{key}' has to be a text that is not empty")


def requirement(where: str, entry: dict[str, Any]) -> Requirement:
    """Return the requirement that a TOML entry describes, or raise BadCatalogue."""
    where = f"{where}: {entry.get('slug', 'requirement without a slug')}"
    _texts(where, entry, REQUIRED, OPTIONAL)
    found = Requirement(**entry)
    if not SLUG.fullmatch(found.slug):
        raise BadCatalogue(f"{where}: a slug is lower-case words joined by '-', in groups joined by '.'")
    if not ID.fullmatch(found.id):
        raise BadCatalogue(f"{where}: an id is capital letters, '-' and two digits, not '{found.id}'")
    if found.level not in LEVELS:
        raise BadCatalogue(f"{where}: level '{found.level}' is none of {', '.join(LEVELS)}")
    if found.kind not in KINDS:
        raise BadCatalogue(f"{where}: kind '{found.kind}' is none of {', '.join(KINDS)}")
    if (found.kind == "exception") != (found.reason is not None):
        raise BadCatalogue(f"{where}: kind 'exception' needs a reason, and only that kind has one")
    if (found.level in ("interpretation", "silent")) != (found.choice is not None):
        raise BadCatalogue(f"{where}: the levels 'interpretation' and 'silent' name our choice, the others have none")
    return found


def load(directory: Path) -> Catalogue:
    """Return everything in DIRECTORY/*.toml; slugs and ids are unique, pending slugs known."""
    requirements: dict[str, Requirement] = {}
    ids: dict[str, str] = {}
    pending: dict[str, Pending] = {}
    files = sorted(directory.glob("*.toml"))
    if not files:
        raise BadCatalogue(f"{directory}: no requirement files")
    for path in files:
        if path.name == "pending.toml":
            continue
        for entry in _entries(path, "requirement"):
            found = requirement(path.name, entry)
            if found.slug in requirements:
                raise BadCatalogue(f"{path.name}: {found.slug}: this slug is taken")
            if found.id in ids:
                raise BadCatalogue(f"{path.name}: {found.slug}: id {found.id} is taken by {ids[found.id]}")
            requirements[found.slug] = found
            ids[found.id] = found.slug
    waiting = directory / "pending.toml"
    if waiting.exists():
        for entry in _entries(waiting, "pending"):
            where = f"pending.toml: {entry.get('slug', 'entry without a slug')}"
            _texts(where, entry, ("slug", "plan"), ())
            if entry["slug"] not in requirements:
                raise BadCatalogue(f"{where}: no such requirement")
            if entry["slug"] in pending:
                raise BadCatalogue(f"{where}: listed twice")
            pending[entry["slug"]] = Pending(**entry)
    return Catalogue(requirements, pending)
