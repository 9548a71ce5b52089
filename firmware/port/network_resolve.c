/*
 * Asking the name servers (port/network.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <errno.h>
#include <string.h>

#include "lwip/dns.h"
#include "lwip/ip.h"
#include "lwip/tcpip.h"
#include "port/lwip_timers.h"
#include "port/network.h"
#include "port/sock_port.h"

/* One query. lwIP always ends it: by an answer, or when it has asked often enough. */
struct query {
    struct sock_waiter waiter;
    int status; /* -EINPROGRESS until it has ended */
    ip4_addr_t address;
};

/* Under the core lock. */
static void on_resolved(const char *name, const ip_addr_t *address, void *context)
{
    struct query *query = context;
    (void)name;
    if (address != NULL) {
        ip4_addr_copy(query->address, *ip_2_ip4(address));
        query->status = 0;
    } else {
        /* Called for an answer that came in, or else by the timer that gives up. */
        query->status = ip_current_input_netif() != NULL ? -ENOENT : -ETIMEDOUT;
    }
    sock_port_freertos.waiter_wake(&query->waiter);
}

int network_resolve(const char *name, uint8_t ip[4])
{
    static bool asked;
    struct query query = {.status = -EINPROGRESS};
    ip_addr_t address;

    /* lwIP would read "0x7f000001" and its like as numbers. */
    if (ip4addr_aton(name, &query.address) != 0)
        return -EINVAL;
    sock_port_freertos.waiter_init(&query.waiter);
    LOCK_TCPIP_CORE();
    if (!asked) {
        asked = true;
        lwip_timers_hold(LWIP_TIMERS_DNS); /* for ever: what was answered has to age */
    }
    err_t error =
        dns_gethostbyname_addrtype(name, &address, on_resolved, &query, LWIP_DNS_ADDRTYPE_IPV4);
    if (error == ERR_OK) {
        ip4_addr_copy(query.address, *ip_2_ip4(&address));
        query.status = 0;
    } else if (error == ERR_VAL) {
        query.status = -EHOSTUNREACH; /* no server is set */
    } else if (error != ERR_INPROGRESS) {
        query.status = error == ERR_MEM ? -ENOBUFS : -EINVAL;
    }
    while (query.status == -EINPROGRESS) {
        UNLOCK_TCPIP_CORE();
        sock_port_freertos.waiter_wait(&query.waiter, SOCK_DEADLINE_NEVER);
        LOCK_TCPIP_CORE();
    }
    UNLOCK_TCPIP_CORE();
    if (query.status == 0)
        memcpy(ip, &query.address.addr, 4);
    return query.status;
}
