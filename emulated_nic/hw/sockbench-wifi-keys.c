/*
 * FullMAC wifi NIC of the sockbench board: the station's keys.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Between the station, its supplicant, which knows the handshakes, and CCMP,
 * which knows how a frame is sealed.  Here is which key a frame has to have,
 * and what becomes of those that have none.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "net/eth.h"
#include "sockbench-wifi.h"
#include "trace.h"

/* Frames */

/*
 * A data frame for the AP, which has room to grow by WIFI_CCMP_GROWTH.  Without
 * a key it is sent as it is: on an open network, or during the handshake, where
 * nothing but EAPOL comes here.
 */
void sockbench_wifi_keys_send(SockbenchWifiState *s, uint8_t *frame,
                              uint32_t size)
{
    frame[1] |= sockbench_wifi_power_sends(s);
    if (s->keys.pairwise.there) {
        size = wifi_ccmp_seal(&s->keys.pairwise, frame, size);
    }
    if (size) {
        sockbench_wifi_send(s, frame, size);
    }
}

/* An EAPOL packet of ours as an Ethernet frame; its size. */
uint32_t sockbench_wifi_put_eapol(SockbenchWifiState *s, uint8_t *ethernet,
                                  const uint8_t *to, const uint8_t *eapol,
                                  uint32_t bytes)
{
    assert(bytes <= WIFI_EAPOL_BYTES);
    memcpy(ethernet, to, ETH_ALEN);
    memcpy(ethernet + ETH_ALEN, sockbench_wifi_own(s), ETH_ALEN);
    stw_be_p(ethernet + 2 * ETH_ALEN, WIFI_ETHERTYPE_EAPOL);
    memcpy(ethernet + ETH_HLEN, eapol, bytes);
    return ETH_HLEN + bytes;
}

static WifiKey *key_of(SockbenchWifiState *s, const WifiHeard *heard, int id)
{
    if (!is_multicast_ether_addr(heard->header.receiver)) {
        return &s->keys.pairwise;
    }
    return id >= 1 && id <= WIFI_GROUP_KEYS ? &s->keys.group[id - 1] : NULL;
}

/* Open a frame with that key, or count why not.  The size; 0: refused. */
uint32_t sockbench_wifi_open(SockbenchWifiState *s, WifiKey *key,
                             const WifiHeard *heard, uint8_t *plain)
{
    static const unsigned int counters[] = {
        [WIFI_CCMP_MALFORMED] = R_WIFI_STAT_RX_MALFORMED,
        [WIFI_CCMP_NO_KEY] = R_WIFI_STAT_RX_NO_KEY,
        [WIFI_CCMP_REPLAY] = R_WIFI_STAT_RX_REPLAY,
        [WIFI_CCMP_BAD_MIC] = R_WIFI_STAT_RX_BAD_MIC,
    };
    WifiCcmp result = WIFI_CCMP_NO_KEY;
    uint32_t size = 0;

    if (key) {
        result = wifi_ccmp_open(key, plain, &size, heard->frame, heard->size);
    }
    if (result != WIFI_CCMP_OK) {
        sockbench_wifi_rx_count(s, counters[result]);
        return 0;
    }
    return size;
}

/* A data frame as if it had never been protected; its size, or 0: refused. */
uint32_t sockbench_wifi_keys_open(SockbenchWifiState *s,
                                  const WifiHeard *heard, uint8_t *plain)
{
    WifiKey *key;
    uint32_t size;

    if (!(heard->header.flags & WIFI_FLAG_PROTECTED)) {
        memcpy(plain, heard->frame, heard->size);
        return heard->size;
    }
    key = key_of(s, heard, wifi_ccmp_key_id(heard->frame, heard->size));
    size = sockbench_wifi_open(s, key, heard, plain);
    /* The group's key it uses for others, too. */
    s->keys.confirmed |= size && key == &s->keys.pairwise;
    return size;
}

/* Whether a frame that came like that may go up to the MAC. */
bool sockbench_wifi_keys_allow(SockbenchWifiState *s, bool encrypted)
{
    if (!encrypted && s->station.security == WIFI_SECURITY_WPA2) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_PLAINTEXT);
        return false;
    }
    return true;
}

/*
 * An EAPOL packet of the AP.  Until it has used the keys it may not have them:
 * when message 4 is lost message 3 comes again, not encrypted, and an encrypted
 * answer would not be understood.
 */
void sockbench_wifi_keys_hear(SockbenchWifiState *s, const uint8_t *eapol,
                              uint32_t size, bool encrypted)
{
    if (s->supplicant.state == WIFI_SUPPLICANT_OFF) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_EAPOL_BAD);
    } else {
        wifi_supplicant_receive(&s->supplicant, eapol, size,
                                encrypted || !s->keys.confirmed);
    }
}

/* What the supplicant asks for */

static void supplicant_send(void *opaque, const uint8_t *eapol, uint32_t bytes)
{
    SockbenchWifiState *s = opaque;
    const uint8_t *ap = s->station.ap.bssid;
    uint8_t ethernet[ETH_HLEN + WIFI_EAPOL_BYTES];
    uint8_t frame[WIFI_FRAME_BYTES];
    uint32_t size = sockbench_wifi_put_eapol(s, ethernet, ap, eapol, bytes);

    size = wifi_data_from_ethernet(frame, WIFI_FLAG_TO_DS, ap, ethernet, size);
    if (s->keys.confirmed) {
        sockbench_wifi_keys_send(s, frame, size);
    } else {
        frame[1] |= sockbench_wifi_power_sends(s);
        sockbench_wifi_send(s, frame, size);
    }
}

static void supplicant_install_pairwise(void *opaque,
                                        const uint8_t tk[WIFI_TK_BYTES])
{
    SockbenchWifiState *s = opaque;

    trace_sockbench_wifi_key(0);
    wifi_key_set(&s->keys.pairwise, 0, tk, 0);
}

static void supplicant_install_group(void *opaque, uint8_t id,
                                     const uint8_t gtk[WIFI_TK_BYTES],
                                     uint64_t heard)
{
    SockbenchWifiState *s = opaque;

    trace_sockbench_wifi_key(id);
    wifi_key_set(&s->keys.group[id - 1], id, gtk, heard);
}

static void supplicant_progress(void *opaque)
{
    sockbench_wifi_handshake_goes_on(opaque);
}

static void supplicant_done(void *opaque, bool rekey)
{
    SockbenchWifiState *s = opaque;

    if (rekey) {
        sockbench_wifi_event(s, &(WifiEvent) {
            .type = WIFI_EVENT_REKEY,
            .status = 0,
            .address = s->station.ap.bssid,
        });
    } else {
        sockbench_wifi_station_connected(s);
    }
}

static void supplicant_group_done(void *opaque)
{
    SockbenchWifiState *s = opaque;

    sockbench_wifi_event(s, &(WifiEvent) {
        .type = WIFI_EVENT_REKEY,
        .status = 1,
        .address = s->station.ap.bssid,
    });
}

static void supplicant_failed(void *opaque, uint16_t reason)
{
    sockbench_wifi_handshake_fails(opaque, reason);
}

void sockbench_wifi_eapol_ignored(SockbenchWifiState *s, const uint8_t *from,
                                  WifiEapolBad why)
{
    trace_sockbench_wifi_eapol_bad(why);
    sockbench_wifi_rx_count(s, R_WIFI_STAT_EAPOL_BAD);
    if (why == WIFI_EAPOL_PLAINTEXT) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_PLAINTEXT);
    } else if (why == WIFI_EAPOL_MIC) {
        sockbench_wifi_event(s, &(WifiEvent) {
            .type = WIFI_EVENT_MIC_FAILURE,
            .address = from,
        });
    }
}

static void supplicant_ignored(void *opaque, WifiEapolBad why)
{
    SockbenchWifiState *s = opaque;

    sockbench_wifi_eapol_ignored(s, s->station.ap.bssid, why);
}

static const WifiSupplicantOps supplicant_ops = {
    .send = supplicant_send,
    .random = sockbench_wifi_random_bytes,
    .install_pairwise = supplicant_install_pairwise,
    .install_group = supplicant_install_group,
    .progress = supplicant_progress,
    .done = supplicant_done,
    .group_done = supplicant_group_done,
    .failed = supplicant_failed,
    .ignored = supplicant_ignored,
};

/* Life */

void sockbench_wifi_keys_init(SockbenchWifiState *s)
{
    wifi_supplicant_init(&s->supplicant, &supplicant_ops, s);
}

void sockbench_wifi_pmk(uint8_t pmk[WIFI_PMK_BYTES], const WifiSsid *ssid,
                        uint8_t kind, const uint8_t *key, uint8_t size)
{
    if (kind == WIFI_KEY_PASSPHRASE) {
        wifi_pmk(pmk, key, size, ssid->bytes, ssid->size);
    } else {
        memcpy(pmk, key, WIFI_PMK_BYTES);
    }
}

/* After an association: wait for message 1. */
void sockbench_wifi_keys_begin(SockbenchWifiState *s)
{
    const WifiNetwork *ap = &s->station.ap;
    uint8_t rsn[WIFI_RSN_OWN_BYTES];

    wifi_put_rsn(rsn);
    wifi_supplicant_start(&s->supplicant, sockbench_wifi_own(s), ap->bssid,
                          s->keys.pmk, rsn, sizeof(rsn), ap->rsn,
                          ap->rsn_bytes);
}

void sockbench_wifi_keys_forget(SockbenchWifiState *s)
{
    int i;

    wifi_supplicant_stop(&s->supplicant);
    wifi_key_forget(&s->keys.pairwise);
    for (i = 0; i < WIFI_GROUP_KEYS; i++) {
        wifi_key_forget(&s->keys.group[i]);
    }
    s->keys.confirmed = false;
}
