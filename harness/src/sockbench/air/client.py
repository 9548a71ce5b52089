# SPDX-License-Identifier: GPL-2.0-or-later
"""What an access point knows of one station."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sockbench.air.authenticator import Authenticator
from sockbench.peers.address import mac_text

AUTHENTICATED, ASSOCIATED, AUTHORIZED, GONE = "AUTHENTICATED", "ASSOCIATED", "AUTHORIZED", "GONE"


@dataclass(frozen=True)
class Kept:
    """A frame that waits for a dozing station; `then` is done when it has been sent."""

    mpdu: bytes
    encrypt: bool
    then: Callable[[], None] | None = None


@dataclass(eq=False)
class Client:
    """A station of an access point. Times are None until what they name has happened."""

    address: bytes
    from_board: bool
    state: str = AUTHENTICATED
    aid: int = 0
    power_save: bool = False
    buffered: list[Kept] = field(default_factory=list)
    # What went to and fro of the handshakes: (time, name).
    handshake: list[tuple[int, str]] = field(default_factory=list)
    authenticated_at: int | None = None
    associated_at: int | None = None
    authorized_at: int | None = None
    last_heard: int | None = None
    left_at: int | None = None
    left_reason: int | None = None
    # "station" or "ap".
    left_by: str = ""
    # Frames that were refused: a wrong MIC, a packet number once more, no encryption.
    refused: int = 0
    authenticator: Authenticator | None = None

    @property
    def mac(self) -> str:
        return mac_text(self.address)

    @property
    def authorized(self) -> bool:
        """Whether data may pass."""
        return self.state == AUTHORIZED

    @property
    def associated(self) -> bool:
        return self.state in (ASSOCIATED, AUTHORIZED)

    @property
    def wrong_mics(self) -> int:
        """How many messages of a handshake had a wrong MIC: the passphrase differs."""
        return self.authenticator.wrong_mics if self.authenticator is not None else 0

    def __repr__(self) -> str:
        return f"Client({self.mac}, {self.state}, AID {self.aid})"
