/*
 * struct sock_port for host tests: a virtual clock, and threads that run one at a
 * time in an order the test decides.
 *
 * The calling thread of a test is the first task. A task runs until it waits or
 * ends; then the next ready one runs, in the order in which they became ready.
 * When none is ready, the clock moves to the next scripted event or deadline. A
 * wait ends, as on the target, at the first tick at or after its deadline. Nothing
 * left to wait for is a failure of the test.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_FAKE_PORT_H
#define SOCKBENCH_TESTS_FAKE_PORT_H

#include "socket/port.h"

#define MS 1000000LL /* nanoseconds */
#define FAKE_TICK_NS MS

extern const struct sock_port fake_port;

/* Start of a test: clock at `now_ns`, no tasks, no events, no allocations. */
void fake_port_reset(int64_t now_ns);

/* Run `event` in the middle of whatever waits, when the clock reaches `at_ns`. */
void fake_at(int64_t at_ns, void (*event)(void *argument), void *argument);

/* Start a task. It begins to run when the present one waits. */
struct fake_task;
struct fake_task *fake_start(void (*run)(void *argument), void *argument);
/* Wait for its end. */
void fake_join(struct fake_task *task);
/* Let time pass. */
void fake_sleep_until(int64_t at_ns);
/* Let every ready task run, without letting time pass. */
void fake_settle(void);

/* Blocks that were allocated and not released. */
size_t fake_blocks(void);
/* The largest block that was ever asked for since the reset. */
size_t fake_largest_block(void);
/* From now on the next `successes` allocations succeed and all later ones fail. */
void fake_limit_allocations(size_t successes);
#define FAKE_NO_LIMIT SIZE_MAX

/*
 * Something beside the script that has work at times of its own, such as a stack's
 * timers: due_ns() says when, run() does it. NULL: nothing, as after a reset.
 */
void fake_set_pump(int64_t (*due_ns)(void), void (*run)(void));

/* Wake-ups that ended no wait usefully are the module's business; this counts all waits. */
size_t fake_waits(void);

#endif
