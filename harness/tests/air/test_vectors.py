# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys and CCMP against published vectors: what two ends of ours agree on could be wrong in both."""

from __future__ import annotations

import pytest
from sockbench.air import ccmp, eapol, keys


@pytest.mark.parametrize(
    ("passphrase", "ssid", "psk"),
    [
        (b"password", b"IEEE", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"),
        (b"ThisIsAPassword", b"ThisIsASSID", "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af"),
        (b"a" * 32, b"Z" * 32, "becb93866bb8c3832cb777c2f559807c8c59afcb6eae734885001300a981cc62"),
    ],
)
def test_passphrase_gives_the_psk_of_the_standard(passphrase: bytes, ssid: bytes, psk: str) -> None:
    """IEEE 802.11-2020 J.4.2."""
    assert keys.pmk_of(passphrase, ssid).hex() == psk


@pytest.mark.parametrize(
    ("key", "data", "made"),
    [
        (
            b"\x0b" * 20, b"Hi There",
            "bcd4c650b30b9684951829e0d75f9d54b862175ed9f00606e17d8da35402ffee"
            "75df78c3d31e0f889f012120c0862beb67753e7439ae242edb8373698356cf5a",
        ),
        (
            b"Jefe", b"what do ya want for nothing?",
            "51f4de5b33f249adf81aeb713a3c20f4fe631446fabdfa58244759ae58ef9009"
            "a99abf4eac2ca5fa87e692c440eb40023e7babb206d61de7b92f41529092b8fc",
        ),
        (
            b"\xaa" * 20, b"\xdd" * 50,
            "e1ac546ec4cb636f9976487be5c86be17a0252ca5d8d8df12cfb0473525249ce"
            "9dd8d177ead710bc9b590547239107aef7b4abd43d87f0a68f1cbd9e2b6f7607",
        ),
    ],
)  # fmt: skip
def test_prf_is_that_of_the_standard(key: bytes, data: bytes, made: str) -> None:
    """IEEE 802.11-2020 J.3.2, PRF-512 with the prefix "prefix"."""
    assert keys.prf(key, b"prefix", data, 512).hex() == made


def test_key_wrap_is_that_of_rfc_3394() -> None:
    """RFC 3394 4.1."""
    kek, data = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    wrapped = keys.wrap(kek, data)
    assert wrapped.hex() == "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"
    assert keys.unwrap(kek, wrapped) == data
    assert keys.unwrap(bytes(16), wrapped) is None
    assert keys.unwrap(kek, wrapped[:-1]) is None


CCMP_TK = bytes.fromhex("c97c1f67ce371185514a8a19f2bdd52f")
CCMP_PN = 0xB5039776E70C
CCMP_HEADER = bytes.fromhex("0848c32c0fd2e128a57c5030f1844408abaea5b8fcba8033")
CCMP_DATA = bytes.fromhex("f8ba1a55d02f85ae967bb62fb6cda8eb7e78a050")
CCMP_FRAME = CCMP_HEADER + bytes.fromhex(
    "0ce700207697 03b5 f3d0a2fe9a3dbf2342a643e43246e80c3c04d019 7845ce0b16f97623".replace(" ", "")
)


def test_ccmp_is_that_of_the_standard() -> None:
    """IEEE 802.11-2020 J.6.4."""
    key = ccmp.Key(CCMP_TK)
    clear = CCMP_HEADER[:1] + bytes([CCMP_HEADER[1] & ~0x40]) + CCMP_HEADER[2:]
    assert key.encrypt_as(clear + CCMP_DATA, CCMP_PN).hex() == CCMP_FRAME.hex()
    assert key.decrypt(CCMP_FRAME) == clear + CCMP_DATA
    assert ccmp.packet_number(CCMP_FRAME, 24) == CCMP_PN


@pytest.mark.parametrize(
    ("place", "bit", "accepted"),
    [
        (1, 3, True),  # Retry, Power Management and More Data may change on the way (12.5.3.3.3).
        (1, 4, True),
        (1, 5, True),
        (2, 0, True),  # The duration.
        (22, 4, True),  # The sequence number, but not the fragment number.
        (22, 3, False),
        (4, 0, False),  # The three addresses.
        (15, 7, False),
        (16, 1, False),
        (24, 0, False),  # The packet number, first and last byte.
        (31, 7, False),
        (32, 0, False),  # The data.
        (51, 7, False),
        (52, 0, False),  # The MIC.
        (59, 7, False),
    ],
)
def test_ccmp_protects_what_the_standard_says(place: int, bit: int, accepted: bool) -> None:
    spoilt = bytearray(CCMP_FRAME)
    spoilt[place] ^= 1 << bit
    assert (ccmp.Key(CCMP_TK).decrypt(bytes(spoilt)) is not None) == accepted


def test_eapol_key_survives_packing_and_has_the_mic_it_is_given() -> None:
    kck, kek = bytes(range(16)), bytes(range(16, 32))
    content = eapol.gtk_kde(b"g" * 16, 2)
    info = eapol.VERSION_AES | eapol.ACK | eapol.MIC | eapol.ENCRYPTED
    key = eapol.EapolKey(info, 7, b"n" * 32, content, 16, rsc=258)
    data = key.pack(kck, kek)
    assert eapol.has_right_mic(kck, data) and not eapol.has_right_mic(kek, data)
    read = eapol.parse(data + b"padding of a bridge")
    assert read is not None
    assert (read.name, read.replay, read.nonce, read.rsc, read.key_bytes) == ("G1", 7, b"n" * 32, 258, 16)
    clear = keys.unwrap(kek, read.data)
    assert clear is not None and eapol.find_gtk(clear) == (2, b"g" * 16)
    assert eapol.parse(data[:-1]) is None and eapol.parse(b"\x02\x01\x00\x00") is None
