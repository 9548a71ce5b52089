# SPDX-License-Identifier: GPL-2.0-or-later
"""Python environments: one in the cache that builds QEMU, one in the cache with the packages, and
`.venv` in the checkout, which only points there.

A virtual environment holds absolute paths and cannot be moved: it is made in place, and its
stamp is written last. One without a stamp, or with another's, is made afresh.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from . import report
from .places import CHECKOUT, Cache, hash_of
from .processes import run_logged
from .report import Failure, Step

REQUIREMENTS = (CHECKOUT / "harness" / "requirements.txt", CHECKOUT / "ci" / "requirements.txt")
MESON = CHECKOUT / "ci" / "meson.txt"
STAMP = "sockbench-stamp"
# Programs that `.venv/bin` offers beside its Python.
BINARIES = ("ruff", "clang-format")
MODULES = ("mypy", "pytest")
PIP = ("-m", "pip", "--no-input", "--disable-pip-version-check")


def venv_python(venv: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return venv / "bin" / "python"


def ensure_build_python(cache: Cache) -> Path:
    """Return a Python of ours in the cache that has Meson.

    QEMU's build directory remembers its Python. Were it a checkout's, removing that checkout
    would mean building QEMU from the start.
    """
    with report.step("build Python") as step:
        key = _key((MESON,))
        venv = cache.entry("build-python", key)
        made = _ensure(cache, venv, (MESON,), key, step)
        step.done("made, with Meson" if made else "cached")
    return venv_python(venv)


def ensure_checkout_python(cache: Cache) -> Path:
    """Return the Python of the checkout's `.venv`, which sees every pinned requirement.

    The packages themselves are installed once, into the cache. `.venv` is nearly empty: it adds
    them and this checkout's harness to the path, which takes a moment and not a minute.
    """
    venv = CHECKOUT / ".venv"
    with report.step("Python packages") as step:
        key = _key(REQUIREMENTS)
        shared = cache.entry("python-packages", key)
        made = _ensure(cache, shared, REQUIREMENTS, key, step)
        packages = next((shared / "lib").glob("python3.*/site-packages"))
        linked = _ensure_link(cache, venv, packages, key, step)
        step.done("installed" if made else "made .venv" if linked else "all there")
    return venv_python(venv)


def _ensure_link(cache: Cache, venv: Path, packages: Path, key: str, step: Step) -> bool:
    """Make `.venv` unless it is there; tell whether it had to be made."""
    stamp = venv / STAMP
    wanted = f"{key} {venv} {packages} {BINARIES} {MODULES}\n"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and venv_python(venv).exists():
        return False
    _make_venv(cache, venv, step, "--without-pip")
    paths = f"{packages}\n{CHECKOUT / 'harness' / 'src'}\n"
    for folder in (venv / "lib").glob("python3.*/site-packages"):
        (folder / "sockbench.pth").write_text(paths, encoding="utf-8")
    for name in BINARIES:
        (venv / "bin" / name).symlink_to(packages.parent.parent.parent / "bin" / name)
    for name in MODULES:
        # By our own interpreter: the shared one does not know this checkout's harness.
        script = venv / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{venv_python(venv)}" -m {name} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _key(requirements: Sequence[Path]) -> str:
    texts = []
    for path in requirements:
        try:
            texts.append(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Failure(f"{path} is missing from this checkout") from None
    return hash_of(
        [*texts, platform.python_version(), sysconfig.get_platform(), os.path.realpath(sys.executable)]
    )


def _ensure(cache: Cache, venv: Path, requirements: Sequence[Path], key: str, step: Step) -> bool:
    """Make the environment unless it is there; tell whether it had to be made."""
    stamp = venv / STAMP
    wanted = f"{key} {venv}\n"  # a checkout that was moved needs a new one
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        if venv_python(venv).exists():
            return False
    wheels = _ensure_wheels(cache, requirements, key, step)
    _make_venv(cache, venv, step)
    step.doing("installing packages")
    run_logged(
        [venv_python(venv), *PIP, "install", "--no-index", "--find-links", wheels, *_options(requirements)],
        cache.logs / "pip-install.log",
        "installing Python packages",
        advice=f"remove {wheels} and run this again",
    )
    stamp.write_text(wanted, encoding="utf-8")
    return True


def _make_venv(cache: Cache, venv: Path, step: Step, *options: str) -> None:
    step.doing("making a virtual environment")
    if venv.exists():
        shutil.rmtree(venv)
    run_logged(
        [sys.executable, "-m", "venv", *options, venv],
        cache.logs / "venv.log",
        "making a virtual environment",
        advice="is python3-venv installed?",
    )


def _ensure_wheels(cache: Cache, requirements: Sequence[Path], key: str, step: Step) -> Path:
    """Return a directory with every wheel that the requirements name."""
    wheels = cache.entry("wheels", key)
    if not wheels.is_dir():
        scratch = cache.new_scratch("wheels")
        # Debian's Python has no pip of its own; a bare environment has.
        pip_venv = cache.scratch / "pip-venv"
        _make_venv(cache, pip_venv, step)
        step.doing("fetching packages")
        run_logged(
            [venv_python(pip_venv), *PIP, "download", "--only-binary=:all:", "--dest", scratch,
             *_options(requirements)],
            cache.logs / "pip-download.log",
            "fetching Python packages",
            advice="is there a network?",
        )  # fmt: skip
        cache.publish(scratch, wheels)
    return wheels


def _options(requirements: Sequence[Path]) -> list[str]:
    return [word for path in requirements for word in ("--requirement", str(path))]
