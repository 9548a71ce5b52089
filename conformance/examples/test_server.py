"""The server example of the documentation.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sockbench import MS, SEC, covers

from conformance.examples.programs import server
from conformance.tcp.stream import LONG


async def greeted(conn):
    """Assert that the client got its six bytes and FIN, and end its side."""
    await conn.until(lambda c: c.peer_finished, within=5 * SEC)
    assert conn.received == b"Hello!"
    conn.finish()
    await conn.closed(within=1 * SEC)


@pytest.mark.parametrize("clients", [1, 3, 20])
@covers("example.server", "tcp.accept.listener-stays", "close.orderly")
async def test_each_client_gets_hello_and_fin(target, wire, tasks, clients):
    """The first server that anybody tries: it serves one client after the other, for ever."""
    seen: list[Any] = []
    running = tasks.start(server(target, seen))
    await asyncio.sleep(10 * MS)
    for number in range(clients):
        conn = wire.peer.tcp.connect(80, sport=4000 + number)
        await greeted(conn)
    assert seen == [("10.0.0.2", 4000 + number) for number in range(clients)]
    assert running.pending


@covers("example.server", "tcp.listen.backlog")
async def test_clients_that_come_together_are_all_served(target, wire, tasks):
    """More at once than the default backlog: those that were dropped come again and are served."""
    tasks.start(server(target, []))
    await asyncio.sleep(10 * MS)
    clients = [wire.peer.tcp.connect(80) for _ in range(6)]
    for conn in clients:
        await greeted(conn)


@covers("example.server", "tcp.accept.blocks")
async def test_server_waits_between_clients(target, wire, tasks):
    """A long time without a client is no reason to stop."""
    seen: list[Any] = []
    running = tasks.start(server(target, seen))
    for number in range(3):
        await asyncio.sleep(LONG)
        await greeted(wire.peer.tcp.connect(80))
        assert len(seen) == number + 1 and running.pending


@covers("example.server", "close.unread-data-resets")
async def test_client_that_speaks_first_still_gets_its_hello(target, wire, tasks, bench):
    """A browser sends its request at once; the example never reads it: the six bytes, then RST."""
    tasks.start(server(target, []))
    await asyncio.sleep(10 * MS)
    conn = wire.peer.tcp.connect(80)
    conn.send(b"GET / HTTP/1.0\r\n\r\n")
    await conn.until(lambda c: c.peer_finished or c.state == "CLOSED", within=5 * SEC)
    assert conn.received == b"Hello!"
    await bench.idle(for_=1 * SEC)
    await greeted(wire.peer.tcp.connect(80))


@covers("example.server", "tcp.listen.waiting-client-resets")
async def test_client_that_resets_does_not_stop_the_server(target, wire, tasks):
    """A client that crashes is its own affair."""
    running = tasks.start(server(target, []))
    await asyncio.sleep(10 * MS)
    for _ in range(3):
        gone = wire.peer.tcp.connect(80)
        await gone.until(lambda c: c.received == b"Hello!", within=1 * SEC)
        gone.reset()
        await asyncio.sleep(10 * MS)
        await greeted(wire.peer.tcp.connect(80))
    assert running.pending
