/*
 * The kernel's tick on the board's 64-bit timer, without drift and without idle ticks.
 *
 * Tick n is at n * 1 ms of the board's clock, always: the kernel's tick count is the clock's
 * millisecond as soon as the tick interrupt has run. Replaces the weak SysTick functions of the
 * FreeRTOS port (portable/GCC/ARM_CM3/port.c, configUSE_TICKLESS_IDLE 2).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdbool.h>

#include "FreeRTOS.h"
#include "board/timer.h"
#include "port/tick.h"
#include "task.h"

/* Ticks given to the kernel, and when the next one is due. Written with interrupts masked. */
static uint32_t ticks_given;
static uint64_t next_tick_ns;

void vPortSetupTimerInterrupt(void);
void vPortSuppressTicksAndSleep(TickType_t expected_idle_ticks);

static void timer_interrupt(void)
{
    UBaseType_t mask = portSET_INTERRUPT_MASK_FROM_ISR();
    BaseType_t switch_needed = pdFALSE;
    uint64_t now_ns = timer_now_ns();

    /* More than one is due after a long time with interrupts masked, and once after boot. */
    while (next_tick_ns <= now_ns) {
        switch_needed |= xTaskIncrementTick();
        ticks_given++;
        next_tick_ns += TICK_NS;
    }
    timer_set_compare(next_tick_ns);
    portCLEAR_INTERRUPT_MASK_FROM_ISR(mask);
    portYIELD_FROM_ISR(switch_needed);
}

void vPortSetupTimerInterrupt(void)
{
    next_tick_ns = TICK_NS;
    timer_start(next_tick_ns, timer_interrupt);
}

/*
 * Called by the idle task with the scheduler suspended: sleep until an interrupt, at most until
 * the tick before which no task wants to run.
 */
void vPortSuppressTicksAndSleep(TickType_t expected_idle_ticks)
{
    /* PRIMASK, not BASEPRI: a masked interrupt must still end the WFI. From here to the WFI nothing
     * can happen unseen, since a pending interrupt makes WFI return at once. */
    __asm volatile("cpsid i" ::: "memory");

    /* A tick that came between the kernel's look at its lists and here is only counted as pending
     * by the kernel (V9 does not check that itself), and a task may be due because of it. */
    bool tick_pending = ticks_given != xTaskGetTickCount();
    if (tick_pending || eTaskConfirmSleepModeStatus() == eAbortSleep) {
        __asm volatile("cpsie i" ::: "memory");
        return;
    }

    uint64_t wake_ns = next_tick_ns + (uint64_t)(expected_idle_ticks - 1) * TICK_NS;
    timer_set_compare(wake_ns);
    __asm volatile("dsb\n\twfi\n\tisb" ::: "memory");

    /* Step over the ticks that passed, but leave the one at which a task is due to the interrupt,
     * which is pending then and runs as soon as it may. */
    uint64_t now_ns = timer_now_ns();
    if (now_ns >= next_tick_ns) {
        uint64_t passed = (now_ns - next_tick_ns) / TICK_NS + 1;
        uint32_t steps = passed < expected_idle_ticks ? (uint32_t)passed : expected_idle_ticks - 1;
        vTaskStepTick(steps);
        ticks_given += steps;
        next_tick_ns += (uint64_t)steps * TICK_NS;
    }
    timer_set_compare(next_tick_ns);
    __asm volatile("cpsie i" ::: "memory");
}
