/*
 * EAPOL-Key frames (IEEE 802.11-2020 12.7.2), for both ends of a handshake.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sockbench-wifi-eapol.h"
#include "sockbench-wifi-frames.h"

#define EAPOL_VERSION      2    /* IEEE 802.1X-2004 */
#define EAPOL_TYPE_KEY     3
#define EAPOL_HEADER_BYTES 4
#define DESCRIPTOR_RSN     2

/* Offsets of the fields that are used, from the EAPOL header on. */
#define AT_LENGTH          2
#define AT_DESCRIPTOR      4
#define AT_INFO            5
#define AT_KEY_BYTES       7
#define AT_REPLAY          9
#define AT_NONCE           17
#define AT_RSC             65
#define AT_MIC             81
#define AT_DATA_BYTES      97

/* Key data encapsulations (12.7.2, table 12-9) */
#define KDE_HEADER_BYTES   6    /* id, length, OUI, type */
#define KDE_GTK            0x000fac01u
#define KDE_GTK_FIELDS     2    /* in front of the key */
#define KDE_GTK_ID         0x03
#define KDE_GTK_BYTES      (KDE_HEADER_BYTES + KDE_GTK_FIELDS + WIFI_TK_BYTES)
#define PADDING            0xdd

bool wifi_eapol_parse(WifiEapolKey *key, const uint8_t *eapol, uint32_t size)
{
    uint32_t length;

    if (size < WIFI_EAPOL_KEY_BYTES) {
        return false;
    }
    length = lduw_be_p(eapol + AT_LENGTH);
    key->info = lduw_be_p(eapol + AT_INFO);
    key->data_bytes = lduw_be_p(eapol + AT_DATA_BYTES);
    if (eapol[1] != EAPOL_TYPE_KEY ||
        eapol[AT_DESCRIPTOR] != DESCRIPTOR_RSN ||
        (key->info & WIFI_KEY_INFO_VERSION) != WIFI_KEY_INFO_VERSION_2 ||
        length + EAPOL_HEADER_BYTES > size ||
        length + EAPOL_HEADER_BYTES < WIFI_EAPOL_KEY_BYTES + key->data_bytes) {
        return false;
    }
    key->key_bytes = lduw_be_p(eapol + AT_KEY_BYTES);
    key->replay = ldq_be_p(eapol + AT_REPLAY);
    key->nonce = eapol + AT_NONCE;
    /* A packet number has six of the eight bytes. */
    key->rsc = ldq_le_p(eapol + AT_RSC) & MAKE_64BIT_MASK(0, 48);
    key->mic = eapol + AT_MIC;
    key->data = eapol + WIFI_EAPOL_KEY_BYTES;
    key->frame = eapol;
    key->frame_bytes = length + EAPOL_HEADER_BYTES;
    return true;
}

bool wifi_eapol_mic_is_right(const WifiEapolKey *key, const uint8_t kck[16])
{
    g_autofree uint8_t *frame = g_memdup2(key->frame, key->frame_bytes);
    uint8_t mic[WIFI_MIC_BYTES];

    memset(frame + AT_MIC, 0, WIFI_MIC_BYTES);
    wifi_eapol_mic(mic, kck, frame, key->frame_bytes);
    return wifi_equal(mic, key->mic, WIFI_MIC_BYTES);
}

/* Pad as 12.7.2 says, and wrap.  Return the size. */
static uint32_t put_wrapped(uint8_t *at, const uint8_t *data, uint32_t bytes,
                            const uint8_t *kek)
{
    uint32_t padded = MAX(ROUND_UP(bytes, 8), 16);
    uint8_t plain[WIFI_EAPOL_BYTES];

    assert(padded + WIFI_WRAP_GROWTH <=
           WIFI_EAPOL_BYTES - WIFI_EAPOL_KEY_BYTES);
    memset(plain, 0, padded);
    memcpy(plain, data, bytes);
    if (padded > bytes) {
        plain[bytes] = PADDING;
    }
    wifi_key_wrap(at, kek, plain, padded);
    return padded + WIFI_WRAP_GROWTH;
}

uint32_t wifi_eapol_build(uint8_t *eapol, const WifiEapolKey *key,
                          const uint8_t *kck, const uint8_t *kek)
{
    uint8_t *data = eapol + WIFI_EAPOL_KEY_BYTES;
    uint32_t data_bytes = key->data_bytes;
    uint32_t size;

    memset(eapol, 0, WIFI_EAPOL_KEY_BYTES);
    if (key->info & WIFI_KEY_INFO_ENCRYPTED) {
        data_bytes = put_wrapped(data, key->data, data_bytes, kek);
    } else if (data_bytes) {
        assert(data_bytes <= WIFI_EAPOL_BYTES - WIFI_EAPOL_KEY_BYTES);
        memcpy(data, key->data, data_bytes);
    }
    size = WIFI_EAPOL_KEY_BYTES + data_bytes;
    eapol[0] = EAPOL_VERSION;
    eapol[1] = EAPOL_TYPE_KEY;
    stw_be_p(eapol + AT_LENGTH, size - EAPOL_HEADER_BYTES);
    eapol[AT_DESCRIPTOR] = DESCRIPTOR_RSN;
    stw_be_p(eapol + AT_INFO, key->info);
    stw_be_p(eapol + AT_KEY_BYTES, key->key_bytes);
    stq_be_p(eapol + AT_REPLAY, key->replay);
    if (key->nonce) {
        memcpy(eapol + AT_NONCE, key->nonce, WIFI_NONCE_BYTES);
    }
    stq_le_p(eapol + AT_RSC, key->rsc);
    stw_be_p(eapol + AT_DATA_BYTES, data_bytes);
    if (key->info & WIFI_KEY_INFO_MIC) {
        uint8_t mic[WIFI_MIC_BYTES];

        wifi_eapol_mic(mic, kck, eapol, size);
        memcpy(eapol + AT_MIC, mic, WIFI_MIC_BYTES);
    }
    return size;
}

/* Key data */

static bool key_data_is_padding(const uint8_t *at, uint32_t left)
{
    return at[0] == PADDING && (left == 1 || at[1] == 0);
}

/* `at` is a whole vendor element. */
static bool key_data_take_kde(WifiKeyData *data, const uint8_t *at)
{
    if (at[1] < KDE_HEADER_BYTES - 2 || (uint32_t)ldl_be_p(at + 2) != KDE_GTK) {
        return true; /* another vendor's, or one that is not needed */
    }
    if (at[1] + 2 != KDE_GTK_BYTES) {
        return false;
    }
    if (!data->gtk) {
        data->gtk_id = at[KDE_HEADER_BYTES] & KDE_GTK_ID;
        data->gtk = at + KDE_HEADER_BYTES + KDE_GTK_FIELDS;
    }
    return true;
}

bool wifi_key_data_parse(WifiKeyData *data, const uint8_t *bytes,
                         uint32_t size)
{
    memset(data, 0, sizeof(*data));
    while (size && !key_data_is_padding(bytes, size)) {
        uint32_t whole;

        if (size < 2 || bytes[1] + 2u > size) {
            return false;
        }
        whole = bytes[1] + 2u;
        if (bytes[0] == WIFI_ELEMENT_RSN && !data->rsn) {
            data->rsn = bytes;
            data->rsn_bytes = whole;
        } else if (bytes[0] == WIFI_ELEMENT_VENDOR &&
                   !key_data_take_kde(data, bytes)) {
            return false;
        }
        bytes += whole;
        size -= whole;
    }
    return true;
}

uint32_t wifi_key_data_build(uint8_t *bytes, const WifiKeyData *data)
{
    uint32_t size = 0;

    if (data->rsn) {
        memcpy(bytes, data->rsn, data->rsn_bytes);
        size += data->rsn_bytes;
    }
    if (data->gtk) {
        uint8_t *kde = bytes + size;

        kde[0] = WIFI_ELEMENT_VENDOR;
        kde[1] = KDE_GTK_BYTES - 2;
        stl_be_p(kde + 2, KDE_GTK);
        kde[KDE_HEADER_BYTES] = data->gtk_id & KDE_GTK_ID;
        kde[KDE_HEADER_BYTES + 1] = 0;
        memcpy(kde + KDE_HEADER_BYTES + KDE_GTK_FIELDS, data->gtk,
               WIFI_TK_BYTES);
        size += KDE_GTK_BYTES;
    }
    return size;
}
