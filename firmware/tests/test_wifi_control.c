/*
 * The wifi driver joins, keeps and leaves networks, whatever the radio does.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "played_radio.h"

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
        cmocka_unit_test_setup(test_lost_events_are_made_up_for, setup),
        cmocka_unit_test_setup(test_a_dead_radio_is_set_up_anew_and_rejoined, setup),
        cmocka_unit_test_setup(test_a_stuck_command_costs_a_reset, setup),
        cmocka_unit_test_setup(test_a_join_without_outcome_is_undone, setup),
        cmocka_unit_test_setup(test_the_strength_is_that_of_the_network, setup),
        cmocka_unit_test_setup(test_events_of_no_meaning_are_counted, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
