/*
 * Panic reports: text formatting that needs no heap, no stdio and little stack, and the write to
 * the panic register.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "board/panic.h"

#include <assert.h>
#include <stddef.h>

#include "board/regs.h"
#include "emulated_nic/regs/board.h"

static const char *(*task_name_hook)(void);
static char report_buffer[SB_PANIC_BYTES_MAX];

void panic_set_task_name(const char *(*task_name)(void))
{
    task_name_hook = task_name;
}

const char *panic_task_name(void)
{
    const char *name = task_name_hook != NULL ? task_name_hook() : NULL;
    return name != NULL ? name : "none";
}

void panic_add(struct panic_text *text, const char *words)
{
    while (*words != '\0' && text->used + 1 < text->size)
        text->buffer[text->used++] = *words++;
    text->buffer[text->used] = '\0';
}

void panic_add_hex(struct panic_text *text, uint32_t value)
{
    char digits[11] = "0x";
    for (int i = 0; i < 8; i++)
        digits[2 + i] = "0123456789abcdef"[(value >> (28 - 4 * i)) & 15];
    digits[10] = '\0';
    panic_add(text, digits);
}

void panic_add_decimal(struct panic_text *text, uint32_t value)
{
    char digits[11];
    int first = 10;
    digits[first] = '\0';
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    panic_add(text, &digits[first]);
}

void panic(const char *report)
{
    __asm volatile("cpsid i" ::: "memory");
    reg_barrier();
    reg_write(SB_SYSCTL_BASE, A_SYSCTL_PANIC, (uint32_t)(uintptr_t)report);
    /* The board never gets here; on one without a panic register this is where to look. */
    for (;;) {
    }
}

void panic_at(const char *file, int line, const char *reason)
{
    __asm volatile("cpsid i" ::: "memory");
    struct panic_text text = {report_buffer, sizeof report_buffer, 0};
    panic_add(&text, file);
    panic_add(&text, ":");
    panic_add_decimal(&text, (uint32_t)line);
    panic_add(&text, ": ");
    panic_add(&text, reason);
    panic_add(&text, " (task ");
    panic_add(&text, panic_task_name());
    panic_add(&text, ")");
    panic(report_buffer);
}

/* What assert() of the C library calls (newlib, libc/stdlib/assert.c). */
void __assert_func(const char *file, int line, const char *function, const char *expression)
{
    (void)function;
    panic_at(file, line, expression);
}
