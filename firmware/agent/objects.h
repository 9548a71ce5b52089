/*
 * Handles: what the harness calls the sockets and buffers that live here.
 *
 * A handle is never used twice in one boot (until a slot's 2^22 generations are
 * used up). An object that is dropped while a call holds it goes when the last
 * call has ended, like any object that is still referenced.
 *
 * All functions may be called from any thread.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_AGENT_OBJECTS_H
#define SOCKBENCH_AGENT_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "socket/module.h"

#define OBJECTS_MAX 512 /* sockets and buffers together */
#define OBJECTS_USED_UP "all 512 handles of the agent are in use: drop sockets or free buffers"

/* Call once, before any other. */
void objects_init(void);

/* Register an object, which then belongs to the table. Returns 0 when it is full. */
uint32_t objects_add_socket(struct sock *sock);

/* The handle of a registered socket, 0 if it is not. Dropped ones count while a call holds them. */
uint32_t objects_handle_of(struct sock *sock);

/*
 * Allocate a buffer of undefined content. Returns 0 when there is no memory (*data is then
 * NULL) or no handle.
 */
uint32_t objects_add_buffer(size_t bytes, uint8_t **data);

/* Find and hold an object; objects_let_go() for every success. */
bool objects_hold_socket(uint32_t handle, struct sock **sock);
bool objects_hold_buffer(uint32_t handle, uint8_t **data, size_t *bytes);
void objects_let_go(uint32_t handle);

/* Forget a socket or a buffer. False if there is none of that kind. */
bool objects_drop_socket(uint32_t handle);
bool objects_drop_buffer(uint32_t handle);

#endif
