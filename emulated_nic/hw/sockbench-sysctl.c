/*
 * System control of the sockbench board: identity, clock, seed, console,
 * panic and exit.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Described in docs/board.md.  With a link, console, panic and exit go to the
 * harness, and the CPU stays off until the harness resets the board.  Without
 * one, the console is a chardev, and panic and exit end QEMU.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/qdev-clock.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "target/arm/arm-powerctl.h"
#include "regs/board.h"
#include "sockbench-sysctl.h"
#include "trace.h"

static uint64_t sysctl_seed(SockbenchSysctlState *s)
{
    return s->link ? s->link->seed : s->seed;
}

/* splitmix64: every seed, zero too, gives a good sequence. */
static uint32_t sysctl_random(SockbenchSysctlState *s)
{
    uint64_t z;

    s->random += 0x9e3779b97f4a7c15ull;
    z = s->random;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (z ^ (z >> 31)) >> 32;
}

static void sysctl_console(SockbenchSysctlState *s, uint8_t byte)
{
    if (s->link) {
        sockbench_link_console(s->link, byte);
    } else {
        qemu_chr_fe_write_all(&s->chr, &byte, 1);
    }
}

/* A report that can't be read is still a panic. */
static void sysctl_read_report(SockbenchSysctlState *s, uint32_t addr,
                               char *report)
{
    uint32_t i;

    for (i = 0; i < SB_PANIC_BYTES_MAX; i++) {
        const MemTxAttrs attrs = { .memory = true };

        if (address_space_read(&s->as, addr + i, attrs, &report[i], 1) !=
            MEMTX_OK) {
            qemu_log_mask(LOG_GUEST_ERROR, "%s: bad address 0x%" PRIx32 "\n",
                          __func__, addr + i);
            break;
        }
        if (!report[i]) {
            return;
        }
    }
    report[i] = '\0';
}

static void sysctl_panic(SockbenchSysctlState *s, uint32_t addr)
{
    char report[SB_PANIC_BYTES_MAX + 1];

    sysctl_read_report(s, addr, report);
    trace_sockbench_sysctl_panic(report);
    arm_set_cpu_off(0);
    if (s->link) {
        sockbench_link_panic(s->link, report);
    } else {
        error_report("the firmware panicked: %s", report);
        qemu_system_shutdown_request_with_code(SHUTDOWN_CAUSE_GUEST_PANIC, 1);
    }
}

static void sysctl_exit(SockbenchSysctlState *s, uint32_t status)
{
    arm_set_cpu_off(0);
    if (s->link) {
        sockbench_link_exit(s->link, status);
    } else {
        qemu_system_shutdown_request_with_code(SHUTDOWN_CAUSE_GUEST_SHUTDOWN,
                                               status);
    }
}

static uint64_t sysctl_read(void *opaque, hwaddr offset, unsigned size)
{
    SockbenchSysctlState *s = opaque;
    uint32_t r = 0;

    switch (offset) {
    case A_SYSCTL_ID:
        r = SB_SYSCTL_ID_VALUE;
        break;
    case A_SYSCTL_CLOCK_HZ:
        r = clock_get_hz(s->cpuclk);
        break;
    case A_SYSCTL_SEED_LO:
        r = sysctl_seed(s);
        break;
    case A_SYSCTL_SEED_HI:
        r = sysctl_seed(s) >> 32;
        break;
    case A_SYSCTL_RANDOM:
        r = sysctl_random(s);
        break;
    case A_SYSCTL_CONSOLE:
    case A_SYSCTL_PANIC:
    case A_SYSCTL_EXIT:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: write-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
    trace_sockbench_sysctl_read(offset, r);
    return r;
}

static void sysctl_write(void *opaque, hwaddr offset, uint64_t value,
                         unsigned size)
{
    SockbenchSysctlState *s = opaque;

    trace_sockbench_sysctl_write(offset, value);
    switch (offset) {
    case A_SYSCTL_CONSOLE:
        sysctl_console(s, value);
        break;
    case A_SYSCTL_PANIC:
        sysctl_panic(s, value);
        break;
    case A_SYSCTL_EXIT:
        sysctl_exit(s, value);
        break;
    case A_SYSCTL_ID:
    case A_SYSCTL_CLOCK_HZ:
    case A_SYSCTL_SEED_LO:
    case A_SYSCTL_SEED_HI:
    case A_SYSCTL_RANDOM:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: read-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
}

static const MemoryRegionOps sysctl_ops = {
    .read = sysctl_read,
    .write = sysctl_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 4,
};

static void sysctl_reset_hold(Object *obj, ResetType type)
{
    SockbenchSysctlState *s = SOCKBENCH_SYSCTL(obj);

    s->random = sysctl_seed(s);
}

static void sysctl_realize(DeviceState *dev, Error **errp)
{
    SockbenchSysctlState *s = SOCKBENCH_SYSCTL(dev);

    if (!s->memory) {
        error_setg(errp, TYPE_SOCKBENCH_SYSCTL ": 'memory' link not set");
        return;
    }
    if (!clock_has_source(s->cpuclk)) {
        error_setg(errp, TYPE_SOCKBENCH_SYSCTL ": cpuclk must be connected");
        return;
    }
    address_space_init(&s->as, s->memory, TYPE_SOCKBENCH_SYSCTL);
}

static void sysctl_init(Object *obj)
{
    SockbenchSysctlState *s = SOCKBENCH_SYSCTL(obj);

    memory_region_init_io(&s->iomem, obj, &sysctl_ops, s,
                          TYPE_SOCKBENCH_SYSCTL, 0x1000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    s->cpuclk = qdev_init_clock_in(DEVICE(obj), "cpuclk", NULL, NULL, 0);
}

static const Property sysctl_properties[] = {
    DEFINE_PROP_LINK("memory", SockbenchSysctlState, memory,
                     TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_LINK("link", SockbenchSysctlState, link, TYPE_SOCKBENCH_LINK,
                     SockbenchLinkState *),
    DEFINE_PROP_UINT64("seed", SockbenchSysctlState, seed, 0),
    DEFINE_PROP_CHR("chardev", SockbenchSysctlState, chr),
};

static const VMStateDescription sysctl_vmstate = {
    .name = TYPE_SOCKBENCH_SYSCTL,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_CLOCK(cpuclk, SockbenchSysctlState),
        VMSTATE_UINT64(seed, SockbenchSysctlState),
        VMSTATE_UINT64(random, SockbenchSysctlState),
        VMSTATE_END_OF_LIST()
    }
};

static void sysctl_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = sysctl_realize;
    dc->vmsd = &sysctl_vmstate;
    device_class_set_props(dc, sysctl_properties);
    RESETTABLE_CLASS(klass)->phases.hold = sysctl_reset_hold;
}

static const TypeInfo sysctl_types[] = {
    {
        .name = TYPE_SOCKBENCH_SYSCTL,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchSysctlState),
        .instance_init = sysctl_init,
        .class_init = sysctl_class_init,
    },
};

DEFINE_TYPES(sysctl_types)
