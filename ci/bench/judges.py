# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges of the wifi that come as sources of others: fetched and built once (docs/wifi-verification.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import places, sources
from .places import CHECKOUT, Cache, hash_of
from .preparation import waiting_for
from .processes import answer_of, run_logged
from .report import Step
from .sources import AIRCRACK, HOSTAP, Tree

OURS = CHECKOUT / "harness" / "tests" / "judges" / "hostap.c"
PROGRAM = "hostap"

# Of hostap: both state machines, the elements and keys, and the cryptography that comes with it.
HOSTAP_SOURCES = (
    "ap/wpa_auth", "ap/wpa_auth_ie", "ap/pmksa_cache_auth", "rsn_supp/wpa", "rsn_supp/wpa_ie",
    "common/wpa_common", "common/ieee802_11_common",
    "crypto/aes-internal", "crypto/aes-internal-dec", "crypto/aes-internal-enc", "crypto/aes-wrap",
    "crypto/aes-unwrap", "crypto/aes-omac1", "crypto/md5", "crypto/md5-internal", "crypto/rc4",
    "crypto/sha1", "crypto/sha1-internal", "crypto/sha1-prf", "crypto/sha1-pbkdf2",
    "crypto/sha256", "crypto/sha256-internal", "crypto/sha256-prf",
    "utils/common", "utils/wpabuf", "utils/bitfield", "utils/os_unix", "utils/wpa_debug",
)  # fmt: skip
HOSTAP_OPTIONS = (
    "-DHOSTAPD", "-DNEED_AP_MLME", "-DCONFIG_NO_RADIUS", "-DCONFIG_NO_VLAN", "-DCONFIG_SHA256",
    "-DCONFIG_CRYPTO_INTERNAL", "-DCONFIG_NO_RANDOM_POOL", "-DCONFIG_NO_STDOUT_DEBUG",
)  # fmt: skip
# Random numbers are ours, so that runs are equal.
REPLACED = {"utils/os_unix": "-Dos_get_random=os_get_random_of_the_host"}


@dataclass(frozen=True)
class Judges:
    """hostapd's and wpa_supplicant's handshakes as a program, and captures of others."""

    hostap: Path
    captures: Path


def ensure(cache: Cache, named: Mapping[str, Tree], mirror: str | None, step: Step) -> Judges:
    """Return the judges, fetching and building what the cache does not have."""
    with places.lock(cache.root / "lock", waiting_for("the cache")):
        return _ensure(cache, named, mirror, step)


def _ensure(cache: Cache, named: Mapping[str, Tree], mirror: str | None, step: Step) -> Judges:
    absent = [
        package for package in (HOSTAP, AIRCRACK)
        if package.name not in named and sources.cached(cache, package) is None
    ]  # fmt: skip
    if absent:
        sources.fetch(cache, absent, mirror, step)
    trees = {package.name: named.get(package.name) or sources.cached(cache, package) for package in (HOSTAP, AIRCRACK)}
    hostap, aircrack = trees[HOSTAP.name], trees[AIRCRACK.name]
    assert hostap is not None and aircrack is not None
    return Judges(_build(cache, hostap, step), aircrack.path / "test")


def _build(cache: Cache, tree: Tree, step: Step) -> Path:
    key = hash_of([tree.identity, OURS.read_text(), Path(__file__).read_text(), answer_of(["cc", "--version"]) or ""])
    entry = cache.entry("judges", key)
    if (entry / PROGRAM).exists():
        return entry / PROGRAM
    step.doing("building hostap's handshakes")
    scratch = cache.new_scratch("judges")
    log = cache.logs / "judges-build.log"
    source = tree.path / "src"
    options = ["-O1", *HOSTAP_OPTIONS, f"-I{source}", f"-I{source / 'utils'}"]
    objects = []
    for name in HOSTAP_SOURCES:
        made = scratch / (name.replace("/", "_") + ".o")
        own = [REPLACED[name]] if name in REPLACED else []
        # Its warnings are not ours to mend.
        command: list[str | Path] = ["cc", "-w", *options, *own, "-c", source / f"{name}.c", "-o", made]
        run_logged(command, log, f"building hostap's {name}.c")
        objects.append(made)
    (scratch / "made").mkdir()
    program = scratch / "made" / PROGRAM
    run_logged(["cc", "-Wall", *options, OURS, *objects, "-o", program], log, "building hostap.c")
    cache.publish(program.parent, entry)
    return entry / PROGRAM
