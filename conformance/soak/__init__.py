# SPDX-License-Identifier: GPL-2.0-or-later
"""What lasts: memory over thousands of sockets, many sockets at once, reserves of stacks."""
