/*
 * FullMAC wifi NIC of the sockbench board: the event ring.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * The NIC writes at EVT_HEAD, the driver reads up to it and moves EVT_TAIL.
 * One entry always stays free, so that a full ring is not an empty one.  An
 * event that can't be stored is counted and gone: the NIC has no memory of it.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "sockbench-wifi.h"
#include "trace.h"

/* The DMA engine reaches memory only, no device registers. */
static const MemTxAttrs event_dma_attrs = { .memory = true };

QEMU_BUILD_BUG_ON(sizeof(struct wifi_event) != 64);
QEMU_BUILD_BUG_ON(sizeof(struct wifi_network) > WIFI_EVENT_DATA_BYTES);

static bool event_store(SockbenchWifiState *s, const struct wifi_event *entry)
{
    uint32_t at = s->regs[R_WIFI_EVT_BASE] +
                  s->regs[R_WIFI_EVT_HEAD] * sizeof(*entry);

    if (sockbench_wifi_fault_takes(s, WIFI_FAULT_EVENT_DMA) ||
        address_space_write(&s->as, at, event_dma_attrs, entry,
                            sizeof(*entry)) != MEMTX_OK) {
        qemu_log_mask(LOG_GUEST_ERROR, "sockbench-wifi: an event can't be "
                      "written to 0x%" PRIx32 "\n", at);
        return false;
    }
    return true;
}

void sockbench_wifi_event(SockbenchWifiState *s, const WifiEvent *event)
{
    uint32_t after = (s->regs[R_WIFI_EVT_HEAD] + 1) &
                     (s->regs[R_WIFI_EVT_SIZE] - 1);
    struct wifi_event entry = {
        .type = event->type,
        .flags = event->flags,
        .status = cpu_to_le16(event->status),
        .reason = cpu_to_le16(event->reason),
        .data_bytes = cpu_to_le16(event->data_bytes),
    };

    trace_sockbench_wifi_event(event->type, event->flags, event->status,
                               event->reason);
    if (s->failed || s->regs[R_WIFI_EVT_SIZE] == 0 ||
        !extract32(s->regs[R_WIFI_EVT_MASK], event->type, 1)) {
        return;
    }
    if (event->address) {
        memcpy(entry.address, event->address, sizeof(entry.address));
    }
    if (event->data_bytes) {
        assert(event->data_bytes <= sizeof(entry.data));
        memcpy(entry.data, event->data, event->data_bytes);
    }
    if (sockbench_wifi_fault_takes_type(s, WIFI_FAULT_EVENT_LOST,
                                        event->type) ||
        after == s->regs[R_WIFI_EVT_TAIL] || !event_store(s, &entry)) {
        s->regs[R_WIFI_EVT_LOST]++;
        sockbench_wifi_raise(s, R_WIFI_INT_STATUS_OVERFLOW_MASK);
        return;
    }
    s->regs[R_WIFI_EVT_HEAD] = after;
    sockbench_wifi_raise(s, R_WIFI_INT_STATUS_EVENT_MASK);
}
