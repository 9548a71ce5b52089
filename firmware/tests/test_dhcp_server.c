/*
 * The soft AP's DHCP server: conversations, the pool, malformed messages.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "port/dhcp_server.h"

enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

static struct dhcp_server server;
static int64_t now_s;
static uint8_t message[DHCP_SERVER_MESSAGE_BYTES_MAX + 1];
static size_t message_bytes;
static uint8_t reply[DHCP_SERVER_REPLY_BYTES];
static size_t reply_bytes;
static uint8_t destination[4];

#define OWN ((const uint8_t[]){192, 168, 0, 1})
#define HOST(last) ((const uint8_t[]){192, 168, 0, (last)})

static void add(uint8_t option, const void *value, uint8_t bytes)
{
    message[message_bytes++] = option;
    message[message_bytes++] = bytes;
    memcpy(&message[message_bytes], value, bytes);
    message_bytes += bytes;
}

/* A message of station `number`, without end. */
static void begin(uint8_t number, uint8_t type)
{
    static const uint8_t head[] = {1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 9, 0x80, 0};
    static const uint8_t cookie[] = {99, 130, 83, 99};
    memset(message, 0, sizeof message);
    memcpy(message, head, sizeof head);
    memcpy(&message[28], ((uint8_t[]){2, 0, 0, 0, 0, number}), 6);
    memcpy(&message[236], cookie, sizeof cookie);
    message_bytes = 240;
    add(53, &type, 1);
}

static void answer(void)
{
    memset(reply, 0xee, sizeof reply);
    reply_bytes = dhcp_server_answer(&server, message, message_bytes, now_s, reply, destination);
}

static void end(void)
{
    message[message_bytes++] = 255;
    answer();
}

static const uint8_t *option(uint8_t wanted)
{
    for (size_t at = 240; reply[at] != 255; at += 2u + reply[at + 1]) {
        assert_true(at + 2u + reply[at + 1] < reply_bytes);
        if (reply[at] == wanted)
            return &reply[at + 2];
    }
    return NULL;
}

static void expect(uint8_t type, const uint8_t *ip)
{
    static const uint8_t none[4];
    assert_int_equal(reply_bytes, DHCP_SERVER_REPLY_BYTES);
    assert_int_equal(reply[0], 2);
    assert_memory_equal(&reply[4], ((uint8_t[]){0xde, 0xad, 0xbe, 0xef, 0, 0, 0x80, 0}), 8);
    assert_int_equal(*option(53), type);
    assert_memory_equal(option(54), OWN, 4);
    assert_memory_equal(&reply[16], ip != NULL ? ip : none, 4);
    assert_memory_equal(&reply[28], &message[28], 6);
    if (ip != NULL) {
        assert_memory_equal(option(51), ((uint8_t[]){0, 0, 14, 16}), 4);
        assert_memory_equal(option(1), ((uint8_t[]){255, 255, 255, 0}), 4);
        assert_memory_equal(option(3), OWN, 4);
    } else {
        assert_null(option(51));
    }
}

static void expect_silence(void)
{
    assert_int_equal(reply_bytes, 0);
}

static void discover(uint8_t number)
{
    begin(number, DISCOVER);
    end();
}

static void request(uint8_t number, const uint8_t *ip, const uint8_t *from)
{
    begin(number, REQUEST);
    add(50, ip, 4);
    if (from != NULL)
        add(54, from, 4);
    end();
}

static void renew(uint8_t number, uint8_t type, const uint8_t *ip)
{
    begin(number, type);
    memcpy(&message[12], ip, 4);
    end();
}

static void bind(uint8_t number, uint8_t last)
{
    discover(number);
    expect(OFFER, HOST(last));
    request(number, HOST(last), OWN);
    expect(ACK, HOST(last));
}

static bool has(uint8_t number, uint8_t last)
{
    uint8_t ip[4];
    bool found = dhcp_server_address(&server, (uint8_t[]){2, 0, 0, 0, 0, number}, now_s, ip);
    return found && memcmp(ip, HOST(last), 4) == 0;
}

static int setup(void **state)
{
    const struct dhcp_server_network network = {
        {192, 168, 0, 1}, {255, 255, 255, 0}, {192, 168, 0, 1}};
    (void)state;
    dhcp_server_init(&server, &network);
    now_s = 1000;
    return 0;
}

static void test_discover_offer_request_ack(void **state)
{
    (void)state;
    discover(1);
    expect(OFFER, HOST(2));
    assert_memory_equal(destination, ((uint8_t[]){255, 255, 255, 255}), 4);
    assert_false(has(1, 2)); /* an offer is no lease */
    request(1, HOST(2), OWN);
    expect(ACK, HOST(2));
    assert_memory_equal(destination, ((uint8_t[]){255, 255, 255, 255}), 4);
    assert_true(has(1, 2));
}

static void test_each_station_keeps_its_own_address(void **state)
{
    (void)state;
    bind(1, 2);
    bind(2, 3);
    bind(1, 2);
    now_s += 10 * DHCP_SERVER_LEASE_S; /* even when it was over, and nobody else has it */
    bind(1, 2);
    bind(3, 4);
}

static void test_a_free_address_that_is_asked_for_is_given(void **state)
{
    (void)state;
    begin(1, DISCOVER);
    add(50, HOST(20), 4);
    end();
    expect(OFFER, HOST(20));
    begin(2, DISCOVER);
    add(50, HOST(20), 4); /* is offered to another */
    end();
    expect(OFFER, HOST(2));
    begin(3, DISCOVER);
    add(50, HOST(200), 4); /* not in the pool */
    end();
    expect(OFFER, HOST(3));
}

static void test_a_lease_ends_after_an_hour_unless_it_is_renewed(void **state)
{
    (void)state;
    bind(1, 2);
    now_s += DHCP_SERVER_LEASE_S - 1;
    assert_true(has(1, 2));
    renew(1, REQUEST, HOST(2));
    expect(ACK, HOST(2));
    assert_memory_equal(destination, HOST(2), 4);
    now_s += DHCP_SERVER_LEASE_S - 1;
    assert_true(has(1, 2));
    now_s += 1;
    assert_false(has(1, 2));
}

static void test_a_wrong_address_is_refused(void **state)
{
    (void)state;
    discover(1);
    request(1, HOST(9), OWN);
    expect(NAK, NULL);
    bind(1, 2);
    renew(1, REQUEST, HOST(3));
    expect(NAK, NULL);
    assert_memory_equal(destination, ((uint8_t[]){255, 255, 255, 255}), 4);
    request(1, HOST(3), NULL); /* after a reboot */
    expect(NAK, NULL);
    request(1, HOST(2), NULL);
    expect(ACK, HOST(2));
}

static void test_of_strangers_only_those_of_other_networks_are_refused(void **state)
{
    (void)state;
    request(1, HOST(2), NULL);
    expect_silence();
    request(1, (const uint8_t[]){10, 0, 0, 2}, NULL);
    expect(NAK, NULL);
}

static void test_who_takes_another_servers_offer_leaves_ours(void **state)
{
    (void)state;
    discover(1);
    request(1, HOST(77), HOST(76));
    expect_silence();
    discover(2);
    expect(OFFER, HOST(2));
    bind(3, 3);
    request(3, HOST(77), HOST(76)); /* a lease is kept */
    expect_silence();
    assert_true(has(3, 3));
}

static void test_an_offer_is_kept_for_a_minute(void **state)
{
    (void)state;
    for (uint8_t number = 1; number <= DHCP_SERVER_LEASES; number++)
        discover(number);
    discover(100);
    expect_silence();
    now_s += DHCP_SERVER_OFFER_S - 1;
    discover(100);
    expect_silence();
    now_s += 1;
    discover(100);
    expect(OFFER, HOST(2));
}

static void test_a_full_pool_gives_nothing_until_someone_leaves(void **state)
{
    (void)state;
    for (uint8_t number = 1; number <= DHCP_SERVER_LEASES; number++)
        bind(number, number + 1);
    discover(100);
    expect_silence();
    renew(5, RELEASE, HOST(7)); /* not its own: nothing happens */
    discover(100);
    expect_silence();
    renew(5, RELEASE, HOST(6));
    expect_silence();
    assert_false(has(5, 6));
    bind(100, 6);
}

static void test_a_declined_address_is_not_given_for_an_hour(void **state)
{
    (void)state;
    bind(1, 2);
    begin(1, DECLINE);
    add(50, HOST(2), 4);
    end();
    expect_silence();
    bind(1, 3);
    begin(2, DISCOVER);
    add(50, HOST(2), 4);
    end();
    expect(OFFER, HOST(4));
    now_s += DHCP_SERVER_LEASE_S;
    begin(3, DISCOVER);
    add(50, HOST(2), 4);
    end();
    expect(OFFER, HOST(2));
}

static void test_a_small_subnet_has_few_addresses(void **state)
{
    const struct dhcp_server_network network = {
        {192, 168, 0, 1}, {255, 255, 255, 248}, {192, 168, 0, 3}};
    (void)state;
    dhcp_server_init(&server, &network);
    static const uint8_t hosts[] = {2, 4, 5, 6}; /* neither server nor gateway nor broadcast */
    for (uint8_t i = 0; i < sizeof hosts; i++) {
        discover(i + 1);
        assert_memory_equal(&reply[16], HOST(hosts[i]), 4);
    }
    discover(9);
    expect_silence();
}

static void test_no_gateway_is_no_option(void **state)
{
    const struct dhcp_server_network network = {{192, 168, 0, 1}, {255, 255, 255, 0}, {0}};
    (void)state;
    dhcp_server_init(&server, &network);
    discover(1);
    assert_null(option(3));
}

static void test_malformed_messages_are_dropped(void **state)
{
    static const size_t places[] = {0, 1, 2, 236, 239}; /* op, htype, hlen, cookie */
    uint32_t dropped = 0;
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        begin(1, DISCOVER);
        message[places[i]] ^= 0xff;
        end();
        expect_silence();
        assert_int_equal(server.dropped, ++dropped);
    }
    begin(1, DISCOVER);
    for (size_t bytes = 0; bytes < 240; bytes++) {
        message_bytes = bytes;
        answer();
        expect_silence();
        dropped++;
    }
    message_bytes = 240; /* no options at all: no type */
    answer();
    expect_silence();
    begin(1, DISCOVER);
    message[message_bytes++] = 50; /* an option without length, */
    answer();
    expect_silence();
    message[message_bytes++] = 4; /* then one that reaches beyond the end */
    message_bytes += 3;
    answer();
    expect_silence();
    assert_int_equal(server.dropped, dropped + 3);
    message_bytes = sizeof message;
    answer();
    expect_silence();
    assert_int_equal(server.dropped, dropped + 4);
}

static void test_odd_but_right_messages_are_taken(void **state)
{
    (void)state;
    begin(1, DISCOVER); /* padding, unknown options, no end */
    message_bytes += 5;
    add(55, "\1\3\6", 3);
    add(61, "whoever", 7);
    answer();
    expect(OFFER, HOST(2));
    begin(1, INFORM);
    end();
    expect_silence();
    begin(1, REQUEST); /* of nothing */
    end();
    expect(NAK, NULL);
    assert_int_equal(server.dropped, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_discover_offer_request_ack, setup),
        cmocka_unit_test_setup(test_each_station_keeps_its_own_address, setup),
        cmocka_unit_test_setup(test_a_free_address_that_is_asked_for_is_given, setup),
        cmocka_unit_test_setup(test_a_lease_ends_after_an_hour_unless_it_is_renewed, setup),
        cmocka_unit_test_setup(test_a_wrong_address_is_refused, setup),
        cmocka_unit_test_setup(test_of_strangers_only_those_of_other_networks_are_refused, setup),
        cmocka_unit_test_setup(test_who_takes_another_servers_offer_leaves_ours, setup),
        cmocka_unit_test_setup(test_an_offer_is_kept_for_a_minute, setup),
        cmocka_unit_test_setup(test_a_full_pool_gives_nothing_until_someone_leaves, setup),
        cmocka_unit_test_setup(test_a_declined_address_is_not_given_for_an_hour, setup),
        cmocka_unit_test_setup(test_a_small_subnet_has_few_addresses, setup),
        cmocka_unit_test_setup(test_no_gateway_is_no_option, setup),
        cmocka_unit_test_setup(test_malformed_messages_are_dropped, setup),
        cmocka_unit_test_setup(test_odd_but_right_messages_are_taken, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
