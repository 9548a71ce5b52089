/*
 * Ethernet PHY of the sockbench board.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * QEMU interface:
 *  + unnamed GPIO output 0: high while the MAC may use the medium, that is,
 *    the link is up and the PHY is neither isolated nor powered down
 *  + sockbench_phy_read(), sockbench_phy_write(): the management registers
 *  + sockbench_phy_set_cable(): whether a working cable is plugged in
 */

#ifndef HW_SOCKBENCH_PHY_H
#define HW_SOCKBENCH_PHY_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_SOCKBENCH_PHY "sockbench-phy"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchPhyState, SOCKBENCH_PHY)

#define SOCKBENCH_PHY_ID1 0x5342
#define SOCKBENCH_PHY_ID2 0x0010

/* From the start of a negotiation to its end. */
#define SOCKBENCH_PHY_NEGOTIATION_NS (2 * 1000 * 1000)

struct SockbenchPhyState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    qemu_irq carrier;
    QEMUTimer *timer;        /* runs while a negotiation is under way */

    uint16_t bmcr;
    uint16_t anar;
    uint16_t anlpar;
    uint16_t aner;
    bool cable;
    bool negotiated;
    bool link_lost;          /* since BMSR was last read */
    uint32_t stalls;         /* negotiations that shall not end: a fault */
};

uint16_t sockbench_phy_read(SockbenchPhyState *s, unsigned int reg);
void sockbench_phy_write(SockbenchPhyState *s, unsigned int reg,
                         uint16_t value);
void sockbench_phy_set_cable(SockbenchPhyState *s, bool plugged);
bool sockbench_phy_loopback(SockbenchPhyState *s);

#endif
