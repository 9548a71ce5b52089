#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Show whether a QEMU's virtual time depends on the host.

Sends frames that the firmware answers, each after an idle time, in several
runs, and compares the hash over everything that crossed the link with its
times.  To be run against the build with the amplified race and with every new
QEMU; a build without the mend fails (see patches/0002-*.patch).
"""

import argparse
import pathlib
import sys
import tempfile
import time

from board import FRAME, MILLISECOND, TX, Board, Gone, build_firmware

BROADCAST = b"\xff" * 6
PEER = b"\x02\x00\x00\x00\x00\x02"


def delays(seed):
    """Yield idle times from 1 us to 2.1 ms, of every alignment."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield 1000 + (seed >> 11)


def run(qemu, elf, exchanges):
    """Return (hash, virtual ns), or raise Gone with QEMU's last words."""
    with Board(qemu, elf) as board:
        _, _, now, _ = board.boot()
        for number, delay in zip(range(exchanges), delays(7), strict=False):
            frame = BROADCAST + PEER + b"\x88\xb5" + number.to_bytes(46, "little")
            board.reply(now + 10 * MILLISECOND, (now + delay, FRAME, frame))
            kind, _, now, _ = board.receive()
            if kind != TX:
                raise Gone(f"message {kind} instead of the answer to frame {number}")
        return board.hash.hexdigest(), now


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("qemu", type=pathlib.Path)
    parser.add_argument("--exchanges", type=int, default=20000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()

    hashes = set()
    with tempfile.TemporaryDirectory() as folder:
        elf = build_firmware(folder)
        for number in range(options.runs):
            started = time.monotonic()
            try:
                digest, virtual_ns = run(options.qemu, elf, options.exchanges)
            except Gone as gone:
                sys.exit(f"run {number}: {str(gone).strip()}")
            hashes.add(digest)
            print(f"run {number}: {options.exchanges} exchanges, {virtual_ns} virtual ns, "
                  f"{digest[:16]}, {time.monotonic() - started:.1f} s", flush=True)
    if len(hashes) != 1:
        sys.exit(f"{len(hashes)} different traces in {options.runs} runs")
    print("one trace")


if __name__ == "__main__":
    main()
