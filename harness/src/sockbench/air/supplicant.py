# SPDX-License-Identifier: GPL-2.0-or-later
"""The supplicant of a station of the harness: its end of the handshakes (IEEE 802.11-2020 12.7.6, 12.7.7)."""

from __future__ import annotations

from typing import Protocol

from sockbench.air import ccmp, eapol, keys
from sockbench.air.eapol import ENCRYPTED, MIC, PAIRWISE, SECURE, VERSION_AES, EapolKey
from sockbench.air.profiles import ELEMENT_DIFFERS, UNSPECIFIED


class Owner(Protocol):
    """What the supplicant needs of its station."""

    def random(self, count: int) -> bytes:
        """Return bytes that nobody can guess."""

    def say_eapol(self, key: EapolKey, ptk: keys.Ptk, encrypted_with: ccmp.Key | None) -> None:
        """Send an EAPOL-Key frame; its MIC is made with `ptk`."""

    def keyed(self) -> None:
        """Take note that data may pass."""

    def give_up(self, reason: int) -> None:
        """Leave the network: it can't be trusted."""


class Supplicant:
    """One association's keys."""

    def __init__(
        self, owner: Owner, pmk: bytes, *, own: bytes, bssid: bytes, offered: bytes, chosen: bytes
    ) -> None:  # fmt: skip
        self._owner = owner
        self._pmk = pmk
        self._own = own
        self._bssid = bssid
        # The RSN elements of the beacon and of our association request.
        self._offered = offered
        self._chosen = chosen
        self._snonce = b""
        self._candidate: keys.Ptk | None = None
        self._replay = -1
        self.ptk: keys.Ptk | None = None
        self.key: ccmp.Key | None = None
        self.groups: dict[int, ccmp.Key] = {}
        self.got_m1 = False
        self.wrong_mics = 0
        self._answer_with: ccmp.Key | None = None

    def receive(self, data: bytes, *, encrypted: bool) -> bool:
        """Act on an EAPOL frame of the access point; return whether it could be accepted.

        It is answered as it came: who lost message 4 says message 3 again without encryption, and could not read more.
        """
        key = eapol.parse(data)
        if key is None or key.replay <= self._replay:
            return False
        self._answer_with = self.key if encrypted else None
        data = eapol.whole(data)
        if key.name == "M1":
            self._message1(key)
            return True
        ptk = self._candidate or self.ptk if key.name == "M3" else self.ptk
        if ptk is None or key.name not in ("M3", "G1"):
            return False
        if not eapol.has_right_mic(ptk.kck, data):
            self.wrong_mics += 1
            return False
        content = keys.unwrap(ptk.kek, key.data) if key.info & ENCRYPTED else key.data
        if content is None:
            return False
        self._replay = key.replay
        if key.name == "G1":
            self._group_message(key, content, ptk)
        else:
            self._message3(key, content, ptk)
        return True

    def _message1(self, key: EapolKey) -> None:
        self._replay = key.replay
        self.got_m1 = True
        self._snonce = self._snonce or self._owner.random(32)
        self._candidate = keys.ptk_of(self._pmk, self._bssid, self._own, key.nonce, self._snonce)
        answer = EapolKey(VERSION_AES | PAIRWISE | MIC, key.replay, self._snonce, self._chosen)
        self._owner.say_eapol(answer, self._candidate, self._answer_with)

    def _message3(self, key: EapolKey, content: bytes, ptk: keys.Ptk) -> None:
        if eapol.find_rsn(content) != self._offered:
            self._owner.give_up(ELEMENT_DIFFERS)
            return
        found = eapol.find_gtk(content)
        if found is None:
            self._owner.give_up(UNSPECIFIED)
            return
        answer = EapolKey(VERSION_AES | PAIRWISE | MIC | SECURE, key.replay)
        self._owner.say_eapol(answer, ptk, self._answer_with)
        if self._candidate is not None:
            # A key is installed once: message 3 once more may not begin its packet numbers anew (KRACK).
            self.ptk, self._candidate, self._snonce = ptk, None, b""
            self.key = ccmp.Key(ptk.tk)
        self._install_group(*found, key.rsc)
        self._owner.keyed()

    def _group_message(self, key: EapolKey, content: bytes, ptk: keys.Ptk) -> None:
        found = eapol.find_gtk(content)
        if found is None:
            return
        self._owner.say_eapol(EapolKey(VERSION_AES | MIC | SECURE, key.replay), ptk, self._answer_with)
        self._install_group(*found, key.rsc)

    def _install_group(self, key_id: int, gtk: bytes, rsc: int) -> None:
        known = self.groups.get(key_id)
        if known is None or known.tk != gtk:
            self.groups[key_id] = ccmp.Key(gtk, key_id)
            self.groups[key_id].accepted = rsc
