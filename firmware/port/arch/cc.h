/*
 * lwIP's view of the compiler and the platform.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_ARCH_CC_H
#define SOCKBENCH_PORT_ARCH_CC_H

#include <stdint.h>

#include "board/panic.h"
#include "board/sysctl.h"

#define BYTE_ORDER LITTLE_ENDIAN

#define LWIP_RAND() sysctl_random()

/* A broken invariant of the stack ends the run; its message names it, the file is lwIP's. */
#define LWIP_PLATFORM_ASSERT(message) panic_at(__FILE__, __LINE__, message)
#define LWIP_PLATFORM_DIAG(message)

/* errno numbers come from the socket module, not from lwIP. */
#define LWIP_ERRNO_STDINCLUDE 1

/* lwIP sets its pools up itself; clearing them first would only make the start slower. */
#define LWIP_DECLARE_MEMORY_ALIGNED(variable, size)                                                \
    u8_t variable[LWIP_MEM_ALIGN_BUFFER(size)] __attribute__((section(".noinit"), aligned(8)))

typedef uint32_t sys_prot_t;

#endif
