/*
 * Requests, the network, scans and the soft AP of the wifi driver (driver/wifi_control.h).
 *
 * One command is under way at a time. What is to be done next is decided when there is none, from
 * state alone: leave, power save, join, set the soft AP up again, ask where a roam has led, then
 * the requests in their order. Events are taken before that, so those that an earlier command
 * caused are never mistaken for a later one's.
 *
 * An event may get lost; the radio says that one has, not which. Then its registers tell what it
 * must have been.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/wifi_control.h"

#include <errno.h>
#include <string.h>

#include "driver/wifi_format.h"
#include "driver/wifi_join.h"
#include "driver/wifi_radio.h"

#define NS_PER_MS 1000000
/* A scan lasts as long as its dwells; this much later it is stuck. */
#define SCAN_GRACE_NS (1000 * (int64_t)NS_PER_MS)

enum counter { LOSSES, REVIVALS, EVENTS_BAD, COUNTERS };
static const char *const counter_names[COUNTERS] = {"losses", "radio_resets", "events_bad"};

enum access_point { AP_OFF, AP_STARTING, AP_IS_UP, AP_AGAIN };

static struct {
    struct wifi_join join;
    struct wifi_credentials network;
    struct wifi_request *joining; /* JOIN that is not done */
    struct wifi_request *leaving; /* LEAVEs that wait for a command to end */
    bool disconnect;              /* that command is to be given */
    struct wifi_request *queue;
    struct wifi_request *scanning; /* SCAN that is not done */
    int64_t scan_due_ns;
    struct wifi_request *roaming; /* ROAM that is not done */
    bool roam_is_unknown;         /* where it has led has to be asked */
    bool power_save;              /* as wished */
    bool power_save_told;         /* as the radio has it: off after a reset */
    enum access_point ap;
    struct wifi_ap ap_parameters;

    uint32_t command;             /* under way, 0: none */
    bool connect_counts;          /* a CONNECT under way is of the present join */
    struct wifi_request *request; /* whose command is under way */
    uint32_t counters[COUNTERS];
} control;

static void finish(struct wifi_request *request, enum wifi_outcome outcome, uint16_t code)
{
    if (request != NULL) {
        request->outcome = outcome;
        request->code = code;
        request->done(request);
    }
}

static void finish_leaving(void)
{
    struct wifi_request *request = control.leaving;
    control.leaving = NULL;
    while (request != NULL) {
        struct wifi_request *next = request->next;
        finish(request, WIFI_DONE, 0);
        request = next;
    }
}

static void finish_scan(enum wifi_outcome outcome)
{
    struct wifi_request *request = control.scanning;
    control.scanning = NULL;
    control.scan_due_ns = NET_NEVER;
    finish(request, outcome, 0);
}

static void finish_roam(enum wifi_outcome outcome, uint16_t code)
{
    struct wifi_request *request = control.roaming;
    control.roaming = NULL;
    control.roam_is_unknown = false;
    finish(request, outcome, code);
}

static void join_step(enum wifi_join_event event, enum wifi_outcome outcome, uint16_t code,
                      int64_t now_ns)
{
    const struct wifi_join_input input = {event, now_ns, outcome, code};
    if (wifi_join_step(&control.join, &input)) {
        struct wifi_request *request = control.joining;
        control.joining = NULL;
        finish(request, control.join.outcome, control.join.code);
    }
}

/* Commands. */

static void give(uint32_t command, const void *parameters, size_t bytes, int64_t now_ns)
{
    control.command = command;
    wifi_radio_command(command, parameters, bytes, now_ns);
}

static void give_connect(int64_t now_ns)
{
    const struct wifi_connect parameters = wifi_form_connect(&control.network);
    control.connect_counts = true;
    give(WIFI_CMD_CONNECT, &parameters, sizeof parameters, now_ns);
}

static void give_scan(struct wifi_request *request, int64_t now_ns)
{
    uint8_t channels = wifi_radio_channels();
    const struct wifi_scan parameters = wifi_form_scan(request->scan.duration_ms, channels);
    request->scan.count = 0;
    control.scanning = request;
    control.scan_due_ns =
        now_ns + (int64_t)parameters.dwell_ms * channels * NS_PER_MS + SCAN_GRACE_NS;
    give(WIFI_CMD_SCAN, &parameters, sizeof parameters, now_ns);
}

static void give_roam(struct wifi_request *request, int64_t now_ns)
{
    const struct wifi_roam parameters = wifi_form_roam(request->roam.bssid, request->roam.channel);
    control.roaming = request;
    give(WIFI_CMD_ROAM, &parameters, sizeof parameters, now_ns);
}

static void give_power_save(bool on, int64_t now_ns)
{
    control.power_save_told = on;
    give(WIFI_CMD_SET_POWER_SAVE, &(struct wifi_power_save){.on = on},
         sizeof(struct wifi_power_save), now_ns);
}

static void give_ap_start(int64_t now_ns)
{
    control.ap = AP_STARTING;
    give(WIFI_CMD_AP_START, &control.ap_parameters, sizeof control.ap_parameters, now_ns);
}

static bool joins_now(void)
{
    return control.join.state == JOIN_ASKED || control.join.state == JOIN_TRYING ||
           control.join.state == JOIN_ROAMING;
}

static bool wants_network(void)
{
    return control.join.state != JOIN_OFF && control.join.state != JOIN_ENDED;
}

/* Begin the request's command; WIFI_DONE, or why that is not possible now. */
static enum wifi_outcome begin(struct wifi_request *request, int64_t now_ns)
{
    switch (request->operation) {
    case WIFI_SCAN:
        if (control.scanning != NULL || joins_now())
            return WIFI_BUSY;
        give_scan(request, now_ns);
        break;
    case WIFI_MEASURE:
    case WIFI_ROAM:
        if (control.join.state == JOIN_ROAMING)
            return WIFI_BUSY;
        if (control.join.state != JOIN_UP)
            return WIFI_NOT_JOINED;
        if (request->operation == WIFI_MEASURE) {
            give(WIFI_CMD_GET_LINK, NULL, 0, now_ns);
            break;
        }
        if (control.scanning != NULL)
            return WIFI_BUSY;
        give_roam(request, now_ns);
        return WIFI_DONE; /* it lasts longer than its command */
    case WIFI_POWER_SAVE:
        give_power_save(request->power_save, now_ns);
        break;
    case WIFI_AP_UP:
        if (control.scanning != NULL || wants_network() || control.ap != AP_OFF)
            return WIFI_BUSY;
        control.ap_parameters = wifi_form_ap(&request->ap.credentials, request->ap.clients_max);
        give_ap_start(now_ns);
        break;
    case WIFI_AP_DOWN:
    case WIFI_AP_CLIENTS:
        if (control.ap != AP_IS_UP)
            return WIFI_NOT_JOINED;
        give(request->operation == WIFI_AP_DOWN ? WIFI_CMD_AP_STOP : WIFI_CMD_AP_STATIONS, NULL, 0,
             now_ns);
        break;
    case WIFI_JOIN:
    case WIFI_LEAVE:
        return WIFI_BROKEN; /* never queued */
    }
    control.request = request;
    return WIFI_DONE;
}

static void give_next(int64_t now_ns)
{
    if (control.disconnect) {
        control.disconnect = false;
        give(WIFI_CMD_DISCONNECT, &(struct wifi_disconnect){0}, sizeof(struct wifi_disconnect),
             now_ns);
    } else if (control.power_save != control.power_save_told) {
        give_power_save(control.power_save, now_ns);
    } else if (control.join.state == JOIN_ASKED && control.scanning == NULL) {
        give_connect(now_ns);
    } else if (control.ap == AP_AGAIN) {
        give_ap_start(now_ns);
    } else if (control.roam_is_unknown) {
        give(WIFI_CMD_GET_LINK, NULL, 0, now_ns);
    }
    while (control.command == 0 && control.queue != NULL) {
        struct wifi_request *request = control.queue;
        control.queue = request->next;
        enum wifi_outcome outcome = begin(request, now_ns);
        if (outcome != WIFI_DONE)
            finish(request, outcome, 0);
    }
}

/* What a command came to. */

static void roam_begins(enum wifi_outcome outcome, int64_t now_ns)
{
    if (control.roaming == NULL) /* LEAVE has ended it */
        return;
    if (outcome == WIFI_DONE)
        join_step(JOIN_ROAMS, WIFI_DONE, 0, now_ns);
    else /* nothing scans: if not now, then because the network is lost, as will be told */
        finish_roam(outcome == WIFI_BUSY ? WIFI_NOT_JOINED : outcome, 0);
}

/* Its event was lost; the radio says whom it is with now. */
static void roam_led_to(enum wifi_outcome outcome, const struct wifi_link *link)
{
    const struct wifi_request *request = control.roaming;
    if (request == NULL) /* LEAVE or a loss has ended it meanwhile */
        return;
    bool there =
        outcome == WIFI_DONE && memcmp(link->bssid, request->roam.bssid, sizeof link->bssid) == 0;
    finish_roam(there ? WIFI_DONE : WIFI_BROKEN, 0);
}

static void command_ended(uint32_t result, int64_t now_ns)
{
    uint32_t command = control.command;
    struct wifi_request *request = control.request;
    enum wifi_outcome outcome = wifi_read_result(result);
    bool good = outcome == WIFI_DONE;
    size_t bytes;
    const uint8_t *response = wifi_radio_response(&bytes);
    struct wifi_link link = {0};

    control.command = 0;
    control.request = NULL;
    switch (command) {
    case WIFI_CMD_CONNECT:
        if (control.connect_counts)
            join_step(good ? JOIN_ACCEPTED : JOIN_FAILED, outcome, 0, now_ns);
        return;
    case WIFI_CMD_DISCONNECT:
        if (!control.disconnect)
            finish_leaving();
        return;
    case WIFI_CMD_SCAN:
        if (!good)
            finish_scan(outcome);
        return;
    case WIFI_CMD_GET_LINK:
        if (good)
            outcome = wifi_read_link(response, bytes, &link);
        if (request == NULL)
            roam_led_to(outcome, &link);
        else
            request->rssi = link.rssi;
        break;
    case WIFI_CMD_ROAM:
        roam_begins(outcome, now_ns);
        return;
    case WIFI_CMD_SET_POWER_SAVE:
        /* Without a request it was told again after a reset: once, whether it can or not. */
        if (request != NULL && good)
            control.power_save = control.power_save_told;
        else if (request != NULL)
            control.power_save_told = control.power_save;
        break;
    case WIFI_CMD_AP_START:
        control.ap = good ? AP_IS_UP : AP_OFF;
        break;
    case WIFI_CMD_AP_STOP:
        control.ap = AP_OFF;
        break;
    case WIFI_CMD_AP_STATIONS:
        request->clients.count = 0;
        if (good)
            request->clients.count =
                wifi_read_clients(response, bytes, request->clients.clients, request->clients.room);
        break;
    default:
        break;
    }
    finish(request, outcome, 0);
}

/* Events. */

static void on_scan_result(const struct wifi_event *event)
{
    struct wifi_request *request = control.scanning;
    struct wifi_seen seen;
    if (!wifi_read_seen(event, &seen))
        control.counters[EVENTS_BAD]++;
    else if (request != NULL && request->scan.count < request->scan.room)
        request->scan.seen[request->scan.count++] = seen;
}

static void on_join(const struct wifi_event *event, int64_t now_ns)
{
    enum wifi_outcome outcome;
    bool roamed = control.join.state == JOIN_ROAMING;
    if (!wifi_read_join(event, &outcome)) {
        control.counters[EVENTS_BAD]++;
    } else if (roamed || control.join.state == JOIN_TRYING) { /* else of one that was given up */
        join_step(outcome == WIFI_DONE ? JOIN_SUCCEEDED : JOIN_FAILED, outcome, event->reason,
                  now_ns);
        if (roamed)
            finish_roam(outcome, event->reason);
    }
}

static bool is_up(void)
{
    return control.join.state == JOIN_UP || control.join.state == JOIN_ROAMING;
}

static void lost(int64_t now_ns)
{
    control.counters[LOSSES] += is_up();
    join_step(JOIN_LOST, WIFI_DONE, 0, now_ns);
    finish_roam(WIFI_NOT_JOINED, 0); /* one whose own event was lost, or that had not begun */
}

static void on_event(const struct wifi_event *event, int64_t now_ns)
{
    switch (event->type) {
    case WIFI_EVENT_SCAN_RESULT:
        on_scan_result(event);
        break;
    case WIFI_EVENT_SCAN_DONE:
        finish_scan(WIFI_DONE);
        break;
    case WIFI_EVENT_JOIN:
        on_join(event, now_ns);
        break;
    case WIFI_EVENT_LINK:
        if ((event->flags & WIFI_EVENT_FLAG_UP) == 0)
            lost(now_ns);
        break;
    default:
        break;
    }
}

/* Events were lost: `status` is the register as it was before the last ones were taken. */
static void catch_up(uint32_t status, int64_t now_ns)
{
    uint32_t station = FIELD_GET(status, WIFI_STATUS, STATION);
    if (is_up() && station == WIFI_STATION_IDLE) {
        lost(now_ns);
    } else if (control.join.state == JOIN_ROAMING && station == WIFI_STATION_CONNECTED) {
        /* Up in either case. */
        control.roam_is_unknown = true;
        join_step(JOIN_SUCCEEDED, WIFI_DONE, 0, now_ns);
    }
    if (control.join.state == JOIN_TRYING && station == WIFI_STATION_CONNECTED)
        join_step(JOIN_SUCCEEDED, WIFI_DONE, 0, now_ns);
    else if (control.join.state == JOIN_TRYING && station == WIFI_STATION_IDLE)
        join_step(JOIN_FAILED, WIFI_BROKEN, 0, now_ns);
    if (control.scanning != NULL && control.command != WIFI_CMD_SCAN &&
        FIELD_GET(status, WIFI_STATUS, SCANNING) == 0)
        finish_scan(WIFI_DONE);
}

/* The radio died, or does not answer: set it up anew, and whatever it had to keep up. */
static void revive(int64_t now_ns)
{
    struct wifi_request *request = control.request;
    control.counters[REVIVALS]++;
    wifi_radio_reset();
    control.command = 0;
    control.request = NULL;
    control.disconnect = false;
    control.power_save_told = false;
    /* Once: a soft AP that dies while it is set up again is given up. */
    control.ap = control.ap == AP_IS_UP ? AP_AGAIN : AP_OFF;
    if (request != control.scanning)
        finish(request, WIFI_BROKEN, 0);
    finish_scan(WIFI_BROKEN);
    finish_roam(WIFI_BROKEN, 0);
    finish_leaving();
    join_step(JOIN_DIED, WIFI_BROKEN, 0, now_ns);
}

/* The driver's side. */

int wifi_control_init(void)
{
    if (!wifi_radio_is_there())
        return -ENODEV;
    wifi_radio_reset();
    wifi_join_init(&control.join);
    control.scan_due_ns = NET_NEVER;
    return 0;
}

static void on_time(uint32_t status, int64_t now_ns)
{
    if (now_ns >= control.join.due_ns) {
        bool trying = control.join.state != JOIN_PAUSED;
        if (trying)
            catch_up(status, now_ns);
        join_step(JOIN_TIME, WIFI_DONE, 0, now_ns);
        if (trying && control.join.state != JOIN_UP) {
            control.disconnect = true;
            finish_roam(WIFI_TOO_LONG, 0);
        }
    }
    if (now_ns >= control.scan_due_ns) {
        catch_up(status, now_ns);
        if (control.scanning != NULL)
            revive(now_ns);
    }
}

void wifi_control_service(int64_t now_ns)
{
    uint32_t causes = wifi_radio_causes();
    uint32_t result;
    enum wifi_radio_progress progress = wifi_radio_poll(now_ns, &result);
    if (progress == WIFI_RADIO_STUCK)
        revive(now_ns);
    else if (progress == WIFI_RADIO_ENDED)
        command_ended(result, now_ns);

    uint32_t status = wifi_radio_status();
    if (FIELD_GET(status, WIFI_STATUS, FAILED) != 0)
        revive(now_ns);
    struct wifi_event event;
    while (wifi_radio_event(&event))
        on_event(&event, now_ns);
    if ((causes & FIELD_MASK(WIFI_INT_STATUS, OVERFLOW)) != 0)
        catch_up(status, now_ns);
    on_time(status, now_ns);
    if (wifi_radio_is_free())
        give_next(now_ns);
}

int64_t wifi_control_due_ns(void)
{
    int64_t due_ns = wifi_radio_due_ns();
    if (control.join.due_ns < due_ns)
        due_ns = control.join.due_ns;
    return control.scan_due_ns < due_ns ? control.scan_due_ns : due_ns;
}

static void submit_join(struct wifi_request *request)
{
    if (wants_network() || control.ap != AP_OFF) {
        finish(request, WIFI_BUSY, 0);
        return;
    }
    control.network = request->join;
    control.joining = request;
    join_step(JOIN_START, WIFI_DONE, 0, 0);
}

static void submit_leave(struct wifi_request *request)
{
    struct wifi_request *joining = control.joining;
    control.joining = NULL;
    control.connect_counts = false;
    control.disconnect = true;
    memset(&control.network, 0, sizeof control.network);
    join_step(JOIN_STOP, WIFI_DONE, 0, 0);
    finish(joining, WIFI_LEFT, 0);
    finish_roam(WIFI_LEFT, 0);
    request->next = control.leaving;
    control.leaving = request;
}

void wifi_control_submit(struct wifi_request *request)
{
    request->next = NULL;
    if (request->operation == WIFI_JOIN) {
        submit_join(request);
    } else if (request->operation == WIFI_LEAVE) {
        submit_leave(request);
    } else {
        struct wifi_request **end = &control.queue;
        while (*end != NULL)
            end = &(*end)->next;
        *end = request;
    }
}

struct wifi_limits wifi_control_limits(void)
{
    return (struct wifi_limits){wifi_radio_channels(), wifi_radio_stations()};
}

void wifi_control_statistics(void (*visit)(void *context, const char *name, uint32_t value),
                             void *context)
{
    for (size_t i = 0; i < COUNTERS; i++)
        visit(context, counter_names[i], control.counters[i]);
    visit(context, "rejoins", control.join.rejoins);
}
