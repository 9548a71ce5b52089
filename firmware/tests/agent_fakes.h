/*
 * What the agent's portable parts need of the firmware, on the host: a heap that
 * can be made to fail, a mailbox that keeps the last message, sockets that count
 * their releases. Also cmocka with the headers it wants first.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_AGENT_FAKES_H
#define SOCKBENCH_TESTS_AGENT_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Allocations that are still to succeed; the following ones fail. */
extern size_t fake_allocations_left;
/* Blocks that were allocated and not released. */
extern size_t fake_blocks;

/* The last message that was sent, and how many there were. */
extern uint8_t fake_message[131072];
extern size_t fake_message_bytes;
extern size_t fake_messages;

/* A socket is whatever address; this is the last one that was released, and the count. */
struct sock;
extern struct sock *fake_released;
extern size_t fake_releases;

void fake_reset(void);

#endif
