/*
 * CAN frames as programs see them, to and from bytes, and filters.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "port/can_frame.h"

/* Read a frame from a buffer of exactly its size, so that a read beyond it is seen. */
static bool read_exact(const uint8_t *bytes, size_t size, bool fd, struct can_message *message)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    bool read = can_frame_read(copy, size, fd, message);
    free(copy);
    return read;
}

static void test_only_two_sizes_are_frames(void **state)
{
    (void)state;
    const uint8_t zeros[100] = {0};
    struct can_message message;
    for (size_t size = 0; size <= sizeof zeros; size++) {
        assert_int_equal(read_exact(zeros, size, false, &message), size == 16);
        assert_int_equal(read_exact(zeros, size, true, &message), size == 16 || size == 72);
    }
}

static void test_every_frame_comes_back(void **state)
{
    (void)state;
    const uint32_t ids[] = {0, 0x7ff, CAN_ID_EXTENDED, CAN_ID_EXTENDED | 0x1fffffff};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        for (unsigned length = 0; length <= 64; length++) {
            struct can_message message = {.id = ids[i], .length = (uint8_t)length};
            uint8_t bytes[CAN_FD_FRAME_BYTES];
            struct can_message back;
            memset(message.data, 0xa5, length);
            if (length <= 8) {
                can_frame_write(&message, bytes);
                assert_int_equal(can_frame_size(&message), 16);
                assert_true(read_exact(bytes, 16, false, &back));
                assert_memory_equal(&back, &message, sizeof back);
            }
            message.flags = CAN_FLAG_FD | CAN_FLAG_BRS;
            can_frame_write(&message, bytes);
            assert_int_equal(can_frame_size(&message), 72);
            bool fits = can_length_fit((uint8_t)length) == length;
            assert_int_equal(read_exact(bytes, 72, true, &back), fits);
            if (fits)
                assert_memory_equal(&back, &message, sizeof back);
        }
    }
}

static void test_what_no_bus_carries(void **state)
{
    (void)state;
    const struct {
        uint32_t id;
        uint8_t length;
        bool fd;
    } bad[] = {
        {0x800, 0, false},
        {0x1fffffff, 0, false},
        {CAN_ID_ERROR, 0, false},
        {CAN_ID_REMOTE, 0, true},
        {0, 9, false},
        {0, 255, false},
        {0, 65, true},
        {0, 9, true},
        {0, 63, true},
        {CAN_ID_REMOTE, 9, false},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct can_message message = {.id = bad[i].id, .length = bad[i].length};
        uint8_t bytes[CAN_FD_FRAME_BYTES];
        can_frame_write(&message, bytes);
        assert_false(read_exact(bytes, bad[i].fd ? 72 : 16, true, &message));
    }
}

static void test_a_remote_frame_has_no_data(void **state)
{
    (void)state;
    struct can_message message;
    const uint8_t bytes[16] = {1, 0, 0, 0x40, 8, 0, 0, 0, 'n', 'e', 'v', 'e', 'r', '!', '!', '!'};
    assert_true(read_exact(bytes, 16, false, &message));
    assert_int_equal(message.length, 8);
    for (size_t i = 0; i < CAN_FD_BYTES; i++)
        assert_int_equal(message.data[i], 0);
}

static bool passes(uint32_t id, uint32_t mask, uint32_t frame)
{
    const struct can_filter filter = {.id = id, .mask = mask};
    return can_filters_pass(&filter, 1, frame);
}

static void test_filters(void **state)
{
    (void)state;
    assert_true(passes(0, 0, 0x123));
    assert_true(passes(0x123, 0x7ff, 0x123));
    assert_false(passes(0x123, 0x7ff, 0x124));
    assert_false(passes(CAN_FILTER_INVERTED | 0x123, 0x7ff, 0x123));
    assert_true(passes(CAN_FILTER_INVERTED | 0x123, 0x7ff, 0x124));
    assert_false(passes(CAN_FILTER_INVERTED, 0, 0x124));
    /* The mask's EFF bit tells the kinds apart. */
    assert_false(passes(0x123, CAN_ID_EXTENDED | 0x7ff, CAN_ID_EXTENDED | 0x123));
    assert_true(passes(0x123, 0x7ff, CAN_ID_EXTENDED | 0x123));
    /* A standard filter looks at 11 bits, whatever its mask says. */
    assert_true(passes(0x10000123, CAN_ID_EXTENDED | 0x1fffffff, 0x123));
    assert_false(can_filters_pass(NULL, 0, 0x123));
}

static void test_filters_are_little_endian_pairs(void **state)
{
    (void)state;
    const uint8_t bytes[16] = {0x78, 0x56, 0x34, 0x12, 0xff, 0, 0, 0x80, 1, 0, 0, 0, 2, 0, 0, 0};
    struct can_filter filters[2];
    can_filters_read(bytes, 2, filters);
    assert_int_equal(filters[0].id, 0x12345678);
    assert_int_equal(filters[0].mask, 0x800000ff);
    assert_int_equal(filters[1].id, 1);
    assert_int_equal(filters[1].mask, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_two_sizes_are_frames),
        cmocka_unit_test(test_every_frame_comes_back),
        cmocka_unit_test(test_what_no_bus_carries),
        cmocka_unit_test(test_a_remote_frame_has_no_data),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_filters_are_little_endian_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
