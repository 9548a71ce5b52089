"""When connect() ends if the peer is silent, slow or late, and what it leaves behind.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from sockbench import MS, SEC, US, RemoteIOError, RemoteTimeoutError, answer, covers

from conformance.scenes import DEVICE, NOBODY, TICK, echoes, raises_at_once, times_out
from conformance.tcp.stream import (
    BOARD_MAC,
    CONNECT_LIMIT,
    LONG,
    SYN_SCHEDULE,
    TIMER_SLACK,
    connected,
    on_schedule,
    prompt,
    segments,
    talks,
    took,
)


@pytest.mark.parametrize("timeout", [1, 2, 10, 100, 1000, 2500, 2700, 2800, 17_000, 18_000])
@covers("tcp.connect.timeout", "timeout.every-method", "timeout.class")
async def test_connect_to_a_silent_peer_ends_at_the_timeout(target, wire, timeout):
    """A user interface that set 1000 ms must not freeze for the stack's 18 seconds."""
    wire.peer.tcp.listen(80, silent=True)
    sock = await target.socket()
    await sock.settimeout(timeout)
    await times_out(sock.connect((wire.peer.ip, 80)), timeout * MS)
    on_schedule(segments(wire), segments(wire)[0].at, [at for at in SYN_SCHEDULE if at < timeout - 2 or at == 0])
    await wire.expect_none(for_=60 * SEC)
    await echoes(target, wire)


@pytest.mark.parametrize("timeout", [None, 19_000, 3_600_000])
@covers("tcp.connect.gives-up", "tcp.connect.timeout")
async def test_connect_to_a_silent_peer_ends_at_the_limit_of_the_stack(target, wire, timeout):
    """Without a timeout, or with a longer one, the stack gives up by itself: after 7 SYNs, at 18.25 s."""
    wire.peer.tcp.listen(80, silent=True)
    sock = await target.socket()
    await sock.settimeout(timeout)
    with pytest.raises(RemoteTimeoutError) as caught:
        await sock.connect((wire.peer.ip, 80))
    took(caught.value.elapsed, CONNECT_LIMIT)
    assert isinstance(caught.value, RemoteIOError) and caught.value.errno == errno.ETIMEDOUT
    await wire.expect_none(for_=120 * SEC)
    await echoes(target, wire)


@covers("tcp.connect.gives-up")
async def test_syn_is_repeated_on_schedule(target, wire, tasks):
    """Too few SYNs give up on a slow server, too many are a flood: 0, 2.75, 5.75, ... 17.75 s."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
    syns = [await wire.expect(TCP(dport=80, flags="S"), within=3100 * MS) for _ in SYN_SCHEDULE]
    on_schedule(syns, syns[0].at, SYN_SCHEDULE)
    assert len({(frame.tcp.seq, frame.tcp.sport, frame.tcp.window) for frame in syns}) == 1
    assert connecting.pending
    with pytest.raises(TimeoutError):
        await connecting
    await wire.expect_none(for_=120 * SEC)


@pytest.mark.parametrize("answered", range(1, 8))
@covers("tcp.connect.ends-with-handshake", "tcp.connect.gives-up")
async def test_connect_survives_lost_syns(target, wire, tasks, answered):
    """Any of the seven SYNs may be the first that reaches the peer."""
    sock = await target.socket()
    call = tasks.start(sock.connect((wire.peer.ip, 80)))
    for _ in range(answered):
        syn = await wire.expect(TCP(dport=80, flags="S"), within=3100 * MS)
    assert call.pending
    wire.send(answer(syn, flags="SA", seq=1000))
    assert await call is None
    took(call.elapsed, SYN_SCHEDULE[answered - 1] * MS)
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)
    await wire.expect_none(for_=30 * SEC)


@pytest.mark.parametrize("before", [1 * MS, 100 * US])
@pytest.mark.parametrize("timeout", [10, 100, 2500])
@covers("timeout.in-time", "tcp.connect.timeout")
async def test_answer_just_before_the_deadline_connects(target, wire, timeout, before):
    """An early expiry throws away a connection that came in time."""
    listener = wire.peer.tcp.listen(80, syn_ack_delay=timeout * MS - before)
    sock = await target.socket()
    await sock.settimeout(timeout)
    assert await sock.connect((wire.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))


@pytest.mark.parametrize("timeout", [10, 100, 2500])
@covers("tcp.connect.timeout", "tcp.connect.clean-after-timeout")
async def test_answer_just_after_the_deadline_is_reset(target, wire, timeout):
    """The server must learn that nobody is there, else it waits for a client that gave up."""
    listener = wire.peer.tcp.listen(80, syn_ack_delay=(timeout + 2) * MS)
    sock = await target.socket()
    await sock.settimeout(timeout)
    await times_out(sock.connect((wire.peer.ip, 80)), timeout * MS)
    conn = await listener.incoming(within=1 * SEC)
    await conn.closed(within=10 * MS)
    assert conn.lost == "refused"
    await echoes(target, wire)


@pytest.mark.parametrize("late", [1, 1000, 60_000])
@covers("tcp.connect.clean-after-timeout", "close.unused")
async def test_answer_after_close_is_reset(target, wire, late):
    """The ports of a closed socket belong to nobody: RFC 9293 answers for them by RST."""
    sock = await target.socket()
    await sock.settimeout(100)
    connecting = sock.connect((wire.peer.ip, 80))
    await times_out(connecting, 100 * MS)
    await sock.close()
    syn = await wire.expect(TCP(dport=80, flags="S"), within=1 * MS)
    await wire.expect_none(for_=late * MS)
    wire.send(answer(syn, flags="SA", seq=1000))
    reset = await wire.expect(TCP(dport=80, sport=syn.tcp.sport, flags="RA"), within=10 * MS)
    assert reset.tcp.seq == (syn.tcp.seq + 1) % 2**32
    await wire.expect_none(for_=60 * SEC)


@covers("tcp.connect.clean-after-timeout")
async def test_connect_after_a_timeout_is_a_new_attempt(target, wire):
    """A program that tries again on the same socket gets a new handshake, not an old error."""
    wire.peer.tcp.listen(81, silent=True)
    listener = wire.peer.tcp.listen(80)
    sock = await target.socket()
    await sock.settimeout(50)
    for _ in range(3):
        await times_out(sock.connect((wire.peer.ip, 81)), 50 * MS)
    assert await sock.connect((wire.peer.ip, 80)) is None
    await talks(sock, await listener.accept(within=1 * SEC))


@covers("tcp.connect.clean-after-timeout", "close.nothing-lost")
async def test_a_hundred_failed_attempts_lose_nothing(target, wire):
    """A device that retries for days runs out of memory if each attempt leaves a little behind."""
    wire.peer.tcp.listen(80, silent=True)

    async def attempt():
        sock = await target.socket()
        await sock.settimeout(5)
        await times_out(sock.connect((wire.peer.ip, 80)), 5 * MS)
        await sock.close()
        await sock.drop()

    await attempt()
    before = await target.stats()
    for _ in range(100):
        await attempt()
    after = await target.stats()
    assert after["tcp_pcbs"] == before["tcp_pcbs"] == 0
    assert after["lwip"]["mem.used"] == before["lwip"]["mem.used"]
    assert after["heap_free"] == before["heap_free"]


# From the tick of the deadline on, what the device does until the attempt is given up, in steps shorter than any of it.
GIVING_UP = 40 * US
STEP = 500


@covers("tcp.connect.clean-after-timeout", "tcp.connect.timeout", "timeout.in-time")
async def test_answer_at_the_deadline_is_in_time_or_too_late(target, wire, tasks, bench):
    """Whichever of the two wins by a hair, both ends know it: connected here and there, or reset here and there."""
    wire.ignore(TCP(dport=80))
    await echoes(target, wire)
    outcomes = set()
    for after in range(-GIVING_UP, GIVING_UP, STEP):
        sock = await target.socket()
        await sock.settimeout(10)
        # The request takes less than half a tick to the device; so every attempt's deadline is the same tick.
        await asyncio.sleep(TICK + TICK // 2 - bench.now % TICK)
        deadline = bench.now // TICK * TICK + 11 * TICK
        connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
        syn = await wire.expect(TCP(flags="S"), within=TICK // 2)
        wire.send(answer(syn, flags="SA", seq=1000), at=deadline + after)
        try:
            await connecting
        except TimeoutError:
            outcomes.add("late")
            await bench.idle(for_=1 * MS)
            assert "R" in str(segments(wire)[-1].tcp.flags), f"{after} ns after the tick of the deadline"
        else:
            outcomes.add("in time")
            assert segments(wire)[-1].tcp.flags == "A"
            wire.send(answer(syn, flags="RA", seq=1001))
        await sock.close()
        await sock.drop()
        assert (await target.stats())["tcp_pcbs"] == 0
    assert outcomes == {"in time", "late"}, "the deadline was missed"


@pytest.mark.parametrize("delay", [0, 100, 5000])
@covers("tcp.connect.clean-after-timeout", "close.unused", "close.wakes-blocked")
async def test_close_during_the_attempt_ends_it(target, wire, tasks, bench, delay):
    """close() from another thread is how a program gives up on a connect without a timeout."""
    wire.peer.tcp.listen(80, silent=True)
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
    await asyncio.sleep(1 * MS + delay * MS)
    at = bench.now
    assert await sock.close() is None
    with pytest.raises(RemoteIOError) as caught:
        await connecting
    prompt(bench, at)
    assert not isinstance(caught.value, TimeoutError)
    quiet_from = bench.now
    await asyncio.sleep(60 * SEC)
    assert not segments(wire, quiet_from)


# While ARP asks for the peer, lwIP holds each SYN back: an attempt every 5 s, each with 5 requests, 7 in all.
# Where in its second the ARP timer stands decides among three sums.
ARP_LIMITS = [29_750 * MS, 30_250 * MS, 30_750 * MS]


@covers("tcp.connect.gives-up")
async def test_connect_to_an_absent_host_ends_at_the_limit(target, wire):
    """A host that is switched off answers no ARP: also that has an end, and no SYN ever leaves."""
    sock = await target.socket()
    wire.ignore(ARP(pdst=NOBODY))
    with pytest.raises(RemoteTimeoutError) as caught:
        await sock.connect((NOBODY, 80))
    assert caught.value.errno == errno.ETIMEDOUT
    elapsed = caught.value.elapsed
    assert any(abs(elapsed - limit) <= TIMER_SLACK for limit in ARP_LIMITS), f"{elapsed / MS} ms"
    requests = [frame for frame in wire.frames if frame.arp is not None and frame.arp.pdst == NOBODY]
    # The last of the seven attempts is cut short: it had time for one request at least.
    assert 31 <= len(requests) <= 35 and not segments(wire)
    await echoes(target, wire)


@pytest.mark.parametrize("timeout", [1, 100, 6000])
@covers("tcp.connect.timeout")
async def test_timeout_counts_while_arp_is_unanswered(target, wire, timeout):
    """The timeout is the user's, whatever the stack is waiting for."""
    wire.ignore(ARP(pdst=NOBODY))
    sock = await target.socket()
    await sock.settimeout(timeout)
    await times_out(sock.connect((NOBODY, 80)), timeout * MS)
    assert not segments(wire)


@pytest.mark.parametrize("delay", [10, 700, 3000])
@covers("tcp.connect.ends-with-handshake")
async def test_late_arp_answer_lets_the_syn_out(target, wire, tasks, bench, delay):
    """The first SYN waits for ARP and is not lost."""
    host = wire.host(ip="10.0.0.3")
    host.arp.enabled = False
    wire.ignore(ARP(pdst="10.0.0.3"))
    host.tcp.listen(80)
    sock = await target.socket()
    connecting = tasks.start(sock.connect(("10.0.0.3", 80)))
    await wire.expect(ARP(op=1, pdst="10.0.0.3"), within=50 * MS)
    await asyncio.sleep(delay * MS)
    assert connecting.pending and not segments(wire)
    host.arp.enabled = True
    at = bench.now
    link = Ether(src=host.mac, dst=BOARD_MAC)
    wire.send(link / ARP(op=2, hwsrc=host.mac, psrc=host.ip, hwdst=BOARD_MAC, pdst=DEVICE))
    assert await connecting is None
    prompt(bench, at)


@pytest.mark.parametrize("code", [2, 3])
@covers("tcp.connect.icmp")
async def test_icmp_port_unreachable_refuses(target, wire, tasks, bench, code):
    """Firewalls refuse by ICMP: protocol and port unreachable are hard errors (RFC 9293 SHLD-26)."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    await asyncio.sleep(100 * MS)
    at = bench.now
    wire.peer.icmp.unreachable(syn, code=code)
    with pytest.raises(ConnectionRefusedError):
        await connecting
    prompt(bench, at)


@pytest.mark.parametrize("code", [0, 1, 5])
@covers("tcp.connect.icmp")
async def test_icmp_net_or_host_unreachable_is_waited_out(target, wire, tasks, code):
    """A router that has lost its way for a moment must not end the attempt (RFC 9293 MUST-56)."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    wire.peer.icmp.unreachable(syn, code=code)
    again = await wire.expect(TCP(dport=80, flags="S"), within=3 * SEC)
    assert connecting.pending
    wire.send(answer(again, flags="SA", seq=1000))
    assert await connecting is None
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)


WRONG = ["source-port", "destination-port", "sequence", "destination", "protocol", "checksum"]


@pytest.mark.parametrize("wrong", WRONG)
@covers("tcp.connect.icmp")
async def test_icmp_about_something_else_is_ignored(target, wire, tasks, wrong):
    """What an ICMP message quotes proves that its sender saw our SYN (RFC 5927 4.1); others are forged or late."""
    sock = await target.socket()
    connecting = tasks.start(sock.connect((wire.peer.ip, 80)))
    syn = await wire.expect(TCP(dport=80, flags="S"), within=50 * MS)
    quoted = IP(bytes(syn.packet[IP]))
    del quoted[IP].chksum
    if wrong == "source-port":
        quoted[TCP].sport ^= 1
    elif wrong == "destination-port":
        quoted[TCP].dport = 81
    elif wrong == "sequence":
        quoted[TCP].seq ^= 1
    elif wrong == "destination":
        quoted[IP].dst = "10.0.0.3"
    elif wrong == "protocol":
        quoted[IP].proto = 17
    link = Ether(src=wire.peer.mac, dst=BOARD_MAC)
    # Without a checksum of its own, Scapy fills in the right one.
    message = ICMP(type=3, code=3, chksum=0x1234 if wrong == "checksum" else None)
    wire.send(link / IP(src=wire.peer.ip, dst=DEVICE) / message / Raw(bytes(quoted)[:28]))
    await asyncio.sleep(1 * SEC)
    assert connecting.pending
    wire.send(answer(syn, flags="SA", seq=1000))
    assert await connecting is None
    await wire.expect(TCP(dport=80, flags="A"), within=50 * MS)


@covers("tcp.connect.ends-with-handshake", "timeout.subsequent")
async def test_timeout_of_connect_does_not_outlive_it(target, wire, tasks):
    """Once connected, a short timeout set for connect and then removed cuts nothing off."""
    wire.peer.tcp.listen(80)
    sock = await target.socket()
    await sock.settimeout(100)
    await sock.connect((wire.peer.ip, 80))
    await sock.settimeout(None)
    receiving = tasks.start(sock.recv(1))
    await asyncio.sleep(LONG)
    assert receiving.pending


@covers("tcp.connect.timeout", "timeout.survives")
async def test_silent_peer_of_one_socket_does_not_delay_another(target, wire, tasks):
    """One dead server must not stop a program from talking to the others."""
    wire.peer.tcp.listen(81, silent=True)
    first = await target.socket()
    connecting = tasks.start(first.connect((wire.peer.ip, 81)))
    await asyncio.sleep(1 * MS)
    sock, conn = await connected(target, wire)
    await talks(sock, conn)
    assert connecting.pending
    with pytest.raises(TimeoutError):
        await connecting
    await raises_at_once(first.recv(1), RemoteIOError)
