/*
 * lwIP's provider: addresses, routes and error numbers.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>

#include "lwip/ip.h"
#include "lwip/nd6.h"
#include "lwip/netif.h"
#include "port/lwip_provider_internal.h"

int provider_error(err_t error)
{
    switch (error) {
    case ERR_OK:
        return 0;
    case ERR_MEM:
    case ERR_BUF:
        return -SOCK_ENOBUFS;
    case ERR_RTE:
        return -SOCK_EHOSTUNREACH;
    case ERR_USE:
        return -SOCK_EADDRINUSE;
    case ERR_ISCONN:
        return -SOCK_EISCONN;
    case ERR_CONN:
        return -SOCK_ENOTCONN;
    case ERR_RST:
        return -SOCK_ECONNRESET;
    case ERR_ABRT:
    case ERR_CLSD:
        return -SOCK_ECONNABORTED;
    case ERR_VAL:
    case ERR_ARG:
        return -SOCK_EINVAL;
    default:
        return -SOCK_EIO;
    }
}

u8_t provider_ip_type(int family)
{
    /* Never IPADDR_TYPE_ANY: a socket speaks the family it was made for, and only that. */
    return family == SOCK_AF_INET6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4;
}

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

int provider_address_to_lwip(const struct sock_address *address, ip_addr_t *ip)
{
    memset(ip, 0, sizeof *ip);
    if (address->family != SOCK_AF_INET6) {
        IP_ADDR4(ip, address->ip[0], address->ip[1], address->ip[2], address->ip[3]);
        return 0;
    }
    if (memcmp(address->ip, mapped_prefix, sizeof mapped_prefix) == 0)
        return -SOCK_ENETUNREACH; /* IPv4 has a family of its own */
    IP_SET_TYPE(ip, IPADDR_TYPE_V6);
    ip6_addr_t *ip6 = ip_2_ip6(ip);
    memcpy(ip6->addr, address->ip, sizeof ip6->addr);
    ip6_addr_clear_zone(ip6);
    if (ip6_addr_has_scope(ip6, IP6_UNKNOWN)) {
        if (address->scope_id == 0 && netif_default != NULL)
            ip6_addr_assign_zone(ip6, IP6_UNKNOWN, netif_default);
        else if (address->scope_id <= UINT8_MAX &&
                 netif_get_by_index((u8_t)address->scope_id) != NULL)
            ip6_addr_set_zone(ip6, (u8_t)address->scope_id);
        else
            return -SOCK_ENETUNREACH;
    }
    return 0;
}

void provider_address_from_lwip(int family, const ip_addr_t *ip, u16_t port,
                                struct sock_address *address)
{
    memset(address, 0, sizeof *address);
    address->family = (enum sock_family)family;
    address->port = port;
    if (family != SOCK_AF_INET6) {
        u32_t word = ip4_addr_get_u32(ip_2_ip4(ip));
        memcpy(address->ip, &word, sizeof word);
    } else {
        memcpy(address->ip, ip_2_ip6(ip)->addr, sizeof address->ip);
        address->scope_id = ip6_addr_zone(ip_2_ip6(ip));
    }
}

bool provider_is_group(const ip_addr_t *ip)
{
    struct netif *netif;
    if (ip_addr_isany(ip) || ip_addr_ismulticast(ip))
        return true;
    if (IP_IS_V6(ip))
        return false;
    if (ip4_addr_get_u32(ip_2_ip4(ip)) == IPADDR_BROADCAST)
        return true;
    NETIF_FOREACH (netif) {
        if (ip4_addr_isbroadcast(ip_2_ip4(ip), netif))
            return true;
    }
    return false;
}

int provider_check_local(const ip_addr_t *ip)
{
    struct netif *netif;
    if (ip_addr_isany(ip))
        return 0;
    NETIF_FOREACH (netif) {
        if (IP_IS_V6(ip)) {
            s8_t i = netif_get_ip6_addr_match(netif, ip_2_ip6(ip));
            if (i >= 0 && ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
                return 0;
        } else if (ip4_addr_eq(ip_2_ip4(ip), netif_ip4_addr(netif))) {
            return 0;
        }
    }
    return -SOCK_EADDRNOTAVAIL;
}

/*
 * lwIP takes the default interface when nothing else matches and finds out only when
 * a packet leaves that there is no gateway (etharp_output); TCP would then retry for
 * 18 s what cannot succeed.
 */
static int check_route4(const struct netif *netif, const ip4_addr_t *remote)
{
    if (ip4_addr_isany_val(*netif_ip4_addr(netif)))
        return -SOCK_EHOSTUNREACH;
    if (ip4_addr_net_eq(remote, netif_ip4_addr(netif), netif_ip4_netmask(netif)) ||
        ip4_addr_islinklocal(remote) || ip4_addr_ismulticast(remote) ||
        ip4_addr_isbroadcast(remote, netif))
        return 0;
    return ip4_addr_isany_val(*netif_ip4_gw(netif)) ? -SOCK_EHOSTUNREACH : 0;
}

static bool is_own_prefix(const struct netif *netif, const ip6_addr_t *remote)
{
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
        if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
            ip6_addr_net_eq(remote, netif_ip6_addr(netif, i)))
            return true;
    }
    return false;
}

/* The same for IPv6: the next hop is looked for only when the packet leaves (nd6.c). */
static int check_route6(struct netif *netif, const ip_addr_t *remote)
{
    const ip6_addr_t *ip6 = ip_2_ip6(remote);
    if (ip_netif_get_local_ip(netif, remote) == NULL)
        return -SOCK_EHOSTUNREACH;
    if (ip6_addr_islinklocal(ip6) || ip6_addr_ismulticast(ip6) || ip6_addr_isloopback(ip6) ||
        is_own_prefix(netif, ip6))
        return 0;
    return nd6_find_route(ip6) != NULL ? 0 : -SOCK_EHOSTUNREACH;
}

int provider_check_route(const ip_addr_t *local, const ip_addr_t *remote)
{
    if (ip_addr_isany(remote))
        return -SOCK_ENETUNREACH;
    struct netif *netif = ip_route(local, remote);
    if (netif == NULL)
        return -SOCK_EHOSTUNREACH;
    return IP_IS_V6(remote) ? check_route6(netif, remote) : check_route4(netif, ip_2_ip4(remote));
}
