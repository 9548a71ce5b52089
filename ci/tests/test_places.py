# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys, entries and locks: what makes a second run fast and an interrupted one harmless."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from bench import places
from bench.places import CHECKOUT, Cache
from bench.report import Failure


def test_cache_is_where_xdg_says() -> None:
    """A CI runner that mounts its cache by XDG_CACHE_HOME must find it used."""
    assert places.cache_root({"XDG_CACHE_HOME": "/somewhere", "HOME": "/h"}) == Path("/somewhere/sockbench")
    assert places.cache_root({"HOME": "/h"}) == Path("/h/.cache/sockbench")
    assert places.cache_root({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/sockbench")


def test_key_depends_on_content_and_name_but_not_on_place(tmp_path: Path) -> None:
    """The same sources in another checkout must hit the cache; an edit or a rename must not."""
    keys = []
    for name in ("one", "two"):
        folder = tmp_path / name / "src"
        folder.mkdir(parents=True)
        (folder / "a.c").write_text("int a;\n")
        keys.append(places.hash_of_files([folder], tmp_path / name))
    assert keys[0] == keys[1]

    source = tmp_path / "two" / "src" / "a.c"
    source.write_text("int b;\n")
    edited = places.hash_of_files([source.parent], tmp_path / "two")
    source.write_text("int a;\n")
    source.rename(source.with_name("b.c"))
    renamed = places.hash_of_files([source.parent], tmp_path / "two")
    assert len({keys[0], edited, renamed}) == 3


def test_parts_of_a_key_do_not_run_together() -> None:
    """Version 1.1 of `a` and version 1 of `a1.` are different inputs."""
    assert places.hash_of(["ab", "c"]) != places.hash_of(["a", "bc"])


def test_fingerprint_sees_an_edit_below_a_named_directory(tmp_path: Path) -> None:
    """Someone who edits his own QEMU tree must get his edit built."""
    (tmp_path / "deep").mkdir()
    file = tmp_path / "deep" / "x.c"
    file.write_text("1")
    before = places.fingerprint(tmp_path)
    assert places.fingerprint(tmp_path) == before
    status = file.stat()
    file.write_text("2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert places.fingerprint(tmp_path) != before


def test_published_entry_replaces_a_broken_one(cache: Cache) -> None:
    """An entry is whole under its final name, whatever was there before."""
    entry = cache.entry("kind", "key")
    entry.mkdir(parents=True)
    (entry / "old").touch()
    made = cache.new_scratch("made")
    (made / "new").touch()
    cache.publish(made, entry)
    assert [path.name for path in entry.iterdir()] == ["new"]
    assert not made.exists()


def test_sweep_removes_what_a_killed_run_left(cache: Cache) -> None:
    """Half-unpacked sources must neither be used nor fill the disk."""
    (cache.new_scratch("half") / "file").touch()
    (cache.scratch / "stray").touch()
    cache.sweep()
    assert list(cache.scratch.iterdir()) == []


HOLDER = """
    import sys, time
    sys.path.insert(0, sys.argv[1])
    from pathlib import Path
    from bench import places
    with places.lock(Path(sys.argv[2]), None):
        print("held", flush=True)
        sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock until its input closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(CHECKOUT / "ci"), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_lock_is_held_by_one_and_names_its_owner(tmp_path: Path) -> None:
    """Two runs must not write the same results; the second is told who is at work."""
    with hold(tmp_path / "lock") as holder:
        with pytest.raises(Failure, match=f"process {holder.pid}"), places.lock(tmp_path / "lock", None):
            pass
        assert holder.stdin is not None
        holder.stdin.close()


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """After kill -9 nobody has to remove a lock file by hand."""
    with hold(tmp_path / "lock") as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with places.lock(tmp_path / "lock", None):
        pass


def test_lock_stays_while_a_program_of_a_killed_process_runs(tmp_path: Path) -> None:
    """Nobody may remove files that an orphaned tar is still writing."""
    script = textwrap.dedent(HOLDER).replace(
        'print("held", flush=True)',
        "from bench import processes\n"
        "    processes._start(['sh', '-c', 'sleep 600 & echo $!'], None, None, None)",
    )
    command = [sys.executable, "-c", script, str(CHECKOUT / "ci"), str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        orphan = int(holder.stdout.readline())
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with pytest.raises(Failure, match="in use"), places.lock(tmp_path / "lock", None):
            pass
        os.kill(orphan, signal.SIGKILL)
    with places.lock(tmp_path / "lock", lambda owner: None):
        pass


def test_waiting_run_is_told_and_goes_on(tmp_path: Path) -> None:
    """A waiting ./bench says so, and starts when the other has ended."""
    told = []
    with hold(tmp_path / "lock") as holder:

        def waiting(owner: str) -> None:
            told.append(owner)
            assert holder.stdin is not None
            holder.stdin.close()

        with places.lock(tmp_path / "lock", waiting):
            pass
        assert told == [f"process {holder.pid}"]


def test_too_small_disk_is_said_before_the_work(tmp_path: Path) -> None:
    """Minutes of compiling must not end in a full disk that could have been foreseen."""
    with pytest.raises(Failure, match="building QEMU needs about 1000000000 MB"):
        places.require_space(tmp_path, 1_000_000_000, "building QEMU")
    places.require_space(tmp_path, 0, "nothing")
