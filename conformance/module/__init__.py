# Names, constants, signatures and ip_to_tuple.
# SPDX-License-Identifier: GPL-2.0-or-later
