# SPDX-License-Identifier: GPL-2.0-or-later
"""The board: a QEMU process, the core it shares with us, and its state fresh for every case.

A live board is reset in place; one that ended, or served a case that failed, is replaced by a new
process. The exchange over the link alternates strictly, so QEMU and this Python run on one core:
two cores would be three times slower. QEMU asks the kernel for its own death when we die.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from sockbench import link
from sockbench.clock import SEC
from sockbench.errors import BenchError, BoardLost, TargetDied, TargetHung
from sockbench.link import Event, Link, LinkClosed, LinkSilent, Message

LINK_VERSION = 1
ICOUNT_SHIFT = 3
WATCHDOG_S = 60
ELF_MAGIC = b"\x7fELF"
# <elf.h>: EI_CLASS of 32 bits, and EM_ARM, little-endian.
ELF_32, ELF_ARM = b"\x01", b"\x28\x00"
# What QEMU writes when a fault within HardFault stops the core: the firmware's fault, not QEMU's.
LOCKUP = "Lockup"
_END_S = 5
ETHERNET, WIFI = "eth", "wifi"
# Which NIC has 02:00:00:00:00:01, the address of the device under test (docs/board.md).
ADDRESSES = {ETHERNET: "", WIFI: ",mac=02:00:00:00:00:81,wifi-mac=02:00:00:00:00:01"}


def pin(worker: int) -> None:
    """Keep this process and its children on one core of those it may use; workers on different ones."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[worker % len(cores)]})


class Board:
    """One QEMU after the other behind one face; `fresh` comes first, then `exchange`."""

    def __init__(
        self, qemu: Path, firmware: Path, *, watchdog_s: int = WATCHDOG_S, interface: str = ETHERNET
    ) -> None:
        if interface not in ADDRESSES:
            raise ValueError(f"the device's address is that of its {' or '.join(ADDRESSES)} NIC, not of {interface!r}")
        _check_binary(qemu, "QEMU", "--sockbench-qemu")
        _check_binary(firmware, "firmware", "--sockbench-firmware")
        if not os.access(qemu, os.X_OK):
            raise BenchError(f"QEMU {qemu} is not executable")
        with open(firmware, "rb") as elf:
            content = elf.read()
        if content[:4] != ELF_MAGIC:
            raise BenchError(f"firmware {firmware} is not an ELF file")
        if content[4:5] != ELF_32 or content[18:20] != ELF_ARM:
            raise BenchError(f"firmware {firmware} is not for the board: a 32-bit Arm ELF file is needed")
        self.qemu = qemu
        self.firmware = firmware
        self.firmware_sha256 = hashlib.sha256(content).hexdigest()
        self.shift = ICOUNT_SHIFT
        self.seed = 0
        self.starts = 0
        self._watchdog_s = watchdog_s
        self._addresses = ADDRESSES[interface]
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Link | None = None
        self._stderr: IO[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """QEMU's process id; None while there is no QEMU."""
        return self._process.pid if self._process is not None else None

    @property
    def link(self) -> Link:
        """The link to the running board."""
        if self._link is None:
            raise BoardLost("the board is not running")
        return self._link

    def fresh(self, seed: int) -> None:
        """Give a board in its state after power-on, whose HELLO has come and is not yet answered."""
        self.seed = seed
        if self._link is not None:
            try:
                self._reset(seed)
                return
            except (BoardLost, TargetDied):
                self.close()
        self._start(seed)

    def exchange(self, wake: int, events: list[Event] | None = None) -> Message:
        """Let the board run until it says something, and return that."""
        current = self._link
        if current is None:
            raise BoardLost("the board is not running")
        try:
            current.reply(wake, events)
            return current.receive()
        except LinkClosed:
            raise self._lost() from None
        except LinkSilent as silence:
            self.close()
            raise TargetHung(f"the watchdog ended the board: {silence}") from None
        except BaseException:
            # Ctrl-C in the middle of an exchange: whose turn it is can't be known any more.
            self.close()
            raise

    def close(self) -> None:
        """End QEMU, whatever it is doing: it may be held by the link, so SIGTERM would not be heard."""
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=_END_S)
            self._process = None
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    def _start(self, seed: int) -> None:
        ours, theirs = socket.socketpair()
        stderr = tempfile.TemporaryFile(prefix="sockbench-qemu-")  # noqa: SIM115
        self._stderr = stderr
        words = [
            str(self.qemu),
            "-M", f"sockbench,link-fd={theirs.fileno()},seed={seed}{self._addresses}",
            "-accel", "tcg", "-icount", f"shift={self.shift},sleep=off",
            "-no-user-config", "-nodefaults", "-display", "none",
            "-kernel", str(self.firmware),
        ]  # fmt: skip
        try:
            self._process = subprocess.Popen(
                words,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                # Ctrl-C in a terminal is for us: a QEMU that ended by it would look like a lost board.
                process_group=0,
            )
        except OSError as error:
            ours.close()
            raise BenchError(f"QEMU {self.qemu} cannot be started: {error.strerror}") from None
        finally:
            theirs.close()
        self._link = Link(ours, watchdog_s=self._watchdog_s)
        self.starts += 1
        try:
            self._hello(self._link.receive())
        except LinkClosed:
            raise self._lost() from None
        except LinkSilent as silence:
            self.close()
            raise BoardLost(f"QEMU did not say hello: {silence}") from None

    def _reset(self, seed: int) -> None:
        current = self.link
        current.note = link.forget
        # What the old state still has to say before the reset is answered by the same wish.
        events: list[Event] | None = [(0, link.RESET, 0, struct.pack("<Q", seed))]
        wake = SEC
        for _ in range(1000):
            message = self.exchange(wake, events)
            if message[0] == link.HELLO:
                self._hello(message)
                return
            events = None
            wake = message[2] + SEC
        self.close()
        raise BoardLost("the board was not reset")

    def _hello(self, message: Message) -> None:
        kind, _, _, payload = message
        if kind != link.HELLO or len(payload) != 16:
            self.close()
            raise BoardLost("QEMU's first message is not HELLO: is this a build with the board `sockbench`?")
        version, shift, _ = struct.unpack("<IIQ", payload)
        if version != LINK_VERSION:
            self.close()
            raise BoardLost(f"QEMU speaks version {version} of the link, the harness version {LINK_VERSION}")
        self.shift = shift

    def _lost(self) -> BoardLost | TargetDied:
        """Return why the link was closed, in one line; nothing of the process remains."""
        process, stderr = self._process, self._stderr
        if process is None or stderr is None:
            return BoardLost("the board is not running")
        try:
            status = process.wait(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self.close()
            return BoardLost("QEMU closed the link but did not end")
        stderr.seek(0)
        lines = [line for line in stderr.read().decode(errors="replace").splitlines() if line.strip()]
        self.close()
        tail = " | ".join(lines[-3:]) or "nothing on stderr"
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        if any(LOCKUP in line for line in lines):
            return TargetDied(f"the processor locked up (a fault within HardFault): {tail}")
        return BoardLost(f"QEMU ended {how}: {tail}")


def _check_binary(path: Path, what: str, option: str) -> None:
    if not path.is_file():
        raise BenchError(f"{what} {path} is missing: build it with ./bench, or name it with {option}")
