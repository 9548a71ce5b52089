# SPDX-License-Identifier: GPL-2.0-or-later
"""The harness's end of the link (docs/link-protocol.md): framing, and the watchdog.

Owns the socket and its buffer, and which side's turn it is. What messages mean is for `bench`; who
runs QEMU is `board`. The watchdog is the socket's receive timeout: the one host clock of the
harness, and the kernel's at that. It costs no system call per message.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable

from sockbench.errors import LinkBroken

HELLO, TX, MBOX, WAKE, PANIC, EXIT, LOG, DROP = range(1, 9)
FRAME, MESSAGE, FAULT, RESET, STOP, QUIT = range(6)

FRAME_MAX = 65_535
MESSAGE_MAX = 131_072
# The largest payload and its header; more is not the protocol.
_BODY_MAX = MESSAGE_MAX + 12

_HEADER = struct.Struct("<IBBHQ")
_REPLY = struct.Struct("<IQHH")
_EVENT = struct.Struct("<QBBHI")

# (t_ns, kind, port, payload)
Event = tuple[int, int, int, bytes]
# (type, port, t_ns, payload)
Message = tuple[int, int, int, bytes]


class LinkClosed(Exception):
    """The board's end of the link was closed."""


class LinkSilent(Exception):
    """The board said nothing for longer than the watchdog allows."""


def forget(kind: int, port: int, at: int, payload: bytes) -> None:
    """Forget a message that wants no reply."""


class Link:
    """Strictly one message, one reply; console output and losses are handed to `note` as they come."""

    def __init__(self, sock: socket.socket, *, watchdog_s: int) -> None:
        self._sock = sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", watchdog_s, 0))
        self._watchdog_s = watchdog_s
        self._buffer = bytearray(1 << 19)
        self._view = memoryview(self._buffer)
        self._start = 0
        self._end = 0
        self.owed = False
        self.note: Callable[[int, int, int, bytes], None] = forget

    def receive(self) -> Message:
        """Return the next message that wants a reply; the board stands still until `reply`."""
        while True:
            have = self._end - self._start
            if have < 16:
                self._fill(16)
            length, kind, port, _, at = _HEADER.unpack_from(self._buffer, self._start)
            if not 12 <= length <= _BODY_MAX:
                raise LinkBroken(f"a message of {length} bytes came over the link, which has no such messages")
            size = length + 4
            if self._end - self._start < size:
                self._fill(size)
            start = self._start
            payload = bytes(self._view[start + 16 : start + size])
            self._start = start + size
            if self._start == self._end:
                self._start = self._end = 0
            if kind == LOG or kind == DROP:
                self.note(kind, port, at, payload)
                continue
            if not HELLO <= kind <= EXIT:
                raise LinkBroken(f"a message of the unknown type {kind} came over the link")
            self.owed = True
            return kind, port, at, payload

    def reply(self, wake: int, events: list[Event] | None = None) -> None:
        """Let the board run: `events` are to happen, and a WAKE is to come at `wake`."""
        if not events:
            data = _REPLY.pack(12, wake, 0, 0)
        else:
            parts = [b""]
            for at, kind, port, payload in events:
                parts.append(_EVENT.pack(at if at > 0 else 0, kind, port, 0, len(payload)))
                parts.append(payload)
            data = b"".join(parts)
            data = _REPLY.pack(12 + len(data), wake, len(events), 0) + data
        self.owed = False
        try:
            self._sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise LinkClosed from None

    def close(self) -> None:
        """End the link; the board's QEMU ends with it."""
        self._view.release()
        self._sock.close()

    def _fill(self, wanted: int) -> None:
        """Receive until `wanted` bytes are there, in one piece."""
        if self._start and len(self._buffer) - self._start < max(wanted, 4096):
            have = self._end - self._start
            self._buffer[:have] = self._buffer[self._start : self._end]
            self._start, self._end = 0, have
        while self._end - self._start < wanted:
            try:
                count = self._sock.recv_into(self._view[self._end :])
            except BlockingIOError:
                raise LinkSilent(f"nothing came over the link for {self._watchdog_s} s of wall time") from None
            except ConnectionResetError:
                count = 0
            if not count:
                raise LinkClosed
            self._end += count
