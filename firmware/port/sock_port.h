/*
 * struct sock_port (socket/port.h) on FreeRTOS and the board's timer.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_SOCK_PORT_H
#define SOCKBENCH_PORT_SOCK_PORT_H

#include "socket/port.h"

/* Make the lock; call once, before the scheduler starts. */
void sock_port_init(void);

/* The kernel's ticks from now to the first one at or after this time; what a wait of the kernel
 * takes, which may have to be repeated. */
uint32_t sock_port_ticks_until(int64_t deadline_ns);

extern const struct sock_port sock_port_freertos;

#endif
