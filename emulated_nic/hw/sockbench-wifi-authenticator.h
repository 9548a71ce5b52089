/*
 * The soft AP's end of the four-way and the group key handshake.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * One for each station, as docs/wifi-datasheet.md, section 10, has it.  Time is
 * the device's: `arm` asks it to call wifi_authenticator_expired() later.
 */

#ifndef HW_SOCKBENCH_WIFI_AUTHENTICATOR_H
#define HW_SOCKBENCH_WIFI_AUTHENTICATOR_H

#include "sockbench-wifi-eapol.h"
#include "sockbench-wifi-frames.h"

/* A message is sent at 0, 0.1, 1.1 and 2.1 s, given up at 3.1 s (hostapd). */
#define WIFI_EAPOL_TRIES     4u

typedef enum WifiAuthenticatorState {
    WIFI_AUTHENTICATOR_OFF,
    WIFI_AUTHENTICATOR_WAIT_M2,
    WIFI_AUTHENTICATOR_WAIT_M4,
    WIFI_AUTHENTICATOR_KEYED,
    WIFI_AUTHENTICATOR_WAIT_G2,  /* keyed, too */
} WifiAuthenticatorState;

typedef struct WifiGroupKey {
    uint8_t id;                  /* 1 or 2 */
    uint8_t gtk[WIFI_TK_BYTES];
    uint64_t sent;               /* packet number last sent with it */
} WifiGroupKey;

/*
 * What the device does for it.  None may call back into the authenticator but
 * wifi_authenticator_stop(), from `done` and `failed`.
 */
typedef struct WifiAuthenticatorOps {
    /* To the station; encrypted if its pairwise key is installed by now. */
    void (*send)(void *opaque, const uint8_t *eapol, uint32_t size);
    void (*random)(void *opaque, uint8_t *bytes, uint32_t size);
    /* The group key as it is now, for M3 or G1. */
    void (*group_key)(void *opaque, WifiGroupKey *key);
    void (*install_pairwise)(void *opaque, const uint8_t tk[WIFI_TK_BYTES]);
    /* Call expired() in so many ns, instead of before; 0: never. */
    void (*arm)(void *opaque, int64_t ns);
    /* The four-way handshake is through: data may pass. */
    void (*done)(void *opaque);
    void (*group_done)(void *opaque);
    /*
     * The handshake ended: 15 or 16, no answer; 17, the RSN element of M2 is
     * not that of the association request.  The authenticator is OFF; the
     * device says Deauthentication with `reason`.
     */
    void (*failed)(void *opaque, uint16_t reason);
    void (*ignored)(void *opaque, WifiEapolBad why);
} WifiAuthenticatorOps;

/* Plain data but for the first two; vmstate_wifi_authenticator has the rest. */
typedef struct WifiAuthenticator {
    const WifiAuthenticatorOps *ops;
    void *opaque;

    uint8_t state;               /* WifiAuthenticatorState */
    bool keyed;                  /* the pairwise key is installed */
    uint8_t tries;               /* of the message that is waited for */
    uint64_t replay;             /* counter of the message sent last */
    uint64_t replay_first;       /* of its first try: answers from here on */
    uint8_t own[WIFI_ADDRESS_BYTES];
    uint8_t station[WIFI_ADDRESS_BYTES];
    uint8_t pmk[WIFI_PMK_BYTES];
    uint8_t anonce[WIFI_NONCE_BYTES];
    WifiPtk ptk;
    uint16_t own_rsn_bytes;
    uint8_t own_rsn[WIFI_ELEMENT_BYTES];
    uint16_t station_rsn_bytes;
    uint8_t station_rsn[WIFI_ELEMENT_BYTES];
} WifiAuthenticator;

/* Once; the state is OFF. */
void wifi_authenticator_init(WifiAuthenticator *a,
                             const WifiAuthenticatorOps *ops, void *opaque);

/*
 * After an association: send M1.  `own_rsn` is the element of our beacons,
 * `station_rsn` that of the association request, both whole.
 */
void wifi_authenticator_start(WifiAuthenticator *a, const uint8_t *own,
                              const uint8_t *station, const uint8_t *pmk,
                              const uint8_t *own_rsn, uint32_t own_rsn_bytes,
                              const uint8_t *station_rsn,
                              uint32_t station_rsn_bytes);

/* Forget keys and all; the state is OFF and nothing is armed. */
void wifi_authenticator_stop(WifiAuthenticator *a);

/* Send G1 with a new group key.  Only while KEYED or WAIT_G2. */
void wifi_authenticator_rekey_group(WifiAuthenticator *a);

/* The time asked for by `arm` is over: send again, or give up. */
void wifi_authenticator_expired(WifiAuthenticator *a);

/* An EAPOL packet from the station, as wifi_supplicant_receive(). */
void wifi_authenticator_receive(WifiAuthenticator *a, const uint8_t *eapol,
                                uint32_t size, bool encrypted);

extern const struct VMStateDescription vmstate_wifi_authenticator;

#endif
