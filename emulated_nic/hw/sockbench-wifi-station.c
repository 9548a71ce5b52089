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
 * with; they differ during a roam only.  How a connection is kept and lost is
 * in sockbench-wifi-loss.c.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "net/eth.h"
#include "sockbench-wifi.h"
#include "trace.h"

#define ATTEMPTS_MAX       3    /* Linux: IEEE80211_AUTH_MAX_TRIES */
#define ATTEMPT_NS         (200 * (int64_t)SCALE_MS) /* _AUTH_TIMEOUT */
#define HANDSHAKE_NS       (3000 * (int64_t)SCALE_MS)
#define JOIN_NS            (13000 * (int64_t)SCALE_MS)


uint8_t sockbench_wifi_station_state(SockbenchWifiState *s)
{
    return s->station.state;
}

static void station_enter(SockbenchWifiState *s, uint8_t state)
{
    trace_sockbench_wifi_station(s->station.state, state);
    s->station.state = state;
}

static void phase_begins(SockbenchWifiState *s, uint8_t state, int64_t limit)
{
    station_enter(s, state);
    sockbench_wifi_arm_after(s, WIFI_TIMER_PHASE, limit);
}

/* The end of a join, whichever it is: its deadlines are gone. */
static void join_is_over(SockbenchWifiState *s)
{
    sockbench_wifi_disarm(s, WIFI_TIMER_PHASE);
    sockbench_wifi_disarm(s, WIFI_TIMER_JOIN);
    sockbench_wifi_search_stop(s);
}

static void tell_join(SockbenchWifiState *s, uint16_t status, uint16_t reason,
                      uint8_t flags)
{
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_JOIN,
        .status = status,
        .reason = reason,
        .flags = flags,
        .address = s->station.target.bssid,
    });
}

static void say_deauth(SockbenchWifiState *s, const WifiNetwork *ap,
                       uint16_t reason)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_leave(frame, WIFI_FC_DEAUTH,
                                   sockbench_wifi_own(s), ap->bssid,
                                   ap->bssid, reason);

    sockbench_wifi_send_on(s, ap->channel, frame, size);
}

/* Nothing of the network is left, keys least of all. */
static void station_forget(SockbenchWifiState *s)
{
    station_enter(s, WIFI_STATION_IDLE);
    s->station.roaming = false;
    s->station.reassociating = false;
    s->station.associated = false;
    sockbench_wifi_keys_forget(s);
    sockbench_wifi_loss_forget(s);
    sockbench_wifi_set_carrier(s, false);
    sockbench_wifi_data_purge(s);
}

/* LINK without UP, whatever was the reason. */
void sockbench_wifi_link_down(SockbenchWifiState *s, uint16_t reason,
                              uint8_t flags)
{
    uint8_t bssid[ETH_ALEN];

    memcpy(bssid, s->station.ap.bssid, ETH_ALEN);
    station_forget(s);
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_LINK,
        .reason = reason,
        .flags = flags,
        .address = bssid,
    });
}

/*
 * The join failed.  Of a roam, the old association stands until we have asked
 * the new AP for one.
 */
static void join_fails(SockbenchWifiState *s, uint16_t status, uint16_t reason,
                       uint8_t flags)
{
    WifiStation *st = &s->station;

    join_is_over(s);
    tell_join(s, status, reason, flags);
    if (!st->roaming) {
        station_forget(s);
    } else if (st->reassociating) {
        sockbench_wifi_link_down(s, WIFI_REASON_UNSPECIFIED,
                                 WIFI_EVENT_FLAG_LOCAL);
    } else {
        st->roaming = false;
        station_enter(s, WIFI_STATION_CONNECTED);
        sockbench_wifi_return_home(s);
        sockbench_wifi_loss_restart(s);
    }
}

/* SEARCH */

static void search_begins(SockbenchWifiState *s, uint8_t channel)
{
    s->station.heard_name = false;
    s->station.found = false;
    memset(&s->station.target, 0, sizeof(s->station.target));
    memcpy(s->station.target.bssid, s->station.wanted_bssid, ETH_ALEN);
    station_enter(s, WIFI_STATION_SEARCH);
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
        join_fails(s, WIFI_JOIN_NO_NETWORK, 0, 0);
    } else if (!st->found) {
        join_fails(s, WIFI_JOIN_SECURITY, 0, 0);
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

static void hear_auth(SockbenchWifiState *s, const WifiHeard *heard)
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
        join_fails(s, WIFI_JOIN_AUTH_REFUSED, auth.status, 0);
    } else {
        s->station.attempts = 0;
        assoc_send(s);
    }
}

/* ASSOC */

static void station_connected(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    join_is_over(s);
    st->roaming = false;
    st->reassociating = false;
    station_enter(s, WIFI_STATION_CONNECTED);
    tell_join(s, WIFI_JOIN_OK, 0, 0);
    sockbench_wifi_loss_restart(s);
    sockbench_wifi_set_carrier(s, true);
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_LINK,
        .flags = WIFI_EVENT_FLAG_UP,
        .address = st->ap.bssid,
    });
    sockbench_wifi_power_begin(s);
}

static void hear_assoc(SockbenchWifiState *s, const WifiHeard *heard)
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
        join_fails(s, WIFI_JOIN_ASSOC_REFUSED, response.status, 0);
        return;
    }
    sockbench_wifi_keys_forget(s);
    sockbench_wifi_loss_forget(s);
    st->ap = st->target;
    st->aid = response.aid;
    st->associated = true;
    if (st->security == WIFI_SECURITY_OPEN) {
        station_connected(s);
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
            join_fails(s, WIFI_JOIN_AUTH_TIMEOUT, 0, 0);
        }
        break;
    case WIFI_STATION_ASSOC:
        if (st->attempts < ATTEMPTS_MAX) {
            assoc_send(s);
        } else {
            join_fails(s, WIFI_JOIN_ASSOC_TIMEOUT, 0, 0);
        }
        break;
    case WIFI_STATION_WAIT_M1:
    case WIFI_STATION_WAIT_M3:
        say_deauth(s, &st->ap, WIFI_REASON_HANDSHAKE_TIMEOUT);
        join_fails(s, WIFI_JOIN_KEY_TIMEOUT, WIFI_REASON_HANDSHAKE_TIMEOUT,
                   WIFI_EVENT_FLAG_LOCAL);
        break;
    default:
        g_assert_not_reached();
    }
}

static bool in_handshake(const WifiStation *st)
{
    return st->state == WIFI_STATION_WAIT_M1 ||
           st->state == WIFI_STATION_WAIT_M3;
}

void sockbench_wifi_join_due(SockbenchWifiState *s)
{
    if (in_handshake(&s->station)) {
        say_deauth(s, &s->station.ap, WIFI_REASON_HANDSHAKE_TIMEOUT);
        join_fails(s, WIFI_JOIN_TIMEOUT, WIFI_REASON_HANDSHAKE_TIMEOUT, 0);
    } else {
        join_fails(s, WIFI_JOIN_TIMEOUT, 0, 0);
    }
}

/* What the handshake has come to (sockbench-wifi-keys.c) */

/* A message was accepted.  That of a rekey has no limit of time here. */
void sockbench_wifi_handshake_goes_on(SockbenchWifiState *s)
{
    if (in_handshake(&s->station)) {
        phase_begins(s, WIFI_STATION_WAIT_M3, HANDSHAKE_NS);
    }
}

void sockbench_wifi_handshake_ends(SockbenchWifiState *s)
{
    station_connected(s);
}

void sockbench_wifi_handshake_fails(SockbenchWifiState *s, uint16_t reason)
{
    say_deauth(s, &s->station.ap, reason);
    if (in_handshake(&s->station)) {
        join_fails(s, WIFI_JOIN_KEY_INVALID, reason, WIFI_EVENT_FLAG_LOCAL);
    } else {
        sockbench_wifi_link_down(s, reason, WIFI_EVENT_FLAG_LOCAL);
    }
}

/* Frames of management */

static void leave_heard(SockbenchWifiState *s, const WifiHeard *heard,
                        uint8_t type)
{
    WifiStation *st = &s->station;
    const uint8_t *bssid = heard->header.bssid;
    bool ours = st->associated && memcmp(bssid, st->ap.bssid, ETH_ALEN) == 0;
    uint16_t reason;

    if (!wifi_reason_parse(&reason, heard->frame, heard->size)) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_MALFORMED);
    } else if (in_handshake(st)) {
        join_fails(s, WIFI_JOIN_KEY_REFUSED, reason, 0);
    } else if (!ours) {
        join_fails(s, WIFI_JOIN_DEAUTH, reason, 0);
    } else {
        if (st->roaming) {
            join_is_over(s);
            tell_join(s, WIFI_JOIN_DEAUTH, reason, 0);
        }
        sockbench_wifi_event(s, &(WifiEvent) {
            .type = type,
            .reason = reason,
            .address = bssid,
        });
        sockbench_wifi_link_down(s, reason, 0);
    }
}

/* Whether the sender is the AP that we are with, or the one being joined. */
bool sockbench_wifi_from_our_ap(SockbenchWifiState *s, const uint8_t *sender)
{
    const WifiStation *st = &s->station;
    bool joining = st->state == WIFI_STATION_AUTH ||
                   st->state == WIFI_STATION_ASSOC;

    return (joining && memcmp(sender, st->target.bssid, ETH_ALEN) == 0) ||
           (st->associated && memcmp(sender, st->ap.bssid, ETH_ALEN) == 0);
}

void sockbench_wifi_station_hear(SockbenchWifiState *s, const WifiHeard *heard)
{
    const WifiHeader *header = &heard->header;

    if (!sockbench_wifi_from_our_ap(s, header->transmitter) ||
        memcmp(header->transmitter, header->bssid, ETH_ALEN) != 0) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
        return;
    }
    if (sockbench_wifi_is_duplicate(s, &s->station.last_sequence,
                                    header)) {
        return;
    }
    sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
    sockbench_wifi_loss_sign_of_life(s, heard);
    switch (header->fc) {
    case WIFI_FC_AUTH:
        hear_auth(s, heard);
        break;
    case WIFI_FC_ASSOC_RESPONSE:
    case WIFI_FC_REASSOC_RESPONSE:
        hear_assoc(s, heard);
        break;
    case WIFI_FC_DEAUTH:
        leave_heard(s, heard, WIFI_EVENT_DEAUTH);
        break;
    case WIFI_FC_DISASSOC:
        leave_heard(s, heard, WIFI_EVENT_DISASSOC);
        break;
    case WIFI_FC_ACTION:
        sockbench_wifi_loss_hear_action(s, heard);
        break;
    default:
        break;
    }
}

/* Commands.  Their parameters have been looked at. */

void sockbench_wifi_connect(SockbenchWifiState *s,
                            const struct wifi_connect *p)
{
    WifiStation *st = &s->station;

    wifi_ssid_set(&st->ssid, p->ssid, p->ssid_bytes);
    st->security = p->security;
    memcpy(st->wanted_bssid, p->bssid, ETH_ALEN);
    if (p->security == WIFI_SECURITY_WPA2) {
        sockbench_wifi_pmk(s->keys.pmk, &st->ssid, p->key_kind, p->key,
                           p->key_bytes);
    }
    search_begins(s, p->channel);
}

bool sockbench_wifi_may_roam(SockbenchWifiState *s)
{
    return s->station.state == WIFI_STATION_CONNECTED &&
           s->scan.kind == WIFI_SCAN_NONE;
}

void sockbench_wifi_roam(SockbenchWifiState *s, const uint8_t *bssid,
                         uint8_t channel)
{
    s->station.roaming = true;
    sockbench_wifi_loss_suspend(s);
    memcpy(s->station.wanted_bssid, bssid, ETH_ALEN);
    search_begins(s, channel);
}

void sockbench_wifi_disconnect(SockbenchWifiState *s, uint16_t reason)
{
    WifiStation *st = &s->station;

    if (st->state == WIFI_STATION_IDLE) {
        return;
    }
    if (st->state != WIFI_STATION_CONNECTED) {
        bool known = st->state >= WIFI_STATION_ASSOC;

        join_is_over(s);
        if (known) {
            say_deauth(s, &st->target, reason);
        }
        tell_join(s, WIFI_JOIN_ABORTED, reason, WIFI_EVENT_FLAG_LOCAL);
        if (!st->roaming) {
            station_forget(s);
            return;
        }
    }
    if (!st->reassociating) {
        say_deauth(s, &st->ap, reason);
    }
    sockbench_wifi_link_down(s, reason, WIFI_EVENT_FLAG_LOCAL);
}

void sockbench_wifi_get_link(SockbenchWifiState *s, struct wifi_link *r)
{
    const WifiStation *st = &s->station;
    const WifiNetwork *ap = st->associated ? &st->ap : &st->target;

    if (st->state == WIFI_STATION_IDLE) {
        return;
    }
    sockbench_wifi_loss_settle(s);
    r->station = st->state;
    r->ssid_bytes = st->ssid.size;
    memcpy(r->ssid, st->ssid.bytes, st->ssid.size);
    memcpy(r->bssid, ap->bssid, ETH_ALEN);
    r->channel = ap->channel;
    r->rssi = ap->dbm;
    r->security = st->security;
    r->power_save = st->power_save;
    r->aid = cpu_to_le16(st->associated ? st->aid : 0);
    r->beacon_tu = cpu_to_le16(ap->beacon_tu);
}

void sockbench_wifi_station_reset(SockbenchWifiState *s)
{
    memset(&s->station, 0, sizeof(s->station));
    s->station.last_sequence = WIFI_NO_SEQUENCE;
}
