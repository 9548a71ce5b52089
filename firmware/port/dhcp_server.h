/*
 * A small DHCP server (RFC 2131), as far as stations of a soft AP need one: discover, request,
 * release and decline; not inform. It gives the lowest addresses of its subnet, each to one MAC
 * address.
 *
 * Messages are the payload of UDP datagrams. Malformed ones are dropped and counted. Pure: no
 * clock, no network; the caller sees to it that one call is made at a time.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_DHCP_SERVER_H
#define SOCKBENCH_PORT_DHCP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DHCP_SERVER_PORT 67
#define DHCP_SERVER_CLIENT_PORT 68
#define DHCP_SERVER_LEASES 32
#define DHCP_SERVER_LEASE_S 3600
#define DHCP_SERVER_OFFER_S 60 /* how long an offer is kept for who got it */
#define DHCP_SERVER_REPLY_BYTES 300
#define DHCP_SERVER_MESSAGE_BYTES_MAX 1472

/* In network order. */
struct dhcp_server_network {
    uint8_t ip[4]; /* the server's own */
    uint8_t mask[4];
    uint8_t gateway[4]; /* what clients are told; zeros: nothing */
};

enum dhcp_server_state { DHCP_FREE, DHCP_OFFERED, DHCP_BOUND, DHCP_DECLINED };

struct dhcp_server_lease {
    enum dhcp_server_state state;
    uint8_t mac[6];
    uint32_t ip; /* 0: the subnet has no more addresses */
    int64_t until_s;
};

struct dhcp_server {
    struct dhcp_server_network network;
    struct dhcp_server_lease leases[DHCP_SERVER_LEASES];
    uint32_t dropped; /* malformed messages */
};

/* Begin with no leases. */
void dhcp_server_init(struct dhcp_server *server, const struct dhcp_server_network *network);

/*
 * Act on a message. Returns the bytes of the reply, to be sent from the server's address and port
 * to `destination`, port DHCP_SERVER_CLIENT_PORT; 0: there is none. now_s never goes back.
 */
size_t dhcp_server_answer(struct dhcp_server *server, const uint8_t *message, size_t bytes,
                          int64_t now_s, uint8_t reply[DHCP_SERVER_REPLY_BYTES],
                          uint8_t destination[4]);

/* The address that this client has now; false, and zeros, for none. */
bool dhcp_server_address(const struct dhcp_server *server, const uint8_t mac[6], int64_t now_s,
                         uint8_t ip[4]);

#endif
