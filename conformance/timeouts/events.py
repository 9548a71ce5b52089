"""A method that waits, what would end its wait, and the tick at which its timeout does.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from typing import Any

from scapy.layers.inet import TCP
from sockbench import MS, US, Call, answer

from conformance.scenes import DEVICE, TICK, blocked, data_of, would_block

# A call starts on the device some time after it was made: the request's way through the agent, which depends a little
# on the method. It is measured by another call, so a start within this much of a tick cannot be foretold.
UNSURE = 30 * US


class Wait:
    """A socket of the scene NAME of conformance/scenes.py, and what would end its wait."""

    def __init__(self, name: str, scene: Any, wire: Any) -> None:
        self.name = name
        self.sock = scene.sock
        self._scene = scene
        self._wire = wire
        self._request = 0

    async def settimeout(self, bench: Any, timeout: int | None) -> None:
        """Set it, and measure how long a request takes to the device."""
        made_at = bench.now
        setting = self.sock.settimeout(timeout)
        await setting
        self._request = setting.started_at - made_at

    async def reach_phase(self, bench: Any, phase: int) -> int:
        """Let time pass until a call would start PHASE nanoseconds after a tick of the device; return that start."""
        await asyncio.sleep(2 * TICK + phase - (bench.now + self._request) % TICK)
        start: int = bench.now + self._request
        return start

    def start(self) -> Call:
        """Return the call that waits."""
        call: Call = self._scene.start()
        return call

    async def end(self) -> None:
        """Let happen what the call waits for, at once; the answer to a SYN not before the SYN."""
        far = self._scene.far
        if self.name == "accept":
            self._wire.peer.tcp.connect(80, sport=4000)
        elif self.name == "connect":
            syns = [frame for frame in self._wire.frames if frame.tcp is not None and frame.tcp.flags == "S"]
            syn = syns[-1] if syns else await self._wire.expect(TCP(dport=81, flags="S"), within=1 * MS)
            self._wire.send(answer(syn, flags="SA", seq=1000))
        elif self.name in ("send", "sendall"):
            far.silent = False
            far.acknowledge()
        elif self.name.startswith("tcp"):
            far.send(b"0123456789")
        else:
            far.send(b"in time", to=(DEVICE, 5000))

    def check(self, result: Any) -> None:
        """Assert that RESULT is what the method returns at that."""
        if self.name == "accept":
            assert result[1] == (self._wire.peer.ip, 4000)
        elif self.name in ("connect", "sendall"):
            assert result is None
        elif self.name == "send":
            assert result == 4
        elif self.name.startswith("tcp"):
            assert result in (b"0123456789", 10)
        else:
            assert data_of(self.name, result) in (b"in time", 7)

    async def happens_once(self) -> None:
        """Assert that nothing is left of it: it was for one call."""
        if self.name == "accept" or "recv" in self.name:
            await self.sock.settimeout(0)
            await would_block(self.start())

    async def happens_later(self) -> None:
        """Assert that what came too late for one call is there for the next."""
        await self.sock.settimeout(1000)
        call = self.start()
        if self.name == "connect":
            # The answer to an attempt that was given up is worth nothing: this one gets its own.
            await asyncio.sleep(1 * MS)
            await self.end()
        self.check(await call)


async def wait_of(name: str, target: Any, wire: Any) -> Wait:
    """Return the wait of that scene."""
    wire.ignore(TCP(flags="R"))
    return Wait(name, await blocked(name, target, wire), wire)


def tick_after(started_at: int, timeout: int) -> int:
    """Return the tick that ends a call with a TIMEOUT in milliseconds: the first at or after all of it."""
    return -(-(started_at + timeout * MS) // TICK) * TICK
