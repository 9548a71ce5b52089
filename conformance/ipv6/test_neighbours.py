"""Neighbour discovery: who is asked, how often, and what becomes of what waits for the answer.

The stack's timer of neighbour discovery runs once a second (nd6.h, ND6_TMR_INTERVAL): the first solicitation leaves at
once, the second with the next turn of that timer, each further one a second later.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from scapy.layers.inet import TCP, UDP
from sockbench import AF_INET6, MS, SEC, RemoteTimeoutError, covers

from conformance.ipv6.link import (
    BOARD_GLOBAL,
    BOARD_LOCAL,
    NEIGHBOUR_ADVERTISEMENT,
    NEIGHBOUR_SOLICITATION,
    NOBODY_GLOBAL,
    NOBODY_LOCAL,
    PEER_GLOBAL,
    PEER_LOCAL,
    globally,
    icmp6_type,
    solicitations,
    udp6,
    up6,
)
from conformance.scenes import BOARD, times_out

# The link-local address of the host that has PEER_GLOBAL.
OTHER_LOCAL = "fe80::ff:fe00:3"


def is_solicitation(frame):
    """Return whether FRAME asks for a neighbour."""
    return icmp6_type(frame) == NEIGHBOUR_SOLICITATION


@pytest.mark.parametrize(
    ("address", "own"),
    [(OTHER_LOCAL, BOARD_LOCAL), (PEER_GLOBAL, BOARD_GLOBAL)],
    ids=["link-local", "global"],
)
@covers("ipv6.neighbours")
async def test_neighbour_is_asked_for_before_the_first_packet(cold_target, wire, address, own):
    """To the group of the address, with our own MAC address in it; the datagram follows, and nobody asks again."""
    far = (await globally(cold_target, wire)).udp.bind(7000)
    sock = await udp6(cold_target)
    for _ in range(3):
        await sock.sendto(b"x", (address, 7000))
        await far.recv(within=1 * SEC)
    (asked,) = solicitations(wire, address)
    group = "ff02::1:ff00:3"
    assert (asked.ipv6.src, asked.ipv6.dst, asked.ipv6.hlim) == (own, group, 255)
    assert asked.eth.dst == "33:33:ff:00:00:03"
    assert asked.data[78:86] == bytes.fromhex("0101020000000001")


@pytest.mark.parametrize("phase", [0, 1, 250, 500, 900])
@pytest.mark.parametrize("address", [NOBODY_LOCAL, NOBODY_GLOBAL], ids=["link-local", "global"])
@covers("ipv6.neighbours", "udp.sendto.unreachable")
async def test_silent_neighbour_is_asked_three_times(cold_target, wire, address, phase):
    """RFC 4861 7.2.2: three questions at most. Datagrams get lost; sending them is no error."""
    await globally(cold_target, wire)
    wire.ignore(is_solicitation)
    sock = await udp6(cold_target)
    await asyncio.sleep(phase * MS)
    assert await sock.sendto(b"x", (address, 7000)) == 1
    await asyncio.sleep(60 * SEC)
    times = [frame.at for frame in solicitations(wire, address)]
    assert len(times) == 3
    assert 0 < times[1] - times[0] <= 1001 * MS
    assert abs(times[2] - times[1] - 1 * SEC) <= 1 * MS
    assert not any(frame.udp is not None for frame in wire.frames)


@pytest.mark.parametrize("question", [1, 2, 3])
@covers("ipv6.neighbours")
async def test_any_of_the_three_questions_may_be_answered(cold_target, wire, question):
    """A lost frame must not cost the datagram: it waits for the answer and then leaves, once."""
    await up6(cold_target, wire)
    far = wire.peer.udp.bind(7000)
    wire.peer.nd.enabled = False
    sock = await udp6(cold_target)
    await sock.sendto(b"waits", (PEER_LOCAL, 7000))
    for _ in range(question):
        await wire.expect(is_solicitation, within=1100 * MS)
    assert not any(frame.udp is not None for frame in wire.frames)
    wire.peer.nd.advertise(target=PEER_LOCAL, to=BOARD_LOCAL, solicited=True)
    assert (await far.recv(within=10 * MS)).data == b"waits"
    await wire.expect_none(for_=4 * SEC)


@covers("ipv6.neighbours")
async def test_unanswered_neighbour_is_asked_again_by_the_next_packet(cold_target, wire):
    """A host that was off may be on now: giving up is for the packet that waited, not for ever."""
    await up6(cold_target, wire)
    wire.ignore(is_solicitation)
    wire.peer.nd.enabled = False
    far = wire.peer.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"lost", (PEER_LOCAL, 7000))
    await asyncio.sleep(10 * SEC)
    wire.peer.nd.enabled = True
    await sock.sendto(b"found", (PEER_LOCAL, 7000))
    assert (await far.recv(within=10 * MS)).data == b"found"
    assert len(solicitations(wire, PEER_LOCAL)) == 4


@covers("ipv6.neighbours")
async def test_all_that_waits_for_a_neighbour_is_sent(cold_target, wire):
    """Five datagrams and a fragmented one: none is lost to the resolution, and the order stays."""
    await up6(cold_target, wire)
    wire.peer.nd.delay = 500 * MS
    wire.ignore(is_solicitation)
    far = wire.peer.udp.bind(7000)
    sock = await udp6(cold_target)
    sent = [b"%d" % number for number in range(5)] + [b"f" * 4000]
    for data in sent:
        await sock.sendto(data, (PEER_LOCAL, 7000))
    assert [(await far.recv(within=1 * SEC)).data for _ in sent] == sent


@covers("ipv6.neighbours")
async def test_advertisement_with_override_moves_the_neighbour(cold_target, wire):
    """RFC 4861 7.2.5: a host with a new network card says so; what is sent next goes there."""
    await up6(cold_target, wire)
    far = wire.peer.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"x", (PEER_LOCAL, 7000))
    await far.recv(within=1 * SEC)
    wire.peer.nd.advertise(target=PEER_LOCAL, mac="02:00:00:00:00:99", override=True)
    await asyncio.sleep(10 * MS)
    await sock.sendto(b"y", (PEER_LOCAL, 7000))
    assert (await wire.expect(UDP(), within=1 * SEC)).eth.dst == "02:00:00:00:00:99"


@covers("ipv6.neighbours")
async def test_advertisement_that_nobody_asked_for_makes_no_neighbour(cold_target, wire):
    """RFC 4861 7.2.5: it is discarded; else anybody could fill the table. The first packet asks."""
    await up6(cold_target, wire)
    wire.peer.nd.advertise(target=PEER_LOCAL)
    await asyncio.sleep(10 * MS)
    far = wire.peer.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"x", (PEER_LOCAL, 7000))
    assert (await far.recv(within=1 * SEC)).data == b"x"
    assert len(solicitations(wire, PEER_LOCAL)) == 1


@pytest.mark.parametrize("address", [BOARD_LOCAL, BOARD_GLOBAL], ids=["link-local", "global"])
@covers("ipv6.neighbours")
async def test_board_answers_for_its_addresses(cold_target, wire, address):
    """Nobody can reach a board that does not say where it is."""
    host = await globally(cold_target, wire)
    assert await host.nd.resolve(address, within=10 * MS) == BOARD
    answer = [frame for frame in wire.frames if frame.outgoing and icmp6_type(frame) == NEIGHBOUR_ADVERTISEMENT][-1]
    assert answer.ipv6.hlim == 255 and answer.data[58] & 0x60 == 0x60  # solicited and override


@pytest.mark.parametrize("address", [NOBODY_LOCAL, NOBODY_GLOBAL, PEER_LOCAL])
@covers("ipv6.neighbours")
async def test_board_does_not_answer_for_others(cold_target, wire, address):
    """Else it would take their packets from them."""
    host = await globally(cold_target, wire)
    host.nd.solicit(address, to="ff02::1:ff00:1")
    await wire.expect_none(lambda frame: icmp6_type(frame) == NEIGHBOUR_ADVERTISEMENT, for_=5 * SEC)


@pytest.mark.parametrize("timeout", [1, 500, 2500, 4000, 10_000])
@covers("ipv6.neighbours", "tcp.connect.timeout", "timeout.exact")
async def test_timeout_of_connect_is_exact_while_nobody_answers(cold_target, wire, timeout):
    """The wait for the neighbour is part of the call."""
    await up6(cold_target, wire)
    wire.ignore(is_solicitation)
    sock = await cold_target.socket(AF_INET6)
    await sock.settimeout(timeout)
    await times_out(sock.connect((NOBODY_LOCAL, 80)), timeout * MS)
    assert not any(frame.tcp is not None for frame in wire.frames)


@covers("ipv6.neighbours", "tcp.connect.gives-up")
async def test_connect_to_nobody_ends_at_the_limit_of_the_stack(cold_target, wire):
    """TCP gives up, whoever is silent; half a second later than at 18.25 s, because a SYN that waits is not repeated.

    lwIP does not send a segment again whose packet still waits for its neighbour (tcp_output_segment_busy).
    """
    await up6(cold_target, wire)
    wire.ignore(is_solicitation)
    sock = await cold_target.socket(AF_INET6)
    with pytest.raises(RemoteTimeoutError) as caught:
        await sock.connect((NOBODY_LOCAL, 80))
    assert abs(caught.value.elapsed - 18_750 * MS) <= 2 * MS


@covers("ipv6.neighbours")
async def test_neighbour_that_left_is_asked_and_forgotten(cold_target, wire):
    """RFC 4861 7.3: a neighbour that was not heard of for a while is asked by itself, then by the group again."""
    await up6(cold_target, wire)
    far = wire.peer.udp.bind(7000)
    sock = await udp6(cold_target)
    await sock.sendto(b"x", (PEER_LOCAL, 7000))
    await far.recv(within=1 * SEC)
    await asyncio.sleep(60 * SEC)
    wire.peer.enabled = False
    wire.ignore(lambda frame: frame.udp is not None or is_solicitation(frame))
    before = len(wire.frames)
    await sock.sendto(b"y", (PEER_LOCAL, 7000))
    await asyncio.sleep(30 * SEC)
    probes = [frame for frame in wire.frames[before:] if frame.outgoing and is_solicitation(frame)]
    assert len(probes) == 3 and {frame.ipv6.dst for frame in probes} == {PEER_LOCAL}
    assert probes[0].at - wire.frames[before].at >= 4 * SEC  # DELAY_FIRST_PROBE_TIME is 5 s, less one turn
    await sock.sendto(b"z", (PEER_LOCAL, 7000))
    await asyncio.sleep(1 * MS)
    assert wire.frames[-1].ipv6.dst == "ff02::1:ff00:2"


@covers("ipv6.neighbours", "ipv6.stream")
async def test_more_neighbours_than_the_table_holds(cold_target, wire):
    """Ten places for twelve neighbours: the oldest give way, every datagram arrives."""
    await up6(cold_target, wire)
    sock = await udp6(cold_target)
    hosts = [wire.host(ip=f"10.0.0.{number}") for number in range(20, 32)]
    ends = [host.udp.bind(7000) for host in hosts]
    for _ in range(2):
        for host, far in zip(hosts, ends, strict=True):
            await sock.sendto(host.ip.encode(), (host.link_local, 7000))
            assert (await far.recv(within=2 * SEC)).data == host.ip.encode()


@covers("ipv6.neighbours", "ipv6.stream")
async def test_syn_that_waited_for_its_neighbour_connects(cold_target, wire, tasks):
    """The first SYN is not lost to the resolution: the connection is there as soon as the neighbour is."""
    await up6(cold_target, wire)
    wire.peer.nd.delay = 700 * MS
    wire.ignore(is_solicitation)
    listener = wire.peer.tcp.listen(80)
    sock = await cold_target.socket(AF_INET6)
    connecting = sock.connect((PEER_LOCAL, 80))
    assert await connecting is None
    assert 700 * MS <= connecting.elapsed <= 702 * MS
    await listener.accept(within=1 * SEC)
    assert len([frame for frame in wire.frames if frame.tcp is not None and frame.tcp.flags == "S"]) == 1
    await wire.expect_none(TCP(), for_=10 * SEC)
