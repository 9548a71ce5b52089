/*
 * Initial sequence numbers of TCP connections (RFC 6528), lwIP's hook for them.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_ISN_H
#define SOCKBENCH_PORT_ISN_H

#include "lwip/ip_addr.h"

u32_t isn_next(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
               u16_t remote_port);

#endif
