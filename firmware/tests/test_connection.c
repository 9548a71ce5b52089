/*
 * connect, bind, listen, accept: outcomes and states.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

#define PEER TUPLE(STR("10.0.0.2"), INT(80))

static struct provider_socket *provider;

static void connect_ends(void *outcome)
{
    fake_connect_ends(provider, *(int *)outcome);
}

static void client_arrives(void *unused)
{
    (void)unused;
    fake_connection(provider);
}

static void client_is_done(void *unused)
{
    (void)unused;
    fake_finish(provider);
}

static void test_connect_returns_with_the_handshake(void **state)
{
    (void)state;
    int outcome = 1;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    int64_t start = fake_port.now_ns();
    fake_at(start + 2500 * MS, connect_ends, &outcome);
    CALL("connect", tcp, PEER);
    expect_none();
    assert_int_equal(fake_port.now_ns() - start, 2500 * MS);
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EISCONN);
    assert_int_equal(provider->connects, 1);
    release(tcp);
}

static void test_refusal_and_silence_have_their_classes(void **state)
{
    (void)state;
    int refused = -SOCK_ECONNREFUSED;
    int silent = -SOCK_ETIMEDOUT;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    int64_t start = fake_port.now_ns();
    fake_at(start + 3 * MS, connect_ends, &refused);
    CALL("connect", tcp, PEER);
    expect_exception_at(EXC_CONNECTION_REFUSED_ERROR, SOCK_ECONNREFUSED, __FILE__, __LINE__);
    CALL("send", tcp, BYTES("x"));
    expect_io_error(SOCK_ENOTCONN); /* not the old error */

    fake_at(start + 18000 * MS, connect_ends, &silent);
    CALL("connect", tcp, PEER);
    expect_timeout();
    provider->connect_outcome = 1;
    CALL("connect", tcp, PEER); /* and a good one after all */
    expect_none();
    release(tcp);
}

static void test_connect_times_out_and_is_given_up(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    CALL("settimeout", tcp, INT(250));
    int64_t start = fake_port.now_ns();
    CALL("connect", tcp, PEER);
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 250 * MS);
    assert_int_equal(provider->cancels, 1);
    CALL("recv", tcp, INT(1));
    expect_io_error(SOCK_ENOTCONN);
    release(tcp);
}

static void test_non_blocking_connect_goes_on(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    CALL("settimeout", tcp, INT(0));
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EINPROGRESS);
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EALREADY);
    CALL("send", tcp, BYTES("x"));
    expect_io_error(SOCK_ENOTCONN);
    CALL("bind", tcp, INT(80));
    expect_io_error(SOCK_EINVAL);
    fake_connect_ends(provider, 1);
    CALL("send", tcp, BYTES("x"));
    expect_int(1);
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EISCONN);
    assert_int_equal(fake_waits(), 0);
    release(tcp);
}

static void test_background_refusal_is_told_once(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    CALL("settimeout", tcp, INT(0));
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EINPROGRESS);
    fake_connect_ends(provider, -SOCK_ECONNREFUSED);
    CALL("recv", tcp, INT(1));
    expect_exception_at(EXC_CONNECTION_REFUSED_ERROR, SOCK_ECONNREFUSED, __FILE__, __LINE__);
    CALL("recv", tcp, INT(1));
    expect_io_error(SOCK_ENOTCONN);
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EINPROGRESS);
    release(tcp);
}

static void test_local_refusal_leaves_the_socket_usable(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    provider->connect_error = -SOCK_ENETUNREACH;
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_ENETUNREACH);
    provider->connect_error = 0;
    provider->connect_outcome = 1;
    CALL("connect", tcp, PEER);
    expect_none();
    release(tcp);
}

static void test_bind_once_and_only_before_use(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    provider = fake_last();
    CALL("bind", tcp, TUPLE(STR("99.0.0.1"), INT(80)));
    expect_io_error(SOCK_EADDRNOTAVAIL);
    CALL("bind", tcp, TUPLE(STR("10.0.0.1"), INT(80)));
    expect_none();
    CALL("bind", tcp, INT(81));
    expect_io_error(SOCK_EINVAL);
    assert_int_equal(provider->bound_to.port, 80);
    assert_int_equal(provider->binds, 2);
    CALL0("listen", tcp);
    expect_none();
    CALL("bind", tcp, INT(82));
    expect_io_error(SOCK_EINVAL);
    release(tcp);

    tcp = connected_tcp();
    CALL("bind", tcp, INT(82));
    expect_io_error(SOCK_EINVAL);
    CALL0("listen", tcp);
    expect_io_error(SOCK_EINVAL);
    release(tcp);
}

static void test_listen_needs_bind_and_has_limits(void **state)
{
    (void)state;
    static const struct {
        int64_t maxlog;
        int backlog;
    } limits[] = {{0, 1}, {-1, 1}, {1, 1}, {3, 3}, {255, 255}, {1000000, 255}};
    struct sock *tcp = new_tcp();
    provider = fake_last();
    CALL0("listen", tcp);
    expect_io_error(SOCK_EDESTADDRREQ);
    CALL("bind", tcp, INT(80));
    CALL("listen", tcp, STR("2"));
    expect_exception(EXC_TYPE_ERROR);
    CALL0("listen", tcp);
    expect_none();
    assert_int_equal(provider->backlog, 2);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        CALL("listen", tcp, INT(limits[i].maxlog));
        expect_none();
        assert_int_equal(provider->backlog, limits[i].backlog);
    }
    release(tcp);
}

static void test_a_listener_only_accepts(void **state)
{
    (void)state;
    static uint8_t buffer[4];
    struct sock *listener = listening_tcp();
    int64_t start = fake_port.now_ns();
    CALL("recv", listener, INT(1));
    expect_io_error(SOCK_ENOTCONN);
    CALL("recv_into", listener, BUFFER(buffer));
    expect_io_error(SOCK_ENOTCONN);
    CALL("send", listener, BYTES("x"));
    expect_io_error(SOCK_ENOTCONN);
    CALL("sendall", listener, BYTES("x"));
    expect_io_error(SOCK_ENOTCONN);
    CALL("connect", listener, PEER);
    expect_io_error(SOCK_EINVAL);
    assert_int_equal(fake_port.now_ns(), start);
    release(listener);

    struct sock *tcp = new_tcp();
    CALL("settimeout", tcp, INT(100));
    CALL0("accept", tcp);
    expect_io_error(SOCK_EINVAL);
    assert_int_equal(fake_port.now_ns(), start);
    release(tcp);
}

static void test_accept_waits_and_hands_over(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    provider = fake_last();
    int64_t start = fake_port.now_ns();
    fake_at(start + 70 * MS, client_arrives, NULL);
    CALL0("accept", listener);
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(fake_port.now_ns() - start, 70 * MS);
    assert_int_equal(result.value.count, 2);
    struct sock *client = result.value.items[0].sock;
    assert_int_equal(result.value.items[1].items[1].integer, 50000);
    struct provider_socket *far_end = fake_last();
    fake_deliver(far_end, "hello", 5);
    CALL("recv", client, INT(5));
    expect_data("hello");
    CALL("sendall", client, BYTES("world"));
    expect_none();
    assert_memory_equal(far_end->sent, "world", 5);
    CALL0("close", listener);
    CALL("send", client, BYTES("!"));
    expect_int(1);
    release(listener);
    release(client);
}

static void test_accepted_socket_inherits_no_timeout(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    provider = fake_last();
    CALL("settimeout", listener, INT(0));
    CALL0("accept", listener);
    expect_io_error(SOCK_EAGAIN);
    fake_connection(provider);
    CALL0("accept", listener);
    struct sock *client = result.value.items[0].sock;
    provider = fake_last();
    int64_t start = fake_port.now_ns();
    fake_at(start + 86400000 * MS, client_is_done, NULL);
    CALL("recv", client, INT(1));
    expect_data("");
    assert_int_equal(fake_port.now_ns() - start, 86400000 * MS);
    release(client);
    release(listener);
}

static void test_without_memory_a_client_stays_queued(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    provider = fake_last();
    fake_connection(provider);
    for (size_t successes = 0; successes < 2; successes++) {
        fake_limit_allocations(successes);
        CALL0("accept", listener);
        expect_io_error(SOCK_ENOMEM);
        assert_int_equal(provider->connections, 1);
    }
    fake_limit_allocations(FAKE_NO_LIMIT);
    CALL0("accept", listener);
    assert_int_equal(result.exception, EXC_NONE);
    release(result.value.items[0].sock);
    release(listener);
}

static void test_names(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    CALL0("getpeername", tcp);
    expect_io_error(SOCK_ENOTCONN);
    CALL("bind", tcp, TUPLE(STR("10.0.0.1"), INT(80)));
    CALL0("getsockname", tcp);
    assert_memory_equal(result.value.items[0].data, "10.0.0.1", 8);
    assert_int_equal(result.value.items[1].integer, 80);
    release(tcp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_connect_returns_with_the_handshake),
        TEST(test_refusal_and_silence_have_their_classes),
        TEST(test_connect_times_out_and_is_given_up),
        TEST(test_non_blocking_connect_goes_on),
        TEST(test_background_refusal_is_told_once),
        TEST(test_local_refusal_leaves_the_socket_usable),
        TEST(test_bind_once_and_only_before_use),
        TEST(test_listen_needs_bind_and_has_limits),
        TEST(test_a_listener_only_accepts),
        TEST(test_accept_waits_and_hands_over),
        TEST(test_accepted_socket_inherits_no_timeout),
        TEST(test_without_memory_a_client_stays_queued),
        TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
