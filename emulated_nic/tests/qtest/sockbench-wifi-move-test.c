/*
 * QTests of sockbench-wifi: off its channel and back, moving, roaming, dozing.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-station.h"

#define INTERVAL_NS (100 * TU)
#define MAC         SB_WIFI_BASE
#define TX_RING     (SB_RAM_BASE + 0x10000)
#define TX_BUFFER   (SB_RAM_BASE + 0x18000)
#define AID         5

static const uint8_t snap[] = { 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00 };

static void until(uint64_t at)
{
    g_assert_cmpuint(at, >=, board_now());
    clock_step(at - board_now());
}

static void mac_start(void)
{
    writel(MAC + A_ETH_TX_BASE, TX_RING);
    writel(MAC + A_ETH_TX_SIZE, 8);
    writel(MAC + A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
}

static void mac_send(void)
{
    uint32_t index = readl(MAC + A_ETH_TX_TAIL);
    uint8_t frame[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0x81, 8, 0 };

    memwrite(TX_BUFFER, frame, sizeof(frame));
    writel(TX_RING + index * 16, TX_BUFFER);
    writel(TX_RING + index * 16 + 4, sizeof(frame) | SB_ETH_TX_LAST);
    writel(MAC + A_ETH_TX_TAIL, (index + 1) % 8);
}

/* The AP's beacons, with these elements behind the usual ones. */
static void declare(uint8_t channel, uint64_t first, const void *elements,
                    uint32_t size)
{
    Air a = air_beacons(ap_mac, channel, -45, first, SSID);

    put(&a, elements, size);
    air_inject(&a);
}

/* Messages of frames so far, in order; they are forgotten. */
static void expect_frames(const uint16_t *fcs, const uint8_t *channels,
                          int count)
{
    int i;

    g_assert_cmpint(bench_count(), ==, count);
    for (i = 0; i < count; i++) {
        g_assert_cmpuint(bench.messages[i].type, ==, LINK_TX);
        g_assert_cmpuint(bench.messages[i].data[1], ==, channels[i]);
        g_assert_cmphex(lduw_le_p(bench.messages[i].data + 4), ==, fcs[i]);
    }
    bench_forget();
}

/* A scan of a connected station */

static void test_scan_of_a_connected_station(void)
{
    struct wifi_scan p = {
        .channels = cpu_to_le16(1 << 0 | 1 << (CHANNEL - 1)),
    };
    uint64_t back;

    radio_start();
    mac_start();
    join();
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &p, sizeof(p)), ==, 0);
    expect_frames((uint16_t[]) { 0x1148, 0x0040 },
                  (uint8_t[]) { CHANNEL, 1 }, 2);
    /* What is sent now waits, and nothing is heard of our AP. */
    mac_send();
    ap_leave(ap_mac, own_mac, 0xc0, 7);
    clock_step(DWELL_NS - 2);
    bench_quiet();
    clock_step(1);
    expect_frames((uint16_t[]) { 0x0040 }, (uint8_t[]) { CHANNEL }, 1);
    clock_step(DWELL_NS - 1);
    bench_quiet();
    clock_step(1);
    event_expect(WIFI_EVENT_SCAN_DONE, 0, 0, 0);
    expect_frames((uint16_t[]) { 0x0148, 0x0108 },
                  (uint8_t[]) { CHANNEL, CHANNEL }, 2);
    event_none();
    /* The AP's silence counts from now. */
    back = board_now();
    until(back + 7 * INTERVAL_NS - 1);
    bench_quiet();
    clock_step(1);
    expect_frames((uint16_t[]) { 0x0040 }, (uint8_t[]) { CHANNEL }, 1);
    bench_stop();
}

/* Of its own channel only: it never leaves. */
static void test_scan_of_its_own_channel(void)
{
    struct wifi_scan p = { .channels = cpu_to_le16(1 << (CHANNEL - 1)) };

    radio_start();
    mac_start();
    join();
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &p, sizeof(p)), ==, 0);
    mac_send();
    clock_step(DWELL_NS);
    event_expect(WIFI_EVENT_SCAN_DONE, 0, 0, 0);
    expect_frames((uint16_t[]) { 0x0040, 0x0108 },
                  (uint8_t[]) { CHANNEL, CHANNEL }, 2);
    bench_stop();
}

static void test_disconnect_during_a_scan(void)
{
    const struct wifi_disconnect bye = { };
    struct wifi_scan p = { .passive = 1, .channels = cpu_to_le16(1) };

    radio_start();
    join();
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &p, sizeof(p)), ==, 0);
    bench_forget();
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &bye, sizeof(bye)), ==, 0);
    expect_deauth(ap_mac, 3);
    expect_link_down(3, WIFI_EVENT_FLAG_LOCAL);
    clock_step(SECOND_NS);
    event_expect(WIFI_EVENT_SCAN_DONE, 0, 0, 0);
    bench_quiet();
    bench_stop();
}

/* The AP moves */

static void test_channel_switch_in_a_beacon(void)
{
    static const uint8_t csa[] = { 37, 3, 0, 11, 3 };
    struct wifi_event event;
    uint64_t first;

    radio_start();
    mac_start();
    declare(CHANNEL, board_now() + MS, NULL, 0);
    join();
    first = board_now() + 5 * MS;
    declare(CHANNEL, first, csa, sizeof(csa));
    until(first + 3 * INTERVAL_NS - 1);
    event_none();
    mac_send();
    expect_frames((uint16_t[]) { 0x0108 }, (uint8_t[]) { CHANNEL }, 1);
    clock_step(1);
    event = event_expect(WIFI_EVENT_CHANNEL, 0, 0, 0);
    g_assert_cmpuint(event.data[0], ==, 11);
    mac_send();
    expect_frames((uint16_t[]) { 0x0108 }, (uint8_t[]) { 11 }, 1);
    /* There it is heard, and here no longer. */
    declare(11, first + 4 * INTERVAL_NS, NULL, 0);
    until(first + 1000 * INTERVAL_NS);
    bench_quiet();
    event_none();
    bench_stop();
}

/* Mode 1: silence until then; what is sent meanwhile waits. */
static void test_quiet_channel_switch(void)
{
    Air a = ap_frame(ap_mac, CHANNEL, 0xd0);
    uint64_t announced;

    radio_start();
    mac_start();
    join();
    put(&a, (uint8_t[]) { 0, 4, 37, 3, 1, 11, 2 }, 7);
    air_inject(&a);
    announced = board_now();
    mac_send();
    until(announced + 2 * INTERVAL_NS - 1);
    bench_quiet();
    event_none();
    clock_step(1);
    event_expect(WIFI_EVENT_CHANNEL, 0, 0, 0);
    expect_frames((uint16_t[]) { 0x0108 }, (uint8_t[]) { 11 }, 1);
    bench_stop();
}

static void test_channel_switches_to_nowhere(void)
{
    static const uint8_t channels[] = { 0, 14, CHANNEL };
    int i;

    radio_start();
    join();
    for (i = 0; i < ARRAY_SIZE(channels); i++) {
        Air a = ap_frame(ap_mac, CHANNEL, 0xd0);

        put(&a, (uint8_t[]) { 0, 4, 37, 3, 1, channels[i], 1 }, 7);
        air_inject(&a);
    }
    clock_step(2 * INTERVAL_NS);
    event_none();
    bench_stop();
}

/* An AP that does not arrive where it said is lost. */
static void test_an_ap_that_does_not_arrive(void)
{
    static const uint8_t csa[] = { 37, 3, 0, 11, 1 };
    uint64_t first;

    radio_start();
    declare(CHANNEL, board_now() + MS, NULL, 0);
    join();
    first = board_now() + 5 * MS;
    declare(CHANNEL, first, csa, sizeof(csa));
    until(first + INTERVAL_NS);
    event_expect(WIFI_EVENT_CHANNEL, 0, 0, 0);
    bench_quiet();
    until(first + 7 * INTERVAL_NS - 1);
    bench_quiet();
    clock_step(1);
    expect_frames((uint16_t[]) { 0x0040 }, (uint8_t[]) { 11 }, 1);
    clock_step(150 * MS);
    event_expect(WIFI_EVENT_BEACON_LOST, 0, 4, WIFI_EVENT_FLAG_LOCAL);
    expect_link_down(4, WIFI_EVENT_FLAG_LOCAL);
    bench_stop();
}

/* Roaming */

static void roam_begin(void)
{
    struct wifi_roam p = { .channel = CHANNEL };

    memcpy(p.bssid, other_mac, 6);
    g_assert_cmpuint(command(WIFI_CMD_ROAM, &p, sizeof(p)), ==, 0);
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_SEARCH);
    bench_forget();
}

static bool link_is_up(void)
{
    return readl(MAC + A_ETH_STATUS) & R_ETH_STATUS_LINK_UP_MASK;
}

static void test_roam(void)
{
    struct wifi_event event;
    const uint8_t *frame;
    uint32_t size;

    radio_start();
    mac_start();
    join();
    writel(MAC + A_ETH_INT_STATUS, 0xff);
    roam_begin();
    ap_probe_response(other_mac, CHANNEL, -30, SSID);
    clock_step(DWELL_NS);
    expect_auth(other_mac);
    g_assert_true(link_is_up());
    ap_auth(other_mac, 0);
    event_expect(WIFI_EVENT_AUTH, 0, 0, 0);
    frame = air_sent(0x20, CHANNEL, &size);
    g_assert_cmpmem(frame + 4, 6, other_mac, 6);
    /* It names the AP that is left. */
    g_assert_cmpmem(frame + 28, 6, ap_mac, 6);
    ap_assoc(other_mac, 0x30, 0);
    event_expect(WIFI_EVENT_ASSOC, 0, 0, 0);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0, 0);
    event = event_expect(WIFI_EVENT_LINK, 0, 0, WIFI_EVENT_FLAG_UP);
    g_assert_cmpmem(event.address, 6, other_mac, 6);
    event_none();
    g_assert_true(link_is_up());
    /* The link was never down. */
    g_assert_cmphex(readl(MAC + A_ETH_INT_STATUS), ==, 0);
    mac_send();
    frame = air_sent(0x0108, CHANNEL, &size);
    g_assert_cmpmem(frame + 4, 6, other_mac, 6);
    /* The old one has nothing to say any more. */
    ap_leave(ap_mac, own_mac, 0xc0, 7);
    event_none();
    bench_stop();
}

/* What is sent meanwhile goes to whichever AP it ends with. */
static void test_frames_wait_for_the_end_of_a_roam(void)
{
    uint32_t size;

    radio_start();
    mac_start();
    join();
    roam_begin();
    mac_send();
    ap_probe_response(other_mac, CHANNEL, -30, SSID);
    clock_step(DWELL_NS);
    expect_auth(other_mac);
    ap_auth(other_mac, 0);
    event_expect(WIFI_EVENT_AUTH, 0, 0, 0);
    air_sent(0x20, CHANNEL, &size);
    mac_send();
    bench_quiet();
    ap_assoc(other_mac, 0x30, 0);
    g_assert_cmpmem(bench.messages[0].data + 8, 6, other_mac, 6);
    expect_frames((uint16_t[]) { 0x0108, 0x0108 },
                  (uint8_t[]) { CHANNEL, CHANNEL }, 2);
    g_assert_cmpuint(readl(RADIO + A_WIFI_STAT_TX_BLOCKED), ==, 0);
    bench_stop();
}

static void test_frames_wait_for_a_roam_that_fails(void)
{
    const uint8_t *frame;
    uint32_t size;

    radio_start();
    mac_start();
    join();
    roam_begin();
    mac_send();
    bench_quiet();
    clock_step(DWELL_NS);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_NO_NETWORK, 0, 0);
    frame = air_sent(0x0108, CHANNEL, &size);
    g_assert_cmpmem(frame + 4, 6, ap_mac, 6);
    g_assert_cmpuint(readl(RADIO + A_WIFI_STAT_TX_BLOCKED), ==, 0);
    bench_stop();
}

/* Before the new AP was asked the old link goes on. */
static void test_roam_to_nobody(void)
{
    radio_start();
    mac_start();
    join();
    roam_begin();
    clock_step(DWELL_NS);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_NO_NETWORK, 0, 0);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_CONNECTED);
    mac_send();
    expect_frames((uint16_t[]) { 0x0108 }, (uint8_t[]) { CHANNEL }, 1);

    roam_begin();
    ap_probe_response(other_mac, CHANNEL, -30, SSID);
    clock_step(DWELL_NS);
    ap_auth(other_mac, 1);
    event_expect(WIFI_EVENT_AUTH, 1, 0, 0);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_AUTH_REFUSED, 1, 0);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_CONNECTED);
    g_assert_true(link_is_up());
    bench_stop();
}

/* After that it is lost. */
static void test_roam_that_is_refused(void)
{
    radio_start();
    join();
    roam_begin();
    ap_probe_response(other_mac, CHANNEL, -30, SSID);
    clock_step(DWELL_NS);
    ap_auth(other_mac, 0);
    event_expect(WIFI_EVENT_AUTH, 0, 0, 0);
    ap_assoc(other_mac, 0x30, 17);
    event_expect(WIFI_EVENT_ASSOC, 17, 0, 0);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_ASSOC_REFUSED, 17, 0);
    expect_link_down(1, WIFI_EVENT_FLAG_LOCAL);
    bench_stop();
}

static void test_the_old_ap_ends_it_during_a_roam(void)
{
    radio_start();
    join();
    roam_begin();
    ap_leave(ap_mac, own_mac, 0xc0, 7);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_DEAUTH, 7, 0);
    event_expect(WIFI_EVENT_DEAUTH, 0, 7, 0);
    expect_link_down(7, 0);
    bench_stop();
}

static void test_disconnect_during_a_roam(void)
{
    const struct wifi_disconnect bye = { };

    radio_start();
    join();
    roam_begin();
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &bye, sizeof(bye)), ==, 0);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_ABORTED, 3, WIFI_EVENT_FLAG_LOCAL);
    expect_link_down(3, WIFI_EVENT_FLAG_LOCAL);
    expect_deauth(ap_mac, 3);
    bench_stop();
}

/* Power save */

static void power_save(bool on)
{
    struct wifi_power_save p = { .on = on };

    g_assert_cmpuint(command(WIFI_CMD_SET_POWER_SAVE, &p, sizeof(p)), ==, 0);
}

static Air data_for(const uint8_t *to, bool more)
{
    static uint16_t sequence;
    Air a = air_frame(CHANNEL, -40);

    put16(&a, 0x0208 | (more ? 0x2000 : 0));
    put16(&a, 0);
    put(&a, to, 6);
    put(&a, ap_mac, 6);
    put(&a, other_mac, 6);
    put16(&a, ++sequence << 4);
    put(&a, snap, sizeof(snap));
    return a;
}

static uint32_t heard(const uint8_t *to, bool more)
{
    uint32_t before = radio_get(A_WIFI_STAT_RX_FRAMES);
    Air a = data_for(to, more);

    air_inject(&a);
    return radio_get(A_WIFI_STAT_RX_FRAMES) - before;
}

static void test_power_save_is_told(void)
{
    radio_start();
    mac_start();
    power_save(true);
    bench_quiet();
    join_to_assoc();
    ap_assoc(ap_mac, 0x10, 0);
    expect_frames((uint16_t[]) { 0x1148 }, (uint8_t[]) { CHANNEL }, 1);
    mac_send();
    expect_frames((uint16_t[]) { 0x1108 }, (uint8_t[]) { CHANNEL }, 1);
    power_save(true);
    bench_quiet();
    power_save(false);
    expect_frames((uint16_t[]) { 0x0148 }, (uint8_t[]) { CHANNEL }, 1);
    mac_send();
    expect_frames((uint16_t[]) { 0x0108 }, (uint8_t[]) { CHANNEL }, 1);
    bench_stop();
}

/* Nothing but what it asked for is heard by a dozing station. */
static void test_frames_for_a_dozing_station(void)
{
    static const uint8_t tim[] = { 5, 4, 0, 1, 0, 1 << AID };
    static const uint8_t nothing[] = { 5, 4, 0, 1, 0, 0 };
    const uint8_t *frame;
    uint64_t first;
    uint32_t size;

    radio_start();
    declare(CHANNEL, board_now() + MS, nothing, sizeof(nothing));
    join();
    g_assert_cmpuint(heard(own_mac, false), ==, 1);
    power_save(true);
    bench_forget();
    g_assert_cmpuint(heard(own_mac, false), ==, 0);
    g_assert_cmpuint(heard(everyone, false), ==, 0);

    first = board_now() + 10 * MS;
    declare(CHANNEL, first, tim, sizeof(tim));
    until(first - 1);
    bench_quiet();
    clock_step(1);
    frame = air_sent(0x10a4, CHANNEL, &size);
    g_assert_cmpuint(size, ==, 16);
    g_assert_cmphex(lduw_le_p(frame + 2), ==, 0xc000 | AID);
    g_assert_cmpmem(frame + 4, 6, ap_mac, 6);
    g_assert_cmpmem(frame + 10, 6, own_mac, 6);
    declare(CHANNEL, first, nothing, sizeof(nothing));
    g_assert_cmpuint(heard(own_mac, true), ==, 1);
    air_sent(0x10a4, CHANNEL, &size);
    g_assert_cmpuint(heard(own_mac, false), ==, 1);
    g_assert_cmpuint(heard(own_mac, false), ==, 0);
    clock_step(SECOND_NS);
    bench_quiet();

    power_save(false);
    g_assert_cmpuint(heard(own_mac, false), ==, 1);
    bench_stop();
}

/* As long as the TIM has its bit, every beacon is a reason to ask. */
static void test_a_poll_that_was_lost(void)
{
    static const uint8_t tim[] = { 5, 4, 0, 1, 0, 1 << AID };
    uint64_t first;
    uint32_t size;
    int i;

    radio_start();
    join();
    power_save(true);
    bench_forget();
    first = board_now() + 10 * MS;
    declare(CHANNEL, first, tim, sizeof(tim));
    for (i = 0; i < 3; i++) {
        until(first + i * INTERVAL_NS);
        air_sent(0x10a4, CHANNEL, &size);
    }
    bench_stop();
}

/* Who has sent is awake for 10 ms: an AP that forgot it can say so. */
static void test_awake_after_sending(void)
{
    uint64_t sent;

    radio_start();
    mac_start();
    join();
    power_save(true);
    bench_forget();
    ap_leave(ap_mac, own_mac, 0xc0, 7);
    event_none();
    mac_send();
    expect_frames((uint16_t[]) { 0x1108 }, (uint8_t[]) { CHANNEL }, 1);
    sent = board_now();
    until(sent + 10 * MS - 2);
    g_assert_cmpuint(heard(own_mac, false), ==, 1);
    g_assert_cmpuint(heard(own_mac, false), ==, 0);
    mac_send();
    ap_leave(ap_mac, own_mac, 0xc0, 7);
    event_expect(WIFI_EVENT_DEAUTH, 0, 7, 0);
    bench_stop();
}

static void test_group_frames_of_a_dozing_station(void)
{
    static const uint8_t tim[] = { 5, 4, 0, 1, 1, 0 };
    static const uint8_t nothing[] = { 5, 4, 0, 1, 0, 0 };
    uint64_t first;

    radio_start();
    join();
    power_save(true);
    first = board_now() + 10 * MS;
    declare(CHANNEL, first, tim, sizeof(tim));
    g_assert_cmpuint(heard(everyone, true), ==, 0);
    until(first);
    g_assert_cmpuint(heard(everyone, true), ==, 1);
    g_assert_cmpuint(heard(everyone, false), ==, 1);
    g_assert_cmpuint(heard(everyone, false), ==, 0);
    /* A beacon without the bit ends it, too. */
    until(first + INTERVAL_NS);
    g_assert_cmpuint(heard(everyone, true), ==, 1);
    declare(CHANNEL, first, nothing, sizeof(nothing));
    until(first + 2 * INTERVAL_NS);
    g_assert_cmpuint(heard(everyone, false), ==, 0);
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/wifi/away/scan", test_scan_of_a_connected_station);
    qtest_add_func("/wifi/away/own-channel", test_scan_of_its_own_channel);
    qtest_add_func("/wifi/away/disconnect", test_disconnect_during_a_scan);
    qtest_add_func("/wifi/csa/beacon", test_channel_switch_in_a_beacon);
    qtest_add_func("/wifi/csa/quiet", test_quiet_channel_switch);
    qtest_add_func("/wifi/csa/nowhere", test_channel_switches_to_nowhere);
    qtest_add_func("/wifi/csa/lost", test_an_ap_that_does_not_arrive);
    qtest_add_func("/wifi/roam/done", test_roam);
    qtest_add_func("/wifi/roam/waits", test_frames_wait_for_the_end_of_a_roam);
    qtest_add_func("/wifi/roam/failed-waits",
                   test_frames_wait_for_a_roam_that_fails);
    qtest_add_func("/wifi/roam/nobody", test_roam_to_nobody);
    qtest_add_func("/wifi/roam/refused", test_roam_that_is_refused);
    qtest_add_func("/wifi/roam/old-ap", test_the_old_ap_ends_it_during_a_roam);
    qtest_add_func("/wifi/roam/disconnect", test_disconnect_during_a_roam);
    qtest_add_func("/wifi/power/told", test_power_save_is_told);
    qtest_add_func("/wifi/power/unicast", test_frames_for_a_dozing_station);
    qtest_add_func("/wifi/power/awake", test_awake_after_sending);
    qtest_add_func("/wifi/power/lost-poll", test_a_poll_that_was_lost);
    qtest_add_func("/wifi/power/group", test_group_frames_of_a_dozing_station);
    return g_test_run();
}
