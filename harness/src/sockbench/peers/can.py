# SPDX-License-Identifier: GPL-2.0-or-later
"""A node on the board's CAN bus: port 2 of the link, frames laid out as docs/link-protocol.md says.

Every frame that the board sends has to be accounted for, as on the wire: by an `expect` that
returned it or by `ignore`. A frame of the node reaches the board at once: the bus has no bit rate.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sockbench import link
from sockbench.accounting import Accounted, Accounts
from sockbench.clock import text

PORT = 2
EXTENDED, REMOTE, ERROR = 0x80000000, 0x40000000, 0x20000000
ID_MASK = 0x1FFFFFFF
BRS, ESI, FD = 1, 2, 4

# Faults of the controller, for `inject(..., port=PORT)` (docs/board.md).
BUS_OFF, RECOVERED, BUS_ERROR, COUNTERS = 1, 2, 3, 4

_HEADER = struct.Struct("<IBBH")


class Ways(Protocol):
    """What the bus needs of its bench."""

    now: int

    def schedule(self, at: int, kind: int, port: int, payload: bytes) -> None:
        """Let the link do something at `at`."""

    def crossed(self, frame: CanFrame) -> None:
        """Write down a frame that crosses."""


@dataclass(eq=False)
class CanFrame:
    """One crossing of the bus: when, which way, the frame, and who accounts for it."""

    at: int
    outgoing: bool
    id: int
    data: bytes = b""
    extended: bool = False
    remote: bool = False
    fd: bool = False
    brs: bool = False
    esi: bool = False
    # Of a remote frame: how much it asks for.
    length: int = 0
    claimed_by: str = ""

    port = PORT
    fate = ""

    def wire(self) -> bytes:
        """Return the frame as it crosses the link."""
        word = self.id | (EXTENDED if self.extended else 0) | (REMOTE if self.remote else 0)
        flags = (FD if self.fd else 0) | (BRS if self.brs else 0) | (ESI if self.esi else 0)
        return _HEADER.pack(word, self.length, flags, 0) + self.data

    @classmethod
    def read(cls, at: int, payload: bytes) -> CanFrame:
        """Return a frame of the board."""
        word, length, flags, _ = _HEADER.unpack_from(payload)
        return cls(at, True, word & ID_MASK, payload[_HEADER.size :], bool(word & EXTENDED), bool(word & REMOTE),
                   bool(flags & FD), bool(flags & BRS), bool(flags & ESI), length)  # fmt: skip

    def capture(self) -> bytes:
        """Return the frame as LINKTYPE_CAN_SOCKETCAN has it: the id big-endian, the rest as on the link."""
        word, length, flags, _ = _HEADER.unpack_from(self.wire())
        return struct.pack(">IBBH", word, length, flags, 0) + self.data

    def __repr__(self) -> str:
        kind = ("FD" if self.fd else "CAN") + (" BRS" if self.brs else "") + (" ESI" if self.esi else "")
        what = f"remote[{self.length}]" if self.remote else f"[{self.length}] {self.data.hex()}"
        number = f"{self.id:08x}" if self.extended else f"{self.id:03x}"
        note = f" (for {self.claimed_by})" if self.claimed_by else ""
        return f"{text(self.at)} {'board >' if self.outgoing else 'board <'} {kind} {number} {what}{note}"


Predicate = Callable[[CanFrame], bool]


class CanBus(Accounted[CanFrame]):
    """The node, and what crossed the bus."""

    def __init__(self, ways: Ways, loop: asyncio.AbstractEventLoop) -> None:
        self._ways = ways
        self._accounts = Accounts(ways, loop, " on the CAN bus")
        self.frames = self._accounts.frames

    def send(
        self,
        id: int,
        data: bytes = b"",
        *,
        extended: bool = False,
        remote: bool = False,
        fd: bool = False,
        brs: bool = False,
        esi: bool = False,
        length: int | None = None,
        at: int | None = None,
    ) -> None:
        """Send a frame to the board, now or at a virtual time; `length` is what a remote frame asks for.

        Nothing is checked here: what no bus could carry the board's end of the link drops, and the timeline says so.
        """
        now = self._ways.now
        start = now if at is None else max(at, now)
        size = len(data) if length is None else length
        frame = CanFrame(start, False, id, bytes(data), extended, remote, fd, brs, esi, size, "sender")
        self._ways.schedule(start, link.FRAME, PORT, frame.wire())
        self._accounts.log(frame)

    async def expect(self, id: int | None = None, matching: Predicate | None = None, *, within: int) -> CanFrame:
        """Return the first frame of the board with that id that matches, and account for it."""
        __tracebackhide__ = True
        wanted = "any frame" if id is None else f"a frame {id:#x}"
        return await self._accounts.expect(_matcher(id, matching), wanted, within)

    async def expect_none(self, id: int | None = None, matching: Predicate | None = None, *, for_: int) -> None:
        """Let `for_` pass and raise AssertionError at the first frame of the board that matches."""
        __tracebackhide__ = True
        unwanted = "no frame" if id is None else f"no frame {id:#x}"
        await self._accounts.expect_none(_matcher(id, matching), unwanted, for_)

    def ignore(self, id: int | None = None, matching: Predicate | None = None) -> None:
        """Account for every frame that matches, past and future."""
        self._accounts.ignore(_matcher(id, matching))

    # What the bench calls.

    def transmitted(self, payload: bytes) -> None:
        """Take a frame that leaves the board now."""
        frame = CanFrame.read(self._ways.now, payload)
        self._accounts.log(frame)
        self._accounts.arrived(frame)


def _matcher(id: int | None, matching: Predicate | None) -> Predicate:
    return lambda frame: (id is None or frame.id == id) and (matching is None or matching(frame))
