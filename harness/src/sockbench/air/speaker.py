# SPDX-License-Identifier: GPL-2.0-or-later
"""What a node of the harness says, and what it says wrong when told to.

Every frame of an access point or a station leaves through `say`: there it is dropped, delayed,
doubled, changed or spoilt as rules have it, then encrypted, then sent. EAPOL-Key frames may also be
changed before their MIC is made, through `edited`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sockbench.air import ccmp, eapol, frames
from sockbench.air.frame import AirFrame, message_name
from sockbench.air.medium import Declaration, Medium
from sockbench.air.patterns import message

What = str | Callable[[bytes], bool]
Change = Callable[[bytes], bytes | None]
KeyChange = Callable[[eapol.EapolKey], eapol.EapolKey | None]

DROP, DELAY, DUPLICATE, CORRUPT, EDIT = "drop", "delay", "duplicate", "corrupt", "edit"
MIC_NAMES = frozenset({"M2", "M3", "M4", "G1", "G2"})
# Where an EAPOL frame begins in the body of a data frame.
SNAP_BYTES = 8


class Names(set[str]):
    """A set of names from a list: a wrong one would have no effect, silently."""

    def __init__(self, known: Iterable[str]) -> None:
        super().__init__()
        self._known = frozenset(known)

    def add(self, name: str) -> None:
        """Put a name into the set."""
        if name not in self._known:
            raise ValueError(f"{name!r} is none of {' '.join(sorted(self._known))}")
        super().add(name)


@dataclass
class Rule:
    """What befalls frames that match; `left` None is for ever."""

    matches: Callable[[str, bytes], bool]
    action: str
    left: int | None
    by: int = 0
    change: Change | None = None

    def applies(self, name: str, mpdu: bytes) -> bool:
        """Tell whether the rule takes this frame; if so it is used up by one."""
        if self.left == 0 or not self.matches(name, mpdu):
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Speaker:
    """A node that sends; `present` says whether it can at all."""

    def __init__(self, medium: Medium, loop: asyncio.AbstractEventLoop, *, channel: int, rssi: int,
                 silences: Iterable[str]) -> None:  # fmt: skip
        self._medium = medium
        self._loop = loop
        self.channel = channel
        self.rssi = rssi
        self.present = True
        # Messages that are heard and not answered.
        self.silent_on = Names(silences)
        # Messages that are not encrypted although a key is there.
        self.plaintext = Names({"DATA", "M1", "M2", "M3", "M4", "G1", "G2", "EAPOL"})
        self._numbering = frames.Numbering()
        self._rules: list[Rule] = []
        self._key_changes: list[tuple[str, KeyChange, list[int | None]]] = []
        self._last: dict[str, tuple[bytes, ccmp.Key | None]] = {}
        self._last_data: bytes | None = None

    def drop(self, what: What, *, count: int | None = 1) -> None:
        """Do not send the next `count` such frames (None: any more)."""
        self._rule(what, DROP, count)

    def delay(self, what: What, *, by: int, count: int | None = 1) -> None:
        """Send the next `count` such frames `by` later than they should be."""
        self._rule(what, DELAY, count, by=by)

    def duplicate(self, what: What, *, count: int | None = 1) -> None:
        """Send the next `count` such frames twice, encrypted anew."""
        self._rule(what, DUPLICATE, count)

    def corrupt(self, what: What, *, count: int | None = 1) -> None:
        """Send the next `count` such frames with a wrong MIC: that of EAPOL, or that of CCMP."""
        if isinstance(what, str) and what not in MIC_NAMES and what != "DATA":
            raise ValueError(f"{what} has no MIC that could be wrong")
        self._rule(what, CORRUPT, count)

    def edit(self, what: What, change: Change, *, count: int | None = 1) -> None:
        """Send what `change` makes of the next `count` such frames before they are encrypted; None: nothing."""
        self._rule(what, EDIT, count, change=change)

    def edit_key(self, name: str, change: KeyChange, *, count: int | None = 1) -> None:
        """Send what `change` makes of the next `count` such EAPOL-Key frames before their MIC is made."""
        self._key_changes.append((message(name), change, [count]))

    def replay(self, name: str, *, at: int | None = None) -> None:
        """Send the last such frame again as it was (encrypted anew if it was encrypted), now or at a virtual time."""
        message(name)
        self._when(at, lambda: self._again(name))

    def replay_data(self, *, at: int | None = None) -> None:
        """Send the last encrypted data frame again with its packet number, now or at a virtual time."""

        def again() -> None:
            if self._last_data is None:
                raise LookupError("no encrypted data frame was sent that could be sent again")
            self._transmit(self._last_data, frames.HIGHEST_RATE, None)

        self._when(at, again)

    def hear(self, frame: AirFrame) -> bool:
        """Act on a frame, now; return whether it is accounted for."""
        raise NotImplementedError

    def declared(self, declaration: Declaration) -> None:
        """Take note of beacons that somebody declares now."""

    def close(self) -> None:
        """Cancel every timer, without a word."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop on whose time it lives."""
        return self._loop

    @property
    def now(self) -> int:
        """Virtual time."""
        return int(self._loop.time())

    # What nodes call.

    def say(self, mpdu: bytes, key: ccmp.Key | None = None, rate: int = frames.LOWEST_RATE) -> None:
        """Send a frame, encrypted if there is a key, unless a rule has it otherwise."""
        name = message_name(mpdu)
        twice = spoilt = False
        late = 0
        for rule in self._rules:
            if not rule.applies(name, mpdu):
                continue
            if rule.action == DROP:
                return
            if rule.action == EDIT and rule.change is not None:
                changed = rule.change(mpdu)
                if changed is None:
                    return
                mpdu = changed
            twice |= rule.action == DUPLICATE
            spoilt |= rule.action == CORRUPT
            late += rule.by
        if late:
            self._loop.call_later(late, self._finish, name, mpdu, key, rate, spoilt, twice)
        else:
            self._finish(name, mpdu, key, rate, spoilt, twice)

    def edited(self, key: eapol.EapolKey) -> eapol.EapolKey | None:
        """Return an EAPOL-Key frame as it is to be sent; None: not at all."""
        made: eapol.EapolKey | None = key
        for name, change, left in self._key_changes:
            if made is None or made.name != name or left[0] == 0:
                continue
            if left[0] is not None:
                left[0] -= 1
            made = change(made)
        return made

    def _when(self, at: int | None, act: Callable[[], None]) -> None:
        """Do it now, or at a virtual time."""
        if at is None or at <= self._loop.time():
            act()
        else:
            self._loop.call_at(at, act)

    def _rule(self, what: What, action: str, count: int | None, *, by: int = 0, change: Change | None = None) -> None:
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise ValueError(f"count= is a number from 1, or None, not {count!r}")
        if isinstance(by, bool) or not isinstance(by, int) or by < 0:
            raise ValueError(f"by= is a number of nanoseconds, not {by!r}")
        if isinstance(what, str):
            wanted = message(what)
            self._rules.append(Rule(lambda name, mpdu: name == wanted, action, count, by, change))
        else:
            chosen = what
            self._rules.append(Rule(lambda name, mpdu: chosen(mpdu), action, count, by, change))

    def _again(self, name: str) -> None:
        if name not in self._last:
            raise LookupError(f"no {name} was sent that could be sent again")
        mpdu, key = self._last[name]
        self._finish(name, mpdu, key, frames.LOWEST_RATE, False, False)

    def _finish(self, name: str, mpdu: bytes, key: ccmp.Key | None, rate: int, spoilt: bool, twice: bool) -> None:
        if spoilt and name in MIC_NAMES:
            at = frames.header_bytes(mpdu) + SNAP_BYTES + eapol.MIC_AT
            mpdu = mpdu[:at] + bytes([mpdu[at] ^ 1]) + mpdu[at + 1 :]
        self._last[name] = (mpdu, key)
        for _ in range(2 if twice else 1):
            if key is None or name in self.plaintext:
                self._transmit(mpdu, rate, None)
                continue
            data = key.encrypt(mpdu)
            if spoilt and name not in MIC_NAMES:
                data = data[:-1] + bytes([data[-1] ^ 1])
            self._last_data = data
            self._transmit(data, rate, mpdu)

    def _transmit(self, mpdu: bytes, rate: int, plain: bytes | None) -> None:
        if self.present:
            self._medium.transmit(self, mpdu, channel=self.channel, rssi=self.rssi, rate=rate, plain=plain)
