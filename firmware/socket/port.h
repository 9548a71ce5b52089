/*
 * What the socket module needs of the system: a clock, waiting, memory.
 *
 * The firmware implements it on FreeRTOS (firmware/port/), the host tests on a
 * scripted clock. All functions may be called from any thread.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_PORT_H
#define SOCKBENCH_SOCKET_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCK_DEADLINE_NEVER INT64_MAX

/* A thread that waits; lives on that thread's stack, set up by waiter_init. */
struct sock_waiter {
    void *handle;
    struct sock_waiter *next; /* the module's and the provider's, while queued */
    uint32_t context[4];
};

struct sock_port {
    /* Nanoseconds since reset; never goes back. */
    int64_t (*now_ns)(void);

    void (*waiter_init)(struct sock_waiter *waiter);
    /*
     * Sleep until waiter_wake() or until now >= deadline_ns (absolute); returns
     * false only when now >= deadline_ns. Never early: ends at the first tick at
     * or after the deadline. A wake that came before the wait is not lost.
     */
    bool (*waiter_wait)(struct sock_waiter *waiter, int64_t deadline_ns);
    void (*waiter_wake)(struct sock_waiter *waiter);

    /* One short, non-recursive lock over all of the module's own state. */
    void (*lock)(void);
    void (*unlock)(void);

    void *(*alloc)(size_t bytes); /* NULL when there is none */
    void (*release)(void *memory);

    uint32_t (*random)(void); /* from the seed register */
};

#endif
