/*
 * What the radio is told and what is made of its events: requests of the user, the network that is
 * kept (driver/wifi_join.h), scans, the soft AP, and a radio that died. Private to the driver.
 *
 * All but one call at a time (driver/wifi_driver.h, threads).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_WIFI_CONTROL_H
#define SOCKBENCH_DRIVER_WIFI_CONTROL_H

#include "driver/wifi_driver.h"

/* Set the radio up. 0, or -ENODEV. */
int wifi_control_init(void);

/* Take note of what the radio has to tell, and tell it what is next. */
void wifi_control_service(int64_t now_ns);

/* When to do so at the latest; NET_NEVER. */
int64_t wifi_control_due_ns(void);

/* As in struct wifi_driver. */
void wifi_control_submit(struct wifi_request *request);
struct wifi_limits wifi_control_limits(void);

void wifi_control_statistics(void (*visit)(void *context, const char *name, uint32_t value),
                             void *context);

#endif
