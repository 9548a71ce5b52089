/*
 * FullMAC wifi NIC of the sockbench board: the station's keys.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Between the station and its supplicant, which knows the handshakes, and CCMP,
 * which knows how a frame is sealed.  Here is which key a frame has to have.
 */

#include "qemu/osdep.h"
#include "sockbench-wifi.h"
#include "trace.h"

/* A data frame for the AP, sealed if there is a key; growth has room. */
void sockbench_wifi_keys_send(SockbenchWifiState *s, uint8_t *frame,
                              uint32_t size)
{
    sockbench_wifi_send(s, frame, size);
}

/* A data frame as if it had never been protected; its size, or 0: refused. */
uint32_t sockbench_wifi_keys_open(SockbenchWifiState *s,
                                  const WifiHeard *heard, uint8_t *plain)
{
    if (heard->header.flags & WIFI_FLAG_PROTECTED) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_NO_KEY);
        return 0;
    }
    memcpy(plain, heard->frame, heard->size);
    return heard->size;
}

/* An EAPOL packet of the AP. */
void sockbench_wifi_keys_hear(SockbenchWifiState *s, const uint8_t *eapol,
                              uint32_t size, bool encrypted)
{
    sockbench_wifi_rx_count(s, R_WIFI_STAT_EAPOL_BAD);
}

void sockbench_wifi_keys_set(SockbenchWifiState *s, bool passphrase,
                             const uint8_t *key, uint8_t size)
{
}

/* After an association: wait for message 1. */
void sockbench_wifi_keys_begin(SockbenchWifiState *s)
{
}

void sockbench_wifi_keys_forget(SockbenchWifiState *s)
{
}
