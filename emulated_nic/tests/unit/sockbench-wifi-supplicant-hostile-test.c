/*
 * Unit test: what the station's end of the handshakes makes of broken messages.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "sockbench-wifi-supplicant.h"
#include "sockbench-unit.h"
#include "sockbench-supplicant-bench.h"

/*
 * M3 with a right MIC over key data that is given: `said` to be encrypted,
 * and so, if it `is`.
 */
static void hear_m3_with(Bench *b, const uint8_t *bytes, uint32_t size,
                         bool said, bool is)
{
    uint8_t eapol[WIFI_EAPOL_BYTES];
    uint8_t mic[WIFI_MIC_BYTES];
    WifiEapolKey key = {
        .info = is ? M3_INFO : M3_INFO & ~WIFI_KEY_INFO_ENCRYPTED,
        .key_bytes = WIFI_TK_BYTES,
        .replay = b->replay++,
        .nonce = b->anonce,
        .data = bytes,
        .data_bytes = size,
    };

    size = wifi_eapol_build(eapol, &key, b->ptk.kck, b->ptk.kek);
    if (said != is) {
        stw_be_p(eapol + 5, M3_INFO);
        memset(eapol + 81, 0, sizeof(mic));
        wifi_eapol_mic(mic, b->ptk.kck, eapol, size);
        memcpy(eapol + 81, mic, sizeof(mic));
    }
    hear(b, bytes_of(eapol, size));
}

static void test_m3_with_key_data_that_is_none(void)
{
    static const struct {
        const char *hex;
        bool said, is; /* encrypted */
    } wrong[] = {
        { "", true, false },
        { "0102030405060708", true, false },
        { "0102030405060708090a0b0c0d0e0f101112131415161718", true, false },
        { "30ff0100000fac04", true, true },          /* past the end */
        { "30ff0100000fac04", false, false },
        { "dd15000fac010100 0102030405060708090a0b0c0d0e0f", true, true },
        { "dd0b000fac010100 0102030405", true, true }, /* as WEP has it */
        { "dd06000fac010100", true, true },
        { "dd04000fac01", true, true },
    };
    Bench b;
    int i;

    for (i = 0; i < ARRAY_SIZE(wrong); i++) {
        BYTES bytes = bytes_from_hex(wrong[i].hex);

        bench_start(&b);
        hear(&b, m1(&b));
        take_m2(&b);
        hear_m3_with(&b, bytes.at, bytes.size, wrong[i].said, wrong[i].is);
        g_assert_cmpint(b.failed, ==, 1);
        g_assert_cmpint(b.reason, ==, 1);
        g_assert_cmpint(b.pairwise + b.group, ==, 0);
    }
}

/* KDEs that are not for us, in front and behind, and padding, do no harm. */
static void test_m3_with_more_key_data(void)
{
    /* The end of one is its last byte, that of the other padding. */
    static const char *const ends[] = { "dd0100 3000", "30020100 dd" };
    const char *front =
        "dd050050f20100 dd14000fac0400112233445566778899aabbccddeeff "
        "30140100000fac040100000fac040100000fac020c00 "
        "dd16000fac010100 22220000000000000000000000000000 ";
    Bench b;
    int i;

    for (i = 0; i < ARRAY_SIZE(ends); i++) {
        g_autofree char *hex = g_strconcat(front, ends[i], NULL);
        BYTES bytes = bytes_from_hex(hex);

        g_assert_cmpuint(bytes.size % 8, ==, 0);
        bench_start(&b);
        hear(&b, m1(&b));
        take_m2(&b);
        hear_m3_with(&b, bytes.at, bytes.size, true, true);
        g_assert_cmpint(b.done, ==, 1);
        g_assert_cmpmem(b.gtk, sizeof(b.gtk), gtk_two, WIFI_TK_BYTES);
    }
}

static void test_m3_has_to_install_a_key_of_16_bytes(void)
{
    static const int at[] = { 6, 8 };    /* Install; key length */
    static const uint8_t bits[] = { 0x40, 0x30 };
    uint8_t mic[WIFI_MIC_BYTES];
    int i;

    for (i = 0; i < ARRAY_SIZE(at); i++) {
        Bytes message;
        Bench b;

        bench_start(&b);
        hear(&b, m1(&b));
        take_m2(&b);
        message = m3(&b);
        message.at[at[i]] ^= bits[i];
        memset(message.at + 81, 0, sizeof(mic));
        wifi_eapol_mic(mic, b.ptk.kck, message.at, message.size);
        memcpy(message.at + 81, mic, sizeof(mic));
        hear(&b, message);
        g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 1);
        g_assert_cmpint(b.pairwise, ==, 0);
    }
}

/* What nobody should send */

static void test_what_is_no_message_of_an_ap(void)
{
    static const uint16_t infos[] = {
        M1_INFO & ~WIFI_KEY_INFO_ACK,
        M1_INFO | WIFI_KEY_INFO_ERROR,
        M1_INFO | WIFI_KEY_INFO_REQUEST,
        M1_INFO | WIFI_KEY_INFO_SMK,
    };
    Bench b;
    int i;

    bench_start(&b);
    for (i = 0; i < ARRAY_SIZE(infos); i++) {
        hear(&b, build(&b, infos[i], NULL));
        g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, i + 1);
    }
    hear(&b, build(&b, M1_INFO | WIFI_KEY_INFO_ENCRYPTED, &(WifiKeyData) {}));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, i + 1);
    g_assert_cmpint(b.sends, ==, 0);
}

static void test_other_kinds_of_eapol(void)
{
    static const struct {
        int at;
        uint8_t value;
    } wrong[] = {
        { 1, 1 },        /* EAPOL-Start */
        { 4, 254 },      /* WPA's descriptor */
        { 6, 0x89 },     /* version 1: RC4, MD5 */
        { 6, 0x8b },     /* version 3: AES-CMAC */
        { 2, 0xff },     /* longer than the frame */
        { 3, 94 },       /* shorter than a key frame */
        { 98, 1 },       /* key data that is not there */
        { 97, 0xff },
    };
    Bench b;
    int i;

    bench_start(&b);
    for (i = 0; i < ARRAY_SIZE(wrong); i++) {
        Bytes message = m1(&b);

        message.at[wrong[i].at] = wrong[i].value;
        hear(&b, message);
        g_assert_cmpint(b.ignored[WIFI_EAPOL_MALFORMED], ==, i + 1);
    }
    g_assert_cmpint(b.sends, ==, 0);
}

/* APs send EAPOL version 1 and 2; short Ethernet frames come padded. */
static void test_version_1_and_padding(void)
{
    Bytes message;
    Bench b;

    bench_start(&b);
    message = m1(&b);
    message.at[0] = 1;
    message.at = g_realloc(message.at, message.size + 20);
    memset(message.at + message.size, 0xee, 20);
    message.size += 20;
    hear(&b, message);
    take_m2(&b);
    message = m3(&b);
    message.at = g_realloc(message.at, message.size + 20);
    memset(message.at + message.size, 0xee, 20);
    message.size += 20;
    hear(&b, message);
    g_assert_cmpint(b.done, ==, 1);
}

static void bring_to(Bench *b, int message)
{
    bench_start(b);
    if (message >= 1) {
        hear(b, m1(b));
        take_m2(b);
    }
    if (message >= 2) {
        hear(b, m3(b));
    }
}

static Bytes message_of(Bench *b, int message)
{
    switch (message) {
    case 0:
        return m1(b);
    case 1:
        return m3(b);
    default:
        return g1(b, gtk_two, 2);
    }
}

static void test_cut_off(void)
{
    int message;

    for (message = 0; message < 3; message++) {
        BYTES whole = { };
        uint32_t size;
        int sends;
        Bench b;

        bring_to(&b, message);
        whole = message_of(&b, message);
        sends = b.sends;
        for (size = 0; size < whole.size; size++) {
            hear(&b, bytes_of(whole.at, size));
        }
        g_assert_cmpint(b.ignored[WIFI_EAPOL_MALFORMED], ==, whole.size);
        g_assert_cmpint(b.sends, ==, sends);
        hear(&b, bytes_of(whole.at, whole.size));
        g_assert_cmpint(b.sends, ==, sends + 1);
    }
}

/* With one bit wrong nothing that has a MIC is answered or installs a key. */
static void test_flipped_bits(void)
{
    int message, bit;

    for (message = 0; message < 3; message++) {
        for (bit = 0; bit < 500 * 8; bit++) {
            int sends, pairwise, group;
            Bytes flipped;
            Bench b;

            bring_to(&b, message);
            sends = b.sends;
            pairwise = b.pairwise;
            group = b.group;
            flipped = message_of(&b, message);
            if (bit >= flipped.size * 8) {
                bytes_free(&flipped);
                break;
            }
            flipped.at[bit / 8] ^= 1 << bit % 8;
            hear(&b, flipped);
            g_assert_cmpint(b.pairwise, ==, pairwise);
            g_assert_cmpint(b.group, ==, group);
            g_assert_cmpint(b.failed, ==, 0);
            if (message > 0) {
                g_assert_cmpint(b.sends, ==, sends);
            }
        }
    }
}

/* Key data of every kind, under a right MIC: it may fail, never misread. */
static void test_any_key_data(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    int i;

    for (i = 0; i < 20000; i++) {
        uint8_t data[120];
        uint32_t size = g_rand_int_range(rand, 0, sizeof(data));
        uint32_t j;
        Bench b;

        for (j = 0; j < size; j++) {
            /* Mostly bytes that mean something here. */
            static const uint8_t likely[] = {
                0xdd, 0x30, 22, 20, 0, 0x0f, 0xac, 1, 4, 16
            };

            data[j] = g_rand_int_range(rand, 0, 4) ?
                      likely[g_rand_int_range(rand, 0, sizeof(likely))] :
                      g_rand_int_range(rand, 0, 256);
        }
        bench_start(&b);
        hear(&b, m1(&b));
        take_m2(&b);
        hear_m3_with(&b, data, size, true, true);
        g_assert_cmpint(b.done + b.failed, ==, 1);
    }
}

#define TEST(name) g_test_add_func("/wifi/supplicant/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(m3_with_key_data_that_is_none);
    TEST(m3_with_more_key_data);
    TEST(m3_has_to_install_a_key_of_16_bytes);
    TEST(what_is_no_message_of_an_ap);
    TEST(other_kinds_of_eapol);
    TEST(version_1_and_padding);
    TEST(cut_off);
    TEST(flipped_bits);
    TEST(any_key_data);
    return g_test_run();
}
