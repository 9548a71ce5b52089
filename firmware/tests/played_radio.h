/*
 * A radio that is played, below the wifi driver's control: for tests that tell what the radio says
 * and look at what it is told. Includes the driver's source, so that its state begins anew in each
 * test; one file of a program may include this.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_PLAYED_RADIO_H
#define SOCKBENCH_TESTS_PLAYED_RADIO_H

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

static inline void tell(uint8_t type, uint16_t status, uint16_t reason)
{
    fake.events[fake.event_count++] =
        (struct wifi_event){.type = type, .status = status, .reason = reason};
}

static inline void service(void)
{
    wifi_control_service(now);
}

/* The command under way, which has to be this one, ends. */
static inline void end_command(uint32_t command, uint32_t result)
{
    assert_int_equal(fake.command, command);
    fake.progress = WIFI_RADIO_ENDED;
    fake.result = result;
    service();
}

static inline void set_station(uint32_t station)
{
    fake.status = station << R_WIFI_STATUS_STATION_SHIFT;
}

/* Requests. */

static unsigned done_count;

static inline void on_done(struct wifi_request *request)
{
    done_count++;
    request->context = request;
}

static inline bool is_done(const struct wifi_request *request)
{
    return request->context == request;
}

static inline void submit(struct wifi_request *request)
{
    request->done = on_done;
    request->context = NULL;
    wifi_control_submit(request);
    service();
}

static inline struct wifi_request request_to_join(void)
{
    struct wifi_request request = {.operation = WIFI_JOIN};
    request.join = (struct wifi_credentials){.ssid = "net",
                                             .ssid_bytes = 3,
                                             .protection = WIFI_IS_WPA2,
                                             .key = "12345678",
                                             .key_bytes = 8};
    return request;
}

static inline void join_network(struct wifi_request *request)
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

static inline void lose_network(void)
{
    set_station(WIFI_STATION_IDLE);
    tell(WIFI_EVENT_LINK, 0, 3);
    service();
}

static inline int setup(void **state)
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

#endif
