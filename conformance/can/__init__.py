# CAN sockets: frames, filters, queues, errors, what is refused.
# SPDX-License-Identifier: GPL-2.0-or-later
