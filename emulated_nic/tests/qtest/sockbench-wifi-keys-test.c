/*
 * QTests of sockbench-wifi: WPA2 of the station, and how its soft AP gives up.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sockbench-station.h"
#include "sockbench-handshake.h"

#define MAC       SB_WIFI_BASE
#define RX_RING   (SB_RAM_BASE + 0x10000)
#define TX_RING   (SB_RAM_BASE + 0x10400)
#define RX_BUFFER (SB_RAM_BASE + 0x11000)
#define TX_BUFFER (SB_RAM_BASE + 0x18000)
#define HANDSHAKE_NS (3000 * MS)
#define EAPOL     32   /* in a data frame that is not encrypted */
#define CCMP      24

static const uint8_t rsn[] = {
    48, 20, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f,
    0xac, 2, 0, 0,
};

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
    writel(MAC + A_ETH_TX_SIZE, 8);
    writel(MAC + A_ETH_CTRL, R_ETH_CTRL_RX_ENABLE_MASK |
                             R_ETH_CTRL_TX_ENABLE_MASK);
}

static uint32_t mac_received(void)
{
    return readl(MAC + A_ETH_RX_HEAD);
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

/* A frame of the AP; one byte of it may be spoilt, counted from its end. */
static void hear_spoilt(const uint8_t *frame, uint32_t size, uint32_t spoilt)
{
    Air a = air_frame(CHANNEL, -50);

    put(&a, frame, size);
    if (spoilt) {
        a.bytes[a.size - spoilt] ^= 1;
    }
    air_inject(&a);
}

#define HEAR(frame) hear_spoilt(frame, sizeof(frame), 0)
#define HEAR_SPOILT(frame, byte) hear_spoilt(frame, sizeof(frame), byte)

/* The only frame since the last look: so much of its end is this. */
#define SAID(fc, start, bytes) do { \
        uint32_t size_; \
        const uint8_t *frame_ = air_sent(fc, CHANNEL, &size_); \
        g_assert_cmpmem(frame_ + (start), size_ - (start), bytes, \
                        sizeof(bytes)); \
    } while (0)

static void expect_handshake(uint8_t state)
{
    g_assert_cmpuint(station_state(), ==, state);
    g_assert_false(readl(MAC + A_ETH_STATUS) & 1);
}

/* The request has the RSN element of our choice, somewhere. */
static void check_rsn_of_association(void)
{
    uint32_t size;
    const uint8_t *frame = expect_assoc(ap_mac, &size);
    uint32_t at = 28;

    while (at + sizeof(rsn) < size && frame[at] != rsn[0]) {
        at += 2 + frame[at + 1];
    }
    g_assert_cmpmem(frame + at, sizeof(rsn), rsn, sizeof(rsn));
}

/* From CONNECT to the association, with the AP's RSN element. */
static void begin(void)
{
    struct wifi_connect p = connect_to(SSID, CHANNEL);
    Air a = ap_frame(ap_mac, CHANNEL, 0x50);

    p.security = WIFI_SECURITY_WPA2;
    p.key_kind = WIFI_KEY_PASSPHRASE;
    p.key_bytes = 8;
    memcpy(p.key, "password", 8);
    station_connect(&p);
    put_network(&a, SSID, true, rsn, sizeof(rsn));
    air_inject(&a);
    clock_step(DWELL_NS);
    bench_forget();
    ap_auth(ap_mac, 0);
    event_expect(WIFI_EVENT_AUTH, 0, 0, 0);
    check_rsn_of_association();
    ap_assoc(ap_mac, 0x10, 0);
    event_expect(WIFI_EVENT_ASSOC, 0, 0, 0);
    event_none();
    expect_handshake(WIFI_STATION_WAIT_M1);
}

static void wpa2_join(void)
{
    begin();
    HEAR(message_1);
    SAID(0x0108, EAPOL, message_2);
    expect_handshake(WIFI_STATION_WAIT_M3);
    event_none();
    HEAR(message_3);
    SAID(0x0108, EAPOL, message_4);
    event_expect(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0, 0);
    event_expect(WIFI_EVENT_LINK, 0, 0, WIFI_EVENT_FLAG_UP);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_CONNECTED);
    g_assert_true(readl(MAC + A_ETH_STATUS) & 1);
}

static void test_handshake_and_data(void)
{
    radio_start();
    mac_start();
    wpa2_join();
    mac_send();
    SAID(0x4108, CCMP, data_up_1);
    HEAR(data_down);
    HEAR(data_group);
    g_assert_cmpuint(mac_received(), ==, 2);
    bench_stop();
}

static void test_what_is_refused(void)
{
    uint8_t plain[sizeof(data_down)];

    radio_start();
    mac_start();
    wpa2_join();
    HEAR_SPOILT(data_down, 1);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_BAD_MIC), ==, 1);
    HEAR(data_down);
    g_assert_cmpuint(mac_received(), ==, 1);
    HEAR(data_down_again);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_REPLAY), ==, 1);
    /* Below message 3's counter, and with a key that was never given. */
    HEAR(data_group_old);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_REPLAY), ==, 2);
    HEAR(data_group_2);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_NO_KEY), ==, 1);
    memcpy(plain, data_down, sizeof(plain));
    plain[1] &= ~0x40;
    memcpy(plain + 24, "\xaa\xaa\3\0\0\0\x08\0", 8);
    HEAR(plain);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_RX_PLAINTEXT), ==, 1);
    g_assert_cmpuint(mac_received(), ==, 1);
    event_none();
    bench_stop();
}

/* 3 s to message 1, and 3 s from there to message 3. */
static void test_an_ap_that_says_nothing(void)
{
    radio_start();
    begin();
    clock_step(HANDSHAKE_NS - 1);
    expect_handshake(WIFI_STATION_WAIT_M1);
    bench_quiet();
    clock_step(1);
    expect_deauth(ap_mac, 15);
    expect_join(WIFI_JOIN_KEY_TIMEOUT, 15, WIFI_EVENT_FLAG_LOCAL);

    begin();
    clock_step(2000 * MS);
    HEAR(message_1);
    bench_forget();
    clock_step(HANDSHAKE_NS - 1);
    expect_handshake(WIFI_STATION_WAIT_M3);
    clock_step(1);
    expect_deauth(ap_mac, 15);
    expect_join(WIFI_JOIN_KEY_TIMEOUT, 15, WIFI_EVENT_FLAG_LOCAL);
    bench_stop();
}

/* However often the AP begins anew, all of it takes 13 s at most. */
static void test_an_ap_that_never_comes_to_an_end(void)
{
    uint8_t again[sizeof(message_1)];
    uint64_t start;
    uint8_t i;

    radio_start();
    begin();
    start = board_now();
    memcpy(again, message_1, sizeof(again));
    for (i = 1; i <= 12; i++) {
        again[EAPOL + 16] = i;      /* its replay counter */
        HEAR(again);
        bench_forget();
        clock_step(start + i * 1000 * MS - board_now());
        expect_handshake(WIFI_STATION_WAIT_M3);
    }
    /* The search took one dwell, and each frame a nanosecond. */
    clock_step(start + 13000 * MS - DWELL_NS - 4 - board_now());
    expect_handshake(WIFI_STATION_WAIT_M3);
    clock_step(1);
    expect_deauth(ap_mac, 15);
    expect_join(WIFI_JOIN_TIMEOUT, 15, 0);
    bench_stop();
}

static void test_an_ap_that_says_no(void)
{
    radio_start();
    begin();
    ap_leave(ap_mac, own_mac, 0xc0, 15);
    expect_join(WIFI_JOIN_KEY_REFUSED, 15, 0);
    begin();
    HEAR(message_1);
    bench_forget();
    ap_leave(ap_mac, own_mac, 0xa0, 2);
    expect_join(WIFI_JOIN_KEY_REFUSED, 2, 0);
    bench_quiet();
    bench_stop();
}

static void test_messages_that_are_ignored(void)
{
    radio_start();
    begin();
    HEAR(message_3);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_EAPOL_BAD), ==, 1);
    HEAR(message_1);
    SAID(0x0108, EAPOL, message_2);
    HEAR(message_1);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_EAPOL_BAD), ==, 2);
    HEAR_SPOILT(message_3, 1);
    g_assert_cmpuint(radio_get(A_WIFI_STAT_EAPOL_BAD), ==, 3);
    event_expect(WIFI_EVENT_MIC_FAILURE, 0, 0, 0);
    event_none();
    bench_quiet();
    HEAR(message_3);
    SAID(0x0108, EAPOL, message_4);
    bench_stop();
}

static void test_messages_that_end_it(void)
{
    radio_start();
    begin();
    HEAR(message_1);
    bench_forget();
    HEAR(message_3_other_rsn);
    expect_deauth(ap_mac, 17);
    expect_join(WIFI_JOIN_KEY_INVALID, 17, WIFI_EVENT_FLAG_LOCAL);
    bench_stop();

    radio_start();
    begin();
    HEAR(message_1);
    bench_forget();
    HEAR(message_3_no_group);
    expect_deauth(ap_mac, 1);
    expect_join(WIFI_JOIN_KEY_INVALID, 1, WIFI_EVENT_FLAG_LOCAL);
    bench_stop();
}

static void test_group_key(void)
{
    radio_start();
    mac_start();
    wpa2_join();
    mac_send();
    bench_forget();
    HEAR(data_down);
    HEAR(group_1);
    SAID(0x4108, CCMP, group_2);
    event_expect(WIFI_EVENT_REKEY, 1, 0, 0);
    HEAR(data_group_2);
    /* The old one is kept, for what is still on its way. */
    HEAR(data_group);
    g_assert_cmpuint(mac_received(), ==, 3);
    event_none();
    bench_stop();
}

/* The new keys are used from message 4 on, the old ones up to it. */
static void test_pairwise_rekey(void)
{
    radio_start();
    mac_start();
    wpa2_join();
    mac_send();
    bench_forget();
    HEAR(data_down);
    HEAR(group_1);
    event_expect(WIFI_EVENT_REKEY, 1, 0, 0);
    bench_forget();
    HEAR(rekey_1);
    SAID(0x4108, CCMP, rekey_2);
    event_none();
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_CONNECTED);
    HEAR(rekey_3);
    SAID(0x4108, CCMP, rekey_4);
    event_expect(WIFI_EVENT_REKEY, 0, 0, 0);
    event_none();
    mac_send();
    SAID(0x4108, CCMP, data_up_rekeyed);
    bench_stop();
}

/* Nothing of the keys is left after a disconnect, nor anything to decrypt. */
static void test_keys_are_forgotten(void)
{
    const struct wifi_disconnect p = { };

    radio_start();
    mac_start();
    wpa2_join();
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p)), ==, 0);
    expect_deauth(ap_mac, 3);
    expect_link_down(3, WIFI_EVENT_FLAG_LOCAL);
    HEAR(data_down);
    g_assert_cmpuint(mac_received(), ==, 0);
    bench_stop();
}

/* The soft AP's own end: what it says to a station that never answers. */
static void test_the_soft_ap_gives_up(void)
{
    static const int64_t times[] = { 0, 100, 1100, 2100 };
    struct wifi_ap p = {
        .ssid_bytes = 4, .security = WIFI_SECURITY_WPA2, .channel = CHANNEL,
        .key_kind = WIFI_KEY_PASSPHRASE, .key_bytes = 8, .stations = 1,
        .ssid = SSID, .key = "password",
    };
    uint64_t start;
    uint32_t size;
    int i;

    radio_start();
    g_assert_cmpuint(command(WIFI_CMD_AP_START, &p, sizeof(p)), ==, 0);
    for (i = 0; i < 2; i++) {
        Air a = air_frame(CHANNEL, -50);

        put_header(&a, i ? 0x00 : 0xb0, own_mac, ap_mac, own_mac);
        if (i) {
            put16(&a, 0x11);
            put16(&a, 10);
            put_ssid(&a, SSID);
            put(&a, "\1\1\x82", 3);
            put(&a, rsn, sizeof(rsn));
        } else {
            put(&a, "\0\0\1\0\0\0", 6);
        }
        bench_forget();
        air_inject(&a);
    }
    start = board_now();
    /* The association's answer, and message 1. */
    g_assert_cmpint(bench_count(), ==, 2);
    g_assert_cmphex(bench.messages[0].data[4], ==, 0x10);
    g_assert_cmpuint(lduw_le_p(bench.messages[0].data + 4 + 26), ==, 0);
    g_assert_cmphex(lduw_le_p(bench.messages[1].data + 4), ==, 0x0208);
    g_assert_cmphex(lduw_be_p(bench.messages[1].data + 4 + EAPOL + 5), ==,
                    0x008a);
    bench_forget();
    for (i = 1; i < ARRAY_SIZE(times); i++) {
        clock_step(start + times[i] * MS - 1 - board_now());
        bench_quiet();
        clock_step(1);
        air_sent(0x0208, CHANNEL, &size);
    }
    clock_step(start + 3100 * MS - 1 - board_now());
    bench_quiet();
    clock_step(1);
    expect_deauth(ap_mac, 15);
    /* It had not joined, so it has not left. */
    event_none();
    bench_stop();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/wifi/keys/data", test_handshake_and_data);
    qtest_add_func("/wifi/keys/refused", test_what_is_refused);
    qtest_add_func("/wifi/keys/silence", test_an_ap_that_says_nothing);
    qtest_add_func("/wifi/keys/limit", test_an_ap_that_never_comes_to_an_end);
    qtest_add_func("/wifi/keys/no", test_an_ap_that_says_no);
    qtest_add_func("/wifi/keys/ignored", test_messages_that_are_ignored);
    qtest_add_func("/wifi/keys/invalid", test_messages_that_end_it);
    qtest_add_func("/wifi/keys/group", test_group_key);
    qtest_add_func("/wifi/keys/rekey", test_pairwise_rekey);
    qtest_add_func("/wifi/keys/forgotten", test_keys_are_forgotten);
    qtest_add_func("/wifi/keys/soft-ap", test_the_soft_ap_gives_up);
    return g_test_run();
}
