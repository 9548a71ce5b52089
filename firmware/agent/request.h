/*
 * A request of the agent protocol (docs/agent-protocol.md), taken apart into
 * its fields.
 *
 * Nothing is copied: fields point into the message, which must stay. Only
 * well-formed messages get this far: request_parse() refuses everything that the
 * CBOR library, which recurses and trusts nesting, should not see.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_AGENT_REQUEST_H
#define SOCKBENCH_AGENT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_FIELDS_MAX 16
#define REQUEST_DEPTH_MAX 16 /* containers and tags within each other */

/* One encoded CBOR item, or the content of a string. */
struct span {
    const uint8_t *data;
    size_t bytes;
};

struct request {
    bool has_id; /* there is an unsigned id, to answer to */
    uint64_t id;
    size_t field_count;
    struct {
        struct span key; /* its text */
        struct span value;
    } fields[REQUEST_FIELDS_MAX];
};

/*
 * Take a message apart. NULL, or one line that says what is wrong with it; even
 * then has_id and id are right if an id could be read.
 */
const char *request_parse(struct request *request, const uint8_t *message, size_t bytes);

/* Whether the bytes are one well-formed CBOR item of definite lengths (RFC 8949 5.3.1). */
bool request_wellformed(const uint8_t *data, size_t bytes);

/* The encoded value of a field, or NULL when it is missing. */
const struct span *request_field(const struct request *request, const char *key);

/* A field of a certain type. False when it is missing or of another type. */
bool request_text(const struct request *request, const char *key, struct span *text);
bool request_data(const struct request *request, const char *key, struct span *data);
bool request_unsigned(const struct request *request, const char *key, uint64_t *value);
bool request_bool(const struct request *request, const char *key, bool *value);

/* A number that may carry one tag, as handles of sockets and buffers do. */
bool request_handle(const struct request *request, const char *key, uint32_t tag, uint32_t *handle);

/* Copy text with a terminating NUL. False when it does not fit or holds a NUL itself. */
bool request_copy_text(const struct span *text, char *copy, size_t copy_bytes);

#endif
