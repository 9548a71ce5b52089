"""The interface: eth, addresses by DHCP, names by DNS; and select. SPDX-License-Identifier: GPL-2.0-or-later"""
