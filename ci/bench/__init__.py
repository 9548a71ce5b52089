# SPDX-License-Identifier: GPL-2.0-or-later
"""The entry command: from a fresh machine to a verdict, each step cached and resumable.

Only the standard library is used, because this package is what fetches everything else.
`command_line` has the commands; `preparation` the order of the steps; the steps are
`system_packages`, `sources`, `environment`, `qemu`, `firmware`; `suite` runs the cases and
`checks` the project's own tests; `report`, `places` and `processes` are what they share.
"""
