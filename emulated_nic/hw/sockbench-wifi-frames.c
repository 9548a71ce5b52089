/*
 * 802.11 frames: headers and elements.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Written after IEEE 802.11-2020, clause 9.  Management frames are the part of
 * sockbench-wifi-management.c, RSN of sockbench-wifi-rsn.c, data frames of
 * sockbench-wifi-data.c, building of sockbench-wifi-build.c.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sockbench-wifi-frames.h"

#define PROTOCOL_VERSION     0x03
#define SUBTYPE_QOS          0x80
#define FLAGS_DS             (WIFI_FLAG_TO_DS | WIFI_FLAG_FROM_DS)

#define PS_POLL_BYTES        16
#define QOS_CONTROL_BYTES    2
#define HT_CONTROL_BYTES     4
#define QOS_TID              0x0f
#define QOS_AMSDU            0x80
#define AID_MASK             0x3fff /* the upper two bits are 1 (9.4.1.8) */

const uint8_t wifi_broadcast[WIFI_ADDRESS_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff
};

/* Headers */

static bool header_parse_ps_poll(WifiHeader *h, const uint8_t *frame,
                                 uint32_t size)
{
    if (frame[0] != WIFI_FC_PS_POLL || size < PS_POLL_BYTES) {
        return false;
    }
    h->bytes = PS_POLL_BYTES;
    h->aid = lduw_le_p(frame + 2) & AID_MASK;
    h->bssid = h->receiver;
    h->destination = h->receiver;
    h->source = h->transmitter;
    return true;
}

/* Which address is which (9.3.2.1, table 9-30). */
static bool header_parse_data(WifiHeader *h, const uint8_t *frame,
                              uint32_t size)
{
    const uint8_t *address3 = frame + 16;

    switch (h->flags & FLAGS_DS) {
    case 0:
        h->bssid = address3;
        h->destination = h->receiver;
        h->source = h->transmitter;
        break;
    case WIFI_FLAG_TO_DS:
        h->bssid = h->receiver;
        h->destination = address3;
        h->source = h->transmitter;
        break;
    case WIFI_FLAG_FROM_DS:
        h->bssid = h->transmitter;
        h->destination = h->receiver;
        h->source = address3;
        break;
    default:
        h->destination = address3;
        h->source = frame + WIFI_HEADER_BYTES;
        h->bytes += WIFI_ADDRESS_BYTES;
        break;
    }
    if (h->fc & SUBTYPE_QOS) {
        h->bytes += QOS_CONTROL_BYTES;
        if (size < h->bytes) {
            return false;
        }
        h->tid = frame[h->bytes - QOS_CONTROL_BYTES] & QOS_TID;
        h->aggregate = frame[h->bytes - QOS_CONTROL_BYTES] & QOS_AMSDU;
        if (h->flags & WIFI_FLAG_ORDER) {
            h->bytes += HT_CONTROL_BYTES;
        }
    }
    return size >= h->bytes;
}

bool wifi_header_parse(WifiHeader *h, const uint8_t *frame, uint32_t size)
{
    if (size < PS_POLL_BYTES || (frame[0] & PROTOCOL_VERSION)) {
        return false;
    }
    *h = (WifiHeader) {
        .fc = frame[0],
        .flags = frame[1],
        .receiver = frame + 4,
        .transmitter = frame + 10,
        .bytes = WIFI_HEADER_BYTES,
    };
    if ((h->fc & WIFI_FC_TYPE) == WIFI_FC_TYPE_CONTROL) {
        return header_parse_ps_poll(h, frame, size);
    }
    if (size < WIFI_HEADER_BYTES) {
        return false;
    }
    h->sequence = lduw_le_p(frame + 22) >> 4;
    h->fragment = frame[22] & 0x0f;
    switch (h->fc & WIFI_FC_TYPE) {
    case WIFI_FC_TYPE_DATA:
        return header_parse_data(h, frame, size);
    case WIFI_FC_TYPE_MANAGEMENT:
        h->bssid = frame + 16;
        h->destination = h->receiver;
        h->source = h->transmitter;
        if (h->flags & WIFI_FLAG_ORDER) {
            h->bytes += HT_CONTROL_BYTES;
        }
        return size >= h->bytes;
    default: /* extension frames */
        return false;
    }
}

/* Elements */

bool wifi_elements_next(WifiElements *elements, WifiElement *element)
{
    if (elements->left < 2 || elements->left - 2 < elements->at[1]) {
        return false;
    }
    element->id = elements->at[0];
    element->bytes = elements->at[1];
    element->data = elements->at + 2;
    elements->at += 2 + element->bytes;
    elements->left -= 2 + element->bytes;
    return true;
}

bool wifi_elements_are_whole(WifiElements elements)
{
    WifiElement element;

    while (wifi_elements_next(&elements, &element)) {
        continue;
    }
    return elements.left == 0;
}

bool wifi_elements_find(WifiElements elements, uint8_t id,
                        WifiElement *element)
{
    while (wifi_elements_next(&elements, element)) {
        if (element->id == id) {
            return true;
        }
    }
    return false;
}

void wifi_ssid_set(WifiSsid *ssid, const uint8_t *bytes, uint8_t size)
{
    assert(size <= WIFI_SSID_BYTES);
    memset(ssid, 0, sizeof(*ssid));
    ssid->size = size;
    memcpy(ssid->bytes, bytes, size);
}

bool wifi_ssid_equal(const WifiSsid *one, const WifiSsid *other)
{
    return one->size == other->size &&
           memcmp(one->bytes, other->bytes, one->size) == 0;
}
