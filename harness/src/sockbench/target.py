# SPDX-License-Identifier: GPL-2.0-or-later
"""The documented API by proxy: every call is a request to the agent (docs/agent-protocol.md).

Nothing is checked, converted or defaulted on the host: what a test passes is what the module on the
device gets. A call is made, and its request on its way, before it is awaited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Protocol

import cbor2

from sockbench import link
from sockbench.constants import Constant
from sockbench.errors import AgentRefused, BenchError, ForgottenCall, LinkBroken, TargetDied
from sockbench.remote import TICK, remote_error

LIST, BYTEARRAY, BUFFER, SOCKET, OBJECT = 60001, 60002, 60003, 60004, 60005
PROTOCOL_VERSION = 1


class Ways(Protocol):
    """What the target needs of its bench."""

    now: int

    def request(self, data: bytes, shown: str) -> None:
        """Let a message reach the firmware now."""


class Call:
    """A call on the device. Awaiting it gives its result, as often as one likes; not awaiting it is a mistake."""

    def __init__(self, target: Target, name: str) -> None:
        self.name = name
        # The device's clock before and after the module ran; meaningful once the call has ended.
        self.started_at = 0
        self.ended_at = 0
        self.tick_ns = target.tick_ns
        self.observed = False
        self._target = target
        self._waiters: list[asyncio.Future[None]] = []
        self._value: Any = None
        self._error: BaseException | None = None
        self._done = False

    @property
    def pending(self) -> bool:
        """Whether the device still executes it."""
        return not self._done

    @property
    def elapsed(self) -> int:
        """Nanoseconds that the call took, on the device."""
        if not self._done:
            raise RuntimeError(f"{self.name} has not ended, it has no elapsed time")
        return self.ended_at - self.started_at

    @property
    def error(self) -> BaseException | None:
        """What the call raised, None if it has not (yet)."""
        return self._error

    def __await__(self) -> Generator[Any, None, Any]:
        __tracebackhide__ = True
        self.observed = True
        while not self._done:
            waiter: asyncio.Future[None] = self._target.loop.create_future()
            self._waiters.append(waiter)
            try:
                yield from waiter
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
        if self._error is not None:
            raise self._error
        return self._value

    def _end(self, value: Any, error: BaseException | None) -> None:
        self._value, self._error, self._done = value, error, True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def __repr__(self) -> str:
        return f"Call({self.name}, {'pending' if self.pending else 'ended'})"


def _method(name: str) -> Callable[..., Call]:
    def method(self: Socket, *args: Any, **kwargs: Any) -> Call:
        return self._target.call(f"socket.{name}", self, args, kwargs, self._thread)

    method.__name__ = name
    method.__doc__ = f"Call the documented method `{name}` on the device."
    return method


class Socket:
    """A socket of the device. Its methods are the documented ones, with whatever arguments."""

    def __init__(self, target: Target, handle: int, thread: str | None = None) -> None:
        self._target = target
        self._handle = handle
        self._thread = thread

    accept = _method("accept")
    bind = _method("bind")
    close = _method("close")
    connect = _method("connect")
    fileno = _method("fileno")
    getsockopt = _method("getsockopt")
    listen = _method("listen")
    recv = _method("recv")
    recv_into = _method("recv_into")
    recvfrom = _method("recvfrom")
    recvfrom_into = _method("recvfrom_into")
    send = _method("send")
    sendall = _method("sendall")
    sendto = _method("sendto")
    setsockopt = _method("setsockopt")
    settimeout = _method("settimeout")

    def call(self, name: str, *args: Any, **kwargs: Any) -> Call:
        """Call any method, documented or not."""
        return self._target.call(f"socket.{name}", self, args, kwargs, self._thread)

    def drop(self) -> Call:
        """Let the device forget the object, as if garbage collected."""
        return self._target.operate("drop", self._thread, self=cbor2.CBORTag(SOCKET, self._handle))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Socket) and other._handle == self._handle

    def __hash__(self) -> int:
        return self._handle

    def __repr__(self) -> str:
        return f"Socket({self._handle})"


class Buffer:
    """A bytearray that lives on the device."""

    def __init__(self, target: Target, number: int, size: int) -> None:
        self._target = target
        self._number = number
        self._size = size

    def __len__(self) -> int:
        return self._size

    def read(self, offset: int = 0, size: int | None = None) -> Call:
        """Return its content."""
        count = self._size - offset if size is None else size
        return self._target.operate("buffer.read", None, buffer=self._tag(), offset=offset, bytes=count)

    def write(self, data: bytes, offset: int = 0) -> Call:
        """Change its content."""
        return self._target.operate("buffer.write", None, buffer=self._tag(), offset=offset, data=bytes(data))

    def free(self) -> Call:
        """Give its memory back."""
        return self._target.operate("buffer.free", None, buffer=self._tag())

    def _tag(self) -> cbor2.CBORTag:
        return cbor2.CBORTag(BUFFER, self._number)

    def __repr__(self) -> str:
        return f"Buffer({self._size})"


class Thread:
    """A worker thread of the device by name; calls of its views wait for each other."""

    def __init__(self, target: Target, name: str) -> None:
        self._target = target
        self._name = name

    def of(self, sock: Socket) -> Socket:
        """Return a view of the socket whose calls run on this thread."""
        return Socket(self._target, sock._handle, self._name)

    def socket(self, *args: Any, **kwargs: Any) -> Call:
        """Make a socket on this thread."""
        return self._target.call("socket", None, args, kwargs, self._name)


def _function(name: str) -> Callable[..., Call]:
    def function(self: Interface, *args: Any, **kwargs: Any) -> Call:
        return self._target.call(f"{self.module}.{name}", None, args, kwargs, self._thread)

    function.__name__ = name
    function.__doc__ = f"Call the documented function `{name}` of the module on the device."
    return function


class Interface:
    """The module of an interface of the device, by its name there."""

    module = ""

    def __init__(self, target: Target, thread: str | None = None) -> None:
        self._target = target
        self._thread = thread

    gethostbyname = _function("gethostbyname")
    is_linked = _function("is_linked")
    link = _function("link")
    link_info = _function("link_info")
    set_link_info = _function("set_link_info")
    unlink = _function("unlink")


class Eth(Interface):
    """The module `eth`: the Ethernet interface."""

    module = "eth"


class Wifi(Interface):
    """The module `wifi`: the wifi interface."""

    module = "wifi"

    power_save = _function("power_save")
    roam = _function("roam")
    rssi = _function("rssi")
    scan = _function("scan")
    select = _function("select")
    softap_config = _function("softap_config")
    softap_get_info = _function("softap_get_info")
    softap_init = _function("softap_init")
    softap_off = _function("softap_off")
    station_off = _function("station_off")
    station_on = _function("station_on")
    try_link = _function("try_link")


class Target:
    """The device under test, seen through its agent."""

    def __init__(self, ways: Ways, loop: asyncio.AbstractEventLoop) -> None:
        self._ways = ways
        self.loop = loop
        self.tick_ns = TICK
        self.firmware = ""
        self.constants: dict[str, int] = {}
        self.eth = Eth(self)
        self.wifi = Wifi(self)
        # What `net_up` and the like are about unless they are told, and what joins that to its network.
        self.interface = "eth"
        self.network: Callable[[], dict[str, Any]] = dict
        self.calls: list[Call] = []
        self._message_max = link.MESSAGE_MAX
        self._pending: dict[int, tuple[Call, int | None]] = {}
        self._busy: list[bool] = []
        self._ready: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._died: TargetDied | None = None

    def socket(self, *args: Any, **kwargs: Any) -> Call:
        """Call the constructor: socket(family, type, proto, fileno)."""
        return self.call("socket", None, args, kwargs, None)

    def ip_to_tuple(self, *args: Any, **kwargs: Any) -> Call:
        """Call the documented function `ip_to_tuple`."""
        return self.call("ip_to_tuple", None, args, kwargs, None)

    def select(self, *args: Any, **kwargs: Any) -> Call:
        """Call select(rlist, wlist, xlist, timeout_ms)."""
        return self.call("select", None, args, kwargs, None)

    def thread(self, name: str) -> Thread:
        """Return the worker thread of that name; it is made at its first call."""
        return Thread(self, name)

    async def buffer(self, size: int, *, fill: int = 0, seed: int | None = None) -> Buffer:
        """Return a new bytearray on the device, filled with one byte or with what `seed` makes."""
        content: dict[str, Any] = {"fill": fill} if seed is None else {"seed": seed}
        made = await self.operate("buffer.new", None, bytes=size, **content)
        if not isinstance(made, Buffer):
            raise AgentRefused(f"the agent answered buffer.new by {made!r}")
        made._size = size
        return made

    def stats(self) -> Call:
        """Return the device's counters."""
        return self.operate("stats", None)

    def net_up(self, name: str | None = None, **settings: Any) -> Call:
        """Bring an interface up, the one under test unless named: ip, mask, gw (none of them: DHCP), ip6, mtu."""
        if name is None:
            settings = {**settings, **self.network()}
        return self.operate("net.up", None, **{"if": name or self.interface}, **settings)

    def net_down(self, name: str | None = None) -> Call:
        """Take an interface down, the one under test unless named."""
        return self.operate("net.down", None, **{"if": name or self.interface})

    def net_info(self, name: str | None = None) -> Call:
        """Return addresses and state of an interface, the one under test unless named."""
        return self.operate("net.info", None, **{"if": name or self.interface})

    def crash(self, how: str) -> Call:
        """End the firmware on purpose: "assert", "hardfault", "hang", "stack"."""
        return self.operate("crash", None, how=how)

    def call(self, function: str, sock: Socket | None, args: tuple[Any, ...], kwargs: dict[str, Any],
             thread: str | None) -> Call:  # fmt: skip
        """Send a call of the module to the device."""
        message: dict[str, Any] = {"op": "call", "fn": function}
        if sock is not None:
            message["self"] = cbor2.CBORTag(SOCKET, sock._handle)
        if args:
            message["args"] = [self._encoded(value) for value in args]
        if kwargs:
            message["kw"] = {name: self._encoded(value) for name, value in kwargs.items()}
        shown = ", ".join([*map(_brief, args), *(f"{name}={_brief(value)}" for name, value in kwargs.items())])
        return self._send(f"{sock!r}.{function[7:]}({shown})" if sock else f"{function}({shown})", message, thread)

    def operate(self, operation: str, thread: str | None, /, **fields: Any) -> Call:
        """Send an operation of the agent to the device."""
        shown = ", ".join(f"{name}={_brief(value)}" for name, value in fields.items())
        return self._send(f"{operation}({shown})", {"op": operation, **fields}, thread)

    async def boot(self) -> None:
        """Wait for the agent's ready message and learn the module's constants."""
        ready = await self._ready
        if ready.get("version") != PROTOCOL_VERSION:
            raise BenchError(
                f"the agent speaks version {ready.get('version')!r} of its protocol, the harness {PROTOCOL_VERSION}"
            )
        self.firmware = str(ready.get("firmware", ""))
        self.tick_ns = int(ready.get("tick_ns", TICK))
        self._message_max = int(ready.get("message_max", link.MESSAGE_MAX))
        self.constants = await self.call("module.constants", None, (), {}, None)

    # What the bench calls.

    def received(self, data: bytes) -> str:
        """Act on a message of the firmware; return what the timeline shows of it."""
        try:
            message = cbor2.loads(data)
        except Exception as malformed:
            raise LinkBroken(f"the agent sent {len(data)} bytes that are no CBOR: {malformed}") from None
        if not isinstance(message, dict):
            raise LinkBroken(f"the agent sent {message!r}, which is no map")
        if message.get("ev") == "ready":
            if not self._ready.done():
                self._ready.set_result(message)
            return f"ready: {message.get('firmware', '')}"
        found = self._pending.pop(message.get("id", -1), None)
        if found is None:
            if "bad" in message:
                raise AgentRefused(f"the agent refused a message: {message['bad']}")
            raise LinkBroken(f"the agent answered a request that nobody made: {_brief(message)}")
        call, worker = found
        if worker is not None:
            self._busy[worker] = False
        call.started_at = message.get("t0", 0)
        call.ended_at = message.get("t1", 0)
        if "bad" in message:
            call._end(None, AgentRefused(f"the agent refused {call.name}: {message['bad']}"))
            return f"{call.name} refused: {message['bad']}"
        raised = message.get("exc")
        if raised is not None:
            error = remote_error(
                str(raised.get("cls")), raised.get("errno", 0), str(raised.get("msg", "")),
                call.started_at, call.ended_at, self.tick_ns,
            )  # fmt: skip
            call._end(None, error)
            return f"{call.name} raised {raised.get('cls')}({raised.get('errno', 0)}, {error})"
        value = self._decoded(message.get("ok"))
        call._end(value, None)
        return f"{call.name} = {_brief(value)}"

    def died(self, error: TargetDied) -> None:
        """Let everybody who waits for the device have that error."""
        self._died = error
        for call, _ in self._pending.values():
            call._end(None, error)
        self._pending.clear()
        if not self._ready.done():
            self._ready.set_exception(error)

    def check(self) -> None:
        """Raise ForgottenCall if a call was made that nobody awaited."""
        __tracebackhide__ = True
        forgotten = [call.name for call in self.calls if not call.observed]
        if forgotten:
            raise ForgottenCall(f"calls that nobody awaited: {', '.join(forgotten)}")

    def _send(self, shown: str, message: dict[str, Any], thread: str | None) -> Call:
        __tracebackhide__ = True
        if self._died is not None:
            raise self._died
        call = Call(self, shown)
        number = len(self.calls) + 1
        worker: int | None = None
        if thread is None:
            worker = next((index for index, busy in enumerate(self._busy) if not busy), len(self._busy))
            thread = f"w{worker}"
        data = cbor2.dumps({"id": number, "th": thread, **message})
        if len(data) > self._message_max:
            raise ValueError(
                f"{shown} takes a message of {len(data)} bytes, the agent takes {self._message_max}: "
                "use target.buffer() for large data"
            )
        if worker is not None:
            if worker == len(self._busy):
                self._busy.append(True)
            self._busy[worker] = True
        self.calls.append(call)
        self._pending[number] = (call, worker)
        self._ways.request(data, shown)
        return call

    def _encoded(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, int, str, float, bytes)):
            return value
        if isinstance(value, Constant):
            if value.name not in self.constants:
                raise ValueError(f"the device has no constant {value.name}")
            return self.constants[value.name]
        if isinstance(value, bytearray):
            return cbor2.CBORTag(BYTEARRAY, bytes(value))
        if isinstance(value, tuple):
            return [self._encoded(item) for item in value]
        if isinstance(value, list):
            return cbor2.CBORTag(LIST, [self._encoded(item) for item in value])
        if isinstance(value, dict):
            return {self._encoded(key): self._encoded(item) for key, item in value.items()}
        if isinstance(value, Socket):
            return cbor2.CBORTag(SOCKET, value._handle)
        if isinstance(value, Buffer):
            return cbor2.CBORTag(BUFFER, value._number)
        return cbor2.CBORTag(OBJECT, type(value).__name__)

    def _decoded(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return tuple(self._decoded(item) for item in value)
        if isinstance(value, dict):
            return {key: self._decoded(item) for key, item in value.items()}
        if isinstance(value, cbor2.CBORTag):
            if value.tag == BYTEARRAY:
                return bytearray(value.value)
            if value.tag == LIST:
                return [self._decoded(item) for item in value.value]
            if value.tag == SOCKET:
                return Socket(self, value.value)
            if value.tag == BUFFER:
                return Buffer(self, value.value, 0)
        return value


def _brief(value: Any) -> str:
    """Return a value as timelines show it: long data by its length and its beginning."""
    if isinstance(value, (bytes, bytearray)) and len(value) > 32:
        return f"{type(value).__name__}[{len(value)}] {bytes(value[:16])!r}..."
    shown = repr(value)
    return shown if len(shown) <= 120 else shown[:117] + "..."
