"""roam(): the device moves to another access point of its network, and what becomes of it when it cannot.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno

import pytest
from sockbench import MS, SEC, US, RemoteTypeError, RemoteValueError, covers, elapsed_is
from sockbench.peers import DhcpServer, Lease

from conformance.network.scenes import PASSPHRASE
from conformance.scenes import DEVICE, bound_udp, connected_tcp, echoes, raises_at_once, times_out
from conformance.wifi.scenes import (
    GIVES_UP,
    HANDSHAKE,
    PHASE,
    REFUSED,
    SEARCH,
    SILENCE,
    THROWN_OUT,
    TRIES,
    WORK,
    WRONG_KEY,
    fails,
    link,
    linked,
    make,
    network,
)
from conformance.wifi.test_faults import COMMAND_LIMIT, COMMAND_STUCK, DIED, EVENT_LOST, JOIN, LINK, arm
from conformance.wifi.test_rekey import REKEYS, hears_groups


def bssid_of(ap):
    """Return what roam() is told to go there."""
    return bytes.fromhex(ap.bssid.replace(":", ""))


async def two(wifi, air, wire, security="wpa2", **options):
    """Return the access point that the board is linked to, on channel 1, and a weaker one of its network."""
    ap = await linked(wifi, air, wire, security, channel=1)
    return ap, make(air, security, **{"channel": 11, "rssi": -60, **options})


async def stays(wifi, wire, target, ap):
    """Assert that the board is with that access point, and exchanges data."""
    assert wire.board_mac in ap.stations
    assert await wifi.is_linked() is True
    await echoes(target, wire)


async def comes_back(wifi, air, wire, target, ap):
    """Assert that the board, which has just lost its network, joins that access point at once."""
    assert await wifi.is_linked() is False
    await air.expect("ASSOC_REQ", within=SEARCH + WORK)
    await asyncio.sleep(WORK)
    await stays(wifi, wire, target, ap)


@pytest.mark.parametrize("security", ["open", "wpa2"])
@pytest.mark.parametrize("channel", [1, 2, 13])
@covers("wifi.roam.call", "wifi.is-linked")
async def test_roam_moves_to_the_access_point_that_is_named(wifi, air, wire, cold_target, security, channel):
    """Though it is the weaker one; back when it is there, by a reassociation that names the old one."""
    ap, other = await two(wifi, air, wire, security, channel=channel)
    roaming = wifi.roam(bssid_of(other))
    assert await roaming is None
    elapsed_is(roaming, SEARCH)
    said = [frame for frame in air.frames if frame.outgoing and frame.name == "REASSOC_REQ"]
    assert len(said) == 1
    # 802.11-2020 9.3.3.7: capability, listen interval, and where it is with until now.
    assert said[0].data[28:34] == bssid_of(ap)
    assert wire.board_mac not in ap.stations
    await stays(wifi, wire, cold_target, other)
    assert await wifi.rssi() == -60


@covers("wifi.roam.call", "wifi.link-info")
async def test_address_stays_over_a_roam(wifi, air, wire, cold_target):
    """The network is the same: no DHCP, no announcement."""
    server = DhcpServer(wire.peer, Lease("10.0.0.50", seconds=3600))
    ap, other = make(air, channel=1), make(air, channel=11, rssi=-60)
    wire.ignore(lambda frame: frame.arp is not None)
    await wifi.link(*network(ap))
    before, said = await wifi.link_info(), len(server.messages)
    await wifi.roam(bssid_of(other))
    await asyncio.sleep(10 * SEC)
    assert await wifi.link_info() == before
    assert len(server.messages) == said


@pytest.mark.parametrize("direction", ["send", "recv"])
@pytest.mark.parametrize("security", ["open", "wpa2"])
@covers("wifi.roam.sockets", "tcp.recv.integrity")
async def test_stream_goes_on_over_a_roam(wifi, air, wire, cold_target, tasks, direction, security):
    """Every byte once and in order, with two changes in the middle."""
    aps = await two(wifi, air, wire, security)
    sock, conn = await connected_tcp(cold_target, wire)
    content = bytes(range(256)) * 400
    if direction == "recv":
        conn.send(content)
        transfer = tasks.start(sock.recv(len(content)))
    else:
        transfer = tasks.start(sock.sendall(content))
    for ap in reversed(aps):
        await asyncio.sleep(500 * US)
        assert transfer.pending
        await wifi.roam(bssid_of(ap))
    received = await transfer
    if direction == "send":
        received = await conn.recv(len(content), within=600 * SEC)
    assert received == content


@pytest.mark.parametrize("after", [10 * MS, 100 * MS, 500 * MS])
@covers("wifi.roam.sockets")
async def test_datagram_of_a_roaming_board_waits(wifi, air, wire, cold_target, tasks, after):
    """What is sent while the radio is on other channels arrives once it is there."""
    _, other = await two(wifi, air, wire, "open")
    await echoes(cold_target, wire)  # so that ARP has nothing to ask
    sock = await bound_udp(cold_target)
    far = wire.peer.udp.bind(7000)
    roaming = tasks.start(wifi.roam(bssid_of(other)))
    await asyncio.sleep(after)
    await sock.sendto(b"on my way", (wire.peer.ip, 7000))
    assert (await far.recv(within=SEARCH)).data == b"on my way"
    await roaming


@pytest.mark.parametrize("timeout", [100 * MS, 520 * MS, 3 * SEC])
@covers("wifi.roam.sockets", "timeout.exact")
async def test_timeouts_are_exact_over_a_roam(wifi, air, wire, cold_target, tasks, timeout):
    """A roam neither stretches nor ends a call that waits."""
    _, other = await two(wifi, air, wire)
    sock = await bound_udp(cold_target)
    stream, _ = await connected_tcp(cold_target, wire)
    for one in (sock, stream):
        await one.settimeout(timeout // MS)
    receiving = tasks.start(stream.recv(10))
    waiting = tasks.start(sock.recvfrom(10))
    await wifi.roam(bssid_of(other))
    await times_out(receiving, timeout)
    await times_out(waiting, timeout)


@pytest.mark.parametrize("status", [1, 17, 65535])
@covers("wifi.roam.failure")
async def test_refused_authentication_leaves_the_link_as_it_is(wifi, air, wire, cold_target, status):
    """ConnectionRefusedError with the status; the old access point was not left."""
    ap, other = await two(wifi, air, wire)
    other.auth_status = status
    error = await fails(wifi.roam(bssid_of(other)), REFUSED, SEARCH)
    assert str(error).endswith(f"authentication refused: status {status}")
    await stays(wifi, wire, cold_target, ap)
    await air.expect_none("ASSOC_REQ", for_=60 * SEC)
    other.auth_status = 0
    await wifi.roam(bssid_of(other))
    await stays(wifi, wire, cold_target, other)


@pytest.mark.parametrize("status", [1, 17, 30])
@covers("wifi.roam.lost", "wifi.reconnect")
async def test_refused_reassociation_costs_the_link(wifi, air, wire, cold_target, status):
    """ConnectionRefusedError with the status; the network is joined again at once."""
    ap, other = await two(wifi, air, wire)
    other.assoc_status = status
    error = await fails(wifi.roam(bssid_of(other)), REFUSED, SEARCH)
    assert str(error).endswith(f"association refused: status {status}")
    await comes_back(wifi, air, wire, cold_target, ap)


@covers("wifi.roam.failure", "timeout.exact")
async def test_silence_to_the_authentication_leaves_the_link_as_it_is(wifi, air, wire, cold_target):
    """TimeoutError after three attempts."""
    ap, other = await two(wifi, air, wire)
    other.silent_on.add("AUTH")
    await fails(wifi.roam(bssid_of(other)), SILENCE, SEARCH + TRIES * PHASE)
    await stays(wifi, wire, cold_target, ap)


@covers("wifi.roam.lost", "wifi.reconnect", "timeout.exact")
async def test_silence_to_the_reassociation_costs_the_link(wifi, air, wire, cold_target):
    """TimeoutError after three attempts."""
    ap, other = await two(wifi, air, wire)
    other.silent_on.add("REASSOC")
    await fails(wifi.roam(bssid_of(other)), SILENCE, SEARCH + TRIES * PHASE)
    await comes_back(wifi, air, wire, cold_target, ap)


@covers("wifi.roam.lost", "wifi.reconnect", "timeout.exact")
async def test_silence_in_the_handshake_costs_the_link(wifi, air, wire, cold_target):
    """As in link(); but a key that was right before is no reason to give up."""
    ap, other = await two(wifi, air, wire)
    other.drop("M1", count=None)
    error = await fails(wifi.roam(bssid_of(other)), WRONG_KEY, SEARCH + HANDSHAKE)
    assert str(error).endswith("reason 15")
    await comes_back(wifi, air, wire, cold_target, ap)


@covers("wifi.roam.lost", "wifi.reconnect", "wifi.link.wrong-key")
async def test_access_point_with_another_key_costs_the_link(wifi, air, wire, cold_target):
    """It gives up at its time; the first one is joined again."""
    ap, other = await two(wifi, air, wire)
    other.password = PASSPHRASE + "!"
    await fails(wifi.roam(bssid_of(other)), WRONG_KEY, SEARCH + GIVES_UP)
    await comes_back(wifi, air, wire, cold_target, ap)


@pytest.mark.parametrize("who", ["nobody", "gone", "another-network"])
@covers("wifi.roam.failure")
async def test_address_that_no_access_point_of_the_network_has(wifi, air, wire, cold_target, who):
    """ENOENT after the search; the link stands."""
    ap, other = await two(wifi, air, wire)
    stranger = air.access_point("another network", PASSPHRASE, channel=3, rssi=-20)
    bssids = {"nobody": bytes.fromhex("0200000000fe"), "gone": bssid_of(other), "another-network": bssid_of(stranger)}
    if who == "gone":
        other.disappear()
    await fails(wifi.roam(bssids[who]), errno.ENOENT, SEARCH)
    await stays(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("security", ["open", "wep", "wpa", "sae", "eap"])
@covers("wifi.roam.failure")
async def test_access_point_with_another_security_is_not_gone_to(wifi, air, wire, cold_target, security):
    """However strong it is: EPROTO after the search, and not a word to it."""
    ap = await linked(wifi, air, wire, channel=1)
    key = {} if security == "open" else {"password": PASSPHRASE, "security": security}
    other = air.access_point(ap.ssid, channel=11, rssi=-10, **key)
    error = await fails(wifi.roam(bssid_of(other)), errno.EPROTO, SEARCH)
    assert "security" in str(error)
    assert not [frame for frame in air.frames if frame.outgoing and frame.name == "AUTH" and frame.channel == 11]
    await stays(wifi, wire, cold_target, ap)


@pytest.mark.parametrize("which", REKEYS)
@pytest.mark.parametrize("lost", ["M1", "M3", "G1"])
@covers("wifi.roam.call", "wifi.rekey.pairwise", "wifi.rekey.group")
async def test_roam_in_the_middle_of_new_keys(bench, wifi, air, wire, cold_target, which, lost):
    """The other access point has its own; nothing of the old ones is used there."""
    ap, other = await two(wifi, air, wire)
    ap.drop(lost, count=None)
    REKEYS[which](ap)
    await asyncio.sleep(1 * MS)
    await wifi.roam(bssid_of(other))
    await stays(wifi, wire, cold_target, other)
    await hears_groups(bench, cold_target, wire)
    await asyncio.sleep(10 * SEC)
    await stays(wifi, wire, cold_target, other)


@pytest.mark.parametrize("how", ["deauth", "disassoc"])
@pytest.mark.parametrize("to", ["board", "everybody"])
@covers("wifi.roam.old-ap", "wifi.loss.strangers")
async def test_old_access_point_has_nothing_to_say_any_more(wifi, air, wire, cold_target, how, to):
    """Its deauthentication, though on the same channel, ends nothing."""
    ap, other = await two(wifi, air, wire, channel=1)
    await wifi.roam(bssid_of(other))
    getattr(ap, how)(mac=wire.board_mac if to == "board" else None)
    await asyncio.sleep(1 * SEC)
    await stays(wifi, wire, cold_target, other)


@covers("wifi.roam.old-ap", "wifi.loss.beacons")
async def test_old_access_point_is_not_missed(wifi, air, wire, cold_target):
    """It is the new one whose beacons count."""
    ap, other = await two(wifi, air, wire)
    await wifi.roam(bssid_of(other))
    ap.disappear()
    await air.expect_none(for_=60 * SEC)
    await stays(wifi, wire, cold_target, other)


@pytest.mark.parametrize("how", ["deauth", "disassoc"])
@covers("wifi.roam.lost", "wifi.reconnect", "timeout.exact")
async def test_old_access_point_ends_the_link_before_the_new_one_is_found(
    bench, wifi, air, wire, cold_target, tasks, how
):
    """ConnectionAbortedError at that instant; the network is joined again at once."""
    ap, other = await two(wifi, air, wire)
    roaming = tasks.start(wifi.roam(bssid_of(other)))
    # The search begins on the channel of the old one.
    await asyncio.sleep(20 * MS)
    ended = bench.now
    getattr(ap, how)()
    await fails(roaming, THROWN_OUT)
    assert bench.now - ended <= WORK
    await comes_back(wifi, air, wire, cold_target, ap)


@covers("wifi.roam.state", "wifi.unlink")
async def test_unlink_ends_a_roam(wifi, air, wire, cold_target, tasks):
    """At once, and with it the network."""
    ap, other = await two(wifi, air, wire)
    roaming = tasks.start(wifi.roam(bssid_of(other)))
    await asyncio.sleep(100 * MS)
    await wifi.unlink()
    await fails(roaming, errno.ENETDOWN, 100 * MS)
    assert await wifi.is_linked() is False
    await air.expect_none("ASSOC_REQ", for_=60 * SEC)
    assert not ap.stations and not other.stations
    await link(wifi, wire, ap)
    await echoes(cold_target, wire)


@covers("wifi.roam.state")
async def test_roam_without_a_link_is_refused(wifi, air, wire):
    """Before link(), after unlink(), and while the network is looked for: ENETDOWN, and not a word."""
    bssid = bytes.fromhex("020000000051")
    await fails(wifi.roam(bssid), errno.ENETDOWN, 0)
    ap = await linked(wifi, air, wire)
    ap.deauth()
    ap.disappear()
    await asyncio.sleep(WORK)
    await fails(wifi.roam(bssid), errno.ENETDOWN, 0)
    await wifi.unlink()
    await fails(wifi.roam(bssid), errno.ENETDOWN, 0)


@covers("wifi.roam.state", "wifi.scan.linked")
async def test_one_thing_at_a_time(wifi, air, wire, cold_target, tasks):
    """A roam while a scan is on, a scan or another roam while a roam is: EBUSY; what is on goes on."""
    _, other = await two(wifi, air, wire)
    scanning = tasks.start(wifi.scan(1300))
    await asyncio.sleep(10 * MS)
    await fails(wifi.roam(bssid_of(other)), errno.EBUSY, 0)
    assert len(await scanning) == 2
    roaming = tasks.start(wifi.roam(bssid_of(other)))
    await asyncio.sleep(10 * MS)
    await fails(wifi.scan(), errno.EBUSY, 0)
    await fails(wifi.roam(bssid_of(other)), errno.EBUSY, 0)
    assert await wifi.is_linked() is True
    await roaming
    await stays(wifi, wire, cold_target, other)


@covers("wifi.roam.call")
async def test_roam_to_where_it_is_associates_anew(wifi, air, wire, cold_target):
    """With keys of its own."""
    ap, _ = await two(wifi, air, wire)
    roaming = wifi.roam(bssid_of(ap))
    await roaming
    elapsed_is(roaming, SEARCH)
    await stays(wifi, wire, cold_target, ap)


@covers("wifi.roam.call", "wifi.reconnect", "wifi.join.strongest")
async def test_network_that_is_lost_after_a_roam_is_joined_where_it_is_strongest(wifi, air, wire, cold_target):
    """A roam is no promise to stay."""
    ap, other = await two(wifi, air, wire)
    await wifi.roam(bssid_of(other))
    other.deauth()
    await asyncio.sleep(WORK)
    await comes_back(wifi, air, wire, cold_target, ap)


@covers("wifi.roam.call", "wifi.roam.sockets")
async def test_many_roams_one_after_the_other(wifi, air, wire, cold_target):
    """Each like the first, and no memory is lost by them."""
    aps = await two(wifi, air, wire)
    await wifi.roam(bssid_of(aps[1]))
    free = (await cold_target.stats())["heap_free"]
    for number in range(10):
        roaming = wifi.roam(bssid_of(aps[number % 2]))
        await roaming
        elapsed_is(roaming, SEARCH)
    assert (await cold_target.stats())["heap_free"] == free
    await stays(wifi, wire, cold_target, aps[1])


@pytest.mark.parametrize("event", [JOIN, LINK], ids=["join", "link"])
@covers("wifi.roam.call", "wifi.driver.event-lost")
async def test_lost_event_of_a_roam_is_made_good(bench, wifi, air, wire, cold_target, event):
    """The radio is asked whom it is with."""
    _, other = await two(wifi, air, wire)
    arm(bench, EVENT_LOST, 1, event)
    roaming = wifi.roam(bssid_of(other))
    await roaming
    elapsed_is(roaming, SEARCH)
    await stays(wifi, wire, cold_target, other)


@covers("wifi.roam.failure", "wifi.driver.event-lost")
async def test_lost_event_of_a_refused_roam_is_no_success(bench, wifi, air, wire, cold_target):
    """EIO: what went wrong nobody knows, but not that nothing did."""
    ap, other = await two(wifi, air, wire)
    other.auth_status = 1
    arm(bench, EVENT_LOST, 1, JOIN)
    await fails(wifi.roam(bssid_of(other)), errno.EIO, SEARCH)
    await stays(wifi, wire, cold_target, ap)


@pytest.mark.parametrize(("fault", "after"), [(COMMAND_STUCK, COMMAND_LIMIT), (DIED, 0)], ids=["stuck", "died"])
@covers("wifi.roam.lost", "wifi.driver.command-stuck", "wifi.reconnect")
async def test_radio_that_fails_in_a_roam_is_set_up_anew(bench, wifi, air, wire, cold_target, fault, after):
    """EIO; the network is joined again."""
    ap, other = await two(wifi, air, wire)
    arm(bench, fault)
    await fails(wifi.roam(bssid_of(other)), errno.EIO if fault == COMMAND_STUCK else errno.ENETDOWN, after)
    await comes_back(wifi, air, wire, cold_target, ap)


@pytest.mark.parametrize(
    "arguments", [(), (None,), ("02:00:00:00:00:51",), (1,), ((2, 0, 0, 0, 0, 81),), (b"bssid!", 6)]
)
@covers("wifi.roam.arguments")
async def test_wrong_types_are_refused(wifi, air, arguments):
    """TypeError at once, linked or not; nothing is sent."""
    await raises_at_once(wifi.roam(*arguments), RemoteTypeError)
    await air.expect_none(for_=1 * SEC)


@pytest.mark.parametrize("bssid", ["", "0200000000", "02000000005151", "000000000000", "010000000051", "ffffffffffff"])
@covers("wifi.roam.arguments")
async def test_bytes_that_are_no_address_are_refused(wifi, air, wire, cold_target, bssid):
    """ValueError at once; nothing is sent, and the link stands."""
    ap = await linked(wifi, air, wire)
    await raises_at_once(wifi.roam(bytes.fromhex(bssid)), RemoteValueError)
    await air.expect_none(for_=1 * SEC)
    await stays(wifi, wire, cold_target, ap)
    assert (await wifi.link_info())[0] == DEVICE
