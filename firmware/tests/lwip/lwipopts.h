/*
 * lwIP on the host: the firmware's configuration, without an operating system.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_LWIPOPTS_H
#define SOCKBENCH_TESTS_LWIPOPTS_H

#include "port/lwipopts.h"

#undef NO_SYS
#define NO_SYS 1
#undef SYS_LIGHTWEIGHT_PROT
#define SYS_LIGHTWEIGHT_PROT 0
#undef LWIP_TCPIP_CORE_LOCKING
#define LWIP_TCPIP_CORE_LOCKING 0
#undef LWIP_TCPIP_CORE_LOCKING_INPUT
#undef LOCK_TCPIP_CORE
#undef UNLOCK_TCPIP_CORE
#undef LWIP_ASSERT_CORE_LOCKED
/* Tests hold lwIP's lock by being the only thread that runs; they count it nevertheless. */
void wire_lock(void);
void wire_unlock(void);
#define LOCK_TCPIP_CORE() wire_lock()
#define UNLOCK_TCPIP_CORE() wire_unlock()
#define LWIP_ASSERT_CORE_LOCKED()

#undef MEM_ALIGNMENT
#define MEM_ALIGNMENT 8
#undef LWIP_RAM_HEAP_POINTER
#undef LWIP_NETIF_LOOPBACK_MULTITHREADING
#define LWIP_NETIF_LOOPBACK_MULTITHREADING 0
#undef LWIP_HOOK_FILENAME
#undef LWIP_HOOK_TCP_ISN
#undef LWIP_HOOK_IP6_INPUT
#undef LWIP_DHCP
#undef LWIP_ACD
#undef LWIP_DHCP_DOES_ACD_CHECK
#undef LWIP_DNS
#undef LWIP_IGMP
#define LWIP_IGMP 0

#endif
