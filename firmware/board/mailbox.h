/*
 * The mailbox: messages between the firmware and the harness.
 *
 * mailbox_send() may be called from any thread; the receiving functions belong
 * to one thread.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_BOARD_MAILBOX_H
#define SOCKBENCH_BOARD_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest message either way. */
#define MAILBOX_MESSAGE_BYTES_MAX 131072u

/*
 * Call `arrived` from the interrupt when a message waits. The interrupt then
 * stays off until mailbox_listen().
 */
void mailbox_init(void (*arrived)(void));
void mailbox_listen(void);

/* Size of the oldest waiting message; false when there is none. */
bool mailbox_pending(size_t *bytes);

/* Move the oldest message to `buffer`, which has room for its size. */
bool mailbox_take(uint8_t *buffer);

/* The message has left when this returns. False if the device refused it. */
bool mailbox_send(const uint8_t *message, size_t bytes);

#endif
