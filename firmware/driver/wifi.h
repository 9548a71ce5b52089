/*
 * Driver of the sockbench wifi controller (docs/wifi-datasheet.md): a MAC whose link is made by a
 * radio that takes commands and tells events.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_WIFI_H
#define SOCKBENCH_DRIVER_WIFI_H

#include "driver/wifi_driver.h"

extern const struct net_driver wifi_net_driver; /* wifi_driver.net */
extern const struct wifi_driver wifi_driver;

#endif
