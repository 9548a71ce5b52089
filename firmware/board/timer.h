/*
 * The board's clock: nanoseconds since reset, and one compare interrupt.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_BOARD_TIMER_H
#define SOCKBENCH_BOARD_TIMER_H

#include <stdint.h>

#include "board/interrupt.h"

/* Now; from any context. */
uint64_t timer_now_ns(void);

/*
 * Raise the timer interrupt as soon as now >= at_ns, until a later time is set.
 * Only the kernel's tick calls this, with interrupts masked.
 */
void timer_set_compare(uint64_t at_ns);

/* Begin to interrupt. */
void timer_start(uint64_t first_ns, interrupt_handler handler);

#endif
