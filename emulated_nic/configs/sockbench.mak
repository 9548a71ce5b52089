# The sockbench board and nothing else.
# SPDX-License-Identifier: GPL-2.0-or-later
CONFIG_SOCKBENCH=y
