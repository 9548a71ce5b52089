"""The controller misbehaves (docs/nic-datasheet.md, section 9); sockets must not notice more than they have to.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import MS, SEC, covers, needs

from conformance.network.scenes import LINK_TIMEOUT, link_static
from conformance.scenes import DEVICE, bound_udp, connected_tcp, echoes, times_out

LINK_DOWN, LINK_UP, LOST_INTERRUPT, TX_STUCK, TX_DMA, RX_DMA, RX_OVERRUN, RX_CHECKSUM, TX_CHECKSUM = range(1, 10)
COUNTERS = {"eth": "driver", "wifi": "wifi"}
NEGOTIATION_STALLS, MDIO_STUCK = 10, 11
LASTING = 0xFFFF_FFFF
OF_THE_FRAME, OF_THE_ENGINE = 0, 1


async def drivers_counters(target):
    """Return the counters of the driver under test."""
    return (await target.stats())[COUNTERS[target.interface]]


@pytest.mark.parametrize("times", [1, 2, 5])
@covers("driver.stuck-transmitter")
async def test_stuck_transmitter_is_restarted_and_loses_nothing(bench, target, wire, times):
    """A transmitter that hangs now and then costs no frame, because nobody above the driver would send it again."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    await echoes(target, wire)
    bench.inject(TX_STUCK, times)
    for number in range(times + 3):
        await sock.sendto(b"%d" % number, (wire.peer.ip, 7000))
        datagram = await far.recv(within=10 * MS)
        assert datagram.data == b"%d" % number


@covers("driver.stuck-transmitter", "tcp.sendall.everything")
async def test_stream_passes_a_transmitter_that_sticks_all_the_time(bench, target, wire):
    """Even a transmitter that needs a restart for every single frame carries a stream."""
    sock, conn = await connected_tcp(target, wire)
    content = bytes(range(256)) * 64
    bench.inject(TX_STUCK, 12)
    await sock.sendall(content)
    assert await conn.recv(len(content), within=60 * SEC) == content


@pytest.mark.parametrize("where", [OF_THE_FRAME, OF_THE_ENGINE], ids=["frame", "engine"])
@covers("driver.dma-error")
async def test_transmit_dma_error_costs_one_frame_at_most(bench, target, wire, where):
    """One unreadable buffer or descriptor may cost its own frame; the ones after it leave."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    await echoes(target, wire)
    bench.inject(TX_DMA, 1, where)
    for number in range(4):
        await sock.sendto(b"%d" % number, (wire.peer.ip, 7000))
    arrived = []
    for _ in range(3):
        arrived.append((await far.recv(within=1 * SEC)).data)
    assert arrived == [b"1", b"2", b"3"]


@pytest.mark.parametrize("where", [OF_THE_FRAME, OF_THE_ENGINE], ids=["frame", "engine"])
@covers("driver.dma-error")
async def test_receive_dma_error_costs_one_frame_at_most(bench, target, wire, where):
    """One unwritable buffer or descriptor may cost its own frame; the ones after it arrive."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    await echoes(target, wire)
    bench.inject(RX_DMA, 1, where)
    for number in range(4):
        far.send(b"%d" % number, to=(DEVICE, 5000))
        await bench.idle(for_=1 * MS)
    for number in range(1, 4):
        assert await sock.recvfrom(10) == (b"%d" % number, (wire.peer.ip, 7000))


@covers("driver.dma-error", "driver.burst")
async def test_many_dma_errors_leave_every_receive_buffer_in_place(bench, target, wire):
    """Each restart takes back what the controller held: a controller that errs now and then runs for years."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    await echoes(target, wire)
    for _ in range(20):
        bench.inject(RX_DMA, 1, OF_THE_ENGINE)
        far.send(b"lost", to=(DEVICE, 5000))
        await bench.idle(for_=1 * MS)
    for number in range(300):
        far.send(b"%d" % number, to=(DEVICE, 5000))
        await bench.idle(for_=1 * MS)
        assert (await sock.recvfrom(10))[0] == b"%d" % number
    assert (await drivers_counters(target))["rx_no_buffer"] == 0


@pytest.mark.parametrize("where", [OF_THE_FRAME, OF_THE_ENGINE], ids=["frame", "engine"])
@pytest.mark.parametrize("fault", [TX_DMA, RX_DMA], ids=["transmit", "receive"])
@covers("driver.dma-error", "tcp.recv.integrity")
async def test_stream_survives_dma_errors(bench, target, wire, fault, where):
    """A stream repairs what a DMA error cost: both ends get every byte once and in order."""
    sock, conn = await connected_tcp(target, wire)
    content = bytes(range(256)) * 40
    for round_number in range(3):
        bench.inject(fault, 1, where)
        conn.send(content)
        assert await sock.recv(len(content)) == content, round_number
        await sock.sendall(content)
        assert await conn.recv(len(content), within=600 * SEC) == content, round_number


@covers("driver.lost-interrupt")
async def test_frame_of_a_lost_interrupt_comes_with_the_next(bench, target, wire):
    """A lost interrupt delays a frame until the next event; it neither loses nor reorders it."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    await echoes(target, wire)
    await sock.settimeout(100)
    bench.inject(LOST_INTERRUPT, 1)
    far.send(b"first", to=(DEVICE, 5000))
    await times_out(sock.recvfrom(10), 100 * MS)
    far.send(b"second", to=(DEVICE, 5000))
    assert (await sock.recvfrom(10))[0] == b"first"
    assert (await sock.recvfrom(10))[0] == b"second"


@pytest.mark.parametrize("lost", [1, 3])
@covers("driver.overrun", "tcp.recv.integrity")
async def test_overrun_costs_only_the_frames_it_hit(bench, target, wire, lost):
    """Datagrams hit by an overrun are gone, later ones arrive, and a stream repairs itself."""
    sock = await bound_udp(target)
    far = wire.peer.udp.bind(7000)
    await echoes(target, wire)
    bench.inject(RX_OVERRUN, lost)
    for number in range(lost + 2):
        far.send(b"%d" % number, to=(DEVICE, 5000))
    assert (await sock.recvfrom(10))[0] == b"%d" % lost
    assert (await sock.recvfrom(10))[0] == b"%d" % (lost + 1)

    stream, conn = await connected_tcp(target, wire)
    content = bytes(range(256)) * 20
    bench.inject(RX_OVERRUN, lost)
    conn.send(content)
    assert await stream.recv(len(content)) == content


@covers("driver.checksum-status")
async def test_good_frames_called_bad_still_pass(bench, target, wire):
    """A controller that errs about checksums costs nothing: the stack looks again at what it calls bad."""
    bench.inject(RX_CHECKSUM, LASTING)
    await echoes(target, wire)
    sock, conn = await connected_tcp(target, wire)
    conn.send(b"good all the same")
    assert await sock.recv(17) == b"good all the same"


@covers("driver.checksum-status", "tcp.sendall.everything")
async def test_segments_with_a_wrong_checksum_are_sent_again(bench, target, wire):
    """What leaves with a wrong checksum is not accepted by the peer, and TCP repairs it."""
    sock, conn = await connected_tcp(target, wire)
    wire.ignore(lambda frame: frame.outgoing and frame.payload == b"in the end it arrives")
    bench.inject(TX_CHECKSUM, 1)
    await sock.sendall(b"in the end it arrives")
    assert await conn.recv(21, within=10 * SEC) == b"in the end it arrives"


@pytest.mark.parametrize("flaps", [1, 2, 10])
@needs("cable")
@covers("driver.link-flap", "network.link-loss")
async def test_link_that_flaps_leaves_the_driver_working(bench, target, wire, flaps):
    """However often the cable is pulled, once it is plugged in sockets work, old and new ones."""
    wire.ignore(lambda frame: frame.arp is not None)
    sock, conn = await connected_tcp(target, wire)
    for _ in range(flaps):
        bench.inject(LINK_DOWN)
        await bench.idle(for_=3 * MS)
        bench.inject(LINK_UP)
        await bench.idle(for_=100 * MS)
    await echoes(target, wire)
    conn.send(b"still connected")
    assert await sock.recv(15) == b"still connected"
    counters = await drivers_counters(target)
    assert counters["link_changes"] >= 2 * flaps, counters


@needs("cable")
@covers("driver.stuck-management")
async def test_access_to_the_phy_that_never_ends_is_repaired(bench, interface, target, wire):
    """A management interface that hangs as the network comes up must not cost the network, today and next time."""
    wire.ignore(lambda frame: frame.arp is not None)
    for port in (9100, 9101):
        await target.net_down()
        bench.inject(MDIO_STUCK)
        await link_static(interface, wire)
        await echoes(target, wire, port)
        await interface.unlink()


@needs("cable")
@covers("driver.stuck-management", "driver.link-flap", "network.link-loss")
async def test_access_to_the_phy_that_hangs_later_costs_no_link(bench, target, wire):
    """The cable comes back, and asking for it hangs: the network comes back all the same."""
    wire.ignore(lambda frame: frame.arp is not None)
    await echoes(target, wire)
    bench.inject(LINK_DOWN)
    await bench.idle(for_=3 * MS)
    bench.inject(MDIO_STUCK)
    bench.inject(LINK_UP)
    await bench.idle(for_=100 * MS)
    await echoes(target, wire, 9101)


@needs("cable")
@covers("driver.link-flap", "net.link.no-cable")
async def test_negotiation_that_stalls_is_as_no_cable(bench, interface, target, wire):
    """link() gives up in time, and the next one negotiates anew."""
    await target.net_down()
    await link_static(interface, wire)
    await interface.unlink()
    bench.inject(NEGOTIATION_STALLS, 2)  # one by the reset of the PHY, one by what the driver asks for
    await times_out(interface.link(), LINK_TIMEOUT)
    assert await interface.is_linked() is False
    await interface.link()
    await echoes(target, wire)
