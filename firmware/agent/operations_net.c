/*
 * net.up, net.down, net.info and stats.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/operations_net.h"

#include <errno.h>
#include <string.h>

#include "agent/answer.h"
#include "port/memory.h"
#include "port/network.h"
#include "port/network_wifi.h"
#include "port/os.h"
#include "port/sock_port.h"
#include "socket/errors.h"
#include "socket/wifi.h"

#define NAME_BYTES 16
#define INFO_BYTES 512u
#define STATS_BYTES 6144u
#define STATS_PAIRS_MAX 64u

static int64_t now_ns(void)
{
    return sock_port_freertos.now_ns();
}

/* What a network function's status means to the harness; errno as Linux numbers them. */
static void answer_status(const struct request *request, int64_t t0, int status)
{
    static const struct {
        int status;
        enum value_exception exception;
        int error;
        const char *message;
    } outcomes[] = {
        {-ENODEV, EXC_IO_ERROR, 19, "no such interface, or its hardware does not answer"},
        {-EINVAL, EXC_VALUE_ERROR, 22, "a bad address, mask, gateway or mtu"},
        {-EALREADY, EXC_IO_ERROR, 114, "the interface is up already"},
        {-ETIMEDOUT, EXC_TIMEOUT_ERROR, 110, "the interface has no link"},
        {-ECONNABORTED, EXC_IO_ERROR, 103, "the interface was taken down"},
        {-ENOMEM, EXC_MEMORY_ERROR, 12, "no memory for the interface"},
    };
    int64_t t1 = now_ns();
    if (status == 0) {
        answer_none(request, t0, t1);
        return;
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (outcomes[i].status == status) {
            answer_exception(request, t0, t1, outcomes[i].exception, outcomes[i].error,
                             outcomes[i].message);
            return;
        }
    }
    answer_exception(request, t0, t1, EXC_IO_ERROR, 5, "the interface failed");
}

/* The field "if"; refuses the request itself. */
static bool interface_name(const struct request *request, char name[NAME_BYTES])
{
    struct span text;
    if (request_text(request, "if", &text) && request_copy_text(&text, name, NAME_BYTES))
        return true;
    answer_bad(request, "if is missing");
    return false;
}

/* Whether a field is neither missing nor null. */
static bool is_given(const struct request *request, const char *key)
{
    static const uint8_t null_item = 0xf6;
    const struct span *field = request_field(request, key);
    return field != NULL && field->data[0] != null_item;
}

/* An address in text; *address is NULL when it is not given. False: no short text. */
static bool address_field(const struct request *request, const char *key,
                          char copy[NETWORK_TEXT_BYTES], const char **address)
{
    struct span text;
    *address = NULL;
    if (!is_given(request, key))
        return true;
    *address = copy;
    return request_text(request, key, &text) && request_copy_text(&text, copy, NETWORK_TEXT_BYTES);
}

/* A string of either kind, or NONE. */
static struct value string_field(const struct request *request, const char *key)
{
    struct span span;
    struct value value = {.kind = VALUE_NONE};
    if (request_text(request, key, &span))
        value.kind = VALUE_STR;
    else if (request_data(request, key, &span))
        value.kind = VALUE_BYTES;
    else
        return value;
    value.data = (uint8_t *)span.data; /* read only: the kind says so */
    value.bytes = span.bytes;
    return value;
}

/* Join the network that the request names, as wifi.link() would. */
static void up_over_wifi(const struct request *request, struct network_config *config)
{
    struct value ssid = string_field(request, "ssid");
    struct value password = string_field(request, "password");
    struct value security = {.kind = VALUE_NONE};
    uint64_t number;
    if (request_unsigned(request, "security", &number))
        security = (struct value){.kind = VALUE_INT,
                                  .integer = number <= INT64_MAX ? (int64_t)number : INT64_MAX};
    struct wifi_credentials network;
    int64_t t0 = now_ns();
    struct wifi_fault fault = wifi_read_credentials(
        &ssid, &security, is_given(request, "password") ? &password : NULL, &network);
    if (fault.exception != EXC_NONE) {
        answer_exception(request, t0, now_ns(), fault.exception,
                         fault.exception == EXC_IO_ERROR ? SOCK_EPROTO : 0, fault.message);
        return;
    }
    struct wifi_reason reason = network_wifi_up(config, &network);
    char text[WIFI_REASON_TEXT_BYTES];
    if (reason.error == 0)
        answer_none(request, t0, now_ns());
    else
        answer_exception(request, t0, now_ns(), sock_error_class(reason.error), reason.error,
                         wifi_reason_message(&reason, text));
}

void op_net_up(const struct request *request)
{
    char name[NAME_BYTES];
    char ip[NETWORK_TEXT_BYTES];
    char mask[NETWORK_TEXT_BYTES];
    char gateway[NETWORK_TEXT_BYTES];
    struct network_config config = {0};
    uint64_t mtu = 0;

    if (!interface_name(request, name))
        return;
    if (!address_field(request, "ip", ip, &config.ip) ||
        !address_field(request, "mask", mask, &config.mask) ||
        !address_field(request, "gw", gateway, &config.gateway)) {
        answer_bad(request, "ip, mask and gw are addresses in text");
        return;
    }
    if (request_field(request, "ip6") != NULL && !request_bool(request, "ip6", &config.ip6)) {
        answer_bad(request, "ip6 is true or false");
        return;
    }
    if (request_field(request, "mtu") != NULL && (!request_unsigned(request, "mtu", &mtu) ||
                                                  mtu < NETWORK_MTU_MIN || mtu > NETWORK_MTU_MAX)) {
        answer_bad(request, "mtu is a number from 68 to 1500");
        return;
    }
    config.mtu = (uint16_t)mtu;
    if (strcmp(name, NETWORK_WIFI) == 0) {
        up_over_wifi(request, &config);
        return;
    }
    int64_t t0 = now_ns();
    answer_status(request, t0, network_up(name, &config));
}

void op_net_down(const struct request *request)
{
    char name[NAME_BYTES];
    if (!interface_name(request, name))
        return;
    int64_t t0 = now_ns();
    answer_status(request, t0, network_down(name));
}

static bool put_text(zcbor_state_t *state, const char *text)
{
    return zcbor_tstr_put_term(state, text, NETWORK_TEXT_BYTES);
}

void op_net_info(const struct request *request)
{
    char name[NAME_BYTES];
    struct network_info info;
    struct answer answer;

    if (!interface_name(request, name))
        return;
    int64_t t0 = now_ns();
    int status = network_info(name, &info);
    if (status != 0) {
        answer_status(request, t0, status);
        return;
    }
    if (!answer_open(&answer, request, t0, now_ns(), INFO_BYTES))
        return;
    zcbor_state_t *state = answer.state;
    bool good = zcbor_map_start_encode(state, 8) && put_text(state, "ip") &&
                put_text(state, info.ip) && put_text(state, "mask") && put_text(state, info.mask) &&
                put_text(state, "gw") && put_text(state, info.gateway) && put_text(state, "mac") &&
                zcbor_bstr_encode_ptr(state, (const char *)info.mac, sizeof info.mac) &&
                put_text(state, "up") && zcbor_bool_put(state, info.up) &&
                put_text(state, "link") && zcbor_bool_put(state, info.link) &&
                put_text(state, "mtu") && zcbor_uint32_put(state, info.mtu) &&
                put_text(state, "ip6") && zcbor_list_start_encode(state, NETWORK_IP6_MAX);
    for (size_t i = 0; good && i < info.ip6_count; i++)
        good = put_text(state, info.ip6[i]);
    good = good && zcbor_list_end_encode(state, NETWORK_IP6_MAX) && zcbor_map_end_encode(state, 8);
    answer_send(&answer, good);
}

/* Statistics. */

struct counters {
    zcbor_state_t *state;
    bool good;
};

static void put_counter(void *context, const char *name, uint32_t value)
{
    struct counters *counters = context;
    counters->good = counters->good && put_text(counters->state, name) &&
                     zcbor_uint32_put(counters->state, value);
}

static void put_thread(void *context, const char *name, size_t unused_bytes)
{
    put_counter(context, name, (uint32_t)unused_bytes);
}

static bool begin(struct counters *counters, const char *name)
{
    counters->good = counters->good && put_text(counters->state, name) &&
                     zcbor_map_start_encode(counters->state, STATS_PAIRS_MAX);
    return counters->good;
}

static void end(struct counters *counters)
{
    counters->good = counters->good && zcbor_map_end_encode(counters->state, STATS_PAIRS_MAX);
}

void op_stats(const struct request *request)
{
    struct answer answer;
    int64_t t0 = now_ns();

    if (!answer_open(&answer, request, t0, t0, STATS_BYTES))
        return;
    struct counters counters = {answer.state, zcbor_map_start_encode(answer.state, 8)};
    put_counter(&counters, "heap_free", (uint32_t)memory_free_bytes());
    put_counter(&counters, "heap_min_free", (uint32_t)memory_free_bytes_min());
    put_counter(&counters, "tick", os_tick());
    put_counter(&counters, "tcp_pcbs", network_tcp_pcbs());
    if (begin(&counters, "threads"))
        os_threads(put_thread, &counters);
    end(&counters);
    if (begin(&counters, "driver"))
        network_driver_statistics(NETWORK_ETH, put_counter, &counters);
    end(&counters);
    if (begin(&counters, "wifi"))
        network_driver_statistics(NETWORK_WIFI, put_counter, &counters);
    end(&counters);
    if (begin(&counters, "lwip"))
        network_stack_statistics(put_counter, &counters);
    end(&counters);
    answer_send(&answer, counters.good && zcbor_map_end_encode(answer.state, 8));
}
