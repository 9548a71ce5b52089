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
#include "lwip/igmp.h"
#include "lwip/mld6.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"

#define HANDLERS_MAX 3

static const lwip_cyclic_timer_handler handlers[LWIP_TIMERS_USERS][HANDLERS_MAX] = {
    [LWIP_TIMERS_DHCP] = {dhcp_fine_tmr, dhcp_coarse_tmr, acd_tmr},
    [LWIP_TIMERS_IGMP] = {igmp_tmr},
    [LWIP_TIMERS_MLD] = {mld6_tmr},
};
static uint32_t holds[LWIP_TIMERS_USERS];

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

void lwip_timers_init(void)
{
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
