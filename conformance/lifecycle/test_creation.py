"""The constructor: what it makes, what it refuses, and how many.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import UDP
from sockbench import (
    AF_CAN,
    AF_INET,
    AF_INET6,
    IPPROTO_TCP,
    MS,
    SEC,
    SOCK_DGRAM,
    SOCK_RAW,
    SOCK_STREAM,
    RemoteIOError,
    RemoteTypeError,
    covers,
    elapsed_is,
)

from conformance.scenes import bound_udp, echoes, heap_free, raises_at_once

IPPROTO_UDP = 17


@covers("socket.default-is-tcp4", "constants.ipproto-tcp")
async def test_socket_without_arguments_is_ipv4_tcp(target, wire):
    """The examples rely on it: the first packet is an IPv4 SYN."""
    sock = await target.socket()
    await sock.settimeout(100)
    with pytest.raises(TimeoutError):
        await sock.connect((wire.peer.ip, 80))
    frame = await wire.expect(lambda frame: frame.outgoing and frame.ip is not None, within=1 * SEC)
    assert frame.ip.version == 4 and frame.ip.proto == 6 and frame.tcp.flags == "S"


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("socket.default-is-tcp4", "close.unused")
async def test_making_and_closing_a_socket_takes_no_time_and_sends_nothing(target, wire, kind):
    """A socket that was never used is nobody's business on the wire."""
    making = target.socket(type=kind)
    sock = await making
    elapsed_is(making, 0)
    await wire.expect_none(for_=10 * SEC)
    closing = sock.close()
    assert await closing is None
    elapsed_is(closing, 0)
    await wire.expect_none(for_=10 * SEC)


DATAGRAM_CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "type-by-name": ((), {"type": SOCK_DGRAM}),
    "positional": ((AF_INET, SOCK_DGRAM), {}),
    "both-by-name": ((), {"family": AF_INET, "type": SOCK_DGRAM}),
    "reverse-order": ((), {"type": SOCK_DGRAM, "family": AF_INET}),
    "mixed": ((AF_INET,), {"type": SOCK_DGRAM}),
    "default-proto-given": ((AF_INET, SOCK_DGRAM, IPPROTO_TCP), {}),
    "proto-udp": ((AF_INET, SOCK_DGRAM, IPPROTO_UDP), {}),
    "proto-zero": ((AF_INET, SOCK_DGRAM, 0), {}),
    "all-positional": ((AF_INET, SOCK_DGRAM, 0, None), {}),
    "all-by-name": ((), {"fileno": None, "proto": 0, "type": SOCK_DGRAM, "family": AF_INET}),
}


@pytest.mark.parametrize("call", DATAGRAM_CALLS)
@covers("socket.parameters", "socket.type-against-proto", "module.names")
async def test_datagram_type_gives_udp(target, wire, call):
    """Whatever way it is asked for; the default protocol TCP does not stand against it."""
    arguments, keywords = DATAGRAM_CALLS[call]
    sock = await target.socket(*arguments, **keywords)
    assert await sock.sendto(b"x", (wire.peer.ip, 7000)) == 1
    assert (await wire.expect(UDP(dport=7000), within=1 * SEC)).ip.proto == 17


STREAM_CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "type-by-name": ((), {"type": SOCK_STREAM}),
    "positional": ((AF_INET, SOCK_STREAM, IPPROTO_TCP), {}),
    "proto-zero": ((AF_INET, SOCK_STREAM, 0), {}),
    "by-name": ((), {"proto": IPPROTO_TCP, "family": AF_INET, "type": SOCK_STREAM, "fileno": None}),
}


@pytest.mark.parametrize("call", STREAM_CALLS)
@covers("socket.parameters", "socket.type-against-proto", "module.names")
async def test_stream_type_gives_tcp(target, wire, call):
    """The handshake is done, whatever way the stream is asked for."""
    arguments, keywords = STREAM_CALLS[call]
    wire.peer.tcp.listen(80)
    sock = await target.socket(*arguments, **keywords)
    assert await sock.connect((wire.peer.ip, 80)) is None


NUMBERS = [99, -1, -2, 2**31 - 1, 2**31, 2**32 + 2, 2**64]


@pytest.mark.parametrize("number", NUMBERS, ids=str)
@pytest.mark.parametrize("parameter", ["family", "type", "proto"])
@covers("socket.unknown-numbers", "socket.failure-is-ioerror")
async def test_number_that_means_nothing_is_an_ioerror(target, wire, parameter, number):
    """A family that is ignored gives an IPv4 socket to a program that asked for something else."""
    for _ in range(20):
        await raises_at_once(target.socket(**{parameter: number}), RemoteIOError)
    await wire.expect_none(for_=1 * SEC)
    await echoes(target, wire)


CONTRADICTIONS = {
    "stream-udp": (AF_INET, SOCK_STREAM, 17),
    "stream-icmp": (AF_INET, SOCK_STREAM, 1),
    "stream-255": (AF_INET, SOCK_STREAM, 255),
    "datagram-icmp": (AF_INET, SOCK_DGRAM, 1),
    "datagram-255": (AF_INET, SOCK_DGRAM, 255),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
@covers("socket.type-against-proto")
async def test_protocol_against_the_type_is_an_ioerror(target, wire, name):
    """A stream over UDP does not exist; silently making it TCP hides the mistake."""
    await raises_at_once(target.socket(*CONTRADICTIONS[name]), RemoteIOError)
    await echoes(target, wire)


WRONG_TYPES = {"str": "x", "float": 1.5, "bytes": b"2", "list": [2], "tuple": (2,), "object": object()}


@pytest.mark.parametrize("name", [*WRONG_TYPES, "none"])
@pytest.mark.parametrize("parameter", ["family", "type", "proto"])
@covers("socket.unknown-numbers", "arguments.no-side-effect")
async def test_argument_that_is_no_integer_is_a_typeerror(target, wire, parameter, name):
    """Only fileno may be None."""
    await raises_at_once(target.socket(**{parameter: WRONG_TYPES.get(name)}), RemoteTypeError)
    await echoes(target, wire)


@pytest.mark.parametrize("name", WRONG_TYPES)
@covers("socket.fileno-adopts", "arguments.no-side-effect")
async def test_fileno_that_is_no_integer_is_a_typeerror(target, name):
    """None or an integer, nothing else."""
    await raises_at_once(target.socket(fileno=WRONG_TYPES[name]), RemoteTypeError)


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((AF_INET, SOCK_STREAM, 0, None, 0), {}),
        ((), {"backlog": 2}),
        ((AF_INET,), {"family": AF_INET}),
        ((), {"Type": SOCK_DGRAM}),
    ],
    ids=["too-many", "unknown-name", "given-twice", "other-case"],
)
@covers("socket.parameters", "arguments.no-side-effect")
async def test_wrong_arguments_are_typeerrors(target, wire, arguments, keywords):
    """The signature is the documented one, neither wider nor narrower."""
    await raises_at_once(target.socket(*arguments, **keywords), RemoteTypeError)
    await echoes(target, wire)


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("socket.family-inet6")
async def test_ipv6_socket_never_speaks_ipv4(target, wire, kind):
    """It is an IPv6 socket or it is refused; an IPv4 address is no address of it."""
    try:
        sock = await target.socket(AF_INET6, kind)
    except RemoteIOError as error:
        elapsed_is(error, 0)
    else:
        with pytest.raises((RemoteIOError, ValueError, TypeError)):
            await sock.connect((wire.peer.ip, 80))
    await wire.expect_none(lambda frame: frame.ip is not None, for_=10 * SEC)


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW], ids=["stream", "datagram", "raw"])
@covers("socket.family-can")
async def test_can_socket_never_speaks_ip(target, wire, kind):
    """It is a CAN socket or it is refused; an IP address is no address of it."""
    try:
        sock = await target.socket(AF_CAN, kind, 0)
    except RemoteIOError as error:
        elapsed_is(error, 0)
    else:
        with pytest.raises((RemoteIOError, ValueError, TypeError)):
            await sock.connect((wire.peer.ip, 80))
    await wire.expect_none(for_=10 * SEC)


@covers("socket.type-raw")
async def test_raw_socket_is_no_udp_socket_in_disguise(target, wire, bench):
    """A raw socket hears the protocol it was made for and no datagrams; or it is refused."""
    try:
        raw = await target.socket(AF_INET, SOCK_RAW, 1)
    except RemoteIOError as error:
        elapsed_is(error, 0)
        return
    await bound_udp(target)
    wire.peer.udp.bind(7000).send(b"datagram", to=("10.0.0.1", 5000))
    await bench.idle(for_=1 * MS)
    await raw.settimeout(0)
    with pytest.raises(RemoteIOError):
        await raw.recvfrom(100)


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("socket.failure-is-ioerror", "errors.below-ioerror")
async def test_running_out_of_sockets_is_an_ioerror(target, wire, kind):
    """The refusal is orderly: those that are open work on, and one that is closed makes room for one."""
    open_sockets: list[Any] = []
    working = await bound_udp(target)
    with pytest.raises(RemoteIOError):
        while len(open_sockets) < 1000:
            open_sockets.append(await target.socket(type=kind))
    assert len(open_sockets) >= 8
    far = wire.peer.udp.bind(7000)
    assert await working.sendto(b"still", (wire.peer.ip, 7000)) == 5
    assert (await far.recv(within=1 * SEC)).data == b"still"
    for _ in range(3):
        await open_sockets.pop().close()
        open_sockets.append(await target.socket(type=kind))
        with pytest.raises(RemoteIOError):
            await target.socket(type=kind)


@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("close.nothing-lost", "socket.failure-is-ioerror")
async def test_thousand_sockets_one_after_the_other(target, bench, kind):
    """Making and closing loses nothing: the thousandth is made like the first, and the heap is as before.

    A socket that is dropped without close is closed by that; here the object goes after the socket.
    """

    async def cycle():
        sock = await target.socket(type=kind)
        await sock.bind(5000)
        await sock.close()
        await sock.drop()

    # The first cycles make the device's worker threads, which stay.
    for _ in range(10):
        await cycle()
    before = await heap_free(target, bench)
    for _ in range(1000):
        await cycle()
    assert await heap_free(target, bench) == before
