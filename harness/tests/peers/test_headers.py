# SPDX-License-Identifier: GPL-2.0-or-later
"""The codecs against Scapy, which shares no line with them: what we build it dissects, what it builds we parse."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw
from sockbench.peers import headers
from sockbench.peers.address import ip_bytes, ip_text, mac_bytes, mac_text
from sockbench.peers.checksum import checksum, is_valid, word_sum
from sockbench.peers.headers import PROTOCOL_TCP, PROTOCOL_UDP, pseudo_sum
from sockbench.peers.tcp.segment import (
    FLAG_LETTERS,
    Segment,
    build_options,
    build_segment,
    flag_text,
    parse_segment,
    parse_syn_options,
    wrong_checksum,
)

SEEDS = range(200)


def random_ip(random: Random, size: int = 4) -> bytes:
    return bytes([random.randrange(1, 223)]) + random.randbytes(size - 1)


def random_payload(random: Random) -> bytes:
    return random.randbytes(random.choice([0, 1, 2, 3, 7, 8, 535, 1459, 1460]))


def rebuilt(packet: Packet, *checksums: tuple[Any, str]) -> bytes:
    """Return `packet` as Scapy builds it with checksums of its own computation."""
    for layer, name in checksums:
        delattr(packet[layer], name)
    return bytes(packet)


def simple_checksum(data: bytes) -> int:
    """Return the checksum as RFC 1071 4.1 computes it, word by word."""
    if len(data) % 2:
        data += b"\0"
    total = sum(data[at] << 8 | data[at + 1] for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@pytest.mark.parametrize("seed", SEEDS)
def test_checksum_is_that_of_the_rfc(seed: int) -> None:
    random = Random(seed)
    data = random.choice([random.randbytes(random.randrange(0, 70)), bytes(random.randrange(9)), b"\xff" * 6])
    assert checksum(data) == simple_checksum(data)
    if len(data) % 2 == 0:
        assert is_valid(data + checksum(data).to_bytes(2, "big"))
        assert not is_valid(data + ((checksum(data) + 1) % 0xFFFF).to_bytes(2, "big"))


def test_checksum_goes_on_from_a_partial_sum() -> None:
    assert checksum(b"\x12\x34\x56\x78") == checksum(b"\x56\x78", word_sum(b"\x12\x34"))


@pytest.mark.parametrize("seed", SEEDS)
def test_ipv4_udp_built_here_is_what_scapy_reads(seed: int) -> None:
    random = Random(seed)
    source, destination, payload = random_ip(random), random_ip(random), random_payload(random)
    ports = random.getrandbits(16), random.getrandbits(16)
    data = headers.build_udp(source, destination, *ports, payload)
    packet = headers.build_ipv4(
        source, destination, PROTOCOL_UDP, data, identification=seed, ttl=9, options=bytes([1]) * (seed % 3 * 4)
    )
    read = IP(packet)
    assert (read.src, read.dst, read.id, read.ttl, read.proto) == (ip_text(source), ip_text(destination), seed, 9, 17)
    assert (read[UDP].sport, read[UDP].dport, bytes(read[UDP].payload)) == (*ports, payload)
    assert rebuilt(read.copy(), (IP, "chksum"), (UDP, "chksum")) == packet


@pytest.mark.parametrize("seed", SEEDS)
def test_ipv4_udp_built_by_scapy_is_read_here(seed: int) -> None:
    random = Random(seed)
    source, destination, payload = random_ip(random), random_ip(random), random_payload(random)
    packet = bytes(
        IP(src=ip_text(source), dst=ip_text(destination), id=seed, ttl=3, frag=seed, flags="MF" if seed % 2 else 0)
        / UDP(sport=seed, dport=7)
        / Raw(payload)
    )
    read = headers.parse_ipv4(packet + bytes(7))
    assert read is not None
    assert (read.source, read.destination, read.ttl, read.identification) == (source, destination, 3, seed)
    assert (read.fragment_offset, read.more_fragments) == (seed * 8, bool(seed % 2))
    if not seed:
        assert headers.parse_udp(read) == headers.Udp(seed, 7, payload)


@pytest.mark.parametrize("seed", SEEDS)
def test_tcp_built_here_is_what_scapy_reads(seed: int) -> None:
    random = Random(seed)
    source, destination = random_ip(random), random_ip(random)
    segment = Segment(
        random.getrandbits(16),
        random.getrandbits(16),
        random.getrandbits(32),
        random.getrandbits(32),
        random.getrandbits(8),
        random.getrandbits(16),
        random_payload(random),
        build_options(
            mss=random.choice([None, 536, 1460]),
            window_scale=random.choice([None, 7]),
            sack_permitted=random.random() < 0.5,
            timestamps=random.choice([None, (random.getrandbits(32), 5)]),
        ),
        random.getrandbits(16),
    )
    data = build_segment(segment, pseudo_sum(source, destination) + PROTOCOL_TCP)
    read = IP(headers.build_ipv4(source, destination, PROTOCOL_TCP, data))
    tcp = read[TCP]
    assert (tcp.sport, tcp.dport, tcp.seq, tcp.ack) == (
        segment.source_port,
        segment.destination_port,
        segment.seq,
        segment.ack,
    )
    assert (int(tcp.flags), tcp.window, tcp.urgptr) == (segment.flags, segment.window, segment.urgent)
    assert str(tcp.flags) == flag_text(segment.flags) and len(FLAG_LETTERS) == 8
    assert bytes(tcp.payload) == segment.payload
    assert rebuilt(read.copy(), (TCP, "chksum")) == bytes(read)
    options = dict(tcp.options)
    ours = parse_syn_options(segment.options)
    assert (options.get("MSS"), options.get("WScale")) == (ours.mss, ours.window_scale)
    assert ("SAckOK" in options, options.get("Timestamp")) == (ours.sack_permitted, ours.timestamps)


@pytest.mark.parametrize("seed", SEEDS)
def test_tcp_built_by_scapy_is_read_here(seed: int) -> None:
    random = Random(seed)
    source, destination, payload = random_ip(random), random_ip(random), random_payload(random)
    options = random.sample(
        [("MSS", 100 + seed), ("NOP", None), ("WScale", 3), ("SAckOK", b""), ("Timestamp", (seed, 9))],
        random.randrange(5),
    )
    packet = IP(src=ip_text(source), dst=ip_text(destination)) / TCP(
        sport=seed, dport=80, seq=random.getrandbits(32), ack=7, flags="PA", window=99, options=options
    )
    data = bytes(IP(bytes(packet / Raw(payload)))[TCP])
    segment = parse_segment(data, pseudo_sum(source, destination) + PROTOCOL_TCP)
    assert segment is not None
    assert (segment.source_port, segment.destination_port, segment.seq) == (seed, 80, packet[TCP].seq)
    assert (segment.ack, segment.window, flag_text(segment.flags), segment.payload) == (7, 99, "PA", payload)
    read = parse_syn_options(segment.options)
    asked = dict(options)
    assert (read.mss, read.window_scale, read.timestamps) == (
        asked.get("MSS"),
        asked.get("WScale"),
        asked.get("Timestamp"),
    )


@pytest.mark.parametrize("seed", range(20))
def test_icmp_arp_and_ipv6_agree_with_scapy(seed: int) -> None:
    random = Random(seed)
    payload = random_payload(random)
    message = headers.Icmp(random.choice([0, 8]), 0, random.getrandbits(32), payload)
    read = ICMP(headers.build_icmp(message))
    assert (read.type, read.id << 16 | read.seq, bytes(read.payload)) == (message.type, message.rest, payload)
    assert headers.parse_icmp(rebuilt(read, (ICMP, "chksum"))) == message

    arp = headers.Arp(2, random.randbytes(6), random_ip(random), random.randbytes(6), random_ip(random))
    theirs = ARP(headers.build_arp(arp))
    assert (theirs.op, theirs.hwsrc, theirs.psrc) == (2, mac_text(arp.sender_mac), ip_text(arp.sender_ip))
    assert (theirs.hwdst, theirs.pdst) == (mac_text(arp.target_mac), ip_text(arp.target_ip))
    assert headers.parse_arp(bytes(theirs)) == arp

    source, destination = b"\x20\x01" + random.randbytes(14), b"\xfe\x80" + random.randbytes(14)
    pseudo = pseudo_sum(source, destination) + headers.PROTOCOL_ICMPV6 + 8 + len(payload)
    echo = headers.build_icmp(headers.Icmp(128, 0, 5 << 16 | 6, payload), pseudo=pseudo)
    packet = headers.build_ipv6(source, destination, headers.PROTOCOL_ICMPV6, echo, hop_limit=255)
    six = IPv6(packet)
    assert (six.src, six.dst, six.hlim, six[ICMPv6EchoRequest].id) == (ip_text(source), ip_text(destination), 255, 5)
    assert rebuilt(six.copy(), (ICMPv6EchoRequest, "cksum")) == packet
    parsed = headers.parse_ipv6(packet)
    assert parsed is not None and headers.parse_icmp(parsed.payload, pseudo=pseudo) is not None


def test_ipv6_extension_headers_are_skipped() -> None:
    packet = bytes(
        IPv6(src="fe80::1", dst="fe80::2")
        / IPv6ExtHdrDestOpt()
        / IPv6ExtHdrFragment(offset=3, m=1, id=77, nh=17)
        / Raw(b"12345678")
    )
    read = headers.parse_ipv6(packet)
    assert read is not None
    assert (read.protocol, read.fragment_offset, read.more_fragments, read.identification) == (17, 24, True, 77)
    assert read.payload == b"12345678"


def test_frame_is_what_scapy_reads() -> None:
    frame = headers.build_ethernet(mac_bytes("02:00:00:00:00:01"), mac_bytes("02:00:00:00:00:02"), 0x0806, b"x" * 28)
    read = Ether(frame)
    assert (read.dst, read.src, read.type) == ("02:00:00:00:00:01", "02:00:00:00:00:02", 0x0806)


@pytest.mark.parametrize("cut", [0, 1, 7, 19])
def test_short_packets_are_none(cut: int) -> None:
    data = bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(b"abc"))
    assert headers.parse_ipv4(data[:cut]) is None
    assert headers.parse_ipv6(data[:cut]) is None
    assert headers.parse_arp(data[:cut]) is None
    assert headers.parse_icmp(data[: min(cut, 7)]) is None
    assert parse_segment(data[:cut], 0) is None


@pytest.mark.parametrize("at", [0, 2, 8, 10, 16])
def test_damaged_ipv4_header_is_none(at: int) -> None:
    data = bytearray(bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(b"abc")))
    assert headers.parse_ipv4(bytes(data)) is not None
    data[at] ^= 0x40
    assert headers.parse_ipv4(bytes(data)) is None


def test_wrong_checksums_are_none() -> None:
    source, destination = ip_bytes("10.0.0.1"), ip_bytes("10.0.0.2")
    good = headers.build_udp(source, destination, 1, 2, b"abc")
    bad = headers.build_udp(source, destination, 1, 2, b"abc", check=0x1234)
    none = headers.build_udp(source, destination, 1, 2, b"abc", check=0)
    read = [headers.parse_udp(headers.IpPacket(source, destination, 17, 64, data)) for data in (good, bad, none)]
    assert read == [headers.Udp(1, 2, b"abc"), None, headers.Udp(1, 2, b"abc")]

    pseudo = pseudo_sum(source, destination) + PROTOCOL_TCP
    segment = Segment(1, 2, 3, 4, 16, 5, b"abc")
    assert parse_segment(build_segment(segment, pseudo), pseudo) == segment
    segment.check = wrong_checksum(segment, pseudo)
    assert parse_segment(build_segment(segment, pseudo), pseudo) is None


@pytest.mark.parametrize(
    "options", [b"\x02", b"\x02\x00", b"\x02\x01", b"\x02\x09\x05", b"\x02\x03\x05", b"\x00\x02\x04\x05\xb4"]
)
def test_illegal_option_lengths_are_absent_options(options: bytes) -> None:
    assert parse_syn_options(options).mss is None


def test_too_many_options_are_refused() -> None:
    with pytest.raises(ValueError, match="44 bytes"):
        build_segment(Segment(1, 2, 3, 4, 16, 5, options=b"\x01" * 41), 0)
