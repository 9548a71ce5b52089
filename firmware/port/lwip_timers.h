/*
 * lwIP's cyclic timers, run only while somebody needs them.
 *
 * By itself lwIP looks at address conflicts, IGMP and MLD ten times a second and at
 * ARP, reassembly, DNS and neighbours once a second, for ever: all that an idle board
 * does. Here it does nothing. The phase of a timer stays what it would be: multiples
 * of its interval since the start.
 *
 * Call every function with lwIP's core lock held.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_LWIP_TIMERS_H
#define SOCKBENCH_PORT_LWIP_TIMERS_H

/* What needs timers for as long as it lasts. */
enum lwip_timers_user {
    LWIP_TIMERS_DHCP,    /* an interface with DHCP: its timers and conflict detection */
    LWIP_TIMERS_IGMP,    /* an IPv4 group that is reported */
    LWIP_TIMERS_MLD,     /* an IPv6 group */
    LWIP_TIMERS_ND6,     /* an interface with IPv6 */
    LWIP_TIMERS_DNS,     /* a resolver that has been asked: its answers age */
    LWIP_TIMERS_TRAFFIC, /* ARP and reassembly; of lwip_timers_traffic() alone */
    LWIP_TIMERS_USERS,
};

/* Stop them; once, after lwIP was started. The one function that is called without the lock. */
void lwip_timers_init(void);

/*
 * A frame is about to cross an interface: whatever lwIP will remember because of it
 * (an address, a fragment) has run out LWIP_TIMERS_TRAFFIC_S later.
 */
void lwip_timers_traffic(void);
#define LWIP_TIMERS_TRAFFIC_S 302 /* ARP_MAXAGE and two ticks; the longest of its kind */

/* Run the timers of this use until as many drops as holds were made. */
void lwip_timers_hold(enum lwip_timers_user user);
void lwip_timers_drop(enum lwip_timers_user user);

#endif
