/*
 * Ring arithmetic of the MAC driver: empty, full, and across the end.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/mac_ring.h"

static void test_an_empty_ring_has_room_for_all_but_one(void **state)
{
    (void)state;
    for (uint32_t size = 2; size <= 1024; size *= 2) {
        for (uint32_t index = 0; index < size; index++)
            assert_int_equal(mac_ring_room(index, index, size), size - 1);
    }
}

static void test_a_full_ring_has_no_room_wherever_it_begins(void **state)
{
    (void)state;
    for (uint32_t first = 0; first < 8; first++) {
        uint32_t next = mac_ring_after(first, 7, 8);
        assert_int_equal(mac_ring_room(first, next, 8), 0);
        assert_int_equal(mac_ring_distance(first, next, 8), 7);
    }
}

static void test_every_distance_is_walked_in_as_many_steps(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < 16; from++) {
        for (uint32_t steps = 0; steps < 16; steps++) {
            uint32_t to = from;
            for (uint32_t i = 0; i < steps; i++)
                to = mac_ring_after(to, 1, 16);
            assert_int_equal(to, mac_ring_after(from, steps, 16));
            assert_int_equal(mac_ring_distance(from, to, 16), steps);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_ring_has_room_for_all_but_one),
        cmocka_unit_test(test_a_full_ring_has_no_room_wherever_it_begins),
        cmocka_unit_test(test_every_distance_is_walked_in_as_many_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
