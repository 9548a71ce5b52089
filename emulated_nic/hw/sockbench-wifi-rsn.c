/*
 * The RSN element, and what security a network offers.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* IEEE 802.11-2020 9.4.2.24 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sockbench-wifi-frames.h"

#define RSN_VERSION      1
#define PMKID_BYTES      16
#define CAPABILITY_MFPR  0x0040 /* frames have to be protected: 802.11w */
#define WPA_OUI_TYPE     0x0050f201u /* WPA 3.1, 2.1 */

/* What is left of the element's data. */
typedef struct Reader {
    const uint8_t *at;
    uint32_t left;
} Reader;

static bool read_u16(Reader *r, uint16_t *value)
{
    if (r->left < 2) {
        return false;
    }
    *value = lduw_le_p(r->at);
    r->at += 2;
    r->left -= 2;
    return true;
}

static bool read_suite(Reader *r, uint32_t *suite)
{
    if (r->left < 4) {
        return false;
    }
    *suite = ldl_be_p(r->at);
    r->at += 4;
    r->left -= 4;
    return true;
}

static bool read_suites(Reader *r, uint8_t *count, uint32_t *suites)
{
    uint16_t n;
    int i;

    if (!read_u16(r, &n) || n == 0 || n > r->left / 4) {
        return false;
    }
    *count = n;
    for (i = 0; i < n; i++) {
        read_suite(r, &suites[i]);
    }
    return true;
}

static bool read_pmkids(Reader *r, WifiRsn *rsn)
{
    if (!read_u16(r, &rsn->pmkid_count) ||
        rsn->pmkid_count > r->left / PMKID_BYTES) {
        return false;
    }
    rsn->pmkids = r->at;
    return true;
}

bool wifi_rsn_parse(WifiRsn *rsn, const uint8_t *data, uint8_t bytes)
{
    Reader r = { data, bytes };

    *rsn = (WifiRsn) {
        .group = WIFI_SUITE_CCMP,
        .pairwise_count = 1,
        .pairwise = { WIFI_SUITE_CCMP },
        .akm_count = 1,
        .akm = { WIFI_AKM_EAP },
    };
    if (!read_u16(&r, &rsn->version) || rsn->version != RSN_VERSION) {
        return false;
    }
    /* Each of these may be the last one; what follows PMKIDs is not used. */
    return (!r.left || read_suite(&r, &rsn->group)) &&
           (!r.left || read_suites(&r, &rsn->pairwise_count, rsn->pairwise)) &&
           (!r.left || read_suites(&r, &rsn->akm_count, rsn->akm)) &&
           (!r.left || read_u16(&r, &rsn->capabilities)) &&
           (!r.left || read_pmkids(&r, rsn));
}

static bool has_suite(const uint32_t *suites, unsigned int count,
                      uint32_t suite)
{
    while (count) {
        if (suites[--count] == suite) {
            return true;
        }
    }
    return false;
}

bool wifi_rsn_is_wpa2(const WifiRsn *rsn)
{
    return rsn->group == WIFI_SUITE_CCMP &&
           has_suite(rsn->pairwise, rsn->pairwise_count, WIFI_SUITE_CCMP) &&
           has_suite(rsn->akm, rsn->akm_count, WIFI_AKM_PSK) &&
           !(rsn->capabilities & CAPABILITY_MFPR);
}

uint32_t wifi_put_rsn(uint8_t *element)
{
    element[0] = WIFI_ELEMENT_RSN;
    element[1] = WIFI_RSN_OWN_BYTES - 2;
    stw_le_p(element + 2, RSN_VERSION);
    stl_be_p(element + 4, WIFI_SUITE_CCMP);
    stw_le_p(element + 8, 1);
    stl_be_p(element + 10, WIFI_SUITE_CCMP);
    stw_le_p(element + 14, 1);
    stl_be_p(element + 16, WIFI_AKM_PSK);
    stw_le_p(element + 20, 0); /* capabilities */
    return WIFI_RSN_OWN_BYTES;
}

static bool has_wpa(WifiElements elements)
{
    WifiElement element;

    while (wifi_elements_next(&elements, &element)) {
        if (element.id == WIFI_ELEMENT_VENDOR && element.bytes >= 4 &&
            (uint32_t)ldl_be_p(element.data) == WPA_OUI_TYPE) {
            return true;
        }
    }
    return false;
}

uint8_t wifi_security(uint16_t capability, WifiElements elements)
{
    WifiElement element;
    uint8_t security = 0;
    WifiRsn rsn;

    if (wifi_elements_find(elements, WIFI_ELEMENT_RSN, &element)) {
        bool wpa2 = wifi_rsn_parse(&rsn, element.data, element.bytes) &&
                    wifi_rsn_is_wpa2(&rsn);

        security |= wpa2 ? WIFI_SECURITY_WPA2 : WIFI_SECURITY_OTHER;
    }
    if (has_wpa(elements)) {
        security |= WIFI_SECURITY_WPA;
    }
    if (!security) {
        security = capability & WIFI_CAPABILITY_PRIVACY ? WIFI_SECURITY_WEP :
                                                          WIFI_SECURITY_OPEN;
    }
    return security;
}
