# SPDX-License-Identifier: GPL-2.0-or-later
"""Exceptions that the documented API raised on the device, each also the Python class of its name.

Also `elapsed_is`, the one way in which cases compare durations: it has the clock tick of the device
and the declared cost of a call, so that no case has a tolerance of its own.
"""

from __future__ import annotations

from typing import Any

from sockbench.clock import MS, US, text

# How long a call may take that does not wait: 50,000 instructions at 8 ns each, several times what
# decoding a request, running the stack and switching threads take.
CALL_COST = 400 * US
# The resolution of the device's timeouts unless its agent says otherwise.
TICK = 1 * MS


class RemoteError(Exception):
    """The documented API raised on the device."""

    errno: Any = 0
    started_at: int = 0
    ended_at: int = 0
    tick_ns: int = TICK

    @property
    def elapsed(self) -> int:
        """Nanoseconds between the call's start and its end, measured on the device."""
        return self.ended_at - self.started_at


class RemoteIOError(RemoteError, OSError):
    """IOError on the device."""


class RemoteTimeoutError(RemoteIOError, TimeoutError):
    """TimeoutError on the device."""


class RemoteConnectionError(RemoteIOError, ConnectionError):
    """ConnectionError on the device."""


class RemoteConnectionRefusedError(RemoteConnectionError, ConnectionRefusedError):
    """ConnectionRefusedError on the device."""


class RemoteConnectionResetError(RemoteConnectionError, ConnectionResetError):
    """ConnectionResetError on the device."""


class RemoteConnectionAbortedError(RemoteConnectionError, ConnectionAbortedError):
    """ConnectionAbortedError on the device."""


class RemoteTypeError(RemoteError, TypeError):
    """TypeError on the device."""


class RemoteValueError(RemoteError, ValueError):
    """ValueError on the device."""


class RemoteOverflowError(RemoteError, OverflowError):
    """OverflowError on the device."""


class RemoteMemoryError(RemoteError, MemoryError):
    """MemoryError on the device."""


class RemoteAttributeError(RemoteError, AttributeError):
    """AttributeError on the device."""


_CLASSES: dict[str, type[RemoteError]] = {
    kind.__name__.removeprefix("Remote"): kind
    for kind in (
        RemoteIOError,
        RemoteTimeoutError,
        RemoteConnectionError,
        RemoteConnectionRefusedError,
        RemoteConnectionResetError,
        RemoteConnectionAbortedError,
        RemoteTypeError,
        RemoteValueError,
        RemoteOverflowError,
        RemoteMemoryError,
        RemoteAttributeError,
    )
}
# Python's IOError is another name of OSError; an agent may send either.
_CLASSES["OSError"] = RemoteIOError


def remote_error(cls: str, errno: int, message: str, started_at: int, ended_at: int, tick_ns: int) -> RemoteError:
    """Return the exception for a result's `exc`; a class that nobody documents is a plain RemoteError."""
    kind = _CLASSES.get(cls)
    error = kind(message) if kind is not None else RemoteError(f"{cls}: {message}")
    error.errno = errno
    error.started_at = started_at
    error.ended_at = ended_at
    error.tick_ns = tick_ns
    return error


def elapsed_is(call: Any, wanted: int) -> None:
    """Assert that a call (or the error it raised) took `wanted` ns, and at most a tick and a call's cost longer.

    0 means at once: less than the cost of a call.
    """
    __tracebackhide__ = True
    elapsed = call.elapsed
    most = CALL_COST if wanted == 0 else wanted + getattr(call, "tick_ns", TICK) + CALL_COST
    late = f"{text(elapsed - wanted)} more" if elapsed >= wanted else f"{text(wanted - elapsed)} too short"
    assert wanted <= elapsed <= most, (
        f"wanted {text(wanted)} to {text(most)}, took {text(elapsed)} ({late}), "
        f"from {text(call.started_at)} to {text(call.ended_at)}"
    )
