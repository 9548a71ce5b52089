# SPDX-License-Identifier: GPL-2.0-or-later
"""The wire of one case: what crosses it, who accounts for it, what befalls it, and the hosts on it.

Every frame that leaves the board has to be accounted for: by a host that handled it, by an `expect`
that returned it, by `ignore`, or by the fault that swallowed it. What remains fails the case.
"""

from __future__ import annotations

import asyncio
import heapq
from typing import Protocol

from sockbench import link
from sockbench.clock import text
from sockbench.errors import Expired, StrayFrame
from sockbench.faults import Channel, Faults
from sockbench.frame import Frame
from sockbench.packets import Packet
from sockbench.patterns import Pattern, Predicate, describe, matcher
from sockbench.peers import Host

BOARD_IP = "10.0.0.1"
BOARD_MAC = "02:00:00:00:00:01"
PEER_IP = "10.0.0.2"
ETHERNET = 0
# IEEE 802.3: 64 bytes with the FCS, which does not travel here.
SHORTEST = 60
SHOWN = 12


class Handler(Protocol):
    """Somebody on the wire: a host, or anything that acts on frames of the board."""

    def receive(self, frame: bytes) -> bool:
        """Act on a frame, now; return whether it is accounted for."""

    def close(self) -> None:
        """Cancel every timer, without a word."""


class FaultSettings:
    """The faults of both directions; assign a `Faults` to either."""

    def __init__(self, seed: int) -> None:
        self._to = Channel(f"{seed} to the board")
        self._from = Channel(f"{seed} from the board")

    @property
    def to_board(self) -> Faults:
        return self._to.faults

    @to_board.setter
    def to_board(self, faults: Faults) -> None:
        self._to.faults = _checked(faults)

    @property
    def from_board(self) -> Faults:
        return self._from.faults

    @from_board.setter
    def from_board(self, faults: Faults) -> None:
        self._from.faults = _checked(faults)


class Ways(Protocol):
    """What the wire needs of its bench: the time, a way to the board, and somebody who writes things down."""

    now: int

    def schedule(self, at: int, kind: int, port: int, payload: bytes) -> None:
        """Let the link do something at `at`."""

    def crossed(self, frame: Frame) -> None:
        """Write down a frame that crosses."""


class Wire:
    """The Ethernet segment that the board is on."""

    def __init__(self, ways: Ways, loop: asyncio.AbstractEventLoop, *, seed: int) -> None:
        self._ways = ways
        self._loop = loop
        self._seed = seed
        self.frames: list[Frame] = []
        self.faults = FaultSettings(seed)
        self._handlers: list[tuple[str, Handler]] = []
        self._ignored: list[Predicate] = []
        self._unclaimed: list[Frame] = []
        self._watchers: list[tuple[Predicate, asyncio.Future[Frame], bool]] = []
        self._coming: list[tuple[int, int, Frame]] = []
        self._sequence = 0
        self.peer = self.host(ip=PEER_IP)

    def host(self, ip: str, mac: str | None = None, *, ip6: str | None = None) -> Host:
        """Return a further host on the wire; its MAC ends in the last number of its address unless given."""
        number = int(ip.rsplit(".", 1)[1])
        host = Host(
            ip,
            mac if mac is not None else f"02:00:00:00:00:{number:02x}",
            send=self._send_bytes,
            loop=self._loop,
            ip6=ip6,
            neighbours={BOARD_IP: BOARD_MAC},
            seed=self._seed,
        )
        self.attach(ip, host)
        return host

    def attach(self, name: str, handler: Handler) -> None:
        """Let somebody act on every frame that leaves the board from now on."""
        self._handlers.append((name, handler))

    def send(self, frame: Packet | bytes, at: int | None = None, pad: bool = True) -> None:
        """Send a frame to the board, now or at a virtual time."""
        if not isinstance(frame, (Packet, bytes, bytearray)):
            raise TypeError(f"a frame is a Scapy packet or bytes, not {frame!r}")
        data = bytes(frame)
        if pad and len(data) < SHORTEST:
            data = data.ljust(SHORTEST, b"\0")
        self._send_bytes(data, at)

    async def expect(self, pattern: Pattern | None = None, *, within: int) -> Frame:
        """Return the first frame of the board that matches and account for it; raise Expired after `within`."""
        __tracebackhide__ = True
        _check_time("within", within)
        matches = matcher(pattern)
        for frame in self._unclaimed:
            if matches(frame):
                self._unclaimed.remove(frame)
                frame.claimed_by = "expect"
                return frame
        started = self._ways.now
        found = await self._watch(matches, within, claims=True)
        if found is None:
            raise Expired(
                f"wanted {describe(pattern)} within {text(within)} from {text(started)}; {self._seen(started)}"
            )
        return found

    async def expect_none(self, pattern: Pattern | None = None, *, for_: int) -> None:
        """Let `for_` pass and raise AssertionError at the first frame of the board that matches."""
        __tracebackhide__ = True
        _check_time("for_", for_)
        matches = matcher(pattern)
        started = self._ways.now
        found = next((frame for frame in self._unclaimed if matches(frame)), None)
        if found is None:
            found = await self._watch(matches, for_, claims=False)
        if found is not None:
            wanted = "nothing at all" if pattern is None else f"no {describe(pattern)}"
            raise AssertionError(f"wanted {wanted} for {text(for_)} from {text(started)}; saw {found!r}")

    def ignore(self, pattern: Pattern | None = None) -> None:
        """Account for every frame that matches, past and future."""
        matches = matcher(pattern)
        self._ignored.append(matches)
        remaining = []
        for frame in self._unclaimed:
            if matches(frame):
                frame.claimed_by = "ignore"
            else:
                remaining.append(frame)
        self._unclaimed = remaining

    # What the bench calls.

    def transmitted(self, port: int, data: bytes) -> None:
        """Take a frame that leaves the board now."""
        now = self._ways.now
        channel = self.faults._from
        copies = channel.carry(data, now)
        if not copies:
            frame = Frame(now, port, True, data, "lost")
            frame.claimed_by = "fault"
            self._log(frame)
            return
        for copy in copies:
            frame = Frame(now, port, True, copy.data, copy.fate)
            self._log(frame)
            if copy.at <= now:
                self._arrived(frame)
            else:
                self._loop.call_at(copy.at, self._arrived, frame)

    def passed(self) -> None:
        """Log the frames to the board whose time has come."""
        coming, now = self._coming, self._ways.now
        while coming and coming[0][0] <= now:
            self._append(heapq.heappop(coming)[2])

    def claim_all(self, who: str) -> None:
        """Account for every frame so far."""
        for frame in self._unclaimed:
            frame.claimed_by = who
        self._unclaimed.clear()

    def check(self) -> None:
        """Raise StrayFrame if a frame is left that nobody accounts for."""
        __tracebackhide__ = True
        if self._unclaimed:
            shown = "".join(f"\n    {frame!r}" for frame in self._unclaimed[:SHOWN])
            raise StrayFrame(f"frames that nobody accounted for ({len(self._unclaimed)}):{shown}")

    def fail(self, error: BaseException) -> None:
        """Let everybody who waits for a frame have that error."""
        for _, future, _ in self._watchers:
            if not future.done():
                future.set_exception(error)

    def close(self) -> None:
        """End every host."""
        for _, handler in self._handlers:
            handler.close()

    def _send_bytes(self, data: bytes, at: int | None) -> None:
        if not 1 <= len(data) <= link.FRAME_MAX:
            raise ValueError(f"a frame has 1 to {link.FRAME_MAX} bytes, not {len(data)}")
        now = self._ways.now
        start = now if at is None or at < now else at
        copies = self.faults._to.carry(data, start)
        if not copies:
            lost = Frame(start, ETHERNET, False, data, "lost")
            lost.claimed_by = "fault"
            self._log(lost)
        for copy in copies:
            frame = Frame(copy.at, ETHERNET, False, copy.data, copy.fate)
            frame.claimed_by = "sender"
            self._ways.schedule(copy.at, link.FRAME, ETHERNET, copy.data)
            self._log(frame)

    def _log(self, frame: Frame) -> None:
        if frame.at <= self._ways.now:
            self._append(frame)
        else:
            self._sequence += 1
            heapq.heappush(self._coming, (frame.at, self._sequence, frame))

    def _append(self, frame: Frame) -> None:
        self.frames.append(frame)
        self._ways.crossed(frame)

    def _arrived(self, frame: Frame) -> None:
        """Show a frame of the board to everybody on the wire."""
        data = frame.data
        for name, handler in self._handlers:
            if handler.receive(data) and not frame.claimed_by:
                frame.claimed_by = name
        if "corrupted" in frame.fate and not frame.claimed_by:
            frame.claimed_by = "fault"
        if not frame.claimed_by and any(matches(frame) for matches in self._ignored):
            frame.claimed_by = "ignore"
        for matches, future, claims in self._watchers:
            if not future.done() and matches(frame):
                future.set_result(frame)
                if claims:
                    frame.claimed_by = frame.claimed_by or "expect"
        if not frame.claimed_by:
            self._unclaimed.append(frame)

    async def _watch(self, matches: Predicate, duration: int, *, claims: bool) -> Frame | None:
        future: asyncio.Future[Frame] = self._loop.create_future()
        entry = (matches, future, claims)
        self._watchers.append(entry)
        timer = self._loop.call_at(self._ways.now + duration, _cancel, future)
        try:
            return await future
        except _Passed:
            return None
        finally:
            timer.cancel()
            self._watchers.remove(entry)

    def _seen(self, since: int) -> str:
        seen = [frame for frame in self.frames if frame.at >= since and frame.outgoing]
        shown = seen or [frame for frame in self.frames if frame.outgoing]
        if not shown:
            return "the board has sent nothing at all"
        lines = "".join(f"\n    {frame!r}" for frame in shown[-SHOWN:])
        return ("the board sent" if seen else "the board sent nothing since; before:") + lines


class _Passed(Exception):
    """The time of a watcher is over."""


def _cancel(future: asyncio.Future[Frame]) -> None:
    if not future.done():
        future.set_exception(_Passed())


def _checked(faults: Faults) -> Faults:
    if not isinstance(faults, Faults):
        raise TypeError(f"the wire's faults are a Faults, not {faults!r}")
    return faults


def _check_time(name: str, duration: int) -> None:
    if isinstance(duration, bool) or not isinstance(duration, int) or duration < 0:
        raise ValueError(f"{name}= is a number of nanoseconds, not {duration!r}")
