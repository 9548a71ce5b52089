/*
 * System controller (emulated_nic/regs/board.h): console and random registers.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "board/sysctl.h"

#include "board/regs.h"
#include "emulated_nic/regs/board.h"

void sysctl_log(const char *line)
{
    for (; *line != '\0'; line++)
        reg_write(SB_SYSCTL_BASE, A_SYSCTL_CONSOLE, (uint8_t)*line);
    reg_write(SB_SYSCTL_BASE, A_SYSCTL_CONSOLE, '\n');
}

uint32_t sysctl_random(void)
{
    return reg_read(SB_SYSCTL_BASE, A_SYSCTL_RANDOM);
}

uint64_t sysctl_seed(void)
{
    uint32_t low = reg_read(SB_SYSCTL_BASE, A_SYSCTL_SEED_LO);
    return (uint64_t)reg_read(SB_SYSCTL_BASE, A_SYSCTL_SEED_HI) << 32 | low;
}
