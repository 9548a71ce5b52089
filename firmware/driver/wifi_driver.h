/*
 * The wifi driver: what a driver of a chip that joins networks by itself (FullMAC) implements
 * beside the net driver (driver/net_driver.h), through which its frames pass.
 *
 * Everything that takes time is a request: the user fills one in and submits it, the driver works
 * on it in service() and calls done() once, with outcome (and code) filled in. A request, and
 * what it points to, belongs to the driver from submit() to done().
 *
 * Joining: a JOIN ends with the outcome of the first attempt. After WIFI_DONE the driver keeps the
 * network: when it is lost, it joins again by itself (driver/wifi_join.h says when) until LEAVE.
 * ROAM moves to another access point of it: whether that ends well or not, the driver keeps the
 * network. POWER_SAVE is a wish for every connection to come, kept until it is changed, over losses
 * and over a chip that has to be reset.
 * The link of the net driver is up while data may pass, in either role.
 *
 * Threads: submit() is called, and done() is called back, as the net driver's service() is: by
 * one thread at a time. After submit() the user has service() called soon;
 * due() of the net driver says when it has to be called without an interrupt.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_WIFI_DRIVER_H
#define SOCKBENCH_DRIVER_WIFI_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/net_driver.h"

#define WIFI_NAME_BYTES 32 /* of an SSID, at most */
#define WIFI_PASSPHRASE_BYTES 63
#define WIFI_PSK_LENGTH 32

/* As programs number them. */
enum wifi_protection { WIFI_IS_OPEN, WIFI_IS_WEP, WIFI_IS_WPA, WIFI_IS_WPA2 };

/* A name and how to get in; also of the soft AP. */
struct wifi_credentials {
    uint8_t ssid[WIFI_NAME_BYTES];
    uint8_t ssid_bytes;              /* 1 to 32 */
    enum wifi_protection protection; /* OPEN or WPA2 */
    uint8_t key[WIFI_PASSPHRASE_BYTES];
    uint8_t key_bytes; /* 8 to 63: a passphrase; 32 with is_psk; 0 without protection */
    bool is_psk;
};

/* A network that a scan has heard. */
struct wifi_seen {
    uint8_t ssid[WIFI_NAME_BYTES];
    uint8_t ssid_bytes; /* 0: it does not say */
    uint8_t bssid[6];
    enum wifi_protection protection; /* the best it offers */
    int8_t rssi;                     /* dBm */
};

/* A station of the soft AP. */
struct wifi_client {
    uint8_t mac[6];
};

/* How a request ended; `code` of the request says more where it is named. */
enum wifi_outcome {
    WIFI_DONE,
    WIFI_NO_NETWORK,    /* nobody answers to that name */
    WIFI_MISMATCH,      /* it is there, but its security is another */
    WIFI_AUTH_SILENCE,  /* it did not answer the authentication */
    WIFI_AUTH_REFUSED,  /* code: 802.11 status */
    WIFI_ASSOC_SILENCE, /* it did not answer the association */
    WIFI_ASSOC_REFUSED, /* code: 802.11 status */
    WIFI_KEY_SILENCE,   /* the handshake stopped: most likely a wrong password */
    WIFI_KEY_REFUSED,   /* it ended the handshake; code: 802.11 reason */
    WIFI_KEY_INVALID,   /* this end did; code: 802.11 reason */
    WIFI_THROWN_OUT,    /* deauthenticated before the handshake; code: 802.11 reason */
    WIFI_TOO_LONG,      /* the whole took too long */
    WIFI_LEFT,          /* a LEAVE ended it */
    WIFI_BUSY,          /* not now: another role, join or scan is on */
    WIFI_NOT_JOINED,    /* there is no network to ask about */
    WIFI_UNSUPPORTED,   /* this chip can't */
    WIFI_BROKEN,        /* the chip died, or does not understand */
};

enum wifi_operation {
    WIFI_JOIN,
    WIFI_LEAVE,
    WIFI_SCAN,
    WIFI_MEASURE,
    WIFI_ROAM,
    WIFI_POWER_SAVE,
    WIFI_AP_UP,
    WIFI_AP_DOWN,
    WIFI_AP_CLIENTS,
};

struct wifi_request {
    enum wifi_operation operation;
    union {
        struct wifi_credentials join;
        struct {
            uint32_t duration_ms; /* at most, over all channels */
            struct wifi_seen *seen;
            size_t room;  /* networks that find none are not told of */
            size_t count; /* out */
        } scan;
        int8_t rssi; /* out: dBm, of the network that is joined */
        struct {
            uint8_t bssid[6];
            uint8_t channel; /* where to look for it; 0: everywhere */
        } roam;
        bool power_save; /* on or off */
        struct {
            struct wifi_credentials credentials;
            uint8_t clients_max;
        } ap;
        struct {
            struct wifi_client *clients;
            size_t room;
            size_t count; /* out */
        } clients;
    };
    enum wifi_outcome outcome;
    uint16_t code;
    void (*done)(struct wifi_request *request);
    void *context;             /* the user's */
    struct wifi_request *next; /* the driver's */
};

struct wifi_limits {
    uint8_t channels;    /* that a scan looks at */
    uint8_t clients_max; /* of the soft AP */
};

struct wifi_driver {
    const struct net_driver *net;
    void (*submit)(struct wifi_request *request);
    struct wifi_limits (*limits)(void); /* after init() */
};

#endif
