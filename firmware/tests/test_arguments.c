/*
 * Names, parameters, defaults and wrong arguments of every method.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

static uint8_t room[16];

static void test_names_are_complete(void **state)
{
    (void)state;
    static const char *const documented[] = {
        "fileno", "connect", "close",  "recv",       "recv_into", "recvfrom", "recvfrom_into",
        "send",   "sendall", "sendto", "settimeout", "bind",      "listen",   "accept",
    };
    const char *const *names = sock_methods();
    for (size_t i = 0; i < sizeof documented / sizeof documented[0]; i++)
        assert_string_equal(names[i], documented[i]);

    static const char *const constants[] = {
        "AF_INET",  "AF_INET6",   "AF_CAN",      "SOCK_STREAM",  "SOCK_DGRAM",
        "SOCK_RAW", "SOL_SOCKET", "SO_RCVTIMEO", "SO_REUSEADDR", "IPPROTO_TCP",
    };
    for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
        const struct sock_constant *each = sock_constants();
        while (each->name != NULL && strcmp(each->name, constants[i]) != 0)
            each++;
        assert_non_null(each->name);
    }
}

static void test_unknown_names_are_attribute_errors(void **state)
{
    (void)state;
    struct sock *tcp = new_tcp();
    CALL0("shutdown", tcp);
    expect_exception(EXC_ATTRIBUTE_ERROR);
    CALL0("socket", tcp);
    expect_exception(EXC_ATTRIBUTE_ERROR);
    CALL0("recv", NULL);
    expect_exception(EXC_ATTRIBUTE_ERROR);
    release(tcp);
}

static void test_parameters_have_the_documented_names(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    struct provider_socket *provider = fake_last();

    fake_deliver(provider, "abcdefgh", 8);
    CALL_KW("recv", tcp, {"flags", INT(0)}, {"bufsize", INT(3)});
    expect_data("abc");
    CALL_KW("recv_into", tcp, {"buffer", BUFFER(room)}, {"bufsize", INT(2)}, {"flags", INT(0)});
    expect_int(2);
    assert_memory_equal(room, "de", 2);
    CALL_KW("send", tcp, {"buffer", BYTES("x")}, {"flags", INT(0)});
    expect_int(1);
    CALL_KW("sendall", tcp, {"buffer", BYTES("y")}, {"flags", INT(0)});
    expect_none();
    CALL_KW("settimeout", tcp, {"timeout", INT(5)});
    expect_none();
    release(tcp);

    struct sock *udp = new_udp();
    provider = fake_last();
    CALL_KW("bind", udp, {"address", INT(7)});
    expect_none();
    fake_datagram(provider, "hello", 5, 9);
    fake_datagram(provider, "world", 5, 9);
    CALL_KW("recvfrom", udp, {"bufsize", INT(9)}, {"flags", INT(0)});
    assert_int_equal(result.value.kind, VALUE_TUPLE);
    CALL_KW("recvfrom_into", udp, {"buffer", BUFFER(room)}, {"bufsize", INT(-1)},
            {"flags", INT(0)});
    assert_int_equal(result.value.items[0].integer, 5);
    CALL_KW("sendto", udp, {"address", STR("10.0.0.2")}, {"flags", INT(0)}, {"buffer", BYTES("x")});
    expect_int(1);
    CALL_KW("connect", udp, {"address", STR("10.0.0.2")});
    expect_none();
    release(udp);

    CALL_KW("socket", NULL, {"family", INT(SOCK_AF_INET)}, {"type", INT(SOCK_TYPE_STREAM)},
            {"proto", INT(SOCK_PROTO_TCP)}, {"fileno", NONE});
    tcp = result.value.sock;
    CALL("bind", tcp, INT(80));
    CALL_KW("listen", tcp, {"maxlog", INT(3)});
    expect_none();
    assert_int_equal(fake_last()->backlog, 3);
    release(tcp);
}

static void test_wrong_counts_and_keywords_are_type_errors(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t required;
        size_t most;
    } methods[] = {
        {"fileno", 0, 0},    {"connect", 1, 1},  {"close", 0, 0},         {"recv", 1, 2},
        {"recv_into", 1, 3}, {"recvfrom", 1, 2}, {"recvfrom_into", 1, 3}, {"send", 1, 2},
        {"sendall", 1, 2},   {"sendto", 2, 3},   {"settimeout", 1, 1},    {"bind", 1, 1},
        {"listen", 0, 1},    {"accept", 0, 0},
    };
    struct sock *tcp = connected_tcp();
    size_t operations = fake_operations();
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        struct value many[5] = {INT(1), INT(0), INT(0), INT(0), INT(0)};
        call_with(methods[i].name, tcp, many, methods[i].most + 1);
        expect_exception(EXC_TYPE_ERROR);
        if (methods[i].required > 0) {
            call_with(methods[i].name, tcp, many, methods[i].required - 1);
            expect_exception(EXC_TYPE_ERROR);
        }
        CALL_KW(methods[i].name, tcp, {"nonsense", INT(1)});
        expect_exception(EXC_TYPE_ERROR);
    }
    struct value_keyword twice = {"bufsize", INT(1)};
    struct value size = INT(1);
    struct value_args args = {&size, 1, &twice, 1};
    sock_call("recv", tcp, &args, &result);
    expect_exception(EXC_TYPE_ERROR);
    assert_int_equal(fake_operations(), operations);
    release(tcp);
}

static void test_sizes_must_be_integers_of_zero_or_more(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    fake_deliver(fake_last(), "abc", 3);
    const struct value not_integers[] = {NONE, STR("7"), FLOAT, BYTES("7"), TUPLE(INT(7))};
    for (size_t i = 0; i < 5; i++) {
        CALL("recv", tcp, not_integers[i]);
        expect_exception(EXC_TYPE_ERROR);
        CALL("recv_into", tcp, BUFFER(room), not_integers[i]);
        expect_exception(EXC_TYPE_ERROR);
        CALL("recv", tcp, INT(1), not_integers[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    CALL("recv", tcp, INT(-1));
    expect_exception(EXC_VALUE_ERROR);
    CALL("recv", tcp, BIG(-1));
    expect_exception(EXC_VALUE_ERROR);
    CALL("recv", tcp, INT(1), INT(1));
    expect_exception(EXC_VALUE_ERROR);
    CALL("recv", tcp, INT(1), BIG(1));
    expect_exception(EXC_VALUE_ERROR);
    CALL("recv", tcp, INT(3)); /* nothing was lost by all that */
    expect_data("abc");
    release(tcp);
}

static void test_only_writable_buffers_are_received_into(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    fake_deliver(fake_last(), "abc", 3);
    const struct value wrong[] = {NONE, INT(3), STR("xyz"), BYTES("xyz"), LIST(INT(1))};
    for (size_t i = 0; i < 5; i++) {
        CALL("recv_into", tcp, wrong[i]);
        expect_exception(EXC_TYPE_ERROR);
        CALL("recvfrom_into", tcp, wrong[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    CALL("recv_into", tcp, BUFFER(room), INT(17));
    expect_exception(EXC_VALUE_ERROR);
    CALL("recv_into", tcp, BUFFER(room), INT(INT64_C(1) << 32));
    expect_exception(EXC_VALUE_ERROR);
    CALL("recv_into", tcp, BUFFER(room), BIG(1));
    expect_exception(EXC_VALUE_ERROR);
    CALL("recv", tcp, INT(3));
    expect_data("abc");
    release(tcp);
}

static void test_payloads(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    struct provider_socket *provider = fake_last();
    uint8_t array[2] = {'e', 'f'};
    CALL("sendall", tcp, STR("ab"));
    expect_none();
    CALL("sendall", tcp, BYTES("cd"));
    expect_none();
    CALL("sendall", tcp, BUFFER(array));
    expect_none();
    const struct value wrong[] = {NONE, INT(3), FLOAT, LIST(INT(1)), TUPLE(INT(1))};
    for (size_t i = 0; i < 5; i++) {
        CALL("send", tcp, wrong[i]);
        expect_exception(EXC_TYPE_ERROR);
        CALL("sendall", tcp, wrong[i]);
        expect_exception(EXC_TYPE_ERROR);
        CALL("sendto", tcp, wrong[i], STR("10.0.0.2"));
        expect_exception(EXC_TYPE_ERROR);
    }
    CALL("send", tcp, BYTES("x"), INT(0x80));
    expect_exception(EXC_VALUE_ERROR);
    assert_int_equal(provider->sent_bytes, 6);
    assert_memory_equal(provider->sent, "abcdef", 6);

    struct sock *udp = new_udp();
    CALL("sendto", udp, TUPLE(STR("10.0.0.2"), INT(1)), BYTES("x")); /* swapped */
    expect_exception(EXC_TYPE_ERROR);
    assert_int_equal(fake_last()->sent_datagram_count, 0);
    release(udp);
    release(tcp);
}

static void test_timeouts_must_be_whole_and_not_negative(void **state)
{
    (void)state;
    struct sock *tcp = connected_tcp();
    CALL("settimeout", tcp, INT(100));
    expect_none();
    const struct value wrong_types[] = {STR("100"), FLOAT, LIST(INT(1)), OTHER, BYTES("1")};
    for (size_t i = 0; i < 5; i++) {
        CALL("settimeout", tcp, wrong_types[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    const struct value negative[] = {INT(-1), INT(-(INT64_C(1) << 31)), INT(-(INT64_C(1) << 32)),
                                     BIG(-1)};
    for (size_t i = 0; i < 4; i++) {
        CALL("settimeout", tcp, negative[i]);
        expect_exception(EXC_VALUE_ERROR);
    }
    CALL("settimeout", tcp, BIG(1));
    expect_exception(EXC_OVERFLOW_ERROR);
    CALL("settimeout", tcp, INT((INT64_C(1) << 42) + 1));
    expect_exception(EXC_OVERFLOW_ERROR);

    int64_t start = fake_port.now_ns(); /* the 100 ms are still in force */
    CALL("recv", tcp, INT(1));
    expect_timeout();
    assert_int_equal(fake_port.now_ns() - start, 100 * MS);
    release(tcp);
}

static void test_constructor(void **state)
{
    (void)state;
    const struct value families[] = {INT(99), INT(-1), INT(INT32_MAX), BIG(1)};
    for (size_t i = 0; i < 4; i++) {
        CALL("socket", NULL, families[i]);
        expect_io_error(SOCK_EAFNOSUPPORT);
        CALL("socket", NULL, INT(SOCK_AF_INET), families[i]);
        expect_io_error(SOCK_ESOCKTNOSUPPORT);
    }
    CALL("socket", NULL, INT(SOCK_AF_CAN));
    expect_io_error(SOCK_ESOCKTNOSUPPORT);
    CALL("socket", NULL, INT(SOCK_AF_CAN), INT(SOCK_TYPE_RAW), INT(2));
    expect_io_error(SOCK_EPROTONOSUPPORT);
    /* The numbers are fine; the fake provider has no CAN. */
    const struct value can_protocols[] = {INT(0), INT(SOCK_PROTO_CAN_RAW), INT(SOCK_PROTO_TCP)};
    for (size_t i = 0; i < 3; i++) {
        CALL("socket", NULL, INT(SOCK_AF_CAN), INT(SOCK_TYPE_RAW), can_protocols[i]);
        expect_io_error(SOCK_EAFNOSUPPORT);
    }
    CALL("socket", NULL, INT(SOCK_AF_INET), INT(SOCK_TYPE_STREAM), INT(SOCK_PROTO_UDP));
    expect_io_error(SOCK_EPROTONOSUPPORT);
    CALL("socket", NULL, INT(SOCK_AF_INET), INT(SOCK_TYPE_RAW), INT(0));
    expect_io_error(SOCK_EPROTONOSUPPORT);
    CALL("socket", NULL, INT(SOCK_AF_INET), INT(SOCK_TYPE_RAW), INT(256));
    expect_io_error(SOCK_EPROTONOSUPPORT);
    const struct value wrong[] = {NONE, STR("x"), FLOAT};
    for (size_t i = 0; i < 3; i++) {
        CALL("socket", NULL, wrong[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    assert_int_equal(fake_sockets(), 0);

    const int good[][2] = {
        {SOCK_TYPE_STREAM, 0},
        {SOCK_TYPE_STREAM, SOCK_PROTO_TCP},
        {SOCK_TYPE_DGRAM, 0},
        {SOCK_TYPE_DGRAM, SOCK_PROTO_UDP},
        {SOCK_TYPE_DGRAM, SOCK_PROTO_TCP},
        {SOCK_TYPE_RAW, SOCK_PROTO_ICMP},
        {SOCK_TYPE_RAW, SOCK_PROTO_TCP},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CALL("socket", NULL, INT(SOCK_AF_INET), INT(good[i][0]), INT(good[i][1]));
        assert_int_equal(result.exception, EXC_NONE);
        assert_int_equal(fake_last()->type, good[i][0]);
        release(result.value.sock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names_are_complete),
        TEST(test_unknown_names_are_attribute_errors),
        TEST(test_parameters_have_the_documented_names),
        TEST(test_wrong_counts_and_keywords_are_type_errors),
        TEST(test_sizes_must_be_integers_of_zero_or_more),
        TEST(test_only_writable_buffers_are_received_into),
        TEST(test_payloads),
        TEST(test_timeouts_must_be_whole_and_not_negative),
        TEST(test_constructor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
