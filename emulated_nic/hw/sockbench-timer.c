/*
 * Timer of the sockbench board: nanoseconds since reset, one compare value.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Described in docs/board.md.  The counter has 64 bits and counts real
 * nanoseconds, so that an idle operating system can sleep up to its next
 * deadline in one go, however far away that is, without drift.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "regs/board.h"
#include "sockbench-timer.h"
#include "trace.h"

static uint64_t sockbench_timer_now(SockbenchTimerState *s)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - s->base;
}

static bool sockbench_timer_match(SockbenchTimerState *s)
{
    return (s->ctrl & R_TIMER_CTRL_ENABLE_MASK) &&
           sockbench_timer_now(s) >= s->cmp;
}

static void sockbench_timer_update(SockbenchTimerState *s)
{
    bool match = sockbench_timer_match(s);

    qemu_set_irq(s->irq, match);
    if (match || !(s->ctrl & R_TIMER_CTRL_ENABLE_MASK) ||
        s->cmp > INT64_MAX - s->base) {
        timer_del(s->timer);
    } else {
        timer_mod(s->timer, s->base + s->cmp);
    }
}

static void sockbench_timer_expired(void *opaque)
{
    SockbenchTimerState *s = opaque;

    if (s->link) {
        sockbench_link_check_lateness(s->link, s->base + s->cmp);
    }
    sockbench_timer_update(s);
}

static uint64_t sockbench_timer_read(void *opaque, hwaddr offset,
                                     unsigned size)
{
    SockbenchTimerState *s = opaque;
    uint64_t now;
    uint32_t r = 0;

    switch (offset) {
    case A_TIMER_NOW_LO:
        now = sockbench_timer_now(s);
        s->now_hi = now >> 32;
        r = now;
        break;
    case A_TIMER_NOW_HI:
        r = s->now_hi;
        break;
    case A_TIMER_CMP_LO:
        r = s->cmp_lo;
        break;
    case A_TIMER_CMP_HI:
        r = s->cmp >> 32;
        break;
    case A_TIMER_CTRL:
        r = s->ctrl;
        break;
    case A_TIMER_STATUS:
        r = FIELD_DP32(0, TIMER_STATUS, MATCH, sockbench_timer_match(s));
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
    trace_sockbench_timer_read(offset, r);
    return r;
}

static void sockbench_timer_write(void *opaque, hwaddr offset, uint64_t value,
                        unsigned size)
{
    SockbenchTimerState *s = opaque;

    trace_sockbench_timer_write(offset, value);
    switch (offset) {
    case A_TIMER_CMP_LO:
        s->cmp_lo = value;
        break;
    case A_TIMER_CMP_HI:
        s->cmp = deposit64(s->cmp_lo, 32, 32, value);
        sockbench_timer_update(s);
        break;
    case A_TIMER_CTRL:
        s->ctrl = value & R_TIMER_CTRL_ENABLE_MASK;
        sockbench_timer_update(s);
        break;
    case A_TIMER_NOW_LO:
    case A_TIMER_NOW_HI:
    case A_TIMER_STATUS:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: read-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
}

static const MemoryRegionOps sockbench_timer_ops = {
    .read = sockbench_timer_read,
    .write = sockbench_timer_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 4,
};

static void sockbench_timer_reset_hold(Object *obj, ResetType type)
{
    SockbenchTimerState *s = SOCKBENCH_TIMER(obj);

    s->base = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    s->now_hi = 0;
    s->cmp_lo = 0;
    s->cmp = 0;
    s->ctrl = 0;
    sockbench_timer_update(s);
}

static void sockbench_timer_init(Object *obj)
{
    SockbenchTimerState *s = SOCKBENCH_TIMER(obj);

    memory_region_init_io(&s->iomem, obj, &sockbench_timer_ops, s,
                          TYPE_SOCKBENCH_TIMER, 0x1000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, sockbench_timer_expired, s);
}

static void sockbench_timer_finalize(Object *obj)
{
    timer_free(SOCKBENCH_TIMER(obj)->timer);
}

static const Property sockbench_timer_properties[] = {
    DEFINE_PROP_LINK("link", SockbenchTimerState, link, TYPE_SOCKBENCH_LINK,
                     SockbenchLinkState *),
};

static const VMStateDescription sockbench_timer_vmstate = {
    .name = TYPE_SOCKBENCH_TIMER,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_TIMER_PTR(timer, SockbenchTimerState),
        VMSTATE_INT64(base, SockbenchTimerState),
        VMSTATE_UINT32(now_hi, SockbenchTimerState),
        VMSTATE_UINT32(cmp_lo, SockbenchTimerState),
        VMSTATE_UINT64(cmp, SockbenchTimerState),
        VMSTATE_UINT32(ctrl, SockbenchTimerState),
        VMSTATE_END_OF_LIST()
    }
};

static void sockbench_timer_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->vmsd = &sockbench_timer_vmstate;
    device_class_set_props(dc, sockbench_timer_properties);
    RESETTABLE_CLASS(klass)->phases.hold = sockbench_timer_reset_hold;
}

static const TypeInfo sockbench_timer_types[] = {
    {
        .name = TYPE_SOCKBENCH_TIMER,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchTimerState),
        .instance_init = sockbench_timer_init,
        .instance_finalize = sockbench_timer_finalize,
        .class_init = sockbench_timer_class_init,
    },
};

DEFINE_TYPES(sockbench_timer_types)
