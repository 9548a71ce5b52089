/*
 * Cryptography of WPA2-PSK: key derivation, MIC, key wrap, CCM.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Plain functions of their arguments.  AES is QEMU's, SHA-1 is GLib's.  Room
 * belongs to the caller; input and output may be the same memory, but may not
 * overlap otherwise.  Clauses are those of IEEE 802.11-2020.
 */

#ifndef HW_SOCKBENCH_WIFI_CRYPTO_H
#define HW_SOCKBENCH_WIFI_CRYPTO_H

#define WIFI_PMK_BYTES       32u
#define WIFI_NONCE_BYTES     32u
#define WIFI_TK_BYTES        16u
#define WIFI_MIC_BYTES       16u /* of an EAPOL-Key frame */
#define WIFI_SHA1_BYTES      20u
#define WIFI_WRAP_GROWTH     8u
#define WIFI_CCM_NONCE_BYTES 13u
#define WIFI_CCM_MIC_BYTES   8u
#define WIFI_CCM_AAD_MAX     30u

/* PTK of CCMP: PRF-384 (12.7.1.3). */
typedef struct WifiPtk {
    uint8_t kck[16];
    uint8_t kek[16];
    uint8_t tk[WIFI_TK_BYTES];
} WifiPtk;

void wifi_hmac_sha1(uint8_t mac[WIFI_SHA1_BYTES], const uint8_t *key,
                    uint32_t key_bytes, const uint8_t *data, uint32_t bytes);

/* RFC 8018 5.2 with HMAC-SHA1. */
void wifi_pbkdf2(uint8_t *out, uint32_t out_bytes, const uint8_t *password,
                 uint32_t password_bytes, const uint8_t *salt,
                 uint32_t salt_bytes, uint32_t rounds);

/*
 * The PMK of a passphrase and an SSID (J.4).  It takes milliseconds, and every
 * case of a suite joins anew, so the last few results are remembered; that
 * can't be seen in what is returned.
 */
void wifi_pmk(uint8_t pmk[WIFI_PMK_BYTES], const uint8_t *passphrase,
              uint32_t passphrase_bytes, const uint8_t *ssid,
              uint32_t ssid_bytes);

/* 12.7.1.2; `label` is a C string. */
void wifi_prf(uint8_t *out, uint32_t out_bytes, const uint8_t *key,
              uint32_t key_bytes, const char *label, const uint8_t *data,
              uint32_t bytes);

/* The order of addresses and of nonces does not matter. */
void wifi_ptk_derive(WifiPtk *ptk, const uint8_t pmk[WIFI_PMK_BYTES],
                     const uint8_t *one, const uint8_t *other,
                     const uint8_t nonce_one[WIFI_NONCE_BYTES],
                     const uint8_t nonce_other[WIFI_NONCE_BYTES]);

/* HMAC-SHA1-128, for key descriptor version 2 (12.7.2). */
void wifi_eapol_mic(uint8_t mic[WIFI_MIC_BYTES], const uint8_t kck[16],
                    const uint8_t *data, uint32_t bytes);

/*
 * RFC 3394 with a key of 128 bits.  `bytes` is that of the plain text, a
 * multiple of 8, 16 or more; `wrapped` has 8 more.
 */
void wifi_key_wrap(uint8_t *wrapped, const uint8_t kek[16],
                   const uint8_t *plain, uint32_t bytes);
/*
 * `bytes` is that of `wrapped`; `plain` has 8 less.  False, with `plain`
 * undefined: a size that can't be, or it was not wrapped with that key.
 */
bool wifi_key_unwrap(uint8_t *plain, const uint8_t kek[16],
                     const uint8_t *wrapped, uint32_t bytes);

/*
 * CCM (RFC 3610) with M = 8 and L = 2.  `bytes` is that of the data, below
 * 65,536; `aad_bytes` is 1 to WIFI_CCM_AAD_MAX.
 */
void wifi_ccm_seal(uint8_t *sealed, uint8_t mic[WIFI_CCM_MIC_BYTES],
                   const uint8_t key[WIFI_TK_BYTES],
                   const uint8_t nonce[WIFI_CCM_NONCE_BYTES],
                   const uint8_t *aad, uint32_t aad_bytes,
                   const uint8_t *plain, uint32_t bytes);
/* False, with `plain` undefined: the MIC is wrong. */
bool wifi_ccm_open(uint8_t *plain, const uint8_t mic[WIFI_CCM_MIC_BYTES],
                   const uint8_t key[WIFI_TK_BYTES],
                   const uint8_t nonce[WIFI_CCM_NONCE_BYTES],
                   const uint8_t *aad, uint32_t aad_bytes,
                   const uint8_t *sealed, uint32_t bytes);

/* In a time that does not depend on where they differ. */
bool wifi_equal(const uint8_t *one, const uint8_t *other, uint32_t bytes);

#endif
