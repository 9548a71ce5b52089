/*
 * The functions of `wireless.wifi` for the soft AP (socket/wifi.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <string.h>

#include "socket/wifi_internal.h"

#define CLIENTS_DEFAULT 4
#define CLIENTS_MAX 32 /* of any chip this is written for */

static const struct interface_settings default_settings = {
    .ip = {192, 168, 0, 1}, .mask = {255, 255, 255, 0}, .gateway = {192, 168, 0, 1}};

static struct interface_settings settings; /* guarded by sock_port->lock */

void wifi_softap_init(void)
{
    settings = default_settings;
}

/* softap_init(ssid, security, password="", max_conn=4) */
void wifi_softap_start(struct call *call)
{
    const struct value *count = call_argument(call, 3);
    struct wifi_credentials network;
    int64_t clients = CLIENTS_DEFAULT;

    if (!wifi_take_credentials(call, &network))
        return;
    if (count != NULL && !argument_is_integer(count)) {
        call_raise(call, EXC_TYPE_ERROR, "max_conn must be an int");
        return;
    }
    if (count != NULL)
        clients = argument_integer(count);
    if (clients < 1 || clients > CLIENTS_MAX) {
        call_raise(call, EXC_VALUE_ERROR, "max_conn is not a number of stations it can have");
        return;
    }
    sock_port->lock();
    struct interface_settings now = settings;
    sock_port->unlock();
    struct wifi_reason reason = wifi_provider->softap_up(&network, (uint8_t)clients, &now);
    memset(&network, 0, sizeof network);
    if (reason.error == SOCK_EINVAL)
        call_raise(call, EXC_VALUE_ERROR, "max_conn is not a number of stations it can have");
    else
        wifi_check(call, &reason);
}

/* softap_config(ip="192.168.0.1", gw="192.168.0.1", net="255.255.255.0") */
void wifi_softap_config(struct call *call)
{
    struct interface_settings wanted = default_settings;
    uint8_t *const fields[] = {wanted.ip, wanted.gateway, wanted.mask};
    if (!interface_read_addresses(call, 0, 3, fields) ||
        !interface_check_address(call, wanted.ip, wanted.mask))
        return;
    sock_port->lock();
    settings = wanted;
    sock_port->unlock();
    struct wifi_reason reason = wifi_provider->softap_address(&wanted);
    wifi_check(call, &reason);
}

void wifi_softap_off(struct call *call)
{
    struct wifi_reason reason = wifi_provider->softap_down();
    wifi_check(call, &reason);
}

/* The stations, and the tuples that programs get of them. */
struct stations_result {
    struct value tuples[CLIENTS_MAX];
    struct value fields[CLIENTS_MAX][2];
    struct wifi_station stations[CLIENTS_MAX];
    char text[CLIENTS_MAX][ADDRESS_TEXT_BYTES];
};

void wifi_softap_get_info(struct call *call)
{
    struct stations_result *found = sock_port->alloc(sizeof *found);
    if (found == NULL) {
        call_raise(call, EXC_MEMORY_ERROR, "no memory for the list of stations");
        return;
    }
    call->result->memory = found;
    size_t count = 0;
    struct wifi_reason reason =
        wifi_provider->softap_stations(found->stations, CLIENTS_MAX, &count);
    if (!wifi_check(call, &reason))
        return;
    for (size_t i = 0; i < count; i++) {
        struct value *fields = found->fields[i];
        struct wifi_station *station = &found->stations[i];
        size_t length = address_ipv4_write(station->ip, found->text[i]);
        fields[0] =
            (struct value){.kind = VALUE_STR, .data = (uint8_t *)found->text[i], .bytes = length};
        fields[1] =
            (struct value){.kind = VALUE_BYTES, .data = station->mac, .bytes = sizeof station->mac};
        found->tuples[i] = (struct value){.kind = VALUE_TUPLE, .items = fields, .count = 2};
    }
    call->result->value =
        (struct value){.kind = VALUE_TUPLE, .items = found->tuples, .count = count};
}
