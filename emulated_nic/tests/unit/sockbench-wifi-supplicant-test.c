/*
 * Unit test: the station's end of the handshakes.
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

/* The handshake */

static void test_keys_are_installed(void)
{
    Bench b;

    bench_start(&b);
    hear(&b, m1(&b));
    g_assert_cmpint(b.s.state, ==, WIFI_SUPPLICANT_WAIT_M3);
    g_assert_cmpint(b.progress, ==, 1);
    g_assert_cmpint(b.pairwise + b.group + b.done, ==, 0);
    take_m2(&b);
    hear(&b, m3(&b));
    g_assert_cmpint(b.s.state, ==, WIFI_SUPPLICANT_KEYED);
    g_assert_cmpint(b.done, ==, 1);
    g_assert_cmpint(b.rekeyed, ==, 0);
    g_assert_cmpint(b.pairwise, ==, 1);
    g_assert_cmpmem(b.tk, sizeof(b.tk), b.ptk.tk, WIFI_TK_BYTES);
    g_assert_cmpint(b.group, ==, 1);
    g_assert_cmpint(b.group_id, ==, 1);
    g_assert_cmpmem(b.gtk, sizeof(b.gtk), gtk_one, WIFI_TK_BYTES);
    g_assert_cmphex(b.heard, ==, 0x060504030201);
    g_assert_cmpint(all_ignored(&b), ==, 0);
}

/* 12.7.6.3, every field but nonce and MIC, which take_m2() looks at. */
static void test_message_2(void)
{
    Bench b;

    bench_start(&b);
    b.replay = 0x0102030405060708;
    hear(&b, m1(&b));
    take_m2(&b);
    assert_hex(b.sent, 17, "02030075 02 010a 0000 0102030405060708");
    g_assert(buffer_is_zero(b.sent + 49, 32));
    assert_hex(b.sent + 97, 2, "0016");
    g_assert_cmpmem(b.sent + 99, b.sent_size - 99, b.own_rsn,
                    sizeof(b.own_rsn));
}

/* 12.7.6.5; with the keys that were there before, so in the clear. */
static void test_message_4(void)
{
    WifiEapolKey key;
    Bench b;

    bench_start(&b);
    shake_hands(&b);
    assert_hex(b.sent, 17, "0203005f 02 030a 0000 0000000000000002");
    g_assert(buffer_is_zero(b.sent + 17, 64));
    g_assert_cmpint(b.sent_size, ==, 99);
    assert_hex(b.sent + 97, 2, "0000");
    g_assert(wifi_eapol_parse(&key, b.sent, b.sent_size));
    g_assert(wifi_eapol_mic_is_right(&key, b.ptk.kck));
    g_assert_cmpint(b.pairwise_after_sends, ==, 2);
}

static void test_m1_again_starts_over(void)
{
    WifiPtk before;
    Bench b;

    bench_start(&b);
    hear(&b, m1(&b));
    take_m2(&b);
    before = b.ptk;
    hear(&b, m1(&b));            /* the same ANonce */
    take_m2(&b);
    g_assert(memcmp(&before, &b.ptk, sizeof(before)) != 0);
    memset(b.anonce, 0x77, sizeof(b.anonce));
    hear(&b, m1(&b));
    take_m2(&b);
    g_assert_cmpint(b.progress, ==, 3);
    g_assert_cmpint(b.sends, ==, 3);

    hear(&b, m3(&b));
    g_assert_cmpint(b.done, ==, 1);
    g_assert_cmpmem(b.tk, sizeof(b.tk), b.ptk.tk, WIFI_TK_BYTES);
}

static void test_m3_of_an_earlier_m1_is_ignored(void)
{
    WifiPtk before;
    Bench b;

    bench_start(&b);
    hear(&b, m1(&b));
    take_m2(&b);
    before = b.ptk;
    hear(&b, m1(&b));
    b.ptk = before;
    hear(&b, m3(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_MIC], ==, 1);
    g_assert_cmpint(b.done + b.pairwise + b.group, ==, 0);
    g_assert_cmpint(b.s.state, ==, WIFI_SUPPLICANT_WAIT_M3);
}

static void test_m3_before_m1_is_unexpected(void)
{
    Bench b;

    bench_start(&b);
    hear(&b, m3(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 1);
    g_assert_cmpint(b.sends, ==, 0);
    shake_hands(&b);
    g_assert_cmpint(b.done, ==, 1);
}

/* The KRACK mistake: a key installed again starts its packet numbers again. */
static void test_m3_again_installs_nothing(void)
{
    Bench b;

    start_keyed(&b);
    hear(&b, m3(&b));
    hear(&b, m3(&b));
    g_assert_cmpint(b.sends, ==, 4);     /* M2 and M4 three times */
    g_assert_cmphex(b.sent[16], ==, 4);  /* the counter of the last M3 */
    g_assert_cmpint(b.pairwise, ==, 1);
    g_assert_cmpint(b.group, ==, 1);
    g_assert_cmpint(b.done, ==, 1);
}

static void test_the_same_ptk_is_not_installed_again(void)
{
    Bench b;

    bench_start(&b);
    b.random_step = 0;
    shake_hands(&b);
    shake_hands(&b);
    g_assert_cmpint(b.done, ==, 2);
    g_assert_cmpint(b.pairwise, ==, 1);
}

static void test_m3_with_another_anonce_is_ignored(void)
{
    Bench b;

    bench_start(&b);
    hear(&b, m1(&b));
    take_m2(&b);
    b.anonce[31] ^= 1;
    hear(&b, m3(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 1);
    b.anonce[31] ^= 1;
    hear(&b, m3(&b));
    g_assert_cmpint(b.done, ==, 1);
}

static void test_replayed_counters_are_ignored(void)
{
    Bench b;

    bench_start(&b);
    b.replay = 0;
    hear(&b, m1(&b));            /* the first may be 0 */
    take_m2(&b);
    b.replay = 0;
    hear(&b, m1(&b));
    b.replay = 0;
    hear(&b, m3(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 2);
    g_assert_cmpint(b.sends, ==, 1);
    b.replay = UINT64_MAX;
    hear(&b, m3(&b));
    g_assert_cmpint(b.done, ==, 1);
    hear(&b, m3(&b));            /* 0 again */
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 3);
}

/* M3 needs a larger one than M1 had, G1 a larger one than M3. */
static void test_counters_ascend_from_any_number(void)
{
    Bench b;

    bench_start(&b);
    b.replay = 1000;
    hear(&b, m1(&b));
    take_m2(&b);
    b.replay = 1000;
    hear(&b, m3(&b));
    b.replay = 999;
    hear(&b, m3(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 2);
    b.replay = 1001;
    hear(&b, m3(&b));
    g_assert_cmpint(b.done, ==, 1);
    b.replay = 1001;
    hear(&b, g1(&b, gtk_two, 2));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 3);
    hear(&b, g1(&b, gtk_two, 2));
    g_assert_cmpint(b.group_done, ==, 1);
    b.replay = 1002;
    hear(&b, g1(&b, gtk_one, 2));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 4);
    g_assert_cmpint(b.group_done, ==, 1);
}

/* A message that was ignored has not used up its counter. */
static void test_a_wrong_mic_moves_no_counter(void)
{
    Bytes wrong;
    Bench b;

    bench_start(&b);
    hear(&b, m1(&b));
    take_m2(&b);
    b.replay = 1000;
    wrong = m3(&b);
    wrong.at[81] ^= 1;
    hear(&b, wrong);
    g_assert_cmpint(b.ignored[WIFI_EAPOL_MIC], ==, 1);
    b.replay = 2;
    hear(&b, m3(&b));
    g_assert_cmpint(b.done, ==, 1);
}

static void test_plaintext_is_refused_once_there_are_keys(void)
{
    Bytes messages[3];
    Bench b;
    int i;

    start_keyed(&b);
    messages[0] = m1(&b);
    messages[1] = m3(&b);
    messages[2] = g1(&b, gtk_two, 2);
    for (i = 0; i < ARRAY_SIZE(messages); i++) {
        wifi_supplicant_receive(&b.s, messages[i].at, messages[i].size,
                                false);
        bytes_free(&messages[i]);
        g_assert_cmpint(b.ignored[WIFI_EAPOL_PLAINTEXT], ==, i + 1);
    }
    g_assert_cmpint(b.sends, ==, 2);
    hear(&b, m3(&b));
    g_assert_cmpint(b.sends, ==, 3);
}

/* Authentic, but not acceptable */

static void assert_fails(uint16_t info, const WifiKeyData *data,
                         uint16_t reason)
{
    Bench b;

    bench_start(&b);
    hear(&b, m1(&b));
    take_m2(&b);
    hear(&b, build(&b, info, data));
    g_assert_cmpint(b.failed, ==, 1);
    g_assert_cmpint(b.reason, ==, reason);
    g_assert_cmpint(b.s.state, ==, WIFI_SUPPLICANT_OFF);
    g_assert_cmpint(b.pairwise + b.group + b.done, ==, 0);
    g_assert_cmpint(b.sends, ==, 1);
}

static void test_m3_with_another_rsn_element(void)
{
    uint8_t rsn[WIFI_RSN_OWN_BYTES];
    WifiKeyData data = { rsn, sizeof(rsn), gtk_one, 1 };

    wifi_put_rsn(rsn);           /* differs in one bit of the capabilities */
    assert_fails(M3_INFO, &data, 17);
    assert_fails(M3_INFO & ~WIFI_KEY_INFO_ENCRYPTED, &data, 17);
    data.rsn = NULL;
    assert_fails(M3_INFO, &data, 17);
}

static void test_m3_without_a_group_key(void)
{
    uint8_t rsn[WIFI_RSN_OWN_BYTES];
    WifiKeyData data = { rsn, sizeof(rsn), NULL, 0 };

    wifi_put_rsn(rsn);
    rsn[20] = 0x0c;
    assert_fails(M3_INFO, &data, 1);
    data.gtk = gtk_one;
    assert_fails(M3_INFO, &data, 1);                 /* key id 0 */
    data.gtk_id = 3;
    assert_fails(M3_INFO, &data, 1);
    data.gtk_id = 1;
    assert_fails(M3_INFO & ~WIFI_KEY_INFO_ENCRYPTED, &data, 1);
}

/* Group keys */

static void test_group_rekey(void)
{
    WifiEapolKey key;
    Bench b;

    start_keyed(&b);
    hear(&b, g1(&b, gtk_two, 2));
    g_assert_cmpint(b.group_done, ==, 1);
    g_assert_cmpint(b.group, ==, 2);
    g_assert_cmpint(b.group_id, ==, 2);
    g_assert_cmpmem(b.gtk, sizeof(b.gtk), gtk_two, WIFI_TK_BYTES);
    assert_hex(b.sent, 17, "0203005f 02 0302 0000 0000000000000003");
    g_assert(wifi_eapol_parse(&key, b.sent, b.sent_size));
    g_assert(wifi_eapol_mic_is_right(&key, b.ptk.kck));
    g_assert_cmpint(b.pairwise, ==, 1);
    g_assert_cmpint(b.done, ==, 1);
}

static void test_g1_again_installs_nothing(void)
{
    Bench b;

    start_keyed(&b);
    hear(&b, g1(&b, gtk_two, 2));
    hear(&b, g1(&b, gtk_two, 2));
    g_assert_cmpint(b.sends, ==, 4);
    g_assert_cmpint(b.group, ==, 2);
    g_assert_cmpint(b.group_done, ==, 1);
    hear(&b, g1(&b, gtk_one, 1));        /* as M3 had it */
    g_assert_cmpint(b.group, ==, 2);
    hear(&b, g1(&b, gtk_two, 1));
    g_assert_cmpint(b.group, ==, 3);
}

static void test_g1_is_ignored(void)
{
    Bytes message;
    Bench b;

    bench_start(&b);
    hear(&b, g1(&b, gtk_two, 2));        /* there is no key for it yet */
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 1);
    shake_hands(&b);
    message = g1(&b, gtk_two, 2);
    message.at[81] ^= 1;
    hear(&b, message);
    g_assert_cmpint(b.ignored[WIFI_EAPOL_MIC], ==, 1);
    hear(&b, build(&b, G1_INFO & ~WIFI_KEY_INFO_MIC, NULL));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 2);
    hear(&b, g1(&b, NULL, 0));
    hear(&b, g1(&b, gtk_two, 3));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_MALFORMED], ==, 2);
    b.replay = 0;
    hear(&b, g1(&b, gtk_two, 2));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 1);
    g_assert_cmpint(b.sends, ==, 2);
    g_assert_cmpint(b.group, ==, 1);
}

/* Pairwise rekey */

static void test_pairwise_rekey(void)
{
    uint8_t before[WIFI_TK_BYTES];
    WifiPtk old;
    Bench b;

    start_keyed(&b);
    memcpy(before, b.tk, sizeof(before));
    old = b.ptk;
    memset(b.anonce, 0x33, sizeof(b.anonce));
    hear(&b, build(&b, M1_INFO | WIFI_KEY_INFO_SECURE, NULL));
    g_assert_cmphex(b.sent[5], ==, 0x03);    /* Secure as in M1 */
    take_m2(&b);
    g_assert_cmpint(b.pairwise, ==, 1);

    /* Until M3 the old key is in force, for a group key, too. */
    {
        WifiPtk new = b.ptk;

        b.ptk = old;
        hear(&b, g1(&b, gtk_two, 2));
        g_assert_cmpint(b.group_done, ==, 1);
        b.ptk = new;
    }
    hear(&b, m3(&b));
    g_assert_cmpint(b.done, ==, 2);
    g_assert_cmpint(b.rekeyed, ==, 1);
    g_assert_cmpint(b.pairwise, ==, 2);
    g_assert_cmpint(b.pairwise_after_sends, ==, b.sends);
    g_assert_cmpmem(b.tk, sizeof(b.tk), b.ptk.tk, WIFI_TK_BYTES);
    g_assert(memcmp(before, b.tk, sizeof(before)) != 0);
    hear(&b, g1(&b, gtk_one, 2));
    g_assert_cmpint(b.group_done, ==, 2);
}

static void test_start_forgets_everything(void)
{
    Bench b;

    start_keyed(&b);
    wifi_supplicant_start(&b.s, own, ap, pmk, b.own_rsn, sizeof(b.own_rsn),
                          b.ap_rsn, sizeof(b.ap_rsn));
    g_assert_cmpint(b.s.state, ==, WIFI_SUPPLICANT_WAIT_M1);
    g_assert(!b.s.keyed);
    b.replay = 0;
    shake_hands(&b);
    g_assert_cmpint(b.pairwise, ==, 2);
    g_assert_cmpint(b.rekeyed, ==, 0);

    wifi_supplicant_stop(&b.s);
    g_assert(buffer_is_zero(&b.s.pmk, sizeof(b.s.pmk)));
    hear(&b, m1(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 1);
}

#define TEST(name) g_test_add_func("/wifi/supplicant/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(keys_are_installed);
    TEST(message_2);
    TEST(message_4);
    TEST(m1_again_starts_over);
    TEST(m3_of_an_earlier_m1_is_ignored);
    TEST(m3_before_m1_is_unexpected);
    TEST(m3_again_installs_nothing);
    TEST(the_same_ptk_is_not_installed_again);
    TEST(m3_with_another_anonce_is_ignored);
    TEST(replayed_counters_are_ignored);
    TEST(counters_ascend_from_any_number);
    TEST(a_wrong_mic_moves_no_counter);
    TEST(plaintext_is_refused_once_there_are_keys);
    TEST(m3_with_another_rsn_element);
    TEST(m3_without_a_group_key);
    TEST(group_rekey);
    TEST(g1_again_installs_nothing);
    TEST(g1_is_ignored);
    TEST(pairwise_rekey);
    TEST(start_forgets_everything);
    return g_test_run();
}
