/*
 * FullMAC wifi NIC of the sockbench board: power save.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-wifi.h"

void sockbench_wifi_set_power_save(SockbenchWifiState *s, bool on)
{
    s->station.power_save = on;
}
