/*
 * FullMAC wifi NIC of the sockbench board: what comes from the air and goes
 * there.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Port 1 of the link (docs/link-protocol.md, "Air").  Frames arrive as they
 * are; beacons are declared, and whoever listens computes from the declaration
 * which of them it would have heard, so that a beacon nobody waits for costs
 * nothing.  Declarations describe the medium, not the NIC: they come and go
 * while the radio is off, and a reset of the radio does not touch them.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "net/eth.h"
#include "sockbench-link-wire.h"
#include "sockbench-wifi.h"
#include "trace.h"

#define AIR_HEADER_BYTES   4u
#define AIR_FRAME          0
#define AIR_BEACONS        1
#define AIR_NO_BEACONS     2
#define BEACONS_HEADER     16u /* first, interval, zero */
#define NO_BEACONS_BYTES   8u

#define SEND_DBM           20
#define RATE_MANAGEMENT    2    /* 1 Mbit/s, the lowest basic rate */
#define RATE_DATA          108  /* 54 Mbit/s */

const uint8_t *sockbench_wifi_own(SockbenchWifiState *s)
{
    return s->mac.conf.macaddr.a;
}

/* To the air */

/* The frame without FCS; its sequence number is given to it here. */
void sockbench_wifi_send(SockbenchWifiState *s, uint8_t *frame, uint32_t size)
{
    uint8_t bytes[AIR_HEADER_BYTES + WIFI_FRAME_BYTES];
    uint8_t type = frame[0] & WIFI_FC_TYPE;

    if (s->radio_off || s->failed) {
        return;
    }
    assert(size <= WIFI_FRAME_BYTES);
    if (type != WIFI_FC_TYPE_CONTROL) {
        stw_le_p(frame + 22, s->sequence << 4);
        s->sequence = (s->sequence + 1) & 0xfff;
    }
    s->regs[R_WIFI_STAT_TX_FRAMES]++;
    trace_sockbench_wifi_send(frame[0], size, s->channel);
    if (!s->link) {
        return;
    }
    bytes[0] = AIR_FRAME;
    bytes[1] = s->channel;
    bytes[2] = SEND_DBM;
    bytes[3] = type == WIFI_FC_TYPE_DATA ? RATE_DATA : RATE_MANAGEMENT;
    memcpy(bytes + AIR_HEADER_BYTES, frame, size);
    sockbench_link_transmit(s->link, SOCKBENCH_LINK_WIFI, bytes,
                            AIR_HEADER_BYTES + size);
}

/* Our own beacons, as a soft AP.  The template is as it is sent. */
void sockbench_wifi_declare(SockbenchWifiState *s, uint8_t channel,
                            const uint8_t *beacon, uint32_t size,
                            int64_t first, uint32_t interval_us)
{
    uint8_t bytes[AIR_HEADER_BYTES + BEACONS_HEADER + WIFI_BEACON_BYTES] = { };

    if (!s->link || s->radio_off || s->failed) {
        return;
    }
    assert(size <= WIFI_BEACON_BYTES);
    bytes[0] = AIR_BEACONS;
    bytes[1] = channel;
    bytes[2] = SEND_DBM;
    bytes[3] = RATE_MANAGEMENT;
    stq_le_p(bytes + 4, first - s->link->base);
    stl_le_p(bytes + 12, interval_us);
    memcpy(bytes + AIR_HEADER_BYTES + BEACONS_HEADER, beacon, size);
    sockbench_link_transmit(s->link, SOCKBENCH_LINK_WIFI, bytes,
                            AIR_HEADER_BYTES + BEACONS_HEADER + size);
}

void sockbench_wifi_declare_no_more(SockbenchWifiState *s)
{
    uint8_t bytes[AIR_HEADER_BYTES + NO_BEACONS_BYTES] = { };

    if (!s->link || s->radio_off || s->failed) {
        return;
    }
    bytes[0] = AIR_NO_BEACONS;
    bytes[1] = s->channel;
    bytes[2] = SEND_DBM;
    bytes[3] = RATE_MANAGEMENT;
    memcpy(bytes + AIR_HEADER_BYTES, sockbench_wifi_own(s), ETH_ALEN);
    sockbench_link_transmit(s->link, SOCKBENCH_LINK_WIFI, bytes,
                            sizeof(bytes));
}

/* Declared beacons */

/* The first beacon at that time or later. */
int64_t sockbench_wifi_beacon_next(const WifiBeacons *b, int64_t from)
{
    from = MAX(from, b->since);
    if (from <= b->first) {
        return b->first;
    }
    return b->first + DIV_ROUND_UP(from - b->first, b->interval) * b->interval;
}

/* The last one before that time, or -1: there was none. */
int64_t sockbench_wifi_beacon_last(const WifiBeacons *b, int64_t before)
{
    int64_t last;

    if (before <= b->first) {
        return -1;
    }
    last = b->first + (before - 1 - b->first) / b->interval * b->interval;
    return last >= b->since ? last : -1;
}

WifiBeacons *sockbench_wifi_beacons_of(SockbenchWifiState *s,
                                       const uint8_t *bssid)
{
    int i;

    for (i = 0; i < WIFI_BEACONS_MAX; i++) {
        if (s->beacons[i].used &&
            memcmp(s->beacons[i].bssid, bssid, ETH_ALEN) == 0) {
            return &s->beacons[i];
        }
    }
    return NULL;
}

static WifiBeacons *beacons_free_slot(SockbenchWifiState *s)
{
    int i;

    for (i = 0; i < WIFI_BEACONS_MAX; i++) {
        if (!s->beacons[i].used) {
            return &s->beacons[i];
        }
    }
    return NULL;
}

/* Whoever counts beacons has to count those so far before they change. */
static void air_will_change(SockbenchWifiState *s)
{
    sockbench_wifi_loss_settle(s);
}

static void air_has_changed(SockbenchWifiState *s)
{
    sockbench_wifi_scan_air_changed(s);
    sockbench_wifi_loss_update(s);
}

static uint8_t air_declare(SockbenchWifiState *s, const uint8_t *data,
                           uint32_t size)
{
    const uint8_t *frame = data + AIR_HEADER_BYTES + BEACONS_HEADER;
    uint64_t first;
    uint32_t interval_us;
    WifiBeacons *b;

    if (size <= AIR_HEADER_BYTES + BEACONS_HEADER ||
        size > AIR_HEADER_BYTES + BEACONS_HEADER + WIFI_BEACON_BYTES ||
        frame[0] != WIFI_FC_BEACON ||
        !wifi_frame_is_whole(frame, size - AIR_HEADER_BYTES -
                                    BEACONS_HEADER)) {
        return DROP_UNKNOWN;
    }
    first = ldq_le_p(data + 4);
    interval_us = ldl_le_p(data + 12);
    if (first > INT64_MAX / 2 || interval_us == 0 || ldl_le_p(data + 16)) {
        return DROP_UNKNOWN;
    }
    b = sockbench_wifi_beacons_of(s, frame + 16);
    if (!b) {
        b = beacons_free_slot(s);
    }
    if (!b) {
        return DROP_NOT_RECEIVING;
    }
    air_will_change(s);
    b->used = true;
    memcpy(b->bssid, frame + 16, ETH_ALEN);
    b->channel = data[1];
    b->dbm = data[2];
    b->since = sockbench_wifi_now(s);
    b->first = s->link->base + first;
    b->interval = interval_us * (int64_t)SCALE_US;
    b->size = size - AIR_HEADER_BYTES - BEACONS_HEADER;
    memcpy(b->frame, frame, b->size);
    trace_sockbench_wifi_beacons(b->channel, b->first, interval_us);
    sockbench_wifi_loss_declared(s, b->bssid);
    air_has_changed(s);
    return 0;
}

static uint8_t air_declare_no_more(SockbenchWifiState *s, const uint8_t *data,
                                   uint32_t size)
{
    WifiBeacons *b;

    if (size != AIR_HEADER_BYTES + NO_BEACONS_BYTES || lduw_le_p(data + 10)) {
        return DROP_UNKNOWN;
    }
    b = sockbench_wifi_beacons_of(s, data + AIR_HEADER_BYTES);
    if (b) {
        air_will_change(s);
        b->used = false;
        air_has_changed(s);
    }
    return 0;
}

/* From the air */

void sockbench_wifi_rx_count(SockbenchWifiState *s, unsigned int counter)
{
    trace_sockbench_wifi_rx_count(counter * 4);
    s->regs[counter]++;
}

/* A frame that was sent again, though it had come (802.11-2020 10.3.2.14). */
bool sockbench_wifi_is_duplicate(SockbenchWifiState *s, uint32_t *last,
                                 const WifiHeader *header)
{
    uint16_t control = header->sequence << 4 | header->fragment;
    bool again = (header->flags & WIFI_FLAG_RETRY) && control == *last;

    *last = control;
    if (again) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_DUPLICATE);
    }
    return again;
}

static void air_hear_network(SockbenchWifiState *s, const WifiHeard *heard)
{
    WifiNetwork network;

    if (!wifi_network_parse(&network, heard->frame, heard->size)) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_MALFORMED);
        return;
    }
    /* Where it was heard: a frame may say nothing, or a neighbour's channel. */
    network.channel = s->channel;
    network.dbm = heard->dbm;
    if (sockbench_wifi_from_our_ap(s, network.bssid)) {
        sockbench_wifi_loss_hear_network(s, heard);
    }
    sockbench_wifi_scan_hears(s, &network);
}

static void air_hear_management(SockbenchWifiState *s, const WifiHeard *heard)
{
    switch (heard->header.fc) {
    case WIFI_FC_BEACON:
    case WIFI_FC_PROBE_RESPONSE:
        air_hear_network(s, heard);
        break;
    default:
        if (sockbench_wifi_ap_is_up(s)) {
            sockbench_wifi_ap_hear(s, heard);
        } else {
            sockbench_wifi_station_hear(s, heard);
        }
        break;
    }
}

/* A frame on our channel, on its own or because a beacon was due. */
void sockbench_wifi_hear(SockbenchWifiState *s, const uint8_t *frame,
                         uint32_t size, int8_t dbm)
{
    WifiHeard heard = {
        .frame = frame,
        .size = size,
        .dbm = dbm,
        .at = sockbench_wifi_now(s),
    };

    trace_sockbench_wifi_hear(size ? frame[0] : 0, size, s->channel, dbm);
    if (size && sockbench_wifi_fault_takes_type(s, WIFI_FAULT_DEAF,
                                                frame[0])) {
        return;
    }
    if (!wifi_header_parse(&heard.header, frame, size) ||
        !wifi_frame_is_whole(frame, size)) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_MALFORMED);
    } else if (!is_multicast_ether_addr(heard.header.receiver) &&
               memcmp(heard.header.receiver, sockbench_wifi_own(s),
                      ETH_ALEN) != 0) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
    } else if (!sockbench_wifi_power_hears(s, &heard)) {
        return;
    } else if ((frame[0] & WIFI_FC_TYPE) == WIFI_FC_TYPE_MANAGEMENT) {
        air_hear_management(s, &heard);
    } else if (sockbench_wifi_ap_is_up(s)) {
        sockbench_wifi_ap_hear_data(s, &heard);
    } else if ((frame[0] & WIFI_FC_TYPE) == WIFI_FC_TYPE_DATA) {
        sockbench_wifi_data_hear(s, &heard);
    } else {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
    }
}

uint8_t sockbench_wifi_air_deliver(Object *obj, const uint8_t *data,
                                   uint32_t size)
{
    SockbenchWifiState *s = SOCKBENCH_WIFI(obj);

    if (size < AIR_HEADER_BYTES || data[1] < 1 || data[1] > WIFI_CHANNELS) {
        return DROP_UNKNOWN;
    }
    switch (data[0]) {
    case AIR_FRAME:
        if (size > AIR_HEADER_BYTES + WIFI_FRAME_BYTES) {
            return DROP_UNKNOWN;
        }
        if (s->radio_off) {
            return DROP_LINK_DOWN;
        }
        if (s->failed) {
            return DROP_NOT_RECEIVING;
        }
        /* What is due in this instant comes before what is heard in it. */
        sockbench_wifi_meet_deadlines(s);
        if (data[1] == s->channel) {
            sockbench_wifi_hear(s, data + AIR_HEADER_BYTES,
                                size - AIR_HEADER_BYTES, data[2]);
        }
        return 0;
    case AIR_BEACONS:
        return air_declare(s, data, size);
    case AIR_NO_BEACONS:
        return air_declare_no_more(s, data, size);
    default:
        return DROP_UNKNOWN;
    }
}

/* The radio */

void sockbench_wifi_tune(SockbenchWifiState *s, uint8_t channel)
{
    if (s->channel != channel) {
        air_will_change(s);
        s->channel = channel;
        air_has_changed(s);
    }
}

void sockbench_wifi_air_set_radio(SockbenchWifiState *s, bool on)
{
    if (s->radio_off == on) {
        if (!on && sockbench_wifi_ap_is_up(s)) {
            sockbench_wifi_declare_no_more(s);
        }
        air_will_change(s);
        s->radio_off = !on;
        s->scan.from = sockbench_wifi_now(s);
        air_has_changed(s);
        if (on) {
            sockbench_wifi_ap_show(s);
        }
    }
}

/* The fault "deaf" may have been armed or disarmed. */
void sockbench_wifi_air_fault_armed(SockbenchWifiState *s)
{
    air_will_change(s);
    air_has_changed(s);
}

void sockbench_wifi_air_reset(SockbenchWifiState *s)
{
    int i;

    for (i = 0; i < WIFI_BEACONS_MAX; i++) {
        s->beacons[i].used = false;
    }
}
