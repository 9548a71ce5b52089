/*
 * Wifi as an interface, and what the module `wifi` needs of it (port/network_wifi.h).
 *
 * A thread that wants something of the driver submits a request and sleeps until it is done; it
 * holds no lock meanwhile. The interface has one role at a time: the station, or the soft AP.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/network_wifi.h"

#include <errno.h>
#include <string.h>

#include "driver/wifi.h"
#include "port/netif_thread.h"
#include "port/network_module.h"
#include "port/network_softap.h"
#include "port/sock_port.h"
#include "socket/errors.h"

/* Changed while the interface comes up or goes down, which one thread does at a time. */
static enum role { ROLE_NONE, ROLE_STATION, ROLE_SOFTAP } role;
static struct wifi_credentials joined; /* or being joined */

static struct wifi_reason error_only(int error)
{
    return (struct wifi_reason){.error = error < 0 ? -error : error};
}

static struct wifi_reason reason_of(enum wifi_outcome outcome, uint16_t code)
{
    static const struct {
        int error;
        const char *message;
        bool has_code;
    } reasons[] = {
        [WIFI_DONE] = {0, NULL, false},
        [WIFI_NO_NETWORK] = {SOCK_ENOENT, "there is no network of this name", false},
        [WIFI_MISMATCH] = {SOCK_EPROTO, "security: the network offers another one", false},
        [WIFI_AUTH_SILENCE] = {SOCK_ETIMEDOUT, "the authentication was not answered", false},
        [WIFI_AUTH_REFUSED] = {SOCK_ECONNREFUSED, "authentication refused: status", true},
        [WIFI_ASSOC_SILENCE] = {SOCK_ETIMEDOUT, "the association was not answered", false},
        [WIFI_ASSOC_REFUSED] = {SOCK_ECONNREFUSED, "association refused: status", true},
        [WIFI_KEY_SILENCE] = {SOCK_EACCES, "wrong password? the key handshake stopped: reason",
                              true},
        [WIFI_KEY_REFUSED] = {SOCK_EACCES, "wrong password? the key handshake was ended: reason",
                              true},
        [WIFI_KEY_INVALID] = {SOCK_EACCES, "the key handshake was not acceptable: reason", true},
        [WIFI_THROWN_OUT] = {SOCK_ECONNABORTED, "deauthenticated: reason", true},
        [WIFI_TOO_LONG] = {SOCK_ETIMEDOUT, "joining took too long", false},
        [WIFI_LEFT] = {SOCK_ENETDOWN, "the interface was taken down", false},
        [WIFI_BUSY] = {SOCK_EBUSY, "the radio is busy: joining, scanning or a soft AP", false},
        [WIFI_NOT_JOINED] = {SOCK_ENETDOWN, "the interface is not linked", false},
        [WIFI_UNSUPPORTED] = {SOCK_EOPNOTSUPP, "this chip cannot do that", false},
        [WIFI_BROKEN] = {SOCK_EIO, "the radio failed", false},
    };
    return (struct wifi_reason){reasons[outcome].error, reasons[outcome].message,
                                reasons[outcome].has_code, code};
}

/* Requests of the driver. */

static void submit(void *context)
{
    wifi_driver.submit(context);
}

static void on_done(struct wifi_request *request)
{
    sock_port_freertos.waiter_wake(request->context);
}

/* The driver is started. */
static enum wifi_outcome perform(struct wifi_request *request)
{
    struct sock_waiter waiter;
    sock_port_freertos.waiter_init(&waiter);
    request->done = on_done;
    request->context = &waiter;
    netif_thread_do(network_thread(NETWORK_WIFI), submit, request);
    sock_port_freertos.waiter_wait(&waiter, SOCK_DEADLINE_NEVER);
    return request->outcome;
}

/* The same, with the driver started if need be. */
static struct wifi_reason ask(struct wifi_request *request)
{
    int status = network_start(NETWORK_WIFI);
    if (status != 0)
        return error_only(network_module_error(status));
    enum wifi_outcome outcome = perform(request);
    return reason_of(outcome, request->code);
}

/* The interface's roles. */

struct coming {
    struct wifi_request request;
    const struct interface_settings *softap; /* of a soft AP */
    struct wifi_reason reason;
};

/* What network_up() calls when the driver is up. */
static int join(void *context)
{
    struct coming *coming = context;
    role = coming->softap == NULL ? ROLE_STATION : ROLE_SOFTAP;
    if (coming->softap != NULL)
        network_softap_begin(coming->softap);
    enum wifi_outcome outcome = perform(&coming->request);
    coming->reason = reason_of(outcome, coming->request.code);
    if (outcome == WIFI_DONE)
        return 0;
    return outcome == WIFI_LEFT ? -ECONNABORTED : -EIO;
}

static struct wifi_reason come_up(struct network_config *config, struct coming *coming)
{
    config->join = join;
    config->context = coming;
    int status = network_up(NETWORK_WIFI, config);
    if (status != 0 && coming->reason.error == 0)
        coming->reason = error_only(network_module_error(status));
    if (status == -EALREADY)
        coming->reason.message = "the interface is up, or comes up, already";
    return coming->reason;
}

struct wifi_reason network_wifi_up(struct network_config *config,
                                   const struct wifi_credentials *network)
{
    struct coming coming = {.request = {.operation = WIFI_JOIN, .join = *network}};
    struct wifi_reason reason = come_up(config, &coming);
    if (reason.error == 0)
        joined = *network;
    else if (reason.error == SOCK_ETIMEDOUT && reason.message == NULL)
        reason.message = "joined, but no address came";
    return reason;
}

void network_wifi_leave(void)
{
    struct wifi_request request = {.operation = role == ROLE_SOFTAP ? WIFI_AP_DOWN : WIFI_LEAVE};
    if (role == ROLE_SOFTAP)
        network_softap_end();
    role = ROLE_NONE;
    memset(&joined, 0, sizeof joined);
    perform(&request);
}

/* The module's side: the station. */

static bool has_role(enum role wanted)
{
    return role == wanted;
}

static bool station_is_linked(void)
{
    struct network_info info;
    return has_role(ROLE_STATION) && network_info(NETWORK_WIFI, &info) == 0 && info.ready;
}

static struct wifi_reason station_link(const struct wifi_credentials *network,
                                       const struct interface_settings *settings)
{
    struct network_module_texts texts;
    struct network_config config = network_module_config(settings, &texts);
    struct network_info info;

    if (has_role(ROLE_SOFTAP))
        return (struct wifi_reason){.error = SOCK_EBUSY,
                                    .message = "the soft AP is up: softap_off() first"};
    if (station_is_linked() && memcmp(network, &joined, sizeof joined) == 0)
        return error_only(0);
    /* Another network, or one that is lost: what there is is given up. */
    if (network_info(NETWORK_WIFI, &info) == 0 && info.settled)
        network_down(NETWORK_WIFI);
    return network_wifi_up(&config, network);
}

static struct wifi_reason station_unlink(void)
{
    if (has_role(ROLE_STATION))
        return error_only(network_module_error(network_down(NETWORK_WIFI)));
    return error_only(0);
}

static struct wifi_reason station_info(struct interface_settings *settings, uint8_t mac[6])
{
    int status = network_start(NETWORK_WIFI);
    network_module_info(NETWORK_WIFI, settings, mac);
    return error_only(network_module_error(status));
}

static struct wifi_reason station_scan(uint32_t duration_ms, struct wifi_seen *seen, size_t room,
                                       size_t *count)
{
    struct wifi_request request = {
        .operation = WIFI_SCAN, .scan = {.duration_ms = duration_ms, .seen = seen, .room = room}};
    struct wifi_reason reason = ask(&request);
    *count = request.scan.count;
    return reason;
}

static struct wifi_reason station_rssi(int *dbm)
{
    struct wifi_request request = {.operation = WIFI_MEASURE};
    struct wifi_reason reason = ask(&request);
    *dbm = request.rssi;
    return reason;
}

static struct wifi_reason station_roam(const uint8_t bssid[6])
{
    struct wifi_request request = {.operation = WIFI_ROAM};
    memcpy(request.roam.bssid, bssid, sizeof request.roam.bssid);
    return ask(&request);
}

static struct wifi_reason station_power_save(bool on)
{
    struct wifi_request request = {.operation = WIFI_POWER_SAVE, .power_save = on};
    return ask(&request);
}

/* The module's side: the soft AP. */

static struct wifi_reason softap_up(const struct wifi_credentials *network, uint8_t clients_max,
                                    const struct interface_settings *settings)
{
    struct network_module_texts texts;
    struct network_config config = network_module_config(settings, &texts);
    struct coming coming = {
        .request = {.operation = WIFI_AP_UP,
                    .ap = {.credentials = *network, .clients_max = clients_max}},
        .softap = settings};
    int status = network_start(NETWORK_WIFI);
    if (status != 0)
        return error_only(network_module_error(status));
    if (clients_max > wifi_driver.limits().clients_max)
        return error_only(SOCK_EINVAL);
    if (has_role(ROLE_STATION))
        return (struct wifi_reason){.error = SOCK_EBUSY,
                                    .message = "the station is in use: unlink() first"};
    return come_up(&config, &coming);
}

static struct wifi_reason softap_address(const struct interface_settings *settings)
{
    if (has_role(ROLE_SOFTAP))
        network_softap_address(settings);
    return error_only(0);
}

static struct wifi_reason softap_stations(struct wifi_station *stations, size_t room, size_t *count)
{
    if (!has_role(ROLE_SOFTAP))
        return (struct wifi_reason){.error = SOCK_ENETDOWN,
                                    .message = "the soft AP is off: softap_init() first"};
    struct wifi_client clients[NETWORK_SOFTAP_CLIENTS_MAX];
    struct wifi_request request = {
        .operation = WIFI_AP_CLIENTS,
        .clients = {.clients = clients,
                    .room = room < NETWORK_SOFTAP_CLIENTS_MAX ? room : NETWORK_SOFTAP_CLIENTS_MAX}};
    struct wifi_reason reason = ask(&request);
    *count = reason.error == 0 ? request.clients.count : 0;
    for (size_t i = 0; i < *count; i++) {
        memcpy(stations[i].mac, clients[i].mac, sizeof stations[i].mac);
        network_softap_lease(stations[i].mac, stations[i].ip);
    }
    return reason;
}

static struct wifi_reason softap_down(void)
{
    if (has_role(ROLE_SOFTAP))
        return error_only(network_module_error(network_down(NETWORK_WIFI)));
    return error_only(0);
}

const struct wifi_provider network_wifi = {
    .link = station_link,
    .unlink = station_unlink,
    .is_linked = station_is_linked,
    .info = station_info,
    .resolve = network_module_resolve,
    .scan = station_scan,
    .rssi = station_rssi,
    .roam = station_roam,
    .power_save = station_power_save,
    .softap_up = softap_up,
    .softap_address = softap_address,
    .softap_stations = softap_stations,
    .softap_down = softap_down,
};
