/*
 * Unit test: Ethernet frames as 802.11 data frames, and back.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-wifi-frames.h"
#include "sockbench-unit.h"

#define DESTINATION "112233445566"
#define SOURCE      "020000000081"
#define BSSID       "0200000000a1"

static const uint8_t bssid[] = { 2, 0, 0, 0, 0, 0xa1 };

static void assert_from(const char *ethernet, uint8_t flags, const char *hex)
{
    BYTES frame = bytes_from_hex(ethernet);
    BYTES room = { g_malloc(frame.size + WIFI_DATA_GROWTH), 0 };

    room.size = wifi_data_from_ethernet(room.at, flags, bssid, frame.at,
                                        frame.size);
    assert_hex(room.at, room.size, hex);
}

static void assert_to(const char *data, const char *hex)
{
    BYTES frame = bytes_from_hex(data);
    BYTES room = { g_malloc(frame.size + 1), 0 };

    room.size = wifi_data_to_ethernet(room.at, frame.at, frame.size);
    assert_hex(room.at, room.size, hex);
}

/* 9.3.2.1, table 9-30, and RFC 1042 */
static void test_type(void)
{
    assert_from(DESTINATION SOURCE "0800 4500", WIFI_FLAG_TO_DS,
                "08010000" BSSID SOURCE DESTINATION "0000"
                "aaaa03000000 0800 4500");
    assert_from(DESTINATION SOURCE "0800 4500", WIFI_FLAG_FROM_DS,
                "08020000" DESTINATION BSSID SOURCE "0000"
                "aaaa03000000 0800 4500");
    assert_to("08010000" BSSID SOURCE DESTINATION "3012"
              "aaaa03000000 0800 4500", DESTINATION SOURCE "0800 4500");
    assert_to("08020000" DESTINATION BSSID SOURCE "3012"
              "aaaa03000000 0800 4500", DESTINATION SOURCE "0800 4500");
    assert_to("08000000" DESTINATION SOURCE BSSID "0000"
              "aaaa03000000 0800", DESTINATION SOURCE "0800");
}

static void test_no_payload(void)
{
    assert_from(DESTINATION SOURCE "88b5", WIFI_FLAG_TO_DS,
                "08010000" BSSID SOURCE DESTINATION "0000"
                "aaaa03000000 88b5");
}

static void test_length(void)
{
    assert_from(DESTINATION SOURCE "0004 4242030a 0000", WIFI_FLAG_TO_DS,
                "08010000" BSSID SOURCE DESTINATION "0000 4242030a");
    assert_to("08020000" DESTINATION BSSID SOURCE "0000 4242030a",
              DESTINATION SOURCE "0004 4242030a");
    assert_to("08020000" DESTINATION BSSID SOURCE "0000 424203",
              DESTINATION SOURCE "0003 424203");
    assert_from(DESTINATION SOURCE "0005 42420300", WIFI_FLAG_TO_DS, "");
    assert_from(DESTINATION SOURCE "0003 424203", WIFI_FLAG_TO_DS,
                "08010000" BSSID SOURCE DESTINATION "0000 424203");
    assert_from(DESTINATION SOURCE "0002 4242", WIFI_FLAG_TO_DS, "");
    assert_from(DESTINATION SOURCE "05dd 4242", WIFI_FLAG_TO_DS, "");
    assert_from(DESTINATION SOURCE "05ff 4242", WIFI_FLAG_TO_DS, "");
}

/* SNAP of another organisation is no type of Ethernet's. */
static void test_other_snap(void)
{
    assert_to("08020000" DESTINATION BSSID SOURCE "0000 aaaa0300000c 0800 01",
              DESTINATION SOURCE "0009 aaaa0300000c 0800 01");
    assert_to("08020000" DESTINATION BSSID SOURCE "0000 aaaa03000000 05dc 01",
              DESTINATION SOURCE "0009 aaaa03000000 05dc 01");
    assert_to("08020000" DESTINATION BSSID SOURCE "0000 aaaa03000000",
              DESTINATION SOURCE "0006 aaaa03000000");
    assert_to("08020000" DESTINATION BSSID SOURCE "0000 aaaa030000f8 8137 01",
              DESTINATION SOURCE "8137 01");
}

static void test_qos(void)
{
    assert_to("88020000" DESTINATION BSSID SOURCE "0000 0500"
              "aaaa03000000 0800 4500", DESTINATION SOURCE "0800 4500");
    assert_to("88820000" DESTINATION BSSID SOURCE "0000 0500 00000000"
              "aaaa03000000 0800 4500", DESTINATION SOURCE "0800 4500");
}

static void test_what_is_no_msdu(void)
{
    static const char *const frames[] = {
        "48020000" DESTINATION BSSID SOURCE "0000",              /* null */
        "c8020000" DESTINATION BSSID SOURCE "0000 0000",
        "48020000" DESTINATION BSSID SOURCE "0000 aaaa030000000800",
        "08020000" DESTINATION BSSID SOURCE "0000",              /* empty */
        "08020000" DESTINATION BSSID SOURCE "0000 aaaa",
        "88020000" DESTINATION BSSID SOURCE "0000 8000 aaaa030000000800",
        "08020000" DESTINATION BSSID SOURCE "0100 aaaa030000000800",
        "08060000" DESTINATION BSSID SOURCE "0000 aaaa030000000800",
        "08420000" DESTINATION BSSID SOURCE "0000 aaaa030000000800",
        "08030000" DESTINATION BSSID SOURCE "0000" BSSID "aaaa030000000800",
        "80000000" DESTINATION BSSID SOURCE "0000 aaaa030000000800",
        "a4000000" DESTINATION BSSID,
        "",
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(frames); i++) {
        assert_to(frames[i], "");
    }
    assert_from("", WIFI_FLAG_TO_DS, "");
    assert_from(DESTINATION SOURCE "08", WIFI_FLAG_TO_DS, "");
}

static void test_every_size(void)
{
    uint32_t size;

    for (size = 14; size <= 1514; size++) {
        BYTES ethernet = { g_malloc0(size), size };
        BYTES frame = { g_malloc(size + WIFI_DATA_GROWTH), 0 };
        BYTES back = { };

        memset(ethernet.at + 12, 0x86, size - 12);
        frame.size = wifi_data_from_ethernet(frame.at, WIFI_FLAG_TO_DS, bssid,
                                             ethernet.at, size);
        g_assert_cmpuint(frame.size, ==, size + WIFI_DATA_GROWTH);
        back.at = g_malloc(frame.size);
        back.size = wifi_data_to_ethernet(back.at, frame.at, frame.size);
        g_assert_cmpmem(back.at, back.size, ethernet.at, size);
    }
}

static void test_largest_length(void)
{
    BYTES frame = { g_malloc0(24 + 1501), 24 + 1501 };
    BYTES room = { g_malloc(frame.size), 0 };

    frame.at[0] = 0x08;
    frame.at[1] = WIFI_FLAG_FROM_DS;
    g_assert_cmpuint(wifi_data_to_ethernet(room.at, frame.at, 24 + 1500), ==,
                     14 + 1500);
    g_assert_cmpuint(wifi_data_to_ethernet(room.at, frame.at, 24 + 1501), ==,
                     0);
}

#define TEST(name) g_test_add_func("/wifi/data/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(type);
    TEST(no_payload);
    TEST(length);
    TEST(other_snap);
    TEST(qos);
    TEST(what_is_no_msdu);
    TEST(every_size);
    TEST(largest_length);
    return g_test_run();
}
