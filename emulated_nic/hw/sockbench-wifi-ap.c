/*
 * FullMAC wifi NIC of the sockbench board: the soft AP.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-wifi.h"

bool sockbench_wifi_ap_is_up(SockbenchWifiState *s)
{
    return false;
}
