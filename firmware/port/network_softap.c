/*
 * The soft AP's addresses: port/dhcp_server.c on UDP (port/network_softap.h).
 *
 * Everything here is guarded by lwIP's core lock.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/network_softap.h"

#include <string.h>

#include "lwip/tcpip.h"
#include "lwip/udp.h"
#include "port/dhcp_server.h"
#include "port/netif_thread.h"
#include "port/network.h"
#include "port/sock_port.h"

#define NS_PER_S INT64_C(1000000000)

static struct dhcp_server server;
static struct udp_pcb *pcb;
static uint8_t message[DHCP_SERVER_MESSAGE_BYTES_MAX];

static int64_t now_s(void)
{
    return sock_port_freertos.now_ns() / NS_PER_S;
}

static struct netif *ap_netif(void)
{
    return &network_thread(NETWORK_WIFI)->netif;
}

static void send_reply(const uint8_t *reply, size_t bytes, const uint8_t destination[4])
{
    ip_addr_t to;
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)bytes, PBUF_RAM);
    if (p == NULL)
        return; /* the client asks again */
    pbuf_take(p, reply, (u16_t)bytes);
    IP_ADDR4(&to, destination[0], destination[1], destination[2], destination[3]);
    udp_sendto_if_src(pcb, p, &to, DHCP_SERVER_CLIENT_PORT, ap_netif(), &ap_netif()->ip_addr);
    pbuf_free(p);
}

static void on_message(void *context, struct udp_pcb *self, struct pbuf *p, const ip_addr_t *from,
                       u16_t port)
{
    uint8_t reply[DHCP_SERVER_REPLY_BYTES];
    uint8_t destination[4];
    (void)context, (void)self, (void)from, (void)port;
    /* One byte more than fits says "too long" to the server. */
    size_t bytes = pbuf_copy_partial(p, message, sizeof message, 0);
    if (p->tot_len > sizeof message)
        bytes = sizeof message + 1;
    pbuf_free(p);
    size_t length = dhcp_server_answer(&server, message, bytes, now_s(), reply, destination);
    if (length > 0)
        send_reply(reply, length, destination);
}

static void serve(const struct interface_settings *settings)
{
    struct dhcp_server_network network;
    memcpy(network.ip, settings->ip, 4);
    memcpy(network.mask, settings->mask, 4);
    memcpy(network.gateway, settings->gateway, 4);
    dhcp_server_init(&server, &network);
}

void network_softap_begin(const struct interface_settings *settings)
{
    LOCK_TCPIP_CORE();
    serve(settings);
    pcb = udp_new();
    /* Without one, stations need addresses of their own; the soft AP works. */
    if (pcb != NULL && udp_bind(pcb, IP4_ADDR_ANY, DHCP_SERVER_PORT) == ERR_OK) {
        udp_bind_netif(pcb, ap_netif());
        ip_set_option(pcb, SOF_BROADCAST);
        udp_recv(pcb, on_message, NULL);
    }
    UNLOCK_TCPIP_CORE();
}

static void set(ip4_addr_t *address, const uint8_t ip[4])
{
    IP4_ADDR(address, ip[0], ip[1], ip[2], ip[3]);
}

void network_softap_address(const struct interface_settings *settings)
{
    ip4_addr_t ip;
    ip4_addr_t mask;
    ip4_addr_t gateway;
    set(&ip, settings->ip);
    set(&mask, settings->mask);
    set(&gateway, settings->gateway);
    LOCK_TCPIP_CORE();
    netif_set_addr(ap_netif(), &ip, &mask, &gateway);
    serve(settings);
    UNLOCK_TCPIP_CORE();
}

void network_softap_end(void)
{
    LOCK_TCPIP_CORE();
    if (pcb != NULL)
        udp_remove(pcb);
    pcb = NULL;
    UNLOCK_TCPIP_CORE();
}

void network_softap_lease(const uint8_t mac[6], uint8_t ip[4])
{
    LOCK_TCPIP_CORE();
    dhcp_server_address(&server, mac, now_s(), ip);
    UNLOCK_TCPIP_CORE();
}
