/*
 * Driver of the sockbench Ethernet MAC (docs/nic-datasheet.md).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_ETH_H
#define SOCKBENCH_DRIVER_ETH_H

#include "driver/net_driver.h"

extern const struct net_driver eth_driver;

#endif
