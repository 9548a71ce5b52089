/*
 * 802.11 frames: those that a station and a soft AP send, built.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * IEEE 802.11-2020 9.3.3.  Duration stays 0: nobody on this air reserves time.
 * Whoever sends a frame gives it its sequence number.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sockbench-wifi-frames.h"

#define LISTEN_INTERVAL      10
#define AID_UPPER_BITS       0xc000 /* 9.4.1.8 */

/* 802.11b and 802.11g, units of 500 kbit/s; bit 7: basic. */
static const uint8_t rates[] = {
    0x82, 0x84, 0x8b, 0x96, 12, 18, 24, 36
};
static const uint8_t more_rates[] = { 48, 72, 96, 108 };

static uint8_t *put_u16(uint8_t *at, uint16_t value)
{
    stw_le_p(at, value);
    return at + 2;
}

static uint8_t *put_element(uint8_t *at, uint8_t id, const void *data,
                            uint8_t bytes)
{
    at[0] = id;
    at[1] = bytes;
    memcpy(at + 2, data, bytes);
    return at + 2 + bytes;
}

static uint8_t *put_ssid(uint8_t *at, const WifiSsid *ssid)
{
    return put_element(at, WIFI_ELEMENT_SSID, ssid->bytes, ssid->size);
}

static uint8_t *put_rates(uint8_t *at)
{
    return put_element(at, WIFI_ELEMENT_RATES, rates, sizeof(rates));
}

static uint8_t *put_more_rates(uint8_t *at)
{
    return put_element(at, WIFI_ELEMENT_MORE_RATES, more_rates,
                       sizeof(more_rates));
}

static uint8_t *put_channel(uint8_t *at, uint8_t channel)
{
    return put_element(at, WIFI_ELEMENT_CHANNEL, &channel, 1);
}

/* Return where the body begins. */
static uint8_t *put_header(uint8_t *frame, uint8_t fc, uint8_t flags,
                           const uint8_t *address1, const uint8_t *address2,
                           const uint8_t *address3)
{
    memset(frame, 0, WIFI_HEADER_BYTES);
    frame[0] = fc;
    frame[1] = flags;
    memcpy(frame + 4, address1, WIFI_ADDRESS_BYTES);
    memcpy(frame + 10, address2, WIFI_ADDRESS_BYTES);
    memcpy(frame + 16, address3, WIFI_ADDRESS_BYTES);
    return frame + WIFI_HEADER_BYTES;
}

static uint16_t capability_of(const WifiBss *bss)
{
    return WIFI_CAPABILITY_ESS | WIFI_CAPABILITY_SHORT_PREAMBLE |
           (bss->wpa2 ? WIFI_CAPABILITY_PRIVACY : 0);
}

uint32_t wifi_put_probe_request(uint8_t *frame, const uint8_t *own,
                                const uint8_t *receiver, const WifiSsid *ssid,
                                uint8_t channel)
{
    uint8_t *at = put_header(frame, WIFI_FC_PROBE_REQUEST, 0, receiver, own,
                             receiver);

    at = put_ssid(at, ssid);
    at = put_rates(at);
    at = put_more_rates(at);
    at = put_channel(at, channel);
    return at - frame;
}

/* Fixed fields of a beacon and of a probe response, up to the channel. */
static uint8_t *put_announcement(uint8_t *at, const WifiBss *bss,
                                 const WifiSsid *ssid, uint64_t timestamp_us)
{
    stq_le_p(at, timestamp_us);
    at = put_u16(at + 8, bss->beacon_tu);
    at = put_u16(at, capability_of(bss));
    at = put_ssid(at, ssid);
    at = put_rates(at);
    return put_channel(at, bss->channel);
}

static uint8_t *put_announcement_end(uint8_t *at, const WifiBss *bss)
{
    /* Elements ascend by number (9.3.3.2): RSN is 48, more rates 50. */
    if (bss->wpa2) {
        at += wifi_put_rsn(at);
    }
    return put_more_rates(at);
}

/* A bitmap of 32 bits; every beacon is a DTIM. */
static uint8_t *put_tim(uint8_t *at, uint32_t waiting)
{
    uint8_t data[3 + 4] = { 0, 1, waiting & 1 };

    stl_le_p(data + 3, waiting & ~1u);
    return put_element(at, WIFI_ELEMENT_TIM, data, sizeof(data));
}

uint32_t wifi_put_beacon(uint8_t *frame, const WifiBss *bss, uint32_t waiting)
{
    const WifiSsid nothing = { };
    uint8_t *at = put_header(frame, WIFI_FC_BEACON, 0, wifi_broadcast,
                             bss->bssid, bss->bssid);

    at = put_announcement(at, bss, bss->hidden ? &nothing : &bss->ssid, 0);
    at = put_tim(at, waiting);
    at = put_announcement_end(at, bss);
    return at - frame;
}

uint32_t wifi_put_probe_response(uint8_t *frame, const WifiBss *bss,
                                 const uint8_t *receiver,
                                 uint64_t timestamp_us)
{
    uint8_t *at = put_header(frame, WIFI_FC_PROBE_RESPONSE, 0, receiver,
                             bss->bssid, bss->bssid);

    at = put_announcement(at, bss, &bss->ssid, timestamp_us);
    at = put_announcement_end(at, bss);
    return at - frame;
}

uint32_t wifi_put_auth(uint8_t *frame, const uint8_t *own,
                       const uint8_t *receiver, const uint8_t *bssid,
                       const WifiAuth *auth)
{
    uint8_t *at = put_header(frame, WIFI_FC_AUTH, 0, receiver, own, bssid);

    at = put_u16(at, auth->algorithm);
    at = put_u16(at, auth->transaction);
    at = put_u16(at, auth->status);
    return at - frame;
}

uint32_t wifi_put_assoc_request(uint8_t *frame, const uint8_t *own,
                                const WifiBss *bss, const uint8_t *current)
{
    uint8_t fc = current ? WIFI_FC_REASSOC_REQUEST : WIFI_FC_ASSOC_REQUEST;
    uint8_t *at = put_header(frame, fc, 0, bss->bssid, own, bss->bssid);

    at = put_u16(at, capability_of(bss));
    at = put_u16(at, LISTEN_INTERVAL);
    if (current) {
        memcpy(at, current, WIFI_ADDRESS_BYTES);
        at += WIFI_ADDRESS_BYTES;
    }
    at = put_ssid(at, &bss->ssid);
    at = put_rates(at);
    at = put_announcement_end(at, bss);
    return at - frame;
}

uint32_t wifi_put_assoc_response(uint8_t *frame, const WifiBss *bss,
                                 const uint8_t *receiver, bool reassociation,
                                 uint16_t status, uint16_t aid)
{
    uint8_t fc = reassociation ? WIFI_FC_REASSOC_RESPONSE :
                                 WIFI_FC_ASSOC_RESPONSE;
    uint8_t *at = put_header(frame, fc, 0, receiver, bss->bssid, bss->bssid);

    at = put_u16(at, capability_of(bss));
    at = put_u16(at, status);
    at = put_u16(at, aid ? aid | AID_UPPER_BITS : 0);
    at = put_rates(at);
    at = put_more_rates(at);
    return at - frame;
}

uint32_t wifi_put_leave(uint8_t *frame, uint8_t fc, const uint8_t *own,
                        const uint8_t *receiver, const uint8_t *bssid,
                        uint16_t reason)
{
    uint8_t *at = put_header(frame, fc, 0, receiver, own, bssid);

    return put_u16(at, reason) - frame;
}

uint32_t wifi_put_null(uint8_t *frame, const uint8_t *own,
                       const uint8_t *bssid, bool power_save)
{
    uint8_t flags = WIFI_FLAG_TO_DS | (power_save ? WIFI_FLAG_POWER : 0);

    put_header(frame, WIFI_FC_NULL, flags, bssid, own, bssid);
    return WIFI_HEADER_BYTES;
}

uint32_t wifi_put_ps_poll(uint8_t *frame, const uint8_t *own,
                          const uint8_t *bssid, uint16_t aid)
{
    frame[0] = WIFI_FC_PS_POLL;
    frame[1] = 0;
    put_u16(frame + 2, aid | AID_UPPER_BITS);
    memcpy(frame + 4, bssid, WIFI_ADDRESS_BYTES);
    memcpy(frame + 10, own, WIFI_ADDRESS_BYTES);
    return 16;
}
