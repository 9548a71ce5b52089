# SPDX-License-Identifier: GPL-2.0-or-later
"""Third-party sources: fetched with apt's signature check, or named by the user.

No third-party code is in the checkout. QEMU, lwIP and MicroPython (which carries FreeRTOS and
the CMSIS headers) come as source packages of Debian 13, whatever this system is, through an apt
root of our own below the cache: apt's verification is used, the system's apt configuration is
not touched. zcbor comes from the Python package index, whose wheel carries its C sources.
The mirrors are those that this system already uses; no host name is built in.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import report
from .places import CHECKOUT, Cache, fingerprint, hash_of, require_space
from .processes import answer_of, run_logged
from .report import Failure, Step
from .system_packages import KEYRINGS

RELEASE = "trixie"
SECURITY = "trixie-security"
ZCBOR_REQUIREMENT = CHECKOUT / "ci" / "zcbor.txt"


@dataclass(frozen=True)
class Package:
    """A source package, and the series of it that the rest of the tree is written against."""

    name: str
    series: str
    option: str  # the override that makes the package unnecessary
    megabytes: int  # downloaded and unpacked
    upstream_only: bool = False  # Debian's changes are not wanted

    def wants(self, version: str) -> bool:
        """Tell whether a Debian version is one of the series (the epoch does not count)."""
        upstream = version.split(":", 1)[-1]
        return re.match(re.escape(self.series) + r"(?![0-9])", upstream) is not None


QEMU = Package("qemu", "10.0", "--qemu-source-dir", 460)
LWIP = Package("lwip", "2.2.1", "--lwip-dir", 15)
MICROPYTHON = Package("micropython", "1.25.0", "--micropython-dir", 60)
# Judges of the wifi, for `./bench test` alone: see judges.py.
HOSTAP = Package("wpa", "2.10", "--wpa-dir", 30, upstream_only=True)
AIRCRACK = Package("aircrack-ng", "1.7", "--aircrack-dir", 10, upstream_only=True)


@dataclass(frozen=True)
class Override:
    """A directory the user may name instead, and a file by which it is recognised."""

    option: str
    variable: str
    probe: str
    what: str


OVERRIDES = {
    "qemu": Override("--qemu-source-dir", "QEMU_SOURCE_DIR", "VERSION", "a QEMU 10.0 tree"),
    "lwip": Override("--lwip-dir", "LWIP_DIR", "src/core/tcp.c", "an lwIP 2.2 tree"),
    "freertos": Override(
        "--freertos-kernel-dir", "FREERTOS_KERNEL_DIR", "tasks.c", "a FreeRTOS kernel"
    ),
    "cmsis": Override("--cmsis-dir", "CMSIS_DIR", "core_cm4.h", "CMSIS-Core headers"),
    "micropython": Override(
        "--micropython-dir", "MICROPYTHON_DIR", "py/mkrules.mk", "a MicroPython 1.25 tree"
    ),
    "wpa": Override("--wpa-dir", "WPA_DIR", "src/rsn_supp/wpa.c", "a hostap 2.10 tree"),
    "aircrack-ng": Override(
        "--aircrack-dir", "AIRCRACK_DIR", "test/wpa2-psk-linksys.cap", "an aircrack-ng 1.7 tree"
    ),
    "zcbor": Override("--zcbor-dir", "ZCBOR_DIR", "include/zcbor_decode.h", "a zcbor 0.9 tree"),
}


@dataclass(frozen=True)
class Tree:
    """A source directory, and a text that changes when its content does."""

    path: Path
    identity: str


def overridden(given: Mapping[str, str | None], environ: Mapping[str, str]) -> dict[str, Tree]:
    """Return the trees the user names by option or environment variable, each verified."""
    trees = {}
    for name, override in OVERRIDES.items():
        option = given.get(name)
        named = option or environ.get(override.variable)
        if not named:
            continue
        path = Path(named).expanduser().absolute()
        said = override.option if option else override.variable
        if not (path / override.probe).is_file():
            raise Failure(
                f"{said}={named} is not {override.what}: it holds no {override.probe}"
            )
        trees[name] = Tree(path, f"{path} {fingerprint(path)}")
    return trees


def ensure(
    cache: Cache, named: Mapping[str, Tree], python: str, mirror: str | None
) -> dict[str, Tree]:
    """Return every source tree, fetching those that are neither named nor in the cache."""
    trees = dict(named)
    wanted = [
        package
        for package in (QEMU, LWIP, MICROPYTHON)
        if package.name not in trees and not _unneeded(package, trees)
    ]
    with report.step("sources") as step:
        absent = [package for package in wanted if cached(cache, package) is None]
        if absent:
            fetch(cache, absent, mirror, step)
        for package in wanted:
            tree = cached(cache, package)
            assert tree is not None, package.name
            trees[package.name] = tree
        if "zcbor" not in trees:
            trees["zcbor"] = _zcbor(cache, python, step)
        if "micropython" in trees:
            base = trees["micropython"]
            inside = {"freertos": "ports/cc3200/FreeRTOS/Source", "cmsis": "lib/cmsis/inc"}
            for name, below in inside.items():
                trees.setdefault(name, Tree(base.path / below, f"{base.identity} {below}"))
        _require_probes(trees)
        fetched = ", ".join(
            trees[package.name].identity if package.name not in named else f"own {package.name}"
            for package in (QEMU, LWIP, MICROPYTHON)
            if package.name in trees
        )
        step.done(("fetched " if absent else "") + fetched)
    return trees


def _unneeded(package: Package, trees: Mapping[str, Tree]) -> bool:
    return package is MICROPYTHON and "freertos" in trees and "cmsis" in trees


def _require_probes(trees: Mapping[str, Tree]) -> None:
    for name, tree in trees.items():
        override = OVERRIDES[name]
        if not (tree.path / override.probe).is_file():
            raise Failure(
                f"{tree.path} is not {override.what} (no {override.probe}); remove that "
                f"directory to fetch it again, or name another by {override.option}"
            )


def cached(cache: Cache, package: Package) -> Tree | None:
    """Return the newest tree of the series in the cache: what was fetched once stays in use."""
    found = [
        path
        for path in (cache.root / "sources").glob(f"{package.name}-*")
        if package.wants(path.name.removeprefix(f"{package.name}-"))
    ]
    if not found:
        return None
    newest = max(found, key=lambda path: _numbers(path.name))
    return Tree(newest, newest.name)


def _numbers(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)]


def fetch(cache: Cache, packages: Sequence[Package], mirror: str | None, step: Step) -> None:
    need = sum(package.megabytes for package in packages) + 80
    require_space(cache.root, need, "fetching the sources of " + ", ".join(p.name for p in packages))
    options = " ".join(package.option for package in packages)
    offline = f"is there a network? Without one, name unpacked trees by {options}"

    root = AptRoot(cache.root / "apt")
    root.write(debian_mirrors(mirror))
    step.doing("fetching Debian 13's package lists")
    run_logged(
        root.command("apt-get", "-q", "update"),
        cache.logs / "sources-update.log",
        "fetching the package lists",
        advice=offline,
    )
    for package in packages:
        _fetch_one(cache, root, package, step, offline)


def _fetch_one(cache: Cache, root: AptRoot, package: Package, step: Step, offline: str) -> None:
    version = root.version_of(package)
    step.doing(f"fetching {package.name} {version}")
    scratch = cache.new_scratch(f"fetch-{package.name}")
    parts = ["--tar-only"] if package.upstream_only else []
    run_logged(
        root.command(
            "apt-get", "-q", "source", "--download-only", *parts, f"{package.name}={version}"
        ),
        cache.logs / f"sources-{package.name}.log",
        f"fetching {package.name} {version}",
        cwd=scratch,
        advice=offline,
    )
    step.doing(f"unpacking {package.name} {version}")
    log = cache.logs / f"sources-{package.name}-unpack.log"
    # apt has verified the hashes of these files against the signed index already.
    if package.upstream_only:
        archive = next(scratch.glob("*.orig.tar.*"), None)
        if archive is None:
            raise Failure(f"apt-get fetched no {package.name} {version}; {offline}")
        (scratch / "tree").mkdir()
        unpack: list[str | Path] = ["tar", "--extract", "--file", archive.name, "--directory", "tree"]
    else:
        description = next(scratch.glob("*.dsc"), None)
        if description is None:
            raise Failure(f"apt-get fetched no {package.name} {version}; {offline}")
        unpack = ["dpkg-source", "--no-check", "-x", description.name, "tree"]
    run_logged(unpack, log, f"unpacking {package.name}", cwd=scratch)
    # Upstream archives come with and without a folder around everything.
    inside = list((scratch / "tree").iterdir())
    top = inside[0] if len(inside) == 1 and inside[0].is_dir() else scratch / "tree"
    plain = version.split(":", 1)[-1]
    cache.publish(top, cache.entry("sources", f"{package.name}-{plain}"))


def _zcbor(cache: Cache, python: str, step: Step) -> Tree:
    """Return zcbor's C sources out of its wheel, whose hash pip verifies."""
    requirement = ZCBOR_REQUIREMENT.read_text(encoding="ascii")
    entry = cache.entry("sources", f"zcbor-{hash_of([requirement])}")
    if not entry.exists():
        step.doing("fetching zcbor")
        scratch = cache.new_scratch("fetch-zcbor")
        run_logged(
            [python, "-m", "pip", "download", "--no-input", "--disable-pip-version-check",
             "--no-deps", "--only-binary=:all:", "--require-hashes",
             "--dest", scratch, "--requirement", ZCBOR_REQUIREMENT],
            cache.logs / "sources-zcbor.log",
            "fetching zcbor",
            advice="is there a network? Without one, name its tree by --zcbor-dir",
        )  # fmt: skip
        wheel = next(scratch.glob("zcbor-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(scratch / "tree")
        cache.publish(scratch / "tree", entry)
    return Tree(entry / "zcbor", entry.name)


def debian_mirrors(named: str | None) -> tuple[str, str | None]:
    """Return the URIs of a Debian archive and, if known, of its security archive.

    They are what this system's apt uses; on another distribution, what its python3-apt
    templates name as Debian's archive.
    """
    if named:
        return named, None
    answer = answer_of(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)",
         "Created-By: Packages"]
    )  # fmt: skip
    archive, security = mirrors_among((answer or "").splitlines())
    if archive is None:
        template = Path("/usr/share/python-apt/templates/Debian.info")
        if template.exists():
            text = template.read_text(encoding="utf-8", errors="replace")
            found = re.search(r"^BaseURI:\s*(\S+)", text, re.MULTILINE)
            archive = found[1] if found else None
    if archive is None:
        raise Failure(
            "apt on this system knows no Debian archive to fetch sources from (lists are empty "
            "before the first `apt-get update`); name one by --debian-mirror URI"
        )
    return archive, security


def mirrors_among(lines: Sequence[str]) -> tuple[str | None, str | None]:
    """Pick the archive and the security archive out of `apt-get indextargets` lines."""
    archive = security = None
    for line in lines:
        origin, _, rest = line.partition(" ")
        label, _, uri = rest.rpartition(" ")
        if origin != "Debian":
            continue
        if "security" in label.lower():
            security = security or uri
        elif label == "Debian":
            archive = archive or uri
    return archive, security


class AptRoot:
    """An apt configuration, state and cache of our own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "apt.conf"

    def write(self, mirrors: tuple[str, str | None]) -> None:
        """Write the configuration; what the system says of proxies and certificates stays."""
        for below in ("lists/partial", "archives/partial"):
            (self.root / below).mkdir(parents=True, exist_ok=True)
        keyring = next((path for path in KEYRINGS if path.exists()), None)
        if keyring is None:
            raise Failure("Debian's archive keyring is missing: install debian-archive-keyring")
        archive, security = mirrors
        lines = [f"deb-src [signed-by={keyring}] {archive} {RELEASE} main"]
        if security:
            lines.append(f"deb-src [signed-by={keyring}] {security} {SECURITY} main")
        (self.root / "sources.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.root / "status").touch()
        # This file is read after the system's, so the hooks of other programs can be cleared:
        # they would act on the system's own lists.
        self.config.write_text(
            f'Dir::State "{self.root}";\n'
            f'Dir::State::lists "{self.root}/lists/";\n'
            f'Dir::State::status "{self.root}/status";\n'
            f'Dir::Cache "{self.root}";\n'
            f'Dir::Cache::archives "{self.root}/archives/";\n'
            f'Dir::Etc::sourcelist "{self.root}/sources.list";\n'
            'Dir::Etc::sourceparts "/dev/null";\n'
            'Dir::Etc::preferences "/dev/null";\n'
            'Dir::Etc::preferencesparts "/dev/null";\n'
            "#clear APT::Update::Pre-Invoke;\n"
            "#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n"
            'APT::Update::Error-Mode "any";\n'
            'APT::Sandbox::User "";\n'
            'Acquire::Languages "none";\n'
            'Acquire::Retries "3";\n',
            encoding="utf-8",
        )

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return a command line of an apt program in this root."""
        return [program, "-c", str(self.config), *arguments]

    def version_of(self, package: Package) -> str:
        """Return the newest version of the wanted series that the archive has."""
        answer = answer_of(self.command("apt-cache", "showsrc", "--only-source", package.name))
        return choose(package, re.findall(r"^Version: (\S+)", answer or "", re.MULTILINE))


def choose(package: Package, offered: Sequence[str]) -> str:
    """Return the newest offered version of the series, or say what there is instead."""
    good = [version for version in offered if package.wants(version)]
    if not good:
        have = ", ".join(offered) or "none"
        raise Failure(
            f"the archive has no {package.name} {package.series} any more (it has: {have}); "
            f"name an unpacked tree by {package.option}"
        )
    return max(good, key=_numbers)
