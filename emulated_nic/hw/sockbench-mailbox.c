/*
 * Mailbox of the sockbench board: messages between firmware and harness.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Described in docs/board.md.  The mailbox moves whole messages by DMA and
 * knows nothing of their content.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "regs/board.h"
#include "sockbench-mailbox.h"
#include "trace.h"

/* The DMA engine reaches memory only, no device registers. */
static const MemTxAttrs mailbox_attrs = { .memory = true };

static void mailbox_update_irq(SockbenchMailboxState *s)
{
    qemu_set_irq(s->irq, (s->ctrl & R_MAILBOX_CTRL_RX_IRQ_ENABLE_MASK) &&
                         !QTAILQ_EMPTY(&s->waiting));
}

static void mailbox_error(SockbenchMailboxState *s, uint32_t bit)
{
    s->status |= bit;
    qemu_log_mask(LOG_GUEST_ERROR,
                  "sockbench-mailbox: bad address or length\n");
}

static void mailbox_send(SockbenchMailboxState *s)
{
    if (s->tx_len > SB_MAILBOX_BYTES_MAX ||
        address_space_read(&s->as, s->tx_addr, mailbox_attrs, s->scratch,
                           s->tx_len) != MEMTX_OK) {
        mailbox_error(s, R_MAILBOX_STATUS_TX_ERROR_MASK);
        return;
    }
    if (s->link) {
        sockbench_link_mailbox(s->link, s->scratch, s->tx_len);
    }
}

static void mailbox_forget_first(SockbenchMailboxState *s)
{
    SockbenchMessage *m = QTAILQ_FIRST(&s->waiting);

    QTAILQ_REMOVE(&s->waiting, m, next);
    s->waiting_count--;
    g_free(m->data);
    g_free(m);
}

static void mailbox_take(SockbenchMailboxState *s)
{
    SockbenchMessage *m = QTAILQ_FIRST(&s->waiting);

    if (!m || address_space_write(&s->as, s->rx_addr, mailbox_attrs, m->data,
                                  m->size) != MEMTX_OK) {
        mailbox_error(s, R_MAILBOX_STATUS_RX_ERROR_MASK);
        return;
    }
    mailbox_forget_first(s);
    mailbox_update_irq(s);
}

static bool mailbox_receive(void *opaque, const uint8_t *data, uint32_t size)
{
    SockbenchMailboxState *s = opaque;
    SockbenchMessage *m;

    trace_sockbench_mailbox_receive(size, s->waiting_count);
    if (s->waiting_count == SOCKBENCH_MAILBOX_WAITING_MAX) {
        return false;
    }
    m = g_new0(SockbenchMessage, 1);
    m->size = size;
    m->data = g_memdup2(data, size);
    QTAILQ_INSERT_TAIL(&s->waiting, m, next);
    s->waiting_count++;
    mailbox_update_irq(s);
    return true;
}

static uint64_t mailbox_read(void *opaque, hwaddr offset, unsigned size)
{
    SockbenchMailboxState *s = opaque;
    SockbenchMessage *m = QTAILQ_FIRST(&s->waiting);
    uint32_t r = 0;

    switch (offset) {
    case A_MAILBOX_STATUS:
        r = FIELD_DP32(s->status, MAILBOX_STATUS, RX_PENDING, m != NULL);
        break;
    case A_MAILBOX_CTRL:
        r = s->ctrl;
        break;
    case A_MAILBOX_TX_ADDR:
        r = s->tx_addr;
        break;
    case A_MAILBOX_TX_LEN:
        r = s->tx_len;
        break;
    case A_MAILBOX_RX_LEN:
        r = m ? m->size : 0;
        break;
    case A_MAILBOX_RX_ADDR:
        r = s->rx_addr;
        break;
    case A_MAILBOX_TX_SEND:
    case A_MAILBOX_RX_TAKE:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: write-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
    trace_sockbench_mailbox_read(offset, r);
    return r;
}

static void mailbox_write(void *opaque, hwaddr offset, uint64_t value,
                          unsigned size)
{
    SockbenchMailboxState *s = opaque;

    trace_sockbench_mailbox_write(offset, value);
    switch (offset) {
    case A_MAILBOX_STATUS:
        s->status &= ~value;
        break;
    case A_MAILBOX_CTRL:
        s->ctrl = value & R_MAILBOX_CTRL_RX_IRQ_ENABLE_MASK;
        mailbox_update_irq(s);
        break;
    case A_MAILBOX_TX_ADDR:
        s->tx_addr = value;
        break;
    case A_MAILBOX_TX_LEN:
        s->tx_len = value;
        break;
    case A_MAILBOX_TX_SEND:
        mailbox_send(s);
        break;
    case A_MAILBOX_RX_ADDR:
        s->rx_addr = value;
        break;
    case A_MAILBOX_RX_TAKE:
        if (value & 1) {
            mailbox_take(s);
        }
        break;
    case A_MAILBOX_RX_LEN:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: read-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
}

static const MemoryRegionOps mailbox_ops = {
    .read = mailbox_read,
    .write = mailbox_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 4,
};

static void mailbox_reset_hold(Object *obj, ResetType type)
{
    SockbenchMailboxState *s = SOCKBENCH_MAILBOX(obj);

    while (!QTAILQ_EMPTY(&s->waiting)) {
        mailbox_forget_first(s);
    }
    s->status = 0;
    s->ctrl = 0;
    s->tx_addr = 0;
    s->tx_len = 0;
    s->rx_addr = 0;
    mailbox_update_irq(s);
}

static void mailbox_realize(DeviceState *dev, Error **errp)
{
    SockbenchMailboxState *s = SOCKBENCH_MAILBOX(dev);

    if (!s->memory) {
        error_setg(errp, TYPE_SOCKBENCH_MAILBOX ": 'memory' link not set");
        return;
    }
    address_space_init(&s->as, s->memory, TYPE_SOCKBENCH_MAILBOX);
    s->scratch = g_malloc(SB_MAILBOX_BYTES_MAX);
    if (s->link) {
        sockbench_link_set_mailbox(s->link, mailbox_receive, s);
    }
}

static void mailbox_init(Object *obj)
{
    SockbenchMailboxState *s = SOCKBENCH_MAILBOX(obj);

    memory_region_init_io(&s->iomem, obj, &mailbox_ops, s,
                          TYPE_SOCKBENCH_MAILBOX, 0x1000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    QTAILQ_INIT(&s->waiting);
}

static const Property mailbox_properties[] = {
    DEFINE_PROP_LINK("memory", SockbenchMailboxState, memory,
                     TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_LINK("link", SockbenchMailboxState, link, TYPE_SOCKBENCH_LINK,
                     SockbenchLinkState *),
};

static const VMStateDescription mailbox_message_vmstate = {
    .name = "sockbench-mailbox/message",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(size, SockbenchMessage),
        VMSTATE_VBUFFER_ALLOC_UINT32(data, SockbenchMessage, 1, NULL, size),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription mailbox_vmstate = {
    .name = TYPE_SOCKBENCH_MAILBOX,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(status, SockbenchMailboxState),
        VMSTATE_UINT32(ctrl, SockbenchMailboxState),
        VMSTATE_UINT32(tx_addr, SockbenchMailboxState),
        VMSTATE_UINT32(tx_len, SockbenchMailboxState),
        VMSTATE_UINT32(rx_addr, SockbenchMailboxState),
        VMSTATE_UINT32(waiting_count, SockbenchMailboxState),
        VMSTATE_QTAILQ_V(waiting, SockbenchMailboxState, 1,
                           mailbox_message_vmstate, SockbenchMessage, next),
        VMSTATE_END_OF_LIST()
    }
};

static void mailbox_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = mailbox_realize;
    dc->vmsd = &mailbox_vmstate;
    device_class_set_props(dc, mailbox_properties);
    RESETTABLE_CLASS(klass)->phases.hold = mailbox_reset_hold;
}

static const TypeInfo mailbox_types[] = {
    {
        .name = TYPE_SOCKBENCH_MAILBOX,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchMailboxState),
        .instance_init = mailbox_init,
        .class_init = mailbox_class_init,
    },
};

DEFINE_TYPES(mailbox_types)
