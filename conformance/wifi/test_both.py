"""Ethernet and wifi at the same time: which way a packet takes, and that losing one leaves the other alone.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio

import pytest
from scapy.layers.inet import UDP
from sockbench import MS, SEC, covers, elapsed_is

from conformance.network.scenes import MASK, NONE
from conformance.scenes import FAR_AWAY, bound_udp, connected_tcp, echoes
from conformance.wifi.scenes import link, linked, there_again

WIFI_GATEWAY, ETH_GATEWAY = "10.0.0.254", "10.1.0.254"
ETH_IP, ETH_PEER = "10.1.0.1", "10.1.0.2"


async def plugged(target, wire):
    """Plug the cable in, and link eth in a network of its own."""
    wire.cable = True
    wire.ignore(lambda frame: frame.arp is not None)
    await target.eth.set_link_info(ETH_IP, MASK, ETH_GATEWAY, NONE)
    await target.eth.link()


async def sender_of(wire, sock, ip, port=7000):
    """Return the Ethernet address from which a datagram to IP leaves the board."""
    await sock.sendto(b"which way?", (ip, port))
    frame = await wire.expect(UDP(dport=port), within=1 * SEC)
    return frame.eth.src


@pytest.mark.parametrize("first", ["eth", "wifi"])
@covers("wifi.both-interfaces")
async def test_each_network_is_reached_by_its_own_interface(wifi, air, wire, cold_target, first):
    """Whichever came up first; and what is far away goes by the one that came up last."""
    for ip in (WIFI_GATEWAY, ETH_GATEWAY, ETH_PEER):
        wire.host(ip=ip)
    if first == "eth":
        await plugged(cold_target, wire)
        await linked(wifi, air, wire)
    else:
        await linked(wifi, air, wire)
        await plugged(cold_target, wire)
    wire.peer.enabled = False
    sock = await bound_udp(cold_target)
    own = {"wifi": wire.board_mac, "eth": (await cold_target.eth.link_info())[4]}
    assert len(set(own.values())) == 2
    assert await sender_of(wire, sock, ETH_PEER) == own["eth"]
    wire.peer.enabled = True
    await echoes(cold_target, wire)
    last, before = ("wifi", "eth") if first == "eth" else ("eth", "wifi")
    assert await sender_of(wire, sock, FAR_AWAY) == own[last]
    await getattr(cold_target, last).unlink()
    assert await sender_of(wire, sock, FAR_AWAY) == own[before]


@covers("wifi.both-interfaces", "wifi.loss.sockets", "wifi.is-linked")
async def test_loss_of_the_radio_leaves_the_cable_alone(wifi, air, wire, cold_target, tasks):
    """Connections over eth go on without a hitch while the network of wifi is gone."""
    ap = await linked(wifi, air, wire)
    await plugged(cold_target, wire)
    host = wire.host(ip=ETH_PEER)
    listener = host.tcp.listen(80)
    sock = await cold_target.socket()
    await sock.connect((ETH_PEER, 80))
    conn = await listener.accept(within=1 * SEC)
    ap.disappear()
    await asyncio.sleep(5 * SEC)
    assert await wifi.is_linked() is False and await cold_target.eth.is_linked() is True
    conn.send(b"x" * 5000)
    receiving = sock.recv(5000)
    assert await receiving == b"x" * 5000
    elapsed_is(receiving, 0)
    await there_again(wifi, air, ap)
    await echoes(cold_target, wire)


@covers("wifi.both-interfaces", "wifi.unlink")
async def test_modules_do_not_touch_each_others_interface(wifi, air, wire, cold_target):
    """unlink() of one is not the other's."""
    ap = await linked(wifi, air, wire)
    await plugged(cold_target, wire)
    sock, conn = await connected_tcp(cold_target, wire)
    await cold_target.eth.unlink()
    assert await wifi.is_linked() is True
    conn.send(b"still here")
    assert await sock.recv(10) == b"still here"
    await plugged(cold_target, wire)
    await wifi.unlink()
    assert await cold_target.eth.is_linked() is True
    await link(wifi, wire, ap)
    await asyncio.sleep(1 * MS)
    await echoes(cold_target, wire)
