# SPDX-License-Identifier: GPL-2.0-or-later
"""The DHCP and DNS servers of a host, with Scapy as the judge of every byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import UDP
from scapy.layers.l2 import Ether
from sockbench.peers import DhcpServer, DnsServer, Lease
from sockbench.peers.dhcp import parse_dhcp, parse_options
from sockbench.peers.dns import TYPE_AAAA, TYPE_CNAME, Record, build_name, parse_name
from sockbench.peers.errors import Expired

from .world import MS, SEC, US, World

MAC = bytes.fromhex("020000000001")
LEASE = Lease("10.0.0.50", router="10.0.0.254", dns=("10.0.0.2", "10.0.0.3"), seconds=600, renewal=300, rebinding=525)


def ask(world: World, kind: str, *options: Any, xid: int = 7, **fields: Any) -> None:
    """Send a client's message, made by Scapy, from the board's host to everybody."""
    message = BOOTP(chaddr=MAC, xid=xid, **fields) / DHCP(options=[("message-type", kind), *options, "end"])
    world.board.udp.bind(0).send(bytes(message), to=("255.255.255.255", 67), source="0.0.0.0")


def answers(world: World) -> list[Any]:
    """Return what the server has sent, as Scapy reads it."""
    return [packet for _, frame in world.cable.frames if (packet := Ether(frame)).sport == 67]


def option(packet: Any, name: str) -> Any:
    """Return the value or the tuple of values of an option, None if it is missing."""
    found: list[Any] = [entry[1:] for entry in packet[DHCP].options if isinstance(entry, tuple) and entry[0] == name]
    return None if not found else found[0][0] if len(found[0]) == 1 else found[0]


def test_discover_and_request_are_answered_with_the_lease() -> None:
    world = World()

    async def main() -> DhcpServer:
        server = DhcpServer(world.peer, LEASE)
        ask(world, "discover")
        await world.pass_time(MS)
        ask(world, "request", ("requested_addr", "10.0.0.50"), ("server_id", "10.0.0.2"), flags=0x8000)
        await world.pass_time(MS)
        return server

    server = world.run(main())
    offer, ack = answers(world)
    assert [option(packet, "message-type") for packet in (offer, ack)] == [2, 5]
    for packet in (offer, ack):
        assert (packet[BOOTP].op, packet[BOOTP].xid, packet[BOOTP].chaddr[:6]) == (2, 7, MAC)
        assert (packet[BOOTP].yiaddr, packet[BOOTP].ciaddr, packet[UDP].dport) == ("10.0.0.50", "0.0.0.0", 68)
        assert option(packet, "server_id") == "10.0.0.2"
        assert option(packet, "lease_time") == 600
        assert option(packet, "renewal_time") == 300
        assert option(packet, "rebinding_time") == 525
        assert option(packet, "subnet_mask") == "255.255.255.0"
        assert option(packet, "router") == "10.0.0.254"
        assert option(packet, "name_server") == ("10.0.0.2", "10.0.0.3")
        assert packet[UDP].chksum == Ether(_without_checksum(packet))[UDP].chksum
    # RFC 2131 4.1: to the client's own addresses, or to everybody if it asks for that.
    assert (offer.dst, offer["IP"].dst) == ("02:00:00:00:00:01", "10.0.0.50")
    assert (ack.dst, ack["IP"].dst) == ("ff:ff:ff:ff:ff:ff", "255.255.255.255")
    assert [message.kind for message in server.messages] == ["DISCOVER", "REQUEST"]
    assert server.messages[1].requested_ip == "10.0.0.50"
    assert server.messages[1].at == MS + 50 * US


def _without_checksum(packet: Any) -> bytes:
    copy = packet.copy()
    del copy[UDP].chksum
    return bytes(copy)


def test_renewal_is_answered_to_the_address_of_the_client() -> None:
    world = World()

    async def main() -> None:
        DhcpServer(world.peer, LEASE)
        ask(world, "request", ciaddr="10.0.0.50")
        await world.pass_time(MS)

    world.run(main())
    (ack,) = answers(world)
    assert option(ack, "message-type") == 5
    assert (ack["IP"].dst, ack[BOOTP].ciaddr) == ("10.0.0.50", "10.0.0.50")


def test_what_is_not_ours_to_give_is_refused_or_left_alone() -> None:
    world = World()

    async def main() -> None:
        server = DhcpServer(world.peer, LEASE)
        ask(world, "request", ("requested_addr", "10.0.0.51"))
        ask(world, "request", ("requested_addr", "10.0.0.50"), ("server_id", "10.0.0.9"))
        for kind in ("decline", "release", "inform"):
            ask(world, kind)
        await world.pass_time(MS)
        assert [message.kind for message in server.messages] == [
            "REQUEST", "REQUEST", "DECLINE", "RELEASE", "INFORM",
        ]  # fmt: skip

    world.run(main())
    (nak,) = answers(world)
    assert option(nak, "message-type") == 6
    assert (nak[BOOTP].yiaddr, nak["IP"].dst) == ("0.0.0.0", "255.255.255.255")
    assert option(nak, "lease_time") is None


def test_dhcp_misbehaves_on_request() -> None:
    world = World()

    async def main() -> None:
        server = DhcpServer(world.peer, LEASE)
        server.silent_on.add("DISCOVER")
        ask(world, "discover")
        server_naks = 2
        server.naks = server_naks
        for _ in range(3):
            ask(world, "request", ("requested_addr", "10.0.0.50"))
        await world.pass_time(MS)
        assert [message.kind for message in server.sent] == ["NAK", "NAK", "ACK"]
        server.silent_on.clear()
        server.delay = 3 * SEC
        server.edit = lambda reply: replace(reply, xid=reply.xid ^ 1)
        ask(world, "discover")
        await world.pass_time(MS)
        assert server.sent[-1].at == 3 * SEC + MS + 50 * US
        server.edit = lambda reply: None
        ask(world, "discover")
        await world.pass_time(MS)
        assert len(server.sent) == 4
        assert (await server.received("DISCOVER", within=0)).kind == "DISCOVER"
        assert len(server.of("REQUEST")) == 3
        await server.received("DISCOVER", within=0)
        await server.received("DISCOVER", within=0)
        with pytest.raises(Expired, match="a DHCP DISCOVER"):
            await server.received("DISCOVER", within=SEC)
        await world.pass_time(5 * SEC)
        server.close()

    world.run(main())
    assert [packet[BOOTP].xid for packet in answers(world)] == [7, 7, 7, 6]


@pytest.mark.parametrize("cut", [0, 10, 239, 240, 242])
def test_what_is_no_dhcp_message_is_not_read(cut: int) -> None:
    whole = bytes(BOOTP(chaddr=MAC, xid=7) / DHCP(options=[("message-type", "discover"), "end"]))
    assert parse_dhcp(whole) is not None
    assert parse_dhcp(whole[:cut]) is None
    assert parse_dhcp(b"\x02" + whole[1:]) is None
    assert parse_dhcp(whole[:236] + b"\0\0\0\0" + whole[240:]) is None


def test_options_are_read_as_rfc_2132_and_3396_write_them() -> None:
    assert parse_options(b"\0\x0c\x02ab\x0c\x01c\xff\x07junk") == {12: b"abc"}
    assert parse_options(b"\x0c\x05ab\xff") is None
    assert parse_options(b"\x0c") is None
    assert parse_options(b"\x0c\x01a") is None


def query(world: World, name: str, *, number: int = 9, kind: str = "A", **fields: Any) -> Any:
    """Send a query made by Scapy; return the endpoint that the answer comes to."""
    endpoint = world.board.udp.bind(0)
    endpoint.send(bytes(DNS(id=number, rd=1, qd=DNSQR(qname=name, qtype=kind), **fields)), to=("10.0.0.2", 53))
    return endpoint


def test_names_are_answered() -> None:
    world = World()

    async def main() -> None:
        server = DnsServer(
            world.peer, {"Host.example": "93.184.216.34", "two.example": ("10.1.1.1", "10.1.1.2")}, ttl=77
        )
        reply = DNS((await query(world, "hOst.example").recv(within=SEC)).data)
        assert (reply.id, reply.qr, reply.rcode, reply.tc, reply.rd, reply.ra) == (9, 1, 0, 0, 1, 1)
        assert reply.qd[0].qname == b"hOst.example."
        assert [(rr.rrname, rr.type, rr.ttl, rr.rdata) for rr in reply.an] == [
            (b"hOst.example.", 1, 77, "93.184.216.34"),
        ]
        reply = DNS((await query(world, "two.example").recv(within=SEC)).data)
        assert [rr.rdata for rr in reply.an] == ["10.1.1.1", "10.1.1.2"]
        reply = DNS((await query(world, "nobody.example").recv(within=SEC)).data)
        assert (reply.rcode, reply.ancount) == (3, 0)
        reply = DNS((await query(world, "two.example", kind="AAAA").recv(within=SEC)).data)
        assert (reply.rcode, reply.ancount) == (0, 0)
        assert [(asked.name, asked.type) for asked in server.queries] == [
            ("hOst.example", 1), ("two.example", 1), ("nobody.example", 1), ("two.example", TYPE_AAAA),
        ]  # fmt: skip

    world.run(main())


def test_dns_misbehaves_on_request() -> None:
    world = World()

    async def main() -> None:
        server = DnsServer(world.peer, {"a.example": "10.1.1.1"})
        server.silent = True
        silent = query(world, "a.example")
        await world.pass_time(MS)
        server.silent = False
        server.delay = 2 * SEC
        late = await query(world, "a.example").recv(within=3 * SEC)
        assert late.at == 2 * SEC + 100 * US + MS
        server.delay = 0
        server.edit = lambda reply: replace(reply, id=reply.id ^ 1, truncated=True, records=())
        wrong = DNS((await query(world, "a.example").recv(within=SEC)).data)
        assert (wrong.id, wrong.tc, wrong.ancount) == (8, 1, 0)
        alias = Record("a.example", TYPE_CNAME, 5, build_name("b.example"))
        server.edit = lambda reply: replace(reply, records=(alias, Record("b.example", 1, 5, b"\x0a\1\1\2")))
        reply = DNS((await query(world, "a.example").recv(within=SEC)).data)
        assert [(rr.rrname, rr.rdata) for rr in reply.an] == [
            (b"a.example.", b"b.example."), (b"b.example.", "10.1.1.2"),
        ]  # fmt: skip
        assert silent.pending == 0
        server.close()

    world.run(main())


def test_what_is_no_query_is_not_answered() -> None:
    world = World()

    async def main() -> None:
        server = DnsServer(world.peer, {"a.example": "10.1.1.1"})
        endpoints = [query(world, "a.example", qr=1), query(world, "a.example", opcode=2)]
        other = world.board.udp.bind(0)
        whole = bytes(DNS(id=9, qd=DNSQR(qname="a.example")))
        for data in (b"", whole[:11], whole[:20], whole[:-1], whole[:12] + b"\xc0\x0c\0\1\0\1"):
            other.send(data, to=("10.0.0.2", 53))
        await world.pass_time(MS)
        assert server.queries == []
        assert all(endpoint.pending == 0 for endpoint in [*endpoints, other])

    world.run(main())


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64])
def test_names_that_cannot_be_written_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="label"):
        build_name(name)


def test_a_name_is_read_as_it_was_written() -> None:
    assert build_name("ab.c.") == b"\2ab\1c\0"
    assert parse_name(b"??\2ab\1c\0", 2) == ("ab.c", 8)
    assert parse_name(b"\2a", 0) is None
    assert parse_name(b"\1a", 0) is None
