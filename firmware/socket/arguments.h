/*
 * Matching the arguments of a call with a function's parameters, and taking
 * integers and payloads out of them.
 *
 * Functions return NULL, or what is wrong as a message for a TypeError.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_ARGUMENTS_H
#define SOCKBENCH_SOCKET_ARGUMENTS_H

#include "socket/value.h"

#define ARGUMENTS_MAX 4

/* The parameters of a function in their documented order, the required ones first. */
struct signature {
    const char *names[ARGUMENTS_MAX];
    uint8_t count;
    uint8_t required;
};

/* The arguments by parameter; NULL where none was given. */
struct arguments {
    const struct value *by_parameter[ARGUMENTS_MAX];
};

const char *arguments_bind(const struct signature *signature, const struct value_args *given,
                           struct arguments *bound);

/* An int or a bool. */
bool argument_is_integer(const struct value *value);

/* The integer, with what lies outside int64_t moved to its nearest end. */
int64_t argument_integer(const struct value *value);

/* bytes, bytearray, or str (its UTF-8 bytes). */
bool argument_is_payload(const struct value *value);

#endif
