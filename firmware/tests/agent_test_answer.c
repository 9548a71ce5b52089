/*
 * Answers: their exact bytes, and what leaves when there is no room or no memory.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent_fakes.h"

#include <string.h>

#include "agent/answer.h"

static const struct request request = {.has_id = true, .id = 7};

#define EXPECT_MESSAGE(literal)                                                                    \
    do {                                                                                           \
        assert_int_equal(fake_message_bytes, sizeof(literal) - 1);                                 \
        assert_memory_equal(fake_message, literal, sizeof(literal) - 1);                           \
    } while (0)

static int reset(void **state)
{
    (void)state;
    assert_int_equal(fake_blocks, 0);
    fake_reset();
    return 0;
}

static uint32_t handle_of(struct sock *sock)
{
    return sock != NULL ? 600 : 0;
}

static void answer(const struct value *value)
{
    struct answer answer;
    if (answer_open(&answer, &request, 1, 2, answer_value_bound(value)))
        answer_send(&answer, answer_value(answer.state, value, handle_of));
}

static void test_results_have_definite_lengths(void **state)
{
    (void)state;
    answer_none(&request, 1, 500);
    EXPECT_MESSAGE("\xa4\x62id\x07\x62t0\x01\x62t1\x19\x01\xf4\x62ok\xf6");

    int socket;
    uint8_t data[] = {1, 2};
    struct value items[] = {
        {.kind = VALUE_BUFFER, .data = data, .bytes = 2},
        {.kind = VALUE_STR, .data = (uint8_t *)"ab", .bytes = 2},
        {.kind = VALUE_INT, .integer = -1},
        {.kind = VALUE_BOOL, .integer = 1},
        {.kind = VALUE_SOCKET, .sock = (struct sock *)&socket},
    };
    struct value tuple = {.kind = VALUE_TUPLE, .items = items, .count = 5};
    answer(&tuple);
    EXPECT_MESSAGE("\xa4\x62id\x07\x62t0\x01\x62t1\x02\x62ok\x85\xd9\xea\x62\x42\x01\x02\x62"
                   "ab\x20\xf5\xd9\xea\x64\x19\x02\x58");
    tuple.kind = VALUE_LIST;
    tuple.count = 0;
    answer(&tuple);
    EXPECT_MESSAGE("\xa4\x62id\x07\x62t0\x01\x62t1\x02\x62ok\xd9\xea\x61\x80");
}

static void test_exceptions(void **state)
{
    (void)state;
    answer_exception(&request, 1, 2, EXC_TIMEOUT_ERROR, 110, "late");
    EXPECT_MESSAGE("\xa4\x62id\x07\x62t0\x01\x62t1\x02\x63"
                   "exc\xa3\x63"
                   "cls\x6cTimeoutError\x65"
                   "errno\x18\x6e\x63"
                   "msg\x64late");
}

static void test_refusals(void **state)
{
    (void)state;
    const struct request anonymous = {.has_id = false};
    answer_bad(&request, "no");
    EXPECT_MESSAGE("\xa2\x62id\x07\x63"
                   "bad\x62no");
    answer_bad(&anonymous, "no");
    EXPECT_MESSAGE("\xa2\x62id\xf6\x63"
                   "bad\x62no");
}

static void expect_refusal(const char *why)
{
    size_t bytes = strlen(why);
    assert_int_equal(fake_messages, 1);
    assert_memory_equal(fake_message,
                        "\xa2\x62id\x07\x63"
                        "bad",
                        9);
    assert_memory_equal(&fake_message[fake_message_bytes - bytes], why, bytes);
}

static void test_largest_result_fits_and_one_more_byte_is_refused(void **state)
{
    (void)state;
    static uint8_t data[131072];
    struct value bytes = {.kind = VALUE_BYTES, .data = data, .bytes = 0};
    bytes.bytes = sizeof data - 128 - answer_value_bound(&bytes);
    answer(&bytes);
    assert_int_equal(fake_messages, 1);
    assert_int_equal(fake_message[0], 0xa4);
    fake_messages = 0;
    bytes.bytes++;
    answer(&bytes);
    expect_refusal("the result is larger than a message");
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    fake_allocations_left = 0;
    answer_none(&request, 1, 2);
    expect_refusal("no memory for the answer");
}

static void test_what_cannot_be_encoded_is_told(void **state)
{
    (void)state;
    struct value value = {.kind = VALUE_SOCKET, .sock = NULL};
    answer(&value);
    expect_refusal("the answer can't be encoded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_results_have_definite_lengths, reset),
        cmocka_unit_test_teardown(test_exceptions, reset),
        cmocka_unit_test_teardown(test_refusals, reset),
        cmocka_unit_test_teardown(test_largest_result_fits_and_one_more_byte_is_refused, reset),
        cmocka_unit_test_teardown(test_no_memory_is_told, reset),
        cmocka_unit_test_teardown(test_what_cannot_be_encoded_is_told, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
