/*
 * Internet checksums of Ethernet frames, for the offload of a NIC.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Written after RFC 791 and RFC 8200 (headers), RFC 768, RFC 9293 and RFC 8200
 * 8.1 (pseudo headers), RFC 1071 (the sum).  QEMU's own helper does IPv4 only,
 * and only inserts.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "net/checksum.h"
#include "net/eth.h"
#include "sockbench-csum.h"

#define IP4_HEADER_BYTES   20
#define IP6_HEADER_BYTES   40
#define IP6_HEADERS_MAX    8 /* of extension headers that are followed */

/* Where things are in a frame. */
typedef struct Layout {
    bool ip4;
    size_t ip;          /* offset of the IP header */
    size_t ip_bytes;    /* of the IPv4 header */
    bool l4_known;      /* TCP or UDP, whole */
    uint8_t protocol;
    size_t l4;
    size_t l4_bytes;
    size_t l4_csum;     /* offset of the checksum field */
} Layout;

static void layout_l4(Layout *l, uint8_t protocol, size_t at, size_t end,
                      const uint8_t *frame)
{
    size_t bytes = end - at;

    l->protocol = protocol;
    l->l4 = at;
    l->l4_bytes = bytes;
    if (protocol == IP_PROTO_TCP && bytes >= 20) {
        l->l4_csum = at + 16;
        l->l4_known = true;
    } else if (protocol == IP_PROTO_UDP && bytes >= 8) {
        /* Bytes after the datagram belong to nobody (RFC 768). */
        l->l4_bytes = lduw_be_p(frame + at + 4);
        l->l4_csum = at + 6;
        l->l4_known = l->l4_bytes >= 8 && l->l4_bytes <= bytes;
    }
}

static bool layout_ip4(Layout *l, const uint8_t *frame, size_t size)
{
    const uint8_t *ip = frame + l->ip;
    size_t left = size - l->ip;
    size_t total;

    if (left < IP4_HEADER_BYTES || ip[0] >> 4 != 4) {
        return false;
    }
    l->ip4 = true;
    l->ip_bytes = (ip[0] & 0xf) * 4;
    total = lduw_be_p(ip + 2);
    if (l->ip_bytes < IP4_HEADER_BYTES || total < l->ip_bytes ||
        total > left) {
        return false;
    }
    /* A fragment's checksum covers bytes that are elsewhere. */
    if (!(lduw_be_p(ip + 6) & 0x3fff)) {
        layout_l4(l, ip[9], l->ip + l->ip_bytes, l->ip + total, frame);
    }
    return true;
}

static bool layout_ip6(Layout *l, const uint8_t *frame, size_t size)
{
    const uint8_t *ip = frame + l->ip;
    size_t left = size - l->ip;
    size_t at = l->ip + IP6_HEADER_BYTES;
    size_t end;
    uint8_t next;
    int i;

    if (left < IP6_HEADER_BYTES || ip[0] >> 4 != 6) {
        return false;
    }
    end = at + lduw_be_p(ip + 4);
    if (end > size) {
        return false;
    }
    next = ip[6];
    for (i = 0; i < IP6_HEADERS_MAX; i++) {
        if (next != IP6_HOP_BY_HOP && next != IP6_DESTINATON) {
            /*
             * A routing header would put another destination into the pseudo
             * header, so frames with one are left alone, too.
             */
            layout_l4(l, next, at, end, frame);
            return true;
        }
        if (end - at < 8 || end - at < 8 + frame[at + 1] * 8) {
            return true;
        }
        next = frame[at];
        at += 8 + frame[at + 1] * 8;
    }
    return true;
}

static bool layout(Layout *l, const uint8_t *frame, size_t size)
{
    size_t type_at = 12;
    uint16_t type;

    memset(l, 0, sizeof(*l));
    if (size < 14) {
        return false;
    }
    type = lduw_be_p(frame + type_at);
    if (type == ETH_P_VLAN) {
        type_at += 4;
        if (size < type_at + 2) {
            return false;
        }
        type = lduw_be_p(frame + type_at);
    }
    l->ip = type_at + 2;
    if (type == ETH_P_IP) {
        return layout_ip4(l, frame, size);
    }
    return type == ETH_P_IPV6 && layout_ip6(l, frame, size);
}

/* The sum of the segment and its pseudo header, folded, not inverted. */
static uint16_t l4_sum(const Layout *l, const uint8_t *frame)
{
    const uint8_t *ip = frame + l->ip;
    size_t address = l->ip4 ? 12 : 8;
    size_t address_bytes = l->ip4 ? 8 : 32;
    uint32_t sum;

    sum = net_checksum_add(address_bytes, (uint8_t *)ip + address);
    sum += l->protocol + (l->l4_bytes >> 16) + (l->l4_bytes & 0xffff);
    sum += net_checksum_add(l->l4_bytes, (uint8_t *)frame + l->l4);
    return ~net_checksum_finish(sum);
}

void sockbench_csum_check(const uint8_t *frame, size_t size, SockbenchCsum *ip,
                          SockbenchCsum *l4)
{
    Layout l;

    *ip = SOCKBENCH_CSUM_NONE;
    *l4 = SOCKBENCH_CSUM_NONE;
    if (!layout(&l, frame, size)) {
        return;
    }
    if (l.ip4) {
        *ip = net_raw_checksum((uint8_t *)frame + l.ip, l.ip_bytes) ?
              SOCKBENCH_CSUM_BAD : SOCKBENCH_CSUM_OK;
    }
    if (!l.l4_known) {
        return;
    }
    /* UDP over IPv4 without a checksum: RFC 768. */
    if (l.ip4 && l.protocol == IP_PROTO_UDP &&
        lduw_be_p(frame + l.l4_csum) == 0) {
        return;
    }
    *l4 = l4_sum(&l, frame) == 0xffff ? SOCKBENCH_CSUM_OK : SOCKBENCH_CSUM_BAD;
}

void sockbench_csum_insert(uint8_t *frame, size_t size, bool ip, bool l4)
{
    Layout l;

    if (!layout(&l, frame, size)) {
        return;
    }
    if (ip && l.ip4) {
        stw_be_p(frame + l.ip + 10, 0);
        stw_be_p(frame + l.ip + 10,
                 net_raw_checksum(frame + l.ip, l.ip_bytes));
    }
    if (l4 && l.l4_known) {
        uint16_t csum;

        stw_be_p(frame + l.l4_csum, 0);
        csum = ~l4_sum(&l, frame);
        /* Zero means "none" (RFC 768), and is forbidden over IPv6. */
        if (csum == 0 && l.protocol == IP_PROTO_UDP) {
            csum = 0xffff;
        }
        stw_be_p(frame + l.l4_csum, csum);
    }
}
