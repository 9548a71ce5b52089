/*
 * wifi: which arguments it takes, what it hands to the network, what it returns.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"
#include "socket/errors.h"
#include "socket/utf8.h"

#define DIGITS_32 "0123456789abcdefFEDCBA9876543210"

static struct wifi_credentials given;
static struct interface_settings given_settings;
static uint8_t given_clients;
static uint32_t given_duration_ms;
static unsigned calls;
static struct wifi_reason reason; /* of every function of the network */
static const struct wifi_seen *heard;
static size_t heard_count;
static size_t station_count;

static struct wifi_reason fake_link(const struct wifi_credentials *network,
                                    const struct interface_settings *settings)
{
    calls++;
    given = *network;
    given_settings = *settings;
    return reason;
}

static struct wifi_reason fake_unlink(void)
{
    calls++;
    return reason;
}

static bool fake_is_linked(void)
{
    return true;
}

static struct wifi_reason fake_info(struct interface_settings *settings, uint8_t mac[6])
{
    *settings =
        (struct interface_settings){{10, 0, 0, 1}, {255, 0, 0, 0}, {10, 0, 0, 254}, {8, 8, 8, 8}};
    memcpy(mac, "\2\0\0\0\0\x81", 6);
    return reason;
}

static int fake_resolve(const char *name, uint8_t ip[4])
{
    (void)name;
    memcpy(ip, (uint8_t[]){93, 184, 216, 34}, 4);
    return -reason.error;
}

static struct wifi_reason fake_scan(uint32_t duration_ms, struct wifi_seen *seen, size_t room,
                                    size_t *count)
{
    calls++;
    given_duration_ms = duration_ms;
    assert_true(heard_count <= room);
    if (heard_count > 0)
        memcpy(seen, heard, heard_count * sizeof *seen);
    *count = heard_count;
    return reason;
}

static struct wifi_reason fake_rssi(int *dbm)
{
    *dbm = -57;
    return reason;
}

static struct wifi_reason fake_softap_up(const struct wifi_credentials *network, uint8_t clients,
                                         const struct interface_settings *settings)
{
    calls++;
    given = *network;
    given_settings = *settings;
    given_clients = clients;
    return reason;
}

static struct wifi_reason fake_softap_address(const struct interface_settings *settings)
{
    calls++;
    given_settings = *settings;
    return reason;
}

static struct wifi_reason fake_softap_stations(struct wifi_station *stations, size_t room,
                                               size_t *count)
{
    assert_true(station_count <= room);
    for (size_t i = 0; i < station_count; i++)
        stations[i] = (struct wifi_station){{192, 168, 0, (uint8_t)(2 + i)}, {2, 0, 0, 0, 0, 9}};
    *count = station_count;
    return reason;
}

static const struct wifi_provider network = {
    fake_link,   fake_unlink, fake_is_linked, fake_info,           fake_resolve,
    fake_scan,   fake_rssi,   fake_softap_up, fake_softap_address, fake_softap_stations,
    fake_unlink,
};

static int wifi_setup(void **state)
{
    setup(state);
    memset(&given, 0xee, sizeof given);
    memset(&reason, 0, sizeof reason);
    calls = 0;
    heard_count = 0;
    station_count = 0;
    wifi_module_init(&network);
    return 0;
}

static void expect_bool(bool wanted)
{
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.kind, VALUE_BOOL);
    assert_int_equal(result.value.integer, wanted);
}

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

static void test_names_of_the_module(void **state)
{
    (void)state;
    size_t count = 0;
    for (const char *const *name = wifi_functions(); *name != NULL; name++)
        count++;
    assert_int_equal(count, 16);
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
        WIFI_TEST(test_link_hands_over_name_and_passphrase),
        WIFI_TEST(test_64_digits_are_the_key_itself),
        WIFI_TEST(test_lengths_at_their_limits),
        WIFI_TEST(test_arguments_that_are_none),
        WIFI_TEST(test_wep_and_wpa_are_legal_and_not_spoken),
        WIFI_TEST(test_errors_name_their_reason),
        WIFI_TEST(test_try_link_tells_failure_by_false),
        WIFI_TEST(test_set_link_info_is_for_the_next_link),
        WIFI_TEST(test_link_info_ends_in_six_bytes),
        WIFI_TEST(test_scan_returns_what_was_heard),
        WIFI_TEST(test_scan_takes_13_ms_to_10_minutes),
        WIFI_TEST(test_softap_init_has_four_stations_unless_told),
        WIFI_TEST(test_softap_config_applies_now_and_later),
        WIFI_TEST(test_softap_get_info_is_a_tuple_of_stations),
        WIFI_TEST(test_a_station_that_is_off_does_not_link),
        WIFI_TEST(test_names_of_the_module),
        WIFI_TEST(test_what_is_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
