/*
 * CCMP: data frames sealed and opened (IEEE 802.11-2020 12.5.3).
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_SOCKBENCH_WIFI_CCMP_H
#define HW_SOCKBENCH_WIFI_CCMP_H

#include "sockbench-wifi-crypto.h"

#define WIFI_CCMP_HEADER_BYTES 8u
#define WIFI_CCMP_GROWTH       (WIFI_CCMP_HEADER_BYTES + WIFI_CCM_MIC_BYTES)
#define WIFI_CCMP_PN_MAX       0xffffffffffffull

/*
 * A key of a pair or of a group, in whichever direction it is used.  Plain
 * data of the device; vmstate_wifi_key has all of it.
 */
typedef struct WifiKey {
    bool there;
    uint8_t id;              /* 0 for a pair, 1 to 3 for a group */
    uint8_t tk[WIFI_TK_BYTES];
    uint64_t sent;           /* packet number last sent with it */
    uint64_t heard;          /* highest packet number accepted */
} WifiKey;

/* The key is there from now on; its counters start: sent at 0. */
void wifi_key_set(WifiKey *key, uint8_t id, const uint8_t tk[WIFI_TK_BYTES],
                  uint64_t heard);
void wifi_key_forget(WifiKey *key);

typedef enum WifiCcmp {
    WIFI_CCMP_OK,
    WIFI_CCMP_MALFORMED,     /* no room for CCMP, no Ext IV, not data */
    WIFI_CCMP_NO_KEY,        /* the key is not there, or has another id */
    WIFI_CCMP_REPLAY,        /* a packet number that was accepted before */
    WIFI_CCMP_BAD_MIC,
} WifiCcmp;

/*
 * Seal a data frame where it is, with the next packet number; it grows by
 * WIFI_CCMP_GROWTH, for which the caller has room, and becomes Protected.
 * Return the new size.  0: the key has used up its packet numbers, or is not
 * there, or this is no data frame with a body; the frame is as it was.
 */
uint32_t wifi_ccmp_seal(WifiKey *key, uint8_t *frame, uint32_t size);

/* The key id that a protected data frame names; -1: it is malformed. */
int wifi_ccmp_key_id(const uint8_t *frame, uint32_t size);

/*
 * Open a protected data frame into `plain`, which has `size` of room and gets
 * a frame as if it had never been protected, *plain_size long.  Only a frame
 * whose MIC is right moves the replay counter.
 */
WifiCcmp wifi_ccmp_open(WifiKey *key, uint8_t *plain, uint32_t *plain_size,
                        const uint8_t *frame, uint32_t size);

extern const struct VMStateDescription vmstate_wifi_key;

#endif
