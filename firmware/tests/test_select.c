/*
 * select: what makes a socket ready, what wakes it, what it leaves alone.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

#define SOCKET(self) ((struct value){.kind = VALUE_SOCKET, .sock = (self)})
#define EMPTY_LIST ((struct value){.kind = VALUE_LIST})

static struct provider_socket *provider;

/* Assert the result: the one socket that may be in each list, or NULL. */
static void expect_ready_at(struct sock *readable, struct sock *writable, struct sock *exceptional,
                            int line)
{
    struct sock *const wanted[] = {readable, writable, exceptional};
    if (result.exception != EXC_NONE || result.value.kind != VALUE_TUPLE || result.value.count != 3)
        _fail(__FILE__, line);
    for (size_t list = 0; list < 3; list++) {
        const struct value *tuple = &result.value.items[list];
        size_t count = wanted[list] != NULL ? 1 : 0;
        if (tuple->kind != VALUE_TUPLE || tuple->count != count ||
            (count == 1 &&
             (tuple->items[0].kind != VALUE_SOCKET || tuple->items[0].sock != wanted[list]))) {
            print_error("list %zu has %zu members\n", list, tuple->count);
            _fail(__FILE__, line);
        }
    }
}
#define expect_ready(readable, writable, exceptional)                                              \
    expect_ready_at((readable), (writable), (exceptional), __LINE__)

static void poll_all(struct sock *self)
{
    CALL("select", NULL, LIST(SOCKET(self)), LIST(SOCKET(self)), TUPLE(SOCKET(self)), INT(0));
}

static void wait_readable(struct sock *self, struct value timeout)
{
    CALL("select", NULL, LIST(SOCKET(self)), EMPTY_LIST, EMPTY_TUPLE, timeout);
}

static void test_arguments(void **state)
{
    (void)state;
    struct sock *udp = new_udp();
    size_t operations = fake_operations();
    const struct value wrong[] = {NONE, INT(1), SOCKET(udp), STR("s"), LIST(INT(1)), LIST(NONE)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        for (size_t place = 0; place < 3; place++) {
            struct value values[] = {EMPTY_LIST, EMPTY_LIST, EMPTY_LIST, INT(0)};
            values[place] = wrong[i];
            call_with("select", NULL, values, 4);
            expect_exception(EXC_TYPE_ERROR);
        }
    }
    wait_readable(udp, FLOAT);
    expect_exception(EXC_TYPE_ERROR);
    wait_readable(udp, INT(-1));
    expect_exception(EXC_VALUE_ERROR);
    wait_readable(udp, BIG(1));
    expect_exception(EXC_OVERFLOW_ERROR);
    CALL("select", NULL, EMPTY_LIST, EMPTY_LIST);
    expect_exception(EXC_TYPE_ERROR);
    CALL("select", NULL, EMPTY_LIST, EMPTY_LIST, EMPTY_LIST);
    expect_exception(EXC_VALUE_ERROR); /* it would never end */
    CALL_KW("select", NULL, {"rlist", EMPTY_LIST}, {"wlist", EMPTY_LIST}, {"xlist", EMPTY_LIST},
            {"timeout_ms", INT(0)});
    expect_ready(NULL, NULL, NULL);
    assert_int_equal(fake_operations(), operations);
    release(udp);
}

static void test_timeout_is_exact(void **state)
{
    (void)state;
    struct sock *udp = bound_udp();
    const int64_t timeouts[] = {0, 1, 250, 5000000000};
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        int64_t start = fake_port.now_ns();
        wait_readable(udp, INT(timeouts[i]));
        expect_ready(NULL, NULL, NULL);
        assert_int_equal(fake_port.now_ns() - start, timeouts[i] * MS);
    }
    int64_t start = fake_port.now_ns();
    CALL("select", NULL, EMPTY_LIST, EMPTY_LIST, EMPTY_LIST, INT(7));
    expect_ready(NULL, NULL, NULL);
    assert_int_equal(fake_port.now_ns() - start, 7 * MS);
    release(udp);
}

static void test_what_is_ready_at_once(void **state)
{
    (void)state;
    struct sock *fresh = new_tcp();
    poll_all(fresh);
    expect_ready(fresh, fresh, NULL); /* every call fails at once */
    release(fresh);

    struct sock *udp = new_udp();
    poll_all(udp);
    expect_ready(udp, udp, NULL); /* receiving without a port is refused at once */
    release(udp);

    udp = bound_udp();
    provider = fake_last();
    poll_all(udp);
    expect_ready(NULL, udp, NULL);
    fake_datagram(provider, "", 0, 7000);
    poll_all(udp);
    expect_ready(udp, udp, NULL);
    release(udp);

    struct sock *listener = listening_tcp();
    provider = fake_last();
    poll_all(listener);
    expect_ready(NULL, NULL, NULL);
    fake_connection(provider);
    poll_all(listener);
    expect_ready(listener, NULL, NULL);
    release(listener);

    struct sock *tcp = connected_tcp();
    provider = fake_last();
    provider->room = 0;
    poll_all(tcp);
    expect_ready(NULL, NULL, NULL);
    fake_make_room(provider, 1);
    fake_deliver(provider, "x", 1);
    poll_all(tcp);
    expect_ready(tcp, tcp, NULL);
    CALL("recv", tcp, INT(1));
    expect_data("x");
    fake_finish(provider);
    poll_all(tcp);
    expect_ready(tcp, tcp, NULL);
    CALL("recv", tcp, INT(1));
    expect_data("");
    poll_all(tcp);
    expect_ready(tcp, tcp, NULL); /* the end stays readable */
    release(tcp);

    tcp = connected_tcp();
    fake_break(fake_last(), SOCK_ECONNRESET);
    poll_all(tcp);
    expect_ready(tcp, tcp, tcp);
    release(tcp);
}

static void test_bytes_that_a_timed_out_recv_left_are_readable(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    fake_deliver(provider, "ab", 2);
    CALL("settimeout", tcp, INT(5));
    CALL("recv", tcp, INT(9));
    expect_timeout();
    wait_readable(tcp, INT(0));
    expect_ready(tcp, NULL, NULL);
    CALL("recv", tcp, INT(2));
    expect_data("ab");
    wait_readable(tcp, INT(0));
    expect_ready(NULL, NULL, NULL);
    release(tcp);
}

static void test_connection_attempts(void **state)
{
    (void)state;
    const int outcomes[] = {1, -SOCK_ECONNREFUSED};
    for (size_t i = 0; i < 2; i++) {
        struct sock *tcp = new_tcp();
        provider = fake_last();
        provider->room = 1;
        CALL("settimeout", tcp, INT(0));
        CALL("connect", tcp, TUPLE(STR("10.0.0.2"), INT(80)));
        expect_io_error(SOCK_EINPROGRESS);
        poll_all(tcp);
        expect_ready(NULL, NULL, NULL);
        fake_connect_ends(provider, outcomes[i]);
        for (int again = 0; again < 2; again++) {
            poll_all(tcp);
            if (outcomes[i] == 1)
                expect_ready(NULL, tcp, NULL);
            else
                expect_ready(tcp, tcp, tcp);
        }
        /* The failure was looked at, not taken: the next call raises it, once. */
        CALL("connect", tcp, TUPLE(STR("10.0.0.2"), INT(80)));
        if (outcomes[i] == 1) {
            expect_io_error(SOCK_EISCONN);
        } else {
            expect_exception(EXC_CONNECTION_REFUSED_ERROR);
            CALL("connect", tcp, TUPLE(STR("10.0.0.2"), INT(80)));
            expect_io_error(SOCK_EINPROGRESS);
        }
        release(tcp);
    }
}

/* Events that end a wait without a limit, 3 ms after its start. */
static void deliver(void *argument)
{
    fake_deliver(argument, "x", 1);
}
static void finish(void *argument)
{
    fake_finish(argument);
}
static void reset(void *argument)
{
    fake_break(argument, SOCK_ECONNRESET);
}
static void datagram(void *argument)
{
    fake_datagram(argument, "x", 1, 7000);
}
static void connection(void *argument)
{
    fake_connection(argument);
}

static void test_each_event_wakes_at_its_instant(void **state)
{
    (void)state;
    static const struct {
        struct sock *(*make)(void);
        void (*event)(void *argument);
    } cases[] = {{connected_tcp, deliver},
                 {connected_tcp, finish},
                 {connected_tcp, reset},
                 {bound_udp, datagram},
                 {listening_tcp, connection}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sock *other = bound_udp();
        struct sock *self = cases[i].make();
        int64_t start = fake_port.now_ns();
        fake_at(start + 3 * MS, cases[i].event, fake_last());
        CALL("select", NULL, LIST(SOCKET(other), SOCKET(self)), EMPTY_LIST, EMPTY_LIST, NONE);
        expect_ready(self, NULL, NULL);
        assert_int_equal(fake_port.now_ns() - start, 3 * MS);
        release(self);
        release(other);
    }
}

static void make_room(void *argument)
{
    fake_make_room(argument, 1);
}

static void test_room_wakes_the_writer(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    provider->room = 0;
    int64_t start = fake_port.now_ns();
    fake_at(start + 9 * MS, make_room, provider);
    CALL("select", NULL, LIST(SOCKET(tcp)), LIST(SOCKET(tcp)), EMPTY_LIST, INT(10));
    expect_ready(NULL, tcp, NULL);
    assert_int_equal(fake_port.now_ns() - start, 9 * MS);
    release(tcp);
}

static void close_it(void *argument)
{
    CALL0("close", argument);
    expect_none();
}

static void test_close_of_a_member_ends_it(void **state)
{
    (void)state;
    struct sock *udp = bound_udp();
    struct sock *other = bound_udp();
    int64_t start = fake_port.now_ns();
    struct fake_task *task = fake_start(close_it, other);
    CALL("select", NULL, LIST(SOCKET(udp), SOCKET(other)), EMPTY_LIST, EMPTY_LIST);
    expect_io_error(SOCK_EBADF);
    assert_int_equal(fake_port.now_ns() - start, 0);
    fake_join(task);
    wait_readable(other, INT(0));
    expect_io_error(SOCK_EBADF);
    release(udp);
    release(other);
}

static void connect_it(void *argument)
{
    CALL("connect", argument, TUPLE(STR("10.0.0.2"), INT(80)));
    expect_none();
}

static void connected(void *argument)
{
    fake_connect_ends(argument, 1);
}

static void test_connect_that_waits_elsewhere_makes_writable(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    provider->room = 1;
    struct fake_task *task = fake_start(connect_it, tcp);
    fake_settle();
    fake_at(fake_port.now_ns() + 4 * MS, connected, provider);
    CALL("select", NULL, EMPTY_LIST, LIST(SOCKET(tcp)), EMPTY_LIST);
    expect_ready(NULL, tcp, NULL);
    fake_join(task);
    release(tcp);
}

static void test_a_socket_may_be_listed_twice(void **state)
{
    (void)state;
    struct sock *udp = bound_udp();
    CALL("select", NULL, EMPTY_LIST, LIST(SOCKET(udp), SOCKET(udp)), EMPTY_LIST);
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.items[1].count, 2);
    release(udp);
}

static void test_without_memory(void **state)
{
    (void)state;
    struct sock *udp = bound_udp();
    for (size_t successes = 0; successes < 2; successes++) {
        fake_limit_allocations(successes);
        wait_readable(udp, INT(0));
        expect_io_error(SOCK_ENOMEM);
    }
    fake_limit_allocations(FAKE_NO_LIMIT);
    release(udp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_arguments),
        TEST(test_timeout_is_exact),
        TEST(test_what_is_ready_at_once),
        TEST(test_bytes_that_a_timed_out_recv_left_are_readable),
        TEST(test_connection_attempts),
        TEST(test_each_event_wakes_at_its_instant),
        TEST(test_room_wakes_the_writer),
        TEST(test_close_of_a_member_ends_it),
        TEST(test_connect_that_waits_elsewhere_makes_writable),
        TEST(test_a_socket_may_be_listed_twice),
        TEST(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
