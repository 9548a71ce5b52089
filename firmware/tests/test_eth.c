/*
 * eth: which arguments it takes, what it hands to the network, what it returns.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

static struct interface_settings linked_with;
static char resolved[300];
static unsigned resolutions;
static int outcome; /* of every function of the network that can fail */

static int fake_link(const struct interface_settings *settings)
{
    linked_with = *settings;
    return outcome;
}

static int fake_unlink(void)
{
    return outcome;
}

static bool fake_is_linked(void)
{
    return true;
}

static void fake_info(struct interface_settings *settings, uint8_t mac[6])
{
    static const uint8_t address[] = {0x02, 0xff, 0xa0, 0x0b, 0, 1};
    *settings = (struct interface_settings){
        {255, 255, 255, 255}, {255, 255, 255, 254}, {192, 168, 100, 200}, {0, 0, 0, 0}};
    memcpy(mac, address, sizeof address);
}

static int fake_resolve(const char *name, uint8_t ip[4])
{
    strncpy(resolved, name, sizeof resolved - 1);
    resolutions++;
    memcpy(ip, (uint8_t[]){93, 184, 216, 34}, 4);
    return outcome;
}

static const struct eth_provider network = {fake_link, fake_unlink, fake_is_linked, fake_info,
                                            fake_resolve};

static int eth_setup(void **state)
{
    setup(state);
    memset(&linked_with, 0xee, sizeof linked_with);
    memset(resolved, 0, sizeof resolved);
    resolutions = 0;
    outcome = 0;
    eth_init(&network);
    return 0;
}

static void expect_text_at(const struct value *value, const char *text, int line)
{
    if (value->kind != VALUE_STR || value->bytes != strlen(text) ||
        memcmp(value->data, text, value->bytes) != 0)
        _fail(__FILE__, line);
}
#define expect_text(value, text) expect_text_at((value), (text), __LINE__)

static void test_link_uses_the_settings(void **state)
{
    (void)state;
    CALL0("eth.link", NULL);
    expect_none();
    assert_int_equal(linked_with.ip[0], 0); /* DHCP, when nothing was set */
    CALL("eth.set_link_info", NULL, STR("10.0.0.1"), STR("255.255.240.0"), STR("0.0.0.0"),
         STR("8.8.4.4"));
    expect_none();
    CALL0("eth.link", NULL);
    const struct interface_settings wanted = {{10, 0, 0, 1}, {255, 255, 240, 0}, {0}, {8, 8, 4, 4}};
    assert_memory_equal(&linked_with, &wanted, sizeof wanted);
    CALL_KW("eth.set_link_info", NULL, {"ip", STR("0.0.0.0")}, {"mask", STR("0.0.0.0")},
            {"gw", STR("0.0.0.0")}, {"dns", STR("0.0.0.0")});
    expect_none();
    CALL0("eth.link", NULL);
    assert_int_equal(linked_with.ip[0], 0);
}

static void test_refused_settings_change_nothing(void **state)
{
    (void)state;
    CALL("eth.set_link_info", NULL, STR("10.0.0.1"), STR("255.0.0.0"), STR("0.0.0.0"),
         STR("0.0.0.0"));
    const struct value types[] = {NONE, INT(0), BYTES("10.0.0.1"), TUPLE(INT(10))};
    const struct value texts[] = {STR(""), STR("10.0.0"), STR("10.0.0.256"), STR("host")};
    for (size_t place = 0; place < 4; place++) {
        for (size_t i = 0; i < 4; i++) {
            struct value values[] = {STR("10.0.0.9"), STR("255.255.0.0"), STR("10.0.0.2"),
                                     STR("10.0.0.3")};
            values[place] = types[i];
            call_with("eth.set_link_info", NULL, values, 4);
            expect_exception(EXC_TYPE_ERROR);
            values[place] = texts[i];
            call_with("eth.set_link_info", NULL, values, 4);
            expect_exception(EXC_VALUE_ERROR);
        }
    }
    const struct value masks[] = {STR("0.0.0.0"), STR("255.255.255.255"), STR("255.0.255.0"),
                                  STR("0.0.0.255")};
    for (size_t i = 0; i < 4; i++) {
        CALL("eth.set_link_info", NULL, STR("10.0.0.9"), masks[i], STR("0.0.0.0"), STR("0.0.0.0"));
        expect_exception(EXC_VALUE_ERROR);
    }
    const struct value addresses[] = {STR("0.0.0.1"), STR("127.0.0.1"), STR("224.0.0.1"),
                                      STR("255.255.255.255")};
    for (size_t i = 0; i < 4; i++) {
        CALL("eth.set_link_info", NULL, addresses[i], STR("255.0.0.0"), STR("0.0.0.0"),
             STR("0.0.0.0"));
        expect_exception(EXC_VALUE_ERROR);
    }
    CALL("eth.set_link_info", NULL, STR("10.0.0.9"));
    expect_exception(EXC_TYPE_ERROR);
    CALL0("eth.link", NULL);
    assert_int_equal(linked_with.ip[3], 1);
}

static void test_link_info_is_five_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"255.255.255.255", "255.255.255.254", "192.168.100.200",
                                        "0.0.0.0", "02:ff:a0:0b:00:01"};
    CALL0("eth.link_info", NULL);
    assert_int_equal(result.value.kind, VALUE_TUPLE);
    assert_int_equal(result.value.count, 5);
    for (size_t i = 0; i < 5; i++)
        expect_text(&result.value.items[i], texts[i]);
    CALL0("eth.is_linked", NULL);
    assert_int_equal(result.value.kind, VALUE_BOOL);
    assert_int_equal(result.value.integer, 1);
}

static void test_names(void **state)
{
    (void)state;
    char label[] = "0123456789012345678901234567890123456789012345678901234567890123456789.a";
    const struct value good[] = {STR("a"), STR("host.example"), STR("x-1_2.Example.COM"),
                                 STR("1.2.3.4.example"), STR("3com")};
    const struct value bad[] = {STR(""),     STR("."),    STR("a."),          STR(".a"),
                                STR("a..b"), STR("a b"),  STR("1.2.3"),       STR("256.1.1.1"),
                                STR("::1"),  STR("a\0b"), STR("h\xc3\xb6st"), STR("12")};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CALL("eth.gethostbyname", NULL, good[i]);
        assert_int_equal(result.exception, EXC_NONE);
        expect_text(&result.value, "93.184.216.34");
        assert_memory_equal(resolved, good[i].data, good[i].bytes + 1);
    }
    unsigned before = resolutions;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CALL("eth.gethostbyname", NULL, bad[i]);
        expect_exception(EXC_VALUE_ERROR);
    }
    CALL("eth.gethostbyname", NULL, STR("10.0.0.7"));
    expect_text(&result.value, "10.0.0.7");
    const struct value types[] = {NONE, INT(1), BYTES("a"), EMPTY_TUPLE};
    for (size_t i = 0; i < 4; i++) {
        CALL("eth.gethostbyname", NULL, types[i]);
        expect_exception(EXC_TYPE_ERROR);
    }
    assert_int_equal(resolutions, before);

    /* 63 characters in a label, 253 in a name, and not one more. */
    struct value name = {.kind = VALUE_STR, .data = (uint8_t *)label + 70 - 63, .bytes = 65};
    CALL("eth.gethostbyname", NULL, name);
    assert_int_equal(result.exception, EXC_NONE);
    name = (struct value){.kind = VALUE_STR, .data = (uint8_t *)label + 70 - 64, .bytes = 66};
    CALL("eth.gethostbyname", NULL, name);
    expect_exception(EXC_VALUE_ERROR);
    uint8_t longest[254];
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = i % 2 == 0 ? 'a' : '.';
    name = (struct value){.kind = VALUE_STR, .data = longest, .bytes = 253};
    CALL("eth.gethostbyname", NULL, name);
    assert_int_equal(result.exception, EXC_NONE);
    longest[253] = 'b';
    longest[252] = 'b';
    name.bytes = 254;
    CALL("eth.gethostbyname", NULL, name);
    expect_exception(EXC_VALUE_ERROR);
}

static void test_errors(void **state)
{
    (void)state;
    outcome = -SOCK_ENOENT;
    CALL("eth.gethostbyname", NULL, STR("nobody.example"));
    expect_io_error(SOCK_ENOENT);
    outcome = -SOCK_ETIMEDOUT;
    CALL0("eth.link", NULL);
    expect_timeout();
    outcome = -SOCK_ENODEV;
    CALL0("eth.unlink", NULL);
    expect_io_error(SOCK_ENODEV);
    CALL0("eth.bind", NULL);
    expect_exception(EXC_ATTRIBUTE_ERROR);
    CALL("eth.link", NULL, NONE);
    expect_exception(EXC_TYPE_ERROR);
    CALL("eth.is_linked", NULL, NONE);
    expect_exception(EXC_TYPE_ERROR);
}

static void test_list_of_functions(void **state)
{
    (void)state;
    size_t count = 0;
    for (const char *const *name = eth_functions(); *name != NULL; name++)
        count++;
    assert_int_equal(count, 6);
}

#define ETH_TEST(function) cmocka_unit_test_setup_teardown(function, eth_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ETH_TEST(test_link_uses_the_settings),
        ETH_TEST(test_refused_settings_change_nothing),
        ETH_TEST(test_link_info_is_five_texts),
        ETH_TEST(test_names),
        ETH_TEST(test_errors),
        ETH_TEST(test_list_of_functions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
