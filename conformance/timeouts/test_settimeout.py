"""settimeout() itself: what it takes, what it refuses, and that a refusal keeps the earlier setting.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import (
    MS,
    SEC,
    SOCK_DGRAM,
    RemoteIOError,
    RemoteOverflowError,
    RemoteTypeError,
    RemoteValueError,
    covers,
    elapsed_is,
)

from conformance.scenes import (
    bound_udp,
    connected_tcp,
    connected_udp,
    listening_tcp,
    raises_at_once,
    times_out,
    would_block,
)


@pytest.mark.parametrize("value", [0, 1, 1500, 2**31 - 1, None], ids=str)
@covers("timeout.milliseconds", "results.none")
async def test_settimeout_returns_none_at_once_and_sends_nothing(target, wire, value):
    """A setter with a result, a delay or a frame would surprise every caller."""
    sock = await target.socket()
    setting = sock.settimeout(value)
    assert await setting is None
    elapsed_is(setting, 0)
    await wire.expect_none(for_=1 * SEC)


@covers("timeout.milliseconds")
async def test_unit_is_the_millisecond(target):
    """A program that waits 1.5 s would wait 25 minutes if the unit were the second."""
    sock = await bound_udp(target)
    await sock.settimeout(1500)
    await times_out(sock.recvfrom(10), 1500 * MS)


@covers("timeout.milliseconds", "module.names")
async def test_settimeout_takes_its_argument_by_name(target):
    """timeout= is the documented name."""
    sock = await bound_udp(target)
    assert await sock.settimeout(timeout=20) is None
    await times_out(sock.recvfrom(10), 20 * MS)


async def _new(target, wire):
    return await target.socket()


async def _bound(target, wire):
    return await bound_udp(target)


async def _connected(target, wire):
    return (await connected_tcp(target, wire))[0]


async def _connected_udp(target, wire):
    return (await connected_udp(target, wire))[0]


async def _listening(target, wire):
    return await listening_tcp(target)


async def _ended(target, wire):
    sock, conn = await connected_tcp(target, wire)
    conn.finish()
    assert await sock.recv(1) == b""
    return sock


async def _reset(target, wire):
    sock, conn = await connected_tcp(target, wire)
    receiving = sock.recv(1)
    await asyncio.sleep(1 * MS)
    conn.reset()
    with pytest.raises(ConnectionResetError):
        await receiving
    return sock


@pytest.mark.parametrize(
    "state", [_new, _bound, _connected, _connected_udp, _listening, _ended, _reset], ids=lambda f: f.__name__[1:]
)
@covers("timeout.milliseconds", "state.every-method")
async def test_settimeout_is_allowed_in_every_state(target, wire, state):
    """A program may set its timeouts whenever it likes."""
    sock = await state(target, wire)
    for value in (100, 0, None):
        setting = sock.settimeout(value)
        assert await setting is None
        elapsed_is(setting, 0)


NEGATIVE = [-1, -2, -1000, -(2**31), -(2**32), -(2**63), -(2**70)]
WRONG_TYPES = {
    "str": "100",
    "bytes": b"100",
    "float": 1.5,
    "zero-float": 0.0,
    "list": [],
    "tuple": (100,),
    "dict": {},
    "object": object(),
}


@pytest.mark.parametrize("value", NEGATIVE, ids=str)
@covers("timeout.negative")
async def test_negative_timeout_is_refused_and_the_old_one_kept(target, value):
    """A computed timeout below zero must not turn into waiting for ever, or for 49 days."""
    sock = await bound_udp(target)
    await sock.settimeout(30)
    await raises_at_once(sock.settimeout(value), RemoteValueError)
    await times_out(sock.recvfrom(10), 30 * MS)


@pytest.mark.parametrize("kept", [0, None], ids=str)
@pytest.mark.parametrize("value", [-1, "100"], ids=repr)
@covers("timeout.negative", "timeout.types")
async def test_refused_timeout_keeps_the_mode(target, tasks, wire, value, kept):
    """A refused setting changes neither blocking nor non-blocking mode."""
    sock = await bound_udp(target)
    await sock.settimeout(kept)
    await raises_at_once(sock.settimeout(value), (RemoteValueError, RemoteTypeError))
    if kept == 0:
        await would_block(sock.recvfrom(10))
    else:
        waiting = tasks.start(sock.recvfrom(10))
        await asyncio.sleep(60 * SEC)
        assert waiting.pending
        wire.peer.udp.bind(7000).send(b"at last", to=("10.0.0.1", 5000))
        assert (await waiting)[0] == b"at last"


@pytest.mark.parametrize("name", WRONG_TYPES)
@covers("timeout.types")
async def test_timeout_of_another_type_is_refused_and_the_old_one_kept(target, name):
    """Half a millisecond must not become none, nor text a number."""
    sock = await bound_udp(target)
    await sock.settimeout(30)
    await raises_at_once(sock.settimeout(WRONG_TYPES[name]), RemoteTypeError)
    await times_out(sock.recvfrom(10), 30 * MS)


@covers("timeout.types")
async def test_bool_is_the_integer_it_is(target):
    """A bool is an int, here as everywhere: True is one millisecond, False never waits."""
    sock = await bound_udp(target)
    await sock.settimeout(True)
    await times_out(sock.recvfrom(10), 1 * MS)
    await sock.settimeout(False)
    await would_block(sock.recvfrom(10))


# The longest timeout that is honoured; docs/socket-module.md.
LONGEST = 2**42
HUGE = [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 100, 2**33 + 1, 2**40, LONGEST]
TOO_HUGE = [LONGEST + 1, 2**62, 2**63 - 1, 2**63, 2**64, 2**64 + 100, 10**30]


@pytest.mark.parametrize("value", HUGE, ids=hex)
@covers("timeout.huge")
async def test_huge_timeout_does_not_wrap(target, wire, tasks, value):
    """A timeout of weeks that wraps would fire within minutes, in the field, once.

    Each value is near zero, or negative, when it is cut to 32 bits: a minute tells.
    """
    sock = await bound_udp(target)
    await sock.settimeout(value)
    waiting = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(60 * SEC)
    assert waiting.pending
    wire.peer.udp.bind(7000).send(b"late", to=("10.0.0.1", 5000))
    assert (await waiting)[0] == b"late"


@pytest.mark.parametrize("value", TOO_HUGE, ids=hex)
@covers("timeout.huge")
async def test_timeout_beyond_the_longest_is_refused_and_the_old_one_kept(target, value):
    """What cannot be represented must not become a short wait."""
    sock = await bound_udp(target)
    await sock.settimeout(30)
    await raises_at_once(sock.settimeout(value), RemoteOverflowError)
    await times_out(sock.recvfrom(10), 30 * MS)


@covers("timeout.transitions", "close.no-more-io")
async def test_settimeout_on_a_closed_socket_is_an_ioerror(target):
    """A closed socket has nothing to set."""
    sock = await target.socket(type=SOCK_DGRAM)
    await sock.close()
    await raises_at_once(sock.settimeout(100), RemoteIOError)
