/*
 * What the qtests of sockbench-wifi's station share: an AP, step by step.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_SOCKBENCH_STATION_H
#define TESTS_QTEST_SOCKBENCH_STATION_H

#include "sockbench-radio.h"

#define SSID       "name"
#define CHANNEL    6
#define DWELL_NS   (40 * MS)
#define ATTEMPT_NS (200 * MS)

static inline struct wifi_connect connect_to(const char *ssid, uint8_t channel)
{
    struct wifi_connect p = {
        .ssid_bytes = strlen(ssid), .security = WIFI_SECURITY_OPEN,
        .channel = channel,
    };

    memcpy(p.ssid, ssid, strlen(ssid));
    return p;
}

static inline void station_connect(const struct wifi_connect *p)
{
    g_assert_cmpuint(command(WIFI_CMD_CONNECT, p, sizeof(*p)), ==,
                     WIFI_RESULT_OK);
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_SEARCH);
}

/* A frame of an AP for us; the caller adds its body. */
static inline Air ap_frame(const uint8_t *ap, uint8_t channel, uint16_t fc)
{
    Air a = air_frame(channel, -50);

    put_header(&a, fc, own_mac, ap, ap);
    return a;
}

static inline void ap_probe_response(const uint8_t *ap, uint8_t channel,
                                     int8_t dbm, const char *ssid)
{
    Air a = ap_frame(ap, channel, 0x50);

    a.bytes[2] = dbm;
    put_network(&a, ssid, false, NULL, 0);
    air_inject(&a);
}

static inline void ap_auth(const uint8_t *ap, uint16_t status)
{
    Air a = ap_frame(ap, CHANNEL, 0xb0);

    put16(&a, 0);
    put16(&a, 2);
    put16(&a, status);
    air_inject(&a);
}

static inline void ap_assoc(const uint8_t *ap, uint8_t fc, uint16_t status)
{
    static const uint8_t rates[] = { 1, 4, 0x82, 0x84, 0x8b, 0x96 };
    Air a = ap_frame(ap, CHANNEL, fc);

    put16(&a, 1);
    put16(&a, status);
    put16(&a, status ? 0 : 0xc000 | 5);
    put(&a, rates, sizeof(rates));
    air_inject(&a);
}

static inline void ap_leave(const uint8_t *ap, const uint8_t *to, uint8_t fc,
                            uint16_t reason)
{
    Air a = air_frame(CHANNEL, -50);

    put_header(&a, fc, to, ap, ap);
    put16(&a, reason);
    air_inject(&a);
}

/* The authentication request, which is the only frame since the last look. */
static inline void expect_auth(const uint8_t *ap)
{
    static const uint8_t body[] = { 0, 0, 1, 0, 0, 0 };
    uint32_t size;
    const uint8_t *frame = air_sent(0xb0, CHANNEL, &size);

    g_assert_cmpmem(frame + 4, 6, ap, 6);
    g_assert_cmpmem(frame + 10, 6, own_mac, 6);
    g_assert_cmpmem(frame + 16, 6, ap, 6);
    g_assert_cmpmem(frame + 24, size - 24, body, sizeof(body));
}

static inline const uint8_t *expect_assoc(const uint8_t *ap, uint32_t *size)
{
    const uint8_t *frame = air_sent(0x00, CHANNEL, size);

    g_assert_cmpmem(frame + 4, 6, ap, 6);
    g_assert_cmpmem(frame + 28, 6, "\0\4" SSID, 6);
    return frame;
}

static inline void expect_deauth(const uint8_t *ap, uint16_t reason)
{
    uint32_t size;
    const uint8_t *frame = air_sent(0xc0, CHANNEL, &size);

    g_assert_cmpmem(frame + 4, 6, ap, 6);
    g_assert_cmpmem(frame + 10, 6, own_mac, 6);
    g_assert_cmpuint(size, ==, 26);
    g_assert_cmpuint(lduw_le_p(frame + 24), ==, reason);
}

static inline void expect_join(uint16_t status, uint16_t reason, uint8_t flags)
{
    event_expect(WIFI_EVENT_JOIN, status, reason, flags);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_IDLE);
    g_assert_false(readl(SB_WIFI_BASE + A_ETH_STATUS) & 1);
}

/* From CONNECT to the authentication request. */
static inline void join_to_auth(void)
{
    struct wifi_connect p = connect_to(SSID, CHANNEL);

    station_connect(&p);
    ap_probe_response(ap_mac, CHANNEL, -50, SSID);
    clock_step(DWELL_NS - 1);
    bench_forget();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_AUTH);
}

static inline void join_to_assoc(void)
{
    join_to_auth();
    ap_auth(ap_mac, 0);
    event_expect(WIFI_EVENT_AUTH, 0, 0, 0);
    bench_forget();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_ASSOC);
}

/* On an open network, whose AP has AID 5 for us. */
static inline void join(void)
{
    struct wifi_event event;

    join_to_assoc();
    ap_assoc(ap_mac, 0x10, 0);
    event = event_expect(WIFI_EVENT_ASSOC, 0, 0, 0);
    g_assert_cmpuint(lduw_le_p(event.data), ==, 5);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0, 0);
    event = event_expect(WIFI_EVENT_LINK, 0, 0, WIFI_EVENT_FLAG_UP);
    g_assert_cmpmem(event.address, 6, ap_mac, 6);
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_CONNECTED);
    g_assert_true(readl(SB_WIFI_BASE + A_ETH_STATUS) & 1);
    bench_forget();
}

static inline void expect_link_down(uint16_t reason, uint8_t flags)
{
    struct wifi_event event = event_expect(WIFI_EVENT_LINK, 0, reason, flags);

    g_assert_cmpmem(event.address, 6, ap_mac, 6);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_IDLE);
    g_assert_false(readl(SB_WIFI_BASE + A_ETH_STATUS) & 1);
}

#endif
