/*
 * FullMAC wifi NIC of the sockbench board: the station dozes, or is elsewhere.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Both are the same to the AP: Power Management says that frames have to be
 * kept (802.11-2020 11.2.3).  A station that is off the AP's channel, because
 * it scans, hears nothing of it and fetches nothing.  One in power save hears
 * every beacon; its TIM says whether to ask for a frame of our own, and whether
 * to stay awake for those of the group.
 */

#include "qemu/osdep.h"
#include "net/eth.h"
#include "sockbench-wifi.h"

#define AWAKE_NS (10 * (int64_t)SCALE_MS)

static void say_power(SockbenchWifiState *s, bool doze)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_null(frame, sockbench_wifi_own(s),
                                  s->station.ap.bssid, doze);

    sockbench_wifi_send(s, frame, size);
}

/* Off its channel and back */

void sockbench_wifi_leave_home(SockbenchWifiState *s, uint8_t channel)
{
    WifiStation *st = &s->station;

    if (st->associated && !st->away && channel != st->ap.channel) {
        say_power(s, true);
        sockbench_wifi_loss_settle(s);
        st->away = true;
        sockbench_wifi_loss_suspend(s);
    }
    sockbench_wifi_tune(s, channel);
}

void sockbench_wifi_return_home(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    if (sockbench_wifi_ap_is_up(s)) {
        sockbench_wifi_tune(s, s->ap.bss.channel);
        sockbench_wifi_data_flush(s);
    }
    if (!st->associated) {
        return;
    }
    sockbench_wifi_tune(s, st->ap.channel);
    if (st->away) {
        st->away = false;
        say_power(s, st->power_save);
        sockbench_wifi_loss_restart(s);
        sockbench_wifi_data_flush(s);
    }
}

/* A frame for somebody on that channel, from wherever we are. */
void sockbench_wifi_send_on(SockbenchWifiState *s, uint8_t channel,
                            uint8_t *frame, uint32_t size)
{
    uint8_t here = s->channel;

    s->channel = channel;
    sockbench_wifi_send(s, frame, size);
    s->channel = here;
}

/* Power save */

static bool power_dozes(SockbenchWifiState *s)
{
    const WifiStation *st = &s->station;

    return st->power_save && st->state == WIFI_STATION_CONNECTED &&
           !st->probing && s->scan.kind == WIFI_SCAN_NONE;
}

void sockbench_wifi_set_power_save(SockbenchWifiState *s, bool on)
{
    WifiStation *st = &s->station;

    if (st->power_save == on) {
        return;
    }
    st->power_save = on;
    st->polling = false;
    st->group_awake = false;
    /* On another channel it is said on the way back. */
    if (st->state == WIFI_STATION_CONNECTED && !st->away) {
        say_power(s, on);
    }
    sockbench_wifi_loss_update(s);
}

/* Just connected, so awake. */
void sockbench_wifi_power_begin(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    st->polling = false;
    st->group_awake = false;
    st->awake_until = 0;
    if (st->power_save) {
        say_power(s, true);
    }
}

/*
 * A data frame of the station: what it says of power save.  To the AP sending
 * is no waking up; but an AP that does not know us says so at once, and one
 * that did not hear it would never learn.
 */
uint8_t sockbench_wifi_power_sends(SockbenchWifiState *s)
{
    WifiStation *st = &s->station;

    if (!st->power_save || st->state != WIFI_STATION_CONNECTED) {
        return 0;
    }
    st->awake_until = sockbench_wifi_now(s) + AWAKE_NS;
    return WIFI_FLAG_POWER;
}

static void power_poll(SockbenchWifiState *s)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size = wifi_put_ps_poll(frame, sockbench_wifi_own(s),
                                     s->station.ap.bssid, s->station.aid);

    s->station.polling = true;
    frame[1] |= WIFI_FLAG_POWER; /* it dozes on afterwards */
    sockbench_wifi_send(s, frame, size);
}

/* Whether the next beacons tell us to do something; else none is looked at. */
bool sockbench_wifi_power_wants(SockbenchWifiState *s, const WifiBeacons *b)
{
    WifiTim tim;

    return power_dozes(s) &&
           wifi_tim_parse(&tim, s->station.aid, b->frame, b->size) &&
           (tim.unicast || tim.group);
}

void sockbench_wifi_power_hear_beacon(SockbenchWifiState *s,
                                      const WifiHeard *heard)
{
    WifiStation *st = &s->station;
    WifiTim tim;

    if (!power_dozes(s) ||
        !wifi_tim_parse(&tim, st->aid, heard->frame, heard->size)) {
        return;
    }
    st->group_awake = tim.group;
    st->polling = tim.unicast;
    if (tim.unicast) {
        power_poll(s);
    }
}

/*
 * Whether we are awake for a frame that is no beacon; what it says of those
 * behind it is taken note of.
 */
bool sockbench_wifi_power_hears(SockbenchWifiState *s, const WifiHeard *heard)
{
    WifiStation *st = &s->station;
    const WifiHeader *header = &heard->header;
    bool more = header->flags & WIFI_FLAG_MORE_DATA;

    if (!power_dozes(s) || header->fc == WIFI_FC_BEACON) {
        return true;
    }
    if (heard->at < st->awake_until && !st->polling && !st->group_awake) {
        return true;
    }
    if (!sockbench_wifi_from_our_ap(s, header->transmitter)) {
        return false;
    }
    if (is_multicast_ether_addr(header->receiver)) {
        bool awake = st->group_awake;

        st->group_awake = awake && more;
        return awake;
    }
    if (!st->polling) {
        return false;
    }
    st->polling = false;
    if (more) {
        power_poll(s);
    }
    return true;
}
