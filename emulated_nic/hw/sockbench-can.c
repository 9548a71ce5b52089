/*
 * The far end of the sockbench board's CAN bus: port 2 of the link.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * A node that says on the bus what the harness says, and tells the harness what
 * the others say.  docs/link-protocol.md has the layout of a frame on the link.
 *
 * The controller is QEMU's own and knows no errors.  So the faults here set its
 * error registers as a controller that had met the error would, and then have
 * it look at its interrupts by a write to their enable register.  What does not
 * reach the bus during bus-off is kept from it at this end.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "hw/register.h"
#include "migration/vmstate.h"
#include "qemu/bswap.h"
#include "qemu/module.h"
#include "regs/board.h"
#include "regs/can.h"
#include "sockbench-can.h"
#include "trace.h"

#define HEADER_BYTES    8u
#define CLASSIC_BYTES   8u
#define FD_BYTES        64u

/* Flags on the link, which are Linux's. */
#define LINK_CAN_BRS    1u
#define LINK_CAN_ESI    2u
#define LINK_CAN_FD     4u

#define ESTAT_BUS_OFF   0u
#define ESTAT_ACTIVE    1u
#define ESTAT_PASSIVE   3u
#define ERROR_WARNING   96u  /* ISO 11898-1, 12.1.4 */
#define ERROR_PASSIVE   128u

/* From the bus. */

static bool can_end_can_receive(CanBusClientState *client)
{
    return true;
}

static void can_end_tell(SockbenchCanState *s, const qemu_can_frame *frame)
{
    uint8_t bytes[HEADER_BYTES + FD_BYTES] = { };
    uint32_t size = HEADER_BYTES;
    uint8_t flags = 0;

    if (frame->flags & QEMU_CAN_FRMF_TYPE_FD) {
        flags = LINK_CAN_FD;
        flags |= frame->flags & QEMU_CAN_FRMF_BRS ? LINK_CAN_BRS : 0;
        flags |= frame->flags & QEMU_CAN_FRMF_ESI ? LINK_CAN_ESI : 0;
    }
    stl_le_p(bytes, frame->can_id);
    bytes[4] = frame->can_dlc;
    bytes[5] = flags;
    /* A remote frame has a length, but no data. */
    if (!(frame->can_id & QEMU_CAN_RTR_FLAG)) {
        memcpy(bytes + HEADER_BYTES, frame->data, frame->can_dlc);
        size += frame->can_dlc;
    }
    sockbench_link_transmit(s->link, SOCKBENCH_LINK_CAN, bytes, size);
}

static ssize_t can_end_receive(CanBusClientState *client,
                               const qemu_can_frame *frames, size_t count)
{
    SockbenchCanState *s = container_of(client, SockbenchCanState, client);
    size_t i;

    for (i = 0; s->link && !s->bus_off && i < count; i++) {
        trace_sockbench_can_from_board(frames[i].can_id, frames[i].can_dlc,
                                       frames[i].flags);
        can_end_tell(s, &frames[i]);
    }
    return count;
}

static CanBusClientInfo can_end_info = {
    .can_receive = can_end_can_receive,
    .receive = can_end_receive,
};

/* To the bus. */

/* Whether the bytes are a frame that a bus can carry. */
static bool can_end_parse(const uint8_t *bytes, uint32_t size,
                          qemu_can_frame *frame)
{
    uint32_t id, limit;
    uint8_t length, flags;
    bool fd, remote;

    if (size < HEADER_BYTES || lduw_le_p(bytes + 6) != 0) {
        return false;
    }
    id = ldl_le_p(bytes);
    length = bytes[4];
    flags = bytes[5];
    fd = flags & LINK_CAN_FD;
    remote = id & QEMU_CAN_RTR_FLAG;
    limit = id & QEMU_CAN_EFF_FLAG ? QEMU_CAN_EFF_MASK : QEMU_CAN_SFF_MASK;

    if ((id & QEMU_CAN_ERR_FLAG) || (id & QEMU_CAN_EFF_MASK) > limit ||
        (flags & ~(LINK_CAN_FD | LINK_CAN_BRS | LINK_CAN_ESI)) ||
        (flags && !fd) || (remote && fd) ||
        length > (fd ? FD_BYTES : CLASSIC_BYTES) ||
        can_dlc2len(can_len2dlc(length)) != length ||
        size != HEADER_BYTES + (remote ? 0 : length)) {
        return false;
    }
    memset(frame, 0, sizeof(*frame));
    frame->can_id = id;
    frame->can_dlc = length;
    frame->flags = (fd ? QEMU_CAN_FRMF_TYPE_FD : 0) |
                   (flags & LINK_CAN_BRS ? QEMU_CAN_FRMF_BRS : 0) |
                   (flags & LINK_CAN_ESI ? QEMU_CAN_FRMF_ESI : 0);
    memcpy(frame->data, bytes + HEADER_BYTES, size - HEADER_BYTES);
    return true;
}

static uint8_t can_end_deliver(Object *obj, const uint8_t *data, uint32_t size)
{
    SockbenchCanState *s = SOCKBENCH_CAN(obj);
    qemu_can_frame frame;

    if (!can_end_parse(data, size, &frame)) {
        return DROP_UNKNOWN;
    }
    if (s->bus_off) {
        return DROP_LINK_DOWN;
    }
    trace_sockbench_can_to_board(frame.can_id, frame.can_dlc, frame.flags);
    return can_bus_client_send(&s->client, &frame, 1) > 0 ? 0
                                                          : DROP_NOT_RECEIVING;
}

/* Faults */

static void set_field(SockbenchCanState *s, uint32_t reg, int shift, int bits,
                      uint32_t value)
{
    uint32_t *r = &s->controller->regs[reg / 4];

    *r = deposit32(*r, shift, bits, value);
}

#define SET(s, reg, field, value) \
    set_field(s, A_##reg, R_##reg##_##field##_SHIFT, \
              R_##reg##_##field##_LENGTH, value)

static void set_counters(SockbenchCanState *s, uint8_t tec, uint8_t rec)
{
    uint8_t worst = MAX(tec, rec);

    SET(s, CAN_ECR, TEC, tec);
    SET(s, CAN_ECR, REC, rec);
    SET(s, CAN_SR, ERRWRN, worst >= ERROR_WARNING);
    SET(s, CAN_SR, ESTAT, worst >= ERROR_PASSIVE ? ESTAT_PASSIVE
                                                 : ESTAT_ACTIVE);
}

static bool can_end_arm(Object *obj, uint32_t fault, uint32_t count,
                        uint32_t arg)
{
    SockbenchCanState *s = SOCKBENCH_CAN(obj);
    uint32_t ier = s->controller->regs[A_CAN_IER / 4];

    trace_sockbench_can_fault(fault, arg);
    switch (fault) {
    case CAN_FAULT_BUS_OFF:
        s->bus_off = true;
        SET(s, CAN_SR, ESTAT, ESTAT_BUS_OFF);
        SET(s, CAN_ISR, BSOFF, 1);
        break;
    case CAN_FAULT_RECOVERED:
        s->bus_off = false;
        set_counters(s, 0, 0);
        SET(s, CAN_ISR, BSFRD, 1);
        break;
    case CAN_FAULT_ERROR:
        s->controller->regs[A_CAN_ESR / 4] |= arg;
        SET(s, CAN_ISR, ERROR, 1);
        break;
    case CAN_FAULT_COUNTERS:
        set_counters(s, arg & 0xff, (arg >> 8) & 0xff);
        SET(s, CAN_ISR, ERROR, 1);
        break;
    default:
        return false;
    }
    register_write(&s->controller->reg_info[A_CAN_IER / 4], ier, ~0ull,
                   TYPE_SOCKBENCH_CAN, false);
    return true;
}

/* Life */

static void can_end_reset(DeviceState *dev)
{
    SOCKBENCH_CAN(dev)->bus_off = false;
}

static void can_end_realize(DeviceState *dev, Error **errp)
{
    SockbenchCanState *s = SOCKBENCH_CAN(dev);

    if (!s->bus || !s->controller) {
        error_setg(errp, "bus and controller have to be set");
        return;
    }
    s->client.info = &can_end_info;
    can_bus_insert_client(s->bus, &s->client);
    if (s->link) {
        sockbench_link_set_port(s->link, SOCKBENCH_LINK_CAN, OBJECT(s));
        sockbench_link_set_faults(s->link, SOCKBENCH_LINK_CAN, OBJECT(s));
    }
}

static const Property can_end_properties[] = {
    DEFINE_PROP_LINK("bus", SockbenchCanState, bus, TYPE_CAN_BUS,
                     CanBusState *),
    DEFINE_PROP_LINK("link", SockbenchCanState, link, TYPE_SOCKBENCH_LINK,
                     SockbenchLinkState *),
    DEFINE_PROP_LINK("controller", SockbenchCanState, controller,
                     TYPE_XILINX_CANFD, XlnxVersalCANFDState *),
};

static const VMStateDescription can_end_vmstate = {
    .name = TYPE_SOCKBENCH_CAN,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(bus_off, SockbenchCanState),
        VMSTATE_END_OF_LIST()
    }
};

static void can_end_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = can_end_realize;
    dc->vmsd = &can_end_vmstate;
    dc->user_creatable = false;
    device_class_set_props(dc, can_end_properties);
    device_class_set_legacy_reset(dc, can_end_reset);
    SOCKBENCH_FAULTS_CLASS(klass)->arm = can_end_arm;
    SOCKBENCH_PORT_CLASS(klass)->deliver = can_end_deliver;
}

static const TypeInfo can_end_types[] = {
    {
        .name = TYPE_SOCKBENCH_CAN,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchCanState),
        .class_init = can_end_class_init,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_SOCKBENCH_FAULTS },
            { TYPE_SOCKBENCH_PORT },
            { }
        },
    },
};

DEFINE_TYPES(can_end_types)
