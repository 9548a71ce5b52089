/*
 * A network that is played, below the module `wifi`: what it was given, what it answers. One file
 * of a program may include this.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_PLAYED_WIFI_H
#define SOCKBENCH_TESTS_PLAYED_WIFI_H

#include "calls.h"
#include "socket/errors.h"

static struct wifi_credentials given;
static struct interface_settings given_settings;
static uint8_t given_clients;
static uint32_t given_duration_ms;
static uint8_t given_bssid[6];
static bool given_power_save;
static unsigned calls;
static struct wifi_reason reason; /* of every function of the network */
static const struct wifi_seen *heard;
static size_t heard_count;
static size_t station_count;

static struct wifi_reason fake_link(const struct wifi_credentials *network,
                                    const struct interface_settings *settings)
{
    calls++;
    given = *network;
    given_settings = *settings;
    return reason;
}

static struct wifi_reason fake_unlink(void)
{
    calls++;
    return reason;
}

static bool fake_is_linked(void)
{
    return true;
}

static struct wifi_reason fake_info(struct interface_settings *settings, uint8_t mac[6])
{
    *settings =
        (struct interface_settings){{10, 0, 0, 1}, {255, 0, 0, 0}, {10, 0, 0, 254}, {8, 8, 8, 8}};
    memcpy(mac, "\2\0\0\0\0\x81", 6);
    return reason;
}

static int fake_resolve(const char *name, uint8_t ip[4])
{
    (void)name;
    memcpy(ip, (uint8_t[]){93, 184, 216, 34}, 4);
    return -reason.error;
}

static struct wifi_reason fake_scan(uint32_t duration_ms, struct wifi_seen *seen, size_t room,
                                    size_t *count)
{
    calls++;
    given_duration_ms = duration_ms;
    assert_true(heard_count <= room);
    if (heard_count > 0)
        memcpy(seen, heard, heard_count * sizeof *seen);
    *count = heard_count;
    return reason;
}

static struct wifi_reason fake_rssi(int *dbm)
{
    *dbm = -57;
    return reason;
}

static struct wifi_reason fake_roam(const uint8_t bssid[6])
{
    calls++;
    memcpy(given_bssid, bssid, sizeof given_bssid);
    return reason;
}

static struct wifi_reason fake_power_save(bool on)
{
    calls++;
    given_power_save = on;
    return reason;
}

static struct wifi_reason fake_softap_up(const struct wifi_credentials *network, uint8_t clients,
                                         const struct interface_settings *settings)
{
    calls++;
    given = *network;
    given_settings = *settings;
    given_clients = clients;
    return reason;
}

static struct wifi_reason fake_softap_address(const struct interface_settings *settings)
{
    calls++;
    given_settings = *settings;
    return reason;
}

static struct wifi_reason fake_softap_stations(struct wifi_station *stations, size_t room,
                                               size_t *count)
{
    assert_true(station_count <= room);
    for (size_t i = 0; i < station_count; i++)
        stations[i] = (struct wifi_station){{192, 168, 0, (uint8_t)(2 + i)}, {2, 0, 0, 0, 0, 9}};
    *count = station_count;
    return reason;
}

static const struct wifi_provider network = {
    fake_link,       fake_unlink,    fake_is_linked,      fake_info,
    fake_resolve,    fake_scan,      fake_rssi,           fake_roam,
    fake_power_save, fake_softap_up, fake_softap_address, fake_softap_stations,
    fake_unlink,
};

static inline int wifi_setup(void **state)
{
    setup(state);
    memset(&given, 0xee, sizeof given);
    memset(&reason, 0, sizeof reason);
    calls = 0;
    heard_count = 0;
    station_count = 0;
    wifi_module_init(&network);
    return 0;
}

static inline void expect_bool(bool wanted)
{
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.kind, VALUE_BOOL);
    assert_int_equal(result.value.integer, wanted);
}

#endif
