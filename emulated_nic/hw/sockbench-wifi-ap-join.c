/*
 * FullMAC wifi NIC of the sockbench board: how one joins the soft AP.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Answers are given as hostapd gives them.  There are more entries than
 * stations may associate, because one has to authenticate before it can be told
 * that there is no room; of those that never went on the one that came first
 * makes room for another.  The handshake itself is in
 * sockbench-wifi-authenticator.c.
 */

#include "qemu/osdep.h"
#include "net/eth.h"
#include "sockbench-wifi.h"
#include "trace.h"

/* Entries */

/* A free entry, or that of the one which came first and never went on. */
static WifiApStation *ap_new_entry(SockbenchWifiState *s, const uint8_t *mac)
{
    WifiApStation *entry = NULL;
    int i;

    for (i = 0; i < WIFI_AP_ENTRIES; i++) {
        WifiApStation *one = &s->ap.stations[i];

        if (!one->known) {
            entry = one;
            break;
        }
        if (!one->associated && (!entry || one->came < entry->came)) {
            entry = one;
        }
    }
    entry->known = true;
    entry->came = s->ap.came++;
    entry->last_sequence = WIFI_NO_SEQUENCE;
    memcpy(entry->mac, mac, ETH_ALEN);
    return entry;
}

static void ap_joined(SockbenchWifiState *s, WifiApStation *station)
{
    station->authorized = true;
    trace_sockbench_wifi_ap_station(station - s->ap.stations + 1, true);
    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_AP_JOINED,
        .address = station->mac,
    });
}

/* What the authenticator asks for */

static void authenticator_send(void *opaque, const uint8_t *eapol,
                               uint32_t bytes)
{
    WifiApStation *station = opaque;

    sockbench_wifi_ap_send_eapol(station->nic, station, eapol, bytes);
}

static void authenticator_random(void *opaque, uint8_t *bytes, uint32_t size)
{
    WifiApStation *station = opaque;

    sockbench_wifi_random_bytes(station->nic, bytes, size);
}

static void authenticator_group_key(void *opaque, WifiGroupKey *key)
{
    const WifiApStation *station = opaque;
    const WifiKey *group = &station->nic->ap.group;

    key->id = group->id;
    key->sent = group->sent;
    memcpy(key->gtk, group->tk, WIFI_TK_BYTES);
}

static void authenticator_install(void *opaque,
                                  const uint8_t tk[WIFI_TK_BYTES])
{
    WifiApStation *station = opaque;

    wifi_key_set(&station->key, 0, tk, 0);
}

static void authenticator_arm(void *opaque, int64_t ns)
{
    WifiApStation *station = opaque;
    SockbenchWifiState *s = station->nic;
    WifiTimer timer = WIFI_TIMER_AP + (station - s->ap.stations);

    if (ns) {
        sockbench_wifi_arm_after(s, timer, ns);
    } else {
        sockbench_wifi_disarm(s, timer);
    }
}

static void authenticator_done(void *opaque)
{
    WifiApStation *station = opaque;

    if (!station->authorized) {
        ap_joined(station->nic, station);
    }
}

static void authenticator_group_done(void *opaque)
{
    /* Nobody asks this AP for another group key. */
}

static void authenticator_failed(void *opaque, uint16_t reason)
{
    WifiApStation *station = opaque;

    sockbench_wifi_ap_dismiss(station->nic, station, reason);
}

static void authenticator_ignored(void *opaque, WifiEapolBad why)
{
    WifiApStation *station = opaque;

    sockbench_wifi_eapol_ignored(station->nic, station->mac, why);
}

static const WifiAuthenticatorOps authenticator_ops = {
    .send = authenticator_send,
    .random = authenticator_random,
    .group_key = authenticator_group_key,
    .install_pairwise = authenticator_install,
    .arm = authenticator_arm,
    .done = authenticator_done,
    .group_done = authenticator_group_done,
    .failed = authenticator_failed,
    .ignored = authenticator_ignored,
};

void sockbench_wifi_ap_handshake_due(SockbenchWifiState *s, unsigned int index)
{
    wifi_authenticator_expired(&s->ap.stations[index].authenticator);
}

/* Frames of management */

static void hear_probe(SockbenchWifiState *s, const WifiHeard *heard)
{
    const WifiBss *bss = &s->ap.bss;
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size;
    WifiSsid ssid;

    if (!wifi_probe_request_parse(&ssid, heard->frame, heard->size) ||
        (ssid.size ? !wifi_ssid_equal(&ssid, &bss->ssid) : bss->hidden)) {
        return;
    }
    size = wifi_put_probe_response(frame, bss, heard->header.transmitter,
                                   (heard->at - s->ap.first) / SCALE_US);
    sockbench_wifi_ap_say(s, frame, size);
}

static void hear_auth(SockbenchWifiState *s, WifiApStation *station,
                      const WifiHeard *heard)
{
    const uint8_t *from = heard->header.transmitter;
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    WifiAuth auth;
    uint32_t size;

    if (!wifi_auth_parse(&auth, heard->frame, heard->size)) {
        return;
    }
    auth.status = auth.algorithm != WIFI_AUTH_OPEN ? WIFI_STATUS_ALGORITHM :
                  auth.transaction != 1 ? WIFI_STATUS_TRANSACTION :
                  WIFI_STATUS_OK;
    auth.transaction = 2;
    if (auth.status == WIFI_STATUS_OK) {
        if (station) {
            sockbench_wifi_ap_part(s, station, WIFI_REASON_AUTH_EXPIRED);
        } else {
            station = ap_new_entry(s, from);
        }
        station->dbm = heard->dbm;
    }
    size = wifi_put_auth(frame, sockbench_wifi_own(s), from, s->ap.bss.bssid,
                         &auth);
    sockbench_wifi_ap_say(s, frame, size);
}

/* Whether that may associate: a status code. */
static uint16_t judge_assoc(SockbenchWifiState *s,
                            const WifiAssocRequest *request)
{
    WifiRsn rsn;

    if (!wifi_ssid_equal(&request->ssid, &s->ap.bss.ssid)) {
        return WIFI_STATUS_UNSPECIFIED;
    }
    if (s->ap.bss.wpa2) {
        if (!request->rsn_bytes ||
            !wifi_rsn_parse(&rsn, request->rsn + 2, request->rsn_bytes - 2)) {
            return WIFI_STATUS_BAD_ELEMENT;
        }
        if (rsn.group != WIFI_SUITE_CCMP) {
            return WIFI_STATUS_BAD_GROUP;
        }
        if (rsn.pairwise_count != 1 || rsn.pairwise[0] != WIFI_SUITE_CCMP) {
            return WIFI_STATUS_BAD_PAIRWISE;
        }
        if (rsn.akm_count != 1 || rsn.akm[0] != WIFI_AKM_PSK) {
            return WIFI_STATUS_BAD_AKM;
        }
    }
    return sockbench_wifi_ap_associated(s) < s->ap.limit
           ? WIFI_STATUS_OK : WIFI_STATUS_TOO_MANY;
}

static void hear_assoc(SockbenchWifiState *s, WifiApStation *station,
                       const WifiHeard *heard)
{
    bool again = heard->header.fc == WIFI_FC_REASSOC_REQUEST;
    const uint8_t *from = heard->header.transmitter;
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint8_t rsn[WIFI_RSN_OWN_BYTES];
    WifiAssocRequest request;
    uint16_t status, aid;
    uint32_t size;

    if (!station) {
        sockbench_wifi_ap_send_off(s, from, WIFI_FC_DEAUTH,
                                   WIFI_REASON_CLASS_2);
        return;
    }
    if (!wifi_assoc_request_parse(&request, heard->frame, heard->size)) {
        return;
    }
    sockbench_wifi_ap_part(s, station, WIFI_REASON_AUTH_EXPIRED);
    status = judge_assoc(s, &request);
    aid = station - s->ap.stations + 1;
    size = wifi_put_assoc_response(frame, &s->ap.bss, from, again, status,
                                   status ? 0 : aid);
    station->associated = status == WIFI_STATUS_OK;
    sockbench_wifi_ap_say(s, frame, size);
    if (!station->associated) {
        return;
    }
    if (s->ap.bss.wpa2) {
        wifi_put_rsn(rsn);
        wifi_authenticator_start(&station->authenticator,
                                 sockbench_wifi_own(s), station->mac,
                                 s->ap.pmk, rsn, sizeof(rsn), request.rsn,
                                 request.rsn_bytes);
    } else {
        ap_joined(s, station);
    }
}

static void hear_leave(SockbenchWifiState *s, WifiApStation *station,
                       const WifiHeard *heard)
{
    uint16_t reason;

    if (!station || !wifi_reason_parse(&reason, heard->frame, heard->size)) {
        return;
    }
    if (heard->header.fc == WIFI_FC_DEAUTH) {
        sockbench_wifi_ap_forget(s, station, reason);
    } else {
        sockbench_wifi_ap_part(s, station, reason);
    }
}

void sockbench_wifi_ap_hear(SockbenchWifiState *s, const WifiHeard *heard)
{
    const WifiHeader *header = &heard->header;
    WifiApStation *station = sockbench_wifi_ap_station(s, header->transmitter);
    bool probe = header->fc == WIFI_FC_PROBE_REQUEST;

    if (s->channel != s->ap.bss.channel ||
        (!probe && memcmp(header->bssid, s->ap.bss.bssid, ETH_ALEN) != 0)) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
        return;
    }
    if (station &&
        sockbench_wifi_is_duplicate(s, &station->last_sequence, header)) {
        return;
    }
    sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
    switch (header->fc) {
    case WIFI_FC_PROBE_REQUEST:
        hear_probe(s, heard);
        break;
    case WIFI_FC_AUTH:
        hear_auth(s, station, heard);
        break;
    case WIFI_FC_ASSOC_REQUEST:
    case WIFI_FC_REASSOC_REQUEST:
        hear_assoc(s, station, heard);
        break;
    case WIFI_FC_DEAUTH:
    case WIFI_FC_DISASSOC:
        hear_leave(s, station, heard);
        break;
    default:
        break;
    }
}

/* Data or a PS-Poll of somebody who may not send it (802.11-2020 11.3.3). */
void sockbench_wifi_ap_rebuke(SockbenchWifiState *s, const uint8_t *sender)
{
    bool known = sockbench_wifi_ap_station(s, sender);

    sockbench_wifi_ap_send_off(s, sender,
                               known ? WIFI_FC_DISASSOC : WIFI_FC_DEAUTH,
                               WIFI_REASON_CLASS_3);
}

/* Life */

void sockbench_wifi_ap_init(SockbenchWifiState *s)
{
    int i;

    for (i = 0; i < WIFI_AP_ENTRIES; i++) {
        WifiApStation *station = &s->ap.stations[i];

        station->nic = s;
        wifi_authenticator_init(&station->authenticator, &authenticator_ops,
                                station);
    }
}
