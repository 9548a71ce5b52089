/*
 * Ethernet MAC of the sockbench board: registers, interrupts, management.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * A MAC of our own design, described in docs/nic-datasheet.md; the register
 * list in regs/eth.h is shared with the driver.
 *
 * Modelled: descriptor rings with scatter, interrupt status, mask and
 * moderation, address filter, statistics, checksum offload, MDIO master, and
 * faults that the bench arms.
 * As part of another device it does without a PHY (CAPS.NO_PHY): nothing is
 * padded then, because its medium has no shortest frame.
 * Not modelled: line rate (a frame takes no time to send), half duplex, flow
 * control, FCS errors, wake on LAN.
 *
 * Where hardware differs in what it makes of a driver's mistakes, this one
 * refuses them: a bad value is logged and the register keeps what it had.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "net/eth.h"
#include "sockbench-eth.h"
#include "sockbench-link.h"
#include "trace.h"

#define ETH_RING_LOG2_MAX 10

#define ETH_CTRL_WRITABLE (R_ETH_CTRL_TX_ENABLE_MASK | \
                           R_ETH_CTRL_RX_ENABLE_MASK | \
                           R_ETH_CTRL_PROMISC_MASK | \
                           R_ETH_CTRL_ALLMULTI_MASK | \
                           R_ETH_CTRL_RX_CSUM_MASK | \
                           R_ETH_CTRL_NO_BROADCAST_MASK)
#define ETH_INT_ALL       0xffu
#define ETH_MDIO_WRITABLE (R_ETH_MDIO_CTRL_REG_MASK | \
                           R_ETH_MDIO_CTRL_PHY_MASK | \
                           R_ETH_MDIO_CTRL_WRITE_MASK)

/* Interrupts */

static void eth_update_irq(SockbenchEthState *s)
{
    bool pending = s->regs[R_ETH_INT_STATUS] & s->regs[R_ETH_INT_MASK];

    if (!pending) {
        s->irq_lost = false;
    }
    qemu_set_irq(s->irq, pending && !s->irq_lost);
}

void sockbench_eth_raise(SockbenchEthState *s, uint32_t bits)
{
    uint32_t wanted = s->fault_arg[ETH_FAULT_LOST_IRQ];

    s->regs[R_ETH_INT_STATUS] |= bits;
    /* The fault: this event does not reach the line, the next one does. */
    s->irq_lost = (bits & s->regs[R_ETH_INT_MASK]) &&
                  (wanted == 0 || (bits & wanted)) &&
                  sockbench_eth_fault_takes(s, ETH_FAULT_LOST_IRQ);
    eth_update_irq(s);
}

static void eth_release_held(SockbenchEthState *s)
{
    uint32_t bits = s->held;

    timer_del(s->moderation);
    s->held = 0;
    s->held_frames = 0;
    if (bits) {
        sockbench_eth_raise(s, bits);
    }
}

static void eth_moderation_expired(void *opaque)
{
    eth_release_held(opaque);
}

/* Of a frame: at once, or after a while, or after so many. */
void sockbench_eth_raise_moderated(SockbenchEthState *s, uint32_t bits)
{
    uint32_t mod = s->regs[R_ETH_INT_MOD];
    uint32_t delay_us = FIELD_EX32(mod, ETH_INT_MOD, DELAY_US);
    uint32_t frames = FIELD_EX32(mod, ETH_INT_MOD, FRAMES);

    if (delay_us == 0) {
        sockbench_eth_raise(s, bits);
        return;
    }
    if (!s->held) {
        timer_mod(s->moderation, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                                 delay_us * (int64_t)SCALE_US);
    }
    s->held |= bits;
    s->held_frames++;
    if (frames && s->held_frames >= frames) {
        eth_release_held(s);
    }
}

static void eth_carrier_changed(void *opaque, int n, int level)
{
    SockbenchEthState *s = opaque;

    if (s->carrier != !!level) {
        s->carrier = level;
        sockbench_eth_raise(s, R_ETH_INT_STATUS_LINK_CHANGE_MASK);
    }
}

/* Management of the PHY */

static void eth_mdio_start(SockbenchEthState *s, uint32_t value)
{
    if (!s->has_phy) {
        qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: there is no MDIO\n");
        return;
    }
    if (s->regs[R_ETH_MDIO_CTRL] & R_ETH_MDIO_CTRL_START_MASK) {
        qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: MDIO is busy\n");
        return;
    }
    s->regs[R_ETH_MDIO_CTRL] = value & ETH_MDIO_WRITABLE;
    if (!(value & R_ETH_MDIO_CTRL_START_MASK)) {
        return;
    }
    s->regs[R_ETH_MDIO_CTRL] |= R_ETH_MDIO_CTRL_START_MASK;
    /* The fault: this access never ends, only CTRL.RESET helps. */
    if (!sockbench_eth_fault_takes(s, ETH_FAULT_MDIO_STUCK)) {
        timer_mod(s->mdio, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                           SOCKBENCH_ETH_MDIO_NS);
    }
}

static void eth_mdio_done(void *opaque)
{
    SockbenchEthState *s = opaque;
    uint32_t ctrl = s->regs[R_ETH_MDIO_CTRL];
    unsigned int reg = FIELD_EX32(ctrl, ETH_MDIO_CTRL, REG);
    bool ours = FIELD_EX32(ctrl, ETH_MDIO_CTRL, PHY) == SB_ETH_PHY_ADDR;

    s->regs[R_ETH_MDIO_CTRL] &= ~R_ETH_MDIO_CTRL_START_MASK;
    if (!(ctrl & R_ETH_MDIO_CTRL_WRITE_MASK)) {
        /* Nobody drives the line: pull-ups. */
        s->regs[R_ETH_MDIO_DATA] = ours ? sockbench_phy_read(&s->phy, reg)
                                        : 0xffff;
    } else if (ours) {
        sockbench_phy_write(&s->phy, reg, s->regs[R_ETH_MDIO_DATA]);
    }
    sockbench_eth_raise(s, R_ETH_INT_STATUS_MDIO_DONE_MASK);
}

/* Registers */

/* The shortest frame, without FCS. */
uint32_t sockbench_eth_frame_min(SockbenchEthState *s)
{
    return s->has_phy ? SB_ETH_FRAME_BYTES_MIN : ETH_HLEN;
}

static void eth_reset_registers(SockbenchEthState *s)
{
    memset(s->regs, 0, sizeof(s->regs));
    s->regs[R_ETH_MAC_LO] = ldl_le_p(s->conf.macaddr.a);
    s->regs[R_ETH_MAC_HI] = lduw_le_p(s->conf.macaddr.a + 4);
    s->regs[R_ETH_MAX_FRAME] = SOCKBENCH_ETH_MAX_FRAME_RESET;
    s->held = 0;
    s->held_frames = 0;
    s->tx_stuck = false;
    s->irq_lost = false;
    timer_del(s->moderation);
    timer_del(s->mdio);
    eth_update_irq(s);
}

static void eth_refused(hwaddr offset, uint32_t value)
{
    qemu_log_mask(LOG_GUEST_ERROR, "sockbench-eth: 0x%" PRIx32 " can't be "
                  "written to offset 0x%" HWADDR_PRIx "\n", value, offset);
}

static uint32_t eth_status(SockbenchEthState *s)
{
    uint32_t r = 0;

    r = FIELD_DP32(r, ETH_STATUS, LINK_UP, s->carrier);
    r = FIELD_DP32(r, ETH_STATUS, TX_IDLE,
                   s->regs[R_ETH_TX_HEAD] == s->regs[R_ETH_TX_TAIL]);
    r = FIELD_DP32(r, ETH_STATUS, RX_FULL,
                   s->regs[R_ETH_RX_HEAD] == s->regs[R_ETH_RX_TAIL]);
    return r;
}

static uint64_t eth_read(void *opaque, hwaddr offset, unsigned size)
{
    SockbenchEthState *s = opaque;
    uint32_t r = 0;

    switch (offset) {
    case A_ETH_ID:
        r = SB_ETH_ID_VALUE;
        break;
    case A_ETH_CAPS:
        r = R_ETH_CAPS_RX_CSUM_MASK | R_ETH_CAPS_TX_CSUM_MASK |
            R_ETH_CAPS_SCATTER_MASK | R_ETH_CAPS_MCAST_HASH_MASK;
        r = FIELD_DP32(r, ETH_CAPS, NO_PHY, !s->has_phy);
        r = FIELD_DP32(r, ETH_CAPS, RING_LOG2_MAX, ETH_RING_LOG2_MAX);
        break;
    case A_ETH_STATUS:
        r = eth_status(s);
        break;
    case A_ETH_CTRL:
    case A_ETH_MAC_LO ... A_ETH_MDIO_DATA:
    case A_ETH_STAT_TX_FRAMES ... A_ETH_STAT_RX_DMA:
        r = s->regs[offset / 4];
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
    trace_sockbench_eth_read(offset, r);
    return r;
}

static void eth_write_ctrl(SockbenchEthState *s, uint32_t value)
{
    uint32_t before = s->regs[R_ETH_CTRL];

    if (value & R_ETH_CTRL_RESET_MASK) {
        eth_reset_registers(s);
        return;
    }
    if ((value & R_ETH_CTRL_TX_ENABLE_MASK) && !s->regs[R_ETH_TX_SIZE]) {
        eth_refused(A_ETH_CTRL, value);
        value &= ~R_ETH_CTRL_TX_ENABLE_MASK;
    }
    if ((value & R_ETH_CTRL_RX_ENABLE_MASK) && !s->regs[R_ETH_RX_SIZE]) {
        eth_refused(A_ETH_CTRL, value);
        value &= ~R_ETH_CTRL_RX_ENABLE_MASK;
    }
    s->regs[R_ETH_CTRL] = value & ETH_CTRL_WRITABLE;
    if (!(value & R_ETH_CTRL_TX_ENABLE_MASK)) {
        s->tx_stuck = false;
    } else if (!(before & R_ETH_CTRL_TX_ENABLE_MASK)) {
        sockbench_eth_transmit(s);
    }
}

/* A ring is set up while its engine is off, and then starts empty. */
static void eth_write_ring(SockbenchEthState *s, hwaddr offset, uint32_t value)
{
    bool tx = offset < A_ETH_RX_BASE;
    uint32_t enable = tx ? R_ETH_CTRL_TX_ENABLE_MASK
                         : R_ETH_CTRL_RX_ENABLE_MASK;
    bool base = offset == A_ETH_TX_BASE || offset == A_ETH_RX_BASE;
    bool good = base ? value % SB_ETH_DESC_BYTES == 0
                     : is_power_of_2(value) && value >= 2 &&
                       value <= 1u << ETH_RING_LOG2_MAX;

    if (!good || (s->regs[R_ETH_CTRL] & enable)) {
        eth_refused(offset, value);
        return;
    }
    s->regs[offset / 4] = value;
    s->regs[tx ? R_ETH_TX_HEAD : R_ETH_RX_HEAD] = 0;
    s->regs[tx ? R_ETH_TX_TAIL : R_ETH_RX_TAIL] = 0;
}

static void eth_write_tail(SockbenchEthState *s, hwaddr offset, uint32_t value)
{
    bool tx = offset == A_ETH_TX_TAIL;

    if (value >= s->regs[tx ? R_ETH_TX_SIZE : R_ETH_RX_SIZE]) {
        eth_refused(offset, value);
        return;
    }
    s->regs[offset / 4] = value;
    if (tx) {
        sockbench_eth_transmit(s);
    }
}

static void eth_write(void *opaque, hwaddr offset, uint64_t value64,
                      unsigned size)
{
    SockbenchEthState *s = opaque;
    uint32_t value = value64;

    trace_sockbench_eth_write(offset, value);
    switch (offset) {
    case A_ETH_CTRL:
        eth_write_ctrl(s, value);
        break;
    case A_ETH_MAC_LO:
    case A_ETH_MCAST_LO:
    case A_ETH_MCAST_HI:
        s->regs[offset / 4] = value;
        break;
    case A_ETH_MDIO_DATA:
        if (!s->has_phy) {
            eth_refused(offset, value);
            break;
        }
        /* fall through */
    case A_ETH_MAC_HI:
        s->regs[offset / 4] = value & 0xffff;
        break;
    case A_ETH_INT_STATUS:
        s->regs[R_ETH_INT_STATUS] &= ~value;
        eth_update_irq(s);
        break;
    case A_ETH_INT_MASK:
        s->regs[R_ETH_INT_MASK] = value & ETH_INT_ALL;
        eth_update_irq(s);
        break;
    case A_ETH_INT_MOD:
        s->regs[R_ETH_INT_MOD] = value & (R_ETH_INT_MOD_DELAY_US_MASK |
                                          R_ETH_INT_MOD_FRAMES_MASK);
        /* What is held was held under other rules. */
        eth_release_held(s);
        break;
    case A_ETH_MAX_FRAME:
        if (value < SB_ETH_FRAME_BYTES_MIN ||
            value > SOCKBENCH_ETH_MAX_FRAME_LIMIT) {
            eth_refused(offset, value);
        } else {
            s->regs[R_ETH_MAX_FRAME] = value;
        }
        break;
    case A_ETH_TX_BASE:
    case A_ETH_TX_SIZE:
    case A_ETH_RX_BASE:
    case A_ETH_RX_SIZE:
        eth_write_ring(s, offset, value);
        break;
    case A_ETH_TX_TAIL:
    case A_ETH_RX_TAIL:
        eth_write_tail(s, offset, value);
        break;
    case A_ETH_MDIO_CTRL:
        eth_mdio_start(s, value);
        break;
    case A_ETH_ID:
    case A_ETH_CAPS:
    case A_ETH_STATUS:
    case A_ETH_TX_HEAD:
    case A_ETH_RX_HEAD:
    case A_ETH_STAT_TX_FRAMES ... A_ETH_STAT_RX_DMA:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: read-only offset 0x%" HWADDR_PRIx
                      "\n", __func__, offset);
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "%s: bad offset 0x%" HWADDR_PRIx "\n",
                      __func__, offset);
        break;
    }
}

static const MemoryRegionOps eth_ops = {
    .read = eth_read,
    .write = eth_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 4,
};

/* The net layer's side */

static ssize_t eth_receive(NetClientState *nc, const uint8_t *buf, size_t size)
{
    SockbenchEthState *s = qemu_get_nic_opaque(nc);

    /* In loopback the PHY hears itself only. */
    if (!s->carrier || sockbench_phy_loopback(&s->phy)) {
        return -1;
    }
    return sockbench_eth_receive(s, buf, size);
}

static void eth_link_status_changed(NetClientState *nc)
{
    SockbenchEthState *s = qemu_get_nic_opaque(nc);

    if (s->has_phy) {
        sockbench_phy_set_cable(&s->phy, !nc->link_down);
    }
}

static NetClientInfo eth_net_info = {
    .type = NET_CLIENT_DRIVER_NIC,
    .size = sizeof(NICState),
    .receive = eth_receive,
    .link_status_changed = eth_link_status_changed,
};

/* Life */

static void eth_reset_hold(Object *obj, ResetType type)
{
    SockbenchEthState *s = SOCKBENCH_ETH(obj);

    memset(s->fault_count, 0, sizeof(s->fault_count));
    memset(s->fault_arg, 0, sizeof(s->fault_arg));
    eth_reset_registers(s);
}

/* The PHY has been reset by now, in whichever order; no event, just state. */
static void eth_reset_exit(Object *obj, ResetType type)
{
    SockbenchEthState *s = SOCKBENCH_ETH(obj);

    s->regs[R_ETH_INT_STATUS] = 0;
    eth_update_irq(s);
}

static void eth_realize(DeviceState *dev, Error **errp)
{
    SockbenchEthState *s = SOCKBENCH_ETH(dev);

    if (!s->memory) {
        error_setg(errp, TYPE_SOCKBENCH_ETH ": 'memory' link not set");
        return;
    }
    if (!s->has_phy) {
        object_unparent(OBJECT(&s->phy));
    } else if (sysbus_realize(SYS_BUS_DEVICE(&s->phy), errp)) {
        qdev_connect_gpio_out(DEVICE(&s->phy), 0,
                              qdev_get_gpio_in_named(dev, "carrier", 0));
    } else {
        return;
    }
    address_space_init(&s->as, s->memory, TYPE_SOCKBENCH_ETH);
    /* The largest frame, and the padding of the smallest. */
    s->frame = g_malloc(SOCKBENCH_ETH_MAX_FRAME_LIMIT);

    qemu_macaddr_default_if_unset(&s->conf.macaddr);
    s->nic = qemu_new_nic(&eth_net_info, &s->conf, TYPE_SOCKBENCH_ETH,
                          dev->id, &dev->mem_reentrancy_guard, s);
    qemu_format_nic_info_str(qemu_get_queue(s->nic), s->conf.macaddr.a);
}

static void eth_init(Object *obj)
{
    SockbenchEthState *s = SOCKBENCH_ETH(obj);

    memory_region_init_io(&s->iomem, obj, &eth_ops, s, TYPE_SOCKBENCH_ETH,
                          0x1000);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    object_initialize_child(obj, "phy", &s->phy, TYPE_SOCKBENCH_PHY);
    qdev_init_gpio_in_named(DEVICE(obj), eth_carrier_changed, "carrier", 1);
    s->moderation = timer_new_ns(QEMU_CLOCK_VIRTUAL, eth_moderation_expired,
                                 s);
    s->mdio = timer_new_ns(QEMU_CLOCK_VIRTUAL, eth_mdio_done, s);
}

static void eth_finalize(Object *obj)
{
    SockbenchEthState *s = SOCKBENCH_ETH(obj);

    timer_free(s->moderation);
    timer_free(s->mdio);
    g_free(s->frame);
}

static const Property eth_properties[] = {
    DEFINE_PROP_LINK("memory", SockbenchEthState, memory, TYPE_MEMORY_REGION,
                     MemoryRegion *),
    DEFINE_PROP_BOOL("has-phy", SockbenchEthState, has_phy, true),
    DEFINE_NIC_PROPERTIES(SockbenchEthState, conf),
};

static const VMStateDescription eth_vmstate = {
    .name = TYPE_SOCKBENCH_ETH,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_ARRAY(regs, SockbenchEthState, SOCKBENCH_ETH_REGS),
        VMSTATE_BOOL(carrier, SockbenchEthState),
        VMSTATE_TIMER_PTR(moderation, SockbenchEthState),
        VMSTATE_UINT32(held, SockbenchEthState),
        VMSTATE_UINT32(held_frames, SockbenchEthState),
        VMSTATE_TIMER_PTR(mdio, SockbenchEthState),
        VMSTATE_BOOL(tx_stuck, SockbenchEthState),
        VMSTATE_BOOL(irq_lost, SockbenchEthState),
        VMSTATE_UINT32_ARRAY(fault_count, SockbenchEthState, ETH_FAULTS),
        VMSTATE_UINT32_ARRAY(fault_arg, SockbenchEthState, ETH_FAULTS),
        VMSTATE_END_OF_LIST()
    }
};

static void eth_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->realize = eth_realize;
    dc->vmsd = &eth_vmstate;
    set_bit(DEVICE_CATEGORY_NETWORK, dc->categories);
    device_class_set_props(dc, eth_properties);
    rc->phases.hold = eth_reset_hold;
    rc->phases.exit = eth_reset_exit;
    SOCKBENCH_FAULTS_CLASS(klass)->arm = sockbench_eth_fault_arm;
}

static const TypeInfo eth_types[] = {
    {
        .name = TYPE_SOCKBENCH_ETH,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchEthState),
        .instance_init = eth_init,
        .instance_finalize = eth_finalize,
        .class_init = eth_class_init,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_SOCKBENCH_FAULTS },
            { }
        },
    },
};

DEFINE_TYPES(eth_types)
