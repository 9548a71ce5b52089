# SPDX-License-Identifier: GPL-2.0-or-later
"""How an access point answers what it hears: probes, authentication, association, data, PS-Poll (clause 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockbench.air import beacons, frames
from sockbench.air.client import AUTHENTICATED, Client
from sockbench.air.frame import AirFrame, eapol_key
from sockbench.air.profiles import (
    BAD_ALGORITHM,
    BAD_RATES,
    BAD_TRANSACTION,
    CAPABILITIES,
    FULL_UP,
    NOT_ASSOCIATED,
    REFUSED,
)

if TYPE_CHECKING:
    from sockbench.air.access_point import AccessPoint

SILENCES = ("AUTH", "ASSOC", "REASSOC", "PROBE", "M2", "M4", "G2", "PS_POLL", "DATA")
_REQUESTS = {"AUTH": "AUTH", "ASSOC_REQ": "ASSOC", "REASSOC_REQ": "REASSOC", "PROBE_REQ": "PROBE"}


class Manners:
    """The answers of one access point."""

    def __init__(self, ap: AccessPoint) -> None:
        self._ap = ap

    def heard(self, frame: AirFrame) -> bool:
        """Act on a frame; return whether it was for this access point and could be accepted."""
        data = frame.data
        if not frames.header_bytes(data):
            return False
        kind = data[0]
        if data[4:10] != self._ap.address:
            return kind == frames.PROBE_REQ and data[4:10] == frames.BROADCAST and self._probed(frame)
        client = self._ap.clients.get(data[10:16])
        if client is not None:
            self._ap.touch(client)
        if kind & 0x0F == 0x08:
            return self._data(client, frame)
        if kind == frames.PS_POLL:
            return self._poll(client, data)
        name = frames.NAMES.get(kind, "")
        if name in _REQUESTS and _REQUESTS[name] in self._ap.silent_on:
            return True
        if kind == frames.PROBE_REQ:
            return self._probed(frame)
        if kind == frames.AUTH:
            return self._auth(frame)
        if kind in (frames.ASSOC_REQ, frames.REASSOC_REQ):
            return self._assoc(client, frame, again=kind == frames.REASSOC_REQ)
        if kind in (frames.DEAUTH, frames.DISASSOC):
            if client is not None:
                self._ap.forget(client, reason=frame.reason, by="station")
            return True
        return kind == frames.ACTION

    def answer(self, kind: int, station: bytes, body: bytes) -> None:
        """Send a management frame."""
        self._ap.say(frames.header(kind, 0, station, self._ap.address, self._ap.address, self._ap.sequence()) + body)

    def _probed(self, frame: AirFrame) -> bool:
        ssid = frame.ssid
        if "PROBE" in self._ap.silent_on or ssid is None or (ssid != self._ap.ssid and (ssid or self._ap.hidden)):
            return frame.data[4:10] == self._ap.address
        content = beacons.body(
            self._ap.ssid, self._ap.security, channel=self._ap.channel, interval_tu=self._ap.beacon_tu,
            timestamp=self._ap.now // 1000, switch=self._ap.beaconing.switch,
        )  # fmt: skip
        self.answer(frames.PROBE_RESP, frame.data[10:16], content)
        return True

    def _auth(self, frame: AirFrame) -> bool:
        said = frames.parse_auth(frame.data[frames.HEADER_BYTES :])
        if said is None:
            return False
        address = frame.data[10:16]
        status = self._ap.auth_status or self._ap.profile.auth_status
        if said.algorithm != 0:
            status = BAD_ALGORITHM
        elif said.transaction != 1:
            status = BAD_TRANSACTION
        elif frame.transmitter in self._ap.deny:
            status = REFUSED
        if not status:
            old = self._ap.clients.get(address)
            if old is not None:
                # Who authenticates anew has lost what it had; 11.3.4.3 ends the old association.
                self._ap.forget(old, reason=None, by="station")
            client = Client(address, frame.outgoing, authenticated_at=self._ap.now, last_heard=self._ap.now)
            self._ap.clients[address] = client
        body = frames.auth_body(frames.AuthBody(said.algorithm, said.transaction + 1, status))
        self.answer(frames.AUTH, address, body)
        return True

    def _assoc(self, client: Client | None, frame: AirFrame, *, again: bool) -> bool:
        said = frames.parse_assoc_request(frame.data[frames.HEADER_BYTES :], again=again)
        if said is None:
            return False
        address = frame.data[10:16]
        if client is None:
            self.answer(frames.DEAUTH, address, NOT_ASSOCIATED.to_bytes(2, "little"))
            return True
        rsn_body = frames.find(said.elements, frames.RSN)
        status = self._assoc_status(client, said, rsn_body)
        if not status and client.associated:
            self._ap.forget(client, reason=None, by="station")
            client = self._ap.clients[address] = Client(
                address, frame.outgoing, authenticated_at=client.authenticated_at
            )
        if not status:
            taken = {one.aid for one in self._ap.clients.values()}
            client.aid = next(aid for aid in range(1, beacons.LARGEST_AID) if aid not in taken)
            client.power_save = frame.power_save
        response = frames.REASSOC_RESP if again else frames.ASSOC_RESP
        self.answer(response, address, beacons.assoc_response(self._ap.security, status=status, aid=client.aid))
        if not status:
            self._ap.network.moved(self._ap, address)
            self._ap.associate(client, rsn_body)
        return True

    def _assoc_status(self, client: Client, said: frames.AssocRequest, rsn_body: bytes | None) -> int:
        forced = self._ap.assoc_status or self._ap.profile.assoc_status
        if forced:
            return forced
        if frames.find(said.elements, frames.SSID) != self._ap.ssid:
            return REFUSED
        if not set(frames.BASIC_RATES) <= frames.supported_rates(said.elements):
            return BAD_RATES
        if bool(said.capability & frames.PRIVACY) != self._ap.security.privacy or not said.capability & frames.ESS:
            return CAPABILITIES
        others = sum(one.associated for one in self._ap.clients.values() if one is not client)
        if self._ap.max_stations is not None and others >= self._ap.max_stations:
            return FULL_UP
        return self._ap.security.judge(rsn_body)

    def _data(self, client: Client | None, frame: AirFrame) -> bool:
        data = frame.data
        if client is None or not client.associated:
            # Class 3 frames of who is not associated (11.3.4.1): authenticated or not decides how it is sent away.
            kind = frames.DISASSOC if client is not None and client.state == AUTHENTICATED else frames.DEAUTH
            self.answer(kind, data[10:16], NOT_ASSOCIATED.to_bytes(2, "little"))
            return True
        if data[0] & 0x40:
            self._ap.delivery.power(client, frame.power_save)
            return True
        plain = self._ap.delivery.opened(client, frame)
        if plain is None:
            return False
        self._ap.delivery.power(client, frame.power_save)
        start = frames.header_bytes(plain)
        if plain[start : start + 8] == frames.EAPOL_SNAP:
            return self._eapol(client, plain, start + 8)
        ethernet = frames.to_ethernet(plain)
        if not client.authorized or ethernet is None:
            return False
        if "DATA" not in self._ap.silent_on:
            self._ap.network.from_air(self._ap, client, ethernet)
        return True

    def _eapol(self, client: Client, plain: bytes, start: int) -> bool:
        key = eapol_key(plain)
        name = "EAPOL" if key is None else key.name
        client.handshake.append((self._ap.now, name))
        if name in self._ap.silent_on:
            return True
        return client.authenticator is not None and client.authenticator.receive(plain[start:])

    def _poll(self, client: Client | None, data: bytes) -> bool:
        if client is None or int.from_bytes(data[2:4], "little") & 0x3FFF != client.aid:
            return False
        if "PS_POLL" not in self._ap.silent_on:
            self._ap.delivery.polled(client)
        return True
