/*
 * Interfaces by name: up, down, and what they are like (port/network.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/network.h"

#include <errno.h>
#include <string.h>

#include "driver/eth.h"
#include "driver/wifi.h"
#include "lwip/acd.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/tcpip.h"
#include "port/lwip_timers.h"
#include "port/memory.h"
#include "port/netif_thread.h"
#include "port/network_wifi.h"
#include "port/os.h"
#include "port/sock_port.h"

enum state {
    DOWN,
    RISING, /* network_up() waits for link and address */
    UP,
};

struct interface {
    struct netif_thread thread;
    const char *name;
    void (*leave)(void); /* gives up what config->join() joined; NULL: nothing to give up */
    bool started;
    bool dhcp;
    bool ip6;
    enum state state;
    struct sock_waiter *waiting; /* in network_up(), under the core lock */
};

static void on_change(struct netif_thread *thread, bool up);

static struct interface interfaces[] = {
    {
        .name = NETWORK_ETH,
        .thread =
            {
                .driver = &eth_driver,
                .rx_memory = memory_rx_eth,
                .rx_bytes = MEMORY_RX_BYTES,
                .link_changed = on_change,
            },
    },
    {
        .name = NETWORK_WIFI,
        .leave = network_wifi_leave,
        .thread =
            {
                .driver = &wifi_net_driver,
                .rx_memory = memory_rx_wifi,
                .rx_bytes = MEMORY_RX_BYTES,
                .link_changed = on_change,
            },
    },
};

static struct interface *dns_owner; /* who set the name servers */
static struct os_lock *start_lock;  /* while an interface's driver is set up */

static struct interface *find(const char *name)
{
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++) {
        if (strcmp(interfaces[i].name, name) == 0)
            return &interfaces[i];
    }
    return NULL;
}

void network_init(void)
{
    start_lock = os_lock_new();
    tcpip_init(NULL, NULL);
    lwip_timers_init();
}

/* Under the core lock: what network_up() waits for may have come. */
static void wake(struct interface *interface)
{
    if (interface->waiting != NULL)
        sock_port_freertos.waiter_wake(interface->waiting);
}

static void on_change(struct netif_thread *thread, bool up)
{
    (void)up;
    wake((struct interface *)thread);
}

static void on_status(struct netif *netif)
{
    wake((struct interface *)netif->state);
}

static bool has_addresses(const struct interface *interface)
{
    const struct netif *netif = &interface->thread.netif;
    if (!netif_is_link_up(netif) || ip4_addr_isany(netif_ip4_addr(netif)))
        return false;
    return !interface->ip6 || ip6_addr_ispreferred(netif_ip6_addr_state(netif, 0));
}

/* Join or leave the group of every IPv6 node (RFC 4291 2.8), for which no report is sent. */
static void all_nodes(struct interface *interface, bool join)
{
    static const uint8_t mac[6] = {0x33, 0x33, 0x00, 0x00, 0x00, 0x01};
    interface->thread.driver->multicast(mac, join);
}

/* What other subnets are reached through, when that interface has gone. */
static void default_to_another(const struct interface *gone)
{
    netif_set_default(NULL);
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++) {
        struct interface *other = &interfaces[i];
        if (other != gone && other->started && netif_is_up(&other->thread.netif))
            netif_set_default(&other->thread.netif);
    }
}

static void addresses_drop(struct interface *interface)
{
    struct netif *netif = &interface->thread.netif;
    if (interface->dhcp) {
        dhcp_release_and_stop(netif);
        lwip_timers_drop(LWIP_TIMERS_DHCP);
    }
    netif_set_addr(netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
    for (u8_t i = 0; dns_owner == interface && i < DNS_MAX_SERVERS; i++)
        dns_setserver(i, IP_ADDR_ANY);
    if (interface->ip6) {
        netif_set_ip6_autoconfig_enabled(netif, 0);
        for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++)
            netif_ip6_addr_set_state(netif, i, IP6_ADDR_INVALID);
        nd6_cleanup_netif(netif);
        lwip_timers_drop(LWIP_TIMERS_ND6);
        all_nodes(interface, false);
    }
    netif_set_down(netif);
    if (netif_default == netif)
        default_to_another(interface);
    interface->dhcp = false;
    interface->ip6 = false;
    interface->state = DOWN;
}

/* Under the core lock: begin to have the configured addresses. */
static void addresses_begin(struct interface *interface, const struct network_config *config,
                            const ip4_addr_t address[4])
{
    struct netif *netif = &interface->thread.netif;

    netif_set_status_callback(netif, on_status);
    netif_set_default(netif); /* the one that came up last */
    netif->mtu = config->mtu != 0 ? config->mtu : NETWORK_MTU_MAX;
    netif->mtu6 = netif->mtu;
    interface->dhcp = config->ip == NULL;
    interface->ip6 = config->ip6;
    if (interface->dhcp || !ip4_addr_isany(&address[3]))
        dns_owner = interface;
    if (!interface->dhcp)
        netif_set_addr(netif, &address[0], &address[1], &address[2]);
    if (!ip4_addr_isany(&address[3])) {
        ip_addr_t server;
        ip_addr_copy_from_ip4(server, address[3]);
        dns_setserver(0, &server);
    }
    netif_set_up(netif);
    if (interface->dhcp) {
        lwip_timers_hold(LWIP_TIMERS_DHCP);
        dhcp_start(netif);
    }
    if (interface->ip6) {
        all_nodes(interface, true);
        lwip_timers_hold(LWIP_TIMERS_ND6);
        netif_create_ip6_linklocal_address(netif, 1);
        netif_set_ip6_autoconfig_enabled(netif, 1);
    }
}

/* Under the core lock, which is given back while waiting. The state must not change meanwhile. */
static int addresses_wait(struct interface *interface, int64_t within_ns)
{
    const struct netif *netif = &interface->thread.netif;
    int64_t start_ns = sock_port_freertos.now_ns();
    int64_t link_deadline_ns = start_ns + NETWORK_LINK_TIMEOUT_NS;
    int64_t address_deadline_ns = within_ns != 0 ? start_ns + within_ns : SOCK_DEADLINE_NEVER;
    struct sock_waiter waiter;

    enum state state = interface->state;

    sock_port_freertos.waiter_init(&waiter);
    interface->waiting = &waiter;
    int status = 0;
    while (status == 0 && interface->state == state && !has_addresses(interface)) {
        int64_t deadline_ns = netif_is_link_up(netif) ? address_deadline_ns : link_deadline_ns;
        UNLOCK_TCPIP_CORE();
        bool woken = sock_port_freertos.waiter_wait(&waiter, deadline_ns);
        LOCK_TCPIP_CORE();
        if (!woken && sock_port_freertos.now_ns() >=
                          (netif_is_link_up(netif) ? address_deadline_ns : link_deadline_ns))
            status = -ETIMEDOUT;
    }
    interface->waiting = NULL;
    if (status == 0 && interface->state != state)
        status = -ECONNABORTED;
    return status;
}

static bool parse(const char *text, ip4_addr_t *address)
{
    ip4_addr_set_any(address);
    return text == NULL || ip4addr_aton(text, address) != 0;
}

int network_start(const char *name)
{
    struct interface *interface = find(name);
    int status = 0;
    if (interface == NULL)
        return -ENODEV;
    os_lock_take(start_lock);
    if (!interface->started) {
        status = netif_thread_start(&interface->thread);
        interface->started = status == 0;
    }
    os_lock_give(start_lock);
    return status;
}

struct netif_thread *network_thread(const char *name)
{
    struct interface *interface = find(name);
    return interface != NULL ? &interface->thread : NULL;
}

int network_up(const char *name, const struct network_config *config)
{
    struct interface *interface = find(name);
    ip4_addr_t address[4];

    if (interface == NULL)
        return -ENODEV;
    if (!parse(config->ip, &address[0]) || !parse(config->mask, &address[1]) ||
        !parse(config->gateway, &address[2]) || !parse(config->dns, &address[3]) ||
        (config->ip != NULL && config->mask == NULL))
        return -EINVAL;
    if (config->mtu != 0 && (config->mtu < NETWORK_MTU_MIN || config->mtu > NETWORK_MTU_MAX))
        return -EINVAL;

    LOCK_TCPIP_CORE();
    bool busy = interface->state != DOWN;
    if (!busy)
        interface->state = RISING;
    UNLOCK_TCPIP_CORE();
    if (busy)
        return -EALREADY;

    int status = network_start(name);
    if (status == 0)
        status = netif_thread_link(&interface->thread);
    if (status == 0 && config->join != NULL)
        status = config->join(config->context);
    LOCK_TCPIP_CORE();
    if (status == 0) {
        addresses_begin(interface, config, address);
        status = addresses_wait(interface, config->within_ns);
    }
    if (status == 0)
        interface->state = UP;
    UNLOCK_TCPIP_CORE();
    if (status != 0 && status != -ECONNABORTED)
        network_down(name);
    return status;
}

int network_wait(const char *name, int64_t within_ns)
{
    struct interface *interface = find(name);
    if (interface == NULL)
        return -ENODEV;
    LOCK_TCPIP_CORE();
    int status = -EALREADY;
    if (interface->state == UP && interface->waiting == NULL)
        status = addresses_wait(interface, within_ns);
    UNLOCK_TCPIP_CORE();
    return status;
}

int network_down(const char *name)
{
    struct interface *interface = find(name);
    if (interface == NULL)
        return -ENODEV;
    LOCK_TCPIP_CORE();
    bool was_up = interface->state != DOWN;
    if (was_up && interface->started)
        addresses_drop(interface);
    interface->state = DOWN;
    wake(interface);
    UNLOCK_TCPIP_CORE();
    if (was_up && interface->started) {
        if (interface->leave != NULL)
            interface->leave();
        netif_thread_unlink(&interface->thread);
    }
    return 0;
}

/* lwIP writes IPv6 addresses in capitals; RFC 5952 4.3 wants small letters. */
static void to_lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'F')
            *text = (char)(*text - 'A' + 'a');
    }
}

int network_info(const char *name, struct network_info *info)
{
    struct interface *interface = find(name);
    memset(info, 0, sizeof *info);
    if (interface == NULL)
        return -ENODEV;

    LOCK_TCPIP_CORE();
    const struct netif *netif = &interface->thread.netif;
    ip4addr_ntoa_r(netif_ip4_addr(netif), info->ip, sizeof info->ip);
    ip4addr_ntoa_r(netif_ip4_netmask(netif), info->mask, sizeof info->mask);
    ip4addr_ntoa_r(netif_ip4_gw(netif), info->gateway, sizeof info->gateway);
    ipaddr_ntoa_r(dns_getserver(0), info->dns, sizeof info->dns);
    /* Only wifi's hardware may be missing, and is found out about by network_start(). */
    if (interface->started || interface->leave == NULL)
        interface->thread.driver->address(info->mac);
    if (interface->started) {
        info->up = netif_is_up(netif);
        info->link = netif_is_link_up(netif);
        info->ready = info->up && has_addresses(interface);
        info->settled = interface->state == UP;
        info->mtu = netif->mtu;
    }
    for (s8_t i = 0; i < LWIP_IPV6_NUM_ADDRESSES && i < NETWORK_IP6_MAX; i++) {
        if (!ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
            continue;
        char *text = info->ip6[info->ip6_count++];
        ip6addr_ntoa_r(netif_ip6_addr(netif, i), text, NETWORK_TEXT_BYTES);
        to_lower(text);
    }
    UNLOCK_TCPIP_CORE();
    return 0;
}

int network_driver_statistics(const char *name, network_visit visit, void *context)
{
    struct interface *interface = find(name);
    if (interface == NULL)
        return -ENODEV;
    if (interface->started || interface->leave == NULL)
        interface->thread.driver->statistics(visit, context);
    return 0;
}
