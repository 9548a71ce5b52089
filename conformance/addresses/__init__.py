# Address arguments: what is accepted, what is refused.
# SPDX-License-Identifier: GPL-2.0-or-later
