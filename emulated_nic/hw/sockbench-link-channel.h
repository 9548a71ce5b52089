/*
 * The link of the sockbench board: messages and replies on the socket.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* Between the two files of the link, and nobody else's. */

#ifndef HW_SOCKBENCH_LINK_CHANNEL_H
#define HW_SOCKBENCH_LINK_CHANNEL_H

#include "qemu/timer.h"
#include "sockbench-link.h"

struct SockbenchEvent {
    QTAILQ_ENTRY(SockbenchEvent) next;
    int64_t at; /* on the virtual clock */
    uint8_t kind;
    uint8_t port;
    uint32_t size;
    uint8_t data[];
};

static inline int64_t link_clock(void)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

void link_channel_open(SockbenchLinkState *s);
void G_NORETURN link_channel_gone(void);
void link_channel_send(SockbenchLinkState *s, uint8_t type, uint8_t port,
                       const void *payload, uint32_t size);
void link_channel_receive(SockbenchLinkState *s);

#endif
