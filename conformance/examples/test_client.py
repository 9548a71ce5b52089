"""The client example of the documentation.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from scapy.layers.inet import TCP
from sockbench import MS, SEC, answer, covers

from conformance.examples.programs import client
from conformance.tcp.stream import LONG, segments


async def linked(target):
    """Bring TARGET into the network of the example, as its driver lines do, and return it as the socket module."""
    await target.net_up(ip="192.168.1.20", mask="255.255.255.0", gw="192.168.1.1")
    return target


@covers("example.client", "sendall.str", "address.string-and-port")
async def test_client_sends_its_twelve_bytes(cold_target, wire):
    """The first program that anybody tries."""
    host = wire.host(ip="192.168.1.10")
    listener = host.tcp.listen(5555)
    await client(await linked(cold_target))
    conn = await listener.accept(within=1 * SEC)
    assert await conn.recv(12, within=1 * SEC) == b"Hello World!"
    await asyncio.sleep(LONG)
    assert conn.received == b"Hello World!" and conn.state == "ESTABLISHED"


@covers("example.client", "tcp.connect.handshake")
async def test_client_on_the_wire(cold_target, wire, tasks):
    """SYN, ACK, one segment of twelve bytes: nothing before, between or after."""
    wire.host(ip="192.168.1.10")
    socket = await linked(cold_target)
    running = tasks.start(client(socket))
    syn = await wire.expect(TCP(flags="S"), within=50 * MS)
    assert (syn.ip.dst, syn.tcp.dport) == ("192.168.1.10", 5555)
    wire.send(answer(syn, flags="SA", seq=1000))
    ack = await wire.expect(TCP(dport=5555, flags="A"), within=50 * MS)
    data = await wire.expect(TCP(dport=5555, flags="PA"), within=50 * MS)
    assert ack.tcp.ack == data.tcp.ack == 1001 and data.payload == b"Hello World!"
    wire.send(answer(data, flags="A"))
    await running
    await wire.expect_none(for_=LONG)


@covers("example.client", "tcp.connect.refused")
async def test_client_without_a_server_is_told(cold_target, wire):
    """The example has no error handling: the exception is what its user sees."""
    wire.host(ip="192.168.1.10").tcp.refuse(5555)
    with pytest.raises(ConnectionRefusedError):
        await client(await linked(cold_target))
    assert not segments(wire, data=True)


@covers("example.client")
async def test_client_runs_again_and_again(cold_target, wire):
    """Each run is a new connection; sockets that were never closed do not disturb it."""
    listener = wire.host(ip="192.168.1.10").tcp.listen(5555)
    socket = await linked(cold_target)
    for _ in range(10):
        await client(socket)
        conn = await listener.accept(within=1 * SEC)
        assert await conn.recv(12, within=1 * SEC) == b"Hello World!"
