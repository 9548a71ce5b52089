/*
 * The module `eth` on the interfaces of port/network.h.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/network_eth.h"

#include <errno.h>

#include "port/network.h"
#include "socket/address.h"
#include "socket/errors.h"

#define INTERFACE "eth"

/* The C library's numbers are not Linux's. */
static int outcome(int status)
{
    switch (status) {
    case 0:
        return 0;
    case -ENODEV:
        return -SOCK_ENODEV;
    case -ENOENT:
        return -SOCK_ENOENT;
    case -EINVAL:
        return -SOCK_EINVAL;
    case -EALREADY:
        return -SOCK_EALREADY;
    case -ETIMEDOUT:
        return -SOCK_ETIMEDOUT;
    case -ECONNABORTED:
        return -SOCK_ENETDOWN;
    case -EHOSTUNREACH:
        return -SOCK_EHOSTUNREACH;
    case -ENOBUFS:
        return -SOCK_ENOBUFS;
    case -ENOMEM:
        return -SOCK_ENOMEM;
    default:
        return -SOCK_EIO;
    }
}

static bool eth_is_linked(void)
{
    struct network_info info;
    return network_info(INTERFACE, &info) == 0 && info.ready;
}

/* The text of an address in `text`; NULL for none. */
static const char *text_of(const uint8_t ip[4], char text[ADDRESS_TEXT_BYTES])
{
    if ((ip[0] | ip[1] | ip[2] | ip[3]) == 0)
        return NULL;
    address_ipv4_write(ip, text);
    return text;
}

static int eth_link(const struct eth_settings *settings)
{
    char ip[ADDRESS_TEXT_BYTES];
    char mask[ADDRESS_TEXT_BYTES];
    char gateway[ADDRESS_TEXT_BYTES];
    char dns[ADDRESS_TEXT_BYTES];
    struct network_config config = {.within_ns = NETWORK_ETH_DHCP_TIMEOUT_NS};

    if (eth_is_linked())
        return 0;
    config.ip = text_of(settings->ip, ip);
    if (config.ip != NULL) {
        config.mask = text_of(settings->mask, mask);
        config.gateway = text_of(settings->gateway, gateway);
        config.dns = text_of(settings->dns, dns);
    }
    int status = network_up(INTERFACE, &config);
    if (status == -EALREADY)
        status = network_wait(INTERFACE, config.within_ns); /* it has lost its link or address */
    return outcome(status);
}

static int eth_unlink(void)
{
    return outcome(network_down(INTERFACE));
}

static void read_address(const char *text, uint8_t ip[4])
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    if (!address_ipv4_read((const uint8_t *)text, length, ip))
        ip[0] = ip[1] = ip[2] = ip[3] = 0; /* an IPv6 server */
}

static void eth_info(struct eth_settings *settings, uint8_t mac[6])
{
    struct network_info info;
    (void)network_info(INTERFACE, &info);
    read_address(info.ip, settings->ip);
    read_address(info.mask, settings->mask);
    read_address(info.gateway, settings->gateway);
    read_address(info.dns, settings->dns);
    for (size_t i = 0; i < 6; i++)
        mac[i] = info.mac[i];
}

static int eth_resolve(const char *name, uint8_t ip[4])
{
    return outcome(network_resolve(name, ip));
}

const struct eth_provider network_eth = {
    .link = eth_link,
    .unlink = eth_unlink,
    .is_linked = eth_is_linked,
    .info = eth_info,
    .resolve = eth_resolve,
};
