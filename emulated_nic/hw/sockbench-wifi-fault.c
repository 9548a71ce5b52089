/*
 * FullMAC wifi NIC of the sockbench board: the fault table.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * As that of the MAC (sockbench-eth-fault.c), which keeps those of its own.
 * What each fault does is in docs/wifi-datasheet.md, section 12, and beside the
 * code that asks for it.
 */

#include "qemu/osdep.h"
#include "sockbench-wifi.h"
#include "trace.h"

bool sockbench_wifi_fault_arm(Object *obj, uint32_t fault, uint32_t count,
                              uint32_t arg)
{
    SockbenchWifiState *s = SOCKBENCH_WIFI(obj);

    if (fault >= ETH_FAULT_LOST_IRQ && fault <= ETH_FAULT_TX_CSUM) {
        return sockbench_eth_fault_arm(OBJECT(&s->mac), fault, count, arg);
    }
    trace_sockbench_wifi_fault_armed(fault, count, arg);
    switch (fault) {
    case WIFI_FAULT_RADIO_OFF:
        sockbench_wifi_air_set_radio(s, false);
        break;
    case WIFI_FAULT_RADIO_ON:
        sockbench_wifi_air_set_radio(s, true);
        break;
    case WIFI_FAULT_DIED:
        sockbench_wifi_die(s);
        break;
    case WIFI_FAULT_DEAF:
        s->fault_count[fault] = count;
        s->fault_arg[fault] = arg;
        sockbench_wifi_air_fault_armed(s);
        break;
    case WIFI_FAULT_LOST_IRQ:
    case WIFI_FAULT_COMMAND_STUCK:
    case WIFI_FAULT_EVENT_LOST:
    case WIFI_FAULT_EVENT_DMA:
        s->fault_count[fault] = count;
        s->fault_arg[fault] = arg;
        break;
    default:
        return false;
    }
    return true;
}

/* Whether an armed fault strikes now; counts it. */
bool sockbench_wifi_fault_takes(SockbenchWifiState *s, unsigned int fault)
{
    if (!s->fault_count[fault]) {
        return false;
    }
    if (s->fault_count[fault] != ETH_FAULT_FOREVER) {
        s->fault_count[fault]--;
    }
    trace_sockbench_wifi_fault_takes(fault, s->fault_count[fault]);
    return true;
}

/* Of a fault that hits one type of thing, or, with argument 0, any. */
bool sockbench_wifi_fault_takes_type(SockbenchWifiState *s, unsigned int fault,
                                     uint32_t type)
{
    return (s->fault_arg[fault] == 0 || s->fault_arg[fault] == type) &&
           sockbench_wifi_fault_takes(s, fault);
}
