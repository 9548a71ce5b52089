/*
 * FullMAC wifi NIC of the sockbench board: the station joins a network.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * From CONNECT or ROAM to CONNECTED, or to the one JOIN event that says why
 * not.  `target` is the AP being joined, `ap` the one that we are associated
 * with; they differ during a roam only.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "net/eth.h"
#include "sockbench-wifi.h"

#define ATTEMPTS_MAX       3    /* Linux: IEEE80211_AUTH_MAX_TRIES */
#define ATTEMPT_NS         (200 * (int64_t)SCALE_MS) /* _AUTH_TIMEOUT */
#define HANDSHAKE_NS       (3000 * (int64_t)SCALE_MS)
#define JOIN_NS            (13000 * (int64_t)SCALE_MS)


bool sockbench_wifi_in_handshake(const WifiStation *st)
{
    return st->state == WIFI_STATION_WAIT_M1 ||
           st->state == WIFI_STATION_WAIT_M3;
}

static void phase_begins(SockbenchWifiState *s, uint8_t state, int64_t limit)
{
    sockbench_wifi_station_enter(s, state);
    sockbench_wifi_arm_after(s, WIFI_TIMER_PHASE, limit);
}

/* The end of a join, whichever it is: its deadlines are gone. */
void sockbench_wifi_join_over(SockbenchWifiState *s)
{
    sockbench_wifi_disarm(s, WIFI_TIMER_PHASE);
    sockbench_wifi_disarm(s, WIFI_TIMER_JOIN);
    sockbench_wifi_search_stop(s);
}

void sockbench_wifi_tell_join(SockbenchWifiState *s, uint16_t status,
                              uint16_t reason, uint8_t flags)
{
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_JOIN,
        .status = status,
        .reason = reason,
        .flags = flags,
        .address = s->station.target.bssid,
    });
}

/*
 * The join failed.  Of a roam, the old association stands until we have asked
 * the new AP for one.
 */
void sockbench_wifi_join_fail(SockbenchWifiState *s, uint16_t status,
                              uint16_t reason, uint8_t flags)
{
    WifiStation *st = &s->station;

    sockbench_wifi_join_over(s);
    sockbench_wifi_tell_join(s, status, reason, flags);
    if (!st->roaming) {
        sockbench_wifi_station_forget(s);
    } else if (st->reassociating) {
        sockbench_wifi_link_down(s, WIFI_REASON_UNSPECIFIED,
                                 WIFI_EVENT_FLAG_LOCAL);
    } else {
        st->roaming = false;
        sockbench_wifi_station_enter(s, WIFI_STATION_CONNECTED);
        sockbench_wifi_return_home(s);
        sockbench_wifi_loss_restart(s);
        sockbench_wifi_data_flush(s);
    }
}

/* SEARCH */

void sockbench_wifi_join_begins(SockbenchWifiState *s, uint8_t channel)
{
    s->station.heard_name = false;
    s->station.found = false;
    memset(&s->station.target, 0, sizeof(s->station.target));
    memcpy(s->station.target.bssid, s->station.wanted_bssid, ETH_ALEN);
    sockbench_wifi_station_enter(s, WIFI_STATION_SEARCH);
    sockbench_wifi_arm_after(s, WIFI_TIMER_JOIN, JOIN_NS);
    sockbench_wifi_search(s, &s->station.ssid, channel);
}

/* The strongest one that fits; of equals the first heard. */
void sockbench_wifi_search_hears(SockbenchWifiState *s,
                                 const WifiNetwork *network)
{
    WifiStation *st = &s->station;

    if (!buffer_is_zero(st->wanted_bssid, ETH_ALEN) &&
        memcmp(st->wanted_bssid, network->bssid, ETH_ALEN) != 0) {
        return;
    }
    st->heard_name = true;
    if ((network->security & st->security) &&
        (!st->found || network->dbm > st->target.dbm)) {
        st->found = true;
        st->target = *network;
    }
}

static void auth_send(SockbenchWifiState *s)
{
    const WifiAuth auth = { .algorithm = WIFI_AUTH_OPEN, .transaction = 1 };
    const uint8_t *bssid = s->station.target.bssid;
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_auth(frame, sockbench_wifi_own(s), bssid, bssid,
                                  &auth);

    s->station.attempts++;
    phase_begins(s, WIFI_STATION_AUTH, ATTEMPT_NS);
    sockbench_wifi_send(s, frame, size);
}

void sockbench_wifi_search_ends(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    if (!st->heard_name) {
        sockbench_wifi_join_fail(s, WIFI_JOIN_NO_NETWORK, 0, 0);
    } else if (!st->found) {
        sockbench_wifi_join_fail(s, WIFI_JOIN_SECURITY, 0, 0);
    } else {
        sockbench_wifi_leave_home(s, st->target.channel);
        st->attempts = 0;
        auth_send(s);
    }
}

/* AUTH */

static void assoc_send(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    WifiBss bss = {
        .ssid = st->ssid,
        .channel = st->target.channel,
        .beacon_tu = st->target.beacon_tu,
        .wpa2 = st->security == WIFI_SECURITY_WPA2,
    };
    uint32_t size;

    memcpy(bss.bssid, st->target.bssid, ETH_ALEN);
    size = wifi_put_assoc_request(frame, sockbench_wifi_own(s), &bss,
                                  st->roaming ? st->ap.bssid : NULL);
    st->attempts++;
    st->reassociating = st->roaming;
    phase_begins(s, WIFI_STATION_ASSOC, ATTEMPT_NS);
    sockbench_wifi_send(s, frame, size);
}

void sockbench_wifi_join_hear_auth(SockbenchWifiState *s,
                                   const WifiHeard *heard)
{
    WifiAuth auth;

    if (s->station.state != WIFI_STATION_AUTH ||
        !wifi_auth_parse(&auth, heard->frame, heard->size) ||
        auth.transaction != 2) {
        return;
    }
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_AUTH,
        .status = auth.status,
        .address = s->station.target.bssid,
    });
    if (auth.status) {
        sockbench_wifi_join_fail(s, WIFI_JOIN_AUTH_REFUSED, auth.status, 0);
    } else {
        s->station.attempts = 0;
        assoc_send(s);
    }
}

/* ASSOC */

void sockbench_wifi_join_hear_assoc(SockbenchWifiState *s,
                                    const WifiHeard *heard)
{
    WifiStation *st = &s->station;
    WifiAssocResponse response;
    uint8_t data[2];

    if (st->state != WIFI_STATION_ASSOC ||
        !wifi_assoc_response_parse(&response, heard->frame, heard->size)) {
        return;
    }
    stw_le_p(data, response.aid);
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_ASSOC,
        .status = response.status,
        .address = st->target.bssid,
        .data = data,
        .data_bytes = sizeof(data),
    });
    if (response.status) {
        sockbench_wifi_join_fail(s, WIFI_JOIN_ASSOC_REFUSED, response.status,
                                 0);
        return;
    }
    sockbench_wifi_keys_forget(s);
    sockbench_wifi_loss_forget(s);
    st->ap = st->target;
    st->aid = response.aid;
    st->associated = true;
    if (st->security == WIFI_SECURITY_OPEN) {
        sockbench_wifi_station_connected(s);
    } else {
        phase_begins(s, WIFI_STATION_WAIT_M1, HANDSHAKE_NS);
        sockbench_wifi_keys_begin(s);
    }
}

/* Deadlines */

void sockbench_wifi_phase_due(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    switch (st->state) {
    case WIFI_STATION_AUTH:
        if (st->attempts < ATTEMPTS_MAX) {
            auth_send(s);
        } else {
            sockbench_wifi_join_fail(s, WIFI_JOIN_AUTH_TIMEOUT, 0, 0);
        }
        break;
    case WIFI_STATION_ASSOC:
        if (st->attempts < ATTEMPTS_MAX) {
            assoc_send(s);
        } else {
            sockbench_wifi_join_fail(s, WIFI_JOIN_ASSOC_TIMEOUT, 0, 0);
        }
        break;
    case WIFI_STATION_WAIT_M1:
    case WIFI_STATION_WAIT_M3:
        sockbench_wifi_say_deauth(s, &st->ap, WIFI_REASON_HANDSHAKE_TIMEOUT);
        sockbench_wifi_join_fail(s, WIFI_JOIN_KEY_TIMEOUT,
                                 WIFI_REASON_HANDSHAKE_TIMEOUT,
                                 WIFI_EVENT_FLAG_LOCAL);
        break;
    default:
        g_assert_not_reached();
    }
}

void sockbench_wifi_join_due(SockbenchWifiState *s)
{
    if (sockbench_wifi_in_handshake(&s->station)) {
        sockbench_wifi_say_deauth(s, &s->station.ap,
                                  WIFI_REASON_HANDSHAKE_TIMEOUT);
        sockbench_wifi_join_fail(s, WIFI_JOIN_TIMEOUT,
                                 WIFI_REASON_HANDSHAKE_TIMEOUT, 0);
    } else {
        sockbench_wifi_join_fail(s, WIFI_JOIN_TIMEOUT, 0, 0);
    }
}

/* What the handshake has come to (sockbench-wifi-keys.c) */

/* A message was accepted.  That of a rekey has no limit of time here. */
void sockbench_wifi_handshake_goes_on(SockbenchWifiState *s)
{
    if (sockbench_wifi_in_handshake(&s->station)) {
        phase_begins(s, WIFI_STATION_WAIT_M3, HANDSHAKE_NS);
    }
}

void sockbench_wifi_handshake_fails(SockbenchWifiState *s, uint16_t reason)
{
    sockbench_wifi_say_deauth(s, &s->station.ap, reason);
    if (sockbench_wifi_in_handshake(&s->station)) {
        sockbench_wifi_join_fail(s, WIFI_JOIN_KEY_INVALID, reason,
                                 WIFI_EVENT_FLAG_LOCAL);
    } else {
        sockbench_wifi_link_down(s, reason, WIFI_EVENT_FLAG_LOCAL);
    }
}
