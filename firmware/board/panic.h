/*
 * How the firmware dies: every failed assertion, fault and impossible state
 * ends here and reaches the harness as one line of text through the board's
 * panic register. Nothing returns.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_BOARD_PANIC_H
#define SOCKBENCH_BOARD_PANIC_H

#include <stdint.h>

/* End with "FILE:LINE: REASON (task NAME)". Usable from any context, faults included. */
__attribute__((noreturn)) void panic_at(const char *file, int line, const char *reason);

/* End with the text as it is. */
__attribute__((noreturn)) void panic(const char *report);

/* Tell panic how to name the running task; NULL from it means "none". */
void panic_set_task_name(const char *(*task_name)(void));

/* Name of the running task for a report, never NULL. */
const char *panic_task_name(void);

/* A report under construction: text is cut at the end of the buffer, never overrun. */
struct panic_text {
    char *buffer;
    uint32_t size;
    uint32_t used;
};
void panic_add(struct panic_text *text, const char *words);
void panic_add_hex(struct panic_text *text, uint32_t value);
void panic_add_decimal(struct panic_text *text, uint32_t value);

#endif
