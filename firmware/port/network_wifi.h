/*
 * struct wifi_provider (socket/wifi.h) over the interface "wifi" and its driver
 * (driver/wifi_driver.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_NETWORK_WIFI_H
#define SOCKBENCH_PORT_NETWORK_WIFI_H

#include "port/network.h"
#include "socket/wifi.h"

extern const struct wifi_provider network_wifi;

/* network_up() of the interface over this network; config.join and .context are set here. */
struct wifi_reason network_wifi_up(struct network_config *config,
                                   const struct wifi_credentials *network);

/* Of network_down(): leave the network, or end the soft AP. */
void network_wifi_leave(void);

#endif
