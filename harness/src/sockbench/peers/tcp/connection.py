# SPDX-License-Identifier: GPL-2.0-or-later
"""One TCP connection of a peer as a test sees it: what it knows, what it can be told, what can be awaited.

How it behaves by itself is in `machine`. Sequence numbers here are the 32 bits of the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sockbench.peers.address import ip_text
from sockbench.peers.errors import ConnectionLost
from sockbench.peers.tcp import tampering
from sockbench.peers.tcp.machine import MASK, WINDOW_FIELD_MAX, Machine, Path, near
from sockbench.peers.tcp.options import AckPolicy, ConnectionOptions, check_ack_policy, check_range
from sockbench.peers.tcp.segment import ACK, SYN, Segment, flag_bits


class Connection(Machine):
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
        super().__init__(loop, path, local_port, remote_port, isn, options)
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
    def finished(self) -> bool:
        """Whether nothing can be sent any more: `finish` was called, or the connection is over."""
        return self._out.fin_wanted or self._out.is_over

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
        if self.finished:
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
        await self._waiters.until(lambda: predicate(self), within=within, wanted=wanted, seen=self.__repr__)

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

        await self._waiters.until(is_here, within=within, wanted=f"{size} bytes", seen=self.__repr__)
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

    def __repr__(self) -> str:
        lost = f" ({self.lost})" if self.lost else ""
        return (
            f"TCP {ip_text(self._path.local)}:{self.local_port} to {self.remote_ip}:{self.remote_port}"
            f" in {self._state}{lost}, {len(self._in.data)} bytes received,"
            f" {self._out.unacknowledged} in flight, {self._out.unsent} unsent"
        )
