/*
 * The radio half of the wifi controller as the driver sees it: one command at a time, a ring of
 * events, causes of interrupts (docs/wifi-datasheet.md, sections 2 and 3).
 *
 * A command ends by an interrupt. One whose interrupt got lost is found at its deadline; one that
 * has not ended by then is stuck, and only a reset helps.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_DRIVER_WIFI_RADIO_H
#define SOCKBENCH_DRIVER_WIFI_RADIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board/regs.h"
#include "emulated_nic/regs/wifi.h"

#define WIFI_RADIO_EVENTS 64u
#define WIFI_RADIO_PARAMETER_BYTES 108u
#define WIFI_RADIO_RESPONSE_BYTES 384u /* 32 stations of a soft AP */
/* A command takes 20 us (datasheet 2). */
#define WIFI_RADIO_COMMAND_LIMIT_NS 100000000

enum wifi_radio_progress {
    WIFI_RADIO_IDLE, /* no command, or it was told of already */
    WIFI_RADIO_BUSY,
    WIFI_RADIO_ENDED, /* told once */
    WIFI_RADIO_STUCK, /* told until the reset */
};

/* Whether there is such a controller. Touches nothing. */
bool wifi_radio_is_there(void);

/* Reset it and set it up: an empty ring of all events, all causes acknowledged and masked. */
void wifi_radio_reset(void);

/* Let it interrupt; or not, from any context. */
void wifi_radio_unmask(void);
void wifi_radio_mask(void);

/* The causes there are (bits of WIFI_INT_STATUS), acknowledged. */
uint32_t wifi_radio_causes(void);

/* Register STATUS, and the two fields of CAPS with numbers. */
uint32_t wifi_radio_status(void);
uint8_t wifi_radio_channels(void);
uint8_t wifi_radio_stations(void);

/* Whether a command may begin. */
bool wifi_radio_is_free(void);

/* Begin a command; `parameters` are copied. */
void wifi_radio_command(uint32_t opcode, const void *parameters, size_t bytes, int64_t now_ns);

/* How far it is. ENDED: result is WIFI_RESULT_*. */
enum wifi_radio_progress wifi_radio_poll(int64_t now_ns, uint32_t *result);

/* When to poll at the latest; INT64_MAX. */
int64_t wifi_radio_due_ns(void);

/* The response of the command that ended, valid until the next one begins. */
const uint8_t *wifi_radio_response(size_t *bytes);

/* Copy the oldest event there is. */
bool wifi_radio_event(struct wifi_event *event);

void wifi_radio_statistics(void (*visit)(void *context, const char *name, uint32_t value),
                           void *context);

#endif
