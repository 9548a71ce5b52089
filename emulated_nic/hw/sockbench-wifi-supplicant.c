/*
 * The station's end of the four-way and the group key handshake.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * IEEE 802.11-2020 12.7.6 and 12.7.7.  A message is either accepted, which
 * moves the replay counter, or ignored as if it had never come; only M3 with a
 * right MIC may end the handshake.  Doubts: the MIC is checked before ANonce
 * and key length, so that a wrong one is always told as such.  M3 whose key
 * data can't be unwrapped or read has no group key as far as we are concerned.
 */

#include "qemu/osdep.h"
#include "sockbench-wifi-supplicant.h"

/* Flags that no message from an AP has, but for SMK, which is not spoken. */
#define INFO_NEVER (WIFI_KEY_INFO_ERROR | WIFI_KEY_INFO_REQUEST | \
                    WIFI_KEY_INFO_SMK)

void wifi_supplicant_init(WifiSupplicant *s, const WifiSupplicantOps *ops,
                          void *opaque)
{
    memset(s, 0, sizeof(*s));
    s->ops = ops;
    s->opaque = opaque;
}

void wifi_supplicant_stop(WifiSupplicant *s)
{
    wifi_supplicant_init(s, s->ops, s->opaque);
}

void wifi_supplicant_start(WifiSupplicant *s, const uint8_t *own,
                           const uint8_t *ap, const uint8_t *pmk,
                           const uint8_t *own_rsn, uint32_t own_rsn_bytes,
                           const uint8_t *ap_rsn, uint32_t ap_rsn_bytes)
{
    assert(own_rsn_bytes <= sizeof(s->own_rsn));
    assert(ap_rsn_bytes <= sizeof(s->ap_rsn));
    wifi_supplicant_stop(s);
    s->state = WIFI_SUPPLICANT_WAIT_M1;
    memcpy(s->own, own, sizeof(s->own));
    memcpy(s->ap, ap, sizeof(s->ap));
    memcpy(s->pmk, pmk, sizeof(s->pmk));
    s->own_rsn_bytes = own_rsn_bytes;
    memcpy(s->own_rsn, own_rsn, own_rsn_bytes);
    s->ap_rsn_bytes = ap_rsn_bytes;
    memcpy(s->ap_rsn, ap_rsn, ap_rsn_bytes);
}

static void supplicant_accept(WifiSupplicant *s, const WifiEapolKey *key)
{
    s->replay_known = true;
    s->replay = key->replay;
}

static void supplicant_fail(WifiSupplicant *s, uint16_t reason)
{
    wifi_supplicant_stop(s);
    s->ops->failed(s->opaque, reason);
}

/* The answer to `asked`: M2, M4 and G2 repeat its replay counter. */
static void supplicant_answer(WifiSupplicant *s, const WifiEapolKey *asked,
                              uint16_t info, const uint8_t *nonce,
                              const uint8_t *data, uint32_t data_bytes,
                              const WifiPtk *ptk)
{
    uint8_t eapol[WIFI_EAPOL_BYTES];
    const WifiEapolKey answer = {
        .info = WIFI_KEY_INFO_VERSION_2 | WIFI_KEY_INFO_MIC | info,
        .replay = asked->replay,
        .nonce = nonce,
        .data = data,
        .data_bytes = data_bytes,
    };
    uint32_t size = wifi_eapol_build(eapol, &answer, ptk->kck, NULL);

    s->ops->send(s->opaque, eapol, size);
}

/* The group key that came, unless it is the one that is there: KRACK again. */
static bool supplicant_install_group(WifiSupplicant *s,
                                     const WifiKeyData *data, uint64_t heard)
{
    unsigned int i = data->gtk_id - 1;

    if (s->group_there[i] &&
        wifi_equal(s->group[i], data->gtk, WIFI_TK_BYTES)) {
        return false;
    }
    s->group_there[i] = true;
    memcpy(s->group[i], data->gtk, WIFI_TK_BYTES);
    s->ops->install_group(s->opaque, data->gtk_id, s->group[i], heard);
    return true;
}

/* Key data of a message whose MIC is right, with `room` of key->data_bytes. */
static bool supplicant_key_data(WifiKeyData *data, uint8_t *room,
                                const WifiEapolKey *key, const WifiPtk *ptk)
{
    bool encrypted = key->info & WIFI_KEY_INFO_ENCRYPTED;

    if (!encrypted) {
        if (!wifi_key_data_parse(data, key->data, key->data_bytes)) {
            return false;
        }
        data->gtk = NULL; /* a key that everyone could read is none */
    } else if (!wifi_key_unwrap(room, ptk->kek, key->data, key->data_bytes) ||
               !wifi_key_data_parse(data, room,
                                    key->data_bytes - WIFI_WRAP_GROWTH)) {
        return false;
    }
    if (data->gtk &&
        (data->gtk_id < 1 || data->gtk_id > WIFI_GROUP_KEYS)) {
        data->gtk = NULL;
    }
    return true;
}

static void supplicant_m1(WifiSupplicant *s, const WifiEapolKey *key)
{
    uint8_t snonce[WIFI_NONCE_BYTES];

    if (key->info & WIFI_KEY_INFO_ENCRYPTED) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_UNEXPECTED);
        return;
    }
    supplicant_accept(s, key);
    memcpy(s->anonce, key->nonce, WIFI_NONCE_BYTES);
    s->ops->random(s->opaque, snonce, sizeof(snonce));
    wifi_ptk_derive(&s->ptk, s->pmk, s->own, s->ap, s->anonce, snonce);
    s->state = WIFI_SUPPLICANT_WAIT_M3;
    /* Secure is as in M1 (12.7.6.3). */
    supplicant_answer(s, key,
                      WIFI_KEY_INFO_PAIRWISE |
                      (key->info & WIFI_KEY_INFO_SECURE),
                      snonce, s->own_rsn, s->own_rsn_bytes, &s->ptk);
    s->ops->progress(s->opaque);
}

static void supplicant_m3_accepted(WifiSupplicant *s, const WifiEapolKey *key,
                                   const WifiKeyData *data)
{
    bool first = s->state == WIFI_SUPPLICANT_WAIT_M3;
    bool rekey = s->keyed;

    supplicant_accept(s, key);
    s->state = WIFI_SUPPLICANT_KEYED;
    /* With the old key, or none: the AP has the new one after M4 only. */
    supplicant_answer(s, key, WIFI_KEY_INFO_PAIRWISE | WIFI_KEY_INFO_SECURE,
                      NULL, NULL, 0, &s->ptk);
    if (first && (!s->keyed || !wifi_equal(s->installed.tk, s->ptk.tk,
                                           WIFI_TK_BYTES))) {
        s->keyed = true;
        s->installed = s->ptk;
        s->ops->install_pairwise(s->opaque, s->installed.tk);
    }
    supplicant_install_group(s, data, key->rsc);
    if (first) {
        s->ops->done(s->opaque, rekey);
    }
}

static void supplicant_m3(WifiSupplicant *s, const WifiEapolKey *key)
{
    g_autofree uint8_t *room = g_malloc(key->data_bytes + 1);
    WifiKeyData data;

    if (s->state == WIFI_SUPPLICANT_WAIT_M1) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_UNEXPECTED);
        return;
    }
    if (!wifi_eapol_mic_is_right(key, s->ptk.kck)) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_MIC);
        return;
    }
    if (!(key->info & WIFI_KEY_INFO_INSTALL) ||
        key->key_bytes != WIFI_TK_BYTES ||
        memcmp(key->nonce, s->anonce, WIFI_NONCE_BYTES) != 0) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_UNEXPECTED);
        return;
    }
    if (!supplicant_key_data(&data, room, key, &s->ptk)) {
        supplicant_fail(s, WIFI_REASON_UNSPECIFIED);
    } else if (!data.rsn || data.rsn_bytes != s->ap_rsn_bytes ||
               memcmp(data.rsn, s->ap_rsn, data.rsn_bytes) != 0) {
        supplicant_fail(s, WIFI_REASON_ELEMENT_DIFFERS);
    } else if (!data.gtk) {
        supplicant_fail(s, WIFI_REASON_UNSPECIFIED);
    } else {
        supplicant_m3_accepted(s, key, &data);
    }
}

static void supplicant_g1(WifiSupplicant *s, const WifiEapolKey *key)
{
    g_autofree uint8_t *room = g_malloc(key->data_bytes + 1);
    WifiKeyData data;

    if (!s->keyed || !(key->info & WIFI_KEY_INFO_MIC)) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_UNEXPECTED);
        return;
    }
    if (!wifi_eapol_mic_is_right(key, s->installed.kck)) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_MIC);
        return;
    }
    if (!supplicant_key_data(&data, room, key, &s->installed) || !data.gtk) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_MALFORMED);
        return;
    }
    supplicant_accept(s, key);
    supplicant_answer(s, key, WIFI_KEY_INFO_SECURE, NULL, NULL, 0,
                      &s->installed);
    if (supplicant_install_group(s, &data, key->rsc)) {
        s->ops->group_done(s->opaque);
    }
}

void wifi_supplicant_receive(WifiSupplicant *s, const uint8_t *eapol,
                             uint32_t size, bool encrypted)
{
    WifiEapolKey key;

    if (!wifi_eapol_parse(&key, eapol, size)) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_MALFORMED);
    } else if (s->keyed && !encrypted) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_PLAINTEXT);
    } else if (s->state == WIFI_SUPPLICANT_OFF ||
               !(key.info & WIFI_KEY_INFO_ACK) || (key.info & INFO_NEVER)) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_UNEXPECTED);
    } else if (s->replay_known && key.replay <= s->replay) {
        s->ops->ignored(s->opaque, WIFI_EAPOL_REPLAY);
    } else if (!(key.info & WIFI_KEY_INFO_PAIRWISE)) {
        supplicant_g1(s, &key);
    } else if (key.info & WIFI_KEY_INFO_MIC) {
        supplicant_m3(s, &key);
    } else {
        supplicant_m1(s, &key);
    }
}
