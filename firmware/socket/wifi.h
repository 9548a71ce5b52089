/*
 * The module `wireless.wifi`: the device's wifi interface, as programs of the original know it.
 *
 *   link(ssid, security, password="")      join a network and wait until it gives an address
 *   try_link(ssid, security, password="")  the same: True, or False for an IOError of link()
 *   unlink(), is_linked(), link_info(), set_link_info(ip, mask, gw, dns), gethostbyname(hostname)
 *                                          as those of `eth`; the MAC address is 6 bytes
 *   scan(duration=5000)                    ((ssid, security, rssi, bssid), ...)
 *   rssi()                                 of the network that is joined, dBm
 *   roam(bssid)                            move to that access point of the network (not in the
 *                                          original); returns when data may pass there
 *   power_save(on)                         doze between beacons, or not (not in the original)
 *   select(...)                            the one of the socket module
 *   softap_init(ssid, security, password="", max_conn=4), softap_off()
 *   softap_config(ip, gw, net)             of the soft AP; at once, if it is up
 *   softap_get_info()                      ((ip, mac), ...) of its stations
 *   station_on(), station_off()            allow link(); unlink() and forbid it
 *
 * Names, arguments and errors are decided here, for every language binding, and any function may
 * be called from any thread. docs/wifi.md says what programs see.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_WIFI_H
#define SOCKBENCH_SOCKET_WIFI_H

#include "driver/wifi_driver.h"
#include "socket/interface.h"
#include "socket/value.h"

/* Why something was not possible. */
struct wifi_reason {
    int error;           /* of socket/errors.h; 0: nothing is wrong */
    const char *message; /* static; NULL: the one of the error */
    bool has_code;       /* the message ends in this number of 802.11 */
    uint16_t code;
};

/* A station of the soft AP; ip is zeros if it was given none. */
struct wifi_station {
    uint8_t ip[4];
    uint8_t mac[6];
};

/*
 * What the module needs of the network below it. All but is_linked() may block, as long as they
 * document, and hold no lock of the module's.
 */
struct wifi_provider {
    /* An ip of zeros: DHCP. At once if this network is linked already; another one is left. */
    struct wifi_reason (*link)(const struct wifi_credentials *network,
                               const struct interface_settings *settings);
    struct wifi_reason (*unlink)(void);
    bool (*is_linked)(void);
    struct wifi_reason (*info)(struct interface_settings *settings, uint8_t mac[6]);
    int (*resolve)(const char *name, uint8_t ip[4]); /* as that of struct eth_provider */
    struct wifi_reason (*scan)(uint32_t duration_ms, struct wifi_seen *seen, size_t room,
                               size_t *count);
    struct wifi_reason (*rssi)(int *dbm);
    /* Until it is there, or has failed; the link then is as before, or lost and joined again. */
    struct wifi_reason (*roam)(const uint8_t bssid[6]);
    /* Of this connection and all to come; also without one. */
    struct wifi_reason (*power_save)(bool on);
    /* SOCK_EINVAL: more clients than it can have. Only ip, mask and gateway of the settings. */
    struct wifi_reason (*softap_up)(const struct wifi_credentials *network, uint8_t clients_max,
                                    const struct interface_settings *settings);
    struct wifi_reason (*softap_address)(const struct interface_settings *settings);
    struct wifi_reason (*softap_stations)(struct wifi_station *stations, size_t room,
                                          size_t *count);
    struct wifi_reason (*softap_down)(void);
};

/* After sock_module_init(); the table must live for ever. */
void wifi_module_init(const struct wifi_provider *provider);

/* Run a function by its name, as sock_call() does; release the result with sock_result_release().
 */
void wifi_call(const char *name, const struct value_args *args, struct value_result *result);

/* Null-terminated list of the function names. */
const char *const *wifi_functions(void);

/* Null-terminated (name == NULL) list of the constants. */
const struct sock_constant *wifi_constants(void);

/*
 * For who joins without the module (the agent): turn ssid, security and password into credentials.
 * `message` says what is wrong with them: a TypeError, ValueError or, for a security this device
 * does not speak, IOError SOCK_EPROTO.
 */
struct wifi_fault {
    enum value_exception exception; /* EXC_NONE: nothing */
    const char *message;
};
struct wifi_fault wifi_read_credentials(const struct value *ssid, const struct value *security,
                                        const struct value *password,
                                        struct wifi_credentials *network);

/* The message of a reason, if need be written to `text`. */
#define WIFI_REASON_TEXT_BYTES 80
const char *wifi_reason_message(const struct wifi_reason *reason,
                                char text[WIFI_REASON_TEXT_BYTES]);

#endif
