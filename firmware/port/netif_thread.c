/*
 * The path of frames between a net driver and lwIP, without a copy where lwIP allows.
 *
 * Up: the driver's buffer becomes a custom pbuf whose header lies inside the buffer itself, and
 * returns to the driver when lwIP frees it. Down: the frame's pbufs are referenced until the driver
 * reports the frame sent. Only data that its owner may change after the call (PBUF_REF, such as the
 * fragments lwIP cuts from a datagram) is copied first.
 *
 * Checksums: what the MAC has checked is not checked again, decided frame by frame under the core
 * lock. Between frames the interface's checks for IP and TCP are off when the MAC inserts them,
 * because frames to oneself never get one then. UDP checksums are always made in software: no MAC
 * can insert one into a datagram that leaves in fragments.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/netif_thread.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/igmp.h"
#include "lwip/mld6.h"
#include "lwip/snmp.h"
#include "lwip/stats.h"
#include "lwip/tcpip.h"
#include "netif/ethernet.h"
#include "port/lwip_timers.h"

#define THREAD_STACK_BYTES 4096
#define ALL_SYSTEMS 0xe0000001UL /* 224.0.0.1 */

/* The receiver's part of a driver's buffer. */
struct rx_pbuf {
    struct pbuf_custom custom; /* first: lwIP hands this back */
    const struct net_driver *driver;
};
static_assert(sizeof(struct rx_pbuf) <= sizeof(((struct net_buffer *)0)->owner_context),
              "lwIP's header fits the space drivers leave for it");

static void rx_free(struct pbuf *p)
{
    struct net_buffer *buffer = (struct net_buffer *)(void *)p;
    ((struct rx_pbuf *)(void *)p)->driver->release(buffer);
}

/* Which checksums to verify in software for a frame with these results. */
static void set_checks(struct netif_thread *self, bool ip_good, bool l4_good)
{
    u16_t flags =
        self->netif.chksum_flags &
        (u16_t) ~(NETIF_CHECKSUM_CHECK_IP | NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP);
    if (!ip_good)
        flags |= NETIF_CHECKSUM_CHECK_IP;
    if (!l4_good)
        flags |= NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP;
    NETIF_SET_CHECKSUM_CTRL(&self->netif, flags);
}

static void input(struct netif_thread *self, struct net_buffer *buffer)
{
    struct rx_pbuf *rx = (struct rx_pbuf *)(void *)buffer;
    bool ip_good = buffer->ip_checksum_good;
    bool l4_good = buffer->l4_checksum_good;

    rx->driver = self->driver;
    rx->custom.custom_free_function = rx_free;
    struct pbuf *p = pbuf_alloced_custom(PBUF_RAW, buffer->bytes, PBUF_REF, &rx->custom,
                                         buffer->data, buffer->bytes);
    LOCK_TCPIP_CORE();
    LINK_STATS_INC(link.recv);
    lwip_timers_traffic();
    set_checks(self, ip_good, l4_good);
    if (ethernet_input(p, &self->netif) != ERR_OK)
        pbuf_free(p);
    set_checks(self, self->capabilities.tx_checksum_ip, self->capabilities.tx_checksum_tcp);
    UNLOCK_TCPIP_CORE();
}

static void run(void *argument)
{
    struct netif_thread *self = argument;
    int64_t due_ns = NET_NEVER;
    for (;;) {
        os_wait_until(due_ns);
        os_lock_take(self->lock);
        do {
            struct net_buffer *buffer;
            self->driver->service();
            while ((buffer = self->driver->receive()) != NULL)
                input(self, buffer);
        } while (self->driver->rearm());
        if (self->driver->due_ns != NULL)
            due_ns = self->driver->due_ns();
        os_lock_give(self->lock);
    }
}

static void on_interrupt(void *context)
{
    os_ring_from_interrupt(((struct netif_thread *)context)->thread);
}

static void on_sent(void *context, void *token)
{
    (void)context;
    pbuf_free(token);
}

static void on_link_changed(void *context, bool up)
{
    struct netif_thread *self = context;
    LOCK_TCPIP_CORE();
    if (up)
        netif_set_link_up(&self->netif);
    else
        netif_set_link_down(&self->netif);
    self->link_changed(self, up);
    UNLOCK_TCPIP_CORE();
}

/* Whether the frame must be copied before lwIP's caller goes on. */
static bool needs_copy(const struct pbuf *p)
{
    size_t parts = 0;
    for (; p != NULL; p = p->next) {
        if (PBUF_NEEDS_COPY(p) || ++parts > NET_PARTS_MAX)
            return true;
    }
    return false;
}

static err_t output(struct netif *netif, struct pbuf *p)
{
    struct netif_thread *self = netif->state;
    struct net_part parts[NET_PARTS_MAX];
    size_t count = 0;
    uint32_t flags = 0;

    lwip_timers_traffic();
    if (needs_copy(p)) {
        p = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
        if (p == NULL) {
            LINK_STATS_INC(link.memerr);
            return ERR_MEM;
        }
    } else {
        pbuf_ref(p);
    }
    for (const struct pbuf *part = p; part != NULL; part = part->next) {
        if (part->len > 0)
            parts[count++] = (struct net_part){part->payload, part->len};
    }
    if (self->capabilities.tx_checksum_ip)
        flags |= NET_SEND_IP_CHECKSUM;
    if (self->capabilities.tx_checksum_tcp)
        flags |= NET_SEND_TCP_CHECKSUM;

    int status = self->driver->send(parts, count, flags, p);
    if (status == 0) {
        LINK_STATS_INC(link.xmit);
        return ERR_OK;
    }
    pbuf_free(p);
    LINK_STATS_INC(link.drop);
    return status == -EWOULDBLOCK ? ERR_WOULDBLOCK : ERR_IF;
}

/* Reports of a group are timed while the group is joined. */
static void hold_timers(enum lwip_timers_user user, enum netif_mac_filter_action action)
{
    if (action == NETIF_ADD_MAC_FILTER)
        lwip_timers_hold(user);
    else
        lwip_timers_drop(user);
}

static err_t igmp_filter(struct netif *netif, const ip4_addr_t *group,
                         enum netif_mac_filter_action action)
{
    struct netif_thread *self = netif->state;
    const uint8_t *ip = (const uint8_t *)&group->addr;
    /* RFC 1112 6.4: the low 23 bits of the group. */
    uint8_t mac[6] = {0x01, 0x00, 0x5e, ip[1] & 0x7f, ip[2], ip[3]};
    self->driver->multicast(mac, action == NETIF_ADD_MAC_FILTER);
    /* Membership of the group of all systems is never reported (RFC 2236 6). */
    if (group->addr != PP_HTONL(ALL_SYSTEMS))
        hold_timers(LWIP_TIMERS_IGMP, action);
    return ERR_OK;
}

static err_t mld_filter(struct netif *netif, const ip6_addr_t *group,
                        enum netif_mac_filter_action action)
{
    struct netif_thread *self = netif->state;
    const uint8_t *ip = (const uint8_t *)group->addr;
    /* RFC 2464 7: the last four bytes of the group. */
    uint8_t mac[6] = {0x33, 0x33, ip[12], ip[13], ip[14], ip[15]};
    self->driver->multicast(mac, action == NETIF_ADD_MAC_FILTER);
    hold_timers(LWIP_TIMERS_MLD, action);
    return ERR_OK;
}

static err_t netif_setup(struct netif *netif)
{
    struct netif_thread *self = netif->state;
    u16_t checksums = NETIF_CHECKSUM_ENABLE_ALL;

    memcpy(netif->name, self->driver->name, 2);
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = output;
    netif->mtu = 1500;
    netif->hwaddr_len = 6;
    self->driver->address(netif->hwaddr);
    netif->flags |= NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
                    NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
    netif_set_igmp_mac_filter(netif, igmp_filter);
    netif_set_mld_mac_filter(netif, mld_filter);
    if (self->capabilities.tx_checksum_ip)
        checksums &= (u16_t)~NETIF_CHECKSUM_GEN_IP;
    if (self->capabilities.tx_checksum_tcp)
        checksums &= (u16_t)~NETIF_CHECKSUM_GEN_TCP;
    NETIF_SET_CHECKSUM_CTRL(netif, checksums);
    set_checks(self, self->capabilities.tx_checksum_ip, self->capabilities.tx_checksum_tcp);
    return ERR_OK;
}

int netif_thread_start(struct netif_thread *self)
{
    const struct net_callbacks callbacks = {self, on_interrupt, on_sent, on_link_changed};

    if (self->lock == NULL)
        self->lock = os_lock_new();
    if (self->thread == NULL)
        self->thread =
            os_thread_start(self->driver->name, run, self, THREAD_STACK_BYTES, OS_PRIORITY_DRIVER);
    if (self->lock == NULL || self->thread == NULL)
        return -ENOMEM;
    int status = self->driver->init(&callbacks, self->rx_memory, self->rx_bytes);
    if (status != 0)
        return status;
    self->capabilities = self->driver->capabilities();
    LOCK_TCPIP_CORE();
    netif_add_noaddr(&self->netif, self, netif_setup, tcpip_input);
    UNLOCK_TCPIP_CORE();
    return 0;
}

int netif_thread_link(struct netif_thread *self)
{
    os_lock_take(self->lock);
    int status = self->driver->link();
    os_lock_give(self->lock);
    return status;
}

void netif_thread_do(struct netif_thread *self, void (*work)(void *context), void *context)
{
    os_lock_take(self->lock);
    work(context);
    os_lock_give(self->lock);
    os_ring(self->thread);
}

void netif_thread_unlink(struct netif_thread *self)
{
    os_lock_take(self->lock);
    self->driver->unlink();
    os_lock_give(self->lock);
}
