# SPDX-License-Identifier: GPL-2.0-or-later
"""The link's framing against bytes written by hand from docs/link-protocol.md."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest
from sockbench import link
from sockbench.errors import LinkBroken
from sockbench.link import Link, LinkClosed, LinkSilent

Ends = tuple[Link, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    made = Link(ours, watchdog_s=1)
    yield made, theirs
    made.close()
    theirs.close()


def message(kind: int, at: int, payload: bytes = b"", port: int = 0) -> bytes:
    return struct.pack("<IBBHQ", 12 + len(payload), kind, port, 0, at) + payload


def test_message_is_read_as_it_was_written(ends: Ends) -> None:
    ours, board = ends
    board.sendall(message(link.TX, 12345, b"frame", port=2))
    assert ours.receive() == (link.TX, 2, 12345, b"frame")
    assert ours.owed


def test_messages_in_pieces_and_in_lumps_are_the_same(ends: Ends) -> None:
    ours, board = ends
    whole = message(link.TX, 1, b"a" * 100) + message(link.MBOX, 2, b"b" * 70000) + message(link.WAKE, 3)
    board.sendall(whole[:7])
    board.sendall(whole[7:])
    got = [ours.receive() for _ in range(3)]
    assert got == [(link.TX, 0, 1, b"a" * 100), (link.MBOX, 0, 2, b"b" * 70000), (link.WAKE, 0, 3, b"")]


def test_largest_message_passes_and_one_byte_more_does_not(ends: Ends) -> None:
    ours, board = ends
    board.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    for _ in range(9):
        board.sendall(message(link.MBOX, 1, bytes(link.MESSAGE_MAX)))
        assert len(ours.receive()[3]) == link.MESSAGE_MAX
    board.sendall(struct.pack("<I", link.MESSAGE_MAX + 13) + bytes(12))
    with pytest.raises(LinkBroken, match="131085 bytes"):
        ours.receive()


@pytest.mark.parametrize("bad", [message(99, 0), message(0, 0), struct.pack("<IQI", 11, 0, 0)])
def test_what_is_not_the_protocol_is_one_line(ends: Ends, bad: bytes) -> None:
    ours, board = ends
    board.sendall(bad)
    with pytest.raises(LinkBroken, match="^[^\n]+$"):
        ours.receive()


def test_console_and_losses_are_noted_and_want_no_reply(ends: Ends) -> None:
    ours, board = ends
    noted: list[tuple[int, int, int, bytes]] = []
    ours.note = lambda *entry: noted.append(entry)
    board.sendall(message(link.LOG, 5, b"hello\n") + message(link.DROP, 6, b"\x01\x00") + message(link.WAKE, 7))
    assert ours.receive()[0] == link.WAKE
    assert noted == [(link.LOG, 0, 5, b"hello\n"), (link.DROP, 0, 6, b"\x01\x00")]


def test_reply_without_events_is_sixteen_bytes(ends: Ends) -> None:
    ours, board = ends
    ours.reply(77)
    assert board.recv(100) == struct.pack("<IQHH", 12, 77, 0, 0)


def test_reply_carries_its_events_in_order(ends: Ends) -> None:
    ours, board = ends
    ours.reply(77, [(5, link.FRAME, 1, b"abc"), (-3, link.MESSAGE, 0, b"")])
    events = struct.pack("<QBBHI", 5, 0, 1, 0, 3) + b"abc" + struct.pack("<QBBHI", 0, 1, 0, 0, 0)
    assert board.recv(100) == struct.pack("<IQHH", 12 + len(events), 77, 2, 0) + events


def test_closed_link_is_told_from_a_silent_one(ends: Ends) -> None:
    ours, board = ends
    with pytest.raises(LinkSilent, match="1 s of wall time"):
        ours.receive()
    board.close()
    with pytest.raises(LinkClosed):
        ours.receive()
    with pytest.raises(LinkClosed):
        ours.reply(1)
        ours.reply(1)
