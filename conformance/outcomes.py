"""How a call may end, as the tables of methods and states name it, and the check that it ended so and then.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sockbench import MS, RemoteIOError, elapsed_is

from conformance.ipv6.link import BOARD_LOCAL, PEER_LOCAL, SixTarget, SixWire, up6
from conformance.scenes import DEVICE, times_out


@dataclass(frozen=True)
class Fails:
    """At once with an IOError of this number, and of this class where it has one of its own."""

    number: int
    kind: type[OSError] | None = None


@dataclass(frozen=True)
class Returns:
    """At once with this value; a function says of a value whether it is one of those meant."""

    value: Any


@dataclass(frozen=True)
class Waits:
    """Not before there is something to return: by a timeout then, or at once with this number in non-blocking mode."""

    number: int = errno.EWOULDBLOCK


Outcome = Fails | Returns | Waits

UNSUPPORTED = Fails(errno.EOPNOTSUPP)
WRONG_STATE = Fails(errno.EINVAL)
NO_CONNECTION = Fails(errno.ENOTCONN)
NO_DESTINATION = Fails(errno.EDESTADDRREQ)
CLOSED = Fails(errno.EBADF)
DONE = Returns(None)
NUMBER: Callable[[Any], bool] = lambda value: type(value) is int and value >= 0  # noqa: E731


async def ends(call: Any, outcome: Outcome, timeout: int) -> None:
    """Await CALL on a socket with that TIMEOUT in milliseconds; it has to end as OUTCOME says, when that says."""
    if isinstance(outcome, Returns):
        result = await call
        elapsed_is(call, 0)
        wanted = outcome.value
        assert wanted(result) if callable(wanted) else (result == wanted and type(result) is not bool), (
            f"{call!r} returned {result!r}, wanted {wanted!r}"
        )
    elif isinstance(outcome, Waits) and timeout > 0:
        await times_out(call, timeout * MS)
    else:
        with pytest.raises(RemoteIOError) as caught:
            await call
        elapsed_is(caught.value, 0)
        wanted_name = errno.errorcode[outcome.number]
        assert caught.value.errno == outcome.number, f"{caught.value!r}, wanted {wanted_name}"
        kind = outcome.kind if isinstance(outcome, Fails) else None
        special = isinstance(caught.value, TimeoutError | ConnectionError)
        assert isinstance(caught.value, kind) if kind is not None else not special, (
            f"{caught.value!r} has another class"
        )


# The addresses that names hold, of both families: nobody's, the board's, the peer's.
ANYWHERE = ("0.0.0.0", "::")
OURS = (DEVICE, BOARD_LOCAL)
PEERS = ("10.0.0.2", PEER_LOCAL)


def named(addresses: tuple[str, str], ports: range) -> Returns:
    """Return the outcome of a name with one of ADDRESSES, by family, and one of PORTS."""
    shapes = {2: addresses[0], 4: addresses[1]}
    return Returns(lambda name: name[0] == shapes.get(len(name)) and name[1] in ports)


async def network(family: str, cold_target: Any, wire: Any) -> tuple[Any, Any]:
    """Bring the board's network up and return target and wire, whose sockets and peer are of that family."""
    wire.ignore(lambda frame: frame.outgoing)
    if family == "ipv6":
        # What the board goes on saying to routers and groups is accounted for, and in nobody's way.
        await up6(cold_target, wire, settled=False)
        return SixTarget(cold_target), SixWire(wire, wire.peer, PEER_LOCAL)
    await cold_target.net_up(ip=DEVICE, mask="255.255.255.0", gw="10.0.0.254")
    return cold_target, wire
