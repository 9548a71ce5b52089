# SPDX-License-Identifier: GPL-2.0-or-later
"""AF_INET6: addresses, autoconfiguration, neighbours, streams and datagrams."""
