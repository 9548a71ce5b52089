"""The scenes that many cases start from, and the claims they share.

A scene is a socket in a certain state with its far end; a claim is an assertion with a name.
Nothing here knows an expected value of a particular requirement.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from sockbench import MS, SEC, SOCK_DGRAM, RemoteIOError, elapsed_is

DEVICE = "10.0.0.1"
BOARD = "02:00:00:00:00:01"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
BROADCAST = "10.0.0.255"

# An address on the board's own network that nobody has: ARP for it stays unanswered.
NOBODY = "10.0.0.77"
# An address behind the gateway, which nobody plays unless the case does.
FAR_AWAY = "192.168.7.7"


# What an error may be: a class, or several of them.
Kind = type[BaseException] | tuple[type[BaseException], ...]


async def raises_at_once(call: Any, kind: Kind = RemoteIOError, number: int | None = None) -> Any:
    """Await CALL and return its error; it has to be a KIND, with errno NUMBER, after no time at all."""
    with pytest.raises(kind) as caught:
        await call
    error: Any = caught.value
    elapsed_is(error, 0)
    if number is not None:
        assert error.errno == number, f"errno {error.errno}, wanted {number} ({errno.errorcode[number]})"
    return error


async def would_block(call: Any, number: int = errno.EWOULDBLOCK) -> None:
    """Await CALL, which has to say at once that it would block, by an IOError that is no TimeoutError."""
    error = await raises_at_once(call, RemoteIOError, number)
    assert not isinstance(error, TimeoutError), f"{error!r} cannot be told from a timeout"


async def times_out(call: Any, after: int) -> Any:
    """Await CALL and return its TimeoutError, which has to come AFTER so many nanoseconds of the call."""
    with pytest.raises(TimeoutError) as caught:
        await call
    elapsed_is(caught.value, after)
    return caught.value


async def bound_udp(target: Any, port: int = 5000) -> Any:
    """Return a UDP socket bound to PORT on every address."""
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(port)
    return sock


async def connected_udp(target: Any, wire: Any, port: int = 5000, peer_port: int = 7000) -> tuple[Any, Any]:
    """Return a UDP socket bound to PORT and connected to the peer's, and the peer's end."""
    sock = await bound_udp(target, port)
    await sock.connect((wire.peer.ip, peer_port))
    return sock, wire.peer.udp.bind(peer_port)


async def towards(address: Any, target: Any, method: str) -> Any:
    """Return a function (data, *flags) that calls METHOD of a UDP socket so that the datagram goes to ADDRESS."""
    sock = await bound_udp(target)
    if method == "sendto":
        return lambda data, *flags: sock.sendto(data, address, *flags)
    await sock.connect(address)
    return lambda data, *flags: sock.call(method, data, *flags)


async def connected_tcp(target: Any, wire: Any, port: int = 80) -> tuple[Any, Any]:
    """Return a TCP socket connected to the peer's PORT, and the peer's end."""
    listener = wire.peer.tcp.listen(port)
    sock = await target.socket()
    await sock.connect((wire.peer.ip, port))
    return sock, await listener.accept(within=1 * SEC)


async def listening_tcp(target: Any, port: int = 80) -> Any:
    """Return a socket that listens on PORT."""
    sock = await target.socket()
    await sock.bind(port)
    await sock.listen()
    return sock


async def heap_free(target: Any, bench: Any) -> int:
    """Return the bytes of free heap, once what the calls before have given up is really gone."""
    await bench.idle(for_=10 * MS)
    free: int = (await target.stats())["heap_free"]
    return free


def datagram(
    wire: Any,
    data: bytes,
    *,
    to: tuple[str, int] = (DEVICE, 5000),
    source: tuple[str, int] | None = None,
    link: str = BOARD,
    **udp: Any,
) -> Any:
    """Return the frame of a datagram that no peer sends: any addresses, ports, Ethernet destination and UDP fields."""
    ip, port = source or (wire.peer.ip, 7000)
    return Ether(src=wire.peer.mac, dst=link) / IP(src=ip, dst=to[0]) / UDP(sport=port, dport=to[1], **udp) / Raw(data)


def ignore_refusals(wire: Any) -> None:
    """Account for the port-unreachable messages that strangers' datagrams earn, and for the ARP that they need."""
    wire.ignore(lambda frame: frame.outgoing and (frame.icmp is not None or frame.arp is not None))


async def fill(sock: Any) -> int:
    """Send on a connection whose peer is silent until nothing more is accepted; return the bytes accepted."""
    accepted = 0
    await sock.settimeout(0)
    while True:
        try:
            accepted += await sock.send(b"\x55" * 4096)
        except RemoteIOError as error:
            assert error.errno == errno.EWOULDBLOCK
            await sock.settimeout(None)
            return accepted


async def echoes(target: Any, wire: Any, port: int = 9100) -> None:
    """Assert that a second, clean socket still gets a datagram out and the answer in."""
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.bind(port)
    far = wire.peer.udp.bind(port)
    assert await sock.sendto(b"still there?", (wire.peer.ip, port)) == 12
    asked = await far.recv(within=1 * SEC)
    assert asked.data == b"still there?"
    far.send(b"yes", to=asked.source)
    data, sender = await sock.recvfrom(100)
    # The same of both families: an IPv6 address has two parts more.
    assert (data, sender[:2]) == (b"yes", (wire.peer.ip, port))
    await sock.close()
    far.close()


@dataclass
class Blocked:
    """A socket on which METHOD with ARGUMENTS blocks, and the far end that could end the wait."""

    sock: Any
    method: str
    arguments: tuple[Any, ...]
    far: Any = None

    def start(self) -> Any:
        """Return the call; await it, or give it to tasks.start."""
        return self.sock.call(self.method, *self.arguments)


async def _stream(method, target, wire):
    sock, conn = await connected_tcp(target, wire)
    first = 10 if method == "recv" else await target.buffer(10)
    return Blocked(sock, method, (first,), conn)


async def _datagram(method, target, wire):
    sock = await bound_udp(target)
    first = 10 if method in ("recv", "recvfrom") else await target.buffer(10)
    return Blocked(sock, method, (first,), wire.peer.udp.bind(7000))


async def _connected_datagram(method, target, wire):
    sock, far = await connected_udp(target, wire)
    first = 10 if method in ("recv", "recvfrom") else await target.buffer(10)
    return Blocked(sock, method, (first,), far)


async def _accept(method, target, wire):
    return Blocked(await listening_tcp(target), method, ())


async def _connect(method, target, wire):
    # The peer knows no TCP on this port and stays silent. Its address is resolved first, so that what the
    # call waits for is the peer's TCP and not its ARP.
    wire.ignore(TCP(dport=81))
    await echoes(target, wire)
    return Blocked(await target.socket(), method, ((wire.peer.ip, 81),))


async def _full(method, target, wire):
    sock, conn = await connected_tcp(target, wire)
    conn.silent = True
    await fill(sock)
    return Blocked(sock, method, (b"more",), conn)


# Every method that can wait, in every kind of socket it can wait on. sendto is not here: it never waits.
BLOCKING: dict[str, tuple[str, Callable[[str, Any, Any], Awaitable[Blocked]]]] = {
    "tcp-recv": ("recv", _stream),
    "tcp-recv_into": ("recv_into", _stream),
    "udp-recv": ("recv", _datagram),
    "udp-recv_into": ("recv_into", _datagram),
    "udp-recvfrom": ("recvfrom", _datagram),
    "udp-recvfrom_into": ("recvfrom_into", _datagram),
    "connected-udp-recv": ("recv", _connected_datagram),
    "connected-udp-recv_into": ("recv_into", _connected_datagram),
    "connected-udp-recvfrom": ("recvfrom", _connected_datagram),
    "connected-udp-recvfrom_into": ("recvfrom_into", _connected_datagram),
    "accept": ("accept", _accept),
    "connect": ("connect", _connect),
    "send": ("send", _full),
    "sendall": ("sendall", _full),
}
RECEIVING = [name for name in BLOCKING if "recv" in name]
DATAGRAM = [name for name in BLOCKING if "udp" in name]


async def blocked(name: str, target: Any, wire: Any) -> Blocked:
    """Return the scene NAME of BLOCKING; the socket has no timeout set."""
    method, scene = BLOCKING[name]
    return await scene(method, target, wire)


def data_of(name: str, result: Any) -> Any:
    """Return what a receiving scene's call says about the data: the bytes, or their number for the _into methods."""
    return result[0] if "recvfrom" in name else result


TICK = 1 * MS
