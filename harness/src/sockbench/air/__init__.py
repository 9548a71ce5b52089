# SPDX-License-Identifier: GPL-2.0-or-later
"""The air around the board's wifi NIC: the medium, access points and stations (IEEE 802.11-2020).

Written from the standard, and from nothing that the NIC's model contains: mistakes of the two sides
should not cancel.
"""

from sockbench.air.access_point import AccessPoint
from sockbench.air.air import HOME_PASSWORD, HOME_SSID, Air
from sockbench.air.client import Client
from sockbench.air.eapol import EapolKey, with_rsn, without_gtk
from sockbench.air.frame import AirFrame
from sockbench.air.networks import Network
from sockbench.air.profiles import ACL, DEAUTH_AT_ONCE, FULL, HOSTAPD, SILENT, Profile
from sockbench.air.rsn import Rsn
from sockbench.air.station import JoinFailed, Station

__all__ = [
    "ACL",
    "DEAUTH_AT_ONCE",
    "FULL",
    "HOME_PASSWORD",
    "HOME_SSID",
    "HOSTAPD",
    "SILENT",
    "AccessPoint",
    "Air",
    "AirFrame",
    "Client",
    "EapolKey",
    "JoinFailed",
    "Network",
    "Profile",
    "Rsn",
    "Station",
    "with_rsn",
    "without_gtk",
]
