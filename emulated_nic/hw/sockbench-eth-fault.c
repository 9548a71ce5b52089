/*
 * Ethernet MAC of the sockbench board: the fault table.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * A fault is armed with a count, and takes that many times.  Faults are in
 * the silicon: a reset through CTRL.RESET does not cure them, a reset of the
 * board does.  What each does is in docs/nic-datasheet.md, and beside the code
 * that asks for it.
 */

#include "qemu/osdep.h"
#include "sockbench-eth.h"
#include "sockbench-link.h"
#include "trace.h"

bool sockbench_eth_fault_arm(Object *obj, uint32_t fault, uint32_t count,
                             uint32_t arg)
{
    SockbenchEthState *s = SOCKBENCH_ETH(obj);

    if (fault < ETH_FAULT_LOST_IRQ || fault >= ETH_FAULTS ||
        (!s->has_phy && fault >= ETH_FAULT_AUTONEG_STALL)) {
        return false;
    }
    trace_sockbench_eth_fault_armed(fault, count, arg);
    if (fault == ETH_FAULT_AUTONEG_STALL) {
        s->phy.stalls = count;
        return true;
    }
    s->fault_count[fault] = count;
    s->fault_arg[fault] = arg;
    return true;
}

/* Whether an armed fault strikes now; counts it. */
bool sockbench_eth_fault_takes(SockbenchEthState *s, unsigned int fault)
{
    if (!s->fault_count[fault]) {
        return false;
    }
    if (s->fault_count[fault] != ETH_FAULT_FOREVER) {
        s->fault_count[fault]--;
    }
    trace_sockbench_eth_fault_takes(fault, s->fault_count[fault]);
    return true;
}

bool sockbench_eth_fault_takes_arg(SockbenchEthState *s, unsigned int fault,
                                   uint32_t arg)
{
    return s->fault_arg[fault] == arg && sockbench_eth_fault_takes(s, fault);
}
