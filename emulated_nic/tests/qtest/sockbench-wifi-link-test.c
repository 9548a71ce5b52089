/*
 * QTests of sockbench-wifi: data on an open network, and the end of the link.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-station.h"

#define RINGS      (SB_RAM_BASE + 0x10000)
#define RX_RING    RINGS
#define TX_RING    (RINGS + 0x400)
#define RX_BUFFER  (RINGS + 0x1000)
#define TX_BUFFER  (RINGS + 0x8000)
#define MAC        SB_WIFI_BASE

enum { DEAF = 25 };

static const uint8_t peer_mac[6] = { 0x02, 0, 0, 0, 0, 0x02 };
static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00 };

/* The MAC's rings, for one frame each way at a time. */
static void mac_start(void)
{
    int i;

    for (i = 0; i < 8; i++) {
        writel(RX_RING + i * 16, RX_BUFFER + i * 0x800);
        writel(RX_RING + i * 16 + 4, 0x800);
    }
    writel(MAC + A_ETH_RX_BASE, RX_RING);
    writel(MAC + A_ETH_RX_SIZE, 8);
    writel(MAC + A_ETH_RX_TAIL, 7);
    writel(MAC + A_ETH_TX_BASE, TX_RING);
    writel(MAC + A_ETH_TX_SIZE, 2);
    writel(MAC + A_ETH_CTRL, R_ETH_CTRL_RX_ENABLE_MASK |
                             R_ETH_CTRL_TX_ENABLE_MASK);
}

static uint32_t mac_send(const uint8_t *to, uint16_t type, const void *payload,
                         uint32_t size)
{
    uint32_t index = readl(MAC + A_ETH_TX_TAIL);
    uint8_t frame[1600];

    memcpy(frame, to, 6);
    memcpy(frame + 6, own_mac, 6);
    stw_be_p(frame + 12, type);
    memcpy(frame + 14, payload, size);
    memwrite(TX_BUFFER, frame, 14 + size);
    writel(TX_RING + index * 16, TX_BUFFER);
    writel(TX_RING + index * 16 + 4, (14 + size) | SB_ETH_TX_LAST);
    writel(MAC + A_ETH_TX_TAIL, index ^ 1);
    return readl(TX_RING + index * 16 + 8);
}

static uint32_t mac_received(void)
{
    return readl(MAC + A_ETH_RX_HEAD);
}

/* A data frame of the AP, with the flags given. */
static Air ap_data(const uint8_t *to, const uint8_t *from, uint16_t fc,
                   const void *payload, uint32_t size)
{
    Air a = air_frame(CHANNEL, -40);

    put16(&a, fc);
    put16(&a, 0);
    put(&a, to, 6);
    put(&a, ap_mac, 6);
    put(&a, from, 6);
    put16(&a, 0);
    put(&a, payload, size);
    return a;
}

/* Data */

static void test_data_to_the_air(void)
{
    const uint8_t *frame;
    uint32_t size;

    radio_start();
    mac_start();
    g_assert_cmphex(mac_send(peer_mac, 0x0800, "abc", 3), ==,
                    SB_ETH_DONE | SB_ETH_TX_RES_NOLINK);
    bench_quiet();
    join();
    mac_send(peer_mac, 0x0800, "abc", 3);
    frame = air_sent(0x0108, CHANNEL, &size);
    g_assert_cmpmem(frame + 4, 6, ap_mac, 6);
    g_assert_cmpmem(frame + 10, 6, own_mac, 6);
    g_assert_cmpmem(frame + 16, 6, peer_mac, 6);
    g_assert_cmpmem(frame + 24, 8, snap, 8);
    /* Nothing is padded. */
    g_assert_cmpmem(frame + 32, size - 32, "abc", 3);
    bench_stop();
}

/* Sequence numbers ascend, over all that is sent. */
static void test_sequence_numbers(void)
{
    uint32_t size;
    uint16_t before, after;

    radio_start();
    mac_start();
    join();
    mac_send(peer_mac, 0x0800, "abc", 3);
    before = lduw_le_p(air_sent(0x0108, CHANNEL, &size) + 22);
    mac_send(everyone, 0x0806, "abc", 3);
    after = lduw_le_p(air_sent(0x0108, CHANNEL, &size) + 22);
    g_assert_cmphex(after, ==, before + 0x10);
    bench_stop();
}

static void test_data_from_the_air(void)
{
    uint8_t payload[11], frame[17];
    Air a;

    radio_start();
    mac_start();
    memcpy(payload, snap, 8);
    memcpy(payload + 8, "abc", 3);
    a = ap_data(own_mac, peer_mac, 0x0208, payload, sizeof(payload));
    air_inject(&a);
    g_assert_cmpuint(mac_received(), ==, 0);
    join();
    air_inject(&a);
    g_assert_cmpuint(mac_received(), ==, 1);
    g_assert_cmpuint(readl(RX_RING + 8) & 0xffff, ==, 17);
    memread(RX_BUFFER, frame, sizeof(frame));
    g_assert_cmpmem(frame, 6, own_mac, 6);
    g_assert_cmpmem(frame + 6, 6, peer_mac, 6);
    g_assert_cmphex(lduw_be_p(frame + 12), ==, 0x0800);
    g_assert_cmpmem(frame + 14, 3, "abc", 3);

    /* Of QoS data the payload is two bytes later. */
    a = ap_data(everyone, peer_mac, 0x0288, "\0\0", 2);
    put(&a, payload, sizeof(payload));
    air_inject(&a);
    g_assert_cmpuint(mac_received(), ==, 2);
    bench_stop();
}

static void test_data_that_is_not_for_us(void)
{
    uint8_t payload[11];
    Air a;

    radio_start();
    mac_start();
    join();
    memcpy(payload, snap, 8);
    /* To others, from others, of another network, our own broadcast. */
    a = ap_data(peer_mac, other_mac, 0x0208, payload, sizeof(payload));
    air_inject(&a);
    a = ap_data(own_mac, peer_mac, 0x0108, payload, sizeof(payload));
    air_inject(&a);
    a = ap_data(own_mac, peer_mac, 0x0208, payload, sizeof(payload));
    memcpy(a.bytes + 4 + 10, other_mac, 6);
    air_inject(&a);
    a = ap_data(everyone, own_mac, 0x0208, payload, sizeof(payload));
    air_inject(&a);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_OTHER), ==, 4);
    /* Encrypted, on an open network. */
    a = ap_data(own_mac, peer_mac, 0x4208, "\1\0\0\x20\0\0\0\0", 8);
    a.size += 32;
    air_inject(&a);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_NO_KEY), ==, 1);
    /* No data in it. */
    a = ap_data(own_mac, peer_mac, 0x0248, NULL, 0);
    air_inject(&a);
    a = ap_data(own_mac, peer_mac, 0x0208, payload, 2);
    air_inject(&a);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_MALFORMED), ==, 1);
    g_assert_cmpuint(mac_received(), ==, 0);
    bench_stop();
}

static void test_duplicates(void)
{
    uint8_t payload[11];
    Air a;

    radio_start();
    mac_start();
    join();
    memcpy(payload, snap, 8);
    a = ap_data(own_mac, peer_mac, 0x0208, payload, sizeof(payload));
    stw_le_p(a.bytes + 4 + 22, 0x1230);
    air_inject(&a);
    a.bytes[5] |= 0x08; /* sent again */
    air_inject(&a);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_DUPLICATE), ==, 1);
    g_assert_cmpuint(mac_received(), ==, 1);
    stw_le_p(a.bytes + 4 + 22, 0x1240);
    air_inject(&a);
    g_assert_cmpuint(mac_received(), ==, 2);
    bench_stop();
}

/* The end, by either side */

static void test_disconnect(void)
{
    const struct wifi_disconnect p = { .reason = cpu_to_le16(8) };

    radio_start();
    join();
    writel(MAC + A_ETH_INT_STATUS, 0xff);
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p)), ==, 0);
    expect_deauth(ap_mac, 8);
    expect_link_down(8, WIFI_EVENT_FLAG_LOCAL);
    g_assert_true(readl(MAC + A_ETH_INT_STATUS) &
                  R_ETH_INT_STATUS_LINK_CHANGE_MASK);
    /* Nothing to disconnect from: fine, and silent. */
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p)), ==, 0);
    bench_quiet();
    clock_step(100 * SECOND_NS);
    event_none();
    bench_stop();
}

static void test_the_ap_ends_it(void)
{
    static const struct {
        uint8_t fc, event;
        bool all;
    } cases[] = {
        { 0xc0, WIFI_EVENT_DEAUTH, false }, { 0xc0, WIFI_EVENT_DEAUTH, true },
        { 0xa0, WIFI_EVENT_DISASSOC, false },
    };
    int i;

    radio_start();
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        join();
        /* Not from our AP. */
        ap_leave(other_mac, own_mac, cases[i].fc, 7);
        event_none();
        if (cases[i].all) {
            ap_leave(ap_mac, everyone, cases[i].fc, 7);
        } else {
            ap_leave(ap_mac, own_mac, cases[i].fc, 7);
        }
        event_expect(cases[i].event, 0, 7, 0);
        expect_link_down(7, 0);
        bench_quiet();
    }
    bench_stop();
}

static void test_reset_says_nothing(void)
{
    radio_start();
    join();
    radio_set(A_WIFI_CTRL, R_WIFI_CTRL_RESET_MASK);
    g_assert_false(readl(MAC + A_ETH_STATUS) & 1);
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_IDLE);
    bench_quiet();
    bench_stop();
}

/* Losing the AP */

static void expect_probe(void)
{
    uint32_t size;
    const uint8_t *frame = air_sent(0x40, CHANNEL, &size);

    g_assert_cmpmem(frame + 4, 6, ap_mac, 6);
    g_assert_cmpmem(frame + 24, 6, "\0\4" SSID, 6);
}

static void declare(uint64_t first)
{
    Air a = air_beacons(ap_mac, CHANNEL, -45, first, SSID);

    air_inject(&a);
}

/* Step to that time of the board's. */
static void until(uint64_t at)
{
    g_assert_cmpuint(at, >=, board_now());
    clock_step(at - board_now());
}

/* 7 intervals of silence, then three probes, then the end: 866.8 ms. */
static void check_loss(uint64_t last)
{
    int i;

    until(last + 7 * 100 * TU - 1);
    bench_quiet();
    clock_step(1);
    for (i = 0; i < 3; i++) {
        expect_probe();
        event_none();
        clock_step(50 * MS - 1);
        bench_quiet();
        clock_step(1);
    }
    bench_quiet();
    event_expect(WIFI_EVENT_BEACON_LOST, 0, 4, WIFI_EVENT_FLAG_LOCAL);
    expect_link_down(4, WIFI_EVENT_FLAG_LOCAL);
    g_assert_cmpuint(board_now() - last, ==, 866800000);
}

static void test_an_ap_that_never_beacons_is_lost(void)
{
    radio_start();
    join();
    check_loss(board_now());
    bench_stop();
}

static void test_beacons_keep_the_link(void)
{
    uint64_t first;

    radio_start();
    first = board_now() + 10 * MS;
    declare(first);
    join();
    until(first + 36000ull * 100 * TU);
    bench_quiet();
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_CONNECTED);
    /* Its last one was the latest before now. */
    clock_step(30 * MS);
    air_no_beacons(ap_mac);
    check_loss(first + 36000ull * 100 * TU);
    bench_stop();
}

static void test_the_radio_is_off_for_a_while(void)
{
    uint64_t first;

    radio_start();
    first = board_now() + 10 * MS;
    declare(first);
    join();
    until(first + 10 * 100 * TU + MS);
    radio_fault(1, 0, 0);
    /* Six are missed: no matter. */
    until(first + 16 * 100 * TU + MS);
    radio_fault(2, 0, 0);
    until(first + 100 * 100 * TU + MS);
    bench_quiet();
    radio_fault(1, 0, 0);
    /* Off, nothing can be sent either. */
    until(first + 100 * 100 * TU + 866800000 - 1);
    event_none();
    clock_step(1);
    bench_quiet();
    event_expect(WIFI_EVENT_BEACON_LOST, 0, 4, WIFI_EVENT_FLAG_LOCAL);
    expect_link_down(4, WIFI_EVENT_FLAG_LOCAL);
    bench_stop();
}

/* Any frame of the AP during the probing is a sign of life. */
static void test_signs_of_life(void)
{
    uint64_t start;
    Air a;

    radio_start();
    join();
    start = board_now();
    until(start + 7 * 100 * TU + 149 * MS);
    bench_forget();
    a = ap_data(own_mac, peer_mac, 0x0248, NULL, 0);
    air_inject(&a);
    start = board_now();
    until(start + 7 * 100 * TU - 1);
    bench_quiet();
    event_none();
    clock_step(1);
    expect_probe();
    /* So is the answer to a probe. */
    ap_probe_response(ap_mac, CHANNEL, -50, SSID);
    start = board_now();
    check_loss(start);
    bench_stop();
}

/* Before the probing only beacons and probe responses count. */
static void test_data_is_no_beacon(void)
{
    uint64_t start;
    Air a;

    radio_start();
    join();
    start = board_now();
    until(start + 500 * MS);
    a = ap_data(own_mac, peer_mac, 0x0248, NULL, 0);
    air_inject(&a);
    check_loss(start);
    bench_stop();
}

/* Beacons that come back during the probing end it. */
static void test_beacons_come_back(void)
{
    uint64_t start;

    radio_start();
    join();
    start = board_now();
    until(start + 7 * 100 * TU + 60 * MS);
    bench_forget();
    declare(start + 7 * 100 * TU + 149 * MS);
    until(start + 7 * 100 * TU + 100 * MS);
    expect_probe();
    until(start + 60 * SECOND_NS);
    bench_quiet();
    event_none();
    bench_stop();
}

static void test_deaf_to_beacons(void)
{
    uint64_t first;

    radio_start();
    first = board_now() + 10 * MS;
    declare(first);
    join();
    until(first + 10 * 100 * TU + MS);
    radio_fault(DEAF, 6, 0x80);
    until(first + 30 * 100 * TU + MS);
    bench_quiet();
    radio_fault(DEAF, 0xffffffff, 0x80);
    until(first + 37 * 100 * TU - 1);
    bench_quiet();
    clock_step(1);
    expect_probe();
    until(first + 60 * 100 * TU);
    event_expect(WIFI_EVENT_BEACON_LOST, 0, 4, WIFI_EVENT_FLAG_LOCAL);
    expect_link_down(4, WIFI_EVENT_FLAG_LOCAL);
    bench_stop();
}

/* The strength is the last frame's, of a beacon that nobody looked at, too. */
static void test_rssi(void)
{
    struct wifi_link link;
    Air a;

    radio_start();
    declare(board_now() + 10 * MS);
    join();
    clock_step(SECOND_NS);
    g_assert_cmpuint(command(WIFI_CMD_GET_LINK, NULL, 0), ==, 0);
    memread(RESPONSE, &link, sizeof(link));
    g_assert_cmpint(link.rssi, ==, -45);
    a = ap_data(own_mac, peer_mac, 0x0248, NULL, 0);
    air_inject(&a);
    g_assert_cmpuint(command(WIFI_CMD_GET_LINK, NULL, 0), ==, 0);
    memread(RESPONSE, &link, sizeof(link));
    g_assert_cmpint(link.rssi, ==, -40);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/wifi/data/to-the-air", test_data_to_the_air);
    qtest_add_func("/wifi/data/sequence", test_sequence_numbers);
    qtest_add_func("/wifi/data/from-the-air", test_data_from_the_air);
    qtest_add_func("/wifi/data/not-for-us", test_data_that_is_not_for_us);
    qtest_add_func("/wifi/data/duplicates", test_duplicates);
    qtest_add_func("/wifi/link/disconnect", test_disconnect);
    qtest_add_func("/wifi/link/ap-ends-it", test_the_ap_ends_it);
    qtest_add_func("/wifi/link/reset", test_reset_says_nothing);
    qtest_add_func("/wifi/loss/never-beacons",
                   test_an_ap_that_never_beacons_is_lost);
    qtest_add_func("/wifi/loss/beacons", test_beacons_keep_the_link);
    qtest_add_func("/wifi/loss/radio-off", test_the_radio_is_off_for_a_while);
    qtest_add_func("/wifi/loss/signs-of-life", test_signs_of_life);
    qtest_add_func("/wifi/loss/data", test_data_is_no_beacon);
    qtest_add_func("/wifi/loss/back", test_beacons_come_back);
    qtest_add_func("/wifi/loss/deaf", test_deaf_to_beacons);
    qtest_add_func("/wifi/loss/rssi", test_rssi);
    return g_test_run();
}
