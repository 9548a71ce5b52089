/*
 * The module `eth` on the interfaces of port/network.h.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/network_eth.h"

#include <errno.h>

#include "port/network_module.h"

static bool eth_is_linked(void)
{
    struct network_info info;
    return network_info(NETWORK_ETH, &info) == 0 && info.ready;
}

static int eth_link(const struct interface_settings *settings)
{
    struct network_module_texts texts;
    if (eth_is_linked())
        return 0;
    const struct network_config config = network_module_config(settings, &texts);
    int status = network_up(NETWORK_ETH, &config);
    if (status == -EALREADY)
        status = network_wait(NETWORK_ETH, config.within_ns); /* it has lost its link or address */
    return network_module_error(status);
}

static int eth_unlink(void)
{
    return network_module_error(network_down(NETWORK_ETH));
}

static void eth_info(struct interface_settings *settings, uint8_t mac[6])
{
    network_module_info(NETWORK_ETH, settings, mac);
}

const struct eth_provider network_eth = {
    .link = eth_link,
    .unlink = eth_unlink,
    .is_linked = eth_is_linked,
    .info = eth_info,
    .resolve = network_module_resolve,
};
