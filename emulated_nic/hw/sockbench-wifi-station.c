/*
 * FullMAC wifi NIC of the sockbench board: the station.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Its state, its commands, and the frames that its AP has for it.  How it joins
 * is in sockbench-wifi-join.c, how it stays with its AP, or loses it, in
 * sockbench-wifi-loss.c.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "net/eth.h"
#include "sockbench-wifi.h"
#include "trace.h"

uint8_t sockbench_wifi_station_state(SockbenchWifiState *s)
{
    return s->station.state;
}

void sockbench_wifi_station_enter(SockbenchWifiState *s, uint8_t state)
{
    trace_sockbench_wifi_station(s->station.state, state);
    s->station.state = state;
}

void sockbench_wifi_say_deauth(SockbenchWifiState *s, const WifiNetwork *ap,
                               uint16_t reason)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_leave(frame, WIFI_FC_DEAUTH,
                                   sockbench_wifi_own(s), ap->bssid,
                                   ap->bssid, reason);

    sockbench_wifi_send_on(s, ap->channel, frame, size);
}

/* Nothing of the network is left, keys least of all. */
void sockbench_wifi_station_forget(SockbenchWifiState *s)
{
    sockbench_wifi_station_enter(s, WIFI_STATION_IDLE);
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
    sockbench_wifi_station_forget(s);
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_LINK,
        .reason = reason,
        .flags = flags,
        .address = bssid,
    });
}

void sockbench_wifi_station_connected(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    sockbench_wifi_join_over(s);
    st->roaming = false;
    st->reassociating = false;
    sockbench_wifi_station_enter(s, WIFI_STATION_CONNECTED);
    sockbench_wifi_tell_join(s, WIFI_JOIN_OK, 0, 0);
    sockbench_wifi_loss_restart(s);
    sockbench_wifi_set_carrier(s, true);
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_LINK,
        .flags = WIFI_EVENT_FLAG_UP,
        .address = st->ap.bssid,
    });
    sockbench_wifi_power_begin(s);
    sockbench_wifi_data_flush(s);
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
    } else if (sockbench_wifi_in_handshake(st)) {
        sockbench_wifi_join_fail(s, WIFI_JOIN_KEY_REFUSED, reason, 0);
    } else if (!ours) {
        sockbench_wifi_join_fail(s, WIFI_JOIN_DEAUTH, reason, 0);
    } else {
        if (st->roaming) {
            sockbench_wifi_join_over(s);
            sockbench_wifi_tell_join(s, WIFI_JOIN_DEAUTH, reason, 0);
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
        sockbench_wifi_join_hear_auth(s, heard);
        break;
    case WIFI_FC_ASSOC_RESPONSE:
    case WIFI_FC_REASSOC_RESPONSE:
        sockbench_wifi_join_hear_assoc(s, heard);
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
    sockbench_wifi_join_begins(s, p->channel);
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
    sockbench_wifi_join_begins(s, channel);
}

void sockbench_wifi_disconnect(SockbenchWifiState *s, uint16_t reason)
{
    WifiStation *st = &s->station;

    if (st->state == WIFI_STATION_IDLE) {
        return;
    }
    if (st->state != WIFI_STATION_CONNECTED) {
        bool known = st->state >= WIFI_STATION_ASSOC;

        sockbench_wifi_join_over(s);
        if (known) {
            sockbench_wifi_say_deauth(s, &st->target, reason);
        }
        sockbench_wifi_tell_join(s, WIFI_JOIN_ABORTED, reason,
                                 WIFI_EVENT_FLAG_LOCAL);
        if (!st->roaming) {
            sockbench_wifi_station_forget(s);
            return;
        }
    }
    if (!st->reassociating) {
        sockbench_wifi_say_deauth(s, &st->ap, reason);
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
