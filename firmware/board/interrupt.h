/*
 * Interrupts of the board's devices.
 *
 * All of them share one priority, below which the kernel may be called, so no
 * handler interrupts another.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_BOARD_INTERRUPT_H
#define SOCKBENCH_BOARD_INTERRUPT_H

/* NVIC priority of every device; FreeRTOSConfig.h derives the kernel's from it. */
#define INTERRUPT_PRIORITY 0xa0

typedef void (*interrupt_handler)(void);

/* Let interrupt `number` (SB_*_IRQ) call `handler` from now on. */
void interrupt_enable(unsigned number, interrupt_handler handler);

#endif
