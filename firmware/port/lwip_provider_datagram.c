/*
 * lwIP's provider: UDP and raw sockets.
 *
 * lwIP filters by the connected peer (udp_input) before a datagram is queued, so
 * that other senders take no place in the queue. Datagrams are copied out of lwIP's
 * packets: those belong to the driver's receive ring.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>

#include "lwip/ip.h"
#include "lwip/mem.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/udp.h"
#include "port/lwip_provider_internal.h"

/* IPv4 counts a packet with its header in 16 bits; so does lwIP one of IPv6, while it makes it. */
#define PACKET_BYTES_MAX 65535
#define ICMPV6_CHECKSUM_OFFSET 2

struct datagram {
    struct datagram *next;
    ip_addr_t from;
    u16_t port;
    u16_t bytes;
    u8_t data[];
};

/* Queue p from `offset` on; what does not fit is dropped, as a network may. */
static void enqueue(struct provider_socket *self, const struct pbuf *p, u16_t offset,
                    const ip_addr_t *from, u16_t port)
{
    struct datagrams *queue = &self->datagrams;
    u16_t bytes = (u16_t)(p->tot_len - offset);

    if (queue->count == LWIP_PROVIDER_DATAGRAMS_MAX ||
        queue->bytes + bytes > LWIP_PROVIDER_DATAGRAM_BYTES_MAX)
        return;
    struct datagram *datagram = mem_malloc((mem_size_t)(sizeof *datagram + bytes));
    if (datagram == NULL)
        return;
    datagram->next = NULL;
    ip_addr_copy(datagram->from, *from);
    datagram->port = port;
    datagram->bytes = bytes;
    if (bytes > 0)
        pbuf_copy_partial(p, datagram->data, bytes, offset);

    if (queue->last == NULL)
        queue->first = datagram;
    else
        queue->last->next = datagram;
    queue->last = datagram;
    queue->count++;
    queue->bytes += bytes;
    provider_event(self, PROVIDER_READABLE);
}

/*
 * What lwIP's udp_input() does not look at: the length field, which may say less than came
 * (RFC 768), and a checksum of zero, which IPv6 does not allow (RFC 8200 8.1) but the loopback
 * interface makes. The header lies in front of the data, in the same buffer.
 */
static bool trim_to_length(struct pbuf *p)
{
    struct udp_hdr header;
    memcpy(&header, (const u8_t *)p->payload - UDP_HLEN, sizeof header);
    bool summed = (ip_current_input_netif()->chksum_flags & NETIF_CHECKSUM_GEN_UDP) != 0;
    if (ip_current_is_v6() && summed && header.chksum == 0)
        return false;
    u16_t bytes = lwip_ntohs(header.len);
    if (bytes < UDP_HLEN || bytes - UDP_HLEN > p->tot_len)
        return false;
    pbuf_realloc(p, (u16_t)(bytes - UDP_HLEN));
    return true;
}

static void on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from,
                   u16_t port)
{
    /* lwIP gives broadcasts also to who is bound to one address (udp_input_local_match). */
    bool ours = ip_addr_isany(&pcb->local_ip) || ip_addr_eq(&pcb->local_ip, ip_current_dest_addr());
    if (ours && trim_to_length(p))
        enqueue(arg, p, 0, from, port);
    pbuf_free(p);
}

/* A copy for the socket; the packet itself goes on to lwIP's own protocols. */
static u8_t on_raw(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
    struct provider_socket *self = arg;
    (void)pcb;
    /* BSD: IPv4 with its header, IPv6 without (RFC 3542, section 3). */
    u16_t offset = self->family == SOCK_AF_INET6 ? ip_current_header_tot_len() : 0;
    enqueue(self, p, offset, from, 0);
    return 0;
}

int lwip_datagrams_open(struct provider_socket *self)
{
    u8_t ip_type = provider_ip_type(self->family);
    if (self->type == SOCK_TYPE_DGRAM) {
        struct udp_pcb *pcb = udp_new_ip_type(ip_type);
        if (pcb == NULL)
            return -SOCK_ENOBUFS;
        /* Broadcasts need no option: the document has none to ask for them. */
        ip_set_option(pcb, SOF_BROADCAST);
        udp_recv(pcb, on_udp, self);
        self->datagrams.udp = pcb;
        return 0;
    }
    struct raw_pcb *pcb = raw_new_ip_type(ip_type, (u8_t)self->protocol);
    if (pcb == NULL)
        return -SOCK_ENOBUFS;
    ip_set_option(pcb, SOF_BROADCAST);
    if (self->family == SOCK_AF_INET6 && self->protocol == SOCK_PROTO_ICMPV6) {
        pcb->chksum_reqd = 1; /* RFC 3542, section 3.1: the stack fills it in */
        pcb->chksum_offset = ICMPV6_CHECKSUM_OFFSET;
    }
    raw_recv(pcb, on_raw, self);
    self->datagrams.raw = pcb;
    return 0;
}

int lwip_datagrams_bind(struct provider_socket *self, const ip_addr_t *ip, u16_t port)
{
    if (self->datagrams.udp != NULL)
        return provider_error(udp_bind(self->datagrams.udp, ip, port));
    return provider_error(raw_bind(self->datagrams.raw, ip));
}

static void drop_first(struct datagrams *queue)
{
    struct datagram *datagram = queue->first;
    queue->first = datagram->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    queue->bytes -= datagram->bytes;
    mem_free(datagram);
}

/* Drop what was queued from others before connect(): they are to be ignored. */
static void drop_others(struct provider_socket *self, const ip_addr_t *ip, u16_t port)
{
    struct datagrams *queue = &self->datagrams;
    size_t count = queue->count;
    for (size_t i = 0; i < count; i++) {
        struct datagram *datagram = queue->first;
        bool same = ip_addr_eq(&datagram->from, ip) && datagram->port == port;
        if (!same) {
            drop_first(queue);
            continue;
        }
        /* To the back; after `count` steps the order is the old one. */
        queue->first = datagram->next;
        datagram->next = NULL;
        if (queue->first == NULL)
            queue->first = datagram;
        else
            queue->last->next = datagram;
        queue->last = datagram;
    }
}

int lwip_datagrams_connect(struct provider_socket *self, const ip_addr_t *ip, u16_t port)
{
    if (ip_addr_isany(ip))
        return -SOCK_ENETUNREACH;
    int error;
    if (self->datagrams.udp != NULL) {
        error = provider_error(udp_connect(self->datagrams.udp, ip, port));
    } else {
        error = provider_error(raw_connect(self->datagrams.raw, ip));
        port = 0;
    }
    if (error == 0) {
        self->datagrams.connected = true;
        drop_others(self, ip, port);
    }
    return error;
}

ptrdiff_t lwip_datagrams_pending(struct provider_socket *self)
{
    const struct datagram *first = self->datagrams.first;
    return first != NULL ? (ptrdiff_t)first->bytes : -SOCK_EAGAIN;
}

ptrdiff_t lwip_datagrams_receive(struct provider_socket *self, uint8_t *data, size_t bytes,
                                 ip_addr_t *from, u16_t *port)
{
    struct datagram *first = self->datagrams.first;
    if (first == NULL)
        return -SOCK_EAGAIN;
    size_t copied = first->bytes < bytes ? first->bytes : bytes;
    if (copied > 0)
        memcpy(data, first->data, copied);
    ip_addr_copy(*from, first->from);
    *port = first->port;
    drop_first(&self->datagrams);
    return (ptrdiff_t)copied;
}

/* The most that fits into one packet of this socket. */
static size_t payload_max(const struct provider_socket *self)
{
    size_t header = self->family == SOCK_AF_INET6 ? IP6_HLEN : IP_HLEN;
    if (self->datagrams.udp != NULL)
        return PACKET_BYTES_MAX - header - UDP_HLEN;
    return (self->datagrams.raw->flags & RAW_FLAGS_HDRINCL) != 0 ? PACKET_BYTES_MAX
                                                                 : PACKET_BYTES_MAX - header;
}

static ptrdiff_t send_raw(struct provider_socket *self, struct pbuf *p, const ip_addr_t *ip)
{
    struct raw_pcb *pcb = self->datagrams.raw;
    bool header_included = (pcb->flags & RAW_FLAGS_HDRINCL) != 0;
    size_t least = header_included ? IP_HLEN : 0;
    if (pcb->chksum_reqd)
        least = ICMPV6_CHECKSUM_OFFSET + sizeof(u16_t); /* raw.c asserts room for it */
    if (p->tot_len < least)
        return -SOCK_EINVAL;
    if (pcb->chksum_reqd) /* raw.c sums up what stands in the field, too */
        memset((u8_t *)p->payload + ICMPV6_CHECKSUM_OFFSET, 0, sizeof(u16_t));
    return provider_error(raw_sendto(pcb, p, ip));
}

ptrdiff_t lwip_datagrams_send(struct provider_socket *self, const uint8_t *data, size_t bytes,
                              const ip_addr_t *ip, u16_t port)
{
    struct datagrams *queue = &self->datagrams;
    const ip_addr_t *local = queue->udp != NULL ? &queue->udp->local_ip : &queue->raw->local_ip;

    if (ip == NULL) {
        if (!queue->connected)
            return -SOCK_EDESTADDRREQ;
        ip = queue->udp != NULL ? &queue->udp->remote_ip : &queue->raw->remote_ip;
        port = queue->udp != NULL ? queue->udp->remote_port : 0;
    }
    if (bytes > payload_max(self))
        return -SOCK_EMSGSIZE;
    int error = provider_check_route(local, ip);
    if (error != 0)
        return error;

    pbuf_layer layer = queue->udp != NULL ? PBUF_TRANSPORT : PBUF_IP;
    struct pbuf *p = pbuf_alloc(layer, (u16_t)bytes, PBUF_RAM);
    if (p == NULL)
        return -SOCK_ENOBUFS;
    if (bytes > 0)
        memcpy(p->payload, data, bytes);
    ptrdiff_t result = queue->udp != NULL ? provider_error(udp_sendto(queue->udp, p, ip, port))
                                          : send_raw(self, p, ip);
    pbuf_free(p);
    return result == 0 ? (ptrdiff_t)bytes : result;
}

int lwip_datagrams_name(struct provider_socket *self, bool peer, ip_addr_t *ip, u16_t *port)
{
    const struct udp_pcb *udp = self->datagrams.udp;
    const struct raw_pcb *raw = self->datagrams.raw;
    if (peer) {
        ip_addr_set(ip, udp != NULL ? &udp->remote_ip : &raw->remote_ip);
        *port = udp != NULL ? udp->remote_port : 0;
    } else {
        ip_addr_set(ip, udp != NULL ? &udp->local_ip : &raw->local_ip);
        *port = udp != NULL ? udp->local_port : 0;
    }
    return 0;
}

int lwip_datagrams_option_set(struct provider_socket *self, enum provider_option option,
                              int64_t value)
{
    struct udp_pcb *udp = self->datagrams.udp;
    struct raw_pcb *raw = self->datagrams.raw;

    if (option == PROVIDER_REUSEADDR && udp != NULL) {
        if (value != 0)
            ip_set_option(udp, SOF_REUSEADDR);
        else
            ip_reset_option(udp, SOF_REUSEADDR);
        return 0;
    }
    if (option == PROVIDER_HEADER_INCLUDED && raw != NULL && self->family == SOCK_AF_INET) {
        if (value != 0)
            raw_set_flags(raw, RAW_FLAGS_HDRINCL);
        else
            raw_clear_flags(raw, RAW_FLAGS_HDRINCL);
        return 0;
    }
    return -SOCK_ENOPROTOOPT;
}

int lwip_datagrams_option_get(struct provider_socket *self, enum provider_option option,
                              int64_t *value)
{
    const struct udp_pcb *udp = self->datagrams.udp;
    const struct raw_pcb *raw = self->datagrams.raw;

    if (option == PROVIDER_REUSEADDR && udp != NULL) {
        *value = ip_get_option(udp, SOF_REUSEADDR) != 0;
        return 0;
    }
    if (option == PROVIDER_HEADER_INCLUDED && raw != NULL && self->family == SOCK_AF_INET) {
        *value = (raw->flags & RAW_FLAGS_HDRINCL) != 0;
        return 0;
    }
    return -SOCK_ENOPROTOOPT;
}

void lwip_datagrams_close(struct provider_socket *self)
{
    while (self->datagrams.first != NULL)
        drop_first(&self->datagrams);
    if (self->datagrams.udp != NULL)
        udp_remove(self->datagrams.udp);
    if (self->datagrams.raw != NULL)
        raw_remove(self->datagrams.raw);
}
