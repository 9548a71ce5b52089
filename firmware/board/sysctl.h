/*
 * Small services of the board's system controller: console, random numbers.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_BOARD_SYSCTL_H
#define SOCKBENCH_BOARD_SYSCTL_H

#include <stdint.h>

/* Write a line to the console; a newline is added. */
void sysctl_log(const char *line);

/* The next 32 bits of the generator that the run's seed determines. */
uint32_t sysctl_random(void);

/* The run's seed itself, constant until the next reset. */
uint64_t sysctl_seed(void);

#endif
