"""Ten thousand sockets one after the other, and not a byte of memory less at the end.

Each case counts for itself, so that a loss is told with the kind of socket that loses. Memory is the heap of the
system, the heap of lwIP, and lwIP's pools; a pool that lost something is found by using it up at the end.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from sockbench import (
    AF_INET,
    AF_INET6,
    SEC,
    SOCK_DGRAM,
    SOCK_RAW,
    SOCK_STREAM,
    RemoteIOError,
    covers,
)

from conformance.ipv6.link import BOARD_LOCAL, PEER_LOCAL, up6
from conformance.scenes import DEVICE

# A protocol for experiments (RFC 3692), which no stack knows.
EXPERIMENT = 253
# Longer than TIME-WAIT of both ends, and than a neighbour's entry lasts without use.
FORGOTTEN = 150 * SEC
NUMBERS = 96
KINDS = {
    "stream-ipv4": (AF_INET, SOCK_STREAM, 0),
    "stream-ipv6": (AF_INET6, SOCK_STREAM, 0),
    "datagram-ipv4": (AF_INET, SOCK_DGRAM, 0),
    "datagram-ipv6": (AF_INET6, SOCK_DGRAM, 0),
    "raw-ipv4": (AF_INET, SOCK_RAW, EXPERIMENT),
    "raw-ipv6": (AF_INET6, SOCK_RAW, EXPERIMENT),
}


async def memory(target):
    """Return what is free and what is held, once TIME-WAIT is over."""
    await asyncio.sleep(FORGOTTEN)
    stats = await target.stats()
    lwip = stats["lwip"]
    return {
        "heap_free": stats["heap_free"],
        "tcp_pcbs": stats["tcp_pcbs"],
        "lwip heap": lwip["mem.used"],
        "failures": lwip["mem.err"] + lwip["memp.err"],
    }


async def no_number_is_lost(target):
    """Use up every number, and with them a third of each pool; then give them back."""
    sockets = []
    for number in range(NUMBERS):
        family = AF_INET if number % 2 else AF_INET6
        kind = (SOCK_STREAM, SOCK_DGRAM, SOCK_RAW)[number % 3]
        sockets.append(await target.socket(family, kind, EXPERIMENT if kind is SOCK_RAW else 0))
    with pytest.raises(RemoteIOError):
        await target.socket()
    for sock in sockets:
        await sock.close()
        await sock.drop()


def board(family: Any) -> str:
    """Return the board's address of that family."""
    return DEVICE if family is AF_INET else BOARD_LOCAL


def peer(family: Any) -> str:
    """Return the peer's address of that family."""
    return "10.0.0.2" if family is AF_INET else PEER_LOCAL


async def unused(target, wire, family, kind, protocol):
    """Open and close."""
    sock = await target.socket(family, kind, protocol)
    await sock.close()
    await sock.drop()


async def dropped(target, wire, family, kind, protocol):
    """Open, bind, and forget without closing."""
    sock = await target.socket(family, kind, protocol)
    await sock.bind(0)
    await sock.drop()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("cycle", [unused, dropped], ids=["closed", "dropped"])
@covers("limits.no-loss", "close.nothing-lost")
async def test_thousand_sockets_lose_nothing(cold_target, wire, name, cycle):
    """A thousand of one kind: a device that runs for years opens more than that."""
    await up6(cold_target, wire)
    for _ in range(3):
        await cycle(cold_target, wire, *KINDS[name])
    before = await memory(cold_target)
    for _ in range(1000):
        await cycle(cold_target, wire, *KINDS[name])
    assert await memory(cold_target) == before
    await no_number_is_lost(cold_target)


async def client(target, wire, listeners, family, ending):
    """Connect, talk, and end the connection in one of the ways that connections end."""
    sock = await target.socket(family)
    await sock.connect((peer(family), 80))
    conn = await listeners["peer"].accept(within=5 * SEC)
    await sock.sendall(b"ping")
    conn.send(b"pong, and what is never read")
    if ending != "unread":
        await sock.recv(4)
    await finished(sock, conn, ending)


async def served(target, wire, listeners, family, ending):
    """Accept, talk, and end the connection."""
    conn = wire.peer.tcp.connect(80, to=board(family))
    await conn.established(within=5 * SEC)
    sock, _ = await listeners[family].accept()
    conn.send(b"ping")
    assert await sock.recv(4) == b"ping"
    await finished(sock, conn, ending)


async def finished(sock, conn, ending):
    """End the connection: the board first, the peer first, by reset, with data unread or held, or by dropping."""
    if ending == "peer-first":
        conn.finish()
        await sock.close()
    elif ending == "reset":
        conn.reset()
        await sock.close()
    elif ending == "held":
        conn.send(b"too little")
        await sock.settimeout(1)
        with pytest.raises(TimeoutError):
            await sock.recv(100)
        await sock.close()
    elif ending == "dropped":
        conn.finish()
    else:
        await sock.close()
        if conn.lost is None and conn.state != "CLOSED":
            conn.finish()
    await sock.drop()


@pytest.mark.parametrize("family", [AF_INET, AF_INET6], ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("part", [client, served], ids=["client", "server"])
@pytest.mark.parametrize("ending", ["board-first", "peer-first", "reset", "unread", "held", "dropped"])
@covers("limits.no-loss", "close.nothing-lost")
async def test_hundred_connections_lose_nothing(cold_target, wire, family, part, ending):
    """Two thousand and more in all, ended in every way; what a read that timed out has kept goes, too."""
    await up6(cold_target, wire)
    listeners: dict[Any, Any] = {"peer": wire.peer.tcp.listen(80)}
    listeners[family] = await cold_target.socket(family)
    await listeners[family].bind(80)
    await listeners[family].listen(5)
    for _ in range(3):
        await part(cold_target, wire, listeners, family, ending)
    before = await memory(cold_target)
    for _ in range(100):
        await part(cold_target, wire, listeners, family, ending)
    assert await memory(cold_target) == before


@pytest.mark.parametrize("seed", range(4))
@covers("limits.no-loss", "limits.sixty-four-sockets", "close.nothing-lost")
async def test_thousand_sockets_in_any_order_lose_nothing(cold_target, wire, seed):
    """Kinds, numbers and lifetimes mixed, up to 60 open at a time, some of them with data that nobody reads."""
    await up6(cold_target, wire)
    random = Random(seed)
    far = wire.peer.udp.bind(7000)
    wire.ignore(lambda frame: frame.outgoing)
    await wire.peer.icmp6.ping(BOARD_LOCAL, within=1 * SEC)
    await far_speaks(cold_target, far)
    before = await memory(cold_target)
    sockets: list[Any] = []
    for _ in range(1000):
        family, kind, protocol = KINDS[random.choice(list(KINDS))]
        sock = await cold_target.socket(family, kind, protocol)
        sockets.append(sock)
        if kind is SOCK_DGRAM:
            await sock.sendto(b"x", (peer(family), 7000))
            far.send(b"unread" * random.randrange(100), to=far.received[-1].source)
        elif kind is SOCK_RAW:
            await sock.sendto(b"x", (peer(family), 0))
        while len(sockets) > random.randrange(60):
            gone = sockets.pop(random.randrange(len(sockets)))
            if random.random() < 0.9:
                await gone.close()
            await gone.drop()
    for sock in sockets:
        await sock.close()
        await sock.drop()
    assert await memory(cold_target) == before
    await no_number_is_lost(cold_target)


async def far_speaks(target, far):
    """Exchange one datagram of each family, so that tables of neighbours are as they stay."""
    for family in (AF_INET, AF_INET6):
        sock = await target.socket(family, SOCK_DGRAM)
        await sock.sendto(b"x", (peer(family), 7000))
        await far.recv(within=5 * SEC)
        await sock.close()
        await sock.drop()


@pytest.mark.parametrize(("kind", "protocol"), [(SOCK_RAW, EXPERIMENT), (SOCK_DGRAM, 0)], ids=["raw", "datagram"])
@covers("limits.no-loss", "socket.failure-is-ioerror")
async def test_sockets_that_could_not_be_made_cost_nothing(cold_target, wire, kind, protocol):
    """A program that asks in a loop for more than the stack has must not use up the numbers of all the others."""
    await up6(cold_target, wire)
    before = await memory(cold_target)
    sockets: list[Any] = []
    with pytest.raises(RemoteIOError):
        while len(sockets) < NUMBERS:
            sockets.append(await cold_target.socket(AF_INET, kind, protocol))
    assert len(sockets) < NUMBERS, "the numbers were used up, not the stack"
    for _ in range(2 * NUMBERS):
        with pytest.raises(RemoteIOError):
            await cold_target.socket(AF_INET, kind, protocol)
    for sock in sockets:
        await sock.close()
        await sock.drop()
    await no_number_is_lost(cold_target)
    after = await memory(cold_target)
    del before["failures"], after["failures"]
    assert after == before
