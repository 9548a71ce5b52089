# SPDX-License-Identifier: GPL-2.0-or-later
"""The data path of an access point: 802.11 to Ethernet and back, encryption, and what dozing stations have kept.

A frame for a dozing station is kept until a PS-Poll fetches it or the station is awake again (11.2.3);
group frames are kept for the next beacon if any station dozes. Either shows in the TIM.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sockbench.air import ccmp, frames
from sockbench.air.client import Client, Kept
from sockbench.air.frame import AirFrame

EAPOL = frames.EAPOL_SNAP


class Owner(Protocol):
    """What the data path needs of its access point."""

    clients: dict[bytes, Client]

    @property
    def address(self) -> bytes:
        """The BSSID."""

    @property
    def encrypts(self) -> bool:
        """Whether data has to be encrypted."""

    def group_key(self, *, new: bool) -> ccmp.Key:
        """Return the group key in use."""

    def sequence(self) -> int:
        """Return the next sequence control field."""

    def say(self, mpdu: bytes, key: ccmp.Key | None = None, rate: int = frames.LOWEST_RATE) -> None:
        """Send a frame."""

    def show(self) -> None:
        """Declare beacons anew, for the TIM has changed."""

    def after_beacon(self, act: Callable[[], None]) -> None:
        """Do something right after the next beacon."""


class Delivery:
    """Frames to and from the stations of one access point."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        # Group frames for the next beacon, before encryption.
        self._group: list[bytes] = []

    def waiting(self) -> tuple[list[int], bool]:
        """Return the AIDs for which a frame is kept, and whether group frames are."""
        return sorted(client.aid for client in self._owner.clients.values() if client.buffered), bool(self._group)

    def clear(self) -> None:
        """Forget what is kept for groups."""
        self._group.clear()

    def opened(self, client: Client, frame: AirFrame) -> bytes | None:
        """Return a data frame of the station decrypted; None, and it is counted, if it can't be accepted."""
        data = frame.data
        authenticator = client.authenticator
        if not frame.protected:
            start = frames.header_bytes(data)
            is_eapol = data[start : start + 8] == EAPOL
            uses_key = authenticator is not None and authenticator.key is not None and authenticator.key.accepted > 0
            # The handshake begins without a key; who has used one may not fall back.
            if self._owner.encrypts and (not is_eapol or uses_key):
                client.refused += 1
                return None
            return data
        for key in (authenticator.key, authenticator.pending) if authenticator is not None else ():
            # Before message 4 has come the station may already use the key that it brings into use.
            plain = key.decrypt(data) if key is not None else None
            if key is not None and plain is not None:
                number = ccmp.packet_number(data, frames.header_bytes(data))
                if number <= key.accepted:
                    break
                key.accepted = number
                frame.decrypted(plain)
                return plain
        client.refused += 1
        return None

    def unicast(self, client: Client, destination: bytes, source: bytes, body: bytes) -> None:
        """Send a data frame to a station."""
        owner = self._owner
        mpdu = frames.header(frames.DATA, frames.FROM_DS, destination, owner.address, source, owner.sequence()) + body
        self.hand(client, mpdu, encrypt=owner.encrypts)

    def group(self, frame: bytes) -> None:
        """Send an Ethernet frame for a group to all stations."""
        body = frames.llc_body(frame)
        if body is None or not any(client.authorized for client in self._owner.clients.values()):
            return
        owner = self._owner
        mpdu = frames.header(
            frames.DATA, frames.FROM_DS, frame[:6], owner.address, frame[6:12], owner.sequence()
        ) + body  # fmt: skip
        if any(client.power_save for client in owner.clients.values() if client.associated):
            self._group.append(mpdu)
            if len(self._group) == 1:
                owner.show()
                owner.after_beacon(self._release_group)
            return
        owner.say(mpdu, owner.group_key(new=False) if owner.encrypts else None, frames.LOWEST_RATE)

    def hand(self, client: Client, mpdu: bytes, *, encrypt: bool, then: Callable[[], None] | None = None) -> None:
        """Send a frame to a station, now or when it is awake; `then` is done when it has been sent."""
        kept = Kept(mpdu, encrypt, then)
        if client.power_save:
            client.buffered.append(kept)
            if len(client.buffered) == 1:
                self._owner.show()
            return
        self._send(client, kept)

    def polled(self, client: Client) -> None:
        """Send one kept frame; More Data says whether there is another (9.2.4.1.8)."""
        if not client.buffered:
            return
        kept = client.buffered.pop(0)
        if not client.buffered:
            self._owner.show()
        self._send(client, kept, more=bool(client.buffered))

    def power(self, client: Client, dozes: bool) -> None:
        """Take a station's Power Management bit; whoever wakes up gets all that was kept."""
        if client.power_save == dozes:
            return
        client.power_save = dozes
        kept, client.buffered = client.buffered, []
        if kept:
            self._owner.show()
        for index, one in enumerate(kept):
            self._send(client, one, more=index + 1 < len(kept))

    def _send(self, client: Client, kept: Kept, *, more: bool = False) -> None:
        mpdu = kept.mpdu
        if more:
            mpdu = mpdu[:1] + bytes([mpdu[1] | frames.MORE_DATA]) + mpdu[2:]
        key = client.authenticator.key if kept.encrypt and client.authenticator is not None else None
        is_data = mpdu[0] == frames.DATA
        self._owner.say(mpdu, key, frames.HIGHEST_RATE if is_data else frames.LOWEST_RATE)
        if kept.then is not None:
            kept.then()

    def _release_group(self) -> None:
        owner = self._owner
        waiting, self._group = self._group, []
        key = owner.group_key(new=False) if owner.encrypts else None
        for index, mpdu in enumerate(waiting):
            if index + 1 < len(waiting):
                mpdu = mpdu[:1] + bytes([mpdu[1] | frames.MORE_DATA]) + mpdu[2:]
            owner.say(mpdu, key, frames.LOWEST_RATE)
        owner.show()
