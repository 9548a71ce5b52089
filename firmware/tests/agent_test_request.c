/*
 * Requests: what is well-formed, what is refused, and that fields are found.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent_fakes.h"

#include <stdlib.h>
#include <string.h>

#include "agent/request.h"

/* CBOR written as a C string literal of bytes. */
#define CBOR(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static void test_wellformed_items_pass(void **state)
{
    (void)state;
    assert_true(request_wellformed(CBOR("\x00")));
    assert_true(request_wellformed(CBOR("\x1b\xff\xff\xff\xff\xff\xff\xff\xff")));
    assert_true(request_wellformed(CBOR("\x43"
                                        "abc")));
    assert_true(request_wellformed(CBOR("\x80")));
    assert_true(request_wellformed(CBOR("\x82\x01\xa1\x61x\xf6")));
    assert_true(request_wellformed(CBOR("\xc2\x41\x05")));
    assert_true(request_wellformed(CBOR("\xf8\x20")));
    assert_true(request_wellformed(CBOR("\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00")));
}

static void test_malformed_items_are_refused(void **state)
{
    (void)state;
    assert_false(request_wellformed(CBOR("")));
    assert_false(request_wellformed(CBOR("\x18"))); /* head cut short */
    assert_false(request_wellformed(CBOR("\x1c"))); /* reserved */
    assert_false(request_wellformed(CBOR("\x44"
                                         "abc"))); /* string cut short */
    assert_false(request_wellformed(CBOR("\x7b\xff\xff\xff\xff\xff\xff\xff\xff"
                                         "a")));        /* length that overflows */
    assert_false(request_wellformed(CBOR("\x82\x01"))); /* item missing */
    assert_false(request_wellformed(CBOR("\xbb\x80\x00\x00\x00\x00\x00\x00\x00\x01")));
    assert_false(request_wellformed(CBOR("\xa1\x01"))); /* value missing */
    assert_false(request_wellformed(CBOR("\x01\x02"))); /* two items */
    assert_false(request_wellformed(CBOR("\x9f\xff"))); /* indefinite length */
    assert_false(request_wellformed(CBOR("\xff")));     /* break alone */
    assert_false(request_wellformed(CBOR("\xc2")));     /* tag of nothing */
    assert_false(request_wellformed(CBOR("\xdb\x00\x00\x00\x01\x00\x00\x00\x00\x01")));
    assert_false(request_wellformed(CBOR("\xf8\x1f"))); /* simple value in two bytes */
}

static void test_nesting_reaches_its_limit_and_no_further(void **state)
{
    (void)state;
    uint8_t nested[REQUEST_DEPTH_MAX + 2];
    memset(nested, 0x81, sizeof nested);
    nested[REQUEST_DEPTH_MAX] = 0x00;
    assert_true(request_wellformed(nested, REQUEST_DEPTH_MAX + 1));
    nested[REQUEST_DEPTH_MAX] = 0x81;
    nested[REQUEST_DEPTH_MAX + 1] = 0x00;
    assert_false(request_wellformed(nested, REQUEST_DEPTH_MAX + 2));
}

static void test_fields_are_found_by_name_and_type(void **state)
{
    (void)state;
    struct request request;
    /* {"id": 7, "th": "rx", "flag": true, "buffer": 60003(5), "data": h'0102'} */
    const char *wrong = request_parse(&request, CBOR("\xa5\x62id\x07\x62th\x62rx\x64"
                                                     "flag\xf5\x66"
                                                     "buffer\xd9\xea\x63\x05\x64"
                                                     "data\x42\x01\x02"));
    struct span text;
    struct span data;
    uint64_t number;
    uint32_t handle;
    bool flag = false;
    char copy[3];

    assert_null(wrong);
    assert_true(request.has_id);
    assert_int_equal(request.id, 7);
    assert_true(request_text(&request, "th", &text));
    assert_true(request_copy_text(&text, copy, sizeof copy));
    assert_string_equal(copy, "rx");
    assert_false(request_copy_text(&text, copy, 2));
    assert_true(request_bool(&request, "flag", &flag));
    assert_true(flag);
    assert_true(request_handle(&request, "buffer", 60003, &handle));
    assert_int_equal(handle, 5);
    assert_false(request_handle(&request, "buffer", 60004, &handle));
    assert_true(request_data(&request, "data", &data));
    assert_memory_equal(data.data, "\x01\x02", 2);
    assert_false(request_unsigned(&request, "th", &number));
    assert_false(request_text(&request, "data", &text));
    assert_null(request_field(&request, "t"));
    assert_null(request_field(&request, "thx"));
}

static void test_refusals_name_the_fault_and_keep_the_id(void **state)
{
    (void)state;
    struct request request;
    assert_string_equal(request_parse(&request, CBOR("\x80")), "not a map");
    assert_false(request.has_id);
    assert_string_equal(request_parse(&request, CBOR("\xa1\x01\x02")), "a key is not text");
    assert_string_equal(request_parse(&request, CBOR("\xa0")), "no unsigned id");
    assert_string_equal(request_parse(&request, CBOR("\xa1\x62id\x20")), "no unsigned id");

    uint8_t many[2 + 3 * (REQUEST_FIELDS_MAX + 1)];
    size_t bytes = 0;
    many[bytes++] = 0xb8;
    many[bytes++] = REQUEST_FIELDS_MAX + 1;
    memcpy(&many[bytes], "\x62id\x09", 4);
    bytes += 4;
    for (int i = 1; i < REQUEST_FIELDS_MAX; i++) {
        many[bytes++] = 0x61;
        many[bytes++] = (uint8_t)('a' + i);
        many[bytes++] = 0x00;
    }
    uint8_t fits[sizeof many];
    memcpy(fits, many, bytes);
    fits[1] = REQUEST_FIELDS_MAX;
    assert_null(request_parse(&request, fits, bytes));
    many[bytes++] = 0x60;
    many[bytes++] = 0x00;
    assert_string_equal(request_parse(&request, many, bytes), "too many fields");
    assert_true(request.has_id);
    assert_int_equal(request.id, 9);
}

/* Under the sanitizers: whatever comes, it is read within its bounds. */
static void test_mutations_are_parsed_or_refused(void **state)
{
    (void)state;
    static const uint8_t good[] = "\xa4\x62id\x07\x62op\x64"
                                  "call\x64"
                                  "args\x82\x01\x62xy\x62kw\xa1\x61k\xc2\x41\x05";
    srandom(1);
    size_t accepted = 0;
    for (int round = 0; round < 20000; round++) {
        size_t bytes = sizeof good - 1 - (size_t)random() % 4;
        uint8_t *message = malloc(bytes);
        memcpy(message, good, bytes);
        for (long i = random() % 3; i > 0; i--)
            message[(size_t)random() % bytes] = (uint8_t)random();
        struct request request;
        uint64_t number;
        struct span text;
        if (request_parse(&request, message, bytes) == NULL) {
            accepted++;
            request_text(&request, "op", &text);
            request_unsigned(&request, "args", &number);
        }
        free(message);
    }
    assert_in_range(accepted, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wellformed_items_pass),
        cmocka_unit_test(test_malformed_items_are_refused),
        cmocka_unit_test(test_nesting_reaches_its_limit_and_no_further),
        cmocka_unit_test(test_fields_are_found_by_name_and_type),
        cmocka_unit_test(test_refusals_name_the_fault_and_keep_the_id),
        cmocka_unit_test(test_mutations_are_parsed_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
