/*
 * The module on the real lwIP: UDP and raw sockets.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/network.h"
#include "port/lwip_provider.h"

#define OTHER_HOST 0x0a000003u

static void test_connected_sockets_hear_their_peer_alone(void **state)
{
    (void)state;
    struct sock *udp = bound_udp();
    wire_udp(OTHER_HOST, 9, 5000, "before", 6);
    wire_udp(WIRE_PEER, 9, 5000, "mine", 4);
    CALL("connect", udp, TUPLE(STR("10.0.0.2"), INT(9)));
    expect_none();
    CALL("settimeout", udp, INT(10));
    for (int i = 0; i < 40; i++)
        wire_udp(OTHER_HOST, 9, 5000, "flood", 5);
    wire_udp(WIRE_PEER, 10, 5000, "other port", 10);
    wire_udp(WIRE_PEER, 9, 5000, "again", 5);
    CALL("recv", udp, INT(100));
    expect_data("mine");
    CALL("recv", udp, INT(100));
    expect_data("again");
    CALL("recv", udp, INT(100));
    expect_timeout();

    CALL("connect", udp, TUPLE(STR("10.0.0.3"), INT(9))); /* moves target and filter */
    expect_none();
    wire_udp(WIRE_PEER, 9, 5000, "no more", 7);
    wire_udp(OTHER_HOST, 9, 5000, "now", 3);
    CALL("recv", udp, INT(100));
    expect_data("now");
    wire_clear();
    CALL("send", udp, BYTES("x"));
    expect_int(1);
    assert_int_equal(wire_at(0).to, OTHER_HOST);
    assert_int_equal(wire_at(0).from_port, 5000);
    release(udp);
}

static void test_unbound_sockets_take_a_port_and_keep_it(void **state)
{
    (void)state;
    struct sock *udp = new_udp();
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("10.0.0.2"), INT(0x1234)));
    expect_int(1);
    struct wire_packet first = wire_at(0);
    assert_int_equal(first.to_port, 0x1234);
    assert_true(first.from_port >= 1024);
    CALL("sendto", udp, BYTES(""), STR("10.0.0.2"));
    expect_int(0);
    assert_int_equal(wire_at(1).from_port, first.from_port);
    assert_int_equal(wire_at(1).to_port, 0);
    assert_int_equal(wire_at(1).bytes, 0);
    wire_udp(WIRE_PEER, 9, first.from_port, "reply", 5);
    CALL("recv", udp, INT(5));
    expect_data("reply");
    release(udp);
}

static void test_destinations(void **state)
{
    (void)state;
    struct sock *udp = new_udp();
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("0.0.0.0"), INT(9)));
    expect_io_error(SOCK_ENETUNREACH);
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("192.168.7.7"), INT(9))); /* no gateway */
    expect_io_error(SOCK_EHOSTUNREACH);
    CALL("connect", udp, TUPLE(STR("0.0.0.0"), INT(9)));
    expect_io_error(SOCK_ENETUNREACH);
    assert_int_equal(wire_count(), 0);
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("255.255.255.255"), INT(9)));
    expect_int(1);
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("10.0.0.255"), INT(9)));
    expect_int(1);
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("224.0.0.1"), INT(9)));
    expect_int(1);
    assert_int_equal(wire_count(), 3);
    wire_set_link(false);
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("10.0.0.2"), INT(9)));
    expect_io_error(SOCK_EHOSTUNREACH);
    CALL("connect", udp, TUPLE(STR("10.0.0.2"), INT(9)));
    expect_none(); /* local, whatever the link does */
    wire_set_link(true);
    release(udp);
}

static void test_sizes(void **state)
{
    (void)state;
    static uint8_t content[65508];
    struct sock *udp = new_udp();
    const struct value largest = {.kind = VALUE_BYTES, .data = content, .bytes = 65507};
    const struct value one_more = {.kind = VALUE_BYTES, .data = content, .bytes = 65508};
    CALL("sendto", udp, one_more, TUPLE(STR("10.0.0.2"), INT(9)));
    expect_io_error(SOCK_EMSGSIZE);
    assert_int_equal(wire_count(), 0);
    CALL("sendto", udp, largest, TUPLE(STR("10.0.0.2"), INT(9)));
    expect_int(65507);
    assert_int_equal(wire_count(), 45);

    struct sock *echo = bound_udp(); /* and all of it arrives */
    CALL("sendto", udp, largest, TUPLE(STR("127.0.0.1"), INT(5000)));
    expect_int(65507);
    CALL("recv", echo, INT(70000));
    expect_data_at(content, 65507, __FILE__, __LINE__);
    release(echo);
    release(udp);
}

static void test_queue_keeps_a_prefix(void **state)
{
    (void)state;
    struct sock *udp = bound_udp();
    for (char i = 0; i < 40; i++)
        wire_udp(WIRE_PEER, 9, 5000, &i, 1);
    CALL("settimeout", udp, INT(0));
    for (char i = 0; i < LWIP_PROVIDER_DATAGRAMS_MAX; i++) {
        CALL("recv", udp, INT(9));
        expect_data_at(&i, 1, __FILE__, __LINE__);
    }
    CALL("recv", udp, INT(9));
    expect_io_error(SOCK_EAGAIN);
    wire_udp(WIRE_PEER, 9, 5000, "later", 5);
    CALL("recv", udp, INT(9));
    expect_data("later");
    release(udp);
}

static void test_binding(void **state)
{
    (void)state;
    struct sock *one = bound_udp();
    struct sock *two = new_udp();
    struct sock *tcp = new_tcp();
    CALL("bind", two, INT(5000));
    expect_io_error(SOCK_EADDRINUSE);
    CALL("bind", two, TUPLE(STR("10.0.0.7"), INT(5001)));
    expect_io_error(SOCK_EADDRNOTAVAIL);
    CALL("bind", tcp, INT(5000)); /* another protocol, other numbers */
    expect_none();
    CALL0("close", one);
    CALL("bind", two, INT(5000));
    expect_none();
    wire_udp(WIRE_PEER, 9, 5000, "hello", 5);
    CALL("recv", two, INT(5));
    expect_data("hello");
    release(tcp);
    release(two);
    release(one);
}

static void test_broadcasts_are_for_who_is_bound_to_every_address(void **state)
{
    (void)state;
    struct sock *every = bound_udp();
    struct sock *one = new_udp();
    CALL("bind", one, TUPLE(STR("10.0.0.1"), INT(5001)));
    CALL("settimeout", one, INT(10));
    wire_broadcast(9, 5000, "all", 3);
    wire_broadcast(9, 5001, "all", 3);
    CALL("recv", every, INT(9));
    expect_data("all");
    CALL("recv", one, INT(9));
    expect_timeout();
    wire_udp(WIRE_PEER, 9, 5001, "you", 3);
    CALL("recv", one, INT(9));
    expect_data("you");
    release(one);
    release(every);
}

static void test_raw_sockets_get_the_ip_header(void **state)
{
    (void)state;
    CALL("socket", NULL, INT(SOCK_AF_INET), INT(SOCK_TYPE_RAW), INT(SOCK_PROTO_UDP));
    struct sock *raw = result.value.sock;
    struct sock *udp = bound_udp();
    wire_udp(WIRE_PEER, 9, 5000, "both", 4);
    CALL("recvfrom", raw, INT(100));
    assert_int_equal(result.exception, EXC_NONE);
    const struct value *packet = &result.value.items[0];
    assert_int_equal(packet->bytes, 20 + 8 + 4);
    assert_int_equal(packet->data[0], 0x45);
    assert_memory_equal(packet->data + 28, "both", 4);
    CALL("recv", udp, INT(100)); /* the packet went on to UDP as well */
    expect_data("both");

    wire_clear();
    CALL("sendto", raw, BYTES("12345678"), STR("10.0.0.2"));
    expect_int(8);
    assert_int_equal(wire_at(0).protocol, SOCK_PROTO_UDP);
    assert_int_equal(wire_at(0).to, WIRE_PEER);
    CALL("setsockopt", raw, INT(0), INT(2), INT(1)); /* IP_HDRINCL */
    expect_none();
    CALL("sendto", raw, BYTES("short"), STR("10.0.0.2"));
    expect_io_error(SOCK_EINVAL);
    release(udp);
    release(raw);
}

static void test_as_many_sockets_as_there_are(void **state)
{
    (void)state;
    struct sock *socks[96];
    size_t count = 0;
    for (;;) {
        CALL("socket", NULL, INT(SOCK_AF_INET),
             INT(count % 2 == 0 ? SOCK_TYPE_STREAM : SOCK_TYPE_DGRAM));
        if (result.exception != EXC_NONE)
            break;
        socks[count++] = result.value.sock;
    }
    assert_int_equal(result.exception, EXC_IO_ERROR);
    assert_true(count >= 64);
    while (count > 0)
        release(socks[--count]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NETWORK_TEST(test_connected_sockets_hear_their_peer_alone),
        NETWORK_TEST(test_unbound_sockets_take_a_port_and_keep_it),
        NETWORK_TEST(test_destinations),
        NETWORK_TEST(test_sizes),
        NETWORK_TEST(test_queue_keeps_a_prefix),
        NETWORK_TEST(test_binding),
        NETWORK_TEST(test_broadcasts_are_for_who_is_bound_to_every_address),
        NETWORK_TEST(test_raw_sockets_get_the_ip_header),
        NETWORK_TEST(test_as_many_sockets_as_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
