"""eth.link, unlink, is_linked, link_info and set_link_info with a static address.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import (
    MS,
    SEC,
    RemoteConnectionAbortedError,
    RemoteIOError,
    RemoteTypeError,
    RemoteValueError,
    covers,
    elapsed_is,
    needs,
)

from conformance.network.scenes import (
    GATEWAY,
    LINK_TIMEOUT,
    MASK,
    NEGOTIATION,
    NONE,
    link_static,
    plug,
    pull,
)
from conformance.scenes import (
    DEVICE,
    FAR_AWAY,
    bound_udp,
    connected_tcp,
    echoes,
    listening_tcp,
    raises_at_once,
    times_out,
)


@covers("net.link-info", "net.is-linked", "net.set-link-info")
async def test_before_link_there_is_no_address_and_nothing_is_sent(interface, wire):
    """Only the MAC address is there from the start; settings wait for link()."""
    assert await interface.link_info() == interface.unlinked
    assert await interface.is_linked() is False
    assert await interface.set_link_info(DEVICE, MASK, GATEWAY, wire.peer.ip) is None
    assert await interface.link_info() == interface.unlinked
    assert await interface.is_linked() is False
    await wire.expect_none(for_=60 * SEC)


@pytest.mark.parametrize("form", ["positional", "keywords"])
@covers("net.link.static", "net.link-info", "net.is-linked", "net.set-link-info")
async def test_static_link_is_there_at_once_without_a_frame(cold_target, interface, wire, form):
    """The address is the one that was set, and works."""
    if form == "positional":
        await interface.set_link_info(DEVICE, MASK, GATEWAY, "10.0.0.9")
    else:
        await interface.set_link_info(dns="10.0.0.9", gw=GATEWAY, mask=MASK, ip=DEVICE)
    linking = interface.link()
    assert await linking is None
    elapsed_is(linking, interface.joins)
    assert await interface.link_info() == (DEVICE, MASK, GATEWAY, "10.0.0.9", interface.mac)
    assert await interface.is_linked() is True
    await wire.expect_none(for_=60 * SEC)
    wire.ignore(lambda frame: frame.arp is not None)
    await echoes(cold_target, wire)


@covers("net.link.again", "net.set-link-info")
async def test_link_of_what_is_linked_changes_nothing(interface, wire):
    """New settings count from the link() after unlink()."""
    await link_static(interface, wire)
    await interface.set_link_info("10.0.0.77", MASK, NONE, NONE)
    again = interface.link()
    assert await again is None
    elapsed_is(again, 0)
    assert (await interface.link_info())[0] == DEVICE
    await interface.unlink()
    await interface.link()
    assert await interface.link_info() == ("10.0.0.77", MASK, NONE, NONE, interface.mac)


@covers("net.link.static", "net.set-link-info")
async def test_without_a_gateway_there_is_no_way_out(cold_target, interface, wire):
    """The own network is reached, others are not."""
    await link_static(interface, wire, gw=NONE)
    sock = await bound_udp(cold_target)
    await raises_at_once(sock.sendto(b"x", (FAR_AWAY, 7000)), RemoteIOError, errno.EHOSTUNREACH)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("address", ["static", "dhcp"])
@needs("cable")
@covers("net.link.no-cable", "net.is-linked")
async def test_link_without_a_cable_gives_up_in_time(bench, cold_target, interface, wire, address):
    """TimeoutError, after 10 s exactly, without a frame; with the cable the next link() works."""
    pull(bench)
    if address == "static":
        await interface.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    await times_out(interface.link(), LINK_TIMEOUT)
    assert await interface.is_linked() is False
    assert await interface.link_info() == interface.unlinked
    plug(bench)
    await wire.expect_none(for_=60 * SEC)
    assert await interface.is_linked() is False
    await link_static(interface, wire)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("after", [1 * MS, 3 * SEC, 9_980 * MS])
@needs("cable")
@covers("net.link.no-cable", "net.link.static")
async def test_link_goes_on_as_soon_as_the_cable_is_there(bench, interface, tasks, wire, after):
    """It is the link that is waited for, not a fixed time."""
    pull(bench)
    await interface.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    linking = tasks.start(interface.link())
    await asyncio.sleep(after)
    assert linking.pending
    plug(bench)
    plugged = bench.now
    await linking
    assert bench.now - plugged <= NEGOTIATION
    assert await interface.is_linked() is True


@needs("cable")
@covers("net.is-linked", "net.link-info", "network.link-loss")
async def test_is_linked_follows_the_cable(bench, cold_target, interface, wire):
    """The address stays the while, and traffic flows again without another link()."""
    await link_static(interface, wire)
    for _ in range(3):
        pull(bench)
        await bench.idle(for_=NEGOTIATION)
        assert await interface.is_linked() is False
        assert (await interface.link_info())[0] == DEVICE
        plug(bench)
        await bench.idle(for_=NEGOTIATION)
        assert await interface.is_linked() is True
    await echoes(cold_target, wire)


@pytest.mark.parametrize("comes_back", [True, False])
@needs("cable")
@covers("net.link.again", "net.link.no-cable")
async def test_link_waits_for_a_cable_that_was_pulled_later(bench, interface, tasks, wire, comes_back):
    """What is up but has lost its cable is waited for like the first time, and stays up."""
    await link_static(interface, wire)
    pull(bench)
    await bench.idle(for_=NEGOTIATION)
    linking = tasks.start(interface.link())
    await asyncio.sleep(5 * SEC)
    assert linking.pending
    if comes_back:
        plug(bench)
        plugged = bench.now
        await linking
        assert bench.now - plugged <= NEGOTIATION
    else:
        await times_out(linking, LINK_TIMEOUT)
        plug(bench)
        await bench.idle(for_=NEGOTIATION)
    assert await interface.is_linked() is True


@needs("cable")
@covers("net.link.again")
async def test_two_threads_cannot_link_at_once(bench, interface, tasks, wire):
    """The second one is refused at once; the first goes on."""
    pull(bench)
    await interface.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    first = tasks.start(interface.link())
    await asyncio.sleep(1 * SEC)
    await raises_at_once(interface.link(), RemoteIOError, errno.EALREADY)
    await times_out(first, LINK_TIMEOUT)


@needs("cable")
@covers("net.unlink")
async def test_unlink_ends_a_link_that_waits(bench, interface, tasks):
    """From another thread, as close does for sockets."""
    pull(bench)
    await interface.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    linking = tasks.start(interface.link())
    await asyncio.sleep(1 * SEC)
    assert await interface.unlink() is None
    with pytest.raises(RemoteIOError) as caught:
        await linking
    assert caught.value.errno == errno.ENETDOWN
    elapsed_is(caught.value, 1 * SEC)


@covers("net.unlink", "net.link-info", "net.is-linked")
async def test_unlink_takes_the_address_away(interface, wire):
    """As often as one likes, also of what was never up; nothing is sent, and nothing answered."""
    assert await interface.unlink() is None
    await link_static(interface, wire)
    for _ in range(2):
        assert await interface.unlink() is None
        assert await interface.link_info() == interface.unlinked
        assert await interface.is_linked() is False
    wire.peer.arp.request(DEVICE)
    await wire.expect_none(for_=60 * SEC)


@covers("net.unlink", "net.unlink.sockets", "errors.below-ioerror")
async def test_connections_end_with_their_address(cold_target, interface, tasks, wire):
    """A thread that receives is told at once, whoever sends later as well, and the peer gets a reset."""
    await link_static(interface, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    receiving = tasks.start(sock.recv(10))
    await asyncio.sleep(1 * SEC)
    await interface.unlink()
    with pytest.raises(RemoteConnectionAbortedError):
        await receiving
    elapsed_is(receiving, 1 * SEC)
    await raises_at_once(sock.send(b"x"), RemoteConnectionAbortedError)
    assert conn.lost == "reset"
    await interface.link()
    await echoes(cold_target, wire)


@covers("net.unlink.sockets", "timeout.exact")
async def test_other_sockets_live_through_unlink(cold_target, interface, tasks, wire):
    """Listeners and datagram sockets wait on, and serve after the next link()."""
    await link_static(interface, wire)
    sock = await bound_udp(cold_target)
    listener = await listening_tcp(cold_target)
    await sock.settimeout(5000)
    accepting = tasks.start(listener.accept())
    receiving = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(1 * SEC)
    await interface.unlink()
    await times_out(receiving, 5 * SEC)
    await interface.link()
    receiving = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(1 * MS)
    wire.peer.udp.bind(7000).send(b"again", to=(DEVICE, 5000))
    assert await receiving == (b"again", (wire.peer.ip, 7000))
    await wire.peer.tcp.connect(80, sport=4000).established(within=1 * SEC)
    assert (await accepting)[1] == (wire.peer.ip, 4000)


GOOD = (DEVICE, MASK, GATEWAY, NONE)


@pytest.mark.parametrize(
    ("place", "value", "kind"),
    [(place, value, RemoteTypeError) for place in range(4) for value in (None, 1, b"10.0.0.1", (10, 0, 0, 1))]
    + [(place, value, RemoteValueError) for place in range(4) for value in ("", "10.0.0", "10.0.0.256", "a.b.c.d")]
    + [(1, mask, RemoteValueError) for mask in (NONE, "255.255.255.255", "255.0.255.0", "0.0.0.255")]
    + [(0, ip, RemoteValueError) for ip in ("0.0.0.1", "127.0.0.1", "224.0.0.1", "255.255.255.255")],
)
@covers("net.arguments", "net.set-link-info")
async def test_settings_that_are_none_are_refused_and_change_nothing(interface, wire, place, value, kind):
    """The settings from before stay."""
    await interface.set_link_info(*GOOD)
    wrong = list(GOOD)
    wrong[place] = value
    await raises_at_once(interface.set_link_info(*wrong), kind)
    await interface.link()
    assert (await interface.link_info())[:4] == GOOD


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("link", (1,)),
        ("unlink", (None,)),
        ("is_linked", (1,)),
        ("link_info", (1,)),
        ("set_link_info", GOOD[:3]),
        ("set_link_info", (*GOOD, NONE)),
        ("gethostbyname", ()),
        ("gethostbyname", ("a", "b")),
    ],
)
@covers("net.arguments")
async def test_wrong_numbers_of_arguments_are_type_errors(interface, function, arguments):
    """As for the methods of sockets."""
    await raises_at_once(getattr(interface, function)(*arguments), RemoteTypeError)
