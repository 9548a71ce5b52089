/*
 * What the qtests of sockbench-wifi share: its mailbox, its events, its air.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Frames are put together here byte by byte, from the standard and not by the
 * model's own code, so that a mistake there is not made on both sides.
 */

#ifndef TESTS_QTEST_SOCKBENCH_RADIO_H
#define TESTS_QTEST_SOCKBENCH_RADIO_H

#include "sockbench-bench.h"
#include "hw/sockbench/regs/wifi.h"

#define RADIO          (SB_WIFI_BASE + SB_WIFI_RADIO)
#define AIR_PORT       1
#define COMMAND_NS     20000
#define MS             1000000ll
#define TU             1024000ll

#define PARAMETERS     (SB_RAM_BASE + 0x100)
#define RESPONSE       (SB_RAM_BASE + 0x400)
#define EVENTS         (SB_RAM_BASE + 0x8000)
#define EVENT_RING     8
#define EVENTS_ALL     ((1u << WIFI_EVENT_TYPES) - 1)

static const uint8_t own_mac[6] = { 0x02, 0, 0, 0, 0, 0x81 };
static const uint8_t ap_mac[6] = { 0x02, 0, 0, 0, 0xaa, 0x01 };
static const uint8_t other_mac[6] = { 0x02, 0, 0, 0, 0xaa, 0x02 };
static const uint8_t everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static inline uint32_t radio_get(uint32_t offset)
{
    return readl(RADIO + offset);
}

static inline void radio_set(uint32_t offset, uint32_t value)
{
    writel(RADIO + offset, value);
}

static inline void radio_fault(uint32_t fault, uint32_t count, uint32_t arg)
{
    uint8_t payload[12];

    stl_le_p(payload, fault);
    stl_le_p(payload + 4, count);
    stl_le_p(payload + 8, arg);
    bench_inject(EVENT_FAULT, AIR_PORT, payload, sizeof(payload));
}

/* The NIC as a driver has it: everything reset, all events wanted. */
static inline void radio_setup(void)
{
    radio_set(A_WIFI_CTRL, R_WIFI_CTRL_RESET_MASK);
    radio_set(A_WIFI_CMD_ADDR, PARAMETERS);
    radio_set(A_WIFI_RSP_ADDR, RESPONSE);
    radio_set(A_WIFI_EVT_BASE, EVENTS);
    radio_set(A_WIFI_EVT_SIZE, EVENT_RING);
    radio_set(A_WIFI_EVT_MASK, EVENTS_ALL);
    radio_set(A_WIFI_INT_MASK, 0xf);
}

static inline void radio_start(void)
{
    bench_start("");
    radio_setup();
}

/* Commands */

static inline void command_ring(uint8_t opcode, const void *parameters,
                                uint32_t size, uint16_t sequence)
{
    radio_set(A_WIFI_CMD_BYTES, size);
    radio_set(A_WIFI_RSP_ROOM, 128);
    if (size) {
        memwrite(PARAMETERS, parameters, size);
    }
    radio_set(A_WIFI_CMD, opcode | (uint32_t)sequence << 16);
}

/* A whole command; its status. */
static inline uint8_t command(uint8_t opcode, const void *parameters,
                              uint32_t size)
{
    static uint16_t sequence;
    uint32_t result;

    command_ring(opcode, parameters, size, ++sequence);
    clock_step(COMMAND_NS);
    g_assert_false(FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, BUSY));
    result = radio_get(A_WIFI_RESULT);
    g_assert_cmpuint(FIELD_EX32(result, WIFI_RESULT, SEQUENCE), ==, sequence);
    return FIELD_EX32(result, WIFI_RESULT, STATUS);
}

static inline uint32_t station_state(void)
{
    return FIELD_EX32(radio_get(A_WIFI_STATUS), WIFI_STATUS, STATION);
}

/* Events */

static inline uint32_t event_count(void)
{
    return (radio_get(A_WIFI_EVT_HEAD) - radio_get(A_WIFI_EVT_TAIL)) &
           (EVENT_RING - 1);
}

/* The oldest event, which is taken from the ring. */
static inline struct wifi_event event_take(void)
{
    uint32_t tail = radio_get(A_WIFI_EVT_TAIL);
    struct wifi_event event;

    g_assert_cmpuint(event_count(), >, 0);
    memread(EVENTS + tail * sizeof(event), &event, sizeof(event));
    radio_set(A_WIFI_EVT_TAIL, (tail + 1) & (EVENT_RING - 1));
    return event;
}

static inline struct wifi_event event_expect(uint8_t type, uint16_t status,
                                             uint16_t reason, uint8_t flags)
{
    struct wifi_event event = event_take();

    g_assert_cmpuint(event.type, ==, type);
    g_assert_cmpuint(lduw_le_p(&event.status), ==, status);
    g_assert_cmpuint(lduw_le_p(&event.reason), ==, reason);
    g_assert_cmphex(event.flags, ==, flags);
    return event;
}

static inline void event_none(void)
{
    g_assert_cmpuint(event_count(), ==, 0);
}

/* Frames, both ways */

typedef struct Air {
    uint32_t size;
    uint8_t bytes[2600];
} Air;

static inline void put(Air *a, const void *bytes, uint32_t size)
{
    memcpy(a->bytes + a->size, bytes, size);
    a->size += size;
}

static inline void put8(Air *a, uint8_t value)
{
    a->bytes[a->size++] = value;
}

static inline void put16(Air *a, uint16_t value)
{
    stw_le_p(a->bytes + a->size, value);
    a->size += 2;
}

static inline void put_ssid(Air *a, const char *ssid)
{
    put8(a, 0);
    put8(a, strlen(ssid));
    put(a, ssid, strlen(ssid));
}

/* What precedes an MPDU on the link. */
static inline Air air_frame(uint8_t channel, int8_t dbm)
{
    Air a = { };

    put8(&a, 0);
    put8(&a, channel);
    put8(&a, dbm);
    put8(&a, 2);
    return a;
}

static inline void put_header(Air *a, uint16_t fc, const uint8_t *to,
                              const uint8_t *from, const uint8_t *bssid)
{
    put16(a, fc);
    put16(a, 0);
    put(a, to, 6);
    put(a, from, 6);
    put(a, bssid, 6);
    put16(a, 0);
}

/* Fixed fields and elements of a beacon or a probe response. */
static inline void put_network(Air *a, const char *ssid, bool privacy,
                               const void *elements, uint32_t size)
{
    static const uint8_t timestamp[8];
    static const uint8_t rates[] = { 1, 4, 0x82, 0x84, 0x8b, 0x96 };

    put(a, timestamp, sizeof(timestamp));
    put16(a, 100);
    put16(a, privacy ? 0x11 : 0x01);
    put_ssid(a, ssid);
    put(a, rates, sizeof(rates));
    put(a, elements, size);
}

static inline void air_inject(const Air *a)
{
    bench_inject(EVENT_FRAME, AIR_PORT, a->bytes, a->size);
}

/* Beacons from that time of the board's on; elements behind the usual ones. */
static inline Air air_beacons(const uint8_t *bssid, uint8_t channel,
                              int8_t dbm, uint64_t first, const char *ssid)
{
    Air a = { };

    put8(&a, 1);
    put8(&a, channel);
    put8(&a, dbm);
    put8(&a, 2);
    stq_le_p(a.bytes + a.size, first);
    stl_le_p(a.bytes + a.size + 8, 102400);
    stl_le_p(a.bytes + a.size + 12, 0);
    a.size += 16;
    put_header(&a, 0x80, everyone, bssid, bssid);
    put_network(&a, ssid, false, NULL, 0);
    return a;
}

static inline void air_no_beacons(const uint8_t *bssid)
{
    Air a = { };

    put8(&a, 2);
    put8(&a, 1);
    put16(&a, 0);
    put(&a, bssid, 6);
    put16(&a, 0);
    air_inject(&a);
}

/* The only frame sent since the last look, an MPDU; forgets it. */
static inline const uint8_t *air_sent(uint16_t fc, uint8_t channel,
                                      uint32_t *size)
{
    const Message *m = bench_only(LINK_TX);

    g_assert_cmpuint(m->port, ==, AIR_PORT);
    g_assert_cmpuint(m->data[0], ==, 0);
    g_assert_cmpuint(m->data[1], ==, channel);
    g_assert_cmpint((int8_t)m->data[2], ==, 20);
    g_assert_cmphex(lduw_le_p(m->data + 4), ==, fc);
    *size = m->size - 4;
    return m->data + 4;
}

static inline void air_drop(uint8_t reason)
{
    const Message *m = bench_only(LINK_DROP);

    g_assert_cmpuint(m->port, ==, AIR_PORT);
    g_assert_cmpuint(m->data[0], ==, reason);
}

#endif
