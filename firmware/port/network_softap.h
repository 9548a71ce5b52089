/*
 * The soft AP's side of the interface "wifi": its addresses, and the DHCP server behind it.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_NETWORK_SOFTAP_H
#define SOCKBENCH_PORT_NETWORK_SOFTAP_H

#include "socket/interface.h"

#define NETWORK_SOFTAP_CLIENTS_MAX 32

/* The interface comes up with these settings: give addresses to whoever asks. */
void network_softap_begin(const struct interface_settings *settings);

/* Other settings, while it is up; leases given are forgotten. */
void network_softap_address(const struct interface_settings *settings);

/* It goes down. */
void network_softap_end(void);

/* The address that was leased to a station; zeros for none. */
void network_softap_lease(const uint8_t mac[6], uint8_t ip[4]);

#endif
