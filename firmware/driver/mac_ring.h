/*
 * Arithmetic of the MAC's descriptor rings: indices of a power-of-two ring of
 * which one descriptor always stays free, so that "empty" and "full" differ.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_MAC_RING_H
#define SOCKBENCH_DRIVER_MAC_RING_H

#include <assert.h>
#include <stdint.h>

/* Number of descriptors between two indices, going forward from `from`. */
static inline uint32_t mac_ring_distance(uint32_t from, uint32_t to, uint32_t size)
{
    assert(size != 0 && (size & (size - 1)) == 0 && from < size && to < size);
    return (to - from) & (size - 1);
}

/* The index `steps` after `index`. */
static inline uint32_t mac_ring_after(uint32_t index, uint32_t steps, uint32_t size)
{
    return (index + steps) & (size - 1);
}

/* Descriptors that may still be handed over: first is the oldest in use, next the first unused. */
static inline uint32_t mac_ring_room(uint32_t first, uint32_t next, uint32_t size)
{
    return size - 1 - mac_ring_distance(first, next, size);
}

#endif
