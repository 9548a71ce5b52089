"""What others say on the air, and what is no frame at all: it reaches nobody and takes nothing.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import MS, SEC, covers
from sockbench.peers.address import mac_bytes

from conformance.scenes import DEVICE, bound_udp, echoes
from conformance.wifi.scenes import linked

STRANGER, OTHER_AP, EVERYBODY = "02:00:00:00:00:77", "02:00:00:00:bb:01", "ff:ff:ff:ff:ff:ff"
PACKET = bytes.fromhex("aaaa030000000800") + bytes(40)
RATES = bytes.fromhex("010482848b96")
# Flags of the frame control field's second byte (802.11-2020 9.2.4.1).
TO_DS, FROM_DS, PROTECTED = 0x01, 0x02, 0x40


def mpdu(kind, flags, receiver, transmitter, third, body=b""):
    """Return a frame whose first byte, type and subtype, is KIND (802.11-2020 table 9-1)."""
    return bytes([kind, flags, 0, 0]) + b"".join(map(mac_bytes, (receiver, transmitter, third))) + b"\0\0" + body


# By access point and board: what is for somebody else, of nobody, or broken.
STRANGE = {
    "data-for-another-station": lambda ap, mac: mpdu(0x08, FROM_DS, STRANGER, ap, ap, PACKET),
    "data-of-another-network": lambda ap, mac: mpdu(0x08, FROM_DS, mac, OTHER_AP, OTHER_AP, PACKET),
    "data-to-an-access-point": lambda ap, mac: mpdu(0x08, TO_DS, ap, STRANGER, mac, PACKET),
    "data-between-access-points": lambda ap, mac: mpdu(
        0x08, TO_DS | FROM_DS, mac, ap, mac, mac_bytes(STRANGER) + PACKET
    ),
    "data-without-an-access-point": lambda ap, mac: mpdu(0x08, 0, mac, STRANGER, OTHER_AP, PACKET),
    "data-without-a-packet": lambda ap, mac: mpdu(0x08, FROM_DS, mac, ap, ap),
    "data-cut-in-its-header": lambda ap, mac: mpdu(0x08, FROM_DS, mac, ap, ap)[:23],
    "data-cut-in-its-snap": lambda ap, mac: mpdu(0x08, FROM_DS, mac, ap, ap, PACKET[:5]),
    "data-with-an-unknown-key": lambda ap, mac: mpdu(
        0x08, FROM_DS | PROTECTED, mac, ap, ap, bytes.fromhex("010000e000000000") + bytes(48)
    ),
    "data-too-short-for-a-mic": lambda ap, mac: mpdu(
        0x08, FROM_DS | PROTECTED, mac, ap, ap, bytes.fromhex("0100002000000000") + b"abc"
    ),
    "authentication-of-a-stranger": lambda ap, mac: mpdu(0xB0, 0, mac, STRANGER, mac, bytes.fromhex("000001000000")),
    "association-of-a-stranger": lambda ap, mac: mpdu(0x00, 0, mac, STRANGER, mac, b"\x01\x04\x0a\0\0\x01x" + RATES),
    "probe-request": lambda ap, mac: mpdu(0x40, 0, EVERYBODY, STRANGER, EVERYBODY, b"\0\0" + RATES),
    "unknown-action": lambda ap, mac: mpdu(0xD0, 0, mac, ap, ap, bytes.fromhex("7f000000")),
    "deauthentication-without-a-reason": lambda ap, mac: mpdu(0xC0, 0, mac, ap, ap),
    "clear-to-send": lambda ap, mac: b"\xc4\0\0\0" + mac_bytes(mac),
    "reserved-type": lambda ap, mac: mpdu(0x0C, 0, mac, ap, ap, PACKET),
    "another-version-of-the-protocol": lambda ap, mac: mpdu(0x09, FROM_DS, mac, ap, ap, PACKET),
    "one-byte": lambda ap, mac: b"\x08",
}


@pytest.mark.parametrize("what", STRANGE)
@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.loss.strangers", "driver.foreign-frames")
async def test_strange_frame_is_nothing_to_the_board(bench, wifi, air, wire, cold_target, security, what):
    """A hundred of them: no answer, no memory, no loss of the link, no byte in a socket."""
    ap = await linked(wifi, air, wire, security)
    sock = await bound_udp(cold_target)
    await echoes(cold_target, wire)
    before = (await cold_target.stats())["heap_free"]
    for _ in range(100):
        air.send(STRANGE[what](ap.bssid, wire.board_mac), channel=ap.channel)
    await air.expect_none(for_=1 * SEC)
    assert (await cold_target.stats())["heap_free"] == before
    await sock.settimeout(0)
    with pytest.raises(OSError):
        await sock.recvfrom(100)
    assert await wifi.is_linked() is True
    wire.peer.udp.bind(7000).send(b"genuine", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    assert (await sock.recvfrom(100))[0] == b"genuine"
