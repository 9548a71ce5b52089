/*
 * QTests of sockbench-eth: registers, interrupts and moderation, MDIO, PHY.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/net/mii.h"
#include "sockbench-ring.h"

#define MDIO_NS        2000
#define NEGOTIATION_NS 2000000

static void test_registers(void)
{
    uint32_t offset;

    bench_start("");
    check_register(SB_ETH_BASE + A_ETH_ID, SB_ETH_ID_VALUE, 0);
    check_register(SB_ETH_BASE + A_ETH_CAPS, 0xa0f, 0);
    check_register(SB_ETH_BASE + A_ETH_STATUS, 7, 0);
    check_register(SB_ETH_BASE + A_ETH_MAC_LO, 0x00000002, 0xffffffff);
    check_register(SB_ETH_BASE + A_ETH_MAC_HI, 0x0100, 0xffff);
    check_register(SB_ETH_BASE + A_ETH_MCAST_LO, 0, 0xffffffff);
    check_register(SB_ETH_BASE + A_ETH_MCAST_HI, 0, 0xffffffff);
    check_register(SB_ETH_BASE + A_ETH_INT_STATUS, 0, 0);
    check_register(SB_ETH_BASE + A_ETH_INT_MASK, 0, 0xff);
    check_register(SB_ETH_BASE + A_ETH_INT_MOD, 0, 0x00ffffff);
    check_register(SB_ETH_BASE + A_ETH_TX_HEAD, 0, 0);
    check_register(SB_ETH_BASE + A_ETH_RX_HEAD, 0, 0);
    check_register(SB_ETH_BASE + A_ETH_MDIO_DATA, 0, 0xffff);
    for (offset = A_ETH_STAT_TX_FRAMES; offset <= A_ETH_STAT_RX_DMA;
         offset += 4) {
        check_register(SB_ETH_BASE + offset, 0, 0);
    }
    /* Between and behind the registers there is nothing. */
    check_register(SB_ETH_BASE + 0x58, 0, 0);
    check_register(SB_ETH_BASE + 0xfc, 0, 0);
    check_register(SB_ETH_BASE + A_ETH_STAT_RX_DMA + 4, 0, 0);
    check_register(SB_ETH_BASE + 0xffc, 0, 0);
    bench_stop();
}

static void test_max_frame(void)
{
    static const uint32_t refused[] = { 0, 59, 16384, 0xffffffff };
    int i;

    bench_start("");
    g_assert_cmpuint(eth_get(A_ETH_MAX_FRAME), ==, 1514);
    for (i = 0; i < ARRAY_SIZE(refused); i++) {
        eth_set(A_ETH_MAX_FRAME, refused[i]);
        g_assert_cmpuint(eth_get(A_ETH_MAX_FRAME), ==, 1514);
    }
    eth_set(A_ETH_MAX_FRAME, 60);
    g_assert_cmpuint(eth_get(A_ETH_MAX_FRAME), ==, 60);
    eth_set(A_ETH_MAX_FRAME, 16383);
    g_assert_cmpuint(eth_get(A_ETH_MAX_FRAME), ==, 16383);
    bench_stop();
}

/* Bad bases and sizes are refused, and so are good ones while it runs. */
static void check_ring_setup(uint32_t base, uint32_t enable)
{
    static const uint32_t refused[] = { 0, 1, 3, 12, 1023, 2048, 0x80000000 };
    uint32_t size = base + 4;
    uint32_t head = base + 8;
    uint32_t tail = base + 12;
    int i;

    eth_set(A_ETH_CTRL, enable);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, 0);

    eth_set(base, 0x20000010);
    g_assert_cmphex(eth_get(base), ==, 0x20000010);
    eth_set(base, 0x20000018);
    g_assert_cmphex(eth_get(base), ==, 0x20000010);

    eth_set(size, 8);
    for (i = 0; i < ARRAY_SIZE(refused); i++) {
        eth_set(size, refused[i]);
        g_assert_cmpuint(eth_get(size), ==, 8);
    }
    eth_set(size, 1024);
    g_assert_cmpuint(eth_get(size), ==, 1024);
    eth_set(size, 2);
    g_assert_cmpuint(eth_get(size), ==, 2);

    eth_set(tail, 1);
    g_assert_cmpuint(eth_get(tail), ==, 1);
    eth_set(tail, 2);
    g_assert_cmpuint(eth_get(tail), ==, 1);
    g_assert_cmpuint(eth_get(head), ==, 0);
    /* Setting up empties the ring. */
    eth_set(size, 2);
    g_assert_cmpuint(eth_get(tail), ==, 0);

    eth_set(A_ETH_CTRL, enable);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, enable);
    eth_set(base, 0x20000020);
    eth_set(size, 4);
    g_assert_cmphex(eth_get(base), ==, 0x20000010);
    g_assert_cmpuint(eth_get(size), ==, 2);
    eth_set(A_ETH_CTRL, 0);
}

static void test_ring_setup(void)
{
    bench_start("");
    check_ring_setup(A_ETH_TX_BASE, R_ETH_CTRL_TX_ENABLE_MASK);
    check_ring_setup(A_ETH_RX_BASE, R_ETH_CTRL_RX_ENABLE_MASK);
    /* Both rings are set up, so all of CTRL can be written now. */
    eth_set(A_ETH_CTRL, 0x7fffffff);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, 0x3f);
    bench_stop();
}

/* CTRL.RESET makes everything as after power-on, whatever was under way. */
static void test_reset_under_way(void)
{
    bench_start("");
    rings_start(0);
    eth_set(A_ETH_MAC_LO, 0);
    eth_set(A_ETH_INT_MASK, 0xff);
    eth_set(A_ETH_INT_MOD, 100);
    /* Half a frame handed over, an interrupt held, an access to the PHY. */
    tx_put(0, BUFFERS, 100, 0);
    eth_set(A_ETH_TX_TAIL, 1);
    rx_frame_in(60, NULL);
    eth_set(A_ETH_MDIO_CTRL, R_ETH_MDIO_CTRL_START_MASK | 1 << 5 | 2);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_FRAMES), ==, 1);

    eth_set(A_ETH_CTRL, R_ETH_CTRL_RESET_MASK | R_ETH_CTRL_PROMISC_MASK);
    g_assert_cmphex(eth_get(A_ETH_CTRL), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_MAC_LO), ==, 2);
    g_assert_cmphex(eth_get(A_ETH_INT_MASK), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_MDIO_CTRL), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_TX_SIZE), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_TX_TAIL), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_RX_HEAD), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_STAT_RX_FRAMES), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_STATUS), ==, 7);
    clock_step(SECOND_NS);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);

    /* And it works again; the other half of the frame is not sent. */
    rings_start(0);
    tx_put(0, BUFFERS, 60, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 1);
    g_assert_cmpuint(bench_only(LINK_TX)->size, ==, 60);
    bench_stop();
}

/* Status bits are set masked or not, the line follows the unmasked ones. */
static void test_interrupt_line(void)
{
    bench_start("");
    rings_start(0);
    rx_frame_in(60, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 2);
    g_assert_false(board_irq(SB_ETH_IRQ));
    eth_set(A_ETH_INT_MASK, 1);
    g_assert_false(board_irq(SB_ETH_IRQ));
    eth_set(A_ETH_INT_MASK, 2);
    g_assert_true(board_irq(SB_ETH_IRQ));
    eth_set(A_ETH_INT_STATUS, 0xfd);
    g_assert_true(board_irq(SB_ETH_IRQ));
    eth_set(A_ETH_INT_STATUS, 2);
    g_assert_false(board_irq(SB_ETH_IRQ));
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    bench_stop();
}

/* Held for so many microseconds from the first frame, not one ns less. */
static void test_moderation_time(void)
{
    bench_start("");
    rings_start(0);
    eth_set(A_ETH_INT_MASK, 0xff);
    eth_set(A_ETH_INT_MOD, 10);
    rx_frame_in(60, NULL);
    g_assert_cmphex(rx_result(0) & SB_ETH_DONE, !=, 0);
    clock_step(5000);
    tx_put(0, BUFFERS, 60, SB_ETH_TX_LAST | SB_ETH_TX_IRQ);
    eth_set(A_ETH_TX_TAIL, 1);
    clock_step(4999);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    g_assert_false(board_irq(SB_ETH_IRQ));
    clock_step(1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 3);
    g_assert_true(board_irq(SB_ETH_IRQ));
    eth_set(A_ETH_INT_STATUS, 3);

    /* It starts over with the next frame. */
    clock_step(50000);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    rx_frame_in(60, NULL);
    clock_step(9999);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    clock_step(1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 2);
    bench_stop();
}

static void test_moderation_count(void)
{
    bench_start("");
    rings_start(0);
    eth_set(A_ETH_INT_MOD, 3 << 16 | 1000);
    rx_frame_in(60, NULL);
    rx_frame_in(60, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    rx_frame_in(60, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 2);
    eth_set(A_ETH_INT_STATUS, 2);

    /* The count starts over, and the timer of the last round is gone. */
    eth_set(A_ETH_RX_TAIL, 2);
    rx_frame_in(60, NULL);
    clock_step(1000 * 1000 - 1);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);

    /* Writing INT_MOD releases what is held. */
    eth_set(A_ETH_INT_MOD, 0);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 2);
    eth_set(A_ETH_INT_STATUS, 2);

    /* A count without a delay holds nothing. */
    eth_set(A_ETH_INT_MOD, 3 << 16);
    rx_frame_in(60, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 2);
    bench_stop();
}

/* Other causes are not moderated. */
static void test_moderation_others(void)
{
    bench_start("");
    rings_start(0);
    eth_set(A_ETH_INT_MOD, 1000);
    rx_frame_in(59, NULL);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x10);
    bench_fault(1, 0, 0);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x30);
    bench_stop();
}

static void mdio_start(uint32_t phy, uint32_t reg, uint32_t write)
{
    eth_set(A_ETH_MDIO_CTRL, R_ETH_MDIO_CTRL_START_MASK | write | phy << 5 |
                             reg);
}

static uint16_t mdio_read(uint32_t reg)
{
    mdio_start(SB_ETH_PHY_ADDR, reg, 0);
    clock_step(MDIO_NS);
    return eth_get(A_ETH_MDIO_DATA);
}

static void mdio_write(uint32_t reg, uint16_t value)
{
    eth_set(A_ETH_MDIO_DATA, value);
    mdio_start(SB_ETH_PHY_ADDR, reg, R_ETH_MDIO_CTRL_WRITE_MASK);
    clock_step(MDIO_NS);
}

static bool link_up(void)
{
    return FIELD_EX32(eth_get(A_ETH_STATUS), ETH_STATUS, LINK_UP);
}

static void test_mdio(void)
{
    bench_start("");
    mdio_start(SB_ETH_PHY_ADDR, MII_PHYID1, 0);
    g_assert_cmphex(eth_get(A_ETH_MDIO_CTRL), ==, 0x80000022);
    /* Busy: a second access is refused. */
    mdio_start(SB_ETH_PHY_ADDR, MII_PHYID2, 0);
    g_assert_cmphex(eth_get(A_ETH_MDIO_CTRL), ==, 0x80000022);
    clock_step(MDIO_NS - 1);
    g_assert_cmphex(eth_get(A_ETH_MDIO_CTRL), ==, 0x80000022);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    clock_step(1);
    g_assert_cmphex(eth_get(A_ETH_MDIO_CTRL), ==, 0x22);
    g_assert_cmphex(eth_get(A_ETH_MDIO_DATA), ==, 0x5342);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x80);

    /* Without START nothing begins. */
    eth_set(A_ETH_INT_STATUS, 0x80);
    eth_set(A_ETH_MDIO_CTRL, 0x7fffffff);
    g_assert_cmphex(eth_get(A_ETH_MDIO_CTRL), ==, 0x7ff);
    clock_step(SECOND_NS);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);

    /* At another address there is nobody, who ignores writes, too. */
    mdio_start(0, MII_PHYID1, 0);
    clock_step(MDIO_NS);
    g_assert_cmphex(eth_get(A_ETH_MDIO_DATA), ==, 0xffff);
    eth_set(A_ETH_MDIO_DATA, MII_BMCR_PDOWN);
    mdio_start(31, MII_BMCR, R_ETH_MDIO_CTRL_WRITE_MASK);
    clock_step(MDIO_NS);
    g_assert_true(link_up());
    bench_stop();
}

static void test_phy_registers(void)
{
    static const uint16_t reset_values[] = {
        0x3100, 0x786d, 0x5342, 0x0010, 0x01e1, 0x41e1, 0x0003, 0, 0,
    };
    int i;

    bench_start("");
    for (i = 0; i < ARRAY_SIZE(reset_values); i++) {
        g_assert_cmphex(mdio_read(i), ==, reset_values[i]);
    }
    g_assert_cmphex(mdio_read(31), ==, 0);
    /* "Page received" is cleared by reading. */
    g_assert_cmphex(mdio_read(MII_ANER), ==, 0x0001);

    mdio_write(MII_ANAR, 0xffff);
    g_assert_cmphex(mdio_read(MII_ANAR), ==, 0x2de1);
    for (i = 1; i < 32; i++) {
        if (i != MII_ANAR) {
            mdio_write(i, 0xffff);
        }
    }
    for (i = 1; i < 4; i++) {
        g_assert_cmphex(mdio_read(i), ==, reset_values[i]);
    }
    g_assert_cmphex(mdio_read(MII_ANLPAR), ==, 0x41e1);

    mdio_write(MII_BMCR, 0x7dff & ~(MII_BMCR_ANRESTART | MII_BMCR_PDOWN |
                                    MII_BMCR_ISOLATE));
    g_assert_cmphex(mdio_read(MII_BMCR), ==, 0x7100);
    mdio_write(MII_BMCR, MII_BMCR_RESET);
    g_assert_cmphex(mdio_read(MII_BMCR), ==, 0x3100);
    g_assert_cmphex(mdio_read(MII_ANAR), ==, 0x01e1);
    bench_stop();
}

/* A negotiation takes its time, to the nanosecond. */
static void check_negotiation(uint16_t bmcr)
{
    mdio_write(MII_BMCR, bmcr);
    g_assert_false(link_up());
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS) & 0x20, ==, 0x20);
    g_assert_cmphex(mdio_read(MII_BMSR), ==, 0x7849);
    g_assert_cmphex(mdio_read(MII_ANLPAR), ==, 0);
    g_assert_cmphex(mdio_read(MII_ANER), ==, 0);
    eth_set(A_ETH_INT_STATUS, 0xff);
    clock_step(NEGOTIATION_NS - 3 * MDIO_NS - 1);
    g_assert_false(link_up());
    clock_step(1);
    g_assert_true(link_up());
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x20);
    g_assert_cmphex(mdio_read(MII_ANLPAR), ==, 0x41e1);
    /* The link bit tells of the loss once. */
    g_assert_cmphex(mdio_read(MII_BMSR), ==, 0x7869);
    g_assert_cmphex(mdio_read(MII_BMSR), ==, 0x786d);
}

static void test_negotiation(void)
{
    bench_start("");
    check_negotiation(0x3100 | MII_BMCR_ANRESTART);
    check_negotiation(MII_BMCR_RESET);
    mdio_write(MII_BMCR, MII_BMCR_AUTOEN | MII_BMCR_PDOWN);
    check_negotiation(MII_BMCR_AUTOEN);
    bench_stop();
}

/* A restart in the middle begins anew. */
static void test_negotiation_restart(void)
{
    bench_start("");
    mdio_write(MII_BMCR, 0x3100 | MII_BMCR_ANRESTART);
    clock_step(NEGOTIATION_NS - MDIO_NS - 1);
    mdio_write(MII_BMCR, 0x3100 | MII_BMCR_ANRESTART);
    clock_step(NEGOTIATION_NS - 1);
    g_assert_false(link_up());
    clock_step(1);
    g_assert_true(link_up());
    bench_stop();
}

/* Nothing in common: it completes, and there is no link. */
static void test_negotiation_in_vain(void)
{
    bench_start("");
    mdio_write(MII_ANAR, 0);
    g_assert_true(link_up());
    mdio_write(MII_BMCR, 0x3100 | MII_BMCR_ANRESTART);
    clock_step(10 * NEGOTIATION_NS);
    g_assert_false(link_up());
    g_assert_cmphex(mdio_read(MII_BMSR), ==, 0x7869);
    g_assert_cmphex(mdio_read(MII_BMSR), ==, 0x7869);
    bench_stop();
}

static void test_forced_speed(void)
{
    bench_start("");
    mdio_write(MII_BMCR, MII_BMCR_SPEED100);
    g_assert_true(link_up());
    g_assert_cmphex(mdio_read(MII_BMSR), ==, 0x784d);
    /* Back to negotiating. */
    mdio_write(MII_BMCR, MII_BMCR_AUTOEN);
    g_assert_false(link_up());
    clock_step(NEGOTIATION_NS);
    g_assert_true(link_up());
    bench_stop();
}

static void test_isolate_and_power_down(void)
{
    bench_start("");
    mdio_write(MII_BMCR, 0x3100 | MII_BMCR_ISOLATE);
    g_assert_false(link_up());
    g_assert_cmphex(mdio_read(MII_BMSR) & MII_BMSR_LINK_ST, !=, 0);
    mdio_write(MII_BMCR, 0x3100);
    g_assert_true(link_up());

    mdio_write(MII_BMCR, 0x3100 | MII_BMCR_PDOWN);
    g_assert_false(link_up());
    clock_step(10 * NEGOTIATION_NS);
    g_assert_false(link_up());
    g_assert_cmphex(mdio_read(MII_BMSR) & MII_BMSR_LINK_ST, ==, 0);
    bench_stop();
}

/* The cable goes and comes. */
static void test_cable(void)
{
    static const uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    bench_start("");
    rings_start(0);
    bench_fault(1, 0, 0);
    g_assert_false(link_up());
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0x20);
    eth_set(A_ETH_INT_STATUS, 0x20);
    /* Pulling it again is no news. */
    bench_fault(1, 0, 0);
    g_assert_cmphex(eth_get(A_ETH_INT_STATUS), ==, 0);
    /* Nor does a restart help. */
    mdio_write(MII_BMCR, 0x3100 | MII_BMCR_ANRESTART);
    clock_step(10 * NEGOTIATION_NS);
    g_assert_false(link_up());

    bench_fault(2, 0, 0);
    g_assert_false(link_up());
    bench_inject(EVENT_FRAME, 0, frame, sizeof(frame));
    g_assert_cmpuint(bench_only(LINK_DROP)->data[0], ==, DROP_NOT_RECEIVING);
    clock_step(NEGOTIATION_NS - 2);
    g_assert_false(link_up());
    clock_step(1);
    g_assert_true(link_up());
    rx_frame_in(60, NULL);
    g_assert_cmpuint(eth_get(A_ETH_STAT_RX_FRAMES), ==, 1);
    bench_stop();
}

/* A sent frame comes back, and does not leave; even without a cable. */
static void test_loopback(void)
{
    bench_start("");
    rings_start(R_ETH_CTRL_PROMISC_MASK);
    mdio_write(MII_BMCR, 0x3100 | MII_BMCR_LOOPBACK);
    bench_fault(1, 0, 0);
    memset_guest(BUFFERS, 0x5a, 70);
    tx_put(0, BUFFERS, 70, SB_ETH_TX_LAST);
    eth_set(A_ETH_TX_TAIL, 1);
    bench_quiet();
    g_assert_cmphex(tx_result(0), ==, SB_ETH_DONE);
    g_assert_cmphex(rx_result(0) & 0xe000ffff, ==,
                    SB_ETH_DONE | SB_ETH_RX_FIRST | SB_ETH_RX_LAST | 70);
    g_assert_cmphex(readb(RX_BUFFER(0) + 69), ==, 0x5a);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sockbench/eth/registers", test_registers);
    qtest_add_func("/sockbench/eth/max-frame", test_max_frame);
    qtest_add_func("/sockbench/eth/ring-setup", test_ring_setup);
    qtest_add_func("/sockbench/eth/reset-under-way", test_reset_under_way);
    qtest_add_func("/sockbench/eth/interrupt-line", test_interrupt_line);
    qtest_add_func("/sockbench/eth/moderation/time", test_moderation_time);
    qtest_add_func("/sockbench/eth/moderation/count", test_moderation_count);
    qtest_add_func("/sockbench/eth/moderation/others", test_moderation_others);
    qtest_add_func("/sockbench/eth/mdio", test_mdio);
    qtest_add_func("/sockbench/phy/registers", test_phy_registers);
    qtest_add_func("/sockbench/phy/negotiation", test_negotiation);
    qtest_add_func("/sockbench/phy/restart", test_negotiation_restart);
    qtest_add_func("/sockbench/phy/in-vain", test_negotiation_in_vain);
    qtest_add_func("/sockbench/phy/forced-speed", test_forced_speed);
    qtest_add_func("/sockbench/phy/isolate", test_isolate_and_power_down);
    qtest_add_func("/sockbench/phy/cable", test_cable);
    qtest_add_func("/sockbench/phy/loopback", test_loopback);
    return g_test_run();
}
