/*
 * Deliberate ends (board/crash.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "board/crash.h"

#include "board/interrupt.h"
#include "board/panic.h"
#include "board/regs.h"

/* Neither memory nor a device of the board, in the processor's external RAM region. */
#define NOWHERE 0x60000000u

/* ICSR.PENDSVSET: ask for a switch of threads (ARMv7-M B3.2.4). */
#define SCB_ICSR 0xe000ed04u
#define ICSR_PENDSVSET 0x10000000u

void crash_assert(void)
{
    panic_at(__FILE__, __LINE__, "assertion failed on request");
}

void crash_fault(void)
{
    reg_read(NOWHERE, 0);
    panic_at(__FILE__, __LINE__, "an access to nowhere did not fault");
}

void crash_hang(void)
{
    __asm volatile("cpsid i" ::: "memory");
    for (;;) {
    }
}

/* Use 64 bytes of stack per level until the thread's stack is exhausted by a little more. */
__attribute__((noinline)) static uint32_t descend(uint32_t levels)
{
    volatile uint32_t ballast[12];
    for (uint32_t i = 0; i < 12; i++)
        ballast[i] = levels;
    if (levels == 0) {
        reg_write(SCB_ICSR, 0, ICSR_PENDSVSET);
        reg_barrier();
        return ballast[0];
    }
    return ballast[levels % 12] + descend(levels - 1);
}

void crash_stack(void)
{
    /* No thread of the agent has as much. */
    descend(8192 / 64);
    panic_at(__FILE__, __LINE__, "the stack overflow was not noticed");
}
