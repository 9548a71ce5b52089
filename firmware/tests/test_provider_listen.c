/*
 * The module on the real lwIP: listeners and accepted connections.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/network.h"

static struct sock *accept_one(struct sock *listener)
{
    CALL0("accept", listener);
    assert_int_equal(result.exception, EXC_NONE);
    return result.value.items[0].sock;
}

static void test_accepts_in_the_order_of_the_handshakes(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    struct peer peers[2];
    client_connects(&peers[0], 1, 80);
    client_connects(&peers[1], 65535, 80);
    for (int i = 0; i < 2; i++) {
        struct sock *client = accept_one(listener);
        const struct value *address = &result.value.items[1];
        assert_memory_equal(address->items[0].data, "10.0.0.2", 8);
        assert_int_equal(address->items[1].integer, peers[i].port);
        peer_sends(&peers[i], "ping");
        CALL("recv", client, INT(4));
        expect_data("ping");
        CALL("sendall", client, BYTES("pong"));
        expect_none();
        assert_int_equal(wire_last(WIRE_PSH).from_port, 80);
        peer_resets(&peers[i]);
        release(client);
    }
    release(listener);
}

static void test_backlog_counts_what_waits(void **state)
{
    (void)state;
    static const int limits[] = {1, 2, 3, 5};
    for (size_t i = 0; i < 4; i++) {
        struct sock *listener = new_tcp();
        struct peer peers[6];
        struct peer extra;
        CALL("bind", listener, INT(80));
        CALL("listen", listener, INT(limits[i]));
        for (int c = 0; c < limits[i]; c++) {
            client_connects(&peers[c], (uint16_t)(1000 + c), 80);
            assert_true(wire_saw(WIRE_SYN | WIRE_ACK));
        }
        client_connects(&extra, 2000, 80);
        assert_int_equal(wire_count(), 0); /* its SYN is dropped */
        struct sock *client = accept_one(listener);
        client_connects(&extra, 2000, 80); /* the repetition gets in */
        assert_true(wire_saw(WIRE_SYN | WIRE_ACK));
        peer_resets(&peers[0]);
        release(client);
        wire_clear();
        release(listener);
        assert_true(wire_saw(WIRE_RST)); /* those who waited are told */
    }
}

static void test_half_open_connections_give_way(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    struct peer peer;
    wire_tcp(1001, 80, 1, 0, WIRE_SYN, PEER_WINDOW, NULL, 0);
    wire_tcp(1002, 80, 1, 0, WIRE_SYN, PEER_WINDOW, NULL, 0);
    client_connects(&peer, 1003, 80);
    assert_int_equal(wire_count(), 0);
    run_for(21000 * MS);
    client_connects(&peer, 1003, 80);
    assert_true(wire_saw(WIRE_SYN | WIRE_ACK));
    struct sock *client = accept_one(listener);
    peer_resets(&peer);
    release(client);
    release(listener);
}

static void test_connections_reset_while_waiting_are_skipped(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    struct peer dead;
    struct peer alive;
    client_connects(&dead, 1001, 80);
    client_connects(&alive, 1002, 80);
    peer_resets(&dead);
    struct sock *client = accept_one(listener);
    assert_int_equal(result.value.items[1].items[1].integer, 1002);
    CALL("settimeout", listener, INT(50));
    CALL0("accept", listener);
    expect_timeout();
    client_connects(&dead, 1003, 80); /* both places are free again */
    client_connects(&dead, 1004, 80);
    assert_true(wire_saw(WIRE_SYN | WIRE_ACK));
    peer_resets(&alive);
    release(client);
    release(listener);
}

static void test_data_of_a_waiting_client_is_kept(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    struct peer peer;
    client_connects(&peer, 1001, 80);
    peer_sends(&peer, "early");
    peer_finishes(&peer);
    struct sock *client = accept_one(listener);
    CALL("recv", client, INT(100));
    expect_data("early");
    CALL("recv", client, INT(100));
    expect_data("");
    CALL0("close", client);
    assert_true(wire_saw(WIRE_FIN));
    assert_false(wire_saw(WIRE_RST));
    peer_acknowledges(&peer, PEER_WINDOW);
    release(client);
    release(listener);
}

static void test_closing_the_listener_spares_the_accepted(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    struct peer peer;
    client_connects(&peer, 1001, 80);
    struct sock *client = accept_one(listener);
    CALL0("close", listener);
    wire_clear();
    wire_tcp(1002, 80, 1, 0, WIRE_SYN, PEER_WINDOW, NULL, 0);
    assert_true(wire_saw(WIRE_RST)); /* nobody listens */
    CALL("sendall", client, BYTES("still here"));
    expect_none();
    peer_resets(&peer);
    release(client);
    release(listener);
}

static void test_time_wait_needs_reuse_address(void **state)
{
    (void)state;
    struct sock *listener = listening_tcp();
    struct peer peer;
    client_connects(&peer, 1001, 80);
    struct sock *client = accept_one(listener);
    CALL0("close", client);
    peer_acknowledges(&peer, PEER_WINDOW);
    peer_finishes(&peer);
    CALL0("close", listener);

    struct sock *again = new_tcp();
    CALL("bind", again, INT(80));
    expect_io_error(SOCK_EADDRINUSE);
    CALL("setsockopt", again, INT(0xffff), INT(4), INT(1));
    CALL("bind", again, INT(80));
    expect_none();
    CALL0("listen", again);
    expect_none();

    struct sock *second = new_tcp(); /* but two listeners on one port it never allows */
    CALL("setsockopt", second, INT(0xffff), INT(4), INT(1));
    CALL("bind", second, INT(80));
    if (result.exception == EXC_NONE)
        CALL0("listen", second);
    expect_io_error(SOCK_EADDRINUSE);
    release(second);
    release(again);
    release(client);
    release(listener);
}

static void test_loopback_connects_two_sockets(void **state)
{
    (void)state;
    static const char *const names[] = {"127.0.0.1", "10.0.0.1"};
    for (size_t i = 0; i < 2; i++) {
        struct sock *listener = listening_tcp();
        struct sock *tcp = new_tcp();
        struct value name = {
            .kind = VALUE_STR, .data = (uint8_t *)names[i], .bytes = strlen(names[i])};
        CALL("connect", tcp, TUPLE(name, INT(80)));
        expect_none();
        struct sock *client = accept_one(listener);
        CALL("sendall", tcp, BYTES("around"));
        CALL("recv", client, INT(6));
        expect_data("around");
        CALL0("close", client);
        CALL("recv", tcp, INT(1));
        expect_data("");
        assert_int_equal(wire_count(), 0);
        release(client);
        release(tcp);
        release(listener);
        run_for(300000 * MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NETWORK_TEST(test_accepts_in_the_order_of_the_handshakes),
        NETWORK_TEST(test_backlog_counts_what_waits),
        NETWORK_TEST(test_half_open_connections_give_way),
        NETWORK_TEST(test_connections_reset_while_waiting_are_skipped),
        NETWORK_TEST(test_data_of_a_waiting_client_is_kept),
        NETWORK_TEST(test_closing_the_listener_spares_the_accepted),
        NETWORK_TEST(test_time_wait_needs_reuse_address),
        NETWORK_TEST(test_loopback_connects_two_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
