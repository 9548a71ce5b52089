/*
 * The soft AP's end of the four-way and the group key handshake.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * IEEE 802.11-2020 12.7.6 and 12.7.7.  Every try of a message has a replay
 * counter of its own, and an answer to any of its tries is one, as with
 * hostapd: the station may have answered an earlier one late.
 */

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "sockbench-wifi-authenticator.h"

/* Flags of messages that are not spoken here: requests, SMK. */
#define INFO_NEVER (WIFI_KEY_INFO_ACK | WIFI_KEY_INFO_ERROR | \
                    WIFI_KEY_INFO_REQUEST | WIFI_KEY_INFO_SMK)

/* After each try. */
static const int64_t wait_ns[WIFI_EAPOL_TRIES] = {
    100 * SCALE_MS, 1000 * SCALE_MS, 1000 * SCALE_MS, 1000 * SCALE_MS,
};

static void authenticator_forget(WifiAuthenticator *a)
{
    wifi_authenticator_init(a, a->ops, a->opaque);
}

void wifi_authenticator_init(WifiAuthenticator *a,
                             const WifiAuthenticatorOps *ops, void *opaque)
{
    memset(a, 0, sizeof(*a));
    a->ops = ops;
    a->opaque = opaque;
}

void wifi_authenticator_stop(WifiAuthenticator *a)
{
    authenticator_forget(a);
    a->ops->arm(a->opaque, 0);
}

static void authenticator_fail(WifiAuthenticator *a, uint16_t reason)
{
    wifi_authenticator_stop(a);
    a->ops->failed(a->opaque, reason);
}

static void authenticator_put(WifiAuthenticator *a, WifiEapolKey *key)
{
    uint8_t eapol[WIFI_EAPOL_BYTES];
    uint32_t size;

    key->info |= WIFI_KEY_INFO_VERSION_2 | WIFI_KEY_INFO_ACK;
    key->replay = a->replay;
    size = wifi_eapol_build(eapol, key, a->ptk.kck, a->ptk.kek);
    a->ops->send(a->opaque, eapol, size);
}

static void authenticator_put_m1(WifiAuthenticator *a)
{
    authenticator_put(a, &(WifiEapolKey) {
        .info = WIFI_KEY_INFO_PAIRWISE,
        .key_bytes = WIFI_TK_BYTES,
        .nonce = a->anonce,
    });
}

static void authenticator_put_m3(WifiAuthenticator *a)
{
    uint8_t bytes[WIFI_EAPOL_BYTES];
    WifiGroupKey group = { };
    WifiKeyData data = {
        .rsn = a->own_rsn,
        .rsn_bytes = a->own_rsn_bytes,
        .gtk = group.gtk,
    };

    a->ops->group_key(a->opaque, &group);
    data.gtk_id = group.id;
    authenticator_put(a, &(WifiEapolKey) {
        .info = WIFI_KEY_INFO_PAIRWISE | WIFI_KEY_INFO_INSTALL |
                WIFI_KEY_INFO_MIC | WIFI_KEY_INFO_SECURE |
                WIFI_KEY_INFO_ENCRYPTED,
        .key_bytes = WIFI_TK_BYTES,
        .nonce = a->anonce,
        .rsc = group.sent,
        .data = bytes,
        .data_bytes = wifi_key_data_build(bytes, &data),
    });
}

static void authenticator_put_g1(WifiAuthenticator *a)
{
    uint8_t bytes[WIFI_EAPOL_BYTES];
    WifiGroupKey group = { };
    WifiKeyData data = { .gtk = group.gtk };

    a->ops->group_key(a->opaque, &group);
    data.gtk_id = group.id;
    authenticator_put(a, &(WifiEapolKey) {
        .info = WIFI_KEY_INFO_MIC | WIFI_KEY_INFO_SECURE |
                WIFI_KEY_INFO_ENCRYPTED,
        .rsc = group.sent,
        .data = bytes,
        .data_bytes = wifi_key_data_build(bytes, &data),
    });
}

/* The message of this state, once more. */
static void authenticator_try(WifiAuthenticator *a)
{
    a->replay++;
    if (a->tries == 0) {
        a->replay_first = a->replay;
    }
    a->ops->arm(a->opaque, wait_ns[a->tries++]);
    switch (a->state) {
    case WIFI_AUTHENTICATOR_WAIT_M2:
        authenticator_put_m1(a);
        break;
    case WIFI_AUTHENTICATOR_WAIT_M4:
        authenticator_put_m3(a);
        break;
    case WIFI_AUTHENTICATOR_WAIT_G2:
        authenticator_put_g1(a);
        break;
    default:
        g_assert_not_reached();
    }
}

static void authenticator_enter(WifiAuthenticator *a,
                                WifiAuthenticatorState state)
{
    a->state = state;
    a->tries = 0;
    authenticator_try(a);
}

void wifi_authenticator_start(WifiAuthenticator *a, const uint8_t *own,
                              const uint8_t *station, const uint8_t *pmk,
                              const uint8_t *own_rsn, uint32_t own_rsn_bytes,
                              const uint8_t *station_rsn,
                              uint32_t station_rsn_bytes)
{
    assert(own_rsn_bytes <= sizeof(a->own_rsn));
    assert(station_rsn_bytes <= sizeof(a->station_rsn));
    authenticator_forget(a);
    memcpy(a->own, own, sizeof(a->own));
    memcpy(a->station, station, sizeof(a->station));
    memcpy(a->pmk, pmk, sizeof(a->pmk));
    a->own_rsn_bytes = own_rsn_bytes;
    memcpy(a->own_rsn, own_rsn, own_rsn_bytes);
    a->station_rsn_bytes = station_rsn_bytes;
    memcpy(a->station_rsn, station_rsn, station_rsn_bytes);
    a->ops->random(a->opaque, a->anonce, sizeof(a->anonce));
    authenticator_enter(a, WIFI_AUTHENTICATOR_WAIT_M2);
}

void wifi_authenticator_rekey_group(WifiAuthenticator *a)
{
    assert(a->state == WIFI_AUTHENTICATOR_KEYED ||
           a->state == WIFI_AUTHENTICATOR_WAIT_G2);
    authenticator_enter(a, WIFI_AUTHENTICATOR_WAIT_G2);
}

void wifi_authenticator_expired(WifiAuthenticator *a)
{
    bool group = a->state == WIFI_AUTHENTICATOR_WAIT_G2;

    if (a->state == WIFI_AUTHENTICATOR_OFF ||
        a->state == WIFI_AUTHENTICATOR_KEYED) {
        return;
    }
    if (a->tries < WIFI_EAPOL_TRIES) {
        authenticator_try(a);
    } else {
        authenticator_fail(a, group ? WIFI_REASON_GROUP_TIMEOUT :
                                      WIFI_REASON_HANDSHAKE_TIMEOUT);
    }
}

/* What the station says */

static void authenticator_m2(WifiAuthenticator *a, const WifiEapolKey *key)
{
    WifiKeyData data;
    WifiPtk ptk;

    wifi_ptk_derive(&ptk, a->pmk, a->own, a->station, a->anonce, key->nonce);
    if (!wifi_eapol_mic_is_right(key, ptk.kck)) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_MIC);
        return;
    }
    if (!wifi_key_data_parse(&data, key->data, key->data_bytes)) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_MALFORMED);
        return;
    }
    if (!data.rsn || data.rsn_bytes != a->station_rsn_bytes ||
        memcmp(data.rsn, a->station_rsn, data.rsn_bytes) != 0) {
        authenticator_fail(a, WIFI_REASON_ELEMENT_DIFFERS);
        return;
    }
    a->ptk = ptk;
    authenticator_enter(a, WIFI_AUTHENTICATOR_WAIT_M4);
}

static void authenticator_m4(WifiAuthenticator *a, const WifiEapolKey *key)
{
    if (!wifi_eapol_mic_is_right(key, a->ptk.kck)) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_MIC);
        return;
    }
    a->state = WIFI_AUTHENTICATOR_KEYED;
    a->keyed = true;
    a->ops->arm(a->opaque, 0);
    a->ops->install_pairwise(a->opaque, a->ptk.tk);
    a->ops->done(a->opaque);
}

static void authenticator_g2(WifiAuthenticator *a, const WifiEapolKey *key)
{
    if (!wifi_eapol_mic_is_right(key, a->ptk.kck)) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_MIC);
        return;
    }
    a->state = WIFI_AUTHENTICATOR_KEYED;
    a->ops->arm(a->opaque, 0);
    a->ops->group_done(a->opaque);
}

void wifi_authenticator_receive(WifiAuthenticator *a, const uint8_t *eapol,
                                uint32_t size, bool encrypted)
{
    WifiEapolKey key;
    bool pairwise;

    if (!wifi_eapol_parse(&key, eapol, size)) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_MALFORMED);
        return;
    }
    if (a->keyed && !encrypted) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_PLAINTEXT);
        return;
    }
    pairwise = key.info & WIFI_KEY_INFO_PAIRWISE;
    if (a->state == WIFI_AUTHENTICATOR_OFF ||
        a->state == WIFI_AUTHENTICATOR_KEYED ||
        pairwise == (a->state == WIFI_AUTHENTICATOR_WAIT_G2) ||
        (key.info & INFO_NEVER) || !(key.info & WIFI_KEY_INFO_MIC)) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_UNEXPECTED);
    } else if (key.replay < a->replay_first || key.replay > a->replay) {
        a->ops->ignored(a->opaque, WIFI_EAPOL_REPLAY);
    } else if (!pairwise) {
        authenticator_g2(a, &key);
    } else if (a->state == WIFI_AUTHENTICATOR_WAIT_M2) {
        authenticator_m2(a, &key);
    } else {
        authenticator_m4(a, &key);
    }
}
