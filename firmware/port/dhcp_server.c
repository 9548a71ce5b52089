/*
 * A small DHCP server (port/dhcp_server.h). Fields and options: RFC 2131 section 2, RFC 2132.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/dhcp_server.h"

#include <assert.h>
#include <string.h>

/* Places in a message. */
#define AT_OP 0
#define AT_HTYPE 1
#define AT_HLEN 2
#define AT_HOPS 3
#define AT_CIADDR 12
#define AT_YIADDR 16
#define AT_CHADDR 28
#define AT_COOKIE 236
#define AT_OPTIONS 240

#define OP_REQUEST 1
#define OP_REPLY 2
#define HTYPE_ETHERNET 1

#define OPTION_PAD 0
#define OPTION_MASK 1
#define OPTION_ROUTER 3
#define OPTION_REQUESTED_IP 50
#define OPTION_LEASE_TIME 51
#define OPTION_MESSAGE_TYPE 53
#define OPTION_SERVER 54
#define OPTION_END 255

enum message_type {
    DISCOVER = 1,
    OFFER = 2,
    REQUEST = 3,
    DECLINE = 4,
    ACK = 5,
    NAK = 6,
    RELEASE = 7,
};

static const uint8_t cookie[] = {99, 130, 83, 99};

/* What matters of a message. Addresses are numbers, 0: none. */
struct query {
    enum message_type type;
    const uint8_t *message;
    const uint8_t *mac;
    uint32_t ciaddr;
    uint32_t requested;
    uint32_t server;
};

static uint32_t number_of(const uint8_t ip[4])
{
    return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

static void write_number(uint32_t number, uint8_t ip[4])
{
    for (int i = 0; i < 4; i++)
        ip[i] = (uint8_t)(number >> (24 - 8 * i));
}

void dhcp_server_init(struct dhcp_server *server, const struct dhcp_server_network *network)
{
    uint32_t own = number_of(network->ip);
    uint32_t mask = number_of(network->mask);
    uint32_t gateway = number_of(network->gateway);
    uint32_t candidate = (own & mask) + 1;

    memset(server, 0, sizeof *server);
    server->network = *network;
    for (size_t i = 0; i < DHCP_SERVER_LEASES; candidate++) {
        if (candidate >= (own | ~mask)) /* the broadcast address ends the subnet */
            break;
        if (candidate != own && candidate != gateway)
            server->leases[i++].ip = candidate;
    }
}

/* Leases. */

static bool is_over(const struct dhcp_server_lease *lease, int64_t now_s)
{
    return lease->state == DHCP_FREE || now_s >= lease->until_s;
}

/* The lease that was made for this client last, over or not. */
static struct dhcp_server_lease *lease_of(struct dhcp_server *server, const uint8_t mac[6])
{
    for (size_t i = 0; i < DHCP_SERVER_LEASES; i++) {
        struct dhcp_server_lease *lease = &server->leases[i];
        bool is_its = lease->state == DHCP_OFFERED || lease->state == DHCP_BOUND;
        if (is_its && memcmp(lease->mac, mac, sizeof lease->mac) == 0)
            return lease;
    }
    return NULL;
}

/* RFC 2131 4.3.1: its address of before; else the one it asks for; else a new one. Those that
 * nobody ever had come before those of others. */
static struct dhcp_server_lease *choose(struct dhcp_server *server, const struct query *query,
                                        int64_t now_s)
{
    struct dhcp_server_lease *chosen = lease_of(server, query->mac);
    if (chosen != NULL)
        return chosen;
    for (size_t i = 0; i < DHCP_SERVER_LEASES; i++) {
        struct dhcp_server_lease *lease = &server->leases[i];
        if (lease->ip == 0 || !is_over(lease, now_s))
            continue;
        if (lease->ip == query->requested)
            return lease;
        if (chosen == NULL || (chosen->state != DHCP_FREE && lease->state == DHCP_FREE))
            chosen = lease;
    }
    return chosen;
}

static void assign(struct dhcp_server_lease *lease, enum dhcp_server_state state,
                   const uint8_t mac[6], int64_t until_s)
{
    lease->state = state;
    lease->until_s = until_s;
    memcpy(lease->mac, mac, sizeof lease->mac);
}

bool dhcp_server_address(const struct dhcp_server *server, const uint8_t mac[6], int64_t now_s,
                         uint8_t ip[4])
{
    memset(ip, 0, 4);
    for (size_t i = 0; i < DHCP_SERVER_LEASES; i++) {
        const struct dhcp_server_lease *lease = &server->leases[i];
        if (lease->state == DHCP_BOUND && !is_over(lease, now_s) &&
            memcmp(lease->mac, mac, sizeof lease->mac) == 0) {
            write_number(lease->ip, ip);
            return true;
        }
    }
    return false;
}

/* Messages. */

/* Take the options that matter; false if they are malformed or the message has no type. */
static bool read_options(const uint8_t *options, size_t bytes, struct query *query)
{
    size_t at = 0;
    uint8_t type = 0;
    while (at < bytes && options[at] != OPTION_END) {
        uint8_t option = options[at++];
        if (option == OPTION_PAD)
            continue;
        if (at == bytes || options[at] > bytes - at - 1)
            return false;
        uint8_t length = options[at++];
        const uint8_t *value = &options[at];
        at += length;
        if (option == OPTION_MESSAGE_TYPE && length == 1)
            type = value[0];
        else if (option == OPTION_REQUESTED_IP && length == 4)
            query->requested = number_of(value);
        else if (option == OPTION_SERVER && length == 4)
            query->server = number_of(value);
    }
    query->type = (enum message_type)type;
    return type != 0;
}

static bool read_query(const uint8_t *message, size_t bytes, struct query *query)
{
    if (bytes < AT_OPTIONS || bytes > DHCP_SERVER_MESSAGE_BYTES_MAX ||
        message[AT_OP] != OP_REQUEST || message[AT_HTYPE] != HTYPE_ETHERNET ||
        message[AT_HLEN] != 6 || memcmp(&message[AT_COOKIE], cookie, sizeof cookie) != 0)
        return false;
    memset(query, 0, sizeof *query);
    query->message = message;
    query->mac = &message[AT_CHADDR];
    query->ciaddr = number_of(&message[AT_CIADDR]);
    return read_options(&message[AT_OPTIONS], bytes - AT_OPTIONS, query);
}

static uint8_t *put_option(uint8_t *at, uint8_t option, const uint8_t value[4])
{
    *at++ = option;
    *at++ = 4;
    memcpy(at, value, 4);
    return at + 4;
}

/* Of OFFER and ACK: ip is the client's; NAK: 0. */
static size_t write_reply(const struct dhcp_server *server, const struct query *query,
                          enum message_type type, uint32_t ip, uint8_t *reply)
{
    static const uint8_t no_gateway[4];
    uint8_t lease_time[4];
    memset(reply, 0, DHCP_SERVER_REPLY_BYTES);
    memcpy(reply, query->message, AT_CIADDR); /* xid and flags are the client's */
    reply[AT_OP] = OP_REPLY;
    reply[AT_HOPS] = 0;
    reply[8] = reply[9] = 0; /* secs */
    write_number(ip, &reply[AT_YIADDR]);
    memcpy(&reply[AT_CHADDR], query->mac, 6);
    memcpy(&reply[AT_COOKIE], cookie, sizeof cookie);

    uint8_t *at = &reply[AT_OPTIONS];
    *at++ = OPTION_MESSAGE_TYPE;
    *at++ = 1;
    *at++ = (uint8_t)type;
    at = put_option(at, OPTION_SERVER, server->network.ip);
    if (ip != 0) {
        write_number(DHCP_SERVER_LEASE_S, lease_time);
        at = put_option(at, OPTION_LEASE_TIME, lease_time);
        at = put_option(at, OPTION_MASK, server->network.mask);
        if (memcmp(server->network.gateway, no_gateway, 4) != 0)
            at = put_option(at, OPTION_ROUTER, server->network.gateway);
    }
    *at = OPTION_END;
    return DHCP_SERVER_REPLY_BYTES;
}
static_assert(AT_OPTIONS + 3 + 4 * 6 + 1 <= DHCP_SERVER_REPLY_BYTES, "every option fits");

static size_t on_discover(struct dhcp_server *server, const struct query *query, int64_t now_s,
                          uint8_t *reply)
{
    struct dhcp_server_lease *lease = choose(server, query, now_s);
    if (lease == NULL)
        return 0;
    if (lease->state != DHCP_BOUND || is_over(lease, now_s))
        assign(lease, DHCP_OFFERED, query->mac, now_s + DHCP_SERVER_OFFER_S);
    return write_reply(server, query, OFFER, lease->ip, reply);
}

/* RFC 2131 4.3.2: the answer to an offer, a reboot, or a renewal. */
static size_t on_request(struct dhcp_server *server, const struct query *query, int64_t now_s,
                         uint8_t *reply)
{
    struct dhcp_server_lease *lease = lease_of(server, query->mac);
    uint32_t own = number_of(server->network.ip);
    uint32_t mask = number_of(server->network.mask);
    uint32_t wanted = query->ciaddr != 0 ? query->ciaddr : query->requested;

    if (query->server != 0 && query->server != own) {
        if (lease != NULL && lease->state == DHCP_OFFERED)
            lease->state = DHCP_FREE; /* it chose another server */
        return 0;
    }
    bool is_its = lease != NULL && lease->ip == wanted;
    if (is_its) {
        assign(lease, DHCP_BOUND, query->mac, now_s + DHCP_SERVER_LEASE_S);
        return write_reply(server, query, ACK, lease->ip, reply);
    }
    /* Of a client it knows nothing of it says nothing, unless its address is of another network. */
    bool is_foreign = (wanted & mask) != (own & mask);
    if (query->server == 0 && lease == NULL && !is_foreign)
        return 0;
    return write_reply(server, query, NAK, 0, reply);
}

static void on_end(struct dhcp_server *server, const struct query *query, int64_t now_s)
{
    struct dhcp_server_lease *lease = lease_of(server, query->mac);
    bool declines = query->type == DECLINE;
    uint32_t ip = declines ? query->requested : query->ciaddr;
    if (lease == NULL || lease->ip != ip)
        return;
    if (declines)
        assign(lease, DHCP_DECLINED, query->mac, now_s + DHCP_SERVER_LEASE_S);
    else
        lease->state = DHCP_FREE;
}

size_t dhcp_server_answer(struct dhcp_server *server, const uint8_t *message, size_t bytes,
                          int64_t now_s, uint8_t reply[DHCP_SERVER_REPLY_BYTES],
                          uint8_t destination[4])
{
    struct query query;
    size_t length = 0;
    if (!read_query(message, bytes, &query)) {
        server->dropped++;
        return 0;
    }
    switch (query.type) {
    case DISCOVER:
        length = on_discover(server, &query, now_s, reply);
        break;
    case REQUEST:
        length = on_request(server, &query, now_s, reply);
        break;
    case DECLINE:
    case RELEASE:
        on_end(server, &query, now_s);
        break;
    default:
        break;
    }
    /* Who has an address gets the answer there, but for a NAK (RFC 2131 4.1). */
    bool is_ack = length > 0 && number_of(&reply[AT_YIADDR]) != 0;
    memset(destination, 255, 4);
    if (is_ack && query.ciaddr != 0)
        write_number(query.ciaddr, destination);
    return length;
}
