/*
 * What is saved of keys, supplicant and authenticator.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* Apart from the code, so that its unit tests need nothing of migration. */

#include "qemu/osdep.h"
#include "migration/vmstate.h"
#include "sockbench-wifi-authenticator.h"
#include "sockbench-wifi-ccmp.h"
#include "sockbench-wifi-supplicant.h"

const VMStateDescription vmstate_wifi_key = {
    .name = "sockbench-wifi/key",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(there, WifiKey),
        VMSTATE_UINT8(id, WifiKey),
        VMSTATE_UINT8_ARRAY(tk, WifiKey, WIFI_TK_BYTES),
        VMSTATE_UINT64(sent, WifiKey),
        VMSTATE_UINT64(heard, WifiKey),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_wifi_ptk = {
    .name = "sockbench-wifi/ptk",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(kck, WifiPtk, 16),
        VMSTATE_UINT8_ARRAY(kek, WifiPtk, 16),
        VMSTATE_UINT8_ARRAY(tk, WifiPtk, WIFI_TK_BYTES),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_wifi_supplicant = {
    .name = "sockbench-wifi/supplicant",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(state, WifiSupplicant),
        VMSTATE_BOOL(keyed, WifiSupplicant),
        VMSTATE_BOOL(replay_known, WifiSupplicant),
        VMSTATE_UINT64(replay, WifiSupplicant),
        VMSTATE_UINT8_ARRAY(own, WifiSupplicant, WIFI_ADDRESS_BYTES),
        VMSTATE_UINT8_ARRAY(ap, WifiSupplicant, WIFI_ADDRESS_BYTES),
        VMSTATE_UINT8_ARRAY(pmk, WifiSupplicant, WIFI_PMK_BYTES),
        VMSTATE_UINT8_ARRAY(anonce, WifiSupplicant, WIFI_NONCE_BYTES),
        VMSTATE_STRUCT(ptk, WifiSupplicant, 1, vmstate_wifi_ptk, WifiPtk),
        VMSTATE_STRUCT(installed, WifiSupplicant, 1, vmstate_wifi_ptk,
                       WifiPtk),
        VMSTATE_BOOL_ARRAY(group_there, WifiSupplicant, WIFI_GROUP_KEYS),
        VMSTATE_UINT8_2DARRAY(group, WifiSupplicant, WIFI_GROUP_KEYS,
                              WIFI_TK_BYTES),
        VMSTATE_UINT16(own_rsn_bytes, WifiSupplicant),
        VMSTATE_UINT8_ARRAY(own_rsn, WifiSupplicant, WIFI_ELEMENT_BYTES),
        VMSTATE_UINT16(ap_rsn_bytes, WifiSupplicant),
        VMSTATE_UINT8_ARRAY(ap_rsn, WifiSupplicant, WIFI_ELEMENT_BYTES),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_wifi_authenticator = {
    .name = "sockbench-wifi/authenticator",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(state, WifiAuthenticator),
        VMSTATE_BOOL(keyed, WifiAuthenticator),
        VMSTATE_UINT8(tries, WifiAuthenticator),
        VMSTATE_UINT64(replay, WifiAuthenticator),
        VMSTATE_UINT64(replay_first, WifiAuthenticator),
        VMSTATE_UINT8_ARRAY(own, WifiAuthenticator, WIFI_ADDRESS_BYTES),
        VMSTATE_UINT8_ARRAY(station, WifiAuthenticator, WIFI_ADDRESS_BYTES),
        VMSTATE_UINT8_ARRAY(pmk, WifiAuthenticator, WIFI_PMK_BYTES),
        VMSTATE_UINT8_ARRAY(anonce, WifiAuthenticator, WIFI_NONCE_BYTES),
        VMSTATE_STRUCT(ptk, WifiAuthenticator, 1, vmstate_wifi_ptk, WifiPtk),
        VMSTATE_UINT16(own_rsn_bytes, WifiAuthenticator),
        VMSTATE_UINT8_ARRAY(own_rsn, WifiAuthenticator, WIFI_ELEMENT_BYTES),
        VMSTATE_UINT16(station_rsn_bytes, WifiAuthenticator),
        VMSTATE_UINT8_ARRAY(station_rsn, WifiAuthenticator,
                            WIFI_ELEMENT_BYTES),
        VMSTATE_END_OF_LIST()
    }
};
