/*
 * Timeouts: every blocking method, exact to the tick, one deadline per call.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

static uint8_t buffer[8];
static struct provider_socket *provider;

static void call_recv(struct sock *self)
{
    CALL("recv", self, INT(5));
}

static void call_recv_into(struct sock *self)
{
    CALL("recv_into", self, BUFFER(buffer));
}

static void call_recvfrom(struct sock *self)
{
    CALL("recvfrom", self, INT(5));
}

static void call_recvfrom_into(struct sock *self)
{
    CALL("recvfrom_into", self, BUFFER(buffer));
}

static void call_accept(struct sock *self)
{
    CALL0("accept", self);
}

static void call_connect(struct sock *self)
{
    CALL("connect", self, TUPLE(STR("10.0.0.2"), INT(80)));
}

static void call_send(struct sock *self)
{
    CALL("send", self, BYTES("x"));
}

static void call_sendall(struct sock *self)
{
    CALL("sendall", self, BYTES("x"));
}

static struct sock *connected_without_room(void)
{
    struct sock *self = connected_tcp();
    fake_last()->room = 0;
    return self;
}

/* Every blocking method on a socket on which it finds nothing to do. */
static const struct {
    struct sock *(*make)(void);
    void (*call)(struct sock *self);
    int would_block;
    bool receives; /* SO_RCVTIMEO bounds it */
} methods[] = {
    {connected_tcp, call_recv, SOCK_EAGAIN, true},
    {connected_tcp, call_recv_into, SOCK_EAGAIN, true},
    {bound_udp, call_recv, SOCK_EAGAIN, true},
    {bound_udp, call_recvfrom, SOCK_EAGAIN, true},
    {bound_udp, call_recvfrom_into, SOCK_EAGAIN, true},
    {listening_tcp, call_accept, SOCK_EAGAIN, true},
    {new_tcp, call_connect, SOCK_EINPROGRESS, false},
    {connected_without_room, call_send, SOCK_EAGAIN, false},
    {connected_without_room, call_sendall, SOCK_EAGAIN, false},
};

#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static void test_each_method_ends_exactly_at_its_timeout(void **state)
{
    (void)state;
    static const int64_t timeouts_ms[] = {
        1,
        2,
        9,
        10,
        11,
        99,
        100,
        101,
        249,
        250,
        251,
        499,
        500,
        999,
        1000,
        1001,
        60000,
        3600000,
        86400000,
        INT64_C(30) * 86400000,
        INT32_MAX,
        INT64_C(1) << 31,
        UINT32_MAX,
        INT64_C(1) << 32,
        (INT64_C(1) << 32) + 100,
        INT64_C(1) << 42,
    };
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        for (size_t t = 0; t < sizeof timeouts_ms / sizeof timeouts_ms[0]; t++) {
            setup(NULL);
            struct sock *self = methods[m].make();
            CALL("settimeout", self, INT(timeouts_ms[t]));
            expect_none();
            int64_t start = fake_port.now_ns();
            methods[m].call(self);
            expect_timeout();
            assert_int_equal(fake_port.now_ns() - start, timeouts_ms[t] * MS);
            release(self);
        }
    }
}

static void test_no_call_ends_before_its_time_at_any_phase_of_the_tick(void **state)
{
    (void)state;
    for (int64_t phase = 0; phase < FAKE_TICK_NS; phase += FAKE_TICK_NS / 8) {
        setup(NULL);
        struct sock *self = bound_udp();
        CALL("settimeout", self, INT(10));
        fake_sleep_until(fake_port.now_ns() + phase);
        int64_t start = fake_port.now_ns();
        CALL("recvfrom", self, INT(5));
        expect_timeout();
        int64_t lasted = fake_port.now_ns() - start;
        assert_true(lasted >= 10 * MS && lasted < 10 * MS + FAKE_TICK_NS);
        release(self);
    }
}

static void test_zero_never_waits(void **state)
{
    (void)state;
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        setup(NULL);
        struct sock *self = methods[m].make();
        CALL("settimeout", self, INT(0));
        int64_t start = fake_port.now_ns();
        methods[m].call(self);
        expect_io_error(methods[m].would_block);
        assert_int_equal(fake_port.now_ns(), start);
        assert_int_equal(fake_waits(), 0);
        release(self);
    }
}

static void close_it(void *self)
{
    struct value_args none = {0};
    struct value_result mine;
    sock_call("close", self, &none, &mine);
}

static void test_none_waits_for_ever(void **state)
{
    (void)state;
    static const struct value before[] = {{.kind = VALUE_NONE},
                                          {.kind = VALUE_INT, .integer = 0},
                                          {.kind = VALUE_INT, .integer = 100}};
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        for (size_t b = 0; b < 3; b++) {
            setup(NULL);
            struct sock *self = methods[m].make();
            CALL("settimeout", self, before[b]);
            CALL("settimeout", self, NONE);
            expect_none();
            int64_t start = fake_port.now_ns();
            fake_at(start + 86400000 * MS, close_it, self);
            methods[m].call(self);
            expect_io_error(SOCK_EBADF);
            assert_int_equal(fake_port.now_ns() - start, 86400000 * MS);
            release(self);
        }
    }
}

static void test_each_call_has_the_full_time(void **state)
{
    (void)state;
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        setup(NULL);
        struct sock *self = methods[m].make();
        CALL("settimeout", self, INT(40));
        int64_t start = fake_port.now_ns();
        for (int i = 1; i <= 3; i++) {
            methods[m].call(self);
            expect_timeout();
            assert_int_equal(fake_port.now_ns() - start, i * 40 * MS);
        }
        release(self);
    }
}

static void wake_for_nothing(void *unused)
{
    (void)unused;
    provider->event(provider->owner, PROVIDER_READABLE | PROVIDER_WRITABLE | PROVIDER_CONNECTED);
}

static void test_wake_ups_for_nothing_do_not_extend_it(void **state)
{
    (void)state;
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        setup(NULL);
        struct sock *self = methods[m].make();
        provider = fake_last();
        CALL("settimeout", self, INT(100));
        int64_t start = fake_port.now_ns();
        for (int i = 1; i < 20; i++)
            fake_at(start + i * 7 * MS, wake_for_nothing, NULL);
        methods[m].call(self);
        expect_timeout();
        assert_int_equal(fake_port.now_ns() - start, 100 * MS);
        release(self);
    }
}

static void test_receive_timeout_option_bounds_receiving_alone(void **state)
{
    (void)state;
    for (size_t m = 0; m < METHOD_COUNT; m++) {
        setup(NULL);
        struct sock *self = methods[m].make();
        CALL("setsockopt", self, INT(0xffff), INT(1), INT(200));
        expect_none();
        CALL("getsockopt", self, INT(0xffff), INT(1));
        expect_int(200);
        int64_t start = fake_port.now_ns();
        fake_at(start + 300 * MS, close_it, self);
        methods[m].call(self);
        if (methods[m].receives)
            expect_timeout();
        else
            expect_io_error(SOCK_EBADF);
        assert_int_equal(fake_port.now_ns() - start, (methods[m].receives ? 200 : 300) * MS);
        fake_sleep_until(start + 300 * MS);
        release(self);
    }
}

static void test_receive_timeout_of_zero_means_none(void **state)
{
    (void)state;
    struct sock *self = bound_udp();
    CALL("setsockopt", self, INT(0xffff), INT(1), INT(0));
    expect_none();
    int64_t start = fake_port.now_ns();
    fake_at(start + 86400000 * MS, close_it, self);
    CALL("recv", self, INT(5));
    expect_io_error(SOCK_EBADF);
    assert_int_equal(fake_port.now_ns() - start, 86400000 * MS);
    release(self);
}

static void test_options_reach_the_provider(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    CALL("setsockopt", tcp, INT(0xffff), INT(4), INT(7)); /* SO_REUSEADDR */
    expect_none();
    assert_int_equal(fake_last()->options[PROVIDER_REUSEADDR], 1);
    CALL("setsockopt", tcp, INT(6), INT(3), INT(5)); /* TCP_KEEPIDLE */
    expect_none();
    CALL("getsockopt", tcp, INT(6), INT(3));
    expect_int(5);
    CALL("setsockopt", tcp, INT(6), INT(4242), INT(5));
    expect_io_error(SOCK_ENOPROTOOPT);
    CALL("setsockopt", tcp, INT(6), INT(1), INT(1)); /* TCP_NODELAY, not a timeout */
    expect_none();
    CALL("getsockopt", tcp, INT(0xffff), INT(1));
    expect_int(0);
    CALL("setsockopt", tcp, INT(0xffff), INT(4), STR("1"));
    expect_exception(EXC_TYPE_ERROR);
    release(tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_method_ends_exactly_at_its_timeout),
        TEST(test_no_call_ends_before_its_time_at_any_phase_of_the_tick),
        TEST(test_zero_never_waits),
        TEST(test_none_waits_for_ever),
        TEST(test_each_call_has_the_full_time),
        TEST(test_wake_ups_for_nothing_do_not_extend_it),
        TEST(test_receive_timeout_option_bounds_receiving_alone),
        TEST(test_receive_timeout_of_zero_means_none),
        TEST(test_options_reach_the_provider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
