/*
 * The link of the sockbench board: its one seam to the outside.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * This is no model of hardware.  It is a net client, so that any NIC can sit
 * on it, and the owner of virtual time.  Every message but LOG and DROP is
 * sent and answered synchronously, with the BQL held: no instruction is
 * executed and no timer fires while the harness thinks.
 *
 * Nothing in a reply takes effect at once.  It is queued, and happens from
 * the link's own timer on the virtual clock, when no register access of the
 * board is under way.  That timer runs between two instructions, at most
 * 2^shift - 1 ns late and always by the same amount.  A greater lateness means
 * that the virtual clock was moved behind our back, so it ends QEMU: a run
 * whose times are wrong must not go on to give verdicts.
 *
 * The state of the link can't be migrated, as the harness's half of it lives
 * in another process.  A board without a link can.
 */

#include "qemu/osdep.h"
#include <glib-unix.h>
#include <sys/prctl.h>
#include "qemu/config-file.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qemu/sockets.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "system/cpu-timers.h"
#include "system/cpus.h"
#include "system/qtest.h"
#include "system/runstate.h"
#include "sockbench-link-channel.h"
#include "trace.h"

/* Allocated by QEMU's net layer. */
typedef struct LinkNetClient {
    NetClientState nc;
    SockbenchLinkState *link;
} LinkNetClient;

/* Messages */

static void link_flush_line(SockbenchLinkState *s)
{
    if (s->line_len) {
        link_channel_send(s, LINK_LOG, 0, s->line, s->line_len);
        s->line_len = 0;
    }
}

static void link_drop(SockbenchLinkState *s, const SockbenchEvent *e,
                      uint8_t reason)
{
    uint8_t payload[2] = { reason, e->kind };

    link_flush_line(s);
    link_channel_send(s, LINK_DROP, e->port, payload, sizeof(payload));
}

/* Sleep until the next thing that is due. */
static void link_arm(SockbenchLinkState *s)
{
    SockbenchEvent *first = QTAILQ_FIRST(&s->events);

    if (s->in_timer || s->silent) {
        return;
    }
    timer_mod(s->timer, first ? MIN(first->at, s->wake) : s->wake);
}

/* One message, one reply; the world is held in between. */
static void link_exchange(SockbenchLinkState *s, uint8_t type, uint8_t port,
                          const void *payload, uint32_t size)
{
    if (s->silent) {
        return;
    }
    link_flush_line(s);
    link_channel_send(s, type, port, payload, size);
    link_channel_receive(s);
    link_arm(s);
}

/* Events */

static void link_set_carrier(SockbenchLinkState *s, bool up)
{
    NetClientState *nic = s->ncp->peer;

    if (!nic || nic->link_down == !up) {
        return;
    }
    s->ncp->link_down = !up;
    nic->link_down = !up;
    if (nic->info->link_status_changed) {
        nic->info->link_status_changed(nic);
    }
}

static void link_deliver_frame(SockbenchLinkState *s, SockbenchEvent *e)
{
    NetClientState *nic = s->ncp->peer;
    Object *port = e->port < SOCKBENCH_LINK_PORTS ? s->port[e->port] : NULL;

    if (port) {
        uint8_t reason = SOCKBENCH_PORT_GET_CLASS(port)->deliver(port, e->data,
                                                                 e->size);
        if (reason) {
            link_drop(s, e, reason);
        }
    } else if (e->port != 0 || !nic) {
        link_drop(s, e, DROP_UNKNOWN);
    } else if (nic->link_down) {
        link_drop(s, e, DROP_LINK_DOWN);
    } else {
        /* A wire does not mend runts; whoever sends them wants them seen. */
        nic->do_not_pad = true;
        /* Nor does it store frames for a NIC that does not listen. */
        if (!qemu_can_send_packet(s->ncp) ||
            qemu_send_packet(s->ncp, e->data, e->size) < 0) {
            link_drop(s, e, DROP_NOT_RECEIVING);
        }
    }
}

static bool link_arm_fault(SockbenchLinkState *s, SockbenchEvent *e)
{
    uint32_t fault = ldl_le_p(e->data);
    Object *target;

    if (e->port >= SOCKBENCH_LINK_PORTS) {
        return false;
    }
    if (e->port == 0 && (fault == SOCKBENCH_FAULT_LINK_DOWN ||
                         fault == SOCKBENCH_FAULT_LINK_UP)) {
        link_set_carrier(s, fault == SOCKBENCH_FAULT_LINK_UP);
        return true;
    }
    target = s->fault_target[e->port];
    if (!target) {
        return false;
    }
    return SOCKBENCH_FAULTS_GET_CLASS(target)->arm(target, fault,
                                                   ldl_le_p(e->data + 4),
                                                   ldl_le_p(e->data + 8));
}

/*
 * In the main thread vm_stop() would wait for the end of the timer that we are
 * called from.  There, a request is as good: the main loop looks at it before
 * it lets the CPU go on.
 */
static void link_stop_machine(void)
{
    if (qemu_in_vcpu_thread()) {
        vm_stop(RUN_STATE_PAUSED);
    } else {
        qemu_system_vmstop_request_prepare();
        qemu_system_vmstop_request(RUN_STATE_PAUSED);
    }
}

static void link_happen(SockbenchLinkState *s, SockbenchEvent *e)
{
    trace_sockbench_link_happen(e->kind, e->port, e->at - s->base,
                                link_clock() - e->at);
    switch (e->kind) {
    case EVENT_FRAME:
        link_deliver_frame(s, e);
        break;
    case EVENT_MBOX:
        if (!s->mailbox_fn(s->mailbox_opaque, e->data, e->size)) {
            link_drop(s, e, DROP_MAILBOX_FULL);
        }
        break;
    case EVENT_FAULT:
        if (!link_arm_fault(s, e)) {
            link_drop(s, e, DROP_UNKNOWN);
        }
        break;
    case EVENT_RESET:
        s->seed = ldq_le_p(e->data);
        s->silent = true;
        qemu_system_reset_request(SHUTDOWN_CAUSE_SUBSYSTEM_RESET);
        break;
    case EVENT_STOP:
        link_stop_machine();
        break;
    case EVENT_QUIT:
        exit(0);
    default:
        g_assert_not_reached();
    }
}

void sockbench_link_check_lateness(SockbenchLinkState *s, int64_t due)
{
    int64_t late = link_clock() - due;
    int64_t limit = icount_enabled() ? icount_to_ns(1) : INT64_MAX;

    if (late >= limit && !qtest_enabled()) {
        error_report("sockbench-link: virtual time went wrong: what was due at "
                     "%" PRId64 " ns happened %" PRId64 " ns late",
                     due - s->base, late);
        exit(1);
    }
}

static void link_hello(SockbenchLinkState *s)
{
    uint8_t payload[16];
    int64_t insn_ns = icount_enabled() ? icount_to_ns(1) : 1;

    s->hello_due = false;
    stl_le_p(payload, LINK_VERSION);
    stl_le_p(payload + 4, ctz64(insn_ns));
    stq_le_p(payload + 8, s->seed);
    link_exchange(s, LINK_HELLO, 0, payload, sizeof(payload));
}

static void link_timer(void *opaque)
{
    SockbenchLinkState *s = opaque;
    bool stopped = false;

    s->in_timer = true;
    if (s->hello_due) {
        sockbench_link_check_lateness(s, s->base);
        link_hello(s);
    }
    while (!s->silent && !stopped) {
        SockbenchEvent *e = QTAILQ_FIRST(&s->events);
        int64_t now = link_clock();

        if (e && e->at <= now && e->at <= s->wake) {
            sockbench_link_check_lateness(s, e->at);
            QTAILQ_REMOVE(&s->events, e, next);
            stopped = e->kind == EVENT_STOP;
            link_happen(s, e);
            g_free(e);
        } else if (s->wake <= now) {
            sockbench_link_check_lateness(s, s->wake);
            link_exchange(s, LINK_WAKE, 0, NULL, 0);
        } else {
            break;
        }
    }
    s->in_timer = false;
    link_arm(s);
}

/* What the board's other devices call */

void sockbench_link_set_mailbox(SockbenchLinkState *s, SockbenchMailboxFn *fn,
                                void *opaque)
{
    s->mailbox_fn = fn;
    s->mailbox_opaque = opaque;
}

void sockbench_link_set_faults(SockbenchLinkState *s, unsigned int port,
                               Object *target)
{
    assert(port < SOCKBENCH_LINK_PORTS);
    assert(object_dynamic_cast(target, TYPE_SOCKBENCH_FAULTS));
    s->fault_target[port] = target;
}

void sockbench_link_set_port(SockbenchLinkState *s, unsigned int port,
                             Object *target)
{
    assert(port > 0 && port < SOCKBENCH_LINK_PORTS);
    assert(object_dynamic_cast(target, TYPE_SOCKBENCH_PORT));
    s->port[port] = target;
}

void sockbench_link_transmit(SockbenchLinkState *s, uint8_t port,
                             const uint8_t *data, uint32_t size)
{
    link_exchange(s, LINK_TX, port, data, size);
}

void sockbench_link_mailbox(SockbenchLinkState *s, const uint8_t *data,
                            uint32_t size)
{
    link_exchange(s, LINK_MBOX, 0, data, size);
}

void sockbench_link_console(SockbenchLinkState *s, uint8_t byte)
{
    if (s->silent) {
        return;
    }
    s->line[s->line_len++] = byte;
    if (byte == '\n' || s->line_len == sizeof(s->line)) {
        link_flush_line(s);
    }
}

void sockbench_link_panic(SockbenchLinkState *s, const char *report)
{
    link_exchange(s, LINK_PANIC, 0, report, strlen(report));
}

void sockbench_link_exit(SockbenchLinkState *s, uint32_t status)
{
    uint8_t payload[4];

    stl_le_p(payload, status);
    link_exchange(s, LINK_EXIT, 0, payload, sizeof(payload));
}

static ssize_t link_receive(NetClientState *nc, const uint8_t *buf, size_t size)
{
    SockbenchLinkState *s = container_of(nc, LinkNetClient, nc)->link;

    link_exchange(s, LINK_TX, 0, buf, size);
    return size;
}

static NetClientInfo link_net_info = {
    .type = NET_CLIENT_DRIVER_SOCKET,
    .size = sizeof(LinkNetClient),
    .receive = link_receive,
};

/* Life */

static void link_forget_events(SockbenchLinkState *s)
{
    SockbenchEvent *e, *following;

    QTAILQ_FOREACH_SAFE(e, &s->events, next, following) {
        QTAILQ_REMOVE(&s->events, e, next);
        g_free(e);
    }
}

/*
 * A fresh board has its cable plugged in.  The PHY has to know before its own
 * reset, in the hold phase, decides whether there is a link.
 */
static void link_reset_enter(Object *obj, ResetType type)
{
    link_set_carrier(SOCKBENCH_LINK(obj), true);
}

static void link_reset_hold(Object *obj, ResetType type)
{
    SockbenchLinkState *s = SOCKBENCH_LINK(obj);

    trace_sockbench_link_reset(s->seed);
    link_forget_events(s);
    s->line_len = 0;
    s->base = link_clock();
    s->hello_due = true;
    s->silent = false;
    /* Before the first instruction: the timer is due at once. */
    timer_mod(s->timer, s->base);
}

/* Instructions are counted, and idle time is skipped, not slept. */
static bool link_clock_is_exact(void)
{
    QemuOpts *icount = qemu_opts_find(qemu_find_opts("icount"), NULL);

    return icount_enabled() == ICOUNT_PRECISE && icount &&
           !qemu_opt_get_bool(icount, "sleep", true);
}

static gboolean link_hangup(gint fd, GIOCondition condition, gpointer opaque)
{
    link_channel_gone();
}

static void link_realize(DeviceState *dev, Error **errp)
{
    SockbenchLinkState *s = SOCKBENCH_LINK(dev);

    if (!fd_is_socket(s->fd)) {
        error_setg(errp, "link-fd=%d is not an open socket", s->fd);
        return;
    }
    if (!qtest_enabled() && !link_clock_is_exact()) {
        error_setg(errp, "link-fd needs -icount shift=N,sleep=off");
        return;
    }
    link_channel_open(s);

    /*
     * A harness that dies while the board executes must not leave it running:
     * the socket is only looked at when the board has something to say, or
     * when the main loop gets round to it.
     */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    s->hangup = g_unix_fd_source_new(s->fd, G_IO_HUP | G_IO_ERR);
    g_source_set_callback(s->hangup, G_SOURCE_FUNC(link_hangup), s, NULL);
    g_source_attach(s->hangup, NULL);

    s->ncp = qemu_new_net_client(&link_net_info, NULL, TYPE_SOCKBENCH_LINK,
                                 SOCKBENCH_LINK_NETDEV);
    container_of(s->ncp, LinkNetClient, nc)->link = s;
    /* Frames shall cross as the NIC sent them, not as QEMU would mend them. */
    s->ncp->do_not_pad = true;

    s->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, link_timer, s);
}

static void link_init(Object *obj)
{
    SockbenchLinkState *s = SOCKBENCH_LINK(obj);

    QTAILQ_INIT(&s->events);
}

static const Property link_properties[] = {
    DEFINE_PROP_INT32("fd", SockbenchLinkState, fd, -1),
    DEFINE_PROP_UINT64("seed", SockbenchLinkState, seed, 0),
};

static const VMStateDescription link_vmstate = {
    .name = TYPE_SOCKBENCH_LINK,
    .unmigratable = 1,
};

static void link_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->realize = link_realize;
    dc->vmsd = &link_vmstate;
    dc->user_creatable = false;
    device_class_set_props(dc, link_properties);
    rc->phases.enter = link_reset_enter;
    rc->phases.hold = link_reset_hold;
}

static const TypeInfo link_types[] = {
    {
        .name = TYPE_SOCKBENCH_FAULTS,
        .parent = TYPE_INTERFACE,
        .class_size = sizeof(SockbenchFaultsClass),
    },
    {
        .name = TYPE_SOCKBENCH_PORT,
        .parent = TYPE_INTERFACE,
        .class_size = sizeof(SockbenchPortClass),
    },
    {
        .name = TYPE_SOCKBENCH_LINK,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(SockbenchLinkState),
        .instance_init = link_init,
        .class_init = link_class_init,
    },
};

DEFINE_TYPES(link_types)
