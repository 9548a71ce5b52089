/*
 * Unit test: the RSN element, and what security a network offers.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-wifi-frames.h"
#include "sockbench-unit.h"

static bool parse(WifiRsn *rsn, const char *hex)
{
    BYTES data = bytes_from_hex(hex);

    return wifi_rsn_parse(rsn, data.at, data.size);
}

static void test_own_element(void)
{
    uint8_t element[WIFI_RSN_OWN_BYTES];
    WifiRsn rsn;

    g_assert_cmpuint(wifi_put_rsn(element), ==, sizeof(element));
    assert_hex(element, sizeof(element),
               "3014 0100 000fac04 0100 000fac04 0100 000fac02 0000");
    g_assert(wifi_rsn_parse(&rsn, element + 2, element[1]));
    g_assert(wifi_rsn_is_wpa2(&rsn));
    g_assert_cmphex(rsn.group, ==, WIFI_SUITE_CCMP);
    g_assert_cmpuint(rsn.pairwise_count, ==, 1);
    g_assert_cmphex(rsn.akm[0], ==, WIFI_AKM_PSK);
}

/* 9.4.2.24.1: every field behind the version may be left out, from the end. */
static void test_defaults(void)
{
    static const char *const elements[] = {
        "0100",
        "0100 000fac04",
        "0100 000fac04 0100 000fac04",
        "0100 000fac04 0100 000fac04 0100 000fac01",
        "0100 000fac04 0100 000fac04 0100 000fac01 0000",
        "0100 000fac04 0100 000fac04 0100 000fac01 0000 0000",
    };
    WifiRsn rsn;
    int i;

    for (i = 0; i < ARRAY_SIZE(elements); i++) {
        g_assert(parse(&rsn, elements[i]));
        g_assert_cmphex(rsn.group, ==, WIFI_SUITE_CCMP);
        g_assert_cmpuint(rsn.pairwise_count, ==, 1);
        g_assert_cmphex(rsn.pairwise[0], ==, WIFI_SUITE_CCMP);
        g_assert_cmpuint(rsn.akm_count, ==, 1);
        g_assert_cmphex(rsn.akm[0], ==, WIFI_AKM_EAP);
        g_assert_cmpuint(rsn.capabilities, ==, 0);
        g_assert_cmpuint(rsn.pmkid_count, ==, 0);
        g_assert(!wifi_rsn_is_wpa2(&rsn));
    }
}

/* Whatever is cut off within a field is refused, and nothing read behind. */
static void test_cut_off(void)
{
    BYTES whole = bytes_from_hex(
        "0100 000fac04 0200 000fac02 000fac04 0200 000fac08 000fac02 8c00 "
        "0200 00112233445566778899aabbccddeeff"
        "ffeeddccbbaa99887766554433221100 000fac06");
    uint32_t size;
    WifiRsn rsn;

    for (size = 0; size <= whole.size; size++) {
        BYTES cut = bytes_of(whole.at, size);
        bool right = size == 2 || size == 6 || size == 16 || size == 26 ||
                     size == 28 || size >= 62;

        g_assert(wifi_rsn_parse(&rsn, cut.at, size) == right);
    }
    g_assert(wifi_rsn_parse(&rsn, whole.at, whole.size));
    g_assert_cmpuint(rsn.pairwise_count, ==, 2);
    g_assert_cmpuint(rsn.akm_count, ==, 2);
    g_assert_cmphex(rsn.capabilities, ==, 0x8c);
    g_assert_cmpuint(rsn.pmkid_count, ==, 2);
    g_assert(rsn.pmkids == whole.at + 30);
    g_assert(wifi_rsn_is_wpa2(&rsn));
}

static void test_counts(void)
{
    BYTES most = { g_malloc0(255), 255 };
    WifiRsn rsn;

    g_assert(!parse(&rsn, "0200 000fac04"));
    g_assert(!parse(&rsn, "0100 000fac04 0000"));
    g_assert(!parse(&rsn, "0100 000fac04 ffff 000fac04"));
    g_assert(!parse(&rsn, "0100 000fac04 0100 000fac04 0000"));
    g_assert(!parse(&rsn, "0100 000fac04 0100 000fac04 0100 000fac02 0000 "
                    "0100"));
    /* As many suites as an element can hold; the byte left is no field. */
    memcpy(most.at, "\1\0\0\x0f\xac\4", 6);
    most.at[6] = (255 - 8) / 4;
    g_assert(wifi_rsn_parse(&rsn, most.at, 252));
    g_assert_cmpuint(rsn.pairwise_count, ==, 61);
    most.at[6]++;
    g_assert(!wifi_rsn_parse(&rsn, most.at, 255));
}

/* docs/wifi-datasheet.md, section 4 */
static void test_security(void)
{
    static const struct {
        uint16_t capability;
        const char *elements;
        uint8_t security;
    } networks[] = {
        { 0x01, "", WIFI_SECURITY_OPEN },
        { 0x11, "", WIFI_SECURITY_WEP },
        { 0x11, "3014 0100 000fac04 0100 000fac04 0100 000fac02 0000",
          WIFI_SECURITY_WPA2 },
        { 0x01, "3014 0100 000fac04 0100 000fac04 0100 000fac02 0000",
          WIFI_SECURITY_WPA2 },
        { 0x11, "301c 0100 000fac04 0200 000fac02 000fac04 "
          "0200 000fac08 000fac02 8000", WIFI_SECURITY_WPA2 },
        /* SAE only; EAP only; by default EAP */
        { 0x11, "3014 0100 000fac04 0100 000fac04 0100 000fac08 8000",
          WIFI_SECURITY_OTHER },
        { 0x11, "3014 0100 000fac04 0100 000fac04 0100 000fac01 0000",
          WIFI_SECURITY_OTHER },
        { 0x11, "3002 0100", WIFI_SECURITY_OTHER },
        /* TKIP for the group; for the pair */
        { 0x11, "3014 0100 000fac02 0100 000fac04 0100 000fac02 0000",
          WIFI_SECURITY_OTHER },
        { 0x11, "3014 0100 000fac04 0100 000fac02 0100 000fac02 0000",
          WIFI_SECURITY_OTHER },
        /* 802.11w possible; demanded */
        { 0x11, "3014 0100 000fac04 0100 000fac04 0100 000fac02 8000",
          WIFI_SECURITY_WPA2 },
        { 0x11, "3014 0100 000fac04 0100 000fac04 0100 000fac02 c000",
          WIFI_SECURITY_OTHER },
        /* RSN that can't be read */
        { 0x11, "3003 0100 00", WIFI_SECURITY_OTHER },
        { 0x11, "dd16 0050f201 0100 0050f202 0100 0050f202 0100 0050f202",
          WIFI_SECURITY_WPA },
        { 0x11, "dd16 0050f201 0100 0050f202 0100 0050f202 0100 0050f202 "
          "3014 0100 000fac04 0100 000fac04 0100 000fac02 0000",
          WIFI_SECURITY_WPA | WIFI_SECURITY_WPA2 },
        { 0x11, "dd16 0050f201 0100 0050f202 0100 0050f202 0100 0050f202 "
          "3014 0100 000fac02 0100 000fac04 0100 000fac02 0000",
          WIFI_SECURITY_WPA | WIFI_SECURITY_OTHER },
        { 0x11, "dd04 0050f201", WIFI_SECURITY_WPA },
        /* Microsoft's, but not WPA: WMM; and one without a type */
        { 0x01, "dd07 0050f202 000100 dd03 0050f2", WIFI_SECURITY_OPEN },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(networks); i++) {
        BYTES bytes = bytes_from_hex(networks[i].elements);

        g_assert_cmphex(wifi_security(networks[i].capability,
                                      (WifiElements) { bytes.at, bytes.size }),
                        ==, networks[i].security);
    }
}

#define TEST(name) g_test_add_func("/wifi/rsn/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(own_element);
    TEST(defaults);
    TEST(cut_off);
    TEST(counts);
    TEST(security);
    return g_test_run();
}
