/*
 * 802.11 frames: what is in them, and how to build them.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Frames are without FCS.  Parsers believe no length: they say false (or 0)
 * to what does not hold together, and change nothing then that the caller
 * may look at.  What they return points into the frame that was given.
 * Builders can't fail; their caller gives WIFI_MANAGEMENT_BYTES of room and
 * gets the size.  They leave duration and sequence control 0.  Clauses are
 * those of IEEE 802.11-2020.
 */

#ifndef HW_SOCKBENCH_WIFI_FRAMES_H
#define HW_SOCKBENCH_WIFI_FRAMES_H

#include "hw/registerfields.h"
#include "regs/wifi.h"

/* First byte of a frame: type and subtype (9.2.4.1.3). */
#define WIFI_FC_ASSOC_REQUEST    0x00
#define WIFI_FC_ASSOC_RESPONSE   0x10
#define WIFI_FC_REASSOC_REQUEST  0x20
#define WIFI_FC_REASSOC_RESPONSE 0x30
#define WIFI_FC_PROBE_REQUEST    0x40
#define WIFI_FC_PROBE_RESPONSE   0x50
#define WIFI_FC_BEACON           0x80
#define WIFI_FC_DISASSOC         0xa0
#define WIFI_FC_AUTH             0xb0
#define WIFI_FC_DEAUTH           0xc0
#define WIFI_FC_ACTION           0xd0
#define WIFI_FC_PS_POLL          0xa4
#define WIFI_FC_DATA             0x08
#define WIFI_FC_NULL             0x48
#define WIFI_FC_QOS_DATA         0x88
#define WIFI_FC_QOS_NULL         0xc8

#define WIFI_FC_TYPE             0x0c
#define WIFI_FC_TYPE_MANAGEMENT  0x00
#define WIFI_FC_TYPE_CONTROL     0x04
#define WIFI_FC_TYPE_DATA        0x08

/* Second byte (9.2.4.1.1). */
#define WIFI_FLAG_TO_DS          0x01
#define WIFI_FLAG_FROM_DS        0x02
#define WIFI_FLAG_MORE_FRAGMENTS 0x04
#define WIFI_FLAG_RETRY          0x08
#define WIFI_FLAG_POWER          0x10
#define WIFI_FLAG_MORE_DATA      0x20
#define WIFI_FLAG_PROTECTED      0x40
#define WIFI_FLAG_ORDER          0x80

/* Capability Information (9.4.1.4). */
#define WIFI_CAPABILITY_ESS            0x0001
#define WIFI_CAPABILITY_PRIVACY        0x0010
#define WIFI_CAPABILITY_SHORT_PREAMBLE 0x0020

/* Element identifiers (9.4.2.1). */
#define WIFI_ELEMENT_SSID           0
#define WIFI_ELEMENT_RATES          1
#define WIFI_ELEMENT_CHANNEL        3
#define WIFI_ELEMENT_TIM            5
#define WIFI_ELEMENT_CHANNEL_SWITCH 37
#define WIFI_ELEMENT_RSN            48
#define WIFI_ELEMENT_MORE_RATES     50
#define WIFI_ELEMENT_VENDOR         221

/* Reason codes (9.4.1.7) and status codes (9.4.1.9) that are used here. */
#define WIFI_REASON_UNSPECIFIED        1
#define WIFI_REASON_AUTH_EXPIRED       2
#define WIFI_REASON_LEAVING            3
#define WIFI_REASON_INACTIVITY         4
#define WIFI_REASON_CLASS_2            6
#define WIFI_REASON_CLASS_3            7
#define WIFI_REASON_HANDSHAKE_TIMEOUT  15
#define WIFI_REASON_GROUP_TIMEOUT      16
#define WIFI_REASON_ELEMENT_DIFFERS    17
#define WIFI_STATUS_OK                 0
#define WIFI_STATUS_UNSPECIFIED        1
#define WIFI_STATUS_ALGORITHM          13
#define WIFI_STATUS_TRANSACTION        14
#define WIFI_STATUS_TOO_MANY           17
#define WIFI_STATUS_BAD_ELEMENT        40
#define WIFI_STATUS_BAD_GROUP          41
#define WIFI_STATUS_BAD_PAIRWISE       42
#define WIFI_STATUS_BAD_AKM            43

#define WIFI_AUTH_OPEN           0 /* algorithm (9.4.1.1) */
#define WIFI_AID_MAX             2007

#define WIFI_ADDRESS_BYTES       6u
#define WIFI_HEADER_BYTES        24u
#define WIFI_ELEMENT_BYTES       257u /* one element at most */
#define WIFI_MANAGEMENT_BYTES    512u /* at most, of what is built here */
#define WIFI_MSDU_BYTES          2304u /* at most (9.2.4.7.1) */

/* Data frames against Ethernet frames: a header of 24 and LLC for one of 14. */
#define WIFI_DATA_GROWTH         18u

extern const uint8_t wifi_broadcast[WIFI_ADDRESS_BYTES];

/* Headers */

typedef struct WifiHeader {
    uint8_t fc;                  /* WIFI_FC_* */
    uint8_t flags;               /* WIFI_FLAG_* */
    const uint8_t *receiver;     /* address 1 */
    const uint8_t *transmitter;  /* address 2 */
    const uint8_t *bssid;        /* NULL: between access points */
    const uint8_t *destination;  /* of the data; else as receiver */
    const uint8_t *source;       /* of the data; else as transmitter */
    uint16_t sequence;           /* 0 for a PS-Poll */
    uint8_t fragment;
    uint8_t tid;                 /* of QoS data, else 0 */
    bool aggregate;              /* QoS data: it holds an A-MSDU */
    uint16_t aid;                /* of a PS-Poll, else 0 */
    uint32_t bytes;              /* of the header; the body follows */
} WifiHeader;

/*
 * Understands management and data frames of every subtype (four addresses,
 * QoS control and HT control included) and, of control frames, the PS-Poll.
 * False: another protocol version, type, or less than a header.
 */
bool wifi_header_parse(WifiHeader *header, const uint8_t *frame,
                       uint32_t size);

/*
 * The header is there and so are, for the management frames named above,
 * their fixed fields and whole elements.  The body of a data frame (and of a
 * protected one) is not looked at.
 */
bool wifi_frame_is_whole(const uint8_t *frame, uint32_t size);

/* Elements */

typedef struct WifiElement {
    uint8_t id;
    uint8_t bytes;               /* of data */
    const uint8_t *data;
} WifiElement;

typedef struct WifiElements {    /* what is left of a sequence of elements */
    const uint8_t *at;
    uint32_t left;
} WifiElements;

/* False at the end, and where an element would lead past it. */
bool wifi_elements_next(WifiElements *elements, WifiElement *element);
bool wifi_elements_are_whole(WifiElements elements);
/* The first one of that kind. */
bool wifi_elements_find(WifiElements elements, uint8_t id,
                        WifiElement *element);
/* The elements of a management frame that has some; else none. */
WifiElements wifi_frame_elements(const uint8_t *frame, uint32_t size);

typedef struct WifiSsid {
    uint8_t size;
    uint8_t bytes[WIFI_SSID_BYTES];
} WifiSsid;

/* `size` is at most WIFI_SSID_BYTES; the bytes behind it become 0. */
void wifi_ssid_set(WifiSsid *ssid, const uint8_t *bytes, uint8_t size);
bool wifi_ssid_equal(const WifiSsid *one, const WifiSsid *other);

/* RSN element (9.4.2.24) */

#define WIFI_SUITE_TKIP          0x000fac02u
#define WIFI_SUITE_CCMP          0x000fac04u
#define WIFI_AKM_EAP             0x000fac01u
#define WIFI_AKM_PSK             0x000fac02u
#define WIFI_AKM_SAE             0x000fac08u
#define WIFI_RSN_SUITES          62u /* no element holds more */
#define WIFI_RSN_OWN_BYTES       22u /* what wifi_put_rsn() builds */

typedef struct WifiRsn {
    uint16_t version;
    uint32_t group;
    uint8_t pairwise_count;
    uint8_t akm_count;
    uint32_t pairwise[WIFI_RSN_SUITES];
    uint32_t akm[WIFI_RSN_SUITES];
    uint16_t capabilities;
    uint16_t pmkid_count;
    const uint8_t *pmkids;       /* 16 bytes each */
} WifiRsn;

/*
 * Fields that an element leaves out at its end have their defaults: CCMP,
 * CCMP, EAP, 0, none.  False: not version 1, a field that is cut off, a list
 * with a count of 0.
 */
bool wifi_rsn_parse(WifiRsn *rsn, const uint8_t *data, uint8_t bytes);
/* It offers PSK, CCMP for pairs, and CCMP for the group. */
bool wifi_rsn_is_wpa2(const WifiRsn *rsn);
/* A whole element with one suite of each: CCMP, CCMP, PSK. */
uint32_t wifi_put_rsn(uint8_t *element);

/* WIFI_SECURITY_* bits as docs/wifi-datasheet.md, section 4, has them. */
uint8_t wifi_security(uint16_t capability, WifiElements elements);

/* Management frames, understood */

typedef struct WifiNetwork {
    uint8_t bssid[WIFI_ADDRESS_BYTES];
    uint8_t channel;             /* the frame's; 0: it has none, or no sound */
    int8_t dbm;                  /* the caller's to fill in */
    uint8_t security;
    WifiSsid ssid;               /* empty: hidden, also if all bytes are 0 */
    uint16_t beacon_tu;
    uint16_t capability;
    uint16_t rsn_bytes;          /* 0: no RSN element */
    uint8_t rsn[WIFI_ELEMENT_BYTES]; /* whole, for message 3 */
} WifiNetwork;

/* Of a beacon or a probe response.  An SSID of more than 32 is malformed. */
bool wifi_network_parse(WifiNetwork *network, const uint8_t *frame,
                        uint32_t size);

typedef struct WifiTim {
    uint8_t dtim_count;
    uint8_t dtim_period;
    bool group;                  /* group frames follow this beacon */
    bool unicast;                /* a frame waits for the AID asked for */
} WifiTim;

bool wifi_tim_parse(WifiTim *tim, uint16_t aid, const uint8_t *frame,
                    uint32_t size);

typedef struct WifiChannelSwitch {
    uint8_t mode;                /* 1: do not send until then */
    uint8_t channel;
    uint8_t count;               /* beacon intervals from now */
} WifiChannelSwitch;

/* In a beacon, a probe response, or an action frame that announces one. */
bool wifi_channel_switch_parse(WifiChannelSwitch *csa, const uint8_t *frame,
                               uint32_t size);

typedef struct WifiAuth {
    uint16_t algorithm;
    uint16_t transaction;
    uint16_t status;
} WifiAuth;

bool wifi_auth_parse(WifiAuth *auth, const uint8_t *frame, uint32_t size);

typedef struct WifiAssocResponse {
    uint16_t capability;
    uint16_t status;
    uint16_t aid;                /* 1 to WIFI_AID_MAX if status is 0 */
} WifiAssocResponse;

/* Of a reassociation, too. */
bool wifi_assoc_response_parse(WifiAssocResponse *response,
                               const uint8_t *frame, uint32_t size);

typedef struct WifiAssocRequest {
    uint16_t capability;
    uint16_t listen_interval;
    WifiSsid ssid;
    uint16_t rsn_bytes;          /* 0: no RSN element */
    uint8_t rsn[WIFI_ELEMENT_BYTES]; /* whole, for message 2 */
} WifiAssocRequest;

/* Of a reassociation, too.  Without an SSID it is malformed. */
bool wifi_assoc_request_parse(WifiAssocRequest *request,
                              const uint8_t *frame, uint32_t size);

bool wifi_probe_request_parse(WifiSsid *ssid, const uint8_t *frame,
                              uint32_t size);

/* Of a deauthentication or disassociation. */
bool wifi_reason_parse(uint16_t *reason, const uint8_t *frame, uint32_t size);

/* Management frames, built */

/* What a BSS says of itself, and what is said to it. */
typedef struct WifiBss {
    uint8_t bssid[WIFI_ADDRESS_BYTES];
    WifiSsid ssid;
    uint8_t channel;
    uint16_t beacon_tu;
    bool wpa2;                   /* else open */
    bool hidden;                 /* beacons have an empty SSID */
} WifiBss;

uint32_t wifi_put_probe_request(uint8_t *frame, const uint8_t *own,
                                const uint8_t *receiver, const WifiSsid *ssid,
                                uint8_t channel);
/* Bit n of `waiting`: frames wait for AID n; bit 0: for the group. */
uint32_t wifi_put_beacon(uint8_t *frame, const WifiBss *bss,
                         uint32_t waiting);
uint32_t wifi_put_probe_response(uint8_t *frame, const WifiBss *bss,
                                 const uint8_t *receiver,
                                 uint64_t timestamp_us);
uint32_t wifi_put_auth(uint8_t *frame, const uint8_t *own,
                       const uint8_t *receiver, const uint8_t *bssid,
                       const WifiAuth *auth);
/* `current`: the AP a reassociation leaves; NULL: an association. */
uint32_t wifi_put_assoc_request(uint8_t *frame, const uint8_t *own,
                                const WifiBss *bss, const uint8_t *current);
uint32_t wifi_put_assoc_response(uint8_t *frame, const WifiBss *bss,
                                 const uint8_t *receiver, bool reassociation,
                                 uint16_t status, uint16_t aid);
/* `fc` is WIFI_FC_DEAUTH or WIFI_FC_DISASSOC. */
uint32_t wifi_put_leave(uint8_t *frame, uint8_t fc, const uint8_t *own,
                        const uint8_t *receiver, const uint8_t *bssid,
                        uint16_t reason);
/* Null data, to the AP. */
uint32_t wifi_put_null(uint8_t *frame, const uint8_t *own,
                       const uint8_t *bssid, bool power_save);
uint32_t wifi_put_ps_poll(uint8_t *frame, const uint8_t *own,
                          const uint8_t *bssid, uint16_t aid);

/* Data frames and Ethernet frames (RFC 1042) */

/*
 * `flags` is WIFI_FLAG_TO_DS or WIFI_FLAG_FROM_DS.  A type becomes LLC/SNAP; of
 * an Ethernet frame with a length, the LLC in it is taken as it is and
 * padding is left out.  Needs size + WIFI_DATA_GROWTH of room.  0: not an
 * Ethernet frame of 14 bytes or more, or its length is not there.
 */
uint32_t wifi_data_from_ethernet(uint8_t *frame, uint8_t flags,
                                 const uint8_t *bssid,
                                 const uint8_t *ethernet, uint32_t size);

/*
 * Of data or QoS data, not protected.  Needs `size` of room.  0: null data, an
 * A-MSDU, a fragment, four addresses, less than an LLC header; more than
 * 1,500 bytes of LLC that is not SNAP.
 */
uint32_t wifi_data_to_ethernet(uint8_t *ethernet, const uint8_t *frame,
                               uint32_t size);

#endif
