# SPDX-License-Identifier: GPL-2.0-or-later
"""An access point of the harness (IEEE 802.11-2020 clauses 9, 11 and 12), and what it does when told to.

Here are its public controls and its beacons; what it answers to management frames is in `manners`,
its data path in `delivery`, its handshakes in `authenticator`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Protocol

from sockbench.air import beacons, ccmp, eapol, frames, keys
from sockbench.air.authenticator import Authenticator
from sockbench.air.beaconing import Beaconing
from sockbench.air.client import ASSOCIATED, AUTHORIZED, GONE, Client
from sockbench.air.delivery import Delivery
from sockbench.air.frame import AirFrame
from sockbench.air.group import GroupKeys
from sockbench.air.manners import SILENCES, Manners
from sockbench.air.medium import CHANNELS, Declaration, Medium
from sockbench.air.profiles import INACTIVITY, LEAVING, LEFT_BSS, Profile
from sockbench.air.rsn import SECURITIES, Security
from sockbench.air.speaker import Speaker
from sockbench.peers.address import mac_bytes, mac_text
from sockbench.peers.waiting import Timer, Waiters


class Network(Protocol):
    """What an access point needs of the air and of the wire behind it."""

    def declare_as(self, declaration: Declaration) -> None:
        """Replace what that BSSID declared before."""

    def withdraw(self, bssid: str) -> None:
        """Let that BSSID send no more beacons."""

    def arrived(self, ap: AccessPoint, client: Client) -> None:
        """Take note that data may pass to and from a station."""

    def left(self, ap: AccessPoint, client: Client) -> None:
        """Take note that a station has gone."""

    def moved(self, ap: AccessPoint, address: bytes) -> None:
        """Let the network's other access points forget a station."""

    def from_air(self, ap: AccessPoint, client: Client, frame: bytes) -> None:
        """Take an Ethernet frame of a station."""


class AccessPoint(Speaker):
    """One BSS. Made by `air.access_point`."""

    def __init__(
        self, network: Network, medium: Medium, loop: asyncio.AbstractEventLoop, *, ssid: str | bytes, bssid: str,
        security: Security, password: str | bytes | None = None, psk: bytes | None = None, channel: int, rssi: int,
        beacon_tu: int, hidden: bool, max_stations: int | None, deny: tuple[str, ...], profile: Profile, seed: int,
    ) -> None:  # fmt: skip
        super().__init__(medium, loop, channel=channel, rssi=rssi, silences=SILENCES)
        self.network = network
        self.ssid = ssid_bytes(ssid)
        self.bssid = mac_text(mac_bytes(bssid))
        self.address = mac_bytes(bssid)
        self.security = security
        self.hidden = hidden
        self.beacon_tu = beacon_tu
        self.max_stations = max_stations
        self.deny = set(deny)
        self.profile = profile
        self.auth_status = 0
        self.assoc_status = 0
        # A station that is not heard for so long is sent away; None: it may be silent for ever.
        self.inactivity: int | None = None
        self.clients: dict[bytes, Client] = {}
        self.gone: list[Client] = []
        self.delivery = Delivery(self)
        self._manners = Manners(self)
        self._psk = psk
        self._password: bytes | None = None if password is None else keys.passphrase_bytes(password)
        self._random = Random(f"{seed} {self.bssid}")
        self.group = GroupKeys(self.random)
        self._waiters = Waiters(loop)
        self._idle: dict[bytes, Timer] = {}
        self.beaconing = Beaconing(self)
        self.show()

    # What a case sees and does.

    def be_heard_at(self, rssi: int, *, at: int | None = None) -> None:
        """Be heard with another strength, in dBm, from now or from a virtual time on: nearer, or further away."""

        def move() -> None:
            self.rssi = rssi
            self.show()

        self._when(at, move)

    @property
    def stations(self) -> dict[str, Client]:
        """The stations it knows now, by MAC address."""
        return {client.mac: client for client in self.clients.values()}

    @property
    def password(self) -> str | None:
        """The passphrase; a new one counts from the next handshake on."""
        return None if self._password is None else self._password.decode("ascii")

    @password.setter
    def password(self, password: str | bytes) -> None:
        self._password = keys.passphrase_bytes(password)
        self._psk = None

    async def joined(self, mac: str | None = None, *, within: int) -> Client:
        """Return the station (that one, or any) once data may pass to it; raise Expired after `within`."""
        await self._waiters.until(
            lambda: self._authorized(mac) is not None, within=within,
            wanted=f"{mac or 'a station'} to join {self!r}", seen=lambda: str(list(self.clients.values())),
        )  # fmt: skip
        found = self._authorized(mac)
        assert found is not None
        return found

    async def left(self, mac: str | None = None, *, within: int) -> Client:
        """Return the record of a station once it (that one, or all) has gone; raise Expired after `within`."""

        def is_gone() -> bool:
            there = any(client.associated and mac in (None, client.mac) for client in self.clients.values())
            return not there and any(mac in (None, client.mac) for client in self.gone)

        await self._waiters.until(
            is_gone, within=within, wanted=f"{mac or 'every station'} to leave {self!r}",
            seen=lambda: str(list(self.clients.values())),
        )  # fmt: skip
        return next(client for client in reversed(self.gone) if mac in (None, client.mac))

    def beacon(self, at: int) -> bytes | None:
        """Return the beacon at that time or, if none is sent then, the next; None if there are no beacons."""
        if not self.present:
            return None
        declaration = self.beaconing.declaration()
        return declaration.sent(declaration.after(at))

    def deauth(self, mac: str | None = None, reason: int = LEAVING, *, at: int | None = None,
               forget: bool = True) -> None:  # fmt: skip
        """Send Deauthentication, to one station or to all."""
        self._when(at, lambda: self._send_away(frames.DEAUTH, mac, reason, forget))

    def disassoc(self, mac: str | None = None, reason: int = LEFT_BSS, *, at: int | None = None,
                 forget: bool = True) -> None:  # fmt: skip
        """Send Disassociation, to one station or to all."""
        self._when(at, lambda: self._send_away(frames.DISASSOC, mac, reason, forget))

    def disappear(self, *, at: int | None = None) -> None:
        """Be neither heard nor hear: out of reach, with everything it knows."""

        def gone() -> None:
            self.present = False
            self.network.withdraw(self.bssid)

        self._when(at, gone)

    def appear(self, *, at: int | None = None) -> None:
        """Be there again, as before."""

        def back() -> None:
            self.present = True
            self.show()

        self._when(at, back)

    def restart(self, *, at: int | None = None) -> None:
        """Lose power for an instant: forget every station without a word, begin beacons and group key anew."""
        self._when(at, self._restart)

    def switch_channel(self, channel: int, *, count: int = 3, quiet: bool = False, action: bool = False,
                       at: int | None = None) -> None:  # fmt: skip
        """Announce a switch and do it right before the beacon that is `count` after the first announcing one."""
        check_channel(channel)
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 255:
            raise ValueError(f"count= is 1 to 255 beacons, not {count!r}")
        self._when(at, lambda: self._announce(beacons.Switch(channel, count, quiet), action))

    def rekey_group(self, *, at: int | None = None) -> None:
        """Hand out a new group key; it is used once every station has it (or has been sent away)."""
        self._when(at, lambda: self.group.change(self._authenticators()))

    def rekey_pairwise(self, mac: str | None = None, *, at: int | None = None) -> None:
        """Begin a new four-way handshake with one station, or with all."""

        def begin() -> None:
            for client in self._chosen(mac):
                if client.authenticator is not None and client.authorized:
                    client.authenticator.start()

        self._when(at, begin)

    def send_eapol(self, name: str, mac: str | None = None, *, at: int | None = None) -> None:
        """Send M1, M3 or G1 once more, with a new replay counter, outside of any schedule."""

        def send() -> None:
            for client in self._chosen(mac):
                if client.authenticator is not None:
                    client.authenticator.resend(name)

        self._when(at, send)

    # What its parts call.

    @property
    def encrypts(self) -> bool:
        """Whether data has to be encrypted."""
        return self.security.rsn is not None

    @property
    def pmk(self) -> bytes:
        """The pairwise master key."""
        if self._psk is not None:
            return self._psk
        return keys.pmk_of(self._password or b"", self.ssid)

    @property
    def rsn_element(self) -> bytes:
        """The element of beacons."""
        return self.security.rsn.element() if self.security.rsn is not None else b""

    def random(self, count: int) -> bytes:
        """Return bytes from the seed of the case."""
        return self._random.randbytes(count)

    def sequence(self) -> int:
        """Return the next sequence control field."""
        return self._numbering.next()

    def group_key(self, *, new: bool) -> ccmp.Key:
        """Return the group key in use, or the one that is being handed out."""
        return self.group.next if new and self.group.next is not None else self.group.used

    def say_eapol(
        self, station: bytes, key: eapol.EapolKey, ptk: keys.Ptk | None, encrypted_with: ccmp.Key | None
    ) -> None:
        """Send an EAPOL-Key frame to a station; a dozing one gets it when it fetches it."""
        client = self.clients[station]
        made = self.edited(key)
        if made is None:
            return
        client.handshake.append((self.now, made.name))
        data = made.pack() if ptk is None else made.pack(ptk.kck, ptk.kek)
        mpdu = frames.header(
            frames.DATA, frames.FROM_DS, station, self.address, self.address, self.sequence()
        ) + frames.EAPOL_SNAP + data  # fmt: skip
        self.delivery.hand(client, mpdu, encrypt=encrypted_with is not None)

    def keyed(self, station: bytes, key: ccmp.Key) -> None:
        """Let data pass: the handshake is over, or there is none."""
        client = self.clients[station]
        if client.state != AUTHORIZED:
            client.state = AUTHORIZED
            client.authorized_at = self.now
            self.network.arrived(self, client)
        if self.group.next is not None and client.authenticator is not None:
            client.authenticator.start_group()
        self._waiters.notify()

    def group_keyed(self, station: bytes) -> None:
        """Use the new group key once all have it."""
        self.group.settle(self._authenticators())

    def give_up(self, station: bytes, reason: int) -> None:
        """Send a station away."""
        self._send_away(frames.DEAUTH, mac_text(station), reason, True)

    def hear(self, frame: AirFrame) -> bool:
        """Act on a frame; return whether it is accounted for."""
        if not self.present:
            # The case knows that nobody is there who could take it.
            return frame.data[4:10] == self.address
        return self._manners.heard(frame)

    def show(self) -> None:
        """Declare beacons as they are from now on."""
        self.beaconing.show()

    def after_beacon(self, act: Callable[[], None]) -> None:
        """Do something right after the next beacon."""
        self.beaconing.after_next(act)

    def forget(self, client: Client, *, reason: int | None, by: str) -> None:
        """Know a station no longer."""
        if self.clients.get(client.address) is not client:
            return
        del self.clients[client.address]
        was_associated = client.associated
        had_kept = bool(client.buffered)
        client.state, client.left_at, client.left_reason, client.left_by = GONE, self.now, reason, by
        client.buffered = []
        if client.authenticator is not None:
            client.authenticator.close()
        timer = self._idle.pop(client.address, None)
        if timer is not None:
            timer.stop()
        if was_associated:
            self.gone.append(client)
        self.network.left(self, client)
        if had_kept:
            self.show()
        self.group.settle(self._authenticators())
        self._waiters.notify()

    def associate(self, client: Client, rsn_body: bytes | None) -> None:
        """Begin what follows an association: the handshake, or data at once."""
        client.state = ASSOCIATED
        client.associated_at = self.now
        self.touch(client)
        if self.encrypts:
            client.authenticator = Authenticator(self, client.address, self._loop, rsn_body or b"")
            client.authenticator.start()
            return
        client.state = AUTHORIZED
        client.authorized_at = self.now
        self.network.arrived(self, client)
        self._waiters.notify()

    def touch(self, client: Client) -> None:
        """Note a sign of life."""
        client.last_heard = self.now
        if self.inactivity is not None and client.associated:
            timer = self._idle.get(client.address)
            if timer is None:
                timer = self._idle[client.address] = Timer(self._loop, lambda: self._is_idle(client))
            timer.start(self.now + self.inactivity)

    def close(self) -> None:
        """Cancel every timer."""
        self.beaconing.close()
        for client in self.clients.values():
            if client.authenticator is not None:
                client.authenticator.close()
        for timer in self._idle.values():
            timer.stop()

    def _authorized(self, mac: str | None) -> Client | None:
        return next((one for one in self.clients.values() if one.authorized and mac in (None, one.mac)), None)

    def _chosen(self, mac: str | None) -> list[Client]:
        if mac is None:
            return list(self.clients.values())
        client = self.clients.get(mac_bytes(mac))
        if client is None:
            raise LookupError(f"{self!r} has no station {mac}")
        return [client]

    def _restart(self) -> None:
        for client in list(self.clients.values()):
            self.forget(client, reason=None, by="ap")
        self.delivery.clear()
        self.group.restart()
        self.present = True
        self.beaconing.restart()

    def _announce(self, switch: beacons.Switch, action: bool) -> None:
        self.beaconing.announce(switch)
        if action:
            body = beacons.ACTION_CHANNEL_SWITCH + switch.element()
            self.say(
                frames.header(frames.ACTION, 0, frames.BROADCAST, self.address, self.address, self.sequence()) + body
            )

    def _send_away(self, kind: int, mac: str | None, reason: int, forget: bool) -> None:
        content = reason.to_bytes(2, "little")
        if mac is None:
            self.say(frames.header(kind, 0, frames.BROADCAST, self.address, self.address, self.sequence()) + content)
            if forget:
                for client in list(self.clients.values()):
                    self.forget(client, reason=reason, by="ap")
            return
        address = mac_bytes(mac)
        mpdu = frames.header(kind, 0, address, self.address, self.address, self.sequence()) + content
        known = self.clients.get(address)
        if known is None:
            self.say(mpdu)
            return
        client = known
        self.delivery.hand(
            client, mpdu, encrypt=False,
            then=(lambda: self.forget(client, reason=reason, by="ap")) if forget else None,
        )  # fmt: skip

    def _is_idle(self, client: Client) -> None:
        self._send_away(frames.DISASSOC, client.mac, INACTIVITY, True)

    def _authenticators(self) -> list[Authenticator]:
        return [one.authenticator for one in self.clients.values() if one.authenticator is not None and one.authorized]

    def __repr__(self) -> str:
        return f"AccessPoint({self.ssid!r}, {self.bssid}, channel {self.channel})"


def ssid_bytes(ssid: str | bytes) -> bytes:
    """Return an SSID as bytes; raise ValueError unless it has 1 to 32 of them (9.4.2.2)."""
    data = ssid.encode("utf-8") if isinstance(ssid, str) else bytes(ssid)
    if not 1 <= len(data) <= 32:
        raise ValueError(f"an SSID has 1 to 32 bytes, not {len(data)}")
    return data


def check_channel(channel: int) -> int:
    """Return a channel; raise ValueError unless it is one of the 2.4 GHz band."""
    if channel not in CHANNELS:
        raise ValueError(f"a channel is {CHANNELS[0]} to {CHANNELS[-1]}, not {channel!r}")
    return channel


def security_of(name: str | None, *, has_key: bool) -> Security:
    """Return what a network offers; without a name WPA2 if there is a key, else nothing."""
    wanted = name if name is not None else ("wpa2" if has_key else "open")
    if wanted not in SECURITIES:
        raise ValueError(f"security= is one of {' '.join(SECURITIES)}, not {wanted!r}")
    security = SECURITIES[wanted]
    if security.joinable and security.rsn is not None and not has_key:
        raise ValueError(f"{wanted} needs a password or a psk")
    return security
