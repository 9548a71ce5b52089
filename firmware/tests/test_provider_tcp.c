/*
 * The module on the real lwIP: connecting, streams, breaks.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/network.h"

#define PEER TUPLE(STR("10.0.0.2"), INT(80))

static void answer_with_reset(void *unused)
{
    (void)unused;
    struct wire_packet syn = wire_last(WIRE_SYN);
    wire_tcp(80, syn.from_port, 0, syn.sequence + 1, WIRE_RST | WIRE_ACK, 0, NULL, 0);
}

static void test_refusal_is_told_at_once(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    int64_t start = fake_port.now_ns();
    fake_at(start + 5 * MS, answer_with_reset, NULL);
    CALL("connect", tcp, PEER);
    expect_exception_at(EXC_CONNECTION_REFUSED_ERROR, SOCK_ECONNREFUSED, __FILE__, __LINE__);
    assert_int_equal(fake_port.now_ns() - start, 5 * MS);
    CALL("send", tcp, BYTES("x"));
    expect_io_error(SOCK_ENOTCONN);

    wire_clear();
    fake_at(fake_port.now_ns() + 5 * MS, answer_with_reset, NULL);
    CALL("connect", tcp, PEER); /* the same object really tries again */
    expect_exception(EXC_CONNECTION_REFUSED_ERROR);
    release(tcp);
}

static void test_a_bound_port_stays_taken_after_a_refusal(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    CALL("bind", tcp, INT(4000));
    fake_at(fake_port.now_ns() + 5 * MS, answer_with_reset, NULL);
    CALL("connect", tcp, PEER);
    expect_exception(EXC_CONNECTION_REFUSED_ERROR);
    struct sock *other = new_tcp();
    CALL("bind", other, INT(4000));
    expect_io_error(SOCK_EADDRINUSE);
    release(other);
    release(tcp);
}

static void test_silence_ends_at_the_stacks_limit(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    int64_t start = fake_port.now_ns();
    CALL("connect", tcp, PEER);
    expect_timeout();
    int64_t lasted = fake_port.now_ns() - start;
    assert_true(lasted >= 18000 * MS && lasted <= 18500 * MS);
    assert_int_equal(wire_count(), 7); /* SYN and six repetitions */
    release(tcp);
}

static void test_a_timed_out_connect_leaves_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        struct sock *tcp = new_tcp();
        CALL("bind", tcp, INT(4000));
        expect_none();
        CALL("settimeout", tcp, INT(100));
        int64_t start = fake_port.now_ns();
        CALL("connect", tcp, PEER);
        expect_timeout();
        assert_int_equal(fake_port.now_ns() - start, 100 * MS);
        struct wire_packet syn = wire_last(WIRE_SYN);
        assert_int_equal(syn.from_port, 4000);
        assert_false(wire_saw(WIRE_RST));
        wire_clear();
        /* The late answer meets a closed port. */
        wire_tcp(80, 4000, 77, syn.sequence + 1, WIRE_SYN | WIRE_ACK, PEER_WINDOW, NULL, 0);
        assert_true(wire_saw(WIRE_RST));
        wire_clear();
        release(tcp);
    }
}

static void test_connecting_again_after_a_timeout(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    CALL("bind", tcp, INT(4000));
    CALL("settimeout", tcp, INT(10));
    CALL("connect", tcp, PEER);
    expect_timeout();
    CALL("settimeout", tcp, INT(0));
    wire_clear();
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EINPROGRESS);
    struct wire_packet syn = wire_last(WIRE_SYN);
    assert_int_equal(syn.from_port, 4000); /* still bound */
    wire_tcp(80, 4000, 1, syn.sequence + 1, WIRE_SYN | WIRE_ACK, PEER_WINDOW, NULL, 0);
    CALL("send", tcp, BYTES("x"));
    expect_int(1);
    wire_tcp(80, 4000, 2, syn.sequence + 2, WIRE_RST | WIRE_ACK, 0, NULL, 0);
    release(tcp);
}

static void test_groups_are_no_peers(void **state)
{
    (void)state;
    const struct value addresses[] = {STR("0.0.0.0"), STR("255.255.255.255"), STR("10.0.0.255"),
                                      STR("224.0.0.1"), STR("192.168.7.7")};
    struct sock *tcp = new_tcp();
    int64_t start = fake_port.now_ns();
    for (size_t i = 0; i < 5; i++) {
        CALL("connect", tcp, TUPLE(addresses[i], INT(80)));
        assert_int_equal(result.exception, EXC_IO_ERROR);
    }
    wire_set_link(false);
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EHOSTUNREACH);
    wire_set_link(true);
    assert_int_equal(fake_port.now_ns(), start);
    assert_int_equal(wire_count(), 0);
    release(tcp);
}

static void test_unreachable_port_ends_the_attempt(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    CALL("settimeout", tcp, INT(0));
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EINPROGRESS);
    wire_unreachable(0, 1, 0); /* host unreachable: keep trying */
    wire_unreachable(0, 3, 1); /* quotes another sequence number */
    CALL("connect", tcp, PEER);
    expect_io_error(SOCK_EALREADY);
    wire_unreachable(0, 3, 0);
    CALL("connect", tcp, PEER);
    expect_exception_at(EXC_CONNECTION_REFUSED_ERROR, SOCK_ECONNREFUSED, __FILE__, __LINE__);
    release(tcp);
}

static void test_stream_both_ways(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    CALL("sendall", tcp, STR("Hello World!"));
    expect_none();
    struct wire_packet packet = wire_last(WIRE_PSH);
    assert_int_equal(packet.bytes, 12);
    assert_memory_equal(packet.data, "Hello World!", 12);
    peer_acknowledges(&peer, PEER_WINDOW);
    peer_sends(&peer, "abc");
    peer_sends(&peer, "defgh");
    CALL("recv", tcp, INT(2));
    expect_data("ab");
    CALL("recv", tcp, INT(6));
    expect_data("cdefgh");
    peer_finishes(&peer);
    CALL("recv", tcp, INT(1));
    expect_data("");
    CALL("recv", tcp, INT(1));
    expect_data("");
    CALL("send", tcp, BYTES("after"));
    expect_int(5);
    peer_resets(&peer);
    release(tcp);
}

static void test_more_than_the_window_in_one_recv(void **state)
{
    (void)state;
    static char text[1001];
    memset(text, 'a', 1000);
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    CALL("settimeout", tcp, INT(1));
    for (int i = 0; i < 20; i++) { /* 20,000 bytes through a window of 5,840 */
        peer_sends(&peer, text);
        CALL("recv", tcp, INT(20000));
        if (i < 19)
            expect_timeout();
    }
    assert_int_equal(result.value.bytes, 20000);
    peer_resets(&peer);
    release(tcp);
}

static void test_single_bytes_share_memory(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    size_t before = wire_heap_used();
    for (int i = 0; i < 1000; i++)
        peer_sends(&peer, "x");
    assert_true(wire_heap_used() - before < 4096);
    CALL("recv", tcp, INT(1000));
    assert_int_equal(result.value.bytes, 1000);
    peer_resets(&peer);
    release(tcp);
}

static void test_reset_after_data(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    peer_sends(&peer, "abc");
    peer_resets(&peer);
    CALL("recv", tcp, INT(10));
    expect_data("abc");
    CALL("recv", tcp, INT(10));
    expect_exception_at(EXC_CONNECTION_RESET_ERROR, SOCK_ECONNRESET, __FILE__, __LINE__);
    CALL("send", tcp, BYTES("x"));
    expect_exception(EXC_CONNECTION_RESET_ERROR);
    /* The broken connection keeps both its names. */
    CALL0("getsockname", tcp);
    assert_true(result.value.items[1].integer >= 1024);
    CALL0("getpeername", tcp);
    assert_int_equal(result.value.items[1].integer, 80);
    release(tcp);
}

static void test_send_times_out_exactly(void **state)
{
    (void)state;
    static uint8_t plenty[40000];
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    CALL("settimeout", tcp, INT(100));
    int64_t start = fake_port.now_ns();
    CALL("sendall", tcp, BUFFER(plenty)); /* the peer acknowledges nothing */
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 100 * MS);
    start = fake_port.now_ns();
    CALL("send", tcp, BYTES("x"));
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 100 * MS);
    CALL("settimeout", tcp, INT(0));
    CALL("send", tcp, BYTES("x"));
    expect_io_error(SOCK_EAGAIN);
    peer_resets(&peer);
    release(tcp);
}

static void test_a_window_that_opens_by_little_after_none_at_all(void **state)
{
    (void)state;
    static uint8_t content[3000];
    struct sock *tcp = new_tcp();
    CALL("settimeout", tcp, INT(0));
    CALL("connect", tcp, PEER);
    struct wire_packet syn = wire_last(WIRE_SYN);
    struct peer peer = {80, syn.from_port, 1001, syn.sequence + 1};
    wire_tcp(80, peer.device_port, 1000, peer.acknowledgement, WIRE_SYN | WIRE_ACK, 0, NULL, 0);
    CALL("send", tcp, BUFFER(content));
    expect_int(3000);
    peer_acknowledges(&peer, 100);
    CALL("send", tcp, BYTES("more"));
    expect_int(4);
    wire_clear();
    for (int i = 0; i < 200 && peer.acknowledgement != syn.sequence + 1 + 3004; i++) {
        run_for(500 * MS);
        peer_acknowledges(&peer, 100);
    }
    assert_int_equal(peer.acknowledgement, syn.sequence + 1 + 3004);
    peer_resets(&peer);
    release(tcp);
}

static void test_unacknowledged_data_is_given_up_after_the_limit(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    CALL("sendall", tcp, BYTES("x"));
    int64_t start = fake_port.now_ns();
    CALL("recv", tcp, INT(1));
    expect_timeout(); /* of the stack, not of the call */
    int64_t lasted = fake_port.now_ns() - start;
    assert_true(lasted > 1000000 * MS && lasted < 2400000 * MS);
    release(tcp);
}

static void test_a_lost_address_aborts_the_connection(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    struct sock *attempt = new_tcp();
    CALL("settimeout", attempt, INT(0));
    CALL("connect", attempt, PEER);
    peer_sends(&peer, "abc");
    wire_set_address(5);
    CALL("recv", tcp, INT(10));
    expect_data("abc");
    CALL("recv", tcp, INT(10));
    expect_exception_at(EXC_CONNECTION_ABORTED_ERROR, SOCK_ECONNABORTED, __FILE__, __LINE__);
    CALL("connect", attempt, PEER);
    expect_exception(EXC_CONNECTION_ABORTED_ERROR);
    release(attempt);
    release(tcp);
}

static void test_keepalive_gives_up_a_dead_peer(void **state)
{
    (void)state;
    struct peer peer;
    struct sock *tcp = connect_to(&peer);
    CALL("setsockopt", tcp, INT(0xffff), INT(8), INT(1));
    CALL("setsockopt", tcp, INT(6), INT(3), INT(5));
    CALL("setsockopt", tcp, INT(6), INT(4), INT(2));
    CALL("setsockopt", tcp, INT(6), INT(5), INT(2));
    expect_none();
    int64_t start = fake_port.now_ns();
    CALL("recv", tcp, INT(1));
    expect_timeout();
    int64_t lasted = fake_port.now_ns() - start;
    assert_true(lasted > 9000 * MS && lasted <= 10000 * MS);
    release(tcp);
}

static void test_bind_refuses_what_is_not_ours_or_taken(void **state)
{
    (void)state;
    struct sock *one = new_tcp();
    struct sock *two = new_tcp();
    CALL("bind", one, TUPLE(STR("10.0.0.9"), INT(80)));
    expect_io_error(SOCK_EADDRNOTAVAIL);
    CALL("bind", one, TUPLE(STR("10.0.0.1"), INT(80)));
    expect_none();
    CALL("bind", two, INT(80));
    expect_io_error(SOCK_EADDRINUSE);
    CALL("bind", one, INT(81));
    expect_io_error(SOCK_EINVAL);
    CALL("bind", two, INT(0));
    expect_none();
    CALL0("getsockname", two);
    assert_true(result.value.items[1].integer >= 1024);
    CALL0("close", one);
    release(one);
    one = new_tcp();
    CALL("bind", one, INT(80));
    expect_none();
    release(one);
    release(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NETWORK_TEST(test_refusal_is_told_at_once),
        NETWORK_TEST(test_a_bound_port_stays_taken_after_a_refusal),
        NETWORK_TEST(test_silence_ends_at_the_stacks_limit),
        NETWORK_TEST(test_a_timed_out_connect_leaves_nothing),
        NETWORK_TEST(test_connecting_again_after_a_timeout),
        NETWORK_TEST(test_groups_are_no_peers),
        NETWORK_TEST(test_unreachable_port_ends_the_attempt),
        NETWORK_TEST(test_stream_both_ways),
        NETWORK_TEST(test_more_than_the_window_in_one_recv),
        NETWORK_TEST(test_single_bytes_share_memory),
        NETWORK_TEST(test_reset_after_data),
        NETWORK_TEST(test_send_times_out_exactly),
        NETWORK_TEST(test_a_window_that_opens_by_little_after_none_at_all),
        NETWORK_TEST(test_unacknowledged_data_is_given_up_after_the_limit),
        NETWORK_TEST(test_a_lost_address_aborts_the_connection),
        NETWORK_TEST(test_keepalive_gives_up_a_dead_peer),
        NETWORK_TEST(test_bind_refuses_what_is_not_ours_or_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
