# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware: built by CMake's `firmware` preset, kept in the cache by what it was built from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from . import report
from .places import CHECKOUT, Cache, hash_of, hash_of_files
from .processes import answer_of, run_logged
from .qemu import jobs
from .report import Failure, Step
from .sources import Tree

ELF = "sockbench-fw.elf"
# CMake's name of each source tree.
VARIABLES = {
    "LWIP_DIR": "lwip",
    "FREERTOS_KERNEL_DIR": "freertos",
    "CMSIS_DIR": "cmsis",
    "ZCBOR_DIR": "zcbor",
}


def ensure(cache: Cache, trees: Mapping[str, Tree]) -> Path:
    """Return the firmware's ELF file, building it unless the cache has it."""
    with report.step("firmware") as step:
        ours = hash_of_files(
            [
                CHECKOUT / "CMakeLists.txt",
                CHECKOUT / "CMakePresets.json",
                CHECKOUT / "firmware",
                CHECKOUT / "emulated_nic" / "regs",
            ],
            CHECKOUT,
        )
        compiler = answer_of(["arm-none-eabi-gcc", "--version"]) or ""
        identities = [trees[name].identity for name in VARIABLES.values()]
        entry = cache.entry("firmware", hash_of([ours, compiler.split("\n")[0], *identities]))
        elf = entry / ELF
        if elf.exists():
            step.done("cached")
            return elf
        build("firmware", cache, trees, step)
        built = next((CHECKOUT / "build" / "firmware").rglob(ELF), None)
        if built is None:
            raise Failure(f"the firmware build made no {ELF}; see {cache.logs}/firmware-build.log")
        scratch = cache.new_scratch("firmware")
        shutil.copy2(built, scratch / ELF)
        cache.publish(scratch, entry)
        step.done("built")
    return elf


def build(preset: str, cache: Cache, trees: Mapping[str, Tree], step: Step) -> None:
    """Configure and build a CMake preset of the checkout."""
    folder = CHECKOUT / "build" / preset
    step.doing("building")
    options = [f"-D{variable}={trees[name].path}" for variable, name in VARIABLES.items()]
    _drop_foreign_cache(folder)
    run_logged(
        ["cmake", "--preset", preset, *options],
        cache.logs / f"{preset}-configure.log",
        f"configuring {preset}",
        cwd=CHECKOUT,
    )
    run_logged(
        ["cmake", "--build", "--preset", preset, "--parallel", str(jobs())],
        cache.logs / f"{preset}-build.log",
        f"building {preset}",
        cwd=CHECKOUT,
        on_line=lambda line: _progress(line, step),
    )


def _progress(line: str, step: Step) -> None:
    """Show how far Ninja is; which of our files it compiles is in the log."""
    count = re.match(r"\[(\d+/\d+)\]", line)
    if count:
        step.progress(f"building: step {count[1]}")


def _drop_foreign_cache(folder: Path) -> None:
    """Remove a build directory that CMake would refuse: made elsewhere, or half made."""
    cache_file = folder / "CMakeCache.txt"
    if not folder.exists():
        return
    if cache_file.is_file():
        text = cache_file.read_text(encoding="utf-8", errors="replace")
        home = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", text, re.MULTILINE)
        if home and home[1] == str(CHECKOUT):
            return
    shutil.rmtree(folder)
