# The conformance suite of the documented socket module: catalogue, cases, drivers.
# SPDX-License-Identifier: GPL-2.0-or-later
