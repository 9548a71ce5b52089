# SPDX-License-Identifier: GPL-2.0-or-later
"""The authenticator of one station: four-way and group key handshake (IEEE 802.11-2020 12.7.6, 12.7.7).

Message 1 and 3, and group message 1, are repeated until they are answered, each time with a new
replay counter; an answer to any of them counts. When patience ends the station is sent away.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from sockbench.air import ccmp, eapol, frames, keys
from sockbench.air.eapol import ACK, ENCRYPTED, INSTALL, MIC, PAIRWISE, SECURE, VERSION_AES, EapolKey
from sockbench.air.profiles import (
    DEAUTHENTICATE,
    ELEMENT_DIFFERS,
    GROUP_TIMEOUT,
    HANDSHAKE_TIMEOUT,
    REPEAT,
    Profile,
)
from sockbench.peers.waiting import Timer

IDLE, WAIT_M2, WAIT_M4, WAIT_G2 = "IDLE", "WAIT_M2", "WAIT_M4", "WAIT_G2"
TK_BYTES = 16


class Owner(Protocol):
    """What the authenticator needs of its access point."""

    profile: Profile

    @property
    def pmk(self) -> bytes:
        """The pairwise master key."""

    @property
    def rsn_element(self) -> bytes:
        """The element of beacons."""

    @property
    def address(self) -> bytes:
        """The BSSID."""

    def random(self, count: int) -> bytes:
        """Return bytes that nobody can guess."""

    def group_key(self, *, new: bool) -> ccmp.Key:
        """Return the group key in use, or (`new`) the one that is being handed out."""

    def say_eapol(self, station: bytes, key: EapolKey, ptk: keys.Ptk | None, encrypted_with: ccmp.Key | None) -> None:
        """Send an EAPOL-Key frame; MIC and key data are made with `ptk`."""

    def keyed(self, station: bytes, key: ccmp.Key) -> None:
        """Take a pairwise key into use: data may pass."""

    def group_keyed(self, station: bytes) -> None:
        """Note that a station has the new group key."""

    def give_up(self, station: bytes, reason: int) -> None:
        """Send the station away."""


class Authenticator:
    """One station's handshakes."""

    def __init__(self, owner: Owner, station: bytes, loop: asyncio.AbstractEventLoop, rsn_body: bytes) -> None:
        self._owner = owner
        self._station = station
        self._loop = loop
        # The element of the association request; message 2 has to repeat it.
        self._rsn_body = rsn_body
        self._timer = Timer(loop, self._rang)
        self.phase = IDLE
        self.wrong_mics = 0
        # The key in use, and the one that message 4 will bring into use.
        self.key: ccmp.Key | None = None
        self.pending: ccmp.Key | None = None
        self._ptk: keys.Ptk | None = None
        self._candidate: keys.Ptk | None = None
        self._replay = 0
        self._outstanding: set[int] = set()
        self._anonce = b""
        self._began = 0
        self._sent = 0

    @property
    def transient_key(self) -> keys.Ptk | None:
        """The pairwise transient key in use."""
        return self._ptk

    def start(self) -> None:
        """Begin the four-way handshake, the first or a new one."""
        self._anonce = self._owner.random(32)
        self._enter(WAIT_M2)

    def start_group(self) -> None:
        """Hand out the new group key."""
        if self.phase == IDLE and self._ptk is not None:
            self._enter(WAIT_G2)

    def resend(self, name: str) -> None:
        """Send message 1, 3 or group message 1 once more, outside of any schedule."""
        if name == "M1":
            self._anonce = self._anonce or self._owner.random(32)
            self._say_m1()
        elif name == "M3":
            self._say_m3(self._candidate or self._ptk)
        elif name == "G1":
            self._say_g1()
        else:
            raise ValueError(f"an access point sends M1, M3 and G1, not {name!r}")

    def close(self) -> None:
        """End the handshake without a word."""
        self.phase = IDLE
        self._timer.stop()

    def receive(self, data: bytes) -> bool:
        """Act on an EAPOL frame of the station; return whether it was one that it may send."""
        key = eapol.parse(data)
        if key is None:
            # A station may ask for the handshake; it is under way anyhow.
            return len(data) >= 4 and data[1] == eapol.TYPE_START
        name = key.name
        if name not in ("M2", "M4", "G2"):
            return False
        if key.replay not in self._outstanding:
            return key.replay <= self._replay
        data = eapol.whole(data)
        if name == "M2" and self.phase == WAIT_M2:
            self._message2(key, data)
        elif name == "M4" and self.phase == WAIT_M4 and self._candidate is not None:
            if not eapol.has_right_mic(self._candidate.kck, data):
                return self._is_wrong()
            self._finish()
        elif name == "G2" and self.phase == WAIT_G2 and self._ptk is not None:
            if not eapol.has_right_mic(self._ptk.kck, data):
                return self._is_wrong()
            self.close()
            self._owner.group_keyed(self._station)
        return True

    def _message2(self, key: EapolKey, data: bytes) -> None:
        ptk = keys.ptk_of(self._owner.pmk, self._owner.address, self._station, self._anonce, key.nonce)
        if not eapol.has_right_mic(ptk.kck, data):
            self._is_wrong()
            profile = self._owner.profile
            if profile.on_wrong_mic == DEAUTHENTICATE:
                self._owner.give_up(self._station, profile.reason)
            elif profile.on_wrong_mic != REPEAT:
                self.close()
            return
        if eapol.find_rsn(key.data) != frames.element(frames.RSN, self._rsn_body):
            # 12.7.6.3 c): the element of the association request was forged.
            self._owner.give_up(self._station, ELEMENT_DIFFERS)
            return
        self._candidate = ptk
        self.pending = ccmp.Key(ptk.tk)
        self._enter(WAIT_M4)

    def _finish(self) -> None:
        self._ptk, self._candidate = self._candidate, None
        assert self.pending is not None
        self.key, self.pending = self.pending, None
        self.close()
        self._owner.keyed(self._station, self.key)

    def _is_wrong(self) -> bool:
        self.wrong_mics += 1
        return True

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self._outstanding = set()
        self._began = int(self._loop.time())
        self._sent = 0
        self._say()

    def _say(self) -> None:
        """Send the message of this phase, and see to it that the next try comes in time."""
        profile = self._owner.profile
        offsets = (*profile.repeats, profile.patience)
        self._timer.start(self._began + offsets[self._sent])
        self._sent += 1
        if self.phase == WAIT_M2:
            self._say_m1()
        elif self.phase == WAIT_M4:
            self._say_m3(self._candidate)
        else:
            self._say_g1()

    def _rang(self) -> None:
        if self._sent <= len(self._owner.profile.repeats):
            self._say()
            return
        reason = GROUP_TIMEOUT if self.phase == WAIT_G2 else HANDSHAKE_TIMEOUT
        self.close()
        self._owner.give_up(self._station, reason)

    def _next(self) -> int:
        self._replay += 1
        self._outstanding.add(self._replay)
        return self._replay

    def _say_m1(self) -> None:
        message = EapolKey(VERSION_AES | PAIRWISE | ACK, self._next(), self._anonce, key_bytes=TK_BYTES)
        self._owner.say_eapol(self._station, message, None, self.key)

    def _say_m3(self, ptk: keys.Ptk | None) -> None:
        if ptk is None:
            raise LookupError("message 3 has to come after message 2")
        group = self._owner.group_key(new=False)
        info = VERSION_AES | PAIRWISE | ACK | MIC | SECURE | INSTALL | ENCRYPTED
        content = self._owner.rsn_element + eapol.gtk_kde(group.tk, group.key_id)
        message = EapolKey(info, self._next(), self._anonce, content, TK_BYTES, rsc=group.sent)
        self._owner.say_eapol(self._station, message, ptk, self.key)

    def _say_g1(self) -> None:
        if self._ptk is None:
            raise LookupError("group message 1 has to come after the four-way handshake")
        group = self._owner.group_key(new=True)
        info = VERSION_AES | ACK | MIC | SECURE | ENCRYPTED
        content = eapol.gtk_kde(group.tk, group.key_id)
        message = EapolKey(info, self._next(), bytes(32), content, TK_BYTES, rsc=group.sent)
        self._owner.say_eapol(self._station, message, self._ptk, self.key)
