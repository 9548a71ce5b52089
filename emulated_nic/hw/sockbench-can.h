/*
 * The far end of the sockbench board's CAN bus.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * QEMU interface:
 *  + QOM property "bus": the bus to be on
 *  + QOM property "link": the board's link
 *  + QOM property "controller": whose error registers the faults set
 */

#ifndef HW_SOCKBENCH_CAN_H
#define HW_SOCKBENCH_CAN_H

#include "hw/sysbus.h" /* first: the next one needs it */
#include "hw/net/xlnx-versal-canfd.h"
#include "net/can_emu.h"
#include "qom/object.h"
#include "sockbench-link.h"

#define TYPE_SOCKBENCH_CAN "sockbench-can"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchCanState, SOCKBENCH_CAN)

/* Port 2's faults (docs/board.md). */
enum {
    CAN_FAULT_BUS_OFF = 1,
    CAN_FAULT_RECOVERED = 2,
    CAN_FAULT_ERROR = 3,
    CAN_FAULT_COUNTERS = 4,
};

struct SockbenchCanState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    CanBusState *bus;
    SockbenchLinkState *link;
    XlnxVersalCANFDState *controller;

    CanBusClientState client;
    bool bus_off;
};

#endif
