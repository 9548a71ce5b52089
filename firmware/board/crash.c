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

/* More than any thread of this firmware has. */
#define STACK_BYTES_USED 8192

/* An array of that size, written from its end down to its beginning as deep calls would. */
__attribute__((noinline)) static void use_stack(void)
{
    uint8_t ballast[STACK_BYTES_USED];
    for (uint32_t i = STACK_BYTES_USED; i > 0; i--)
        ballast[i - 1] = (uint8_t)i;
    __asm volatile("" ::"r"(ballast) : "memory");
}

void crash_stack(void)
{
    use_stack();
    reg_write(SCB_ICSR, 0, ICSR_PENDSVSET);
    __asm volatile("dsb\n\tisb" ::: "memory");
    panic_at(__FILE__, __LINE__, "the stack overflow was not noticed");
}
