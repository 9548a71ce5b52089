/*
 * QTests of sockbench-wifi: the air on the link, and scans.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-radio.h"

enum { RADIO_OFF = 1, RADIO_ON = 2, DEAF = 25 };

/* Start a scan of these channels (bits); it begins when this returns. */
static void scan_begin(bool passive, uint16_t channels, uint16_t dwell_ms,
                       const char *ssid)
{
    struct wifi_scan p = {
        .passive = passive,
        .ssid_bytes = strlen(ssid),
        .channels = cpu_to_le16(channels),
        .dwell_ms = cpu_to_le16(dwell_ms),
    };

    memcpy(p.ssid, ssid, strlen(ssid));
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &p, sizeof(p)), ==,
                     WIFI_RESULT_OK);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, SCANNING));
}

static void scan_is_done(void)
{
    event_expect(WIFI_EVENT_SCAN_DONE, 0, 0, 0);
    event_none();
    g_assert_false(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS,
                              SCANNING));
}

static struct wifi_network result_expect(const uint8_t *bssid,
                                         const char *ssid)
{
    struct wifi_event event = event_expect(WIFI_EVENT_SCAN_RESULT, 0, 0, 0);
    struct wifi_network network;

    g_assert_cmpmem(event.address, 6, bssid, 6);
    g_assert_cmpuint(lduw_le_p(&event.data_bytes), ==, sizeof(network));
    memcpy(&network, event.data, sizeof(network));
    g_assert_cmpmem(network.ssid, network.ssid_bytes, ssid, strlen(ssid));
    return network;
}

/* What the link says is no air at all */

static void drop_expect(const Air *a, uint8_t reason)
{
    air_inject(a);
    air_drop(reason);
}

static void test_what_is_no_air_is_dropped(void)
{
    Air good = air_beacons(ap_mac, 6, -50, 0, "name");
    Air a;

    radio_start();
    a = (Air) { .size = 3 };
    drop_expect(&a, DROP_UNKNOWN);
    a = air_frame(0, 0);
    drop_expect(&a, DROP_UNKNOWN);
    a = air_frame(14, 0);
    drop_expect(&a, DROP_UNKNOWN);
    a = air_frame(1, 0);
    a.bytes[0] = 3;
    drop_expect(&a, DROP_UNKNOWN);

    a = good;
    a.size = 20;
    drop_expect(&a, DROP_UNKNOWN);
    a = good;
    a.size--;                     /* cuts its last element */
    drop_expect(&a, DROP_UNKNOWN);
    a = good;
    a.bytes[20] = 0x50;           /* a probe response */
    drop_expect(&a, DROP_UNKNOWN);
    a = good;
    stl_le_p(a.bytes + 12, 0);    /* no interval */
    drop_expect(&a, DROP_UNKNOWN);
    a = good;
    a.bytes[16] = 1;
    drop_expect(&a, DROP_UNKNOWN);
    a = good;
    stq_le_p(a.bytes + 4, UINT64_MAX);
    drop_expect(&a, DROP_UNKNOWN);
    a = good;
    a.size = 20 + 1025;           /* zeros are empty SSID elements */
    drop_expect(&a, DROP_UNKNOWN);

    a = (Air) { .size = 11, .bytes = { 2, 1 } };
    drop_expect(&a, DROP_UNKNOWN);
    a.size = 12;
    a.bytes[10] = 1;
    drop_expect(&a, DROP_UNKNOWN);

    /* What the harness says right is not remarked upon. */
    air_inject(&good);
    air_no_beacons(ap_mac);
    air_no_beacons(ap_mac);
    bench_quiet();
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_MALFORMED), ==, 0);
    /* A frame that is none is no matter of the link. */
    a = air_frame(1, 0);
    air_inject(&a);
    put16(&a, 0x80);
    air_inject(&a);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_MALFORMED), ==, 2);
    bench_quiet();
    bench_stop();
}

static void test_beacons_are_bounded(void)
{
    Air a;
    int i;

    radio_start();
    for (i = 0; i < 128; i++) {
        uint8_t bssid[6] = { 0x02, 0, 0, 0, 0xbb, i };

        a = air_beacons(bssid, 1, -50, 0, "name");
        air_inject(&a);
    }
    bench_quiet();
    a = air_beacons(ap_mac, 1, -50, 0, "name");
    drop_expect(&a, DROP_NOT_RECEIVING);
    /* A known one may say something else, and one that ends makes room. */
    a = air_beacons((uint8_t[6]) { 0x02, 0, 0, 0, 0xbb, 7 }, 1, -50, 0, "new");
    air_inject(&a);
    air_no_beacons((uint8_t[6]) { 0x02, 0, 0, 0, 0xbb, 7 });
    a = air_beacons(ap_mac, 1, -50, 0, "name");
    air_inject(&a);
    bench_quiet();
    bench_stop();
}

/* Scans */

/* A result has the time of the beacon that was heard, not a moment earlier. */
static void test_passive_scan(void)
{
    struct wifi_network network;
    uint64_t start;
    Air a;

    radio_start();
    a = air_beacons(ap_mac, 1, -47, board_now() + 50 * MS, "name");
    air_inject(&a);
    start = board_now();
    scan_begin(true, 1, 0, "");
    clock_step(start - board_now() + 50 * MS - 2);
    event_none();
    clock_step(1);
    network = result_expect(ap_mac, "name");
    g_assert_cmpuint(network.channel, ==, 1);
    g_assert_cmpint(network.rssi, ==, -47);
    g_assert_cmpuint(network.security, ==, WIFI_SECURITY_OPEN);
    g_assert_cmpuint(lduw_le_p(&network.beacon_tu), ==, 100);
    g_assert_cmphex(lduw_le_p(&network.capability), ==, 1);
    /* Its other beacons are no news; the scan ends after 120 ms. */
    clock_step(start + COMMAND_NS + 120 * MS - 1 - board_now());
    event_none();
    clock_step(1);
    scan_is_done();
    bench_quiet();
    bench_stop();
}

/* A dwell begins with its first instant and ends before its last. */
static void test_edges_of_a_dwell(void)
{
    static const struct {
        int64_t offset;
        bool heard;
    } cases[] = {
        { -1, false }, { 0, true }, { 30 * MS - 1, true }, { 30 * MS, false },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        uint64_t at;
        Air a;

        radio_start();
        at = board_now() + 1 + COMMAND_NS + cases[i].offset;
        a = air_beacons(ap_mac, 1, -47, at, "name");
        air_inject(&a);
        scan_begin(true, 1, 30, "");
        clock_step(30 * MS);
        if (cases[i].heard) {
            result_expect(ap_mac, "name");
        }
        scan_is_done();
        bench_stop();
    }
}

static void probe_expect(uint8_t channel, const char *ssid)
{
    uint32_t size;
    const uint8_t *frame = air_sent(0x40, channel, &size);

    g_assert_cmpmem(frame + 4, 6, everyone, 6);
    g_assert_cmpmem(frame + 10, 6, own_mac, 6);
    g_assert_cmpmem(frame + 16, 6, everyone, 6);
    g_assert_cmpuint(frame[24], ==, 0);
    g_assert_cmpmem(frame + 26, frame[25], ssid, strlen(ssid));
}

/* All channels in ascending order, 40 ms each: 520 ms. */
static void test_active_scan_of_everything(void)
{
    int channel;

    radio_start();
    scan_begin(false, 0, 0, "");
    for (channel = 1; channel <= 13; channel++) {
        probe_expect(channel, "");
        clock_step(40 * MS - 1);
        bench_quiet();
        event_none();
        clock_step(1);
    }
    scan_is_done();
    bench_quiet();
    g_assert_cmpuint(radio_get(A_WIFI_STAT_TX_FRAMES), ==, 13);
    bench_stop();
}

static void test_only_the_channels_asked_for(void)
{
    radio_start();
    scan_begin(false, 1 << 5 | 1 << 12, 7, "wanted");
    probe_expect(6, "wanted");
    clock_step(7 * MS);
    probe_expect(13, "wanted");
    clock_step(7 * MS);
    scan_is_done();
    bench_stop();
}

static Air probe_response(const uint8_t *bssid, uint8_t channel,
                          const char *ssid, bool privacy,
                          const void *elements, uint32_t size)
{
    Air a = air_frame(channel, -60);

    put_header(&a, 0x50, own_mac, bssid, bssid);
    put_network(&a, ssid, privacy, elements, size);
    return a;
}

static void test_probe_responses(void)
{
    Air a;

    radio_start();
    scan_begin(false, 1, 0, "");
    bench_forget();
    a = probe_response(ap_mac, 1, "name", false, NULL, 0);
    air_inject(&a);
    g_assert_cmpint(result_expect(ap_mac, "name").rssi, ==, -60);
    air_inject(&a);
    event_none();
    /* On another channel, or for another station: not heard. */
    a = probe_response(other_mac, 2, "name", false, NULL, 0);
    air_inject(&a);
    a = probe_response(other_mac, 1, "name", false, NULL, 0);
    a.bytes[4 + 9] ^= 1;
    air_inject(&a);
    event_none();
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_OTHER), ==, 1);
    clock_step(40 * MS);
    scan_is_done();
    bench_stop();
}

/* One that hides its name is reported without, and again when it tells. */
static void test_hidden_network(void)
{
    Air a;

    radio_start();
    a = air_beacons(ap_mac, 1, -50, board_now() + MS, "");
    air_inject(&a);
    scan_begin(false, 1, 0, "");
    bench_forget();
    clock_step(MS);
    g_assert_cmpuint(result_expect(ap_mac, "").ssid_bytes, ==, 0);
    a = probe_response(ap_mac, 1, "name", false, NULL, 0);
    air_inject(&a);
    result_expect(ap_mac, "name");
    air_inject(&a);
    event_none();
    bench_stop();
}

static void test_only_the_name_asked_for(void)
{
    Air a;

    radio_start();
    a = air_beacons(ap_mac, 1, -50, board_now() + MS, "name");
    air_inject(&a);
    a = air_beacons(other_mac, 1, -50, board_now() + MS, "nam");
    air_inject(&a);
    scan_begin(true, 1, 0, "name");
    clock_step(120 * MS);
    result_expect(ap_mac, "name");
    scan_is_done();
    bench_stop();
}

static void test_security_of_networks(void)
{
    static const uint8_t psk[] = { 48, 20, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0,
        0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 2, 0, 0 };
    static const uint8_t sae[] = { 48, 20, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0,
        0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 8, 0, 0 };
    static const uint8_t tkip[] = { 48, 20, 1, 0, 0, 0x0f, 0xac, 2, 1, 0, 0,
        0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 2, 0, 0 };
    static const uint8_t wpa[] = { 221, 22, 0, 0x50, 0xf2, 1, 1, 0, 0, 0x50,
        0xf2, 2, 1, 0, 0, 0x50, 0xf2, 2, 1, 0, 0, 0x50, 0xf2, 2 };
    static const struct {
        bool privacy;
        const uint8_t *elements;
        uint32_t size;
        uint8_t security;
    } cases[] = {
        { false, NULL, 0, WIFI_SECURITY_OPEN },
        { true, NULL, 0, WIFI_SECURITY_WEP },
        { true, psk, sizeof(psk), WIFI_SECURITY_WPA2 },
        { true, sae, sizeof(sae), WIFI_SECURITY_OTHER },
        { true, tkip, sizeof(tkip), WIFI_SECURITY_OTHER },
        { true, wpa, sizeof(wpa), WIFI_SECURITY_WPA },
    };
    int i;

    radio_start();
    scan_begin(false, 1, 1000, "");
    bench_forget();
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        uint8_t bssid[6] = { 0x02, 0, 0, 0, 0xbb, i };
        Air a = probe_response(bssid, 1, "name", cases[i].privacy,
                               cases[i].elements, cases[i].size);

        air_inject(&a);
        g_assert_cmpuint(result_expect(bssid, "name").security, ==,
                         cases[i].security);
    }
    bench_stop();
}

/* What is declared, replaced or ended in the middle of a dwell counts. */
static void test_beacons_come_and_go(void)
{
    Air a;

    radio_start();
    a = air_beacons(ap_mac, 1, -50, board_now() + 10 * MS, "name");
    air_inject(&a);
    scan_begin(true, 1, 100, "");
    clock_step(5 * MS);
    air_no_beacons(ap_mac);
    clock_step(10 * MS);
    event_none();
    /* Its past beacons are none; of those to come the next is heard. */
    a = air_beacons(ap_mac, 1, -50, 0, "name");
    a.bytes[12] = 0;
    stl_le_p(a.bytes + 12, 10000);
    air_inject(&a);
    clock_step(10 * MS - (board_now() % (10 * MS)) - 1);
    event_none();
    clock_step(1);
    result_expect(ap_mac, "name");
    bench_stop();
}

static void test_stop(void)
{
    Air a;

    radio_start();
    a = air_beacons(ap_mac, 1, -50, board_now() + MS, "name");
    air_inject(&a);
    scan_begin(true, 0, 0, "");
    g_assert_cmpuint(command(WIFI_CMD_SCAN_STOP, NULL, 0), ==, 0);
    event_expect(WIFI_EVENT_SCAN_DONE, 1, 0, 0);
    clock_step(10 * SECOND_NS);
    event_none();
    bench_stop();
}

static void test_one_scan_at_a_time(void)
{
    struct wifi_scan p = { .passive = 1 };
    struct wifi_connect connect = {
        .ssid_bytes = 1, .security = WIFI_SECURITY_OPEN, .ssid = "n",
    };

    radio_start();
    scan_begin(true, 0, 0, "");
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &p, sizeof(p)), ==,
                     WIFI_RESULT_BAD_STATE);
    g_assert_cmpuint(command(WIFI_CMD_CONNECT, &connect, sizeof(connect)), ==,
                     WIFI_RESULT_BAD_STATE);
    bench_stop();
}

/* Faults */

static void test_radio_off(void)
{
    Air a;

    radio_start();
    a = air_beacons(ap_mac, 1, -50, board_now() + 10 * MS, "name");
    air_inject(&a);
    scan_begin(false, 1, 300, "");
    bench_forget();
    radio_fault(RADIO_OFF, 0, 0);
    clock_step(20 * MS);
    event_none();
    a = probe_response(ap_mac, 1, "name", false, NULL, 0);
    drop_expect(&a, DROP_LINK_DOWN);
    /* Beacons are the medium's, and go on meanwhile. */
    a = air_beacons(other_mac, 1, -50, board_now() + 5 * MS, "other");
    air_inject(&a);
    clock_step(20 * MS);
    event_none();
    radio_fault(RADIO_ON, 0, 0);
    clock_step(102400000);
    result_expect(ap_mac, "name");
    result_expect(other_mac, "other");
    event_none();
    bench_stop();
}

static void test_deaf(void)
{
    Air a;

    radio_start();
    a = air_beacons(ap_mac, 1, -50, board_now() + 10 * MS, "name");
    air_inject(&a);
    radio_fault(DEAF, 1, 0x80);
    scan_begin(true, 1, 300, "");
    a = probe_response(other_mac, 1, "other", false, NULL, 0);
    air_inject(&a);
    result_expect(other_mac, "other");
    clock_step(100 * MS);
    event_none();
    clock_step(20 * MS);
    result_expect(ap_mac, "name");
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/wifi/air/dropped", test_what_is_no_air_is_dropped);
    qtest_add_func("/wifi/air/bounded", test_beacons_are_bounded);
    qtest_add_func("/wifi/scan/passive", test_passive_scan);
    qtest_add_func("/wifi/scan/edges", test_edges_of_a_dwell);
    qtest_add_func("/wifi/scan/active", test_active_scan_of_everything);
    qtest_add_func("/wifi/scan/channels", test_only_the_channels_asked_for);
    qtest_add_func("/wifi/scan/probe-responses", test_probe_responses);
    qtest_add_func("/wifi/scan/hidden", test_hidden_network);
    qtest_add_func("/wifi/scan/name", test_only_the_name_asked_for);
    qtest_add_func("/wifi/scan/security", test_security_of_networks);
    qtest_add_func("/wifi/scan/come-and-go", test_beacons_come_and_go);
    qtest_add_func("/wifi/scan/stop", test_stop);
    qtest_add_func("/wifi/scan/one", test_one_scan_at_a_time);
    qtest_add_func("/wifi/scan/radio-off", test_radio_off);
    qtest_add_func("/wifi/scan/deaf", test_deaf);
    return g_test_run();
}
