/*
 * lwIP's provider: ICMP errors about connection attempts.
 *
 * lwIP's TCP never hears of ICMP errors. A port or protocol that is unreachable is
 * a hard error for an attempt (RFC 1122, 4.2.3.9): it ends it at once. All others
 * are soft: the attempt goes on. An error counts only if it quotes our SYN, its
 * sequence number included (RFC 5927, section 4.1).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/icmp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "port/lwip_provider_internal.h"

#define ICMP_HEADER_BYTES 8
#define TCP_QUOTE_BYTES 8 /* ports and sequence number: the least that is quoted */

/* The quoted packet, as far as it must be there. */
struct quote {
    ip_addr_t from;
    ip_addr_t to;
    u8_t tcp[TCP_QUOTE_BYTES];
};

static u32_t read_big_endian(const u8_t *bytes, int count)
{
    u32_t number = 0;
    for (int i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

static void end_attempt(const struct quote *quote)
{
    u16_t from_port = (u16_t)read_big_endian(quote->tcp, 2);
    u16_t to_port = (u16_t)read_big_endian(quote->tcp + 2, 2);
    u32_t sequence = read_big_endian(quote->tcp + 4, 4);

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = pcb->next) {
        if (pcb->state == SYN_SENT && pcb->local_port == from_port && pcb->remote_port == to_port &&
            ip_addr_eq(&pcb->local_ip, &quote->from) && ip_addr_eq(&pcb->remote_ip, &quote->to) &&
            /* tcp_connect() numbers the SYN one below its iss, as lastack says */
            sequence == pcb->lastack) {
            lwip_stream_refused(pcb);
            return;
        }
    }
}

/* p begins with the IP header, `header_bytes` long; true if the rest sums up right. */
static bool checksum_fits(struct pbuf *p, u16_t header_bytes, bool v6)
{
    pbuf_remove_header(p, header_bytes);
    u16_t sum = v6 ? ip6_chksum_pseudo(p, IP6_NEXTH_ICMP6, p->tot_len, ip6_current_src_addr(),
                                       ip6_current_dest_addr())
                   : inet_chksum_pbuf(p);
    pbuf_add_header_force(p, header_bytes);
    return sum == 0;
}

static u8_t on_icmp4(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
    struct quote quote;
    u8_t icmp[ICMP_HEADER_BYTES];
    struct ip_hdr header;
    u16_t offset = ip_current_header_tot_len();
    (void)arg;
    (void)pcb;
    (void)from;

    if (pbuf_copy_partial(p, icmp, sizeof icmp, offset) != sizeof icmp || icmp[0] != ICMP_DUR ||
        (icmp[1] != ICMP_DUR_PORT && icmp[1] != ICMP_DUR_PROTO))
        return 0;
    u16_t quoted = (u16_t)(offset + ICMP_HEADER_BYTES);
    if (pbuf_copy_partial(p, &header, sizeof header, quoted) != sizeof header ||
        IPH_PROTO(&header) != IP_PROTO_TCP || IPH_HL_BYTES(&header) < IP_HLEN)
        return 0;
    u16_t tcp = (u16_t)(quoted + IPH_HL_BYTES(&header));
    if (pbuf_copy_partial(p, quote.tcp, TCP_QUOTE_BYTES, tcp) != TCP_QUOTE_BYTES ||
        !checksum_fits(p, offset, false))
        return 0;
    ip_addr_copy_from_ip4(quote.from, header.src);
    ip_addr_copy_from_ip4(quote.to, header.dest);
    end_attempt(&quote);
    return 0;
}

static u8_t on_icmp6(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
    struct quote quote;
    u8_t icmp[ICMP_HEADER_BYTES];
    struct ip6_hdr header;
    u16_t offset = ip_current_header_tot_len();
    (void)arg;
    (void)pcb;
    (void)from;

    if (pbuf_copy_partial(p, icmp, sizeof icmp, offset) != sizeof icmp ||
        icmp[0] != ICMP6_TYPE_DUR || icmp[1] != ICMP6_DUR_PORT)
        return 0;
    u16_t quoted = (u16_t)(offset + ICMP_HEADER_BYTES);
    if (pbuf_copy_partial(p, &header, sizeof header, quoted) != sizeof header ||
        IP6H_NEXTH(&header) != IP6_NEXTH_TCP ||
        pbuf_copy_partial(p, quote.tcp, TCP_QUOTE_BYTES, (u16_t)(quoted + IP6_HLEN)) !=
            TCP_QUOTE_BYTES ||
        !checksum_fits(p, offset, true))
        return 0;
    ip_addr_copy_from_ip6_packed(quote.from, header.src);
    ip_addr_copy_from_ip6_packed(quote.to, header.dest);
    /* Addresses in a packet have no zone: they are of the interface it came through. */
    ip6_addr_assign_zone(ip_2_ip6(&quote.from), IP6_UNKNOWN, ip_current_input_netif());
    ip6_addr_assign_zone(ip_2_ip6(&quote.to), IP6_UNKNOWN, ip_current_input_netif());
    end_attempt(&quote);
    return 0;
}

static struct raw_pcb *watch(u8_t ip_type, u8_t protocol, raw_recv_fn receive)
{
    struct raw_pcb *pcb = raw_new_ip_type(ip_type, protocol);
    if (pcb != NULL)
        raw_recv(pcb, receive, NULL);
    return pcb;
}

int icmp_watch(void)
{
    static struct raw_pcb *icmp4;
    static struct raw_pcb *icmp6;
    if (icmp4 == NULL)
        icmp4 = watch(IPADDR_TYPE_V4, IP_PROTO_ICMP, on_icmp4);
    if (icmp6 == NULL)
        icmp6 = watch(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6, on_icmp6);
    return icmp4 != NULL && icmp6 != NULL ? 0 : -SOCK_ENOBUFS;
}
