/*
 * Arguments of a call: from CBOR to the socket module's tagged values.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_AGENT_DECODE_H
#define SOCKBENCH_AGENT_DECODE_H

#include "agent/request.h"
#include "socket/value.h"

/* Tags of the agent protocol. */
#define TAG_POSITIVE_BIGNUM 2u
#define TAG_NEGATIVE_BIGNUM 3u
#define TAG_LIST 60001u
#define TAG_BYTEARRAY 60002u
#define TAG_BUFFER 60003u
#define TAG_SOCKET 60004u
#define TAG_OTHER 60005u

/* What decoding needs of its surroundings. */
struct decode_context {
    void *(*alloc)(size_t bytes);
    void (*release)(void *memory);
    /* Find an object by handle and hold it; false if there is none. */
    bool (*hold_socket)(void *context, uint32_t handle, struct sock **sock);
    bool (*hold_buffer)(void *context, uint32_t handle, uint8_t **data, size_t *bytes);
    void *context;
};

/* A call's arguments and the memory they take. Zeroed memory is a valid empty one. */
struct decoded {
    struct value_args args;
    struct decode_block *blocks; /* freed by decode_release() */
};

/*
 * Decode "args" (array) and "kw" (map) of a well-formed request; either may be
 * missing. Strings point into the message, and bytearrays by value may be
 * written there, so it must stay until the call has ended. NULL, or one line
 * that says what is wrong. decode_release() either way.
 */
const char *decode_arguments(struct decoded *decoded, const struct request *request,
                             const struct decode_context *context);
void decode_release(struct decoded *decoded, const struct decode_context *context);

#endif
