/*
 * 802.11 management frames, understood.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* IEEE 802.11-2020 9.3.3 (what is in a frame) and 9.4 (what a field means). */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "sockbench-wifi-frames.h"

#define AID_MASK             0x3fff /* the upper two bits are 1 (9.4.1.8) */

/* Offsets in a body. */
#define BEACON_INTERVAL      8
#define BEACON_CAPABILITY    10

/* Channel switch announcement: category and action (9.6.2.6). */
#define ACTION_SPECTRUM      0
#define ACTION_SWITCH        4

/* The SSID element; false: there is none, or it is too long. */
static bool elements_ssid(WifiElements elements, WifiSsid *ssid)
{
    WifiElement element;

    if (!wifi_elements_find(elements, WIFI_ELEMENT_SSID, &element) ||
        element.bytes > WIFI_SSID_BYTES) {
        return false;
    }
    wifi_ssid_set(ssid, element.data, element.bytes);
    return true;
}

/* The RSN element, whole; return its size, 0 if there is none. */
static uint16_t elements_rsn(WifiElements elements, uint8_t *rsn)
{
    WifiElement element;

    if (!wifi_elements_find(elements, WIFI_ELEMENT_RSN, &element)) {
        return 0;
    }
    memcpy(rsn, element.data - 2, element.bytes + 2);
    return element.bytes + 2;
}

/* Bodies of management frames */

typedef struct Body {
    const uint8_t *at;
    uint32_t bytes;
} Body;

/* Everything behind a header.  A protected body can't be read. */
static bool body_of(Body *body, const uint8_t *frame, uint32_t size)
{
    WifiHeader header;

    if (!wifi_header_parse(&header, frame, size) ||
        (header.fc & WIFI_FC_TYPE) != WIFI_FC_TYPE_MANAGEMENT ||
        (header.flags & WIFI_FLAG_PROTECTED)) {
        return false;
    }
    body->at = frame + header.bytes;
    body->bytes = size - header.bytes;
    return true;
}

/* Bytes in front of the elements; -1: there are none that are known. */
static int fixed_bytes(uint8_t fc, const Body *body)
{
    switch (fc) {
    case WIFI_FC_PROBE_REQUEST:
        return 0;
    case WIFI_FC_DEAUTH:
    case WIFI_FC_DISASSOC:
        return 2;
    case WIFI_FC_ASSOC_REQUEST:
        return 4;
    case WIFI_FC_ASSOC_RESPONSE:
    case WIFI_FC_REASSOC_RESPONSE:
        return 6;
    case WIFI_FC_AUTH:
        /* Other algorithms than open have other fields here (9.3.3.11). */
        return body->bytes < 2 || lduw_le_p(body->at) == WIFI_AUTH_OPEN ?
               6 : -1;
    case WIFI_FC_REASSOC_REQUEST:
        return 10;
    case WIFI_FC_BEACON:
    case WIFI_FC_PROBE_RESPONSE:
        return 12;
    case WIFI_FC_ACTION:
        return body->bytes >= 2 && body->at[0] == ACTION_SPECTRUM &&
               body->at[1] == ACTION_SWITCH ? 2 : -1;
    default:
        return -1;
    }
}

/* Fixed fields and whole elements, of a frame of that kind. */
static bool body_parse(Body *body, WifiElements *elements, uint8_t fc,
                       const uint8_t *frame, uint32_t size)
{
    int fixed;

    if (!body_of(body, frame, size) || frame[0] != fc) {
        return false;
    }
    fixed = fixed_bytes(fc, body);
    if (fixed < 0 || body->bytes < fixed) {
        return false;
    }
    elements->at = body->at + fixed;
    elements->left = body->bytes - fixed;
    return wifi_elements_are_whole(*elements);
}

WifiElements wifi_frame_elements(const uint8_t *frame, uint32_t size)
{
    WifiElements elements = { };
    Body body;

    if (!size || !body_parse(&body, &elements, frame[0], frame, size)) {
        return (WifiElements) { };
    }
    return elements;
}

bool wifi_frame_is_whole(const uint8_t *frame, uint32_t size)
{
    WifiElements elements;
    WifiHeader header;
    Body body;

    if (!wifi_header_parse(&header, frame, size)) {
        return false;
    }
    if (!body_of(&body, frame, size) || fixed_bytes(header.fc, &body) < 0) {
        return true;
    }
    return body_parse(&body, &elements, header.fc, frame, size);
}

/* Management frames, understood */

/* A name of zeros is as good as none (hidden networks come in both ways). */
static void ssid_nothing_if_zeros(WifiSsid *ssid)
{
    if (buffer_is_zero(ssid->bytes, sizeof(ssid->bytes))) {
        ssid->size = 0;
    }
}

static bool announcement_parse(Body *body, WifiElements *elements,
                               const uint8_t *frame, uint32_t size)
{
    return body_parse(body, elements, WIFI_FC_BEACON, frame, size) ||
           body_parse(body, elements, WIFI_FC_PROBE_RESPONSE, frame, size);
}

bool wifi_network_parse(WifiNetwork *network, const uint8_t *frame,
                        uint32_t size)
{
    WifiElements elements;
    WifiElement element;
    WifiSsid ssid;
    Body body;

    if (!announcement_parse(&body, &elements, frame, size) ||
        !elements_ssid(elements, &ssid)) {
        return false;
    }
    memset(network, 0, sizeof(*network));
    memcpy(network->bssid, frame + 16, WIFI_ADDRESS_BYTES);
    ssid_nothing_if_zeros(&ssid);
    network->ssid = ssid;
    network->beacon_tu = lduw_le_p(body.at + BEACON_INTERVAL);
    network->capability = lduw_le_p(body.at + BEACON_CAPABILITY);
    network->security = wifi_security(network->capability, elements);
    network->rsn_bytes = elements_rsn(elements, network->rsn);
    if (wifi_elements_find(elements, WIFI_ELEMENT_CHANNEL, &element) &&
        element.bytes == 1) {
        network->channel = element.data[0];
    }
    return true;
}

bool wifi_tim_parse(WifiTim *tim, uint16_t aid, const uint8_t *frame,
                    uint32_t size)
{
    WifiElements elements;
    WifiElement element;
    uint32_t first, byte = aid / 8;
    Body body;

    /* 9.4.2.5: counts, bitmap control, a part of the bitmap. */
    if (!body_parse(&body, &elements, WIFI_FC_BEACON, frame, size) ||
        !wifi_elements_find(elements, WIFI_ELEMENT_TIM, &element) ||
        element.bytes < 4 || element.data[1] == 0) {
        return false;
    }
    tim->dtim_count = element.data[0];
    tim->dtim_period = element.data[1];
    tim->group = element.data[2] & 1;
    first = element.data[2] & 0xfe;
    tim->unicast = byte >= first && byte - first < element.bytes - 3u &&
                   (element.data[3 + byte - first] & 1 << aid % 8);
    return true;
}

bool wifi_channel_switch_parse(WifiChannelSwitch *csa, const uint8_t *frame,
                               uint32_t size)
{
    WifiElements elements;
    WifiElement element;
    Body body;

    if ((!announcement_parse(&body, &elements, frame, size) &&
         !body_parse(&body, &elements, WIFI_FC_ACTION, frame, size)) ||
        !wifi_elements_find(elements, WIFI_ELEMENT_CHANNEL_SWITCH,
                            &element) ||
        element.bytes != 3) {
        return false;
    }
    csa->mode = element.data[0];
    csa->channel = element.data[1];
    csa->count = element.data[2];
    return true;
}

bool wifi_auth_parse(WifiAuth *auth, const uint8_t *frame, uint32_t size)
{
    Body body;

    /* The first three fields are those of every algorithm. */
    if (!body_of(&body, frame, size) || frame[0] != WIFI_FC_AUTH ||
        body.bytes < 6 || !wifi_frame_is_whole(frame, size)) {
        return false;
    }
    auth->algorithm = lduw_le_p(body.at);
    auth->transaction = lduw_le_p(body.at + 2);
    auth->status = lduw_le_p(body.at + 4);
    return true;
}

bool wifi_assoc_response_parse(WifiAssocResponse *response,
                               const uint8_t *frame, uint32_t size)
{
    WifiElements elements;
    uint16_t aid, status;
    Body body;

    if (!body_parse(&body, &elements, WIFI_FC_ASSOC_RESPONSE, frame, size) &&
        !body_parse(&body, &elements, WIFI_FC_REASSOC_RESPONSE, frame,
                    size)) {
        return false;
    }
    status = lduw_le_p(body.at + 2);
    aid = lduw_le_p(body.at + 4) & AID_MASK;
    if (status == WIFI_STATUS_OK && (aid == 0 || aid > WIFI_AID_MAX)) {
        return false;
    }
    response->capability = lduw_le_p(body.at);
    response->status = status;
    response->aid = aid;
    return true;
}

bool wifi_assoc_request_parse(WifiAssocRequest *request,
                              const uint8_t *frame, uint32_t size)
{
    WifiElements elements;
    WifiSsid ssid;
    Body body;

    if ((!body_parse(&body, &elements, WIFI_FC_ASSOC_REQUEST, frame, size) &&
         !body_parse(&body, &elements, WIFI_FC_REASSOC_REQUEST, frame,
                     size)) ||
        !elements_ssid(elements, &ssid)) {
        return false;
    }
    memset(request, 0, sizeof(*request));
    request->capability = lduw_le_p(body.at);
    request->listen_interval = lduw_le_p(body.at + 2);
    request->ssid = ssid;
    request->rsn_bytes = elements_rsn(elements, request->rsn);
    return true;
}

bool wifi_probe_request_parse(WifiSsid *ssid, const uint8_t *frame,
                              uint32_t size)
{
    WifiElements elements;
    Body body;

    return body_parse(&body, &elements, WIFI_FC_PROBE_REQUEST, frame, size) &&
           elements_ssid(elements, ssid);
}

bool wifi_reason_parse(uint16_t *reason, const uint8_t *frame, uint32_t size)
{
    WifiElements elements;
    Body body;

    if (!body_parse(&body, &elements, WIFI_FC_DEAUTH, frame, size) &&
        !body_parse(&body, &elements, WIFI_FC_DISASSOC, frame, size)) {
        return false;
    }
    *reason = lduw_le_p(body.at);
    return true;
}
