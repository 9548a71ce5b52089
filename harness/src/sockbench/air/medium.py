# SPDX-License-Identifier: GPL-2.0-or-later
"""The medium: what crosses the air, who hears it, who accounts for it, and what befalls it.

Port 1 of the link (docs/link-protocol.md). Nodes of the harness, and the board, hear what is sent on
their channel, in the instant in which it is sent and in the order in which it is sent. Every frame
of the board has to be accounted for, as on the wire.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from sockbench import link
from sockbench.accounting import Accounted, Accounts
from sockbench.air import frames
from sockbench.air.frame import BEACONS, DECLARATION, FRAME, LINK_HEADER, NO_MORE_BEACONS, PORT, AirFrame
from sockbench.air.patterns import Pattern, describe, matcher
from sockbench.errors import LinkBroken
from sockbench.faults import FaultSettings
from sockbench.packets import Packet
from sockbench.peers.address import mac_bytes

CHANNELS = range(1, 14)
DEFAULT_CHANNEL = 6
DEFAULT_RSSI = -40
TU_US = 1024


class Node(Protocol):
    """Somebody on the air."""

    @property
    def channel(self) -> int:
        """What it listens to; 0 is nothing."""

    def hear(self, frame: AirFrame) -> bool:
        """Act on a frame, now; return whether it is accounted for."""

    def declared(self, declaration: Declaration) -> None:
        """Take note of beacons that somebody declares now."""

    def close(self) -> None:
        """Cancel every timer, without a word."""


class Ways(Protocol):
    """What the medium needs of its bench."""

    now: int

    def schedule(self, at: int, kind: int, port: int, payload: bytes) -> None:
        """Let the link do something at `at`."""

    def crossed(self, frame: AirFrame) -> None:
        """Write down a frame that crosses."""


@dataclass(frozen=True)
class Declaration:
    """Beacons that a BSSID sends: at first + k * interval, as long as they are declared."""

    mpdu: bytes
    channel: int
    rssi: int
    first: int
    interval_us: int

    @property
    def interval(self) -> int:
        """The interval in nanoseconds."""
        return self.interval_us * 1000

    def after(self, at: int) -> int:
        """Return when the first beacon at or after `at` is sent."""
        return self.first + max(0, -((self.first - at) // self.interval)) * self.interval

    def sent(self, at: int) -> bytes:
        """Return the beacon of that time: the timestamp is the time in microseconds."""
        return self.mpdu[:24] + (at // 1000).to_bytes(8, "little") + self.mpdu[32:]


class Medium(Accounted[AirFrame]):
    """What crosses; `Air` adds who is there."""

    def __init__(self, ways: Ways, loop: asyncio.AbstractEventLoop, *, seed: int) -> None:
        self._ways = ways
        self._loop = loop
        self._seed = seed
        self._accounts = Accounts(ways, loop, " on air")
        self.frames = self._accounts.frames
        # What the FCS finds is no frame at all.
        self.faults = FaultSettings(seed, ", by air", lambda data, place: None)
        # What is declared now, by BSSID.
        self.beacons: dict[bytes, Declaration] = {}
        self._nodes: list[tuple[str, Node]] = []
        # What nodes still have to hear, in order: a node that answers must not be overtaken by itself.
        self._spoken: deque[tuple[Node | None, AirFrame]] = deque()
        self._speaking = False

    @property
    def now(self) -> int:
        """Virtual time."""
        return self._ways.now

    def attach(self, name: str, node: Node) -> None:
        """Let somebody hear everything that is sent on its channel from now on."""
        self._nodes.append((name, node))

    def send(
        self,
        frame: Packet | bytes,
        *,
        channel: int = DEFAULT_CHANNEL,
        rssi: int = DEFAULT_RSSI,
        rate: int = frames.LOWEST_RATE,
        at: int | None = None,
    ) -> None:
        """Send a frame of your making to everybody on that channel, now or at a virtual time."""
        if not isinstance(frame, (Packet, bytes, bytearray)):
            raise TypeError(f"a frame is a Scapy packet or bytes, not {frame!r}")
        data = bytes(frame)
        if not 1 <= len(data) <= link.FRAME_MAX - LINK_HEADER.size:
            raise ValueError(f"a frame has 1 to {link.FRAME_MAX - LINK_HEADER.size} bytes, not {len(data)}")
        if at is not None and at > self._ways.now:
            self._loop.call_at(at, lambda: self.transmit(None, data, channel=channel, rssi=rssi, rate=rate))
        else:
            self.transmit(None, data, channel=channel, rssi=rssi, rate=rate)

    def transmit(
        self, sender: Node | None, mpdu: bytes, *, channel: int, rssi: int, rate: int, plain: bytes | None = None
    ) -> None:
        """Let a node's frame cross, now; `plain` is what it was before encryption."""
        now = self._ways.now
        copies = self.faults.to_board_channel.carry(mpdu, now)
        if not copies:
            lost = AirFrame(now, False, mpdu, channel=channel, rssi=rssi, rate=rate, plain=plain, fate="lost")
            lost.claimed_by = "fault"
            self._accounts.log(lost)
        for copy in copies:
            frame = AirFrame(copy.at, False, mpdu, channel=channel, rssi=rssi, rate=rate, plain=plain, fate=copy.fate)
            frame.claimed_by = "sender"
            self._ways.schedule(copy.at, link.FRAME, PORT, frame.wire())
            self._accounts.log(frame)
        if len(self._nodes) > 1:
            self._speak(sender, AirFrame(now, False, mpdu, channel=channel, rssi=rssi, rate=rate))

    def declare(
        self, beacon: Packet | bytes, *, channel: int = DEFAULT_CHANNEL, rssi: int = DEFAULT_RSSI,
        interval_us: int = 100 * TU_US, at: int | None = None,
    ) -> None:  # fmt: skip
        """Let the beacon's BSSID send it from now, or from a virtual time on, every `interval_us`."""
        first = self._ways.now if at is None else at
        self.declare_as(Declaration(bytes(beacon), channel, rssi, first, interval_us))

    def declare_as(self, declaration: Declaration) -> None:
        """Replace what that BSSID declared before."""
        mpdu = declaration.mpdu
        head = LINK_HEADER.pack(BEACONS, declaration.channel, declaration.rssi, frames.LOWEST_RATE)
        payload = head + DECLARATION.pack(declaration.first, declaration.interval_us, 0) + mpdu
        self.beacons[mpdu[16:22]] = declaration
        self._declared(False, declaration, payload)
        self._ways.schedule(self._ways.now, link.FRAME, PORT, payload)

    def withdraw(self, bssid: str) -> None:
        """Let that BSSID send no more beacons."""
        address = mac_bytes(bssid)
        declaration = self.beacons.pop(address, None)
        if declaration is None:
            return
        payload = LINK_HEADER.pack(NO_MORE_BEACONS, declaration.channel, declaration.rssi, 0) + address + bytes(2)
        self._declared(False, declaration, payload)
        self._ways.schedule(self._ways.now, link.FRAME, PORT, payload)

    async def expect(self, pattern: Pattern | None = None, *, within: int) -> AirFrame:
        """Return the first frame of the board that matches and account for it; raise Expired after `within`."""
        __tracebackhide__ = True
        return await self._accounts.expect(matcher(pattern), describe(pattern), within)

    async def expect_none(self, pattern: Pattern | None = None, *, for_: int) -> None:
        """Let `for_` pass and raise AssertionError at the first frame of the board that matches."""
        __tracebackhide__ = True
        unwanted = "nothing at all" if pattern is None else f"no {describe(pattern)}"
        await self._accounts.expect_none(matcher(pattern), unwanted, for_)

    def ignore(self, pattern: Pattern | None = None) -> None:
        """Account for every frame that matches, past and future."""
        self._accounts.ignore(matcher(pattern))

    # What the bench calls.

    def transmitted(self, payload: bytes) -> None:
        """Take what the board sends now."""
        if len(payload) < LINK_HEADER.size:
            raise LinkBroken(f"{len(payload)} bytes came from the air, where everything has a header")
        kind, channel, rssi, rate = LINK_HEADER.unpack_from(payload)
        if kind == FRAME:
            self._heard(payload[LINK_HEADER.size :], channel, rssi, rate)
        elif kind == BEACONS and len(payload) >= LINK_HEADER.size + DECLARATION.size + 36:
            first, interval_us, _ = DECLARATION.unpack_from(payload, LINK_HEADER.size)
            mpdu = payload[LINK_HEADER.size + DECLARATION.size :]
            if not interval_us:
                raise LinkBroken("the board declared beacons without an interval")
            declaration = Declaration(mpdu, channel, rssi, first, interval_us)
            self.beacons[mpdu[16:22]] = declaration
            self._declared(True, declaration, payload)
        elif kind == NO_MORE_BEACONS and len(payload) >= LINK_HEADER.size + 6:
            ended = self.beacons.pop(payload[LINK_HEADER.size : LINK_HEADER.size + 6], None)
            if ended is not None:
                self._declared(True, ended, payload)
        else:
            raise LinkBroken(f"{len(payload)} bytes of kind {kind} came from the air, which has no such thing")

    def close(self) -> None:
        """End every node."""
        for _, node in self._nodes:
            node.close()

    def _heard(self, mpdu: bytes, channel: int, rssi: int, rate: int) -> None:
        now = self._ways.now
        copies = self.faults.from_board_channel.carry(mpdu, now)
        if not copies:
            lost = AirFrame(now, True, mpdu, channel=channel, rssi=rssi, rate=rate, fate="lost")
            lost.claimed_by = "fault"
            self._accounts.log(lost)
        for copy in copies:
            frame = AirFrame(now, True, mpdu, channel=channel, rssi=rssi, rate=rate, fate=copy.fate)
            self._accounts.log(frame)
            if copy.at <= now:
                self._speak(None, frame)
            else:
                self._loop.call_at(copy.at, self._speak, None, frame)

    def _speak(self, sender: Node | None, frame: AirFrame) -> None:
        """Let everybody hear a frame after all that was said before; what answers say comes after it."""
        self._spoken.append((sender, frame))
        if self._speaking:
            return
        self._speaking = True
        try:
            while self._spoken:
                self._arrived(*self._spoken.popleft())
        finally:
            self._speaking = False
            self._spoken.clear()

    def _arrived(self, sender: Node | None, frame: AirFrame) -> None:
        channel = frame.channel
        for name, node in self._nodes:
            if node is not sender and node.channel == channel and node.hear(frame) and not frame.claimed_by:
                frame.claimed_by = name
        if not frame.outgoing:
            return
        if not frame.claimed_by:
            frame.claimed_by = self._excuse(frame)
        self._accounts.arrived(frame)

    def _excuse(self, frame: AirFrame) -> str:
        """Return who accounts for a frame that no node did."""
        # Its packet number may have been overtaken, or be there for the second time.
        if frame.fate:
            return "fault"
        # Who looks for networks asks on every channel, whether somebody is there or not.
        is_search = frame.data[:1] == bytes([frames.PROBE_REQ]) and frame.data[4:10] == frames.BROADCAST
        return "search" if is_search else ""

    def _declared(self, outgoing: bool, declaration: Declaration, payload: bytes) -> None:
        now = self._ways.now
        mpdu = declaration.sent(declaration.after(now))
        frame = AirFrame(now, outgoing, mpdu, channel=declaration.channel, rssi=declaration.rssi,
                         rate=frames.LOWEST_RATE, declared=payload)  # fmt: skip
        frame.claimed_by = "declaration" if outgoing else "sender"
        self._accounts.log(frame)
        if mpdu[16:22] in self.beacons:
            for _, node in self._nodes:
                node.declared(declaration)

