# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark as a judge of what the NIC's model says on the air: it dissects all, and decrypts it with the passphrase.

(What the harness's own nodes say is judged in tests/air/test_capture.py.)
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .captures import NETWORKS

BOARD, EVERYBODY = "02:00:00:00:00:81", "ff:ff:ff:ff:ff:ff"
WORDS = (b"with the first keys", b"with a new group key", b"with a new pairwise key")


def tshark(folder: Path, network: int, *words: str, password: str | None = None, what: str = "") -> list[str]:
    """Return the lines that tshark says of a capture of the board, with the network's passphrase known to it."""
    program = shutil.which("tshark")
    if program is None:
        pytest.fail("tshark is missing: apt install tshark")
    ssid, right = NETWORKS[network]
    options = ["-o", "wlan.enable_decryption:TRUE", "-o", f'uat:80211_keys:"wpa-pwd","{password or right}:{ssid}"']
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    capture = folder / f"{what}{network}.pcapng"
    said = subprocess.run([program, "-r", str(capture), *options, *words], capture_output=True, text=True, check=True,
                          timeout=300, env=environment)  # fmt: skip
    return said.stdout.splitlines()


def test_nothing_is_malformed(board_captures: Path, network: int) -> None:
    assert tshark(board_captures, network, "-Y", "_ws.malformed || _ws.expert.severity == error") == []
    # Beacons, scan, join, three handshakes, data, and the end.
    assert len(tshark(board_captures, network, "-Y", "frame.interface_name == wlan0")) > 35


def test_every_encrypted_frame_can_be_decrypted(board_captures: Path, network: int) -> None:
    """Of both ends, unicast and group, under all five keys; what can't be shows as bytes."""
    words = ["-Y", "wlan.fc.protected == 1", "-T", "fields", "-e", "wlan.wep.key", "-e", "wlan.ra"]
    seen = [tuple(line.split("\t")) for line in tshark(board_captures, network, *words)]
    assert {key for key, receiver in seen if receiver == BOARD} == {"0"}
    assert [key for key, receiver in seen if receiver == EVERYBODY] == ["1", "1", "2", "2"]
    assert tshark(board_captures, network, "-Y", "wlan.fc.protected == 1 && !llc") == []


def test_the_data_is_what_was_said(board_captures: Path, network: int) -> None:
    seen = tshark(board_captures, network, "-Y", "wlan.fc.protected == 1 && udp", "-T", "fields", "-e", "data.data")
    assert [bytes.fromhex(line) for line in seen] == [word for word in WORDS for _ in range(2)]


def test_the_handshakes_are_whole_and_in_order(board_captures: Path, network: int) -> None:
    """M1 to M4, G1 and G2 (which tshark numbers 1 and 2), and encrypted M1 to M4 once more."""
    fields = ["-T", "fields", "-e", "wlan_rsna_eapol.keydes.msgnr", "-e", "wlan.fc.protected"]
    seen = [tuple(line.split("\t")) for line in tshark(board_captures, network, "-Y", "eapol && wlan", *fields)]
    assert [number for number, _ in seen] == ["1", "2", "3", "4", "1", "2", "1", "2", "3", "4"]
    assert [flag in ("1", "True") for _, flag in seen] == [False] * 4 + [True] * 6


def test_packet_numbers_ascend_by_one(board_captures: Path, network: int) -> None:
    """Of each key of the board, from 1: a number that comes twice gives away what was said (the KRACK mistake)."""
    fields = ["-T", "fields", "-e", "wlan.ccmp.extiv"]
    seen = tshark(board_captures, network, "-Y", "wlan.fc.protected == 1 && wlan.fc.tods == 1", *fields)
    numbers = [int(line, 16) for line in seen]
    again = numbers.index(1, 1)
    assert numbers == [*range(1, again + 1), *range(1, len(numbers) - again + 1)]


def test_the_soft_ap_says_nothing_that_is_malformed(board_captures: Path, network: int) -> None:
    words = ["-Y", "_ws.malformed || _ws.expert.severity == error"]
    assert tshark(board_captures, network, *words, what="soft-ap-") == []


def test_what_the_soft_ap_encrypts_can_be_decrypted(board_captures: Path, network: int) -> None:
    """For each of two stations, from one to the other, and for both."""
    words = ["-Y", "wlan.fc.protected == 1", "-T", "fields", "-e", "wlan.ra"]
    receivers = tshark(board_captures, network, *words, what="soft-ap-")
    assert {*receivers} == {BOARD, EVERYBODY, "02:00:00:00:b0:01", "02:00:00:00:b0:02"}
    assert tshark(board_captures, network, "-Y", "wlan.fc.protected == 1 && !llc", what="soft-ap-") == []
    words = ["-Y", "wlan.fc.protected == 1 && icmp", "-T", "fields", "-e", "data.data"]
    said = {bytes.fromhex(line) for line in tshark(board_captures, network, *words, what="soft-ap-")}
    assert said == {b"with the first keys", b"from one to the other"}


def test_another_passphrase_decrypts_nothing(board_captures: Path, network: int) -> None:
    """The judge can say no."""
    assert tshark(board_captures, network, "-Y", "wlan.fc.protected == 1 && llc", password="wrong, wrong") == []
