# settimeout and what it does to every blocking method.
# SPDX-License-Identifier: GPL-2.0-or-later
