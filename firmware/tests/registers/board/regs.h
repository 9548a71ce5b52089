/*
 * board/regs.h for host tests of drivers: registers are the fake's.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_REGISTERS_BOARD_REGS_H
#define SOCKBENCH_TESTS_REGISTERS_BOARD_REGS_H

#include <stdint.h>

#define REG32(name, offset) enum { A_##name = (offset) };
#define FIELD(reg, field, shift, bits)                                                             \
    enum { R_##reg##_##field##_SHIFT = (shift), R_##reg##_##field##_BITS = (bits) };
#define FIELD_MASK(reg, field)                                                                     \
    ((uint32_t)(((1ull << R_##reg##_##field##_BITS) - 1) << R_##reg##_##field##_SHIFT))
#define FIELD_GET(value, reg, field) (((value)&FIELD_MASK(reg, field)) >> R_##reg##_##field##_SHIFT)

uint32_t reg_read(uint32_t base, uint32_t offset);
void reg_write(uint32_t base, uint32_t offset, uint32_t value);

static inline void reg_barrier(void)
{
}

#endif
