/*
 * lwIP's fast cyclic timers, run only while somebody needs them.
 *
 * By itself lwIP looks at address conflicts, IGMP and MLD ten times a second for
 * ever, which is most of what an idle board does. Their phase stays what it would
 * be: multiples of their interval since the start.
 *
 * Call every function with lwIP's core lock held.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_LWIP_TIMERS_H
#define SOCKBENCH_PORT_LWIP_TIMERS_H

/* What needs fast timers. */
enum lwip_timers_user {
    LWIP_TIMERS_DHCP, /* an interface with DHCP: its timers and conflict detection */
    LWIP_TIMERS_IGMP, /* an IPv4 group that is reported */
    LWIP_TIMERS_MLD,  /* an IPv6 group */
    LWIP_TIMERS_USERS,
};

/* Stop them; once, after lwIP was started. The one function that is called without the lock. */
void lwip_timers_init(void);

/* Run the timers of this use until as many drops as holds were made. */
void lwip_timers_hold(enum lwip_timers_user user);
void lwip_timers_drop(enum lwip_timers_user user);

#endif
