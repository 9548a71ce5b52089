# SPDX-License-Identifier: GPL-2.0-or-later
"""A bench without a board for the air: access points and stations of the harness, and a scripted NIC.

`Nic` is what a test says in the board's place: management and data frames of its making, by the
link's own messages, so that accounting and the layout on the link are the real ones.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from sockbench.air import AccessPoint, Air, Station, frames
from sockbench.air.frame import BEACONS, DECLARATION, FRAME, LINK_HEADER, PORT
from sockbench.clock import SEC
from sockbench.peers.address import mac_bytes

from ..core.fake import FakeBoard, bench

T = TypeVar("T")
SSID, PASSWORD = "net", "a passphrase"
NIC_MAC = "02:00:00:00:00:81"


class World:
    """A bench with the interface wifi; time begins at 1 us."""

    def __init__(self) -> None:
        self.board = FakeBoard()
        self.bench = bench(self.board, interface="wifi")
        self.air: Air = self.bench.air
        self.nic = Nic(self.board)

    @property
    def now(self) -> int:
        return self.bench.now

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and check what it left behind."""
        result = self.bench.run(work)
        self.bench.check()
        return result

    def wpa2(self, **options: Any) -> AccessPoint:
        """Return an access point with WPA2."""
        return self.air.access_point(SSID, PASSWORD, **options)

    async def joined(self, ap: AccessPoint, **options: Any) -> Station:
        """Return a station that has joined it."""
        station = self.air.station()
        password = ap.password
        await station.join(ap.ssid, password, within=20 * SEC, **options)
        return station


class Nic:
    """The board's NIC as a script."""

    def __init__(self, board: FakeBoard) -> None:
        self._board = board
        self.address = mac_bytes(NIC_MAC)
        # Frames and declarations that reached the NIC: (time, channel, payload).
        self.heard: list[tuple[int, int, bytes]] = []
        self.declared: list[bytes] = []
        board.on_frame = self._frame

    def say(self, at: int, mpdu: bytes, *, channel: int = 6) -> None:
        """Let a frame leave the board."""
        self._board.transmit(at, LINK_HEADER.pack(FRAME, channel, 20, frames.LOWEST_RATE) + mpdu, PORT)

    def declare(self, at: int, beacon: bytes, *, first: int, channel: int = 6) -> None:
        """Let the board declare beacons."""
        head = LINK_HEADER.pack(BEACONS, channel, 20, frames.LOWEST_RATE) + DECLARATION.pack(first, 102_400, 0)
        self._board.transmit(at, head + beacon, PORT)

    def management(self, kind: int, receiver: bytes, body: bytes = b"", bssid: bytes | None = None) -> bytes:
        """Return a management frame of the NIC."""
        return frames.header(kind, 0, receiver, self.address, bssid or receiver, 0x10) + body

    def data(self, bssid: bytes, ethernet: bytes, flags: int = frames.TO_DS) -> bytes:
        """Return a data frame of the NIC, not encrypted."""
        body = frames.llc_body(ethernet)
        assert body is not None
        return frames.header(frames.DATA, flags, bssid, self.address, ethernet[:6], 0x20) + body

    def auth(self, bssid: bytes) -> bytes:
        """Return an Authentication request."""
        return self.management(frames.AUTH, bssid, frames.auth_body(frames.AuthBody(0, 1, 0)))

    def assoc(self, bssid: bytes, ssid: bytes, extra: bytes = b"", *, capability: int = frames.ESS) -> bytes:
        """Return an Association Request."""
        body = capability.to_bytes(2, "little") + b"\x0a\x00" + frames.element(frames.SSID, ssid)
        return self.management(
            frames.ASSOC_REQ, bssid, body + frames.element(frames.RATES, frames.RATES_BODY) + extra
        )  # fmt: skip

    def _frame(self, port: int, payload: bytes) -> None:
        if port == PORT and payload[0] == FRAME:
            self.heard.append((self._board.now, payload[1], payload[LINK_HEADER.size :]))
        elif port == PORT:
            self.declared.append(payload)
