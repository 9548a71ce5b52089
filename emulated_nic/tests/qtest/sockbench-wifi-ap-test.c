/*
 * QTests of sockbench-wifi: the soft AP, its stations, and their data.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-radio.h"

#define SSID       "mine"
#define CHANNEL    11
#define INTERVAL_NS (100 * TU)
#define MAC        SB_WIFI_BASE
#define RX_RING    (SB_RAM_BASE + 0x10000)
#define TX_RING    (SB_RAM_BASE + 0x10400)
#define RX_BUFFER  (SB_RAM_BASE + 0x11000)
#define TX_BUFFER  (SB_RAM_BASE + 0x18000)

static const uint8_t one[6] = { 0x02, 0, 0, 0, 0xcc, 0x01 };
static const uint8_t two[6] = { 0x02, 0, 0, 0, 0xcc, 0x02 };
static const uint8_t nobody[6] = { 0x02, 0, 0, 0, 0xcc, 0x03 };
static const uint8_t group[6] = { 0x01, 0, 0x5e, 0, 0, 0x01 };
static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00 };

static struct wifi_ap open_ap(uint8_t stations)
{
    return (struct wifi_ap) {
        .ssid_bytes = 4, .security = WIFI_SECURITY_OPEN, .channel = CHANNEL,
        .stations = stations, .ssid = SSID,
    };
}

static uint8_t ap_start(struct wifi_ap p)
{
    return command(WIFI_CMD_AP_START, &p, sizeof(p));
}

static void start(uint8_t stations)
{
    int i;

    radio_start();
    for (i = 0; i < 8; i++) {
        writel(RX_RING + i * 16, RX_BUFFER + i * 0x800);
        writel(RX_RING + i * 16 + 4, 0x800);
    }
    writel(MAC + A_ETH_RX_BASE, RX_RING);
    writel(MAC + A_ETH_RX_SIZE, 8);
    writel(MAC + A_ETH_RX_TAIL, 7);
    writel(MAC + A_ETH_TX_BASE, TX_RING);
    writel(MAC + A_ETH_TX_SIZE, 8);
    writel(MAC + A_ETH_CTRL, R_ETH_CTRL_RX_ENABLE_MASK |
                             R_ETH_CTRL_TX_ENABLE_MASK |
                             R_ETH_CTRL_ALLMULTI_MASK |
                             R_ETH_CTRL_PROMISC_MASK);
    g_assert_cmpuint(ap_start(open_ap(stations)), ==, WIFI_RESULT_OK);
    bench_forget();
}

static uint32_t mac_received(void)
{
    return readl(MAC + A_ETH_RX_HEAD);
}

static void mac_send(const uint8_t *to)
{
    uint32_t index = readl(MAC + A_ETH_TX_TAIL);
    uint8_t frame[14] = { };

    memcpy(frame, to, 6);
    memcpy(frame + 6, own_mac, 6);
    frame[12] = 8;
    memwrite(TX_BUFFER, frame, sizeof(frame));
    writel(TX_RING + index * 16, TX_BUFFER);
    writel(TX_RING + index * 16 + 4, sizeof(frame) | SB_ETH_TX_LAST);
    writel(MAC + A_ETH_TX_TAIL, (index + 1) % 8);
}

/* Frames of a station */

static Air sta_frame(const uint8_t *from, uint16_t fc)
{
    Air a = air_frame(CHANNEL, -55);

    put_header(&a, fc, own_mac, from, own_mac);
    return a;
}

static void sta_auth(const uint8_t *from, uint16_t algorithm,
                     uint16_t transaction)
{
    Air a = sta_frame(from, 0xb0);

    put16(&a, algorithm);
    put16(&a, transaction);
    put16(&a, 0);
    air_inject(&a);
}

static void sta_assoc(const uint8_t *from, uint8_t fc, const char *ssid)
{
    static const uint8_t rates[] = { 1, 4, 0x82, 0x84, 0x8b, 0x96 };
    Air a = sta_frame(from, fc);

    put16(&a, 1);
    put16(&a, 10);
    if (fc == 0x20) {
        put(&a, ap_mac, 6);
    }
    put_ssid(&a, ssid);
    put(&a, rates, sizeof(rates));
    air_inject(&a);
}

static void sta_leave(const uint8_t *from, uint8_t fc)
{
    Air a = sta_frame(from, fc);

    put16(&a, 8);
    air_inject(&a);
}

static void sta_data(const uint8_t *from, uint16_t fc, const uint8_t *to)
{
    static uint16_t sequence;
    Air a = air_frame(CHANNEL, -55);

    put16(&a, fc);
    put16(&a, 0);
    put(&a, own_mac, 6);
    put(&a, from, 6);
    put(&a, to, 6);
    put16(&a, ++sequence << 4);
    put(&a, snap, fc & 0x40 ? 0 : sizeof(snap));
    air_inject(&a);
}

static void sta_poll(const uint8_t *from, uint8_t aid)
{
    Air a = air_frame(CHANNEL, -55);

    put16(&a, 0x10a4);
    put16(&a, 0xc000 | aid);
    put(&a, own_mac, 6);
    put(&a, from, 6);
    air_inject(&a);
}

/* What the AP said */

static const uint8_t *said(uint16_t fc, const uint8_t *to, uint32_t *size)
{
    const uint8_t *frame = air_sent(fc, CHANNEL, size);

    g_assert_cmpmem(frame + 4, 6, to, 6);
    g_assert_cmpmem(frame + 10, 6, own_mac, 6);
    return frame;
}

static void said_leave(uint16_t fc, const uint8_t *to, uint16_t reason)
{
    uint32_t size;
    const uint8_t *frame = said(fc, to, &size);

    g_assert_cmpuint(lduw_le_p(frame + 24), ==, reason);
}

static void join(const uint8_t *station, uint8_t aid)
{
    const uint8_t *frame;
    uint32_t size;
    struct wifi_event event;

    sta_auth(station, 0, 1);
    frame = said(0xb0, station, &size);
    g_assert_cmpmem(frame + 24, size - 24, "\0\0\2\0\0\0", 6);
    sta_assoc(station, 0x00, SSID);
    frame = said(0x10, station, &size);
    g_assert_cmpuint(lduw_le_p(frame + 26), ==, 0);
    g_assert_cmphex(lduw_le_p(frame + 28), ==, 0xc000 | aid);
    event = event_expect(WIFI_EVENT_AP_JOINED, 0, 0, 0);
    g_assert_cmpmem(event.address, 6, station, 6);
}

static void expect_left(const uint8_t *station, uint16_t reason)
{
    struct wifi_event event = event_expect(WIFI_EVENT_AP_LEFT, 0, reason, 0);

    g_assert_cmpmem(event.address, 6, station, 6);
}

/* Starting and stopping */

static void test_refusals(void)
{
    struct wifi_ap p;

    radio_start();
    p = open_ap(0);
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p = open_ap(9);
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p = open_ap(1);
    p.channel = 0;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p.channel = 14;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p = open_ap(1);
    p.hidden = 2;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p = open_ap(1);
    p.reserved[1] = 1;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p = open_ap(1);
    p.ssid_bytes = 0;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p.ssid_bytes = 33;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p = open_ap(1);
    p.security = WIFI_SECURITY_WPA2;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_VALUE);
    p.security = WIFI_SECURITY_WEP;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_UNSUPPORTED);
    p = open_ap(1);
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_OK);
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_BAD_STATE);
    bench_stop();
}

static void test_beacons_are_declared(void)
{
    struct wifi_ap p = open_ap(8);
    uint64_t started;
    const Message *m;

    radio_start();
    stw_le_p(&p.beacon_tu, 200);
    started = board_now();
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_OK);
    m = bench_only(LINK_TX);
    g_assert_cmpuint(m->port, ==, AIR_PORT);
    g_assert_cmpuint(m->data[0], ==, 1);
    g_assert_cmpuint(m->data[1], ==, CHANNEL);
    g_assert_cmpuint(ldq_le_p(m->data + 4), ==, started + COMMAND_NS);
    g_assert_cmpuint(ldl_le_p(m->data + 12), ==, 204800);
    g_assert_cmpuint(ldl_le_p(m->data + 16), ==, 0);
    g_assert_cmphex(m->data[20], ==, 0x80);
    g_assert_cmpmem(m->data + 20 + 16, 6, own_mac, 6);
    g_assert_cmpuint(lduw_le_p(m->data + 20 + 32), ==, 200);
    g_assert_cmpmem(m->data + 20 + 36, 6, "\0\4" SSID, 6);
    g_assert_true(readl(MAC + A_ETH_STATUS) & 1);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, SOFTAP));

    g_assert_cmpuint(command(WIFI_CMD_AP_STOP, NULL, 0), ==, WIFI_RESULT_OK);
    m = bench_only(LINK_TX);
    g_assert_cmpuint(m->size, ==, 12);
    g_assert_cmpuint(m->data[0], ==, 2);
    g_assert_cmpmem(m->data + 4, 6, own_mac, 6);
    g_assert_false(readl(MAC + A_ETH_STATUS) & 1);
    g_assert_cmphex(radio_get(A_WIFI_STATUS), ==, 0);
    bench_stop();
}

/* Reset, a dead processor and a radio that is off end its beacons, too. */
static void test_beacons_end(void)
{
    start(8);
    radio_fault(1, 0, 0);
    g_assert_cmpuint(bench_only(LINK_TX)->data[0], ==, 2);
    radio_fault(2, 0, 0);
    g_assert_cmpuint(bench_only(LINK_TX)->data[0], ==, 1);
    radio_set(A_WIFI_CTRL, R_WIFI_CTRL_RESET_MASK);
    g_assert_cmpuint(bench_only(LINK_TX)->data[0], ==, 2);
    g_assert_false(readl(MAC + A_ETH_STATUS) & 1);
    radio_setup();
    g_assert_cmpuint(ap_start(open_ap(1)), ==, WIFI_RESULT_OK);
    bench_forget();
    radio_fault(24, 0, 0);
    g_assert_cmpuint(bench_only(LINK_TX)->data[0], ==, 2);
    bench_stop();
}

static void probe(const char *ssid)
{
    Air a = air_frame(CHANNEL, -55);

    put_header(&a, 0x40, everyone, one, everyone);
    put_ssid(&a, ssid);
    put(&a, "\1\1\x82", 3);
    air_inject(&a);
}

static void test_probes(void)
{
    struct wifi_ap p = open_ap(8);
    const uint8_t *frame;
    uint32_t size;

    start(8);
    probe("");
    frame = said(0x50, one, &size);
    g_assert_cmpmem(frame + 36, 6, "\0\4" SSID, 6);
    probe(SSID);
    said(0x50, one, &size);
    probe("other");
    bench_quiet();
    command(WIFI_CMD_AP_STOP, NULL, 0);
    p.hidden = 1;
    g_assert_cmpuint(ap_start(p), ==, WIFI_RESULT_OK);
    bench_forget();
    probe("");
    bench_quiet();
    probe(SSID);
    said(0x50, one, &size);
    bench_stop();
}

/* Stations */

static void test_stations_come_and_go(void)
{
    struct wifi_ap_station stations[8];

    start(8);
    join(one, 1);
    join(two, 2);
    g_assert_cmpuint(command(WIFI_CMD_AP_STATIONS, NULL, 0), ==, 0);
    g_assert_cmpuint(radio_get(A_WIFI_RSP_BYTES), ==, 24);
    memread(RESPONSE, stations, 24);
    g_assert_cmpmem(stations[0].mac, 6, one, 6);
    g_assert_cmpuint(lduw_le_p(&stations[1].aid), ==, 2);
    g_assert_cmpint(stations[0].rssi, ==, -55);
    g_assert_cmpuint(stations[0].authorized, ==, 1);

    sta_leave(one, 0xc0);
    expect_left(one, 8);
    sta_leave(two, 0xa0);
    expect_left(two, 8);
    sta_leave(two, 0xc0);
    event_none();
    g_assert_cmpuint(command(WIFI_CMD_AP_STATIONS, NULL, 0), ==, 0);
    g_assert_cmpuint(radio_get(A_WIFI_RSP_BYTES), ==, 0);
    bench_quiet();
    bench_stop();
}

static void test_authentication(void)
{
    const uint8_t *frame;
    uint32_t size;

    start(8);
    sta_auth(one, 1, 1);
    frame = said(0xb0, one, &size);
    g_assert_cmpuint(lduw_le_p(frame + 28), ==, 13);
    sta_auth(one, 0, 3);
    frame = said(0xb0, one, &size);
    g_assert_cmpuint(lduw_le_p(frame + 28), ==, 14);
    /* Neither let it in. */
    sta_assoc(one, 0x00, SSID);
    said_leave(0xc0, one, 6);
    event_none();
    bench_stop();
}

static void test_association(void)
{
    const uint8_t *frame;
    uint32_t size;

    start(1);
    sta_auth(one, 0, 1);
    bench_forget();
    sta_assoc(one, 0x00, "other");
    frame = said(0x10, one, &size);
    g_assert_cmpuint(lduw_le_p(frame + 26), ==, 1);
    event_none();
    join(one, 1);
    /* No room for another, until the first has gone. */
    sta_auth(two, 0, 1);
    bench_forget();
    sta_assoc(two, 0x00, SSID);
    frame = said(0x10, two, &size);
    g_assert_cmpuint(lduw_le_p(frame + 26), ==, 17);
    sta_leave(one, 0xc0);
    expect_left(one, 8);
    sta_assoc(two, 0x20, SSID);
    frame = said(0x30, two, &size);
    g_assert_cmpuint(lduw_le_p(frame + 26), ==, 0);
    event_expect(WIFI_EVENT_AP_JOINED, 0, 0, 0);
    /* Who authenticates anew has left before. */
    sta_auth(two, 0, 1);
    expect_left(two, 2);
    bench_stop();
}

/* However many only authenticate, there is room for one that goes on. */
static void test_many_that_only_authenticate(void)
{
    int i;

    start(8);
    for (i = 0; i < 40; i++) {
        uint8_t mac[6] = { 0x02, 0, 0, 0, 0xdd, i };

        sta_auth(mac, 0, 1);
        bench_forget();
    }
    sta_auth(one, 0, 1);
    bench_forget();
    sta_assoc(one, 0x00, SSID);
    event_expect(WIFI_EVENT_AP_JOINED, 0, 0, 0);
    bench_stop();
}

static void test_deauth(void)
{
    struct wifi_ap_deauth p = { .reason = cpu_to_le16(5) };

    start(8);
    join(one, 1);
    memcpy(p.mac, two, 6);
    g_assert_cmpuint(command(WIFI_CMD_AP_DEAUTH, &p, sizeof(p)), ==,
                     WIFI_RESULT_BAD_VALUE);
    memcpy(p.mac, one, 6);
    g_assert_cmpuint(command(WIFI_CMD_AP_DEAUTH, &p, sizeof(p)), ==,
                     WIFI_RESULT_OK);
    said_leave(0xc0, one, 5);
    expect_left(one, 5);
    join(one, 1);
    g_assert_cmpuint(command(WIFI_CMD_AP_STOP, NULL, 0), ==, WIFI_RESULT_OK);
    g_assert_cmpint(bench_count(), ==, 2);
    g_assert_cmphex(bench.messages[0].data[4], ==, 0xc0);
    g_assert_cmpmem(bench.messages[0].data + 8, 6, everyone, 6);
    bench_forget();
    expect_left(one, 3);
    bench_stop();
}

/* Data */

static void test_data_between_mac_and_stations(void)
{
    const uint8_t *frame;
    uint32_t size;

    start(8);
    mac_send(everyone);
    mac_send(one);
    bench_quiet();
    join(one, 1);
    mac_send(one);
    frame = said(0x0208, one, &size);
    g_assert_cmpmem(frame + 16, 6, own_mac, 6);
    g_assert_cmpmem(frame + 24, size - 24, snap, 8);
    mac_send(group);
    said(0x0208, group, &size);
    mac_send(two);
    bench_quiet();

    sta_data(one, 0x0108, own_mac);
    g_assert_cmpuint(mac_received(), ==, 1);
    sta_data(one, 0x0108, nobody);
    g_assert_cmpuint(mac_received(), ==, 2);
    /* Nobody else is there to hear it. */
    sta_data(one, 0x0108, group);
    g_assert_cmpuint(mac_received(), ==, 3);
    sta_data(one, 0x0148, own_mac);
    g_assert_cmpuint(mac_received(), ==, 3);
    bench_quiet();
    bench_stop();
}

static void test_data_between_stations(void)
{
    const uint8_t *frame;
    uint32_t size;

    start(8);
    join(one, 1);
    join(two, 2);
    sta_data(one, 0x0108, two);
    frame = said(0x0208, two, &size);
    g_assert_cmpmem(frame + 16, 6, one, 6);
    g_assert_cmpuint(mac_received(), ==, 0);
    sta_data(one, 0x0108, everyone);
    said(0x0208, everyone, &size);
    g_assert_cmpuint(mac_received(), ==, 1);
    bench_stop();
}

/* The longest MSDU passes, what no MSDU has does not. */
static void test_sizes(void)
{
    static const uint32_t bodies[] = { 8 + 2296, 8 + 2304, 2376, 2377 };
    int i;

    start(8);
    join(one, 1);
    join(two, 2);
    for (i = 0; i < ARRAY_SIZE(bodies); i++) {
        Air a = air_frame(CHANNEL, -55);

        put16(&a, 0x0108);
        put16(&a, 0);
        put(&a, own_mac, 6);
        put(&a, one, 6);
        put(&a, two, 6);
        put16(&a, (100 + i) << 4);
        put(&a, snap, sizeof(snap));
        a.size = 4 + 24 + bodies[i];
        air_inject(&a);
    }
    g_assert_cmpint(bench_count(), ==, 3);
    g_assert_cmpuint(bench.messages[0].size, ==, 4 + 24 + 8 + 2296);
    g_assert_cmpuint(bench.messages[1].size, ==, 4 + 24 + 8 + 2304);
    /* More than the air carries at all is no matter of the NIC. */
    g_assert_cmpuint(bench.messages[2].type, ==, LINK_DROP);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_MALFORMED), ==, 1);
    bench_stop();
}

static void test_data_of_strangers(void)
{
    start(8);
    sta_data(one, 0x0108, own_mac);
    said_leave(0xc0, one, 7);
    sta_auth(one, 0, 1);
    bench_forget();
    sta_data(one, 0x0108, own_mac);
    said_leave(0xa0, one, 7);
    sta_poll(two, 1);
    said_leave(0xc0, two, 7);
    g_assert_cmpuint(mac_received(), ==, 0);
    bench_stop();
}

/* Stations that doze */

static void expect_tim(const Message *m, uint8_t bits, uint8_t control)
{
    const uint8_t *tim = m->data + 20 + 36;

    g_assert_cmpuint(m->data[0], ==, 1);
    while (tim < m->data + m->size && tim[0] != 5) {
        tim += 2 + tim[1];
    }
    g_assert_true(tim < m->data + m->size);
    g_assert_cmphex(tim[4] & 1, ==, control);
    g_assert_cmphex(tim[5], ==, bits);
}

static void test_frames_are_kept(void)
{
    uint32_t size;

    start(8);
    join(one, 1);
    sta_data(one, 0x1148, own_mac);
    bench_quiet();
    mac_send(one);
    expect_tim(bench_only(LINK_TX), 1 << 1, 0);
    mac_send(one);
    bench_quiet();
    sta_poll(one, 1);
    said(0x2208, one, &size);
    sta_poll(one, 2);
    bench_quiet();
    sta_poll(one, 1);
    g_assert_cmpint(bench_count(), ==, 2);
    g_assert_cmphex(lduw_le_p(bench.messages[0].data + 4), ==, 0x0208);
    expect_tim(&bench.messages[1], 0, 0);
    bench_forget();
    sta_poll(one, 1);
    bench_quiet();
    /* Who wakes up gets all of it. */
    mac_send(one);
    mac_send(one);
    bench_forget();
    sta_data(one, 0x0148, own_mac);
    g_assert_cmpint(bench_count(), ==, 3);
    g_assert_cmphex(lduw_le_p(bench.messages[0].data + 4), ==, 0x2208);
    g_assert_cmphex(lduw_le_p(bench.messages[1].data + 4), ==, 0x0208);
    expect_tim(&bench.messages[2], 0, 0);
    bench_stop();
}

/* Group frames follow the next beacon while anybody dozes. */
static void test_group_frames_wait(void)
{
    uint64_t first;

    start(8);
    first = board_now();
    join(one, 1);
    join(two, 2);
    sta_data(one, 0x1148, own_mac);
    sta_data(two, 0x0108, everyone);
    mac_send(everyone);
    g_assert_cmpint(bench_count(), ==, 1);
    expect_tim(&bench.messages[0], 0, 1);
    bench_forget();
    clock_step(first + INTERVAL_NS + 10000 - 1 - board_now());
    bench_quiet();
    clock_step(1);
    g_assert_cmpint(bench_count(), ==, 3);
    g_assert_cmphex(lduw_le_p(bench.messages[0].data + 4), ==, 0x2208);
    g_assert_cmphex(lduw_le_p(bench.messages[1].data + 4), ==, 0x0208);
    expect_tim(&bench.messages[2], 0, 0);
    bench_stop();
}

static void test_what_is_kept_is_bounded(void)
{
    int i;

    start(8);
    join(one, 1);
    sta_data(one, 0x1148, own_mac);
    for (i = 0; i < 20; i++) {
        mac_send(one);
    }
    bench_forget();
    sta_data(one, 0x0148, own_mac);
    g_assert_cmpint(bench_count(), ==, 16 + 1);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/wifi/ap/refusals", test_refusals);
    qtest_add_func("/wifi/ap/beacons", test_beacons_are_declared);
    qtest_add_func("/wifi/ap/beacons-end", test_beacons_end);
    qtest_add_func("/wifi/ap/probes", test_probes);
    qtest_add_func("/wifi/ap/stations", test_stations_come_and_go);
    qtest_add_func("/wifi/ap/authentication", test_authentication);
    qtest_add_func("/wifi/ap/association", test_association);
    qtest_add_func("/wifi/ap/many", test_many_that_only_authenticate);
    qtest_add_func("/wifi/ap/deauth", test_deauth);
    qtest_add_func("/wifi/ap/data", test_data_between_mac_and_stations);
    qtest_add_func("/wifi/ap/bridge", test_data_between_stations);
    qtest_add_func("/wifi/ap/sizes", test_sizes);
    qtest_add_func("/wifi/ap/strangers", test_data_of_strangers);
    qtest_add_func("/wifi/ap/kept", test_frames_are_kept);
    qtest_add_func("/wifi/ap/group", test_group_frames_wait);
    qtest_add_func("/wifi/ap/bounded", test_what_is_kept_is_bounded);
    return g_test_run();
}
