/*
 * What lwIP's hooks in port/lwipopts.h call.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_LWIP_HOOKS_H
#define SOCKBENCH_PORT_LWIP_HOOKS_H

#include "port/ip6_guard.h"
#include "port/isn.h"

#endif
