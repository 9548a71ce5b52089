# SPDX-License-Identifier: GPL-2.0-or-later
"""What a connection has received: the stream in order, and the pieces that came too early.

Sequence numbers here are unbounded integers: the connection maps the 32 bits of the wire to them
next to what it expects, so that no comparison in this file has to think of the wrap.
"""

from __future__ import annotations

from bisect import bisect_left


class ReceiveQueue:
    """In-order bytes and out-of-order pieces of one direction of a connection."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.next = 0
        self.fin_at: int | None = None
        self.finished = False
        self._pieces: list[tuple[int, bytes]] = []  # Sorted, without overlap, all beyond `next`.

    def add(self, seq: int, payload: bytes, *, fin: bool) -> bool:
        """Take a segment's payload, trimmed to the window; return True if the stream or its end moved on."""
        before = (self.next, self.finished)
        if fin:
            self.fin_at = seq + len(payload)
        if payload:
            if seq <= self.next:
                fresh = payload[self.next - seq :]
                self.data += fresh
                self.next += len(fresh)
            else:
                self._keep(seq, payload)
            if self._pieces:
                self._join()
        if self.fin_at is not None and self.next == self.fin_at and not self.finished:
            self.finished = True
            self.next += 1
        return before != (self.next, self.finished)

    @property
    def has_gap(self) -> bool:
        """Whether something is missing in front of bytes that are here."""
        return bool(self._pieces) or (self.fin_at is not None and not self.finished)

    def sack_blocks(self, most: int) -> list[tuple[int, int]]:
        """Return the first `most` runs of bytes beyond the gap, as left and right edges (RFC 2018 3)."""
        runs: list[tuple[int, int]] = []
        for start, part in self._pieces:
            if runs and runs[-1][1] == start:
                runs[-1] = (runs[-1][0], start + len(part))
            else:
                runs.append((start, start + len(part)))
        return runs[:most]

    def _keep(self, seq: int, payload: bytes) -> None:
        """File the bytes of `payload` that no earlier piece has."""
        end = seq + len(payload)
        at = seq
        fresh = []
        for start, part in self._pieces:
            if start >= end:
                break
            if start > at:
                fresh.append((at, payload[at - seq : start - seq]))
            at = max(at, start + len(part))
        if at < end:
            fresh.append((at, payload[at - seq :]))
        for piece in fresh:
            self._pieces.insert(bisect_left(self._pieces, piece), piece)

    def _join(self) -> None:
        """Move the pieces that touch the in-order stream into it."""
        while self._pieces and self._pieces[0][0] <= self.next:
            start, part = self._pieces.pop(0)
            fresh = part[self.next - start :]
            self.data += fresh
            self.next += len(fresh)
