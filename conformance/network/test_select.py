"""select: every kind of socket in every state, for nothing, for a time and for ever.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass
from typing import Any

import pytest
from scapy.layers.inet import TCP
from sockbench import (
    HOUR,
    MS,
    SEC,
    SOCK_DGRAM,
    RemoteConnectionRefusedError,
    RemoteIOError,
    RemoteOverflowError,
    RemoteTypeError,
    RemoteValueError,
    answer,
    covers,
    elapsed_is,
)

from conformance.scenes import (
    DEVICE,
    TICK,
    bound_udp,
    connected_tcp,
    connected_udp,
    echoes,
    fill,
    listening_tcp,
    raises_at_once,
)

LISTS = ["readable", "writable", "exceptional"]
NOTHING = ((), (), ())


@dataclass
class Scene:
    """A socket and its far end."""

    sock: Any
    far: Any = None


async def tcp_idle(target, wire, bench):
    """Nothing to read, room to send."""
    return Scene(*await connected_tcp(target, wire))


async def tcp_data(target, wire, bench):
    """A byte has come."""
    scene = await tcp_idle(target, wire, bench)
    scene.far.send(b"x")
    await bench.idle(for_=1 * MS)
    return scene


async def tcp_kept(target, wire, bench):
    """A recv that timed out left a byte."""
    scene = await tcp_data(target, wire, bench)
    await scene.sock.settimeout(1)
    with pytest.raises(TimeoutError):
        await scene.sock.recv(2)
    return scene


async def tcp_full(target, wire, bench):
    """Nothing more is accepted for sending."""
    scene = await tcp_idle(target, wire, bench)
    scene.far.silent = True
    await fill(scene.sock)
    return scene


async def tcp_ended(target, wire, bench):
    """The peer has finished."""
    scene = await tcp_idle(target, wire, bench)
    scene.far.finish()
    await bench.idle(for_=1 * MS)
    return scene


async def tcp_reset(target, wire, bench):
    """The peer has reset the connection."""
    scene = await tcp_idle(target, wire, bench)
    scene.far.reset()
    await bench.idle(for_=1 * MS)
    return scene


async def tcp_fresh(target, wire, bench):
    """Neither connected nor bound."""
    return Scene(await target.socket())


async def connecting(target, wire, bench):
    """A connection attempt in the background, which nobody answers."""
    wire.ignore(TCP(dport=81))
    await echoes(target, wire)
    sock = await target.socket()
    await sock.settimeout(0)
    await raises_at_once(sock.connect((wire.peer.ip, 81)), RemoteIOError, errno.EINPROGRESS)
    return Scene(sock)


async def connect_done(target, wire, bench):
    """It was answered."""
    await echoes(target, wire)
    listener = wire.peer.tcp.listen(82, syn_ack_delay=1 * MS)
    sock = await target.socket()
    await sock.settimeout(0)
    await raises_at_once(sock.connect((wire.peer.ip, 82)), RemoteIOError, errno.EINPROGRESS)
    far = await listener.accept(within=1 * SEC)
    await bench.idle(for_=1 * MS)
    return Scene(sock, far)


async def connect_refused(target, wire, bench):
    """It was refused."""
    await echoes(target, wire)
    sock = await target.socket()
    await sock.settimeout(0)
    await raises_at_once(sock.connect((wire.peer.ip, 83)), RemoteIOError, errno.EINPROGRESS)
    wire.send(answer(await wire.expect(TCP(dport=83), within=1 * SEC), flags="RA", seq=0))
    await bench.idle(for_=1 * MS)
    return Scene(sock)


async def listener_idle(target, wire, bench):
    """Nobody waits."""
    return Scene(await listening_tcp(target))


async def listener_waiting(target, wire, bench):
    """A client waits."""
    scene = await listener_idle(target, wire, bench)
    scene.far = wire.peer.tcp.connect(80, sport=4000)
    await scene.far.established(within=1 * SEC)
    await bench.idle(for_=1 * MS)
    return scene


async def udp_idle(target, wire, bench):
    """No datagram has come."""
    return Scene(await bound_udp(target), wire.peer.udp.bind(7000))


async def udp_data(target, wire, bench):
    """One has, an empty one."""
    scene = await udp_idle(target, wire, bench)
    scene.far.send(b"", to=(DEVICE, 5000))
    await bench.idle(for_=1 * MS)
    return scene


async def udp_connected(target, wire, bench):
    """As udp_idle, with a peer."""
    return Scene(*await connected_udp(target, wire))


async def udp_unbound(target, wire, bench):
    """Receiving is refused at once."""
    return Scene(await target.socket(type=SOCK_DGRAM))


# Whether it is readable, writable, exceptional.
STATES = {
    tcp_idle: (False, True, False),
    tcp_data: (True, True, False),
    tcp_kept: (True, True, False),
    tcp_full: (False, False, False),
    tcp_ended: (True, True, False),
    tcp_reset: (True, True, True),
    tcp_fresh: (True, True, False),
    connecting: (False, False, False),
    connect_done: (False, True, False),
    connect_refused: (True, True, True),
    listener_idle: (False, False, False),
    listener_waiting: (True, False, False),
    udp_idle: (False, True, False),
    udp_data: (True, True, False),
    udp_connected: (False, True, False),
    udp_unbound: (True, True, False),
}


def lists(which: str, *socks: Any) -> list[list[Any]]:
    """Return the three arguments of select with SOCKS in one of them."""
    return [list(socks) if which == name else [] for name in LISTS]


def only(which: str, *socks: Any) -> tuple[Any, ...]:
    """Return the result of select with SOCKS in one of the tuples."""
    return tuple(socks if which == name else () for name in LISTS)


@pytest.mark.parametrize("timeout", [0, 100, None], ids=["poll", "100-ms", "for-ever"])
@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)
@covers("net.select.ready", "net.select.timeout")
async def test_socket_in_state(bench, target, wire, tasks, make, which, timeout):
    """What is ready is told at once; what is not is waited for, exactly as long as was said."""
    scene = await make(target, wire, bench)
    ready = STATES[make][LISTS.index(which)]
    selecting = tasks.start(target.select(*lists(which, scene.sock), timeout))
    if not ready and timeout is None:
        # The stack gives up on a silent peer by itself, later than this.
        await asyncio.sleep(10 * SEC if make in (connecting, tcp_full) else 2 * HOUR)
        assert selecting.pending
        await scene.sock.close()
        with pytest.raises(RemoteIOError) as caught:
            await selecting
        assert caught.value.errno == errno.EBADF
        wire.ignore(TCP())
        return
    assert await selecting == (only(which, scene.sock) if ready else NOTHING)
    elapsed_is(selecting, 0 if ready else timeout * MS)


@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__)
@covers("net.select.ready", "net.select.nothing-consumed")
async def test_select_takes_nothing(bench, target, wire, make):
    """However often it is asked, for all three at once, the answer is the same."""
    scene = await make(target, wire, bench)
    wanted = tuple((scene.sock,) if ready else () for ready in STATES[make])
    for _ in range(3):
        assert await target.select([scene.sock], (scene.sock,), [scene.sock], timeout_ms=0) == wanted


async def data_comes(scene, wire):
    scene.far.send(b"x")


async def end_comes(scene, wire):
    scene.far.finish()


async def reset_comes(scene, wire):
    scene.far.reset()


async def client_comes(scene, wire):
    scene.far = wire.peer.tcp.connect(80, sport=4000)


async def datagram_comes(scene, wire):
    scene.far.send(b"x", to=(DEVICE, 5000))


EVENTS = [
    (tcp_idle, data_comes, "readable"),
    (tcp_idle, end_comes, "readable"),
    (tcp_idle, reset_comes, "readable"),
    (tcp_idle, reset_comes, "exceptional"),
    (listener_idle, client_comes, "readable"),
    (udp_idle, datagram_comes, "readable"),
    (udp_connected, datagram_comes, "readable"),
]


@pytest.mark.parametrize("timeout", [30_000, None], ids=["30-s", "for-ever"])
@pytest.mark.parametrize("after", [1 * MS, 3 * SEC])
@pytest.mark.parametrize(
    ("make", "event", "which"),
    EVENTS,
    ids=[f"{make.__name__}-{event.__name__}-{which}" for make, event, which in EVENTS],
)
@covers("net.select.wakes")
async def test_event_wakes_in_its_instant(bench, target, wire, tasks, make, event, which, after, timeout):
    """With another socket in the list, of another kind, that stays silent."""
    other = await target.socket(type=SOCK_DGRAM)
    await other.bind(5001)
    scene = await make(target, wire, bench)
    selecting = tasks.start(target.select(*lists(which, other, scene.sock), timeout))
    await asyncio.sleep(after)
    assert selecting.pending
    await event(scene, wire)
    happened = bench.now
    assert await selecting == only(which, scene.sock)
    assert bench.now - happened <= TICK
    wire.ignore(TCP())


@pytest.mark.parametrize("after", [1 * MS, 1 * SEC])
@covers("net.select.wakes", "net.select.ready")
async def test_room_to_send_wakes(bench, target, wire, tasks, after):
    """When the peer's window opens."""
    sock, conn = await connected_tcp(target, wire)
    conn.window = 0
    await bench.idle(for_=1 * MS)
    await fill(sock)
    selecting = tasks.start(target.select([sock], [sock], [], None))
    await asyncio.sleep(after)
    assert selecting.pending
    conn.window = None
    opened = bench.now
    assert await selecting == ((), (sock,), ())
    assert bench.now - opened <= 10 * MS
    assert await sock.send(b"more") > 0


@pytest.mark.parametrize("blocking", [False, True], ids=["in-the-background", "by-another-thread"])
@pytest.mark.parametrize("outcome", ["done", "refused"])
@covers("net.select.wakes", "net.select.ready", "net.select.nothing-consumed")
async def test_end_of_a_connection_attempt_wakes(bench, target, wire, tasks, outcome, blocking):
    """Writable when it is there; all three when it failed, and the failure is still there for who asks next."""
    wire.peer.tcp.listen(80, syn_ack_delay=500 * MS)
    await echoes(target, wire)
    sock = await target.socket()
    if not blocking:
        await sock.settimeout(0)
    call = tasks.start(sock.connect((wire.peer.ip, 80 if outcome == "done" else 81)))
    if outcome == "refused":
        syn = await wire.expect(TCP(dport=81, flags="S"), within=1 * SEC)
        await asyncio.sleep(400 * MS)
    else:
        await asyncio.sleep(400 * MS)
    selecting = tasks.start(target.select([sock], [sock], [sock], None))
    await asyncio.sleep(50 * MS)
    assert selecting.pending
    if outcome == "refused":
        wire.send(answer(syn, flags="RA", seq=0))
    # Who waited for the attempt has got its failure; in the background it is still to come.
    failed = () if blocking else (sock,)
    assert await selecting == (((), (sock,), ()) if outcome == "done" else ((sock,), (sock,), failed))
    if not blocking:
        await raises_at_once(call, RemoteIOError, errno.EINPROGRESS)
        call = sock.connect((wire.peer.ip, 81))
    if outcome == "refused":
        with pytest.raises(RemoteConnectionRefusedError):
            await call
    elif blocking:
        assert await call is None
    else:
        await raises_at_once(call, RemoteIOError, errno.EISCONN)


@covers("net.select.closed")
async def test_closed_member_is_an_ioerror(target, wire, tasks):
    """Before and meanwhile, and the others are left alone."""
    sock = await bound_udp(target)
    other = await target.socket(type=SOCK_DGRAM)
    selecting = tasks.start(target.select([sock], [], [], None))
    await asyncio.sleep(1 * SEC)
    await sock.close()
    with pytest.raises(RemoteIOError) as caught:
        await selecting
    assert caught.value.errno == errno.EBADF
    elapsed_is(caught.value, 1 * SEC)
    await raises_at_once(target.select([sock], [other], [], 0), RemoteIOError, errno.EBADF)
    assert await target.select([], [other], [], 0) == ((), (other,), ())


@covers("net.select.ready", "net.select.timeout")
async def test_many_sockets_in_the_order_given(bench, target, wire):
    """Ready ones come in the order of the list, and again as often as they are in it."""
    socks = [await target.socket(type=SOCK_DGRAM) for _ in range(30)]
    for number, sock in enumerate(socks):
        await sock.bind(5000 + number)
    assert await target.select(socks, [], [], 10) == NOTHING
    far = wire.peer.udp.bind(7000)
    for number in (29, 3, 17):
        far.send(b"x", to=(DEVICE, 5000 + number))
    await bench.idle(for_=1 * MS)
    assert await target.select(socks, [], socks, None) == ((socks[3], socks[17], socks[29]), (), ())
    assert await target.select([socks[3], socks[3]], socks[:2], []) == ((socks[3], socks[3]), tuple(socks[:2]), ())


@pytest.mark.parametrize("timeout", [0, 1, 250, 5000, 3_600_000])
@covers("net.select.timeout", "timeout.exact")
async def test_timeout_without_a_socket(target, timeout):
    """A plain wait, exact like every other."""
    waiting = target.select([], [], [], timeout)
    assert await waiting == NOTHING
    elapsed_is(waiting, timeout * MS)


@covers("net.select.wakes")
async def test_two_threads_wait_for_the_same_socket(target, wire, tasks):
    """Both are told."""
    sock = await bound_udp(target)
    waiting = [tasks.start(target.select([sock], [], [], None)) for _ in range(2)]
    await asyncio.sleep(1 * SEC)
    wire.peer.udp.bind(7000).send(b"x", to=(DEVICE, 5000))
    assert [await call for call in waiting] == [((sock,), (), ())] * 2


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (([], []), RemoteTypeError),
        ((None, [], [], 0), RemoteTypeError),
        (([], [1], [], 0), RemoteTypeError),
        (([], [], "s", 0), RemoteTypeError),
        (([None], [], [], 0), RemoteTypeError),
        (([], [], [], 1.5), RemoteTypeError),
        (([], [], [], "1"), RemoteTypeError),
        (([], [], [], -1), RemoteValueError),
        (([], [], [], None), RemoteValueError),
        (([], [], []), RemoteValueError),
        (([], [], [], 2**42 + 1), RemoteOverflowError),
        (([], [], [], 2**70), RemoteOverflowError),
        (([], [], [], 0, 0), RemoteTypeError),
    ],
)
@covers("net.select.arguments")
async def test_wrong_arguments_are_refused(target, arguments, kind):
    """At once, by the classes of settimeout."""
    await raises_at_once(target.select(*arguments), kind)


@covers("net.select.arguments")
async def test_a_socket_alone_is_no_list(target):
    """As in Python, which wants something to iterate over."""
    sock = await target.socket()
    await raises_at_once(target.select(sock, [], [], 0), RemoteTypeError)
