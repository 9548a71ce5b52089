/*
 * FullMAC wifi NIC of the sockbench board: the soft AP and its stations.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * What the AP says of itself, who its stations are, and its commands.  How one
 * becomes a station is in sockbench-wifi-ap-join.c, data in
 * sockbench-wifi-ap-data.c.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "net/eth.h"
#include "sockbench-wifi.h"
#include "trace.h"

#define BEACON_TU 100

bool sockbench_wifi_ap_is_up(SockbenchWifiState *s)
{
    return s->ap.up;
}

/* What it says of itself */

/* Declare the beacons as they are now; their times go on as they were. */
void sockbench_wifi_ap_show(SockbenchWifiState *s)
{
    const WifiBss *bss = &s->ap.bss;
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size;

    if (s->ap.up) {
        size = wifi_put_beacon(frame, bss, sockbench_wifi_ap_waiting(s));
        sockbench_wifi_declare(s, bss->channel, frame, size, s->ap.first,
                               bss->beacon_tu * WIFI_TU_NS / SCALE_US);
    }
}

void sockbench_wifi_ap_say(SockbenchWifiState *s, uint8_t *frame, uint32_t size)
{
    sockbench_wifi_send_on(s, s->ap.bss.channel, frame, size);
}

void sockbench_wifi_ap_send_off(SockbenchWifiState *s, const uint8_t *to,
                                uint8_t fc, uint16_t reason)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_leave(frame, fc, sockbench_wifi_own(s), to,
                                   s->ap.bss.bssid, reason);

    sockbench_wifi_ap_say(s, frame, size);
}

/* Its stations */

WifiApStation *sockbench_wifi_ap_station(SockbenchWifiState *s,
                                         const uint8_t *mac)
{
    int i;

    for (i = 0; i < WIFI_AP_ENTRIES; i++) {
        if (s->ap.stations[i].known &&
            memcmp(s->ap.stations[i].mac, mac, ETH_ALEN) == 0) {
            return &s->ap.stations[i];
        }
    }
    return NULL;
}

unsigned int sockbench_wifi_ap_associated(SockbenchWifiState *s)
{
    unsigned int count = 0;
    int i;

    for (i = 0; i < WIFI_AP_ENTRIES; i++) {
        count += s->ap.stations[i].associated;
    }
    return count;
}

/* It is associated no longer; whoever was told that it joined hears of it. */
void sockbench_wifi_ap_part(SockbenchWifiState *s, WifiApStation *station,
                            uint16_t reason)
{
    bool joined = station->authorized;

    trace_sockbench_wifi_ap_station(station - s->ap.stations + 1, false);
    wifi_authenticator_stop(&station->authenticator);
    wifi_key_forget(&station->key);
    station->associated = false;
    station->authorized = false;
    sockbench_wifi_ap_wakes(s, station, false);
    if (joined) {
        sockbench_wifi_event(s, &(WifiEvent) {
            .type = WIFI_EVENT_AP_LEFT,
            .reason = reason,
            .address = station->mac,
        });
    }
}

void sockbench_wifi_ap_forget(SockbenchWifiState *s, WifiApStation *station,
                              uint16_t reason)
{
    sockbench_wifi_ap_part(s, station, reason);
    station->known = false;
}

void sockbench_wifi_ap_dismiss(SockbenchWifiState *s, WifiApStation *station,
                               uint16_t reason)
{
    sockbench_wifi_ap_send_off(s, station->mac, WIFI_FC_DEAUTH, reason);
    sockbench_wifi_ap_forget(s, station, reason);
}

/* Commands.  Their parameters have been looked at. */

void sockbench_wifi_ap_start(SockbenchWifiState *s, const struct wifi_ap *p)
{
    uint16_t beacon_tu = le16_to_cpu(p->beacon_tu);
    WifiBss *bss = &s->ap.bss;
    uint8_t gtk[WIFI_TK_BYTES];

    memcpy(bss->bssid, sockbench_wifi_own(s), ETH_ALEN);
    wifi_ssid_set(&bss->ssid, p->ssid, p->ssid_bytes);
    bss->channel = p->channel;
    bss->beacon_tu = beacon_tu ? beacon_tu : BEACON_TU;
    bss->wpa2 = p->security == WIFI_SECURITY_WPA2;
    bss->hidden = p->hidden;
    s->ap.limit = p->stations;
    if (bss->wpa2) {
        sockbench_wifi_pmk(s->ap.pmk, &bss->ssid, p->key_kind, p->key,
                           p->key_bytes);
        sockbench_wifi_random_bytes(s, gtk, sizeof(gtk));
        wifi_key_set(&s->ap.group, 1, gtk, 0);
    }
    s->ap.up = true;
    s->ap.first = sockbench_wifi_now(s);
    sockbench_wifi_tune(s, bss->channel);
    sockbench_wifi_ap_show(s);
    sockbench_wifi_set_carrier(s, true);
}

void sockbench_wifi_ap_stop(SockbenchWifiState *s)
{
    int i;

    if (sockbench_wifi_ap_associated(s)) {
        sockbench_wifi_ap_send_off(s, wifi_broadcast, WIFI_FC_DEAUTH,
                                   WIFI_REASON_LEAVING);
    }
    for (i = 0; i < WIFI_AP_ENTRIES; i++) {
        sockbench_wifi_ap_forget(s, &s->ap.stations[i], WIFI_REASON_LEAVING);
    }
    sockbench_wifi_declare_no_more(s);
    sockbench_wifi_disarm(s, WIFI_TIMER_AP_GROUP);
    sockbench_wifi_ap_reset(s);
    sockbench_wifi_set_carrier(s, false);
}

/* False: no such station. */
bool sockbench_wifi_ap_deauth(SockbenchWifiState *s, const uint8_t *mac,
                              uint16_t reason)
{
    WifiApStation *station = sockbench_wifi_ap_station(s, mac);

    if (!station || !station->associated) {
        return false;
    }
    sockbench_wifi_ap_dismiss(s, station, reason);
    return true;
}

/* Those that are associated; how many. */
unsigned int sockbench_wifi_ap_stations(SockbenchWifiState *s,
                                        struct wifi_ap_station *r)
{
    unsigned int count = 0;
    int i;

    for (i = 0; i < WIFI_AP_ENTRIES; i++) {
        const WifiApStation *station = &s->ap.stations[i];

        if (station->associated) {
            memcpy(r[count].mac, station->mac, ETH_ALEN);
            r[count].aid = cpu_to_le16(i + 1);
            r[count].rssi = station->dbm;
            r[count].authorized = station->authorized;
            count++;
        }
    }
    return count;
}

/* Life */

/* The transmitter falls silent; nobody has said farewell. */
void sockbench_wifi_ap_vanish(SockbenchWifiState *s)
{
    if (s->ap.up) {
        sockbench_wifi_declare_no_more(s);
    }
}

/* Nothing is left, and nothing is said. */
void sockbench_wifi_ap_reset(SockbenchWifiState *s)
{
    memset(&s->ap, 0, sizeof(s->ap));
    sockbench_wifi_ap_init(s);
}
