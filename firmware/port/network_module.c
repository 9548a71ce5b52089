/*
 * What the modules `eth` and `wifi` need of the interfaces alike (port/network_module.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/network_module.h"

#include <errno.h>

#include "socket/errors.h"

/* The C library's numbers are not Linux's. */
int network_module_error(int status)
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

/* The text of an address in `text`; NULL for none. */
static const char *text_of(const uint8_t ip[4], char text[ADDRESS_TEXT_BYTES])
{
    if ((ip[0] | ip[1] | ip[2] | ip[3]) == 0)
        return NULL;
    address_ipv4_write(ip, text);
    return text;
}

struct network_config network_module_config(const struct interface_settings *settings,
                                            struct network_module_texts *texts)
{
    struct network_config config = {.within_ns = NETWORK_MODULE_DHCP_TIMEOUT_NS};
    config.ip = text_of(settings->ip, texts->ip);
    if (config.ip != NULL) {
        config.mask = text_of(settings->mask, texts->mask);
        config.gateway = text_of(settings->gateway, texts->gateway);
        config.dns = text_of(settings->dns, texts->dns);
    }
    return config;
}

static void read_address(const char *text, uint8_t ip[4])
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    if (!address_ipv4_read((const uint8_t *)text, length, ip))
        ip[0] = ip[1] = ip[2] = ip[3] = 0; /* an IPv6 server */
}

void network_module_info(const char *interface, struct interface_settings *settings, uint8_t mac[6])
{
    struct network_info info;
    (void)network_info(interface, &info);
    read_address(info.ip, settings->ip);
    read_address(info.mask, settings->mask);
    read_address(info.gateway, settings->gateway);
    read_address(info.dns, settings->dns);
    for (size_t i = 0; i < 6; i++)
        mac[i] = info.mac[i];
}

int network_module_resolve(const char *name, uint8_t ip[4])
{
    return network_module_error(network_resolve(name, ip));
}
