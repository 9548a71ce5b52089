/*
 * Threads, for the parts of the firmware that may not know the kernel: the
 * agent, the drivers and main().
 *
 * Waiting with a deadline is struct sock_port's (socket/port.h); a thread that
 * serves a device or a queue waits for a doorbell here.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_PORT_OS_H
#define SOCKBENCH_PORT_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct os_thread;
struct os_lock;

/* More urgent ones are greater. */
enum os_priority {
    OS_PRIORITY_WORKER = 2, /* runs calls of the socket module */
    OS_PRIORITY_AGENT = 3,  /* distributes requests */
    OS_PRIORITY_STACK = 4,  /* lwIP's timers */
    OS_PRIORITY_DRIVER = 5, /* network interfaces */
};

#define OS_THREADS_MAX 24

/*
 * Start a thread that never ends. The name is copied (15 characters). Returns
 * NULL when there is no memory or OS_THREADS_MAX was reached.
 */
struct os_thread *os_thread_start(const char *name, void (*run)(void *argument), void *argument,
                                  size_t stack_bytes, enum os_priority priority);

/* Hand control to the first thread; never returns. */
__attribute__((noreturn)) void os_run(void);

/*
 * A doorbell: os_ring() ends the thread's os_wait(), or its next one. Rings
 * don't add up.
 */
void os_wait(void);
void os_wait_until(int64_t deadline_ns); /* or until the first tick at or after this time */
void os_ring(struct os_thread *thread);
void os_ring_from_interrupt(struct os_thread *thread);

/* A mutual exclusion lock with priority inheritance, not recursive. */
struct os_lock *os_lock_new(void);
void os_lock_take(struct os_lock *lock);
void os_lock_give(struct os_lock *lock);

/* A few instructions that no interrupt and no thread may come between; they nest. */
void os_mask(void);
void os_unmask(void);

/* Visit every thread: its name and the bytes of its stack that were never used. */
void os_threads(void (*visit)(void *context, const char *name, size_t unused_bytes), void *context);

/* Ticks since the scheduler started. */
uint32_t os_tick(void);

#endif
