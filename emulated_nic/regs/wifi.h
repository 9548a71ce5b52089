/*
 * Registers, commands and events of the sockbench wifi NIC.
 *
 * Included by the QEMU model and by the firmware driver, see board.h.  The
 * meaning of everything is in docs/wifi-datasheet.md.  The first 4 KiB of the
 * window are a MAC as in eth.h (without a PHY); offsets here count from the
 * second 4 KiB, SB_WIFI_BASE + SB_WIFI_RADIO.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_REGS_WIFI_H
#define SOCKBENCH_REGS_WIFI_H

#define SB_WIFI_RADIO          0x1000u
#define SB_WIFI_WINDOW_BYTES   0x2000u

REG32(WIFI_ID, 0x000)
#define SB_WIFI_ID_VALUE 0x53425731u /* "SBW1" */
REG32(WIFI_CAPS, 0x004)
    FIELD(WIFI_CAPS, OPEN, 0, 1)
    FIELD(WIFI_CAPS, WPA2_PSK, 1, 1)
    FIELD(WIFI_CAPS, SOFTAP, 2, 1)
    FIELD(WIFI_CAPS, POWER_SAVE, 3, 1)
    FIELD(WIFI_CAPS, CHANNELS, 8, 8)    /* 1 to n of the 2.4 GHz band */
    FIELD(WIFI_CAPS, STATIONS, 16, 8)   /* at most, of a soft AP */
REG32(WIFI_STATUS, 0x008)
    FIELD(WIFI_STATUS, STATION, 0, 4)   /* WIFI_STATION_* */
    FIELD(WIFI_STATUS, SOFTAP, 4, 1)    /* it is up */
    FIELD(WIFI_STATUS, SCANNING, 5, 1)
    FIELD(WIFI_STATUS, BUSY, 6, 1)      /* a command is being carried out */
    FIELD(WIFI_STATUS, FAILED, 7, 1)    /* its processor died: RESET */
REG32(WIFI_CTRL, 0x00c)
    FIELD(WIFI_CTRL, RESET, 31, 1)      /* write 1: as power-on; reads 0 */
REG32(WIFI_INT_STATUS, 0x010)           /* write 1 to clear */
    FIELD(WIFI_INT_STATUS, COMMAND, 0, 1)   /* a command has ended */
    FIELD(WIFI_INT_STATUS, EVENT, 1, 1)     /* an event was stored */
    FIELD(WIFI_INT_STATUS, OVERFLOW, 2, 1)  /* an event was lost */
    FIELD(WIFI_INT_STATUS, FAILED, 3, 1)    /* its processor died */
REG32(WIFI_INT_MASK, 0x014)
REG32(WIFI_CMD_ADDR, 0x018)             /* of the parameters; multiple of 4 */
REG32(WIFI_CMD_BYTES, 0x01c)
REG32(WIFI_RSP_ADDR, 0x020)             /* of the room for the response */
REG32(WIFI_RSP_ROOM, 0x024)             /* its size in bytes */
REG32(WIFI_CMD, 0x028)                  /* doorbell */
    FIELD(WIFI_CMD, OPCODE, 0, 8)       /* WIFI_CMD_* */
    FIELD(WIFI_CMD, SEQUENCE, 16, 16)   /* the driver's, comes back */
REG32(WIFI_RESULT, 0x02c)               /* RO, valid while not BUSY */
    FIELD(WIFI_RESULT, STATUS, 0, 8)    /* WIFI_RESULT_* */
    FIELD(WIFI_RESULT, SEQUENCE, 16, 16)
REG32(WIFI_RSP_BYTES, 0x030)            /* RO: how many were written */
REG32(WIFI_EVT_BASE, 0x034)             /* event ring; multiple of 16 */
REG32(WIFI_EVT_SIZE, 0x038)             /* entries: 2, 4, 8 ... 256 */
REG32(WIFI_EVT_HEAD, 0x03c)             /* RO: next entry the NIC writes */
REG32(WIFI_EVT_TAIL, 0x040)             /* first entry not yet read */
REG32(WIFI_EVT_MASK, 0x044)             /* bit n: events of type n are stored */
REG32(WIFI_EVT_LOST, 0x048)             /* RO: events lost for want of room */
/* Statistics, as those of the MAC. */
REG32(WIFI_STAT_TX_FRAMES, 0x100)       /* of every kind, that were sent */
REG32(WIFI_STAT_RX_FRAMES, 0x104)       /* on this channel, for this station */
REG32(WIFI_STAT_RX_OTHER, 0x108)        /* for others, of other networks */
REG32(WIFI_STAT_RX_MALFORMED, 0x10c)
REG32(WIFI_STAT_RX_DUPLICATE, 0x110)
REG32(WIFI_STAT_RX_PLAINTEXT, 0x114)    /* refused: not encrypted */
REG32(WIFI_STAT_RX_NO_KEY, 0x118)       /* refused: encrypted, no such key */
REG32(WIFI_STAT_RX_BAD_MIC, 0x11c)      /* refused: CCMP */
REG32(WIFI_STAT_RX_REPLAY, 0x120)       /* refused: CCMP packet number */
REG32(WIFI_STAT_EAPOL_BAD, 0x124)       /* EAPOL frames that were ignored */
REG32(WIFI_STAT_TX_BLOCKED, 0x128)      /* frames of the MAC, no keys yet */

/* STATUS.STATION */
#define WIFI_STATION_IDLE        0u
#define WIFI_STATION_SEARCH      1u     /* CONNECT looks for the network */
#define WIFI_STATION_AUTH        2u
#define WIFI_STATION_ASSOC       3u
#define WIFI_STATION_WAIT_M1     4u
#define WIFI_STATION_WAIT_M3     5u
#define WIFI_STATION_CONNECTED   6u     /* data may pass: STATUS.LINK_UP */

/* Commands; parameters and responses are the structures below. */
#define WIFI_CMD_GET_INFO        1u     /* -> wifi_info */
#define WIFI_CMD_SCAN            2u     /* wifi_scan */
#define WIFI_CMD_SCAN_STOP       3u
#define WIFI_CMD_CONNECT         4u     /* wifi_connect */
#define WIFI_CMD_DISCONNECT      5u     /* wifi_disconnect */
#define WIFI_CMD_ROAM            6u     /* wifi_roam */
#define WIFI_CMD_GET_LINK        7u     /* -> wifi_link */
#define WIFI_CMD_SET_POWER_SAVE  8u     /* wifi_power_save */
#define WIFI_CMD_AP_START        9u     /* wifi_ap */
#define WIFI_CMD_AP_STOP         10u
#define WIFI_CMD_AP_DEAUTH       11u    /* wifi_ap_deauth */
#define WIFI_CMD_AP_STATIONS     12u    /* -> wifi_ap_station, an array */

/* RESULT.STATUS */
#define WIFI_RESULT_OK           0u
#define WIFI_RESULT_UNKNOWN      1u     /* no such command */
#define WIFI_RESULT_BAD_LENGTH   2u     /* too few parameters, or no room */
#define WIFI_RESULT_BAD_VALUE    3u
#define WIFI_RESULT_BAD_STATE    4u     /* not now */
#define WIFI_RESULT_DMA          5u     /* memory can't be reached */
#define WIFI_RESULT_UNSUPPORTED  6u     /* WEP, WPA: this NIC does not speak it */

/* Security of a network: what it was seen to offer, bits. */
#define WIFI_SECURITY_OPEN       (1u << 0)
#define WIFI_SECURITY_WEP        (1u << 1)
#define WIFI_SECURITY_WPA        (1u << 2)  /* WPA element (TKIP) */
#define WIFI_SECURITY_WPA2       (1u << 3)  /* RSN: PSK with CCMP */
#define WIFI_SECURITY_OTHER      (1u << 4)  /* RSN without these: SAE, EAP... */

/* wifi_connect.key_kind, wifi_ap.key_kind */
#define WIFI_KEY_NONE            0u
#define WIFI_KEY_PASSPHRASE      1u     /* 8 to 63 bytes, 0x20 to 0x7e */
#define WIFI_KEY_PSK             2u     /* 32 bytes */

/*
 * Structures in memory, little-endian, packed.  An SSID has `ssid_bytes`
 * bytes of any value; those behind it are 0.
 */
#define WIFI_SSID_BYTES          32u
#define WIFI_KEY_BYTES           64u
#define WIFI_EVENT_DATA_BYTES    48u

struct wifi_info {
    uint8_t mac[6];
    uint16_t version;           /* of the NIC's firmware, major << 8 | minor */
    uint32_t caps;              /* as WIFI_CAPS */
};

struct wifi_scan {
    uint8_t passive;            /* 0: active, 1: passive */
    uint8_t ssid_bytes;         /* active: 0 asks for every network */
    uint16_t channels;          /* bit n-1: channel n; 0: all */
    uint16_t dwell_ms;          /* a channel; 0: 40 active, 120 passive */
    uint16_t reserved;          /* 0 */
    uint8_t ssid[WIFI_SSID_BYTES];
};

struct wifi_connect {
    uint8_t ssid_bytes;         /* 1 to 32 */
    uint8_t security;           /* one of WIFI_SECURITY_OPEN, _WPA2 */
    uint8_t key_kind;
    uint8_t key_bytes;
    uint8_t bssid[6];           /* all 0: the strongest */
    uint8_t channel;            /* 0: any */
    uint8_t reserved;           /* 0 */
    uint8_t ssid[WIFI_SSID_BYTES];
    uint8_t key[WIFI_KEY_BYTES];
};

struct wifi_disconnect {
    uint16_t reason;            /* said to the AP; 0: 3, "leaving" */
    uint16_t reserved;          /* 0 */
};

struct wifi_roam {
    uint8_t bssid[6];           /* another AP of the same network */
    uint8_t channel;            /* 0: any */
    uint8_t reserved;           /* 0 */
};

struct wifi_link {
    uint8_t station;            /* WIFI_STATION_* */
    uint8_t ssid_bytes;
    uint8_t bssid[6];
    uint8_t channel;
    int8_t rssi;                /* dBm, of the last frame from the AP */
    uint8_t security;           /* WIFI_SECURITY_* in use */
    uint8_t power_save;
    uint16_t aid;
    uint16_t beacon_tu;         /* beacon interval, units of 1,024 us */
    uint8_t ssid[WIFI_SSID_BYTES];
};

struct wifi_power_save {
    uint8_t on;
    uint8_t reserved[3];        /* 0 */
};

struct wifi_ap {
    uint8_t ssid_bytes;
    uint8_t security;           /* WIFI_SECURITY_OPEN or _WPA2 */
    uint8_t key_kind;
    uint8_t key_bytes;
    uint8_t channel;            /* 1 to 13 */
    uint8_t stations;           /* at most; 1 to WIFI_CAPS.STATIONS */
    uint16_t beacon_tu;         /* 0: 100 */
    uint8_t hidden;
    uint8_t reserved[3];        /* 0 */
    uint8_t ssid[WIFI_SSID_BYTES];
    uint8_t key[WIFI_KEY_BYTES];
};

struct wifi_ap_deauth {
    uint8_t mac[6];
    uint16_t reason;
};

struct wifi_ap_station {
    uint8_t mac[6];
    uint16_t aid;
    int8_t rssi;
    uint8_t authorized;         /* keys are there, data may pass */
    uint16_t reserved;          /* 0 */
};

/* An entry of the event ring: 64 bytes. */
struct wifi_event {
    uint8_t type;               /* WIFI_EVENT_* */
    uint8_t flags;              /* WIFI_EVENT_FLAG_* */
    uint16_t status;            /* WIFI_JOIN_*, or 802.11 status code */
    uint16_t reason;            /* 802.11 reason code, 0: none */
    uint16_t data_bytes;        /* valid in data */
    uint8_t address[6];         /* BSSID, or the station's address */
    uint8_t reserved[2];
    uint8_t data[WIFI_EVENT_DATA_BYTES];
};

#define WIFI_EVENT_SCAN_RESULT   1u     /* data: wifi_network */
#define WIFI_EVENT_SCAN_DONE     2u     /* status: 0, or 1 when stopped */
#define WIFI_EVENT_AUTH          3u     /* status: the AP's */
#define WIFI_EVENT_ASSOC         4u     /* status: the AP's; data: AID, u16 */
#define WIFI_EVENT_JOIN          5u     /* CONNECT or ROAM ended: WIFI_JOIN_* */
#define WIFI_EVENT_LINK          6u     /* flag UP: data may pass, or not */
#define WIFI_EVENT_DEAUTH        7u     /* the AP's; reason */
#define WIFI_EVENT_DISASSOC      8u     /* the AP's; reason */
#define WIFI_EVENT_BEACON_LOST   9u
#define WIFI_EVENT_CHANNEL       10u    /* the AP moved; data: channel, u8 */
#define WIFI_EVENT_REKEY         11u    /* status 0 pairwise, 1 group */
#define WIFI_EVENT_MIC_FAILURE   12u    /* EAPOL message with a wrong MIC */
#define WIFI_EVENT_AP_JOINED     13u    /* address: station, keys are there */
#define WIFI_EVENT_AP_LEFT       14u    /* address; reason */
#define WIFI_EVENT_TYPES         15u

#define WIFI_EVENT_FLAG_UP       (1u << 0)
#define WIFI_EVENT_FLAG_LOCAL    (1u << 1) /* this end decided */

struct wifi_network {
    uint8_t channel;
    int8_t rssi;
    uint8_t security;           /* WIFI_SECURITY_* bits */
    uint8_t ssid_bytes;         /* 0: hidden */
    uint16_t beacon_tu;
    uint16_t capability;        /* 802.11-2020 9.4.1.4 */
    uint8_t ssid[WIFI_SSID_BYTES];
};

/* Status of WIFI_EVENT_JOIN. */
#define WIFI_JOIN_OK             0u
#define WIFI_JOIN_NO_NETWORK     1u
#define WIFI_JOIN_SECURITY       2u     /* it is there, but offers other */
#define WIFI_JOIN_AUTH_TIMEOUT   3u
#define WIFI_JOIN_AUTH_REFUSED   4u     /* reason: the AP's status code */
#define WIFI_JOIN_ASSOC_TIMEOUT  5u
#define WIFI_JOIN_ASSOC_REFUSED  6u     /* reason: the AP's status code */
#define WIFI_JOIN_KEY_TIMEOUT    7u     /* the handshake came to a stop */
#define WIFI_JOIN_KEY_REFUSED    8u     /* the AP ended it: reason */
#define WIFI_JOIN_KEY_INVALID    9u     /* we ended it: M3's RSN element */
                                        /* differs, no GTK, ...: reason   */
#define WIFI_JOIN_DEAUTH         10u    /* before the handshake; reason */
#define WIFI_JOIN_ABORTED        11u    /* DISCONNECT, RESET of the radio */
#define WIFI_JOIN_TIMEOUT        12u    /* the whole took too long */

#endif
