/*
 * lwIP as the socket module's provider (socket/provider.h), on lwIP's raw API
 * under its core lock.
 *
 * IPv4 and IPv6, TCP, UDP and raw sockets. Limits: lwIP's own numbers of control
 * blocks (lwipopts.h) and, per socket, the receive queue below.
 *
 * Call no function of the table with lwIP's core lock held; each takes it itself.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_LWIP_PROVIDER_H
#define SOCKBENCH_PORT_LWIP_PROVIDER_H

#include "socket/provider.h"

/*
 * A datagram socket keeps up to this many datagrams and this many bytes that were
 * not read; what comes on top is dropped. One datagram always fits.
 */
#define LWIP_PROVIDER_DATAGRAMS_MAX 16
#define LWIP_PROVIDER_DATAGRAM_BYTES_MAX 131072

extern const struct sock_provider lwip_provider;

#endif
