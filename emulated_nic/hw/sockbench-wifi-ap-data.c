/*
 * FullMAC wifi NIC of the sockbench board: data of the soft AP.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Frames of one station for another are passed on here; what is for a group, or
 * for nobody known, goes up to the MAC.  What is for a station that dozes is
 * kept, as Ethernet frames, because a packet number is given when a frame is
 * sent; the TIM tells the station.  Group frames wait for the next beacon while
 * any station dozes; every beacon is a DTIM.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "net/eth.h"
#include "sockbench-wifi.h"

/* Right after a beacon: a short interframe space (802.11-2020 table 18-5). */
#define SIFS_NS  (10 * (int64_t)SCALE_US)

#define GROUP    0 /* in a kept frame, where stations have their AID */

static uint8_t ap_aid(SockbenchWifiState *s, const WifiApStation *station)
{
    return station - s->ap.stations + 1;
}

/* To the air */

/* One frame, now; to whom: an authorized station, or, with NULL, all. */
static void ap_transmit(SockbenchWifiState *s, WifiApStation *to,
                        const uint8_t *ethernet, uint32_t size, bool more)
{
    WifiKey *key = to ? &to->key : &s->ap.group;
    uint8_t frame[WIFI_FRAME_BYTES];
    uint32_t bytes = wifi_data_from_ethernet(frame, WIFI_FLAG_FROM_DS,
                                             s->ap.bss.bssid, ethernet, size);

    if (bytes) {
        frame[1] |= more ? WIFI_FLAG_MORE_DATA : 0;
        if (key->there) {
            bytes = wifi_ccmp_seal(key, frame, bytes);
        }
    }
    if (bytes) {
        sockbench_wifi_send_on(s, s->ap.bss.channel, frame, bytes);
    }
}

static unsigned int ap_kept_for(SockbenchWifiState *s, uint8_t aid)
{
    unsigned int count = 0;
    int i;

    for (i = 0; i < s->ap.kept_count; i++) {
        count += s->ap.kept[i].aid == aid;
    }
    return count;
}

/* Bit n: frames are kept for AID n; bit 0: for the group. */
uint32_t sockbench_wifi_ap_waiting(SockbenchWifiState *s)
{
    uint32_t waiting = 0;
    int i;

    for (i = 0; i < s->ap.kept_count; i++) {
        waiting |= 1u << s->ap.kept[i].aid;
    }
    return waiting;
}

/* One that finds no room is lost. */
static void ap_keep(SockbenchWifiState *s, uint8_t aid,
                    const uint8_t *ethernet, uint32_t size)
{
    WifiApKept *kept;

    if (s->ap.kept_count == WIFI_AP_KEPT || size > sizeof(kept->ethernet)) {
        return;
    }
    kept = &s->ap.kept[s->ap.kept_count++];
    kept->aid = aid;
    kept->size = size;
    memcpy(kept->ethernet, ethernet, size);
    if (ap_kept_for(s, aid) == 1) {
        sockbench_wifi_ap_show(s);
    }
    if (aid == GROUP && s->deadline[WIFI_TIMER_AP_GROUP] == WIFI_NEVER) {
        int64_t interval = s->ap.bss.beacon_tu * WIFI_TU_NS;
        int64_t since = sockbench_wifi_now(s) - s->ap.first;

        sockbench_wifi_arm(s, WIFI_TIMER_AP_GROUP,
                           s->ap.first + (since / interval + 1) * interval +
                           SIFS_NS);
    }
}

/* Send the oldest kept frame of these; false: there is none. */
static bool ap_release(SockbenchWifiState *s, uint8_t aid)
{
    WifiApStation *to = aid == GROUP ? NULL : &s->ap.stations[aid - 1];
    g_autofree WifiApKept *kept = NULL;
    int i;

    for (i = 0; i < s->ap.kept_count && s->ap.kept[i].aid != aid; i++) {
        /* Look on. */
    }
    if (i == s->ap.kept_count) {
        return false;
    }
    kept = g_memdup2(&s->ap.kept[i], sizeof(*kept));
    s->ap.kept_count--;
    memmove(&s->ap.kept[i], &s->ap.kept[i + 1],
            (s->ap.kept_count - i) * sizeof(*kept));
    ap_transmit(s, to, kept->ethernet, kept->size, ap_kept_for(s, aid));
    return true;
}

/* It is awake: it gets what was kept, or, if it is gone, nobody does. */
void sockbench_wifi_ap_wakes(SockbenchWifiState *s, WifiApStation *station,
                             bool deliver)
{
    uint8_t aid = ap_aid(s, station);
    int before = s->ap.kept_count;
    int i, left;

    station->dozes = false;
    if (deliver) {
        while (ap_release(s, aid)) {
            /* One after the other. */
        }
    } else {
        for (i = 0, left = 0; i < s->ap.kept_count; i++) {
            if (s->ap.kept[i].aid != aid) {
                s->ap.kept[left++] = s->ap.kept[i];
            }
        }
        s->ap.kept_count = left;
    }
    if (s->ap.kept_count != before) {
        sockbench_wifi_ap_show(s);
    }
}

void sockbench_wifi_ap_group_due(SockbenchWifiState *s)
{
    while (ap_release(s, GROUP)) {
        /* One after the other. */
    }
    sockbench_wifi_ap_show(s);
}

static bool ap_anybody(SockbenchWifiState *s, const WifiApStation *but,
                       bool dozing)
{
    int i;

    for (i = 0; i < WIFI_AP_ENTRIES; i++) {
        const WifiApStation *one = &s->ap.stations[i];

        if (one != but && one->authorized && (!dozing || one->dozes)) {
            return true;
        }
    }
    return false;
}

/* To one station, or to all. */
static void ap_give(SockbenchWifiState *s, WifiApStation *to,
                    const uint8_t *ethernet, uint32_t size)
{
    if (to ? to->dozes : ap_anybody(s, NULL, true)) {
        ap_keep(s, to ? ap_aid(s, to) : GROUP, ethernet, size);
    } else {
        ap_transmit(s, to, ethernet, size, false);
    }
}

/* A frame of the MAC.  One for nobody is lost. */
void sockbench_wifi_ap_send(SockbenchWifiState *s, const uint8_t *ethernet,
                            uint32_t size)
{
    WifiApStation *to;

    if (is_multicast_ether_addr(ethernet)) {
        if (ap_anybody(s, NULL, false)) {
            ap_give(s, NULL, ethernet, size);
        }
        return;
    }
    to = sockbench_wifi_ap_station(s, ethernet);
    if (to && to->authorized) {
        ap_give(s, to, ethernet, size);
    } else if (to) {
        s->regs[R_WIFI_STAT_TX_BLOCKED]++;
    }
}

void sockbench_wifi_ap_send_eapol(SockbenchWifiState *s, WifiApStation *to,
                                  const uint8_t *eapol, uint32_t bytes)
{
    uint8_t ethernet[ETH_HLEN + WIFI_EAPOL_BYTES];
    uint32_t size = sockbench_wifi_put_eapol(s, ethernet, to->mac, eapol,
                                             bytes);

    ap_give(s, to, ethernet, size);
}

/* From the air */

/* A frame that came through: up to the MAC, on to another station, or both. */
static void ap_distribute(SockbenchWifiState *s, const WifiApStation *from,
                          const uint8_t *ethernet, uint32_t size)
{
    WifiApStation *to;

    if (is_multicast_ether_addr(ethernet)) {
        if (ap_anybody(s, from, false)) {
            ap_give(s, NULL, ethernet, size);
        }
        sockbench_wifi_data_to_mac(s, ethernet, size);
        return;
    }
    to = sockbench_wifi_ap_station(s, ethernet);
    if (to && to->authorized) {
        ap_give(s, to, ethernet, size);
    } else {
        sockbench_wifi_data_to_mac(s, ethernet, size);
    }
}

static void ap_take(SockbenchWifiState *s, WifiApStation *from,
                    const WifiHeard *heard)
{
    bool encrypted = heard->header.flags & WIFI_FLAG_PROTECTED;
    uint8_t plain[WIFI_FRAME_BYTES];
    uint8_t ethernet[WIFI_FRAME_BYTES];
    uint32_t size = heard->size;

    if (encrypted) {
        size = sockbench_wifi_open(s, &from->key, heard, plain);
    } else {
        memcpy(plain, heard->frame, heard->size);
    }
    if (!size) {
        return;
    }
    size = wifi_data_to_ethernet(ethernet, plain, size);
    /* What is passed on may need a key's header and MIC in the same room. */
    if (!size || size > ETH_HLEN + WIFI_MSDU_BYTES) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_MALFORMED);
        return;
    }
    if (lduw_be_p(ethernet + 2 * ETH_ALEN) == WIFI_ETHERTYPE_EAPOL) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
        if (s->ap.bss.wpa2) {
            wifi_authenticator_receive(&from->authenticator,
                                       ethernet + ETH_HLEN, size - ETH_HLEN,
                                       encrypted);
        }
    } else if (!encrypted && s->ap.bss.wpa2) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_PLAINTEXT);
    } else if (from->authorized) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
        ap_distribute(s, from, ethernet, size);
    } else {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
    }
}

void sockbench_wifi_ap_hear_data(SockbenchWifiState *s, const WifiHeard *heard)
{
    const WifiHeader *header = &heard->header;
    WifiApStation *from = sockbench_wifi_ap_station(s, header->transmitter);
    bool poll = header->fc == WIFI_FC_PS_POLL;
    bool dozes = header->flags & WIFI_FLAG_POWER;

    if (s->channel != s->ap.bss.channel || !header->bssid ||
        memcmp(header->bssid, s->ap.bss.bssid, ETH_ALEN) != 0 ||
        (!poll && !(header->flags & WIFI_FLAG_TO_DS))) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
        return;
    }
    if (!from || !from->associated) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
        sockbench_wifi_ap_rebuke(s, header->transmitter);
        return;
    }
    if (!poll &&
        sockbench_wifi_is_duplicate(s, &from->last_sequence, header)) {
        return;
    }
    from->dbm = heard->dbm;
    if (poll) {
        if (header->aid == ap_aid(s, from) && ap_release(s, header->aid) &&
            !ap_kept_for(s, header->aid)) {
            sockbench_wifi_ap_show(s);
        }
    } else if (from->dozes && !dozes) {
        sockbench_wifi_ap_wakes(s, from, true);
    } else {
        from->dozes = dozes;
    }
    if (poll || header->fc == WIFI_FC_NULL ||
        header->fc == WIFI_FC_QOS_NULL) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
    } else {
        ap_take(s, from, heard);
    }
}
