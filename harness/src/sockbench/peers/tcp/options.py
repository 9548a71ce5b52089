# SPDX-License-Identifier: GPL-2.0-or-later
"""What a connection of a peer can be told before it begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sockbench.peers.tcp.connection import Connection

MS = 1_000_000
SEC = 1_000_000_000

AckPolicy = Literal["every", "delayed", "never"]
State = Literal[
    "CLOSED",
    "SYN-SENT",
    "SYN-RECEIVED",
    "ESTABLISHED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "CLOSE-WAIT",
    "CLOSING",
    "LAST-ACK",
    "TIME-WAIT",
]


@dataclass(frozen=True, kw_only=True)
class ConnectionOptions:
    """How a connection of a peer behaves; the defaults are those of a plain, correct TCP.

    mss             value of the MSS option in our SYN; None sends no such option
    window          what we advertise, in bytes; None: all of `buffer`, less what nobody has read yet
    buffer          receive buffer in bytes; None: the largest window, read at once
    isn             our initial sequence number; None: the next one of the host's seeded generator
    ack             "every" segment at once, "delayed" (RFC 9293 3.8.6.3), or "never"
    ack_delay       how long a delayed acknowledgement waits (RFC 9293 MUST-40: less than 0.5 s)
    silent          hear everything, send nothing
    syn_ack_delay   time between the board's SYN and our SYN-ACK
    window_scale    shift count we offer (RFC 7323 2); None offers nothing
    sack            offer selective acknowledgements (RFC 2018) and send blocks if the board agrees
    timestamps      offer timestamps (RFC 7323 3)
    rto, rto_min, rto_max   retransmission timeout: first, least, largest (RFC 6298 2)
    attempts, syn_attempts  transmissions of the same bytes before we give up
    time_wait       time from TIME-WAIT to CLOSED (two maximum segment lifetimes)
    setup           called with the connection before it sends anything
    """

    mss: int | None = 1460
    window: int | None = None
    buffer: int | None = None
    isn: int | None = None
    ack: AckPolicy = "every"
    ack_delay: int = 200 * MS
    silent: bool = False
    syn_ack_delay: int = 0
    window_scale: int | None = None
    sack: bool = False
    timestamps: bool = False
    rto: int = 1 * SEC
    rto_min: int = 1 * SEC
    rto_max: int = 60 * SEC
    attempts: int = 15
    syn_attempts: int = 7
    time_wait: int = 120 * SEC
    setup: Callable[[Connection], None] | None = None

    def __post_init__(self) -> None:
        check_range("mss", self.mss, 0xFFFF)
        check_range("window", self.window, 0xFFFF << 14)
        check_range("buffer", self.buffer, 0xFFFF << 14)
        check_range("isn", self.isn, 0xFFFFFFFF)
        check_range("window_scale", self.window_scale, 14)
        check_ack_policy(self.ack)


def check_range(name: str, value: int | None, largest: int) -> None:
    """Raise ValueError unless `value` is None or an integer from 0 to `largest`."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest):
        raise ValueError(f"{name}= is None or 0 to {largest}, not {value!r}")


def check_ack_policy(policy: str) -> None:
    """Raise ValueError for a policy that does not exist."""
    if policy not in ("every", "delayed", "never"):
        raise ValueError(f'ack is "every", "delayed" or "never", not {policy!r}')
