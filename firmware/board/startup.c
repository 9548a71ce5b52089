/*
 * From reset to main(), and the vector table.
 *
 * Owns the first instructions after reset, the exception vectors and the interrupt controller's
 * settings. Fault reports are in fault.c; what an interrupt does belongs to its driver, which
 * registers a handler here.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>
#include <string.h>

#include "board/interrupt.h"
#include "board/panic.h"
#include "board/regs.h"
#include "emulated_nic/regs/board.h"

#define NVIC_ISER 0xe000e100u
#define NVIC_IPR 0xe000e400u
#define SCB_SHCSR 0xe000ed24u
#define SCB_CCR 0xe000ed14u
/* SHCSR: memory management, bus and usage faults have exceptions of their own (ARMv7-M B3.2.13). */
#define SHCSR_FAULTS_ENABLE 0x00070000u
/* CCR: a division by zero is a fault (ARMv7-M B3.2.8). */
#define CCR_DIV_0_TRP 0x00000010u

extern uint32_t linker_stack_top[];
extern uint32_t linker_data_start[], linker_data_end[], linker_data_image[];
extern uint32_t linker_bss_start[], linker_bss_end[];

int main(void);
void startup_reset(void);
void fault_entry(void);
/* The FreeRTOS port's exception handlers (portable/GCC/ARM_CM3/port.c). */
void vPortSVCHandler(void);
void xPortPendSVHandler(void);

static interrupt_handler handlers[SB_NUM_IRQ];

static void interrupt_dispatch(void)
{
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    uint32_t number = exception - 16;

    if (number >= SB_NUM_IRQ || handlers[number] == NULL)
        panic_at(__FILE__, __LINE__, "interrupt without a handler");
    handlers[number]();
}

void interrupt_enable(unsigned number, interrupt_handler handler)
{
    handlers[number] = handler;
    *(volatile uint8_t *)(NVIC_IPR + number) = INTERRUPT_PRIORITY;
    reg_write(NVIC_ISER, 4 * (number / 32), 1u << (number % 32));
}

/* The first instructions. RAM holds the task stacks' later home but nothing yet. */
void startup_reset(void)
{
    memcpy(linker_data_start, linker_data_image,
           (uintptr_t)linker_data_end - (uintptr_t)linker_data_start);
    memset(linker_bss_start, 0, (uintptr_t)linker_bss_end - (uintptr_t)linker_bss_start);
    reg_write(SCB_SHCSR, 0, SHCSR_FAULTS_ENABLE);
    reg_write(SCB_CCR, 0, reg_read(SCB_CCR, 0) | CCR_DIV_0_TRP);
    main();
    panic_at(__FILE__, __LINE__, "main() returned");
}

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[16 + SB_NUM_IRQ] = {
    (vector)(uintptr_t)linker_stack_top,
    startup_reset,
    fault_entry, /* NMI */
    fault_entry, /* HardFault */
    fault_entry, /* MemManage */
    fault_entry, /* BusFault */
    fault_entry, /* UsageFault */
    NULL,
    NULL,
    NULL,
    NULL,
    vPortSVCHandler,
    fault_entry, /* DebugMonitor */
    NULL,
    xPortPendSVHandler,
    fault_entry, /* SysTick: the board's timer ticks instead */
    [16 ... 16 + SB_NUM_IRQ - 1] = interrupt_dispatch,
};
