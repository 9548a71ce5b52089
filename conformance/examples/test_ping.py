"""The ping example: replies, loss, and what it must not take for a reply.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import MS, SEC, Faults, covers

from conformance.examples.ping import ping
from conformance.ipv6.link import PEER_GLOBAL, PEER_LOCAL, globally, up6

FAMILIES = {"ipv4": "10.0.0.2", "link-local": PEER_LOCAL, "global": PEER_GLOBAL}
families = pytest.mark.parametrize("family", FAMILIES)


async def linked(cold_target, wire, family):
    """Bring the network up and return the host that FAMILIES names, which is pinged."""
    if family == "global":
        return await globally(cold_target, wire)
    await up6(cold_target, wire)
    return wire.peer


@families
@pytest.mark.parametrize("size", [0, 1, 4, 56, 57, 1400, 4000])
@covers("raw.ping", "raw.send", "raw.receive")
async def test_every_ping_is_answered(cold_target, wire, family, size):
    """The checksum is that of the program, odd lengths and fragments included: the peer drops a wrong one."""
    await linked(cold_target, wire, family)
    data = bytes(at % 256 for at in range(size))
    assert await ping(cold_target, FAMILIES[family], data=data) == [data] * 3


@families
@covers("raw.ping", "raw.waiting")
async def test_ping_of_a_silent_host_times_out(cold_target, wire, bench, family):
    """Three seconds for three requests, neither more nor less."""
    host = await linked(cold_target, wire, family)
    host.icmp.echo = host.icmp6.echo = False
    wire.ignore(lambda frame: frame.outgoing)
    started = bench.now
    assert await ping(cold_target, FAMILIES[family]) == [None] * 3
    assert 3 * SEC <= bench.now - started <= 3 * SEC + 10 * MS


@families
@covers("raw.ping")
async def test_one_lost_request_costs_one_reply(cold_target, wire, tasks, bench, family):
    """The others are answered."""
    await linked(cold_target, wire, family)
    assert await ping(cold_target, FAMILIES[family], count=1) == [b"ping"]
    wire.faults.from_board = Faults(loss=1.0)
    pinging = tasks.start(ping(cold_target, FAMILIES[family]))
    await bench.idle(for_=500 * MS)
    wire.faults.from_board = Faults()
    assert await pinging == [None, b"ping", b"ping"]


@families
@covers("raw.ping", "raw.receive")
async def test_late_reply_is_not_taken_for_the_next(cold_target, wire, family):
    """Each reply is told by its sequence number: those that come 1.5 s late belong to requests given up."""
    host = await linked(cold_target, wire, family)
    host.icmp.delay = host.icmp6.delay = 1500 * MS
    assert await ping(cold_target, FAMILIES[family]) == [None] * 3


@families
@covers("raw.ping", "raw.stack-unaffected")
async def test_device_answers_pings_while_it_pings(cold_target, wire, tasks, family):
    """The stack answers requests as if no program had the protocol open."""
    host = await linked(cold_target, wire, family)
    host.icmp.delay = host.icmp6.delay = 100 * MS
    pinging = tasks.start(ping(cold_target, FAMILIES[family]))
    own = {"ipv4": "10.0.0.1", "link-local": "fe80::ff:fe00:1", "global": "2001:db8::ff:fe00:1"}[family]
    other = host.icmp if family == "ipv4" else host.icmp6
    assert await other.ping(own, b"and you?", within=1 * SEC) == b"and you?"
    assert await pinging == [b"ping"] * 3
