/*
 * lwIP's configuration (opt.h in lwIP's include/lwip explains each option).
 *
 * Sized for 64 sockets of any mixture and datagrams of 65,507 bytes. The socket
 * module sits on the raw API under the core lock, so lwIP's own socket and
 * netconn layers are left out. Time constants keep lwIP's defaults: they are
 * what the conformance suite measures.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_LWIPOPTS_H
#define SOCKBENCH_PORT_LWIPOPTS_H

#include "port/memory.h"

/* System: a thread for timers, everything else under the core lock in the caller's thread. */
#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 1
#define LWIP_TCPIP_CORE_LOCKING 1
#define LWIP_TCPIP_CORE_LOCKING_INPUT 1
#define LOCK_TCPIP_CORE() sys_arch_lock_core()
#define UNLOCK_TCPIP_CORE() sys_arch_unlock_core()
#define LWIP_ASSERT_CORE_LOCKED() sys_arch_assert_core_locked(__FILE__, __LINE__)
void sys_arch_lock_core(void);
void sys_arch_unlock_core(void);
void sys_arch_assert_core_locked(const char *file, int line);
#define TCPIP_MBOX_SIZE 32
#define TCPIP_THREAD_NAME "lwip"
#define TCPIP_THREAD_STACKSIZE 4096 /* bytes */
#define TCPIP_THREAD_PRIO 4         /* OS_PRIORITY_STACK */
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* Memory: pools of fixed objects, and one heap in its own region for packet data. */
#define MEM_ALIGNMENT 4 /* doubleword loads of misaligned structures would fault */
#define MEM_SIZE (MEMORY_LWIP_HEAP_BYTES - 64)
extern uint8_t memory_lwip_heap[];
#define LWIP_RAM_HEAP_POINTER memory_lwip_heap
#define MEMP_NUM_TCP_PCB 96 /* 64 sockets and those in TIME_WAIT */
#define MEMP_NUM_TCP_PCB_LISTEN 64
#define MEMP_NUM_UDP_PCB 68 /* 64 sockets, DHCP, DNS */
#define MEMP_NUM_RAW_PCB 64
#define MEMP_NUM_TCP_SEG 1024
#define MEMP_NUM_REASSDATA 16
#define MEMP_NUM_FRAG_PBUF 64 /* a datagram of 65,507 bytes is 45 fragments */
#define MEMP_NUM_ARP_QUEUE 128
#define MEMP_NUM_IGMP_GROUP 16
#define MEMP_NUM_MLD6_GROUP 16
#define MEMP_NUM_PBUF 256 /* references and constants */
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 8)
#define PBUF_POOL_SIZE 16 /* received frames live in the driver's buffers instead */

/* Link and IPv4. */
#define LWIP_ARP 1
#define ETH_PAD_SIZE 0
#define ARP_QUEUEING 1 /* else a fragmented first datagram loses all but its last fragment */
#define ARP_QUEUE_LEN 64
#define LWIP_IPV4 1
#define IP_FORWARD 0
#define IP_REASSEMBLY 1
#define IP_FRAG 1
#define IP_REASS_MAX_PBUFS 256 /* several datagrams of 45 fragments at once */
#define IP_SOF_BROADCAST 1     /* sending to a broadcast address needs SO_BROADCAST */
#define IP_SOF_BROADCAST_RECV 0
#define LWIP_ICMP 1
#define LWIP_BROADCAST_PING 0
#define LWIP_MULTICAST_PING 0
#define LWIP_RAW 1
#define LWIP_DHCP 1
#define LWIP_ACD 1
#define LWIP_DHCP_DOES_ACD_CHECK 1
#define LWIP_AUTOIP 0
#define LWIP_IGMP 1
#define LWIP_MULTICAST_TX_OPTIONS 1
#define LWIP_DNS 1
#define LWIP_NETIF_LOOPBACK 1 /* else a frame to oneself asks ARP for oneself on the wire */
#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK_MULTITHREADING 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_LINK_CALLBACK 1
#define LWIP_NETIF_HOSTNAME 0
#define LWIP_SINGLE_NETIF 0

/* IPv6: compiled in; an interface has no IPv6 address until one is asked for. */
#define LWIP_IPV6 1
#define LWIP_IPV6_MLD 1
#define LWIP_IPV6_AUTOCONFIG 1
#define LWIP_IPV6_DHCP6 0
#define LWIP_IPV6_REASS 1
#define LWIP_IPV6_FRAG 1
#define LWIP_ND6_QUEUEING 1
#define MEMP_NUM_ND6_QUEUE 64
#define LWIP_ND6_NUM_NEIGHBORS 10
#define IPV6_FRAG_COPYHEADER 1

/* UDP and TCP. */
#define LWIP_UDP 1
#define LWIP_TCP 1
#define TCP_MSS 1460
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (4 * TCP_MSS)
#define TCP_SND_QUEUELEN 32
/*
 * The dynamic ports. tcp_new_port() adds one before it compares with the end: a first port of
 * 0xffff, as lwIP's own macro makes it once in 16,384 starts, would become 0, which means that
 * none is free, and then the ports of services. Here the first one is always before the end.
 */
#define TCP_LOCAL_PORT_RANGE_START 0xc000
#define TCP_LOCAL_PORT_RANGE_END 0xffff
#define TCP_ENSURE_LOCAL_PORT_RANGE(port)                                                          \
    ((u16_t)(TCP_LOCAL_PORT_RANGE_START +                                                          \
             (port) % (TCP_LOCAL_PORT_RANGE_END - TCP_LOCAL_PORT_RANGE_START)))
#define TCP_QUEUE_OOSEQ 1
/* Out-of-order segments keep receive buffers of the driver; a peer that sends single bytes must not
 * get them all. The window has four full segments. */
#define TCP_OOSEQ_MAX_PBUFS 32
#define LWIP_TCP_SACK_OUT 0
#define LWIP_TCP_KEEPALIVE 1
#define LWIP_TCP_TIMESTAMPS 0
#define LWIP_WND_SCALE 0
#define TCP_LISTEN_BACKLOG 1
#define SO_REUSE 1
#define SO_REUSE_RXTOALL 0
#define LWIP_HOOK_FILENAME "port/lwip_hooks.h"
#define LWIP_HOOK_TCP_ISN isn_next
#define LWIP_HOOK_IP6_INPUT ip6_guard_takes

/* Makes the handler of cyclic timers known to port/lwip_timers.c; it has no other effect here. */
#define LWIP_TESTMODE 1

/* Checksums: per interface, so that a driver can let its MAC do them. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHECKSUM_ON_COPY 0

/* Statistics the agent reports. */
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define LWIP_STATS_DISPLAY 0
#define MEM_STATS 1
#define MEMP_STATS 1
#define SYS_STATS 0
#define MIB2_STATS 0

#endif
