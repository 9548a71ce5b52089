# SPDX-License-Identifier: GPL-2.0-or-later
"""One TCP connection of a peer: the state machine of RFC 9293 3.10, and what a test may ask of it.

Sending (queue, window, retransmission) is in `sending`, the received stream in `reassembly`,
spoiling of own segments in `tampering`. Sequence numbers are unbounded integers inside; the public
attributes and `raw` use the 32 bits of the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from sockbench.peers.address import ip_text
from sockbench.peers.errors import ConnectionLost
from sockbench.peers.tcp import tampering
from sockbench.peers.tcp.options import AckPolicy, ConnectionOptions, State, check_ack_policy, check_range
from sockbench.peers.tcp.reassembly import ReceiveQueue
from sockbench.peers.tcp.segment import (
    ACK,
    FIN,
    RST,
    SYN,
    Segment,
    build_options,
    flag_bits,
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


class Connection:
    """One end of a TCP connection, played by the bench."""

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
        self._is_passive = False
        self._ack_policy: AckPolicy = options.ack
        self._window = options.window
        self._taken = 0
        self._in = ReceiveQueue()
        self._irs = 0
        self._out = Sender(
            loop, options, isn, emit=self._emit, emit_syn=self._emit_syn, give_up=lambda: self._lose("timeout")
        )
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
        if options.setup is not None:
            options.setup(self)

    # -- what a test can see -----------------------------------------------------------------------

    @property
    def state(self) -> str:
        """Return the state's name in RFC 9293 3.3.2."""
        return self._state

    @property
    def remote_ip(self) -> str:
        """Return the address of the other end."""
        return ip_text(self._path.remote)

    @property
    def received(self) -> bytes:
        """Return all bytes received in order since the connection began."""
        return bytes(self._in.data)

    @property
    def received_bytes(self) -> int:
        """Return how many bytes `received` has, without copying them."""
        return len(self._in.data)

    @property
    def peer_finished(self) -> bool:
        """Whether the other end's FIN has arrived, and everything in front of it."""
        return self._in.finished

    @property
    def unsent(self) -> int:
        """Return how many bytes wait for the other end's window."""
        return self._out.unsent

    @property
    def unacknowledged(self) -> int:
        """Return how much sequence space we have sent and not seen acknowledged."""
        return self._out.unacknowledged

    @property
    def snd_una(self) -> int:
        """Return the oldest unacknowledged sequence number."""
        return self._out.una & MASK

    @property
    def snd_nxt(self) -> int:
        """Return the next sequence number we send."""
        return self._out.next & MASK

    @property
    def snd_wnd(self) -> int:
        """Return the window that the other end advertised last, in bytes."""
        return self._out.window

    @property
    def rcv_nxt(self) -> int:
        """Return the next sequence number we expect."""
        return self._in.next & MASK

    @property
    def iss(self) -> int:
        """Return our initial sequence number."""
        return self._out.isn & MASK

    @property
    def irs(self) -> int:
        """Return the other end's initial sequence number."""
        return self._irs & MASK

    @property
    def mss(self) -> int:
        """Return the most payload that we send in a segment: the other end's MSS option, less our options."""
        return self._out.mss

    @mss.setter
    def mss(self, value: int) -> None:
        if value < 1:
            raise ValueError(f"mss is at least 1, not {value!r}")
        self._out.mss = value

    @property
    def rto(self) -> int:
        """Return the retransmission timeout in use, in nanoseconds."""
        return self._out.timeout.value

    # -- what a test can change --------------------------------------------------------------------

    @property
    def window(self) -> int | None:
        """What we advertise, in bytes; None is automatic. Opening it sends a window update at once."""
        return self._window

    @window.setter
    def window(self, value: int | None) -> None:
        check_range("window", value, WINDOW_FIELD_MAX << 14)
        before = self._window_now()
        self._window = value
        if self._window_now() > before and self._ack_policy != "never":
            self.acknowledge()

    @property
    def ack(self) -> AckPolicy:
        """When data is acknowledged. Leaving "never" acknowledges at once what has arrived."""
        return self._ack_policy

    @ack.setter
    def ack(self, policy: AckPolicy) -> None:
        check_ack_policy(policy)
        before, self._ack_policy = self._ack_policy, policy
        if policy == "never":
            self._ack_timer.stop()
        elif before == "never" and self._acked != self._in.next:
            self.acknowledge()

    # -- what a test can do ------------------------------------------------------------------------

    def send(self, data: bytes, *, at: int | None = None) -> None:
        """Queue `data`, now or at the virtual time `at`; it leaves as the other end's window allows."""
        if at is not None:
            self._loop.call_at(at, self.send, data)
            return
        if self._out.fin_wanted or self._out.is_over:
            raise ConnectionLost(f"{self} cannot send any more")
        self._out.queue(data)

    def finish(self, *, at: int | None = None) -> None:
        """Close our direction: FIN behind all queued data, now or at the virtual time `at`."""
        if at is not None:
            self._loop.call_at(at, self.finish)
            return
        if self._state == "SYN-SENT" and not self._out.unsent:
            self._enter("CLOSED")
            return
        if self._state in ("ESTABLISHED", "SYN-RECEIVED"):
            self._enter("FIN-WAIT-1")
        elif self._state == "CLOSE-WAIT":
            self._enter("LAST-ACK")
        self._out.finish()

    def reset(
        self, *, seq: int | None = None, ack: int | None = None, flags: str = "RA", at: int | None = None
    ) -> None:
        """Abort: send one RST (any numbers, if given) and forget the connection."""
        if at is not None:
            self._loop.call_at(at, lambda: self.reset(seq=seq, ack=ack, flags=flags))
            return
        self.raw(flags=flags, seq=seq, ack=ack)
        self._enter("CLOSED")

    def vanish(self) -> None:
        """Forget the connection without a word, as a host does that loses power and comes back."""
        self._enter("CLOSED")

    def acknowledge(self) -> None:
        """Send an acknowledgement with the window of now, whatever the policy; even "never"."""
        if self._state not in ("CLOSED", "SYN-SENT", "SYN-RECEIVED"):
            self._acked = self._in.next
            self._emit(ACK, self._out.next, b"")

    def raw(
        self,
        *,
        flags: str = "A",
        seq: int | None = None,
        ack: int | None = None,
        payload: bytes = b"",
        window: int | None = None,
        options: bytes = b"",
        urgent: int = 0,
        check: int | None = None,
        at: int | None = None,
    ) -> None:
        """Send a segment of the test's making in this connection's addressing; what is not given is right.

        `window` is the field as it is sent. The state of the connection does not change, but what
        the segment occupies from `snd_nxt` on may be acknowledged by the other end.
        """
        if at is not None:
            self._loop.call_at(
                at,
                lambda: self.raw(
                    flags=flags,
                    seq=seq,
                    ack=ack,
                    payload=payload,
                    window=window,
                    options=options,
                    urgent=urgent,
                    check=check,
                ),
            )
            return
        bits = flag_bits(flags)
        segment = Segment(
            self.local_port,
            self.remote_port,
            self._out.next if seq is None else seq,
            (self._in.next if bits & ACK else 0) if ack is None else ack,
            bits,
            self._window_field(0 if bits & SYN else self._in_scale) if window is None else window,
            payload,
            options,
            urgent,
            check,
        )
        if segment.length and near(segment.seq, self._out.next) == self._out.next:
            self._out.raw_sent(self._out.next, segment.length)
        if not self.silent:
            self._path.send(segment)

    def drop(self, count: int = 1, *, when: tampering.Matches | None = None) -> None:
        """Lose the next `count` segments that we send (of those for which `when` is true)."""
        self._tampering.add(tampering.drop, count=count, when=when)

    def duplicate(self, count: int = 1, *, when: tampering.Matches | None = None) -> None:
        """Send the next `count` segments twice."""
        self._tampering.add(tampering.duplicate, count=count, when=when)

    def delay(self, by: int, count: int = 1, *, when: tampering.Matches | None = None) -> None:
        """Send the next `count` segments `by` ns late; what is sent in between overtakes them."""
        self._tampering.add(tampering.delay(by), count=count, when=when)

    def corrupt(self, count: int = 1, *, when: tampering.Matches | None = None) -> None:
        """Send the next `count` segments with a wrong checksum."""
        self._tampering.add(tampering.corrupt(self._path.pseudo), count=count, when=when)

    def edit(
        self,
        change: Callable[[Segment], Segment | None],
        count: int = 1,
        *,
        when: tampering.Matches | None = None,
    ) -> None:
        """Send what `change` makes of each of the next `count` segments; None loses it."""
        self._tampering.add(tampering.edit(change), count=count, when=when)

    # -- what a test can wait for ------------------------------------------------------------------

    async def until(self, predicate: Callable[[Connection], bool], *, within: int, wanted: str = "a condition") -> None:
        """Return at the instant at which `predicate(connection)` becomes true; raise Expired after `within`."""
        await self._waiters.until(lambda: predicate(self), within=within, wanted=wanted, seen=self.__str__)

    async def established(self, *, within: int) -> Connection:
        """Return once the handshake is over; raise ConnectionLost if it was refused or given up."""
        await self.until(
            lambda conn: conn.state not in ("SYN-SENT", "SYN-RECEIVED"), within=within, wanted="a handshake"
        )
        if self._state == "CLOSED":
            raise ConnectionLost(f"{self} was not established")
        return self

    async def recv(self, size: int, *, within: int) -> bytes:
        """Return the next `size` bytes of the stream; fewer only if it ended; raise ConnectionLost after a reset."""
        end = self._taken + size

        def is_here() -> bool:
            return len(self._in.data) >= end or self._in.finished or self._state == "CLOSED"

        await self._waiters.until(is_here, within=within, wanted=f"{size} bytes", seen=self.__str__)
        if len(self._in.data) < end and not self._in.finished:
            raise ConnectionLost(f"{self} ended before {size} bytes had come")
        before = self._window_now()
        data = bytes(self._in.data[self._taken : end])
        self._taken += len(data)
        # RFC 9293 3.8.6.2.2: report a window only when it grew by a segment or half the buffer.
        buffer = self.options.buffer
        if buffer is not None and self._state in ("ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2"):
            advertised = max(0, self._edge - self._in.next)
            if self._window_now() > before and self._window_now() - advertised >= min(buffer // 2, 1460):
                self.acknowledge()
        return data

    async def closed(self, *, within: int) -> None:
        """Return once both directions are over, or the connection is lost: TIME-WAIT or CLOSED."""
        await self.until(lambda conn: conn.state in ("CLOSED", "TIME-WAIT"), within=within, wanted="the end")

    # -- opening (called by the TCP service of the host) -------------------------------------------

    def open(self) -> None:
        """Send SYN."""
        self._enter("SYN-SENT")
        self._emit_syn()
        self._out.syn_sent()

    def opened_by(self, segment: Segment) -> None:
        """Answer the SYN of another end."""
        self._is_passive = True
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
        if theirs.mss is not None:
            self._out.mss = max(theirs.mss, 1)
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
        if flags & SYN and self._state in ("SYN-RECEIVED", "FIN-WAIT-1") and seq == self._irs:
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
            if seq == in_.next:
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
            mss=ours.mss,
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

    def __str__(self) -> str:
        lost = f" ({self.lost})" if self.lost else ""
        return (
            f"TCP {ip_text(self._path.local)}:{self.local_port} to {self.remote_ip}:{self.remote_port}"
            f" in {self._state}{lost}, {len(self._in.data)} bytes received,"
            f" {self._out.unacknowledged} in flight, {self._out.unsent} unsent"
        )


def reset_for(segment: Segment) -> Segment | None:
    """Return the RST with which a closed port answers `segment` (RFC 9293 3.10.7.1); None for a RST."""
    if segment.flags & RST:
        return None
    ports = (segment.destination_port, segment.source_port)
    if segment.flags & ACK:
        return Segment(*ports, segment.ack, 0, RST, 0)
    return Segment(*ports, 0, (segment.seq + segment.length) & MASK, RST | ACK, 0)
