# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulator: built by emulated_nic/build, kept in the cache by what it was built from.

The build directory is kept, too, one for each source tree: after an edit of ours only the
changed files are compiled, which takes seconds in place of minutes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from . import report
from .places import CHECKOUT, Cache, hash_of, hash_of_files, require_space
from .processes import answer_of, run_logged
from .report import Step
from .sources import Tree

BUILDER = CHECKOUT / "emulated_nic" / "build"
PROGRAM = "qemu-system-arm"
BUILD_MEGABYTES = 900
LIBRARIES = ("glib-2.0", "slirp", "libfdt", "zlib")


def ensure(cache: Cache, source: Tree, build_python: Path) -> Path:
    """Return the emulator's binary, building it unless the cache has it."""
    with report.step("QEMU") as step:
        toolchain = _toolchain()
        key = hash_of([source.identity, _our_files(), *toolchain])
        binary = cache.entry("qemu", key) / PROGRAM
        if binary.exists():
            step.done("cached")
            return binary
        build(cache, source, build_python, binary, (), step)
        step.done("built")
    return binary


def build(
    cache: Cache, source: Tree, python: Path, output: Path, options: Sequence[str], step: Step
) -> None:
    """Run the builder; what it prints is the progress of `step`."""
    work = work_directory(cache, source)
    if not (work / "build").exists():
        require_space(cache.root, BUILD_MEGABYTES, "building QEMU")
    step.doing("building (a few minutes the first time)")
    run_logged(
        [BUILDER, "--source", source.path, "--work", work, "--python", python,
         "--output", output, "--jobs", str(jobs()), *options],
        cache.logs / "qemu-build.log",
        "building QEMU",
        on_line=step.progress,
    )  # fmt: skip


def work_directory(cache: Cache, source: Tree) -> Path:
    """Return the kept build directory for that source tree and toolchain."""
    return cache.entry("qemu-work", hash_of([source.identity, *_toolchain()]))


def jobs() -> int:
    """Return how many compilers may run: one for each core we may use."""
    return max(1, len(os.sched_getaffinity(0)))


def _our_files() -> str:
    folder = CHECKOUT / "emulated_nic"
    return hash_of_files(
        [BUILDER, folder / "hw", folder / "regs", folder / "configs", folder / "patches"], CHECKOUT
    )


def _toolchain() -> list[str]:
    versions = [(answer_of(["cc", "--version"]) or "").split("\n")[0]]
    for name in LIBRARIES:
        versions.append(f"{name} {answer_of(['pkg-config', '--modversion', name])}")
    return versions
