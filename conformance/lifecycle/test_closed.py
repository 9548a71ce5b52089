"""Every method on a closed socket of every kind: IOError at once, nothing on the wire.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from sockbench import MS, SEC, SOCK_DGRAM, RemoteIOError, covers

from conformance.scenes import bound_udp, connected_tcp, connected_udp, echoes, listening_tcp, raises_at_once

BUFFER = object()
CALLS = {
    "connect": (("10.0.0.2", 80),),
    "recv": (10,),
    "recv-zero": (0,),
    "recv_into": (BUFFER,),
    "recvfrom": (10,),
    "recvfrom_into": (BUFFER,),
    "send": (b"x",),
    "send-empty": (b"",),
    "sendall": (b"x",),
    "sendall-empty": (b"",),
    "sendto": (b"x", ("10.0.0.2", 80)),
    "settimeout": (100,),
    "bind": (6000,),
    "listen": (),
    "accept": (),
}


async def _new_stream(target, wire):
    return await target.socket()


async def _new_datagram(target, wire):
    return await target.socket(type=SOCK_DGRAM)


async def _bound_datagram(target, wire):
    return await bound_udp(target)


async def _connected_datagram(target, wire):
    return (await connected_udp(target, wire))[0]


async def _connected_stream(target, wire):
    return (await connected_tcp(target, wire))[0]


async def _listener(target, wire):
    return await listening_tcp(target)


KINDS = {
    scene.__name__[1:].replace("_", "-"): scene
    for scene in (_new_stream, _new_datagram, _bound_datagram, _connected_datagram, _connected_stream, _listener)
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
@covers("closed.every-method", "close.no-more-io", "state.every-method", "send.wrong-state", "bind.wrong-state")
async def test_method_of_a_closed_socket_is_an_ioerror(target, wire, bench, kind, call):
    """A closed socket that still does something does it to somebody else's connection."""
    sock = await KINDS[kind](target, wire)
    arguments = [await target.buffer(10) if given is BUFFER else given for given in CALLS[call]]
    await sock.close()
    await bench.idle(for_=500 * MS)
    await raises_at_once(sock.call(call.split("-")[0], *arguments), RemoteIOError, errno.EBADF)
    await wire.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("timeout", [0, 100], ids=["non-blocking", "timeout"])
@pytest.mark.parametrize("call", CALLS)
@covers("closed.every-method", "close.no-more-io")
async def test_mode_makes_no_difference_to_a_closed_socket(target, wire, call, timeout):
    """Neither 'would block' nor a timeout: there is nothing to wait for."""
    sock = await bound_udp(target)
    arguments = [await target.buffer(10) if given is BUFFER else given for given in CALLS[call]]
    await sock.settimeout(timeout)
    await sock.close()
    await raises_at_once(sock.call(call.split("-")[0], *arguments), RemoteIOError, errno.EBADF)
    await wire.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("call", CALLS)
@covers("closed.every-method", "socket.independent", "fileno.after-close")
async def test_closed_socket_stays_closed_when_its_number_is_reused(target, wire, call):
    """The newer socket with the same descriptor feels nothing of it."""
    old = await bound_udp(target, 5000)
    arguments = [await target.buffer(10) if given is BUFFER else given for given in CALLS[call]]
    await old.close()
    newer = await bound_udp(target, 5001)
    far = wire.peer.udp.bind(7000)
    await raises_at_once(old.call(call.split("-")[0], *arguments), RemoteIOError, errno.EBADF)
    assert await newer.sendto(b"x", (wire.peer.ip, 7000)) == 1
    far.send(b"y", to=(await far.recv(within=1 * SEC)).source)
    assert await newer.recvfrom(10) == (b"y", (wire.peer.ip, 7000))


@pytest.mark.parametrize("kind", KINDS)
@covers("close.twice", "results.none")
async def test_second_close_does_nothing(target, wire, bench, kind):
    """Closing to be sure is allowed, any number of times."""
    sock = await KINDS[kind](target, wire)
    assert await sock.close() is None
    await bench.idle(for_=500 * MS)
    for _ in range(3):
        assert await sock.close() is None
    await wire.expect_none(for_=1 * SEC)
    await echoes(target, wire)


@pytest.mark.parametrize("kind", KINDS)
@covers("close.twice", "socket.independent")
async def test_second_close_does_not_close_a_newer_socket(target, wire, kind):
    """The number was reused in between; the second close must not reach it."""
    sock = await KINDS[kind](target, wire)
    await sock.close()
    newer = await bound_udp(target, 5003)
    assert await sock.close() is None
    far = wire.peer.udp.bind(7001)
    await newer.sendto(b"x", (wire.peer.ip, 7001))
    far.send(b"y", to=(await far.recv(within=1 * SEC)).source)
    assert (await newer.recvfrom(10))[0] == b"y"
