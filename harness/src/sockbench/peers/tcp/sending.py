# SPDX-License-Identifier: GPL-2.0-or-later
"""The sending half of a connection: queue, send window, retransmission, zero-window probes.

There is no congestion window: a test expects data as soon as the advertised window allows it.
Losses are mended by the retransmission timer (RFC 6298) and by fast retransmit on the third
duplicate acknowledgement, one hole per partial acknowledgement (RFC 6582). Sequence numbers are
unbounded integers here; the wire's 32 bits are the connection's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sockbench.peers.tcp.options import ConnectionOptions
from sockbench.peers.tcp.retransmission import RetransmissionTimeout
from sockbench.peers.tcp.segment import ACK, FIN, PSH
from sockbench.peers.waiting import Timer

DUPLICATES_FOR_RETRANSMIT = 3  # RFC 5681 3.2


class Sender:
    """Sends what was queued as the window allows, until all of it is acknowledged."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        options: ConnectionOptions,
        isn: int,
        *,
        emit: Callable[[int, int, bytes], None],
        emit_syn: Callable[[], None],
        give_up: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._options = options
        self._emit = emit
        self._emit_syn = emit_syn
        self._give_up = give_up
        self._data = bytearray()
        self._base = isn + 1  # Sequence number of the first byte of `_data`.
        self.fin_wanted = False
        self.isn = isn
        self.una = isn
        self.next = isn
        self.max = isn  # Just beyond the highest number ever sent: what may be acknowledged.
        self.fin_at: int | None = None
        self.mss = 536  # RFC 9293 MUST-15
        self.window = 0
        self.window_max = 0
        self.is_open = False  # Data may be sent: the handshake is over.
        self.is_over = False  # Nothing will be sent any more.
        self._window_seq = 0
        self._window_ack = 0
        self.timeout = RetransmissionTimeout(initial=options.rto, minimum=options.rto_min, maximum=options.rto_max)
        self._timer = Timer(loop, self._expired)
        self._attempts = 0
        self._probes = 0
        self._timed: tuple[int, int] | None = None  # (sequence number that ends the sample, time it was sent)
        self._duplicates = 0
        self._recover = 0

    # -- what others ask ---------------------------------------------------------------------------

    @property
    def unsent(self) -> int:
        """Return how many queued bytes were never sent."""
        return max(0, self._end - max(self.next, self._base))

    @property
    def unacknowledged(self) -> int:
        """Return how much sequence space is in flight."""
        return self.next - self.una

    @property
    def fin_acknowledged(self) -> bool:
        """Whether our FIN was sent and acknowledged."""
        return self.fin_at is not None and self.una > self.fin_at

    @property
    def _end(self) -> int:
        return self._base + len(self._data)

    # -- what the connection says ------------------------------------------------------------------

    def queue(self, data: bytes) -> None:
        """Send `data` behind what is queued, now or when the window allows."""
        self._data += data
        self.push()

    def finish(self) -> None:
        """Send FIN behind what is queued."""
        self.fin_wanted = True
        self.push()

    def syn_sent(self) -> None:
        """Account for a SYN or SYN-ACK that the connection has just sent for the first time."""
        self.next = self.max = max(self.max, self.isn + 1)
        self._timed = (self.next, self._now)
        self._attempts = 1
        self._timer.start(self._now + self.timeout.value)

    def opened(self) -> None:
        """Begin with data: the SYN was acknowledged."""
        self.is_open = True
        self.push()

    def raw_sent(self, seq: int, length: int) -> None:
        """Allow that the board acknowledges `length` from `seq`, which a test has sent past this queue."""
        self.max = max(self.max, seq + length)

    def stop(self) -> None:
        """Send nothing any more."""
        self._timer.stop()
        self._data.clear()
        self._base = self.next
        self.fin_wanted = False
        self.is_open = False
        self.is_over = True

    # -- acknowledgements --------------------------------------------------------------------------

    def set_window(self, window: int, seq: int, ack: int) -> bool:
        """Take the window of a segment unless an older one brings it (RFC 9293 3.10.7.4); tell if it changed."""
        if seq < self._window_seq or (seq == self._window_seq and ack < self._window_ack):
            return False
        self._window_seq, self._window_ack = seq, ack
        changed = window != self.window
        self.window = window
        self.window_max = max(self.window_max, window)
        if window:
            self._probes = 0
        else:
            self._attempts = 1  # Who answers with a closed window stays connected (RFC 9293 MUST-37).
        return changed

    def acknowledge(self, ack: int) -> None:
        """Take an acknowledgement of something new; `una` < `ack` <= `max`."""
        now = self._now
        if self._timed is not None and ack >= self._timed[0]:
            self.timeout.measured(now - self._timed[1])
            self._timed = None
        if self.una == self.isn and self._attempts > 1:
            self.timeout.syn_was_lost()
        self.una = ack
        self.next = max(self.next, ack)
        passed = ack - self._base
        if passed > 0:
            del self._data[:passed]
            self._base = ack
        self._duplicates = 0
        self._attempts = 0
        if self.una >= self.next:
            self._timer.stop()
        else:
            self._timer.start(now + self.timeout.value)
            if ack < self._recover:
                self._send_again()

    def duplicate(self) -> None:
        """Take a duplicate acknowledgement (RFC 5681 2); the third one sends the missing segment again."""
        if self.una >= self.next:
            return
        self._duplicates += 1
        if self._duplicates == DUPLICATES_FOR_RETRANSMIT and self.una >= self._recover:
            self._recover = self.next
            self._send_again()

    # -- transmission ------------------------------------------------------------------------------

    def push(self) -> None:
        """Send what the window allows, and watch over what is in flight or waits."""
        if not self.is_open:
            return
        while True:
            unsent = self._end - self.next
            if unsent > 0:
                size = min(unsent, self.mss, self.una + self.window - self.next)
                # Sender's silly-window avoidance, RFC 9293 3.8.6.2.1, without Nagle's delay.
                if size <= 0 or (size < min(unsent, self.mss) and 2 * size < self.window_max):
                    break
                self._send(size)
            elif self.fin_wanted and self.fin_at is None:
                self.fin_at = self.next
                self._emit(FIN | ACK, self.next, b"")
                self._sent(1)
            else:
                break
        if self._end > self.next and self.una >= self.next and not self._timer.is_running:
            self._timer.start(self._now + self.timeout.value)

    def _send(self, size: int) -> None:
        seq = self.next
        offset = seq - self._base
        payload = bytes(memoryview(self._data)[offset : offset + size])
        flags = ACK
        if offset + size == len(self._data):
            flags |= PSH
            if self.fin_wanted:
                flags |= FIN
                self.fin_at = seq + size
                size += 1
        self._emit(flags, seq, payload)
        self._sent(size)

    def _sent(self, size: int) -> None:
        """Account for `size` of sequence space just sent for the first time from `next` on."""
        now = self._now
        if self._timed is None and self.next >= self.max:
            self._timed = (self.next + size, now)
        if self.una == self.next:
            self._attempts = 1
            self._timer.start(now + self.timeout.value)
        self.next += size
        self.max = max(self.max, self.next)

    def _send_again(self) -> None:
        """Send the earliest segment in flight again, as much of it as the window allows but a byte at least."""
        self._timed = None
        if self.una <= self.isn:
            self._emit_syn()
            return
        offset = self.una - self._base
        size = min(self.mss, max(self.window, 1), self.next - self.una, len(self._data) - offset)
        payload = bytes(self._data[offset : offset + size]) if size > 0 else b""
        flags = ACK
        if offset + len(payload) == len(self._data):
            if payload:
                flags |= PSH
            if self.fin_at is not None:
                flags |= FIN
        if payload or flags & FIN:
            self._emit(flags, self.una, payload)

    def _expired(self) -> None:
        """Answer the timer: retransmit, or probe a window that is closed or too small."""
        if self.una < self.next:
            limit = self._options.attempts if self.una > self.isn else self._options.syn_attempts
            if self._attempts >= limit:
                self._give_up()
                return
            self._attempts += 1
            self._recover = self.next
            self._duplicates = 0
            self._send_again()
            self.timeout.back_off()
            self._timer.start(self._now + self.timeout.value)
        elif self._end > self.next:
            if self.window > 0:
                self._send(min(self._end - self.next, self.mss, self.window))
                return
            offset = self.next - self._base
            self._emit(ACK, self.next, bytes(self._data[offset : offset + 1]))
            self.max = max(self.max, self.next + 1)
            self._probes += 1
            interval = min(self.timeout.value << min(self._probes, 16), self._options.rto_max)
            self._timer.start(self._now + interval)

    @property
    def _now(self) -> int:
        return int(self._loop.time())
