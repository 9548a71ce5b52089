/*
 * struct eth_provider (socket/eth.h) over the interface "eth".
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_NETWORK_ETH_H
#define SOCKBENCH_PORT_NETWORK_ETH_H

#include "socket/eth.h"

/* How long link() waits for an address of DHCP: lwIP has sent five DISCOVERs by then. */
#define NETWORK_ETH_DHCP_TIMEOUT_NS 60000000000

extern const struct eth_provider network_eth;

#endif
