/*
 * Counters of lwIP (port/network.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"
#include "lwip/tcpip.h"
#include "port/network.h"

void network_stack_statistics(network_visit visit, void *context)
{
    static const struct {
        const char *name;
        const STAT_COUNTER *value;
    } counters[] = {
        {"link.xmit", &lwip_stats.link.xmit},
        {"link.recv", &lwip_stats.link.recv},
        {"link.drop", &lwip_stats.link.drop},
        {"link.memerr", &lwip_stats.link.memerr},
        {"etharp.xmit", &lwip_stats.etharp.xmit},
        {"etharp.recv", &lwip_stats.etharp.recv},
        {"etharp.memerr", &lwip_stats.etharp.memerr},
        {"ip.xmit", &lwip_stats.ip.xmit},
        {"ip.recv", &lwip_stats.ip.recv},
        {"ip.drop", &lwip_stats.ip.drop},
        {"ip.chkerr", &lwip_stats.ip.chkerr},
        {"ip.lenerr", &lwip_stats.ip.lenerr},
        {"ip.rterr", &lwip_stats.ip.rterr},
        {"ip.proterr", &lwip_stats.ip.proterr},
        {"ip_frag.recv", &lwip_stats.ip_frag.recv},
        {"ip_frag.drop", &lwip_stats.ip_frag.drop},
        {"icmp.xmit", &lwip_stats.icmp.xmit},
        {"icmp.recv", &lwip_stats.icmp.recv},
        {"icmp.drop", &lwip_stats.icmp.drop},
        {"udp.xmit", &lwip_stats.udp.xmit},
        {"udp.recv", &lwip_stats.udp.recv},
        {"udp.drop", &lwip_stats.udp.drop},
        {"udp.chkerr", &lwip_stats.udp.chkerr},
        {"tcp.xmit", &lwip_stats.tcp.xmit},
        {"tcp.recv", &lwip_stats.tcp.recv},
        {"tcp.drop", &lwip_stats.tcp.drop},
        {"tcp.chkerr", &lwip_stats.tcp.chkerr},
        {"tcp.memerr", &lwip_stats.tcp.memerr},
        {"mem.err", &lwip_stats.mem.err},
    };
    LOCK_TCPIP_CORE();
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        visit(context, counters[i].name, (uint32_t)*counters[i].value);
    visit(context, "mem.used", (uint32_t)lwip_stats.mem.used);
    visit(context, "mem.max", (uint32_t)lwip_stats.mem.max);
    uint32_t pool_failures = 0;
    for (int i = 0; i < MEMP_MAX; i++)
        pool_failures += lwip_stats.memp[i] != NULL ? (uint32_t)lwip_stats.memp[i]->err : 0;
    visit(context, "memp.err", pool_failures);
    UNLOCK_TCPIP_CORE();
}

static uint32_t count_pcbs(const struct tcp_pcb *pcb)
{
    uint32_t count = 0;
    for (; pcb != NULL; pcb = pcb->next)
        count++;
    return count;
}

uint32_t network_tcp_pcbs(void)
{
    LOCK_TCPIP_CORE();
    uint32_t count =
        count_pcbs(tcp_active_pcbs) + count_pcbs(tcp_tw_pcbs) + count_pcbs(tcp_bound_pcbs);
    UNLOCK_TCPIP_CORE();
    return count;
}
