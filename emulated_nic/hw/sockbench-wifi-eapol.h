/*
 * EAPOL-Key frames (IEEE 802.11-2020 12.7.2), for both ends of a handshake.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_SOCKBENCH_WIFI_EAPOL_H
#define HW_SOCKBENCH_WIFI_EAPOL_H

#include "sockbench-wifi-crypto.h"

#define WIFI_ETHERTYPE_EAPOL     0x888e
#define WIFI_EAPOL_KEY_BYTES     99u  /* with the EAPOL header, no key data */
#define WIFI_EAPOL_BYTES         512u /* at most, of what is built here */

/* Key Information */
#define WIFI_KEY_INFO_VERSION    0x0007
#define WIFI_KEY_INFO_VERSION_2  0x0002 /* HMAC-SHA1-128, AES key wrap */
#define WIFI_KEY_INFO_PAIRWISE   0x0008
#define WIFI_KEY_INFO_INSTALL    0x0040
#define WIFI_KEY_INFO_ACK        0x0080
#define WIFI_KEY_INFO_MIC        0x0100
#define WIFI_KEY_INFO_SECURE     0x0200
#define WIFI_KEY_INFO_ERROR      0x0400
#define WIFI_KEY_INFO_REQUEST    0x0800
#define WIFI_KEY_INFO_ENCRYPTED  0x1000
#define WIFI_KEY_INFO_SMK        0x2000

/* Why a message was ignored. */
typedef enum WifiEapolBad {
    WIFI_EAPOL_MALFORMED,
    WIFI_EAPOL_UNEXPECTED,   /* no message that is waited for */
    WIFI_EAPOL_REPLAY,       /* its replay counter is not acceptable */
    WIFI_EAPOL_MIC,          /* its MIC is wrong */
    WIFI_EAPOL_PLAINTEXT,    /* not encrypted, though there are keys */
} WifiEapolBad;

typedef struct WifiEapolKey {
    uint16_t info;
    uint16_t key_bytes;          /* of the pairwise key: 16 for CCMP */
    uint64_t replay;
    const uint8_t *nonce;
    uint64_t rsc;                /* packet number, of the group key */
    const uint8_t *mic;
    const uint8_t *data;
    uint16_t data_bytes;
    const uint8_t *frame;        /* all that the MIC covers */
    uint32_t frame_bytes;
} WifiEapolKey;

/*
 * False: not EAPOL-Key, not the RSN descriptor, version not 2, or lengths that
 * lead past the end.  What follows the frame (padding) is left out.
 */
bool wifi_eapol_parse(WifiEapolKey *key, const uint8_t *eapol, uint32_t size);
bool wifi_eapol_mic_is_right(const WifiEapolKey *key, const uint8_t kck[16]);

/*
 * Build an EAPOL-Key frame, EAPOL version 2, of info, key_bytes, replay, nonce
 * (NULL: 0), rsc and data; with a MIC by `kck` if info says so.  If info says
 * encrypted, the data is padded and wrapped with `kek`.  Needs
 * WIFI_EAPOL_BYTES of room.  Return the size.
 */
uint32_t wifi_eapol_build(uint8_t *eapol, const WifiEapolKey *key,
                          const uint8_t *kck, const uint8_t *kek);

/* What messages 2, 3 and G1 carry as key data, once it is decrypted. */
typedef struct WifiKeyData {
    const uint8_t *rsn;          /* a whole element; NULL: none */
    uint32_t rsn_bytes;
    const uint8_t *gtk;          /* WIFI_TK_BYTES; NULL: none */
    uint8_t gtk_id;
} WifiKeyData;

/*
 * False: a KDE or an element leads past the end, or a group key has a length
 * that CCMP does not have.  Padding (12.7.2) ends it.  Of several, the first.
 */
bool wifi_key_data_parse(WifiKeyData *data, const uint8_t *bytes,
                         uint32_t size);
/* Of what is not NULL.  Return the size, below WIFI_EAPOL_BYTES / 2 + 32. */
uint32_t wifi_key_data_build(uint8_t *bytes, const WifiKeyData *data);

#endif
