/*
 * FullMAC wifi NIC of the sockbench board: the station stays with its AP, or
 * loses it.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * While beacons come, they need not be looked at: the last one heard can be
 * computed when somebody wants to know (loss_settle), and no deadline has to
 * wait for what is certain not to happen.  So whatever changes what we hear, be
 * it a declaration, the channel or the radio, settles what was heard before,
 * and then decides again what to wait for (loss_update).  An hour on an AP that
 * sends the same beacons takes no time at all.
 *
 * Beacons are looked at one by one only while they may matter: the first one
 * of each declaration, those during the probing for an AP that was not heard,
 * those that a fault shall hit, and those that tell a dozing station of frames.
 */

#include "qemu/osdep.h"
#include "net/eth.h"
#include "sockbench-wifi.h"

#define LOST_INTERVALS   7   /* Linux: IEEE80211_BEACON_LOSS_COUNT */
#define PROBES_MAX       3
#define PROBE_NS         (50 * (int64_t)SCALE_MS)

static bool loss_watches(SockbenchWifiState *s)
{
    return s->station.state == WIFI_STATION_CONNECTED && !s->station.away &&
           !s->failed;
}

/* Our AP's beacons, if we can hear them. */
static WifiBeacons *loss_heard_beacons(SockbenchWifiState *s)
{
    WifiBeacons *b;

    if (!loss_watches(s) || s->radio_off) {
        return NULL;
    }
    b = sockbench_wifi_beacons_of(s, s->station.ap.bssid);
    return b && b->channel == s->channel ? b : NULL;
}

static int64_t loss_interval(SockbenchWifiState *s)
{
    return s->station.ap.beacon_tu * (int64_t)WIFI_TU_NS;
}

/* Count what was heard before this instant. */
void sockbench_wifi_loss_settle(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;
    WifiBeacons *b = loss_heard_beacons(s);
    int64_t last;

    if (b && !st->probing) {
        last = sockbench_wifi_beacon_last(b, sockbench_wifi_now(s));
        if (last >= st->listening_since && last > st->last_heard) {
            st->last_heard = last;
            st->ap.dbm = b->dbm;
        }
    }
    st->listening_since = MAX(st->listening_since, sockbench_wifi_now(s));
}

static bool deaf_to_beacons(SockbenchWifiState *s)
{
    uint32_t type = s->fault_arg[WIFI_FAULT_DEAF];

    return s->fault_count[WIFI_FAULT_DEAF] &&
           (type == 0 || type == WIFI_FC_BEACON);
}

/* Decide what to wait for.  What was heard so far has been settled. */
void sockbench_wifi_loss_update(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;
    WifiBeacons *b = loss_heard_beacons(s);
    int64_t limit = LOST_INTERVALS * loss_interval(s);
    int64_t next;

    sockbench_wifi_disarm(s, WIFI_TIMER_BEACON);
    if (!st->probing) {
        sockbench_wifi_disarm(s, WIFI_TIMER_LOSS);
    }
    if (!loss_watches(s)) {
        return;
    }
    if (b) {
        next = sockbench_wifi_beacon_next(b, st->listening_since);
        if (st->beacon_is_new || st->probing || deaf_to_beacons(s) ||
            sockbench_wifi_power_wants(s, b)) {
            sockbench_wifi_arm(s, WIFI_TIMER_BEACON, next);
        }
        if (next <= st->last_heard + limit && b->interval <= limit &&
            !deaf_to_beacons(s)) {
            return;
        }
    }
    if (!st->probing) {
        sockbench_wifi_arm(s, WIFI_TIMER_LOSS, st->last_heard + limit);
    }
}

/* The AP is there as of now: just connected, or just back on its channel. */
void sockbench_wifi_loss_restart(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    st->probing = false;
    st->beacon_is_new = true;
    st->last_heard = sockbench_wifi_now(s);
    st->listening_since = st->last_heard;
    sockbench_wifi_loss_update(s);
}

/* We can't hear it for a while, and that is no fault of its own. */
void sockbench_wifi_loss_suspend(SockbenchWifiState *s)
{
    s->station.probing = false;
    sockbench_wifi_disarm(s, WIFI_TIMER_BEACON);
    sockbench_wifi_disarm(s, WIFI_TIMER_LOSS);
}

void sockbench_wifi_loss_forget(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    sockbench_wifi_loss_suspend(s);
    sockbench_wifi_disarm(s, WIFI_TIMER_CHANNEL);
    st->away = false;
    st->muted = false;
}

void sockbench_wifi_loss_declared(SockbenchWifiState *s, const uint8_t *bssid)
{
    if (memcmp(s->station.ap.bssid, bssid, ETH_ALEN) == 0) {
        s->station.beacon_is_new = true;
    }
}

static void probe_send(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_probe_request(frame, sockbench_wifi_own(s),
                                           st->ap.bssid, &st->ssid,
                                           s->channel);

    st->probes++;
    sockbench_wifi_arm_after(s, WIFI_TIMER_LOSS, PROBE_NS);
    sockbench_wifi_send(s, frame, size);
}

void sockbench_wifi_loss_due(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    if (st->probing && st->probes == PROBES_MAX) {
        sockbench_wifi_event(s, &(WifiEvent) {
            .type = WIFI_EVENT_BEACON_LOST,
            .reason = WIFI_REASON_INACTIVITY,
            .flags = WIFI_EVENT_FLAG_LOCAL,
            .address = st->ap.bssid,
        });
        sockbench_wifi_link_down(s, WIFI_REASON_INACTIVITY,
                                 WIFI_EVENT_FLAG_LOCAL);
        return;
    }
    if (!st->probing) {
        sockbench_wifi_loss_settle(s);
        if (sockbench_wifi_now(s) <
            st->last_heard + LOST_INTERVALS * loss_interval(s)) {
            sockbench_wifi_loss_update(s);
            return;
        }
        st->probing = true;
        st->probes = 0;
        sockbench_wifi_loss_update(s);
    }
    probe_send(s);
}

/* The AP moves */

static void loss_hear_announcement(SockbenchWifiState *s,
                                   const WifiHeard *heard)
{
    WifiStation *st = &s->station;
    WifiChannelSwitch csa;

    if (!wifi_channel_switch_parse(&csa, heard->frame, heard->size) ||
        csa.channel < 1 || csa.channel > WIFI_CHANNELS ||
        csa.channel == st->ap.channel) {
        return;
    }
    st->muted = csa.mode == 1;
    st->next_channel = csa.channel;
    sockbench_wifi_arm_after(s, WIFI_TIMER_CHANNEL,
                             csa.count * loss_interval(s));
}

static void loss_alive(SockbenchWifiState *s, const WifiHeard *heard)
{
    WifiStation *st = &s->station;

    sockbench_wifi_loss_settle(s);
    st->probing = false;
    st->last_heard = heard->at;
    sockbench_wifi_loss_update(s);
}

/* Any frame from our AP. */
void sockbench_wifi_loss_sign_of_life(SockbenchWifiState *s,
                                      const WifiHeard *heard)
{
    if (memcmp(heard->header.transmitter, s->station.ap.bssid,
               ETH_ALEN) != 0) {
        return;
    }
    s->station.ap.dbm = heard->dbm;
    if (s->station.probing) {
        loss_alive(s, heard);
    }
}

/* A beacon or probe response of it, declared or sent. */
void sockbench_wifi_loss_hear_network(SockbenchWifiState *s,
                                      const WifiHeard *heard)
{
    if (!loss_watches(s)) {
        return;
    }
    s->station.ap.dbm = heard->dbm;
    loss_alive(s, heard);
    loss_hear_announcement(s, heard);
    if (heard->header.fc == WIFI_FC_BEACON) {
        sockbench_wifi_power_hear_beacon(s, heard);
    }
}

void sockbench_wifi_loss_beacon_due(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;
    WifiBeacons *b = loss_heard_beacons(s);

    if (!b) {
        return;
    }
    sockbench_wifi_loss_settle(s);
    st->beacon_is_new = false;
    /* This one is no longer to be counted by whoever settles. */
    st->listening_since = sockbench_wifi_now(s) + 1;
    sockbench_wifi_hear(s, b->frame, b->size, b->dbm);
    sockbench_wifi_loss_update(s);
}

void sockbench_wifi_loss_channel_due(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    st->ap.channel = st->next_channel;
    st->muted = false;
    st->beacon_is_new = true;
    if (loss_watches(s)) {
        sockbench_wifi_tune(s, st->ap.channel);
    }
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_CHANNEL,
        .address = st->ap.bssid,
        .data = &st->ap.channel,
        .data_bytes = 1,
    });
    sockbench_wifi_data_flush(s);
}

void sockbench_wifi_loss_hear_action(SockbenchWifiState *s,
                                     const WifiHeard *heard)
{
    if (loss_watches(s)) {
        loss_hear_announcement(s, heard);
    }
}
