# SPDX-License-Identifier: GPL-2.0-or-later
"""EAPOL-Key frames (IEEE 802.11-2020 12.7.2), descriptor version 2: HMAC-SHA1-128 and AES key wrap."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from sockbench.air import frames, keys, rsn

# 802.1X: version 2, packet type Key; the RSN descriptor.
VERSION_802_1X, TYPE_KEY, TYPE_START, DESCRIPTOR_RSN = 2, 3, 1, 2

# Key information (figure 12-33).
VERSION_AES, PAIRWISE, INSTALL, ACK, MIC, SECURE, ERROR, REQUEST, ENCRYPTED = (
    0x0002, 0x0008, 0x0040, 0x0080, 0x0100, 0x0200, 0x0400, 0x0800, 0x1000,
)  # fmt: skip
VERSION_MASK = 0x0007

GTK_KDE = 1
MIC_AT = 81
KEY_HEADER = struct.Struct("!BBHBHHQ32s16s8sQ16sH")


@dataclass(frozen=True)
class EapolKey:
    """One EAPOL-Key frame; `data` is the key data, not encrypted where that is known."""

    info: int
    replay: int
    nonce: bytes = bytes(32)
    data: bytes = b""
    key_bytes: int = 0
    rsc: int = 0
    iv: bytes = bytes(16)
    mic: bytes = bytes(16)
    version: int = VERSION_802_1X
    descriptor: int = DESCRIPTOR_RSN

    @property
    def name(self) -> str:
        """M1 to M4, G1, G2, or EAPOL for what is none of them."""
        if self.info & (ERROR | REQUEST):
            return "EAPOL"
        ack, mic = self.info & ACK, self.info & MIC
        if not self.info & PAIRWISE:
            return ("G1" if ack else "G2") if mic else "EAPOL"
        if ack:
            return "M3" if mic else "M1"
        if not mic:
            return "EAPOL"
        # In a rekey both have Secure, and there are stations that repeat their nonce in message 4; hostapd tells them
        # apart by this, too (12.7.6.3, 12.7.6.5).
        return "M2" if self.data else "M4"

    def pack(self, kck: bytes | None = None, kek: bytes | None = None) -> bytes:
        """Return the frame; with `kck` its MIC is made, with `kek` its key data encrypted if it says so."""
        data = self.data
        if self.info & ENCRYPTED and kek is not None:
            data = keys.wrap(kek, data)
        mic = self.mic if kck is None else bytes(16)
        size = KEY_HEADER.size - 4 + len(data)
        made = KEY_HEADER.pack(
            self.version, TYPE_KEY, size, self.descriptor, self.info, self.key_bytes, self.replay, self.nonce, self.iv,
            self.rsc.to_bytes(8, "little"), 0, mic, len(data),
        ) + data  # fmt: skip
        if kck is not None and self.info & MIC:
            made = made[:MIC_AT] + mic_of(kck, made) + made[MIC_AT + 16 :]
        return made


def mic_of(kck: bytes, data: bytes) -> bytes:
    """Return the MIC of an EAPOL frame whose MIC field is zero."""
    return hmac.digest(kck, data, "sha1")[:16]


def has_right_mic(kck: bytes, data: bytes) -> bool:
    """Tell whether a frame, as it crossed, has the MIC that the key makes."""
    zeroed = data[:MIC_AT] + bytes(16) + data[MIC_AT + 16 :]
    return mic_of(kck, zeroed) == data[MIC_AT : MIC_AT + 16]


def parse(data: bytes) -> EapolKey | None:
    """Return the EAPOL-Key frame in `data`, its key data as it crossed; None if it is none, or not whole."""
    if len(data) < KEY_HEADER.size:
        return None
    (version, kind, size, descriptor, info, key_bytes, replay, nonce, iv, rsc, _, mic, count) = KEY_HEADER.unpack_from(
        data
    )
    if kind != TYPE_KEY or descriptor != DESCRIPTOR_RSN or size + 4 > len(data):
        return None
    if KEY_HEADER.size + count > size + 4:
        return None
    content = data[KEY_HEADER.size : KEY_HEADER.size + count]
    start = int.from_bytes(rsc, "little")
    return EapolKey(info, replay, nonce, content, key_bytes, start, iv, mic, version, descriptor)


def whole(data: bytes) -> bytes:
    """Return an EAPOL frame without what follows it (padding of a bridge): its MIC is over the frame only."""
    return data[: 4 + int.from_bytes(data[2:4], "big")]


def gtk_kde(gtk: bytes, key_id: int) -> bytes:
    """Return the element that carries a group key (figure 12-36)."""
    return frames.element(frames.VENDOR, rsn.OUI + bytes([GTK_KDE, key_id & 3, 0]) + gtk)


def find_gtk(data: bytes) -> tuple[int, bytes] | None:
    """Return key id and group key from decrypted key data."""
    for number, body in key_data_elements(data):
        if number == frames.VENDOR and body[:4] == rsn.OUI + bytes([GTK_KDE]) and len(body) > 6:
            return body[4] & 3, body[6:]
    return None


def find_rsn(data: bytes) -> bytes | None:
    """Return the whole RSN element from decrypted key data."""
    for number, body in key_data_elements(data):
        if number == frames.RSN:
            return frames.element(number, body)
    return None


def key_data_elements(data: bytes) -> list[tuple[int, bytes]]:
    """Return the elements of decrypted key data up to its padding (0xdd, then zeros)."""
    found = []
    at = 0
    while at + 2 <= len(data) and not (data[at] == frames.VENDOR and data[at + 1] == 0):
        end = at + 2 + data[at + 1]
        if end > len(data):
            break
        found.append((data[at], data[at + 2 : end]))
        at = end
    return found


# Changes of a message for `edit_key`.


def without_gtk(key: EapolKey) -> EapolKey:
    """Return the message without its group key."""
    kept = [
        frames.element(number, body)
        for number, body in key_data_elements(key.data)
        if not (number == frames.VENDOR and body[:4] == rsn.OUI + bytes([GTK_KDE]))
    ]
    return replace(key, data=b"".join(kept))


def with_rsn(element: bytes) -> Callable[[EapolKey], EapolKey]:
    """Return a change that puts another RSN element into the message."""

    def change(key: EapolKey) -> EapolKey:
        parts = [frames.element(*found) for found in key_data_elements(key.data)]
        return replace(key, data=b"".join(element if part[0] == frames.RSN else part for part in parts))

    return change
