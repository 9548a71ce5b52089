/*
 * Processor faults: decode what the ARMv7-M fault registers say and panic with it.
 *
 * Fields as in the ARMv7-M Architecture Reference Manual, B3.2.15 (CFSR) and B3.2.16 (HFSR).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stddef.h>

#include "board/panic.h"
#include "board/regs.h"

#define SCB_CFSR 0xe000ed28u
#define SCB_HFSR 0xe000ed2cu
#define SCB_MMFAR 0xe000ed34u
#define SCB_BFAR 0xe000ed38u
#define CFSR_MMARVALID (1u << 7)
#define CFSR_BFARVALID (1u << 15)
#define EXC_RETURN_PSP (1u << 2)

void fault_entry(void);
void fault_report(const uint32_t *frame, uint32_t exc_return);

/* The interrupt stack may be the broken one, so the report is made on a stack of its own. */
uint32_t fault_stack[256] __attribute__((aligned(8)));

static char fault_text[768];

struct flag {
    uint32_t mask;
    const char *name;
};

static const struct flag cfsr_flags[] = {
    {1u << 0, "IACCVIOL"},     {1u << 1, "DACCVIOL"},   {1u << 3, "MUNSTKERR"},
    {1u << 4, "MSTKERR"},      {1u << 8, "IBUSERR"},    {1u << 9, "PRECISERR"},
    {1u << 10, "IMPRECISERR"}, {1u << 11, "UNSTKERR"},  {1u << 12, "STKERR"},
    {1u << 16, "UNDEFINSTR"},  {1u << 17, "INVSTATE"},  {1u << 18, "INVPC"},
    {1u << 19, "NOCP"},        {1u << 24, "UNALIGNED"}, {1u << 25, "DIVBYZERO"},
};

static const char *const exception_names[] = {
    [2] = "NMI",        [3] = "HardFault",     [4] = "MemManage", [5] = "BusFault",
    [6] = "UsageFault", [12] = "DebugMonitor", [15] = "SysTick",
};

/* Entered from the vector table: find the frame the processor pushed, then leave that stack. */
__attribute__((naked)) void fault_entry(void)
{
    __asm volatile("tst   lr, #4          \n"
                   "ite   eq              \n"
                   "mrseq r0, msp         \n"
                   "mrsne r0, psp         \n"
                   "mov   r1, lr          \n"
                   "ldr   r2, =fault_stack + 1024 \n"
                   "mov   sp, r2          \n"
                   "b     fault_report    \n"
                   ".ltorg                \n");
}

static void add_named(struct panic_text *text, const char *name, uint32_t value)
{
    panic_add(text, " ");
    panic_add(text, name);
    panic_add(text, "=");
    panic_add_hex(text, value);
}

/* Whether the eight words of an exception frame can be read there without a second fault. */
static int frame_is_readable(const uint32_t *frame)
{
    uintptr_t address = (uintptr_t)frame;
    return address % 4 == 0 && address >= 0x20000000u && address <= 0x20400000u - 32;
}

__attribute__((used)) void fault_report(const uint32_t *frame, uint32_t exc_return)
{
    struct panic_text text = {fault_text, sizeof fault_text, 0};
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    uint32_t cfsr = reg_read(SCB_CFSR, 0);
    const char *name = NULL;

    if (exception < sizeof exception_names / sizeof exception_names[0])
        name = exception_names[exception];
    panic_add(&text, name != NULL ? name : "exception");
    for (size_t i = 0; i < sizeof cfsr_flags / sizeof cfsr_flags[0]; i++) {
        if ((cfsr & cfsr_flags[i].mask) != 0) {
            panic_add(&text, " ");
            panic_add(&text, cfsr_flags[i].name);
        }
    }
    panic_add(&text, ":");
    if (frame_is_readable(frame)) {
        add_named(&text, "pc", frame[6]);
        add_named(&text, "lr", frame[5]);
        add_named(&text, "r0", frame[0]);
        add_named(&text, "r1", frame[1]);
        add_named(&text, "r2", frame[2]);
        add_named(&text, "r3", frame[3]);
        add_named(&text, "r12", frame[4]);
        add_named(&text, "xpsr", frame[7]);
    }
    add_named(&text, "sp", (uint32_t)(uintptr_t)frame);
    add_named(&text, "cfsr", cfsr);
    add_named(&text, "hfsr", reg_read(SCB_HFSR, 0));
    if ((cfsr & CFSR_MMARVALID) != 0)
        add_named(&text, "mmfar", reg_read(SCB_MMFAR, 0));
    if ((cfsr & CFSR_BFARVALID) != 0)
        add_named(&text, "bfar", reg_read(SCB_BFAR, 0));
    panic_add(&text, " (task ");
    panic_add(&text, (exc_return & EXC_RETURN_PSP) != 0 ? panic_task_name() : "none, interrupt");
    panic_add(&text, ")");
    panic(fault_text);
}
