# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames as bytes: what is built, Scapy reads; what is malformed, nobody stumbles over."""

from __future__ import annotations

from random import Random

import pytest
from scapy.layers.dot11 import Dot11, Dot11Beacon, Dot11Elt, Dot11EltRSN
from sockbench.air import beacons, eapol, frames, rsn
from sockbench.air.frame import AirFrame, message_name

AP, STA, PEER = b"\x02\0\0\0\xa0\1", b"\x02\0\0\0\0\x81", b"\x02\0\0\0\0\2"


def test_scapy_reads_a_beacon() -> None:
    body = beacons.body(
        b"net\0\xff", rsn.SECURITIES["wpa2"], channel=11, interval_tu=200, timestamp=5,
        tim_element=beacons.tim([], group=False),
    )  # fmt: skip
    packet = Dot11(frames.header(frames.BEACON, 0, frames.BROADCAST, AP, AP, 0x120) + body)
    beacon = packet[Dot11Beacon]
    assert (packet.addr3, packet.SC, beacon.timestamp, beacon.beacon_interval) == ("02:00:00:00:a0:01", 0x120, 5, 200)
    assert beacon.cap.privacy and beacon.cap.ESS
    stats = beacon.network_stats()
    assert stats["channel"] == 11 and stats["crypto"] == {"WPA2/PSK"}
    assert packet[Dot11Elt].info == b"net\0\xff"
    network = packet[Dot11EltRSN]
    assert network.group_cipher_suite.cipher == 4 and [suite.cipher for suite in network.pairwise_cipher_suites] == [4]


@pytest.mark.parametrize("name", ["wpa", "wpa2-tkip", "wpa+wpa2", "wpa2+sae", "sae", "eap", "wep", "open"])
def test_scapy_reads_every_security(name: str) -> None:
    body = beacons.body(b"net", rsn.SECURITIES[name], channel=1, interval_tu=100)
    crypto = Dot11(frames.header(frames.BEACON, 0, frames.BROADCAST, AP, AP, 0) + body)[Dot11Beacon].network_stats()
    expected = {
        "wpa": {"WPA/PSK"}, "wpa2-tkip": {"WPA2/PSK"}, "wpa+wpa2": {"WPA/PSK", "WPA2/PSK"}, "wep": {"WEP"},
        "open": {"OPN"}, "eap": {"WPA2/802.1X"}, "wpa2+sae": {"WPA2/PSK"}, "sae": {"WPA3/SAE"},
    }[name]  # fmt: skip
    assert crypto["crypto"] == expected


@pytest.mark.parametrize(
    ("aids", "group", "element"),
    [
        ([], False, "050400010000"),
        ([], True, "050400010100"),
        ([1], False, "050400010002"),
        ([1, 9], True, "05050001010202"),
        ([17], False, "050400010202"),
        ([24], False, "05050001020001"),
        ([2007], False, "05040001fa80"),
    ],
)
def test_tim_is_cut_at_both_ends(aids: list[int], group: bool, element: str) -> None:
    """9.4.2.5: the offset is even, and one byte of the bitmap is always there."""
    assert beacons.tim(aids, group=group).hex() == element


def test_rsn_element_survives() -> None:
    made = rsn.Rsn(rsn.TKIP, (rsn.CCMP, rsn.TKIP), (rsn.PSK, rsn.SAE), 0x00C0)
    assert rsn.parse_rsn(made.element()[2:]) == made


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ("0100", rsn.Rsn(akms=(rsn.EAP,))),
        ("0100000fac02", rsn.Rsn(rsn.TKIP, (rsn.CCMP,), (rsn.EAP,))),
        ("0100000fac040100000fac04", rsn.Rsn(akms=(rsn.EAP,))),
        ("0100000fac040100000fac040100000fac02", rsn.Rsn()),
        ("01", None),
        ("0100000fac", None),
        ("0100000fac040000", None),
        ("0100000fac040200000fac04", None),
        ("0100000fac040100000fac040100000fac0200", None),
    ],
)
def test_rsn_element_may_be_short_but_not_broken(body: str, read: rsn.Rsn | None) -> None:
    """9.4.2.24.1: every field after the version may be missing, from the end."""
    assert rsn.parse_rsn(bytes.fromhex(body)) == read


@pytest.mark.parametrize(
    ("chosen", "status"),
    [
        (None, 40),
        (b"\1", 40),
        (rsn.Rsn(version=2), 44),
        (rsn.Rsn(group=rsn.TKIP), 41),
        (rsn.Rsn(pairwise=(rsn.TKIP,)), 42),
        (rsn.Rsn(pairwise=(rsn.CCMP, rsn.TKIP)), 42),
        (rsn.Rsn(akms=(rsn.SAE,)), 43),
        (rsn.Rsn(), 0),
    ],
)
def test_rsn_element_of_a_station_is_judged(chosen: rsn.Rsn | bytes | None, status: int) -> None:
    """Table 9-50."""
    body = chosen.element()[2:] if isinstance(chosen, rsn.Rsn) else chosen
    assert rsn.SECURITIES["wpa2"].judge(body) == status


ETHERNET = PEER + STA + b"\x08\x00" + b"packet"


@pytest.mark.parametrize(
    ("flags", "addresses"),
    [(frames.TO_DS, (AP, STA, PEER)), (frames.FROM_DS, (PEER, AP, STA)), (0, (PEER, STA, AP))],
)
def test_ethernet_comes_out_as_it_went_in(flags: int, addresses: tuple[bytes, bytes, bytes]) -> None:
    body = frames.llc_body(ETHERNET)
    assert body is not None
    assert frames.to_ethernet(frames.header(frames.DATA, flags, *addresses, 0) + body) == ETHERNET


def test_frame_with_a_length_has_no_snap_and_loses_its_padding() -> None:
    """IEEE 802.3 3.2.6: below 0x0600 it is a length, and LLC follows."""
    frame = PEER + STA + b"\x00\x05" + b"\x42\x42\x03ab" + bytes(41)
    body = frames.llc_body(frame)
    assert body == b"\x42\x42\x03ab"
    carried = frames.to_ethernet(frames.header(frames.DATA, frames.TO_DS, AP, STA, PEER, 0) + body)
    assert carried == frame[:19]


def test_nothing_stumbles_over_malformed_frames() -> None:
    """Every prefix of a frame, and noise, is read or refused without an exception."""
    random = Random(1)
    whole = frames.header(frames.BEACON, 0, frames.BROADCAST, AP, AP, 0) + beacons.body(
        b"net", rsn.SECURITIES["wpa2"], channel=1, interval_tu=100
    )
    key = eapol.EapolKey(eapol.VERSION_AES | eapol.PAIRWISE | eapol.ACK, 1).pack()
    data = frames.header(frames.DATA, frames.FROM_DS, STA, AP, AP, 0) + frames.EAPOL_SNAP + key
    samples = [mpdu[:size] for mpdu in (whole, data) for size in range(2, len(mpdu))]
    samples += [random.randbytes(random.randrange(2, 120)) for _ in range(2000)]
    for mpdu in samples:
        frame = AirFrame(0, True, mpdu, channel=1, rssi=0, rate=2)
        message_name(mpdu)
        assert frame.describe()
        frame.ethernet, frame.key, frame.bssid, frame.source, frame.destination  # noqa: B018
        rsn.parse_rsn(mpdu)


@pytest.mark.parametrize(
    ("info", "nonce", "data", "name"),
    [
        (0x008A, b"", b"", "M1"),
        (0x010A, b"n", b"e", "M2"),
        (0x13CA, b"n", b"e", "M3"),
        (0x030A, b"", b"", "M4"),
        (0x030A, b"n", b"", "M4"),
        (0x1382, b"", b"e", "G1"),
        (0x0302, b"", b"", "G2"),
        (0x0D0A, b"", b"", "EAPOL"),
        (0x0002, b"", b"", "EAPOL"),
    ],
)
def test_messages_of_the_handshake_have_their_names(info: int, nonce: bytes, data: bytes, name: str) -> None:
    """12.7.6 and 12.7.7; the numbers are those that captures show."""
    assert eapol.EapolKey(info, 1, nonce.ljust(32, b"\0"), data).name == name
