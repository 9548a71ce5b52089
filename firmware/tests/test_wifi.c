/*
 * wifi: which arguments its functions of the station take, what they hand to the network, what they
 * return.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "played_wifi.h"

#define DIGITS_32 "0123456789abcdefFEDCBA9876543210"

static void test_link_hands_over_name_and_passphrase(void **state)
{
    (void)state;
    CALL("wifi.link", NULL, STR("caf\xc3\xa9"), INT(3), STR("correct horse"));
    expect_none();
    assert_int_equal(given.ssid_bytes, 5);
    assert_memory_equal(given.ssid, "caf\xc3\xa9", 5);
    assert_int_equal(given.protection, WIFI_IS_WPA2);
    assert_int_equal(given.key_bytes, 13);
    assert_memory_equal(given.key, "correct horse", 13);
    assert_false(given.is_psk);
    assert_int_equal(given_settings.ip[0], 0); /* DHCP, when nothing was set */
    CALL_KW("wifi.link", NULL, {"security", INT(0)}, {"ssid", BYTES("\0\xff")});
    expect_none();
    assert_int_equal(given.ssid_bytes, 2);
    assert_memory_equal(given.ssid, "\0\xff", 2);
    assert_int_equal(given.protection, WIFI_IS_OPEN);
    assert_int_equal(given.key_bytes, 0);
}

static void test_64_digits_are_the_key_itself(void **state)
{
    static const uint8_t psk[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                  0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
    (void)state;
    CALL("wifi.link", NULL, STR("net"), INT(3), STR(DIGITS_32 DIGITS_32));
    expect_none();
    assert_true(given.is_psk);
    assert_int_equal(given.key_bytes, 32);
    assert_memory_equal(given.key, psk, 16);
    assert_memory_equal(given.key + 16, psk, 16);
    CALL("wifi.link", NULL, STR("net"), INT(3), STR(DIGITS_32 "0123456789abcdefFEDCBA987654321g"));
    expect_exception(EXC_VALUE_ERROR);
}

static void test_lengths_at_their_limits(void **state)
{
    static uint8_t text[65];
    (void)state;
    memset(text, '~', sizeof text);
    static const struct {
        size_t ssid, password;
        bool good;
    } rows[] = {{0, 8, false}, {1, 8, true},  {32, 8, true},  {33, 8, false},
                {1, 7, false}, {1, 63, true}, {1, 64, false}, {1, 65, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct value ssid = {.kind = VALUE_BYTES, .data = text, .bytes = rows[i].ssid};
        struct value password = {.kind = VALUE_STR, .data = text, .bytes = rows[i].password};
        CALL("wifi.link", NULL, ssid, INT(3), password);
        if (rows[i].good)
            expect_none();
        else
            expect_exception(EXC_VALUE_ERROR);
    }
    assert_int_equal(calls, 3);
}

static void test_arguments_that_are_none(void **state)
{
    (void)state;
    const struct value types[] = {NONE, FLOAT, OTHER, EMPTY_TUPLE};
    static const char *const functions[] = {"wifi.link", "wifi.try_link", "wifi.softap_init"};
    for (size_t f = 0; f < 3; f++) {
        const char *name = functions[f];
        for (size_t i = 0; i < 4; i++) {
            CALL(name, NULL, types[i], INT(0));
            expect_exception(EXC_TYPE_ERROR);
            CALL(name, NULL, STR("net"), types[i]);
            expect_exception(EXC_TYPE_ERROR);
            CALL(name, NULL, STR("net"), INT(3), types[i]);
            expect_exception(EXC_TYPE_ERROR);
        }
        CALL(name, NULL, INT(1), INT(0));
        expect_exception(EXC_TYPE_ERROR);
        CALL(name, NULL, STR("net"), INT(-1));
        expect_exception(EXC_VALUE_ERROR);
        CALL(name, NULL, STR("net"), INT(4));
        expect_exception(EXC_VALUE_ERROR);
        CALL(name, NULL, STR("net"), BIG(1));
        expect_exception(EXC_VALUE_ERROR);
        CALL(name, NULL, STR("net"), INT(3));
        expect_exception(EXC_VALUE_ERROR);
        CALL(name, NULL, STR("net"), INT(3), STR("1234567\x7f"));
        expect_exception(EXC_VALUE_ERROR);
        CALL(name, NULL, STR("net"), INT(3), STR("1234567\x1f"));
        expect_exception(EXC_VALUE_ERROR);
        CALL(name, NULL, STR("net"), INT(0), STR("12345678"));
        expect_exception(EXC_VALUE_ERROR);
        CALL(name, NULL, STR("net"));
        expect_exception(EXC_TYPE_ERROR);
    }
    CALL("wifi.link", NULL, STR("net"), INT(0), STR(""), INT(4));
    expect_exception(EXC_TYPE_ERROR);
    assert_int_equal(calls, 0);
}

static void test_wep_and_wpa_are_legal_and_not_spoken(void **state)
{
    (void)state;
    for (int security = WIFI_IS_WEP; security <= WIFI_IS_WPA; security++) {
        CALL("wifi.link", NULL, STR("net"), INT(security), STR("12345"));
        expect_io_error(SOCK_EPROTO);
        assert_non_null(strstr(result.message, "security"));
        CALL("wifi.try_link", NULL, STR("net"), INT(security), STR("12345"));
        expect_bool(false);
    }
    assert_int_equal(calls, 0);
}

static void test_errors_name_their_reason(void **state)
{
    (void)state;
    reason = (struct wifi_reason){SOCK_ECONNREFUSED, "association refused: status", true, 17};
    CALL("wifi.link", NULL, STR("net"), INT(0));
    expect_exception_at(EXC_CONNECTION_REFUSED_ERROR, SOCK_ECONNREFUSED, __FILE__, __LINE__);
    assert_string_equal(result.message, "association refused: status 17");
    reason.code = 65535;
    CALL("wifi.link", NULL, STR("net"), INT(0));
    assert_string_equal(result.message, "association refused: status 65535");
    reason.code = 0;
    CALL("wifi.link", NULL, STR("net"), INT(0));
    assert_string_equal(result.message, "association refused: status 0");
    reason = (struct wifi_reason){SOCK_ETIMEDOUT, "joined, but no address came", false, 0};
    CALL("wifi.link", NULL, STR("net"), INT(0));
    expect_timeout();
    assert_string_equal(result.message, "joined, but no address came");
    reason = (struct wifi_reason){.error = SOCK_ENODEV};
    static const char *const functions[] = {
        "wifi.unlink",          "wifi.scan",       "wifi.rssi",          "wifi.link_info",
        "wifi.softap_get_info", "wifi.softap_off", "wifi.softap_config", "wifi.station_off"};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        CALL0(functions[i], NULL);
        expect_io_error(SOCK_ENODEV);
    }
}

static void test_try_link_tells_failure_by_false(void **state)
{
    (void)state;
    CALL("wifi.try_link", NULL, STR("net"), INT(0));
    expect_bool(true);
    static const int errors[] = {SOCK_ENOENT,       SOCK_EACCES,    SOCK_ECONNREFUSED,
                                 SOCK_ECONNABORTED, SOCK_ETIMEDOUT, SOCK_ENODEV};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        reason = (struct wifi_reason){.error = errors[i]};
        CALL("wifi.try_link", NULL, STR("net"), INT(0));
        expect_bool(false);
    }
}

static void test_set_link_info_is_for_the_next_link(void **state)
{
    (void)state;
    CALL("wifi.set_link_info", NULL, STR("10.0.0.1"), STR("255.255.255.0"), STR("10.0.0.254"),
         STR("8.8.8.8"));
    expect_none();
    CALL("wifi.set_link_info", NULL, STR("10.0.0.2"), STR("1.2.3.4"), STR("0.0.0.0"),
         STR("0.0.0.0"));
    expect_exception(EXC_VALUE_ERROR);
    CALL("wifi.link", NULL, STR("net"), INT(0));
    assert_int_equal(given_settings.ip[3], 1);
    assert_int_equal(given_settings.dns[0], 8);
}

static void test_link_info_ends_in_six_bytes(void **state)
{
    (void)state;
    CALL0("wifi.link_info", NULL);
    assert_int_equal(result.value.count, 5);
    assert_int_equal(result.value.items[0].kind, VALUE_STR);
    assert_memory_equal(result.value.items[0].data, "10.0.0.1", 8);
    assert_int_equal(result.value.items[4].kind, VALUE_BYTES);
    assert_int_equal(result.value.items[4].bytes, 6);
    assert_memory_equal(result.value.items[4].data, "\2\0\0\0\0\x81", 6);
    CALL0("wifi.is_linked", NULL);
    expect_bool(true);
    CALL0("wifi.rssi", NULL);
    expect_int(-57);
    CALL("wifi.gethostbyname", NULL, STR("host.example"));
    assert_memory_equal(result.value.data, "93.184.216.34", 13);
}

static void test_a_station_that_is_off_does_not_link(void **state)
{
    (void)state;
    CALL0("wifi.station_off", NULL);
    expect_none();
    assert_int_equal(calls, 1); /* unlinked */
    CALL("wifi.link", NULL, STR("net"), INT(0));
    expect_io_error(SOCK_ENETDOWN);
    CALL("wifi.try_link", NULL, STR("net"), INT(0));
    expect_bool(false);
    assert_int_equal(calls, 1);
    CALL0("wifi.station_on", NULL);
    expect_none();
    CALL("wifi.link", NULL, STR("net"), INT(0));
    expect_none();
}

static void test_roam_takes_six_bytes_of_one_station(void **state)
{
    static uint8_t address[] = {2, 0, 0, 0, 0, 0x51, 0};
    (void)state;
    CALL("wifi.roam", NULL, BYTES("\2\0\0\0\0\x51"));
    expect_none();
    assert_memory_equal(given_bssid, address, 6);
    reason = (struct wifi_reason){SOCK_ECONNREFUSED, "association refused: status", true, 17};
    CALL_KW("wifi.roam", NULL, {"bssid", BYTES("\2\0\0\0\0\x52")});
    expect_exception_at(EXC_CONNECTION_REFUSED_ERROR, SOCK_ECONNREFUSED, __FILE__, __LINE__);
    assert_int_equal(given_bssid[5], 0x52);
    calls = 0;
    const struct value types[] = {NONE, INT(2), FLOAT, OTHER, EMPTY_TUPLE, STR("6bytes")};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        CALL("wifi.roam", NULL, types[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    for (size_t bytes = 0; bytes <= 7; bytes++) {
        if (bytes == 6)
            continue;
        CALL("wifi.roam", NULL,
             (struct value){.kind = VALUE_BYTES, .data = address, .bytes = bytes});
        expect_exception(EXC_VALUE_ERROR);
    }
    CALL("wifi.roam", NULL, BYTES("\0\0\0\0\0\0"));
    expect_exception(EXC_VALUE_ERROR);
    CALL("wifi.roam", NULL, BYTES("\3\0\0\0\0\x51"));
    expect_exception(EXC_VALUE_ERROR);
    CALL0("wifi.roam", NULL);
    expect_exception(EXC_TYPE_ERROR);
    assert_int_equal(calls, 0);
}

static void test_power_save_is_on_or_off(void **state)
{
    (void)state;
    CALL("wifi.power_save", NULL, INT(1));
    expect_none();
    assert_true(given_power_save);
    CALL_KW("wifi.power_save", NULL, {"on", INT(0)});
    expect_none();
    assert_false(given_power_save);
    reason = (struct wifi_reason){.error = SOCK_EOPNOTSUPP};
    CALL("wifi.power_save", NULL, BIG(1));
    expect_io_error(SOCK_EOPNOTSUPP);
    assert_true(given_power_save);
    calls = 0;
    const struct value types[] = {NONE, FLOAT, OTHER, EMPTY_TUPLE, STR("on"), BYTES("1")};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        CALL("wifi.power_save", NULL, types[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    CALL0("wifi.power_save", NULL);
    expect_exception(EXC_TYPE_ERROR);
    assert_int_equal(calls, 0);
}

static void test_names_of_the_module(void **state)
{
    (void)state;
    size_t count = 0;
    for (const char *const *name = wifi_functions(); *name != NULL; name++)
        count++;
    assert_int_equal(count, 18);
    const struct sock_constant *constants = wifi_constants();
    static const char *const names[] = {"WIFI_OPEN", "WIFI_WEP", "WIFI_WPA", "WIFI_WPA2"};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(constants[i].name, names[i]);
        assert_int_equal(constants[i].value, i);
    }
    assert_null(constants[4].name);
    CALL0("wifi.connect", NULL);
    expect_exception(EXC_ATTRIBUTE_ERROR);
    CALL("wifi.select", NULL, EMPTY_TUPLE, EMPTY_TUPLE, EMPTY_TUPLE, INT(0));
    assert_int_equal(result.value.count, 3);
}

#define WIFI_TEST(function) cmocka_unit_test_setup_teardown(function, wifi_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WIFI_TEST(test_link_hands_over_name_and_passphrase),
        WIFI_TEST(test_64_digits_are_the_key_itself),
        WIFI_TEST(test_lengths_at_their_limits),
        WIFI_TEST(test_arguments_that_are_none),
        WIFI_TEST(test_wep_and_wpa_are_legal_and_not_spoken),
        WIFI_TEST(test_errors_name_their_reason),
        WIFI_TEST(test_try_link_tells_failure_by_false),
        WIFI_TEST(test_set_link_info_is_for_the_next_link),
        WIFI_TEST(test_link_info_ends_in_six_bytes),
        WIFI_TEST(test_a_station_that_is_off_does_not_link),
        WIFI_TEST(test_roam_takes_six_bytes_of_one_station),
        WIFI_TEST(test_power_save_is_on_or_off),
        WIFI_TEST(test_names_of_the_module),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
