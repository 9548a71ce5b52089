# SPDX-License-Identifier: GPL-2.0-or-later
"""The state machine of a TCP connection of a peer (RFC 9293 3.10), without the face that tests see.

Sending (queue, window, retransmission) is in `sending`, the received stream in `reassembly`,
spoiling of own segments in `tampering`, what tests may ask and do in `connection`. Sequence numbers
are unbounded integers inside; segments have the 32 bits of the wire.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from sockbench.peers.tcp import tampering
from sockbench.peers.tcp.options import AckPolicy, ConnectionOptions, State
from sockbench.peers.tcp.reassembly import ReceiveQueue
from sockbench.peers.tcp.segment import (
    ACK,
    FIN,
    RST,
    SYN,
    Segment,
    build_options,
    parse_syn_options,
    parse_timestamps,
)
from sockbench.peers.tcp.sending import Sender
from sockbench.peers.waiting import Timer, Waiters

WRAP = 1 << 32
MASK = WRAP - 1
WINDOW_FIELD_MAX = 0xFFFF
# RFC 5961 7: answers to segments that carry nothing are limited, so that two ends which disagree
# do not acknowledge each other for ever within one instant of virtual time.
CHALLENGES_MAX = 10
CHALLENGE_PERIOD_NS = 5_000_000_000
TIMESTAMP_TICK_NS = 1_000_000  # RFC 7323 5.4: between 1 ms and 1 s.
TIMESTAMPS_BYTES = 12
MSS_IPV4, MSS_IPV6 = 1460, 1440  # What an MTU of 1500 leaves (RFC 9293 3.7.1).
SEND_MSS_IPV6 = 1220  # RFC 9293 MUST-15

_SENDING_STATES = ("ESTABLISHED", "CLOSE-WAIT", "FIN-WAIT-1", "CLOSING", "LAST-ACK")


class Path(Protocol):
    """Where the segments of one connection go."""

    local: bytes
    remote: bytes
    pseudo: int

    def send(self, segment: Segment) -> None:
        """Send `segment` between the two addresses, now."""


def near(number: int, reference: int) -> int:
    """Return the unbounded number closest to `reference` whose low 32 bits are `number`."""
    return reference + ((number - reference + 0x80000000) & MASK) - 0x80000000


class Machine:
    """States, arrival of segments, acknowledgements and windows of one end of a connection."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        path: Path,
        local_port: int,
        remote_port: int,
        isn: int,
        options: ConnectionOptions,
    ) -> None:
        self._loop = loop
        self._path = path
        self.local_port = local_port
        self.remote_port = remote_port
        self.options = options
        self.silent = options.silent
        self.lost: str | None = None
        self._state: State = "CLOSED"
        self._ack_policy: AckPolicy = options.ack
        self._window = options.window
        self._taken = 0
        self._in = ReceiveQueue()
        self._irs = 0
        self._out = Sender(
            loop, options, isn, emit=self._emit, emit_syn=self._emit_syn, give_up=lambda: self._lose("timeout")
        )
        if len(path.local) == 16:
            self._out.mss = SEND_MSS_IPV6
        self._edge = 0  # Right edge of the receive window: the most that was ever advertised.
        self._acked = 0  # What our last segment acknowledged.
        self._ack_due = 0  # Data segments that no acknowledgement has left for.
        self._ack_timer = Timer(loop, self._acknowledge_late)
        self._time_wait = Timer(loop, lambda: self._enter("CLOSED"))
        self._syn_ack_timer = Timer(loop, self._answer_syn)
        self._scaled = False
        self._in_scale = 0
        self._out_scale = 0
        self._sack = False
        self._timestamps = False
        self._recent_timestamp = 0
        self._challenges: list[int] = []
        self._tampering = tampering.Tampering()
        self._waiters = Waiters(loop)

    # -- opening (called by the TCP service of the host) -------------------------------------------

    def open(self) -> None:
        """Send SYN."""
        self._enter("SYN-SENT")
        self._emit_syn()
        self._out.syn_sent()

    def opened_by(self, segment: Segment) -> None:
        """Answer the SYN of another end."""
        self._take_syn(segment)
        self._out.set_window(segment.window, self._irs, self._out.isn)
        self._in.add(self._irs + 1, segment.payload, fin=False)
        self._enter("SYN-RECEIVED")
        if self.options.syn_ack_delay:
            self._syn_ack_timer.start(int(self._loop.time()) + self.options.syn_ack_delay)
        else:
            self._answer_syn()

    def _answer_syn(self) -> None:
        if self._state in ("SYN-RECEIVED", "FIN-WAIT-1"):
            self._emit_syn()
            self._out.syn_sent()

    def _take_syn(self, segment: Segment) -> None:
        """Take the numbers and options of the other end's SYN."""
        self._irs = segment.seq
        self._in.next = self._acked = self._edge = segment.seq + 1
        theirs, ours = parse_syn_options(segment.options), self.options
        if theirs.mss:  # Zero would forbid all data: as good as none.
            self._out.mss = theirs.mss
        if theirs.window_scale is not None and ours.window_scale is not None:
            self._scaled = True
            self._out_scale, self._in_scale = theirs.window_scale, ours.window_scale
        self._sack = theirs.sack_permitted and ours.sack
        if theirs.timestamps is not None and ours.timestamps:
            self._timestamps = True
            self._recent_timestamp = theirs.timestamps[0]
            self._out.mss = max(self._out.mss - TIMESTAMPS_BYTES, 1)

    # -- arrival of a segment (RFC 9293 3.10.7) ----------------------------------------------------

    def receive(self, segment: Segment) -> None:
        """Act on a segment of the other end."""
        if self._state == "CLOSED":
            self._arrived_when_closed(segment)
        elif self._state == "SYN-SENT":
            self._arrived_in_syn_sent(segment)
        else:
            self._arrived(segment)
        if self._waiters:
            self._waiters.notify()

    def _arrived_when_closed(self, segment: Segment) -> None:
        if not self.silent:
            answer = reset_for(segment)
            if answer is not None:
                self._path.send(answer)

    def _arrived_in_syn_sent(self, segment: Segment) -> None:
        """Act as RFC 9293 3.10.7.3 says."""
        out = self._out
        acknowledges = bool(segment.flags & ACK)
        ack = near(segment.ack, out.next)
        if acknowledges and not out.isn < ack <= out.max:
            if not segment.flags & RST:
                self._send_reset(segment.ack)
            return
        if segment.flags & RST:
            if acknowledges:
                self._lose("refused")
            return
        if not segment.flags & SYN:
            return
        self._take_syn(segment)
        self._in.add(self._irs + 1, segment.payload, fin=bool(segment.flags & FIN))
        out.set_window(segment.window, self._irs, ack if acknowledges else out.isn)
        if not acknowledges:  # Simultaneous open.
            self._enter("SYN-RECEIVED")
            self._emit_syn()
            return
        out.acknowledge(ack)
        self._enter("ESTABLISHED")
        if self._in.finished:
            self._enter("CLOSE-WAIT")
        sent = out.next
        out.opened()
        if out.next == sent:
            self._emit(ACK, out.next, b"")

    def _arrived(self, segment: Segment) -> None:
        """Act as RFC 9293 3.10.7.4 says, with the checks of RFC 5961."""
        in_, flags, payload = self._in, segment.flags, segment.payload
        seq = near(segment.seq, in_.next)
        if flags & SYN and seq == self._irs and self._out.una == self._out.isn:
            if not flags & ACK:
                if not self._syn_ack_timer.is_running:  # Our answer was lost.
                    self._emit_syn()
                return
            flags &= ~SYN  # The other half of a simultaneous open.
            seq += 1
        if self._timestamps and segment.options and not flags & RST:
            stamp = parse_timestamps(segment.options)
            if stamp is not None:
                if near(stamp[0], self._recent_timestamp) < self._recent_timestamp:
                    self._send_ack()  # RFC 7323 5.3, R1
                    return
                if seq <= self._acked:
                    self._recent_timestamp = stamp[0]

        window = max(0, self._edge - in_.next)
        end = seq + len(payload) + (flags & FIN) + (flags >> 1 & 1)
        if seq == end:
            acceptable = seq == in_.next or in_.next <= seq < in_.next + window
        else:
            acceptable = window > 0 and seq < in_.next + window and end > in_.next
        out_of_window = not acceptable
        if out_of_window:
            if flags & RST:
                return
            if self._state == "TIME-WAIT" and flags & FIN:
                self._enter("TIME-WAIT")  # Our last acknowledgement was lost: the wait starts anew.
            if window > 0 or seq != in_.next or flags & SYN:
                self._challenge(always=seq != end)
                return
            # A closed window still takes acknowledgements (RFC 9293 3.10.7.4, first check).
            payload, flags = b"", flags & ~FIN

        if flags & RST:
            if seq == in_.next and self._state == "TIME-WAIT":
                self._enter("CLOSED")
            elif seq == in_.next:
                self._lose("reset")
            else:
                self._challenge()
            return
        if flags & SYN:
            self._challenge()
            return
        if not flags & ACK:
            return
        if not self._take_ack(segment, seq):
            return
        if self._state == "CLOSED":
            return

        is_ack_due = out_of_window
        if payload or flags & FIN:
            is_ack_due = self._take_text(seq, payload, fin=bool(flags & FIN))
        sent = self._out.next
        if self._state in _SENDING_STATES:
            self._out.push()
        if is_ack_due and self._out.next == sent:
            self._send_ack()

    def _take_ack(self, segment: Segment, seq: int) -> bool:
        """Act on the acknowledgement number; return False if the segment is to be dropped for it."""
        out = self._out
        ack = near(segment.ack, out.una)
        if self._state == "SYN-RECEIVED" or out.una == out.isn:
            if not out.isn < ack <= out.max:
                self._send_reset(segment.ack)
                return False
            out.set_window(segment.window << self._out_scale, seq, ack)
            out.acknowledge(ack)
            if self._state == "SYN-RECEIVED":
                self._enter("ESTABLISHED")
                if self._in.finished:
                    self._enter("CLOSE-WAIT")
            out.opened()
            return True
        if ack > out.max or ack < out.una - out.window_max:
            self._challenge()  # RFC 9293 3.10.7.4, RFC 5961 5.2
            return False
        if ack < out.una:
            return True
        changed = out.set_window(segment.window << self._out_scale, seq, ack)
        if ack == out.una:
            if not changed and not segment.payload and not segment.flags & FIN:
                out.duplicate()
            return True
        out.acknowledge(ack)
        if out.fin_acknowledged:
            if self._state == "FIN-WAIT-1":
                self._enter("FIN-WAIT-2")
            elif self._state == "CLOSING":
                self._enter("TIME-WAIT")
            elif self._state == "LAST-ACK":
                self._enter("CLOSED")
        return True

    def _take_text(self, seq: int, payload: bytes, *, fin: bool) -> bool:
        """Act on payload and FIN of an acceptable segment; return True if it is to be acknowledged at once."""
        in_ = self._in
        if self._state not in ("ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"):
            return True  # Nothing can follow the other end's FIN.
        had_gap = in_.has_gap
        room = self._edge - seq
        if len(payload) > room:
            payload, fin = payload[:room], False
        moved = in_.add(seq, payload, fin=fin)
        if in_.finished:
            if self._state == "ESTABLISHED":
                self._enter("CLOSE-WAIT")
            elif self._state == "FIN-WAIT-1":
                self._enter("CLOSING")
            else:
                self._enter("TIME-WAIT")
        self._ack_due += 1
        if self._ack_policy == "delayed":
            # Every second segment (RFC 9293 SHLD-19), and what is out of order (RFC 5681 4.2), at once.
            if moved and self._ack_due < 2 and not (had_gap or in_.has_gap or in_.finished):
                if not self._ack_timer.is_running:
                    self._ack_timer.start(int(self._loop.time()) + self.options.ack_delay)
                return False
        return True

    # -- sending -----------------------------------------------------------------------------------

    def _emit(self, flags: int, seq: int, payload: bytes) -> None:
        """Send a segment with the acknowledgement, window and options of now."""
        options = b""
        if self._timestamps:
            options = build_options(timestamps=(self._clock(), self._recent_timestamp))
        if self._sack and self._in.has_gap:
            blocks = self._in.sack_blocks(3 if self._timestamps else 4)
            options += build_options(sack=blocks)
        if self._ack_policy != "never":
            self._acked = self._in.next
            self._ack_due = 0
            if self._ack_timer.is_running:
                self._ack_timer.stop()
        field = self._window_field(self._in_scale)
        edge = self._acked + (field << self._in_scale)
        if edge > self._edge:
            self._edge = edge
        self._transmit(
            Segment(self.local_port, self.remote_port, seq & MASK, self._acked & MASK, flags, field, payload, options)
        )

    def _emit_syn(self) -> None:
        """Send SYN, or SYN-ACK once the other end's SYN has come, with the options we offer or agreed on."""
        ours = self.options
        is_answer = self._state != "SYN-SENT"
        options = build_options(
            mss=min(ours.mss, MSS_IPV6) if ours.mss == MSS_IPV4 and len(self._path.local) == 16 else ours.mss,
            window_scale=ours.window_scale if not is_answer or self._scaled else None,
            sack_permitted=ours.sack and (not is_answer or self._sack),
            timestamps=(self._clock(), self._recent_timestamp)
            if ours.timestamps and (not is_answer or self._timestamps)
            else None,
        )
        field = self._window_field(0)
        if is_answer:
            self._edge = max(self._edge, self._in.next + field)
        self._acked = self._in.next
        self._transmit(
            Segment(
                self.local_port,
                self.remote_port,
                self._out.isn & MASK,
                self._acked & MASK if is_answer else 0,
                SYN | ACK if is_answer else SYN,
                field,
                options=options,
            )
        )

    def _transmit(self, segment: Segment) -> None:
        if self.silent:
            return
        if not self._tampering:
            self._path.send(segment)
            return
        for wait, changed in self._tampering.apply(segment):
            if wait:
                self._loop.call_later(wait, self._path.send, changed)
            else:
                self._path.send(changed)

    def _send_ack(self) -> None:
        if self._ack_policy != "never":
            self._emit(ACK, self._out.next, b"")

    def _acknowledge_late(self) -> None:
        self._send_ack()

    def _challenge(self, *, always: bool = False) -> None:
        """Answer a segment that is not acceptable with an acknowledgement; seldom, unless it carried something."""
        now = int(self._loop.time())
        if not always:
            self._challenges = [at for at in self._challenges if at > now - CHALLENGE_PERIOD_NS]
            if len(self._challenges) >= CHALLENGES_MAX:
                return
            self._challenges.append(now)
        self._send_ack()

    def _send_reset(self, seq: int) -> None:
        self._transmit(Segment(self.local_port, self.remote_port, seq, 0, RST, 0))

    def _window_now(self) -> int:
        """Return the window in bytes that is to be advertised."""
        if self._window is not None:
            return self._window
        buffer = self.options.buffer
        if buffer is None:
            return WINDOW_FIELD_MAX << self._in_scale
        return max(0, buffer - (len(self._in.data) - self._taken))

    def _window_field(self, scale: int) -> int:
        return min(self._window_now() >> scale, WINDOW_FIELD_MAX)

    def _clock(self) -> int:
        return (int(self._loop.time()) // TIMESTAMP_TICK_NS) & MASK

    # -- states ------------------------------------------------------------------------------------

    def _lose(self, why: str) -> None:
        if self._state == "SYN-RECEIVED" and why == "reset":
            why = "refused"
        self.lost = why
        self._enter("CLOSED")

    def _enter(self, state: State) -> None:
        self._state = state
        if state == "CLOSED":
            self._out.stop()
            self._ack_timer.stop()
            self._time_wait.stop()
            self._syn_ack_timer.stop()
        elif state == "TIME-WAIT":
            self._time_wait.start(int(self._loop.time()) + self.options.time_wait)
        if self._waiters:
            self._waiters.notify()


def reset_for(segment: Segment) -> Segment | None:
    """Return the RST with which a closed port answers `segment` (RFC 9293 3.10.7.1); None for a RST."""
    if segment.flags & RST:
        return None
    ports = (segment.destination_port, segment.source_port)
    if segment.flags & ACK:
        return Segment(*ports, segment.ack, 0, RST, 0)
    return Segment(*ports, 0, (segment.seq + segment.length) & MASK, RST | ACK, 0)
