/*
 * CAN sockets as the socket module's provider (socket/provider.h): AF_CAN, SOCK_RAW, CAN_RAW.
 *
 * A socket is bound to an interface and then hears every frame that passes its filters. Programs
 * exchange the bytes of struct can_frame and struct canfd_frame (can_frame.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_CAN_PROVIDER_H
#define SOCKBENCH_PORT_CAN_PROVIDER_H

#include "socket/provider.h"

#define CAN_PROVIDER_INTERFACE "can0"
/* Frames that a socket keeps for its program; what comes on top is dropped. */
#define CAN_PROVIDER_FRAMES_MAX 64
#define CAN_PROVIDER_FILTERS_MAX 32

extern const struct sock_provider can_provider;

/* Make the provider's thread; once, before the scheduler. Touches no hardware: bind() does. */
void can_provider_init(void);

#endif
