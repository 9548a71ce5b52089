/*
 * Access to the board's registers: what the shared register lists in
 * emulated_nic/regs/ expand to on the firmware's side.
 *
 * REG32(NAME, offset) gives A_NAME, the offset within its device's window.
 * FIELD(REG, NAME, shift, bits) gives the field's place; FIELD_MASK() and
 * FIELD_GET() use it. Only board/ and driver/ may include this.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_BOARD_REGS_H
#define SOCKBENCH_BOARD_REGS_H

#include <stdint.h>

#define REG32(name, offset) enum { A_##name = (offset) };
#define FIELD(reg, field, shift, bits)                                                             \
    enum { R_##reg##_##field##_SHIFT = (shift), R_##reg##_##field##_BITS = (bits) };

#define FIELD_MASK(reg, field)                                                                     \
    ((uint32_t)(((1ull << R_##reg##_##field##_BITS) - 1) << R_##reg##_##field##_SHIFT))
#define FIELD_GET(value, reg, field) (((value)&FIELD_MASK(reg, field)) >> R_##reg##_##field##_SHIFT)

static inline uint32_t reg_read(uint32_t base, uint32_t offset)
{
    return *(const volatile uint32_t *)(uintptr_t)(base + offset);
}

static inline void reg_write(uint32_t base, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)(uintptr_t)(base + offset) = value;
}

/* Order stores to normal memory before what follows, for a device that reads it by DMA. */
static inline void reg_barrier(void)
{
    __asm volatile("dmb" ::: "memory");
}

#endif
