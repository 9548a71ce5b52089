# SPDX-License-Identifier: GPL-2.0-or-later
"""Single segments against each state, with the answers that RFC 9293 3.10.7 and RFC 5961 prescribe.

Notation: flags, sequence number, acknowledgement number, length. The prober's initial sequence
number is 100, the host's 5000.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sockbench.peers import Connection
from sockbench.peers.tcp.machine import CHALLENGE_PERIOD_NS, CHALLENGES_MAX

from .world import MS, SEC, Probe


@pytest.fixture
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.close()


@pytest.mark.parametrize(
    ("flags", "answers"),
    [("R", []), ("RA", []), ("A", ["R 900 0"]), ("SA", ["R 900 0"]), ("FA", ["R 900 0"]), ("F", []), ("", [])],
)
def test_listen(probe: Probe, flags: str, answers: list[str]) -> None:
    assert probe.say(flags, 100, 900) == answers
    assert probe.listener.connections == []
    assert probe.accounted


@pytest.mark.parametrize(
    ("flags", "payload", "answers"),
    [
        ("S", b"", ["RA 0 101"]),
        ("S", b"abc", ["RA 0 104"]),
        ("A", b"", ["R 900 0"]),
        ("FPA", b"abc", ["R 900 0"]),
        ("R", b"", []),
    ],
)
def test_refused_port_answers_as_a_closed_one(probe: Probe, flags: str, payload: bytes, answers: list[str]) -> None:
    assert probe.say(flags, 100, 900, payload, port=81) == [] and not probe.accounted
    probe.host.tcp.refuse(81)
    assert probe.say(flags, 100, 900, payload, port=81) == answers and probe.accounted
    probe.host.tcp.allow(81)
    assert probe.say(flags, 100, 900, payload, port=81) == [] and not probe.accounted
    probe.host.tcp.refuse()
    assert probe.say(flags, 100, 900, payload, port=82) == answers and probe.accounted


def test_syn_received(probe: Probe) -> None:
    assert probe.say("S", 100) == ["SA 5000 101"]
    conn = probe.listener.connections[0]
    assert conn.state == "SYN-RECEIVED"
    assert probe.say("S", 100) == ["SA 5000 101"]  # Our answer was lost: the same again.
    assert probe.say("A", 101, 4999) == ["R 4999 0"]
    assert probe.say("A", 101, 5002) == ["R 5002 0"]
    assert conn.state == "SYN-RECEIVED"
    assert probe.say("A", 200_000, 5001) == ["A 5001 101"]  # Not acceptable.
    assert probe.say("PA", 101, 5001, b"abc") == ["A 5001 104"]
    assert (conn.state, conn.received) == ("ESTABLISHED", b"abc")


def test_reset_in_syn_received_leaves_the_listener_alone(probe: Probe) -> None:
    probe.say("S", 100)
    assert probe.say("R", 101) == []
    assert (probe.listener.connections[0].state, probe.listener.connections[0].lost) == ("CLOSED", "refused")
    assert probe.say("S", 7000) == ["SA 5000 7001"]
    assert probe.say("A", 7001, 5001) == []
    assert [conn.state for conn in probe.listener.connections] == ["CLOSED", "ESTABLISHED"]


def connecting(probe: Probe) -> Connection:
    probe.host.tcp.unlisten(80)
    return probe.host.tcp.connect(4000, sport=80, isn=5000)


@pytest.mark.parametrize(
    ("flags", "seq", "ack", "answers", "state"),
    [
        ("A", 100, 5000, ["R 5000 0"], "SYN-SENT"),
        ("A", 100, 5002, ["R 5002 0"], "SYN-SENT"),
        ("SA", 100, 5000, ["R 5000 0"], "SYN-SENT"),
        ("SA", 100, 5002, ["R 5002 0"], "SYN-SENT"),
        ("A", 100, 5001, [], "SYN-SENT"),
        ("RA", 100, 5000, [], "SYN-SENT"),
        ("R", 0, 5001, [], "SYN-SENT"),
        ("RA", 0, 5001, [], "CLOSED"),
        ("F", 100, 0, [], "SYN-SENT"),
        ("SA", 100, 5001, ["A 5001 101"], "ESTABLISHED"),
        ("S", 100, 0, ["SA 5000 101"], "SYN-RECEIVED"),
    ],
)
def test_syn_sent(probe: Probe, flags: str, seq: int, ack: int, answers: list[str], state: str) -> None:
    conn = connecting(probe)
    assert probe.say(flags, seq, ack) == answers
    assert conn.state == state
    assert conn.lost == ("refused" if state == "CLOSED" else None)


@pytest.mark.parametrize(
    ("flags", "seq", "ack", "payload", "answers", "state"),
    [
        ("PA", 101, 5001, b"abc", ["A 5001 104"], "ESTABLISHED"),
        ("A", 101, 5001, b"", [], "ESTABLISHED"),
        ("PA", 100, 5001, b"xabc", ["A 5001 104"], "ESTABLISHED"),  # Overlap on the left.
        ("PA", 98, 5001, b"abc", ["A 5001 101"], "ESTABLISHED"),  # All of it is old.
        ("PA", 104, 5001, b"def", ["A 5001 101"], "ESTABLISHED"),  # Ahead of a gap.
        ("PA", 101 + 65535, 5001, b"abc", ["A 5001 101"], "ESTABLISHED"),  # At the right edge.
        ("PA", 101, 5002, b"abc", ["A 5001 101"], "ESTABLISHED"),  # Acknowledges what was never sent.
        ("PA", 101, 5000, b"abc", ["A 5001 104"], "ESTABLISHED"),  # An old acknowledgement is ignored.
        ("PA", 101, 5001 - 4001, b"abc", ["A 5001 101"], "ESTABLISHED"),  # RFC 5961 5.2: older than the window.
        ("P", 101, 0, b"abc", [], "ESTABLISHED"),  # No ACK: dropped.
        ("S", 101, 0, b"", ["A 5001 101"], "ESTABLISHED"),  # RFC 5961 4.2
        ("S", 900_000, 0, b"", ["A 5001 101"], "ESTABLISHED"),
        ("R", 101, 0, b"", [], "CLOSED"),
        ("R", 102, 0, b"", ["A 5001 101"], "ESTABLISHED"),  # RFC 5961 3.2
        ("R", 100, 0, b"", [], "ESTABLISHED"),
        ("R", 101 + 65535, 0, b"", [], "ESTABLISHED"),
        ("FA", 101, 5001, b"", ["A 5001 102"], "CLOSE-WAIT"),
        ("FPA", 101, 5001, b"abc", ["A 5001 105"], "CLOSE-WAIT"),
        ("FA", 105, 5001, b"", ["A 5001 101"], "ESTABLISHED"),
    ],
)
def test_established(
    probe: Probe, flags: str, seq: int, ack: int, payload: bytes, answers: list[str], state: str
) -> None:
    conn = probe.established()
    assert probe.say(flags, seq, ack, payload) == answers
    assert conn.state == state


@pytest.mark.parametrize("wrong", [0, 0x1234, 0xFFFE])
def test_segment_with_a_wrong_checksum_has_no_effect(probe: Probe, wrong: int) -> None:
    conn = probe.established()
    assert probe.say("PA", 101, 5001, b"abc", check=wrong) == []
    assert not probe.accounted and probe.host.tcp.bad_segments == 1
    assert conn.received == b""


def test_out_of_order_fin_waits_for_the_gap(probe: Probe) -> None:
    conn = probe.established()
    assert probe.say("FPA", 104, 5001, b"def") == ["A 5001 101"]
    assert (conn.state, conn.peer_finished) == ("ESTABLISHED", False)
    assert probe.say("PA", 101, 5001, b"abc") == ["A 5001 108"]
    assert (conn.state, conn.received, conn.peer_finished) == ("CLOSE-WAIT", b"abcdef", True)


def test_pieces_that_overlap_each_other_are_joined_once(probe: Probe) -> None:
    conn = probe.established()
    for seq, payload in [(105, b"56"), (103, b"345"), (109, b"9"), (102, b"23456789")]:
        assert probe.say("PA", seq, 5001, payload) == ["A 5001 101"]
    assert probe.say("PA", 101, 5001, b"1") == ["A 5001 110"]
    assert conn.received == b"123456789"


def test_nothing_is_taken_beyond_the_window(probe: Probe) -> None:
    probe.close()
    probe = Probe(window=5)
    conn = probe.established()
    assert probe.say("PA", 101, 5001, b"abcdefgh") == ["A 5001 106"]
    assert conn.received == b"abcde"
    probe.close()


def test_closed_window_still_takes_acknowledgements_and_resets() -> None:
    probe = Probe(window=0)
    conn = probe.established()
    conn.send(b"abc")
    assert conn.unacknowledged == 3
    assert probe.say("A", 101, 5004, b"x") == ["A 5004 101"]  # A window probe that acknowledges.
    assert (conn.received, conn.unacknowledged) == (b"", 0)
    assert probe.say("R", 101) == []
    assert conn.lost == "reset"
    probe.close()


def test_window_of_an_older_segment_is_not_taken(probe: Probe) -> None:
    conn = probe.established()
    probe.say("PA", 101, 5001, b"abc", window=3000)
    assert conn.snd_wnd == 3000
    probe.say("A", 104, 5001, window=0)
    assert conn.snd_wnd == 0
    probe.say("A", 103, 5001, window=3000)
    assert conn.snd_wnd == 0


def test_answers_to_empty_unacceptable_segments_are_limited(probe: Probe) -> None:
    probe.established()
    answers = [probe.say("A", 90, 5001) for _ in range(CHALLENGES_MAX + 5)]
    assert answers == [["A 5001 101"]] * CHALLENGES_MAX + [[]] * 5
    assert probe.say("PA", 90, 5001, b"data") == ["A 5001 101"]
    probe.let_pass(CHALLENGE_PERIOD_NS)
    assert probe.say("A", 90, 5001) == ["A 5001 101"]


@pytest.mark.parametrize("order", ["fin first", "acknowledgement first", "together", "crossing"])
def test_active_close_ends_in_time_wait(probe: Probe, order: str) -> None:
    conn = probe.established()
    conn.finish()
    assert conn.state == "FIN-WAIT-1" and conn.unacknowledged == 1
    if order == "acknowledgement first":
        assert probe.say("A", 101, 5002) == []
        assert conn.state == "FIN-WAIT-2"
        assert probe.say("PA", 101, 5002, b"late") == ["A 5002 105"]
        assert probe.say("FA", 105, 5002) == ["A 5002 106"]
    elif order == "together":
        assert probe.say("FA", 101, 5002) == ["A 5002 102"]
    else:
        assert probe.say("FA", 101, 5001) == ["A 5002 102"]
        assert conn.state == "CLOSING"
        assert probe.say("A", 102, 5002) == []
    assert conn.state == "TIME-WAIT" and conn.lost is None


def test_time_wait_lasts_exactly_as_long_as_it_is_told(probe: Probe) -> None:
    probe.close()
    probe = Probe(time_wait=30 * SEC)
    conn = probe.established()
    conn.finish()
    probe.say("FA", 101, 5002)
    probe.let_pass(10 * SEC)
    assert probe.say("FA", 101, 5002) == ["A 5002 102"]  # Our acknowledgement was lost: the wait starts anew.
    probe.let_pass(30 * SEC - 1)
    assert conn.state == "TIME-WAIT"
    probe.let_pass(1)
    assert conn.state == "CLOSED" and conn.lost is None
    assert probe.say("FA", 101, 5002) == ["R 5002 0"]
    probe.close()


def test_new_syn_replaces_a_connection_in_time_wait(probe: Probe) -> None:
    conn = probe.established()
    conn.finish()
    probe.say("FA", 101, 5002)
    assert probe.say("S", 50) == ["A 5002 102"]
    assert probe.say("S", 102) == ["SA 5000 103"]
    assert conn.state == "CLOSED" and probe.listener.connections[1].state == "SYN-RECEIVED"


def test_passive_close_ends_closed(probe: Probe) -> None:
    conn = probe.established()
    probe.say("FA", 101, 5001)
    conn.send(b"last words")
    assert probe.say("A", 102, 5011) == []
    assert conn.state == "CLOSE-WAIT"
    conn.finish()
    assert conn.state == "LAST-ACK"
    assert probe.say("A", 102, 5012) == []
    assert conn.state == "CLOSED" and conn.lost is None
    assert [str(sent.seq) for sent in probe.sent[-2:]] == ["5001", "5011"]


def test_text_after_the_other_ends_fin_is_not_taken(probe: Probe) -> None:
    conn = probe.established()
    probe.say("FA", 101, 5001)
    assert probe.say("PA", 102, 5001, b"zombie") == ["A 5001 102"]
    assert conn.received == b""


def test_lost_fin_is_sent_again(probe: Probe) -> None:
    conn = probe.established()
    conn.finish()
    assert probe.let_pass(1 * SEC - 1) == []
    assert probe.let_pass(1) == ["FA 5001 101"]
    assert probe.let_pass(2 * SEC) == ["FA 5001 101"]
    probe.say("A", 101, 5002)
    assert probe.let_pass(100 * SEC) == []
    assert conn.state == "FIN-WAIT-2"


@pytest.mark.parametrize("state", ["SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "LAST-ACK"])
def test_reset_ends_every_state(probe: Probe, state: str) -> None:
    if state == "SYN-RECEIVED":
        probe.say("S", 100)
        conn = probe.listener.connections[0]
    else:
        conn = probe.established()
    seq = 101
    if state in ("CLOSE-WAIT", "LAST-ACK"):
        probe.say("FA", 101, 5001)
        seq = 102
    if state in ("FIN-WAIT-1", "FIN-WAIT-2", "LAST-ACK"):
        conn.finish()
    if state == "FIN-WAIT-2":
        probe.say("A", 101, 5002)
    assert conn.state == state
    assert probe.say("R", seq) == []
    assert conn.state == "CLOSED" and conn.lost is not None
    assert probe.let_pass(600 * SEC) == [], "a timer survived the connection"


def test_reset_in_time_wait_is_no_loss(probe: Probe) -> None:
    conn = probe.established()
    conn.finish()
    probe.say("FA", 101, 5002)
    assert probe.say("R", 102) == []
    assert conn.state == "CLOSED" and conn.lost is None


def test_segments_for_a_connection_that_was_reset_are_refused(probe: Probe) -> None:
    conn = probe.established()
    conn.reset()
    assert probe.sent[-1].flags == 0x14 and (probe.sent[-1].seq, probe.sent[-1].ack) == (5001, 101)
    assert probe.say("PA", 101, 5001, b"abc") == ["R 5001 0"] and probe.accounted
    conn.silent = True
    assert probe.say("PA", 101, 5001, b"abc") == [] and probe.accounted


def test_late_syn_ack_comes_exactly_when_told() -> None:
    probe = Probe(syn_ack_delay=3 * SEC)
    assert probe.say("S", 100) == []
    assert probe.let_pass(3 * SEC - 1) == []
    assert probe.say("S", 100) == []  # A repeated SYN brings no earlier answer.
    assert probe.let_pass(1) == ["SA 5000 101"]
    assert probe.say("A", 101, 5001) == []
    assert probe.listener.connections[0].state == "ESTABLISHED"
    probe.close()


@pytest.mark.parametrize(
    "options",
    [{"mss": 65_536}, {"window": -1}, {"isn": 1 << 32}, {"window_scale": 15}, {"ack": "sometimes"}, {"mss": True}],
)
def test_options_out_of_range_are_refused(probe: Probe, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        probe.host.tcp.listen(81, **options)


@pytest.mark.parametrize("port", [0, 65_536, True, "80"])
def test_ports_out_of_range_are_refused(probe: Probe, port: Any) -> None:
    with pytest.raises(ValueError):
        probe.host.tcp.listen(port)


def test_delayed_acknowledgement_waits_for_its_time() -> None:
    probe = Probe(ack="delayed", ack_delay=40 * MS)
    probe.established()
    assert probe.say("PA", 101, 5001, b"abc") == []
    assert probe.let_pass(40 * MS - 1) == []
    assert probe.let_pass(1) == ["A 5001 104"]
    assert probe.say("PA", 104, 5001, b"abc") == []
    assert probe.say("PA", 107, 5001, b"abc") == ["A 5001 110"]
    assert probe.say("PA", 120, 5001, b"abc") == ["A 5001 110"]  # Out of order: at once.
    probe.close()
