# SPDX-License-Identifier: GPL-2.0-or-later
"""The Internet checksum (RFC 1071), quick enough to sit on the bulk path.

A big-endian number of an even number of bytes is congruent, modulo 65535, to the sum of its
16-bit words, because 2**16 is 1 modulo 65535. Python divides a long number by a small one in C,
so one division replaces the loop over the words.
"""

from __future__ import annotations


def word_sum(data: bytes) -> int:
    """Return the sum of the 16-bit words of `data`, reduced modulo 65535; an odd byte is padded with zero."""
    number = int.from_bytes(data, "big")
    if len(data) & 1:
        number <<= 8
    return number % 65535


def checksum(data: bytes, start: int = 0) -> int:
    """Return the checksum field for `data`, whose own field is zero, on top of the sum `start`.

    The one's complement sum of words that are not all zero is never 0 but 0xFFFF, whose complement
    is 0: so only a buffer of zeros has the checksum 0xFFFF.
    """
    number = int.from_bytes(data, "big")
    if number == 0 and start == 0:
        return 0xFFFF
    if len(data) & 1:
        number <<= 8
    return (65535 - (number + start) % 65535) % 65535


def is_valid(data: bytes, start: int = 0) -> bool:
    """Tell whether `data`, checksum field included, sums up to nothing on top of the sum `start`."""
    number = int.from_bytes(data, "big")
    if len(data) & 1:
        number <<= 8
    return (number + start) % 65535 == 0
