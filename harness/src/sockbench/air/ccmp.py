# SPDX-License-Identifier: GPL-2.0-or-later
"""CCMP-128 (IEEE 802.11-2020 12.5.3): encryption, integrity and replay protection of data frames."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from sockbench.air import frames

HEADER_BYTES = 8
MIC_BYTES = 8
EXT_IV = 0x20
PN_MAX = (1 << 48) - 1


class Key:
    """A temporal key in use: the number of the last frame sent with it, and of the last one accepted."""

    __slots__ = ("key_id", "sent", "accepted", "tk", "_cipher")

    def __init__(self, tk: bytes, key_id: int = 0) -> None:
        self.tk = tk
        self.key_id = key_id
        self.sent = 0
        self.accepted = 0
        self._cipher = AESCCM(tk, tag_length=MIC_BYTES)

    def encrypt(self, mpdu: bytes) -> bytes:
        """Return a data frame encrypted, with the next packet number."""
        self.sent += 1
        return self.encrypt_as(mpdu, self.sent)

    def encrypt_as(self, mpdu: bytes, pn: int) -> bytes:
        """Return a data frame encrypted with that packet number."""
        start = frames.header_bytes(mpdu)
        head = bytearray(mpdu[:start])
        head[1] |= frames.PROTECTED
        number = pn.to_bytes(6, "little")
        between = number[:2] + bytes([0, EXT_IV | self.key_id << 6]) + number[2:]
        nonce, additional = _nonce_and_aad(head, pn)
        return b"".join((head, between, self._cipher.encrypt(nonce, mpdu[start:], additional)))

    def decrypt(self, mpdu: bytes) -> bytes | None:
        """Return a data frame decrypted, its Protected bit clear; None if its MIC is wrong or it is too short.

        That its packet number is larger than `accepted` is the caller's to check and to note.
        """
        start = frames.header_bytes(mpdu)
        if not start or len(mpdu) < start + HEADER_BYTES + MIC_BYTES or not mpdu[start + 3] & EXT_IV:
            return None
        head = bytearray(mpdu[:start])
        nonce, additional = _nonce_and_aad(head, packet_number(mpdu, start))
        try:
            body = self._cipher.decrypt(nonce, mpdu[start + HEADER_BYTES :], additional)
        except InvalidTag:
            return None
        head[1] &= ~frames.PROTECTED
        return bytes(head) + body


def packet_number(mpdu: bytes, start: int) -> int:
    """Return the packet number of an encrypted frame whose header is `start` bytes long."""
    return int.from_bytes(mpdu[start : start + 2] + mpdu[start + 4 : start + 8], "little")


def key_id(mpdu: bytes, start: int) -> int:
    """Return which key an encrypted frame was encrypted with."""
    return mpdu[start + 3] >> 6 if len(mpdu) > start + 3 else 0


def _nonce_and_aad(head: bytearray, pn: int) -> tuple[bytes, bytes]:
    """Return the nonce (12.5.3.3.4) and the additional data (12.5.3.3.3) of a frame with this header."""
    is_qos = len(head) in (26, 32)
    priority = head[-2] & 0x0F if is_qos else 0
    nonce = bytes([priority]) + head[10:16] + pn.to_bytes(6, "big")
    # Retry, Power Management and More Data may change on the way; so may the subtype's three lower bits and, in QoS
    # frames, Order. Protected counts as set. Of the sequence control the fragment number counts.
    flags = head[1] & ~(frames.RETRY | frames.POWER | frames.MORE_DATA) | frames.PROTECTED
    if is_qos:
        flags &= ~frames.ORDER
    additional = bytes([head[0] & 0x8F, flags]) + head[4:22] + bytes([head[22] & 0x0F, 0])
    if len(head) >= 30:
        additional += head[24:30]
    if is_qos:
        additional += bytes([priority, 0])
    return nonce, additional
