/*
 * lwIP's view of the host.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_ARCH_CC_H
#define SOCKBENCH_TESTS_ARCH_CC_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LWIP_ERRNO_STDINCLUDE 1
#define LWIP_NO_UNISTD_H 1
/* All ones: the number that lwIP's own way to choose the first local port cannot bear. */
#define LWIP_RAND() (~(uint32_t)0)
#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message)                                                              \
    do {                                                                                           \
        fprintf(stderr, "lwIP, %s:%d: %s\n", __FILE__, __LINE__, message);                         \
        abort();                                                                                   \
    } while (0)

typedef uint32_t sys_prot_t;

#endif
