/*
 * The device's providers as one (socket/provider.h): IP sockets are lwIP's, CAN sockets CAN's.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_PROVIDERS_H
#define SOCKBENCH_PORT_PROVIDERS_H

#include "socket/provider.h"

extern const struct sock_provider providers;

#endif
