"""Wifi: the module `wifi`, joining and losing a network, keys, the soft access point, faults of the NIC.

SPDX-License-Identifier: GPL-2.0-or-later
"""
