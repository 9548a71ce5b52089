# SPDX-License-Identifier: GPL-2.0-or-later
"""A board that is a script: it speaks the link protocol's messages in the process of the test.

Time passes as it does on the real board: up to the next event, wake-up, or frame of the script. What
the harness sends is noted in `happened`. An agent of a few lines answers requests.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import cbor2
from sockbench import link
from sockbench.bench import Bench
from sockbench.link import Event, Message

# Virtual nanoseconds that a call takes on this board.
CALL_NS = 1000


class FakeBoard:
    """A scripted board; `transmit` and `say` are the script."""

    firmware_sha256 = "0" * 64

    def __init__(self) -> None:
        self.link: Any = SimpleNamespace(note=None)
        self.now = 0
        self.happened: list[tuple[int, int, bytes]] = []
        self.wakes: list[int] = []
        self.closed = False
        # What the script does about a frame that reaches the board, in that instant.
        self.on_frame: Callable[[int, bytes], None] | None = None
        self.answers: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {}
        self._queue: list[tuple[int, int, str, int, int, bytes]] = []
        self._sequence = 0

    def fresh(self, seed: int) -> None:
        self.now = 0
        self.say(0, link.MBOX, cbor2.dumps({"ev": "ready", "version": 1, "firmware": "fake 1", "tick_ns": 1_000_000}))

    def transmit(self, at: int, frame: bytes, port: int = 0) -> None:
        """Let a frame leave the board."""
        self.say(at, link.TX, frame, port)

    def say(self, at: int, kind: int, payload: bytes, port: int = 0) -> None:
        """Let a message come from the board."""
        self._push(at, "say", kind, port, payload)

    def exchange(self, wake: int, events: list[Event] | None = None) -> Message:
        for at, kind, port, payload in events or []:
            self._push(max(at, self.now), "happen", kind, port, payload)
        self.wakes.append(wake)
        while self._queue and self._queue[0][0] <= wake:
            at, _, what, kind, port, payload = heapq.heappop(self._queue)
            self.now = max(self.now, at)
            if what == "say":
                if kind in (link.LOG, link.DROP):
                    self.link.note(kind, 0, self.now, payload)
                    continue
                return kind, port, self.now, payload
            self.happened.append((self.now, kind, payload))
            if kind == link.FRAME and self.on_frame is not None:
                self.on_frame(port, payload)
            if kind == link.MESSAGE:
                self._agent(payload)
        self.now = max(self.now, wake)
        return link.WAKE, 0, self.now, b""

    def close(self) -> None:
        self.closed = True

    def _push(self, at: int, what: str, kind: int, port: int, payload: bytes) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (at, self._sequence, what, kind, port, payload))

    def _agent(self, data: bytes) -> None:
        request = cbor2.loads(data)
        name = request.get("fn", request["op"])
        made = self.answers.get(name)
        answer = made(request) if made is not None else {"ok": {} if name == "module.constants" else None}
        if answer is None:
            return
        end = self.now + answer.pop("after", CALL_NS)
        self.say(end, link.MBOX, cbor2.dumps({"id": request["id"], "t0": self.now, "t1": end, **answer}))


def bench(board: FakeBoard | None = None, **options: Any) -> Bench:
    """Return a bench on a fake board, its agent ready."""
    made = Bench(board if board is not None else FakeBoard(), seed=1, **options)
    made.boot()
    return made
