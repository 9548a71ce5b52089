/*
 * wifi: scans and the soft AP: arguments, and the tuples that they return.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "played_wifi.h"
#include "socket/utf8.h"

static void test_scan_returns_what_was_heard(void **state)
{
    static const struct wifi_seen seen[] = {
        {.ssid = "net",
         .ssid_bytes = 3,
         .bssid = "bssid1",
         .protection = WIFI_IS_WPA2,
         .rssi = -40},
        {.ssid = "\xff",
         .ssid_bytes = 1,
         .bssid = "bssid2",
         .protection = WIFI_IS_OPEN,
         .rssi = -90},
        {.ssid_bytes = 0, .bssid = "bssid3"},
    };
    (void)state;
    CALL0("wifi.scan", NULL);
    assert_int_equal(result.value.kind, VALUE_TUPLE);
    assert_int_equal(result.value.count, 0);
    assert_int_equal(given_duration_ms, 5000);
    heard = seen;
    heard_count = 3;
    CALL("wifi.scan", NULL, INT(130));
    assert_int_equal(given_duration_ms, 130);
    assert_int_equal(result.value.count, 3);
    const struct value *fields = result.value.items[0].items;
    assert_int_equal(result.value.items[0].count, 4);
    assert_int_equal(fields[0].kind, VALUE_STR);
    assert_memory_equal(fields[0].data, "net", 3);
    assert_int_equal(fields[1].integer, 3);
    assert_int_equal(fields[2].integer, -40);
    assert_int_equal(fields[3].kind, VALUE_BYTES);
    assert_memory_equal(fields[3].data, "bssid1", 6);
    assert_int_equal(result.value.items[1].items[0].kind, VALUE_BYTES); /* no UTF-8 */
    assert_int_equal(result.value.items[2].items[0].kind, VALUE_STR);
    assert_int_equal(result.value.items[2].items[0].bytes, 0);
}

static void test_scan_takes_13_ms_to_10_minutes(void **state)
{
    (void)state;
    const struct value good[] = {INT(13), INT(600000)};
    const struct value bad[] = {INT(12), INT(600001), INT(0), INT(-1), BIG(1)};
    const struct value types[] = {NONE, STR("5"), FLOAT};
    for (size_t i = 0; i < 2; i++) {
        CALL("wifi.scan", NULL, good[i]);
        assert_int_equal(result.exception, EXC_NONE);
    }
    for (size_t i = 0; i < 5; i++) {
        CALL("wifi.scan", NULL, bad[i]);
        expect_exception(EXC_VALUE_ERROR);
    }
    for (size_t i = 0; i < 3; i++) {
        CALL("wifi.scan", NULL, types[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    assert_int_equal(calls, 2);
    fake_limit_allocations(0);
    CALL0("wifi.scan", NULL);
    expect_exception(EXC_MEMORY_ERROR);
    CALL0("wifi.softap_get_info", NULL);
    expect_exception(EXC_MEMORY_ERROR);
    fake_limit_allocations(FAKE_NO_LIMIT);
}

static void test_softap_init_has_four_stations_unless_told(void **state)
{
    (void)state;
    CALL("wifi.softap_init", NULL, STR("ap"), INT(0));
    expect_none();
    assert_int_equal(given_clients, 4);
    assert_memory_equal(given_settings.ip, ((uint8_t[]){192, 168, 0, 1}), 4);
    assert_memory_equal(given_settings.mask, ((uint8_t[]){255, 255, 255, 0}), 4);
    assert_memory_equal(given_settings.gateway, ((uint8_t[]){192, 168, 0, 1}), 4);
    CALL_KW("wifi.softap_init", NULL, {"ssid", STR("ap")}, {"security", INT(3)},
            {"password", STR("12345678")}, {"max_conn", INT(1)});
    expect_none();
    assert_int_equal(given_clients, 1);
    const struct value bad[] = {INT(0), INT(33), INT(-1), BIG(1)};
    for (size_t i = 0; i < 4; i++) {
        CALL("wifi.softap_init", NULL, STR("ap"), INT(0), STR(""), bad[i]);
        expect_exception(EXC_VALUE_ERROR);
    }
    CALL("wifi.softap_init", NULL, STR("ap"), INT(0), STR(""), STR("1"));
    expect_exception(EXC_TYPE_ERROR);
    CALL("wifi.softap_init", NULL, STR("ap"), INT(1), STR("12345"));
    expect_io_error(SOCK_EPROTO);
    assert_int_equal(calls, 2);
    reason.error = SOCK_EINVAL; /* more than this chip can have */
    CALL("wifi.softap_init", NULL, STR("ap"), INT(0), STR(""), INT(32));
    expect_exception(EXC_VALUE_ERROR);
}

static void test_softap_config_applies_now_and_later(void **state)
{
    (void)state;
    CALL("wifi.softap_config", NULL, STR("10.1.0.1"), STR("10.1.0.2"), STR("255.255.0.0"));
    expect_none();
    assert_int_equal(calls, 1);
    assert_memory_equal(given_settings.gateway, ((uint8_t[]){10, 1, 0, 2}), 4);
    memset(&given_settings, 0, sizeof given_settings);
    CALL("wifi.softap_init", NULL, STR("ap"), INT(0));
    assert_memory_equal(given_settings.ip, ((uint8_t[]){10, 1, 0, 1}), 4);
    assert_memory_equal(given_settings.mask, ((uint8_t[]){255, 255, 0, 0}), 4);
    CALL("wifi.softap_config", NULL, STR("10.1.0.1"), STR("10.1.0.2"), STR("255.0.255.0"));
    expect_exception(EXC_VALUE_ERROR);
    CALL("wifi.softap_config", NULL, STR("127.0.0.1"));
    expect_exception(EXC_VALUE_ERROR);
    CALL("wifi.softap_config", NULL, INT(1));
    expect_exception(EXC_TYPE_ERROR);
    assert_int_equal(calls, 2);
    CALL_KW("wifi.softap_config", NULL, {"net", STR("255.255.255.240")});
    assert_memory_equal(given_settings.ip, ((uint8_t[]){192, 168, 0, 1}), 4);
    assert_int_equal(given_settings.mask[3], 240);
}

static void test_softap_get_info_is_a_tuple_of_stations(void **state)
{
    (void)state;
    CALL0("wifi.softap_get_info", NULL);
    assert_int_equal(result.value.kind, VALUE_TUPLE);
    assert_int_equal(result.value.count, 0);
    station_count = 2;
    CALL0("wifi.softap_get_info", NULL);
    assert_int_equal(result.value.count, 2);
    const struct value *fields = result.value.items[1].items;
    assert_int_equal(result.value.items[1].count, 2);
    assert_memory_equal(fields[0].data, "192.168.0.3", 11);
    assert_int_equal(fields[1].kind, VALUE_BYTES);
    assert_int_equal(fields[1].bytes, 6);
}

static void test_what_is_utf8(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"", true},
        {"\x7f", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"\x80", false},
        {"\xc1\xbf", false},
        {"\xc2", false},
        {"\xc2 ", false},
        {"\xe0\x9f\x80", false},
        {"\xed\xa0\x80", false},
        {"\xe2\x82", false},
        {"\xf0\x8f\x80\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xf0\x90\x80", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_true(utf8_is_valid((const uint8_t *)rows[i].text, strlen(rows[i].text)) ==
                    rows[i].good);
    assert_true(utf8_is_valid((const uint8_t *)"\0", 1));
}

#define WIFI_TEST(function) cmocka_unit_test_setup_teardown(function, wifi_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIFI_TEST(test_scan_returns_what_was_heard),
        WIFI_TEST(test_scan_takes_13_ms_to_10_minutes),
        WIFI_TEST(test_softap_init_has_four_stations_unless_told),
        WIFI_TEST(test_softap_config_applies_now_and_later),
        WIFI_TEST(test_softap_get_info_is_a_tuple_of_stations),
        WIFI_TEST(test_what_is_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
