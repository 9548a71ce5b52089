/*
 * QTests of sockbench-wifi: registers, mailbox, events, faults, and its MAC.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "qobject/qdict.h"
#include "sockbench-radio.h"

#define MAC     SB_WIFI_BASE
#define NOWHERE 0x90000000

enum { LOST_IRQ = 20, COMMAND_STUCK, EVENT_LOST, EVENT_DMA, DIED, DEAF };

static void test_registers(void)
{
    uint32_t offset;

    bench_start("");
    check_register(RADIO + A_WIFI_ID, SB_WIFI_ID_VALUE, 0);
    check_register(RADIO + A_WIFI_CAPS, 0x00080d0f, 0);
    check_register(RADIO + A_WIFI_STATUS, 0, 0);
    check_register(RADIO + A_WIFI_INT_STATUS, 0, 0);
    check_register(RADIO + A_WIFI_INT_MASK, 0, 0xf);
    check_register(RADIO + A_WIFI_CMD_BYTES, 0, 0xffffffff);
    check_register(RADIO + A_WIFI_RSP_ROOM, 0, 0xffffffff);
    check_register(RADIO + A_WIFI_RESULT, 0, 0);
    check_register(RADIO + A_WIFI_RSP_BYTES, 0, 0);
    check_register(RADIO + A_WIFI_EVT_HEAD, 0, 0);
    check_register(RADIO + A_WIFI_EVT_MASK, 0, EVENTS_ALL);
    check_register(RADIO + A_WIFI_EVT_LOST, 0, 0);
    for (offset = A_WIFI_STAT_TX_FRAMES; offset <= A_WIFI_STAT_TX_BLOCKED;
         offset += 4) {
        check_register(RADIO + offset, 0, 0);
    }
    /* Between and behind the registers there is nothing. */
    check_register(RADIO + 0x04c, 0, 0);
    check_register(RADIO + 0x0fc, 0, 0);
    check_register(RADIO + A_WIFI_STAT_TX_BLOCKED + 4, 0, 0);
    check_register(RADIO + 0xffc, 0, 0);
    bench_stop();
}

static void test_addresses_and_sizes_are_checked(void)
{
    static const uint32_t sizes[] = { 0, 1, 3, 12, 257, 512, 0x80000000 };
    int i;

    bench_start("");
    radio_set(A_WIFI_CMD_ADDR, 0x20000004);
    radio_set(A_WIFI_CMD_ADDR, 0x20000006);
    g_assert_cmphex(radio_get(A_WIFI_CMD_ADDR), ==, 0x20000004);
    radio_set(A_WIFI_RSP_ADDR, 0x20000004);
    radio_set(A_WIFI_RSP_ADDR, 0x20000005);
    g_assert_cmphex(radio_get(A_WIFI_RSP_ADDR), ==, 0x20000004);
    radio_set(A_WIFI_EVT_BASE, 0x20000010);
    radio_set(A_WIFI_EVT_BASE, 0x20000018);
    g_assert_cmphex(radio_get(A_WIFI_EVT_BASE), ==, 0x20000010);

    radio_set(A_WIFI_EVT_TAIL, 0);
    radio_set(A_WIFI_EVT_SIZE, 2);
    for (i = 0; i < ARRAY_SIZE(sizes); i++) {
        radio_set(A_WIFI_EVT_SIZE, sizes[i]);
        g_assert_cmpuint(radio_get(A_WIFI_EVT_SIZE), ==, 2);
    }
    radio_set(A_WIFI_EVT_TAIL, 1);
    g_assert_cmpuint(radio_get(A_WIFI_EVT_TAIL), ==, 1);
    radio_set(A_WIFI_EVT_TAIL, 2);
    g_assert_cmpuint(radio_get(A_WIFI_EVT_TAIL), ==, 1);
    /* Setting up empties the ring. */
    radio_set(A_WIFI_EVT_SIZE, 256);
    g_assert_cmpuint(radio_get(A_WIFI_EVT_TAIL), ==, 0);
    bench_stop();
}

/* Busy for 20 us: just before, at, and after. */
static void test_command_timing(void)
{
    struct wifi_info info;

    radio_start();
    command_ring(WIFI_CMD_GET_INFO, NULL, 0, 0xbeef);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, BUSY));
    /* Refused, without effect: a second command, and another place for it. */
    radio_set(A_WIFI_CMD, WIFI_CMD_SCAN | 1 << 16);
    radio_set(A_WIFI_CMD_ADDR, 0);
    radio_set(A_WIFI_RSP_ROOM, 0);
    g_assert_cmphex(radio_get(A_WIFI_CMD_ADDR), ==, PARAMETERS);
    clock_step(COMMAND_NS - 1);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, BUSY));
    g_assert_false(board_irq(SB_WIFI_IRQ));
    clock_step(1);
    g_assert_false(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, BUSY));
    g_assert_true(board_irq(SB_WIFI_IRQ));
    g_assert_cmphex(radio_get(A_WIFI_RESULT), ==, 0xbeef0000);
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==,
                    R_WIFI_INT_STATUS_COMMAND_MASK);
    radio_set(A_WIFI_INT_STATUS, R_WIFI_INT_STATUS_COMMAND_MASK);
    g_assert_false(board_irq(SB_WIFI_IRQ));

    g_assert_cmpuint(radio_get(A_WIFI_RSP_BYTES), ==, sizeof(info));
    memread(RESPONSE, &info, sizeof(info));
    g_assert_cmpmem(info.mac, 6, own_mac, 6);
    g_assert_cmphex(lduw_le_p(&info.version), ==, 0x0100);
    g_assert_cmphex(ldl_le_p(&info.caps), ==, radio_get(A_WIFI_CAPS));
    bench_stop();
}

/* The parameters are those that are there at the end. */
static void test_parameters_are_read_at_the_end(void)
{
    struct wifi_disconnect p = { .reserved = 1 };

    radio_start();
    command_ring(WIFI_CMD_DISCONNECT, &p, sizeof(p), 1);
    clock_step(COMMAND_NS - 1);
    p.reserved = 0;
    memwrite(PARAMETERS, &p, sizeof(p));
    clock_step(1);
    g_assert_cmphex(radio_get(A_WIFI_RESULT), ==, 1 << 16);
    bench_stop();
}

static void test_lengths_and_memory(void)
{
    struct wifi_disconnect p = { };

    radio_start();
    g_assert_cmpuint(command(0, NULL, 0), ==, WIFI_RESULT_UNKNOWN);
    g_assert_cmpuint(command(13, NULL, 0), ==, WIFI_RESULT_UNKNOWN);
    g_assert_cmpuint(command(255, NULL, 0), ==, WIFI_RESULT_UNKNOWN);
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p) - 1), ==,
                     WIFI_RESULT_BAD_LENGTH);
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p)), ==,
                     WIFI_RESULT_OK);
    /* A later driver may have more to say. */
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &p, sizeof(p) + 1), ==,
                     WIFI_RESULT_OK);

    radio_set(A_WIFI_RSP_ROOM, sizeof(struct wifi_info) - 1);
    radio_set(A_WIFI_CMD, WIFI_CMD_GET_INFO);
    clock_step(COMMAND_NS);
    g_assert_cmpuint(radio_get(A_WIFI_RESULT), ==, WIFI_RESULT_BAD_LENGTH);
    g_assert_cmpuint(radio_get(A_WIFI_RSP_BYTES), ==, 0);
    radio_set(A_WIFI_RSP_ROOM, sizeof(struct wifi_info));
    radio_set(A_WIFI_CMD, WIFI_CMD_GET_INFO);
    clock_step(COMMAND_NS);
    g_assert_cmpuint(radio_get(A_WIFI_RESULT), ==, WIFI_RESULT_OK);

    radio_set(A_WIFI_RSP_ADDR, NOWHERE);
    g_assert_cmpuint(command(WIFI_CMD_GET_INFO, NULL, 0), ==,
                     WIFI_RESULT_DMA);
    g_assert_cmpuint(radio_get(A_WIFI_RSP_BYTES), ==, 0);
    radio_set(A_WIFI_CMD_ADDR, NOWHERE);
    radio_set(A_WIFI_CMD_BYTES, sizeof(p));
    radio_set(A_WIFI_CMD, WIFI_CMD_DISCONNECT);
    clock_step(COMMAND_NS);
    g_assert_cmpuint(radio_get(A_WIFI_RESULT), ==, WIFI_RESULT_DMA);
    bench_stop();
}

static uint8_t try_connect(struct wifi_connect p)
{
    return command(WIFI_CMD_CONNECT, &p, sizeof(p));
}

static void test_refused_connects(void)
{
    const struct wifi_connect good = {
        .ssid_bytes = 4, .security = WIFI_SECURITY_WPA2,
        .key_kind = WIFI_KEY_PASSPHRASE, .key_bytes = 8,
        .ssid = "name", .key = "password",
    };
    struct wifi_connect p;
    int i;

    static const struct {
        uint8_t security, kind, bytes;
    } keys[] = {
        { WIFI_SECURITY_WPA2, WIFI_KEY_PASSPHRASE, 7 },
        { WIFI_SECURITY_WPA2, WIFI_KEY_PASSPHRASE, 64 },
        { WIFI_SECURITY_WPA2, WIFI_KEY_PSK, 31 },
        { WIFI_SECURITY_WPA2, WIFI_KEY_PSK, 33 },
        { WIFI_SECURITY_WPA2, WIFI_KEY_NONE, 0 },
        { WIFI_SECURITY_WPA2, 3, 8 },
        { WIFI_SECURITY_OPEN, WIFI_KEY_NONE, 8 },
        { WIFI_SECURITY_OPEN, WIFI_KEY_PASSPHRASE, 8 },
    };

    radio_start();
    for (i = 0; i < ARRAY_SIZE(keys); i++) {
        p = good;
        p.security = keys[i].security;
        p.key_kind = keys[i].kind;
        p.key_bytes = keys[i].bytes;
        memset(p.key, 'a', sizeof(p.key));
        g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    }
    p = good;
    p.ssid_bytes = 0;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p.ssid_bytes = 33;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p = good;
    p.channel = 14;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p = good;
    p.reserved = 1;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p = good;
    p.bssid[0] = 1;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p = good;
    p.key[3] = 0x1f;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p.key[3] = 0x7f;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p = good;
    p.security = 0;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p.security = WIFI_SECURITY_OPEN | WIFI_SECURITY_WPA2;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p.security = WIFI_SECURITY_OTHER << 1;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_BAD_VALUE);
    p.security = WIFI_SECURITY_WEP;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_UNSUPPORTED);
    p.security = WIFI_SECURITY_WPA;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_UNSUPPORTED);
    p.security = WIFI_SECURITY_OTHER;
    g_assert_cmpuint(try_connect(p), ==, WIFI_RESULT_UNSUPPORTED);
    g_assert_cmpuint(station_state(), ==, WIFI_STATION_IDLE);
    bench_quiet();
    bench_stop();
}

static void test_refused_values(void)
{
    struct wifi_scan scan = { };
    struct wifi_disconnect disconnect = { .reserved = 1 };
    struct wifi_roam roam = { .bssid = { 2 } };
    struct wifi_power_save save = { };
    uint8_t sta[8] = { 2 };

    radio_start();
    scan.passive = 2;
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==,
                     WIFI_RESULT_BAD_VALUE);
    scan.passive = 0;
    scan.ssid_bytes = 33;
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==,
                     WIFI_RESULT_BAD_VALUE);
    scan.ssid_bytes = 0;
    stw_le_p(&scan.channels, 1 << 13);
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==,
                     WIFI_RESULT_BAD_VALUE);
    stw_le_p(&scan.channels, 0);
    stw_le_p(&scan.reserved, 1);
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==,
                     WIFI_RESULT_BAD_VALUE);
    g_assert_cmpuint(command(WIFI_CMD_DISCONNECT, &disconnect,
                             sizeof(disconnect)), ==, WIFI_RESULT_BAD_VALUE);

    g_assert_cmpuint(command(WIFI_CMD_ROAM, &roam, sizeof(roam)), ==,
                     WIFI_RESULT_BAD_STATE);
    roam.channel = 14;
    g_assert_cmpuint(command(WIFI_CMD_ROAM, &roam, sizeof(roam)), ==,
                     WIFI_RESULT_BAD_VALUE);
    roam.channel = 0;
    roam.reserved = 1;
    g_assert_cmpuint(command(WIFI_CMD_ROAM, &roam, sizeof(roam)), ==,
                     WIFI_RESULT_BAD_VALUE);
    memset(&roam, 0, sizeof(roam));
    g_assert_cmpuint(command(WIFI_CMD_ROAM, &roam, sizeof(roam)), ==,
                     WIFI_RESULT_BAD_VALUE);

    save.on = 2;
    g_assert_cmpuint(command(WIFI_CMD_SET_POWER_SAVE, &save, sizeof(save)), ==,
                     WIFI_RESULT_BAD_VALUE);
    save.on = 0;
    save.reserved[2] = 1;
    g_assert_cmpuint(command(WIFI_CMD_SET_POWER_SAVE, &save, sizeof(save)), ==,
                     WIFI_RESULT_BAD_VALUE);

    g_assert_cmpuint(command(WIFI_CMD_AP_STOP, NULL, 0), ==,
                     WIFI_RESULT_BAD_STATE);
    g_assert_cmpuint(command(WIFI_CMD_AP_STATIONS, NULL, 0), ==,
                     WIFI_RESULT_BAD_STATE);
    g_assert_cmpuint(command(WIFI_CMD_AP_DEAUTH, sta, sizeof(sta)), ==,
                     WIFI_RESULT_BAD_STATE);
    g_assert_cmpuint(command(WIFI_CMD_SCAN_STOP, NULL, 0), ==,
                     WIFI_RESULT_OK);
    event_none();
    bench_stop();
}

/* The shortest way to an event: a scan that is stopped at once. */
static void make_event(void)
{
    const struct wifi_scan scan = { .passive = 1, .channels = 1 };

    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==,
                     WIFI_RESULT_OK);
    g_assert_cmpuint(command(WIFI_CMD_SCAN_STOP, NULL, 0), ==,
                     WIFI_RESULT_OK);
}

static void test_event_ring(void)
{
    int i;

    radio_start();
    radio_set(A_WIFI_INT_MASK, R_WIFI_INT_STATUS_EVENT_MASK |
                               R_WIFI_INT_STATUS_OVERFLOW_MASK);
    /* Once round, and it goes on at the start. */
    for (i = 0; i < EVENT_RING + 2; i++) {
        make_event();
        g_assert_true(board_irq(SB_WIFI_IRQ));
        radio_set(A_WIFI_INT_STATUS, 0xf);
        g_assert_cmpuint(radio_get(A_WIFI_EVT_HEAD), ==,
                         (i + 1) % EVENT_RING);
        event_expect(WIFI_EVENT_SCAN_DONE, 1, 0, 0);
    }
    /* One entry stays free. */
    for (i = 0; i < EVENT_RING - 1; i++) {
        make_event();
    }
    g_assert_cmpuint(radio_get(A_WIFI_EVT_LOST), ==, 0);
    radio_set(A_WIFI_INT_STATUS, 0xf);
    make_event();
    g_assert_cmpuint(radio_get(A_WIFI_EVT_LOST), ==, 1);
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==,
                    R_WIFI_INT_STATUS_OVERFLOW_MASK |
                    R_WIFI_INT_STATUS_COMMAND_MASK);
    g_assert_true(board_irq(SB_WIFI_IRQ));
    for (i = 0; i < EVENT_RING - 1; i++) {
        event_expect(WIFI_EVENT_SCAN_DONE, 1, 0, 0);
    }
    event_none();
    bench_stop();
}

static void test_events_that_are_not_stored(void)
{
    radio_start();
    /* Not wanted: neither stored nor counted. */
    radio_set(A_WIFI_EVT_MASK, EVENTS_ALL & ~(1u << WIFI_EVENT_SCAN_DONE));
    make_event();
    event_none();
    g_assert_cmpuint(radio_get(A_WIFI_EVT_LOST), ==, 0);
    radio_set(A_WIFI_EVT_MASK, 1u << WIFI_EVENT_SCAN_DONE);
    make_event();
    event_expect(WIFI_EVENT_SCAN_DONE, 1, 0, 0);

    /* Nowhere to put it: counted. */
    radio_set(A_WIFI_EVT_BASE, NOWHERE);
    radio_set(A_WIFI_INT_STATUS, 0xf);
    make_event();
    event_none();
    g_assert_cmpuint(radio_get(A_WIFI_EVT_LOST), ==, 1);
    g_assert_true(radio_get(A_WIFI_INT_STATUS) &
                  R_WIFI_INT_STATUS_OVERFLOW_MASK);

    /* No ring: not counted. */
    radio_set(A_WIFI_CTRL, R_WIFI_CTRL_RESET_MASK);
    radio_set(A_WIFI_CMD_ADDR, PARAMETERS);
    radio_set(A_WIFI_EVT_MASK, EVENTS_ALL);
    make_event();
    g_assert_cmpuint(radio_get(A_WIFI_EVT_LOST), ==, 0);
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==,
                    R_WIFI_INT_STATUS_COMMAND_MASK);
    bench_stop();
}

static void test_reset_forgets_all(void)
{
    const struct wifi_scan scan = { .passive = 1 };

    radio_start();
    make_event();
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==, 0);
    command_ring(WIFI_CMD_SCAN_STOP, NULL, 0, 7);
    radio_set(A_WIFI_CTRL, R_WIFI_CTRL_RESET_MASK);
    g_assert_cmphex(radio_get(A_WIFI_STATUS), ==, 0);
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==, 0);
    g_assert_cmphex(radio_get(A_WIFI_EVT_SIZE), ==, 0);
    g_assert_cmphex(radio_get(A_WIFI_EVT_HEAD), ==, 0);
    g_assert_false(board_irq(SB_WIFI_IRQ));
    /* Neither the command nor the scan ends any more. */
    clock_step(10 * SECOND_NS);
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==, 0);
    bench_stop();
}

/* Faults */

static void test_lost_interrupt(void)
{
    radio_start();
    radio_set(A_WIFI_INT_MASK, R_WIFI_INT_STATUS_COMMAND_MASK);
    radio_fault(LOST_IRQ, 1, 0);
    command(WIFI_CMD_SCAN_STOP, NULL, 0);
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==,
                    R_WIFI_INT_STATUS_COMMAND_MASK);
    g_assert_false(board_irq(SB_WIFI_IRQ));
    command(WIFI_CMD_SCAN_STOP, NULL, 0);
    g_assert_true(board_irq(SB_WIFI_IRQ));
    /* Only of the cause that was named. */
    radio_set(A_WIFI_INT_STATUS, 0xf);
    radio_fault(LOST_IRQ, 1, R_WIFI_INT_STATUS_EVENT_MASK);
    command(WIFI_CMD_SCAN_STOP, NULL, 0);
    g_assert_true(board_irq(SB_WIFI_IRQ));
    bench_stop();
}

static void test_stuck_command(void)
{
    radio_start();
    radio_fault(COMMAND_STUCK, 1, 0);
    command_ring(WIFI_CMD_SCAN_STOP, NULL, 0, 1);
    clock_step(SECOND_NS);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, BUSY));
    radio_setup();
    g_assert_cmpuint(command(WIFI_CMD_SCAN_STOP, NULL, 0), ==, 0);
    bench_stop();
}

static void test_event_faults(void)
{
    radio_start();
    radio_fault(EVENT_LOST, 1, WIFI_EVENT_JOIN);
    make_event();
    event_expect(WIFI_EVENT_SCAN_DONE, 1, 0, 0);
    radio_fault(EVENT_LOST, 2, WIFI_EVENT_SCAN_DONE);
    make_event();
    make_event();
    event_none();
    g_assert_cmpuint(radio_get(A_WIFI_EVT_LOST), ==, 2);
    make_event();
    event_expect(WIFI_EVENT_SCAN_DONE, 1, 0, 0);
    radio_fault(EVENT_LOST, 1, 0);
    radio_fault(EVENT_DMA, 1, 0);
    make_event();
    make_event();
    event_none();
    g_assert_cmpuint(radio_get(A_WIFI_EVT_LOST), ==, 4);
    make_event();
    event_expect(WIFI_EVENT_SCAN_DONE, 1, 0, 0);
    bench_stop();
}

static void test_dead_processor(void)
{
    const struct wifi_scan scan = { .passive = 1 };

    radio_start();
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==, 0);
    radio_set(A_WIFI_INT_STATUS, 0xf);
    radio_fault(DIED, 0, 0);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, FAILED));
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==,
                    R_WIFI_INT_STATUS_FAILED_MASK);
    g_assert_true(board_irq(SB_WIFI_IRQ));
    radio_set(A_WIFI_CMD, WIFI_CMD_SCAN_STOP);
    clock_step(10 * SECOND_NS);
    event_none();
    g_assert_cmphex(radio_get(A_WIFI_RESULT) & 0xff, ==, 0);
    g_assert_cmphex(radio_get(A_WIFI_INT_STATUS), ==,
                    R_WIFI_INT_STATUS_FAILED_MASK);
    radio_setup();
    g_assert_cmpuint(command(WIFI_CMD_SCAN_STOP, NULL, 0), ==, 0);
    bench_stop();
}

/* Faults stay over a reset of the radio, not over one of the board. */
static void test_faults_and_resets(void)
{
    radio_start();
    radio_fault(COMMAND_STUCK, 1, 0);
    radio_setup();
    command_ring(WIFI_CMD_SCAN_STOP, NULL, 0, 1);
    clock_step(SECOND_NS);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, BUSY));
    radio_setup();
    radio_fault(COMMAND_STUCK, 1, 0);
    bench_reset(1);
    radio_setup();
    g_assert_cmpuint(command(WIFI_CMD_SCAN_STOP, NULL, 0), ==, 0);
    bench_forget();

    /* What is no fault of this port is said so. */
    radio_fault(10, 1, 0);
    air_drop(DROP_UNKNOWN);
    radio_fault(26, 1, 0);
    air_drop(DROP_UNKNOWN);
    radio_fault(0, 1, 0);
    air_drop(DROP_UNKNOWN);
    bench_stop();
}

/* The MAC */

static void test_mac_has_no_phy(void)
{
    bench_start("");
    g_assert_cmphex(readl(MAC + A_ETH_ID), ==, SB_ETH_ID_VALUE);
    g_assert_cmphex(readl(MAC + A_ETH_CAPS), ==, 0xa1f);
    g_assert_cmphex(readl(MAC + A_ETH_STATUS), ==, 6);
    g_assert_cmphex(readl(MAC + A_ETH_MAC_LO), ==, 0x00000002);
    g_assert_cmphex(readl(MAC + A_ETH_MAC_HI), ==, 0x8100);
    writel(MAC + A_ETH_MDIO_DATA, 0x1234);
    g_assert_cmphex(readl(MAC + A_ETH_MDIO_DATA), ==, 0);
    writel(MAC + A_ETH_MDIO_CTRL, R_ETH_MDIO_CTRL_START_MASK);
    g_assert_cmphex(readl(MAC + A_ETH_MDIO_CTRL), ==, 0);
    bench_stop();
}

static void test_addresses_are_properties(void)
{
    bench_start(",mac=02:00:00:00:00:81,wifi-mac=02:00:00:00:00:01");
    g_assert_cmphex(readl(MAC + A_ETH_MAC_HI), ==, 0x0100);
    g_assert_cmphex(readl(SB_ETH_BASE + A_ETH_MAC_HI), ==, 0x8100);
    bench_stop();
}

/* The MAC's faults are armed by this port, and hit this MAC. */
static void test_mac_faults(void)
{
    bench_start("");
    writel(MAC + A_ETH_TX_BASE, SB_RAM_BASE + 0x1000);
    writel(MAC + A_ETH_TX_SIZE, 2);
    writel(MAC + A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    writel(SB_RAM_BASE + 0x1000, SB_RAM_BASE);
    writel(SB_RAM_BASE + 0x1004, 60 | SB_ETH_TX_LAST);
    radio_fault(4, 1, 0);
    bench_quiet();
    writel(MAC + A_ETH_TX_TAIL, 1);
    g_assert_cmpuint(readl(MAC + A_ETH_TX_HEAD), ==, 0);
    writel(MAC + A_ETH_CTRL, 0);
    writel(MAC + A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    g_assert_cmpuint(readl(MAC + A_ETH_TX_HEAD), ==, 1);
    bench_stop();
}

/* A frame has a header; nothing shorter can be sent, nothing is padded. */
static void test_mac_frames_have_a_header(void)
{
    bench_start("");
    writel(MAC + A_ETH_TX_BASE, SB_RAM_BASE + 0x1000);
    writel(MAC + A_ETH_TX_SIZE, 2);
    writel(MAC + A_ETH_CTRL, R_ETH_CTRL_TX_ENABLE_MASK);
    writel(SB_RAM_BASE + 0x1000, SB_RAM_BASE);
    writel(SB_RAM_BASE + 0x1004, 13 | SB_ETH_TX_LAST);
    writel(SB_RAM_BASE + 0x1010, SB_RAM_BASE);
    writel(SB_RAM_BASE + 0x1014, 14 | SB_ETH_TX_LAST);
    writel(MAC + A_ETH_TX_TAIL, 1);
    g_assert_cmphex(readl(SB_RAM_BASE + 0x1008), ==,
                    SB_ETH_DONE | SB_ETH_TX_RES_ERROR);
    writel(MAC + A_ETH_TX_TAIL, 0);
    g_assert_cmphex(readl(SB_RAM_BASE + 0x1018), ==,
                    SB_ETH_DONE | SB_ETH_TX_RES_NOLINK);
    bench_stop();
}

/* A board without a link, which can be migrated: it goes on elsewhere. */
static void test_migration(void)
{
    const struct wifi_ap ap = {
        .ssid_bytes = 1, .security = WIFI_SECURITY_OPEN, .channel = 3,
        .stations = 1, .ssid = "n",
    };
    const struct wifi_scan scan = { .channels = cpu_to_le16(1) };
    g_autofree char *folder = g_dir_make_tmp("wifi-XXXXXX", NULL);
    g_autofree char *state = g_strdup_printf("%s/state", folder);
    g_autofree char *uri = g_strdup_printf("file:%s", state);
    g_autofree char *incoming = g_strdup_printf(
        "-M sockbench -nodefaults -incoming %s", uri);
    bool completed = false;

    global_qtest = qtest_init("-M sockbench -nodefaults");
    radio_setup();
    g_assert_cmpuint(command(WIFI_CMD_AP_START, &ap, sizeof(ap)), ==, 0);
    g_assert_cmpuint(command(WIFI_CMD_SCAN, &scan, sizeof(scan)), ==, 0);
    command_ring(WIFI_CMD_GET_INFO, NULL, 0, 77);
    clock_step(COMMAND_NS / 2);
    qtest_qmp_assert_success(global_qtest, "{ 'execute': 'migrate',"
                             " 'arguments': { 'uri': %s } }", uri);
    while (!completed) {
        QDict *r = qtest_qmp_assert_success_ref(
            global_qtest, "{ 'execute': 'query-migrate' }");

        completed = g_str_equal(qdict_get_try_str(r, "status") ?: "",
                                "completed");
        qobject_unref(r);
    }
    qtest_end();

    global_qtest = qtest_init(incoming);
    completed = false;
    while (!completed) {
        QDict *r = qtest_qmp_assert_success_ref(
            global_qtest, "{ 'execute': 'query-status' }");

        completed = !g_str_equal(qdict_get_str(r, "status"), "inmigrate");
        qobject_unref(r);
    }
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, SOFTAP));
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, SCANNING));
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, BUSY));
    g_assert_true(readl(MAC + A_ETH_STATUS) & R_ETH_STATUS_LINK_UP_MASK);
    /* What was under way comes to its end. */
    clock_step(2 * SECOND_NS);
    g_assert_cmphex(radio_get(A_WIFI_RESULT), ==, 77 << 16);
    event_expect(WIFI_EVENT_SCAN_DONE, 0, 0, 0);
    g_assert_true(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, SOFTAP));
    qtest_end();
    g_unlink(state);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/wifi/registers", test_registers);
    qtest_add_func("/wifi/addresses-and-sizes",
                   test_addresses_and_sizes_are_checked);
    qtest_add_func("/wifi/command/timing", test_command_timing);
    qtest_add_func("/wifi/command/parameters",
                   test_parameters_are_read_at_the_end);
    qtest_add_func("/wifi/command/lengths", test_lengths_and_memory);
    qtest_add_func("/wifi/command/connect", test_refused_connects);
    qtest_add_func("/wifi/command/values", test_refused_values);
    qtest_add_func("/wifi/event/ring", test_event_ring);
    qtest_add_func("/wifi/event/not-stored", test_events_that_are_not_stored);
    qtest_add_func("/wifi/reset", test_reset_forgets_all);
    qtest_add_func("/wifi/fault/lost-interrupt", test_lost_interrupt);
    qtest_add_func("/wifi/fault/stuck-command", test_stuck_command);
    qtest_add_func("/wifi/fault/events", test_event_faults);
    qtest_add_func("/wifi/fault/dead-processor", test_dead_processor);
    qtest_add_func("/wifi/fault/resets", test_faults_and_resets);
    qtest_add_func("/wifi/mac/no-phy", test_mac_has_no_phy);
    qtest_add_func("/wifi/mac/addresses", test_addresses_are_properties);
    qtest_add_func("/wifi/mac/faults", test_mac_faults);
    qtest_add_func("/wifi/mac/header", test_mac_frames_have_a_header);
    qtest_add_func("/wifi/migration", test_migration);
    return g_test_run();
}
