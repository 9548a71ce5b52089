/*
 * Unit test: 802.11 headers, elements and management frames.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "sockbench-wifi-frames.h"
#include "sockbench-unit.h"

static const uint8_t own[] = { 2, 0, 0, 0, 0, 0x81 };
static const uint8_t ap[] = { 2, 0, 0, 0, 0, 0xa1 };
static const uint8_t other_ap[] = { 2, 0, 0, 0, 0, 0xa2 };

static WifiBss bss_of(const char *name, bool wpa2)
{
    WifiBss bss = { .channel = 6, .beacon_tu = 100, .wpa2 = wpa2 };

    memcpy(bss.bssid, ap, sizeof(ap));
    wifi_ssid_set(&bss.ssid, (const uint8_t *)name, strlen(name));
    return bss;
}

/* Headers */

static void test_header(void)
{
    static const struct {
        const char *hex;
        int bssid, destination, source; /* offsets; -1: none */
        uint32_t bytes;
    } frames[] = {
        { "80000000 ffffffffffff 0200000000a1 0200000000a1 5123", 16, 4, 10,
          24 },
        { "80800000 ffffffffffff 0200000000a1 0200000000a1 5123 00000000", 16,
          4, 10, 28 },
        { "08000000 010203040506 020000000081 0200000000a1 5123", 16, 4, 10,
          24 },
        { "08010000 0200000000a1 020000000081 010203040506 5123", 4, 16, 10,
          24 },
        { "08020000 010203040506 0200000000a1 020000000081 5123", 10, 4, 16,
          24 },
        { "08030000 0200000000a1 0200000000a2 010203040506 5123 "
          "020000000081", -1, 16, 24, 30 },
        { "88020000 010203040506 0200000000a1 020000000081 5123 0700", 10, 4,
          16, 26 },
        { "88820000 010203040506 0200000000a1 020000000081 5123 0700 "
          "00000000", 10, 4, 16, 30 },
        { "08820000 010203040506 0200000000a1 020000000081 5123", 10, 4, 16,
          24 },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(frames); i++) {
        BYTES frame = bytes_from_hex(frames[i].hex);
        WifiHeader h;
        uint32_t size;

        g_assert(wifi_header_parse(&h, frame.at, frame.size));
        g_assert(h.bssid == (frames[i].bssid < 0 ? NULL :
                             frame.at + frames[i].bssid));
        g_assert(h.destination == frame.at + frames[i].destination);
        g_assert(h.source == frame.at + frames[i].source);
        g_assert(h.receiver == frame.at + 4);
        g_assert(h.transmitter == frame.at + 10);
        g_assert_cmphex(h.sequence, ==, 0x235);
        g_assert_cmphex(h.fragment, ==, 1);
        g_assert_cmpuint(h.bytes, ==, frames[i].bytes);
        g_assert_cmpuint(h.tid, ==, h.fc & 0x80 && h.fc & 8 ? 7 : 0);
        for (size = 0; size < frames[i].bytes; size++) {
            BYTES cut = bytes_of(frame.at, size);

            g_assert(!wifi_header_parse(&h, cut.at, size));
            g_assert(!wifi_frame_is_whole(cut.at, size));
        }
    }
}

static void test_header_of_a_ps_poll(void)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    WifiHeader h;
    uint32_t size = wifi_put_ps_poll(frame, own, ap, 5);

    assert_hex(frame, size, "a40005c0 0200000000a1 020000000081");
    g_assert(wifi_header_parse(&h, frame, size));
    g_assert_cmpuint(h.aid, ==, 5);
    g_assert_cmpuint(h.bytes, ==, 16);
    g_assert(h.destination == frame + 4 && h.source == frame + 10);
    g_assert_cmpmem(h.bssid, 6, ap, 6);
    g_assert(!wifi_header_parse(&h, frame, size - 1));
}

static void test_header_that_is_none(void)
{
    static const char *const frames[] = {
        "81000000 ffffffffffff 0200000000a1 0200000000a1 0000", /* version */
        "0c000000 ffffffffffff 0200000000a1 0200000000a1 0000", /* type 3 */
        "d4000000 ffffffffffff 000000000000",                   /* ACK */
        "b4000000 ffffffffffff 0200000000a1",                   /* RTS */
    };
    WifiHeader h;
    int i;

    for (i = 0; i < ARRAY_SIZE(frames); i++) {
        BYTES frame = bytes_from_hex(frames[i]);

        g_assert(!wifi_header_parse(&h, frame.at, frame.size));
    }
}

/* Elements */

static void test_elements(void)
{
    BYTES bytes = bytes_from_hex("00 03 616263 01 00 30 01 ff 00 01 7a");
    WifiElements all = { bytes.at, bytes.size };
    WifiElements left = all;
    WifiElement e;
    uint32_t size;

    g_assert(wifi_elements_next(&left, &e) && e.id == 0 && e.bytes == 3);
    g_assert_cmpmem(e.data, e.bytes, "abc", 3);
    g_assert(wifi_elements_next(&left, &e) && e.id == 1 && e.bytes == 0);
    g_assert(wifi_elements_next(&left, &e) && e.id == 48 && e.bytes == 1);
    g_assert(wifi_elements_next(&left, &e) && e.id == 0);
    g_assert(!wifi_elements_next(&left, &e));
    g_assert(wifi_elements_find(all, 0, &e) && e.bytes == 3);
    g_assert(!wifi_elements_find(all, 2, &e));
    for (size = 0; size <= bytes.size; size++) {
        BYTES cut = bytes_of(bytes.at, size);

        g_assert(wifi_elements_are_whole((WifiElements) { cut.at, size }) ==
                 (size == 0 || size == 5 || size == 7 || size == 10 ||
                  size == 13));
    }
}

/* Management frames: what is built is what is understood. */

static void assert_network(const uint8_t *frame, uint32_t size,
                           const char *name, uint8_t security)
{
    BYTES exact = bytes_of(frame, size);
    uint8_t rsn[WIFI_RSN_OWN_BYTES];
    WifiNetwork n;

    memset(&n, 0xee, sizeof(n)); /* nothing of an earlier one may stay */
    g_assert(wifi_network_parse(&n, exact.at, size));
    g_assert_cmpint(n.dbm, ==, 0);
    g_assert(buffer_is_zero(n.rsn + n.rsn_bytes,
                            sizeof(n.rsn) - n.rsn_bytes));
    g_assert_cmpmem(n.bssid, 6, ap, 6);
    g_assert_cmpuint(n.channel, ==, 6);
    g_assert_cmpuint(n.beacon_tu, ==, 100);
    g_assert_cmphex(n.security, ==, security);
    g_assert_cmphex(n.capability, ==, n.rsn_bytes ? 0x31 : 0x21);
    g_assert_cmpmem(n.ssid.bytes, n.ssid.size, name, strlen(name));
    if (security == WIFI_SECURITY_WPA2) {
        wifi_put_rsn(rsn);
        g_assert_cmpmem(n.rsn, n.rsn_bytes, rsn, sizeof(rsn));
    } else {
        g_assert_cmpuint(n.rsn_bytes, ==, 0);
    }
}

static void test_beacon(void)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    WifiBss bss = bss_of("sockbench", true);
    WifiTim tim;
    uint32_t size = wifi_put_beacon(frame, &bss, 0x12);

    assert_hex(frame, size,
               "80000000 ffffffffffff 0200000000a1 0200000000a1 0000 "
               "0000000000000000 6400 3100 0009736f636b62656e6368 "
               "010882848b960c121824 030106 05070001 00 12000000 "
               "30140100000fac040100000fac040100000fac020000 "
               "32043048606c");
    assert_network(frame, size, "sockbench", WIFI_SECURITY_WPA2);
    g_assert(wifi_tim_parse(&tim, 4, frame, size));
    g_assert(tim.unicast && !tim.group && tim.dtim_period == 1);
    g_assert(wifi_tim_parse(&tim, 5, frame, size) && !tim.unicast);
    size = wifi_put_beacon(frame, &bss, 1);
    g_assert(wifi_tim_parse(&tim, 1, frame, size));
    g_assert(tim.group && !tim.unicast);

    bss.hidden = true;
    size = wifi_put_beacon(frame, &bss, 0);
    assert_network(frame, size, "", WIFI_SECURITY_WPA2);
    bss = bss_of("open", false);
    size = wifi_put_beacon(frame, &bss, 0);
    assert_network(frame, size, "open", WIFI_SECURITY_OPEN);
}

static void test_tim(void)
{
    /* Bitmap control: from octet 4 on, that is AID 32; two octets. */
    BYTES frame = bytes_from_hex(
        "80000000 ffffffffffff 0200000000a1 0200000000a1 0000 "
        "0000000000000000 6400 0100 00 00 05 05 01 03 04 81 01");
    WifiTim tim;
    int aid;

    for (aid = 1; aid <= WIFI_AID_MAX; aid++) {
        g_assert(wifi_tim_parse(&tim, aid, frame.at, frame.size));
        g_assert(tim.unicast == (aid == 32 || aid == 39 || aid == 40));
        g_assert(tim.dtim_count == 1 && tim.dtim_period == 3 && !tim.group);
    }
    frame.at[frame.size - 4] = 0;        /* a period of 0 can't be */
    g_assert(!wifi_tim_parse(&tim, 1, frame.at, frame.size));
    frame.at[frame.size - 4] = 3;
    frame.at[frame.size - 6]--;          /* a bitmap of one octet; of none */
    g_assert(wifi_tim_parse(&tim, 39, frame.at, frame.size - 1));
    g_assert(tim.unicast);
    g_assert(wifi_tim_parse(&tim, 40, frame.at, frame.size - 1));
    g_assert(!tim.unicast);
    frame.at[frame.size - 6]--;
    g_assert(!wifi_tim_parse(&tim, 39, frame.at, frame.size - 2));
}

static void test_probes(void)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    WifiBss bss = bss_of("sockbench", true);
    WifiSsid ssid;
    uint32_t size;

    bss.hidden = true;                   /* but it answers with its name */
    size = wifi_put_probe_response(frame, &bss, own, 0x0102030405060708);
    assert_hex(frame, 36, "50000000 020000000081 0200000000a1 0200000000a1 "
               "0000 0807060504030201 6400 3100");
    assert_network(frame, size, "sockbench", WIFI_SECURITY_WPA2);

    size = wifi_put_probe_request(frame, own, wifi_broadcast, &bss.ssid, 3);
    assert_hex(frame, size,
               "40000000 ffffffffffff 020000000081 ffffffffffff 0000 "
               "0009736f636b62656e6368 010882848b960c121824 32043048606c "
               "030103");
    g_assert(wifi_probe_request_parse(&ssid, frame, size));
    g_assert(wifi_ssid_equal(&ssid, &bss.ssid));
}

static void test_auth(void)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    const WifiAuth auth = { 0, 1, 0 };
    WifiAuth parsed;
    uint32_t size = wifi_put_auth(frame, own, ap, ap, &auth);

    assert_hex(frame, size, "b0000000 0200000000a1 020000000081 0200000000a1 "
               "0000 0000 0100 0000");
    g_assert(wifi_auth_parse(&parsed, frame, size));
    g_assert_cmpmem(&parsed, sizeof(parsed), &auth, sizeof(auth));
    frame[24] = 3;                       /* SAE: no elements follow */
    frame[28] = 77;
    frame[30] = 0xff;
    g_assert(wifi_auth_parse(&parsed, frame, size + 1));
    g_assert_cmpuint(parsed.algorithm, ==, 3);
    g_assert_cmpuint(parsed.status, ==, 77);
    frame[24] = 0;
    g_assert(!wifi_auth_parse(&parsed, frame, size + 1));
    frame[1] = WIFI_FLAG_PROTECTED;
    g_assert(!wifi_auth_parse(&parsed, frame, size));
}

static void test_association(void)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint8_t rsn[WIFI_RSN_OWN_BYTES];
    WifiBss bss = bss_of("sockbench", true);
    WifiAssocRequest request;
    WifiAssocResponse response;
    uint32_t size;

    wifi_put_rsn(rsn);
    memset(&request, 0xee, sizeof(request));
    size = wifi_put_assoc_request(frame, own, &bss, NULL);
    assert_hex(frame, 28, "00000000 0200000000a1 020000000081 0200000000a1 "
               "0000 3100 0a00");
    g_assert(wifi_assoc_request_parse(&request, frame, size));
    g_assert(wifi_ssid_equal(&request.ssid, &bss.ssid));
    g_assert_cmpmem(request.rsn, request.rsn_bytes, rsn, sizeof(rsn));
    g_assert(buffer_is_zero(request.rsn + request.rsn_bytes,
                            sizeof(request.rsn) - request.rsn_bytes));
    g_assert_cmphex(request.capability, ==, 0x31);
    g_assert_cmpuint(request.listen_interval, ==, 10);

    size = wifi_put_assoc_request(frame, own, &bss, other_ap);
    assert_hex(frame, 34, "20000000 0200000000a1 020000000081 0200000000a1 "
               "0000 3100 0a00 0200000000a2");
    g_assert(wifi_assoc_request_parse(&request, frame, size));
    g_assert(wifi_ssid_equal(&request.ssid, &bss.ssid));

    size = wifi_put_assoc_response(frame, &bss, own, true, 0, 3);
    assert_hex(frame, size, "30000000 020000000081 0200000000a1 0200000000a1 "
               "0000 3100 0000 03c0 010882848b960c121824 32043048606c");
    g_assert(wifi_assoc_response_parse(&response, frame, size));
    g_assert_cmpuint(response.aid, ==, 3);

    size = wifi_put_assoc_response(frame, &bss, own, false, 17, 0);
    g_assert_cmphex(frame[0], ==, 0x10);
    g_assert(wifi_assoc_response_parse(&response, frame, size));
    g_assert_cmpuint(response.status, ==, 17);

    size = wifi_put_assoc_response(frame, &bss, own, false, 0, WIFI_AID_MAX);
    g_assert(wifi_assoc_response_parse(&response, frame, size));
    size = wifi_put_assoc_response(frame, &bss, own, false, 0,
                                   WIFI_AID_MAX + 1);
    g_assert(!wifi_assoc_response_parse(&response, frame, size));
    size = wifi_put_assoc_response(frame, &bss, own, false, 0, 0);
    g_assert(!wifi_assoc_response_parse(&response, frame, size));
}

static void test_leaving(void)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint16_t reason;
    uint32_t size = wifi_put_leave(frame, WIFI_FC_DEAUTH, own, ap, ap, 15);

    assert_hex(frame, size, "c0000000 0200000000a1 020000000081 0200000000a1 "
               "0000 0f00");
    g_assert(wifi_reason_parse(&reason, frame, size) && reason == 15);
    size = wifi_put_leave(frame, WIFI_FC_DISASSOC, own, ap, ap, 0x0403);
    g_assert(wifi_reason_parse(&reason, frame, size) && reason == 0x0403);
    g_assert(!wifi_reason_parse(&reason, frame, size - 1));
    size = wifi_put_null(frame, own, ap, true);
    assert_hex(frame, size, "48110000 0200000000a1 020000000081 0200000000a1 "
               "0000");
    g_assert(!wifi_reason_parse(&reason, frame, size));
    wifi_put_null(frame, own, ap, false);
    g_assert_cmphex(frame[1], ==, 0x01);
}

static void test_channel_switch(void)
{
    BYTES action = bytes_from_hex(
        "d0000000 ffffffffffff 0200000000a1 0200000000a1 0000 "
        "0004 25 03 01 0b 05");
    BYTES beacon = bytes_from_hex(
        "80000000 ffffffffffff 0200000000a1 0200000000a1 0000 "
        "0000000000000000 6400 0100 00 00 25 03 00 0d 02");
    WifiChannelSwitch csa;

    g_assert(wifi_channel_switch_parse(&csa, action.at, action.size));
    g_assert(csa.mode == 1 && csa.channel == 11 && csa.count == 5);
    g_assert(wifi_channel_switch_parse(&csa, beacon.at, beacon.size));
    g_assert(csa.mode == 0 && csa.channel == 13 && csa.count == 2);
    g_assert(!wifi_channel_switch_parse(&csa, beacon.at, beacon.size - 5));
    action.at[25] = 3;                   /* another action */
    g_assert(!wifi_channel_switch_parse(&csa, action.at, action.size));
    g_assert(wifi_frame_is_whole(action.at, action.size));
}

/* Names */

static bool network_of(WifiNetwork *n, const char *ssid_element)
{
    char *hex = g_strconcat(
        "80000000 ffffffffffff 0200000000a1 0200000000a1 0000 "
        "0000000000000000 6400 0100", ssid_element, NULL);
    BYTES frame = bytes_from_hex(hex);

    g_free(hex);
    return wifi_network_parse(n, frame.at, frame.size);
}

static void test_names(void)
{
    WifiNetwork n;

    g_assert(network_of(&n, "00 01 61") && n.ssid.size == 1);
    g_assert(network_of(&n, "00 03 006100") && n.ssid.size == 3);
    g_assert(network_of(&n, "00 00") && n.ssid.size == 0);
    g_assert(network_of(&n, "00 04 00000000") && n.ssid.size == 0);
    g_assert(network_of(&n, "00 20 ffffffffffffffffffffffffffffffff"
                        "ffffffffffffffffffffffffffffffff") &&
             n.ssid.size == 32);
    g_assert(!network_of(&n, "00 21 ffffffffffffffffffffffffffffffff"
                         "ffffffffffffffffffffffffffffffffff"));
    g_assert(!network_of(&n, "01 01 82"));
    g_assert(!network_of(&n, "00 02 61"));
    g_assert_cmpuint(n.channel, ==, 0);
}

/* Hostile input: every parser on every prefix and on every flipped bit. */

static void parse_all(const uint8_t *frame, uint32_t size)
{
    union {
        WifiHeader header;
        WifiNetwork network;
        WifiTim tim;
        WifiChannelSwitch csa;
        WifiAuth auth;
        WifiAssocResponse response;
        WifiAssocRequest request;
        WifiSsid ssid;
        uint16_t reason;
    } out;
    BYTES exact = bytes_of(frame, size);
    BYTES room = { g_malloc(size + 1), 0 };
    bool understood = false;

    wifi_header_parse(&out.header, exact.at, size);
    understood |= wifi_network_parse(&out.network, exact.at, size);
    understood |= wifi_tim_parse(&out.tim, 2007, exact.at, size);
    understood |= wifi_channel_switch_parse(&out.csa, exact.at, size);
    understood |= wifi_auth_parse(&out.auth, exact.at, size);
    understood |= wifi_assoc_response_parse(&out.response, exact.at, size);
    understood |= wifi_assoc_request_parse(&out.request, exact.at, size);
    understood |= wifi_probe_request_parse(&out.ssid, exact.at, size);
    understood |= wifi_reason_parse(&out.reason, exact.at, size);
    g_assert(!understood || wifi_frame_is_whole(exact.at, size));
    wifi_data_to_ethernet(room.at, exact.at, size);
    wifi_security(0, wifi_frame_elements(exact.at, size));
}

static uint32_t put_any(uint8_t *frame, int which)
{
    const WifiBss bss = bss_of("sockbench", true);
    const WifiAuth auth = { 0, 2, 0 };

    switch (which) {
    case 0:
        return wifi_put_beacon(frame, &bss, 2);
    case 1:
        return wifi_put_probe_response(frame, &bss, own, 1);
    case 2:
        return wifi_put_probe_request(frame, own, ap, &bss.ssid, 1);
    case 3:
        return wifi_put_auth(frame, own, ap, ap, &auth);
    case 4:
        return wifi_put_assoc_request(frame, own, &bss, NULL);
    case 5:
        return wifi_put_assoc_request(frame, own, &bss, other_ap);
    case 6:
        return wifi_put_assoc_response(frame, &bss, own, false, 0, 1);
    case 7:
        return wifi_put_leave(frame, WIFI_FC_DISASSOC, own, ap, ap, 8);
    case 8:
        return wifi_put_ps_poll(frame, own, ap, 1);
    default:
        return 0;
    }
}

static void test_broken(void)
{
    uint8_t frame[WIFI_MANAGEMENT_BYTES];
    uint32_t size, whole, bit;
    int which;

    for (which = 0; (whole = put_any(frame, which)); which++) {
        g_assert(wifi_frame_is_whole(frame, whole));
        for (size = 0; size <= whole; size++) {
            parse_all(frame, size);
        }
        for (bit = 0; bit < whole * 8; bit++) {
            frame[bit / 8] ^= 1 << bit % 8;
            parse_all(frame, whole);
            frame[bit / 8] ^= 1 << bit % 8;
        }
    }
    g_assert_cmpint(which, ==, 9);
}

#define TEST(name) g_test_add_func("/wifi/frames/" #name, test_##name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(header);
    TEST(header_of_a_ps_poll);
    TEST(header_that_is_none);
    TEST(elements);
    TEST(beacon);
    TEST(tim);
    TEST(probes);
    TEST(auth);
    TEST(association);
    TEST(leaving);
    TEST(channel_switch);
    TEST(names);
    TEST(broken);
    return g_test_run();
}
