/*
 * FullMAC wifi NIC of the sockbench board: its deadlines, and its random
 * numbers.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * All of the NIC's waiting is in one table of deadlines with one QEMU timer:
 * what is due at the same instant has an order then, always the same.
 */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "sockbench-wifi.h"
#include "trace.h"

/* So that the NIC's numbers are not the ones that the firmware draws. */
#define RANDOM_STREAM 0x77696669ull /* "wifi" */

/* Deadlines */

/*
 * The instant at which the NIC acts: of a deadline its own time, though it is
 * met up to 2^shift - 1 ns late, so that no lateness adds to another.
 */
int64_t sockbench_wifi_now(SockbenchWifiState *s)
{
    return s->due != WIFI_NEVER ? s->due
                                : qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static WifiTimer time_next_deadline(SockbenchWifiState *s)
{
    WifiTimer next = 0;
    WifiTimer i;

    for (i = 1; i < WIFI_TIMERS; i++) {
        if (s->deadline[i] < s->deadline[next]) {
            next = i;
        }
    }
    return next;
}

static void time_schedule(SockbenchWifiState *s)
{
    int64_t at = s->deadline[time_next_deadline(s)];

    if (at == WIFI_NEVER) {
        timer_del(s->timer);
    } else {
        timer_mod(s->timer, at);
    }
}

/* At a time that has passed means now. */
void sockbench_wifi_arm(SockbenchWifiState *s, WifiTimer which, int64_t at)
{
    s->deadline[which] = MAX(at, sockbench_wifi_now(s));
    time_schedule(s);
}

void sockbench_wifi_arm_after(SockbenchWifiState *s, WifiTimer which,
                              int64_t ns)
{
    sockbench_wifi_arm(s, which, sockbench_wifi_now(s) + ns);
}

void sockbench_wifi_disarm(SockbenchWifiState *s, WifiTimer which)
{
    s->deadline[which] = WIFI_NEVER;
    time_schedule(s);
}

void sockbench_wifi_disarm_all(SockbenchWifiState *s)
{
    WifiTimer i;

    for (i = 0; i < WIFI_TIMERS; i++) {
        s->deadline[i] = WIFI_NEVER;
    }
    timer_del(s->timer);
}

static void time_due(SockbenchWifiState *s, WifiTimer which)
{
    trace_sockbench_wifi_due(which);
    switch (which) {
    case WIFI_TIMER_COMMAND:
        sockbench_wifi_command_ends(s);
        break;
    case WIFI_TIMER_SCAN_BEACON:
        sockbench_wifi_scan_beacon_due(s);
        break;
    case WIFI_TIMER_SCAN_DWELL:
        sockbench_wifi_scan_dwell_ends(s);
        break;
    case WIFI_TIMER_PHASE:
        sockbench_wifi_phase_due(s);
        break;
    case WIFI_TIMER_JOIN:
        sockbench_wifi_join_due(s);
        break;
    case WIFI_TIMER_BEACON:
        sockbench_wifi_loss_beacon_due(s);
        break;
    case WIFI_TIMER_CHANNEL:
        sockbench_wifi_loss_channel_due(s);
        break;
    case WIFI_TIMER_LOSS:
        sockbench_wifi_loss_due(s);
        break;
    case WIFI_TIMER_AP_GROUP:
        sockbench_wifi_ap_group_due(s);
        break;
    default:
        sockbench_wifi_ap_handshake_due(s, which - WIFI_TIMER_AP);
        break;
    }
}

void sockbench_wifi_meet_deadlines(SockbenchWifiState *s)
{
    for (;;) {
        WifiTimer which = time_next_deadline(s);
        int64_t at = s->deadline[which];

        if (at > qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL)) {
            break;
        }
        if (s->link) {
            sockbench_link_check_lateness(s->link, at);
        }
        s->deadline[which] = WIFI_NEVER;
        s->due = at;
        time_due(s, which);
        s->due = WIFI_NEVER;
    }
    time_schedule(s);
}

static void time_timer(void *opaque)
{
    sockbench_wifi_meet_deadlines(opaque);
}

void sockbench_wifi_time_init(SockbenchWifiState *s)
{
    s->due = WIFI_NEVER;
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, time_timer, s);
}

/* Random numbers */

/* splitmix64, as the board's RANDOM register, but another stream. */
static uint64_t time_random(SockbenchWifiState *s)
{
    uint64_t z;

    s->random += 0x9e3779b97f4a7c15ull;
    z = s->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/* From the board's seed, so that a run can be had again. */
void sockbench_wifi_random_bytes(void *opaque, uint8_t *bytes, uint32_t size)
{
    uint64_t value = 0;
    uint32_t i;

    for (i = 0; i < size; i++) {
        if (i % 8 == 0) {
            value = time_random(opaque);
        }
        bytes[i] = value >> i % 8 * 8;
    }
}

void sockbench_wifi_random_reset(SockbenchWifiState *s)
{
    s->random = (s->link ? s->link->seed : s->seed) ^ RANDOM_STREAM;
}
