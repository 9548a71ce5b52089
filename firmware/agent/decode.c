/*
 * CBOR to values (agent/decode.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/decode.h"

#include <string.h>

#include "zcbor_decode.h"

/* One allocation of a decoded call. */
struct decode_block {
    struct decode_block *next;
    uint64_t content[];
};

struct decoder {
    struct decoded *decoded;
    const struct decode_context *context;
    const char *wrong; /* the first thing that went wrong */
};

static bool fail(struct decoder *decoder, const char *wrong)
{
    if (decoder->wrong == NULL)
        decoder->wrong = wrong;
    return false;
}

static void *take_memory(struct decoder *decoder, size_t bytes)
{
    struct decode_block *block = decoder->context->alloc(sizeof *block + bytes);
    if (block == NULL) {
        fail(decoder, "no memory for the arguments");
        return NULL;
    }
    block->next = decoder->decoded->blocks;
    decoder->decoded->blocks = block;
    return block->content;
}

static bool decode_value(struct decoder *decoder, zcbor_state_t *state, struct value *value);

/* The items of an array, whose kind the caller has set. */
static bool decode_items(struct decoder *decoder, zcbor_state_t *state, struct value *value)
{
    if (!zcbor_list_start_decode(state))
        return fail(decoder, "a list is not an array");
    /* Well-formed, so no more than the message has bytes. */
    size_t count = state->elem_count;
    value->items = NULL;
    value->count = count;
    if (count > 0) {
        value->items = take_memory(decoder, count * sizeof(struct value));
        if (value->items == NULL)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!decode_value(decoder, state, &value->items[i]))
            return false;
    }
    return zcbor_list_end_decode(state) || fail(decoder, "an array can't be read");
}

/* A bignum (RFC 8949 3.4.3); small ones are ordinary integers. */
static bool decode_bignum(struct decoder *decoder, zcbor_state_t *state, bool negative,
                          struct value *value)
{
    struct zcbor_string digits;
    if (!zcbor_bstr_decode(state, &digits))
        return fail(decoder, "a bignum is not a byte string");
    uint64_t magnitude = 0;
    bool large = false;
    for (size_t i = 0; i < digits.len; i++) {
        large = large || magnitude > UINT64_MAX >> 8;
        magnitude = magnitude << 8 | digits.value[i];
    }
    if (large || magnitude > INT64_MAX) {
        value->kind = VALUE_BIGINT;
        value->integer = negative ? -1 : 1;
    } else {
        value->kind = VALUE_INT;
        value->integer = negative ? -1 - (int64_t)magnitude : (int64_t)magnitude;
    }
    return true;
}

static bool decode_tagged(struct decoder *decoder, zcbor_state_t *state, struct value *value)
{
    const struct decode_context *context = decoder->context;
    struct zcbor_string string;
    uint32_t handle;
    uint32_t tag;

    if (!zcbor_tag_decode(state, &tag))
        return fail(decoder, "a tag can't be read");
    switch (tag) {
    case TAG_POSITIVE_BIGNUM:
    case TAG_NEGATIVE_BIGNUM:
        return decode_bignum(decoder, state, tag == TAG_NEGATIVE_BIGNUM, value);
    case TAG_LIST:
        value->kind = VALUE_LIST;
        return decode_items(decoder, state, value);
    case TAG_BYTEARRAY:
        if (!zcbor_bstr_decode(state, &string))
            return fail(decoder, "a bytearray is not a byte string");
        value->kind = VALUE_BUFFER;
        value->data = (uint8_t *)(uintptr_t)string.value;
        value->bytes = string.len;
        return true;
    case TAG_BUFFER:
        value->kind = VALUE_BUFFER;
        if (!zcbor_uint32_decode(state, &handle) ||
            !context->hold_buffer(context->context, handle, &value->data, &value->bytes))
            return fail(decoder, "no such buffer");
        return true;
    case TAG_SOCKET:
        value->kind = VALUE_SOCKET;
        if (!zcbor_uint32_decode(state, &handle) ||
            !context->hold_socket(context->context, handle, &value->sock))
            return fail(decoder, "no such socket");
        return true;
    case TAG_OTHER:
        value->kind = VALUE_OTHER;
        return zcbor_any_skip(state, NULL) || fail(decoder, "an object can't be read");
    default:
        return fail(decoder, "unknown tag");
    }
}

/* An integer of major type 0 or 1; those beyond int64_t keep only their sign. */
static bool decode_integer(struct decoder *decoder, zcbor_state_t *state, bool negative,
                           struct value *value)
{
    value->kind = VALUE_INT;
    if (zcbor_int64_decode(state, &value->integer))
        return true;
    value->kind = VALUE_BIGINT;
    value->integer = negative ? -1 : 1;
    return zcbor_any_skip(state, NULL) || fail(decoder, "an integer can't be read");
}

static bool decode_simple(struct decoder *decoder, zcbor_state_t *state, struct value *value)
{
    bool truth;
    if (zcbor_bool_decode(state, &truth)) {
        value->kind = VALUE_BOOL;
        value->integer = truth;
        return true;
    }
    if (zcbor_nil_expect(state, NULL)) {
        value->kind = VALUE_NONE;
        return true;
    }
    if (!ZCBOR_IS_FLOAT(*state->payload))
        return fail(decoder, "unknown simple value");
    value->kind = VALUE_FLOAT;
    value->integer = 0;
    return zcbor_any_skip(state, NULL) || fail(decoder, "a float can't be read");
}

/* Nesting is bounded by request_wellformed(). */
static bool decode_value(struct decoder *decoder, zcbor_state_t *state, struct value *value)
{
    struct zcbor_string string;

    if (state->payload >= state->payload_end)
        return fail(decoder, "a value is missing");
    switch (ZCBOR_MAJOR_TYPE(*state->payload)) {
    case ZCBOR_MAJOR_TYPE_PINT:
        return decode_integer(decoder, state, false, value);
    case ZCBOR_MAJOR_TYPE_NINT:
        return decode_integer(decoder, state, true, value);
    case ZCBOR_MAJOR_TYPE_BSTR:
        value->kind = VALUE_BYTES;
        if (!zcbor_bstr_decode(state, &string))
            return fail(decoder, "bytes can't be read");
        value->data = (uint8_t *)(uintptr_t)string.value;
        value->bytes = string.len;
        return true;
    case ZCBOR_MAJOR_TYPE_TSTR:
        value->kind = VALUE_STR;
        if (!zcbor_tstr_decode(state, &string))
            return fail(decoder, "text can't be read");
        value->data = (uint8_t *)(uintptr_t)string.value;
        value->bytes = string.len;
        return true;
    case ZCBOR_MAJOR_TYPE_LIST:
        value->kind = VALUE_TUPLE;
        return decode_items(decoder, state, value);
    case ZCBOR_MAJOR_TYPE_MAP:
        value->kind = VALUE_OTHER;
        return zcbor_any_skip(state, NULL) || fail(decoder, "a map can't be read");
    case ZCBOR_MAJOR_TYPE_TAG:
        return decode_tagged(decoder, state, value);
    default:
        return decode_simple(decoder, state, value);
    }
}

static bool decode_keywords(struct decoder *decoder, zcbor_state_t *state)
{
    if (!zcbor_map_start_decode(state))
        return fail(decoder, "kw is not a map");
    size_t count = state->elem_count / 2;
    if (count == 0)
        return true;
    struct value_keyword *keywords = take_memory(decoder, count * sizeof *keywords);
    if (keywords == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct zcbor_string name;
        if (!zcbor_tstr_decode(state, &name))
            return fail(decoder, "a keyword is not text");
        char *copy = take_memory(decoder, name.len + 1);
        if (copy == NULL)
            return false;
        memcpy(copy, name.value, name.len);
        copy[name.len] = '\0';
        keywords[i].name = copy;
        if (!decode_value(decoder, state, &keywords[i].value))
            return false;
    }
    decoder->decoded->args.keywords = keywords;
    decoder->decoded->args.keyword_count = count;
    return true;
}

const char *decode_arguments(struct decoded *decoded, const struct request *request,
                             const struct decode_context *context)
{
    struct decoder decoder = {decoded, context, NULL};
    const struct span *args = request_field(request, "args");
    const struct span *kw = request_field(request, "kw");

    memset(decoded, 0, sizeof *decoded);
    if (args != NULL) {
        struct value tuple;
        ZCBOR_STATE_D(state, REQUEST_DEPTH_MAX + 1, args->data, args->bytes, 1, 0);
        state->constant_state->enforce_canonical = false;
        if (ZCBOR_MAJOR_TYPE(args->data[0]) != ZCBOR_MAJOR_TYPE_LIST)
            return "args is not an array";
        if (!decode_items(&decoder, state, &tuple))
            return decoder.wrong;
        decoded->args.positional = tuple.items;
        decoded->args.positional_count = tuple.count;
    }
    if (kw != NULL) {
        ZCBOR_STATE_D(state, REQUEST_DEPTH_MAX + 1, kw->data, kw->bytes, 1, 0);
        state->constant_state->enforce_canonical = false;
        if (!decode_keywords(&decoder, state))
            return decoder.wrong;
    }
    return NULL;
}

void decode_release(struct decoded *decoded, const struct decode_context *context)
{
    while (decoded->blocks != NULL) {
        struct decode_block *block = decoded->blocks;
        decoded->blocks = block->next;
        context->release(block);
    }
    memset(&decoded->args, 0, sizeof decoded->args);
}
