/*
 * The soft AP's addresses (port/network_softap.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/network_softap.h"

#include <string.h>

void network_softap_begin(const struct interface_settings *settings)
{
    (void)settings;
}

void network_softap_address(const struct interface_settings *settings)
{
    (void)settings;
}

void network_softap_end(void)
{
}

void network_softap_lease(const uint8_t mac[6], uint8_t ip[4])
{
    (void)mac;
    memset(ip, 0, 4);
}
