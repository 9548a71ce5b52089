/*
 * Commands and events of the wifi controller's radio (driver/wifi_radio.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "driver/wifi_radio.h"

#include <assert.h>
#include <string.h>

#include "emulated_nic/regs/board.h"

#define RADIO_BASE (SB_WIFI_BASE + SB_WIFI_RADIO)
#define CAUSES                                                                                     \
    (FIELD_MASK(WIFI_INT_STATUS, COMMAND) | FIELD_MASK(WIFI_INT_STATUS, EVENT) |                   \
     FIELD_MASK(WIFI_INT_STATUS, OVERFLOW) | FIELD_MASK(WIFI_INT_STATUS, FAILED))

static_assert(sizeof(struct wifi_event) == 64, "as in the datasheet");
static_assert(sizeof(struct wifi_connect) <= WIFI_RADIO_PARAMETER_BYTES &&
                  sizeof(struct wifi_ap) <= WIFI_RADIO_PARAMETER_BYTES,
              "the longest parameters fit");
static_assert((WIFI_RADIO_EVENTS & (WIFI_RADIO_EVENTS - 1)) == 0, "a size that the ring can have");

enum counter { COMMANDS, COMMANDS_STUCK, INTERRUPTS_LOST, EVENTS, COUNTERS };
static const char *const counter_names[COUNTERS] = {
    "commands",
    "commands_stuck",
    "interrupts_lost",
    "events",
};

static struct {
    bool busy;
    uint16_t sequence;
    int64_t deadline_ns;
    size_t response_bytes;
    uint32_t tail; /* of the ring: the next event to read */
    uint32_t counters[COUNTERS];
} radio;

static struct wifi_event events[WIFI_RADIO_EVENTS] __attribute__((aligned(16)));
static uint8_t parameter_memory[WIFI_RADIO_PARAMETER_BYTES] __attribute__((aligned(4)));
static uint8_t response_memory[WIFI_RADIO_RESPONSE_BYTES] __attribute__((aligned(4)));

static uint32_t radio_read(uint32_t offset)
{
    return reg_read(RADIO_BASE, offset);
}

static void radio_write(uint32_t offset, uint32_t value)
{
    reg_write(RADIO_BASE, offset, value);
}

static uint32_t bus_address(const volatile void *memory)
{
    return (uint32_t)(uintptr_t)memory;
}

bool wifi_radio_is_there(void)
{
    return radio_read(A_WIFI_ID) == SB_WIFI_ID_VALUE;
}

void wifi_radio_reset(void)
{
    radio.busy = false;
    radio.tail = 0;
    radio_write(A_WIFI_CTRL, FIELD_MASK(WIFI_CTRL, RESET));
    radio_write(A_WIFI_INT_MASK, 0);
    radio_write(A_WIFI_EVT_BASE, bus_address(events));
    radio_write(A_WIFI_EVT_SIZE, WIFI_RADIO_EVENTS);
    radio_write(A_WIFI_EVT_MASK, (1u << WIFI_EVENT_TYPES) - 1);
    radio_write(A_WIFI_INT_STATUS, CAUSES);
}

void wifi_radio_unmask(void)
{
    radio_write(A_WIFI_INT_MASK, CAUSES);
}

void wifi_radio_mask(void)
{
    radio_write(A_WIFI_INT_MASK, 0);
}

uint32_t wifi_radio_causes(void)
{
    uint32_t causes = radio_read(A_WIFI_INT_STATUS);
    radio_write(A_WIFI_INT_STATUS, causes);
    return causes;
}

uint32_t wifi_radio_status(void)
{
    return radio_read(A_WIFI_STATUS);
}

uint8_t wifi_radio_channels(void)
{
    return (uint8_t)FIELD_GET(radio_read(A_WIFI_CAPS), WIFI_CAPS, CHANNELS);
}

uint8_t wifi_radio_stations(void)
{
    return (uint8_t)FIELD_GET(radio_read(A_WIFI_CAPS), WIFI_CAPS, STATIONS);
}

bool wifi_radio_is_free(void)
{
    return !radio.busy;
}

void wifi_radio_command(uint32_t opcode, const void *parameters, size_t bytes, int64_t now_ns)
{
    assert(!radio.busy && bytes <= sizeof parameter_memory);
    if (bytes > 0)
        memcpy(parameter_memory, parameters, bytes);
    radio.busy = true;
    radio.sequence++;
    radio.deadline_ns = now_ns + WIFI_RADIO_COMMAND_LIMIT_NS;
    radio.counters[COMMANDS]++;
    radio_write(A_WIFI_CMD_ADDR, bus_address(parameter_memory));
    radio_write(A_WIFI_CMD_BYTES, (uint32_t)bytes);
    radio_write(A_WIFI_RSP_ADDR, bus_address(response_memory));
    radio_write(A_WIFI_RSP_ROOM, sizeof response_memory);
    reg_barrier();
    radio_write(A_WIFI_CMD, opcode | (uint32_t)radio.sequence << R_WIFI_CMD_SEQUENCE_SHIFT);
}

enum wifi_radio_progress wifi_radio_poll(int64_t now_ns, uint32_t *result)
{
    if (!radio.busy)
        return WIFI_RADIO_IDLE;
    bool late = now_ns >= radio.deadline_ns;
    uint32_t status = radio_read(A_WIFI_STATUS);
    uint32_t word = radio_read(A_WIFI_RESULT);
    if (FIELD_GET(status, WIFI_STATUS, BUSY) != 0 ||
        FIELD_GET(word, WIFI_RESULT, SEQUENCE) != radio.sequence) {
        if (!late)
            return WIFI_RADIO_BUSY;
        radio.counters[COMMANDS_STUCK]++;
        return WIFI_RADIO_STUCK;
    }
    if (late)
        radio.counters[INTERRUPTS_LOST]++;
    reg_barrier();
    radio.busy = false;
    memset(parameter_memory, 0, sizeof parameter_memory); /* there may be a password in it */
    uint32_t bytes = radio_read(A_WIFI_RSP_BYTES);
    radio.response_bytes = bytes <= sizeof response_memory ? bytes : sizeof response_memory;
    *result = FIELD_GET(word, WIFI_RESULT, STATUS);
    return WIFI_RADIO_ENDED;
}

int64_t wifi_radio_due_ns(void)
{
    return radio.busy ? radio.deadline_ns : INT64_MAX;
}

const uint8_t *wifi_radio_response(size_t *bytes)
{
    *bytes = radio.response_bytes;
    return response_memory;
}

bool wifi_radio_event(struct wifi_event *event)
{
    uint32_t head = radio_read(A_WIFI_EVT_HEAD);
    if (head == radio.tail || head >= WIFI_RADIO_EVENTS)
        return false;
    reg_barrier();
    *event = events[radio.tail];
    radio.tail = (radio.tail + 1) & (WIFI_RADIO_EVENTS - 1);
    radio_write(A_WIFI_EVT_TAIL, radio.tail);
    radio.counters[EVENTS]++;
    return true;
}

void wifi_radio_statistics(void (*visit)(void *context, const char *name, uint32_t value),
                           void *context)
{
    static const struct {
        const char *name;
        uint32_t offset;
    } registers[] = {
        {"events_lost", A_WIFI_EVT_LOST},
        {"air_tx_frames", A_WIFI_STAT_TX_FRAMES},
        {"air_rx_frames", A_WIFI_STAT_RX_FRAMES},
        {"air_rx_other", A_WIFI_STAT_RX_OTHER},
        {"air_rx_malformed", A_WIFI_STAT_RX_MALFORMED},
        {"air_rx_duplicate", A_WIFI_STAT_RX_DUPLICATE},
        {"air_rx_plaintext", A_WIFI_STAT_RX_PLAINTEXT},
        {"air_rx_no_key", A_WIFI_STAT_RX_NO_KEY},
        {"air_rx_bad_mic", A_WIFI_STAT_RX_BAD_MIC},
        {"air_rx_replay", A_WIFI_STAT_RX_REPLAY},
        {"air_eapol_bad", A_WIFI_STAT_EAPOL_BAD},
        {"air_tx_blocked", A_WIFI_STAT_TX_BLOCKED},
    };
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++)
        visit(context, registers[i].name, radio_read(registers[i].offset));
    for (size_t i = 0; i < COUNTERS; i++)
        visit(context, counter_names[i], radio.counters[i]);
}
