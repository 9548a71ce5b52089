/*
 * Unit test: the soft AP's end of the handshakes.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/timer.h"
#include "sockbench-wifi-authenticator.h"
#include "sockbench-wifi-supplicant.h"
#include "sockbench-unit.h"

#define M2_INFO 0x010a
#define M4_INFO 0x030a
#define G2_INFO 0x0302

static const uint8_t own[6] = { 2, 0, 0, 0, 0, 0x81 };
static const uint8_t station[6] = { 2, 0, 0, 0, 0, 0xb1 };
static const uint8_t pmk[WIFI_PMK_BYTES] = { 1, 2, 3 };
static const uint8_t snonce[WIFI_NONCE_BYTES] = { 0x5e, 0x5e };

/* The authenticator, what it asked its device for, and the station's half. */
typedef struct Bench {
    WifiAuthenticator a;
    uint8_t own_rsn[WIFI_RSN_OWN_BYTES];
    uint8_t station_rsn[WIFI_RSN_OWN_BYTES];

    int sends;
    uint8_t sent[WIFI_EAPOL_BYTES];
    uint32_t sent_size;
    int64_t armed;           /* 0: not */
    int pairwise, done, group_done, failed;
    uint8_t tk[WIFI_TK_BYTES];
    uint16_t reason;
    int ignored[WIFI_EAPOL_PLAINTEXT + 1];
    WifiGroupKey group;

    WifiPtk ptk;
} Bench;

static void bench_send(void *opaque, const uint8_t *eapol, uint32_t size)
{
    Bench *b = opaque;

    b->sends++;
    memcpy(b->sent, eapol, size);
    b->sent_size = size;
}

static void bench_random(void *opaque, uint8_t *bytes, uint32_t size)
{
    memset(bytes, 0xa5, size);
}

static void bench_group_key(void *opaque, WifiGroupKey *key)
{
    *key = ((Bench *)opaque)->group;
}

static void bench_pairwise(void *opaque, const uint8_t *tk)
{
    Bench *b = opaque;

    b->pairwise++;
    memcpy(b->tk, tk, WIFI_TK_BYTES);
}

static void bench_arm(void *opaque, int64_t ns)
{
    ((Bench *)opaque)->armed = ns;
}

static void bench_done(void *opaque)
{
    ((Bench *)opaque)->done++;
}

static void bench_group_done(void *opaque)
{
    ((Bench *)opaque)->group_done++;
}

static void bench_failed(void *opaque, uint16_t reason)
{
    Bench *b = opaque;

    b->failed++;
    b->reason = reason;
    g_assert_cmpint(b->a.state, ==, WIFI_AUTHENTICATOR_OFF);
    g_assert_cmpint(b->armed, ==, 0);
}

static void bench_ignored(void *opaque, WifiEapolBad why)
{
    ((Bench *)opaque)->ignored[why]++;
}

static const WifiAuthenticatorOps ops = {
    .send = bench_send,
    .random = bench_random,
    .group_key = bench_group_key,
    .install_pairwise = bench_pairwise,
    .arm = bench_arm,
    .done = bench_done,
    .group_done = bench_group_done,
    .failed = bench_failed,
    .ignored = bench_ignored,
};

static void bench_start(Bench *b)
{
    memset(b, 0, sizeof(*b));
    wifi_put_rsn(b->own_rsn);
    wifi_put_rsn(b->station_rsn);
    b->own_rsn[20] = 0x0c;
    b->group.id = 1;
    memset(b->group.gtk, 0x11, sizeof(b->group.gtk));
    b->group.sent = 0x060504030201;
    wifi_authenticator_init(&b->a, &ops, b);
    wifi_authenticator_start(&b->a, own, station, pmk, b->own_rsn,
                             sizeof(b->own_rsn), b->station_rsn,
                             sizeof(b->station_rsn));
    wifi_ptk_derive(&b->ptk, pmk, own, station, b->a.anonce, snonce);
}

static int all_ignored(const Bench *b)
{
    int i, n = 0;

    for (i = 0; i < ARRAY_SIZE(b->ignored); i++) {
        n += b->ignored[i];
    }
    return n;
}

/* From the station; `back`: to how many tries ago it answers. */

static void hear(Bench *b, Bytes message)
{
    wifi_authenticator_receive(&b->a, message.at, message.size, b->a.keyed);
    bytes_free(&message);
}

static Bytes build(Bench *b, uint16_t info, int back, const uint8_t *rsn)
{
    uint8_t eapol[WIFI_EAPOL_BYTES];
    const WifiEapolKey key = {
        .info = info,
        .replay = b->a.replay - back,
        .nonce = rsn ? snonce : NULL,
        .data = rsn,
        .data_bytes = rsn ? WIFI_RSN_OWN_BYTES : 0,
    };

    return bytes_of(eapol, wifi_eapol_build(eapol, &key, b->ptk.kck, NULL));
}

static Bytes m2(Bench *b)
{
    return build(b, M2_INFO, 0, b->station_rsn);
}

static Bytes m4(Bench *b)
{
    return build(b, M4_INFO, 0, NULL);
}

static Bytes g2(Bench *b)
{
    return build(b, G2_INFO, 0, NULL);
}

static void start_keyed(Bench *b)
{
    bench_start(b);
    hear(b, m2(b));
    hear(b, m4(b));
    g_assert_cmpint(b->done, ==, 1);
}

static void test_message_1(void)
{
    Bench b;

    bench_start(&b);
    g_assert_cmpint(b.sends, ==, 1);
    assert_hex(b.sent, 17, "0203005f 02 008a 0010 0000000000000001");
    g_assert(b.sent[17] == 0xa5 && b.sent[48] == 0xa5);
    g_assert(buffer_is_zero(b.sent + 49, 50));
    g_assert_cmpint(b.sent_size, ==, 99);
}

static void test_message_3(void)
{
    WifiEapolKey key;
    WifiKeyData data;
    uint8_t plain[64];
    Bench b;

    bench_start(&b);
    hear(&b, m2(&b));
    assert_hex(b.sent, 17, "02030097 02 13ca 0010 0000000000000002");
    g_assert(b.sent[17] == 0xa5 && b.sent[48] == 0xa5);
    assert_hex(b.sent + 65, 8, "0102030405060000");
    g_assert(wifi_eapol_parse(&key, b.sent, b.sent_size));
    g_assert(wifi_eapol_mic_is_right(&key, b.ptk.kck));
    g_assert(wifi_key_unwrap(plain, b.ptk.kek, key.data, key.data_bytes));
    g_assert(wifi_key_data_parse(&data, plain, key.data_bytes - 8));
    g_assert_cmpmem(data.rsn, data.rsn_bytes, b.own_rsn, sizeof(b.own_rsn));
    g_assert_cmpmem(data.gtk, WIFI_TK_BYTES, b.group.gtk, WIFI_TK_BYTES);
    g_assert_cmpint(data.gtk_id, ==, 1);
    assert_hex(plain + 46, 2, "dd00");       /* padding */
}

static void test_keys_are_installed(void)
{
    Bench b;

    bench_start(&b);
    hear(&b, m2(&b));
    g_assert_cmpint(b.a.state, ==, WIFI_AUTHENTICATOR_WAIT_M4);
    g_assert_cmpint(b.pairwise, ==, 0);
    hear(&b, m4(&b));
    g_assert_cmpint(b.a.state, ==, WIFI_AUTHENTICATOR_KEYED);
    g_assert_cmpint(b.pairwise, ==, 1);
    g_assert_cmpmem(b.tk, sizeof(b.tk), b.ptk.tk, WIFI_TK_BYTES);
    g_assert_cmpint(b.done, ==, 1);
    g_assert_cmpint(b.armed, ==, 0);
    wifi_authenticator_expired(&b.a);
    g_assert_cmpint(b.sends, ==, 2);
}

/* At 0, 0.1, 1.1 and 2.1 s, each with a counter of its own; the end at 3.1. */
static void assert_schedule(Bench *b, uint16_t reason)
{
    static const int64_t wait_ms[] = { 100, 1000, 1000, 1000 };
    uint64_t replay = b->a.replay;
    int sends = b->sends;
    int i;

    for (i = 0; i < ARRAY_SIZE(wait_ms); i++) {
        g_assert_cmpint(b->sends, ==, sends + i);
        g_assert_cmpint(b->sent[16], ==, replay + i);
        g_assert_cmpint(b->armed, ==, wait_ms[i] * SCALE_MS);
        g_assert_cmpint(b->failed, ==, 0);
        wifi_authenticator_expired(&b->a);
    }
    g_assert_cmpint(b->sends, ==, sends + 3);
    g_assert_cmpint(b->failed, ==, 1);
    g_assert_cmpint(b->reason, ==, reason);
    wifi_authenticator_expired(&b->a);
    g_assert_cmpint(b->failed, ==, 1);
}

static void test_silence_after_m1(void)
{
    Bench b;

    bench_start(&b);
    assert_schedule(&b, 15);
}

static void test_silence_after_m3(void)
{
    Bench b;

    bench_start(&b);
    wifi_authenticator_expired(&b.a);
    wifi_authenticator_expired(&b.a);
    hear(&b, m2(&b));
    assert_schedule(&b, 15);
}

static void test_silence_after_g1(void)
{
    Bench b;

    start_keyed(&b);
    wifi_authenticator_rekey_group(&b.a);
    assert_schedule(&b, 16);
}

/* What a wrong passphrase looks like from here: M1 goes on until the end. */
static void test_wrong_mic_is_ignored(void)
{
    Bytes wrong;
    Bench b;

    bench_start(&b);
    wrong = m2(&b);
    wrong.at[81] ^= 1;
    hear(&b, wrong);
    g_assert_cmpint(b.ignored[WIFI_EAPOL_MIC], ==, 1);
    g_assert_cmpint(b.sends, ==, 1);
    g_assert_cmpint(b.armed, ==, 100 * SCALE_MS);
    assert_schedule(&b, 15);
}

static void test_late_answers_count(void)
{
    Bench b;

    bench_start(&b);
    wifi_authenticator_expired(&b.a);
    wifi_authenticator_expired(&b.a);
    hear(&b, build(&b, M2_INFO, 2, b.station_rsn));
    g_assert_cmpint(b.a.state, ==, WIFI_AUTHENTICATOR_WAIT_M4);
    wifi_authenticator_expired(&b.a);
    hear(&b, build(&b, M4_INFO, 1, NULL));
    g_assert_cmpint(b.done, ==, 1);
}

static void test_other_counters_do_not(void)
{
    Bench b;

    bench_start(&b);
    hear(&b, build(&b, M2_INFO, -1, b.station_rsn));
    hear(&b, build(&b, M2_INFO, 1, b.station_rsn));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 2);
    hear(&b, m2(&b));
    /* M2 once more, the answer to a second M1, and an M4 to M1. */
    hear(&b, build(&b, M2_INFO, 1, b.station_rsn));
    hear(&b, build(&b, M4_INFO, 1, NULL));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_REPLAY], ==, 4);
    g_assert_cmpint(b.a.state, ==, WIFI_AUTHENTICATOR_WAIT_M4);
    g_assert_cmpint(b.sends, ==, 2);
}

static void test_m2_with_another_rsn_element(void)
{
    uint8_t rsn[WIFI_RSN_OWN_BYTES];
    Bench b;

    bench_start(&b);
    wifi_put_rsn(rsn);
    rsn[20] ^= 1;
    hear(&b, build(&b, M2_INFO, 0, rsn));
    g_assert_cmpint(b.failed, ==, 1);
    g_assert_cmpint(b.reason, ==, 17);
    g_assert_cmpint(b.pairwise, ==, 0);
}

static void test_m2_with_key_data_that_is_none(void)
{
    uint8_t rsn[WIFI_RSN_OWN_BYTES];
    Bench b;

    bench_start(&b);
    wifi_put_rsn(rsn);
    rsn[1]++;                        /* leads past the end */
    hear(&b, build(&b, M2_INFO, 0, rsn));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_MALFORMED], ==, 1);
    hear(&b, m2(&b));
    g_assert_cmpint(b.a.state, ==, WIFI_AUTHENTICATOR_WAIT_M4);
}

static void test_group_rekey(void)
{
    WifiEapolKey key;
    WifiKeyData data;
    uint8_t plain[64];
    Bench b;

    start_keyed(&b);
    b.group.id = 2;
    memset(b.group.gtk, 0x22, sizeof(b.group.gtk));
    wifi_authenticator_rekey_group(&b.a);
    assert_hex(b.sent, 17, "0203007f 02 1382 0000 0000000000000003");
    g_assert(wifi_eapol_parse(&key, b.sent, b.sent_size));
    g_assert(wifi_eapol_mic_is_right(&key, b.ptk.kck));
    g_assert(wifi_key_unwrap(plain, b.ptk.kek, key.data, key.data_bytes));
    g_assert(wifi_key_data_parse(&data, plain, key.data_bytes - 8));
    g_assert_cmpint(data.gtk_id, ==, 2);
    g_assert_cmpmem(data.gtk, WIFI_TK_BYTES, b.group.gtk, WIFI_TK_BYTES);

    hear(&b, m4(&b));                /* no answer to G1 */
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 1);
    hear(&b, g2(&b));
    g_assert_cmpint(b.group_done, ==, 1);
    g_assert_cmpint(b.armed, ==, 0);
    g_assert_cmpint(b.a.state, ==, WIFI_AUTHENTICATOR_KEYED);
    hear(&b, g2(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 2);
}

static void test_plaintext_is_refused_once_there_are_keys(void)
{
    Bytes message;
    Bench b;

    start_keyed(&b);
    wifi_authenticator_rekey_group(&b.a);
    message = g2(&b);
    wifi_authenticator_receive(&b.a, message.at, message.size, false);
    g_assert_cmpint(b.ignored[WIFI_EAPOL_PLAINTEXT], ==, 1);
    hear(&b, message);
    g_assert_cmpint(b.group_done, ==, 1);
}

static void test_stop_forgets_everything(void)
{
    Bench b;

    bench_start(&b);
    hear(&b, m2(&b));
    wifi_authenticator_stop(&b.a);
    g_assert_cmpint(b.armed, ==, 0);
    g_assert(buffer_is_zero(&b.a.pmk, sizeof(b.a.pmk)));
    wifi_authenticator_expired(&b.a);
    hear(&b, m4(&b));
    g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, 1);
    g_assert_cmpint(b.sends, ==, 2);
}

/* A station that associates anew has no keys, whatever it had before. */
static void test_start_forgets_everything(void)
{
    Bench b;

    start_keyed(&b);
    wifi_authenticator_start(&b.a, own, station, pmk, b.own_rsn,
                             sizeof(b.own_rsn), b.station_rsn,
                             sizeof(b.station_rsn));
    g_assert(!b.a.keyed);
    g_assert_cmphex(b.sent[16], ==, 1);      /* counters begin anew */
    hear(&b, m2(&b));
    hear(&b, m4(&b));
    g_assert_cmpint(b.done, ==, 2);
    g_assert_cmpint(b.pairwise, ==, 2);
}

static void test_what_is_no_message_of_a_station(void)
{
    static const uint16_t infos[] = {
        M2_INFO | WIFI_KEY_INFO_ACK,
        M2_INFO | WIFI_KEY_INFO_ERROR,
        M2_INFO | WIFI_KEY_INFO_REQUEST,
        M2_INFO | WIFI_KEY_INFO_SMK,
        M2_INFO & ~WIFI_KEY_INFO_MIC,
        M2_INFO & ~WIFI_KEY_INFO_PAIRWISE,
    };
    Bench b;
    int i;

    bench_start(&b);
    for (i = 0; i < ARRAY_SIZE(infos); i++) {
        hear(&b, build(&b, infos[i], 0, b.station_rsn));
        g_assert_cmpint(b.ignored[WIFI_EAPOL_UNEXPECTED], ==, i + 1);
    }
    g_assert_cmpint(b.sends, ==, 1);
}

static Bytes bring_to(Bench *b, int message)
{
    bench_start(b);
    if (message == 0) {
        return m2(b);
    }
    hear(b, m2(b));
    if (message == 1) {
        return m4(b);
    }
    hear(b, m4(b));
    wifi_authenticator_rekey_group(&b->a);
    return g2(b);
}

static void test_cut_off(void)
{
    int message;

    for (message = 0; message < 3; message++) {
        Bench b;
        BYTES whole = bring_to(&b, message);
        int state = b.a.state;
        uint32_t size;

        for (size = 0; size < whole.size; size++) {
            hear(&b, bytes_of(whole.at, size));
        }
        g_assert_cmpint(b.ignored[WIFI_EAPOL_MALFORMED], ==, whole.size);
        g_assert_cmpint(b.a.state, ==, state);
        hear(&b, bytes_of(whole.at, whole.size));
        g_assert_cmpint(b.a.state, !=, state);
    }
}

static void test_flipped_bits(void)
{
    int message, bit;

    for (message = 0; message < 3; message++) {
        for (bit = 0; ; bit++) {
            Bench b;
            Bytes flipped = bring_to(&b, message);
            int state = b.a.state;

            if (bit >= flipped.size * 8) {
                bytes_free(&flipped);
                break;
            }
            flipped.at[bit / 8] ^= 1 << bit % 8;
            hear(&b, flipped);
            g_assert_cmpint(b.a.state, ==, state);
            g_assert_cmpint(all_ignored(&b), ==, 1);
        }
    }
}

/* Both ends of this NIC, each with the other. */

typedef struct Pair {
    Bench ap;
    WifiSupplicant s;
    int done, group_done;
    uint8_t tk[WIFI_TK_BYTES], gtk[WIFI_TK_BYTES];
    bool keyed;
} Pair;

static void pair_send(void *opaque, const uint8_t *eapol, uint32_t size)
{
    Pair *p = opaque;

    wifi_authenticator_receive(&p->ap.a, eapol, size, p->keyed);
}

static void pair_random(void *opaque, uint8_t *bytes, uint32_t size)
{
    memset(bytes, 0x5b, size);
}

static void pair_pairwise(void *opaque, const uint8_t *tk)
{
    Pair *p = opaque;

    p->keyed = true;
    memcpy(p->tk, tk, WIFI_TK_BYTES);
}

static void pair_group(void *opaque, uint8_t id, const uint8_t *gtk,
                       uint64_t heard)
{
    memcpy(((Pair *)opaque)->gtk, gtk, WIFI_TK_BYTES);
}

static void pair_progress(void *opaque)
{
}

static void pair_done(void *opaque, bool rekey)
{
    ((Pair *)opaque)->done++;
}

static void pair_group_done(void *opaque)
{
    ((Pair *)opaque)->group_done++;
}

static void pair_failed(void *opaque, uint16_t reason)
{
    g_assert_not_reached();
}

static void pair_ignored(void *opaque, WifiEapolBad why)
{
    g_assert_not_reached();
}

static const WifiSupplicantOps pair_ops = {
    .send = pair_send,
    .random = pair_random,
    .install_pairwise = pair_pairwise,
    .install_group = pair_group,
    .progress = pair_progress,
    .done = pair_done,
    .group_done = pair_group_done,
    .failed = pair_failed,
    .ignored = pair_ignored,
};

/* What the AP sent last; its answer comes by pair_send(). */
static void pair_pass(Pair *p)
{
    Bytes message = bytes_of(p->ap.sent, p->ap.sent_size);

    wifi_supplicant_receive(&p->s, message.at, message.size, p->keyed);
    bytes_free(&message);
}

static void test_with_the_supplicant(void)
{
    Pair p = { };

    bench_start(&p.ap);
    wifi_supplicant_init(&p.s, &pair_ops, &p);
    wifi_supplicant_start(&p.s, station, own, pmk, p.ap.station_rsn,
                          WIFI_RSN_OWN_BYTES, p.ap.own_rsn,
                          WIFI_RSN_OWN_BYTES);
    pair_pass(&p);
    pair_pass(&p);
    g_assert_cmpint(p.done + p.ap.done, ==, 2);
    g_assert_cmpmem(p.tk, WIFI_TK_BYTES, p.ap.tk, WIFI_TK_BYTES);
    g_assert_cmpmem(p.gtk, WIFI_TK_BYTES, p.ap.group.gtk, WIFI_TK_BYTES);

    p.ap.group.id = 2;
    p.ap.group.gtk[0] ^= 1;
    wifi_authenticator_rekey_group(&p.ap.a);
    pair_pass(&p);
    g_assert_cmpint(p.group_done + p.ap.group_done, ==, 2);
    g_assert_cmpmem(p.gtk, WIFI_TK_BYTES, p.ap.group.gtk, WIFI_TK_BYTES);
}

#define TEST(name) g_test_add_func("/wifi/authenticator/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(message_1);
    TEST(message_3);
    TEST(keys_are_installed);
    TEST(silence_after_m1);
    TEST(silence_after_m3);
    TEST(silence_after_g1);
    TEST(wrong_mic_is_ignored);
    TEST(late_answers_count);
    TEST(other_counters_do_not);
    TEST(m2_with_another_rsn_element);
    TEST(m2_with_key_data_that_is_none);
    TEST(group_rekey);
    TEST(plaintext_is_refused_once_there_are_keys);
    TEST(stop_forgets_everything);
    TEST(start_forgets_everything);
    TEST(what_is_no_message_of_a_station);
    TEST(cut_off);
    TEST(flipped_bits);
    TEST(with_the_supplicant);
    return g_test_run();
}
