/*
 * Addresses: the four forms, what is refused, and what comes back.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"
#include "socket/address.h"

/* Send to this address and return where the datagram went; NULL if the call raised. */
static const struct sock_address *sent_to(struct sock *self, struct value address)
{
    struct provider_socket *provider = fake_last();
    size_t before = provider->sent_datagram_count;
    CALL("sendto", self, BYTES("x"), address);
    if (result.exception != EXC_NONE) {
        assert_int_equal(provider->sent_datagram_count, before);
        return NULL;
    }
    provider->sent_datagram_count = 0;
    return &provider->sent_datagrams[before].address;
}

static void test_four_forms_name_the_same_host(void **state)
{
    (void)state;
    static const uint8_t ip[4] = {10, 0, 200, 3};
    struct sock *udp = new_udp();
    const struct value with_port[] = {
        TUPLE(STR("10.0.200.3"), INT(0x1234)),
        TUPLE(INT(10), INT(0), INT(200), INT(3), INT(0x1234)),
    };
    const struct value without_port[] = {
        STR("10.0.200.3"),
        TUPLE(INT(10), INT(0), INT(200), INT(3)),
    };
    for (int i = 0; i < 2; i++) {
        const struct sock_address *to = sent_to(udp, with_port[i]);
        assert_non_null(to);
        assert_memory_equal(to->ip, ip, 4);
        assert_int_equal(to->port, 0x1234);
        to = sent_to(udp, without_port[i]);
        assert_non_null(to);
        assert_memory_equal(to->ip, ip, 4);
        assert_int_equal(to->port, 0);
    }
    release(udp);
}

static void test_octets_and_ports_reach_their_limits(void **state)
{
    (void)state;
    static const int octets[] = {0, 1, 127, 128, 254, 255};
    static const int ports[] = {0, 1, 80, 1023, 1024, 49152, 65535};
    struct sock *udp = new_udp();
    for (size_t i = 0; i < 6; i++) {
        const struct sock_address *to =
            sent_to(udp, TUPLE(INT(1), INT(2), INT(3), INT(octets[i]), INT(9)));
        assert_non_null(to);
        assert_int_equal(to->ip[3], octets[i]);
    }
    for (size_t i = 0; i < 7; i++) {
        const struct sock_address *to = sent_to(udp, TUPLE(STR("1.2.3.4"), INT(ports[i])));
        assert_non_null(to);
        assert_int_equal(to->port, ports[i]);
    }
    release(udp);
}

static void test_numbers_out_of_range_are_refused_not_truncated(void **state)
{
    (void)state;
    struct sock *udp = new_udp();
    const struct value octets[] = {INT(-1), INT(256), INT(300), INT(INT64_C(1) << 31),
                                   BIG(1),  BIG(-1)};
    const struct value ports[] = {INT(-1), INT(65536), INT(65616), INT((INT64_C(1) << 32) + 80),
                                  BIG(1)};
    for (size_t i = 0; i < 6; i++) {
        assert_null(sent_to(udp, TUPLE(octets[i], INT(2), INT(3), INT(4))));
        expect_exception(EXC_VALUE_ERROR);
        assert_null(sent_to(udp, TUPLE(INT(1), INT(2), INT(3), octets[i], INT(80))));
        expect_exception(EXC_VALUE_ERROR);
    }
    for (size_t i = 0; i < 5; i++) {
        assert_null(sent_to(udp, TUPLE(STR("1.2.3.4"), ports[i])));
        expect_exception(EXC_VALUE_ERROR);
        assert_null(sent_to(udp, TUPLE(INT(1), INT(2), INT(3), INT(4), ports[i])));
        expect_exception(EXC_VALUE_ERROR);
        CALL("bind", udp, ports[i]);
        expect_exception(EXC_VALUE_ERROR);
    }
    assert_int_equal(fake_last()->binds, 0);
    release(udp);
}

static void test_malformed_text_is_refused(void **state)
{
    (void)state;
    static uint8_t endless[300];
    memset(endless, '1', sizeof endless);
    const struct value texts[] = {
        STR(""),
        STR("1.2.3"),
        STR("1.2.3.4.5"),
        STR("a.b.c.d"),
        STR("1..2.3"),
        STR(".1.2.3.4"),
        STR("1.2.3.4."),
        STR(" 1.2.3.4"),
        STR("1.2.3.4 "),
        STR("1.2.3.4\0x"),
        STR("+1.2.3.4"),
        STR("-1.2.3.4"),
        STR("1.2"),
        STR("0x0a.0.0.1"),
        STR("010.0.0.1"),
        STR("3232235786"),
        STR("256.1.1.1"),
        STR("1.2.3.300"),
        STR("1.2.3.4:80"),
        STR("..."),
        STR("localhost"),
        STR("example.com"),
        STR("80"),
        STR("1.2.3.00"),
        {.kind = VALUE_STR, .data = endless, .bytes = sizeof endless},
        {.kind = VALUE_STR, .data = NULL, .bytes = 0},
    };
    struct sock *udp = new_udp();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_null(sent_to(udp, texts[i]));
        expect_exception(EXC_VALUE_ERROR);
        assert_null(sent_to(udp, TUPLE(texts[i], INT(80))));
        expect_exception(EXC_VALUE_ERROR);
        CALL("ip_to_tuple", NULL, texts[i]);
        expect_exception(EXC_VALUE_ERROR);
    }
    release(udp);
}

static void test_other_shapes_are_type_errors(void **state)
{
    (void)state;
    const struct value shapes[] = {
        NONE,
        FLOAT,
        OTHER,
        BYTES("1.2.3.4"),
        EMPTY_TUPLE,
        TUPLE(INT(1)),
        TUPLE(STR("1.2.3.4")),
        TUPLE(INT(1), INT(2), INT(3)),
        TUPLE(INT(1), INT(2), INT(3), INT(4), INT(5), INT(6)),
        TUPLE(TUPLE(INT(1), INT(2), INT(3), INT(4)), INT(80)),
        TUPLE(STR("1.2.3.4"), INT(80), INT(0), INT(0)),
        TUPLE(STR("1.2.3.4"), STR("80")),
        TUPLE(STR("1.2.3.4"), NONE),
        TUPLE(FLOAT, INT(2), INT(3), INT(4)),
        TUPLE(INT(1), INT(2)),
        LIST(INT(1), INT(2), INT(3), INT(4)),
    };
    struct sock *udp = new_udp();
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        assert_null(sent_to(udp, shapes[i]));
        expect_exception(EXC_TYPE_ERROR);
        CALL("connect", udp, shapes[i]);
        expect_exception(EXC_TYPE_ERROR);
        CALL("bind", udp, shapes[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    CALL("connect", udp, INT(80)); /* a bare port is for bind() alone */
    expect_exception(EXC_TYPE_ERROR);
    assert_int_equal(fake_last()->connects + fake_last()->binds, 0);
    release(udp);
}

static void test_bind_takes_a_bare_port_as_every_local_address(void **state)
{
    (void)state;
    static const uint8_t any[4];
    struct sock *udp = new_udp();
    CALL("bind", udp, INT(65535));
    expect_none();
    assert_memory_equal(fake_last()->bound_to.ip, any, 4);
    assert_int_equal(fake_last()->bound_to.port, 65535);
    release(udp);
}

static void test_ip_to_tuple(void **state)
{
    (void)state;
    CALL("ip_to_tuple", NULL, STR("192.168.1.10"));
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.kind, VALUE_TUPLE);
    assert_int_equal(result.value.count, 4);
    assert_int_equal(result.value.items[0].integer, 192);
    assert_int_equal(result.value.items[1].integer, 168);
    assert_int_equal(result.value.items[2].integer, 1);
    assert_int_equal(result.value.items[3].integer, 10);

    const struct value wrong[] = {NONE, INT(4), BYTES("1.2.3.4"), TUPLE(INT(1), INT(2))};
    for (size_t i = 0; i < 4; i++) {
        CALL("ip_to_tuple", NULL, wrong[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    CALL0("ip_to_tuple", NULL);
    expect_exception(EXC_TYPE_ERROR);
}

/* Read, write back, and compare with RFC 5952's form. */
static void round_trip6(const char *text, const char *canonical)
{
    uint8_t ip[16];
    char written[ADDRESS_TEXT_BYTES];
    assert_true(address_ipv6_read((const uint8_t *)text, strlen(text), ip));
    assert_int_equal(address_ipv6_write(ip, written), strlen(canonical));
    assert_string_equal(written, canonical);
}

static void test_ipv6_text(void **state)
{
    (void)state;
    round_trip6("::", "::");
    round_trip6("::1", "::1");
    round_trip6("1::", "1::");
    round_trip6("2001:DB8:0:0:0:0:0:1", "2001:db8::1");
    round_trip6("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
    round_trip6("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
    round_trip6("fe80::0204:61ff:fe9d:f156", "fe80::204:61ff:fe9d:f156");
    round_trip6("::ffff:192.0.2.1", "::ffff:c000:201");
    round_trip6("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
    round_trip6("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");

    static const char *const wrong[] = {
        "",
        ":",
        ":::",
        "1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        "12345::",
        "g::",
        "1:",
        ":1",
        "::1:",
        "1:2:3:4:5:6:7:8::",
        "::1.2.3",
        "1.2.3.4",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "fe80::1%1",
        " ::1",
        "::1 ",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t ip[16];
        assert_false(address_ipv6_read((const uint8_t *)wrong[i], strlen(wrong[i]), ip));
    }
}

static void test_ipv6_forms(void **state)
{
    (void)state;
    struct sock *udp = new_socket(SOCK_AF_INET6, SOCK_TYPE_DGRAM);
    const struct sock_address *to =
        sent_to(udp, TUPLE(STR("fe80::2"), INT(7), INT(0xfffff), INT(1)));
    assert_non_null(to);
    assert_int_equal(to->ip[0], 0xfe);
    assert_int_equal(to->ip[15], 2);
    assert_int_equal(to->port, 7);
    assert_int_equal(to->flowinfo, 0xfffff);
    assert_int_equal(to->scope_id, 1);
    assert_non_null(sent_to(udp, STR("::1")));
    assert_non_null(sent_to(udp, TUPLE(STR("::1"), INT(7))));
    assert_null(sent_to(udp, TUPLE(STR("::1"), INT(7), INT(0x100000), INT(0))));
    expect_exception(EXC_VALUE_ERROR);
    assert_null(sent_to(udp, STR("10.0.0.2"))); /* the other family's form */
    expect_exception(EXC_VALUE_ERROR);
    assert_null(sent_to(udp, TUPLE(INT(10), INT(0), INT(0), INT(2))));
    expect_exception(EXC_TYPE_ERROR);
    release(udp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_four_forms_name_the_same_host),
        TEST(test_octets_and_ports_reach_their_limits),
        TEST(test_numbers_out_of_range_are_refused_not_truncated),
        TEST(test_malformed_text_is_refused),
        TEST(test_other_shapes_are_type_errors),
        TEST(test_bind_takes_a_bare_port_as_every_local_address),
        TEST(test_ip_to_tuple),
        TEST(test_ipv6_text),
        TEST(test_ipv6_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
