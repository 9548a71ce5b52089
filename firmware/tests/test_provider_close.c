/*
 * The module on the real lwIP: closing connections.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/network.h"

static void close_at_once(struct sock *self)
{
    int64_t start = fake_port.now_ns();
    CALL0("close", self);
    expect_none();
    assert_int_equal(fake_port.now_ns(), start);
}

static void test_orderly_close(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    CALL("sendall", tcp, BYTES("bye"));
    close_at_once(tcp);
    assert_true(wire_saw(WIRE_PSH));
    run_for(10 * MS);
    peer_acknowledges(&peer, PEER_WINDOW);
    assert_true(wire_saw(WIRE_FIN));
    assert_false(wire_saw(WIRE_RST));
    peer_acknowledges(&peer, PEER_WINDOW);
    peer_finishes(&peer);
    release(tcp);
}

static void test_unread_data_means_reset(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    peer_sends(&peer, "never read");
    close_at_once(tcp);
    assert_true(wire_saw(WIRE_RST));
    assert_false(wire_saw(WIRE_FIN));
    release(tcp);
}

static void test_held_back_data_means_reset_too(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    CALL("settimeout", tcp, INT(1));
    peer_sends(&peer, "abc");
    CALL("recv", tcp, INT(10));
    expect_timeout();
    close_at_once(tcp);
    assert_true(wire_saw(WIRE_RST));
    release(tcp);
}

static void test_accepted_data_leaves_before_the_reset(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    peer_sends(&peer, "never read");
    CALL("sendall", tcp, BYTES("first"));
    CALL("sendall", tcp, BYTES("second")); /* Nagle holds this one */
    close_at_once(tcp);
    size_t reset = wire_count() - 1;
    assert_true((wire_at(reset).flags & WIRE_RST) != 0);
    size_t bytes = 0;
    for (size_t i = 0; i < reset; i++)
        bytes += wire_at(i).bytes;
    assert_int_equal(bytes, 11);
    release(tcp);
}

static void test_data_behind_a_closed_window_leaves_before_the_reset(void **state)
{
    (void)state;
    static uint8_t plenty[4000];
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    peer_acknowledges(&peer, 1000);
    peer_sends(&peer, "never read");
    peer_acknowledges(&peer, 1000);
    CALL("sendall", tcp, BUFFER(plenty));
    expect_none();
    close_at_once(tcp);
    assert_false(wire_saw(WIRE_RST));
    for (int i = 0; i < 10 && !wire_saw(WIRE_RST); i++) {
        peer_acknowledges(&peer, 1000);
        run_for(600 * MS);
    }
    assert_true(wire_saw(WIRE_RST));
    size_t bytes = 0;
    uint32_t next = 0;
    for (size_t i = 0; i < wire_count(); i++) {
        struct wire_packet packet = wire_at(i);
        if (packet.bytes > 0 && (next == 0 || packet.sequence == next)) {
            next = packet.sequence + (uint32_t)packet.bytes;
            bytes += packet.bytes;
        }
    }
    assert_int_equal(bytes, sizeof plenty);
    release(tcp);
}

static void test_a_window_that_stays_closed_is_not_waited_for(void **state)
{
    (void)state;
    static uint8_t plenty[4000];
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    peer_sends(&peer, "never read");
    peer_acknowledges(&peer, 0);
    CALL("sendall", tcp, BUFFER(plenty));
    close_at_once(tcp);
    run_for(19000 * MS);
    assert_false(wire_saw(WIRE_RST));
    run_for(2000 * MS);
    assert_true(wire_saw(WIRE_RST));
    release(tcp);
}

static void test_close_during_connect_is_silent(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    CALL("settimeout", tcp, INT(0));
    CALL("connect", tcp, TUPLE(STR("10.0.0.2"), INT(80)));
    struct wire_packet syn = wire_last(WIRE_SYN);
    wire_clear();
    close_at_once(tcp);
    assert_int_equal(wire_count(), 0);
    wire_tcp(80, syn.from_port, 9, syn.sequence + 1, WIRE_SYN | WIRE_ACK, PEER_WINDOW, NULL, 0);
    assert_true(wire_saw(WIRE_RST));
    release(tcp);
}

static void test_data_after_close_is_answered_by_reset(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    close_at_once(tcp);
    assert_true(wire_saw(WIRE_FIN));
    peer_acknowledges(&peer, PEER_WINDOW);
    peer_sends(&peer, "too late");
    assert_true(wire_saw(WIRE_RST));
    release(tcp);
}

static void test_never_used_sockets_emit_nothing(void **state)
{
    (void)state;
    typedef struct sock *(*maker)(void);
    static const maker makers[] = {new_tcp, new_udp, bound_udp, listening_tcp};
    for (size_t i = 0; i < 4; i++) {
        struct sock *self = makers[i]();
        close_at_once(self);
        release(self);
    }
    assert_int_equal(wire_count(), 0);
}

static void test_a_thousand_connections_one_after_another(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct peer peer;
        struct sock *tcp = connect_to(&peer);
        CALL("sendall", tcp, BYTES("x"));
        peer_acknowledges(&peer, PEER_WINDOW);
        CALL0("close", tcp);
        peer_acknowledges(&peer, PEER_WINDOW);
        peer_finishes(&peer); /* one more in TIME_WAIT: lwIP recycles the oldest */
        release(tcp);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NETWORK_TEST(test_orderly_close),
        NETWORK_TEST(test_unread_data_means_reset),
        NETWORK_TEST(test_held_back_data_means_reset_too),
        NETWORK_TEST(test_accepted_data_leaves_before_the_reset),
        NETWORK_TEST(test_data_behind_a_closed_window_leaves_before_the_reset),
        NETWORK_TEST(test_a_window_that_stays_closed_is_not_waited_for),
        NETWORK_TEST(test_close_during_connect_is_silent),
        NETWORK_TEST(test_data_after_close_is_answered_by_reset),
        NETWORK_TEST(test_never_used_sockets_emit_nothing),
        NETWORK_TEST(test_a_thousand_connections_one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
