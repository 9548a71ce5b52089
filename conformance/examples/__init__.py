"""The example programs of the documentation, statement for statement.

SPDX-License-Identifier: GPL-2.0-or-later
"""
