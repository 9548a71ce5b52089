# SPDX-License-Identifier: GPL-2.0-or-later
"""The DHCP client against the server of the harness: every state, and every time (RFC 2131 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from sockbench.peers import DhcpClient, DhcpServer, Host, Lease

from .world import MS, SEC, World

LEASE = Lease("10.0.0.50", router="10.0.0.254", dns=("10.0.0.2", "10.0.0.3"), seconds=3600)


def run(case: Callable[[World, DhcpServer, Host], Coroutine[Any, Any, None]], *, latency: int = 0) -> None:
    """Run a case with a server on 10.0.0.2 and a host without an address."""
    world = World(latency=latency)
    host = world.board
    host.readdress("0.0.0.0")

    async def main() -> None:
        await case(world, DhcpServer(world.peer, LEASE), host)

    world.run(main())


@pytest.mark.parametrize("broadcast", [True, False])
def test_client_has_its_lease_and_speaks_with_its_address(broadcast: bool) -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        client = DhcpClient(host, broadcast=broadcast)
        lease = await client.bound(within=1 * SEC)
        assert {message.destination for message in client.messages} == {"255.255.255.255" if broadcast else lease.ip}
        assert lease == LEASE and client.server == "10.0.0.2" and host.ip == "10.0.0.50"
        assert [message.kind for message in server.messages] == ["DISCOVER", "REQUEST"]
        await host.icmp.ping("10.0.0.2", within=1 * SEC)
        await world.peer.icmp.ping("10.0.0.50", within=1 * SEC)

    run(case)


def test_discover_is_repeated_after_4_8_16_32_64_and_64_seconds() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        server.silent_on.add("DISCOVER")
        DhcpClient(host)
        await world.pass_time(200 * SEC)
        assert [message.at // SEC for message in server.messages] == [0, 4, 12, 28, 60, 124, 188]

    run(case)


def test_request_that_nobody_answers_leads_back_to_discover() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        server.silent_on.add("REQUEST")
        client = DhcpClient(host)
        await world.pass_time(125 * SEC)
        assert [message.kind for message in server.messages] == ["DISCOVER", *["REQUEST"] * 5, "DISCOVER", "REQUEST"]
        assert client.state == "REQUESTING"

    run(case)


def test_refusal_leads_back_to_discover() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        server.naks = 2
        client = DhcpClient(host)
        assert (await client.bound(within=1 * SEC)).ip == "10.0.0.50"
        assert [message.kind for message in client.messages] == ["OFFER", "NAK"] * 2 + ["OFFER", "ACK"]

    run(case)


def test_lease_is_renewed_at_half_of_its_time() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        client = DhcpClient(host)
        await world.pass_time(1800 * SEC - 1)
        assert client.state == "BOUND" and len(server.messages) == 2
        await world.pass_time(2 * MS)
        renewal = server.messages[2]
        assert (renewal.kind, renewal.at, renewal.client_ip) == ("REQUEST", 1800 * SEC, "10.0.0.50")
        assert (renewal.destination, renewal.source) == ("10.0.0.2", ("10.0.0.50", 68))
        assert client.state == "BOUND"

    run(case)


def test_renewing_becomes_rebinding_and_then_the_lease_ends() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        client = DhcpClient(host)
        await client.bound(within=1 * SEC)
        server.silent_on.add("REQUEST")
        await world.pass_time(3150 * SEC + MS)
        assert client.state == "REBINDING"
        assert [message.destination for message in client.sent[-2:]] == ["10.0.0.2", "255.255.255.255"]
        assert [message.at // SEC for message in client.sent[2:]] == [1800, 2475, 2812, 2981, 3065, 3125, 3150]
        server.silent_on.add("DISCOVER")
        await world.pass_time(450 * SEC)
        assert client.state == "SELECTING" and client.lease is None and host.ip == "0.0.0.0"

    run(case)


def test_server_says_when_to_renew() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        server.lease = replace(LEASE, renewal=10, rebinding=20)
        client = DhcpClient(host)
        await world.pass_time(10 * SEC + MS)
        assert [message.at for message in client.sent] == [0, 0, 10 * SEC]

    run(case)


def test_lease_may_be_declined_and_given_back() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        client = DhcpClient(host)
        await client.bound(within=1 * SEC)
        client.release()
        await world.pass_time(MS)
        (released,) = server.of("RELEASE")
        assert (released.client_ip, released.server_id, host.ip) == ("10.0.0.50", "10.0.0.2", "0.0.0.0")
        client.declines = 1
        client.discover()
        await world.pass_time(MS)
        (declined,) = server.of("DECLINE")
        assert (declined.requested_ip, client.lease) == ("10.0.0.50", None)
        await world.pass_time(10 * SEC - 2 * MS)
        assert client.lease is None
        await world.pass_time(2 * MS)
        assert client.lease == LEASE

    run(case)


def test_what_the_client_sends_can_be_changed() -> None:
    async def case(world: World, server: DhcpServer, host: Host) -> None:
        server.silent_on.add("DISCOVER")
        client = DhcpClient(host)
        client.edit = lambda message: replace(message, options={50: b"\x0a\x00\x00\x63"})
        await world.pass_time(5 * SEC)
        assert [message.requested_ip for message in server.messages] == [None, "10.0.0.99"]

    run(case)
