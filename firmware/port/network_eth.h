/*
 * struct eth_provider (socket/eth.h) over the interface "eth".
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_NETWORK_ETH_H
#define SOCKBENCH_PORT_NETWORK_ETH_H

#include "socket/eth.h"

extern const struct eth_provider network_eth;

#endif
