# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of others as judges of what crosses the air: docs/wifi-verification.md."""
