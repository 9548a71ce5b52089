/*
 * Keeps from lwIP's IPv6 the fragments that its reassembly cannot bear (lwIP's hook for received
 * packets).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_IP6_GUARD_H
#define SOCKBENCH_PORT_IP6_GUARD_H

#include <stdbool.h>

struct netif;
struct pbuf;

/* Under the core lock; true if the packet was dropped, and freed. */
bool ip6_guard_takes(struct pbuf *p, struct netif *netif);

#endif
