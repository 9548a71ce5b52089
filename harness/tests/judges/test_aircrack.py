# SPDX-License-Identifier: GPL-2.0-or-later
"""aircrack-ng as a judge: it knows only what crossed the air, and works out the rest by code of its own.

That it finds the passphrase in a list of words means that nonces, addresses, PTK and the MICs of the handshake are
as in the field; that airdecap-ng decrypts the data means the same of CCMP.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .captures import harness_alone, write_pcap

BSSID = "02:00:00:00:a0:01"
NETWORKS = [
    ("net name", "a passphrase"),
    ("n", "8 chars."),
    ("thirty-two bytes are the longest", "63 characters, the most that a passphrase has, ~ and blanks !!!"),
]
# Words that are not it, of every length that a passphrase has.
WRONG = [chr(ord("a") + count % 26) * count for count in range(8, 64)]


def run(*words: str | Path) -> str:
    """Return what a program of the suite says; it may not ask anything."""
    program = shutil.which(str(words[0]))
    if program is None:
        pytest.fail(f"{words[0]} is missing: apt install aircrack-ng")
    done = subprocess.run([program, *map(str, words[1:])], capture_output=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, timeout=300, check=False)  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize(("ssid", "password"), NETWORKS)
def test_aircrack_finds_the_passphrase(ssid: str, password: str, tmp_path: Path) -> None:
    capture, words, found = tmp_path / "air.pcap", tmp_path / "words", tmp_path / "found"
    write_pcap(capture, harness_alone(ssid, password))
    words.write_text("\n".join([*WRONG, password, *WRONG]) + "\n")
    said = run("aircrack-ng", "-q", "-w", words, "-b", BSSID, "-l", found, capture)
    assert found.exists(), said
    assert found.read_text() == password


def test_aircrack_finds_nothing_in_words_that_are_wrong(tmp_path: Path) -> None:
    """It does not believe just any word: the judge can say no."""
    capture, words, found = tmp_path / "air.pcap", tmp_path / "words", tmp_path / "found"
    write_pcap(capture, harness_alone(*NETWORKS[0]))
    words.write_text("\n".join(WRONG) + "\n")
    run("aircrack-ng", "-q", "-w", words, "-b", BSSID, "-l", found, capture)
    assert not found.exists()


@pytest.mark.parametrize(("ssid", "password"), NETWORKS)
def test_airdecap_decrypts_the_data(ssid: str, password: str, tmp_path: Path) -> None:
    capture = tmp_path / "air.pcap"
    write_pcap(capture, harness_alone(ssid, password))
    said = run("airdecap-ng", "-e", ssid, "-p", password, capture)
    counts = dict(line.rsplit(None, 1) for line in said.splitlines() if "Number of" in line)
    # Not the access point's copy of the station's broadcast: group keys are not followed.
    assert counts["Number of decrypted WPA  packets"] == "4", said
    decrypted = (tmp_path / "air-dec.pcap").read_bytes()
    assert decrypted.count(b"judge me") == 2
