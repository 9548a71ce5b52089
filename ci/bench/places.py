# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are kept, under which key, and who may write there.

Everything expensive lives in a cache outside the checkout, keyed by a hash of what it was made
from, so that a second checkout finds it. Two rules make every step resumable at any point:
an entry appears under its final name only by rename(), when it is complete; and whatever is
under `scratch` belongs to nobody once the lock is taken, so it is removed.

The lock is flock(): the kernel drops it with the process, so there is no stale lock to break.
Programs that we start inherit it. When ./bench is killed outright and a tar it started still
writes, the next run waits for the end of that tar, and only then removes what it wrote.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .report import Failure

Waiting = Callable[[str], None]
"""Told who holds a lock before we wait for it."""

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def cache_root(environ: dict[str, str] | None = None) -> Path:
    """Return the cache directory, as the XDG base directory specification names it."""
    environ = dict(os.environ) if environ is None else environ
    base = environ.get("XDG_CACHE_HOME", "")
    # The specification says that a relative path is to be ignored.
    if not base.startswith("/"):
        base = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".cache")
    return Path(base) / "sockbench"


class Cache:
    """The cache directory: entries that are whole or absent, logs, and scratch space."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.scratch = root / "scratch"
        self.logs = root / "logs"

    def create(self) -> None:
        """Make the directories; Failure if the place cannot be written."""
        try:
            for path in (self.root, self.scratch, self.logs):
                path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(
                f"cannot write the cache {self.root}: {error.strerror}; name another place "
                "by XDG_CACHE_HOME"
            ) from error

    def entry(self, kind: str, key: str) -> Path:
        """Return where the entry of that kind and key is, or will be."""
        return self.root / kind / key

    def publish(self, made: Path, entry: Path) -> None:
        """Make a complete scratch directory or file the entry; the last publisher wins."""
        entry.parent.mkdir(parents=True, exist_ok=True)
        if entry.is_dir():
            shutil.rmtree(entry)
        os.replace(made, entry)

    def new_scratch(self, name: str) -> Path:
        """Return an empty directory on the same file system as the entries."""
        path = self.scratch / name
        if path.exists():
            shutil.rmtree(path)
        path.mkdir(parents=True)
        return path

    def sweep(self) -> None:
        """Remove what interrupted runs left in scratch; only under the lock."""
        for path in self.scratch.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextmanager
def lock(path: Path, waiting: Waiting | None) -> Iterator[None]:
    """Hold an exclusive lock on a file.

    If another process has it, `waiting` is told whose it is and we wait; without `waiting`
    that is a Failure.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+", encoding="ascii") as file:
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            owner = f"process {file.read().strip() or 'unknown'}"
            if waiting is None:
                raise Failure(f"{path.parent} is in use by another ./bench ({owner})") from None
            waiting(owner)
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def hash_of(parts: Iterable[str]) -> str:
    """Return a short key that differs whenever one of the parts differs."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()[:20]


def hash_of_files(paths: Iterable[Path], base: Path) -> str:
    """Return a key of names and contents of files; directories count with all below them."""
    digest = hashlib.sha256()
    for path in sorted(set(_files(paths))):
        name = str(path.relative_to(base)).encode()
        content = path.read_bytes()
        digest.update(len(name).to_bytes(8, "little") + name)
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.hexdigest()[:20]


def fingerprint(tree: Path) -> str:
    """Return a key of a tree too large to read: name, size and mtime of every file in it.

    For directories that the user names: an edit there must lead to a new build.
    """
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(tree):
        folders.sort()
        folders[:] = [name for name in folders if name not in {".git", ".pc"}]
        for name in sorted(names):
            status = os.lstat(os.path.join(folder, name))
            place = os.path.relpath(os.path.join(folder, name), tree)
            digest.update(f"{place}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:20]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            for below in path.rglob("*"):
                if below.is_file() and "__pycache__" not in below.parts:
                    yield below
        elif path.is_file():
            yield path


def require_space(place: Path, megabytes: int, what: str) -> None:
    """Fail before the work when the disk cannot hold its result."""
    free = shutil.disk_usage(place).free // 1_000_000
    if free < megabytes:
        raise Failure(
            f"{what} needs about {megabytes} MB in {place}, where {free} MB are free; "
            "make room or name another place by XDG_CACHE_HOME"
        )
