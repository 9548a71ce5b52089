# SPDX-License-Identifier: GPL-2.0-or-later
"""How access points differ: in what they do about a station that has the wrong passphrase, or says nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sockbench.clock import MS

# Reason codes (IEEE 802.11-2020 table 9-49).
UNSPECIFIED, AUTH_EXPIRED, LEAVING, INACTIVITY, NOT_AUTHENTICATED, NOT_ASSOCIATED = 1, 2, 3, 4, 6, 7
LEFT_BSS, MIC_FAILURE, HANDSHAKE_TIMEOUT, GROUP_TIMEOUT, ELEMENT_DIFFERS = 8, 14, 15, 16, 17

# Status codes (table 9-50).
SUCCESS, REFUSED, CAPABILITIES, BAD_ALGORITHM, BAD_TRANSACTION, FULL_UP, BAD_RATES = 0, 1, 10, 13, 14, 17, 18

# What a wrong MIC leads to.
REPEAT, DEAUTHENTICATE, SAY_NOTHING = "repeat", "deauthenticate", "say nothing"


@dataclass(frozen=True)
class Profile:
    """An access point's ways. Messages are repeated at `repeats` after the first; after `patience` it gives up."""

    name: str
    on_wrong_mic: str = REPEAT
    reason: int = AUTH_EXPIRED
    repeats: tuple[int, ...] = (100 * MS, 1100 * MS, 2100 * MS)
    patience: int = 3100 * MS
    auth_status: int = SUCCESS
    assoc_status: int = SUCCESS


HOSTAPD = Profile("hostapd")
DEAUTH_AT_ONCE = Profile("deauth at once", DEAUTHENTICATE)
SILENT = Profile("silent", SAY_NOTHING)
FULL = Profile("full", assoc_status=FULL_UP)
ACL = Profile("acl", auth_status=REFUSED)
