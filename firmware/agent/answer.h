/*
 * Messages to the harness: results, exceptions, refusals, the ready event.
 *
 * answer_open() ... add ... answer_send(). Whatever does not fit the size that
 * was announced turns the answer into a refusal, never into a broken message.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_AGENT_ANSWER_H
#define SOCKBENCH_AGENT_ANSWER_H

#include "agent/request.h"
#include "socket/value.h"
#include "zcbor_encode.h"

#define ANSWER_NESTING 6 /* maps and arrays within each other */

struct answer {
    zcbor_state_t state[ANSWER_NESTING + 2];
    uint8_t *message;
    const struct request *request; /* NULL for an event */
};

/* Bytes an encoded value takes at most. */
size_t answer_value_bound(const struct value *value);

/*
 * Encode a value. Sockets become the handle that `handle_of` gives them, 0 makes
 * the encoding fail.
 */
bool answer_value(zcbor_state_t *state, const struct value *value,
                  uint32_t (*handle_of)(struct sock *sock));

/* Begin a message of any kind: a map is open afterwards. False: no memory (already refused). */
bool answer_open_event(struct answer *answer, size_t bytes);

/* Begin a result: id, t0, t1 and the key "ok" are written, the value is to follow. */
bool answer_open(struct answer *answer, const struct request *request, int64_t t0, int64_t t1,
                 size_t value_bytes);

/* Close the map and send. `good` false: something could not be encoded, refuse instead. */
void answer_send(struct answer *answer, bool good);

/* Whole answers. */
void answer_none(const struct request *request, int64_t t0, int64_t t1);
void answer_exception(const struct request *request, int64_t t0, int64_t t1,
                      enum value_exception exception, int error, const char *message);
void answer_bad(const struct request *request, const char *why);

#endif
