/*
 * Timer device (emulated_nic/regs/board.h): reads and writes of its 64-bit registers.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "board/timer.h"

#include "board/regs.h"
#include "emulated_nic/regs/board.h"

uint64_t timer_now_ns(void)
{
    /* Reading the low half latches the high one: an interrupt that reads the clock in between
     * would replace the latch, which is wrong when the low half has wrapped meanwhile. */
    uint32_t primask;
    __asm volatile("mrs %0, primask\n\tcpsid i" : "=r"(primask)::"memory");
    uint32_t low = reg_read(SB_TIMER_BASE, A_TIMER_NOW_LO);
    uint32_t high = reg_read(SB_TIMER_BASE, A_TIMER_NOW_HI);
    __asm volatile("msr primask, %0" ::"r"(primask) : "memory");
    return (uint64_t)high << 32 | low;
}

void timer_set_compare(uint64_t at_ns)
{
    reg_write(SB_TIMER_BASE, A_TIMER_CMP_LO, (uint32_t)at_ns);
    reg_write(SB_TIMER_BASE, A_TIMER_CMP_HI, (uint32_t)(at_ns >> 32));
}

void timer_start(uint64_t first_ns, interrupt_handler handler)
{
    timer_set_compare(first_ns);
    reg_write(SB_TIMER_BASE, A_TIMER_CTRL, FIELD_MASK(TIMER_CTRL, ENABLE));
    interrupt_enable(SB_TIMER_IRQ, handler);
}
