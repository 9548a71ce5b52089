/*
 * Cryptography of WPA2-PSK: key derivation, MIC, key wrap, CCM.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Written after RFC 8018 (PBKDF2), RFC 3394 (key wrap), RFC 3610 (CCM) and
 * IEEE 802.11-2020 12.7.  QEMU is built without a crypto library: its own AES
 * block is there, its PBKDF2 is a stub, and its HMAC is GLib's, which is used
 * here directly because it can be copied once it has its key.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "crypto/aes.h"
#include "sockbench-wifi-crypto.h"

#define ADDRESS_BYTES    6
#define PMK_ROUNDS       4096
#define PMK_MEMO_ENTRIES 8
#define PASSPHRASE_MAX   64
#define SSID_MAX         32

/* 802.11-2020 12.7.1.3 */
#define PTK_LABEL        "Pairwise key expansion"

/* RFC 3394 2.2.3.1 */
#define WRAP_IV          0xa6a6a6a6a6a6a6a6ull
#define WRAP_ROUNDS      6

/* RFC 3610 2.2: Adata, M = 8, L = 2; and 2.3: L alone. */
#define CCM_B0_FLAGS     0x59
#define CCM_A_FLAGS      0x01

bool wifi_equal(const uint8_t *one, const uint8_t *other, uint32_t bytes)
{
    uint8_t differences = 0;
    uint32_t i;

    for (i = 0; i < bytes; i++) {
        differences |= one[i] ^ other[i];
    }
    return differences == 0;
}

/* HMAC-SHA1 and what is made of it */

static GHmac *hmac_new(const uint8_t *key, uint32_t bytes)
{
    return g_hmac_new(G_CHECKSUM_SHA1, key, bytes);
}

static void hmac_end(GHmac *hmac, uint8_t mac[WIFI_SHA1_BYTES])
{
    gsize bytes = WIFI_SHA1_BYTES;

    g_hmac_get_digest(hmac, mac, &bytes);
    g_hmac_unref(hmac);
}

void wifi_hmac_sha1(uint8_t mac[WIFI_SHA1_BYTES], const uint8_t *key,
                    uint32_t key_bytes, const uint8_t *data, uint32_t bytes)
{
    GHmac *hmac = hmac_new(key, key_bytes);

    g_hmac_update(hmac, data, bytes);
    hmac_end(hmac, mac);
}

/* F of RFC 8018 5.2: block number `index` of the derived key. */
static void pbkdf2_block(uint8_t block[WIFI_SHA1_BYTES], GHmac *keyed,
                         const uint8_t *salt, uint32_t salt_bytes,
                         uint32_t rounds, uint32_t index)
{
    uint8_t u[WIFI_SHA1_BYTES];
    uint8_t number[4];
    GHmac *hmac = g_hmac_copy(keyed);
    uint32_t round;
    int i;

    stl_be_p(number, index);
    g_hmac_update(hmac, salt, salt_bytes);
    g_hmac_update(hmac, number, sizeof(number));
    hmac_end(hmac, u);
    memcpy(block, u, sizeof(u));

    for (round = 1; round < rounds; round++) {
        hmac = g_hmac_copy(keyed);
        g_hmac_update(hmac, u, sizeof(u));
        hmac_end(hmac, u);
        for (i = 0; i < WIFI_SHA1_BYTES; i++) {
            block[i] ^= u[i];
        }
    }
}

void wifi_pbkdf2(uint8_t *out, uint32_t out_bytes, const uint8_t *password,
                 uint32_t password_bytes, const uint8_t *salt,
                 uint32_t salt_bytes, uint32_t rounds)
{
    GHmac *keyed = hmac_new(password, password_bytes);
    uint8_t block[WIFI_SHA1_BYTES];
    uint32_t index = 1;

    while (out_bytes) {
        uint32_t take = MIN(out_bytes, WIFI_SHA1_BYTES);

        pbkdf2_block(block, keyed, salt, salt_bytes, rounds, index++);
        memcpy(out, block, take);
        out += take;
        out_bytes -= take;
    }
    g_hmac_unref(keyed);
}

typedef struct PmkMemo {
    uint8_t passphrase_bytes; /* 0: a free entry */
    uint8_t ssid_bytes;
    uint8_t passphrase[PASSPHRASE_MAX];
    uint8_t ssid[SSID_MAX];
    uint8_t pmk[WIFI_PMK_BYTES];
} PmkMemo;

static bool pmk_is_of(const PmkMemo *memo, const uint8_t *passphrase,
                      uint32_t passphrase_bytes, const uint8_t *ssid,
                      uint32_t ssid_bytes)
{
    return memo->passphrase_bytes == passphrase_bytes &&
           memo->ssid_bytes == ssid_bytes &&
           memcmp(memo->passphrase, passphrase, passphrase_bytes) == 0 &&
           memcmp(memo->ssid, ssid, ssid_bytes) == 0;
}

void wifi_pmk(uint8_t pmk[WIFI_PMK_BYTES], const uint8_t *passphrase,
              uint32_t passphrase_bytes, const uint8_t *ssid,
              uint32_t ssid_bytes)
{
    /* Devices run under QEMU's big lock, and so does this. */
    static PmkMemo memos[PMK_MEMO_ENTRIES];
    static unsigned int oldest;
    PmkMemo *memo;
    int i;

    assert(passphrase_bytes > 0 && passphrase_bytes <= PASSPHRASE_MAX);
    assert(ssid_bytes <= SSID_MAX);
    for (i = 0; i < PMK_MEMO_ENTRIES; i++) {
        if (pmk_is_of(&memos[i], passphrase, passphrase_bytes, ssid,
                      ssid_bytes)) {
            memcpy(pmk, memos[i].pmk, WIFI_PMK_BYTES);
            return;
        }
    }
    memo = &memos[oldest];
    oldest = (oldest + 1) % PMK_MEMO_ENTRIES;
    memo->passphrase_bytes = passphrase_bytes;
    memo->ssid_bytes = ssid_bytes;
    memcpy(memo->passphrase, passphrase, passphrase_bytes);
    memcpy(memo->ssid, ssid, ssid_bytes);
    wifi_pbkdf2(memo->pmk, WIFI_PMK_BYTES, passphrase, passphrase_bytes, ssid,
                ssid_bytes, PMK_ROUNDS);
    memcpy(pmk, memo->pmk, WIFI_PMK_BYTES);
}

void wifi_prf(uint8_t *out, uint32_t out_bytes, const uint8_t *key,
              uint32_t key_bytes, const char *label, const uint8_t *data,
              uint32_t bytes)
{
    uint8_t block[WIFI_SHA1_BYTES];
    uint8_t counter = 0;

    while (out_bytes) {
        uint32_t take = MIN(out_bytes, WIFI_SHA1_BYTES);
        GHmac *hmac = hmac_new(key, key_bytes);

        /* The label with the zero byte that ends it. */
        g_hmac_update(hmac, (const guchar *)label, strlen(label) + 1);
        g_hmac_update(hmac, data, bytes);
        g_hmac_update(hmac, &counter, 1);
        hmac_end(hmac, block);
        memcpy(out, block, take);
        counter++;
        out += take;
        out_bytes -= take;
    }
}

/* The smaller one first. */
static uint8_t *put_in_order(uint8_t *at, const uint8_t *one,
                             const uint8_t *other, uint32_t bytes)
{
    bool swap = memcmp(one, other, bytes) > 0;

    memcpy(at, swap ? other : one, bytes);
    memcpy(at + bytes, swap ? one : other, bytes);
    return at + 2 * bytes;
}

void wifi_ptk_derive(WifiPtk *ptk, const uint8_t pmk[WIFI_PMK_BYTES],
                     const uint8_t *one, const uint8_t *other,
                     const uint8_t nonce_one[WIFI_NONCE_BYTES],
                     const uint8_t nonce_other[WIFI_NONCE_BYTES])
{
    uint8_t data[2 * ADDRESS_BYTES + 2 * WIFI_NONCE_BYTES];
    uint8_t bytes[48]; /* PRF-384 */
    uint8_t *at = data;

    at = put_in_order(at, one, other, ADDRESS_BYTES);
    put_in_order(at, nonce_one, nonce_other, WIFI_NONCE_BYTES);
    wifi_prf(bytes, sizeof(bytes), pmk, WIFI_PMK_BYTES, PTK_LABEL, data,
             sizeof(data));
    memcpy(ptk->kck, bytes, 16);
    memcpy(ptk->kek, bytes + 16, 16);
    memcpy(ptk->tk, bytes + 32, WIFI_TK_BYTES);
}

void wifi_eapol_mic(uint8_t mic[WIFI_MIC_BYTES], const uint8_t kck[16],
                    const uint8_t *data, uint32_t bytes)
{
    uint8_t whole[WIFI_SHA1_BYTES];

    wifi_hmac_sha1(whole, kck, 16, data, bytes);
    memcpy(mic, whole, WIFI_MIC_BYTES);
}

/* AES key wrap */

void wifi_key_wrap(uint8_t *wrapped, const uint8_t kek[16],
                   const uint8_t *plain, uint32_t bytes)
{
    uint32_t n = bytes / 8;
    uint64_t a = WRAP_IV;
    uint8_t block[AES_BLOCK_SIZE];
    AES_KEY aes;
    uint32_t i, j;

    assert(bytes >= 16 && bytes % 8 == 0);
    AES_set_encrypt_key(kek, 128, &aes);
    memmove(wrapped + 8, plain, bytes);
    for (j = 0; j < WRAP_ROUNDS; j++) {
        for (i = 1; i <= n; i++) {
            stq_be_p(block, a);
            memcpy(block + 8, wrapped + 8 * i, 8);
            AES_encrypt(block, block, &aes);
            a = ldq_be_p(block) ^ (n * j + i);
            memcpy(wrapped + 8 * i, block + 8, 8);
        }
    }
    stq_be_p(wrapped, a);
}

bool wifi_key_unwrap(uint8_t *plain, const uint8_t kek[16],
                     const uint8_t *wrapped, uint32_t bytes)
{
    uint8_t block[AES_BLOCK_SIZE];
    AES_KEY aes;
    uint64_t a;
    uint32_t n, i;
    int j;

    if (bytes < 24 || bytes % 8) {
        return false;
    }
    n = bytes / 8 - 1;
    a = ldq_be_p(wrapped);
    AES_set_decrypt_key(kek, 128, &aes);
    memmove(plain, wrapped + 8, 8 * n);
    for (j = WRAP_ROUNDS - 1; j >= 0; j--) {
        for (i = n; i >= 1; i--) {
            stq_be_p(block, a ^ ((uint64_t)n * j + i));
            memcpy(block + 8, plain + 8 * (i - 1), 8);
            AES_decrypt(block, block, &aes);
            a = ldq_be_p(block);
            memcpy(plain + 8 * (i - 1), block + 8, 8);
        }
    }
    return a == WRAP_IV;
}

/* CCM */

/* CBC-MAC goes on over `bytes` bytes, the last block padded with zeros. */
static void ccm_absorb(uint8_t x[AES_BLOCK_SIZE], const AES_KEY *aes,
                       const uint8_t *data, uint32_t bytes)
{
    while (bytes) {
        uint32_t take = MIN(bytes, AES_BLOCK_SIZE);
        uint32_t i;

        for (i = 0; i < take; i++) {
            x[i] ^= data[i];
        }
        AES_encrypt(x, x, aes);
        data += take;
        bytes -= take;
    }
}

/* Key stream block S_i (RFC 3610 2.3). */
static void ccm_stream(uint8_t s[AES_BLOCK_SIZE], const AES_KEY *aes,
                       const uint8_t *nonce, uint32_t i)
{
    s[0] = CCM_A_FLAGS;
    memcpy(s + 1, nonce, WIFI_CCM_NONCE_BYTES);
    stw_be_p(s + 14, i);
    AES_encrypt(s, s, aes);
}

static void ccm_mic(uint8_t mic[WIFI_CCM_MIC_BYTES], const AES_KEY *aes,
                    const uint8_t *nonce, const uint8_t *aad,
                    uint32_t aad_bytes, const uint8_t *plain, uint32_t bytes)
{
    uint8_t x[AES_BLOCK_SIZE];
    uint8_t s0[AES_BLOCK_SIZE];
    uint8_t with_length[2 + WIFI_CCM_AAD_MAX];
    uint32_t i;

    assert(aad_bytes > 0 && aad_bytes <= WIFI_CCM_AAD_MAX);
    assert(bytes <= UINT16_MAX);
    x[0] = CCM_B0_FLAGS;
    memcpy(x + 1, nonce, WIFI_CCM_NONCE_BYTES);
    stw_be_p(x + 14, bytes);
    AES_encrypt(x, x, aes);
    stw_be_p(with_length, aad_bytes);
    memcpy(with_length + 2, aad, aad_bytes);
    ccm_absorb(x, aes, with_length, 2 + aad_bytes);
    ccm_absorb(x, aes, plain, bytes);

    ccm_stream(s0, aes, nonce, 0);
    for (i = 0; i < WIFI_CCM_MIC_BYTES; i++) {
        mic[i] = x[i] ^ s0[i];
    }
}

static void ccm_crypt(uint8_t *out, const AES_KEY *aes, const uint8_t *nonce,
                      const uint8_t *in, uint32_t bytes)
{
    uint8_t s[AES_BLOCK_SIZE];
    uint32_t i;

    for (i = 0; i < bytes; i++) {
        if (i % AES_BLOCK_SIZE == 0) {
            ccm_stream(s, aes, nonce, i / AES_BLOCK_SIZE + 1);
        }
        out[i] = in[i] ^ s[i % AES_BLOCK_SIZE];
    }
}

void wifi_ccm_seal(uint8_t *sealed, uint8_t mic[WIFI_CCM_MIC_BYTES],
                   const uint8_t key[WIFI_TK_BYTES],
                   const uint8_t nonce[WIFI_CCM_NONCE_BYTES],
                   const uint8_t *aad, uint32_t aad_bytes,
                   const uint8_t *plain, uint32_t bytes)
{
    AES_KEY aes;

    AES_set_encrypt_key(key, 128, &aes);
    ccm_mic(mic, &aes, nonce, aad, aad_bytes, plain, bytes);
    ccm_crypt(sealed, &aes, nonce, plain, bytes);
}

bool wifi_ccm_open(uint8_t *plain, const uint8_t mic[WIFI_CCM_MIC_BYTES],
                   const uint8_t key[WIFI_TK_BYTES],
                   const uint8_t nonce[WIFI_CCM_NONCE_BYTES],
                   const uint8_t *aad, uint32_t aad_bytes,
                   const uint8_t *sealed, uint32_t bytes)
{
    uint8_t right[WIFI_CCM_MIC_BYTES];
    AES_KEY aes;

    AES_set_encrypt_key(key, 128, &aes);
    ccm_crypt(plain, &aes, nonce, sealed, bytes);
    ccm_mic(right, &aes, nonce, aad, aad_bytes, plain, bytes);
    return wifi_equal(mic, right, WIFI_CCM_MIC_BYTES);
}
