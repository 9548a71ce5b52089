/*
 * What the modules `eth` and `wifi` need of the interfaces alike.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_NETWORK_MODULE_H
#define SOCKBENCH_PORT_NETWORK_MODULE_H

#include "port/network.h"
#include "socket/address.h"
#include "socket/interface.h"

/* How long link() waits for an address of DHCP: lwIP has sent five DISCOVERs by then. */
#define NETWORK_MODULE_DHCP_TIMEOUT_NS 60000000000

/* A status of port/network.h as a negated number of socket/errors.h. */
int network_module_error(int status);

/* The texts that a configuration points to. */
struct network_module_texts {
    char ip[ADDRESS_TEXT_BYTES];
    char mask[ADDRESS_TEXT_BYTES];
    char gateway[ADDRESS_TEXT_BYTES];
    char dns[ADDRESS_TEXT_BYTES];
};

/* A configuration with these settings; an ip of zeros: DHCP. */
struct network_config network_module_config(const struct interface_settings *settings,
                                            struct network_module_texts *texts);

/* What an interface has now. */
void network_module_info(const char *interface, struct interface_settings *settings,
                         uint8_t mac[6]);

/* Ask the name servers; a negated number of socket/errors.h. */
int network_module_resolve(const char *name, uint8_t ip[4]);

#endif
