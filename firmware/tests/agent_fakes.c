/*
 * The firmware's services for the agent's parts (agent_fakes.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent_fakes.h"

#include <stdlib.h>
#include <string.h>

#include "board/mailbox.h"
#include "port/memory.h"
#include "port/os.h"
#include "socket/module.h"

size_t fake_allocations_left = SIZE_MAX;
size_t fake_blocks;
uint8_t fake_message[MAILBOX_MESSAGE_BYTES_MAX];
size_t fake_message_bytes;
size_t fake_messages;
struct sock *fake_released;
size_t fake_releases;

static bool locked;

void fake_reset(void)
{
    fake_allocations_left = SIZE_MAX;
    fake_message_bytes = 0;
    fake_messages = 0;
    fake_released = NULL;
    fake_releases = 0;
}

void *memory_alloc(size_t bytes)
{
    if (fake_allocations_left == 0)
        return NULL;
    fake_allocations_left--;
    fake_blocks++;
    return malloc(bytes);
}

void memory_release(void *memory)
{
    if (memory != NULL)
        fake_blocks--;
    free(memory);
}

bool mailbox_send(const uint8_t *message, size_t bytes)
{
    memcpy(fake_message, message, bytes);
    fake_message_bytes = bytes;
    fake_messages++;
    return true;
}

struct os_lock *os_lock_new(void)
{
    return (struct os_lock *)&locked;
}

void os_lock_take(struct os_lock *lock)
{
    assert_ptr_equal(lock, &locked);
    assert_false(locked);
    locked = true;
}

void os_lock_give(struct os_lock *lock)
{
    assert_ptr_equal(lock, &locked);
    assert_true(locked);
    locked = false;
}

void sock_release(struct sock *self)
{
    assert_false(locked);
    fake_released = self;
    fake_releases++;
}
