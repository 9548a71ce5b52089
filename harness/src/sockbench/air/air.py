# SPDX-License-Identifier: GPL-2.0-or-later
"""The air of a bench: the medium, who is on it, and the bridge between access points and the wire."""

from __future__ import annotations

import asyncio
from typing import Protocol

from sockbench.air import frames
from sockbench.air.access_point import AccessPoint, check_channel, security_of, ssid_bytes
from sockbench.air.client import Client
from sockbench.air.frame import PORT
from sockbench.air.medium import DEFAULT_CHANNEL, DEFAULT_RSSI, Medium, Ways
from sockbench.air.profiles import HOSTAPD, Profile
from sockbench.air.station import Station

SHORTEST_ETHERNET = 60
HOME_SSID = "sockbench"
HOME_PASSWORD = "correct horse battery staple"


class Wire(Protocol):
    """What the air needs of the wire behind the access points."""

    def join(self, bridge: Air) -> None:
        """Let frames for stations go through access points from now on."""

    def board_is(self, mac: str) -> None:
        """Take that address for the board's."""

    def transmitted(self, port: int, data: bytes, by: str = "") -> None:
        """Take a frame that leaves the board, or a station `by`, now."""


class Air(Medium):
    """`bench.air`."""

    def __init__(self, ways: Ways, loop: asyncio.AbstractEventLoop, wire: Wire, *, seed: int) -> None:
        super().__init__(ways, loop, seed=seed)
        self._wire = wire
        self._stations = 0
        self.access_points: list[AccessPoint] = []
        # Through which access point data passes to a station.
        self._served: dict[bytes, tuple[AccessPoint, Client]] = {}

    @property
    def ap(self) -> AccessPoint:
        """The first access point; raise LookupError if there is none."""
        if not self.access_points:
            raise LookupError("there is no access point: air.access_point(...)")
        return self.access_points[0]

    def access_point(
        self,
        ssid: str | bytes = HOME_SSID,
        password: str | bytes | None = None,
        *,
        security: str | None = None,
        psk: bytes | None = None,
        bssid: str | None = None,
        channel: int = DEFAULT_CHANNEL,
        rssi: int = DEFAULT_RSSI,
        beacon_tu: int = 100,
        hidden: bool = False,
        max_stations: int | None = None,
        deny: tuple[str, ...] = (),
        profile: Profile = HOSTAPD,
    ) -> AccessPoint:
        """Return a new access point, whose beacons begin now; those of one SSID are one network."""
        number = len(self.access_points) + 1
        made = AccessPoint(
            self, self, self._loop, ssid=ssid_bytes(ssid), bssid=bssid or f"02:00:00:00:a0:{number:02x}",
            security=security_of(security, has_key=password is not None or psk is not None), password=password, psk=psk,
            channel=check_channel(channel), rssi=rssi, beacon_tu=beacon_tu, hidden=hidden, max_stations=max_stations,
            deny=deny, profile=profile, seed=self._seed,
        )  # fmt: skip
        if not self.access_points:
            self._wire.join(self)
        self.access_points.append(made)
        self.attach(made.bssid, made)
        return made

    def station(self, mac: str | None = None, *, rssi: int = DEFAULT_RSSI) -> Station:
        """Return a new station, which has joined nothing yet."""
        self._stations += 1
        made = Station(self, self._loop, mac=mac or f"02:00:00:00:b0:{self._stations:02x}", rssi=rssi, seed=self._seed)
        self.attach(made.mac, made)
        return made

    # The bridge to the wire.

    def reaches(self, destination: bytes) -> bool:
        """Return whether a station has that address, or any is there for a group address."""
        return bool(self._served) if destination[0] & 1 else destination in self._served

    def forward(self, frame: bytes) -> None:
        """Let the stations concerned have a frame of the wire, now."""
        if frame[0] & 1:
            for ap in self.access_points:
                ap.delivery.group(frame)
            return
        served = self._served.get(frame[:6])
        body = frames.llc_body(frame)
        if served is not None and body is not None:
            ap, client = served
            ap.delivery.unicast(client, frame[:6], frame[6:12], body)

    # What access points call.

    def arrived(self, ap: AccessPoint, client: Client) -> None:
        """Let data pass to and from a station."""
        self._served[client.address] = (ap, client)
        if client.from_board:
            self._wire.board_is(client.mac)

    def left(self, ap: AccessPoint, client: Client) -> None:
        """Let no data pass to a station that has gone, unless it is with another access point now."""
        served = self._served.get(client.address)
        if served is not None and served[1] is client:
            del self._served[client.address]

    def moved(self, ap: AccessPoint, address: bytes) -> None:
        """Let the network's other access points forget a station."""
        for other in self.access_points:
            client = other.clients.get(address)
            if other is not ap and other.ssid == ap.ssid and client is not None:
                other.forget(client, reason=None, by="station")

    def from_air(self, ap: AccessPoint, client: Client, frame: bytes) -> None:
        """Take an Ethernet frame of a station: to other stations, and out on the wire."""
        if frame[0] & 1:
            # 802.11 has no way to reach the group but through the access point: it says it again, to all.
            self.forward(frame)
        elif frame[:6] in self._served:
            self.forward(frame)
            return
        padded = frame.ljust(SHORTEST_ETHERNET, b"\0") if len(frame) < SHORTEST_ETHERNET else frame
        self._wire.transmitted(PORT, padded, "" if client.from_board else client.mac)
