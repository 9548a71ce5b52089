/*
 * Joining a network and keeping it: the decisions, apart from any hardware.
 *
 * The first attempt's outcome is the user's to judge: it is reported, and that is all. Once the
 * network was joined, its loss is answered here: joined again at once, then 1, 2, 4, 8, 16, 30, 30
 * ... seconds after each attempt that failed. Two kinds of failure end that for good, since no
 * waiting will mend them: a wrong key, and a network that offers another security.
 *
 * A roam ends in being up, with the new access point or, if that did not want us, with the old one.
 * What loses the network meanwhile is answered as any loss; so is a radio that gives no outcome.
 *
 * A radio that died (and was set up anew) counts as a loss. If it dies in the first attempt it is
 * tried again, WIFI_JOIN_DEATHS_MAX times in all.
 *
 * Pure: no clock, no hardware. Times are nanoseconds of whatever clock the caller has.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_WIFI_JOIN_H
#define SOCKBENCH_DRIVER_WIFI_JOIN_H

#include "driver/wifi_driver.h"

#define WIFI_JOIN_DEATHS_MAX 3
#define WIFI_JOIN_PAUSES 6 /* the last one repeats */
/* The radio promises an outcome within 13 s (datasheet 5). */
#define WIFI_JOIN_LIMIT_NS 14000000000

enum wifi_join_state {
    JOIN_OFF,
    JOIN_ASKED,  /* the radio is to be told to connect */
    JOIN_TRYING, /* it was told, and has accepted */
    JOIN_UP,
    JOIN_ROAMING, /* up, and on the way to another access point */
    JOIN_PAUSED,  /* until due_ns, then ASKED */
    JOIN_ENDED,   /* for good; outcome and code say why */
    JOIN_STATES,
};

enum wifi_join_event {
    JOIN_START,
    JOIN_STOP,
    JOIN_ACCEPTED,  /* the radio begins to connect */
    JOIN_SUCCEEDED, /* data may pass */
    JOIN_FAILED,    /* the attempt did; outcome and code say why */
    JOIN_ROAMS,     /* the radio begins to roam */
    JOIN_LOST,      /* the network is */
    JOIN_DIED,      /* the radio did, and was set up anew */
    JOIN_TIME,      /* due_ns has come */
    JOIN_EVENTS,
};

struct wifi_join {
    enum wifi_join_state state;
    bool first;       /* no attempt since START has succeeded */
    unsigned pauses;  /* made since the network was lost */
    unsigned deaths;  /* of the radio, in the first attempt */
    int64_t due_ns;   /* when TIME is wanted; NET_NEVER */
    uint32_t rejoins; /* attempts to join again, counted for ever */
    enum wifi_outcome outcome;
    uint16_t code;
};

struct wifi_join_input {
    enum wifi_join_event event;
    int64_t now_ns;
    enum wifi_outcome outcome; /* of FAILED */
    uint16_t code;
};

/* To be called once. */
void wifi_join_init(struct wifi_join *join);

/* Act on an event; those that do not go with the state change nothing. Returns whether the first
 * attempt has ended by it: outcome and code are how. */
bool wifi_join_step(struct wifi_join *join, const struct wifi_join_input *input);

#endif
