/*
 * The module `eth`: the device's Ethernet interface, as programs of the original know it.
 *
 *   link()            bring the interface up and wait until it has its address
 *   unlink()          take it down
 *   is_linked()       whether it has a link and an address now
 *   link_info()       (ip, mask, gateway, dns, mac) in text, as they are now
 *   set_link_info(ip, mask, gw, dns)   for the next link(); "0.0.0.0" as ip: DHCP decides
 *   gethostbyname(hostname)            its IPv4 address in text
 *
 * As in the socket module, names, arguments and errors are decided here, for every
 * language binding, and any function may be called from any thread.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_ETH_H
#define SOCKBENCH_SOCKET_ETH_H

#include <stdbool.h>
#include <stdint.h>

#include "socket/interface.h"
#include "socket/value.h"

/*
 * What the module needs of the network below it. Results are 0 or a negated number of
 * socket/errors.h. link() and resolve() block, as long as they document, and hold no
 * lock of the module's.
 */
struct eth_provider {
    /* An ip of zeros: DHCP. 0 at once if there is a link and an address already. */
    int (*link)(const struct interface_settings *settings);
    int (*unlink)(void);
    bool (*is_linked)(void);
    void (*info)(struct interface_settings *settings, uint8_t mac[6]);
    /* -SOCK_ENOENT: there is no such name. -SOCK_ETIMEDOUT: no server answered. */
    int (*resolve)(const char *name, uint8_t ip[4]);
};

/* After sock_module_init(); the table must live for ever. */
void eth_init(const struct eth_provider *provider);

/* Run a function by its name, as sock_call() does; release the result with sock_result_release().
 */
void eth_call(const char *name, const struct value_args *args, struct value_result *result);

/* Null-terminated list of the function names. */
const char *const *eth_functions(void);

#endif
