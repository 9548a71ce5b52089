/*
 * What the bare-metal test programs share: the board's registers, as the
 * datasheets name them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef BARE_H
#define BARE_H

#include <stdint.h>

#define REG32(name, offset) enum { A_##name = (offset) };
#define FIELD(reg, field, shift, length) \
    enum { R_##reg##_##field##_MASK = \
           (int)(((1ull << (length)) - 1) << (shift)) };
#include "regs/board.h"
#include "regs/eth.h"

#define AT(base, name) (*(volatile uint32_t *)((base) + A_##name))
#define ETH(name)      AT(SB_ETH_BASE, ETH_##name)
#define TIMER(name)    AT(SB_TIMER_BASE, TIMER_##name)
#define SYSCTL(name)   AT(SB_SYSCTL_BASE, SYSCTL_##name)
#define MAILBOX(name)  AT(SB_MAILBOX_BASE, MAILBOX_##name)
#define NVIC_ENABLE    (*(volatile uint32_t *)0xe000e100)

#define RING           8
#define BUFFER_BYTES   2048

struct descriptor {
    uint32_t address, request, result, unused;
};

/* Sixteen vectors of the core's, then the board's. */
#define VECTORS __attribute__((section(".vectors"), used)) \
    static void (*const vectors[16 + SB_NUM_IRQ])(void)
#define STACK ((void (*)(void))(SB_RAM_BASE + SB_RAM_BYTES))

void reset(void);

#endif
