/*
 * The operations a request may ask for, by name.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_AGENT_OPERATIONS_H
#define SOCKBENCH_AGENT_OPERATIONS_H

#include "agent/request.h"

/* Carries out a request on the calling thread and answers it. */
typedef void (*operation)(const struct request *request);

/* NULL if there is no operation of that name. */
operation operation_find(const struct span *name);

/* Visit the name of every function that "call" knows, "socket.METHOD" for methods. */
void operation_functions(void (*visit)(void *context, const char *prefix, const char *name),
                         void *context);

#endif
