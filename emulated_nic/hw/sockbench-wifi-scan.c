/*
 * FullMAC wifi NIC of the sockbench board: looking for networks.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * One engine for the command SCAN, whose results are events, and for the search
 * with which a join begins, whose results the station looks at itself.
 *
 * A scan hears beacons that were declared: of each sender on the channel that
 * it has not heard yet, the first one within the dwell.  One deadline, that of
 * the earliest of these, is enough.  A dwell includes its first instant, not
 * its last, so that a beacon belongs to one dwell only.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "net/eth.h"
#include "sockbench-wifi.h"

#define DWELL_ACTIVE_MS    40
#define DWELL_PASSIVE_MS   120 /* longer than a usual beacon interval */
#define ALL_CHANNELS       MAKE_64BIT_MASK(0, WIFI_CHANNELS)

bool sockbench_wifi_scan_reports(SockbenchWifiState *s)
{
    return s->scan.kind == WIFI_SCAN_REPORT;
}

/* What has been heard */

static WifiScanHeard *scan_entry(SockbenchWifiState *s, const uint8_t *bssid)
{
    int i;

    for (i = 0; i < s->scan.heard_count; i++) {
        if (memcmp(s->scan.heard[i].bssid, bssid, ETH_ALEN) == 0) {
            return &s->scan.heard[i];
        }
    }
    return NULL;
}

/* A BSSID that was not heard before, or the name of one that hid it. */
static bool scan_is_news(SockbenchWifiState *s, const WifiNetwork *network)
{
    WifiScanHeard *entry = scan_entry(s, network->bssid);
    bool named = network->ssid.size != 0;

    if (entry) {
        bool news = named && !entry->named;

        entry->named |= named;
        return news;
    }
    if (s->scan.heard_count == WIFI_SCAN_NETWORKS) {
        return s->scan.kind == WIFI_SCAN_SEARCH;
    }
    entry = &s->scan.heard[s->scan.heard_count++];
    memcpy(entry->bssid, network->bssid, ETH_ALEN);
    entry->named = named;
    return true;
}

static void scan_report(SockbenchWifiState *s, const WifiNetwork *network)
{
    struct wifi_network data = {
        .channel = network->channel,
        .rssi = network->dbm,
        .security = network->security,
        .ssid_bytes = network->ssid.size,
        .beacon_tu = cpu_to_le16(network->beacon_tu),
        .capability = cpu_to_le16(network->capability),
    };

    memcpy(data.ssid, network->ssid.bytes, network->ssid.size);
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_SCAN_RESULT,
        .address = network->bssid,
        .data = &data,
        .data_bytes = sizeof(data),
    });
}

void sockbench_wifi_scan_hears(SockbenchWifiState *s,
                               const WifiNetwork *network)
{
    const WifiSsid *wanted = &s->scan.ssid;

    if (s->scan.kind == WIFI_SCAN_NONE || !scan_is_news(s, network)) {
        return;
    }
    if (wanted->size && !wifi_ssid_equal(wanted, &network->ssid)) {
        return;
    }
    if (s->scan.kind == WIFI_SCAN_SEARCH) {
        sockbench_wifi_search_hears(s, network);
    } else {
        scan_report(s, network);
    }
}

/* Beacons that are due */

static bool scan_awaits(SockbenchWifiState *s, const WifiBeacons *b)
{
    return b->used && b->channel == s->channel && !s->radio_off &&
           !scan_entry(s, b->bssid);
}

static void scan_arm_beacon(SockbenchWifiState *s)
{
    int64_t next = WIFI_NEVER;
    int i;

    for (i = 0; i < WIFI_BEACONS_MAX; i++) {
        if (scan_awaits(s, &s->beacons[i])) {
            next = MIN(next, sockbench_wifi_beacon_next(&s->beacons[i],
                                                        s->scan.from));
        }
    }
    if (next < s->scan.until) {
        sockbench_wifi_arm(s, WIFI_TIMER_SCAN_BEACON, next);
    } else {
        sockbench_wifi_disarm(s, WIFI_TIMER_SCAN_BEACON);
    }
}

void sockbench_wifi_scan_beacon_due(SockbenchWifiState *s)
{
    int64_t now = sockbench_wifi_now(s);
    int i;

    for (i = 0; i < WIFI_BEACONS_MAX; i++) {
        WifiBeacons *b = &s->beacons[i];

        if (scan_awaits(s, b) &&
            sockbench_wifi_beacon_next(b, s->scan.from) <= now) {
            sockbench_wifi_hear(s, b->frame, b->size, b->dbm);
        }
    }
    if (s->scan.kind != WIFI_SCAN_NONE) {
        s->scan.from = now + 1;
        scan_arm_beacon(s);
    }
}

void sockbench_wifi_scan_air_changed(SockbenchWifiState *s)
{
    if (s->scan.kind != WIFI_SCAN_NONE) {
        scan_arm_beacon(s);
    }
}

/* From channel to channel */

static void scan_probe(SockbenchWifiState *s)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_probe_request(frame, sockbench_wifi_own(s),
                                           wifi_broadcast, &s->scan.ssid,
                                           s->channel);

    sockbench_wifi_send(s, frame, size);
}

static void scan_end(SockbenchWifiState *s, uint16_t status)
{
    WifiScanKind kind = s->scan.kind;

    s->scan.kind = WIFI_SCAN_NONE;
    sockbench_wifi_disarm(s, WIFI_TIMER_SCAN_BEACON);
    sockbench_wifi_disarm(s, WIFI_TIMER_SCAN_DWELL);
    if (kind == WIFI_SCAN_SEARCH) {
        sockbench_wifi_search_ends(s);
    } else {
        sockbench_wifi_return_home(s);
        sockbench_wifi_event(s, &(WifiEvent) {
            .type = WIFI_EVENT_SCAN_DONE,
            .status = status,
        });
    }
}

static void scan_next_channel(SockbenchWifiState *s)
{
    uint8_t channel = s->scan.channel;

    do {
        if (++channel > WIFI_CHANNELS) {
            scan_end(s, 0);
            return;
        }
    } while (!extract32(s->scan.channels, channel - 1, 1));

    s->scan.channel = channel;
    sockbench_wifi_leave_home(s, channel);
    s->scan.from = sockbench_wifi_now(s);
    s->scan.until = s->scan.from + s->scan.dwell;
    sockbench_wifi_arm(s, WIFI_TIMER_SCAN_DWELL, s->scan.until);
    if (!s->scan.passive) {
        scan_probe(s);
    }
    scan_arm_beacon(s);
}

void sockbench_wifi_scan_dwell_ends(SockbenchWifiState *s)
{
    scan_next_channel(s);
}

static void scan_begin(SockbenchWifiState *s, WifiScanKind kind,
                       uint16_t channels, uint32_t dwell_ms)
{
    s->scan.kind = kind;
    s->scan.channels = channels ? channels : ALL_CHANNELS;
    s->scan.dwell = dwell_ms * (int64_t)SCALE_MS;
    s->scan.channel = 0;
    s->scan.heard_count = 0;
    scan_next_channel(s);
}

bool sockbench_wifi_scan_may(SockbenchWifiState *s)
{
    uint8_t state = sockbench_wifi_station_state(s);

    return s->scan.kind == WIFI_SCAN_NONE &&
           (state == WIFI_STATION_IDLE || state == WIFI_STATION_CONNECTED);
}

/* The command.  Its parameters have been looked at. */
void sockbench_wifi_scan(SockbenchWifiState *s, const struct wifi_scan *p)
{
    uint16_t dwell_ms = le16_to_cpu(p->dwell_ms);

    if (dwell_ms == 0) {
        dwell_ms = p->passive ? DWELL_PASSIVE_MS : DWELL_ACTIVE_MS;
    }
    s->scan.passive = p->passive;
    wifi_ssid_set(&s->scan.ssid, p->ssid, p->ssid_bytes);
    scan_begin(s, WIFI_SCAN_REPORT, le16_to_cpu(p->channels), dwell_ms);
}

/* Of a join: for one name, on one channel or (0) all. */
void sockbench_wifi_search(SockbenchWifiState *s, const WifiSsid *ssid,
                           uint8_t channel)
{
    s->scan.passive = false;
    s->scan.ssid = *ssid;
    scan_begin(s, WIFI_SCAN_SEARCH, channel ? 1u << (channel - 1) : 0,
               DWELL_ACTIVE_MS);
}

void sockbench_wifi_scan_stop(SockbenchWifiState *s)
{
    if (s->scan.kind == WIFI_SCAN_REPORT) {
        scan_end(s, 1);
    }
}

/* A search whose result nobody waits for any more. */
void sockbench_wifi_search_stop(SockbenchWifiState *s)
{
    if (s->scan.kind == WIFI_SCAN_SEARCH) {
        s->scan.kind = WIFI_SCAN_NONE;
        sockbench_wifi_disarm(s, WIFI_TIMER_SCAN_BEACON);
        sockbench_wifi_disarm(s, WIFI_TIMER_SCAN_DWELL);
        sockbench_wifi_return_home(s);
    }
}

void sockbench_wifi_scan_reset(SockbenchWifiState *s)
{
    memset(&s->scan, 0, sizeof(s->scan));
}
