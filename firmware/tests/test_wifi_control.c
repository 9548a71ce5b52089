/*
 * What the wifi driver tells the radio and makes of its events, against a radio that is played.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "driver/wifi_radio.h"

/* The driver's state begins anew in each test. */
#include "driver/wifi_control.c" // NOLINT

#define MS INT64_C(1000000)
#define S (1000 * MS)

/* The radio. */

static struct {
    uint32_t command; /* under way, 0: none */
    uint8_t parameters[WIFI_RADIO_PARAMETER_BYTES];
    enum wifi_radio_progress progress;
    uint32_t result;
    uint32_t causes;
    uint32_t status;
    unsigned commands;
    unsigned resets;
    struct wifi_event events[8];
    size_t event_count;
    uint8_t response[WIFI_RADIO_RESPONSE_BYTES];
    size_t response_bytes;
} fake;
static int64_t now;

bool wifi_radio_is_there(void)
{
    return true;
}

void wifi_radio_reset(void)
{
    fake.resets++;
    fake.command = 0;
    fake.progress = WIFI_RADIO_IDLE;
    fake.status = 0;
    fake.event_count = 0;
}

uint32_t wifi_radio_causes(void)
{
    uint32_t causes = fake.causes;
    fake.causes = 0;
    return causes;
}

uint32_t wifi_radio_status(void)
{
    return fake.status;
}

uint8_t wifi_radio_channels(void)
{
    return 13;
}

uint8_t wifi_radio_stations(void)
{
    return 8;
}

bool wifi_radio_is_free(void)
{
    return fake.command == 0;
}

void wifi_radio_command(uint32_t opcode, const void *parameters, size_t bytes, int64_t now_ns)
{
    assert_int_equal(fake.command, 0);
    assert_int_equal(now_ns, now);
    fake.command = opcode;
    fake.progress = WIFI_RADIO_BUSY;
    fake.commands++;
    if (bytes > 0)
        memcpy(fake.parameters, parameters, bytes);
}

enum wifi_radio_progress wifi_radio_poll(int64_t now_ns, uint32_t *result)
{
    enum wifi_radio_progress progress = fake.progress;
    assert_int_equal(now_ns, now);
    if (progress == WIFI_RADIO_ENDED) {
        fake.progress = WIFI_RADIO_IDLE;
        fake.command = 0;
        *result = fake.result;
    }
    return progress;
}

int64_t wifi_radio_due_ns(void)
{
    return NET_NEVER;
}

const uint8_t *wifi_radio_response(size_t *bytes)
{
    *bytes = fake.response_bytes;
    return fake.response;
}

bool wifi_radio_event(struct wifi_event *event)
{
    if (fake.event_count == 0)
        return false;
    *event = fake.events[0];
    memmove(fake.events, fake.events + 1, --fake.event_count * sizeof fake.events[0]);
    return true;
}

/* Playing it. */

static void tell(uint8_t type, uint16_t status, uint16_t reason)
{
    fake.events[fake.event_count++] =
        (struct wifi_event){.type = type, .status = status, .reason = reason};
}

static void service(void)
{
    wifi_control_service(now);
}

/* The command under way, which has to be this one, ends. */
static void end_command(uint32_t command, uint32_t result)
{
    assert_int_equal(fake.command, command);
    fake.progress = WIFI_RADIO_ENDED;
    fake.result = result;
    service();
}

static void set_station(uint32_t station)
{
    fake.status = station << R_WIFI_STATUS_STATION_SHIFT;
}

/* Requests. */

static unsigned done_count;

static void on_done(struct wifi_request *request)
{
    done_count++;
    request->context = request;
}

static bool is_done(const struct wifi_request *request)
{
    return request->context == request;
}

static void submit(struct wifi_request *request)
{
    request->done = on_done;
    request->context = NULL;
    wifi_control_submit(request);
    service();
}

static struct wifi_request request_to_join(void)
{
    struct wifi_request request = {.operation = WIFI_JOIN};
    request.join = (struct wifi_credentials){.ssid = "net",
                                             .ssid_bytes = 3,
                                             .protection = WIFI_IS_WPA2,
                                             .key = "12345678",
                                             .key_bytes = 8};
    return request;
}

static void join_network(struct wifi_request *request)
{
    *request = request_to_join();
    submit(request);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0);
    service();
    set_station(WIFI_STATION_CONNECTED);
    assert_true(is_done(request));
    assert_int_equal(request->outcome, WIFI_DONE);
}

static void lose_network(void)
{
    set_station(WIFI_STATION_IDLE);
    tell(WIFI_EVENT_LINK, 0, 3);
    service();
}

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    memset(&control, 0, sizeof control);
    now = 100 * S;
    done_count = 0;
    assert_int_equal(wifi_control_init(), 0);
    fake.resets = 0;
    return 0;
}

static void test_a_join_gives_its_credentials_and_ends_by_the_event(void **state)
{
    struct wifi_request join = request_to_join();
    const struct wifi_connect *given = (const void *)fake.parameters;
    (void)state;
    submit(&join);
    assert_int_equal(given->ssid_bytes, 3);
    assert_memory_equal(given->ssid, "net", 3);
    assert_int_equal(given->security, WIFI_SECURITY_WPA2);
    assert_int_equal(given->key_kind, WIFI_KEY_PASSPHRASE);
    assert_int_equal(given->key_bytes, 8);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    assert_false(is_done(&join));
    assert_int_equal(wifi_control_due_ns(), now + WIFI_JOIN_LIMIT_NS);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_ASSOC_REFUSED, 17);
    service();
    assert_true(is_done(&join));
    assert_int_equal(join.outcome, WIFI_ASSOC_REFUSED);
    assert_int_equal(join.code, 17);
    assert_int_equal(done_count, 1);
    assert_int_equal(wifi_control_due_ns(), NET_NEVER);
}

static void test_a_refused_command_is_the_outcome(void **state)
{
    static const struct {
        uint32_t result;
        enum wifi_outcome outcome;
    } rows[] = {{WIFI_RESULT_BAD_STATE, WIFI_BUSY},
                {WIFI_RESULT_UNSUPPORTED, WIFI_UNSUPPORTED},
                {WIFI_RESULT_BAD_VALUE, WIFI_BROKEN},
                {WIFI_RESULT_DMA, WIFI_BROKEN}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wifi_request join = request_to_join();
        submit(&join);
        end_command(WIFI_CMD_CONNECT, rows[i].result);
        assert_true(is_done(&join));
        assert_int_equal(join.outcome, rows[i].outcome);
    }
}

static void test_leaving_ends_a_join_and_its_late_event_means_nothing(void **state)
{
    struct wifi_request first = request_to_join();
    struct wifi_request second = request_to_join();
    struct wifi_request leave = {.operation = WIFI_LEAVE};
    (void)state;
    submit(&first);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    submit(&leave);
    assert_true(is_done(&first));
    assert_int_equal(first.outcome, WIFI_LEFT);
    assert_false(is_done(&leave));
    submit(&second);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_ABORTED, 3);
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    assert_true(is_done(&leave));
    assert_int_equal(leave.outcome, WIFI_DONE);
    assert_false(is_done(&second));
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0);
    service();
    assert_int_equal(second.outcome, WIFI_DONE);
    assert_true(is_done(&second));
}

static void test_leaving_while_the_command_is_under_way(void **state)
{
    struct wifi_request first = request_to_join();
    struct wifi_request second = request_to_join();
    struct wifi_request leave = {.operation = WIFI_LEAVE};
    (void)state;
    submit(&first);
    submit(&leave);
    submit(&second);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK); /* the first one's: it has to be undone */
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    assert_true(is_done(&leave));
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    assert_false(is_done(&second));
    assert_int_equal(control.join.state, JOIN_TRYING);
}

static void test_who_leaves_twice_waits_for_its_own_command(void **state)
{
    struct wifi_request first = {.operation = WIFI_LEAVE};
    struct wifi_request second = {.operation = WIFI_LEAVE};
    (void)state;
    submit(&first);
    submit(&second);
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    assert_false(is_done(&second));
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    assert_true(is_done(&first) && is_done(&second));
    assert_int_equal(fake.command, 0);
}

static void test_a_second_join_is_refused(void **state)
{
    struct wifi_request first;
    struct wifi_request second = request_to_join();
    (void)state;
    join_network(&first);
    submit(&second);
    assert_true(is_done(&second));
    assert_int_equal(second.outcome, WIFI_BUSY);
    assert_int_equal(control.join.state, JOIN_UP);
}

static void test_a_lost_network_is_joined_again(void **state)
{
    struct wifi_request join;
    struct wifi_request leave = {.operation = WIFI_LEAVE};
    (void)state;
    join_network(&join);
    lose_network();
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK); /* at once, */
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_NO_NETWORK, 0);
    service();
    assert_int_equal(fake.command, 0);
    assert_int_equal(wifi_control_due_ns(), now + 1 * S); /* then after a second, */
    now += 1 * S - 1;
    service();
    assert_int_equal(fake.command, 0);
    now += 1;
    service();
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_KEY_TIMEOUT, 15); /* and never again after a wrong key */
    service();
    assert_int_equal(wifi_control_due_ns(), NET_NEVER);
    assert_int_equal(control.join.state, JOIN_ENDED);
    submit(&leave);
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    assert_int_equal(done_count, 2);
}

static void test_leaving_stops_joining_again(void **state)
{
    struct wifi_request join;
    struct wifi_request leave = {.operation = WIFI_LEAVE};
    (void)state;
    join_network(&join);
    lose_network();
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_BAD_STATE);
    submit(&leave);
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    now += 100 * S;
    service();
    assert_int_equal(fake.command, 0);
}

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

static void test_lost_events_are_made_up_for(void **state)
{
    struct wifi_seen seen[1];
    struct wifi_request scan = {.operation = WIFI_SCAN,
                                .scan = {.duration_ms = 13, .seen = seen, .room = 1}};
    struct wifi_request join = request_to_join();
    const uint32_t overflow = FIELD_MASK(WIFI_INT_STATUS, OVERFLOW);
    (void)state;
    submit(&join);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    set_station(WIFI_STATION_WAIT_M1);
    fake.causes = overflow;
    service();
    assert_false(is_done(&join)); /* nothing of importance is missing */
    set_station(WIFI_STATION_CONNECTED);
    fake.causes = overflow;
    service();
    assert_true(is_done(&join));
    assert_int_equal(join.outcome, WIFI_DONE);

    submit(&scan);
    end_command(WIFI_CMD_SCAN, WIFI_RESULT_OK);
    fake.status |= FIELD_MASK(WIFI_STATUS, SCANNING);
    fake.causes = overflow;
    service();
    assert_false(is_done(&scan));
    fake.status &= ~FIELD_MASK(WIFI_STATUS, SCANNING);
    fake.causes = overflow;
    service();
    assert_true(is_done(&scan));

    set_station(WIFI_STATION_IDLE);
    fake.causes = overflow;
    service();
    assert_int_equal(fake.command, WIFI_CMD_CONNECT);
    assert_int_equal(control.counters[LOSSES], 1);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    fake.causes = overflow;
    service();
    assert_int_equal(control.join.state, JOIN_PAUSED);
}

static void test_a_dead_radio_is_set_up_anew_and_rejoined(void **state)
{
    struct wifi_request join;
    struct wifi_request measure = {.operation = WIFI_MEASURE};
    (void)state;
    join_network(&join);
    submit(&measure);
    assert_int_equal(fake.command, WIFI_CMD_GET_LINK);
    fake.status |= FIELD_MASK(WIFI_STATUS, FAILED);
    service();
    assert_int_equal(fake.resets, 1);
    assert_true(is_done(&measure));
    assert_int_equal(measure.outcome, WIFI_BROKEN);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    assert_int_equal(control.counters[REVIVALS], 1);
}

static void test_a_stuck_command_costs_a_reset(void **state)
{
    struct wifi_request join = request_to_join();
    struct wifi_request leave = {.operation = WIFI_LEAVE};
    (void)state;
    for (int tries = 0; tries < WIFI_JOIN_DEATHS_MAX; tries++) {
        if (tries == 0)
            submit(&join);
        assert_int_equal(fake.command, WIFI_CMD_CONNECT);
        assert_false(is_done(&join));
        fake.progress = WIFI_RADIO_STUCK;
        service();
        assert_int_equal(fake.resets, tries + 1);
    }
    assert_true(is_done(&join));
    assert_int_equal(join.outcome, WIFI_BROKEN);
    submit(&leave);
    fake.progress = WIFI_RADIO_STUCK;
    service();
    assert_true(is_done(&leave)); /* the reset has left every network */
    assert_int_equal(fake.command, 0);
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

static void test_a_join_without_outcome_is_undone(void **state)
{
    struct wifi_request join = request_to_join();
    (void)state;
    submit(&join);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    set_station(WIFI_STATION_AUTH);
    now = wifi_control_due_ns();
    service();
    assert_true(is_done(&join));
    assert_int_equal(join.outcome, WIFI_TOO_LONG);
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
}

static void test_the_strength_is_that_of_the_network(void **state)
{
    struct wifi_request join;
    struct wifi_request measure = {.operation = WIFI_MEASURE};
    const struct wifi_link link = {.station = WIFI_STATION_CONNECTED, .rssi = -43};
    (void)state;
    submit(&measure);
    assert_int_equal(measure.outcome, WIFI_NOT_JOINED);
    join_network(&join);
    submit(&measure);
    memcpy(fake.response, &link, sizeof link);
    fake.response_bytes = sizeof link;
    end_command(WIFI_CMD_GET_LINK, WIFI_RESULT_OK);
    assert_int_equal(measure.outcome, WIFI_DONE);
    assert_int_equal(measure.rssi, -43);
    submit(&measure);
    fake.response_bytes = sizeof link - 1;
    end_command(WIFI_CMD_GET_LINK, WIFI_RESULT_OK);
    assert_int_equal(measure.outcome, WIFI_BROKEN);
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

static void test_events_of_no_meaning_are_counted(void **state)
{
    struct wifi_request join = request_to_join();
    (void)state;
    submit(&join);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_TIMEOUT + 1, 0);
    tell(200, 0, 0);
    service();
    assert_false(is_done(&join));
    assert_int_equal(control.counters[EVENTS_BAD], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_join_gives_its_credentials_and_ends_by_the_event, setup),
        cmocka_unit_test_setup(test_a_refused_command_is_the_outcome, setup),
        cmocka_unit_test_setup(test_leaving_ends_a_join_and_its_late_event_means_nothing, setup),
        cmocka_unit_test_setup(test_leaving_while_the_command_is_under_way, setup),
        cmocka_unit_test_setup(test_who_leaves_twice_waits_for_its_own_command, setup),
        cmocka_unit_test_setup(test_a_second_join_is_refused, setup),
        cmocka_unit_test_setup(test_a_lost_network_is_joined_again, setup),
        cmocka_unit_test_setup(test_leaving_stops_joining_again, setup),
        cmocka_unit_test_setup(test_a_scan_collects_what_there_is_room_for, setup),
        cmocka_unit_test_setup(test_scanning_and_joining_take_turns, setup),
        cmocka_unit_test_setup(test_lost_events_are_made_up_for, setup),
        cmocka_unit_test_setup(test_a_dead_radio_is_set_up_anew_and_rejoined, setup),
        cmocka_unit_test_setup(test_a_stuck_command_costs_a_reset, setup),
        cmocka_unit_test_setup(test_a_scan_that_does_not_end_costs_a_reset, setup),
        cmocka_unit_test_setup(test_a_join_without_outcome_is_undone, setup),
        cmocka_unit_test_setup(test_the_strength_is_that_of_the_network, setup),
        cmocka_unit_test_setup(test_a_soft_ap_and_a_network_exclude_each_other, setup),
        cmocka_unit_test_setup(test_a_soft_ap_comes_up_again_after_a_reset_but_once, setup),
        cmocka_unit_test_setup(test_events_of_no_meaning_are_counted, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
