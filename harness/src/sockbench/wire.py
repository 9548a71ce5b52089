# SPDX-License-Identifier: GPL-2.0-or-later
"""The wire of one case: what crosses it, who accounts for it, what befalls it, and the hosts on it.

Every frame that leaves the board has to be accounted for: by a host that handled it, by an `expect`
that returned it, by `ignore`, or by the fault that swallowed it. What remains fails the case.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from sockbench import link
from sockbench.accounting import Accounted, Accounts
from sockbench.faults import Carried, FaultSettings
from sockbench.frame import Frame
from sockbench.packets import Packet
from sockbench.patterns import Pattern, describe, matcher
from sockbench.peers import Gateway, Host

BOARD_IP = "10.0.0.1"
BOARD_MAC = "02:00:00:00:00:01"
PEER_IP = "10.0.0.2"
GATEWAY_IP, FAR_IP = "10.0.0.254", "10.0.1.254"
ETHERNET, WIFI = 0, 1
# IEEE 802.3: 64 bytes with the FCS, which does not travel here.
SHORTEST = 60


class Handler(Protocol):
    """Somebody on the wire: a host, or anything that acts on frames of the board."""

    def receive(self, frame: bytes) -> bool:
        """Act on a frame, now; return whether it is accounted for."""

    def close(self) -> None:
        """Cancel every timer, without a word."""


class Bridge(Protocol):
    """The access points that join the wire with the air."""

    def reaches(self, destination: bytes) -> bool:
        """Return whether one of their stations has that address, or any is there for a group address."""

    def forward(self, frame: bytes) -> None:
        """Let the stations concerned have a frame of the wire, now."""


class Ways(Protocol):
    """What the wire needs of its bench: the time, a way to the board, and somebody who writes things down."""

    now: int

    def schedule(self, at: int, kind: int, port: int, payload: bytes) -> None:
        """Let the link do something at `at`."""

    def crossed(self, frame: Frame) -> None:
        """Write down a frame that crosses."""


class Wire(Accounted[Frame]):
    """The Ethernet segment that the board is on."""

    def __init__(self, ways: Ways, loop: asyncio.AbstractEventLoop, *, seed: int) -> None:
        self._ways = ways
        self._loop = loop
        self._seed = seed
        self._accounts = Accounts(ways, loop)
        self.frames = self._accounts.frames
        self.faults = FaultSettings(seed)
        # Whether the board's Ethernet port is on this segment.
        self.cable = True
        # Where the board is on this segment, as text.
        self.board_mac = BOARD_MAC
        self._bridge: Bridge | None = None
        self._handlers: list[tuple[str, Handler]] = []
        self._hosts: list[Host] = []
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
            neighbours={BOARD_IP: self.board_mac},
            seed=self._seed,
        )
        self._hosts.append(host)
        self.attach(ip, host)
        return host

    def gateway(self, ip: str = GATEWAY_IP, *, far_ip: str = FAR_IP, mac: str | None = None) -> Gateway:
        """Return a router on the wire with a subnet behind it; hosts are put there by its `host`."""
        number = int(ip.rsplit(".", 1)[1])
        made = Gateway(
            ip,
            mac if mac is not None else f"02:00:00:00:00:{number:02x}",
            far_ip=far_ip,
            send=self._send_bytes,
            loop=self._loop,
            seed=self._seed,
        )
        made.near.arp.know(BOARD_IP, self.board_mac)
        self._hosts.append(made.near)
        self.attach(ip, made)
        return made

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
        return await self._accounts.expect(matcher(pattern), describe(pattern), within)

    async def expect_none(self, pattern: Pattern | None = None, *, for_: int) -> None:
        """Let `for_` pass and raise AssertionError at the first frame of the board that matches."""
        __tracebackhide__ = True
        unwanted = "nothing at all" if pattern is None else f"no {describe(pattern)}"
        await self._accounts.expect_none(matcher(pattern), unwanted, for_)

    def ignore(self, pattern: Pattern | None = None) -> None:
        """Account for every frame that matches, past and future."""
        self._accounts.ignore(matcher(pattern))

    # What the bench and the access points call.

    def join(self, bridge: Bridge) -> None:
        """Let frames for stations go through access points from now on."""
        self._bridge = bridge

    def board_is(self, mac: str) -> None:
        """Take that address for the board's: every host knows it without asking."""
        if mac != self.board_mac:
            self.board_mac = mac
            for host in self._hosts:
                host.arp.know(BOARD_IP, mac)

    def transmitted(self, port: int, data: bytes, by: str = "") -> None:
        """Take a frame that leaves the board now; `by` names a station that is not the board, and accounts for it."""
        now = self._ways.now
        copies = self.faults.from_board_channel.carry(data, now)
        if not copies:
            frame = Frame(now, port, True, data, "lost")
            frame.claimed_by = "fault"
            self._accounts.log(frame)
            return
        for copy in copies:
            frame = Frame(now, port, True, copy.data, copy.fate)
            frame.claimed_by = by
            self._accounts.log(frame)
            if copy.at <= now:
                self._arrived(frame)
            else:
                self._loop.call_at(copy.at, self._arrived, frame)

    def close(self) -> None:
        """End every host."""
        for _, handler in self._handlers:
            handler.close()

    def _send_bytes(self, data: bytes, at: int | None) -> None:
        if not 1 <= len(data) <= link.FRAME_MAX:
            raise ValueError(f"a frame has 1 to {link.FRAME_MAX} bytes, not {len(data)}")
        now = self._ways.now
        start = now if at is None or at < now else at
        copies = self.faults.to_board_channel.carry(data, start)
        if not copies:
            lost = Frame(start, ETHERNET, False, data, "lost")
            lost.claimed_by = "fault"
            self._accounts.log(lost)
        for copy in copies:
            if self._bridge is not None and copy.at > now:
                self._loop.call_at(copy.at, self._to_board, copy)
            else:
                self._to_board(copy)

    def _to_board(self, copy: Carried) -> None:
        """Let a frame reach the board by the way that leads there, at its time."""
        bridge = self._bridge
        by_air = bridge is not None and bridge.reaches(copy.data[:6])
        # A switch: what is for a station is not heard on the cable, what is for a group is heard by all.
        by_cable = self.cable and not (by_air and not copy.data[0] & 1)
        frame = Frame(copy.at, WIFI if by_air and not by_cable else ETHERNET, False, copy.data, copy.fate)
        frame.claimed_by = "sender"
        if by_cable:
            self._ways.schedule(copy.at, link.FRAME, ETHERNET, copy.data)
        elif not by_air:
            frame.fate = "unreachable"
        self._accounts.log(frame)
        if bridge is not None and by_air:
            bridge.forward(copy.data)

    def _arrived(self, frame: Frame) -> None:
        """Show a frame of the board to everybody on the wire."""
        data = frame.data
        for name, handler in self._handlers:
            if handler.receive(data) and not frame.claimed_by:
                frame.claimed_by = name
        if "corrupted" in frame.fate and not frame.claimed_by:
            frame.claimed_by = "fault"
        self._accounts.arrived(frame)
