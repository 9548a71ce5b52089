/*
 * FullMAC wifi NIC of the sockbench board: its state, for migration.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/* Everything but the MAC, which is a device and has its own. */

#include "qemu/osdep.h"
#include "migration/vmstate.h"
#include "sockbench-wifi.h"

static const VMStateDescription ssid_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/ssid",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(size, WifiSsid),
        VMSTATE_UINT8_ARRAY(bytes, WifiSsid, WIFI_SSID_BYTES),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription network_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/network",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(bssid, WifiNetwork, WIFI_ADDRESS_BYTES),
        VMSTATE_UINT8(channel, WifiNetwork),
        VMSTATE_INT8(dbm, WifiNetwork),
        VMSTATE_UINT8(security, WifiNetwork),
        VMSTATE_STRUCT(ssid, WifiNetwork, 1, ssid_vmstate, WifiSsid),
        VMSTATE_UINT16(beacon_tu, WifiNetwork),
        VMSTATE_UINT16(capability, WifiNetwork),
        VMSTATE_UINT16(rsn_bytes, WifiNetwork),
        VMSTATE_UINT8_ARRAY(rsn, WifiNetwork, WIFI_ELEMENT_BYTES),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription beacons_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/beacons",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(used, WifiBeacons),
        VMSTATE_UINT8_ARRAY(bssid, WifiBeacons, WIFI_ADDRESS_BYTES),
        VMSTATE_UINT8(channel, WifiBeacons),
        VMSTATE_INT8(dbm, WifiBeacons),
        VMSTATE_INT64(first, WifiBeacons),
        VMSTATE_INT64(since, WifiBeacons),
        VMSTATE_INT64(interval, WifiBeacons),
        VMSTATE_UINT32(size, WifiBeacons),
        VMSTATE_UINT8_ARRAY(frame, WifiBeacons, WIFI_BEACON_BYTES),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription heard_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/heard",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(bssid, WifiScanHeard, WIFI_ADDRESS_BYTES),
        VMSTATE_BOOL(named, WifiScanHeard),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription scan_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/scan",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(kind, WifiScan),
        VMSTATE_BOOL(passive, WifiScan),
        VMSTATE_UINT8(channel, WifiScan),
        VMSTATE_UINT16(channels, WifiScan),
        VMSTATE_STRUCT(ssid, WifiScan, 1, ssid_vmstate, WifiSsid),
        VMSTATE_INT64(dwell, WifiScan),
        VMSTATE_INT64(from, WifiScan),
        VMSTATE_INT64(until, WifiScan),
        VMSTATE_UINT8(heard_count, WifiScan),
        VMSTATE_STRUCT_ARRAY(heard, WifiScan, WIFI_SCAN_NETWORKS, 1,
                             heard_vmstate, WifiScanHeard),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription station_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/station",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(state, WifiStation),
        VMSTATE_BOOL(associated, WifiStation),
        VMSTATE_BOOL(roaming, WifiStation),
        VMSTATE_BOOL(reassociating, WifiStation),
        VMSTATE_UINT8(security, WifiStation),
        VMSTATE_STRUCT(ssid, WifiStation, 1, ssid_vmstate, WifiSsid),
        VMSTATE_UINT8_ARRAY(wanted_bssid, WifiStation, WIFI_ADDRESS_BYTES),
        VMSTATE_BOOL(heard_name, WifiStation),
        VMSTATE_BOOL(found, WifiStation),
        VMSTATE_UINT8(attempts, WifiStation),
        VMSTATE_STRUCT(target, WifiStation, 1, network_vmstate, WifiNetwork),
        VMSTATE_STRUCT(ap, WifiStation, 1, network_vmstate, WifiNetwork),
        VMSTATE_UINT16(aid, WifiStation),
        VMSTATE_UINT32(last_sequence, WifiStation),
        VMSTATE_BOOL(away, WifiStation),
        VMSTATE_BOOL(muted, WifiStation),
        VMSTATE_UINT8(next_channel, WifiStation),
        VMSTATE_BOOL(beacon_is_new, WifiStation),
        VMSTATE_BOOL(probing, WifiStation),
        VMSTATE_UINT8(probes, WifiStation),
        VMSTATE_INT64(last_heard, WifiStation),
        VMSTATE_INT64(listening_since, WifiStation),
        VMSTATE_BOOL(power_save, WifiStation),
        VMSTATE_BOOL(polling, WifiStation),
        VMSTATE_BOOL(group_awake, WifiStation),
        VMSTATE_INT64(awake_until, WifiStation),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription keys_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/keys",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(pmk, WifiKeys, WIFI_PMK_BYTES),
        VMSTATE_STRUCT(pairwise, WifiKeys, 1, vmstate_wifi_key, WifiKey),
        VMSTATE_STRUCT_ARRAY(group, WifiKeys, WIFI_GROUP_KEYS, 1,
                             vmstate_wifi_key, WifiKey),
        VMSTATE_BOOL(confirmed, WifiKeys),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription ap_station_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/ap-station",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(known, WifiApStation),
        VMSTATE_BOOL(associated, WifiApStation),
        VMSTATE_BOOL(authorized, WifiApStation),
        VMSTATE_BOOL(dozes, WifiApStation),
        VMSTATE_UINT8_ARRAY(mac, WifiApStation, WIFI_ADDRESS_BYTES),
        VMSTATE_INT8(dbm, WifiApStation),
        VMSTATE_UINT32(came, WifiApStation),
        VMSTATE_UINT32(last_sequence, WifiApStation),
        VMSTATE_STRUCT(key, WifiApStation, 1, vmstate_wifi_key, WifiKey),
        VMSTATE_STRUCT(authenticator, WifiApStation, 1,
                       vmstate_wifi_authenticator, WifiAuthenticator),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription bss_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/bss",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8_ARRAY(bssid, WifiBss, WIFI_ADDRESS_BYTES),
        VMSTATE_STRUCT(ssid, WifiBss, 1, ssid_vmstate, WifiSsid),
        VMSTATE_UINT8(channel, WifiBss),
        VMSTATE_UINT16(beacon_tu, WifiBss),
        VMSTATE_BOOL(wpa2, WifiBss),
        VMSTATE_BOOL(hidden, WifiBss),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription kept_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/kept",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(aid, WifiApKept),
        VMSTATE_UINT32(size, WifiApKept),
        VMSTATE_UINT8_ARRAY(ethernet, WifiApKept, WIFI_FRAME_BYTES),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription ap_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI "/ap",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(up, WifiAp),
        VMSTATE_UINT8(limit, WifiAp),
        VMSTATE_STRUCT(bss, WifiAp, 1, bss_vmstate, WifiBss),
        VMSTATE_INT64(first, WifiAp),
        VMSTATE_UINT32(came, WifiAp),
        VMSTATE_UINT8_ARRAY(pmk, WifiAp, WIFI_PMK_BYTES),
        VMSTATE_STRUCT(group, WifiAp, 1, vmstate_wifi_key, WifiKey),
        VMSTATE_UINT8(kept_count, WifiAp),
        VMSTATE_STRUCT_ARRAY(kept, WifiAp, WIFI_AP_KEPT, 1, kept_vmstate,
                             WifiApKept),
        VMSTATE_STRUCT_ARRAY(stations, WifiAp, WIFI_AP_ENTRIES, 1,
                             ap_station_vmstate, WifiApStation),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription sockbench_wifi_vmstate = {
    .name = TYPE_SOCKBENCH_WIFI,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_ARRAY(regs, SockbenchWifiState, SOCKBENCH_WIFI_REGS),
        VMSTATE_TIMER_PTR(timer, SockbenchWifiState),
        VMSTATE_INT64_ARRAY(deadline, SockbenchWifiState, WIFI_TIMERS),
        VMSTATE_UINT64(random, SockbenchWifiState),
        VMSTATE_BOOL(mac_irq, SockbenchWifiState),
        VMSTATE_BOOL(irq_lost, SockbenchWifiState),
        VMSTATE_BOOL(busy, SockbenchWifiState),
        VMSTATE_BOOL(failed, SockbenchWifiState),
        VMSTATE_BOOL(radio_off, SockbenchWifiState),
        VMSTATE_UINT8(channel, SockbenchWifiState),
        VMSTATE_UINT16(sequence, SockbenchWifiState),
        VMSTATE_STRUCT_ARRAY(beacons, SockbenchWifiState, WIFI_BEACONS_MAX, 1,
                             beacons_vmstate, WifiBeacons),
        VMSTATE_STRUCT(scan, SockbenchWifiState, 1, scan_vmstate, WifiScan),
        VMSTATE_STRUCT(station, SockbenchWifiState, 1, station_vmstate,
                       WifiStation),
        VMSTATE_STRUCT(keys, SockbenchWifiState, 1, keys_vmstate, WifiKeys),
        VMSTATE_STRUCT(supplicant, SockbenchWifiState, 1,
                       vmstate_wifi_supplicant, WifiSupplicant),
        VMSTATE_STRUCT(ap, SockbenchWifiState, 1, ap_vmstate, WifiAp),
        VMSTATE_UINT32_ARRAY(fault_count, SockbenchWifiState, WIFI_FAULTS),
        VMSTATE_UINT32_ARRAY(fault_arg, SockbenchWifiState, WIFI_FAULTS),
        VMSTATE_END_OF_LIST()
    }
};
