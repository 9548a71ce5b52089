/*
 * FullMAC wifi NIC of the sockbench board: the command mailbox.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * A command takes its time, then its parameters are read, looked at, and acted
 * upon.  In this order: is there such a command, are there enough bytes, can
 * they be read, are the values good, is it the time for it.  The first no is
 * the answer, and nothing else happens.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "net/eth.h"
#include "sockbench-wifi.h"
#include "trace.h"

/* The DMA engine reaches memory only, no device registers. */
static const MemTxAttrs command_dma_attrs = { .memory = true };

typedef union Parameters {
    struct wifi_scan scan;
    struct wifi_connect connect;
    struct wifi_disconnect disconnect;
    struct wifi_roam roam;
    struct wifi_power_save power_save;
    struct wifi_ap ap;
    struct wifi_ap_deauth ap_deauth;
} Parameters;

typedef union Response {
    struct wifi_info info;
    struct wifi_link link;
    struct wifi_ap_station stations[WIFI_AP_STATIONS];
} Response;

/* The values of parameters */

static bool all_zero(const uint8_t *bytes, size_t size)
{
    return buffer_is_zero(bytes, size);
}

static bool good_channel(uint8_t channel)
{
    return channel >= 1 && channel <= WIFI_CHANNELS;
}

static bool good_unicast(const uint8_t *address)
{
    return !is_multicast_ether_addr(address) && !all_zero(address, ETH_ALEN);
}

/* Of a passphrase, 802.11-2020 J.4.1 says which bytes it may have. */
static bool good_key(uint8_t security, uint8_t kind, uint8_t size,
                     const uint8_t *key)
{
    int i;

    switch (kind) {
    case WIFI_KEY_NONE:
        return security == WIFI_SECURITY_OPEN && size == 0;
    case WIFI_KEY_PSK:
        return security == WIFI_SECURITY_WPA2 && size == 32;
    case WIFI_KEY_PASSPHRASE:
        if (security != WIFI_SECURITY_WPA2 || size < 8 || size > 63) {
            return false;
        }
        for (i = 0; i < size; i++) {
            if (key[i] < 0x20 || key[i] > 0x7e) {
                return false;
            }
        }
        return true;
    default:
        return false;
    }
}

/* Of one network: exactly one bit, and not every one is spoken here. */
static uint8_t check_security(uint8_t security)
{
    if (!is_power_of_2(security) || security > WIFI_SECURITY_OTHER) {
        return WIFI_RESULT_BAD_VALUE;
    }
    return security == WIFI_SECURITY_OPEN || security == WIFI_SECURITY_WPA2
           ? WIFI_RESULT_OK : WIFI_RESULT_UNSUPPORTED;
}

/* The commands */

static uint8_t do_get_info(SockbenchWifiState *s, struct wifi_info *r)
{
    memcpy(r->mac, sockbench_wifi_own(s), sizeof(r->mac));
    r->version = cpu_to_le16(SOCKBENCH_WIFI_VERSION);
    r->caps = cpu_to_le32(sockbench_wifi_caps());
    return WIFI_RESULT_OK;
}

static uint8_t do_scan(SockbenchWifiState *s, const struct wifi_scan *p)
{
    uint16_t channels = le16_to_cpu(p->channels);

    if (p->passive > 1 || p->ssid_bytes > WIFI_SSID_BYTES || p->reserved ||
        channels >> WIFI_CHANNELS) {
        return WIFI_RESULT_BAD_VALUE;
    }
    if (!sockbench_wifi_scan_may(s)) {
        return WIFI_RESULT_BAD_STATE;
    }
    sockbench_wifi_scan(s, p);
    return WIFI_RESULT_OK;
}

static uint8_t do_connect(SockbenchWifiState *s, const struct wifi_connect *p)
{
    uint8_t security = check_security(p->security);

    if (security == WIFI_RESULT_BAD_VALUE || p->reserved ||
        p->ssid_bytes < 1 || p->ssid_bytes > WIFI_SSID_BYTES ||
        is_multicast_ether_addr(p->bssid) || p->channel > WIFI_CHANNELS ||
        (security == WIFI_RESULT_OK &&
         !good_key(p->security, p->key_kind, p->key_bytes, p->key))) {
        return WIFI_RESULT_BAD_VALUE;
    }
    if (security != WIFI_RESULT_OK) {
        return security;
    }
    if (sockbench_wifi_station_state(s) != WIFI_STATION_IDLE ||
        sockbench_wifi_scan_reports(s) || sockbench_wifi_ap_is_up(s)) {
        return WIFI_RESULT_BAD_STATE;
    }
    sockbench_wifi_connect(s, p);
    return WIFI_RESULT_OK;
}

static uint8_t do_disconnect(SockbenchWifiState *s,
                             const struct wifi_disconnect *p)
{
    uint16_t reason = le16_to_cpu(p->reason);

    if (p->reserved) {
        return WIFI_RESULT_BAD_VALUE;
    }
    sockbench_wifi_disconnect(s, reason ? reason : WIFI_REASON_LEAVING);
    return WIFI_RESULT_OK;
}

static uint8_t do_roam(SockbenchWifiState *s, const struct wifi_roam *p)
{
    if (!good_unicast(p->bssid) || p->channel > WIFI_CHANNELS || p->reserved) {
        return WIFI_RESULT_BAD_VALUE;
    }
    if (!sockbench_wifi_may_roam(s)) {
        return WIFI_RESULT_BAD_STATE;
    }
    sockbench_wifi_roam(s, p->bssid, p->channel);
    return WIFI_RESULT_OK;
}

static uint8_t do_power_save(SockbenchWifiState *s,
                             const struct wifi_power_save *p)
{
    if (p->on > 1 || !all_zero(p->reserved, sizeof(p->reserved))) {
        return WIFI_RESULT_BAD_VALUE;
    }
    sockbench_wifi_set_power_save(s, p->on);
    return WIFI_RESULT_OK;
}

static uint8_t do_ap_start(SockbenchWifiState *s, const struct wifi_ap *p)
{
    uint8_t security = check_security(p->security);

    if (security == WIFI_RESULT_BAD_VALUE ||
        !all_zero(p->reserved, sizeof(p->reserved)) || p->hidden > 1 ||
        p->ssid_bytes < 1 || p->ssid_bytes > WIFI_SSID_BYTES ||
        !good_channel(p->channel) || p->stations < 1 ||
        p->stations > WIFI_AP_STATIONS ||
        (security == WIFI_RESULT_OK &&
         !good_key(p->security, p->key_kind, p->key_bytes, p->key))) {
        return WIFI_RESULT_BAD_VALUE;
    }
    if (security != WIFI_RESULT_OK) {
        return security;
    }
    if (sockbench_wifi_station_state(s) != WIFI_STATION_IDLE ||
        sockbench_wifi_scan_reports(s) || sockbench_wifi_ap_is_up(s)) {
        return WIFI_RESULT_BAD_STATE;
    }
    sockbench_wifi_ap_start(s, p);
    return WIFI_RESULT_OK;
}

static uint8_t do_ap_deauth(SockbenchWifiState *s,
                            const struct wifi_ap_deauth *p)
{
    uint16_t reason = le16_to_cpu(p->reason);

    if (!sockbench_wifi_ap_is_up(s)) {
        return WIFI_RESULT_BAD_STATE;
    }
    return sockbench_wifi_ap_deauth(s, p->mac, reason ? reason :
                                               WIFI_REASON_LEAVING)
           ? WIFI_RESULT_OK : WIFI_RESULT_BAD_VALUE;
}

/* One command; how many bytes its response has, too. */
static uint8_t command_do(SockbenchWifiState *s, uint8_t opcode,
                          const Parameters *p, Response *r, uint32_t *bytes)
{
    *bytes = 0;
    switch (opcode) {
    case WIFI_CMD_GET_INFO:
        *bytes = sizeof(r->info);
        return do_get_info(s, &r->info);
    case WIFI_CMD_SCAN:
        return do_scan(s, &p->scan);
    case WIFI_CMD_SCAN_STOP:
        sockbench_wifi_scan_stop(s);
        return WIFI_RESULT_OK;
    case WIFI_CMD_CONNECT:
        return do_connect(s, &p->connect);
    case WIFI_CMD_DISCONNECT:
        return do_disconnect(s, &p->disconnect);
    case WIFI_CMD_ROAM:
        return do_roam(s, &p->roam);
    case WIFI_CMD_GET_LINK:
        *bytes = sizeof(r->link);
        sockbench_wifi_get_link(s, &r->link);
        return WIFI_RESULT_OK;
    case WIFI_CMD_SET_POWER_SAVE:
        return do_power_save(s, &p->power_save);
    case WIFI_CMD_AP_START:
        return do_ap_start(s, &p->ap);
    case WIFI_CMD_AP_DEAUTH:
        return do_ap_deauth(s, &p->ap_deauth);
    case WIFI_CMD_AP_STOP:
        if (!sockbench_wifi_ap_is_up(s)) {
            return WIFI_RESULT_BAD_STATE;
        }
        sockbench_wifi_ap_stop(s);
        return WIFI_RESULT_OK;
    case WIFI_CMD_AP_STATIONS:
        if (!sockbench_wifi_ap_is_up(s)) {
            return WIFI_RESULT_BAD_STATE;
        }
        *bytes = sockbench_wifi_ap_stations(s, r->stations) *
                 sizeof(r->stations[0]);
        return WIFI_RESULT_OK;
    default:
        g_assert_not_reached();
    }
}

/* The mailbox */

/* Bytes of parameters, and of room that the response may need. */
static const struct {
    bool known;
    uint32_t parameters;
    uint32_t response;
} commands[] = {
    [WIFI_CMD_GET_INFO] = { true, 0, sizeof(struct wifi_info) },
    [WIFI_CMD_SCAN] = { true, sizeof(struct wifi_scan), 0 },
    [WIFI_CMD_SCAN_STOP] = { true, 0, 0 },
    [WIFI_CMD_CONNECT] = { true, sizeof(struct wifi_connect), 0 },
    [WIFI_CMD_DISCONNECT] = { true, sizeof(struct wifi_disconnect), 0 },
    [WIFI_CMD_ROAM] = { true, sizeof(struct wifi_roam), 0 },
    [WIFI_CMD_GET_LINK] = { true, 0, sizeof(struct wifi_link) },
    [WIFI_CMD_SET_POWER_SAVE] = { true, sizeof(struct wifi_power_save), 0 },
    [WIFI_CMD_AP_START] = { true, sizeof(struct wifi_ap), 0 },
    [WIFI_CMD_AP_STOP] = { true, 0, 0 },
    [WIFI_CMD_AP_DEAUTH] = { true, sizeof(struct wifi_ap_deauth), 0 },
    [WIFI_CMD_AP_STATIONS] = {
        true, 0, WIFI_AP_STATIONS * sizeof(struct wifi_ap_station)
    },
};

static uint8_t command_run(SockbenchWifiState *s, uint8_t opcode)
{
    Parameters p = { };
    Response r = { };
    uint32_t bytes;
    uint8_t status;

    if (opcode >= ARRAY_SIZE(commands) || !commands[opcode].known) {
        return WIFI_RESULT_UNKNOWN;
    }
    if (s->regs[R_WIFI_CMD_BYTES] < commands[opcode].parameters ||
        s->regs[R_WIFI_RSP_ROOM] < commands[opcode].response) {
        return WIFI_RESULT_BAD_LENGTH;
    }
    if (commands[opcode].parameters &&
        address_space_read(&s->as, s->regs[R_WIFI_CMD_ADDR],
                           command_dma_attrs, &p,
                           commands[opcode].parameters) != MEMTX_OK) {
        return WIFI_RESULT_DMA;
    }
    status = command_do(s, opcode, &p, &r, &bytes);
    if (status == WIFI_RESULT_OK && bytes) {
        if (address_space_write(&s->as, s->regs[R_WIFI_RSP_ADDR],
                                command_dma_attrs, &r, bytes) != MEMTX_OK) {
            return WIFI_RESULT_DMA;
        }
        s->regs[R_WIFI_RSP_BYTES] = bytes;
    }
    return status;
}

void sockbench_wifi_command_begins(SockbenchWifiState *s, uint32_t value)
{
    if (s->busy || s->failed) {
        sockbench_wifi_refused(A_WIFI_CMD, value);
        return;
    }
    s->regs[R_WIFI_CMD] = value & (R_WIFI_CMD_OPCODE_MASK |
                                   R_WIFI_CMD_SEQUENCE_MASK);
    s->busy = true;
    /* The fault: this command never ends, only CTRL.RESET helps. */
    if (!sockbench_wifi_fault_takes(s, WIFI_FAULT_COMMAND_STUCK)) {
        sockbench_wifi_arm_after(s, WIFI_TIMER_COMMAND,
                                 SOCKBENCH_WIFI_COMMAND_NS);
    }
}

void sockbench_wifi_command_ends(SockbenchWifiState *s)
{
    uint32_t cmd = s->regs[R_WIFI_CMD];
    uint8_t opcode = FIELD_EX32(cmd, WIFI_CMD, OPCODE);
    uint32_t result = 0;
    uint8_t status;

    s->busy = false;
    s->regs[R_WIFI_RSP_BYTES] = 0;
    status = command_run(s, opcode);
    trace_sockbench_wifi_command(opcode, status);
    result = FIELD_DP32(result, WIFI_RESULT, STATUS, status);
    result = FIELD_DP32(result, WIFI_RESULT, SEQUENCE,
                        FIELD_EX32(cmd, WIFI_CMD, SEQUENCE));
    s->regs[R_WIFI_RESULT] = result;
    sockbench_wifi_raise(s, R_WIFI_INT_STATUS_COMMAND_MASK);
}
