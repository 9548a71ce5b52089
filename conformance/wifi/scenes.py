"""The times that the datasheet gives, a board that is linked, and what becomes of a link() that fails.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest
from sockbench import MS, SEC, US, WIFI_OPEN, WIFI_WPA2, RemoteIOError, elapsed_is

from conformance.network.scenes import GATEWAY, JOIN, MASK, NONE, PASSPHRASE, SSID
from conformance.scenes import DEVICE, echoes

# docs/wifi-datasheet.md, section 5: the search of all channels, the phases of a join, and the whole of it.
SEARCH = JOIN
PHASE, TRIES = 200 * MS, 3
HANDSHAKE = 3 * SEC
LIMIT = 13 * SEC
# Section 7: seven beacons of 100 units of 1,024 us, then 150 ms of probing.
BEACON = 100 * 1024 * US
BEACONS_MISSED = 7
PROBES = (0, 50 * MS, 100 * MS)
PROBING = 150 * MS
# Section 6 of the access point's side, as hostapd repeats messages 1 and 3; then it deauthenticates.
REPEATS = (0, 100 * MS, 1100 * MS, 2100 * MS)
GIVES_UP = 3100 * MS
# docs/wifi.md: the driver joins again at once, and then so long after each attempt that failed.
PAUSES = tuple(seconds * SEC for seconds in (1, 2, 4, 8, 16, 30, 30))
# Between an event on the air and what the driver makes of it, at most.
WORK = 500 * US

NO_NETWORK, ANOTHER_SECURITY, WRONG_KEY = errno.ENOENT, errno.EPROTO, errno.EACCES
REFUSED, SILENCE, THROWN_OUT = errno.ECONNREFUSED, errno.ETIMEDOUT, errno.ECONNABORTED
CLASSES = {REFUSED: ConnectionRefusedError, SILENCE: TimeoutError, THROWN_OUT: ConnectionAbortedError}


def mac_of(wire: Any) -> bytes:
    """Return the board's address as the module tells it, 6 bytes."""
    return bytes.fromhex(wire.board_mac.replace(":", ""))


def network(ap: Any) -> tuple[Any, ...]:
    """Return what link() has to be told to join the access point."""
    return (ap.ssid, WIFI_OPEN) if ap.security.name == "open" else (ap.ssid, WIFI_WPA2, ap.password)


def make(air: Any, security: str = "wpa2", **options: Any) -> Any:
    """Return an access point of the network of these cases, open or with its passphrase."""
    return air.access_point(SSID, **({} if security == "open" else {"password": PASSPHRASE}), **options)


async def link(wifi: Any, wire: Any, ap: Any, *, ip: str = DEVICE, dns: str = NONE) -> Any:
    """Link the board to the access point with a static address, and return the call; ARP is accounted for."""
    wire.ignore(lambda frame: frame.arp is not None)
    await wifi.set_link_info(ip, MASK, GATEWAY, dns)
    linking = wifi.link(*network(ap))
    await linking
    return linking


async def linked(wifi: Any, air: Any, wire: Any, security: str = "wpa2", **options: Any) -> Any:
    """Return an access point that the board is linked to."""
    ap = make(air, security, **options)
    await link(wifi, wire, ap)
    return ap


async def there_again(wifi: Any, air: Any, ap: Any, *, within: int = 40 * SEC) -> None:
    """Let the access point be there, and wait until the board, which looks for it, is linked to it again."""
    ap.appear()
    if not await wifi.is_linked():
        # It may be in its handshake already; what it had before its loss is no sign of it.
        record = next(iter(ap.clients.values()), None)
        if record is None or record.authorized:
            await air.expect("ASSOC_REQ", within=within)
        await ap.joined(within=4 * SEC)
        await asyncio.sleep(WORK)
    assert await wifi.is_linked() is True


async def fails(call: Any, number: int, after: int | None = None) -> Any:
    """Await a call and return its IOError, which has to have that NUMBER, its class, and come AFTER so many ns."""
    with pytest.raises(RemoteIOError) as caught:
        await call
    error: Any = caught.value
    assert error.errno == number, f"{error!r}, wanted {errno.errorcode[number]}"
    kind = CLASSES.get(number)
    special = isinstance(error, (TimeoutError, ConnectionError))
    assert isinstance(error, kind) if kind is not None else not special, f"{error!r} has another class"
    if after is not None:
        elapsed_is(error, after)
    return error


async def works(wifi: Any, wire: Any, target: Any, ap: Any) -> None:
    """Assert that the board, whatever it went through, is down, links to the access point and exchanges data."""
    assert await wifi.is_linked() is False
    await link(wifi, wire, ap)
    assert await wifi.is_linked() is True
    await echoes(target, wire)
