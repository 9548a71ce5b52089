"""Frames as programs see them: the bytes of Linux's struct can_frame and struct canfd_frame.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import struct
from typing import Any

from sockbench import AF_CAN, CAN_RAW, CAN_RAW_FD_FRAMES, CAN_RAW_FILTER, SOCK_RAW, SOL_CAN_RAW

EXTENDED, REMOTE, ERROR = 0x80000000, 0x40000000, 0x20000000
BRS, ESI, FD = 1, 2, 4
FD_LENGTHS = [*range(9), 12, 16, 20, 24, 32, 48, 64]


def classic(id: int, data: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a struct can_frame; `length` is for what is not as long as its data."""
    return struct.pack("<IB3x8s", id, len(data) if length is None else length, data)


def flexible(id: int, data: bytes = b"", *, flags: int = 0, length: int | None = None) -> bytes:
    """Return a struct canfd_frame."""
    return struct.pack("<IBB2x64s", id, len(data) if length is None else length, flags, data)


def filters(*pairs: tuple[int, int]) -> bytes:
    """Return an array of struct can_filter out of (id, mask)."""
    return b"".join(struct.pack("<II", *pair) for pair in pairs)


def counting(size: int) -> bytes:
    """Return so many bytes, each different and none zero."""
    return bytes(range(1, size + 1))


async def bound_can(target: Any, *, fd: bool = False, only: bytes | None = None) -> Any:
    """Return a CAN socket bound to can0."""
    sock = await target.socket(AF_CAN, SOCK_RAW, CAN_RAW)
    if fd:
        await sock.setsockopt(SOL_CAN_RAW, CAN_RAW_FD_FRAMES, 1)
    if only is not None:
        await sock.setsockopt(SOL_CAN_RAW, CAN_RAW_FILTER, only)
    await sock.bind(("can0",))
    return sock
