/*
 * How the board's RAM is divided.
 *
 * Four regions, none of them cleared at start: the kernel's heap (stacks,
 * messages, buffers of the agent, everything the socket module allocates),
 * lwIP's heap (packets that are sent) and the receive buffers of each network
 * driver. They are apart so that a test which exhausts one leaves the others alone.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_MEMORY_H
#define SOCKBENCH_PORT_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define MEMORY_KERNEL_HEAP_BYTES (1600u * 1024)
#define MEMORY_LWIP_HEAP_BYTES (768u * 1024)
#define MEMORY_RX_BYTES (1344u * 1024) /* of each */

extern uint8_t memory_rx_eth[MEMORY_RX_BYTES];
extern uint8_t memory_rx_wifi[MEMORY_RX_BYTES];

/*
 * Allocate from the kernel's heap; NULL when there is none. (The kernel's own
 * allocations do not fail silently: they end in a panic.)
 */
void *memory_alloc(size_t bytes);
void memory_release(void *memory);

size_t memory_free_bytes(void);
size_t memory_free_bytes_min(void);

#endif
