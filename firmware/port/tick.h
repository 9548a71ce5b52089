/*
 * Length of the kernel's tick.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_TICK_H
#define SOCKBENCH_PORT_TICK_H

#define TICK_NS 1000000u

#endif
