/*
 * QTests of the sockbench board's CAN controller and of the bus's far end.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-bench.h"
#include "hw/sockbench/regs/can.h"

#define CAN SB_CAN_BASE
#define CAN_PORT 2
#define EFF 0x80000000u
#define RTR 0x40000000u
#define ERR 0x20000000u

enum { BUS_OFF = 1, RECOVERED, BUS_ERROR, COUNTERS };

/* A controller in normal mode that takes every frame and interrupts for all. */
static void start(void)
{
    bench_start("");
    writel(CAN + A_CAN_SRR, R_CAN_SRR_SRST_MASK);
    writel(CAN + A_CAN_SRR, 0);
    writel(CAN + A_CAN_AFMR0, 0);
    writel(CAN + A_CAN_AFR, 1);
    writel(CAN + A_CAN_SRR, R_CAN_SRR_CEN_MASK);
    writel(CAN + A_CAN_ICR, 0xffffffff);
    writel(CAN + A_CAN_IER, R_CAN_ISR_RXOK_MASK | R_CAN_ISR_ERROR_MASK |
           R_CAN_ISR_BSOFF_MASK | R_CAN_ISR_BSFRD_MASK);
}

/* Let a frame come from the link. */
static void inject(uint32_t id, uint8_t length, uint8_t flags,
                   uint32_t data_bytes)
{
    uint8_t bytes[8 + 255] = { };
    uint32_t i;

    stl_le_p(bytes, id);
    bytes[4] = length;
    bytes[5] = flags;
    for (i = 0; i < data_bytes; i++) {
        bytes[8 + i] = i + 1;
    }
    bench_inject(EVENT_FRAME, CAN_PORT, bytes, 8 + data_bytes);
}

static void inject_fault(uint32_t fault, uint32_t argument)
{
    uint8_t payload[12] = { };

    stl_le_p(payload, fault);
    stl_le_p(payload + 4, 1);
    stl_le_p(payload + 8, argument);
    bench_inject(EVENT_FAULT, CAN_PORT, payload, sizeof(payload));
}

static uint32_t fill_level(void)
{
    return FIELD_EX32(readl(CAN + A_CAN_FSR), CAN_FSR, FL);
}

static void expect_drop(uint8_t reason, uint8_t kind)
{
    const Message *m = bench_only(LINK_DROP);

    g_assert_cmpuint(m->port, ==, CAN_PORT);
    g_assert_cmpuint(m->size, ==, 2);
    g_assert_cmpuint(m->data[0], ==, reason);
    g_assert_cmpuint(m->data[1], ==, kind);
}

static void transmit(uint32_t id_register, uint32_t dlc_register, uint32_t data)
{
    writel(CAN + A_CAN_TB0 + A_CAN_MESSAGE_ID, id_register);
    writel(CAN + A_CAN_TB0 + A_CAN_MESSAGE_DLC, dlc_register);
    writel(CAN + A_CAN_TB0 + A_CAN_MESSAGE_DATA, data);
    writel(CAN + A_CAN_TRR, 1);
}

static void expect_tx(uint32_t id, uint8_t length, uint8_t flags,
                      const void *data, uint32_t size)
{
    const Message *m = bench_only(LINK_TX);

    g_assert_cmpuint(m->port, ==, CAN_PORT);
    g_assert_cmphex((uint32_t)ldl_le_p(m->data), ==, id);
    g_assert_cmpuint(m->data[4], ==, length);
    g_assert_cmpuint(m->data[5], ==, flags);
    g_assert_cmpuint(lduw_le_p(m->data + 6), ==, 0);
    g_assert_cmpmem(m->data + 8, m->size - 8, data, size);
}

/* What the controller sends crosses the link as the protocol says. */
static void test_transmit(void)
{
    static const uint8_t zeros[8];

    start();
    transmit(0x7ffu << 21, 3u << 28, 0x61626300);
    expect_tx(0x7ff, 3, 0, "abc", 3);
    transmit(0xffffffff & ~1u, 2u << 28, 0x61620000);
    expect_tx(EFF | 0x1fffffff, 2, 0, "ab", 2);
    transmit(1u << 21 | R_CAN_MESSAGE_ID_SRR_MASK, 8u << 28, 0);
    expect_tx(RTR | 1, 8, 0, NULL, 0);
    transmit(0, 9u << 28 | R_CAN_MESSAGE_DLC_FDF_MASK |
             R_CAN_MESSAGE_DLC_BRS_MASK, 0x01020304);
    g_assert_cmpint(bench_count(), ==, 1);
    g_assert_cmpuint(bench.messages[0].size, ==, 8 + 12);
    g_assert_cmpuint(bench.messages[0].data[5], ==, 5);
    g_assert_cmpmem(bench.messages[0].data + 12, 8, zeros, 8);
    g_assert_cmphex(readl(CAN + A_CAN_TRR), ==, 0);
    bench_stop();
}

/* What comes over the link is in the FIFO, with an interrupt, at its time. */
static void test_receive(void)
{
    start();
    bench_quiet();
    inject(EFF | 0x12345678, 5, 0, 5);
    bench_quiet();
    g_assert_true(board_irq(SB_CAN_IRQ));
    g_assert_cmpuint(fill_level(), ==, 1);
    g_assert_cmphex(readl(CAN + A_CAN_RB0), ==,
                    (0x12345678u >> 18) << 21 | R_CAN_MESSAGE_ID_SRR_MASK |
                    R_CAN_MESSAGE_ID_IDE_MASK | (0x12345678u & 0x3ffff) << 1);
    g_assert_cmphex(readl(CAN + A_CAN_RB0 + 4) >> 25, ==, 5 << 3);
    g_assert_cmphex(readl(CAN + A_CAN_RB0 + 8), ==, 0x01020304);
    g_assert_cmphex(readl(CAN + A_CAN_RB0 + 12), ==, 0x05000000);

    writel(CAN + A_CAN_FSR, readl(CAN + A_CAN_FSR) | R_CAN_FSR_IRI_MASK);
    g_assert_cmpuint(fill_level(), ==, 0);
    writel(CAN + A_CAN_ICR, R_CAN_ISR_RXOK_MASK);
    g_assert_false(board_irq(SB_CAN_IRQ));

    inject(1, 64, 4 | 2 | 1, 64);
    g_assert_cmphex(readl(CAN + A_CAN_RB0 + SB_CAN_MESSAGE_BYTES + 4) >> 25, ==,
                    0xf << 3 | 7);
    g_assert_cmphex(readl(CAN + A_CAN_RB0 + SB_CAN_MESSAGE_BYTES + 8 + 60), ==,
                    0x3d3e3f40);
    bench_stop();
}

/* What no bus carries is not delivered, and the harness hears so. */
static void test_malformed(void)
{
    static const struct {
        uint32_t id;
        uint8_t length, flags;
        uint32_t bytes;
    } bad[] = {
        { 0x800, 0, 0, 0 },          /* too long for a standard id */
        { ERR | 1, 8, 0, 8 },        /* no frame of a bus */
        { 1, 9, 0, 9 },              /* too long for a classic frame */
        { 1, 9, 4, 9 },              /* no length of FD */
        { 1, 65, 4, 65 },
        { 1, 2, 0, 1 },              /* data missing, data left over */
        { 1, 2, 0, 3 },
        { RTR | 1, 2, 0, 2 },        /* a remote frame has none */
        { RTR | 1, 0, 4, 0 },        /* nor is there one of FD */
        { 1, 0, 1, 0 },              /* BRS without FD */
        { 1, 0, 8, 0 },
    };
    uint8_t reserved[8] = { [6] = 1 };
    int i;

    start();
    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        inject(bad[i].id, bad[i].length, bad[i].flags, bad[i].bytes);
        expect_drop(DROP_UNKNOWN, EVENT_FRAME);
    }
    bench_inject(EVENT_FRAME, CAN_PORT, reserved, 8);
    expect_drop(DROP_UNKNOWN, EVENT_FRAME);
    bench_inject(EVENT_FRAME, CAN_PORT, reserved, 7);
    expect_drop(DROP_UNKNOWN, EVENT_FRAME);
    g_assert_cmpuint(fill_level(), ==, 0);
    bench_stop();
}

/* A controller that is not on the bus hears nothing. */
static void test_not_receiving(void)
{
    start();
    writel(CAN + A_CAN_SRR, 0);
    inject(1, 0, 0, 0);
    expect_drop(DROP_NOT_RECEIVING, EVENT_FRAME);
    bench_stop();
}

static void test_bus_off(void)
{
    start();
    inject_fault(BUS_OFF, 0);
    g_assert_true(board_irq(SB_CAN_IRQ));
    g_assert_cmphex(readl(CAN + A_CAN_ISR) & R_CAN_ISR_BSOFF_MASK, !=, 0);
    g_assert_cmpuint(FIELD_EX32(readl(CAN + A_CAN_SR), CAN_SR, ESTAT), ==, 0);
    inject(1, 0, 0, 0);
    expect_drop(DROP_LINK_DOWN, EVENT_FRAME);
    transmit(0, 0, 0);
    bench_quiet();

    inject_fault(RECOVERED, 0);
    g_assert_cmphex(readl(CAN + A_CAN_ISR) & R_CAN_ISR_BSFRD_MASK, !=, 0);
    g_assert_cmpuint(FIELD_EX32(readl(CAN + A_CAN_SR), CAN_SR, ESTAT), ==, 1);
    inject(1, 0, 0, 0);
    g_assert_cmpuint(fill_level(), ==, 1);
    transmit(0, 0, 0);
    expect_tx(0, 0, 0, NULL, 0);
    bench_stop();
}

/* A reset of the board ends bus-off. */
static void test_reset(void)
{
    start();
    inject_fault(BUS_OFF, 0);
    bench_reset(1);
    bench_forget();
    writel(CAN + A_CAN_SRR, R_CAN_SRR_CEN_MASK);
    transmit(0, 0, 0);
    expect_tx(0, 0, 0, NULL, 0);
    bench_stop();
}

static void test_error_registers(void)
{
    static const struct {
        uint32_t counters, estat, warning;
    } steps[] = {
        { 95, 1, 0 }, { 96, 1, 1 }, { 127, 1, 1 }, { 128, 3, 1 },
        { 95 << 8, 1, 0 }, { 96 << 8, 1, 1 }, { 255 << 8 | 1, 3, 1 },
    };
    int i;

    start();
    inject_fault(BUS_ERROR, 0x11);
    g_assert_true(board_irq(SB_CAN_IRQ));
    g_assert_cmphex(readl(CAN + A_CAN_ESR), ==, 0x11);
    writel(CAN + A_CAN_ESR, 0x01);
    g_assert_cmphex(readl(CAN + A_CAN_ESR), ==, 0x10);
    for (i = 0; i < ARRAY_SIZE(steps); i++) {
        uint32_t sr;

        writel(CAN + A_CAN_ICR, R_CAN_ISR_ERROR_MASK);
        g_assert_false(board_irq(SB_CAN_IRQ));
        inject_fault(COUNTERS, steps[i].counters);
        g_assert_true(board_irq(SB_CAN_IRQ));
        sr = readl(CAN + A_CAN_SR);
        g_assert_cmphex(readl(CAN + A_CAN_ECR), ==, steps[i].counters);
        g_assert_cmpuint(FIELD_EX32(sr, CAN_SR, ESTAT), ==, steps[i].estat);
        g_assert_cmpuint(FIELD_EX32(sr, CAN_SR, ERRWRN), ==, steps[i].warning);
    }
    inject_fault(99, 0);
    expect_drop(DROP_UNKNOWN, EVENT_FAULT);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sockbench/can/transmit", test_transmit);
    qtest_add_func("/sockbench/can/receive", test_receive);
    qtest_add_func("/sockbench/can/malformed", test_malformed);
    qtest_add_func("/sockbench/can/not-receiving", test_not_receiving);
    qtest_add_func("/sockbench/can/bus-off", test_bus_off);
    qtest_add_func("/sockbench/can/reset", test_reset);
    qtest_add_func("/sockbench/can/error-registers", test_error_registers);
    return g_test_run();
}
