/*
 * The documented socket module, as every language binding calls it.
 *
 * One function runs any method by name, so that names, parameter names,
 * defaults and type errors are decided here, once.
 *
 * Threads: any function may be called from any thread at any time. A call that
 * blocks holds no lock; sock_call("close") from another thread ends it.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_MODULE_H
#define SOCKBENCH_SOCKET_MODULE_H

#include "socket/value.h"

struct sock_port;     /* socket/port.h: clock, threads, memory */
struct sock_provider; /* socket/provider.h: the TCP/IP stack below */

/* A named integer constant of the module: AF_INET, SOCK_STREAM, ... */
struct sock_constant {
    const char *name;
    int64_t value;
};

/* Set up the module; both tables must live for ever. Call once per boot. */
void sock_module_init(const struct sock_port *port, const struct sock_provider *provider);

/* Null-terminated (name == NULL) list of the constants. */
const struct sock_constant *sock_constants(void);

/*
 * Run function `name`: "socket" (constructor), "ip_to_tuple" and "select" with self NULL,
 * any method ("connect", "recv", ...) with self the socket. Always fills in
 * *result. An unknown name is AttributeError.
 */
void sock_call(const char *name, struct sock *self, const struct value_args *args,
               struct value_result *result);

/* Free what the result owns. The result may be zeroed memory. */
void sock_result_release(struct value_result *result);

/* Null-terminated list of the method names, for introspection. */
const char *const *sock_methods(void);

/*
 * Give up a reference to a socket object: the object a "socket" or "accept"
 * result handed out. Frees its memory once no call runs on it. Does not close a
 * descriptor that another object shares; closes it if this was the last.
 */
void sock_release(struct sock *self);

#endif
