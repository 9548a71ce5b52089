/*
 * The wifi driver roams and dozes: how either ends, whatever the radio does meanwhile.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "played_radio.h"

static const uint8_t other[6] = {2, 0, 0, 0, 0, 0x51};

static struct wifi_request request_to_roam(void)
{
    struct wifi_request request = {.operation = WIFI_ROAM, .roam = {.channel = 6}};
    memcpy(request.roam.bssid, other, sizeof other);
    return request;
}

static struct wifi_request request_for_power_save(bool on)
{
    return (struct wifi_request){.operation = WIFI_POWER_SAVE, .power_save = on};
}

/* Joined, and the radio has begun to roam. */
static void begin_to_roam(struct wifi_request *join, struct wifi_request *roam)
{
    join_network(join);
    *roam = request_to_roam();
    submit(roam);
    end_command(WIFI_CMD_ROAM, WIFI_RESULT_OK);
    set_station(WIFI_STATION_SEARCH);
    assert_false(is_done(roam));
}

static void answer_link(const uint8_t bssid[6])
{
    struct wifi_link link = {.station = WIFI_STATION_CONNECTED};
    memcpy(link.bssid, bssid, sizeof link.bssid);
    memcpy(fake.response, &link, sizeof link);
    fake.response_bytes = sizeof link;
}

static bool power_save_given(void)
{
    return ((const struct wifi_power_save *)(const void *)fake.parameters)->on != 0;
}

static void test_a_roam_names_its_ap_and_ends_by_the_event(void **state)
{
    struct wifi_request join;
    struct wifi_request roam = request_to_roam();
    const struct wifi_roam *given = (const void *)fake.parameters;
    (void)state;
    join_network(&join);
    submit(&roam);
    assert_memory_equal(given->bssid, other, sizeof other);
    assert_int_equal(given->channel, 6);
    end_command(WIFI_CMD_ROAM, WIFI_RESULT_OK);
    assert_false(is_done(&roam));
    assert_int_equal(wifi_control_due_ns(), now + WIFI_JOIN_LIMIT_NS);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0);
    service();
    assert_true(is_done(&roam));
    assert_int_equal(roam.outcome, WIFI_DONE);
    assert_int_equal(control.join.state, JOIN_UP);
    assert_int_equal(control.counters[LOSSES], 0);
    assert_int_equal(wifi_control_due_ns(), NET_NEVER);
    assert_int_equal(fake.command, 0);
}

static void test_a_roam_needs_a_network_and_its_turn(void **state)
{
    struct wifi_seen seen[1];
    struct wifi_request scan = {.operation = WIFI_SCAN,
                                .scan = {.duration_ms = 13, .seen = seen, .room = 1}};
    struct wifi_request measure = {.operation = WIFI_MEASURE};
    struct wifi_request again = request_to_roam();
    struct wifi_request roam = request_to_roam();
    struct wifi_request join = request_to_join();
    (void)state;
    submit(&roam);
    assert_int_equal(roam.outcome, WIFI_NOT_JOINED);
    submit(&join);
    submit(&roam);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    assert_int_equal(roam.outcome, WIFI_NOT_JOINED); /* while joining, too */
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0);
    service();
    submit(&scan);
    end_command(WIFI_CMD_SCAN, WIFI_RESULT_OK);
    submit(&roam);
    assert_int_equal(roam.outcome, WIFI_BUSY);
    tell(WIFI_EVENT_SCAN_DONE, 0, 0);
    service();
    roam = request_to_roam();
    submit(&roam);
    end_command(WIFI_CMD_ROAM, WIFI_RESULT_OK);
    struct wifi_request *const others[] = {&again, &scan, &measure};
    for (size_t i = 0; i < 3; i++) {
        submit(others[i]);
        assert_true(is_done(others[i]));
        assert_int_equal(others[i]->outcome, WIFI_BUSY);
    }
    assert_false(is_done(&roam));
}

static void test_a_refused_command_is_the_outcome(void **state)
{
    static const struct {
        uint32_t result;
        enum wifi_outcome outcome;
    } rows[] = {{WIFI_RESULT_BAD_STATE, WIFI_NOT_JOINED}, /* the network was lost just then */
                {WIFI_RESULT_UNKNOWN, WIFI_UNSUPPORTED},
                {WIFI_RESULT_BAD_VALUE, WIFI_BROKEN}};
    struct wifi_request join;
    (void)state;
    join_network(&join);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wifi_request roam = request_to_roam();
        submit(&roam);
        end_command(WIFI_CMD_ROAM, rows[i].result);
        assert_true(is_done(&roam));
        assert_int_equal(roam.outcome, rows[i].outcome);
        assert_int_equal(control.join.state, JOIN_UP);
    }
}

static void test_a_failed_roam_leaves_the_network_as_it_is(void **state)
{
    struct wifi_request join;
    struct wifi_request roam;
    (void)state;
    begin_to_roam(&join, &roam);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_AUTH_REFUSED, 1);
    service();
    assert_true(is_done(&roam));
    assert_int_equal(roam.outcome, WIFI_AUTH_REFUSED);
    assert_int_equal(roam.code, 1);
    assert_int_equal(control.join.state, JOIN_UP);
    assert_int_equal(fake.command, 0);
}

static void test_a_roam_that_lost_the_network_is_joined_again(void **state)
{
    struct wifi_request join;
    struct wifi_request roam;
    (void)state;
    begin_to_roam(&join, &roam);
    tell(WIFI_EVENT_JOIN, WIFI_JOIN_ASSOC_REFUSED, 17);
    lose_network();
    assert_int_equal(roam.outcome, WIFI_ASSOC_REFUSED);
    assert_int_equal(roam.code, 17);
    assert_int_equal(done_count, 2);
    assert_int_equal(control.counters[LOSSES], 1);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    assert_int_equal(control.join.state, JOIN_TRYING);
}

static void test_leaving_ends_a_roam_wherever_it_is(void **state)
{
    (void)state;
    for (int begun = 0; begun < 2; begun++) {
        struct wifi_request join;
        struct wifi_request roam = request_to_roam();
        struct wifi_request leave = {.operation = WIFI_LEAVE};
        setup(NULL);
        join_network(&join);
        submit(&roam);
        if (begun == 1)
            end_command(WIFI_CMD_ROAM, WIFI_RESULT_OK);
        submit(&leave);
        assert_true(is_done(&roam));
        assert_int_equal(roam.outcome, WIFI_LEFT);
        if (begun == 0)
            end_command(WIFI_CMD_ROAM, WIFI_RESULT_OK);
        tell(WIFI_EVENT_JOIN, WIFI_JOIN_ABORTED, 3);
        tell(WIFI_EVENT_LINK, 0, 3);
        end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
        assert_int_equal(leave.outcome, WIFI_DONE);
        assert_int_equal(control.join.state, JOIN_OFF);
        assert_int_equal(done_count, 3);
        assert_int_equal(wifi_control_due_ns(), NET_NEVER);
    }
}

static void test_a_lost_outcome_of_a_roam_is_asked_for(void **state)
{
    static const uint8_t old[6] = {2, 0, 0, 0, 0, 0x50};
    static const struct {
        const uint8_t *with;
        uint32_t result;
        enum wifi_outcome outcome;
    } rows[] = {{other, WIFI_RESULT_OK, WIFI_DONE},
                {old, WIFI_RESULT_OK, WIFI_BROKEN},
                {other, WIFI_RESULT_DMA, WIFI_BROKEN}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct wifi_request join;
        struct wifi_request roam;
        setup(NULL);
        begin_to_roam(&join, &roam);
        fake.causes = FIELD_MASK(WIFI_INT_STATUS, OVERFLOW);
        service();
        assert_int_equal(fake.command, 0); /* it is still under way */
        set_station(WIFI_STATION_CONNECTED);
        fake.causes = FIELD_MASK(WIFI_INT_STATUS, OVERFLOW);
        service();
        answer_link(rows[i].with);
        end_command(WIFI_CMD_GET_LINK, rows[i].result);
        assert_true(is_done(&roam));
        assert_int_equal(roam.outcome, rows[i].outcome);
        assert_int_equal(control.join.state, JOIN_UP);
        assert_int_equal(fake.command, 0);
    }
}

static void test_a_lost_outcome_of_a_lost_network(void **state)
{
    struct wifi_request join;
    struct wifi_request roam;
    (void)state;
    begin_to_roam(&join, &roam);
    set_station(WIFI_STATION_IDLE);
    fake.causes = FIELD_MASK(WIFI_INT_STATUS, OVERFLOW);
    service();
    assert_int_equal(roam.outcome, WIFI_NOT_JOINED);
    assert_int_equal(fake.command, WIFI_CMD_CONNECT);
    assert_int_equal(control.counters[LOSSES], 1);
}

static void test_leaving_while_the_outcome_is_asked_for(void **state)
{
    struct wifi_request join;
    struct wifi_request roam;
    struct wifi_request leave = {.operation = WIFI_LEAVE};
    (void)state;
    begin_to_roam(&join, &roam);
    set_station(WIFI_STATION_CONNECTED);
    fake.causes = FIELD_MASK(WIFI_INT_STATUS, OVERFLOW);
    service();
    submit(&leave);
    answer_link(other);
    end_command(WIFI_CMD_GET_LINK, WIFI_RESULT_OK);
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    assert_int_equal(roam.outcome, WIFI_LEFT);
    assert_int_equal(done_count, 3);
}

static void test_a_roam_without_outcome_is_undone_on_time(void **state)
{
    struct wifi_request join;
    struct wifi_request roam;
    (void)state;
    begin_to_roam(&join, &roam);
    now = wifi_control_due_ns() - 1;
    service();
    assert_false(is_done(&roam));
    now += 1;
    service();
    assert_true(is_done(&roam));
    assert_int_equal(roam.outcome, WIFI_TOO_LONG);
    end_command(WIFI_CMD_DISCONNECT, WIFI_RESULT_OK);
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
}

static void test_a_radio_that_dies_while_roaming(void **state)
{
    struct wifi_request join;
    (void)state;
    for (int begun = 0; begun < 2; begun++) {
        struct wifi_request roam = request_to_roam();
        setup(NULL);
        join_network(&join);
        submit(&roam);
        if (begun == 1)
            end_command(WIFI_CMD_ROAM, WIFI_RESULT_OK);
        fake.status |= FIELD_MASK(WIFI_STATUS, FAILED);
        service();
        assert_true(is_done(&roam));
        assert_int_equal(roam.outcome, WIFI_BROKEN);
        assert_int_equal(done_count, 2);
        end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    }
}

static void test_power_save_is_told_at_any_time(void **state)
{
    struct wifi_request on = request_for_power_save(true);
    struct wifi_request off = request_for_power_save(false);
    struct wifi_request join;
    (void)state;
    submit(&on); /* without a network: for the ones to come */
    assert_true(power_save_given());
    end_command(WIFI_CMD_SET_POWER_SAVE, WIFI_RESULT_OK);
    assert_true(is_done(&on));
    assert_int_equal(on.outcome, WIFI_DONE);
    join_network(&join); /* the radio keeps it: nothing is told again */
    lose_network();
    end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
    submit(&off);
    assert_false(power_save_given());
    end_command(WIFI_CMD_SET_POWER_SAVE, WIFI_RESULT_OK);
    assert_int_equal(off.outcome, WIFI_DONE);
    assert_int_equal(fake.command, 0);
}

static void test_power_save_is_kept_over_a_reset(void **state)
{
    struct wifi_request on = request_for_power_save(true);
    struct wifi_request join;
    (void)state;
    submit(&on);
    end_command(WIFI_CMD_SET_POWER_SAVE, WIFI_RESULT_OK);
    join_network(&join);
    for (int times = 0; times < 2; times++) {
        memset(fake.parameters, 0, sizeof fake.parameters);
        fake.status |= FIELD_MASK(WIFI_STATUS, FAILED);
        service();
        assert_true(power_save_given());
        /* Refused the second time: joined all the same, and not told for ever. */
        end_command(WIFI_CMD_SET_POWER_SAVE, times == 0 ? WIFI_RESULT_OK : WIFI_RESULT_UNKNOWN);
        end_command(WIFI_CMD_CONNECT, WIFI_RESULT_OK);
        tell(WIFI_EVENT_JOIN, WIFI_JOIN_OK, 0);
        service();
        set_station(WIFI_STATION_CONNECTED);
        assert_int_equal(fake.command, 0);
    }
    assert_int_equal(done_count, 2);
}

static void test_power_save_that_was_refused_is_as_it_was(void **state)
{
    struct wifi_request on = request_for_power_save(true);
    (void)state;
    submit(&on);
    end_command(WIFI_CMD_SET_POWER_SAVE, WIFI_RESULT_UNSUPPORTED);
    assert_int_equal(on.outcome, WIFI_UNSUPPORTED);
    assert_int_equal(fake.command, 0);
    submit(&on);
    fake.progress = WIFI_RADIO_STUCK;
    service();
    assert_int_equal(on.outcome, WIFI_BROKEN);
    assert_int_equal(fake.command, 0); /* it was off before, and is after the reset */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_roam_names_its_ap_and_ends_by_the_event, setup),
        cmocka_unit_test_setup(test_a_roam_needs_a_network_and_its_turn, setup),
        cmocka_unit_test_setup(test_a_refused_command_is_the_outcome, setup),
        cmocka_unit_test_setup(test_a_failed_roam_leaves_the_network_as_it_is, setup),
        cmocka_unit_test_setup(test_a_roam_that_lost_the_network_is_joined_again, setup),
        cmocka_unit_test_setup(test_leaving_ends_a_roam_wherever_it_is, setup),
        cmocka_unit_test_setup(test_a_lost_outcome_of_a_roam_is_asked_for, setup),
        cmocka_unit_test_setup(test_a_lost_outcome_of_a_lost_network, setup),
        cmocka_unit_test_setup(test_leaving_while_the_outcome_is_asked_for, setup),
        cmocka_unit_test_setup(test_a_roam_without_outcome_is_undone_on_time, setup),
        cmocka_unit_test_setup(test_a_radio_that_dies_while_roaming, setup),
        cmocka_unit_test_setup(test_power_save_is_told_at_any_time, setup),
        cmocka_unit_test_setup(test_power_save_is_kept_over_a_reset, setup),
        cmocka_unit_test_setup(test_power_save_that_was_refused_is_as_it_was, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
