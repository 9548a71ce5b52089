/*
 * Ways to die on purpose, for tests of the bench itself.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_BOARD_CRASH_H
#define SOCKBENCH_BOARD_CRASH_H

/* A failed assertion. */
void crash_assert(void);

/* An access to an address where there is nothing. */
void crash_fault(void);

/* An endless loop with interrupts masked. */
void crash_hang(void);

/* More stack than the thread has, which the kernel notices at the next switch of threads. */
void crash_stack(void);

#endif
