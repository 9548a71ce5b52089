# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs and libraries of the system that the builds need, installed by apt when missing.

What is asked for is the thing itself (a program, a library, a file), not its package: a CMake
of one's own will do, and where everything is there neither apt nor root is needed.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import report
from .places import Cache
from .processes import answer_of, clean_environment, run_logged
from .report import Failure

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Need:
    """One thing that must be on the system: why, whose package has it, how to see that it is there."""

    package: str
    why: str
    present: Callable[[], bool]


def program(name: str) -> Callable[[], bool]:
    """Return a check for a program on the path."""
    return lambda: shutil.which(name) is not None


def library(name: str) -> Callable[[], bool]:
    """Return a check for a C library with its headers, as pkg-config sees it."""
    return lambda: answer_of(["pkg-config", "--exists", name]) is not None


def _has_newlib() -> bool:
    answer = answer_of(["arm-none-eabi-gcc", "-print-file-name=libc.a"])
    # The compiler answers with the bare name when it does not find the file.
    return answer is not None and os.path.isabs(answer)


def _has_libfdt() -> bool:
    # libfdt has a pkg-config file only in newer releases.
    return library("libfdt")() or Path("/usr/include/libfdt.h").exists()


def _has_libc() -> bool:
    return Path("/usr/include/stdio.h").exists()


def _has_keyring() -> bool:
    return any(path.exists() for path in KEYRINGS)


BUILD_NEEDS = (
    Need("ca-certificates", "fetching Python packages", CA_BUNDLE.exists),
    Need("gcc", "builds QEMU", program("gcc")),
    Need("libc6-dev", "builds QEMU", _has_libc),
    Need("make", "QEMU's configure asks for it", program("make")),
    Need("ninja-build", "builds QEMU and the firmware", program("ninja")),
    Need("pkg-config", "finds QEMU's libraries", program("pkg-config")),
    Need("libglib2.0-dev", "QEMU's base library", library("glib-2.0")),
    Need("libfdt-dev", "device trees in QEMU", _has_libfdt),
    Need("libslirp-dev", "QEMU's user network, for ./bench run", library("slirp")),
    Need("patch", "our patches to QEMU", program("patch")),
    Need("dpkg-dev", "unpacks the third-party sources", program("dpkg-source")),
    Need("xz-utils", "unpacks the third-party sources", program("xz")),
    Need("debian-archive-keyring", "verifies the third-party sources", _has_keyring),
    Need("cmake", "builds the firmware", program("cmake")),
    Need("gcc-arm-none-eabi", "compiles the firmware", program("arm-none-eabi-gcc")),
    Need("libnewlib-arm-none-eabi", "C library of the firmware", _has_newlib),
)

TEST_NEEDS = (
    Need("libcmocka-dev", "runs the firmware's host tests", library("cmocka")),
    Need("cppcheck", "checks the firmware's C", program("cppcheck")),
    Need("perl", "runs QEMU's style check", program("perl")),
    Need("tshark", "judges frames and captures independently of us", program("tshark")),
    Need("aircrack-ng", "judges WPA2 handshakes and CCMP independently of us", program("airdecap-ng")),
)

DEBUG_NEEDS = (Need("gdb-multiarch", "debugs the firmware", program("gdb-multiarch")),)


def missing(needs: Sequence[Need]) -> list[Need]:
    """Return the needs that are not met, in order."""
    return [need for need in needs if not need.present()]


def root_prefix(user_id: int, has_sudo: bool, interactive: bool) -> list[str] | None:
    """Return what to put before a command to run it as root, or None if there is no way."""
    if user_id == 0:
        return []
    if has_sudo:
        # Without a terminal sudo must fail, not wait for a password that nobody can type.
        return ["sudo"] if interactive else ["sudo", "-n"]
    return None


def ensure(needs: Sequence[Need], cache: Cache) -> None:
    """Install what is missing, having said what and why; do nothing if nothing is."""
    with report.step("system packages") as step:
        absent = missing(needs)
        if not absent:
            step.done(f"all {len(needs)} there")
            return
        packages = [need.package for need in absent]
        install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
        by_hand = " ".join(["apt-get", "install", *packages])
        if shutil.which("apt-get") is None:
            raise Failure(
                f"missing on this system, which has no apt-get: {', '.join(packages)} "
                "(Debian's names); install them and run this again"
            )
        prefix = root_prefix(os.geteuid(), shutil.which("sudo") is not None, sys.stdin.isatty())
        if prefix is None:
            raise Failure(f"missing packages, and no root or sudo here; as root, run: {by_hand}")
        step.doing(f"installing {len(packages)} by apt-get" + (" with sudo" if prefix else ""))
        step.abandon()
        for need in absent:
            print(f"    {need.package}: {need.why}", flush=True)

        quiet = clean_environment({"DEBIAN_FRONTEND": "noninteractive"})
        wait = ["-q", "-o", "DPkg::Lock::Timeout=300"]
        keep = ["env", "DEBIAN_FRONTEND=noninteractive"]
        advice = f"as root, run: {by_hand}"
        if prefix == ["sudo"]:
            _ask_password()
        run_logged(
            [*prefix, *keep, "apt-get", *wait, "update"],
            cache.logs / "apt-update.log",
            "apt-get update",
            env=quiet,
            advice=advice,
            on_line=step.progress,
        )
        run_logged(
            [*prefix, *keep, install[0], *wait, *install[1:]],
            cache.logs / "apt-install.log",
            "apt-get install",
            env=quiet,
            advice=advice,
            on_line=step.progress,
        )
        still = missing(needs)
        if still:
            names = ", ".join(need.package for need in still)
            raise Failure(f"apt-get installed {names}, but what is needed of them is not there")
        step.done(f"installed {' '.join(packages)}")


def _ask_password() -> None:
    """Let sudo ask on the terminal now: later its output goes to a log."""
    import subprocess

    if subprocess.run(["sudo", "-v"], check=False).returncode != 0:
        raise Failure("sudo did not accept; nothing was installed")
