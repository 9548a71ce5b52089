/*
 * Ethernet PHY of the sockbench board: IEEE 802.3 clause 22 management.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * A 10/100 PHY of our own design, described in docs/nic-datasheet.md after
 * IEEE 802.3 22.2.4 (registers) and clause 28 (autonegotiation).
 *
 * Modelled: registers 0 to 6, autonegotiation with the time it takes and a
 * partner that can do everything we can, forced speeds, the latched link bit,
 * power down, isolation, loopback, reset.
 * Not modelled: next pages, remote faults, collision test, jabber.
 *
 * Doubts were settled thus.  A PHY that was configured before the CPU left
 * reset is the usual case on a board, so a reset of the machine leaves the
 * link up if a cable is plugged in; a reset through BMCR starts over.  A
 * partner that negotiates accepts a forced speed at once (parallel detection,
 * 28.2.3.1).
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "hw/irq.h"
#include "hw/net/mii.h"
#include "migration/vmstate.h"
#include "sockbench-phy.h"
#include "trace.h"

#define PHY_BMCR_RESET_VALUE (MII_BMCR_SPEED100 | MII_BMCR_AUTOEN | \
                              MII_BMCR_FD)
#define PHY_BMCR_WRITABLE    (MII_BMCR_LOOPBACK | MII_BMCR_SPEED100 | \
                              MII_BMCR_AUTOEN | MII_BMCR_PDOWN | \
                              MII_BMCR_ISOLATE | MII_BMCR_FD)
#define PHY_ABILITIES        (MII_ANAR_TXFD | MII_ANAR_TX | MII_ANAR_10FD | \
                              MII_ANAR_10)
#define PHY_ANAR_WRITABLE    (PHY_ABILITIES | MII_ANAR_PAUSE | \
                              MII_ANAR_PAUSE_ASYM | MII_ANAR_RFAULT)
#define PHY_PARTNER          (MII_ANLPAR_ACK | PHY_ABILITIES | \
                              MII_ANLPAR_CSMACD)
#define PHY_ANER_PAGE_RECEIVED (1 << 1)

static bool phy_link(SockbenchPhyState *s)
{
    if (!s->cable || (s->bmcr & MII_BMCR_PDOWN)) {
        return false;
    }
    if (!(s->bmcr & MII_BMCR_AUTOEN)) {
        return true;
    }
    return s->negotiated && (s->anar & s->anlpar & PHY_ABILITIES);
}

static void phy_update(SockbenchPhyState *s)
{
    bool link = phy_link(s);

    trace_sockbench_phy_update(link, s->negotiated);
    if (!link) {
        s->link_lost = true;
    }
    qemu_set_irq(s->carrier, link && !(s->bmcr & MII_BMCR_ISOLATE));
}

static void phy_complete(SockbenchPhyState *s)
{
    s->negotiated = true;
    s->anlpar = PHY_PARTNER;
    s->aner = MII_ANER_NWAY | PHY_ANER_PAGE_RECEIVED;
}

/* Start over; with nobody at the other end, go on trying. */
static void phy_negotiate(SockbenchPhyState *s)
{
    s->negotiated = false;
    s->anlpar = 0;
    s->aner = 0;
    timer_del(s->timer);
    if (!s->cable || (s->bmcr & MII_BMCR_PDOWN) ||
        !(s->bmcr & MII_BMCR_AUTOEN)) {
        return;
    }
    if (s->stalls) {
        s->stalls--;
        return;
    }
    timer_mod(s->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                        SOCKBENCH_PHY_NEGOTIATION_NS);
}

static void phy_negotiation_done(void *opaque)
{
    SockbenchPhyState *s = opaque;

    phy_complete(s);
    phy_update(s);
}

uint16_t sockbench_phy_read(SockbenchPhyState *s, unsigned int reg)
{
    uint16_t r = 0;

    switch (reg) {
    case MII_BMCR:
        r = s->bmcr;
        break;
    case MII_BMSR:
        r = MII_BMSR_100TX_FD | MII_BMSR_100TX_HD | MII_BMSR_10T_FD |
            MII_BMSR_10T_HD | MII_BMSR_MFPS | MII_BMSR_AUTONEG |
            MII_BMSR_EXTCAP;
        if (s->negotiated) {
            r |= MII_BMSR_AN_COMP;
        }
        if (phy_link(s) && !s->link_lost) {
            r |= MII_BMSR_LINK_ST;
        }
        /* A lost link shows until it was read once (22.2.4.2.13). */
        s->link_lost = !phy_link(s);
        break;
    case MII_PHYID1:
        r = SOCKBENCH_PHY_ID1;
        break;
    case MII_PHYID2:
        r = SOCKBENCH_PHY_ID2;
        break;
    case MII_ANAR:
        r = s->anar;
        break;
    case MII_ANLPAR:
        r = s->anlpar;
        break;
    case MII_ANER:
        r = s->aner;
        s->aner &= ~PHY_ANER_PAGE_RECEIVED;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: no register %u\n", __func__, reg);
        break;
    }
    trace_sockbench_phy_read(reg, r);
    return r;
}

static void phy_power_up(SockbenchPhyState *s)
{
    s->bmcr = PHY_BMCR_RESET_VALUE;
    s->anar = PHY_ABILITIES | MII_ANAR_CSMACD;
    s->link_lost = false;
}

static void phy_write_bmcr(SockbenchPhyState *s, uint16_t value)
{
    uint16_t changed;

    if (value & MII_BMCR_RESET) {
        phy_power_up(s);
        phy_negotiate(s);
        phy_update(s);
        return;
    }
    changed = s->bmcr ^ value;
    s->bmcr = value & PHY_BMCR_WRITABLE;
    if ((changed & (MII_BMCR_AUTOEN | MII_BMCR_PDOWN)) ||
        (value & MII_BMCR_ANRESTART)) {
        phy_negotiate(s);
    }
    phy_update(s);
}

void sockbench_phy_write(SockbenchPhyState *s, unsigned int reg,
                         uint16_t value)
{
    trace_sockbench_phy_write(reg, value);
    switch (reg) {
    case MII_BMCR:
        phy_write_bmcr(s, value);
        break;
    case MII_ANAR:
        /* Takes effect with the next negotiation. */
        s->anar = (value & PHY_ANAR_WRITABLE) | MII_ANAR_CSMACD;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: register %u can't be written\n",
                      __func__, reg);
        break;
    }
}

void sockbench_phy_set_cable(SockbenchPhyState *s, bool plugged)
{
    s->cable = plugged;
    phy_negotiate(s);
    phy_update(s);
}

bool sockbench_phy_loopback(SockbenchPhyState *s)
{
    return (s->bmcr & MII_BMCR_LOOPBACK) &&
           !(s->bmcr & (MII_BMCR_PDOWN | MII_BMCR_ISOLATE));
}

static void phy_reset_hold(Object *obj, ResetType type)
{
    SockbenchPhyState *s = SOCKBENCH_PHY(obj);

    phy_power_up(s);
    s->stalls = 0;
    phy_negotiate(s);
    if (s->cable) {
        timer_del(s->timer);
        phy_complete(s);
    }
    phy_update(s);
}

static void phy_init(Object *obj)
{
    SockbenchPhyState *s = SOCKBENCH_PHY(obj);

    qdev_init_gpio_out(DEVICE(obj), &s->carrier, 1);
    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, phy_negotiation_done, s);
    s->cable = true;
}

static void phy_finalize(Object *obj)
{
    timer_free(SOCKBENCH_PHY(obj)->timer);
}

static const VMStateDescription phy_vmstate = {
    .name = TYPE_SOCKBENCH_PHY,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_TIMER_PTR(timer, SockbenchPhyState),
        VMSTATE_UINT16(bmcr, SockbenchPhyState),
        VMSTATE_UINT16(anar, SockbenchPhyState),
        VMSTATE_UINT16(anlpar, SockbenchPhyState),
        VMSTATE_UINT16(aner, SockbenchPhyState),
        VMSTATE_BOOL(cable, SockbenchPhyState),
        VMSTATE_BOOL(negotiated, SockbenchPhyState),
        VMSTATE_BOOL(link_lost, SockbenchPhyState),
        VMSTATE_UINT32(stalls, SockbenchPhyState),
        VMSTATE_END_OF_LIST()
    }
};

static void phy_class_init(ObjectClass *klass, void *data)
{
    DEVICE_CLASS(klass)->vmsd = &phy_vmstate;
    RESETTABLE_CLASS(klass)->phases.hold = phy_reset_hold;
}

static const TypeInfo phy_types[] = {
    {
        .name = TYPE_SOCKBENCH_PHY,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchPhyState),
        .instance_init = phy_init,
        .instance_finalize = phy_finalize,
        .class_init = phy_class_init,
    },
};

DEFINE_TYPES(phy_types)
