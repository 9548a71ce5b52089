/*
 * Data frames of 802.11 and Ethernet frames, one made from the other.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * RFC 1042: a type travels behind LLC and SNAP.  802.1H's encapsulation (of a
 * few old protocols) is understood, too, but never sent.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sockbench-wifi-frames.h"

#define ETHERNET_HEADER_BYTES 14
#define LENGTH_MAX            1500 /* IEEE 802.3 3.2.6 */
#define TYPE_MIN              0x600
#define LLC_BYTES             3
#define SNAP_BYTES            6    /* LLC and the OUI; the type follows */

static const uint8_t rfc1042[SNAP_BYTES] = { 0xaa, 0xaa, 3, 0, 0, 0 };
static const uint8_t tunnel[SNAP_BYTES] = { 0xaa, 0xaa, 3, 0, 0, 0xf8 };

uint32_t wifi_data_from_ethernet(uint8_t *frame, uint8_t flags,
                                 const uint8_t *bssid,
                                 const uint8_t *ethernet, uint32_t size)
{
    const uint8_t *destination = ethernet;
    const uint8_t *source = ethernet + WIFI_ADDRESS_BYTES;
    const uint8_t *payload = ethernet + ETHERNET_HEADER_BYTES;
    bool to_ds = flags & WIFI_FLAG_TO_DS;
    uint8_t *at = frame + WIFI_HEADER_BYTES;
    uint32_t bytes;
    uint16_t type;

    if (size < ETHERNET_HEADER_BYTES) {
        return 0;
    }
    bytes = size - ETHERNET_HEADER_BYTES;
    type = lduw_be_p(ethernet + 12);
    if (type < TYPE_MIN) {
        if (type > LENGTH_MAX || type > bytes || type < LLC_BYTES) {
            return 0;
        }
        bytes = type;
    } else {
        memcpy(at, rfc1042, SNAP_BYTES);
        stw_be_p(at + SNAP_BYTES, type);
        at += SNAP_BYTES + 2;
    }
    memset(frame, 0, WIFI_HEADER_BYTES);
    frame[0] = WIFI_FC_DATA;
    frame[1] = flags;
    memcpy(frame + 4, to_ds ? bssid : destination, WIFI_ADDRESS_BYTES);
    memcpy(frame + 10, to_ds ? source : bssid, WIFI_ADDRESS_BYTES);
    memcpy(frame + 16, to_ds ? destination : source, WIFI_ADDRESS_BYTES);
    memcpy(at, payload, bytes);
    return at + bytes - frame;
}

static bool is_snap(const uint8_t *body, uint32_t bytes)
{
    return bytes >= SNAP_BYTES + 2 &&
           (memcmp(body, rfc1042, SNAP_BYTES) == 0 ||
            memcmp(body, tunnel, SNAP_BYTES) == 0) &&
           lduw_be_p(body + SNAP_BYTES) >= TYPE_MIN;
}

uint32_t wifi_data_to_ethernet(uint8_t *ethernet, const uint8_t *frame,
                               uint32_t size)
{
    const uint8_t *body;
    WifiHeader header;
    uint32_t bytes;
    uint16_t type;

    if (!wifi_header_parse(&header, frame, size) ||
        (header.fc != WIFI_FC_DATA && header.fc != WIFI_FC_QOS_DATA) ||
        !header.bssid || header.aggregate || header.fragment ||
        (header.flags & (WIFI_FLAG_MORE_FRAGMENTS | WIFI_FLAG_PROTECTED))) {
        return 0;
    }
    body = frame + header.bytes;
    bytes = size - header.bytes;
    if (is_snap(body, bytes)) {
        type = lduw_be_p(body + SNAP_BYTES);
        body += SNAP_BYTES + 2;
        bytes -= SNAP_BYTES + 2;
    } else if (bytes >= LLC_BYTES && bytes <= LENGTH_MAX) {
        type = bytes;
    } else {
        return 0;
    }
    memcpy(ethernet, header.destination, WIFI_ADDRESS_BYTES);
    memcpy(ethernet + WIFI_ADDRESS_BYTES, header.source, WIFI_ADDRESS_BYTES);
    stw_be_p(ethernet + 12, type);
    memcpy(ethernet + ETHERNET_HEADER_BYTES, body, bytes);
    return ETHERNET_HEADER_BYTES + bytes;
}
