# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of real access points and stations, from aircrack-ng's source package, against the harness's keys and CCMP.

From the passphrase alone every MIC of their handshakes has to be right, message 3 has to give the group key, and
what was encrypted has to decrypt.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sockbench.air import ccmp, eapol, frames, keys

LINKTYPE_IEEE802_11, LINKTYPE_RADIOTAP, LINKTYPE_PRISM = 105, 127, 119


@dataclass
class Seen:
    """What a capture turned out to hold."""

    # Messages with a right MIC.
    messages: dict[str, int] = field(default_factory=dict)
    group_keys: int = 0
    decrypted: int = 0
    not_decrypted: int = 0


def mpdus(path: Path) -> Iterator[bytes]:
    """Return the 802.11 frames of a pcap file, whatever is in front of them."""
    data = path.read_bytes()
    order = "<" if data[:4] == b"\xd4\xc3\xb2\xa1" else ">"
    (link,) = struct.unpack_from(order + "I", data, 20)
    at = 24
    while at + 16 <= len(data):
        (count,) = struct.unpack_from(order + "I", data, at + 8)
        packet = data[at + 16 : at + 16 + count]
        at += 16 + count
        if link == LINKTYPE_RADIOTAP:
            packet = packet[int.from_bytes(packet[2:4], "little") :]
        elif link == LINKTYPE_PRISM:
            packet = packet[int.from_bytes(packet[4:8], "little") :]
        yield packet


def judge(path: Path, ssid: bytes, passphrase: bytes) -> Seen:
    """Follow the handshakes of a capture and decrypt what comes after them."""
    pmk = keys.pmk_of(passphrase, ssid)
    seen = Seen()
    anonces: dict[tuple[bytes, bytes], bytes] = {}
    ptks: dict[tuple[bytes, bytes], keys.Ptk] = {}
    pairwise: dict[tuple[bytes, bytes], ccmp.Key] = {}
    group: dict[tuple[bytes, int], ccmp.Key] = {}
    for mpdu in mpdus(path):
        start = frames.header_bytes(mpdu) if len(mpdu) >= 24 else 0
        if not start or mpdu[0] & 0x0C != 0x08 or mpdu[0] & 0x40 or not mpdu[1] & 3:
            continue
        to_ds = mpdu[1] & 3 == frames.TO_DS
        bssid, station = (mpdu[4:10], mpdu[10:16]) if to_ds else (mpdu[10:16], mpdu[4:10])
        pair = (bssid, station)
        if mpdu[1] & frames.PROTECTED:
            number = ccmp.key_id(mpdu, start)
            key = pairwise.get(pair) if not mpdu[4] & 1 or to_ds else group.get((bssid, number))
            if key is not None:
                plain = key.decrypt(mpdu)
                # Some captures have the FCS behind each frame.
                plain = plain if plain is not None else key.decrypt(mpdu[:-4])
                seen.decrypted += plain is not None
                seen.not_decrypted += plain is None
            continue
        if mpdu[start : start + 8] != frames.EAPOL_SNAP:
            continue
        data = eapol.whole(mpdu[start + 8 :])
        message = eapol.parse(data)
        if message is None:
            continue
        if message.name == "M1":
            anonces[pair] = message.nonce
        elif message.name == "M2" and pair in anonces:
            ptk = keys.ptk_of(pmk, bssid, station, anonces[pair], message.nonce)
            if eapol.has_right_mic(ptk.kck, data):
                ptks[pair] = ptk
                seen.messages["M2"] = seen.messages.get("M2", 0) + 1
        elif message.name in ("M3", "M4") and pair in ptks:
            ptk = ptks[pair]
            assert eapol.has_right_mic(ptk.kck, data), f"{message.name} has another MIC"
            seen.messages[message.name] = seen.messages.get(message.name, 0) + 1
            pairwise[pair] = ccmp.Key(ptk.tk)
            if message.name == "M3":
                content = keys.unwrap(ptk.kek, message.data)
                assert content is not None, "the key data of M3 does not unwrap"
                found = eapol.find_gtk(content)
                assert found is not None, "M3 has no group key"
                number, gtk = found
                group[bssid, number] = ccmp.Key(gtk, number)
                seen.group_keys += 1
    return seen


@pytest.fixture
def captures(request: pytest.FixtureRequest) -> Path:
    """Where the captures are."""
    folder: Path | None = request.config.getoption("--judge-captures", default=None)
    if folder is None:
        pytest.fail("these captures are missing: ./bench test fetches them and gives them by --judge-captures")
    return folder


@pytest.mark.parametrize(
    ("name", "ssid", "passphrase", "messages", "group_keys", "decrypted"),
    [
        # A home router and its station: they meet three times, and exchange data.
        ("wpa2-psk-linksys.cap", b"linksys", b"dictionary", {"M2": 3, "M3": 3, "M4": 3}, 3, 30),
        ("wpa2.eapol.cap", b"Harkonen", b"12345678", {"M2": 1, "M3": 1, "M4": 1}, 1, 0),
        # This station repeats its nonce in message 4.
        ("zn2i.pcap", b"dlink", b"12345678", {"M2": 1, "M3": 1, "M4": 1}, 1, 1),
    ],
)
def test_what_real_devices_said_is_understood(
    captures: Path, name: str, ssid: bytes, passphrase: bytes, messages: dict[str, int], group_keys: int, decrypted: int
) -> None:
    seen = judge(captures / name, ssid, passphrase)
    assert (seen.messages, seen.group_keys) == (messages, group_keys)
    assert (seen.decrypted, seen.not_decrypted) == (decrypted, 0)


def test_another_passphrase_fits_nothing(captures: Path) -> None:
    """The judgement can be no."""
    assert judge(captures / "wpa2-psk-linksys.cap", b"linksys", b"12345678") == Seen()
