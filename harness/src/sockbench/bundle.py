# SPDX-License-Identifier: GPL-2.0-or-later
"""The bundle that a failed case leaves: enough to read what happened and to make it happen again.

    bundle.json     case, seed, driver, command line, firmware's hash, trace hash, error
    trace.pcapng    every frame, API calls as comments
    timeline.txt    everything, in order
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from sockbench import pcapng
from sockbench.air.frame import AirFrame
from sockbench.frame import Frame
from sockbench.peers import can
from sockbench.results import write_atomically
from sockbench.timeline import API, FRAME, Timeline

# In this order.
INTERFACES = (
    pcapng.Interface("eth"),
    pcapng.Interface("can0", pcapng.LINKTYPE_CAN_SOCKETCAN),
    pcapng.Interface("wlan0", pcapng.LINKTYPE_IEEE802_11_RADIOTAP),
)
# What crosses the wire behind an access point is shown there, whatever NIC of the board it is for.
WIRE, CAN, AIR = range(3)
NAME_MAX = 120


def folder_name(case: str) -> str:
    """Return a case's id as the name of a folder."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", case).strip("_")[-NAME_MAX:]


def packets(timeline: Timeline) -> tuple[list[pcapng.Packet], list[str]]:
    """Return the capture's packets, and the API calls that came after the last of them."""
    found: list[pcapng.Packet] = []
    calls: list[str] = []
    for at, kind, what in timeline.entries():
        if kind == API:
            calls.append(f"{at} ns: {what}")
        elif kind == FRAME:
            frame: Frame | AirFrame | can.CanFrame = what
            if isinstance(frame, Frame):
                interface, data = WIRE, frame.data
            else:
                interface, data = AIR if isinstance(frame, AirFrame) else CAN, frame.capture()
            if isinstance(frame, AirFrame) and frame.declared is not None:
                calls.append(f"the air: {frame.describe()}")
            if frame.fate:
                calls.append(f"the {'air' if interface == AIR else 'wire'}: {frame.fate}")
            found.append(pcapng.Packet(at, interface, frame.outgoing, data, tuple(calls)))
            calls = []
    return found, calls


def capture(timeline: Timeline, *, comments: tuple[str, ...] = ()) -> bytes:
    """Return the case's capture file."""
    found, rest = packets(timeline)
    if found and rest:
        last = found[-1]
        found[-1] = pcapng.Packet(last.at, last.interface, last.outgoing, last.data, (*last.comments, *rest))
        rest = []
    file = BytesIO()
    pcapng.write(file, INTERFACES, found, comments=(*comments, *rest))
    return file.getvalue()


def write(directory: Path, case: str, facts: Mapping[str, Any], timeline: Timeline) -> Path:
    """Write a bundle below `directory` and return its folder."""
    folder = directory / folder_name(case)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "trace.pcapng", capture(timeline, comments=(case,)))
    write_atomically(folder / "timeline.txt", (timeline.text() + "\n").encode())
    write_atomically(folder / "bundle.json", (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode())
    return folder
