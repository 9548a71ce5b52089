"""The example programs as they are printed, the line that links the wifi included.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

from sockbench import MS, SEC, WIFI_WPA2, covers
from sockbench.peers import DhcpServer, Lease

from conformance.examples.programs import client, server
from conformance.examples.test_server import greeted

NETWORK = ("Your Wifi SSID", WIFI_WPA2, "Your Wifi Password")
OWN, PEER = "192.168.1.20", "192.168.1.10"


async def home(air, wire):
    """Return the host that the programs name, in the network that they take for granted."""
    air.access_point(NETWORK[0], NETWORK[2])
    host = wire.host(ip=PEER)
    DhcpServer(host, Lease(OWN, router="192.168.1.1", dns=(PEER,)))
    wire.ignore(lambda frame: frame.arp is not None)
    return host


@covers("example.client", "wifi.link", "wifi.dhcp")
async def test_client_runs_as_it_is_printed(wifi, air, wire, cold_target):
    """Link, connect, twelve bytes."""
    host = await home(air, wire)
    listener = host.tcp.listen(5555)
    assert await wifi.link(*NETWORK) is None
    await client(cold_target)
    conn = await listener.accept(within=1 * SEC)
    assert await conn.recv(12, within=1 * SEC) == b"Hello World!"


@covers("example.server", "wifi.link", "wifi.dhcp")
async def test_server_runs_as_it_is_printed(wifi, air, wire, cold_target, tasks):
    """Link, listen, and a greeting for each who comes."""
    host = await home(air, wire)
    assert await wifi.link(*NETWORK) is None
    seen: list[object] = []
    tasks.start(server(cold_target, seen))
    await asyncio.sleep(10 * MS)
    for port in range(4000, 4005):
        conn = host.tcp.connect(80, to=OWN, sport=port)
        await greeted(conn)
        assert seen[-1] == (PEER, port)
