"""TCP sockets: connect, bind, listen, accept, recv, recv_into, send, sendall, close.

SPDX-License-Identifier: GPL-2.0-or-later
"""
