/*
 * Encoding of answers and handing them to the mailbox (agent/answer.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/answer.h"

#include <string.h>

#include "agent/decode.h"
#include "board/mailbox.h"
#include "port/memory.h"

/* id, t0, t1 and their keys, "ok" or "exc" with its class, and the map around. */
#define ENVELOPE_BYTES 128u
#define HEAD_BYTES 9u /* of one item, at most */
#define TAG_BYTES 3u
#define TEXT_MAX 512u /* longest message or reason */

static const char *const exception_names[] = {
    [EXC_IO_ERROR] = "IOError",
    [EXC_TIMEOUT_ERROR] = "TimeoutError",
    [EXC_CONNECTION_ERROR] = "ConnectionError",
    [EXC_CONNECTION_REFUSED_ERROR] = "ConnectionRefusedError",
    [EXC_CONNECTION_RESET_ERROR] = "ConnectionResetError",
    [EXC_CONNECTION_ABORTED_ERROR] = "ConnectionAbortedError",
    [EXC_TYPE_ERROR] = "TypeError",
    [EXC_VALUE_ERROR] = "ValueError",
    [EXC_OVERFLOW_ERROR] = "OverflowError",
    [EXC_MEMORY_ERROR] = "MemoryError",
    [EXC_ATTRIBUTE_ERROR] = "AttributeError",
};

static bool put_text(zcbor_state_t *state, const char *text)
{
    return zcbor_tstr_put_term(state, text, TEXT_MAX);
}

size_t answer_value_bound(const struct value *value)
{
    size_t bound = HEAD_BYTES + TAG_BYTES;
    switch (value->kind) {
    case VALUE_STR:
    case VALUE_BYTES:
    case VALUE_BUFFER:
        return bound + value->bytes;
    case VALUE_TUPLE:
    case VALUE_LIST:
        for (size_t i = 0; i < value->count; i++)
            bound += answer_value_bound(&value->items[i]);
        return bound;
    default:
        return bound;
    }
}

bool answer_value(zcbor_state_t *state, const struct value *value,
                  uint32_t (*handle_of)(struct sock *sock))
{
    switch (value->kind) {
    case VALUE_NONE:
        return zcbor_nil_put(state, NULL);
    case VALUE_BOOL:
        return zcbor_bool_put(state, value->integer != 0);
    case VALUE_INT:
        return zcbor_int64_put(state, value->integer);
    case VALUE_STR:
        return zcbor_tstr_encode_ptr(state, (const char *)value->data, value->bytes);
    case VALUE_BYTES:
        return zcbor_bstr_encode_ptr(state, (const char *)value->data, value->bytes);
    case VALUE_BUFFER:
        return zcbor_tag_put(state, TAG_BYTEARRAY) &&
               zcbor_bstr_encode_ptr(state, (const char *)value->data, value->bytes);
    case VALUE_LIST:
    case VALUE_TUPLE: {
        bool good = value->kind == VALUE_TUPLE || zcbor_tag_put(state, TAG_LIST);
        good = good && zcbor_list_start_encode(state, value->count);
        for (size_t i = 0; good && i < value->count; i++)
            good = answer_value(state, &value->items[i], handle_of);
        return good && zcbor_list_end_encode(state, value->count);
    }
    case VALUE_SOCKET: {
        uint32_t handle = handle_of(value->sock);
        return handle != 0 && zcbor_tag_put(state, TAG_SOCKET) && zcbor_uint32_put(state, handle);
    }
    default:
        /* The module returns no float, no bignum and no foreign object. */
        return false;
    }
}

bool answer_open_event(struct answer *answer, size_t bytes)
{
    answer->request = NULL;
    answer->message = memory_alloc(bytes);
    if (answer->message == NULL)
        return false;
    zcbor_new_encode_state(answer->state, ANSWER_NESTING + 2, answer->message, bytes, 1);
    /* Fewer pairs than 24 in every outermost map: one byte of head. */
    return zcbor_map_start_encode(answer->state, 8);
}

static bool open_answer(struct answer *answer, const struct request *request, int64_t t0,
                        int64_t t1, size_t bytes)
{
    zcbor_state_t *state = answer->state;
    if (!answer_open_event(answer, bytes)) {
        answer_bad(request, "no memory for the answer");
        return false;
    }
    answer->request = request;
    return put_text(state, "id") && zcbor_uint64_put(state, request->id) && put_text(state, "t0") &&
           zcbor_int64_put(state, t0) && put_text(state, "t1") && zcbor_int64_put(state, t1);
}

bool answer_open(struct answer *answer, const struct request *request, int64_t t0, int64_t t1,
                 size_t value_bytes)
{
    size_t bytes = ENVELOPE_BYTES + value_bytes;
    if (bytes > MAILBOX_MESSAGE_BYTES_MAX) {
        answer_bad(request, "the result is larger than a message");
        return false;
    }
    return open_answer(answer, request, t0, t1, bytes) && put_text(answer->state, "ok");
}

void answer_send(struct answer *answer, bool good)
{
    good = good && zcbor_map_end_encode(answer->state, 8);
    size_t bytes = (size_t)(answer->state->payload - answer->message);
    if (good)
        good = mailbox_send(answer->message, bytes);
    memory_release(answer->message);
    if (!good && answer->request != NULL)
        answer_bad(answer->request, "the answer can't be encoded");
}

void answer_none(const struct request *request, int64_t t0, int64_t t1)
{
    struct answer answer;
    if (answer_open(&answer, request, t0, t1, HEAD_BYTES))
        answer_send(&answer, zcbor_nil_put(answer.state, NULL));
}

void answer_exception(const struct request *request, int64_t t0, int64_t t1,
                      enum value_exception exception, int error, const char *message)
{
    struct answer answer;
    zcbor_state_t *state = answer.state;
    if (!open_answer(&answer, request, t0, t1, ENVELOPE_BYTES + strnlen(message, TEXT_MAX)))
        return;
    bool good = put_text(state, "exc") && zcbor_map_start_encode(state, 3) &&
                put_text(state, "cls") && put_text(state, exception_names[exception]) &&
                put_text(state, "errno") && zcbor_int32_put(state, error) &&
                put_text(state, "msg") && put_text(state, message) &&
                zcbor_map_end_encode(state, 3);
    answer_send(&answer, good);
}

/* From memory of its own: a refusal must leave even when the heap is exhausted. */
void answer_bad(const struct request *request, const char *why)
{
    uint8_t message[ENVELOPE_BYTES + 96];
    ZCBOR_STATE_E(state, 1, message, sizeof message, 1);
    bool good = zcbor_map_start_encode(state, 2) && put_text(state, "id");
    good = good &&
           (request->has_id ? zcbor_uint64_put(state, request->id) : zcbor_nil_put(state, NULL));
    good = good && put_text(state, "bad") && zcbor_tstr_put_term(state, why, 96) &&
           zcbor_map_end_encode(state, 2);
    if (good)
        mailbox_send(message, (size_t)(state->payload - message));
}
