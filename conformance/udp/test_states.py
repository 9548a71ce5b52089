"""Every method in every state of a datagram socket: a defined result, at once or at the timeout, and no harm done.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno
from typing import Any

import pytest
from sockbench import SEC, SO_REUSEADDR, SOCK_DGRAM, SOL_SOCKET, RemoteIOError, covers

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
from conformance.scenes import DEVICE, bound_udp, connected_udp, raises_at_once

# The peer's address and a buffer of the device, which only the case has.
PEER, BUFFER = object(), object()
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
        "getsockname": named(ANYWHERE, range(5000, 5001)),
    }
    return usual | results


EXPECTED: dict[str, dict[str, Outcome]] = {
    "new": row(WRONG_STATE, bind=DONE, getsockname=named(ANYWHERE, range(1))),
    "bound": row(Waits()),
    "connected": row(
        Waits(), send=Returns(1), sendall=DONE, sendto=Fails(errno.EISCONN), getpeername=named(PEERS, range(7000, 7001))
    ),
    "closed": {**dict.fromkeys(CALLS, CLOSED), "fileno": Returns(-1), "close": DONE},
}


async def socket_in(state: str, target: Any, wire: Any) -> tuple[Any, Any]:
    """Return a datagram socket in STATE, and the peer's."""
    if state == "connected":
        return await connected_udp(target, wire)
    far = wire.peer.udp.bind(7000)
    if state == "bound":
        return await bound_udp(target), far
    sock = await target.socket(type=SOCK_DGRAM)
    if state == "closed":
        await sock.close()
    return sock, far


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
@pytest.mark.parametrize("timeout", [0, 100], ids=["non-blocking", "timeout"])
@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("state", EXPECTED)
@covers("state.every-method", "udp.bind.before-io", "listen.only-tcp", "accept.wrong-state", "closed.every-method")
async def test_method_in_state(cold_target, wire, state, method, timeout, family):
    """The result is the one the table names; nothing hangs, and sockets work afterwards, this one and a new one."""
    target, wire = await network(family, cold_target, wire)
    own = OURS[family == "ipv6"]
    special = {PEER: (wire.peer.ip, 7000), BUFFER: await target.buffer(10)}
    sock, far = await socket_in(state, target, wire)
    if state != "closed":
        await sock.settimeout(timeout)
    arguments = [special.get(given, given) for given in CALLS[method]]
    outcome = EXPECTED[state][method]
    await ends(sock.call(method, *arguments), outcome, timeout)
    if isinstance(outcome, Fails | Waits) and state in ("bound", "connected"):
        await sock.settimeout(100)
        receiving = sock.recvfrom(10)
        far.send(b"still here", to=(own, 5000))
        assert (await receiving)[0] == b"still here"
    await sock.close()
    again = await bound_udp(target, 6000)
    far = wire.peer.udp.bind(8000)
    await again.sendto(b"and on", (wire.peer.ip, 8000))
    assert (await far.recv(within=1 * SEC)).source == (own, 6000)


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
