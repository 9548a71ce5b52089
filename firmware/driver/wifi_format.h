/*
 * Between the structures of driver/wifi_driver.h and those of the controller
 * (emulated_nic/regs/wifi.h). Pure.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_WIFI_FORMAT_H
#define SOCKBENCH_DRIVER_WIFI_FORMAT_H

#include "board/regs.h"
#include "driver/wifi_driver.h"
#include "emulated_nic/regs/wifi.h"

struct wifi_connect wifi_form_connect(const struct wifi_credentials *network);
struct wifi_scan wifi_form_scan(uint32_t duration_ms, uint8_t channels);
struct wifi_roam wifi_form_roam(const uint8_t bssid[6], uint8_t channel);
struct wifi_ap wifi_form_ap(const struct wifi_credentials *network, uint8_t clients_max);

/* WIFI_RESULT_* of a command. */
enum wifi_outcome wifi_read_result(uint32_t result);

/* The responses of GET_LINK and AP_STATIONS. */
enum wifi_outcome wifi_read_link(const uint8_t *response, size_t bytes, struct wifi_link *link);
size_t wifi_read_clients(const uint8_t *response, size_t bytes, struct wifi_client *clients,
                         size_t room);

/* The events SCAN_RESULT and JOIN; false for one that no controller of this kind tells. */
bool wifi_read_seen(const struct wifi_event *event, struct wifi_seen *seen);
bool wifi_read_join(const struct wifi_event *event, enum wifi_outcome *outcome);

#endif
