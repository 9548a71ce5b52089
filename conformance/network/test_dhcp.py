"""eth.link with DHCP: what the board says, what it gets, and when it gives up.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from scapy.layers.inet import UDP
from sockbench import HOUR, MS, SEC, US, covers, elapsed_is, needs

from conformance.network.scenes import (
    CONFLICT_DETECTION,
    DHCP_TIMEOUT,
    GATEWAY,
    LEASED,
    MASK,
    NEGOTIATION,
    NONE,
    plug,
    pull,
    serve,
)
from conformance.scenes import BOARD, bound_udp, echoes, times_out

# The board waits for an answer 2, 4, 8, 16 s, in ticks of 500 ms that run since the start, and asks again.
TICK = 500 * MS
WAITS = [2 * SEC, 4 * SEC, 8 * SEC, 16 * SEC]
# Between a tick and the frame that it causes, at most.
WORK = 100 * US


def follow_the_ticks(times: list[int]) -> None:
    """Assert that messages came at TIMES: the first at once, the others on the ticks that WAITS make of it."""
    assert len(times) == len(WAITS) + 1, times
    at = times[0] // TICK * TICK
    for time, wait in zip(times[1:], WAITS, strict=True):
        at += wait
        assert at <= time <= at + WORK, (times, at)


@pytest.mark.parametrize("phase", [0, 123 * MS, 499 * MS])
@covers("net.dhcp.no-server", "net.is-linked")
async def test_without_a_server_link_gives_up_after_a_minute(bench, interface, wire, phase):
    """Five times it asks, each time after twice as long; then TimeoutError, and silence."""
    await bench.idle(for_=phase)
    linking = interface.link()
    asked = [await wire.expect(UDP(sport=68, dport=67), within=DHCP_TIMEOUT) for _ in range(5)]
    await times_out(linking, interface.joins + DHCP_TIMEOUT)
    follow_the_ticks([frame.at for frame in asked])
    assert asked[0].at - linking.started_at - interface.joins < 1 * MS
    assert await interface.is_linked() is False
    assert await interface.link_info() == interface.unlinked
    await wire.expect_none(for_=1 * HOUR)


@covers("net.dhcp", "net.link-info", "net.is-linked")
async def test_link_takes_the_address_that_the_server_gives(interface, wire):
    """All that link_info tells comes from the lease; the board has looked for a conflict before it uses it."""
    server = serve(wire)
    linking = interface.link()
    await linking
    assert await interface.link_info() == (LEASED, MASK, GATEWAY, wire.peer.ip, interface.mac)
    assert await interface.is_linked() is True
    discover, request = server.messages
    assert (discover.kind, request.kind) == ("DISCOVER", "REQUEST")
    for message in (discover, request):
        assert (message.source, message.destination) == ((NONE, 68), "255.255.255.255")
        assert (message.client_mac, message.client_ip) == (BOARD, NONE)
        assert message.xid == discover.xid
        assert {1, 3, 6} <= set(message.options[55]), "mask, router and name servers are asked for"
    assert (request.requested_ip, request.server_id) == (LEASED, wire.peer.ip)
    # RFC 5227 2.1.1: three probes, then two announcements.
    asked = [frame for frame in wire.frames if frame.outgoing and frame.arp is not None]
    probes = [frame.at for frame in asked if frame.arp.psrc == NONE and frame.arp.pdst == LEASED]
    announced = [frame.at for frame in asked if frame.arp.psrc == LEASED == frame.arp.pdst]
    assert len(probes) == 3
    assert probes[0] - request.at <= 1 * SEC + WORK
    assert all(1 * SEC <= later - earlier + WORK <= 2 * SEC + 2 * WORK for earlier, later in pairwise(probes))
    assert abs(announced[0] - probes[-1] - 2 * SEC) <= WORK
    assert linking.elapsed <= interface.joins + CONFLICT_DETECTION


@pytest.mark.parametrize("settings", [(NONE, NONE, NONE, NONE), (NONE, MASK, GATEWAY, "10.0.0.9")])
@covers("net.dhcp", "net.set-link-info")
async def test_zeros_as_address_mean_dhcp_for_everything(interface, wire, settings):
    """Also after a static address, and whatever the other settings are."""
    serve(wire)
    await interface.set_link_info("10.0.0.77", MASK, NONE, NONE)
    await interface.link()
    await interface.unlink()
    await interface.set_link_info(*settings)
    await interface.link()
    assert await interface.link_info() == (LEASED, MASK, GATEWAY, wire.peer.ip, interface.mac)


@covers("net.dhcp", "net.link-info")
async def test_lease_without_router_and_name_server_gives_none(interface, wire):
    """What the server does not say is not there."""
    serve(wire, router=None, dns=(), mask="255.255.0.0")
    await interface.link()
    assert await interface.link_info() == (LEASED, "255.255.0.0", NONE, NONE, interface.mac)


@pytest.mark.parametrize("delay", [1 * MS, 1500 * MS, 20 * SEC])
@covers("net.dhcp")
async def test_slow_server_is_waited_for(bench, interface, wire, delay):
    """An answer that comes after the question was repeated is an answer."""
    server = serve(wire)
    server.delay = delay
    await interface.link()
    assert (await interface.link_info())[0] == LEASED
    await bench.idle(for_=delay)


@pytest.mark.parametrize("naks", [1, 3, 100])
@covers("net.dhcp.nak")
async def test_refused_request_starts_anew(interface, wire, naks):
    """Each NAK is followed by a DISCOVER at once, and the first ACK counts; a refused address is never used."""
    server = serve(wire)
    server.naks = naks
    await interface.link()
    assert [message.kind for message in server.messages] == ["DISCOVER", "REQUEST"] * (naks + 1)
    assert [message.kind for message in server.sent] == ["OFFER", "NAK"] * naks + ["OFFER", "ACK"]
    assert not [
        frame for frame in wire.frames
        if frame.outgoing and frame.at < server.messages[-1].at and frame.arp is not None
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["offer-with-other-xid", "offer-to-other-mac", "silence-after-offer", "no-server-id"])
@covers("net.dhcp.no-server")
async def test_what_is_no_answer_does_not_help(interface, wire, what):
    """Strangers' answers are ignored, and half a conversation is none: TimeoutError after a minute."""
    server = serve(wire)
    if what == "offer-with-other-xid":
        server.edit = lambda reply: replace(reply, xid=reply.xid ^ 1)
    elif what == "offer-to-other-mac":
        server.edit = lambda reply: replace(reply, client_mac="02:00:00:00:00:77")
    elif what == "no-server-id":
        server.edit = lambda reply: replace(reply, options={51: b"\0\0\x0e\x10"})
    else:
        server.silent_on.add("REQUEST")
    await times_out(interface.link(), interface.joins + DHCP_TIMEOUT)
    follow_the_ticks([message.at for message in server.of("DISCOVER" if what != "silence-after-offer" else "REQUEST")])
    assert (await interface.link_info())[0] == NONE


@covers("net.dhcp.conflict")
async def test_address_that_somebody_has_is_declined(interface, wire):
    """The server is told, and asked again not before 10 s (RFC 2131 3.1); the next address is taken."""
    wire.host(LEASED)
    server = serve(wire)
    linking = interface.link()
    declined = await server.received("DECLINE", within=interface.joins + CONFLICT_DETECTION)
    assert (declined.requested_ip, declined.client_ip) == (LEASED, NONE)
    server.lease = replace(server.lease, ip="10.0.0.51")
    again = await server.received("DISCOVER", within=11 * SEC)
    # In ticks of half a second, the running one included.
    assert 10 * SEC - TICK <= again.at - declined.at <= 10 * SEC
    await linking
    assert (await interface.link_info())[0] == "10.0.0.51"


@covers("net.dhcp.conflict", "net.dhcp.no-server")
async def test_conflict_without_end_ends_link_after_a_minute(interface, wire):
    """However often the server offers what somebody has."""
    wire.host(LEASED)
    server = serve(wire)
    await times_out(interface.link(), interface.joins + DHCP_TIMEOUT)
    assert len(server.of("DECLINE")) >= 5
    assert (await interface.link_info())[0] == NONE


@covers("net.dhcp", "net.unlink")
async def test_unlink_gives_the_lease_back(cold_target, interface, wire):
    """To its server, from the address itself, if the board knows where the server is."""
    server = serve(wire)
    await interface.link()
    await echoes(cold_target, wire)
    await interface.unlink()
    released = server.messages[-1]
    assert (released.kind, released.client_ip, released.server_id) == ("RELEASE", LEASED, wire.peer.ip)
    assert released.source == (LEASED, 68)
    count = len(server.messages)
    await wire.expect_none(for_=1 * HOUR)
    assert len(server.messages) == count


@covers("net.unlink", "net.dhcp")
async def test_unlink_ends_the_wait_for_a_server(interface, tasks, wire):
    """And the asking."""
    linking = tasks.start(interface.link())
    await wire.expect(UDP(dport=67), within=interface.joins + 1 * SEC)
    await asyncio.sleep(1 * SEC)
    await interface.unlink()
    with pytest.raises(OSError):
        await linking
    elapsed_is(linking, interface.joins + 1 * SEC + linking.elapsed % (1 * MS))
    await wire.expect_none(for_=1 * HOUR)


@covers("net.dhcp.lease")
async def test_lease_is_renewed_and_kept(bench, cold_target, interface, wire):
    """By a message to its server at about half its time (RFC 2131 4.4.5), hour after hour."""
    server = serve(wire, seconds=3600)
    await interface.link()
    sock = await bound_udp(cold_target)
    bound = server.messages[-1].at
    await bench.idle(for_=3 * HOUR)
    renewals = server.of("REQUEST")[1:]
    assert 4 <= len(renewals) <= 6
    for renewal in renewals:
        assert (renewal.source, renewal.destination) == ((LEASED, 68), wire.peer.ip)
        assert (renewal.client_ip, renewal.requested_ip) == (LEASED, None)
    # The board counts in whole minutes.
    assert abs(renewals[0].at - bound - 1800 * SEC) <= 60 * SEC
    assert await interface.is_linked() is True
    await sock.sendto(b"still", (wire.peer.ip, 5353))
    await wire.expect(UDP(dport=5353), within=1 * SEC)


@covers("net.dhcp.lease", "net.is-linked")
async def test_lease_that_nobody_renews_ends(bench, interface, wire):
    """The address is given up when its time is over, asked for all the time, and there again with the server."""
    server = serve(wire, seconds=3600)
    await interface.link()
    server.silent_on.update(("REQUEST", "DISCOVER"))
    await bench.idle(for_=3480 * SEC)
    assert await interface.is_linked() is True
    await bench.idle(for_=120 * SEC)
    assert await interface.is_linked() is False
    assert (await interface.link_info())[0] == NONE
    assert server.messages[-1].kind == "DISCOVER"
    server.silent_on.clear()
    await bench.idle(for_=120 * SEC)
    assert await interface.is_linked() is True
    assert (await interface.link_info())[0] == LEASED


@needs("cable")
@covers("net.dhcp", "net.is-linked", "network.link-loss")
async def test_leased_address_survives_the_cable(bench, interface, wire):
    """When the cable is back the board asks whether it may keep its address (RFC 2131 3.2)."""
    server = serve(wire)
    await interface.link()
    pull(bench)
    await bench.idle(for_=NEGOTIATION)
    assert await interface.is_linked() is False
    plug(bench)
    await bench.idle(for_=NEGOTIATION + CONFLICT_DETECTION)
    assert await interface.is_linked() is True
    assert server.messages[-1].kind == "REQUEST"
    assert (await interface.link_info())[0] == LEASED
