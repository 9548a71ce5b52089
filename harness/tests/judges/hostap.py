# SPDX-License-Identifier: GPL-2.0-or-later
"""hostapd's authenticator and wpa_supplicant's supplicant in the place of ours: the processes of hostap.c.

They do the handshakes; keys that they install go into the harness's CCMP, which encrypts and decrypts data.
"""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sockbench.air import ccmp, eapol, keys
from sockbench.air.access_point import AccessPoint
from sockbench.air.authenticator import IDLE
from sockbench.clock import MS
from sockbench.peers.waiting import Timer


@dataclass(frozen=True)
class Verbatim(eapol.EapolKey):
    """An EAPOL-Key frame that is sent as another implementation made it."""

    made: bytes = b""

    def pack(self, kck: bytes | None = None, kek: bytes | None = None) -> bytes:
        """Return the frame."""
        return self.made


def verbatim(data: bytes) -> Verbatim:
    """Return a frame of the process; its fields are as our parser reads them."""
    key = eapol.parse(data)
    assert key is not None, f"not an EAPOL-Key frame: {data.hex()}"
    return Verbatim(**{**vars(key), "made": data})


class Process:
    """One end of a handshake, in a process of its own; it does nothing but answer."""

    def __init__(self, program: Path, *words: str | bytes) -> None:
        command = [str(program), *(word if isinstance(word, str) else word.hex() for word in words)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.began = self._events()

    def tell(self, command: str) -> list[list[str]]:
        """Give a command and return the events it led to; the last one is `end` and when it wants to be told again."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._events()

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)

    def _events(self) -> list[list[str]]:
        assert self._process.stdout is not None
        found = []
        while True:
            line = self._process.stdout.readline()
            assert line, "the process died"
            found.append(line.split())
            if found[-1][0] == "end":
                return found


class HostapdAuthenticator:
    """Takes the place of `sockbench.air.authenticator.Authenticator`."""

    program: Path
    made: list[HostapdAuthenticator] = []

    def __init__(self, owner: AccessPoint, station: bytes, loop: asyncio.AbstractEventLoop, rsn_body: bytes) -> None:
        self._owner = owner
        self._station = station
        self._loop = loop
        self._timer = Timer(loop, self._rang)
        self._told = 0
        self.phase = IDLE
        self.wrong_mics = 0
        self.key: ccmp.Key | None = None
        self.pending: ccmp.Key | None = None
        self.transient_key: keys.Ptk | None = None
        self.leaves: list[tuple[int, int]] = []
        password = (owner.password or "").encode()
        element = bytes([48, len(rsn_body)]) + rsn_body
        self.process = Process(
            self.program, "authenticator", owner.address, station, password, owner.ssid, element
        )  # fmt: skip
        self._take(self.process.began)
        self.made.append(self)

    def start(self) -> None:
        """Begin the first handshake, or a new one."""
        self._tell("start" if self.key is None else "rekey pairwise")

    def rekey_group(self) -> None:
        """Let it make a new group key and hand it out."""
        self._tell("rekey group")

    def close(self) -> None:
        """End it without a word."""
        self._timer.stop()

    def receive(self, data: bytes) -> bool:
        """Give it an EAPOL frame of the station."""
        self._tell(f"hear {data.hex()}")
        return True

    def _tell(self, command: str) -> None:
        # Its clock goes first to where ours is.
        passed = (int(self._loop.time()) - self._told) // MS
        self._told += passed * MS
        if passed:
            self._take(self.process.tell(f"advance {passed}"))
        self._take(self.process.tell(command))

    def _rang(self) -> None:
        passed = (int(self._loop.time()) - self._told) // MS
        self._told += passed * MS
        self._take(self.process.tell(f"advance {passed}"))

    def _take(self, events: list[list[str]]) -> None:
        for what, *words in events:
            if what == "rsn":
                assert bytes.fromhex(words[0]) == self._owner.rsn_element, "hostapd's beacon has another element"
            elif what == "pmk":
                assert bytes.fromhex(words[0]) == self._owner.pmk, "hostapd has another PMK"
            elif what == "group":
                self._owner.group.used = ccmp.Key(bytes.fromhex(words[2]), int(words[0]))
            elif what == "pairwise":
                self.key = ccmp.Key(bytes.fromhex(words[0]))
            elif what == "authorized":
                assert self.key is not None
                self._owner.keyed(self._station, self.key)
            elif what == "say":
                self._owner.say_eapol(self._station, verbatim(bytes.fromhex(words[2])), None,
                                      self.key if words[0] == "1" else None)  # fmt: skip
            elif what == "wrong-mic":
                self.wrong_mics += 1
            elif what == "leave":
                self.leaves.append((int(self._loop.time()), int(words[0])))
                self._owner.give_up(self._station, int(words[0]))
            elif what == "end" and int(words[0]) >= 0:
                self._timer.start(self._told + int(words[0]) * MS)


class WpaSupplicant:
    """Takes the place of `sockbench.air.supplicant.Supplicant`."""

    program: Path
    made: list[WpaSupplicant] = []
    # The passphrase and the name; ours is given the PMK.
    network: tuple[bytes, bytes]

    def __init__(self, owner: Any, pmk: bytes, *, own: bytes, bssid: bytes, offered: bytes, chosen: bytes) -> None:
        self._owner = owner
        self._pmk = pmk
        self.got_m1 = False
        self.wrong_mics = 0
        self.ptk: keys.Ptk | None = None
        self.key: ccmp.Key | None = None
        self.groups: dict[int, ccmp.Key] = {}
        self.process = Process(self.program, "supplicant", own, bssid, *self.network, chosen, offered)
        self._take(self.process.began)
        self._take(self.process.tell("start"))
        self.made.append(self)

    def receive(self, data: bytes, *, encrypted: bool) -> bool:
        """Give it an EAPOL frame of the access point."""
        self.got_m1 = True
        self._take(self.process.tell(f"hear {data.hex()}"))
        return True

    def _take(self, events: list[list[str]]) -> None:
        nothing = keys.Ptk(b"", b"", b"")
        for what, *words in events:
            if what == "pmk":
                assert bytes.fromhex(words[0]) == self._pmk, "wpa_supplicant has another PMK"
            elif what == "say":
                self._owner.say_eapol(verbatim(bytes.fromhex(words[2])), nothing, self.key)
            elif what == "pairwise":
                self.key = ccmp.Key(bytes.fromhex(words[0]))
            elif what == "group":
                self.groups[int(words[0])] = ccmp.Key(bytes.fromhex(words[2]), int(words[0]))
                self.groups[int(words[0])].accepted = int(words[1])
            elif what == "authorized":
                self._owner.keyed()
            elif what == "leave":
                self._owner.give_up(int(words[0]))
