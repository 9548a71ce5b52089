/*
 * Fragments that would make a packet longer than lwIP can count (ip6_guard.h).
 *
 * RFC 8200 allows 65,535 bytes behind the IPv6 header. lwIP's pbuf counts the header as well in 16
 * bits, and its ip6_reass() asserts that nothing runs over: any host could end the firmware by a
 * few fragments. Headers in front of the fragment header are kept from the first fragment only, so
 * their length cannot be judged by another; fragments that have some are dropped, too.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/ip6_guard.h"

#include <stddef.h>

#include "lwip/pbuf.h"
#include "lwip/prot/ip6.h"
#include "lwip/stats.h"

#define LENGTH_MAX 65535
#define UNIT_BYTES 8 /* extension headers count in these, the first one apart (RFC 8200 4.3) */

static bool is_option_header(u8_t next)
{
    return next == IP6_NEXTH_HOPBYHOP || next == IP6_NEXTH_ROUTING || next == IP6_NEXTH_DESTOPTS;
}

/* Each turn moves on by at least eight bytes within a packet of at most 65,535. */
static bool must_drop(const struct pbuf *p)
{
    struct ip6_hdr header;
    struct ip6_frag_hdr fragment;
    u8_t option[2];

    if (pbuf_copy_partial(p, &header, sizeof header, 0) != sizeof header)
        return false; /* lwIP drops it by itself */
    u8_t next = IP6H_NEXTH(&header);
    size_t at = IP6_HLEN;
    while (is_option_header(next) && at < p->tot_len) {
        if (pbuf_copy_partial(p, option, sizeof option, (u16_t)at) != sizeof option)
            return false;
        next = option[0];
        at += (1u + option[1]) * UNIT_BYTES;
    }
    if (next != IP6_NEXTH_FRAGMENT || at >= p->tot_len)
        return false;
    if (at > IP6_HLEN)
        return true;
    if (pbuf_copy_partial(p, &fragment, sizeof fragment, IP6_HLEN) != sizeof fragment)
        return false;
    size_t start = lwip_ntohs(fragment._fragment_offset) & IP6_FRAG_OFFSET_MASK;
    /* Without the fragment header, which does not remain. */
    size_t end = start + IP6H_PLEN(&header) - IP6_FRAG_HLEN;
    return IP6_HLEN + end > LENGTH_MAX;
}

bool ip6_guard_takes(struct pbuf *p, struct netif *netif)
{
    (void)netif;
    if (!must_drop(p))
        return false;
    IP6_STATS_INC(ip6.drop);
    pbuf_free(p);
    return true;
}
