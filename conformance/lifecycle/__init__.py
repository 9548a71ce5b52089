# Creation, descriptors, close, and wrong calls.
# SPDX-License-Identifier: GPL-2.0-or-later
