/*
 * Unit test: CCMP of the wifi NIC.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-wifi-ccmp.h"
#include "sockbench-wifi-frames.h"
#include "sockbench-unit.h"

/* 802.11 J.6.4 */
#define VECTOR_TK     "c97c1f67ce371185514a8a19f2bdd52f"
#define VECTOR_PN     0xb5039776e70cull
#define VECTOR_PLAIN  "0808c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033 " \
                      "f8ba1a55d02f85ae967bb62fb6cda8eb7e78a050"
#define VECTOR_SEALED "0848c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033 " \
                      "0ce70020769703b5 " \
                      "f3d0a2fe9a3dbf2342a643e43246e80c3c04d019 " \
                      "7845ce0b16f97623"

static WifiKey key_of(const char *hex, uint8_t id)
{
    BYTES tk = bytes_from_hex(hex);
    WifiKey key;

    wifi_key_set(&key, id, tk.at, 0);
    return key;
}

static WifiCcmp open_frame(WifiKey *key, const uint8_t *frame, uint32_t size)
{
    BYTES exact = bytes_of(frame, size);
    BYTES plain = { g_malloc(size), size };

    return wifi_ccmp_open(key, plain.at, &plain.size, exact.at, size);
}

/* Seal `hex` with packet number 1 and id 0. */
static Bytes sealed(const char *hex)
{
    WifiKey key = key_of(VECTOR_TK, 0);
    Bytes frame = bytes_from_hex(hex);

    frame.at = g_realloc(frame.at, frame.size + WIFI_CCMP_GROWTH);
    frame.size = wifi_ccmp_seal(&key, frame.at, frame.size);
    g_assert_cmpuint(frame.size, >, 0);
    return frame;
}

static void test_vector(void)
{
    WifiKey key = key_of(VECTOR_TK, 0);
    BYTES frame = bytes_from_hex(VECTOR_PLAIN);
    BYTES plain = bytes_of(frame.at, frame.size + 0);
    uint32_t size = frame.size;
    uint32_t opened;

    frame.at = g_realloc(frame.at, size + WIFI_CCMP_GROWTH);
    key.sent = VECTOR_PN - 1;
    g_assert_cmpuint(wifi_ccmp_seal(&key, frame.at, size), ==,
                     size + WIFI_CCMP_GROWTH);
    assert_hex(frame.at, size + WIFI_CCMP_GROWTH, VECTOR_SEALED);
    g_assert_cmphex(key.sent, ==, VECTOR_PN);

    memset(plain.at, 0, size);
    plain.at = g_realloc(plain.at, size + WIFI_CCMP_GROWTH);
    g_assert_cmpint(wifi_ccmp_open(&key, plain.at, &opened, frame.at,
                                   size + WIFI_CCMP_GROWTH), ==,
                    WIFI_CCMP_OK);
    assert_hex(plain.at, opened, VECTOR_PLAIN);
    g_assert_cmphex(key.heard, ==, VECTOR_PN);
}

static void test_packet_numbers_ascend_from_one(void)
{
    WifiKey key = key_of(VECTOR_TK, 0);
    int i;

    for (i = 1; i < 4; i++) {
        BYTES frame = bytes_from_hex(VECTOR_PLAIN);

        frame.at = g_realloc(frame.at, frame.size + WIFI_CCMP_GROWTH);
        wifi_ccmp_seal(&key, frame.at, frame.size);
        g_assert_cmphex(frame.at[24], ==, i);
        g_assert_cmphex(frame.at[27], ==, 0x20);
    }
}

static void test_packet_numbers_run_out(void)
{
    WifiKey key = key_of(VECTOR_TK, 0);
    BYTES frame = bytes_from_hex(VECTOR_PLAIN);
    uint32_t size = frame.size;

    frame.at = g_realloc(frame.at, size + WIFI_CCMP_GROWTH);
    key.sent = WIFI_CCMP_PN_MAX;
    g_assert_cmpuint(wifi_ccmp_seal(&key, frame.at, size), ==, 0);
    assert_hex(frame.at, size, VECTOR_PLAIN);
    key.sent--;
    g_assert_cmpuint(wifi_ccmp_seal(&key, frame.at, size), >, 0);
    assert_hex(frame.at + 24, 8, "ffff0020ffffffff");
}

static void test_replay_is_refused(void)
{
    WifiKey key = key_of(VECTOR_TK, 0);
    BYTES frame = sealed(VECTOR_PLAIN);

    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==, WIFI_CCMP_OK);
    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                    WIFI_CCMP_REPLAY);
    key.heard = 0;
    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==, WIFI_CCMP_OK);
    key.heard = 2;
    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                    WIFI_CCMP_REPLAY);
}

/* Where a group key starts is what M3 said: that number itself is a replay. */
static void test_counter_starts_where_it_is_told(void)
{
    BYTES tk = bytes_from_hex(VECTOR_TK);
    BYTES frame = bytes_from_hex(VECTOR_SEALED);
    WifiKey key;

    wifi_key_set(&key, 0, tk.at, VECTOR_PN);
    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                    WIFI_CCMP_REPLAY);
    wifi_key_set(&key, 0, tk.at, VECTOR_PN - 1);
    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==, WIFI_CCMP_OK);
}

static void test_key_has_to_be_there(void)
{
    BYTES frame = sealed(VECTOR_PLAIN);
    WifiKey key = key_of(VECTOR_TK, 1);
    uint32_t size = frame.size - WIFI_CCMP_GROWTH;

    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                    WIFI_CCMP_NO_KEY);
    wifi_key_forget(&key);
    g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                    WIFI_CCMP_NO_KEY);
    g_assert_cmpuint(wifi_ccmp_seal(&key, frame.at, size), ==, 0);
}

static void test_key_id_is_told(void)
{
    uint8_t id;

    for (id = 0; id < 4; id++) {
        WifiKey key = key_of(VECTOR_TK, id);
        BYTES frame = bytes_from_hex(VECTOR_PLAIN);
        uint32_t size = frame.size;

        frame.at = g_realloc(frame.at, size + WIFI_CCMP_GROWTH);
        g_assert_cmpint(wifi_ccmp_key_id(frame.at, size), ==, -1);
        size = wifi_ccmp_seal(&key, frame.at, size);
        g_assert_cmpint(wifi_ccmp_key_id(frame.at, size), ==, id);
        g_assert_cmpint(open_frame(&key, frame.at, size), ==, WIFI_CCMP_OK);
    }
}

/* 12.5.3.3.3: these bits may change on the way, all others may not. */
static void test_what_the_mic_covers(void)
{
    BYTES frame = sealed(VECTOR_PLAIN);
    int bit;

    for (bit = 0; bit < frame.size * 8; bit++) {
        int byte = bit / 8;
        uint8_t mask = 1 << bit % 8;
        bool free = (byte == 0 && (mask & 0x30)) || /* +CF-Ack, +CF-Poll */
                    (byte == 1 && (mask & 0x38)) || /* retry, PM, more data */
                    byte == 2 || byte == 3 ||       /* duration */
                    (byte == 22 && (mask & 0xf0)) || byte == 23 ||
                    byte == 26 ||                   /* reserved */
                    (byte == 27 && (mask & 0x1f));
        WifiKey key = key_of(VECTOR_TK, 0);
        WifiCcmp result;

        frame.at[byte] ^= mask;
        result = open_frame(&key, frame.at, frame.size);
        g_assert((result == WIFI_CCMP_OK) == free);
        g_assert_cmpuint(key.heard, ==, free ? 1 : 0);
        frame.at[byte] ^= mask;
    }
}

static void test_cut_off(void)
{
    BYTES frame = sealed(VECTOR_PLAIN);
    uint32_t size;

    for (size = 0; size < frame.size; size++) {
        WifiKey key = key_of(VECTOR_TK, 0);
        WifiCcmp result = open_frame(&key, frame.at, size);

        g_assert_cmpint(result, ==, size <= 24 + WIFI_CCMP_GROWTH ?
                        WIFI_CCMP_MALFORMED : WIFI_CCMP_BAD_MIC);
        g_assert_cmpuint(key.heard, ==, 0);
    }
}

/* QoS data: the TID is in nonce and AAD; four addresses: the fourth, too. */
static void test_other_headers(void)
{
    static const struct {
        const char *hex;
        int tid_byte, address4_byte;
    } frames[] = {
        { "8801c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033 0500 "
          "aaaa030000000800", 24, 0 },
        { "0803c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033 "
          "112233445566 aaaa030000000800", 0, 24 },
        { "8803c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033 "
          "112233445566 0500 aaaa030000000800", 30, 24 },
        { "8881c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033 0500 "
          "00000000 aaaa030000000800", 24, 0 },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(frames); i++) {
        BYTES frame = sealed(frames[i].hex);
        WifiKey key = key_of(VECTOR_TK, 0);
        BYTES plain = { g_malloc(frame.size), 0 };

        g_assert_cmpint(wifi_ccmp_open(&key, plain.at, &plain.size, frame.at,
                                       frame.size), ==, WIFI_CCMP_OK);
        assert_hex(plain.at, plain.size, frames[i].hex);

        key = key_of(VECTOR_TK, 0);
        if (frames[i].tid_byte) {
            frame.at[frames[i].tid_byte] ^= 1;
            g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                            WIFI_CCMP_BAD_MIC);
            frame.at[frames[i].tid_byte] ^= 1;
        }
        if (frames[i].address4_byte) {
            frame.at[frames[i].address4_byte] ^= 1;
            g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                            WIFI_CCMP_BAD_MIC);
        }
    }
}

static void test_only_data_is_sealed(void)
{
    static const char *const frames[] = {
        "4801c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033", /* null */
        "0801c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033", /* empty */
        "c000c32c 0fd2e128a57c 5030f1844408 abaea5b8fcba 8033 0300",
        "a400c32c 0fd2e128a57c 5030f1844408",
        "0801",
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(frames); i++) {
        WifiKey key = key_of(VECTOR_TK, 0);
        BYTES frame = bytes_from_hex(frames[i]);

        g_assert_cmpuint(wifi_ccmp_seal(&key, frame.at, frame.size), ==, 0);
        g_assert_cmpint(open_frame(&key, frame.at, frame.size), ==,
                        WIFI_CCMP_MALFORMED);
        g_assert_cmpuint(key.sent, ==, 0);
    }
}

static void test_every_size(void)
{
    uint8_t frame[24 + 1500 + WIFI_CCMP_GROWTH];
    uint8_t plain[sizeof(frame)];
    WifiKey out = key_of(VECTOR_TK, 0), in = key_of(VECTOR_TK, 0);
    uint32_t size, opened;

    for (size = 25; size <= 24 + 1500; size++) {
        memset(frame, 0x61, sizeof(frame));
        memcpy(frame, "\x08\x01", 2);
        g_assert_cmpuint(wifi_ccmp_seal(&out, frame, size), ==,
                         size + WIFI_CCMP_GROWTH);
        g_assert_cmpint(wifi_ccmp_open(&in, plain, &opened, frame,
                                       size + WIFI_CCMP_GROWTH), ==,
                        WIFI_CCMP_OK);
        g_assert_cmpuint(opened, ==, size);
        memset(frame, 0x61, sizeof(frame));
        g_assert_cmpmem(plain + 24, size - 24, frame, size - 24);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wifi/ccmp/vector", test_vector);
    g_test_add_func("/wifi/ccmp/packet-numbers-ascend-from-one",
                    test_packet_numbers_ascend_from_one);
    g_test_add_func("/wifi/ccmp/packet-numbers-run-out",
                    test_packet_numbers_run_out);
    g_test_add_func("/wifi/ccmp/replay-is-refused", test_replay_is_refused);
    g_test_add_func("/wifi/ccmp/counter-starts-where-it-is-told",
                    test_counter_starts_where_it_is_told);
    g_test_add_func("/wifi/ccmp/key-has-to-be-there",
                    test_key_has_to_be_there);
    g_test_add_func("/wifi/ccmp/key-id-is-told", test_key_id_is_told);
    g_test_add_func("/wifi/ccmp/what-the-mic-covers",
                    test_what_the_mic_covers);
    g_test_add_func("/wifi/ccmp/cut-off", test_cut_off);
    g_test_add_func("/wifi/ccmp/other-headers", test_other_headers);
    g_test_add_func("/wifi/ccmp/only-data-is-sealed",
                    test_only_data_is_sealed);
    g_test_add_func("/wifi/ccmp/every-size", test_every_size);
    return g_test_run();
}
