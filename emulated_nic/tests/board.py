# SPDX-License-Identifier: GPL-2.0-or-later
"""Drive the link of a board directly, with nothing of the harness.

The tests of the emulator must not depend on what is built upon it, so this
speaks docs/link-protocol.md by itself, with the standard library only.
"""

import hashlib
import pathlib
import socket
import struct
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

HELLO, TX, MBOX, WAKE, PANIC, EXIT, LOG, DROP = range(1, 9)
FRAME, MESSAGE, FAULT, RESET, STOP, QUIT = range(6)

SECOND = 1_000_000_000
MILLISECOND = 1_000_000


class Gone(Exception):
    """The board closed the link."""


def build_firmware(folder, name="stress"):
    """Compile bare/NAME.c and return the ELF's path."""
    elf = pathlib.Path(folder) / f"{name}.elf"
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O1", "-ffreestanding",
         "-nostdlib", "-Wall", "-Wextra", "-Werror", f"-I{HERE.parent}",
         f"-T{HERE}/bare/bare.ld", "-Wl,-n", "-o", elf, HERE / f"bare/{name}.c"],
        check=True)
    return elf


class Board:
    """One QEMU, its link, and a hash over everything that crossed it."""

    def __init__(self, qemu, elf, *, seed=1, shift=3, machine="", options=()):
        ours, theirs = socket.socketpair()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(qemu), "-M", f"sockbench,link-fd={theirs.fileno()},seed={seed}{machine}",
             "-accel", "tcg", "-icount", f"shift={shift},sleep=off", "-nodefaults",
             "-display", "none", "-kernel", str(elf), *options],
            pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stderr=self.log)
        theirs.close()
        # On the host's clock, and for a bug in the board only: else the test would hang.
        ours.settimeout(30)
        self.link = ours
        self.buffer = b""
        self.hash = hashlib.sha256()
        self.console = b""
        self.drops = []
        self.now = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End QEMU by closing the link; there is no other way it may need."""
        self.link.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.log.close()

    def stderr(self):
        self.process.wait(timeout=5)
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def _take(self, count):
        while len(self.buffer) < count:
            try:
                chunk = self.link.recv(65536)
            except ConnectionResetError:
                chunk = b""
            if not chunk:
                raise Gone(self.stderr())
            self.buffer += chunk
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self):
        """Return (type, port, t, payload) of the next message that wants a reply."""
        while True:
            length, = struct.unpack("<I", self._take(4))
            body = self._take(length)
            kind, port, _, at = struct.unpack_from("<BBHQ", body)
            payload = body[12:]
            if kind == HELLO:
                self.hash = hashlib.sha256()
            self.hash.update(struct.pack("<BBQI", kind, port, at, len(payload)) + payload)
            if kind == LOG:
                self.console += payload
            elif kind == DROP:
                self.drops.append(tuple(payload))
            else:
                self.now = at
                return kind, port, at, payload

    def reply(self, wake, *events):
        """Answer; an event is (t, kind, payload) or (t, kind, payload, port)."""
        body = struct.pack("<QHH", wake, len(events), 0)
        for at, kind, payload, *port in events:
            body += struct.pack("<QBBHI", at, kind, port[0] if port else 0, 0, len(payload))
            body += payload
        self.link.sendall(struct.pack("<I", len(body)) + body)

    def until(self, wanted, wake_in=SECOND):
        """Pass the time until a message of that type; leave it unanswered."""
        while True:
            message = self.receive()
            if message[0] == wanted:
                return message
            assert message[0] != PANIC, message
            self.reply(message[2] + wake_in)

    def boot(self):
        """Pass HELLO, and return at the firmware's "ready", unanswered."""
        kind, _, at, payload = self.receive()
        assert (kind, at) == (HELLO, 0), (kind, at)
        self.hello = struct.unpack("<IIQ", payload)
        self.reply(SECOND)
        return self.until(MBOX)
