"""The documented calls again, with an address that DHCP gave; and datagrams whose lengths contradict each other.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno

import pytest
from sockbench import MS, SEC, Faults, covers

from conformance.lifecycle.test_network import talk
from conformance.network.scenes import serve
from conformance.scenes import BLOCKING, DEVICE, blocked, bound_udp, datagram, echoes, ignore_refusals, times_out


async def leased(interface, wire, ip=DEVICE):
    """Bring the board up by DHCP."""
    server = serve(wire, ip)
    await interface.link()
    return server


@pytest.mark.parametrize("ip", [DEVICE, "10.0.0.50"])
@pytest.mark.parametrize("delay", [0, 10 * MS, 500 * MS], ids=["at-once", "10-ms", "500-ms"])
@covers("network.variations", "net.dhcp", "timeout.exact")
async def test_results_are_the_same_with_a_leased_address(cold_target, interface, wire, ip, delay):
    """A conversation by TCP and by datagrams."""
    await leased(interface, wire, ip)
    wire.faults.to_board = Faults(delay=delay)
    results = await talk(cold_target, wire)
    wanted = [3000, b"d" * 3000, (ip, 5000), (b"u" * 3000, (wire.peer.ip, 7000)), None, None]
    assert results == [*wanted, b"s" * 20_000, b"r" * 20_000, errno.ETIMEDOUT]


@pytest.mark.parametrize("timeout", [1, 100, 10_000])
@pytest.mark.parametrize("name", BLOCKING)
@covers("network.variations", "net.dhcp", "timeout.exact")
async def test_timeouts_are_the_same_with_a_leased_address(cold_target, interface, wire, name, timeout):
    """Every method that can wait; the timers of DHCP make no difference."""
    await leased(interface, wire)
    scene = await blocked(name, cold_target, wire)
    await scene.sock.settimeout(timeout)
    await times_out(scene.start(), timeout * MS)


@pytest.mark.parametrize(
    ("claimed", "delivered"),
    [(0, None), (7, None), (8, b""), (9, b"p"), (15, b"payload"), (16, None), (65_535, None)],
)
@covers("net.udp.length")
async def test_udp_length_counts(bench, target, wire, claimed, delivered):
    """A datagram that claims more than its packet holds is dropped; what is behind its length is none of it."""
    ignore_refusals(wire)
    sock = await bound_udp(target)
    wire.send(datagram(wire, b"payload", len=claimed, chksum=0))
    await bench.idle(for_=1 * MS)
    await sock.settimeout(0)
    if delivered is None:
        with pytest.raises(OSError) as caught:
            await sock.recvfrom(100)
        assert caught.value.errno == errno.EWOULDBLOCK
    else:
        assert await sock.recvfrom(100) == (delivered, (wire.peer.ip, 7000))
    await bench.idle(for_=1 * SEC)
    await echoes(target, wire)
