# SPDX-License-Identifier: GPL-2.0-or-later
"""The host stays outside: no network socket is opened, no route read, no address of it used.

Run in processes of their own, with Python's audit hook, which sees every socket whoever makes it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sockbench

SOURCE = Path(sockbench.__file__).parents[1]

WATCH = """
import sys
sys.path.insert(0, {source!r})
seen = []
def watch(event, arguments):
    if event == "socket.__new__" and arguments[1] != 1:  # AF_UNIX is the link.
        seen.append(arguments[1:])
    elif event in ("socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg", "socket.gethostbyname"):
        seen.append((event, arguments[1:]))
    elif event == "open" and str(arguments[0]).startswith(("/proc/net", "/sys/class/net")):
        seen.append(arguments[0])
sys.addaudithook(watch)
"""

WORK = """
import sockbench, sockbench.pytest_plugin
from sockbench.packets import *
from scapy.config import conf
whole = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(dport=80)
Ether(bytes(whole)).summary(); Ether(bytes(whole)).show(dump=True)
six = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IPv6(src="fe80::1", dst="fe80::2") / UDP()
Ether(bytes(six)).summary()
asked = 0
for packet in (Ether() / IP(dst="10.0.0.1"), IP(dst="10.0.0.1"), IPv6(dst="fe80::1"), ARP(pdst="10.0.0.1"),
               Ether(src="02:00:00:00:00:01") / IP(src="10.0.0.2", dst="10.0.0.1"),
               Ether(src="02:00:00:00:00:01") / IPv6(src="fe80::1", dst="fe80::2")):
    try:
        bytes(packet)
    except HostAsked:
        asked += 1
conf.ifaces.reload()
print(asked, len(conf.ifaces), seen)
"""


def run(text: str) -> str:
    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()


def test_no_socket_is_opened_and_no_host_address_is_used() -> None:
    """Six packets left an address to the host; all were refused, and nothing was opened on the way."""
    assert run(WATCH.format(source=str(SOURCE)) + WORK) == "6 0 []"


def test_the_watch_would_see_plain_scapy() -> None:
    """The same watch over Scapy as it comes: it reads the host's interfaces by a netlink socket."""
    seen = run(WATCH.format(source=str(SOURCE)) + "import scapy.layers.l2\nprint(len(seen))")
    assert int(seen) > 0
