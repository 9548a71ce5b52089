/*
 * The network interfaces: bringing lwIP and a net driver together.
 *
 * Every function may be called from any thread and takes lwIP's core lock
 * itself. Errors are negative errno.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_NETWORK_H
#define SOCKBENCH_PORT_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETWORK_TEXT_BYTES 48 /* longest address in text with its NUL */
#define NETWORK_IP6_MAX 3
#define NETWORK_MTU_MIN 68u /* RFC 791: every link carries 68 bytes */
#define NETWORK_MTU_MAX 1500u

struct network_config {
    const char *ip; /* dotted text; NULL: DHCP decides all three */
    const char *mask;
    const char *gateway; /* NULL or text */
    const char *dns;     /* a name server; NULL: none, or what DHCP says */
    bool ip6;            /* link-local address and what routers advertise */
    uint16_t mtu;        /* 0: the link's own */
    int64_t within_ns;   /* for the address of DHCP, once there is a link; 0: for ever */
    /* Joins the medium and waits for it, or fails with a negative errno; network_down() from
     * another thread has to end it, with -ECONNABORTED. NULL: the link comes by itself. */
    int (*join)(void *context);
    void *context;
};

struct network_info {
    char ip[NETWORK_TEXT_BYTES];
    char mask[NETWORK_TEXT_BYTES];
    char gateway[NETWORK_TEXT_BYTES];
    char dns[NETWORK_TEXT_BYTES]; /* the first name server */
    uint8_t mac[6];
    bool up;
    bool link;
    bool ready;   /* up, with link and with address */
    bool settled; /* network_up() has succeeded, whatever was lost since */
    uint16_t mtu;
    size_t ip6_count;
    char ip6[NETWORK_IP6_MAX][NETWORK_TEXT_BYTES];
};

typedef void (*network_visit)(void *context, const char *name, uint32_t value);

struct netif_thread;

#define NETWORK_ETH "eth"
#define NETWORK_WIFI "wifi"

/* Start lwIP; once, before the scheduler. Touches no hardware. */
void network_init(void);

/* Find an interface's hardware and start its driver, unless that was done. -ENODEV: there is none.
 */
int network_start(const char *interface);

/* Its driver's thread (port/netif_thread.h); NULL: no such interface. */
struct netif_thread *network_thread(const char *interface);

/*
 * Bring an interface up and wait until it has its address: for the link
 * NETWORK_LINK_TIMEOUT_NS, for DHCP as config says (network_down() from another
 * thread ends it). -ENODEV no such interface, -EINVAL bad address, -EALREADY it
 * is up, -ETIMEDOUT no link or no address, -ECONNABORTED taken down meanwhile, or what
 * config->join() said. What is not on the subnet of another interface goes through the one
 * that came up last; name servers are those of the one that had some to set last.
 */
#define NETWORK_LINK_TIMEOUT_NS 10000000000
int network_up(const char *interface, const struct network_config *config);

/*
 * Wait for an interface that is up to have a link and its address again. -EALREADY: it is
 * not up, or another thread waits for it; -ETIMEDOUT and -ECONNABORTED as network_up().
 */
int network_wait(const char *interface, int64_t within_ns);

/* Take an interface down: releases a lease, drops its addresses, leaves the medium. */
int network_down(const char *interface);

int network_info(const char *interface, struct network_info *info);

/*
 * Ask the name servers for the IPv4 address of a host, and wait for the answer.
 * -ENOENT no such name, -ETIMEDOUT no server answered, -EHOSTUNREACH there is none,
 * -EINVAL the name is a number, -ENOBUFS too many queries at once.
 */
int network_resolve(const char *name, uint8_t ip[4]);

/* Counters: of the interface's driver, and of lwIP. */
int network_driver_statistics(const char *interface, network_visit visit, void *context);
void network_stack_statistics(network_visit visit, void *context);

/* TCP control blocks in any state but LISTEN, TIME_WAIT ones included. */
uint32_t network_tcp_pcbs(void);

#endif
