/*
 * Bare-metal firmware that idles as often as it can: every frame, message and
 * timer match wakes it, is answered, and is followed by WFI.  It is the guest
 * of the tests that drive the link directly (tests/board.py).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "bare.h"

#define PERIOD_NS      1000003u

static volatile struct descriptor rx_ring[RING] __attribute__((aligned(16)));
static volatile struct descriptor tx_ring[RING] __attribute__((aligned(16)));
static uint8_t buffers[RING][BUFFER_BYTES];
static uint8_t message[4096];
static uint32_t rx_next, tx_next, ticks;
static uint64_t next_tick;

static uint64_t now(void)
{
    uint32_t low = TIMER(NOW_LO);

    return (uint64_t)TIMER(NOW_HI) << 32 | low;
}

static void set_compare(uint64_t at)
{
    TIMER(CMP_LO) = (uint32_t)at;
    TIMER(CMP_HI) = (uint32_t)(at >> 32);
}

/* Fault reports have to be told from requested ones. */
static void fault(void)
{
    static const char report[] = "fault";

    SYSCTL(PANIC) = (uint32_t)report;
}

static void send_message(const void *data, uint32_t size)
{
    MAILBOX(TX_ADDR) = (uint32_t)data;
    MAILBOX(TX_LEN) = size;
    MAILBOX(TX_SEND) = 1;
}

static void on_timer(void)
{
    ticks++;
    next_tick += PERIOD_NS;
    set_compare(next_tick);
}

static void on_mailbox(void)
{
    static const char report[] = "asked to";
    static const char line[] = "a line\nand no end";
    uint32_t size = MAILBOX(RX_LEN);
    const char *p;

    MAILBOX(RX_ADDR) = (uint32_t)message;
    MAILBOX(RX_TAKE) = 1;
    switch (message[0]) {
    case 'P':
        SYSCTL(PANIC) = (uint32_t)report;
        break;
    case 'X':
        SYSCTL(EXIT) = 7;
        break;
    case 'C':
        for (p = line; *p; p++) {
            SYSCTL(CONSOLE) = (uint8_t)*p;
        }
        break;
    case 'H':
        /* Hang, with interrupts off. */
        __asm__ volatile("cpsid i");
        for (;;) {
        }
    default:
        break;
    }
    send_message(message, size);
}

/* Send the frame back, with our idea of the time and of the ticks in it. */
static void answer(uint8_t *frame, uint32_t size)
{
    volatile struct descriptor *d = &tx_ring[tx_next];
    uint64_t at = now();
    uint32_t i;

    for (i = 0; i < 6; i++) {
        frame[i] = frame[6 + i];
        frame[6 + i] = i == 0 ? 2 : i == 5 ? 1 : 0;
    }
    for (i = 0; i < 8; i++) {
        frame[20 + i] = (uint8_t)(at >> (8 * i));
    }
    for (i = 0; i < 4; i++) {
        frame[28 + i] = (uint8_t)(ticks >> (8 * i));
    }
    d->address = (uint32_t)frame;
    d->request = size | SB_ETH_TX_LAST;
    tx_next = (tx_next + 1) % RING;
    ETH(TX_TAIL) = tx_next;
}

static void on_eth(void)
{
    ETH(INT_STATUS) = 0xff;
    while (rx_next != ETH(RX_HEAD)) {
        volatile struct descriptor *d = &rx_ring[rx_next];

        answer((uint8_t *)d->address, d->result & SB_ETH_DESC_LEN_MASK);
        d->result = 0;
        ETH(RX_TAIL) = rx_next;
        rx_next = (rx_next + 1) % RING;
    }
}

void reset(void)
{
    volatile uint32_t work;
    uint32_t i;

    for (i = 0; i < RING; i++) {
        rx_ring[i].address = (uint32_t)buffers[i];
        rx_ring[i].request = BUFFER_BYTES;
    }
    ETH(RX_BASE) = (uint32_t)rx_ring;
    ETH(RX_SIZE) = RING;
    ETH(RX_TAIL) = RING - 1;
    ETH(TX_BASE) = (uint32_t)tx_ring;
    ETH(TX_SIZE) = RING;
    ETH(INT_MASK) = R_ETH_INT_STATUS_RX_DONE_MASK;
    ETH(CTRL) = R_ETH_CTRL_TX_ENABLE_MASK | R_ETH_CTRL_RX_ENABLE_MASK;
    next_tick = PERIOD_NS;
    set_compare(next_tick);
    TIMER(CTRL) = R_TIMER_CTRL_ENABLE_MASK;
    MAILBOX(CTRL) = R_MAILBOX_CTRL_RX_IRQ_ENABLE_MASK;
    NVIC_ENABLE = 1u << SB_TIMER_IRQ | 1u << SB_MAILBOX_IRQ | 1u << SB_ETH_IRQ;
    send_message("ready", 5);
    for (;;) {
        __asm__ volatile("wfi");
        /* Of varying length, so that idleness begins at any instant. */
        work = SYSCTL(RANDOM) & 127;
        while (work) {
            work--;
        }
    }
}

VECTORS = {
    STACK, reset, fault, fault, fault, fault, fault,
    [16 + SB_TIMER_IRQ] = on_timer,
    [16 + SB_MAILBOX_IRQ] = on_mailbox,
    [16 + SB_ETH_IRQ] = on_eth,
};
