# SPDX-License-Identifier: GPL-2.0-or-later
"""Acceptance of a net driver: what the controller's faults and hard traffic must not do to its sockets."""
