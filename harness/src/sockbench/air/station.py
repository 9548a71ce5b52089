# SPDX-License-Identifier: GPL-2.0-or-later
"""A station of the harness: it joins the board's soft AP, or an access point of the harness, and hosts ride on it.

It scans, authenticates, associates and shakes hands as IEEE 802.11-2020 clause 11 and 12 say, and
misbehaves when told to.
"""

from __future__ import annotations

import asyncio
from random import Random

from sockbench.air import ccmp, eapol, frames, keys
from sockbench.air.access_point import ssid_bytes
from sockbench.air.frame import AirFrame
from sockbench.air.medium import CHANNELS, Declaration, Medium
from sockbench.air.networks import Network, association_body, probe_body, read_network
from sockbench.air.profiles import LEAVING
from sockbench.air.rsn import Rsn
from sockbench.air.speaker import Speaker
from sockbench.air.supplicant import Supplicant
from sockbench.clock import MS, SEC, text
from sockbench.peers import Host
from sockbench.peers.address import mac_bytes, mac_text
from sockbench.peers.errors import Expired
from sockbench.peers.waiting import Waiters

IDLE, AUTH, ASSOC, WAIT_M1, WAIT_M3, CONNECTED = "IDLE", "AUTH", "ASSOC", "WAIT_M1", "WAIT_M3", "CONNECTED"
SILENCES = ("M1", "M3", "G1", "DATA")

# As common stations have it: answers are awaited 200 ms, three times; each message of the handshake 3 s.
DWELL = 40 * MS
ANSWER_WITHIN = 200 * MS
TRIES = 3
MESSAGE_WITHIN = 3 * SEC


class JoinFailed(Exception):
    """A station could not join; `phase` says where, `code` is the access point's status or reason."""

    def __init__(self, phase: str, code: int | None = None) -> None:
        said = "no answer" if code is None else f"status or reason {code}"
        super().__init__(f"{phase}: {said}")
        self.phase = phase
        self.code = code


class Station(Speaker):
    """Made by `air.station`."""

    def __init__(
        self, medium: Medium, loop: asyncio.AbstractEventLoop, *, mac: str, rssi: int, seed: int
    ) -> None:  # fmt: skip
        super().__init__(medium, loop, channel=0, rssi=rssi, silences=SILENCES)
        self.mac = mac_text(mac_bytes(mac))
        self.address = mac_bytes(mac)
        self.state = IDLE
        self.bssid: str | None = None
        self.aid = 0
        # Networks by BSSID, as last heard; and why the association ended (None: it did not).
        self.heard: dict[str, Network] = {}
        self.lost: int | None = None
        self.handshake: list[tuple[int, str]] = []
        self.refused = 0
        self.supplicant: Supplicant | None = None
        self._next_supplicant: Supplicant | None = None
        self._seed = seed
        self._random = Random(f"{seed} {self.mac}")
        self._waiters = Waiters(loop)
        self.hosts: list[Host] = []
        self._answers: dict[str, bytes] = {}
        self._bss = b""
        # How many messages of handshakes were accepted, and what state was left last.
        self._accepted = 0
        self._phase = IDLE
        self._dozes = False
        self._polls: asyncio.TimerHandle | None = None
        self._moves: asyncio.TimerHandle | None = None

    async def scan(self, ssid: str | bytes | None = None, *, dwell: int = DWELL) -> list[Network]:
        """Ask on every channel and return who was heard: probe responses, and beacons in the time of each channel."""
        wanted = b"" if ssid is None else ssid_bytes(ssid)
        before, found = self.channel, dict[str, Network]()
        for channel in CHANNELS:
            self.channel = channel
            started = self.now
            self._management(frames.PROBE_REQ, frames.BROADCAST, frames.BROADCAST, probe_body(wanted))
            await asyncio.sleep(dwell)
            for declaration in self._medium.beacons.values():
                at = declaration.after(started)
                if declaration.channel == channel and at < self.now:
                    self._note(declaration.sent(at), channel, declaration.rssi, at)
            heard = [network for network in self.heard.values() if network.heard_at >= started]
            found.update({network.bssid: network for network in heard})
        self.channel = before
        return [network for network in found.values() if not wanted or network.ssid == wanted]

    async def join(
        self, ssid: str | bytes, password: str | bytes | None = None, *, psk: bytes | None = None,
        bssid: str | None = None, within: int,
    ) -> None:  # fmt: skip
        """Join a network: the strongest of that name, or that BSSID; raise JoinFailed, or Expired after `within`."""
        try:
            async with asyncio.timeout(within):
                await self._join(ssid_bytes(ssid), password, psk, bssid)
        except TimeoutError:
            raise Expired(f"wanted {self!r} to join {ssid!r} within {text(within)}, at {text(self.now)}") from None

    async def gone(self, *, within: int) -> int:
        """Return the reason once the access point has ended the association; raise Expired after `within`."""
        await self._waiters.until(
            lambda: self.lost is not None, within=within, wanted=f"{self!r} to be sent away", seen=lambda: self.state
        )
        assert self.lost is not None
        return self.lost

    def host(self, ip: str = "0.0.0.0", *, ip6: str | None = None, prefix: int = 24) -> Host:
        """Return a host that rides on this station and has its address."""
        made = Host(ip, self.mac, send=self._send_ethernet, loop=self._loop, prefix=prefix, ip6=ip6, seed=self._seed,
                    shortest=0)  # fmt: skip
        self.hosts.append(made)
        return made

    def leave(self, reason: int = LEAVING) -> None:
        """Say Deauthentication and forget everything."""
        if self._bss:
            self._management(frames.DEAUTH, self._bss, self._bss, reason.to_bytes(2, "little"))
        self._forget(None)

    def vanish(self) -> None:
        """Be gone without a word: deaf, dumb, out of reach."""
        self.present = False
        self._forget(None)

    @property
    def power_save(self) -> bool:
        """Whether it dozes; setting it tells the access point."""
        return self._dozes

    @power_save.setter
    def power_save(self, dozes: bool) -> None:
        self._dozes = dozes
        if self.state == CONNECTED:
            flags = frames.TO_DS | (frames.POWER if dozes else 0)
            self.say(frames.header(frames.NULL, flags, self._bss, self.address, self._bss, self._numbering.next()))
            self._doze()

    # What its supplicant and the medium call.

    def random(self, count: int) -> bytes:
        """Return bytes from the seed of the case."""
        return self._random.randbytes(count)

    def say_eapol(self, key: eapol.EapolKey, ptk: keys.Ptk, encrypted_with: ccmp.Key | None) -> None:
        """Send an EAPOL-Key frame."""
        made = self.edited(key)
        if made is not None:
            self.handshake.append((self.now, made.name))
            self._data(self._bss, frames.EAPOL_SNAP + made.pack(ptk.kck, ptk.kek), encrypted_with)

    def keyed(self) -> None:
        """Let data pass."""
        self.state = CONNECTED
        self._waiters.notify()

    def give_up(self, reason: int) -> None:
        """Leave a network that can't be trusted."""
        self.leave(reason)
        self.lost = reason
        self._waiters.notify()

    def hear(self, frame: AirFrame) -> bool:
        """Act on a frame; return whether it was for this station and could be accepted."""
        data = frame.data
        if not self.present or not frames.header_bytes(data):
            return False
        receiver = data[4:10]
        if receiver != self.address and not receiver[0] & 1:
            return False
        kind = data[0]
        if kind in (frames.PROBE_RESP, frames.BEACON):
            self._note(data, frame.channel, frame.rssi, self.now)
            return True
        if self._bss and data[10:16] != self._bss:
            return False
        if kind & 0x0F == 0x08:
            return self._heard_data(frame)
        name = frames.NAMES.get(kind, "")
        if name in ("AUTH", "ASSOC_RESP", "REASSOC_RESP"):
            self._answers[name.removeprefix("RE")] = data[frames.HEADER_BYTES :]
            if name != "AUTH":
                self._associated(data[frames.HEADER_BYTES :])
            self._waiters.notify()
            return True
        if kind in (frames.DEAUTH, frames.DISASSOC) and self._bss:
            self._forget(frame.reason if frame.reason is not None else 0)
            return True
        return kind == frames.ACTION

    def declared(self, declaration: Declaration) -> None:
        """Look into a beacon that is sent from now on: frames that are kept for this station, or a channel switch."""
        if declaration.mpdu[16:22] != self._bss or not self.present:
            return
        said = frames.parse_beacon(declaration.mpdu[frames.HEADER_BYTES :])
        if said is None:
            return
        switch = frames.find(said.elements, frames.CHANNEL_SWITCH)
        if switch is not None and len(switch) == 3 and self._moves is None:
            at = declaration.after(self.now) + switch[2] * declaration.interval
            self._moves = self._loop.call_at(at, self._move, switch[1])
        self._doze()

    def close(self) -> None:
        """Cancel every timer and close its hosts."""
        for timer in (self._polls, self._moves):
            if timer is not None:
                timer.cancel()
        for host in self.hosts:
            host.close()

    async def _join(self, ssid: bytes, password: str | bytes | None, psk: bytes | None, bssid: str | None) -> None:
        network = await self._search(ssid, bssid)
        self._forget(None)
        self.lost = None
        self.channel = network.channel
        self._bss = mac_bytes(network.bssid)
        self.bssid = network.bssid
        self.state = AUTH
        body = await self._ask("AUTH", frames.AUTH, frames.auth_body(frames.AuthBody(0, 1, 0)))
        answer = frames.parse_auth(body)
        if answer is None or answer.status:
            raise self._failed(None if answer is None else answer.status)
        self.state = ASSOC
        chosen = Rsn().element() if password is not None or psk is not None else b""
        if chosen:
            pmk = psk if psk is not None else keys.pmk_of(keys.passphrase_bytes(password or b""), ssid)
            self._next_supplicant = Supplicant(
                self, pmk, own=self.address, bssid=self._bss, offered=network.rsn_element, chosen=chosen
            )
        body = await self._ask("ASSOC_RESP", frames.ASSOC_REQ, association_body(ssid, network, chosen))
        response = frames.parse_assoc_response(body)
        if response is None or response.status:
            raise self._failed(None if response is None else response.status)
        while self.state != CONNECTED:
            await self._get_on()

    async def _search(self, ssid: bytes, bssid: str | None) -> Network:
        """Return the strongest network that fits, heard by its beacon or, if it is hidden, by asking."""
        for declaration in self._medium.beacons.values():
            said = frames.parse_beacon(declaration.mpdu[frames.HEADER_BYTES :])
            if said is not None and frames.find(said.elements, frames.SSID) == ssid:
                at = declaration.after(self.now)
                self._note(declaration.sent(at), declaration.channel, declaration.rssi, at)
        found = [network for network in self.heard.values() if self._fits(network, ssid, bssid)]
        if found:
            best = max(found, key=lambda network: network.rssi)
            await asyncio.sleep(max(0, best.heard_at - self.now))
            return best
        found = [network for network in await self.scan(ssid) if self._fits(network, ssid, bssid)]
        if not found:
            raise JoinFailed("SEARCH")
        return max(found, key=lambda network: network.rssi)

    def _fits(self, network: Network, ssid: bytes, bssid: str | None) -> bool:
        return network.ssid == ssid and bssid in (None, network.bssid) and mac_bytes(network.bssid) in (
            self._medium.beacons
        )  # fmt: skip

    async def _ask(self, name: str, kind: int, body: bytes) -> bytes:
        """Send a request until it is answered, three times at most; return the answer's body."""
        for _ in range(TRIES):
            self._answers.pop(name, None)
            self._management(kind, self._bss, self._bss, body)
            try:
                await self._waiters.until(
                    lambda: name in self._answers or self.lost is not None, within=ANSWER_WITHIN, wanted=name,
                    seen=lambda: self.state,
                )  # fmt: skip
            except Expired:
                continue
            if self.lost is not None:
                raise JoinFailed(self._phase, self.lost)
            return self._answers[name]
        raise self._failed(None)

    async def _get_on(self) -> None:
        """Wait for the handshake's end, or for its next message: each one that is accepted starts the time anew."""
        before = self._accepted
        try:
            await self._waiters.until(
                lambda: self._accepted != before or self.state == CONNECTED or self.lost is not None,
                within=MESSAGE_WITHIN,
                wanted=f"{self!r} to get on",
                seen=lambda: self.state,
            )
        except Expired:
            raise self._failed(None) from None
        if self.lost is not None:
            raise JoinFailed(self._phase, self.lost)

    def _associated(self, body: bytes) -> None:
        """Go on from an answer in the instant in which it comes: message 1 may come in the same."""
        response = frames.parse_assoc_response(body)
        if self.state != ASSOC or response is None or response.status:
            return
        self.aid = response.aid
        self.supplicant, self._next_supplicant = self._next_supplicant, None
        if self.supplicant is None:
            self.keyed()
        else:
            self.state = WAIT_M1

    def _failed(self, code: int | None) -> JoinFailed:
        self._forget(None)
        return JoinFailed(self._phase, code)

    def _forget(self, reason: int | None) -> None:
        if reason is not None:
            self.lost = reason
        self._phase = self.state
        self.state, self.bssid, self.aid, self._bss = IDLE, None, 0, b""
        self.supplicant = self._next_supplicant = None
        self._answers.clear()
        for timer in (self._polls, self._moves):
            if timer is not None:
                timer.cancel()
        self._polls = self._moves = None
        self._waiters.notify()

    def _management(self, kind: int, receiver: bytes, bssid: bytes, body: bytes) -> None:
        self.say(frames.header(kind, 0, receiver, self.address, bssid, self._numbering.next()) + body)

    def _data(self, destination: bytes, body: bytes, key: ccmp.Key | None) -> None:
        flags = frames.TO_DS | (frames.POWER if self._dozes else 0)
        head = frames.header(frames.DATA, flags, self._bss, self.address, destination, self._numbering.next())
        self.say(head + body, key, frames.HIGHEST_RATE)

    def _send_ethernet(self, frame: bytes, at: int | None) -> None:
        if at is not None and at > self.now:
            self._loop.call_at(at, self._send_ethernet, frame, None)
            return
        body = frames.llc_body(frame)
        if self.state == CONNECTED and body is not None:
            self._data(frame[:6], body, self.supplicant.key if self.supplicant is not None else None)

    def _note(self, mpdu: bytes, channel: int, rssi: int, at: int) -> None:
        network = read_network(mpdu, channel, rssi, at)
        if network is not None:
            self.heard[network.bssid] = network
            self._waiters.notify()

    def _heard_data(self, frame: AirFrame) -> bool:
        data = frame.data
        if data[1] & 3 != frames.FROM_DS or not self._bss or data[16:22] == self.address:
            # A group frame of our own that the access point has said again (10.3.6) is none for us.
            return self._bss != b"" and data[16:22] == self.address
        plain = self._opened(frame)
        if plain is None:
            self.refused += 1
            return False
        start = frames.header_bytes(plain)
        if plain[start : start + 8] == frames.EAPOL_SNAP:
            return self._heard_eapol(plain[start + 8 :], encrypted=frame.protected)
        ethernet = frames.to_ethernet(plain)
        if self.state != CONNECTED:
            return False
        accounted = False
        if ethernet is not None and "DATA" not in self.silent_on:
            for host in self.hosts:
                accounted |= host.receive(ethernet)
        if self._dozes and frame.more_data and not data[4] & 1:
            self._poll()
        return accounted or data[0] & 0x40 != 0

    def _heard_eapol(self, data: bytes, *, encrypted: bool) -> bool:
        key = eapol.parse(data)
        name = "EAPOL" if key is None else key.name
        self.handshake.append((self.now, name))
        if name in self.silent_on:
            return True
        accepted = self.supplicant is not None and self.supplicant.receive(data, encrypted=encrypted)
        if accepted and name == "M1" and self.state == WAIT_M1:
            self.state = WAIT_M3
        self._accepted += accepted
        self._waiters.notify()
        return accepted

    def _opened(self, frame: AirFrame) -> bytes | None:
        data = frame.data
        supplicant = self.supplicant
        if not frame.protected:
            start = frames.header_bytes(data)
            is_eapol = data[start : start + 8] == frames.EAPOL_SNAP
            return data if supplicant is None or is_eapol else None
        if supplicant is None:
            return None
        start = frames.header_bytes(data)
        is_group = bool(data[4] & 1)
        key = supplicant.groups.get(ccmp.key_id(data, start)) if is_group else supplicant.key
        plain = key.decrypt(data) if key is not None else None
        if key is None or plain is None or ccmp.packet_number(data, start) <= key.accepted:
            return None
        key.accepted = ccmp.packet_number(data, start)
        frame.decrypted(plain)
        return plain

    def _doze(self) -> None:
        """See to it that what the access point keeps is fetched after the beacon that shows it."""
        declaration = self._medium.beacons.get(self._bss)
        if not self._dozes or self.state != CONNECTED or declaration is None or self._polls is not None:
            return
        said = frames.parse_beacon(declaration.mpdu[frames.HEADER_BYTES :])
        tim = None if said is None else frames.find(said.elements, frames.TIM)
        if tim is None or len(tim) < 4:
            return
        index = self.aid // 8 - (tim[2] & 0xFE)
        if 0 <= index < len(tim) - 3 and tim[3 + index] & 1 << self.aid % 8:
            self._polls = self._loop.call_at(declaration.after(self.now), self._fetch)

    def _fetch(self) -> None:
        self._polls = None
        self._poll()

    def _poll(self) -> None:
        self.say(frames.ps_poll(self.aid, self._bss, self.address))

    def _move(self, channel: int) -> None:
        self._moves = None
        self.channel = channel

    def __repr__(self) -> str:
        return f"Station({self.mac}, {self.state})"
