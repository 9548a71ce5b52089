/*
 * The functions of `eth` (socket/eth.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/eth.h"

#include <assert.h>
#include <string.h>

#include "socket/call.h"

static const struct eth_provider *eth_provider;
static struct interface_settings next_settings; /* of the next link(); guarded by sock_port->lock */

void eth_init(const struct eth_provider *provider)
{
    eth_provider = provider;
    memset(&next_settings, 0, sizeof next_settings);
}

static void function_link(struct call *call)
{
    sock_port->lock();
    struct interface_settings settings = next_settings;
    sock_port->unlock();
    int error = eth_provider->link(&settings);
    if (error != 0)
        call_fail(call, error);
}

static void function_unlink(struct call *call)
{
    int error = eth_provider->unlink();
    if (error != 0)
        call_fail(call, error);
}

static void function_is_linked(struct call *call)
{
    call->result->value = (struct value){.kind = VALUE_BOOL, .integer = eth_provider->is_linked()};
}

static void function_link_info(struct call *call)
{
    struct interface_settings now;
    uint8_t mac[6];
    eth_provider->info(&now, mac);
    interface_return_info(call, &now, mac, true);
}

/* set_link_info(ip, mask, gw, dns) */
static void function_set_link_info(struct call *call)
{
    struct interface_settings settings;
    if (!interface_read_settings(call, &settings))
        return;
    sock_port->lock();
    next_settings = settings;
    sock_port->unlock();
}

/* gethostbyname(hostname) */
static void function_gethostbyname(struct call *call)
{
    interface_gethostbyname(call, eth_provider->resolve);
}

static const char *const function_names[] = {
    "link", "unlink", "is_linked", "link_info", "set_link_info", "gethostbyname", NULL,
};

static const struct interface_function functions[] = {
    {function_link, {{NULL}, 0, 0}},
    {function_unlink, {{NULL}, 0, 0}},
    {function_is_linked, {{NULL}, 0, 0}},
    {function_link_info, {{NULL}, 0, 0}},
    {function_set_link_info, {{"ip", "mask", "gw", "dns"}, 4, 4}},
    {function_gethostbyname, {{"hostname"}, 1, 1}},
};

static_assert(sizeof function_names / sizeof function_names[0] ==
                  sizeof functions / sizeof functions[0] + 1,
              "each function has a name");

static const struct interface_module module = {function_names, functions,
                                               "eth has no such function"};

const char *const *eth_functions(void)
{
    return function_names;
}

void eth_call(const char *name, const struct value_args *args, struct value_result *result)
{
    interface_call(&module, name, args, result);
}
