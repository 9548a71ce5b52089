/*
 * The wifi driver scans and is a soft AP; both take turns with joining, and survive a reset.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "played_radio.h"

static void tell_network(const char *ssid, uint8_t security, int8_t rssi)
{
    struct wifi_network network = {
        .rssi = rssi, .security = security, .ssid_bytes = (uint8_t)strlen(ssid)};
    memcpy(network.ssid, ssid, strlen(ssid));
    tell(WIFI_EVENT_SCAN_RESULT, 0, 0);
    struct wifi_event *event = &fake.events[fake.event_count - 1];
    event->data_bytes = sizeof network;
    memcpy(event->data, &network, sizeof network);
    memcpy(event->address, "bssid!", 6);
}

static void test_a_scan_collects_what_there_is_room_for(void **state)
{
    struct wifi_seen seen[3];
    struct wifi_request scan = {.operation = WIFI_SCAN,
                                .scan = {.duration_ms = 5000, .seen = seen, .room = 3}};
    (void)state;
    submit(&scan);
    assert_int_equal(((const struct wifi_scan *)(const void *)fake.parameters)->dwell_ms, 384);
    end_command(WIFI_CMD_SCAN, WIFI_RESULT_OK);
    tell_network("a", WIFI_SECURITY_WPA | WIFI_SECURITY_WPA2, -50);
    tell_network("b", WIFI_SECURITY_WPA, -60);
    tell(WIFI_EVENT_SCAN_RESULT, 0, 0); /* without a network */
    tell_network("", WIFI_SECURITY_OTHER, -70);
    tell_network("d", WIFI_SECURITY_OPEN, -80);
    service();
    assert_false(is_done(&scan));
    tell(WIFI_EVENT_SCAN_DONE, 0, 0);
    service();
    assert_true(is_done(&scan));
    assert_int_equal(scan.outcome, WIFI_DONE);
    assert_int_equal(scan.scan.count, 3);
    assert_int_equal(seen[0].protection, WIFI_IS_WPA2);
    assert_int_equal(seen[1].protection, WIFI_IS_WPA);
    assert_int_equal(seen[1].rssi, -60);
    assert_memory_equal(seen[1].bssid, "bssid!", 6);
    assert_int_equal(seen[2].protection, WIFI_IS_WPA2);
    assert_int_equal(seen[2].ssid_bytes, 0);
    assert_int_equal(control.counters[EVENTS_BAD], 1);
}

static void test_scanning_and_joining_take_turns(void **state)
{
    struct wifi_seen seen[1];
    struct wifi_request scan = {.operation = WIFI_SCAN,
                                .scan = {.duration_ms = 13, .seen = seen, .room = 1}};
    struct wifi_request another = scan;
    struct wifi_request join = request_to_join();
    (void)state;
    submit(&scan);
    end_command(WIFI_CMD_SCAN, WIFI_RESULT_OK);
    submit(&another);
    assert_true(is_done(&another));
    assert_int_equal(another.outcome, WIFI_BUSY);
    submit(&join); /* waits for the scan */
    assert_int_equal(fake.command, 0);
    tell(WIFI_EVENT_SCAN_DONE, 0, 0);
    service();
    assert_true(is_done(&scan));
    submit(&another); /* while joining: not now */
    assert_int_equal(another.outcome, WIFI_BUSY);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    submit(&another);
    assert_int_equal(another.outcome, WIFI_BUSY);
    assert_int_equal(done_count, 4);
}

static void test_a_scan_that_does_not_end_costs_a_reset(void **state)
{
    struct wifi_seen seen[1];
    struct wifi_request scan = {.operation = WIFI_SCAN,
                                .scan = {.duration_ms = 130, .seen = seen, .room = 1}};
    (void)state;
    submit(&scan);
    end_command(WIFI_CMD_SCAN, WIFI_RESULT_OK);
    fake.status |= FIELD_MASK(WIFI_STATUS, SCANNING);
    assert_int_equal(wifi_control_due_ns(), now + 130 * MS + SCAN_GRACE_NS);
    now = wifi_control_due_ns() - 1;
    service();
    assert_int_equal(fake.resets, 0);
    now += 1;
    service();
    assert_int_equal(fake.resets, 1);
    assert_int_equal(scan.outcome, WIFI_BROKEN);
    assert_true(is_done(&scan));
}

static struct wifi_request request_for_ap(void)
{
    struct wifi_request request = {.operation = WIFI_AP_UP};
    request.ap.credentials =
        (struct wifi_credentials){.ssid = "ap", .ssid_bytes = 2, .protection = WIFI_IS_OPEN};
    request.ap.clients_max = 3;
    return request;
}

static void test_a_soft_ap_and_a_network_exclude_each_other(void **state)
{
    struct wifi_request ap = request_for_ap();
    struct wifi_request down = {.operation = WIFI_AP_DOWN};
    struct wifi_request join = request_to_join();
    struct wifi_client clients[2];
    struct wifi_request list = {.operation = WIFI_AP_CLIENTS,
                                .clients = {.clients = clients, .room = 2}};
    const struct wifi_ap_station stations[] = {
        {.mac = "aaaaaa", .authorized = 1}, {.mac = "bbbbbb"}, {.mac = "cccccc", .authorized = 1}};
    (void)state;
    submit(&down);
    assert_int_equal(down.outcome, WIFI_NOT_JOINED);
    submit(&ap);
    assert_int_equal(((const struct wifi_ap *)(const void *)fake.parameters)->stations, 3);
    end_command(WIFI_CMD_AP_START, WIFI_RESULT_OK);
    assert_int_equal(ap.outcome, WIFI_DONE);
    submit(&join);
    assert_int_equal(join.outcome, WIFI_BUSY);
    submit(&list);
    memcpy(fake.response, stations, sizeof stations);
    fake.response_bytes = sizeof stations;
    end_command(WIFI_CMD_AP_STATIONS, WIFI_RESULT_OK);
    assert_int_equal(list.clients.count, 2);
    assert_memory_equal(clients[1].mac, "cccccc", 6);
    submit(&down);
    end_command(WIFI_CMD_AP_STOP, WIFI_RESULT_OK);
    assert_int_equal(down.outcome, WIFI_DONE);

    join_network(&join);
    ap = request_for_ap();
    submit(&ap);
    assert_int_equal(ap.outcome, WIFI_BUSY);
}

static void test_a_soft_ap_comes_up_again_after_a_reset_but_once(void **state)
{
    struct wifi_request ap = request_for_ap();
    (void)state;
    submit(&ap);
    end_command(WIFI_CMD_AP_START, WIFI_RESULT_OK);
    memset(fake.parameters, 0, sizeof fake.parameters);
    fake.status |= FIELD_MASK(WIFI_STATUS, FAILED);
    service();
    assert_int_equal(((const struct wifi_ap *)(const void *)fake.parameters)->stations, 3);
    end_command(WIFI_CMD_AP_START, WIFI_RESULT_OK);
    fake.status |= FIELD_MASK(WIFI_STATUS, FAILED);
    service();
    assert_int_equal(fake.command, WIFI_CMD_AP_START);
    fake.progress = WIFI_RADIO_STUCK;
    service();
    assert_int_equal(fake.command, 0);
    assert_int_equal(done_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_scan_collects_what_there_is_room_for, setup),
        cmocka_unit_test_setup(test_scanning_and_joining_take_turns, setup),
        cmocka_unit_test_setup(test_a_scan_that_does_not_end_costs_a_reset, setup),
        cmocka_unit_test_setup(test_a_soft_ap_and_a_network_exclude_each_other, setup),
        cmocka_unit_test_setup(test_a_soft_ap_comes_up_again_after_a_reset_but_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
