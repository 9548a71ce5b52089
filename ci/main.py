# SPDX-License-Identifier: GPL-2.0-or-later
"""What ./bench starts: the package beside this file, which needs nothing but Python itself."""

import sys

from bench.command_line import main

sys.exit(main(sys.argv[1:]))
