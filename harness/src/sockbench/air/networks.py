# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks as a station sees them, and how it asks: what it reads in beacons, what its requests say."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sockbench.air import frames
from sockbench.air.rsn import Rsn, parse_rsn
from sockbench.peers.address import mac_text

# In beacon intervals (9.4.1.6): how long an access point may have to keep frames.
LISTEN_INTERVAL = 10
RATES = frames.element(frames.RATES, frames.RATES_BODY)
EXTENDED_RATES = frames.element(frames.EXTENDED_RATES, frames.EXTENDED_RATES_BODY)


@dataclass(frozen=True)
class Network:
    """A network as a beacon or a probe response showed it."""

    ssid: bytes
    bssid: str
    channel: int
    rssi: int
    capability: int
    interval_tu: int
    rsn: Rsn | None
    rsn_element: bytes
    heard_at: int


def read_network(mpdu: bytes, channel: int, rssi: int, at: int) -> Network | None:
    """Return what a Beacon or Probe Response says; None if it is malformed."""
    said = frames.parse_beacon(mpdu[frames.HEADER_BYTES :])
    if said is None:
        return None
    body = frames.find(said.elements, frames.RSN)
    return Network(
        ssid=frames.find(said.elements, frames.SSID) or b"",
        bssid=mac_text(mpdu[16:22]),
        channel=channel,
        rssi=rssi,
        capability=said.capability,
        interval_tu=said.interval_tu,
        rsn=None if body is None else parse_rsn(body),
        rsn_element=b"" if body is None else frames.element(frames.RSN, body),
        heard_at=at,
    )


def probe_body(ssid: bytes) -> bytes:
    """Return the body of a Probe Request; an empty SSID asks for every network."""
    return frames.element(frames.SSID, ssid) + RATES + EXTENDED_RATES


def association_body(ssid: bytes, network: Network, chosen: bytes) -> bytes:
    """Return the body of an Association Request with the RSN element of our choice."""
    capability = frames.ESS | frames.SHORT_SLOT | network.capability & frames.PRIVACY
    fixed = struct.pack("<HH", capability, LISTEN_INTERVAL)
    return fixed + frames.element(frames.SSID, ssid) + RATES + chosen + EXTENDED_RATES
