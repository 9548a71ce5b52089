"""Every method in every state of a stream socket: a defined result, at once or at the timeout, and no harm done.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest
from sockbench import MS, SEC, SO_KEEPALIVE, SO_REUSEADDR, SOL_SOCKET, covers

from conformance.outcomes import (
    ANYWHERE,
    CLOSED,
    DONE,
    NO_CONNECTION,
    NO_DESTINATION,
    NUMBER,
    OURS,
    PEERS,
    UNSUPPORTED,
    WRONG_STATE,
    Fails,
    Outcome,
    Returns,
    Waits,
    ends,
    named,
    network,
)
from conformance.scenes import connected_tcp, echoes, listening_tcp, raises_at_once, would_block

# An address of the peer where nobody answers, and a buffer of the device, which only the case has.
NOBODY, BUFFER = object(), object()
CALLS: dict[str, tuple[Any, ...]] = {
    "bind": (6000,),
    "connect": (NOBODY,),
    "listen": (),
    "accept": (),
    "send": (b"x",),
    "sendall": (b"x",),
    "sendto": (b"x", NOBODY),
    "recv": (10,),
    "recv_into": (BUFFER,),
    "recvfrom": (10,),
    "recvfrom_into": (BUFFER,),
    "settimeout": (50,),
    "fileno": (),
    "setsockopt": (SOL_SOCKET, SO_KEEPALIVE, 1),
    "getsockopt": (SOL_SOCKET, SO_REUSEADDR),
    "getsockname": (),
    "getpeername": (),
    "close": (),
}

EXCHANGE = ("send", "sendall", "recv", "recv_into")
IN_PROGRESS = Waits(errno.EINPROGRESS)
IS_CONNECTED = Fails(errno.EISCONN)
RESET = Fails(errno.ECONNRESET, ConnectionResetError)
PEER = named(PEERS, range(80, 81))
OWN_END = named(OURS, range(1024, 65536))


def row(**results: Outcome) -> dict[str, Outcome]:
    """Return what every method does: what it does without a connection, except where RESULTS names another."""
    unconnected: dict[str, Outcome] = {
        "bind": WRONG_STATE,
        "connect": IS_CONNECTED,
        "listen": WRONG_STATE,
        "accept": WRONG_STATE,
        **dict.fromkeys(EXCHANGE, NO_CONNECTION),
        # A stream has one far end: the datagram methods are not for it, in any state.
        **dict.fromkeys(("sendto", "recvfrom", "recvfrom_into"), UNSUPPORTED),
        **dict.fromkeys(("settimeout", "setsockopt", "close"), DONE),
        "fileno": Returns(NUMBER),
        "getsockopt": Returns(0),
        "getpeername": NO_CONNECTION,
    }
    return unconnected | results


EXPECTED: dict[str, dict[str, Outcome]] = {
    "new": row(bind=DONE, connect=IN_PROGRESS, listen=NO_DESTINATION, getsockname=named(ANYWHERE, range(1))),
    "bound": row(connect=IN_PROGRESS, listen=DONE, getsockname=named(ANYWHERE, range(5000, 5001))),
    "connecting": row(connect=Fails(errno.EALREADY), getsockname=OWN_END),
    "connected": row(
        send=Returns(1),
        sendall=DONE,
        recv=Waits(),
        recv_into=Waits(),
        getsockname=OWN_END,
        getpeername=PEER,
    ),
    "ended-by-peer": row(
        send=Returns(1),
        sendall=DONE,
        recv=Returns(b""),
        recv_into=Returns(0),
        getsockname=OWN_END,
        getpeername=PEER,
    ),
    "reset": row(**dict.fromkeys(EXCHANGE, RESET), getsockname=OWN_END, getpeername=PEER),
    "listening": row(connect=WRONG_STATE, listen=DONE, accept=Waits(), getsockname=named(ANYWHERE, range(80, 81))),
    "closed": {**dict.fromkeys(CALLS, CLOSED), "fileno": Returns(-1), "close": DONE},
}


async def socket_in(state: str, target: Any, wire: Any) -> tuple[Any, Any]:
    """Return a stream socket in STATE, in non-blocking mode where that can be set, and its connection's far end."""
    connection = None
    if state == "listening":
        sock = await listening_tcp(target)
    elif state in ("connected", "ended-by-peer", "reset"):
        sock, connection = await connected_tcp(target, wire)
        if state == "ended-by-peer":
            connection.finish()
        elif state == "reset":
            connection.reset()
        await asyncio.sleep(10 * MS)
        if state == "reset":
            with pytest.raises(ConnectionResetError):
                await sock.recv(1)
    else:
        sock = await target.socket()
        if state == "bound":
            await sock.bind(5000)
    await sock.settimeout(0)
    if state == "connecting":
        await would_block(sock.connect((wire.peer.ip, 82)), errno.EINPROGRESS)
        await asyncio.sleep(10 * MS)
    elif state == "closed":
        await sock.close()
    return sock, connection


async def lives_on(state: str, wire: Any, sock: Any, connection: Any, own: str) -> None:
    """Assert that a call that had no effect really had none: what the state is for still works."""
    await sock.settimeout(0)
    if state in ("connected", "ended-by-peer"):
        await sock.send(b"still here")
        assert await connection.recv(10, within=1 * SEC) == b"still here"
    elif state == "listening":
        await wire.peer.tcp.connect(80, to=own, sport=4000).established(within=1 * SEC)
        assert (await sock.accept())[1][:2] == (wire.peer.ip, 4000)


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("timeout", [0, 100], ids=["non-blocking", "timeout"])
@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("state", EXPECTED)
@covers(
    "state.every-method",
    "closed.every-method",
    "tcp.recvfrom.refused",
    "tcp.sendto.refused",
    "accept.wrong-state",
    "bind.wrong-state",
)
async def test_method_in_state(cold_target, wire, state, method, timeout, family):
    """The result is the one the table names; nothing hangs, and sockets work afterwards, this one and a new one."""
    target, wire = await network(family, cold_target, wire)
    special = {NOBODY: (wire.peer.ip, 82), BUFFER: await target.buffer(10)}
    sock, connection = await socket_in(state, target, wire)
    if state != "closed":
        await sock.settimeout(timeout)
    arguments = [special.get(given, given) for given in CALLS[method]]
    outcome = EXPECTED[state][method]
    await ends(sock.call(method, *arguments), outcome, timeout)
    if isinstance(outcome, Fails | Waits) and state != "closed":
        await lives_on(state, wire, sock, connection, OURS[family == "ipv6"])
    await sock.close()
    await echoes(target, wire, port=9200)


UNCONNECTED = ["recv", "recv_into", "send", "sendall"]


@pytest.mark.parametrize("timeout", [None, 0, 100], ids=str)
@pytest.mark.parametrize("method", [*UNCONNECTED, "send-empty", "sendall-empty"])
@pytest.mark.parametrize("bound", [False, True], ids=["new", "bound"])
@covers("tcp.unconnected-unusable", "send.needs-peer", "sendall.needs-peer")
async def test_unconnected_stream_fails_at_once(target, wire, bound, method, timeout):
    """Without a connection nothing can come and nothing can go: no waiting for ever, no success."""
    sock = await target.socket()
    if bound:
        await sock.bind(5000)
    await sock.settimeout(timeout)
    name, _, empty = method.partition("-")
    argument = await target.buffer(10) if name == "recv_into" else 10 if name == "recv" else b"" if empty else b"x"
    error = await raises_at_once(sock.call(name, argument), number=errno.ENOTCONN)
    assert not isinstance(error, TimeoutError)
    await wire.expect_none(for_=10 * SEC)


@pytest.mark.parametrize("timeout", [None, 0, 100], ids=str)
@pytest.mark.parametrize("method", UNCONNECTED)
@covers("tcp.listen.no-data", "send.wrong-state")
async def test_listening_socket_neither_sends_nor_receives(target, wire, method, timeout):
    """It has no far end; the clients it accepts are served as before."""
    sock = await listening_tcp(target)
    await sock.settimeout(timeout)
    argument = await target.buffer(10) if method == "recv_into" else 10 if method == "recv" else b"x"
    error = await raises_at_once(sock.call(method, argument), number=errno.ENOTCONN)
    assert not isinstance(error, TimeoutError)
    client = wire.peer.tcp.connect(80)
    await client.established(within=1 * SEC)
    await sock.settimeout(None)
    await sock.accept()
    await sock.settimeout(0)
    await would_block(sock.accept())
