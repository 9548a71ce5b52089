/*
 * FullMAC wifi NIC of the sockbench board: registers, interrupts, life.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * A NIC of our own design, described in docs/wifi-datasheet.md; the register
 * list in regs/wifi.h is shared with the driver.
 *
 * Modelled: a MAC (sockbench-eth without its PHY) for the data, a mailbox for
 * commands, a ring of events; behind them a station and a soft access point
 * that speak IEEE 802.11 on the air, which is port 1 of the link.
 * Not modelled: what section 11 of the datasheet says.
 *
 * The parts: -command and -event are what the driver sees, -air is what comes
 * and goes; what the NIC's processor does with it is in -scan, in -station with
 * -join, -loss, -power and -keys, and in -ap with -ap-join and -ap-data; -mac
 * is the way of a frame between MAC and air, -time what all of it waits for.
 * The others (-frames, -crypto, -supplicant ...) know 802.11, not this NIC.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "sockbench-wifi.h"
#include "trace.h"

#define WIFI_INT_ALL           0xfu
#define WIFI_EVENT_RING_MAX    256u

/* Interrupts */

static void wifi_update_irq(SockbenchWifiState *s)
{
    bool pending = s->regs[R_WIFI_INT_STATUS] & s->regs[R_WIFI_INT_MASK];

    if (!pending) {
        s->irq_lost = false;
    }
    qemu_set_irq(s->irq, s->mac_irq || (pending && !s->irq_lost));
}

void sockbench_wifi_raise(SockbenchWifiState *s, uint32_t bits)
{
    uint32_t wanted = s->fault_arg[WIFI_FAULT_LOST_IRQ];

    s->regs[R_WIFI_INT_STATUS] |= bits;
    /* The fault: this cause does not reach the line, the next one does. */
    s->irq_lost = (bits & s->regs[R_WIFI_INT_MASK]) &&
                  (wanted == 0 || (bits & wanted)) &&
                  sockbench_wifi_fault_takes(s, WIFI_FAULT_LOST_IRQ);
    wifi_update_irq(s);
}

static void wifi_mac_irq(void *opaque, int n, int level)
{
    SockbenchWifiState *s = opaque;

    s->mac_irq = level;
    wifi_update_irq(s);
}

void sockbench_wifi_set_carrier(SockbenchWifiState *s, bool up)
{
    qemu_set_irq(qdev_get_gpio_in_named(DEVICE(&s->mac), "carrier", 0), up);
}

/* Registers */

/* All that CTRL.RESET does.  Nothing is said on the air. */
static void wifi_reset_radio(SockbenchWifiState *s)
{
    memset(s->regs, 0, sizeof(s->regs));
    s->irq_lost = false;
    s->busy = false;
    s->failed = false;
    s->channel = 1;
    s->sequence = 0;
    sockbench_wifi_disarm_all(s);
    sockbench_wifi_scan_reset(s);
    sockbench_wifi_station_reset(s);
    sockbench_wifi_keys_forget(s);
    sockbench_wifi_ap_reset(s);
    sockbench_wifi_data_purge(s);
    sockbench_wifi_set_carrier(s, false);
    wifi_update_irq(s);
}

/* The fault: from now on nothing happens by itself, until CTRL.RESET. */
void sockbench_wifi_die(SockbenchWifiState *s)
{
    sockbench_wifi_ap_vanish(s);
    s->failed = true;
    sockbench_wifi_disarm_all(s);
    sockbench_wifi_raise(s, R_WIFI_INT_STATUS_FAILED_MASK);
}

void sockbench_wifi_refused(hwaddr offset, uint32_t value)
{
    qemu_log_mask(LOG_GUEST_ERROR, "sockbench-wifi: 0x%" PRIx32 " can't be "
                  "written to offset 0x%" HWADDR_PRIx "\n", value, offset);
}

static uint32_t wifi_status(SockbenchWifiState *s)
{
    uint32_t r = 0;

    r = FIELD_DP32(r, WIFI_STATUS, STATION, sockbench_wifi_station_state(s));
    r = FIELD_DP32(r, WIFI_STATUS, SOFTAP, sockbench_wifi_ap_is_up(s));
    r = FIELD_DP32(r, WIFI_STATUS, SCANNING, sockbench_wifi_scan_reports(s));
    r = FIELD_DP32(r, WIFI_STATUS, BUSY, s->busy);
    r = FIELD_DP32(r, WIFI_STATUS, FAILED, s->failed);
    return r;
}

uint32_t sockbench_wifi_caps(void)
{
    uint32_t r = R_WIFI_CAPS_OPEN_MASK | R_WIFI_CAPS_WPA2_PSK_MASK |
                 R_WIFI_CAPS_SOFTAP_MASK | R_WIFI_CAPS_POWER_SAVE_MASK;

    r = FIELD_DP32(r, WIFI_CAPS, CHANNELS, WIFI_CHANNELS);
    return FIELD_DP32(r, WIFI_CAPS, STATIONS, WIFI_AP_STATIONS);
}

static uint64_t wifi_read(void *opaque, hwaddr offset, unsigned size)
{
    SockbenchWifiState *s = opaque;
    uint32_t r = 0;

    switch (offset) {
    case A_WIFI_ID:
        r = SB_WIFI_ID_VALUE;
        break;
    case A_WIFI_CAPS:
        r = sockbench_wifi_caps();
        break;
    case A_WIFI_STATUS:
        r = wifi_status(s);
        break;
    case A_WIFI_CTRL:
        break;
    case A_WIFI_INT_STATUS ... A_WIFI_RSP_ROOM:
    case A_WIFI_RESULT ... A_WIFI_EVT_LOST:
    case A_WIFI_STAT_TX_FRAMES ... A_WIFI_STAT_TX_BLOCKED:
        r = s->regs[offset / 4];
        break;
    case A_WIFI_CMD:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: write-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
    trace_sockbench_wifi_read(offset, r);
    return r;
}

/* Where a command's parameters and its response are, until it has ended. */
static void wifi_write_command_buffer(SockbenchWifiState *s, hwaddr offset,
                                      uint32_t value)
{
    bool address = offset == A_WIFI_CMD_ADDR || offset == A_WIFI_RSP_ADDR;

    if (s->busy || (address && value % 4)) {
        sockbench_wifi_refused(offset, value);
    } else {
        s->regs[offset / 4] = value;
    }
}

static void wifi_write_event_ring(SockbenchWifiState *s, hwaddr offset,
                                  uint32_t value)
{
    bool good = offset == A_WIFI_EVT_BASE ? value % 16 == 0
                                          : is_power_of_2(value) &&
                                            value >= 2 &&
                                            value <= WIFI_EVENT_RING_MAX;

    if (!good) {
        sockbench_wifi_refused(offset, value);
        return;
    }
    s->regs[offset / 4] = value;
    s->regs[R_WIFI_EVT_HEAD] = 0;
    s->regs[R_WIFI_EVT_TAIL] = 0;
}

static void wifi_write(void *opaque, hwaddr offset, uint64_t value64,
                       unsigned size)
{
    SockbenchWifiState *s = opaque;
    uint32_t value = value64;

    trace_sockbench_wifi_write(offset, value);
    switch (offset) {
    case A_WIFI_CTRL:
        if (value & R_WIFI_CTRL_RESET_MASK) {
            sockbench_wifi_ap_vanish(s);
            wifi_reset_radio(s);
        }
        break;
    case A_WIFI_INT_STATUS:
        s->regs[R_WIFI_INT_STATUS] &= ~value;
        wifi_update_irq(s);
        break;
    case A_WIFI_INT_MASK:
        s->regs[R_WIFI_INT_MASK] = value & WIFI_INT_ALL;
        wifi_update_irq(s);
        break;
    case A_WIFI_CMD_ADDR:
    case A_WIFI_CMD_BYTES:
    case A_WIFI_RSP_ADDR:
    case A_WIFI_RSP_ROOM:
        wifi_write_command_buffer(s, offset, value);
        break;
    case A_WIFI_CMD:
        sockbench_wifi_command_begins(s, value);
        break;
    case A_WIFI_EVT_BASE:
    case A_WIFI_EVT_SIZE:
        wifi_write_event_ring(s, offset, value);
        break;
    case A_WIFI_EVT_TAIL:
        if (value >= s->regs[R_WIFI_EVT_SIZE]) {
            sockbench_wifi_refused(offset, value);
        } else {
            s->regs[R_WIFI_EVT_TAIL] = value;
        }
        break;
    case A_WIFI_EVT_MASK:
        s->regs[R_WIFI_EVT_MASK] = value & MAKE_64BIT_MASK(0,
                                                           WIFI_EVENT_TYPES);
        break;
    case A_WIFI_ID:
    case A_WIFI_CAPS:
    case A_WIFI_STATUS:
    case A_WIFI_RESULT:
    case A_WIFI_RSP_BYTES:
    case A_WIFI_EVT_HEAD:
    case A_WIFI_EVT_LOST:
    case A_WIFI_STAT_TX_FRAMES ... A_WIFI_STAT_TX_BLOCKED:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: read-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
}

static const MemoryRegionOps wifi_ops = {
    .read = wifi_read,
    .write = wifi_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 4,
};

/* Life */

static void wifi_reset_hold(Object *obj, ResetType type)
{
    SockbenchWifiState *s = SOCKBENCH_WIFI(obj);

    memset(s->fault_count, 0, sizeof(s->fault_count));
    memset(s->fault_arg, 0, sizeof(s->fault_arg));
    sockbench_wifi_random_reset(s);
    s->radio_off = false;
    sockbench_wifi_air_reset(s);
    wifi_reset_radio(s);
}

static bool wifi_realize_mac(SockbenchWifiState *s, Error **errp)
{
    SysBusDevice *mac = SYS_BUS_DEVICE(&s->mac);

    s->nc = sockbench_wifi_data_client(s);
    object_property_set_link(OBJECT(mac), "memory", OBJECT(s->memory),
                             &error_abort);
    qdev_prop_set_string(DEVICE(mac), "netdev", SOCKBENCH_WIFI_NETDEV);
    if (!sysbus_realize(mac, errp)) {
        return false;
    }
    memory_region_add_subregion(&s->window, 0,
                                sysbus_mmio_get_region(mac, 0));
    sysbus_connect_irq(mac, 0,
                       qdev_get_gpio_in_named(DEVICE(s), "mac-irq", 0));
    return true;
}

static void wifi_realize(DeviceState *dev, Error **errp)
{
    SockbenchWifiState *s = SOCKBENCH_WIFI(dev);

    if (!s->memory) {
        error_setg(errp, TYPE_SOCKBENCH_WIFI ": 'memory' link not set");
        return;
    }
    if (!wifi_realize_mac(s, errp)) {
        return;
    }
    address_space_init(&s->as, s->memory, TYPE_SOCKBENCH_WIFI);
    if (s->link) {
        sockbench_link_set_port(s->link, SOCKBENCH_LINK_WIFI, OBJECT(s));
        sockbench_link_set_faults(s->link, SOCKBENCH_LINK_WIFI, OBJECT(s));
    }
}

static void wifi_init(Object *obj)
{
    SockbenchWifiState *s = SOCKBENCH_WIFI(obj);

    memory_region_init(&s->window, obj, TYPE_SOCKBENCH_WIFI,
                       SB_WIFI_WINDOW_BYTES);
    memory_region_init_io(&s->radio, obj, &wifi_ops, s,
                          TYPE_SOCKBENCH_WIFI ".radio",
                          SB_WIFI_WINDOW_BYTES - SB_WIFI_RADIO);
    memory_region_add_subregion(&s->window, SB_WIFI_RADIO, &s->radio);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->window);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    qdev_init_gpio_in_named(DEVICE(obj), wifi_mac_irq, "mac-irq", 1);
    object_initialize_child(obj, "ethernet", &s->mac, TYPE_SOCKBENCH_ETH);
    qdev_prop_set_bit(DEVICE(&s->mac), "has-phy", false);
    object_property_add_alias(obj, "mac", OBJECT(&s->mac), "mac");
    sockbench_wifi_keys_init(s);
    sockbench_wifi_ap_init(s);
    sockbench_wifi_time_init(s);
}

static void wifi_finalize(Object *obj)
{
    timer_free(SOCKBENCH_WIFI(obj)->timer);
}

static const Property wifi_properties[] = {
    DEFINE_PROP_LINK("memory", SockbenchWifiState, memory, TYPE_MEMORY_REGION,
                     MemoryRegion *),
    DEFINE_PROP_LINK("link", SockbenchWifiState, link, TYPE_SOCKBENCH_LINK,
                     SockbenchLinkState *),
    DEFINE_PROP_UINT64("seed", SockbenchWifiState, seed, 0),
};

static void wifi_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = wifi_realize;
    dc->vmsd = &sockbench_wifi_vmstate;
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
    dc->user_creatable = false;
    device_class_set_props(dc, wifi_properties);
    RESETTABLE_CLASS(klass)->phases.hold = wifi_reset_hold;
    SOCKBENCH_FAULTS_CLASS(klass)->arm = sockbench_wifi_fault_arm;
    SOCKBENCH_PORT_CLASS(klass)->deliver = sockbench_wifi_air_deliver;
}

static const TypeInfo wifi_types[] = {
    {
        .name = TYPE_SOCKBENCH_WIFI,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchWifiState),
        .instance_init = wifi_init,
        .instance_finalize = wifi_finalize,
        .class_init = wifi_class_init,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_SOCKBENCH_FAULTS },
            { TYPE_SOCKBENCH_PORT },
            { }
        },
    },
};

DEFINE_TYPES(wifi_types)
