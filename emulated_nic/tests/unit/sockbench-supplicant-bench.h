/*
 * A supplicant, its device, and an AP that says what a test wants.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SOCKBENCH_SUPPLICANT_BENCH_H
#define SOCKBENCH_SUPPLICANT_BENCH_H

#define M1_INFO 0x008a
#define M3_INFO 0x13ca
#define G1_INFO 0x1382

static const uint8_t own[6] = { 2, 0, 0, 0, 0, 0x81 };
static const uint8_t ap[6] = { 2, 0, 0, 0, 0, 0xa1 };
static const uint8_t pmk[WIFI_PMK_BYTES] = { 1, 2, 3 };
static const uint8_t gtk_one[WIFI_TK_BYTES] = { 0x11, 0x11 };
static const uint8_t gtk_two[WIFI_TK_BYTES] = { 0x22, 0x22 };

/* The supplicant, what it asked its device for, and the AP's half of it. */
typedef struct Bench {
    WifiSupplicant s;
    uint8_t own_rsn[WIFI_RSN_OWN_BYTES];
    uint8_t ap_rsn[WIFI_RSN_OWN_BYTES];

    int sends;
    uint8_t sent[WIFI_EAPOL_BYTES];
    uint32_t sent_size;
    int pairwise, pairwise_after_sends;
    uint8_t tk[WIFI_TK_BYTES];
    int group;
    uint8_t group_id, gtk[WIFI_TK_BYTES];
    uint64_t heard;
    int progress, done, rekeyed, group_done, failed;
    uint16_t reason;
    int ignored[WIFI_EAPOL_PLAINTEXT + 1];
    uint8_t random;          /* next nonce is this, 32 times */
    uint8_t random_step;

    uint64_t replay;
    uint8_t anonce[WIFI_NONCE_BYTES];
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
    Bench *b = opaque;

    memset(bytes, b->random, size);
    b->random += b->random_step;
}

static void bench_pairwise(void *opaque, const uint8_t *tk)
{
    Bench *b = opaque;

    b->pairwise++;
    b->pairwise_after_sends = b->sends;
    memcpy(b->tk, tk, WIFI_TK_BYTES);
}

static void bench_group(void *opaque, uint8_t id, const uint8_t *gtk,
                        uint64_t heard)
{
    Bench *b = opaque;

    b->group++;
    b->group_id = id;
    memcpy(b->gtk, gtk, WIFI_TK_BYTES);
    b->heard = heard;
}

static void bench_progress(void *opaque)
{
    ((Bench *)opaque)->progress++;
}

static void bench_done(void *opaque, bool rekey)
{
    Bench *b = opaque;

    b->done++;
    b->rekeyed += rekey;
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
    g_assert_cmpint(b->s.state, ==, WIFI_SUPPLICANT_OFF);
}

static void bench_ignored(void *opaque, WifiEapolBad why)
{
    ((Bench *)opaque)->ignored[why]++;
}

static const WifiSupplicantOps ops = {
    .send = bench_send,
    .random = bench_random,
    .install_pairwise = bench_pairwise,
    .install_group = bench_group,
    .progress = bench_progress,
    .done = bench_done,
    .group_done = bench_group_done,
    .failed = bench_failed,
    .ignored = bench_ignored,
};

static inline void bench_start(Bench *b)
{
    memset(b, 0, sizeof(*b));
    b->random = 0x51;
    b->random_step = 1;
    b->replay = 1;
    memset(b->anonce, 0xa5, sizeof(b->anonce));
    wifi_put_rsn(b->own_rsn);
    wifi_put_rsn(b->ap_rsn);
    b->ap_rsn[20] = 0x0c;    /* as many APs have: 16 replay counters */
    wifi_supplicant_init(&b->s, &ops, b);
    wifi_supplicant_start(&b->s, own, ap, pmk, b->own_rsn,
                          sizeof(b->own_rsn), b->ap_rsn, sizeof(b->ap_rsn));
}

static inline int all_ignored(const Bench *b)
{
    int i, n = 0;

    for (i = 0; i < ARRAY_SIZE(b->ignored); i++) {
        n += b->ignored[i];
    }
    return n;
}

/* From the AP */

static inline void hear(Bench *b, Bytes message)
{
    wifi_supplicant_receive(&b->s, message.at, message.size, b->s.keyed);
    bytes_free(&message);
}

static inline Bytes build(Bench *b, uint16_t info, const WifiKeyData *data)
{
    uint8_t eapol[WIFI_EAPOL_BYTES], bytes[WIFI_EAPOL_BYTES];
    bool pairwise = info & WIFI_KEY_INFO_PAIRWISE;
    WifiEapolKey key = {
        .info = info,
        .key_bytes = pairwise ? WIFI_TK_BYTES : 0,
        .replay = b->replay++,
        .nonce = pairwise ? b->anonce : NULL,
        .rsc = info & WIFI_KEY_INFO_MIC ? 0x060504030201 : 0,
        .data = bytes,
        .data_bytes = data ? wifi_key_data_build(bytes, data) : 0,
    };
    uint32_t size = wifi_eapol_build(eapol, &key, b->ptk.kck, b->ptk.kek);

    return bytes_of(eapol, size);
}

static inline Bytes m1(Bench *b)
{
    return build(b, M1_INFO, NULL);
}

static inline Bytes m3(Bench *b)
{
    const WifiKeyData data = {
        b->ap_rsn, sizeof(b->ap_rsn), gtk_one, 1
    };

    return build(b, M3_INFO, &data);
}

static inline Bytes g1(Bench *b, const uint8_t *gtk, uint8_t id)
{
    const WifiKeyData data = { .gtk = gtk, .gtk_id = id };

    return build(b, G1_INFO, &data);
}

/* What the AP makes of M2. */
static inline void take_m2(Bench *b)
{
    WifiEapolKey key;

    g_assert(wifi_eapol_parse(&key, b->sent, b->sent_size));
    wifi_ptk_derive(&b->ptk, pmk, ap, own, b->anonce, key.nonce);
    g_assert(wifi_eapol_mic_is_right(&key, b->ptk.kck));
}

static inline void shake_hands(Bench *b)
{
    hear(b, m1(b));
    take_m2(b);
    hear(b, m3(b));
}

static inline void start_keyed(Bench *b)
{
    bench_start(b);
    shake_hands(b);
    g_assert_cmpint(b->s.state, ==, WIFI_SUPPLICANT_KEYED);
}

#endif
