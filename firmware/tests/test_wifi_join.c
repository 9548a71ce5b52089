/*
 * The join machine of the wifi driver: every event in every state, and the pauses to the
 * nanosecond.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/wifi_join.h"

#define S INT64_C(1000000000)
#define NOW (100 * S)
#define SAME JOIN_STATES

static struct wifi_join join;
static bool reported;

static void step_at(int64_t now_ns, enum wifi_join_event event, enum wifi_outcome outcome)
{
    const struct wifi_join_input input = {event, now_ns, outcome, 7};
    reported = wifi_join_step(&join, &input);
}

static void step(enum wifi_join_event event)
{
    step_at(NOW, event, event == JOIN_FAILED ? WIFI_NO_NETWORK : WIFI_DONE);
}

/* A machine in that state; `first`: in its first attempt. */
static void reach(enum wifi_join_state state, bool first)
{
    wifi_join_init(&join);
    if (state == JOIN_OFF)
        return;
    step(JOIN_START);
    if (first && state == JOIN_ASKED)
        return;
    step(JOIN_ACCEPTED);
    if (first && state == JOIN_TRYING)
        return;
    step(JOIN_SUCCEEDED);
    if (state == JOIN_UP)
        return;
    if (state == JOIN_ROAMING) {
        step(JOIN_ROAMS);
        return;
    }
    step(JOIN_LOST);
    if (state == JOIN_ASKED)
        return;
    step(JOIN_ACCEPTED);
    if (state == JOIN_TRYING)
        return;
    if (state == JOIN_PAUSED)
        step(JOIN_FAILED);
    else
        step_at(NOW, JOIN_FAILED, WIFI_KEY_SILENCE);
    assert_int_equal(join.state, state);
}

static void test_every_event_in_every_state(void **state)
{

    static const struct {
        enum wifi_join_state from;
        bool first;
        enum wifi_join_state to[JOIN_EVENTS];
        bool reports[JOIN_EVENTS];
    } rows[] = {
        /* START STOP ACCEPTED SUCCEEDED FAILED ROAMS LOST DIED TIME */
        {JOIN_OFF, false, {JOIN_ASKED, SAME, SAME, SAME, SAME, SAME, SAME, SAME, SAME}, {false}},
        {JOIN_ASKED,
         true,
         {SAME, JOIN_OFF, JOIN_TRYING, SAME, JOIN_OFF, SAME, SAME, SAME, SAME},
         {[JOIN_FAILED] = true}},
        {JOIN_ASKED,
         false,
         {SAME, JOIN_OFF, JOIN_TRYING, SAME, JOIN_PAUSED, SAME, SAME, JOIN_PAUSED, SAME},
         {false}},
        {JOIN_TRYING,
         true,
         {SAME, JOIN_OFF, SAME, JOIN_UP, JOIN_OFF, SAME, SAME, JOIN_ASKED, SAME},
         {[JOIN_SUCCEEDED] = true, [JOIN_FAILED] = true}},
        {JOIN_TRYING,
         false,
         {SAME, JOIN_OFF, SAME, JOIN_UP, JOIN_PAUSED, SAME, SAME, JOIN_PAUSED, SAME},
         {false}},
        {JOIN_UP,
         false,
         {SAME, JOIN_OFF, SAME, SAME, SAME, JOIN_ROAMING, JOIN_ASKED, JOIN_ASKED, SAME},
         {false}},
        {JOIN_ROAMING,
         false,
         {SAME, JOIN_OFF, SAME, JOIN_UP, JOIN_UP, SAME, JOIN_ASKED, JOIN_ASKED, SAME},
         {false}},
        {JOIN_PAUSED, false, {SAME, JOIN_OFF, SAME, SAME, SAME, SAME, SAME, SAME, SAME}, {false}},
        {JOIN_ENDED,
         false,
         {JOIN_ASKED, JOIN_OFF, SAME, SAME, SAME, SAME, SAME, SAME, SAME},
         {false}},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        for (int event = 0; event < JOIN_EVENTS; event++) {
            reach(rows[row].from, rows[row].first);
            step((enum wifi_join_event)event);
            enum wifi_join_state wanted =
                rows[row].to[event] == SAME ? rows[row].from : rows[row].to[event];
            if (join.state != wanted || reported != rows[row].reports[event]) {
                print_error("row %zu, event %d: state %d, reported %d\n", row, event,
                            (int)join.state, reported);
                fail();
            }
            /* It wants to be woken in exactly the states that end by time. */
            bool timed = join.state == JOIN_TRYING || join.state == JOIN_ROAMING ||
                         join.state == JOIN_PAUSED;
            assert_true(timed == (join.due_ns != NET_NEVER));
        }
    }
}

static void test_pauses_grow_to_thirty_seconds(void **state)
{
    static const int64_t pauses_s[] = {1, 2, 4, 8, 16, 30, 30, 30};
    (void)state;
    reach(JOIN_UP, false);
    int64_t now = NOW + 5;
    step_at(now, JOIN_LOST, WIFI_DONE);
    assert_int_equal(join.state, JOIN_ASKED); /* at once */
    for (size_t i = 0; i < sizeof pauses_s / sizeof pauses_s[0]; i++) {
        step_at(now, JOIN_ACCEPTED, WIFI_DONE);
        now += 520 * S / 1000;
        step_at(now, JOIN_FAILED, WIFI_NO_NETWORK);
        assert_int_equal(join.due_ns, now + pauses_s[i] * S);
        step_at(join.due_ns - 1, JOIN_TIME, WIFI_DONE);
        assert_int_equal(join.state, JOIN_PAUSED);
        now = join.due_ns;
        step_at(now, JOIN_TIME, WIFI_DONE);
        assert_int_equal(join.state, JOIN_ASKED);
    }
    assert_int_equal(join.rejoins, 9);
}

static void test_pauses_begin_anew_after_each_success(void **state)
{
    (void)state;
    reach(JOIN_PAUSED, false);
    step_at(NOW + 1 * S, JOIN_TIME, WIFI_DONE);
    step_at(NOW, JOIN_ACCEPTED, WIFI_DONE);
    step_at(NOW, JOIN_SUCCEEDED, WIFI_DONE);
    step_at(NOW, JOIN_LOST, WIFI_DONE);
    step_at(NOW, JOIN_ACCEPTED, WIFI_DONE);
    step_at(NOW, JOIN_FAILED, WIFI_AUTH_SILENCE);
    assert_int_equal(join.due_ns, NOW + 1 * S);
}

static void test_what_waiting_cannot_mend_ends_it(void **state)
{
    (void)state;
    for (int outcome = WIFI_NO_NETWORK; outcome <= WIFI_BROKEN; outcome++) {
        bool lasts = outcome == WIFI_MISMATCH || outcome == WIFI_KEY_SILENCE ||
                     outcome == WIFI_KEY_REFUSED || outcome == WIFI_KEY_INVALID;
        reach(JOIN_TRYING, false);
        step_at(NOW, JOIN_FAILED, (enum wifi_outcome)outcome);
        assert_int_equal(join.state, lasts ? JOIN_ENDED : JOIN_PAUSED);
        assert_int_equal(join.outcome, outcome);
        assert_int_equal(join.code, 7);
        assert_false(reported);
    }
}

static void test_the_first_failure_is_reported_and_not_repeated(void **state)
{
    (void)state;
    reach(JOIN_TRYING, true);
    step_at(NOW, JOIN_FAILED, WIFI_ASSOC_REFUSED);
    assert_true(reported);
    assert_int_equal(join.outcome, WIFI_ASSOC_REFUSED);
    assert_int_equal(join.code, 7);
    assert_int_equal(join.state, JOIN_OFF);
    assert_true(join.due_ns == NET_NEVER);
}

static void test_a_radio_that_gives_no_outcome_is_given_up_on_time(void **state)
{
    (void)state;
    for (int first = 0; first < 2; first++) {
        reach(JOIN_TRYING, first == 1);
        assert_int_equal(join.due_ns, NOW + WIFI_JOIN_LIMIT_NS);
        step_at(join.due_ns - 1, JOIN_TIME, WIFI_DONE);
        assert_int_equal(join.state, JOIN_TRYING);
        step_at(join.due_ns, JOIN_TIME, WIFI_DONE);
        assert_int_equal(join.state, first == 1 ? JOIN_OFF : JOIN_PAUSED);
        assert_int_equal(join.outcome, WIFI_TOO_LONG);
        assert_true(reported == (first == 1));
    }
}

static void test_a_roam_without_outcome_is_a_loss_on_time(void **state)
{
    (void)state;
    reach(JOIN_ROAMING, false);
    assert_int_equal(join.due_ns, NOW + WIFI_JOIN_LIMIT_NS);
    step_at(join.due_ns - 1, JOIN_TIME, WIFI_DONE);
    assert_int_equal(join.state, JOIN_ROAMING);
    step_at(join.due_ns, JOIN_TIME, WIFI_DONE);
    assert_int_equal(join.state, JOIN_ASKED);
    assert_int_equal(join.rejoins, 1);
}

static void test_a_roam_that_loses_the_network_is_a_loss(void **state)
{
    (void)state;
    /* Even a wrong key: it was right before, and the other access point is another matter. */
    reach(JOIN_ROAMING, false);
    step_at(NOW, JOIN_FAILED, WIFI_KEY_SILENCE);
    assert_int_equal(join.state, JOIN_UP);
    step(JOIN_LOST);
    assert_int_equal(join.state, JOIN_ASKED);
    assert_false(reported);
    step(JOIN_ACCEPTED);
    step(JOIN_FAILED);
    assert_int_equal(join.due_ns, NOW + 1 * S); /* the pauses begin anew */
}

static void test_a_radio_that_dies_is_tried_three_times(void **state)
{
    (void)state;
    reach(JOIN_ASKED, true);
    for (int death = 1; death < WIFI_JOIN_DEATHS_MAX; death++) {
        step(JOIN_ACCEPTED);
        step(JOIN_DIED);
        assert_int_equal(join.state, JOIN_ASKED);
        assert_false(reported);
    }
    step(JOIN_DIED);
    assert_true(reported);
    assert_int_equal(join.state, JOIN_OFF);
    assert_int_equal(join.outcome, WIFI_BROKEN);
    /* The next start has all its tries again. */
    step(JOIN_START);
    step(JOIN_DIED);
    assert_int_equal(join.state, JOIN_ASKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_event_in_every_state),
        cmocka_unit_test(test_pauses_grow_to_thirty_seconds),
        cmocka_unit_test(test_pauses_begin_anew_after_each_success),
        cmocka_unit_test(test_what_waiting_cannot_mend_ends_it),
        cmocka_unit_test(test_the_first_failure_is_reported_and_not_repeated),
        cmocka_unit_test(test_a_radio_that_gives_no_outcome_is_given_up_on_time),
        cmocka_unit_test(test_a_roam_without_outcome_is_a_loss_on_time),
        cmocka_unit_test(test_a_roam_that_loses_the_network_is_a_loss),
        cmocka_unit_test(test_a_radio_that_dies_is_tried_three_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
