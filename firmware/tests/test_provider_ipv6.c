/*
 * The module on the real lwIP: IPv6, over the loopback interface.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "lwip/network.h"

#define LOCAL(port) TUPLE(STR("::1"), INT(port))

static struct sock *new6(int type, int protocol)
{
    CALL("socket", NULL, INT(SOCK_AF_INET6), INT(type), INT(protocol));
    assert_int_equal(result.exception, EXC_NONE);
    return result.value.sock;
}

static void expect_local_address(const struct value *address)
{
    assert_int_equal(address->kind, VALUE_TUPLE);
    assert_int_equal(address->count, 4);
    assert_int_equal(address->items[0].bytes, 3);
    assert_memory_equal(address->items[0].data, "::1", 3);
}

static void test_stream(void **state)
{
    (void)state;
    struct sock *listener = new6(SOCK_TYPE_STREAM, 0);
    CALL("bind", listener, INT(80));
    expect_none();
    CALL0("listen", listener);
    expect_none();
    struct sock *tcp = new6(SOCK_TYPE_STREAM, SOCK_PROTO_TCP);
    CALL("connect", tcp, LOCAL(80));
    expect_none();
    CALL0("accept", listener);
    assert_int_equal(result.exception, EXC_NONE);
    expect_local_address(&result.value.items[1]);
    struct sock *client = result.value.items[0].sock;
    CALL("sendall", tcp, STR("six"));
    CALL("recv", client, INT(3));
    expect_data("six");
    CALL0("close", client);
    CALL("recv", tcp, INT(3));
    expect_data("");
    release(client);
    release(tcp);
    release(listener);
}

static void test_refusal(void **state)
{
    (void)state;
    struct sock *tcp = new6(SOCK_TYPE_STREAM, 0);
    CALL("connect", tcp, LOCAL(81));
    expect_exception_at(EXC_CONNECTION_REFUSED_ERROR, SOCK_ECONNREFUSED, __FILE__, __LINE__);
    const struct value nobody[] = {STR("::"), STR("ff02::1"), STR("::ffff:10.0.0.2")};
    for (size_t i = 0; i < 3; i++) {
        CALL("connect", tcp, TUPLE(nobody[i], INT(80)));
        expect_io_error(SOCK_ENETUNREACH);
    }
    CALL("connect", tcp, TUPLE(STR("2001:db8::1"), INT(80)));
    expect_io_error(SOCK_EHOSTUNREACH);
    CALL("connect", tcp, TUPLE(STR("fe80::1"), INT(80), INT(0), INT(200)));
    expect_io_error(SOCK_ENETUNREACH); /* no interface has this number */
    CALL("bind", tcp, TUPLE(STR("2001:db8::1"), INT(80)));
    expect_io_error(SOCK_EADDRNOTAVAIL);
    assert_int_equal(wire_count(), 0);
    release(tcp);
}

static void test_datagrams(void **state)
{
    (void)state;
    struct sock *one = new6(SOCK_TYPE_DGRAM, SOCK_PROTO_UDP);
    struct sock *two = new6(SOCK_TYPE_DGRAM, 0);
    CALL("bind", one, LOCAL(5000));
    expect_none();
    CALL("sendto", two, BYTES("hello"), LOCAL(5000));
    expect_int(5);
    CALL("recvfrom", one, INT(100));
    assert_int_equal(result.exception, EXC_NONE);
    assert_memory_equal(result.value.items[0].data, "hello", 5);
    expect_local_address(&result.value.items[1]);
    int64_t port = result.value.items[1].items[1].integer;
    CALL("connect", one, LOCAL(port));
    expect_none();
    CALL("send", one, BYTES("back"));
    expect_int(4);
    CALL("recv", two, INT(100));
    expect_data("back");
    release(two);
    release(one);
}

static void test_families_do_not_mix(void **state)
{
    (void)state;
    struct sock *six = new6(SOCK_TYPE_DGRAM, 0);
    struct sock *four = new_udp();
    CALL("bind", six, INT(5000));
    expect_none();
    CALL("bind", four, INT(5000)); /* the other family has its own ports */
    expect_none();
    struct sock *sender = new_udp();
    CALL("sendto", sender, BYTES("four"), TUPLE(STR("127.0.0.1"), INT(5000)));
    expect_int(4);
    CALL("recv", four, INT(9));
    expect_data("four");
    CALL("settimeout", six, INT(100));
    CALL("recv", six, INT(9));
    expect_timeout();
    release(sender);
    release(four);
    release(six);
}

/* An echo request; the stack fills in the checksum and answers it itself. */
static void test_ping_over_a_raw_socket(void **state)
{
    (void)state;
    static uint8_t request[] = {128, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g'};
    struct sock *raw = new6(SOCK_TYPE_RAW, SOCK_PROTO_ICMPV6);
    CALL("settimeout", raw, INT(1000));
    CALL("sendto", raw, BUFFER(request), STR("::1"));
    expect_int(sizeof request);
    CALL("recv", raw, INT(100)); /* our own request, then the reply; neither has a header */
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.data[0], 128);
    CALL("recv", raw, INT(100));
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.bytes, sizeof request);
    assert_int_equal(result.value.data[0], 129);
    assert_memory_equal(result.value.data + 4, request + 4, sizeof request - 4);
    CALL("sendto", raw, BYTES("\x80"), STR("::1")); /* no room for a checksum */
    expect_io_error(SOCK_EINVAL);
    release(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NETWORK_TEST(test_stream),
        NETWORK_TEST(test_refusal),
        NETWORK_TEST(test_datagrams),
        NETWORK_TEST(test_families_do_not_mix),
        NETWORK_TEST(test_ping_over_a_raw_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
