/*
 * Birth and death of sockets: numbers, sharing, closing, limits, leaks.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"
#include "socket/descriptor.h"

static uint8_t buffer[4];

static int64_t number_of(struct sock *self)
{
    CALL0("fileno", self);
    assert_int_equal(result.value.kind, VALUE_INT);
    return result.value.integer;
}

/* Every method with arguments that are in order. */
static void expect_closed(struct sock *self)
{
    size_t operations = fake_operations();
    int64_t start = fake_port.now_ns();
    CALL("connect", self, STR("10.0.0.2"));
    expect_io_error(SOCK_EBADF);
    CALL("recv", self, INT(1));
    expect_io_error(SOCK_EBADF);
    CALL("recv", self, INT(0));
    expect_io_error(SOCK_EBADF);
    CALL("recv_into", self, BUFFER(buffer));
    expect_io_error(SOCK_EBADF);
    CALL("recvfrom", self, INT(1));
    expect_io_error(SOCK_EBADF);
    CALL("recvfrom_into", self, BUFFER(buffer));
    expect_io_error(SOCK_EBADF);
    CALL("send", self, BYTES("x"));
    expect_io_error(SOCK_EBADF);
    CALL("send", self, BYTES(""));
    expect_io_error(SOCK_EBADF);
    CALL("sendall", self, BYTES("x"));
    expect_io_error(SOCK_EBADF);
    CALL("sendto", self, BYTES("x"), STR("10.0.0.2"));
    expect_io_error(SOCK_EBADF);
    CALL("settimeout", self, INT(1));
    expect_io_error(SOCK_EBADF);
    CALL("bind", self, INT(80));
    expect_io_error(SOCK_EBADF);
    CALL0("listen", self);
    expect_io_error(SOCK_EBADF);
    CALL0("accept", self);
    expect_io_error(SOCK_EBADF);
    assert_int_equal(number_of(self), -1);
    CALL0("close", self); /* once more does no harm */
    expect_none();
    assert_int_equal(fake_operations(), operations);
    assert_int_equal(fake_port.now_ns(), start);
}

static void test_closed_sockets_refuse_everything(void **state)
{
    (void)state;
    typedef struct sock *(*maker)(void);
    static const maker makers[] = {new_tcp, connected_tcp, listening_tcp, new_udp, bound_udp};
    for (size_t i = 0; i < 5; i++) {
        struct sock *self = makers[i]();
        CALL0("close", self);
        expect_none();
        expect_closed(self);
        release(self);
    }
}

static void test_a_closed_object_never_reaches_a_newer_socket(void **state)
{
    (void)state;
    struct sock *old = connected_tcp();
    CALL("settimeout", old, INT(0));
    int64_t number = number_of(old);
    CALL0("close", old);
    struct sock *newer = connected_tcp();
    struct provider_socket *provider = fake_last();
    assert_int_equal(number_of(newer), number); /* the number is used again at once */
    expect_closed(old);
    assert_int_equal(provider->sent_bytes, 0);
    assert_false(provider->closed);

    fake_deliver(provider, "ab", 2);
    CALL("recv", newer, INT(2)); /* and nothing of the old one is left in it */
    expect_data("ab");
    release(old);
    CALL("send", newer, BYTES("x"));
    expect_int(1);
    release(newer);
}

static void test_numbers_are_distinct_and_constant(void **state)
{
    (void)state;
    struct sock *tcp = listening_tcp();
    struct sock *udp = new_udp();
    int64_t number = number_of(tcp);
    assert_true(number >= 0);
    assert_int_not_equal(number, number_of(udp));
    CALL("settimeout", tcp, INT(5));
    assert_int_equal(number_of(tcp), number);
    release(udp);
    release(tcp);
}

static void test_adopting_a_number_shares_the_socket(void **state)
{
    (void)state;
    struct sock *first = connected_tcp();
    struct provider_socket *provider = fake_last();
    size_t sockets = fake_sockets();
    CALL_KW("socket", NULL, {"fileno", INT(number_of(first))});
    struct sock *second = result.value.sock;
    assert_int_equal(fake_sockets(), sockets);
    assert_int_equal(number_of(second), number_of(first));
    CALL("send", second, BYTES("x"));
    expect_int(1);
    assert_int_equal(provider->sent_bytes, 1);

    CALL("settimeout", first, INT(0)); /* the timeout is the object's own */
    fake_deliver(provider, "ab", 2);
    CALL("recv", second, INT(1));
    expect_data("a");
    release(first); /* not the last handle: stays open */
    assert_false(provider->closed);
    CALL("recv", second, INT(1));
    expect_data("b");
    CALL0("close", second);
    assert_true(provider->closed);
    release(second);
}

static void test_closing_one_handle_closes_the_other(void **state)
{
    (void)state;
    struct sock *first = connected_tcp();
    CALL_KW("socket", NULL, {"fileno", INT(number_of(first))});
    struct sock *second = result.value.sock;
    CALL0("close", first);
    expect_closed(second);
    release(first);
    release(second);
}

static void test_unknown_numbers_cannot_be_adopted(void **state)
{
    (void)state;
    struct sock *closed = new_tcp();
    int64_t number = number_of(closed);
    CALL0("close", closed);
    const struct value wrong[] = {INT(number),    INT(-1),        INT(DESCRIPTORS_MAX),
                                  INT(INT32_MAX), INT(INT64_MAX), BIG(1),
                                  BIG(-1)};
    for (size_t i = 0; i < 7; i++) {
        CALL_KW("socket", NULL, {"fileno", wrong[i]});
        expect_io_error(SOCK_EBADF);
    }
    CALL_KW("socket", NULL, {"fileno", STR("0")});
    expect_exception(EXC_TYPE_ERROR);
    release(closed);
}

static void test_the_last_handle_closes_the_socket(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    struct provider_socket *provider = fake_last();
    release(tcp);
    assert_true(provider->closed);
    assert_false(provider->closed_unread);
}

static void test_unread_data_is_reported_at_close(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    struct provider_socket *provider = fake_last();
    CALL("settimeout", tcp, INT(1));
    fake_deliver(provider, "abc", 3);
    CALL("recv", tcp, INT(10));
    expect_timeout(); /* three bytes are held back now */
    CALL0("close", tcp);
    assert_true(provider->closed_unread);
    release(tcp);
}

static void test_too_many_sockets_are_an_io_error(void **state)
{
    (void)state;
    struct sock *socks[DESCRIPTORS_MAX];
    for (int i = 0; i < DESCRIPTORS_MAX; i++)
        socks[i] = new_udp();
    for (int i = 0; i < 3; i++) {
        CALL0("socket", NULL);
        expect_io_error(SOCK_EMFILE);
    }
    CALL0("close", socks[17]);
    struct sock *again = new_tcp();
    assert_int_equal(number_of(again), 17);
    release(again);
    for (int i = 0; i < DESCRIPTORS_MAX; i++)
        release(socks[i]);

    fake_refuse_open(-SOCK_ENOBUFS);
    CALL0("socket", NULL);
    expect_io_error(SOCK_ENOBUFS);
    fake_refuse_open(0);
    for (size_t successes = 0; successes < 2; successes++) {
        fake_limit_allocations(successes);
        CALL0("socket", NULL);
        expect_io_error(SOCK_ENOMEM);
    }
    fake_limit_allocations(FAKE_NO_LIMIT);
    release(new_tcp());
}

static void test_ten_thousand_sockets_leave_nothing_behind(void **state)
{
    (void)state;
    for (int i = 0; i < 10000; i++) {
        struct sock *self = new_tcp();
        CALL0("close", self);
        release(self);
        if (i % 100 == 0)
            setup(NULL); /* drops the provider's tombstones; fails if a block is left */
        assert_int_equal(fake_blocks(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_closed_sockets_refuse_everything),
        TEST(test_a_closed_object_never_reaches_a_newer_socket),
        TEST(test_numbers_are_distinct_and_constant),
        TEST(test_adopting_a_number_shares_the_socket),
        TEST(test_closing_one_handle_closes_the_other),
        TEST(test_unknown_numbers_cannot_be_adopted),
        TEST(test_the_last_handle_closes_the_socket),
        TEST(test_unread_data_is_reported_at_close),
        TEST(test_too_many_sockets_are_an_io_error),
        TEST(test_ten_thousand_sockets_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
