/*
 * Receiving from and sending to streams: exact sizes, ends, breaks, partial data.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

static struct provider_socket *provider;

static void deliver_one(void *byte)
{
    fake_deliver(provider, byte, 1);
}

static void finish(void *unused)
{
    (void)unused;
    fake_finish(provider);
}

static void reset_by_peer(void *unused)
{
    (void)unused;
    fake_break(provider, SOCK_ECONNRESET);
}

static void make_room_for_one(void *unused)
{
    (void)unused;
    fake_make_room(provider, 1);
}

static struct sock *connected(void)
{
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    return tcp;
}

static void test_recv_waits_for_all_it_asked_for(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    int64_t start = fake_port.now_ns();
    for (int i = 0; i < 7; i++)
        fake_at(start + (i + 1) * 100 * MS, deliver_one, &"abcdefg"[i]);
    CALL("recv", tcp, INT(7));
    expect_data("abcdefg");
    assert_int_equal(fake_port.now_ns() - start, 700 * MS);
    release(tcp);
}

static void test_recv_stops_at_bufsize(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    fake_deliver(provider, "abcdefghij", 10);
    int64_t start = fake_port.now_ns();
    CALL("recv", tcp, INT(4));
    expect_data("abcd");
    CALL("recv", tcp, INT(6));
    expect_data("efghij");
    assert_int_equal(fake_port.now_ns(), start);
    release(tcp);
}

static void test_large_stream_arrives_whole_in_segments(void **state)
{
    (void)state;
    static uint8_t content[100000];
    struct sock *tcp = connected();
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 31 + i / 256);
    provider->segment_bytes = 1459;
    fake_deliver(provider, content, sizeof content);
    CALL("recv", tcp, INT(sizeof content));
    expect_data_at(content, sizeof content, __FILE__, __LINE__);
    release(tcp);
}

static void test_size_asked_for_is_not_allocated_up_front(void **state)
{
    (void)state;
    const struct value sizes[] = {INT(INT32_MAX), INT(INT64_C(1) << 32), INT(INT64_MAX), BIG(1)};
    for (size_t i = 0; i < 4; i++) {
        struct sock *tcp = connected();
        fake_deliver(provider, "hello", 5);
        fake_finish(provider);
        CALL("recv", tcp, sizes[i]);
        expect_data("hello");
        assert_true(fake_largest_block() < 4096);
        release(tcp);
    }
}

static void test_end_of_stream_stays(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    int64_t start = fake_port.now_ns();
    fake_deliver(provider, "abc", 3);
    fake_at(start + 5 * MS, finish, NULL);
    CALL("recv", tcp, INT(10));
    expect_data("abc");
    assert_int_equal(fake_port.now_ns() - start, 5 * MS);
    for (int i = 0; i < 3; i++) {
        CALL("recv", tcp, INT(10));
        expect_data("");
    }
    CALL("sendall", tcp, BYTES("still possible"));
    expect_none();
    release(tcp);
}

static void test_reset_delivers_the_bytes_then_the_error(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    int64_t start = fake_port.now_ns();
    fake_deliver(provider, "abc", 3);
    fake_at(start + 5 * MS, reset_by_peer, NULL);
    CALL("recv", tcp, INT(10));
    expect_data("abc");
    for (int i = 0; i < 2; i++) {
        CALL("recv", tcp, INT(10));
        expect_exception_at(EXC_CONNECTION_RESET_ERROR, SOCK_ECONNRESET, __FILE__, __LINE__);
        CALL("send", tcp, BYTES("x"));
        expect_exception_at(EXC_CONNECTION_RESET_ERROR, SOCK_ECONNRESET, __FILE__, __LINE__);
    }
    release(tcp);
}

static void test_reset_ends_an_empty_wait(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    int64_t start = fake_port.now_ns();
    fake_at(start + 7 * MS, reset_by_peer, NULL);
    CALL("recv", tcp, INT(10));
    expect_exception_at(EXC_CONNECTION_RESET_ERROR, SOCK_ECONNRESET, __FILE__, __LINE__);
    assert_int_equal(fake_port.now_ns() - start, 7 * MS);
    release(tcp);
}

static void test_partial_data_survives_a_timeout(void **state)
{
    (void)state;
    static uint8_t buffer[7];
    struct sock *tcp = connected();
    CALL("settimeout", tcp, INT(100));
    int64_t start = fake_port.now_ns();
    fake_at(start + 50 * MS, deliver_one, "a");
    fake_at(start + 60 * MS, deliver_one, "b");
    CALL("recv", tcp, INT(7));
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 100 * MS);

    fake_at(start + 150 * MS, deliver_one, "c");
    CALL("recv_into", tcp, BUFFER(buffer)); /* the same for the other method */
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 200 * MS);

    CALL("recv", tcp, INT(1));
    expect_data("a");
    CALL("recv_into", tcp, BUFFER(buffer), INT(2));
    expect_int(2);
    assert_memory_equal(buffer, "bc", 2);
    assert_int_equal(fake_port.now_ns() - start, 200 * MS);
    release(tcp);
}

static void test_trickling_data_does_not_postpone_the_deadline(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    CALL("settimeout", tcp, INT(100));
    int64_t start = fake_port.now_ns();
    for (int i = 1; i <= 10; i++)
        fake_at(start + i * 50 * MS - MS, deliver_one, "x");
    CALL("recv", tcp, INT(1000));
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 100 * MS);
    release(tcp);
}

static void test_non_blocking_takes_what_there_is(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    CALL("settimeout", tcp, INT(0));
    int64_t start = fake_port.now_ns();
    CALL("recv", tcp, INT(10));
    expect_io_error(SOCK_EAGAIN);
    fake_deliver(provider, "abc", 3);
    CALL("recv", tcp, INT(10));
    expect_data("abc");
    provider->room = 2;
    CALL("send", tcp, BYTES("12345"));
    expect_int(2);
    CALL("send", tcp, BYTES("345"));
    expect_io_error(SOCK_EAGAIN);
    CALL("sendall", tcp, BYTES("345"));
    expect_io_error(SOCK_EAGAIN);
    assert_int_equal(fake_port.now_ns(), start);
    assert_int_equal(fake_waits(), 0);
    release(tcp);
}

static void test_zero_bytes_need_no_waiting(void **state)
{
    (void)state;
    static uint8_t buffer[4];
    struct sock *tcp = connected();
    CALL("recv", tcp, INT(0));
    expect_data("");
    CALL("recv_into", tcp, BUFFER(buffer), INT(0));
    expect_int(0);
    CALL("recv_into", tcp, ((struct value){.kind = VALUE_BUFFER}));
    expect_int(0);
    fake_deliver(provider, "abc", 3);
    CALL("recv", tcp, INT(0));
    expect_data("");
    CALL("recv", tcp, INT(3));
    expect_data("abc");
    CALL("send", tcp, BYTES(""));
    expect_int(0);
    CALL("sendall", tcp, BYTES(""));
    expect_none();
    assert_int_equal(provider->sent_bytes, 0);
    release(tcp);
}

static void test_recv_into_touches_only_what_it_returns(void **state)
{
    (void)state;
    uint8_t buffer[16];
    memset(buffer, 0xaa, sizeof buffer);
    struct sock *tcp = connected();
    fake_deliver(provider, "abcdefghijklmnopqrst", 20);
    CALL("recv_into", tcp, BUFFER(buffer), INT(5));
    expect_int(5);
    assert_memory_equal(buffer, "abcde\xaa\xaa", 7);
    release(tcp);
}

static void test_negative_bufsize_is_the_whole_buffer(void **state)
{
    (void)state;
    uint8_t buffer[16];
    struct sock *tcp = connected();
    fake_deliver(provider, "abcdefghijklmnopqrst", 20);
    CALL("recv_into", tcp, BUFFER(buffer), INT(-1000));
    expect_int(16);
    CALL("recv", tcp, INT(4));
    expect_data("qrst");
    release(tcp);
}

static void test_send_returns_what_was_taken_over(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    provider->room = 3;
    CALL("send", tcp, BYTES("abcdef"));
    expect_int(3);
    int64_t start = fake_port.now_ns();
    fake_at(start + 20 * MS, make_room_for_one, NULL);
    CALL("send", tcp, BYTES("def"));
    expect_int(1);
    assert_int_equal(fake_port.now_ns() - start, 20 * MS);
    assert_memory_equal(provider->sent, "abcd", 4);
    release(tcp);
}

static void test_sendall_goes_on_until_all_is_sent(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    provider->room = 1;
    int64_t start = fake_port.now_ns();
    for (int i = 1; i < 6; i++)
        fake_at(start + i * MS, make_room_for_one, NULL);
    CALL("sendall", tcp, BYTES("abcdef"));
    expect_none();
    assert_int_equal(fake_port.now_ns() - start, 5 * MS);
    assert_int_equal(provider->sent_bytes, 6);
    release(tcp);
}

static void test_sendall_has_one_deadline(void **state)
{
    (void)state;
    struct sock *tcp = connected();
    CALL("settimeout", tcp, INT(100));
    provider->room = 1;
    int64_t start = fake_port.now_ns();
    for (int i = 1; i < 10; i++)
        fake_at(start + i * 50 * MS - MS, make_room_for_one, NULL);
    CALL("sendall", tcp, BYTES("abcdefghijklmnopq"));
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 100 * MS);
    assert_memory_equal(provider->sent, "abc", 3); /* a clean prefix */
    release(tcp);
}

static void test_without_memory_no_byte_is_lost(void **state)
{
    (void)state;
    static uint8_t content[6000];
    uint8_t buffer[6000];
    struct sock *tcp = connected();
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    fake_deliver(provider, content, sizeof content);
    fake_limit_allocations(1);
    CALL("recv", tcp, INT(6000));
    expect_exception(EXC_MEMORY_ERROR);
    fake_limit_allocations(0);
    CALL("recv", tcp, INT(6000));
    expect_exception(EXC_MEMORY_ERROR);
    fake_limit_allocations(FAKE_NO_LIMIT);
    CALL("recv_into", tcp, BUFFER(buffer));
    expect_int(6000);
    assert_memory_equal(buffer, content, 6000);

    /* Nowhere to keep partial data of recv_into: it is returned instead. */
    CALL("settimeout", tcp, INT(10));
    fake_deliver(provider, "abc", 3);
    fake_limit_allocations(0);
    CALL("recv_into", tcp, BUFFER(buffer));
    expect_int(3);
    fake_limit_allocations(FAKE_NO_LIMIT);
    release(tcp);
}

static void test_unconnected_sockets_refuse_at_once(void **state)
{
    (void)state;
    static uint8_t buffer[4];
    struct sock *tcp = new_tcp();
    CALL("settimeout", tcp, INT(1000));
    int64_t start = fake_port.now_ns();
    CALL("recv", tcp, INT(1));
    expect_io_error(SOCK_ENOTCONN);
    CALL("recv", tcp, INT(0));
    expect_io_error(SOCK_ENOTCONN);
    CALL("recv_into", tcp, BUFFER(buffer));
    expect_io_error(SOCK_ENOTCONN);
    CALL("send", tcp, BYTES("x"));
    expect_io_error(SOCK_ENOTCONN);
    CALL("send", tcp, BYTES(""));
    expect_io_error(SOCK_ENOTCONN);
    CALL("sendall", tcp, BYTES("x"));
    expect_io_error(SOCK_ENOTCONN);
    CALL("recvfrom", tcp, INT(1));
    expect_io_error(SOCK_EOPNOTSUPP);
    CALL("sendto", tcp, BYTES("x"), STR("10.0.0.2"));
    expect_io_error(SOCK_EOPNOTSUPP);
    assert_int_equal(fake_port.now_ns(), start);
    assert_int_equal(fake_last()->sent_bytes, 0);
    release(tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_recv_waits_for_all_it_asked_for),
        TEST(test_recv_stops_at_bufsize),
        TEST(test_large_stream_arrives_whole_in_segments),
        TEST(test_size_asked_for_is_not_allocated_up_front),
        TEST(test_end_of_stream_stays),
        TEST(test_reset_delivers_the_bytes_then_the_error),
        TEST(test_reset_ends_an_empty_wait),
        TEST(test_partial_data_survives_a_timeout),
        TEST(test_trickling_data_does_not_postpone_the_deadline),
        TEST(test_non_blocking_takes_what_there_is),
        TEST(test_zero_bytes_need_no_waiting),
        TEST(test_recv_into_touches_only_what_it_returns),
        TEST(test_negative_bufsize_is_the_whole_buffer),
        TEST(test_send_returns_what_was_taken_over),
        TEST(test_sendall_goes_on_until_all_is_sent),
        TEST(test_sendall_has_one_deadline),
        TEST(test_without_memory_no_byte_is_lost),
        TEST(test_unconnected_sockets_refuse_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
