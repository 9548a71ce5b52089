/*
 * One lwIP interface over one net driver: frames up, frames down, link state.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_NETIF_THREAD_H
#define SOCKBENCH_PORT_NETIF_THREAD_H

#include "driver/net_driver.h"
#include "lwip/netif.h"
#include "port/os.h"

struct netif_thread {
    const struct net_driver *driver;
    uint8_t *rx_memory;
    size_t rx_bytes;
    /* Told, under the core lock, when the link changed. */
    void (*link_changed)(struct netif_thread *self, bool up);

    /* Below: netif_thread.c's own. */
    struct netif netif;
    struct os_thread *thread;
    struct os_lock *lock; /* over the driver's table, except send, release, statistics */
    struct net_capabilities capabilities;
};

/* Set up the driver, its thread, and the lwIP interface (down). Until it succeeds, without the core
 * lock. */
int netif_thread_start(struct netif_thread *self);

/* The driver's link() and unlink(), without the core lock. */
int netif_thread_link(struct netif_thread *self);
void netif_thread_unlink(struct netif_thread *self);

/* Do something with the driver, one call at a time; its service() runs soon afterwards. */
void netif_thread_do(struct netif_thread *self, void (*work)(void *context), void *context);

#endif
