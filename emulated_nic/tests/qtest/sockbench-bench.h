/*
 * What the qtests of the sockbench board share: a board on a link, and at the
 * link's other end a thread that plays the harness.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Events that a test queues travel with the thread's next reply.  To make the
 * board ask for one, a test sends an empty mailbox message; the event is due a
 * nanosecond later, and happens when the test steps the clock by one.
 */

#ifndef TESTS_QTEST_SOCKBENCH_BENCH_H
#define TESTS_QTEST_SOCKBENCH_BENCH_H

#include "qemu/bswap.h"
#include "qemu/sockets.h"
#include "hw/registerfields.h"
#include "hw/sockbench/regs/board.h"
#include "hw/sockbench/regs/eth.h"
#include "hw/sockbench/sockbench-link-wire.h"
#include "libqtest-single.h"

#define SECOND_NS   1000000000ull
#define NEVER_NS    (1000000ull * SECOND_NS)
#define MESSAGES_MAX 64

typedef struct Message {
    uint8_t type;
    uint8_t port;
    uint64_t t;
    uint32_t size;
    uint8_t data[16384];
} Message;

typedef struct Bench {
    int fd;
    GThread *thread;
    GMutex lock;
    /* What the board said since the last bench_forget(), but MBOX. */
    Message messages[MESSAGES_MAX];
    int count;
    GByteArray *events;
    uint16_t event_count;
    uint64_t wake;
} Bench;

static Bench bench;

static inline bool bench_read(void *buffer, size_t size)
{
    uint8_t *p = buffer;

    while (size) {
        ssize_t done = RETRY_ON_EINTR(read(bench.fd, p, size));

        if (done <= 0) {
            return false;
        }
        p += done;
        size -= done;
    }
    return true;
}

static inline void bench_write(const void *buffer, size_t size)
{
    const uint8_t *p = buffer;

    while (size) {
        ssize_t done = RETRY_ON_EINTR(write(bench.fd, p, size));

        g_assert_cmpint(done, >, 0);
        p += done;
        size -= done;
    }
}

static inline void bench_reply(void)
{
    uint8_t head[16] = { };

    stl_le_p(head, 12 + bench.events->len);
    stq_le_p(head + 4, bench.wake);
    stw_le_p(head + 12, bench.event_count);
    bench_write(head, sizeof(head));
    bench_write(bench.events->data, bench.events->len);
    g_byte_array_set_size(bench.events, 0);
    bench.event_count = 0;
}

static inline gpointer bench_thread(gpointer opaque)
{
    static Message ignored;
    uint8_t head[16];

    while (bench_read(head, sizeof(head))) {
        uint32_t size = ldl_le_p(head) - 12;
        Message *m;

        g_mutex_lock(&bench.lock);
        m = head[4] == LINK_MBOX && size == 0 ? &ignored
                                              : &bench.messages[bench.count];
        m->type = head[4];
        m->port = head[5];
        m->t = ldq_le_p(head + 8);
        m->size = size;
        g_assert_cmpuint(size, <=, sizeof(m->data));
        g_assert_true(bench_read(m->data, size));
        if (m != &ignored) {
            g_assert_cmpint(++bench.count, <, MESSAGES_MAX);
        }
        if (m->type == LINK_WAKE) {
            bench.wake = NEVER_NS;
        }
        if (m->type != LINK_LOG && m->type != LINK_DROP) {
            bench_reply();
        }
        g_mutex_unlock(&bench.lock);
    }
    return NULL;
}

/* Messages so far.  LOG and DROP have arrived when a later exchange has. */
static inline int bench_count(void)
{
    int count;

    writel(SB_MAILBOX_BASE + A_MAILBOX_TX_LEN, 0);
    writel(SB_MAILBOX_BASE + A_MAILBOX_TX_SEND, 1);
    g_mutex_lock(&bench.lock);
    count = bench.count;
    g_mutex_unlock(&bench.lock);
    return count;
}

static inline void bench_forget(void)
{
    g_mutex_lock(&bench.lock);
    bench.count = 0;
    g_mutex_unlock(&bench.lock);
}

/* The only message since the last call; forgets it. */
static inline const Message *bench_only(uint8_t type)
{
    g_assert_cmpint(bench_count(), ==, 1);
    g_assert_cmpuint(bench.messages[0].type, ==, type);
    bench_forget();
    return &bench.messages[0];
}

static inline void bench_quiet(void)
{
    g_assert_cmpint(bench_count(), ==, 0);
}

static inline void bench_queue(uint64_t t, uint8_t kind, uint8_t port,
                               const void *data, uint32_t size)
{
    uint8_t head[16] = { };

    stq_le_p(head, t);
    head[8] = kind;
    head[9] = port;
    stl_le_p(head + 12, size);
    g_mutex_lock(&bench.lock);
    g_byte_array_append(bench.events, head, sizeof(head));
    g_byte_array_append(bench.events, data, size);
    bench.event_count++;
    g_mutex_unlock(&bench.lock);
}

/* Hand over what is queued, with the time of the next WAKE. */
static inline void bench_poke(uint64_t wake)
{
    g_mutex_lock(&bench.lock);
    bench.wake = wake;
    g_mutex_unlock(&bench.lock);
    writel(SB_MAILBOX_BASE + A_MAILBOX_TX_LEN, 0);
    writel(SB_MAILBOX_BASE + A_MAILBOX_TX_SEND, 1);
}

static inline uint64_t board_now(void)
{
    uint64_t low = readl(SB_TIMER_BASE + A_TIMER_NOW_LO);

    return low | (uint64_t)readl(SB_TIMER_BASE + A_TIMER_NOW_HI) << 32;
}

/* Let one event happen now. */
static inline void bench_inject(uint8_t kind, uint8_t port, const void *data,
                                uint32_t size)
{
    bench_queue(board_now() + 1, kind, port, data, size);
    bench_poke(NEVER_NS);
    clock_step(1);
}

static inline void bench_fault(uint32_t fault, uint32_t count, uint32_t arg)
{
    uint8_t payload[12];

    stl_le_p(payload, fault);
    stl_le_p(payload + 4, count);
    stl_le_p(payload + 8, arg);
    bench_inject(EVENT_FAULT, 0, payload, sizeof(payload));
}

/* A new board.  Its HELLO has been answered and forgotten. */
static inline void bench_start(const char *options)
{
    int fds[2];
    bool hello = false;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    memset(&bench, 0, sizeof(bench));
    bench.fd = fds[0];
    qemu_set_cloexec(fds[0]);
    bench.events = g_byte_array_new();
    bench.wake = NEVER_NS;
    bench.thread = g_thread_new("harness", bench_thread, NULL);
    global_qtest = qtest_initf("-M sockbench,link-fd=%d%s -nodefaults", fds[1],
                               options);
    close(fds[1]);
    qtest_irq_intercept_in(global_qtest, "/machine/armv7m");
    while (!hello) {
        hello = bench_count() > 0;
    }
    bench_only(LINK_HELLO);
}

static inline void bench_stop(void)
{
    qtest_end();
    g_thread_join(bench.thread);
    close(bench.fd);
    g_byte_array_unref(bench.events);
}

static inline bool board_irq(int number)
{
    return get_irq(number);
}

/* The link's own answer to an in-place reset, up to the new HELLO. */
static inline void bench_reset(uint64_t seed)
{
    uint8_t payload[8];

    stq_le_p(payload, seed);
    bench_inject(EVENT_RESET, 0, payload, sizeof(payload));
    while (bench_count() == 0) {
        /* The main loop resets when it gets round to it. */
    }
}

/* Test a whole register: what it resets to and which bits can be written. */
static inline void check_register(uint64_t address, uint32_t reset,
                                  uint32_t writable)
{
    g_assert_cmphex(readl(address), ==, reset);
    writel(address, 0xffffffff);
    g_assert_cmphex(readl(address), ==, (reset & ~writable) | writable);
    writel(address, 0);
    g_assert_cmphex(readl(address), ==, reset & ~writable);
    writel(address, reset);
}

/* The Ethernet controller's. */
static inline uint32_t eth_get(uint32_t offset)
{
    return readl(SB_ETH_BASE + offset);
}

static inline void eth_set(uint32_t offset, uint32_t value)
{
    writel(SB_ETH_BASE + offset, value);
}

#endif
