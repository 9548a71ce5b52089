# SPDX-License-Identifier: GPL-2.0-or-later
"""The bench of one case: the board and its world, from power-on to verdict.

Owns virtual time: `advance`, which the loop calls when nobody has anything to do, is the only place
where the board runs. What crosses the link is handed to the wire or the target from here, and
written into timeline and trace.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol, TypeVar

from sockbench import link
from sockbench.air.air import HOME_PASSWORD, HOME_SSID, Air
from sockbench.air.frame import PORT as AIR
from sockbench.air.frame import AirFrame
from sockbench.clock import HOUR
from sockbench.errors import BenchError, TargetDied
from sockbench.frame import Frame
from sockbench.link import Event, Message
from sockbench.loop import VirtualLoop
from sockbench.peers import can
from sockbench.target import Target
from sockbench.tasks import Tasks
from sockbench.timeline import API, BOARD, CONSOLE, FAULT, FRAME, LOST, Timeline, Trace
from sockbench.wire import BOARD_IP, GATEWAY_IP, Wire

DEADLINE = 24 * HOUR
ETHERNET, WIFI = INTERFACES = ("eth", "wifi")
PORTS = {ETHERNET: 0, WIFI: AIR}
NETMASK = "255.255.255.0"
DROP_REASONS = {
    1: "the NIC cannot receive",
    2: "the link is down",
    3: "the mailbox is full",
    4: "no such port or fault",
}
EVENT_NAMES = {link.FRAME: "a frame", link.MESSAGE: "a message", link.FAULT: "a fault"}

T = TypeVar("T")


class LiveBoard(Protocol):
    """What a bench needs of a board; tests have scripted ones."""

    firmware_sha256: str

    @property
    def link(self) -> Any:
        """The link, for what comes over it without wanting a reply."""

    def fresh(self, seed: int) -> None:
        """Give a board in its state after power-on."""

    def exchange(self, wake: int, events: list[Event] | None = None) -> Message:
        """Let the board run until it says something."""

    def close(self) -> None:
        """End the board."""


class Bench:
    """One board, freshly reset, and its world."""

    def __init__(
        self, board: LiveBoard, *, seed: int, deadline: int = DEADLINE, interface: str = ETHERNET
    ) -> None:
        self.board = board
        self.seed = seed
        self.now = 0
        self.timeline = Timeline()
        self.trace = Trace()
        self.died: TargetDied | None = None
        self._events: list[Event] = []
        board.fresh(seed)
        board.link.note = self._noted
        self.loop = VirtualLoop(self, deadline)
        self.wire = Wire(self, self.loop, seed=seed)
        self.air = Air(self, self.loop, self.wire, seed=seed)
        self.can = can.CanBus(self, self.loop)
        self.target = Target(self, self.loop)
        self.target.network = self._network
        self.tasks = Tasks(self.loop)
        self.interface = interface

    @property
    def interface(self) -> str:
        """How the board is on the wire: "eth", by the cable, or "wifi", through access points."""
        return self._interface

    @interface.setter
    def interface(self, name: str) -> None:
        if name not in INTERFACES:
            raise ValueError(f"the board is on the wire by {' or '.join(INTERFACES)}, not {name!r}")
        self._interface = name
        self.target.interface = name
        self.wire.cable = name == ETHERNET
        if name == WIFI:
            self.wire.join(self.air)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on virtual time and return its result."""
        __tracebackhide__ = True
        return self.loop.run_until_complete(work)

    def boot(self) -> None:
        """Wait until the agent takes requests."""
        __tracebackhide__ = True
        self.run(self.target.boot())

    def bring_network_up(self) -> None:
        """Give the board its usual address; what it announces by that is accounted for."""
        __tracebackhide__ = True
        self.run(_ended(self.target.net_up(ip=BOARD_IP, mask=NETMASK, gw=GATEWAY_IP)))
        self.air.claim_all("net.up")
        self.wire.claim_all("net.up")

    async def idle(self, *, for_: int) -> None:
        """Let time pass."""
        await asyncio.sleep(for_)

    def inject(
        self, fault: int, count: int = 1, arg: int = 0, at: int | None = None, *, port: int | None = None
    ) -> None:
        """Arm a fault of the device on a port (that of the interface under test), now or at a virtual time."""
        port = PORTS[self._interface] if port is None else port
        when = self.now if at is None else max(at, self.now)
        payload = struct.pack("<III", fault, count, arg)
        self.schedule(when, link.FAULT, port, payload)
        self.trace.fault(when, port, payload)
        self.timeline.note(when, FAULT, f"fault {fault} on port {port}, {count} times, argument {arg}")

    def check(self) -> None:
        """Raise if the case left something behind: a failed task, a forgotten call, a stray frame."""
        __tracebackhide__ = True
        self.tasks.check()
        self.target.check()
        self.wire.check()
        self.air.check()
        self.can.check()

    def close(self, *, keep_board: bool) -> None:
        """End every task and host of the case, and the board unless it may serve another."""
        try:
            self.air.close()
            self.wire.close()
            tasks = sorted(asyncio.all_tasks(self.loop), key=hash)
            stubborn = self.loop.unwind(tasks)
            self.loop.close()
            if stubborn:
                raise BenchError(f"tasks that would not end when cancelled: {stubborn}")
        finally:
            if self.died is not None or not keep_board:
                self.board.close()

    # What the loop, the wire and the target call.

    def advance(self, until: int) -> None:
        """Let the board run until it has said something or it is `until`, whichever is first."""
        __tracebackhide__ = True
        if self.died is not None:
            raise self.died
        events = self._events
        if events:
            self._events = []
        kind, port, at, payload = self.board.exchange(until, events)
        self.now = at
        self.wire.passed()
        self.air.passed()
        self.can.passed()
        if kind == link.TX and port == AIR:
            self.air.transmitted(payload)
        elif kind == link.TX and port == can.PORT:
            self.can.transmitted(payload)
        elif kind == link.TX:
            self.wire.transmitted(port, payload)
        elif kind == link.MBOX:
            self.trace.message(at, True, payload)
            self.timeline.note(at, API, f"< {self.target.received(payload)}")
        elif kind == link.PANIC:
            self._end(TargetDied(f"the firmware panicked: {payload.decode('ascii', errors='replace').rstrip()}"))
        elif kind == link.EXIT:
            self._end(TargetDied(f"the firmware ended with status {int.from_bytes(payload[:4], 'little')}"))
        elif kind == link.HELLO:
            self._end(TargetDied("the firmware reset itself"))

    def schedule(self, at: int, kind: int, port: int, payload: bytes) -> None:
        """Let the link do something at `at`."""
        self._events.append((at, kind, port, payload))

    def request(self, data: bytes, shown: str) -> None:
        """Let a message reach the firmware now."""
        self._events.append((self.now, link.MESSAGE, 0, data))
        self.trace.message(self.now, False, data)
        self.timeline.note(self.now, API, f"> {shown}")

    def crossed(self, frame: Frame | AirFrame | can.CanFrame) -> None:
        """Write down a frame that crosses."""
        data = frame.data if isinstance(frame, Frame) else frame.wire()
        self.trace.frame(frame.at, frame.outgoing, frame.port, data)
        self.timeline.note(frame.at, FRAME, frame)

    def _network(self) -> dict[str, Any]:
        """Return what joins the interface under test to its network: the first access point, or the usual one."""
        if self._interface == ETHERNET:
            return {}
        if not self.air.access_points:
            self.air.access_point(HOME_SSID, HOME_PASSWORD)
        ap = self.air.ap
        if ap.password is None:
            return {"ssid": ap.ssid, "security": self.target.constants["WIFI_OPEN"]}
        return {"ssid": ap.ssid, "security": self.target.constants["WIFI_WPA2"], "password": ap.password}

    def _noted(self, kind: int, port: int, at: int, payload: bytes) -> None:
        if kind == link.LOG:
            for line in payload.decode("utf-8", errors="replace").splitlines():
                self.timeline.note(at, CONSOLE, line)
        else:
            reason, event = payload[:2] if len(payload) >= 2 else (0, 0)
            what = EVENT_NAMES.get(event, f"event {event}")
            self.timeline.note(at, LOST, f"{what} on port {port}: {DROP_REASONS.get(reason, f'reason {reason}')}")

    def _end(self, error: TargetDied) -> None:
        self.died = error
        self.timeline.note(self.now, BOARD, str(error))
        self.target.died(error)
        self.wire.fail(error)
        self.air.fail(error)
        self.can.fail(error)


async def _ended(call: Awaitable[T]) -> T:
    return await call
