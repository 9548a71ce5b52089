/*
 * QTests of sockbench-wifi: joining an open network, step by step.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "sockbench-station.h"

/* SEARCH */

static void test_nobody_is_there(void)
{
    struct wifi_connect p = connect_to(SSID, 0);

    radio_start();
    station_connect(&p);
    clock_step(13 * DWELL_NS - 1);
    event_none();
    clock_step(1);
    expect_join(WIFI_JOIN_NO_NETWORK, 0, 0);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_TX_FRAMES), ==, 13);
    /* The same again: nothing is left of the first try. */
    station_connect(&p);
    clock_step(13 * DWELL_NS);
    expect_join(WIFI_JOIN_NO_NETWORK, 0, 0);
    bench_stop();
}

static void test_another_name_is_nobody(void)
{
    struct wifi_connect p = connect_to(SSID, CHANNEL);

    radio_start();
    station_connect(&p);
    ap_probe_response(ap_mac, CHANNEL, -50, "nam");
    ap_probe_response(other_mac, CHANNEL, -50, "");
    clock_step(DWELL_NS);
    expect_join(WIFI_JOIN_NO_NETWORK, 0, 0);
    bench_stop();
}

static void test_another_bssid_is_nobody(void)
{
    struct wifi_connect p = connect_to(SSID, CHANNEL);

    radio_start();
    memcpy(p.bssid, other_mac, 6);
    station_connect(&p);
    ap_probe_response(ap_mac, CHANNEL, -50, SSID);
    clock_step(DWELL_NS);
    expect_join(WIFI_JOIN_NO_NETWORK, 0, 0);
    bench_stop();
}

static void test_another_security(void)
{
    struct wifi_connect p = connect_to(SSID, CHANNEL);
    Air a = ap_frame(ap_mac, CHANNEL, 0x50);

    radio_start();
    station_connect(&p);
    put_network(&a, SSID, true, NULL, 0);
    air_inject(&a);
    clock_step(DWELL_NS);
    expect_join(WIFI_JOIN_SECURITY, 0, 0);
    bench_stop();
}

/* The strongest; of equals the first heard; whatever channel it is on. */
static void test_which_one_is_taken(void)
{
    static const uint8_t weak_mac[6] = { 0x02, 0, 0, 0, 0xaa, 0x03 };
    struct wifi_connect p = connect_to(SSID, 0);

    radio_start();
    station_connect(&p);
    clock_step(2 * DWELL_NS);
    ap_probe_response(weak_mac, 3, -60, SSID);
    clock_step(3 * DWELL_NS);
    ap_probe_response(ap_mac, CHANNEL, -50, SSID);
    ap_probe_response(other_mac, CHANNEL, -50, SSID);
    bench_forget();
    clock_step(7 * DWELL_NS);
    bench_forget();
    clock_step(DWELL_NS);
    expect_auth(ap_mac);
    event_none();
    bench_stop();
}

/* A beacon will do as well. */
static void test_a_beacon_is_found(void)
{
    struct wifi_connect p = connect_to(SSID, CHANNEL);
    Air a;

    radio_start();
    a = air_beacons(ap_mac, CHANNEL, -50, board_now() + MS, SSID);
    air_inject(&a);
    station_connect(&p);
    bench_forget();
    clock_step(DWELL_NS);
    expect_auth(ap_mac);
    bench_stop();
}

/* AUTH */

static void test_auth_timeout(void)
{
    int i;

    radio_start();
    join_to_auth();
    for (i = 0; i < 2; i++) {
        clock_step(ATTEMPT_NS - 1);
        bench_quiet();
        clock_step(1);
        expect_auth(ap_mac);
    }
    clock_step(ATTEMPT_NS - 1);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_AUTH);
    clock_step(1);
    expect_join(WIFI_JOIN_AUTH_TIMEOUT, 0, 0);
    bench_quiet();
    bench_stop();
}

static void test_auth_refused(void)
{
    radio_start();
    join_to_auth();
    ap_auth(ap_mac, 13);
    event_expect(WIFI_EVENT_AUTH, 13, 0, 0);
    expect_join(WIFI_JOIN_AUTH_REFUSED, 13, 0);
    bench_stop();
}

/* An answer to the second attempt, at the last moment, counts. */
static void test_late_auth(void)
{
    radio_start();
    join_to_auth();
    clock_step(2 * ATTEMPT_NS - 2);
    bench_forget();
    /* Somebody else's, and what is not the answer, are none. */
    ap_auth(other_mac, 0);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_AUTH);
    bench_stop();
}

static void test_auth_of_the_wrong_transaction(void)
{
    Air a = ap_frame(ap_mac, CHANNEL, 0xb0);

    radio_start();
    join_to_auth();
    put16(&a, 0);
    put16(&a, 3);
    put16(&a, 0);
    air_inject(&a);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_AUTH);
    bench_stop();
}

/* ASSOC */

static void test_assoc_timeout(void)
{
    uint32_t size;
    int i;

    radio_start();
    join_to_auth();
    ap_auth(ap_mac, 0);
    event_expect(WIFI_EVENT_AUTH, 0, 0, 0);
    expect_assoc(ap_mac, &size);
    for (i = 0; i < 2; i++) {
        clock_step(ATTEMPT_NS - 1);
        bench_quiet();
        clock_step(1);
        expect_assoc(ap_mac, &size);
    }
    clock_step(ATTEMPT_NS - 1);
    event_none();
    clock_step(1);
    expect_join(WIFI_JOIN_ASSOC_TIMEOUT, 0, 0);
    bench_stop();
}

static void test_assoc_refused(void)
{
    radio_start();
    join_to_assoc();
    ap_assoc(ap_mac, 0x10, 17);
    event_expect(WIFI_EVENT_ASSOC, 17, 0, 0);
    expect_join(WIFI_JOIN_ASSOC_REFUSED, 17, 0);
    bench_stop();
}

static void test_refused_temporarily_is_refused(void)
{
    radio_start();
    join_to_assoc();
    ap_assoc(ap_mac, 0x10, 30);
    event_expect(WIFI_EVENT_ASSOC, 30, 0, 0);
    expect_join(WIFI_JOIN_ASSOC_REFUSED, 30, 0);
    bench_stop();
}

/* The AP says no before there is anything to say no to. */
static void test_deauth_during_the_join(void)
{
    radio_start();
    join_to_auth();
    ap_leave(other_mac, own_mac, 0xc0, 7);
    event_none();
    ap_leave(ap_mac, own_mac, 0xc0, 5);
    expect_join(WIFI_JOIN_DEAUTH, 5, 0);

    join_to_assoc();
    ap_leave(ap_mac, everyone, 0xa0, 8);
    expect_join(WIFI_JOIN_DEAUTH, 8, 0);
    bench_stop();
}

static void test_disconnect_during_the_join(void)
{
    const struct wifi_disconnect p = { };
    struct wifi_connect connect = connect_to(SSID, 0);

    radio_start();
    station_connect(&connect);
    bench_forget();
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p)), ==, 0);
    expect_join(WIFI_JOIN_ABORTED, 3, WIFI_EVENT_FLAG_LOCAL);
    clock_step(20 * SECOND_NS);
    event_none();
    bench_quiet();

    join_to_assoc();
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p)), ==, 0);
    expect_join(WIFI_JOIN_ABORTED, 3, WIFI_EVENT_FLAG_LOCAL);
    expect_deauth(ap_mac, 3);
    clock_step(20 * SECOND_NS);
    event_none();
    bench_stop();
}

static void test_nothing_else_during_the_join(void)
{
    struct wifi_connect connect = connect_to(SSID, 0);
    struct wifi_scan scan = { };
    struct wifi_roam roam = { .bssid = { 2 } };

    radio_start();
    station_connect(&connect);
    g_assert_cmpuint(command(WIFI_CMD_CONNECT, &connect, sizeof(connect)), ==,
                     WIFI_RESULT_BAD_STATE);
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==,
                     WIFI_RESULT_BAD_STATE);
    g_assert_cmpuint(command(WIFI_CMD_ROAM, &roam, sizeof(roam)), ==,
                     WIFI_RESULT_BAD_STATE);
    /* It is no scan that could be stopped. */
    g_assert_cmpuint(command(WIFI_CMD_SCAN_STOP, NULL, 0), ==,
                     WIFI_RESULT_OK);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_SEARCH);
    bench_stop();
}

static void test_joined(void)
{
    struct wifi_link link;

    radio_start();
    g_assert_cmpuint(command(WIFI_CMD_GET_LINK, NULL, 0), ==, 0);
    memread(RESPONSE, &link, sizeof(link));
    g_assert_true(buffer_is_zero(&link, sizeof(link)));
    join();
    g_assert_true(readl(SB_WIFI_BASE + A_ETH_INT_STATUS) &
                  R_ETH_INT_STATUS_LINK_CHANGE_MASK);
    g_assert_cmpuint(command(WIFI_CMD_GET_LINK, NULL, 0), ==, 0);
    memread(RESPONSE, &link, sizeof(link));
    g_assert_cmpuint(link.station, ==, WIFI_STATION_CONNECTED);
    g_assert_cmpmem(link.ssid, link.ssid_bytes, SSID, 4);
    g_assert_cmpmem(link.bssid, 6, ap_mac, 6);
    g_assert_cmpuint(link.channel, ==, CHANNEL);
    g_assert_cmpint(link.rssi, ==, -50);
    g_assert_cmpuint(link.security, ==, WIFI_SECURITY_OPEN);
    g_assert_cmpuint(link.power_save, ==, 0);
    g_assert_cmpuint(lduw_le_p(&link.aid), ==, 5);
    g_assert_cmpuint(lduw_le_p(&link.beacon_tu), ==, 100);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/wifi/join/nobody", test_nobody_is_there);
    qtest_add_func("/wifi/join/name", test_another_name_is_nobody);
    qtest_add_func("/wifi/join/bssid", test_another_bssid_is_nobody);
    qtest_add_func("/wifi/join/security", test_another_security);
    qtest_add_func("/wifi/join/choice", test_which_one_is_taken);
    qtest_add_func("/wifi/join/beacon", test_a_beacon_is_found);
    qtest_add_func("/wifi/join/auth/timeout", test_auth_timeout);
    qtest_add_func("/wifi/join/auth/refused", test_auth_refused);
    qtest_add_func("/wifi/join/auth/others", test_late_auth);
    qtest_add_func("/wifi/join/auth/transaction",
                   test_auth_of_the_wrong_transaction);
    qtest_add_func("/wifi/join/assoc/timeout", test_assoc_timeout);
    qtest_add_func("/wifi/join/assoc/refused", test_assoc_refused);
    qtest_add_func("/wifi/join/assoc/temporarily",
                   test_refused_temporarily_is_refused);
    qtest_add_func("/wifi/join/deauth", test_deauth_during_the_join);
    qtest_add_func("/wifi/join/disconnect", test_disconnect_during_the_join);
    qtest_add_func("/wifi/join/exclusive", test_nothing_else_during_the_join);
    qtest_add_func("/wifi/join/joined", test_joined);
    return g_test_run();
}
