/*
 * Structures of the wifi controller (driver/wifi_format.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/wifi_format.h"

#include <string.h>

#define AP_CHANNEL 1

static uint8_t security_bits(enum wifi_protection protection)
{
    return protection == WIFI_IS_WPA2 ? WIFI_SECURITY_WPA2 : WIFI_SECURITY_OPEN;
}

static uint8_t key_kind(const struct wifi_credentials *network)
{
    if (network->key_bytes == 0)
        return WIFI_KEY_NONE;
    return network->is_psk ? WIFI_KEY_PSK : WIFI_KEY_PASSPHRASE;
}

struct wifi_connect wifi_form_connect(const struct wifi_credentials *network)
{
    struct wifi_connect connect = {
        .ssid_bytes = network->ssid_bytes,
        .security = security_bits(network->protection),
        .key_kind = key_kind(network),
        .key_bytes = network->key_bytes,
    };
    memcpy(connect.ssid, network->ssid, network->ssid_bytes);
    memcpy(connect.key, network->key, network->key_bytes);
    return connect;
}

struct wifi_scan wifi_form_scan(uint32_t duration_ms, uint8_t channels)
{
    uint32_t dwell_ms = channels != 0 ? duration_ms / channels : 0;
    if (dwell_ms == 0)
        dwell_ms = 1; /* 0 would mean the controller's own */
    if (dwell_ms > UINT16_MAX)
        dwell_ms = UINT16_MAX;
    return (struct wifi_scan){.dwell_ms = (uint16_t)dwell_ms};
}

struct wifi_roam wifi_form_roam(const uint8_t bssid[6], uint8_t channel)
{
    struct wifi_roam roam = {.channel = channel};
    memcpy(roam.bssid, bssid, sizeof roam.bssid);
    return roam;
}

struct wifi_ap wifi_form_ap(const struct wifi_credentials *network, uint8_t clients_max)
{
    struct wifi_ap ap = {
        .ssid_bytes = network->ssid_bytes,
        .security = security_bits(network->protection),
        .key_kind = key_kind(network),
        .key_bytes = network->key_bytes,
        .channel = AP_CHANNEL,
        .stations = clients_max,
    };
    memcpy(ap.ssid, network->ssid, network->ssid_bytes);
    memcpy(ap.key, network->key, network->key_bytes);
    return ap;
}

enum wifi_outcome wifi_read_result(uint32_t result)
{
    switch (result) {
    case WIFI_RESULT_OK:
        return WIFI_DONE;
    case WIFI_RESULT_BAD_STATE:
        return WIFI_BUSY;
    case WIFI_RESULT_UNKNOWN:
    case WIFI_RESULT_UNSUPPORTED:
        return WIFI_UNSUPPORTED;
    default:
        return WIFI_BROKEN;
    }
}

enum wifi_outcome wifi_read_link(const uint8_t *response, size_t bytes, struct wifi_link *link)
{
    if (bytes < sizeof *link)
        return WIFI_BROKEN;
    memcpy(link, response, sizeof *link);
    return link->station == WIFI_STATION_CONNECTED ? WIFI_DONE : WIFI_NOT_JOINED;
}

size_t wifi_read_clients(const uint8_t *response, size_t bytes, struct wifi_client *clients,
                         size_t room)
{
    struct wifi_ap_station station;
    size_t count = 0;
    for (size_t at = 0; at + sizeof station <= bytes && count < room; at += sizeof station) {
        memcpy(&station, response + at, sizeof station);
        if (station.authorized != 0)
            memcpy(clients[count++].mac, station.mac, sizeof station.mac);
    }
    return count;
}

static enum wifi_protection protection_of(uint8_t security)
{
    if ((security & (WIFI_SECURITY_WPA2 | WIFI_SECURITY_OTHER)) != 0)
        return WIFI_IS_WPA2;
    if ((security & WIFI_SECURITY_WPA) != 0)
        return WIFI_IS_WPA;
    return (security & WIFI_SECURITY_WEP) != 0 ? WIFI_IS_WEP : WIFI_IS_OPEN;
}

bool wifi_read_seen(const struct wifi_event *event, struct wifi_seen *seen)
{
    struct wifi_network network;
    if (event->data_bytes < sizeof network)
        return false;
    memcpy(&network, event->data, sizeof network);
    if (network.ssid_bytes > WIFI_NAME_BYTES)
        return false;
    memcpy(seen->ssid, network.ssid, sizeof seen->ssid);
    memcpy(seen->bssid, event->address, sizeof seen->bssid);
    seen->ssid_bytes = network.ssid_bytes;
    seen->protection = protection_of(network.security);
    seen->rssi = network.rssi;
    return true;
}

bool wifi_read_join(const struct wifi_event *event, enum wifi_outcome *outcome)
{
    static const enum wifi_outcome outcomes[] = {
        [WIFI_JOIN_OK] = WIFI_DONE,
        [WIFI_JOIN_NO_NETWORK] = WIFI_NO_NETWORK,
        [WIFI_JOIN_SECURITY] = WIFI_MISMATCH,
        [WIFI_JOIN_AUTH_TIMEOUT] = WIFI_AUTH_SILENCE,
        [WIFI_JOIN_AUTH_REFUSED] = WIFI_AUTH_REFUSED,
        [WIFI_JOIN_ASSOC_TIMEOUT] = WIFI_ASSOC_SILENCE,
        [WIFI_JOIN_ASSOC_REFUSED] = WIFI_ASSOC_REFUSED,
        [WIFI_JOIN_KEY_TIMEOUT] = WIFI_KEY_SILENCE,
        [WIFI_JOIN_KEY_REFUSED] = WIFI_KEY_REFUSED,
        [WIFI_JOIN_KEY_INVALID] = WIFI_KEY_INVALID,
        [WIFI_JOIN_DEAUTH] = WIFI_THROWN_OUT,
        [WIFI_JOIN_ABORTED] = WIFI_BROKEN, /* nobody asked for it: the joins that LEAVE ended are
                                              over when their event comes */
        [WIFI_JOIN_TIMEOUT] = WIFI_TOO_LONG,
    };
    if (event->status >= sizeof outcomes / sizeof outcomes[0])
        return false;
    *outcome = outcomes[event->status];
    return true;
}
