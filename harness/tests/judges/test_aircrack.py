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

from .captures import NETWORKS, harness_alone, pcap_of

BSSIDS = {"board": "02:00:00:00:a0:01", "soft AP": "02:00:00:00:00:81", "harness": "02:00:00:00:a0:01"}
CAPTURES = {"board": "{}-first.pcapng", "soft AP": "soft-ap-{}.pcapng"}
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


@pytest.fixture(params=BSSIDS)
def who(request: pytest.FixtureRequest) -> str:
    """Whose handshake: that of the board as a station or as a soft AP, or one of the harness alone."""
    return str(request.param)


@pytest.fixture
def capture(who: str, network: int, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The capture of a first handshake and of the data after it."""
    path = tmp_path / "air.pcap"
    if who in CAPTURES:
        folder: Path = request.getfixturevalue("board_captures")
        data = (folder / CAPTURES[who].format(network)).read_bytes()
    else:
        data = harness_alone(*NETWORKS[network])
    path.write_bytes(pcap_of(data))
    return path


def test_aircrack_finds_the_passphrase(capture: Path, who: str, network: int, tmp_path: Path) -> None:
    words, found = tmp_path / "words", tmp_path / "found"
    password = NETWORKS[network][1]
    words.write_text("\n".join([*WRONG, password, *WRONG]) + "\n")
    said = run("aircrack-ng", "-q", "-p", "1", "-w", words, "-b", BSSIDS[who], "-l", found, capture)
    assert found.exists(), said
    assert found.read_text() == password


def test_aircrack_finds_nothing_in_words_that_are_wrong(capture: Path, who: str, tmp_path: Path) -> None:
    """It does not believe just any word: the judge can say no."""
    words, found = tmp_path / "words", tmp_path / "found"
    words.write_text("\n".join(WRONG) + "\n")
    run("aircrack-ng", "-q", "-p", "1", "-w", words, "-b", BSSIDS[who], "-l", found, capture)
    assert not found.exists()


def test_airdecap_decrypts_the_data(capture: Path, network: int) -> None:
    """All of it but group frames: airdecap-ng does not look into message 3 for their key."""
    ssid, password = NETWORKS[network]
    said = run("airdecap-ng", "-e", ssid, "-p", password, capture)
    decrypted = capture.with_name("air-dec.pcap").read_bytes()
    assert decrypted.count(b"with the first keys") >= 2, said
