# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that a run of the suite needs, in order, each step cached.

Cheap steps that can fail come before the expensive ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import environment, firmware, places, qemu, sources, system_packages
from .places import CHECKOUT, Cache
from .report import Failure
from .sources import Tree
from .system_packages import Need


@dataclass(frozen=True)
class Prepared:
    """What the steps made."""

    cache: Cache
    trees: Mapping[str, Tree]
    build_python: Path
    python: Path
    qemu: Path
    firmware: Path
    mirror: str | None


@dataclass(frozen=True)
class Choices:
    """What the user may choose about the preparation."""

    directories: Mapping[str, str | None]
    mirror: str | None


@contextmanager
def checkout_lock() -> Iterator[None]:
    """Keep other runs away from `.venv` and `build` of this checkout."""
    if not os.access(CHECKOUT, os.W_OK):
        raise Failure(f"cannot write the checkout {CHECKOUT}; clone it to a place of your own")
    with places.lock(CHECKOUT / "build" / "bench.lock", waiting_for("this checkout")):
        yield


def prepare(choices: Choices, needs: Sequence[Need]) -> Prepared:
    """Run every step; call under the checkout's lock."""
    cache = Cache(places.cache_root())
    cache.create()
    # What is wrong with the user's own directories can be said before anything is fetched.
    named = sources.overridden(choices.directories, os.environ)
    with places.lock(cache.root / "lock", waiting_for("the cache")):
        cache.sweep()
        system_packages.ensure(needs, cache)
        build_python = environment.ensure_build_python(cache)
        trees = sources.ensure(cache, named, str(build_python), choices.mirror)
        python = environment.ensure_checkout_python(cache)
        elf = firmware.ensure(cache, trees)
        emulator = qemu.ensure(cache, trees["qemu"], build_python)
    return Prepared(cache, trees, build_python, python, emulator, elf, choices.mirror)


def waiting_for(what: str) -> places.Waiting:
    def say(owner: str) -> None:
        print(f"{what} is in use by another ./bench ({owner}); waiting for it", file=sys.stderr, flush=True)

    return say
