/*
 * What the modules of network interfaces, `eth` and `wifi`, have in common: settings and addresses
 * in text, host names, and finding a function by its name. Private to the module's own files, but
 * for the settings.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_INTERFACE_H
#define SOCKBENCH_SOCKET_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "socket/arguments.h"
#include "socket/value.h"

struct call;

/* IPv4 addresses in network order; all zero: none. */
struct interface_settings {
    uint8_t ip[4];
    uint8_t mask[4];
    uint8_t gateway[4];
    uint8_t dns[4];
};

/* One function of a module. */
struct interface_function {
    void (*run)(struct call *call);
    struct signature signature;
};

struct interface_module {
    const char *const *names; /* null-terminated, in the order of the functions */
    const struct interface_function *functions;
    const char *unknown; /* message for a name that is none of them */
};

/* Run a function by its name, as sock_call() does. */
void interface_call(const struct interface_module *module, const char *name,
                    const struct value_args *args, struct value_result *result);

/*
 * Take IPv4 addresses out of the first `count` arguments; an argument that is not given leaves its
 * field as it is. False, with the exception set, if one is no such text.
 */
bool interface_read_addresses(struct call *call, size_t first, size_t count,
                              uint8_t *const fields[]);

/* Whether a device can have this address with this mask; false with the exception set. */
bool interface_check_address(struct call *call, const uint8_t ip[4], const uint8_t mask[4]);

/* The arguments (ip, mask, gw, dns) of set_link_info(); false, with the exception set. */
bool interface_read_settings(struct call *call, struct interface_settings *settings);

bool interface_has_address(const struct interface_settings *settings);

/* What link_info() returns: four texts, and the MAC address as text or as bytes. */
void interface_return_info(struct call *call, const struct interface_settings *settings,
                           const uint8_t mac[6], bool mac_is_text);

/* gethostbyname(hostname), with `resolve` for what is no address. */
void interface_gethostbyname(struct call *call, int (*resolve)(const char *name, uint8_t ip[4]));

#endif
