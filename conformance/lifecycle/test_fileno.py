"""fileno() and the constructor's fileno: numbers name sockets, and never the wrong one.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import AF_INET, MS, SEC, SOCK_DGRAM, SOCK_STREAM, RemoteIOError, RemoteTypeError, covers, elapsed_is

from conformance.scenes import DEVICE, bound_udp, connected_tcp, echoes, listening_tcp, raises_at_once, times_out


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("fileno.integer")
async def test_fileno_is_an_integer_from_zero_on(target, kind):
    """A program prints it, compares it, hands it to the constructor."""
    sock = await target.socket(type=kind)
    asking = sock.fileno()
    number = await asking
    assert type(number) is int and number >= 0
    elapsed_is(asking, 0)


@covers("fileno.integer")
async def test_fileno_stays_the_same_for_the_life_of_the_socket(target, wire):
    """Connecting, timeouts, errors and data change nothing about it."""
    sock = await target.socket()
    number = await sock.fileno()
    await sock.settimeout(100)
    assert await sock.fileno() == number
    listener = wire.peer.tcp.listen(80)
    await sock.connect((wire.peer.ip, 80))
    connection = await listener.accept(within=1 * SEC)
    assert await sock.fileno() == number
    await times_out(sock.recv(1), 100 * MS)
    assert await sock.fileno() == number
    connection.send(b"x")
    assert await sock.recv(1) == b"x"
    assert await sock.fileno() == number


@covers("fileno.integer", "tcp.accept.usable")
async def test_open_sockets_have_different_numbers(target, wire):
    """Streams, datagrams, a listener and what it accepted: no two share a number."""
    listener = await listening_tcp(target)
    await wire.peer.tcp.connect(80).established(within=1 * SEC)
    accepted, _ = await listener.accept()
    sockets = [listener, accepted]
    for kind in (SOCK_STREAM, SOCK_DGRAM) * 4:
        sockets.append(await target.socket(type=kind))
    numbers = [await sock.fileno() for sock in sockets]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("fileno.after-close")
async def test_fileno_of_a_closed_socket_is_minus_one(target, kind):
    """The old number may be another socket's by now."""
    sock = await target.socket(type=kind)
    await sock.close()
    assert await sock.fileno() == -1
    newer = await target.socket(type=kind)
    assert await newer.fileno() >= 0
    assert await sock.fileno() == -1


@covers("fileno.after-close", "close.no-more-io", "socket.independent", "close.twice")
async def test_closed_socket_does_not_act_on_the_one_that_reuses_its_number(target, wire):
    """s1 is closed, s2 gets the number: what is done to s1 must not reach s2."""
    far = wire.peer.udp.bind(7000)
    old = await bound_udp(target, 5000)
    await old.connect((wire.peer.ip, 7000))
    await old.close()
    new = await bound_udp(target, 5001)
    await new.connect((wire.peer.ip, 7000))
    await raises_at_once(old.send(b"not through s2"), RemoteIOError)
    await raises_at_once(old.settimeout(1), RemoteIOError)
    assert await old.close() is None
    assert await new.send(b"mine") == 4
    assert (await far.recv(within=1 * SEC)).data == b"mine"
    far.send(b"answer", to=(DEVICE, 5001))
    assert await new.recv(10) == b"answer"


@covers("socket.fileno-adopts")
async def test_adopted_stream_is_the_same_connection(target, wire):
    """Two objects, one connection: same ports on the wire, one stream in the order of the calls."""
    sock, connection = await connected_tcp(target, wire)
    other = await target.socket(fileno=await sock.fileno())
    assert await other.fileno() == await sock.fileno()
    await sock.sendall(b"one ")
    await other.sendall(b"two ")
    await sock.sendall(b"three")
    assert await connection.recv(13, within=1 * SEC) == b"one two three"
    connection.send(b"answer")
    assert await other.recv(6) == b"answer"


@covers("socket.fileno-adopts")
async def test_adopted_datagram_socket_is_the_same_socket(target, wire):
    """What the first bound, the second receives."""
    sock = await bound_udp(target)
    other = await target.socket(AF_INET, SOCK_STREAM, 0, await sock.fileno())
    far = wire.peer.udp.bind(7000)
    await other.sendto(b"x", (wire.peer.ip, 7000))
    assert (await far.recv(within=1 * SEC)).source == (DEVICE, 5000)
    far.send(b"y", to=(DEVICE, 5000))
    assert await other.recvfrom(10) == (b"y", (wire.peer.ip, 7000))


@covers("socket.fileno-adopts", "close.twice")
async def test_closing_one_object_closes_the_other(target, wire):
    """They share the socket: after close there is nothing left for the other."""
    sock = await bound_udp(target)
    other = await target.socket(fileno=await sock.fileno())
    assert await sock.close() is None
    await raises_at_once(other.sendto(b"x", (wire.peer.ip, 7000)), RemoteIOError)
    assert await other.close() is None
    newer = await bound_udp(target)
    assert await other.close() is None
    far = wire.peer.udp.bind(7000)
    assert await newer.sendto(b"x", (wire.peer.ip, 7000)) == 1
    assert (await far.recv(within=1 * SEC)).data == b"x"


@pytest.mark.parametrize("first", ["adopter", "original"])
@covers("socket.fileno-adopts", "close.twice")
async def test_socket_lives_as_long_as_one_of_its_objects(target, wire, first):
    """The garbage collector takes one of two objects: the other goes on, and only the last one ends the socket."""
    sock, connection = await connected_tcp(target, wire)
    other = await target.socket(fileno=await sock.fileno())
    gone, left = (other, sock) if first == "adopter" else (sock, other)
    await gone.drop()
    await asyncio.sleep(1 * SEC)
    assert not connection.peer_finished
    await left.sendall(b"still here")
    assert await connection.recv(10, within=1 * SEC) == b"still here"
    number = await left.fileno()
    newer = await target.socket()
    assert await newer.fileno() != number
    await left.drop()
    await connection.until(lambda c: c.peer_finished, within=1 * SEC)
    await raises_at_once(target.socket(fileno=number), RemoteIOError)


@covers("socket.fileno-adopts")
async def test_adopting_uses_no_descriptor(target):
    """A program that adopts in a loop does not run out of sockets."""
    sock = await target.socket()
    number = await sock.fileno()
    for _ in range(300):
        assert await (await target.socket(fileno=number)).fileno() == number


@pytest.mark.parametrize("number", [-1, -2, 999, 2**31 - 1, 2**32, 2**64], ids=str)
@covers("socket.fileno-adopts", "socket.failure-is-ioerror")
async def test_number_of_no_socket_is_an_ioerror(target, wire, number):
    """Nothing is made up for it."""
    await raises_at_once(target.socket(fileno=number), RemoteIOError)
    await echoes(target, wire)


@covers("socket.fileno-adopts", "socket.failure-is-ioerror")
async def test_number_of_a_closed_socket_is_an_ioerror(target):
    """The number was good once; now it names nothing."""
    sock = await target.socket()
    number = await sock.fileno()
    await sock.close()
    await raises_at_once(target.socket(fileno=number), RemoteIOError)


@covers("socket.fileno-adopts", "timeout.per-socket", "close.wakes-blocked")
async def test_close_by_one_object_ends_the_wait_of_the_other(target, tasks):
    """A blocked call holds the socket, not the object it was called on."""
    sock = await bound_udp(target)
    other = await target.socket(fileno=await sock.fileno())
    waiting = tasks.start(other.recvfrom(10))
    await asyncio.sleep(1 * SEC)
    await sock.close()
    with pytest.raises(RemoteIOError) as caught:
        await waiting
    assert not isinstance(caught.value, TimeoutError)


@covers("module.names", "arguments.no-side-effect")
async def test_fileno_takes_no_arguments(target):
    """The heading has none."""
    sock = await target.socket()
    await raises_at_once(sock.call("fileno", 0), RemoteTypeError)
    await raises_at_once(sock.call("fileno", fd=0), RemoteTypeError)
    assert await sock.fileno() >= 0
