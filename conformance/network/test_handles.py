"""What the agent says when it has no handle left.

SPDX-License-Identifier: GPL-2.0-or-later
"""

from __future__ import annotations

import pytest
from sockbench import SOCK_DGRAM, AgentRefused, covers

# docs/agent-protocol.md: sockets and buffers together.
HANDLES = 512


@covers("net.agent-handles")
async def test_the_limit_of_handles_is_named(target):
    """A socket or a buffer too many is refused by name, loses nothing, and works again after a drop."""
    sock = await target.socket(type=SOCK_DGRAM)
    number = await sock.fileno()
    buffers = [await target.buffer(1) for _ in range(HANDLES - 1)]
    for call in (target.socket(), target.buffer(1), target.socket(fileno=number)):
        with pytest.raises(AgentRefused, match="all 512 handles"):
            await call
    await buffers.pop().free()
    again = await target.socket()
    assert await again.fileno() == number + 1
    assert await target.select([sock], [sock, again], [], 0) == ((sock,), (sock, again), ())
