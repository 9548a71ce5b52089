/*
 * What the qtests of sockbench-eth share: a pair of small rings.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_SOCKBENCH_RING_H
#define TESTS_QTEST_SOCKBENCH_RING_H

#include "sockbench-bench.h"

#define RING        4
#define TX_RING     (SB_RAM_BASE + 0x1000)
#define RX_RING     (SB_RAM_BASE + 0x2000)
#define BUFFERS     (SB_RAM_BASE + 0x10000)
#define RX_BUFFER(n) (SB_RAM_BASE + 0x20000 + (n) * 0x1000)
#define RX_BUFFER_BYTES 2048
#define NOWHERE     0x90000000

#define RX_WHOLE    (SB_ETH_DONE | SB_ETH_RX_FIRST | SB_ETH_RX_LAST)

static inline void put_descriptor(uint32_t at, uint32_t address,
                                  uint32_t request)
{
    writel(at, address);
    writel(at + 4, request);
    writel(at + 8, 0);
    writel(at + 12, 0xcafe);
}

static inline void tx_put(int index, uint32_t address, uint32_t length,
                          uint32_t requests)
{
    put_descriptor(TX_RING + index * SB_ETH_DESC_BYTES, address,
                   length | requests);
}

static inline void rx_put(int index, uint32_t address, uint32_t length)
{
    put_descriptor(RX_RING + index * SB_ETH_DESC_BYTES, address, length);
}

static inline uint32_t tx_result(int index)
{
    /* The driver's own word is never touched. */
    g_assert_cmphex(readl(TX_RING + index * SB_ETH_DESC_BYTES + 12), ==,
                    0xcafe);
    return readl(TX_RING + index * SB_ETH_DESC_BYTES + 8);
}

static inline uint32_t rx_result(int index)
{
    g_assert_cmphex(readl(RX_RING + index * SB_ETH_DESC_BYTES + 12), ==,
                    0xcafe);
    return readl(RX_RING + index * SB_ETH_DESC_BYTES + 8);
}

/* Both rings of RING descriptors, all of reception's but one free. */
static inline void rings_start(uint32_t ctrl)
{
    int i;

    for (i = 0; i < RING; i++) {
        rx_put(i, RX_BUFFER(i), RX_BUFFER_BYTES);
    }
    eth_set(A_ETH_TX_BASE, TX_RING);
    eth_set(A_ETH_TX_SIZE, RING);
    eth_set(A_ETH_RX_BASE, RX_RING);
    eth_set(A_ETH_RX_SIZE, RING);
    eth_set(A_ETH_RX_TAIL, RING - 1);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK | R_ETH_CTRL_RX_ENABLE_MASK |
                        ctrl);
}

static inline void memset_guest(uint32_t address, uint8_t value, size_t size)
{
    qtest_memset(global_qtest, address, value, size);
}

/* A broadcast frame, or what the caller has; its bytes count up. */
static inline void rx_frame_in(uint32_t size, uint8_t *frame)
{
    static uint8_t own[16384];
    uint32_t i;

    if (!frame) {
        frame = own;
        memset(frame, 0xff, 6);
        for (i = 6; i < size; i++) {
            frame[i] = i;
        }
    }
    bench_inject(EVENT_FRAME, 0, frame, size);
}

#endif
