/*
 * System control of the sockbench board.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * QEMU interface:
 *  + sysbus MMIO region 0: the registers
 *  + clock input "cpuclk": what CLOCK_HZ tells
 *  + QOM property "memory": where a panic report is read from
 *  + QOM property "link": takes console, panic and exit (optional)
 *  + QOM property "seed": used where there is no link
 *  + QOM property "chardev": takes the console where there is no link
 */

#ifndef HW_SOCKBENCH_SYSCTL_H
#define HW_SOCKBENCH_SYSCTL_H

#include "chardev/char-fe.h"
#include "hw/clock.h"
#include "hw/sysbus.h"
#include "qom/object.h"
#include "sockbench-link.h"

#define TYPE_SOCKBENCH_SYSCTL "sockbench-sysctl"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchSysctlState, SOCKBENCH_SYSCTL)

struct SockbenchSysctlState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    MemoryRegion iomem;
    Clock *cpuclk;
    MemoryRegion *memory;
    AddressSpace as;
    SockbenchLinkState *link;
    CharBackend chr;

    uint64_t seed;
    uint64_t random;   /* state of the generator */
};

#endif
