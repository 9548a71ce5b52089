/*
 * Timer of the sockbench board.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * QEMU interface:
 *  + sysbus MMIO region 0: the registers
 *  + sysbus IRQ 0: high while the timer is enabled and NOW >= CMP
 *  + QOM property "link": whose virtual time has to be exact (optional)
 */

#ifndef HW_SOCKBENCH_TIMER_H
#define HW_SOCKBENCH_TIMER_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "sockbench-link.h"

#define TYPE_SOCKBENCH_TIMER "sockbench-timer"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchTimerState, SOCKBENCH_TIMER)

struct SockbenchTimerState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    MemoryRegion iomem;
    qemu_irq irq;
    QEMUTimer *timer;
    SockbenchLinkState *link;

    int64_t base;      /* virtual clock at the last reset */
    uint32_t now_hi;   /* latched by a read of NOW_LO */
    uint32_t cmp_lo;   /* as written; loaded together with the upper half */
    uint64_t cmp;
    uint32_t ctrl;
};

#endif
