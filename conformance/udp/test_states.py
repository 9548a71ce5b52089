"""Every method in every state of a datagram socket: a defined result, at once or at the timeout, and no harm done.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno
from typing import Any

import pytest
from sockbench import SEC, SO_REUSEADDR, SOCK_DGRAM, SOL_SOCKET, RemoteIOError, covers

from conformance.outcomes import (
    CLOSED,
    DONE,
    NO_CONNECTION,
    NO_DESTINATION,
    NUMBER,
    UNSUPPORTED,
    WRONG_STATE,
    Fails,
    Outcome,
    Returns,
    Waits,
    ends,
)
from conformance.scenes import DEVICE, bound_udp, connected_udp, datagram, raises_at_once

PEER = ("10.0.0.2", 7000)
BUFFER = object()
CALLS: dict[str, tuple[Any, ...]] = {
    "bind": (6000,),
    "connect": (PEER,),
    "listen": (),
    "accept": (),
    "send": (b"x",),
    "sendall": (b"x",),
    "sendto": (b"x", PEER),
    "recv": (10,),
    "recvfrom": (10,),
    "recv_into": (BUFFER,),
    "recvfrom_into": (BUFFER,),
    "settimeout": (50,),
    "fileno": (),
    "setsockopt": (SOL_SOCKET, SO_REUSEADDR, 1),
    "getsockopt": (SOL_SOCKET, SO_REUSEADDR),
    "getsockname": (),
    "getpeername": (),
    "close": (),
}
RECEIVE = ("recv", "recvfrom", "recv_into", "recvfrom_into")


def row(receive: Outcome, **results: Outcome) -> dict[str, Outcome]:
    """Return what every method does: RECEIVE those that receive, the usual the others, except what RESULTS names."""
    usual: dict[str, Outcome] = {
        "bind": WRONG_STATE,
        # A stream's methods are not for datagrams, in any state.
        "listen": UNSUPPORTED,
        "accept": UNSUPPORTED,
        # Without a peer every datagram needs an address; with one it must not have another.
        "send": NO_DESTINATION,
        "sendall": NO_DESTINATION,
        "sendto": Returns(1),
        **dict.fromkeys(RECEIVE, receive),
        **dict.fromkeys(("connect", "settimeout", "setsockopt", "close"), DONE),
        "fileno": Returns(NUMBER),
        "getsockopt": Returns(0),
        "getpeername": NO_CONNECTION,
        "getsockname": Returns(("0.0.0.0", 5000)),
    }
    return usual | results


EXPECTED: dict[str, dict[str, Outcome]] = {
    "new": row(WRONG_STATE, bind=DONE, getsockname=Returns(("0.0.0.0", 0))),
    "bound": row(Waits()),
    "connected": row(Waits(), send=Returns(1), sendall=DONE, sendto=Fails(errno.EISCONN), getpeername=Returns(PEER)),
    "closed": {**dict.fromkeys(CALLS, CLOSED), "fileno": Returns(-1), "close": DONE},
}


async def socket_in(state: str, target: Any, wire: Any) -> Any:
    """Return a datagram socket in STATE."""
    if state == "bound":
        return await bound_udp(target)
    if state == "connected":
        return (await connected_udp(target, wire))[0]
    sock = await target.socket(type=SOCK_DGRAM)
    if state == "closed":
        await sock.close()
    return sock


@pytest.mark.parametrize("timeout", [0, 100], ids=["non-blocking", "timeout"])
@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("state", EXPECTED)
@covers("state.every-method", "udp.bind.before-io", "listen.only-tcp", "accept.wrong-state", "closed.every-method")
async def test_method_in_state(target, wire, state, method, timeout):
    """The result is the one the table names; nothing hangs, and sockets work afterwards, this one and a new one."""
    wire.ignore(lambda frame: frame.outgoing)
    sock = await socket_in(state, target, wire)
    if state != "closed":
        await sock.settimeout(timeout)
    arguments = [await target.buffer(10) if given is BUFFER else given for given in CALLS[method]]
    outcome = EXPECTED[state][method]
    await ends(sock.call(method, *arguments), outcome, timeout)
    if isinstance(outcome, Fails | Waits) and state in ("bound", "connected"):
        await sock.settimeout(100)
        receiving = sock.recvfrom(10)
        wire.send(datagram(wire, b"still here"))
        assert await receiving == (b"still here", PEER)
    await sock.close()
    again = await bound_udp(target, 6000)
    far = wire.peer.udp.bind(8000)
    await again.sendto(b"and on", (wire.peer.ip, 8000))
    assert (await far.recv(within=1 * SEC)).source == (DEVICE, 6000)


@pytest.mark.parametrize("timeout", [None, 0, 100], ids=str)
@pytest.mark.parametrize("method", ["listen", "accept"])
@covers("listen.only-tcp", "accept.wrong-state")
async def test_server_methods_are_not_for_datagrams(target, wire, method, timeout):
    """There is nothing to accept on a datagram socket: no waiting, no success, and the binding stays."""
    sock = await bound_udp(target)
    await sock.settimeout(timeout)
    error = await raises_at_once(sock.call(method), RemoteIOError, errno.EOPNOTSUPP)
    assert not isinstance(error, TimeoutError)
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5000))
    await sock.settimeout(None)
    assert (await sock.recvfrom(10))[0] == b"x"
