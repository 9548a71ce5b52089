/*
 * QTests of sockbench-eth: every edge of both descriptor rings.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-ring.h"

static void tx_bytes(uint32_t address, uint32_t size, uint8_t first)
{
    uint8_t buffer[2048];
    uint32_t i;

    for (i = 0; i < size; i++) {
        buffer[i] = first + i;
    }
    memwrite(address, buffer, size);
}

static void check_tx(uint32_t size)
{
    const Message *m = bench_only(LINK_TX);
    uint32_t i;

    g_assert_cmpuint(m->size, ==, size);
    g_assert_cmpuint(m->t, ==, board_now());
    for (i = 0; i < size; i++) {
        g_assert_cmphex(m->data[i], ==, (uint8_t)i);
    }
}

static void test_tx_one(void)
{
    bench_start("");
    rings_start(0);
    tx_bytes(BUFFERS + 1, 1514, 0);
    tx_put(0, BUFFERS + 1, 1514, SB_ETH_TX_LAST);
    bench_quiet();
    eth_set(A_ETH_TX_TAIL, 1);
    check_tx(1514);
    g_assert_cmphex(tx_result(0), ==, SB_ETH_DONE);
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_FRAMES), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_BYTES), ==, 1514);

    tx_put(1, BUFFERS + 1, 100, SB_ETH_TX_LAST | SB_ETH_TX_IRQ);
    eth_set(A_ETH_TX_TAIL, 2);
    check_tx(100);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_BYTES), ==, 1614);
    bench_stop();
}

/* Short frames are filled up to 60 bytes with zeros. */
static void test_tx_padding(void)
{
    const Message *m;
    int i;

    bench_start("");
    rings_start(0);
    memset_guest(BUFFERS, 0xaa, 100);
    tx_put(0, BUFFERS, 1, SB_ETH_TX_LAST);
    tx_put(1, BUFFERS, 59, SB_ETH_TX_LAST);
    tx_put(2, BUFFERS, 60, SB_ETH_TX_LAST);
    for (i = 0; i < 3; i++) {
        eth_set(A_ETH_TX_TAIL, i + 1);
        m = bench_only(LINK_TX);
        g_assert_cmpuint(m->size, ==, 60);
        g_assert_cmphex(m->data[0], ==, 0xaa);
        g_assert_cmphex(m->data[58], ==, i == 0 ? 0 : 0xaa);
        g_assert_cmphex(m->data[59], ==, i == 2 ? 0xaa : 0);
    }
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_BYTES), ==, 180);
    bench_stop();
}

/* A frame in three parts, the last of which comes later, across the wrap. */
static void test_tx_scatter_and_wrap(void)
{
    bench_start("");
    rings_start(0);
    tx_bytes(BUFFERS, 200, 0);
    tx_put(0, BUFFERS, 60, SB_ETH_TX_LAST);
    tx_put(1, BUFFERS, 60, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 2);
    g_assert_cmpint(bench_count(), ==, 2);
    bench_forget();

    tx_put(2, BUFFERS, 14, 0);
    tx_put(3, BUFFERS + 14, 1, SB_ETH_TX_IRQ);
    tx_put(0, BUFFERS + 15, 85, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 0);
    bench_quiet();
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 2);
    g_assert_cmphex(tx_result(2), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_STATUS) & 2, ==, 0);
    eth_set(A_ETH_TX_TAIL, 1);
    check_tx(100);
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 1);
    g_assert_cmphex(tx_result(2), ==, SB_ETH_DONE);
    g_assert_cmphex(tx_result(3), ==, SB_ETH_DONE);
    g_assert_cmphex(tx_result(0), ==, SB_ETH_DONE);
    g_assert_cmphex(eth_get(A_ETH_STATUS) & 2, ==, 2);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 1);
    bench_stop();
}

/* All that can be handed over at once, and the doorbell rung in vain. */
static void test_tx_full(void)
{
    int i;

    bench_start("");
    rings_start(0);
    for (i = 0; i < RING - 1; i++) {
        tx_put(i, BUFFERS, 60, SB_ETH_TX_LAST);
    }
    eth_set(A_ETH_TX_TAIL, RING - 1);
    g_assert_cmpint(bench_count(), ==, RING - 1);
    bench_forget();
    eth_set(A_ETH_TX_TAIL, RING - 1);
    bench_quiet();

    /* A frame that has no end is never begun. */
    for (i = 0; i < RING; i++) {
        tx_put(i, BUFFERS, 10, 0);
    }
    eth_set(A_ETH_TX_TAIL, RING - 2);
    bench_quiet();
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, RING - 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    bench_stop();
}

/* Descriptors wait for TX_ENABLE, and stay where they are without it. */
static void test_tx_enable(void)
{
    bench_start("");
    rings_start(0);
    eth_set(A_ETH_CTRL, 0);
    tx_put(0, BUFFERS, 60, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 1);
    bench_quiet();
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 0);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    g_assert_cmpuint(bench_only(LINK_TX)->size, ==, 60);
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 1);
    bench_stop();
}

/* Frames that can't be sent are refused one by one; the ring goes on. */
static void test_tx_errors(void)
{
    const struct {
        uint32_t address, length;
    } bad[] = {
        { BUFFERS, 0 },
        { BUFFERS, 1515 },
        { BUFFERS, 0xffff },
        { NOWHERE, 60 },
        { SB_RAM_BASE + SB_RAM_BYTES - 59, 60 },
        { SB_ETH_BASE, 60 },
    };
    int i, at = 0;

    bench_start("");
    rings_start(0);
    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        int after = (at + 1) % RING;

        tx_put(at, bad[i].address, bad[i].length, SB_ETH_TX_LAST);
        tx_put(after, BUFFERS, 60, SB_ETH_TX_LAST);
        eth_set(A_ETH_TX_TAIL, (at + 2) % RING);
        bench_only(LINK_TX);
        g_assert_cmphex(tx_result(at), ==, SB_ETH_DONE | SB_ETH_TX_RES_ERROR);
        g_assert_cmphex(tx_result(after), ==, SB_ETH_DONE);
        g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 8);
        g_assert_cmpuint(eth_get(A_ETH_STAT_TX_ERRORS), ==, i + 1);
        eth_set(A_ETH_INT_STATUS, 8);
        at = (at + 2) % RING;
    }
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_FRAMES), ==, ARRAY_SIZE(bad));

    /* A bad part spoils the frame, in all its descriptors. */
    tx_put(at, BUFFERS, 60, 0);
    tx_put((at + 1) % RING, NOWHERE, 60, 0);
    tx_put((at + 2) % RING, BUFFERS, 60, SB_ETH_TX_LAST | SB_ETH_TX_IRQ);
    eth_set(A_ETH_TX_TAIL, (at + 3) % RING);
    bench_quiet();
    for (i = 0; i < 3; i++) {
        g_assert_cmphex(tx_result((at + i) % RING), ==,
                        SB_ETH_DONE | SB_ETH_TX_RES_ERROR);
    }
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 9);
    bench_stop();
}

/* The sum of the parts counts: MAX_FRAME passes, one more does not. */
static void test_tx_oversize_scatter(void)
{
    bench_start("");
    rings_start(0);
    tx_put(0, BUFFERS, 1000, 0);
    tx_put(1, BUFFERS, 514, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 2);
    g_assert_cmpuint(bench_only(LINK_TX)->size, ==, 1514);
    tx_put(2, BUFFERS, 1000, 0);
    tx_put(3, BUFFERS, 515, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 0);
    bench_quiet();
    g_assert_cmphex(tx_result(3), ==, SB_ETH_DONE | SB_ETH_TX_RES_ERROR);
    eth_set(A_ETH_MAX_FRAME, 1515);
    tx_put(0, BUFFERS, 1515, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 1);
    g_assert_cmpuint(bench_only(LINK_TX)->size, ==, 1515);
    bench_stop();
}

/* A ring that is not in memory stops the engine. */
static void test_tx_bad_ring(void)
{
    bench_start("");
    rings_start(0);
    eth_set(A_ETH_CTRL, 0);
    eth_set(A_ETH_TX_BASE, NOWHERE);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    eth_set(A_ETH_TX_TAIL, 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x40);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, 0);
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 0);

    /* In flash it can be read, but no result can be written. */
    eth_set(A_ETH_INT_STATUS, 0x40);
    eth_set(A_ETH_TX_BASE, SB_FLASH_BASE);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    eth_set(A_ETH_TX_TAIL, 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, R_ETH_CTRL_TX_ENABLE_MASK);

    /* At the end of memory, the ring's second half is missing. */
    eth_set(A_ETH_CTRL, 0);
    eth_set(A_ETH_TX_BASE, SB_RAM_BASE + SB_RAM_BYTES - 32);
    put_descriptor(SB_RAM_BASE + SB_RAM_BYTES - 32, BUFFERS,
                   60 | SB_ETH_TX_LAST);
    put_descriptor(SB_RAM_BASE + SB_RAM_BYTES - 16, BUFFERS,
                   60 | SB_ETH_TX_LAST);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    eth_set(A_ETH_TX_TAIL, 3);
    g_assert_cmpint(bench_count(), ==, 2);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x40);
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 2);
    bench_stop();
}

static void test_tx_no_link(void)
{
    bench_start("");
    rings_start(0);
    bench_fault(1, 0, 0);
    eth_set(A_ETH_INT_STATUS, 0xff);
    tx_put(0, BUFFERS, 60, SB_ETH_TX_LAST | SB_ETH_TX_IRQ);
    eth_set(A_ETH_TX_TAIL, 1);
    bench_quiet();
    g_assert_cmphex(tx_result(0), ==, SB_ETH_DONE | SB_ETH_TX_RES_NOLINK);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_NOLINK), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_FRAMES), ==, 0);
    bench_stop();
}

static void check_bytes(uint32_t address, uint32_t first, uint32_t size)
{
    uint8_t buffer[16384];
    uint32_t i;

    memread(address, buffer, size);
    for (i = 0; i < size; i++) {
        g_assert_cmphex(buffer[i], ==,
                        first + i < 6 ? 0xff : (uint8_t)(first + i));
    }
}

static void test_rx_one(void)
{
    bench_start("");
    rings_start(0);
    rx_put(0, RX_BUFFER(0) + 3, 1514);
    rx_frame_in(1514, NULL);
    g_assert_cmphex(rx_result(0), ==, RX_WHOLE | SB_ETH_RX_BROADCAST | 1514);
    check_bytes(RX_BUFFER(0) + 3, 0, 1514);
    g_assert_cmphex(readb(RX_BUFFER(0) + 2), ==, 0);
    g_assert_cmphex(readb(RX_BUFFER(0) + 3 + 1514), ==, 0);
    g_assert_cmpuint(eth_get(A_ETH_RX_HEAD), ==, 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 2);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_FRAMES), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_BYTES), ==, 1514);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_BROADCAST), ==, 1);
    bench_quiet();
    bench_stop();
}

/* The limits of a frame's size, and one byte beyond. */
static void test_rx_sizes(void)
{
    bench_start("");
    rings_start(0);
    rx_frame_in(59, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_RUNT), ==, 1);
    rx_frame_in(1, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_RUNT), ==, 2);
    rx_frame_in(1515, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_OVERSIZE), ==, 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x10);
    g_assert_cmphex(rx_result(0), ==, 0);
    rx_frame_in(60, NULL);
    rx_frame_in(1514, NULL);
    g_assert_cmphex(rx_result(0) & 0xffff, ==, 60);
    g_assert_cmphex(rx_result(1) & 0xffff, ==, 1514);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_FRAMES), ==, 2);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x12);

    eth_set(A_ETH_MAX_FRAME, 60);
    rx_frame_in(61, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_OVERSIZE), ==, 2);
    bench_stop();
}

/* A frame over three small buffers, across the wrap. */
static void test_rx_span_and_wrap(void)
{
    bench_start("");
    rings_start(0);
    rx_frame_in(60, NULL);
    rx_frame_in(60, NULL);
    rx_put(2, RX_BUFFER(2), 50);
    rx_put(3, RX_BUFFER(3), 1);
    rx_put(0, RX_BUFFER(0), 64);
    eth_set(A_ETH_RX_TAIL, 1);
    rx_frame_in(100, NULL);
    g_assert_cmphex(rx_result(2), ==, SB_ETH_DONE | SB_ETH_RX_FIRST | 50);
    g_assert_cmphex(rx_result(3), ==, SB_ETH_DONE | 1);
    g_assert_cmphex(rx_result(0), ==, SB_ETH_DONE | SB_ETH_RX_LAST |
                    SB_ETH_RX_BROADCAST | 49);
    check_bytes(RX_BUFFER(2), 0, 50);
    check_bytes(RX_BUFFER(3), 50, 1);
    check_bytes(RX_BUFFER(0), 51, 49);
    g_assert_cmpuint(eth_get(A_ETH_RX_HEAD), ==, 1);
    g_assert_cmphex(eth_get(A_ETH_STATUS) & 4, ==, 4);
    bench_stop();
}

/* What just fits, and what doesn't by one byte: then nothing is used. */
static void test_rx_no_buffer(void)
{
    bench_start("");
    rings_start(0);
    rx_put(0, RX_BUFFER(0), 50);
    rx_put(1, RX_BUFFER(1), 50);
    rx_put(2, RX_BUFFER(2), 50);
    rx_frame_in(151, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 4);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_NOBUF), ==, 1);
    g_assert_cmpuint(eth_get(A_ETH_RX_HEAD), ==, 0);
    g_assert_cmphex(rx_result(0), ==, 0);
    rx_frame_in(150, NULL);
    g_assert_cmpuint(eth_get(A_ETH_RX_HEAD), ==, 3);
    g_assert_cmphex(rx_result(2), ==, SB_ETH_DONE | SB_ETH_RX_LAST |
                    SB_ETH_RX_BROADCAST | 50);

    /* Empty, until a descriptor comes back. */
    rx_frame_in(60, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_NOBUF), ==, 2);
    eth_set(A_ETH_RX_TAIL, 0);
    rx_frame_in(60, NULL);
    g_assert_cmphex(rx_result(3), ==, RX_WHOLE | SB_ETH_RX_BROADCAST | 60);
    bench_stop();
}

/* A bad buffer costs its frame; all descriptors come back. */
static void test_rx_bad_buffer(void)
{
    const uint32_t bad[] = {
        NOWHERE, SB_FLASH_BASE, SB_ETH_BASE, SB_RAM_BASE + SB_RAM_BYTES - 59,
    };
    int i;

    bench_start("");
    rings_start(0);
    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        int at = i % RING;

        rx_put(at, bad[i], 60);
        eth_set(A_ETH_RX_TAIL, (at + 1) % RING);
        rx_frame_in(60, NULL);
        g_assert_cmphex(rx_result(at), ==, RX_WHOLE | SB_ETH_RX_RES_ERROR);
        g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x12);
        g_assert_cmpuint(eth_get(A_ETH_STAT_RX_DMA), ==, i + 1);
        eth_set(A_ETH_INT_STATUS, 0xff);
    }
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_FRAMES), ==, 0);

    /* In the middle of a frame; the rest stays free. Length 0 is bad, too. */
    rx_put(0, RX_BUFFER(0), 30);
    rx_put(1, RX_BUFFER(1), 0);
    rx_put(2, RX_BUFFER(2), 60);
    eth_set(A_ETH_RX_TAIL, 3);
    rx_frame_in(60, NULL);
    g_assert_cmphex(rx_result(0), ==, SB_ETH_DONE | SB_ETH_RX_FIRST | 30);
    g_assert_cmphex(rx_result(1), ==, SB_ETH_DONE | SB_ETH_RX_LAST |
                    SB_ETH_RX_RES_ERROR);
    g_assert_cmphex(rx_result(2), ==, 0);
    rx_frame_in(60, NULL);
    g_assert_cmphex(rx_result(2), ==, RX_WHOLE | SB_ETH_RX_BROADCAST | 60);
    bench_stop();
}

static void test_rx_bad_ring(void)
{
    const uint32_t bases[] = { NOWHERE, SB_FLASH_BASE };
    int i;

    bench_start("");
    for (i = 0; i < ARRAY_SIZE(bases); i++) {
        eth_set(A_ETH_RX_BASE, bases[i]);
        eth_set(A_ETH_RX_SIZE, 2);
        eth_set(A_ETH_RX_TAIL, 1);
        eth_set(A_ETH_CTRL, R_ETH_CTRL_RX_ENABLE_MASK);
        rx_frame_in(60, NULL);
        g_assert_cmphex(eth_get(A_ETH_INT_STATUS) & 0x40, ==, 0x40);
        g_assert_cmphex(eth_get(A_ETH_CTRL), ==, 0);
        g_assert_cmpuint(eth_get(A_ETH_RX_HEAD), ==, 0);
        eth_set(A_ETH_INT_STATUS, 0xff);
    }
    bench_stop();
}

/* The largest rings, once around. */
static void test_largest_ring(void)
{
    uint32_t i;

    bench_start("");
    eth_set(A_ETH_TX_BASE, TX_RING);
    eth_set(A_ETH_TX_SIZE, 1024);
    eth_set(A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    for (i = 0; i < 1024; i++) {
        tx_put(i, BUFFERS, 60, SB_ETH_TX_LAST);
        eth_set(A_ETH_TX_TAIL, (i + 1) % 1024);
        bench_only(LINK_TX);
    }
    g_assert_cmpuint(eth_get(A_ETH_TX_HEAD), ==, 0);
    g_assert_cmpuint(eth_get(A_ETH_STAT_TX_FRAMES), ==, 1024);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sockbench/tx/one", test_tx_one);
    qtest_add_func("/sockbench/tx/padding", test_tx_padding);
    qtest_add_func("/sockbench/tx/scatter-wrap", test_tx_scatter_and_wrap);
    qtest_add_func("/sockbench/tx/full", test_tx_full);
    qtest_add_func("/sockbench/tx/enable", test_tx_enable);
    qtest_add_func("/sockbench/tx/errors", test_tx_errors);
    qtest_add_func("/sockbench/tx/oversize", test_tx_oversize_scatter);
    qtest_add_func("/sockbench/tx/bad-ring", test_tx_bad_ring);
    qtest_add_func("/sockbench/tx/no-link", test_tx_no_link);
    qtest_add_func("/sockbench/rx/one", test_rx_one);
    qtest_add_func("/sockbench/rx/sizes", test_rx_sizes);
    qtest_add_func("/sockbench/rx/span-wrap", test_rx_span_and_wrap);
    qtest_add_func("/sockbench/rx/no-buffer", test_rx_no_buffer);
    qtest_add_func("/sockbench/rx/bad-buffer", test_rx_bad_buffer);
    qtest_add_func("/sockbench/rx/bad-ring", test_rx_bad_ring);
    qtest_add_func("/sockbench/largest-ring", test_largest_ring);
    return g_test_run();
}
