# SPDX-License-Identifier: GPL-2.0-or-later
"""sockbench: real socket firmware on an emulated board, every peer in Python, in exact virtual time.

What a test needs is named here; docs/harness-api.md describes it.
"""

# First: it imports Scapy's layers without the host.
import sockbench.packets  # noqa: F401, I001
from sockbench.bench import Bench
from sockbench.clock import DAY, HOUR, MINUTE, MS, NS, SEC, US
from sockbench.constants import (
    AF_CAN,
    AF_INET,
    AF_INET6,
    IP_HDRINCL,
    IPPROTO_ICMP,
    IPPROTO_IP,
    IPPROTO_TCP,
    IPPROTO_UDP,
    SO_KEEPALIVE,
    SO_RCVTIMEO,
    SO_REUSEADDR,
    SOCK_DGRAM,
    SOCK_RAW,
    SOCK_STREAM,
    SOL_SOCKET,
    TCP_KEEPCNT,
    TCP_KEEPIDLE,
    TCP_KEEPINTVL,
    TCP_NODELAY,
    Constant,
)
from sockbench.errors import (
    AgentRefused,
    BenchError,
    BoardLost,
    ConnectionLost,
    Deadlock,
    Expired,
    ForgottenCall,
    Runaway,
    StrayFrame,
    TargetDied,
    TargetHung,
)
from sockbench.faults import Faults
from sockbench.frame import Frame
from sockbench.marks import covers, deadline
from sockbench.patterns import answer
from sockbench.peers import Host
from sockbench.remote import (
    RemoteAttributeError,
    RemoteConnectionAbortedError,
    RemoteConnectionError,
    RemoteConnectionRefusedError,
    RemoteConnectionResetError,
    RemoteError,
    RemoteIOError,
    RemoteMemoryError,
    RemoteOverflowError,
    RemoteTimeoutError,
    RemoteTypeError,
    RemoteValueError,
    elapsed_is,
)
from sockbench.target import Buffer, Call, Socket, Target
from sockbench.tasks import Task, Tasks
from sockbench.wire import Wire

__version__ = "0.1.0"

__all__ = [
    "AF_CAN",
    "AF_INET",
    "AF_INET6",
    "DAY",
    "HOUR",
    "IPPROTO_ICMP",
    "IPPROTO_IP",
    "IPPROTO_TCP",
    "IPPROTO_UDP",
    "IP_HDRINCL",
    "MINUTE",
    "MS",
    "NS",
    "SEC",
    "SOCK_DGRAM",
    "SOCK_RAW",
    "SOCK_STREAM",
    "SOL_SOCKET",
    "SO_KEEPALIVE",
    "SO_RCVTIMEO",
    "SO_REUSEADDR",
    "TCP_KEEPCNT",
    "TCP_KEEPIDLE",
    "TCP_KEEPINTVL",
    "TCP_NODELAY",
    "US",
    "AgentRefused",
    "Bench",
    "BenchError",
    "BoardLost",
    "Buffer",
    "Call",
    "ConnectionLost",
    "Constant",
    "Deadlock",
    "Expired",
    "Faults",
    "ForgottenCall",
    "Frame",
    "Host",
    "RemoteAttributeError",
    "RemoteConnectionAbortedError",
    "RemoteConnectionError",
    "RemoteConnectionRefusedError",
    "RemoteConnectionResetError",
    "RemoteError",
    "RemoteIOError",
    "RemoteMemoryError",
    "RemoteOverflowError",
    "RemoteTimeoutError",
    "RemoteTypeError",
    "RemoteValueError",
    "Runaway",
    "Socket",
    "StrayFrame",
    "Target",
    "TargetDied",
    "TargetHung",
    "Task",
    "Tasks",
    "Wire",
    "answer",
    "covers",
    "deadline",
    "elapsed_is",
]
