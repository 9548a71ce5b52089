/*
 * CCMP: data frames sealed and opened (IEEE 802.11-2020 12.5.3).
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sockbench-wifi-ccmp.h"
#include "sockbench-wifi-frames.h"

#define FC_NO_DATA        0x40 /* subtype bit of null data and its kin */
#define FC_QOS            0x80 /* subtype bit of QoS data */
#define EXT_IV            0x20
#define KEY_ID_SHIFT      6

/* What the AAD leaves out of a frame's first two bytes (12.5.3.3.3). */
#define NOT_AAD_FC        0x70 /* the subtype but for QoS */
#define NOT_AAD_FLAGS     (WIFI_FLAG_RETRY | WIFI_FLAG_POWER | \
                           WIFI_FLAG_MORE_DATA)

/* What CCM takes from a header: nonce and AAD. */
typedef struct CcmpInput {
    uint8_t nonce[WIFI_CCM_NONCE_BYTES];
    uint8_t aad[WIFI_CCM_AAD_MAX];
    uint32_t aad_bytes;
} CcmpInput;

void wifi_key_set(WifiKey *key, uint8_t id, const uint8_t tk[WIFI_TK_BYTES],
                  uint64_t heard)
{
    key->there = true;
    key->id = id;
    memcpy(key->tk, tk, WIFI_TK_BYTES);
    key->sent = 0;
    key->heard = heard;
}

void wifi_key_forget(WifiKey *key)
{
    memset(key, 0, sizeof(*key));
}

static bool has_body(const WifiHeader *header)
{
    return (header->fc & WIFI_FC_TYPE) == WIFI_FC_TYPE_DATA &&
           !(header->fc & FC_NO_DATA);
}

static void ccmp_input(CcmpInput *input, const WifiHeader *header,
                       const uint8_t *frame, uint64_t pn)
{
    bool qos = header->fc & FC_QOS;
    bool four = !header->bssid;
    uint8_t *aad = input->aad;
    int i;

    input->nonce[0] = header->tid;
    memcpy(input->nonce + 1, header->transmitter, WIFI_ADDRESS_BYTES);
    for (i = 0; i < 6; i++) {
        input->nonce[7 + i] = pn >> (8 * (5 - i));
    }

    *aad++ = frame[0] & ~NOT_AAD_FC;
    *aad = (frame[1] & ~NOT_AAD_FLAGS) | WIFI_FLAG_PROTECTED;
    if (qos) {
        *aad &= ~WIFI_FLAG_ORDER;
    }
    aad++;
    memcpy(aad, frame + 4, 3 * WIFI_ADDRESS_BYTES);
    aad += 3 * WIFI_ADDRESS_BYTES;
    *aad++ = header->fragment;
    *aad++ = 0;
    if (four) {
        memcpy(aad, frame + WIFI_HEADER_BYTES, WIFI_ADDRESS_BYTES);
        aad += WIFI_ADDRESS_BYTES;
    }
    if (qos) {
        *aad++ = header->tid;
        *aad++ = 0;
    }
    input->aad_bytes = aad - input->aad;
}

uint32_t wifi_ccmp_seal(WifiKey *key, uint8_t *frame, uint32_t size)
{
    WifiHeader header;
    CcmpInput input;
    uint8_t *body;
    uint32_t bytes;
    uint64_t pn;

    if (!key->there || key->sent >= WIFI_CCMP_PN_MAX ||
        !wifi_header_parse(&header, frame, size) || !has_body(&header) ||
        size == header.bytes) {
        return 0;
    }
    pn = ++key->sent;
    bytes = size - header.bytes;
    body = frame + header.bytes + WIFI_CCMP_HEADER_BYTES;
    memmove(body, frame + header.bytes, bytes);
    frame[1] |= WIFI_FLAG_PROTECTED;
    ccmp_input(&input, &header, frame, pn);
    wifi_ccm_seal(body, body + bytes, key->tk, input.nonce, input.aad,
                  input.aad_bytes, body, bytes);

    body -= WIFI_CCMP_HEADER_BYTES;
    stw_le_p(body, pn);
    body[2] = 0;
    body[3] = EXT_IV | key->id << KEY_ID_SHIFT;
    stl_le_p(body + 4, pn >> 16);
    return size + WIFI_CCMP_GROWTH;
}

/* The header of a protected data frame that has room for CCMP. */
static bool ccmp_header(WifiHeader *header, const uint8_t *frame,
                        uint32_t size)
{
    return wifi_header_parse(header, frame, size) && has_body(header) &&
           (header->flags & WIFI_FLAG_PROTECTED) &&
           size - header->bytes > WIFI_CCMP_GROWTH &&
           (frame[header->bytes + 3] & EXT_IV);
}

int wifi_ccmp_key_id(const uint8_t *frame, uint32_t size)
{
    WifiHeader header;

    if (!ccmp_header(&header, frame, size)) {
        return -1;
    }
    return frame[header.bytes + 3] >> KEY_ID_SHIFT;
}

WifiCcmp wifi_ccmp_open(WifiKey *key, uint8_t *plain, uint32_t *plain_size,
                        const uint8_t *frame, uint32_t size)
{
    WifiHeader header;
    CcmpInput input;
    const uint8_t *ccmp, *body;
    uint32_t bytes;
    uint64_t pn;

    if (!ccmp_header(&header, frame, size)) {
        return WIFI_CCMP_MALFORMED;
    }
    ccmp = frame + header.bytes;
    body = ccmp + WIFI_CCMP_HEADER_BYTES;
    bytes = size - header.bytes - WIFI_CCMP_GROWTH;
    if (!key->there || ccmp[3] >> KEY_ID_SHIFT != key->id) {
        return WIFI_CCMP_NO_KEY;
    }
    pn = lduw_le_p(ccmp) | (uint64_t)(uint32_t)ldl_le_p(ccmp + 4) << 16;
    if (pn <= key->heard) {
        return WIFI_CCMP_REPLAY;
    }
    ccmp_input(&input, &header, frame, pn);
    if (!wifi_ccm_open(plain + header.bytes, body + bytes, key->tk,
                       input.nonce, input.aad, input.aad_bytes, body, bytes)) {
        return WIFI_CCMP_BAD_MIC;
    }
    key->heard = pn;
    memcpy(plain, frame, header.bytes);
    plain[1] &= ~WIFI_FLAG_PROTECTED;
    *plain_size = header.bytes + bytes;
    return WIFI_CCMP_OK;
}
