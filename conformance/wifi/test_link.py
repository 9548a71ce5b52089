"""link, try_link, unlink, is_linked, link_info, set_link_info and rssi: what a program sees of a network that is there.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import (
    HOUR,
    MS,
    SEC,
    WIFI_OPEN,
    WIFI_WEP,
    WIFI_WPA,
    WIFI_WPA2,
    RemoteConnectionAbortedError,
    RemoteTypeError,
    RemoteValueError,
    covers,
    elapsed_is,
)

from conformance.network.scenes import GATEWAY, MASK, NONE, PASSPHRASE, SSID
from conformance.scenes import DEVICE, bound_udp, connected_tcp, echoes, listening_tcp, raises_at_once, times_out
from conformance.wifi.scenes import SEARCH, fails, link, linked, mac_of, make, works


@covers("wifi.constants")
async def test_constants_are_four_different_numbers(bench):
    """A program names a security, it does not number it."""
    names = ("WIFI_OPEN", "WIFI_WEP", "WIFI_WPA", "WIFI_WPA2")
    values = [bench.target.constants[name] for name in names]
    assert all(type(value) is int for value in values) and len(set(values)) == 4


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.link", "wifi.join.time", "wifi.is-linked", "wifi.keys.four-way")
async def test_link_takes_the_search_and_nothing_more(wifi, air, wire, cold_target, security):
    """An access point that answers at once costs no time; data passes as soon as link() returns."""
    ap = make(air, security)
    assert await wifi.is_linked() is False
    linking = await link(wifi, wire, ap)
    elapsed_is(linking, SEARCH)
    assert await linking is None
    assert await wifi.is_linked() is True
    assert ap.stations[wire.board_mac].authorized
    await echoes(cold_target, wire)


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.link", "wifi.join.sequence")
async def test_join_is_the_sequence_of_the_standard(wifi, air, wire, security):
    """Probe, authentication, association, and with WPA2 four messages, each once."""
    await linked(wifi, air, wire, security)
    names = [frame.name for frame in air.frames if frame.outgoing and frame.name != "PROBE_REQ"]
    assert names == ["AUTH", "ASSOC_REQ", *(["M2", "M4"] if security == "wpa2" else [])]


@pytest.mark.parametrize("channel", [1, 2, 6, 12, 13])
@covers("wifi.link", "wifi.scan.channels", "wifi.join.time")
async def test_network_is_found_on_every_channel(wifi, air, wire, cold_target, channel):
    """Each channel is looked at, so each takes the same time."""
    ap = make(air, channel=channel)
    elapsed_is(await link(wifi, wire, ap), SEARCH)
    await echoes(cold_target, wire)


@covers("wifi.link", "wifi.link-info", "wifi.set-link-info")
async def test_static_address_is_the_one_that_was_set(wifi, air, wire):
    """And nothing is there before and after."""
    nothing = (NONE, NONE, NONE, NONE)
    assert (await wifi.link_info())[:4] == nothing
    await linked(wifi, air, wire)
    assert await wifi.link_info() == (DEVICE, MASK, GATEWAY, NONE, mac_of(wire))
    await wifi.unlink()
    assert (await wifi.link_info())[:4] == nothing


@covers("wifi.link.again", "wifi.set-link-info")
async def test_link_of_what_is_linked_changes_nothing(wifi, air, wire):
    """None at once, without a frame; new settings count from the link() after unlink()."""
    ap = await linked(wifi, air, wire)
    await wifi.set_link_info("10.0.0.77", MASK, NONE, NONE)
    again = wifi.link(SSID, WIFI_WPA2, PASSPHRASE)
    assert await again is None
    elapsed_is(again, 0)
    assert (await wifi.link_info())[0] == DEVICE
    await wifi.unlink()
    await wifi.link(ap.ssid, WIFI_WPA2, PASSPHRASE)
    assert (await wifi.link_info())[:4] == ("10.0.0.77", MASK, NONE, NONE)


@covers("wifi.link.again")
async def test_two_threads_cannot_link_at_once(wifi, air, wire, tasks):
    """The second one is refused at once; the first goes on."""
    make(air)
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    first = tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))
    await asyncio.sleep(100 * MS)
    await fails(wifi.link(SSID, WIFI_WPA2, PASSPHRASE), errno.EALREADY, 0)
    assert await first is None


@pytest.mark.parametrize("there", [True, False], ids=["is-there", "is-not"])
@covers("wifi.link.another", "wifi.unlink")
async def test_link_to_another_network_leaves_the_first(wifi, air, wire, cold_target, there):
    """Which is told so; a board is linked to one network, or to none."""
    first = await linked(wifi, air, wire, channel=1)
    second = air.access_point("another", "another password", channel=11)
    if there:
        elapsed_is(await link(wifi, wire, second), SEARCH)
        await echoes(cold_target, wire)
    else:
        second.disappear()
        await fails(wifi.link(second.ssid, WIFI_WPA2, second.password), errno.ENOENT, SEARCH)
        assert await wifi.is_linked() is False
    record = await first.left(within=1 * MS)
    assert (record.left_by, record.left_reason) == ("station", 3)


@covers("wifi.station-off", "wifi.unlink")
async def test_station_that_is_off_neither_links_nor_speaks(wifi, air, wire, cold_target):
    """Until it is on again; as often as one likes."""
    ap = await linked(wifi, air, wire)
    for _ in range(2):
        assert await wifi.station_off() is None
    assert (await ap.left(within=1 * MS)).left_by == "station"
    before = len(air.frames)
    for _ in range(2):
        await fails(wifi.link(SSID, WIFI_WPA2, PASSPHRASE), errno.ENETDOWN, 0)
    assert await wifi.try_link(SSID, WIFI_WPA2, PASSPHRASE) is False
    await air.expect_none(for_=1 * HOUR)
    assert len(air.frames) == before
    for _ in range(2):
        assert await wifi.station_on() is None
    assert await wifi.is_linked() is False
    await works(wifi, wire, cold_target, ap)


@covers("wifi.try-link", "wifi.is-linked")
async def test_try_link_says_whether_it_worked(wifi, air, wire, cold_target):
    """No exception where there is no such network or another key."""
    ap = make(air)
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    wire.ignore(lambda frame: frame.arp is not None)
    for arguments in (("another", WIFI_WPA2, PASSPHRASE), (SSID, WIFI_OPEN), (SSID, WIFI_WPA2, "wrong" * 4)):
        assert await wifi.try_link(*arguments) is False
        assert await wifi.is_linked() is False
    assert await wifi.try_link(SSID, WIFI_WPA2, PASSPHRASE) is True
    assert await wifi.is_linked() is True
    await wifi.unlink()
    await works(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.unlink", "wifi.is-linked")
async def test_unlink_tells_the_access_point(wifi, air, wire, cold_target, security):
    """It forgets the station, which says nothing any more, and can come back."""
    ap = await linked(wifi, air, wire, security)
    unlinking = wifi.unlink()
    assert await unlinking is None
    elapsed_is(unlinking, 0)
    record = await ap.left(within=1 * MS)
    assert (record.left_by, record.left_reason) == ("station", 3)
    assert await wifi.is_linked() is False
    await air.expect_none(for_=1 * HOUR)
    await works(wifi, wire, cold_target, ap)


@covers("wifi.unlink")
async def test_unlink_of_what_is_not_linked_does_nothing(wifi, air):
    """As often as one likes."""
    for _ in range(3):
        assert await wifi.unlink() is None
    await air.expect_none(for_=1 * HOUR)


# Where a join is after so long, and what it then waits for.
@pytest.mark.parametrize(
    ("silent_on", "after"),
    [("PROBE", 1 * MS), ("PROBE", SEARCH - 1 * MS), ("AUTH", SEARCH + 50 * MS), ("ASSOC", SEARCH + 350 * MS)]
    + [("M2", SEARCH + 50 * MS), ("M2", SEARCH + 2 * SEC)],
    ids=["searching", "end-of-search", "authentication", "association", "handshake", "handshake-repeated"],
)
@covers("wifi.unlink", "wifi.link.failure")
async def test_unlink_ends_a_link_that_waits(bench, wifi, air, wire, cold_target, tasks, silent_on, after):
    """Whatever it waits for; ENETDOWN, and the network can be joined after it."""
    ap = make(air)
    ap.silent_on.add(silent_on)
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    linking = tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))
    await asyncio.sleep(after)
    assert await wifi.unlink() is None
    error = await fails(linking, errno.ENETDOWN)
    assert abs(error.elapsed - after) <= 1 * MS
    await bench.idle(for_=20 * SEC)
    ap.silent_on.clear()
    await works(wifi, wire, cold_target, ap)


@covers("wifi.unlink.sockets", "errors.below-ioerror")
async def test_connections_end_with_their_address(wifi, air, wire, cold_target, tasks):
    """A thread that receives is told at once, whoever sends later as well."""
    ap = await linked(wifi, air, wire)
    sock, _ = await connected_tcp(cold_target, wire)
    receiving = tasks.start(sock.recv(10))
    await asyncio.sleep(1 * SEC)
    await wifi.unlink()
    with pytest.raises(RemoteConnectionAbortedError):
        await receiving
    elapsed_is(receiving, 1 * SEC)
    await raises_at_once(sock.send(b"x"), RemoteConnectionAbortedError)
    await works(wifi, wire, cold_target, ap)


@covers("wifi.unlink.sockets", "timeout.exact")
async def test_other_sockets_live_through_unlink(wifi, air, wire, cold_target, tasks):
    """Listeners and datagram sockets wait on, and serve after the next link()."""
    ap = await linked(wifi, air, wire)
    sock = await bound_udp(cold_target)
    listener = await listening_tcp(cold_target)
    await sock.settimeout(5000)
    accepting = tasks.start(listener.accept())
    receiving = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(1 * SEC)
    await wifi.unlink()
    await times_out(receiving, 5 * SEC)
    await link(wifi, wire, ap)
    receiving = tasks.start(sock.recvfrom(10))
    await asyncio.sleep(1 * MS)
    wire.peer.udp.bind(7000).send(b"again", to=(DEVICE, 5000))
    assert await receiving == (b"again", (wire.peer.ip, 7000))
    await wire.peer.tcp.connect(80, sport=4000).established(within=1 * SEC)
    assert (await accepting)[1] == (wire.peer.ip, 4000)


@pytest.mark.parametrize("rssi", [-1, -40, -67, -90, -100])
@covers("wifi.rssi")
async def test_rssi_is_that_of_the_last_frame(wifi, air, wire, cold_target, rssi):
    """In dBm, as heard; it follows the access point."""
    ap = await linked(wifi, air, wire)
    assert await wifi.rssi() == -40
    ap.rssi = rssi
    await echoes(cold_target, wire)
    assert await wifi.rssi() == rssi


@covers("wifi.rssi")
async def test_without_a_link_there_is_no_rssi(wifi, air, wire):
    """Before link() and after unlink()."""
    await fails(wifi.rssi(), errno.ENETDOWN, 0)
    await linked(wifi, air, wire)
    await wifi.unlink()
    await fails(wifi.rssi(), errno.ENETDOWN, 0)


@covers("wifi.select", "wifi.gethostbyname")
async def test_addresses_in_text_and_select_work_as_over_ethernet(wifi, cold_target):
    """The functions that the module shares with sockets."""
    assert await wifi.gethostbyname("10.9.8.7") == "10.9.8.7"
    sock = await bound_udp(cold_target)
    assert await wifi.select([sock], [sock], [], 0) == ((), (sock,), ())
    waiting = wifi.select([sock], [], [], 50)
    assert await waiting == ((), (), ())
    elapsed_is(waiting, 50 * MS)


TYPES = [
    ("link", ()),
    ("link", (None,)),
    ("link", (1, WIFI_WPA2, PASSPHRASE)),
    ("link", (SSID, "WPA2", PASSPHRASE)),
    ("link", (SSID, None, PASSPHRASE)),
    ("link", (SSID, WIFI_WPA2, 12345678)),
    ("link", (SSID, WIFI_WPA2, None)),
    ("link", (SSID, WIFI_WPA2, PASSPHRASE, 1)),
    ("try_link", ()),
    ("try_link", (1, WIFI_WPA2, PASSPHRASE)),
    ("unlink", (1,)),
    ("is_linked", (1,)),
    ("rssi", (1,)),
    ("link_info", (1,)),
    ("set_link_info", (DEVICE, MASK, GATEWAY)),
    ("set_link_info", (DEVICE, MASK, GATEWAY, 1)),
    ("scan", ("5000",)),
    ("scan", (1.5,)),
    ("scan", (1, 2)),
    ("gethostbyname", ()),
    ("gethostbyname", (1,)),
]


@pytest.mark.parametrize(("function", "arguments"), TYPES)
@covers("wifi.link.arguments")
async def test_wrong_types_and_numbers_of_arguments_are_refused(wifi, air, function, arguments):
    """At once, and nothing is sent."""
    await raises_at_once(getattr(wifi, function)(*arguments), RemoteTypeError)
    await air.expect_none(for_=1 * SEC)


VALUES = [
    ("link", ("", WIFI_OPEN)),
    ("link", (SSID, 17, PASSPHRASE)),
    ("link", (SSID, -1, PASSPHRASE)),
    ("try_link", ("x" * 33, WIFI_OPEN)),
    ("set_link_info", (DEVICE, MASK, GATEWAY, "10.0.0")),
    ("set_link_info", ("224.0.0.1", MASK, GATEWAY, NONE)),
    ("gethostbyname", ("",)),
]


@pytest.mark.parametrize(("function", "arguments"), VALUES)
@covers("wifi.link.arguments")
async def test_values_that_none_can_be_are_refused(wifi, air, function, arguments):
    """At once, and nothing is sent."""
    await raises_at_once(getattr(wifi, function)(*arguments), RemoteValueError)
    await air.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("security", [WIFI_WEP, WIFI_WPA], ids=["wep", "wpa"])
@covers("wifi.link.security", "wifi.link.failure")
async def test_what_the_nic_cannot_speak_is_refused_without_a_frame(wifi, air, wire, cold_target, security):
    """At once: no search would help."""
    ap = make(air)
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    await fails(wifi.link(SSID, security, PASSPHRASE), errno.EPROTO, 0)
    await air.expect_none(for_=1 * SEC)
    await works(wifi, wire, cold_target, ap)


@covers("wifi.link", "wifi.unlink")
async def test_many_links_one_after_the_other(wifi, air, wire, cold_target):
    """Each like the first, and no memory is lost by them."""
    ap = await linked(wifi, air, wire)
    await wifi.unlink()
    free = (await cold_target.stats())["heap_free"]
    for _ in range(20):
        elapsed_is(await link(wifi, wire, ap), SEARCH)
        await wifi.unlink()
    assert (await cold_target.stats())["heap_free"] == free
    await link(wifi, wire, ap)
    await echoes(cold_target, wire)
