"""The two example programs, statement for statement, through the target's proxy.

The lines that bring up the network driver are `target.net_up` here: the board's driver takes the place of "your
preferred net driver". Everything else is as it is printed, defaults and bare constants included.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

from typing import Any

from sockbench import SOCK_STREAM


async def client(socket: Any) -> Any:
    """Run the client example; the socket is returned, because the printed program never closes it either."""
    # create a tcp socket
    sock = await socket.socket(type=SOCK_STREAM)
    # connect the socket to net address 192.168.1.10 on port 5555
    await sock.connect(("192.168.1.10", 5555))
    # send something on the socket!
    await sock.sendall("Hello World!")
    return sock


async def server(socket: Any, seen: list[Any]) -> None:
    """Run the server example for ever; the addresses go to SEEN, where the printed program has a variable."""
    # create a tcp socket
    sock = await socket.socket(type=SOCK_STREAM)
    # bind the socket to port 80
    await sock.bind(80)
    # set the socket in listening mode
    await sock.listen()
    while True:
        # accept incoming connections from clients
        client, addr = await sock.accept()
        seen.append(addr)
        # send something to the client and close
        await client.sendall("Hello!")
        await client.close()
