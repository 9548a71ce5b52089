/*
 * Datagram sockets: boundaries, addresses, states.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

static struct provider_socket *provider;

static struct sock *bound(void)
{
    struct sock *udp = bound_udp();
    provider = fake_last();
    return udp;
}

static void arrive(void *text)
{
    fake_datagram(provider, text, strlen(text), 9);
}

/* The result is (content, ("10.0.0.2", port)). */
static void expect_from(const char *content, int port)
{
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.kind, VALUE_TUPLE);
    assert_int_equal(result.value.count, 2);
    const struct value *data = &result.value.items[0];
    const struct value *address = &result.value.items[1];
    assert_int_equal(data->kind, VALUE_BUFFER);
    assert_int_equal(data->bytes, strlen(content));
    if (data->bytes > 0)
        assert_memory_equal(data->data, content, data->bytes);
    assert_int_equal(address->kind, VALUE_TUPLE);
    assert_int_equal(address->count, 2);
    assert_int_equal(address->items[0].kind, VALUE_STR);
    assert_int_equal(address->items[0].bytes, 8);
    assert_memory_equal(address->items[0].data, "10.0.0.2", 8);
    assert_int_equal(address->items[1].integer, port);
}

static void test_one_call_takes_one_datagram(void **state)
{
    (void)state;
    struct sock *udp = bound();
    fake_datagram(provider, "abcd", 4, 1);
    fake_datagram(provider, "efgh", 4, 65535);
    fake_datagram(provider, "", 0, 0);
    fake_datagram(provider, "ij", 2, 7);
    CALL("recvfrom", udp, INT(100));
    expect_from("abcd", 1);
    CALL("recvfrom", udp, INT(100));
    expect_from("efgh", 65535);
    CALL("recvfrom", udp, INT(100));
    expect_from("", 0);
    CALL("recv", udp, INT(100));
    expect_data("ij");
    release(udp);
}

static void test_what_does_not_fit_is_discarded(void **state)
{
    (void)state;
    uint8_t buffer[4];
    memset(buffer, 0xaa, sizeof buffer);
    struct sock *udp = bound();
    fake_datagram(provider, "0123456789", 10, 1);
    fake_datagram(provider, "abcdefghij", 10, 2);
    fake_datagram(provider, "ABCDEFGHIJ", 10, 3);
    fake_datagram(provider, "z", 1, 4);
    CALL("recvfrom", udp, INT(4));
    expect_from("0123", 1);
    CALL("recvfrom_into", udp, BUFFER(buffer), INT(3));
    assert_int_equal(result.value.items[0].integer, 3);
    assert_memory_equal(buffer, "abc\xaa", 4);
    CALL("recvfrom", udp, INT(0)); /* waits for a datagram, and consumes it */
    expect_from("", 3);
    CALL("recvfrom_into", udp, BUFFER(buffer));
    assert_int_equal(result.value.items[0].integer, 1);
    assert_int_equal(result.value.items[1].items[1].integer, 4);
    release(udp);
}

static void test_an_empty_buffer_still_takes_a_datagram(void **state)
{
    (void)state;
    struct sock *udp = bound();
    fake_at(fake_port.now_ns() + 5 * MS, arrive, "abc");
    CALL("recvfrom_into", udp, ((struct value){.kind = VALUE_BUFFER}));
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.items[0].integer, 0);
    assert_int_equal(result.value.items[1].items[1].integer, 9);
    CALL("settimeout", udp, INT(0));
    CALL("recvfrom", udp, INT(1));
    expect_io_error(SOCK_EAGAIN);
    release(udp);
}

static void test_zero_length_datagram_is_a_result(void **state)
{
    (void)state;
    struct sock *udp = bound();
    int64_t start = fake_port.now_ns();
    fake_at(start + 30 * MS, arrive, "");
    CALL("recv", udp, INT(10));
    expect_data("");
    assert_int_equal(fake_port.now_ns() - start, 30 * MS);
    release(udp);
}

static void test_without_memory_the_datagram_stays(void **state)
{
    (void)state;
    struct sock *udp = bound();
    fake_datagram(provider, "abcd", 4, 1);
    fake_limit_allocations(0);
    CALL("recvfrom", udp, INT(100));
    expect_exception(EXC_MEMORY_ERROR);
    fake_limit_allocations(FAKE_NO_LIMIT);
    CALL("recvfrom", udp, BIG(1));
    expect_from("abcd", 1);
    release(udp);
}

static void test_receiving_needs_a_local_port(void **state)
{
    (void)state;
    static uint8_t buffer[4];
    struct sock *udp = new_udp();
    CALL("settimeout", udp, INT(1000));
    int64_t start = fake_port.now_ns();
    CALL("recv", udp, INT(1));
    expect_io_error(SOCK_EINVAL);
    CALL("recvfrom", udp, INT(1));
    expect_io_error(SOCK_EINVAL);
    CALL("recv_into", udp, BUFFER(buffer));
    expect_io_error(SOCK_EINVAL);
    CALL("recvfrom_into", udp, BUFFER(buffer));
    expect_io_error(SOCK_EINVAL);
    assert_int_equal(fake_port.now_ns(), start);
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("10.0.0.2"), INT(9)));
    expect_int(1); /* which takes a port */
    CALL("recvfrom", udp, INT(1));
    expect_timeout();
    release(udp);
}

static void test_sending_needs_an_address(void **state)
{
    (void)state;
    struct sock *udp = bound();
    CALL("send", udp, BYTES("x"));
    expect_io_error(SOCK_EDESTADDRREQ);
    CALL("sendall", udp, BYTES("x"));
    expect_io_error(SOCK_EDESTADDRREQ);
    assert_int_equal(provider->sent_datagram_count, 0);
    CALL("connect", udp, TUPLE(STR("10.0.0.2"), INT(9)));
    expect_none();
    CALL("send", udp, BYTES("abc"));
    expect_int(3);
    CALL("sendall", udp, BYTES("de"));
    expect_none();
    CALL("send", udp, BYTES(""));
    expect_int(0);
    assert_int_equal(provider->sent_datagram_count, 3);
    CALL("sendto", udp, BYTES("x"), TUPLE(STR("10.0.0.3"), INT(9)));
    expect_io_error(SOCK_EISCONN);
    CALL("connect", udp, TUPLE(STR("10.0.0.3"), INT(9))); /* moves on, any number of times */
    expect_none();
    assert_int_equal(provider->connects, 2);
    release(udp);
}

static void test_a_datagram_too_long_is_refused_whole(void **state)
{
    (void)state;
    static uint8_t content[65];
    struct sock *udp = bound();
    CALL("connect", udp, TUPLE(STR("10.0.0.2"), INT(9)));
    CALL("sendall", udp, BUFFER(content));
    expect_io_error(SOCK_EMSGSIZE);
    assert_int_equal(provider->sent_datagram_count, 0);
    release(udp);
}

static void test_stream_methods_are_refused(void **state)
{
    (void)state;
    struct sock *udp = bound();
    int64_t start = fake_port.now_ns();
    CALL0("listen", udp);
    expect_io_error(SOCK_EOPNOTSUPP);
    CALL0("accept", udp);
    expect_io_error(SOCK_EOPNOTSUPP);
    assert_int_equal(fake_port.now_ns(), start);
    release(udp);
}

static void test_raw_sockets_receive_without_a_port(void **state)
{
    (void)state;
    CALL("socket", NULL, INT(SOCK_AF_INET), INT(SOCK_TYPE_RAW), INT(SOCK_PROTO_ICMP));
    struct sock *raw = result.value.sock;
    provider = fake_last();
    fake_datagram(provider, "packet", 6, 0);
    CALL("recvfrom", raw, INT(100));
    expect_from("packet", 0);
    CALL("sendto", raw, BYTES("x"), STR("10.0.0.2"));
    expect_int(1);
    CALL("bind", raw, STR("10.0.0.1"));
    expect_none();
    release(raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_call_takes_one_datagram),
        TEST(test_what_does_not_fit_is_discarded),
        TEST(test_an_empty_buffer_still_takes_a_datagram),
        TEST(test_zero_length_datagram_is_a_result),
        TEST(test_without_memory_the_datagram_stays),
        TEST(test_receiving_needs_a_local_port),
        TEST(test_sending_needs_an_address),
        TEST(test_a_datagram_too_long_is_refused_whole),
        TEST(test_stream_methods_are_refused),
        TEST(test_raw_sockets_receive_without_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
