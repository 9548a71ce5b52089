/*
 * What the files of the module `wifi` share.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_WIFI_INTERNAL_H
#define SOCKBENCH_SOCKET_WIFI_INTERNAL_H

#include "socket/call.h"
#include "socket/wifi.h"

extern const struct wifi_provider *wifi_provider;

/* Whether nothing is wrong; else the exception is set. */
bool wifi_check(struct call *call, const struct wifi_reason *reason);

/* The arguments (ssid, security, password); false, with the exception set, if they are none. */
bool wifi_take_credentials(struct call *call, struct wifi_credentials *network);

/* The functions of the soft AP. */
void wifi_softap_init(void);
void wifi_softap_start(struct call *call);
void wifi_softap_config(struct call *call);
void wifi_softap_off(struct call *call);
void wifi_softap_get_info(struct call *call);

#endif
