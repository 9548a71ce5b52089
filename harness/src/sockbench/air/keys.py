# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys of WPA2-PSK (IEEE 802.11-2020 12.7.1 and J.4): from a passphrase to the temporal key."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

PMK_BYTES = 32
PBKDF2_ROUNDS = 4096


class Ptk(NamedTuple):
    """The pairwise transient key's three parts: confirmation, encryption of keys, temporal."""

    kck: bytes
    kek: bytes
    tk: bytes


def passphrase_bytes(passphrase: str | bytes) -> bytes:
    """Return a passphrase as bytes; raise ValueError unless it is 8 to 63 printable ASCII characters (J.4.1)."""
    data = passphrase.encode() if isinstance(passphrase, str) else bytes(passphrase)
    if not 8 <= len(data) <= 63 or any(not 0x20 <= byte <= 0x7E for byte in data):
        raise ValueError(f"a passphrase has 8 to 63 printable ASCII characters, not {passphrase!r}")
    return data


@lru_cache(maxsize=256)
def pmk_of(passphrase: bytes, ssid: bytes) -> bytes:
    """Return the pairwise master key of a passphrase (J.4.1); cached, since it is made slow on purpose."""
    return hashlib.pbkdf2_hmac("sha1", passphrase, ssid, PBKDF2_ROUNDS, PMK_BYTES)


def prf(key: bytes, label: bytes, data: bytes, bits: int) -> bytes:
    """Return the PRF of 12.7.1.2."""
    made = b""
    counter = 0
    while len(made) * 8 < bits:
        made += hmac.digest(key, label + b"\0" + data + bytes([counter]), "sha1")
        counter += 1
    return made[: bits // 8]


def ptk_of(pmk: bytes, authenticator: bytes, supplicant: bytes, anonce: bytes, snonce: bytes) -> Ptk:
    """Return the pairwise transient key of two addresses and two nonces, for CCMP (12.7.1.3)."""
    data = min(authenticator, supplicant) + max(authenticator, supplicant) + min(anonce, snonce) + max(anonce, snonce)
    made = prf(pmk, b"Pairwise key expansion", data, 384)
    return Ptk(made[:16], made[16:32], made[32:48])


def wrap(kek: bytes, data: bytes) -> bytes:
    """Return key data encrypted by AES key wrap (RFC 3394), padded as 12.7.2 says."""
    if len(data) % 8 or len(data) < 16:
        data += b"\xdd"
        data = data.ljust(max(16, len(data) + -len(data) % 8), b"\0")
    return aes_key_wrap(kek, data)


def unwrap(kek: bytes, data: bytes) -> bytes | None:
    """Return key data decrypted; None if it was encrypted with another key or altered."""
    if len(data) < 24 or len(data) % 8:
        return None
    try:
        return aes_key_unwrap(kek, data)
    except InvalidUnwrap:
        return None
