/*
 * QTests of the sockbench board's timer, system control, mailbox and link.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-bench.h"

#define TIMER   SB_TIMER_BASE
#define SYSCTL  SB_SYSCTL_BASE
#define MAILBOX SB_MAILBOX_BASE
#define RAM     SB_RAM_BASE

static void set_compare(uint64_t at)
{
    writel(TIMER + A_TIMER_CMP_LO, at);
    writel(TIMER + A_TIMER_CMP_HI, at >> 32);
}

static void test_timer_registers(void)
{
    bench_start("");
    g_assert_cmphex(readl(TIMER + A_TIMER_CTRL), ==, 0);
    g_assert_cmphex(readl(TIMER + A_TIMER_STATUS), ==, 0);
    g_assert_cmphex(readl(TIMER + A_TIMER_CMP_HI), ==, 0);
    check_register(TIMER + A_TIMER_CMP_LO, 0, 0xffffffff);
    check_register(TIMER + A_TIMER_CTRL, 0, 1);
    check_register(TIMER + A_TIMER_NOW_HI, 0, 0);
    set_compare(0x123456789abcdef0);
    g_assert_cmphex(readl(TIMER + A_TIMER_CMP_LO), ==, 0x9abcdef0);
    g_assert_cmphex(readl(TIMER + A_TIMER_CMP_HI), ==, 0x12345678);
    /* An unlisted offset reads zero. */
    g_assert_cmphex(readl(TIMER + 0x40), ==, 0);
    bench_stop();
}

/* The interrupt comes at the compare value, not a nanosecond earlier. */
static void test_timer_edge(void)
{
    uint64_t at;

    bench_start("");
    at = board_now() + 1000;
    set_compare(at);
    writel(TIMER + A_TIMER_CTRL, 1);
    clock_step(999);
    g_assert_cmpuint(board_now(), ==, at - 1);
    g_assert_false(board_irq(SB_TIMER_IRQ));
    g_assert_cmphex(readl(TIMER + A_TIMER_STATUS), ==, 0);
    clock_step(1);
    g_assert_true(board_irq(SB_TIMER_IRQ));
    g_assert_cmphex(readl(TIMER + A_TIMER_STATUS), ==, 1);
    clock_step(1);
    g_assert_true(board_irq(SB_TIMER_IRQ));

    /* A later compare value ends it, an earlier one does not. */
    set_compare(at - 10);
    g_assert_true(board_irq(SB_TIMER_IRQ));
    set_compare(at + 2);
    g_assert_false(board_irq(SB_TIMER_IRQ));
    clock_step(1);
    g_assert_true(board_irq(SB_TIMER_IRQ));

    /* So does disabling; enabling finds the match again. */
    writel(TIMER + A_TIMER_CTRL, 0);
    g_assert_false(board_irq(SB_TIMER_IRQ));
    g_assert_cmphex(readl(TIMER + A_TIMER_STATUS), ==, 0);
    writel(TIMER + A_TIMER_CTRL, 1);
    g_assert_true(board_irq(SB_TIMER_IRQ));
    bench_stop();
}

/* CMP_LO alone changes nothing. */
static void test_timer_pair(void)
{
    bench_start("");
    set_compare(board_now() + SECOND_NS);
    writel(TIMER + A_TIMER_CTRL, 1);
    writel(TIMER + A_TIMER_CMP_LO, 0);
    clock_step(10);
    g_assert_false(board_irq(SB_TIMER_IRQ));
    writel(TIMER + A_TIMER_CMP_HI, 0);
    g_assert_true(board_irq(SB_TIMER_IRQ));
    bench_stop();
}

/* The upper half belongs to the last read of the lower one. */
static void test_timer_latch(void)
{
    uint32_t low;

    bench_start("");
    clock_step((1ull << 32) - 1 - board_now());
    low = readl(TIMER + A_TIMER_NOW_LO);
    clock_step(1);
    g_assert_cmphex(low, ==, 0xffffffff);
    g_assert_cmphex(readl(TIMER + A_TIMER_NOW_HI), ==, 0);
    g_assert_cmphex(readl(TIMER + A_TIMER_NOW_LO), ==, 0);
    g_assert_cmphex(readl(TIMER + A_TIMER_NOW_HI), ==, 1);

    /* The farthest compare value never matches. */
    set_compare(UINT64_MAX);
    writel(TIMER + A_TIMER_CTRL, 1);
    clock_step(100 * SECOND_NS);
    g_assert_false(board_irq(SB_TIMER_IRQ));
    bench_stop();
}

static void test_sysctl_registers(void)
{
    bench_start(",seed=0x123456789abcdef0");
    check_register(SYSCTL + A_SYSCTL_ID, SB_SYSCTL_ID_VALUE, 0);
    check_register(SYSCTL + A_SYSCTL_CLOCK_HZ, 125000000, 0);
    check_register(SYSCTL + A_SYSCTL_SEED_LO, 0x9abcdef0, 0);
    check_register(SYSCTL + A_SYSCTL_SEED_HI, 0x12345678, 0);
    g_assert_cmphex(readl(SYSCTL + A_SYSCTL_CONSOLE), ==, 0);
    g_assert_cmphex(readl(SYSCTL + A_SYSCTL_PANIC), ==, 0);
    g_assert_cmphex(readl(SYSCTL + A_SYSCTL_EXIT), ==, 0);
    bench_stop();
}

/* Published outputs of splitmix64 for seed 1234567, upper halves. */
static void test_sysctl_random(void)
{
    static const uint64_t outputs[] = {
        6457827717110365317ull, 3203168211198807973ull,
        9817491932198370423ull, 4593380528125082431ull,
    };
    int i;

    bench_start(",seed=1234567");
    for (i = 0; i < ARRAY_SIZE(outputs); i++) {
        g_assert_cmphex(readl(SYSCTL + A_SYSCTL_RANDOM), ==,
                        (uint32_t)(outputs[i] >> 32));
    }
    bench_stop();
}

static void console(const char *text)
{
    for (; *text; text++) {
        writel(SYSCTL + A_SYSCTL_CONSOLE, *text);
    }
}

/* Lines leave whole; what has no end leaves before any other message. */
static void test_console(void)
{
    char full[LOG_BYTES_MAX + 1];

    bench_start("");
    console("one\ntw");
    g_assert_cmpint(bench_count(), ==, 2);
    g_assert_cmpint(bench.messages[0].type, ==, LINK_LOG);
    g_assert_cmpmem(bench.messages[0].data, bench.messages[0].size,
                    "one\n", 4);
    g_assert_cmpint(bench.messages[1].type, ==, LINK_LOG);
    g_assert_cmpmem(bench.messages[1].data, bench.messages[1].size, "tw", 2);

    bench_forget();
    memset(full, 'x', sizeof(full));
    full[LOG_BYTES_MAX] = '\0';
    console(full);
    console("y");
    g_assert_cmpint(bench_count(), ==, 2);
    g_assert_cmpint(bench.messages[0].size, ==, LOG_BYTES_MAX);
    g_assert_cmpint(bench.messages[1].size, ==, 1);
    bench_stop();
}

static void test_panic(void)
{
    const Message *m;
    char *endless;

    bench_start("");
    memwrite(RAM + 64, "why", 4);
    writel(SYSCTL + A_SYSCTL_PANIC, RAM + 64);
    m = bench_only(LINK_PANIC);
    g_assert_cmpmem(m->data, m->size, "why", 3);

    /* A report that can't be read is empty; an endless one is cut. */
    writel(SYSCTL + A_SYSCTL_PANIC, 0x90000000);
    g_assert_cmpuint(bench_only(LINK_PANIC)->size, ==, 0);
    endless = g_strnfill(2 * SB_PANIC_BYTES_MAX, 'a');
    memwrite(RAM, endless, 2 * SB_PANIC_BYTES_MAX);
    g_free(endless);
    writel(SYSCTL + A_SYSCTL_PANIC, RAM);
    g_assert_cmpuint(bench_only(LINK_PANIC)->size, ==, SB_PANIC_BYTES_MAX);

    writel(SYSCTL + A_SYSCTL_EXIT, 0x12345678);
    m = bench_only(LINK_EXIT);
    g_assert_cmpuint(m->size, ==, 4);
    g_assert_cmphex(ldl_le_p(m->data), ==, 0x12345678);
    bench_stop();
}

static void test_mailbox_registers(void)
{
    bench_start("");
    check_register(MAILBOX + A_MAILBOX_STATUS, 0, 0);
    check_register(MAILBOX + A_MAILBOX_CTRL, 0, 1);
    check_register(MAILBOX + A_MAILBOX_TX_ADDR, 0, 0xffffffff);
    check_register(MAILBOX + A_MAILBOX_TX_LEN, 0, 0xffffffff);
    check_register(MAILBOX + A_MAILBOX_RX_LEN, 0, 0);
    check_register(MAILBOX + A_MAILBOX_RX_ADDR, 0, 0xffffffff);
    bench_stop();
}

static void mailbox_send(uint32_t address, uint32_t length)
{
    writel(MAILBOX + A_MAILBOX_TX_ADDR, address);
    writel(MAILBOX + A_MAILBOX_TX_LEN, length);
    writel(MAILBOX + A_MAILBOX_TX_SEND, 1);
}

static void test_mailbox_send(void)
{
    const uint32_t bad[][2] = {
        { 0x90000000, 1 },                          /* nothing there */
        { RAM + SB_RAM_BYTES - 4, 5 },              /* beyond the end */
        { TIMER, 4 },                               /* a device */
        { RAM, SB_MAILBOX_BYTES_MAX + 1 },          /* too long */
    };
    const Message *m;
    int i;

    bench_start("");
    memwrite(RAM, "message", 7);
    mailbox_send(RAM, 7);
    m = bench_only(LINK_MBOX);
    g_assert_cmpmem(m->data, m->size, "message", 7);
    g_assert_cmpuint(m->t, ==, board_now());

    for (i = 0; i < ARRAY_SIZE(bad); i++) {
        mailbox_send(bad[i][0], bad[i][1]);
        g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 2);
        bench_quiet();
        writel(MAILBOX + A_MAILBOX_STATUS, 1);
        g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 2);
        writel(MAILBOX + A_MAILBOX_STATUS, 2);
        g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 0);
    }
    mailbox_send(RAM + SB_RAM_BYTES - 4, 4);
    g_assert_cmpuint(bench_only(LINK_MBOX)->size, ==, 4);
    bench_stop();
}

static void mailbox_take(uint32_t address)
{
    writel(MAILBOX + A_MAILBOX_RX_ADDR, address);
    writel(MAILBOX + A_MAILBOX_RX_TAKE, 1);
}

static void test_mailbox_receive(void)
{
    char taken[8] = "";

    bench_start("");
    bench_inject(EVENT_MBOX, 0, "first", 5);
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 1);
    g_assert_false(board_irq(SB_MAILBOX_IRQ));
    writel(MAILBOX + A_MAILBOX_CTRL, 1);
    g_assert_true(board_irq(SB_MAILBOX_IRQ));
    bench_inject(EVENT_MBOX, 0, "and 2nd", 7);
    g_assert_cmpuint(readl(MAILBOX + A_MAILBOX_RX_LEN), ==, 5);

    /* A message that can't be stored stays. */
    mailbox_take(RAM + SB_RAM_BYTES - 4);
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 5);
    mailbox_take(SB_FLASH_BASE);
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 5);
    writel(MAILBOX + A_MAILBOX_STATUS, 4);
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 1);
    writel(MAILBOX + A_MAILBOX_RX_TAKE, 0);
    g_assert_cmpuint(readl(MAILBOX + A_MAILBOX_RX_LEN), ==, 5);

    mailbox_take(RAM + SB_RAM_BYTES - 5);
    memread(RAM + SB_RAM_BYTES - 5, taken, 5);
    g_assert_cmpstr(taken, ==, "first");
    g_assert_cmpuint(readl(MAILBOX + A_MAILBOX_RX_LEN), ==, 7);
    g_assert_true(board_irq(SB_MAILBOX_IRQ));
    mailbox_take(RAM);
    g_assert_false(board_irq(SB_MAILBOX_IRQ));
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 0);

    mailbox_take(RAM);
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 4);
    bench_stop();
}

/* The 257th message is refused, and the harness is told. */
static void test_mailbox_full(void)
{
    const Message *m;
    int i;

    bench_start("");
    for (i = 0; i < 256; i++) {
        bench_queue(board_now() + 1, EVENT_MBOX, 0, "m", 1);
    }
    bench_poke(NEVER_NS);
    clock_step(1);
    bench_quiet();
    bench_inject(EVENT_MBOX, 0, "n", 1);
    m = bench_only(LINK_DROP);
    g_assert_cmpuint(m->data[0], ==, DROP_MAILBOX_FULL);
    g_assert_cmpuint(m->data[1], ==, EVENT_MBOX);
    mailbox_take(RAM);
    bench_inject(EVENT_MBOX, 0, "n", 1);
    bench_quiet();
    bench_stop();
}

/* Events of one instant keep their order; WAKE comes after them. */
static void test_link_order(void)
{
    uint64_t now;
    char content;
    int i;

    bench_start("");
    clock_step(10);
    now = board_now();
    bench_queue(now + 100, EVENT_MBOX, 0, "b", 1);
    bench_queue(now + 50, EVENT_MBOX, 0, "a", 1);
    bench_poke(now + 100);
    bench_queue(now + 100, EVENT_MBOX, 0, "c", 1);
    bench_queue(now - 1, EVENT_MBOX, 0, "0", 1);
    bench_poke(now + 100);
    clock_step(1);
    g_assert_cmpuint(readl(MAILBOX + A_MAILBOX_RX_LEN), ==, 1);
    clock_step(98);
    bench_quiet();
    bench_poke(now + 100);
    clock_step(1);
    g_assert_cmpuint(bench_only(LINK_WAKE)->t, ==, now + 100);
    for (i = 0; i < 4; i++) {
        mailbox_take(RAM);
        content = readb(RAM);
        g_assert_cmpint(content, ==, "0abc"[i]);
    }
    bench_stop();
}

/* A later reply replaces the wake-up time, in both directions. */
static void test_link_wake(void)
{
    uint64_t now;

    bench_start("");
    now = board_now();
    bench_poke(now + 10);
    bench_poke(now + 20);
    clock_step(19);
    g_assert_cmpint(bench.count, ==, 0);
    clock_step(1);
    g_assert_cmpint(bench.count, ==, 1);
    g_assert_cmpuint(bench_only(LINK_WAKE)->t, ==, now + 20);
    bench_stop();
}

/* What the link can't place is reported, and nothing else is harmed. */
static void test_link_drop(void)
{
    static const uint8_t frame[60];
    uint8_t fault[12] = { 200 };
    const Message *m;

    bench_start("");
    bench_inject(EVENT_FRAME, 1, frame, sizeof(frame));
    m = bench_only(LINK_DROP);
    g_assert_cmpuint(m->port, ==, 1);
    g_assert_cmpuint(m->data[0], ==, DROP_UNKNOWN);
    g_assert_cmpuint(m->data[1], ==, EVENT_FRAME);

    /* The receiver is off. */
    bench_inject(EVENT_FRAME, 0, frame, sizeof(frame));
    g_assert_cmpuint(bench_only(LINK_DROP)->data[0], ==, DROP_NOT_RECEIVING);

    bench_inject(EVENT_FAULT, 0, fault, sizeof(fault));
    m = bench_only(LINK_DROP);
    g_assert_cmpuint(m->data[0], ==, DROP_UNKNOWN);
    g_assert_cmpuint(m->data[1], ==, EVENT_FAULT);
    bench_inject(EVENT_FAULT, 2, fault, sizeof(fault));
    g_assert_cmpuint(bench_only(LINK_DROP)->port, ==, 2);
    bench_inject(EVENT_FAULT, 9, fault, sizeof(fault));
    g_assert_cmpuint(bench_only(LINK_DROP)->port, ==, 9);

    /* No cable. */
    bench_fault(1, 0, 0);
    bench_inject(EVENT_FRAME, 0, frame, sizeof(frame));
    g_assert_cmpuint(bench_only(LINK_DROP)->data[0], ==, DROP_LINK_DOWN);
    bench_stop();
}

/* A reset brings back time, memory, devices and the cable. */
static void test_link_reset(void)
{
    const Message *m;

    bench_start("");
    bench_fault(1, 0, 0);
    writel(RAM + 0x1000, 0x12345678);
    writel(RAM + SB_RAM_BYTES - 4, 0x12345678);
    set_compare(1);
    writel(TIMER + A_TIMER_CTRL, 1);
    writel(MAILBOX + A_MAILBOX_CTRL, 1);
    bench_inject(EVENT_MBOX, 0, "m", 1);
    bench_queue(board_now() + SECOND_NS, EVENT_MBOX, 0, "late", 4);
    g_assert_true(board_irq(SB_TIMER_IRQ));
    console("half a line");
    bench_poke(NEVER_NS);
    bench_forget();

    bench_reset(42);
    m = bench_only(LINK_HELLO);
    g_assert_cmpuint(m->t, ==, 0);
    g_assert_cmpuint(ldl_le_p(m->data), ==, LINK_VERSION);
    g_assert_cmpuint(ldq_le_p(m->data + 8), ==, 42);
    g_assert_cmpuint(readl(SYSCTL + A_SYSCTL_SEED_LO), ==, 42);
    g_assert_cmpuint(board_now(), ==, 0);
    g_assert_cmphex(readl(RAM + 0x1000), ==, 0);
    g_assert_cmphex(readl(RAM + SB_RAM_BYTES - 4), ==, 0);
    g_assert_cmphex(readl(TIMER + A_TIMER_CTRL), ==, 0);
    g_assert_false(board_irq(SB_TIMER_IRQ));
    g_assert_false(board_irq(SB_MAILBOX_IRQ));
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_CTRL), ==, 0);
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 0);
    g_assert_cmphex(eth_get(A_ETH_STATUS) & 1, ==, 1);
    clock_step(2 * SECOND_NS);
    g_assert_cmphex(readl(MAILBOX + A_MAILBOX_STATUS), ==, 0);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sockbench/timer/registers", test_timer_registers);
    qtest_add_func("/sockbench/timer/edge", test_timer_edge);
    qtest_add_func("/sockbench/timer/pair", test_timer_pair);
    qtest_add_func("/sockbench/timer/latch", test_timer_latch);
    qtest_add_func("/sockbench/sysctl/registers", test_sysctl_registers);
    qtest_add_func("/sockbench/sysctl/random", test_sysctl_random);
    qtest_add_func("/sockbench/sysctl/console", test_console);
    qtest_add_func("/sockbench/sysctl/panic", test_panic);
    qtest_add_func("/sockbench/mailbox/registers", test_mailbox_registers);
    qtest_add_func("/sockbench/mailbox/send", test_mailbox_send);
    qtest_add_func("/sockbench/mailbox/receive", test_mailbox_receive);
    qtest_add_func("/sockbench/mailbox/full", test_mailbox_full);
    qtest_add_func("/sockbench/link/order", test_link_order);
    qtest_add_func("/sockbench/link/wake", test_link_wake);
    qtest_add_func("/sockbench/link/drop", test_link_drop);
    qtest_add_func("/sockbench/link/reset", test_link_reset);
    return g_test_run();
}
