"""The NIC misbehaves (docs/wifi-datasheet.md, section 12); programs must not notice more than they have to.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from sockbench import HOUR, MS, SEC, WIFI_WPA2, covers, elapsed_is

from conformance.network.scenes import GATEWAY, MASK, NONE, PASSPHRASE, SSID
from conformance.scenes import DEVICE, connected_tcp, echoes
from conformance.wifi.scenes import PHASE, REPEATS, SEARCH, WORK, link, linked, make, there_again, works

PORT = 1
RADIO_OFF, RADIO_ON = 1, 2
LOST_INTERRUPT, COMMAND_STUCK, EVENT_LOST, EVENT_DMA, DIED, DEAF = range(20, 26)
# Types of events: emulated_nic/regs/wifi.h.
SCAN_RESULT, SCAN_DONE, AUTH, ASSOC, JOIN, LINK, DEAUTH, DISASSOC, BEACON_LOST = range(1, 10)
# How long the driver waits for the end of a command, which takes 20 us.
COMMAND_LIMIT = 100 * MS


def arm(bench, fault, count=1, argument=0):
    """Arm a fault of the wifi NIC."""
    bench.inject(fault, count, argument, port=PORT)


@pytest.mark.parametrize("times", [1, 2, 5])
@covers("wifi.driver.lost-interrupt", "wifi.link")
async def test_lost_interrupts_do_not_lose_a_join(bench, wifi, air, wire, cold_target, times):
    """Whatever they were for is found; at the latest when its time is up."""
    ap = make(air)
    arm(bench, LOST_INTERRUPT, times)
    linking = await link(wifi, wire, ap)
    assert SEARCH <= linking.elapsed <= SEARCH + 20 * SEC
    await echoes(cold_target, wire)


@covers("wifi.driver.lost-interrupt", "wifi.rssi")
async def test_lost_interrupt_of_a_command_is_found_out_at_its_limit(bench, wifi, air, wire):
    """No event comes to the rescue of a command that only asks."""
    ap = await linked(wifi, air, wire)
    arm(bench, LOST_INTERRUPT)
    asking = wifi.rssi()
    assert await asking == ap.rssi
    elapsed_is(asking, COMMAND_LIMIT)
    again = wifi.rssi()
    assert await again == ap.rssi
    elapsed_is(again, 0)


@covers("wifi.driver.lost-interrupt", "wifi.loss.deauthentication")
async def test_lost_interrupt_of_a_loss_is_found_out(bench, wifi, air, wire, cold_target):
    """By the next event at the latest."""
    ap = await linked(wifi, air, wire)
    arm(bench, LOST_INTERRUPT)
    ap.deauth()
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@covers("wifi.driver.command-stuck", "wifi.link")
async def test_stuck_command_costs_its_limit(bench, wifi, air, wire, cold_target):
    """The radio is reset and told again."""
    ap = make(air)
    arm(bench, COMMAND_STUCK)
    elapsed_is(await link(wifi, wire, ap), COMMAND_LIMIT + SEARCH)
    await echoes(cold_target, wire)


@pytest.mark.parametrize("function", ["scan", "rssi"])
@covers("wifi.driver.command-stuck", "wifi.reconnect", "wifi.loss.sockets")
async def test_stuck_command_of_a_linked_board_is_survived(bench, wifi, air, wire, cold_target, function):
    """The network is joined again, and a connection goes on."""
    ap = await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    arm(bench, COMMAND_STUCK)
    with pytest.raises(OSError):
        await getattr(wifi, function)()
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)
    conn.send(b"still here")
    assert await sock.recv(10) == b"still here"


@covers("wifi.driver.command-stuck", "wifi.unlink")
async def test_unlink_with_a_stuck_command_leaves_all_the_same(bench, wifi, air, wire, cold_target):
    """The reset leaves the network; the access point finds out in its own time."""
    ap = await linked(wifi, air, wire)
    arm(bench, COMMAND_STUCK)
    assert await wifi.unlink() is None
    await air.expect_none(for_=1 * HOUR)
    ap.restart()
    await works(wifi, wire, cold_target, ap)


# What is lost: an event of a type, or the next one that there is, whose entry cannot be written.
NEXT = 0


@pytest.mark.parametrize(
    ("fault", "event"),
    [(EVENT_LOST, AUTH), (EVENT_LOST, ASSOC), (EVENT_LOST, JOIN), (EVENT_LOST, LINK), (EVENT_DMA, NEXT)],
    ids=["auth", "assoc", "join", "link", "dma-error"],
)
@covers("wifi.driver.event-lost", "wifi.link")
async def test_lost_event_of_a_join_is_made_good(bench, wifi, air, wire, cold_target, fault, event):
    """The state of the radio tells what it must have been."""
    ap = make(air)
    arm(bench, fault, 1, event)
    elapsed_is(await link(wifi, wire, ap), SEARCH)
    assert await wifi.is_linked() is True
    await echoes(cold_target, wire)


@pytest.mark.parametrize(
    ("fault", "events"),
    [(EVENT_LOST, (LINK,)), (EVENT_LOST, (DEAUTH,)), (EVENT_LOST, (DEAUTH, LINK)), (EVENT_DMA, (NEXT,))],
    ids=["link", "deauth", "both", "dma-error"],
)
@covers("wifi.driver.event-lost", "wifi.loss.deauthentication", "wifi.reconnect")
async def test_lost_event_of_a_loss_is_made_good(bench, wifi, air, wire, cold_target, fault, events):
    """The board does not believe in a link for ever that is gone."""
    ap = await linked(wifi, air, wire)
    for event in events:
        arm(bench, fault, 1, event)
    ap.deauth()
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@pytest.mark.parametrize(
    ("fault", "event"),
    [(EVENT_LOST, SCAN_RESULT), (EVENT_LOST, SCAN_DONE), (EVENT_DMA, NEXT)],
    ids=["result", "done", "dma-error"],
)
@covers("wifi.driver.event-lost", "wifi.scan")
async def test_lost_event_of_a_scan_ends_it_all_the_same(bench, wifi, air, fault, event):
    """A network may be missing from it; the next one has it."""
    make(air)
    arm(bench, fault, 1, event)
    scanning = wifi.scan()
    assert len(await scanning) == (1 if event == SCAN_DONE else 0)
    assert scanning.elapsed <= 7 * SEC
    assert len(await wifi.scan()) == 1


@pytest.mark.parametrize("after", [100 * MS, SEARCH + 1 * MS], ids=["search", "handshake"])
@covers("wifi.driver.processor-died", "wifi.link")
async def test_processor_that_dies_in_a_join_costs_a_new_one(bench, wifi, air, wire, cold_target, tasks, after):
    """link() does not fail by it."""
    ap = make(air)
    if after > SEARCH:
        ap.delay("M1", by=50 * MS, count=1)
    await wifi.set_link_info(DEVICE, MASK, GATEWAY, NONE)
    wire.ignore(lambda frame: frame.arp is not None)
    linking = tasks.start(wifi.link(SSID, WIFI_WPA2, PASSPHRASE))
    await asyncio.sleep(after)
    arm(bench, DIED)
    assert await linking is None
    assert abs(linking.elapsed - after - SEARCH) <= 1 * MS
    await echoes(cold_target, wire)


@covers("wifi.driver.processor-died", "wifi.reconnect", "wifi.loss.sockets")
async def test_processor_that_dies_costs_the_link_and_nothing_else(bench, wifi, air, wire, cold_target):
    """The radio is reset, the network joined again at once, and a connection goes on."""
    ap = await linked(wifi, air, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    arm(bench, DIED)
    await asyncio.sleep(WORK)
    assert await wifi.is_linked() is False
    await asyncio.sleep(SEARCH + 2 * WORK)
    assert await wifi.is_linked() is True
    conn.send(b"still here")
    assert await sock.recv(10) == b"still here"
    assert wire.board_mac in ap.stations


@pytest.mark.parametrize("times", [2, 5])
@covers("wifi.driver.processor-died")
async def test_processor_that_dies_again_and_again_is_revived(bench, wifi, air, wire, cold_target, times):
    """Each time like the first."""
    ap = await linked(wifi, air, wire)
    for _ in range(times):
        arm(bench, DIED)
        await bench.idle(for_=5 * SEC)
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@covers("wifi.driver.processor-died", "wifi.unlink")
async def test_dead_processor_and_unlink(bench, wifi, air, wire, cold_target):
    """Both at the same instant: down is down."""
    ap = await linked(wifi, air, wire)
    arm(bench, DIED)
    assert await wifi.unlink() is None
    await air.expect_none(for_=1 * HOUR)
    ap.restart()
    await works(wifi, wire, cold_target, ap)


# Frame control, first byte: type and subtype (802.11-2020 table 9-1), and what its loss costs.
UNHEARD = {
    "probe-response": (0x50, None),
    "authentication": (0xB0, SEARCH + PHASE),
    "association-response": (0x10, None),
    "data": (0x08, SEARCH + REPEATS[1]),
}


@pytest.mark.parametrize("what", UNHEARD)
@covers("wifi.driver.deaf", "wifi.join.lost-attempt")
async def test_frame_that_was_not_heard_is_made_good(bench, wifi, air, wire, cold_target, what):
    """By whoever repeats it."""
    control, after = UNHEARD[what]
    ap = make(air)
    arm(bench, DEAF, 1, control)
    linking = await link(wifi, wire, ap)
    if after is not None:
        elapsed_is(linking, after)
    await echoes(cold_target, wire)


@covers("wifi.driver.deaf", "wifi.loss.beacons", "wifi.reconnect")
async def test_radio_that_is_off_for_a_while_loses_the_link_and_finds_it_again(bench, wifi, air, wire, cold_target):
    """A deaf board hears no beacon; when it hears again it joins again."""
    ap = await linked(wifi, air, wire)
    arm(bench, RADIO_OFF)
    await bench.idle(for_=3 * SEC)
    assert await wifi.is_linked() is False
    arm(bench, RADIO_ON)
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@covers("wifi.driver.event-lost", "wifi.scan")
async def test_events_that_find_no_room_leave_the_driver_working(bench, wifi, air, wire, cold_target):
    """Some networks of a crowded channel are missing from the scan; no call hangs, and the next one has all."""
    ap = make(air)
    for number in range(40):
        air.access_point(f"net {number}", channel=1)
    arm(bench, EVENT_LOST, 15, SCAN_RESULT)
    assert len(await wifi.scan()) == 26
    assert len(await wifi.scan()) == 41
    await works(wifi, wire, cold_target, ap)
