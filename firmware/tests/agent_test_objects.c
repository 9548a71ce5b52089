/*
 * Handles: never reused, objects live as long as somebody holds them, the table has an end.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent_fakes.h"

#include "agent/objects.h"

static struct sock *sock_number(size_t number)
{
    static char socks[OBJECTS_MAX + 1];
    return (struct sock *)&socks[number];
}

static int reset(void **state)
{
    (void)state;
    assert_int_equal(fake_blocks, 0);
    fake_reset();
    return 0;
}

static void test_a_dropped_handle_is_forgotten_for_ever(void **state)
{
    (void)state;
    struct sock *found;
    uint32_t first = objects_add_socket(sock_number(0));
    assert_int_not_equal(first, 0);
    assert_true(objects_drop_socket(first));
    assert_ptr_equal(fake_released, sock_number(0));
    uint32_t second = objects_add_socket(sock_number(1));
    assert_int_not_equal(second, first);
    assert_false(objects_hold_socket(first, &found));
    assert_false(objects_drop_socket(first));
    assert_true(objects_hold_socket(second, &found));
    assert_ptr_equal(found, sock_number(1));
    objects_let_go(second);
    assert_true(objects_drop_socket(second));
}

static void test_a_held_object_outlives_its_handle(void **state)
{
    (void)state;
    struct sock *sock;
    uint8_t *data;
    uint8_t *again;
    size_t bytes;
    uint32_t handle = objects_add_socket(sock_number(2));
    assert_true(objects_hold_socket(handle, &sock));
    assert_true(objects_hold_socket(handle, &sock));
    assert_true(objects_drop_socket(handle));
    assert_false(objects_hold_socket(handle, &sock));
    objects_let_go(handle);
    assert_int_equal(fake_releases, 0);
    objects_let_go(handle);
    assert_int_equal(fake_releases, 1);

    handle = objects_add_buffer(4, &data);
    assert_true(objects_hold_buffer(handle, &again, &bytes));
    assert_ptr_equal(again, data);
    assert_int_equal(bytes, 4);
    assert_true(objects_drop_buffer(handle));
    data[3] = 1; /* still there */
    objects_let_go(handle);
    assert_int_equal(fake_blocks, 0);
}

static void test_kinds_are_not_mixed_up(void **state)
{
    (void)state;
    struct sock *sock;
    uint8_t *data;
    size_t bytes;
    uint32_t a_socket = objects_add_socket(sock_number(3));
    uint32_t a_buffer = objects_add_buffer(0, &data);
    assert_false(objects_hold_buffer(a_socket, &data, &bytes));
    assert_false(objects_hold_socket(a_buffer, &sock));
    assert_false(objects_drop_buffer(a_socket));
    assert_false(objects_drop_socket(a_buffer));
    assert_false(objects_hold_socket(0, &sock));
    assert_false(objects_hold_socket(UINT32_MAX, &sock));
    assert_true(objects_drop_socket(a_socket));
    assert_true(objects_drop_buffer(a_buffer));
}

static void test_the_table_has_an_end(void **state)
{
    (void)state;
    uint32_t handles[OBJECTS_MAX];
    uint8_t *data;
    for (size_t i = 0; i < OBJECTS_MAX; i++) {
        handles[i] = objects_add_socket(sock_number(i));
        assert_int_not_equal(handles[i], 0);
    }
    assert_int_equal(objects_add_socket(sock_number(OBJECTS_MAX)), 0);
    assert_int_equal(objects_add_buffer(16, &data), 0);
    assert_non_null(data); /* it was no want of memory */
    assert_int_equal(fake_blocks, 0);
    assert_true(objects_drop_socket(handles[100]));
    handles[100] = objects_add_socket(sock_number(100));
    assert_int_not_equal(handles[100], 0);
    for (size_t i = 0; i < OBJECTS_MAX; i++)
        assert_true(objects_drop_socket(handles[i]));
}

static void test_no_memory_makes_no_buffer(void **state)
{
    (void)state;
    uint8_t *data;
    fake_allocations_left = 0;
    assert_int_equal(objects_add_buffer(16, &data), 0);
    assert_null(data);
}

static void test_a_socket_is_found_by_its_object(void **state)
{
    (void)state;
    struct sock *sock;
    uint32_t first = objects_add_socket(sock_number(5));
    uint32_t second = objects_add_socket(sock_number(6));
    assert_int_equal(objects_handle_of(sock_number(5)), first);
    assert_int_equal(objects_handle_of(sock_number(6)), second);
    assert_int_equal(objects_handle_of(sock_number(7)), 0);
    /* While a call holds it, it can be a result. */
    assert_true(objects_hold_socket(first, &sock));
    assert_true(objects_drop_socket(first));
    assert_int_equal(objects_handle_of(sock_number(5)), first);
    objects_let_go(first);
    assert_int_equal(objects_handle_of(sock_number(5)), 0);
    assert_true(objects_drop_socket(second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_dropped_handle_is_forgotten_for_ever, reset),
        cmocka_unit_test_teardown(test_a_held_object_outlives_its_handle, reset),
        cmocka_unit_test_teardown(test_kinds_are_not_mixed_up, reset),
        cmocka_unit_test_teardown(test_the_table_has_an_end, reset),
        cmocka_unit_test_teardown(test_no_memory_makes_no_buffer, reset),
        cmocka_unit_test_teardown(test_a_socket_is_found_by_its_object, reset),
    };
    objects_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
