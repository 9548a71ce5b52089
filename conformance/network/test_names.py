"""eth.gethostbyname.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest
from sockbench import MS, SEC, US, RemoteIOError, RemoteTypeError, RemoteValueError, covers, elapsed_is
from sockbench.peers import DnsReply, DnsServer
from sockbench.peers.dns import build_reply

from conformance.network.scenes import link_static, serve
from conformance.scenes import ignore_refusals, raises_at_once

NAME, IP = "host.example", "93.184.216.34"
# The board asks again on its ticks of one second, the 1st, 2nd and 4th after the question; the 7th ends it.
TICK = 1 * SEC
REPEATS = [1, 2, 4]
LAST = 7
WORK = 100 * US


async def with_server(interface, wire, **options):
    """Bring the board up with the peer as its name server, which knows one name."""
    await link_static(interface, wire, dns=wire.peer.ip)
    return DnsServer(wire.peer, {NAME: IP}, **options)


async def fails(call, number, kind=RemoteIOError):
    """Await CALL and return its error, which has to be an IOError with errno NUMBER."""
    with pytest.raises(kind) as caught:
        await call
    assert caught.value.errno == number
    return caught.value


@covers("net.gethostbyname")
async def test_name_is_resolved(interface, wire):
    """One question for its IPv4 address, to the server that was set."""
    server = await with_server(interface, wire)
    asking = interface.gethostbyname(NAME)
    assert await asking == IP
    elapsed_is(asking, 0)
    (query,) = server.queries
    assert (query.name, query.type, query.recursion_desired) == (NAME, 1, True)
    assert await interface.gethostbyname(hostname=NAME) == IP


@covers("net.gethostbyname", "net.dhcp")
async def test_server_comes_from_dhcp(interface, wire):
    """No setting is needed."""
    serve(wire)
    server = DnsServer(wire.peer, {NAME: IP})
    await interface.link()
    assert await interface.gethostbyname(NAME) == IP
    assert len(server.queries) == 1


@covers("net.gethostbyname.cache")
async def test_answer_is_kept_for_its_time_to_live(bench, interface, wire):
    """And asked for again when that is over, within a tick of a second."""
    server = await with_server(interface, wire, ttl=10)
    assert await interface.gethostbyname(NAME) == IP
    await bench.idle(for_=8900 * MS)
    server.records[NAME] = "10.9.9.9"
    assert await interface.gethostbyname(NAME) == IP
    assert len(server.queries) == 1
    await bench.idle(for_=1200 * MS)
    assert await interface.gethostbyname(NAME) == "10.9.9.9"
    assert len(server.queries) == 2


@covers("net.gethostbyname.cache")
async def test_answer_without_time_to_live_is_not_kept(interface, wire):
    """It is good for once (RFC 1035 3.2.1)."""
    server = await with_server(interface, wire, ttl=0)
    for count in (1, 2):
        assert await interface.gethostbyname(NAME) == IP
        assert len(server.queries) == count


@covers("net.gethostbyname.unknown")
async def test_unknown_name_is_an_ioerror_at_once(interface, wire):
    """ENOENT, which is no timeout; it is not kept, the next call asks again."""
    server = await with_server(interface, wire)
    for count in (1, 2):
        error = await fails(interface.gethostbyname("nobody.example"), errno.ENOENT)
        assert not isinstance(error, TimeoutError)
        elapsed_is(error, 0)
        assert len(server.queries) == count
    assert await interface.gethostbyname(NAME) == IP


@pytest.mark.parametrize("what", ["server-failure", "refused", "no-address"])
@covers("net.gethostbyname.unknown")
async def test_answer_without_an_address_is_an_ioerror(interface, wire, what):
    """Whatever the server's reason is, waiting longer would not help."""
    server = await with_server(interface, wire)
    rcode = {"server-failure": 2, "refused": 5, "no-address": 0}[what]
    server.edit = lambda reply: replace(reply, rcode=rcode, records=())
    error = await fails(interface.gethostbyname(NAME), errno.ENOENT)
    elapsed_is(error, 0)


@pytest.mark.parametrize("phase", [0, 1 * MS, 500 * MS, 998 * MS])
@covers("net.gethostbyname.timeout")
async def test_silent_server_is_asked_four_times_and_given_up(bench, interface, wire, phase):
    """TimeoutError on the seventh tick of a second; the ticks run since the first question."""
    server = await with_server(interface, wire)
    assert await interface.gethostbyname(NAME) == IP
    await bench.idle(for_=phase)
    first_tick = bench.now // TICK * TICK
    server.silent = True
    asking = interface.gethostbyname("late.example")
    error = await fails(asking, errno.ETIMEDOUT, TimeoutError)
    asked = [query.at for query in server.queries if query.name == "late.example"]
    assert len(asked) == 4
    assert asked[0] - asking.started_at <= WORK
    for at, repeat in zip(asked[1:], REPEATS, strict=True):
        assert 0 <= at - (first_tick + repeat * TICK) <= WORK
    assert 0 <= error.ended_at - (first_tick + LAST * TICK) <= WORK


@pytest.mark.parametrize("late", [500 * MS, 1500 * MS, 5900 * MS])
@covers("net.gethostbyname", "net.gethostbyname.timeout")
async def test_late_answer_counts_until_the_board_gives_up(bench, interface, wire, late):
    """It returns in the instant of the answer to its first question."""
    server = await with_server(interface, wire)
    ignore_refusals(wire)  # The answers to the questions it repeated come to a closed port.
    server.delay = late
    asking = interface.gethostbyname(NAME)
    assert await asking == IP
    assert 0 <= asking.elapsed - late <= 1 * MS
    await bench.idle(for_=10 * SEC)


@pytest.mark.parametrize("what", ["id", "name", "question"])
@covers("net.gethostbyname.strangers", "net.gethostbyname.timeout")
async def test_answer_to_another_question_is_ignored(interface, wire, what):
    """A forged answer neither ends the wait nor is believed."""
    server = await with_server(interface, wire)
    server.edit = {
        "id": lambda reply: replace(reply, id=reply.id ^ 0x100),
        "name": lambda reply: replace(reply, name="other.example"),
        "question": lambda reply: replace(reply, is_response=False),
    }[what]
    error = await fails(interface.gethostbyname(NAME), errno.ETIMEDOUT, TimeoutError)
    assert (LAST - 1) * SEC < error.elapsed <= LAST * SEC
    server.edit = None
    assert await interface.gethostbyname(NAME) == IP


@covers("net.gethostbyname.strangers")
async def test_answer_from_somebody_else_is_ignored(bench, interface, wire):
    """Only the server that was asked can answer."""
    await link_static(interface, wire, dns="10.0.0.3")
    other = wire.host("10.0.0.3")
    real = DnsServer(other, {NAME: IP})
    real.delay = 2 * SEC
    asking = interface.gethostbyname(NAME)
    await bench.idle(for_=1 * MS)
    (query,) = real.queries
    forged = build_reply(DnsReply(query.id, query.name, query.type, rcode=3))
    wire.peer.udp.bind(53).send(forged, to=query.source)
    assert await asking == IP
    assert 0 <= asking.elapsed - 2 * SEC <= 1 * MS


@covers("net.gethostbyname")
async def test_second_server_is_asked_when_the_first_is_silent(interface, wire):
    """After the first has been given up: seven ticks, and one of its own."""
    serve(wire, dns=("10.0.0.3", wire.peer.ip))
    first = DnsServer(wire.host("10.0.0.3"), {})
    first.silent = True
    DnsServer(wire.peer, {NAME: IP})
    await interface.link()
    asking = interface.gethostbyname(NAME)
    assert await asking == IP
    assert (LAST - 1) * SEC < asking.elapsed <= LAST * SEC + 1 * MS
    assert len(first.queries) == 4


@covers("net.gethostbyname.no-server")
async def test_without_a_server_it_is_an_ioerror_at_once(interface, wire):
    """Before link(), without the setting, and after unlink(); nothing is sent."""
    await raises_at_once(interface.gethostbyname(NAME), RemoteIOError, errno.EHOSTUNREACH)
    await link_static(interface, wire)
    await raises_at_once(interface.gethostbyname(NAME), RemoteIOError, errno.EHOSTUNREACH)
    await interface.unlink()
    await link_static(interface, wire, dns=wire.peer.ip)
    await interface.unlink()
    await raises_at_once(interface.gethostbyname(NAME), RemoteIOError, errno.EHOSTUNREACH)
    await wire.expect_none(for_=60 * SEC)


@covers("net.gethostbyname")
async def test_addresses_in_text_are_returned_without_asking(interface, wire):
    """Also without a network."""
    for ip in ("10.0.0.7", "255.255.255.255", "0.0.0.0"):
        asking = interface.gethostbyname(ip)
        assert await asking == ip
        elapsed_is(asking, 0)
    await wire.expect_none(for_=10 * SEC)


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, RemoteTypeError) for name in (None, 1, b"host", ("host",), bytearray(b"host"))]
    + [
        (name, RemoteValueError)
        for name in (
            "",
            ".",
            "host.",
            "a..b",
            "a b",
            "1.2.3",
            "1.2.3.256",
            "::1",
            "h\0",
            "hö",
            "x" * 64,
            "a." * 127 + "b",
        )
    ],
    ids=repr,
)
@covers("net.arguments", "net.gethostbyname")
async def test_what_is_no_name_is_refused(interface, wire, name, kind):
    """At once, and nobody is asked."""
    server = await with_server(interface, wire)
    await raises_at_once(interface.gethostbyname(name), kind)
    assert server.queries == []


@pytest.mark.parametrize("name", ["a", "x" * 63 + ".b", "a." * 126 + "b", "A-1_b.Example", "3com.example"])
@covers("net.gethostbyname")
async def test_every_name_can_be_asked_for(interface, wire, name):
    """Up to 63 characters in a label and 253 in all."""
    server = await with_server(interface, wire)
    server.records[name] = IP
    assert await interface.gethostbyname(name) == IP
    assert server.queries[0].name == name


@covers("net.gethostbyname")
async def test_threads_ask_side_by_side(interface, wire, tasks):
    """Four at once; each gets its own answer, whatever the order."""
    server = await with_server(interface, wire)
    server.records.update({f"h{number}.example": f"10.1.1.{number}" for number in range(4)})
    server.delay = 1 * MS
    asking = [tasks.start(interface.gethostbyname(f"h{number}.example")) for number in range(4)]
    assert [await call for call in asking] == [f"10.1.1.{number}" for number in range(4)]


@covers("net.gethostbyname.timeout", "net.unlink")
async def test_network_that_goes_away_meanwhile_is_a_timeout(bench, interface, wire, tasks):
    """The call ends when it would have asked again: there is no server any more."""
    server = await with_server(interface, wire)
    server.silent = True
    asking = tasks.start(interface.gethostbyname(NAME))
    await bench.idle(for_=500 * MS)
    await interface.unlink()
    error = await fails(asking, errno.ETIMEDOUT, TimeoutError)
    assert 500 * MS < error.elapsed <= 500 * MS + 1 * TICK
    assert error.ended_at % TICK <= WORK
