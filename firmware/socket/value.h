/*
 * Tagged values: how arguments reach the socket module and results leave it,
 * whatever the language binding (test agent, MicroPython, C).
 *
 * Ownership: an argument and everything it points to belongs to the caller and
 * must stay valid until the call returns; the module keeps none of it. A result
 * belongs to the caller once sock_call() has returned and is freed by
 * sock_result_release().
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_VALUE_H
#define SOCKBENCH_SOCKET_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock;

enum value_kind {
    VALUE_NONE,
    VALUE_BOOL,   /* .integer is 0 or 1 */
    VALUE_INT,    /* .integer */
    VALUE_BIGINT, /* an int outside int64_t; .integer is -1 or +1, its sign */
    VALUE_FLOAT,  /* content is of no interest to the module */
    VALUE_STR,    /* .data, .bytes: UTF-8, not NUL-terminated, may contain NUL */
    VALUE_BYTES,  /* .data, .bytes: read only */
    VALUE_BUFFER, /* .data, .bytes: a bytearray, writable */
    VALUE_TUPLE,  /* .items, .count */
    VALUE_LIST,   /* .items, .count */
    VALUE_SOCKET, /* .sock */
    VALUE_OTHER,  /* any other object, dict included */
};

struct value {
    enum value_kind kind;
    union {
        int64_t integer;
        struct {
            uint8_t *data; /* not written through unless kind is VALUE_BUFFER */
            size_t bytes;
        };
        struct {
            struct value *items;
            size_t count;
        };
        struct sock *sock;
    };
};

/* One keyword argument. */
struct value_keyword {
    const char *name; /* NUL-terminated */
    struct value value;
};

struct value_args {
    const struct value *positional;
    size_t positional_count;
    const struct value_keyword *keywords;
    size_t keyword_count;
};

/* Classes of the documented exception tree. */
enum value_exception {
    EXC_NONE,
    EXC_IO_ERROR,
    EXC_TIMEOUT_ERROR,            /* below IOError */
    EXC_CONNECTION_ERROR,         /* below IOError */
    EXC_CONNECTION_REFUSED_ERROR, /* below ConnectionError */
    EXC_CONNECTION_RESET_ERROR,
    EXC_CONNECTION_ABORTED_ERROR,
    EXC_TYPE_ERROR,
    EXC_VALUE_ERROR,
    EXC_OVERFLOW_ERROR,
    EXC_MEMORY_ERROR,
    EXC_ATTRIBUTE_ERROR,
};

/*
 * Outcome of a call: exception == EXC_NONE and a value, or an exception with
 * errno (Linux numbers, 0 if it has none) and a message.
 */
struct value_result {
    enum value_exception exception;
    int error;           /* errno */
    const char *message; /* static storage, or `text`; never NULL when an exception is set */
    struct value value;
    struct value items[2];   /* storage for (data, address) and (sock, address) */
    struct value address[5]; /* storage for an address, for what link_info() and select() return */
    char text[80];           /* storage for their strings */
    void *memory;            /* more storage, if one was needed */
};

#endif
