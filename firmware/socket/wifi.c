/*
 * The functions of `wireless.wifi` (socket/wifi.h); those of the soft AP are in wifi_softap.c.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/wifi.h"

#include <assert.h>
#include <string.h>

#include "socket/call.h"
#include "socket/utf8.h"
#include "socket/wifi_internal.h"

#define NETWORKS_MAX 64
#define FIELDS 4 /* of a network that a scan has heard */
#define BSSID_BYTES 6
#define GROUP_BIT 1 /* in the first byte of an address */
#define SCAN_DEFAULT_MS 5000
#define SCAN_MIN_MS 13     /* one a channel, of the 13 of Europe */
#define SCAN_MAX_MS 600000 /* ten minutes */

const struct wifi_provider *wifi_provider;

/* Guarded by sock_port->lock. */
static struct interface_settings next_settings; /* of the next link() */
static bool station_is_off;

static const struct sock_constant constants[] = {
    {"WIFI_OPEN", WIFI_IS_OPEN},
    {"WIFI_WEP", WIFI_IS_WEP},
    {"WIFI_WPA", WIFI_IS_WPA},
    {"WIFI_WPA2", WIFI_IS_WPA2},
    {NULL, 0},
};

void wifi_module_init(const struct wifi_provider *provider)
{
    wifi_provider = provider;
    station_is_off = false;
    memset(&next_settings, 0, sizeof next_settings);
    wifi_softap_init();
}

const struct sock_constant *wifi_constants(void)
{
    return constants;
}

const char *wifi_reason_message(const struct wifi_reason *reason, char text[WIFI_REASON_TEXT_BYTES])
{
    const char *message =
        reason->message != NULL ? reason->message : sock_error_message(reason->error);
    if (!reason->has_code)
        return message;
    char digits[5];
    size_t count = 0;
    uint16_t rest = reason->code;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    size_t length = 0;
    for (; message[length] != '\0' && length + sizeof digits + 2 < WIFI_REASON_TEXT_BYTES; length++)
        text[length] = message[length];
    text[length++] = ' ';
    while (count > 0)
        text[length++] = digits[--count];
    text[length] = '\0';
    return text;
}
static_assert(sizeof(((struct value_result *)0)->text) >= WIFI_REASON_TEXT_BYTES,
              "a message fits the result");

bool wifi_check(struct call *call, const struct wifi_reason *reason)
{
    if (reason->error == 0)
        return true;
    call_fail(call, reason->error);
    call->result->message = wifi_reason_message(reason, call->result->text);
    return false;
}

bool wifi_take_credentials(struct call *call, struct wifi_credentials *network)
{
    struct wifi_fault fault = wifi_read_credentials(call_argument(call, 0), call_argument(call, 1),
                                                    call_argument(call, 2), network);
    if (fault.exception == EXC_NONE)
        return true;
    call_raise(call, fault.exception, fault.message);
    if (fault.exception == EXC_IO_ERROR)
        call->result->error = SOCK_EPROTO;
    return false;
}

/* link(ssid, security, password="") */
static void function_link(struct call *call)
{
    struct wifi_credentials network;
    if (!wifi_take_credentials(call, &network))
        return;
    sock_port->lock();
    struct interface_settings settings = next_settings;
    bool is_off = station_is_off;
    sock_port->unlock();
    struct wifi_reason reason = {.error = SOCK_ENETDOWN,
                                 .message = "the station is off: station_on() first"};
    if (!is_off)
        reason = wifi_provider->link(&network, &settings);
    memset(&network, 0, sizeof network);
    wifi_check(call, &reason);
}

static void return_bool(struct call *call, bool is_true)
{
    call->result->value = (struct value){.kind = VALUE_BOOL, .integer = is_true};
}

/* try_link(ssid, security, password=""): errors that have a number are those of the network. */
static void function_try_link(struct call *call)
{
    function_link(call);
    struct value_result *result = call->result;
    bool linked = result->exception == EXC_NONE;
    if (!linked && result->error == 0)
        return;
    memset(result, 0, sizeof *result);
    return_bool(call, linked);
}

static void function_unlink(struct call *call)
{
    struct wifi_reason reason = wifi_provider->unlink();
    wifi_check(call, &reason);
}

static void function_is_linked(struct call *call)
{
    return_bool(call, wifi_provider->is_linked());
}

/* An SSID is text if it can be. */
static struct value value_of_ssid(const struct wifi_seen *seen)
{
    return (struct value){.kind =
                              utf8_is_valid(seen->ssid, seen->ssid_bytes) ? VALUE_STR : VALUE_BYTES,
                          .data = (uint8_t *)seen->ssid,
                          .bytes = seen->ssid_bytes};
}

/* What a scan has heard, and the tuples that programs get of it. */
struct scan_result {
    struct value networks[NETWORKS_MAX];
    struct value fields[NETWORKS_MAX][FIELDS];
    struct wifi_seen seen[NETWORKS_MAX];
};

/* scan(duration=5000) */
static void function_scan(struct call *call)
{
    const struct value *duration = call_argument(call, 0);
    int64_t duration_ms = SCAN_DEFAULT_MS;
    if (duration != NULL && !argument_is_integer(duration)) {
        call_raise(call, EXC_TYPE_ERROR, "duration must be an int");
        return;
    }
    if (duration != NULL)
        duration_ms = argument_integer(duration);
    if (duration_ms < SCAN_MIN_MS || duration_ms > SCAN_MAX_MS) {
        call_raise(call, EXC_VALUE_ERROR, "a scan takes 13 to 600,000 milliseconds");
        return;
    }
    struct scan_result *heard = sock_port->alloc(sizeof *heard);
    if (heard == NULL) {
        call_raise(call, EXC_MEMORY_ERROR, "no memory for what the scan will hear");
        return;
    }
    call->result->memory = heard;
    size_t count = 0;
    struct wifi_reason reason =
        wifi_provider->scan((uint32_t)duration_ms, heard->seen, NETWORKS_MAX, &count);
    if (!wifi_check(call, &reason))
        return;
    for (size_t i = 0; i < count; i++) {
        struct wifi_seen *seen = &heard->seen[i];
        struct value *fields = heard->fields[i];
        fields[0] = value_of_ssid(seen);
        fields[1] = (struct value){.kind = VALUE_INT, .integer = seen->protection};
        fields[2] = (struct value){.kind = VALUE_INT, .integer = seen->rssi};
        fields[3] =
            (struct value){.kind = VALUE_BYTES, .data = seen->bssid, .bytes = sizeof seen->bssid};
        heard->networks[i] = (struct value){.kind = VALUE_TUPLE, .items = fields, .count = FIELDS};
    }
    call->result->value =
        (struct value){.kind = VALUE_TUPLE, .items = heard->networks, .count = count};
}

static void function_rssi(struct call *call)
{
    int dbm = 0;
    struct wifi_reason reason = wifi_provider->rssi(&dbm);
    if (wifi_check(call, &reason))
        call_return_integer(call, dbm);
}

/* roam(bssid): bytes as scan() tells them */
static void function_roam(struct call *call)
{
    const struct value *bssid = call_argument(call, 0);
    static const uint8_t nobody[BSSID_BYTES];

    if (bssid->kind != VALUE_BYTES && bssid->kind != VALUE_BUFFER) {
        call_raise(call, EXC_TYPE_ERROR, "bssid must be bytes");
        return;
    }
    if (bssid->bytes != BSSID_BYTES || (bssid->data[0] & GROUP_BIT) != 0 ||
        memcmp(bssid->data, nobody, sizeof nobody) == 0) {
        call_raise(call, EXC_VALUE_ERROR, "bssid is not the 6 bytes of an access point's address");
        return;
    }
    struct wifi_reason reason = wifi_provider->roam(bssid->data);
    wifi_check(call, &reason);
}

/* power_save(on) */
static void function_power_save(struct call *call)
{
    const struct value *on = call_argument(call, 0);
    if (!argument_is_integer(on)) {
        call_raise(call, EXC_TYPE_ERROR, "on must be a bool");
        return;
    }
    struct wifi_reason reason = wifi_provider->power_save(argument_integer(on) != 0);
    wifi_check(call, &reason);
}

static void function_link_info(struct call *call)
{
    struct interface_settings now;
    uint8_t mac[6];
    struct wifi_reason reason = wifi_provider->info(&now, mac);
    if (wifi_check(call, &reason))
        interface_return_info(call, &now, mac, false);
}

/* set_link_info(ip, mask, gw, dns) */
static void function_set_link_info(struct call *call)
{
    struct interface_settings settings;
    if (!interface_read_settings(call, &settings))
        return;
    sock_port->lock();
    next_settings = settings;
    sock_port->unlock();
}

/* gethostbyname(hostname) */
static void function_gethostbyname(struct call *call)
{
    interface_gethostbyname(call, wifi_provider->resolve);
}

static void set_station(bool is_off)
{
    sock_port->lock();
    station_is_off = is_off;
    sock_port->unlock();
}

static void function_station_on(struct call *call)
{
    (void)call;
    set_station(false);
}

static void function_station_off(struct call *call)
{
    set_station(true);
    function_unlink(call);
}

static const char *const function_names[] = {
    "link",       "try_link",        "unlink",        "is_linked",   "scan",        "rssi",
    "link_info",  "set_link_info",   "gethostbyname", "select",      "softap_init", "softap_config",
    "softap_off", "softap_get_info", "station_on",    "station_off", "roam",        "power_save",
    NULL,
};

#define CREDENTIALS "ssid", "security", "password"

static const struct interface_function functions[] = {
    {function_link, {{CREDENTIALS}, 3, 2}},
    {function_try_link, {{CREDENTIALS}, 3, 2}},
    {function_unlink, {{NULL}, 0, 0}},
    {function_is_linked, {{NULL}, 0, 0}},
    {function_scan, {{"duration"}, 1, 0}},
    {function_rssi, {{NULL}, 0, 0}},
    {function_link_info, {{NULL}, 0, 0}},
    {function_set_link_info, {{"ip", "mask", "gw", "dns"}, 4, 4}},
    {function_gethostbyname, {{"hostname"}, 1, 1}},
    {NULL, {{NULL}, 0, 0}}, /* select: wifi_call() */
    {wifi_softap_start, {{CREDENTIALS, "max_conn"}, 4, 2}},
    {wifi_softap_config, {{"ip", "gw", "net"}, 3, 0}},
    {wifi_softap_off, {{NULL}, 0, 0}},
    {wifi_softap_get_info, {{NULL}, 0, 0}},
    {function_station_on, {{NULL}, 0, 0}},
    {function_station_off, {{NULL}, 0, 0}},
    {function_roam, {{"bssid"}, 1, 1}},
    {function_power_save, {{"on"}, 1, 1}},
};

static_assert(sizeof function_names / sizeof function_names[0] ==
                  sizeof functions / sizeof functions[0] + 1,
              "each function has a name");

static const struct interface_module module = {function_names, functions,
                                               "wifi has no such function"};

const char *const *wifi_functions(void)
{
    return function_names;
}

void wifi_call(const char *name, const struct value_args *args, struct value_result *result)
{
    if (strcmp(name, "select") == 0)
        sock_call(name, NULL, args, result);
    else
        interface_call(&module, name, args, result);
}
