# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw sockets: whole packets of one protocol, of both families."""
