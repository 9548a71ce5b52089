/*
 * Arguments: every kind of value comes out as the protocol says, and nothing leaks when it cannot.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent_fakes.h"

#include <stdlib.h>
#include <string.h>

#include "agent/decode.h"
#include "port/memory.h"

static uint8_t device_buffer[8];
static int device_socket;

static bool hold_socket(void *context, uint32_t handle, struct sock **sock)
{
    (void)context;
    *sock = (struct sock *)&device_socket;
    return handle == 600;
}

static bool hold_buffer(void *context, uint32_t handle, uint8_t **data, size_t *bytes)
{
    (void)context;
    *data = device_buffer;
    *bytes = sizeof device_buffer;
    return handle == 5;
}

static const struct decode_context context = {memory_alloc, memory_release, hold_socket,
                                              hold_buffer, NULL};

static struct decoded decoded;
static uint8_t message[512];

/* Decode {"id": 1, KEY: item}. */
static const char *decode_field(const char *key, const char *item, size_t item_bytes)
{
    struct request request;
    size_t key_bytes = strlen(key);
    size_t bytes = 0;
    memcpy(message, "\xa2\x62id\x01", 5);
    bytes = 5;
    message[bytes++] = (uint8_t)(0x60 + key_bytes);
    memcpy(&message[bytes], key, key_bytes);
    bytes += key_bytes;
    memcpy(&message[bytes], item, item_bytes);
    bytes += item_bytes;
    decode_release(&decoded, &context);
    const char *wrong = request_parse(&request, message, bytes);
    return wrong != NULL ? wrong : decode_arguments(&decoded, &request, &context);
}

#define ARGS(literal) decode_field("args", literal, sizeof(literal) - 1)
#define KW(literal) decode_field("kw", literal, sizeof(literal) - 1)

static int teardown(void **state)
{
    (void)state;
    decode_release(&decoded, &context);
    assert_int_equal(fake_blocks, 0);
    fake_reset();
    return 0;
}

static const struct value *only(void)
{
    assert_int_equal(decoded.args.positional_count, 1);
    return &decoded.args.positional[0];
}

static void test_simple_values(void **state)
{
    (void)state;
    assert_null(ARGS("\x81\xf6"));
    assert_int_equal(only()->kind, VALUE_NONE);
    assert_null(ARGS("\x81\xf5"));
    assert_int_equal(only()->kind, VALUE_BOOL);
    assert_int_equal(only()->integer, 1);
    assert_null(ARGS("\x81\xf4"));
    assert_int_equal(only()->integer, 0);
    assert_null(ARGS("\x81\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00"));
    assert_int_equal(only()->kind, VALUE_FLOAT);
    assert_null(ARGS("\x81\x63"
                     "a\0b"));
    assert_int_equal(only()->kind, VALUE_STR);
    assert_int_equal(only()->bytes, 3);
    assert_memory_equal(only()->data, "a\0b", 3);
    assert_null(ARGS("\x81\x41\x07"));
    assert_int_equal(only()->kind, VALUE_BYTES);
    assert_null(ARGS("\x81\xa1\x61k\x01"));
    assert_int_equal(only()->kind, VALUE_OTHER);
    assert_null(ARGS("\x80"));
    assert_int_equal(decoded.args.positional_count, 0);
}

static void check_integer(enum value_kind kind, int64_t integer)
{
    assert_int_equal(only()->kind, kind);
    assert_true(only()->integer == integer);
}

static void test_integers_and_their_limits(void **state)
{
    (void)state;
    assert_null(ARGS("\x81\x18\x05")); /* longer than need be, but valid */
    check_integer(VALUE_INT, 5);
    assert_null(ARGS("\x81\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"));
    check_integer(VALUE_INT, INT64_MAX);
    assert_null(ARGS("\x81\x1b\x80\x00\x00\x00\x00\x00\x00\x00"));
    check_integer(VALUE_BIGINT, 1);
    assert_null(ARGS("\x81\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"));
    check_integer(VALUE_INT, INT64_MIN);
    assert_null(ARGS("\x81\x3b\x80\x00\x00\x00\x00\x00\x00\x00"));
    check_integer(VALUE_BIGINT, -1);
    assert_null(ARGS("\x81\xc2\x42\x01\x00"));
    check_integer(VALUE_INT, 256);
    assert_null(ARGS("\x81\xc3\x48\x7f\xff\xff\xff\xff\xff\xff\xff"));
    check_integer(VALUE_INT, INT64_MIN);
    assert_null(ARGS("\x81\xc2\x48\x80\x00\x00\x00\x00\x00\x00\x00"));
    check_integer(VALUE_BIGINT, 1);
    assert_null(ARGS("\x81\xc3\x4a\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"));
    check_integer(VALUE_BIGINT, -1);
    assert_null(ARGS("\x81\xc2\x4a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09"));
    check_integer(VALUE_INT, 9);
}

static void test_sequences_nest(void **state)
{
    (void)state;
    /* [["10.0.0.1", 80], 60001([1, []])] */
    assert_null(ARGS("\x82\x82\x68"
                     "10.0.0.1\x18\x50\xd9\xea\x61\x82\x01\x80"));
    assert_int_equal(decoded.args.positional_count, 2);
    const struct value *address = &decoded.args.positional[0];
    const struct value *list = &decoded.args.positional[1];
    assert_int_equal(address->kind, VALUE_TUPLE);
    assert_int_equal(address->count, 2);
    assert_int_equal(address->items[0].kind, VALUE_STR);
    assert_int_equal(address->items[1].integer, 80);
    assert_int_equal(list->kind, VALUE_LIST);
    assert_int_equal(list->items[1].kind, VALUE_TUPLE);
    assert_int_equal(list->items[1].count, 0);
}

static void test_objects_are_looked_up(void **state)
{
    (void)state;
    assert_null(ARGS("\x83\xd9\xea\x63\x05\xd9\xea\x62\x42xy\xd9\xea\x64\x19\x02\x58"));
    const struct value *args = decoded.args.positional;
    assert_int_equal(args[0].kind, VALUE_BUFFER);
    assert_ptr_equal(args[0].data, device_buffer);
    assert_int_equal(args[0].bytes, sizeof device_buffer);
    assert_int_equal(args[1].kind, VALUE_BUFFER);
    args[1].data[0] = 'z'; /* a private copy, which the module may write to */
    assert_int_equal(args[2].kind, VALUE_SOCKET);
    assert_ptr_equal(args[2].sock, &device_socket);
    assert_string_equal(ARGS("\x81\xd9\xea\x63\x06"), "no such buffer");
    assert_string_equal(ARGS("\x81\xd9\xea\x64\x06"), "no such socket");
    assert_string_equal(ARGS("\x81\xd9\xea\x64\x61x"), "no such socket");
    assert_null(ARGS("\x81\xd9\xea\x65\x66object"));
    assert_int_equal(only()->kind, VALUE_OTHER);
}

static void test_keywords(void **state)
{
    (void)state;
    assert_null(KW("\xa2\x64"
                   "type\x01\x65proto\x11"));
    assert_int_equal(decoded.args.keyword_count, 2);
    assert_string_equal(decoded.args.keywords[0].name, "type");
    assert_int_equal(decoded.args.keywords[1].value.integer, 17);
    assert_null(KW("\xa0"));
    assert_int_equal(decoded.args.keyword_count, 0);
    assert_string_equal(KW("\xa1\x01\x02"), "a keyword is not text");
    assert_string_equal(KW("\x80"), "kw is not a map");
}

static void test_wrong_values_are_refused(void **state)
{
    (void)state;
    assert_string_equal(ARGS("\xa0"), "args is not an array");
    assert_string_equal(ARGS("\x81\xf7"), "unknown simple value");
    assert_string_equal(ARGS("\x81\xd9\xea\x60\x00"), "unknown tag");
    assert_string_equal(ARGS("\x81\xc2\x01"), "a bignum is not a byte string");
    assert_string_equal(ARGS("\x81\xd9\xea\x61\x01"), "a list is not an array");
    assert_string_equal(ARGS("\x81\xd9\xea\x62\x80"), "a bytearray is not a byte string");
}

static void test_each_failed_allocation_is_survived(void **state)
{
    (void)state;
    for (size_t allocations = 0; allocations < 3; allocations++) {
        fake_allocations_left = allocations;
        assert_string_equal(ARGS("\x81\x81\x81\x01"), "no memory for the arguments");
    }
    fake_allocations_left = 3;
    assert_null(ARGS("\x81\x81\x81\x01"));
}

/* Under the sanitizers: arguments of any content are decoded or refused, and released. */
static void test_mutations_leak_nothing(void **state)
{
    (void)state;
    static const char good[] =
        "\x85\x82\x68"
        "10.0.0.1\x18\x50\xd9\xea\x61\x82\x01\x80\xc2\x42\x01\x00\xd9\xea\x63"
        "\x05\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00";
    char item[sizeof good];
    size_t accepted = 0;
    srandom(1);
    for (int round = 0; round < 20000; round++) {
        size_t bytes = sizeof good - 1 - (random() % 4 == 0 ? (size_t)random() % 8 : 0);
        memcpy(item, good, bytes);
        for (long i = random() % 3; i > 0; i--)
            item[(size_t)random() % bytes] = (char)random();
        accepted += decode_field("args", item, bytes) == NULL;
    }
    assert_in_range(accepted, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_simple_values, teardown),
        cmocka_unit_test_teardown(test_integers_and_their_limits, teardown),
        cmocka_unit_test_teardown(test_sequences_nest, teardown),
        cmocka_unit_test_teardown(test_objects_are_looked_up, teardown),
        cmocka_unit_test_teardown(test_keywords, teardown),
        cmocka_unit_test_teardown(test_wrong_values_are_refused, teardown),
        cmocka_unit_test_teardown(test_each_failed_allocation_is_survived, teardown),
        cmocka_unit_test_teardown(test_mutations_leak_nothing, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
