/*
 * Requests: checking that a message is well-formed, and its fields (agent/request.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/request.h"

#include <string.h>

#include "zcbor_decode.h"

/* Initial byte of a CBOR item (RFC 8949 3). */
#define MAJOR(byte) ((byte) >> 5)
#define ADDITIONAL(byte) ((byte)&31u)
#define MAJOR_ARRAY 4u
#define MAJOR_MAP 5u
#define MAJOR_TAG 6u
#define MAJOR_SIMPLE 7u

/* Read an item's head. Bytes of it, or 0 when it is cut short, reserved or of indefinite length. */
static size_t read_head(const uint8_t *data, size_t bytes, unsigned *major, uint64_t *argument)
{
    if (bytes == 0)
        return 0;
    unsigned additional = ADDITIONAL(data[0]);
    *major = MAJOR(data[0]);
    if (additional < 24) {
        *argument = additional;
        return 1;
    }
    if (additional > 27)
        return 0;
    size_t width = (size_t)1 << (additional - 24);
    if (bytes < 1 + width)
        return 0;
    *argument = 0;
    for (size_t i = 0; i < width; i++)
        *argument = *argument << 8 | data[1 + i];
    return 1 + width;
}

bool request_wellformed(const uint8_t *data, size_t bytes)
{
    /* Items still expected at each depth. */
    uint64_t expected[REQUEST_DEPTH_MAX + 1] = {1};
    size_t depth = 0;
    size_t at = 0;

    for (;;) {
        while (expected[depth] == 0) {
            if (depth == 0)
                return at == bytes;
            depth--;
        }
        expected[depth]--;

        unsigned major;
        uint64_t argument;
        size_t head = read_head(data + at, bytes - at, &major, &argument);
        if (head == 0)
            return false;
        at += head;
        uint64_t inside = 0;
        switch (major) {
        case 2: /* byte string */
        case 3: /* text */
            if (argument > bytes - at)
                return false;
            at += (size_t)argument;
            break;
        case MAJOR_ARRAY:
        case MAJOR_MAP:
            /* Each item inside takes at least a byte, so this also bounds the loop. */
            if (argument > bytes - at)
                return false;
            inside = major == MAJOR_MAP ? 2 * argument : argument;
            break;
        case MAJOR_TAG:
            if (argument > UINT32_MAX)
                return false;
            inside = 1;
            break;
        case MAJOR_SIMPLE:
            /* A simple value below 32 in two bytes is not well-formed (3.3). */
            if (head == 2 && argument < 32)
                return false;
            break;
        default:
            break;
        }
        if (inside > 0) {
            if (depth == REQUEST_DEPTH_MAX)
                return false;
            expected[++depth] = inside;
        }
    }
}

const char *request_parse(struct request *request, const uint8_t *message, size_t bytes)
{
    request->has_id = false;
    request->field_count = 0;
    if (!request_wellformed(message, bytes))
        return "not one well-formed CBOR item of definite lengths";

    ZCBOR_STATE_D(state, 1, message, bytes, 1, 0);
    state->constant_state->enforce_canonical = false;
    if (!zcbor_map_start_decode(state))
        return "not a map";
    const char *wrong = NULL;
    while (!zcbor_array_at_end(state)) {
        struct zcbor_string key;
        if (!zcbor_tstr_decode(state, &key))
            return "a key is not text";
        const uint8_t *value = state->payload;
        if (!zcbor_any_skip(state, NULL))
            return "a value can't be read";
        if (request->field_count == REQUEST_FIELDS_MAX) {
            wrong = "too many fields";
            continue;
        }
        size_t i = request->field_count++;
        request->fields[i].key = (struct span){key.value, key.len};
        request->fields[i].value = (struct span){value, (size_t)(state->payload - value)};
    }
    request->has_id = request_unsigned(request, "id", &request->id);
    if (wrong == NULL && !request->has_id)
        wrong = "no unsigned id";
    return wrong;
}

const struct span *request_field(const struct request *request, const char *key)
{
    size_t bytes = strlen(key);
    for (size_t i = 0; i < request->field_count; i++) {
        if (request->fields[i].key.bytes == bytes &&
            memcmp(request->fields[i].key.data, key, bytes) == 0)
            return &request->fields[i].value;
    }
    return NULL;
}

/* Decode a field as one string or number by one of the library's functions. */
static bool decode_field(const struct request *request, const char *key,
                         bool (*decode)(zcbor_state_t *state, void *result), void *result)
{
    const struct span *value = request_field(request, key);
    if (value == NULL)
        return false;
    ZCBOR_STATE_D(state, 1, value->data, value->bytes, 1, 0);
    state->constant_state->enforce_canonical = false;
    return decode(state, result);
}

static bool decode_text(zcbor_state_t *state, void *result)
{
    return zcbor_tstr_decode(state, result);
}

static bool decode_data(zcbor_state_t *state, void *result)
{
    return zcbor_bstr_decode(state, result);
}

static bool decode_unsigned(zcbor_state_t *state, void *result)
{
    return zcbor_uint64_decode(state, result);
}

static bool decode_bool(zcbor_state_t *state, void *result)
{
    return zcbor_bool_decode(state, result);
}

bool request_text(const struct request *request, const char *key, struct span *text)
{
    struct zcbor_string string;
    if (!decode_field(request, key, decode_text, &string))
        return false;
    *text = (struct span){string.value, string.len};
    return true;
}

bool request_data(const struct request *request, const char *key, struct span *data)
{
    struct zcbor_string string;
    if (!decode_field(request, key, decode_data, &string))
        return false;
    *data = (struct span){string.value, string.len};
    return true;
}

bool request_unsigned(const struct request *request, const char *key, uint64_t *value)
{
    return decode_field(request, key, decode_unsigned, value);
}

bool request_bool(const struct request *request, const char *key, bool *value)
{
    return decode_field(request, key, decode_bool, value);
}

bool request_handle(const struct request *request, const char *key, uint32_t tag, uint32_t *handle)
{
    const struct span *value = request_field(request, key);
    if (value == NULL)
        return false;
    ZCBOR_STATE_D(state, 1, value->data, value->bytes, 1, 0);
    state->constant_state->enforce_canonical = false;
    uint32_t found;
    if (zcbor_tag_decode(state, &found) && found != tag)
        return false;
    return zcbor_uint32_decode(state, handle);
}

bool request_copy_text(const struct span *text, char *copy, size_t copy_bytes)
{
    if (text->bytes >= copy_bytes || memchr(text->data, '\0', text->bytes) != NULL)
        return false;
    memcpy(copy, text->data, text->bytes);
    copy[text->bytes] = '\0';
    return true;
}
