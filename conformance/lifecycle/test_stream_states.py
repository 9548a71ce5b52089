"""Every method in every state of a stream socket: a defined result, at once, and a stack that works on.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, RemoteIOError, covers, elapsed_is

from conformance.scenes import connected_tcp, echoes, listening_tcp, raises_at_once, would_block

BUFFER = object()
CALLS = {
    "bind": (6000,),
    "connect": (("10.0.0.2", 82),),
    "listen": (),
    "accept": (),
    "send": (b"x",),
    "sendall": (b"x",),
    "sendto": (b"x", ("10.0.0.2", 82)),
    "recv": (10,),
    "recv_into": (BUFFER,),
    "recvfrom": (10,),
    "recvfrom_into": (BUFFER,),
    "settimeout": (0,),
    "fileno": (),
    "close": (),
}

FAILS = object()
BLOCKS = object()
NUMBER = object()


def row(default, **results):
    """Return the expected result of every method: DEFAULT, except where RESULTS names another."""
    always = {
        "sendto": FAILS,
        "recvfrom": FAILS,
        "recvfrom_into": FAILS,
        "settimeout": None,
        "fileno": NUMBER,
        "close": None,
    }
    return dict.fromkeys(CALLS, default) | always | results


# FAILS is an IOError that is no TimeoutError, BLOCKS is EWOULDBLOCK, an errno is an IOError with that number;
# every state is entered in non-blocking mode.
EXPECTED = {
    "new": row(FAILS, bind=None, connect=errno.EINPROGRESS, listen=(FAILS, None)),
    "bound": row(FAILS, connect=errno.EINPROGRESS, listen=None),
    "connecting": row(
        FAILS,
        connect=errno.EALREADY,
        send=(FAILS, BLOCKS),
        sendall=(FAILS, BLOCKS),
        recv=(FAILS, BLOCKS),
        recv_into=(FAILS, BLOCKS),
    ),
    "connected": row(FAILS, connect=errno.EISCONN, send=1, sendall=None, recv=BLOCKS, recv_into=BLOCKS),
    "ended-by-peer": row(FAILS, connect=errno.EISCONN, send=1, sendall=None, recv=b"", recv_into=0),
    "reset": row(FAILS, connect=(FAILS, errno.EINPROGRESS)),
    "listening": row(FAILS, listen=None, accept=BLOCKS),
    "closed": row(FAILS, settimeout=FAILS, fileno=-1),
}


async def socket_in(state, target, wire):
    """Return a stream socket in STATE and in non-blocking mode, where that can be set."""
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
        elif state == "closed":
            await sock.close()
            return sock
    await sock.settimeout(0)
    if state == "connecting":
        await raises_at_once(sock.connect((wire.peer.ip, 82)), RemoteIOError, errno.EINPROGRESS)
        await asyncio.sleep(10 * MS)
    return sock


async def _is(call, expected):
    """Assert that CALL ends at once as EXPECTED says; a tuple lists what is allowed."""
    allowed = expected if isinstance(expected, tuple) else (expected,)
    fails = [entry for entry in allowed if entry is FAILS or entry is BLOCKS or (type(entry) is int and entry > 1)]
    try:
        result = await call
    except RemoteIOError as error:
        elapsed_is(error, 0)
        assert not isinstance(error, TimeoutError)
        numbers = {errno.EWOULDBLOCK if entry is BLOCKS else entry for entry in fails}
        assert fails and (FAILS in numbers or error.errno in numbers), f"{error!r}, allowed: {allowed}"
        return
    elapsed_is(call, 0)
    if NUMBER in allowed:
        assert type(result) is int and result >= 0
    else:
        assert any(entry not in fails and result == entry for entry in allowed), (
            f"returned {result!r}, allowed: {allowed}"
        )


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
async def test_method_in_state(target, wire, state, method):
    """The result is the one the table names; nothing hangs, and a new socket works afterwards."""
    wire.ignore(lambda frame: frame.outgoing)
    await echoes(target, wire)
    sock = await socket_in(state, target, wire)
    arguments = [await target.buffer(10) if given is BUFFER else given for given in CALLS[method]]
    await _is(sock.call(method, *arguments), EXPECTED[state][method])
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
    error = await raises_at_once(sock.call(name, argument), RemoteIOError, errno.ENOTCONN)
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
    error = await raises_at_once(sock.call(method, argument), RemoteIOError)
    assert not isinstance(error, TimeoutError)
    client = wire.peer.tcp.connect(80)
    await client.established(within=1 * SEC)
    await sock.settimeout(None)
    await sock.accept()
    await sock.settimeout(0)
    await would_block(sock.accept())
