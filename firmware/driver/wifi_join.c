/*
 * Joining a network and keeping it (driver/wifi_join.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/wifi_join.h"

#include <string.h>

#define NS_PER_S INT64_C(1000000000)

static const uint8_t pauses_s[WIFI_JOIN_PAUSES] = {1, 2, 4, 8, 16, 30};

void wifi_join_init(struct wifi_join *join)
{
    memset(join, 0, sizeof *join);
    join->state = JOIN_OFF;
    join->due_ns = NET_NEVER;
}

static void enter(struct wifi_join *join, enum wifi_join_state state, int64_t due_ns)
{
    join->state = state;
    join->due_ns = due_ns;
}

/* Whether trying again later can't help. */
static bool lasts(enum wifi_outcome outcome)
{
    return outcome == WIFI_MISMATCH || outcome == WIFI_KEY_SILENCE || outcome == WIFI_KEY_REFUSED ||
           outcome == WIFI_KEY_INVALID;
}

static void join_again(struct wifi_join *join)
{
    join->rejoins++;
    enter(join, JOIN_ASKED, NET_NEVER);
}

static void rest(struct wifi_join *join, int64_t now_ns)
{
    unsigned last = WIFI_JOIN_PAUSES - 1;
    unsigned place = join->pauses < last ? join->pauses : last;
    join->pauses++;
    enter(join, JOIN_PAUSED, now_ns + pauses_s[place] * NS_PER_S);
}

/* An attempt has failed. Returns whether it was the first. */
static bool fail(struct wifi_join *join, enum wifi_outcome outcome, uint16_t code, int64_t now_ns)
{
    join->outcome = outcome;
    join->code = code;
    if (join->first)
        enter(join, JOIN_OFF, NET_NEVER);
    else if (lasts(outcome))
        enter(join, JOIN_ENDED, NET_NEVER);
    else
        rest(join, now_ns);
    return join->first;
}

static bool die(struct wifi_join *join, int64_t now_ns)
{
    if (join->first && ++join->deaths < WIFI_JOIN_DEATHS_MAX) {
        enter(join, JOIN_ASKED, NET_NEVER);
        return false;
    }
    return fail(join, WIFI_BROKEN, 0, now_ns);
}

static void lose(struct wifi_join *join)
{
    join->pauses = 0;
    join_again(join);
}

static bool step_asked(struct wifi_join *join, const struct wifi_join_input *input)
{
    switch (input->event) {
    case JOIN_ACCEPTED:
        enter(join, JOIN_TRYING, input->now_ns + WIFI_JOIN_LIMIT_NS);
        return false;
    case JOIN_FAILED:
        return fail(join, input->outcome, input->code, input->now_ns);
    case JOIN_DIED:
        return die(join, input->now_ns);
    default:
        return false;
    }
}

static bool step_trying(struct wifi_join *join, const struct wifi_join_input *input)
{
    switch (input->event) {
    case JOIN_SUCCEEDED:
        enter(join, JOIN_UP, NET_NEVER);
        join->outcome = WIFI_DONE;
        join->code = 0;
        bool was_first = join->first;
        join->first = false;
        return was_first;
    case JOIN_FAILED:
        return fail(join, input->outcome, input->code, input->now_ns);
    case JOIN_DIED:
        return die(join, input->now_ns);
    case JOIN_TIME:
        /* It owes an outcome and gives none. */
        return input->now_ns >= join->due_ns && fail(join, WIFI_TOO_LONG, 0, input->now_ns);
    default:
        return false;
    }
}

static void step_roaming(struct wifi_join *join, const struct wifi_join_input *input)
{
    switch (input->event) {
    case JOIN_SUCCEEDED:
    case JOIN_FAILED: /* the old association stands; if not, LOST comes next */
        enter(join, JOIN_UP, NET_NEVER);
        break;
    case JOIN_TIME:
        if (input->now_ns >= join->due_ns)
            lose(join);
        break;
    case JOIN_LOST:
    case JOIN_DIED:
        lose(join);
        break;
    default:
        break;
    }
}

bool wifi_join_step(struct wifi_join *join, const struct wifi_join_input *input)
{
    if (input->event == JOIN_STOP) {
        enter(join, JOIN_OFF, NET_NEVER);
        return false;
    }
    switch (join->state) {
    case JOIN_OFF:
    case JOIN_ENDED:
        if (input->event == JOIN_START) {
            join->first = true;
            join->deaths = 0;
            enter(join, JOIN_ASKED, NET_NEVER);
        }
        return false;
    case JOIN_ASKED:
        return step_asked(join, input);
    case JOIN_TRYING:
        return step_trying(join, input);
    case JOIN_UP:
        if (input->event == JOIN_ROAMS)
            enter(join, JOIN_ROAMING, input->now_ns + WIFI_JOIN_LIMIT_NS);
        else if (input->event == JOIN_LOST || input->event == JOIN_DIED)
            lose(join);
        return false;
    case JOIN_ROAMING:
        step_roaming(join, input);
        return false;
    case JOIN_PAUSED:
        if (input->event == JOIN_TIME && input->now_ns >= join->due_ns)
            join_again(join);
        return false;
    case JOIN_STATES:
        break;
    }
    return false;
}
