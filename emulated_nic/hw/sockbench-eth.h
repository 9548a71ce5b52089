/*
 * Ethernet MAC of the sockbench board.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * QEMU interface:
 *  + sysbus MMIO region 0: the registers
 *  + sysbus IRQ 0: high while an unmasked bit of INT_STATUS is set
 *  + QOM property "memory": what the DMA engine reaches
 *  + the usual NIC properties ("mac", "netdev")
 *  + QOM property "has-phy": without one there is no MDIO and no padding, and
 *    the carrier is its owner's
 *  + QOM child "phy": its PHY, at MDIO address SB_ETH_PHY_ADDR
 *  + GPIO input "carrier": whether the medium may be used; from the PHY, or,
 *    without one, from the owner
 *  + interface TYPE_SOCKBENCH_FAULTS: its fault table
 */

#ifndef HW_SOCKBENCH_ETH_H
#define HW_SOCKBENCH_ETH_H

#include "hw/registerfields.h"
#include "hw/sysbus.h"
#include "net/net.h"
#include "qom/object.h"
#include "regs/board.h"
#include "regs/eth.h"
#include "sockbench-phy.h"

#define TYPE_SOCKBENCH_ETH "sockbench-eth"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchEthState, SOCKBENCH_ETH)

#define SOCKBENCH_ETH_REGS       (A_ETH_STAT_RX_DMA / 4 + 1)
/* Without FCS. */
#define SOCKBENCH_ETH_MAX_FRAME_RESET 1514
#define SOCKBENCH_ETH_MAX_FRAME_LIMIT 16383
#define SOCKBENCH_ETH_MDIO_NS    2000

/* Fault numbers; 1 and 2 are the link's (sockbench-link.h). */
enum {
    ETH_FAULT_LOST_IRQ = 3,
    ETH_FAULT_TX_STUCK = 4,
    ETH_FAULT_TX_DMA = 5,
    ETH_FAULT_RX_DMA = 6,
    ETH_FAULT_RX_OVERRUN = 7,
    ETH_FAULT_RX_CSUM = 8,
    ETH_FAULT_TX_CSUM = 9,
    ETH_FAULT_AUTONEG_STALL = 10,
    ETH_FAULT_MDIO_STUCK = 11,
    ETH_FAULTS
};

/* A fault with this count stays armed. */
#define ETH_FAULT_FOREVER UINT32_MAX

/* Argument of the two DMA faults. */
#define ETH_FAULT_DMA_BUFFER     0
#define ETH_FAULT_DMA_DESCRIPTOR 1

struct SockbenchEthState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    MemoryRegion iomem;
    qemu_irq irq;
    MemoryRegion *memory;
    AddressSpace as;
    NICState *nic;
    NICConf conf;
    SockbenchPhyState phy;

    uint32_t regs[SOCKBENCH_ETH_REGS];
    bool has_phy;
    bool carrier;

    QEMUTimer *moderation;    /* runs while `held` is not empty */
    uint32_t held;            /* INT_STATUS bits that wait for it */
    uint32_t held_frames;
    QEMUTimer *mdio;          /* runs while a management access does */

    bool tx_stuck;
    bool irq_lost;            /* until the next event */
    uint32_t fault_count[ETH_FAULTS];
    uint32_t fault_arg[ETH_FAULTS];

    /* Not state: used within one transfer only. */
    uint8_t *frame;
};

/* sockbench-eth.c */
uint32_t sockbench_eth_frame_min(SockbenchEthState *s);
void sockbench_eth_raise(SockbenchEthState *s, uint32_t bits);
void sockbench_eth_raise_moderated(SockbenchEthState *s, uint32_t bits);

/* sockbench-eth-dma.c */
void sockbench_eth_transmit(SockbenchEthState *s);
ssize_t sockbench_eth_receive(SockbenchEthState *s, const uint8_t *frame,
                              size_t size);

/* sockbench-eth-fault.c */
bool sockbench_eth_fault_arm(Object *obj, uint32_t fault, uint32_t count,
                             uint32_t arg);
bool sockbench_eth_fault_takes(SockbenchEthState *s, unsigned int fault);
bool sockbench_eth_fault_takes_arg(SockbenchEthState *s, unsigned int fault,
                                   uint32_t arg);

#endif
