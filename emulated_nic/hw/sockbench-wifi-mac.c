/*
 * FullMAC wifi NIC of the sockbench board: the way of a frame between the MAC
 * and the air.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * The MAC's peer is a net client of ours.  What the MAC sends becomes an 802.11
 * data frame, what is heard becomes an Ethernet frame.  The NIC has one address
 * on the air: the source of what the MAC sends is not looked at.
 *
 * Frames of the MAC wait, in the queue of QEMU's net layer, while the station
 * is off its AP's channel or told to be quiet; they are lost while there are no
 * keys yet.
 */

#include "qemu/osdep.h"
#include "net/eth.h"
#include "sockbench-wifi.h"
#include "trace.h"

/* Allocated by QEMU's net layer. */
typedef struct WifiNetClient {
    NetClientState nc;
    SockbenchWifiState *wifi;
} WifiNetClient;

/* From the MAC */

/* Of the station: to the AP, which passes it on. */
static void station_send(SockbenchWifiState *s, const uint8_t *ethernet,
                         size_t size)
{
    uint8_t frame[WIFI_FRAME_BYTES];
    uint32_t bytes = wifi_data_from_ethernet(frame, WIFI_FLAG_TO_DS,
                                             s->station.ap.bssid, ethernet,
                                             size);

    if (bytes) {
        memcpy(frame + 10, sockbench_wifi_own(s), ETH_ALEN);
        sockbench_wifi_keys_send(s, frame, bytes);
    }
}

static ssize_t data_from_mac(NetClientState *nc, const uint8_t *ethernet,
                             size_t size)
{
    SockbenchWifiState *s = container_of(nc, WifiNetClient, nc)->wifi;

    trace_sockbench_wifi_data_from_mac(size);
    if (s->failed || size > ETH_HLEN + WIFI_MSDU_BYTES) {
        return size;
    }
    if (sockbench_wifi_ap_is_up(s)) {
        sockbench_wifi_ap_send(s, ethernet, size);
    } else if (s->station.state == WIFI_STATION_CONNECTED) {
        station_send(s, ethernet, size);
    } else {
        s->regs[R_WIFI_STAT_TX_BLOCKED]++;
    }
    return size;
}

static bool data_may_send(NetClientState *nc)
{
    SockbenchWifiState *s = container_of(nc, WifiNetClient, nc)->wifi;

    return !s->station.away && !s->station.muted && !s->station.roaming &&
           !(s->ap.up && s->channel != s->ap.bss.channel);
}

void sockbench_wifi_data_flush(SockbenchWifiState *s)
{
    qemu_flush_queued_packets(s->nc);
}

void sockbench_wifi_data_purge(SockbenchWifiState *s)
{
    qemu_purge_queued_packets(qemu_get_queue(s->mac.nic));
}

/* To the MAC */

void sockbench_wifi_data_to_mac(SockbenchWifiState *s, const uint8_t *ethernet,
                                uint32_t size)
{
    trace_sockbench_wifi_data_to_mac(size);
    qemu_send_packet(s->nc, ethernet, size);
}

static bool is_eapol(const uint8_t *ethernet, uint32_t size)
{
    return size >= ETH_HLEN &&
           lduw_be_p(ethernet + 2 * ETH_ALEN) == WIFI_ETHERTYPE_EAPOL;
}

/* Null data says how the sender is, and nothing else. */
static bool is_null(const WifiHeader *header)
{
    return header->fc == WIFI_FC_NULL || header->fc == WIFI_FC_QOS_NULL;
}

/* From the air */

void sockbench_wifi_data_hear(SockbenchWifiState *s, const WifiHeard *heard)
{
    WifiStation *st = &s->station;
    const WifiHeader *header = &heard->header;
    bool encrypted = header->flags & WIFI_FLAG_PROTECTED;
    uint8_t plain[WIFI_FRAME_BYTES];
    uint8_t ethernet[WIFI_FRAME_BYTES];
    uint32_t size;

    if (!st->associated || !header->bssid ||
        !(header->flags & WIFI_FLAG_FROM_DS) ||
        memcmp(header->bssid, st->ap.bssid, ETH_ALEN) != 0 ||
        memcmp(header->source, sockbench_wifi_own(s), ETH_ALEN) == 0) {
        /* Our own broadcast, as the AP passes it on, is not for us either. */
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
        return;
    }
    if (sockbench_wifi_is_duplicate(s, &st->last_sequence, header)) {
        return;
    }
    sockbench_wifi_loss_sign_of_life(s, heard);
    if (is_null(header)) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
        return;
    }
    size = sockbench_wifi_keys_open(s, heard, plain);
    if (!size) {
        return;
    }
    size = wifi_data_to_ethernet(ethernet, plain, size);
    if (!size) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_MALFORMED);
        return;
    }
    if (is_eapol(ethernet, size)) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
        sockbench_wifi_keys_hear(s, ethernet + ETH_HLEN, size - ETH_HLEN,
                                 encrypted);
    } else if (!sockbench_wifi_keys_allow(s, encrypted)) {
        return;
    } else if (st->state == WIFI_STATION_CONNECTED) {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_FRAMES);
        sockbench_wifi_data_to_mac(s, ethernet, size);
    } else {
        sockbench_wifi_rx_count(s, R_WIFI_STAT_RX_OTHER);
    }
}

/* Life */

static NetClientInfo data_net_info = {
    .type = NET_CLIENT_DRIVER_SOCKET,
    .size = sizeof(WifiNetClient),
    .receive = data_from_mac,
    .can_receive = data_may_send,
};

NetClientState *sockbench_wifi_data_client(SockbenchWifiState *s)
{
    NetClientState *nc = qemu_new_net_client(&data_net_info, NULL,
                                             TYPE_SOCKBENCH_WIFI,
                                             SOCKBENCH_WIFI_NETDEV);

    container_of(nc, WifiNetClient, nc)->wifi = s;
    nc->do_not_pad = true;
    return nc;
}
