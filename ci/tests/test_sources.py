# SPDX-License-Identifier: GPL-2.0-or-later
"""Third-party sources: which version, from which mirror, and what is said when there is none."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest
from bench import processes, sources
from bench.places import Cache
from bench.report import Failure, step
from bench.sources import AIRCRACK, LWIP, MICROPYTHON, QEMU


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("1:10.0.13+ds-0+deb13u1", True),
        ("1:10.0.2+ds-2", True),
        ("1:10.1.0+ds-1", False),
        ("1:10.01-1", False),
        ("1:110.0.1-1", False),
        ("1:9.10.0-1", False),
    ],
)
def test_series_is_told_from_its_neighbours(version: str, wanted: bool) -> None:
    """Our patches fit QEMU 10.0 and nothing else."""
    assert QEMU.wants(version) is wanted


def test_newest_of_the_series_is_chosen() -> None:
    """A security update of the series is taken; another series is not, however new."""
    offered = ["1:10.0.2+ds-2+deb13u1", "1:10.0.13+ds-0+deb13u1", "1:10.1.0-1", "1:10.0.8-1"]
    assert sources.choose(QEMU, offered) == "1:10.0.13+ds-0+deb13u1"


def test_vanished_series_names_what_there_is_and_the_way_out() -> None:
    """When Debian moves on, the user must learn it from one line."""
    with pytest.raises(Failure) as caught:
        sources.choose(QEMU, ["1:11.0-1"])
    assert "no qemu 10.0 any more (it has: 1:11.0-1)" in str(caught.value)
    assert "--qemu-source-dir" in str(caught.value)


def test_mirrors_are_the_systems_own() -> None:
    """A company's own mirror must be used, and other vendors' archives must not."""
    lines = [
        "Other Vendor mirror://vendor/",
        "Debian Debian mirror://company/debian/",
        "Debian Debian mirror://second/debian/",
        "Debian Debian-Security mirror://company/security/",
        "",
    ]
    assert sources.mirrors_among(lines) == ("mirror://company/debian/", "mirror://company/security/")
    assert sources.mirrors_among(lines[:1]) == (None, None)


@pytest.mark.parametrize("by_option", [True, False])
def test_wrong_directory_is_refused_by_the_name_it_was_given_by(tmp_path: Path, by_option: bool) -> None:
    """The line must say which option or variable is wrong and what was looked for."""
    given = {"lwip": str(tmp_path)} if by_option else {}
    environ = {} if by_option else {"LWIP_DIR": str(tmp_path)}
    with pytest.raises(Failure) as caught:
        sources.overridden(given, environ)
    said = "--lwip-dir" if by_option else "LWIP_DIR"
    assert str(caught.value) == f"{said}={tmp_path} is not an lwIP 2.2 tree: it holds no src/core/tcp.c"


def make_tree(folder: Path, probe: str) -> Path:
    """Make a directory that passes for a source tree."""
    (folder / probe).parent.mkdir(parents=True, exist_ok=True)
    (folder / probe).write_text("x")
    return folder


def test_named_directories_need_no_network(tmp_path: Path, cache: Cache) -> None:
    """With every tree named, nothing is fetched: building behind a closed firewall works."""
    given = {name: str(make_tree(tmp_path / name, one.probe)) for name, one in sources.OVERRIDES.items()}
    named = sources.overridden(given, {})
    trees = sources.ensure(cache, named, "/nonexistent/python", None)
    assert {name: tree.path for name, tree in trees.items()} == {
        name: tmp_path / name for name in sources.OVERRIDES
    }


def test_option_wins_over_environment(tmp_path: Path) -> None:
    """What is typed now counts more than what a profile set long ago."""
    typed = make_tree(tmp_path / "typed", "src/core/tcp.c")
    trees = sources.overridden({"lwip": str(typed)}, {"LWIP_DIR": "/nonexistent"})
    assert trees["lwip"].path == typed


def test_no_network_is_one_line_with_the_way_out(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a network the user must learn which directories would do instead."""
    failing = tmp_path / "bin" / "apt-get"
    failing.parent.mkdir()
    failing.write_text("#!/bin/sh\necho 'Err: could not resolve'\nexit 100\n")
    failing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{failing.parent}:/usr/bin:/bin")
    monkeypatch.setattr(sources, "KEYRINGS", (make_tree(tmp_path, "key") / "key",))
    with pytest.raises(Failure) as caught:
        sources.ensure(cache, {}, sys.executable, "mirror://anywhere/")
    assert "\n" not in str(caught.value)
    for word in ("network", "--qemu-source-dir", "--lwip-dir", "--micropython-dir"):
        assert word in str(caught.value)
    assert "could not resolve" in caught.value.detail


@pytest.mark.parametrize("folder", ["", "aircrack-ng-1.7/"])
def test_judges_come_as_upstream_packed_them(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Archives come with and without a folder around everything; the tree must not depend on it."""
    archive = tmp_path / "aircrack-ng_1.7.orig.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("test/a.cap", "README"):
            tar.add(make_tree(tmp_path, "file") / "file", folder + name)
    fake = tmp_path / "bin"
    wanted = "*source*--tar-only*aircrack-ng=1:1.7-5*"
    for name, script in {
        "apt-get": f'case "$*" in {wanted}) cp {archive} . ;; *update*) ;; *) exit 1 ;; esac',
        "apt-cache": "echo 'Version: 1:1.7-5'",
    }.items():
        make_tree(fake, name)
        (fake / name).write_text(f"#!/bin/sh\n{script}\n")
        (fake / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake}:/usr/bin:/bin")
    monkeypatch.setattr(sources, "KEYRINGS", (make_tree(tmp_path, "key") / "key",))
    with step("sources") as line:
        sources.fetch(cache, [AIRCRACK], "mirror://anywhere/", line)
        line.done("")
    tree = sources.cached(cache, AIRCRACK)
    assert tree is not None
    assert (tree.path / "test" / "a.cap").read_text() == "x"


def test_fetched_tree_stays_in_use(cache: Cache) -> None:
    """A newer version on the mirror must not change what a checkout is tested with."""
    for version in ("10.0.8+ds-1", "10.0.13+ds-1", "10.1.0-1"):
        (cache.root / "sources" / f"qemu-{version}").mkdir(parents=True)
    tree = sources.cached(cache, QEMU)
    assert tree is not None
    assert tree.identity == "qemu-10.0.13+ds-1"
    assert sources.cached(cache, LWIP) is None


def test_micropython_is_not_fetched_if_its_parts_are_named(tmp_path: Path) -> None:
    """It is wanted for FreeRTOS and CMSIS only; whoever names both needs no more."""
    parts = {name: sources.Tree(tmp_path, name) for name in ("freertos", "cmsis")}
    assert sources._unneeded(MICROPYTHON, parts)
    assert not sources._unneeded(MICROPYTHON, {"freertos": parts["freertos"]})


def test_system_configuration_is_left_alone(cache: Cache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every path of the private apt root is below the cache."""
    monkeypatch.setattr(sources, "KEYRINGS", (make_tree(tmp_path, "key") / "key",))
    root = sources.AptRoot(cache.root / "apt")
    root.write(("mirror://a/", "mirror://b/"))
    answer = processes.answer_of(["apt-config", "-c", str(root.config), "dump"])
    if answer is None:
        pytest.skip("no apt on this system")
    settings = dict(line.rstrip(";").split(" ", 1) for line in answer.splitlines() if " " in line)
    for name in ("Dir::State", "Dir::State::lists", "Dir::State::status", "Dir::Cache", "Dir::Etc::sourcelist"):
        assert settings[name].strip('"').startswith(str(cache.root)), name
    assert not [name for name in settings if name.startswith("APT::Update::Post-Invoke") and settings[name] != '""']
