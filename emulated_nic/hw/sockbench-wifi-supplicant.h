/*
 * The station's end of the four-way and the group key handshake.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * As docs/wifi-datasheet.md, sections 5 and 6, have it.  Time is the device's:
 * it starts 3 s anew at `progress` and calls wifi_supplicant_stop() when they
 * are over.  No function but receive() calls an operation.
 */

#ifndef HW_SOCKBENCH_WIFI_SUPPLICANT_H
#define HW_SOCKBENCH_WIFI_SUPPLICANT_H

#include "sockbench-wifi-eapol.h"
#include "sockbench-wifi-frames.h"

#define WIFI_GROUP_KEYS      2u   /* key ids 1 and 2 */

typedef enum WifiSupplicantState {
    WIFI_SUPPLICANT_OFF,
    WIFI_SUPPLICANT_WAIT_M1,
    WIFI_SUPPLICANT_WAIT_M3,     /* also while a pairwise rekey is on */
    WIFI_SUPPLICANT_KEYED,
} WifiSupplicantState;

/*
 * What the device does for it.  None may call back into the supplicant but
 * wifi_supplicant_stop(), from `done` and `failed`.
 */
typedef struct WifiSupplicantOps {
    /*
     * An EAPOL packet for the AP (what follows the Ethernet header), encrypted
     * if a pairwise key is installed at this moment, and the AP has used it.
     */
    void (*send)(void *opaque, const uint8_t *eapol, uint32_t size);
    void (*random)(void *opaque, uint8_t *bytes, uint32_t size);
    /* Key id 0, packet numbers from the start.  Never twice for one PTK. */
    void (*install_pairwise)(void *opaque, const uint8_t tk[WIFI_TK_BYTES]);
    /* `heard` is where its replay counter starts. */
    void (*install_group)(void *opaque, uint8_t id,
                          const uint8_t gtk[WIFI_TK_BYTES], uint64_t heard);
    /* A message of the four-way handshake was accepted. */
    void (*progress)(void *opaque);
    /* The four-way handshake is through: keys are installed, M4 is sent. */
    void (*done)(void *opaque, bool rekey);
    /* A group key handshake brought a new key; G2 is sent. */
    void (*group_done)(void *opaque);
    /*
     * An authentic message can't be accepted (JOIN status KEY_INVALID).  The
     * supplicant is OFF; the device says Deauthentication with `reason`.
     */
    void (*failed)(void *opaque, uint16_t reason);
    /* A message was ignored. */
    void (*ignored)(void *opaque, WifiEapolBad why);
} WifiSupplicantOps;

/* Plain data but for the first two; vmstate_wifi_supplicant has the rest. */
typedef struct WifiSupplicant {
    const WifiSupplicantOps *ops;
    void *opaque;

    uint8_t state;               /* WifiSupplicantState */
    bool keyed;                  /* a pairwise key is installed */
    bool replay_known;
    uint64_t replay;             /* highest replay counter accepted */
    uint8_t own[WIFI_ADDRESS_BYTES];
    uint8_t ap[WIFI_ADDRESS_BYTES];
    uint8_t pmk[WIFI_PMK_BYTES];
    uint8_t anonce[WIFI_NONCE_BYTES];
    WifiPtk ptk;                 /* of the handshake that is on, or was last */
    WifiPtk installed;
    bool group_there[WIFI_GROUP_KEYS];
    uint8_t group[WIFI_GROUP_KEYS][WIFI_TK_BYTES];
    uint16_t own_rsn_bytes;
    uint8_t own_rsn[WIFI_ELEMENT_BYTES];
    uint16_t ap_rsn_bytes;
    uint8_t ap_rsn[WIFI_ELEMENT_BYTES];
} WifiSupplicant;

/* Once; the state is OFF. */
void wifi_supplicant_init(WifiSupplicant *s, const WifiSupplicantOps *ops,
                          void *opaque);

/*
 * After an association that wants keys: forget all keys, wait for M1.
 * `own_rsn` is the element of our association request, `ap_rsn` that of the
 * AP's beacon or probe response, both whole, at most WIFI_ELEMENT_BYTES.
 */
void wifi_supplicant_start(WifiSupplicant *s, const uint8_t *own,
                           const uint8_t *ap, const uint8_t *pmk,
                           const uint8_t *own_rsn, uint32_t own_rsn_bytes,
                           const uint8_t *ap_rsn, uint32_t ap_rsn_bytes);

/* Forget keys and all; the state is OFF. */
void wifi_supplicant_stop(WifiSupplicant *s);

/*
 * An EAPOL packet from the AP; `encrypted`: it came in a frame that was opened
 * with the pairwise key, or the AP can't have that key yet.
 */
void wifi_supplicant_receive(WifiSupplicant *s, const uint8_t *eapol,
                             uint32_t size, bool encrypted);

extern const struct VMStateDescription vmstate_wifi_supplicant;

#endif
