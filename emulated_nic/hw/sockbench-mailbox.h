/*
 * Mailbox of the sockbench board.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * QEMU interface:
 *  + sysbus MMIO region 0: the registers
 *  + sysbus IRQ 0: high while a message waits and CTRL.RX_IRQ_ENABLE is set
 *  + QOM property "memory": where messages are read from and written to
 *  + QOM property "link": the other end (optional; messages are lost without)
 */

#ifndef HW_SOCKBENCH_MAILBOX_H
#define HW_SOCKBENCH_MAILBOX_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "sockbench-link.h"

#define TYPE_SOCKBENCH_MAILBOX "sockbench-mailbox"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchMailboxState, SOCKBENCH_MAILBOX)

/* More than any agent should leave unread; then the sender is told. */
#define SOCKBENCH_MAILBOX_WAITING_MAX 256

typedef struct SockbenchMessage {
    QTAILQ_ENTRY(SockbenchMessage) next;
    uint32_t size;
    uint8_t *data;
} SockbenchMessage;

struct SockbenchMailboxState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    MemoryRegion iomem;
    qemu_irq irq;
    MemoryRegion *memory;
    AddressSpace as;
    SockbenchLinkState *link;
    uint8_t *scratch;

    uint32_t status;    /* the two error bits; RX_PENDING is computed */
    uint32_t ctrl;
    uint32_t tx_addr;
    uint32_t tx_len;
    uint32_t rx_addr;
    QTAILQ_HEAD(, SockbenchMessage) waiting;
    uint32_t waiting_count;
};

#endif
