# SPDX-License-Identifier: GPL-2.0-or-later
"""Matching of frames: a Scapy packet stands for all frames in which the fields it sets are so.

Also `answer`, which makes the reply to a frame. Neither fills in anything that was not said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sockbench.frame import Frame
from sockbench.packets import ARP, ICMP, IP, TCP, UDP, Ether, IPv6, NoPayload, Packet

Predicate = Callable[[Frame], bool]
Pattern = Packet | Predicate

TCP_WINDOW = 8192


def matcher(pattern: Pattern | None) -> Predicate:
    """Return the predicate that a pattern stands for; None stands for every frame."""
    if pattern is None:
        return lambda frame: True
    if isinstance(pattern, Packet):
        return _packet_matcher(pattern)
    if callable(pattern):
        return pattern
    raise TypeError(f"a pattern is a Scapy packet or a predicate, not {pattern!r}")


def describe(pattern: Pattern | None) -> str:
    """Return a pattern as messages show it."""
    if pattern is None:
        return "any frame"
    if isinstance(pattern, Packet):
        return " / ".join(
            f"{type(layer).__name__}({', '.join(f'{name}={_shown(value)}' for name, value in layer.fields.items())})"
            for layer in _layers(pattern)
        )
    return f"a frame for which {getattr(pattern, '__qualname__', repr(pattern))} is true"


def answer(frame: Frame, **fields: Any) -> Any:
    """Return a packet that answers the frame: addresses and ports swapped, TCP acknowledging what came.

    A field goes to the topmost layer of the answer that has one of that name.
    """
    asked = frame.packet
    layers: list[Any] = [Ether(src=asked.dst, dst=asked.src)]
    if frame.arp is not None:
        arp = frame.arp
        layers.append(ARP(op=2, psrc=arp.pdst, pdst=arp.psrc, hwsrc=asked.dst, hwdst=arp.hwsrc))
    elif frame.ip is not None:
        layers.append(IP(src=frame.ip.dst, dst=frame.ip.src))
    elif frame.ipv6 is not None:
        layers.append(IPv6(src=frame.ipv6.dst, dst=frame.ipv6.src))
    else:
        raise ValueError(f"there is no answer to {frame!r}")
    if frame.tcp is not None:
        tcp = frame.tcp
        flags = str(tcp.flags)
        # RFC 9293 3.4: SYN and FIN take a sequence number each, as every byte does.
        occupied = len(frame.payload or b"") + ("S" in flags) + ("F" in flags)
        layers.append(
            TCP(
                sport=tcp.dport,
                dport=tcp.sport,
                seq=tcp.ack,
                ack=(tcp.seq + occupied) & 0xFFFFFFFF,
                flags="A",
                window=TCP_WINDOW,
            )
        )
    elif frame.udp is not None:
        layers.append(UDP(sport=frame.udp.dport, dport=frame.udp.sport))
    elif frame.icmp is not None:
        layers.append(ICMP(type=0, id=frame.icmp.id, seq=frame.icmp.seq))
    for name, value in fields.items():
        for layer in reversed(layers):
            if any(field.name == name for field in layer.fields_desc):
                layer.setfieldval(name, value)
                break
        else:
            raise TypeError(f"no layer of the answer has a field {name!r}")
    packet = layers[0]
    for layer in layers[1:]:
        packet = packet / layer
    return packet


def _layers(packet: Packet) -> list[Any]:
    found: list[Any] = []
    layer: Any = packet
    while not isinstance(layer, NoPayload):
        found.append(layer)
        layer = layer.payload
    return found


def packet_predicate(pattern: Packet) -> Callable[[Any], bool]:
    """Return the predicate on dissected packets that a pattern stands for."""
    wanted = [(type(layer), list(layer.fields.items())) for layer in _layers(pattern)]

    def matches(packet: Any) -> bool:
        below = packet
        for kind, fields in wanted:
            layer = below.getlayer(kind)
            if layer is None:
                return False
            for name, value in fields:
                if not _same(layer.getfieldval(name), value):
                    return False
            below = layer.payload if len(wanted) > 1 else layer
        return True

    return matches


def _packet_matcher(pattern: Packet) -> Predicate:
    kinds = [type(layer) for layer in _layers(pattern)]
    matches = packet_predicate(pattern)
    return lambda frame: all(frame.may_hold(kind) for kind in kinds) and matches(frame.packet)


def _same(seen: Any, wanted: Any) -> bool:
    if seen == wanted:
        return True
    # MAC and IPv6 addresses are the same in either case of letters.
    return isinstance(seen, str) and isinstance(wanted, str) and seen.lower() == wanted.lower()


def _shown(value: Any) -> str:
    return repr(str(value)) if type(value).__name__ == "FlagValue" else repr(value)
