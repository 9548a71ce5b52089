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

extern const struct sock_port sock_port_freertos;

#endif
