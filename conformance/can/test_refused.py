"""What a CAN socket is not, and what is no address of it.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from sockbench import AF_CAN, MS, SEC, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM, RemoteTypeError, RemoteValueError, covers

from conformance.can.frames import bound_can, classic
from conformance.scenes import heap_free, raises_at_once


@pytest.mark.parametrize("proto", [0, 1, 6, 17])
@pytest.mark.parametrize("kind", [SOCK_STREAM, SOCK_DGRAM], ids=["stream", "datagram"])
@covers("socket.family-can", "socket.failure-is-ioerror")
async def test_other_types_are_refused(target, kind, proto):
    """CAN has neither connections nor datagrams; Linux has other meanings for both."""
    await raises_at_once(target.socket(AF_CAN, kind, proto), number=errno.ESOCKTNOSUPPORT)


@pytest.mark.parametrize("proto", [2, 7, 17, 255, -1, 2**31])
@covers("socket.family-can", "socket.failure-is-ioerror")
async def test_other_protocols_are_refused(target, proto):
    """CAN_BCM, ISO-TP and whatever else is not CAN_RAW."""
    await raises_at_once(target.socket(AF_CAN, SOCK_RAW, proto), number=errno.EPROTONOSUPPORT)


@pytest.mark.parametrize("arguments", [(), (0,), (1,), (6,)], ids=["default", "zero", "can-raw", "ipproto-tcp"])
@covers("socket.family-can")
async def test_default_protocol_is_usable(target, can, arguments):
    """The documented default of proto is IPPROTO_TCP, so it has to mean the family's own here."""
    sock = await target.socket(AF_CAN, SOCK_RAW, *arguments)
    await sock.bind("can0")
    await sock.send(classic(1))
    await can.expect(1, within=1 * MS)


@pytest.mark.parametrize("address", ["can0", ("can0",)], ids=["string", "tuple"])
@covers("socket.family-can")
async def test_both_forms_of_the_address(target, can, address):
    """bind and sendto take either; what comes back is the tuple."""
    sock = await target.socket(AF_CAN, SOCK_RAW)
    assert await sock.bind(address) is None
    assert await sock.call("getsockname") == ("can0",)
    assert await sock.sendto(classic(1), address) == 16
    await can.expect(1, within=1 * MS)


NO_INTERFACES = ["can1", "can", "can00", "CAN0", "eth", "10.0.0.1", "c" * 15]
BAD_ADDRESSES = {
    "empty": ("", RemoteValueError),
    "empty-in-tuple": (("",), RemoteValueError),
    "nul": ("can0\0", RemoteValueError),
    "16-characters": ("c" * 16, RemoteValueError),
    "integer": (1, RemoteTypeError),
    "none": (None, RemoteTypeError),
    "bytes": (b"can0", RemoteTypeError),
    "empty-tuple": ((), RemoteTypeError),
    "pair": (("can0", 0), RemoteTypeError),
    "octets": ((10, 0, 0, 1), RemoteTypeError),
    "number-in-tuple": ((1,), RemoteTypeError),
    "list": (["can0"], RemoteTypeError),
}


@pytest.mark.parametrize("name", NO_INTERFACES)
@covers("socket.family-can")
async def test_unknown_interface(target, can, name):
    """ENODEV; the socket can still be bound, and sends nowhere else."""
    sock = await target.socket(AF_CAN, SOCK_RAW)
    await raises_at_once(sock.bind((name,)), number=errno.ENODEV)
    await raises_at_once(sock.recv(16), number=errno.EINVAL)
    await sock.bind(("can0",))
    await raises_at_once(sock.sendto(classic(1), (name,)), number=errno.ENODEV)
    await can.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("bad", BAD_ADDRESSES)
@covers("socket.family-can", "arguments.no-side-effect")
async def test_what_is_no_address(target, can, bad):
    """Refused by every method that takes one, before anything happens."""
    address, kind = BAD_ADDRESSES[bad]
    sock = await target.socket(AF_CAN, SOCK_RAW)
    await raises_at_once(sock.bind(address), kind)
    await raises_at_once(sock.sendto(classic(1), address), kind)
    await sock.bind(("can0",))
    await raises_at_once(sock.sendto(classic(1), address), kind)
    await can.expect_none(for_=1 * SEC)


UNBOUND = {
    "recv": ((16,), errno.EINVAL),
    "recvfrom": ((16,), errno.EINVAL),
    "send": ((classic(1),), errno.EDESTADDRREQ),
    "sendall": ((classic(1),), errno.EDESTADDRREQ),
    "sendto": ((classic(1), ("can0",)), errno.EINVAL),
    "getsockname": ((), errno.EINVAL),
}


@pytest.mark.parametrize("method", UNBOUND)
@covers("socket.family-can", "state.every-method")
async def test_unbound_socket_does_nothing(target, can, method):
    """It is on no bus yet, and such a call does not put it there."""
    arguments, number = UNBOUND[method]
    sock = await target.socket(AF_CAN, SOCK_RAW)
    await raises_at_once(sock.call(method, *arguments), number=number)
    await raises_at_once(sock.recv(16), number=errno.EINVAL)
    await can.expect_none(for_=1 * SEC)


NEVER = {
    "connect": ((("can0",),), errno.EOPNOTSUPP),
    "listen": ((), errno.EOPNOTSUPP),
    "accept": ((), errno.EOPNOTSUPP),
    "bind": ((("can0",),), errno.EINVAL),
    "getpeername": ((), errno.ENOTCONN),
}


@pytest.mark.parametrize("method", NEVER)
@covers("socket.family-can", "state.every-method")
async def test_method_that_means_nothing_on_a_bus(target, can, method):
    """An IOError at once; the socket works as before."""
    arguments, number = NEVER[method]
    sock = await bound_can(target)
    await raises_at_once(sock.call(method, *arguments), number=number)
    await sock.send(classic(1))
    await can.expect(1, within=1 * MS)


BUFFER = object()
CLOSED = {
    "connect": (("can0",),),
    "recv": (16,),
    "recv_into": (BUFFER,),
    "recvfrom": (16,),
    "recvfrom_into": (BUFFER,),
    "send": (classic(1),),
    "sendall": (classic(1),),
    "sendto": (classic(1), ("can0",)),
    "settimeout": (100,),
    "bind": (("can0",),),
    "listen": (),
    "accept": (),
    "setsockopt": (101, 1, b""),
    "getsockopt": (101, 3),
    "getsockname": (),
}


@pytest.mark.parametrize("method", CLOSED)
@pytest.mark.parametrize("bound", [False, True], ids=["new", "bound"])
@covers("closed.every-method", "close.no-more-io", "socket.family-can")
async def test_method_of_a_closed_socket(target, can, bound, method):
    """EBADF at once, nothing on the bus."""
    sock = await (bound_can(target) if bound else target.socket(AF_CAN, SOCK_RAW))
    arguments = [await target.buffer(16) if argument is BUFFER else argument for argument in CLOSED[method]]
    assert await sock.close() is None
    await raises_at_once(sock.call(method, *arguments), number=errno.EBADF)
    assert await sock.close() is None
    await can.expect_none(for_=1 * SEC)


@covers("close.nothing-lost", "socket.family-can")
async def test_no_byte_of_heap_is_lost(target, can, bench):
    """A hundred sockets, one after the other, with frames in their queues."""
    await (await bound_can(target)).drop()
    before = await heap_free(target, bench)
    for number in range(100):
        sock = await bound_can(target)
        can.send(number)
        await bench.idle(for_=1 * MS)
        await sock.close()
        await sock.drop()
    assert await heap_free(target, bench) == before
