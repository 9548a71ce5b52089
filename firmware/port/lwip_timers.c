/*
 * Starting and stopping entries of lwIP's table of cyclic timers (core/timeouts.c).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/lwip_timers.h"

#include <assert.h>
#include <stdint.h>

#include "lwip/acd.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/etharp.h"
#include "lwip/igmp.h"
#include "lwip/ip4_frag.h"
#include "lwip/ip6_frag.h"
#include "lwip/mld6.h"
#include "lwip/nd6.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"

#define HANDLERS_MAX 3
#define HEARTBEAT_MS 0x3fffffffu /* 12 days; lwIP's timers reach twice as far */

static const lwip_cyclic_timer_handler handlers[LWIP_TIMERS_USERS][HANDLERS_MAX] = {
    [LWIP_TIMERS_DHCP] = {dhcp_fine_tmr, dhcp_coarse_tmr, acd_tmr},
    [LWIP_TIMERS_IGMP] = {igmp_tmr},
    [LWIP_TIMERS_MLD] = {mld6_tmr},
    [LWIP_TIMERS_ND6] = {nd6_tmr},
    [LWIP_TIMERS_DNS] = {dns_tmr},
    [LWIP_TIMERS_TRAFFIC] = {ip_reass_tmr, etharp_tmr, ip6_reass_tmr},
};
static_assert(LWIP_TIMERS_TRAFFIC_S > ARP_MAXAGE && LWIP_TIMERS_TRAFFIC_S > IP_REASS_MAXAGE &&
                  LWIP_TIMERS_TRAFFIC_S > IPV6_REASS_MAXAGE,
              "nothing that traffic left behind is forgotten too late");
static uint32_t holds[LWIP_TIMERS_USERS];
static u32_t last_traffic_ms;

/* lwIP's table entry for a handler, in the form in which its timer function wants it. */
static void *entry_of(lwip_cyclic_timer_handler handler)
{
    for (int i = 0; i < lwip_num_cyclic_timers; i++) {
        if (lwip_cyclic_timers[i].handler == handler)
            return (void *)(uintptr_t)&lwip_cyclic_timers[i];
    }
    return NULL;
}

static void stop(enum lwip_timers_user user)
{
    for (int i = 0; i < HANDLERS_MAX && handlers[user][i] != NULL; i++)
        sys_untimeout(lwip_cyclic_timer, entry_of(handlers[user][i]));
}

static void start(enum lwip_timers_user user)
{
    for (int i = 0; i < HANDLERS_MAX && handlers[user][i] != NULL; i++) {
        const struct lwip_cyclic_timer *entry = entry_of(handlers[user][i]);
        assert(entry != NULL);
        u32_t past_ms = sys_now() % entry->interval_ms;
        sys_timeout(entry->interval_ms - past_ms, lwip_cyclic_timer, (void *)(uintptr_t)entry);
    }
}

/*
 * lwIP's thread cannot be told of a timer while it waits with none at all (tcpip_mbox_fetch
 * takes what wakes it for a message then), so there is always one, of no other use.
 */
static void heartbeat(void *unused)
{
    (void)unused;
    sys_timeout(HEARTBEAT_MS, heartbeat, NULL);
}

void lwip_timers_init(void)
{
    heartbeat(NULL);
    for (int user = 0; user < LWIP_TIMERS_USERS; user++)
        stop((enum lwip_timers_user)user);
}

void lwip_timers_hold(enum lwip_timers_user user)
{
    if (holds[user]++ == 0)
        start(user);
}

void lwip_timers_drop(enum lwip_timers_user user)
{
    assert(holds[user] > 0);
    if (--holds[user] == 0)
        stop(user);
}

/* Looks seldom, so that a frame costs no more than noting its time. */
static void stop_when_quiet(void *unused)
{
    u32_t quiet_ms = sys_now() - last_traffic_ms;
    (void)unused;
    if (quiet_ms >= LWIP_TIMERS_TRAFFIC_S * 1000u)
        lwip_timers_drop(LWIP_TIMERS_TRAFFIC);
    else
        sys_timeout(LWIP_TIMERS_TRAFFIC_S * 1000u - quiet_ms, stop_when_quiet, NULL);
}

void lwip_timers_traffic(void)
{
    last_traffic_ms = sys_now();
    if (holds[LWIP_TIMERS_TRAFFIC] == 0) {
        lwip_timers_hold(LWIP_TIMERS_TRAFFIC);
        sys_timeout(LWIP_TIMERS_TRAFFIC_S * 1000u, stop_when_quiet, NULL);
    }
}
