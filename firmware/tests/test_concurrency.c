/*
 * Several threads on one socket, in orders that the test decides.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

static struct provider_socket *provider;

/* A call on a thread of its own. */
struct job {
    const char *name;
    struct sock *self;
    struct value value; /* the one argument; none if of kind VALUE_OTHER */
    struct value_result result;
    int64_t ended_ns;
};

static void run_job(void *argument)
{
    struct job *job = argument;
    struct value_args args = {.positional = &job->value,
                              .positional_count = job->value.kind == VALUE_OTHER ? 0 : 1};
    sock_call(job->name, job->self, &args, &job->result);
    job->ended_ns = fake_port.now_ns();
}

static void close_now(struct sock *self)
{
    CALL0("close", self);
    expect_none();
}

static void test_close_ends_every_blocked_method(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct sock *(*make)(void);
        struct value value;
    } cases[] = {
        {"recv", connected_tcp, {.kind = VALUE_INT, .integer = 5}},
        {"recvfrom", bound_udp, {.kind = VALUE_INT, .integer = 5}},
        {"accept", listening_tcp, {.kind = VALUE_OTHER}},
        {"sendall", connected_tcp, {.kind = VALUE_BYTES, .data = (uint8_t *)"x", .bytes = 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setup(NULL);
        struct sock *self = cases[i].make();
        fake_last()->room = 0;
        struct job job = {.name = cases[i].name, .self = self, .value = cases[i].value};
        struct fake_task *task = fake_start(run_job, &job);
        int64_t start = fake_port.now_ns();
        fake_sleep_until(start + 500 * MS);
        close_now(self);
        assert_true(fake_last()->closed); /* the network side is closed without delay */
        fake_join(task);
        assert_int_equal(job.result.exception, EXC_IO_ERROR);
        assert_int_equal(job.result.error, SOCK_EBADF);
        assert_int_equal(job.ended_ns - start, 500 * MS);
        release(self);
    }
}

static void test_close_ends_a_blocked_connect(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    struct value pair[] = {STR("10.0.0.2"), INT(80)};
    struct job job = {
        .name = "connect", .self = tcp, .value = {.kind = VALUE_TUPLE, .items = pair, .count = 2}};
    struct fake_task *task = fake_start(run_job, &job);
    fake_settle();
    CALL("connect", tcp, TUPLE(STR("10.0.0.2"), INT(80)));
    expect_io_error(SOCK_EALREADY);
    CALL("recv", tcp, INT(1));
    expect_io_error(SOCK_ENOTCONN);
    close_now(tcp);
    fake_join(task);
    assert_int_equal(job.result.error, SOCK_EBADF);
    release(tcp);
}

static void test_readers_take_turns(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    struct job first = {.name = "recv", .self = tcp, .value = INT(4)};
    struct job second = {.name = "recv", .self = tcp, .value = INT(4)};
    struct fake_task *one = fake_start(run_job, &first);
    struct fake_task *two = fake_start(run_job, &second);
    fake_settle();
    for (size_t i = 0; i < 4; i++) {
        fake_deliver(provider, "AaBbCcDd" + 2 * i, 2);
        fake_settle();
    }
    fake_join(one);
    fake_join(two);
    assert_memory_equal(first.result.value.data, "AaBb", 4);
    assert_memory_equal(second.result.value.data, "CcDd", 4);
    sock_result_release(&first.result);
    sock_result_release(&second.result);
    release(tcp);
}

static void test_the_next_in_turn_is_woken(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    struct job first = {.name = "recv", .self = tcp, .value = INT(4)};
    struct job second = {.name = "recv", .self = tcp, .value = INT(4)};
    struct fake_task *one = fake_start(run_job, &first);
    struct fake_task *two = fake_start(run_job, &second);
    fake_settle();
    /* Both wake; the second finds the turn taken and the first then takes its bytes. */
    fake_deliver(provider, "AaBbCcDd", 8);
    fake_join(one);
    fake_join(two);
    assert_memory_equal(first.result.value.data, "AaBb", 4);
    assert_memory_equal(second.result.value.data, "CcDd", 4);
    sock_result_release(&first.result);
    sock_result_release(&second.result);

    provider->room = 0;
    first = (struct job){.name = "sendall", .self = tcp, .value = BYTES("aa")};
    second = (struct job){.name = "sendall", .self = tcp, .value = BYTES("bb")};
    one = fake_start(run_job, &first);
    two = fake_start(run_job, &second);
    fake_settle();
    fake_make_room(provider, 4);
    fake_join(one);
    fake_join(two);
    assert_memory_equal(provider->sent, "aabb", 4);
    release(tcp);
}

static void test_waiting_for_the_turn_is_bounded_too(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    struct job patient = {.name = "recv", .self = tcp, .value = INT(4)};
    struct fake_task *task = fake_start(run_job, &patient);
    fake_settle();

    CALL("settimeout", tcp, INT(100)); /* does not touch the running call */
    int64_t start = fake_port.now_ns();
    CALL("recv", tcp, INT(1));
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 100 * MS);
    CALL("settimeout", tcp, INT(0));
    CALL("recv", tcp, INT(1));
    expect_io_error(SOCK_EAGAIN);
    fake_sleep_until(start + 1000 * MS);
    fake_deliver(provider, "abcd", 4);
    fake_join(task);
    assert_int_equal(patient.ended_ns - start, 1000 * MS);
    assert_memory_equal(patient.result.value.data, "abcd", 4);
    sock_result_release(&patient.result);
    release(tcp);
}

static void test_writers_do_not_mix_their_bytes(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    provider->room = 0;
    struct job first = {.name = "sendall", .self = tcp, .value = BYTES("aaaa")};
    struct job second = {.name = "sendall", .self = tcp, .value = BYTES("bbbb")};
    struct fake_task *one = fake_start(run_job, &first);
    struct fake_task *two = fake_start(run_job, &second);
    fake_settle();
    for (int i = 0; i < 8; i++) {
        fake_make_room(provider, 1);
        fake_settle();
    }
    fake_join(one);
    fake_join(two);
    assert_memory_equal(provider->sent, "aaaabbbb", 8);
    release(tcp);
}

static void test_receiving_and_sending_do_not_wait_for_each_other(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    struct job reader = {.name = "recv", .self = tcp, .value = INT(2)};
    struct fake_task *task = fake_start(run_job, &reader);
    fake_settle();
    CALL("sendall", tcp, BYTES("request"));
    expect_none();
    fake_deliver(provider, "ok", 2);
    fake_join(task);
    assert_memory_equal(reader.result.value.data, "ok", 2);
    sock_result_release(&reader.result);
    release(tcp);
}

static void test_reset_ends_reader_and_writer(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    provider->room = 0;
    struct job reader = {.name = "recv", .self = tcp, .value = INT(2)};
    struct job writer = {.name = "sendall", .self = tcp, .value = BYTES("x")};
    struct fake_task *one = fake_start(run_job, &reader);
    struct fake_task *two = fake_start(run_job, &writer);
    fake_settle();
    fake_break(provider, SOCK_ECONNRESET);
    fake_join(one);
    fake_join(two);
    assert_int_equal(reader.result.exception, EXC_CONNECTION_RESET_ERROR);
    assert_int_equal(writer.result.exception, EXC_CONNECTION_RESET_ERROR);
    release(tcp);
}

static void test_eight_timeouts_at_once(void **state)
{
    (void)state;
    static const int timeouts_ms[8] = {7, 100, 101, 250, 999, 1000, 1001, 60000};
    struct sock *socks[8];
    struct job jobs[8];
    struct fake_task *started[8];
    for (int i = 0; i < 8; i++) {
        socks[i] = bound_udp();
        CALL("settimeout", socks[i], INT(timeouts_ms[i]));
        jobs[i] = (struct job){.name = "recvfrom", .self = socks[i], .value = INT(5)};
        started[i] = fake_start(run_job, &jobs[i]);
    }
    int64_t start = fake_port.now_ns();
    for (int i = 0; i < 8; i++) {
        fake_join(started[i]);
        assert_int_equal(jobs[i].result.exception, EXC_TIMEOUT_ERROR);
        assert_int_equal(jobs[i].ended_ns - start, timeouts_ms[i] * MS);
        release(socks[i]);
    }
}

static void test_partial_data_of_a_blocked_reader_counts_as_unread(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    provider = fake_last();
    struct job reader = {.name = "recv", .self = tcp, .value = INT(100)};
    struct fake_task *task = fake_start(run_job, &reader);
    fake_deliver(provider, "abc", 3);
    fake_settle();
    close_now(tcp);
    fake_join(task);
    assert_true(provider->closed_unread);
    release(tcp);
}

static void test_object_may_be_released_during_its_call(void **state)
{
    (void)state;
    struct sock *udp = bound_udp();
    struct job reader = {.name = "recvfrom", .self = udp, .value = INT(100)};
    struct fake_task *task = fake_start(run_job, &reader);
    fake_settle();
    release(udp); /* the call still holds it */
    fake_datagram(fake_last(), "x", 1, 9);
    fake_join(task);
    assert_int_equal(reader.result.exception, EXC_NONE);
    sock_result_release(&reader.result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_close_ends_every_blocked_method),
        TEST(test_close_ends_a_blocked_connect),
        TEST(test_readers_take_turns),
        TEST(test_the_next_in_turn_is_woken),
        TEST(test_waiting_for_the_turn_is_bounded_too),
        TEST(test_writers_do_not_mix_their_bytes),
        TEST(test_receiving_and_sending_do_not_wait_for_each_other),
        TEST(test_reset_ends_reader_and_writer),
        TEST(test_eight_timeouts_at_once),
        TEST(test_partial_data_of_a_blocked_reader_counts_as_unread),
        TEST(test_object_may_be_released_during_its_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
