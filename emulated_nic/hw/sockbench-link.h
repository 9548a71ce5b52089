/*
 * The link of the sockbench board: its one seam to the outside.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * The link carries frames, mailbox messages, console output and faults over
 * one inherited stream socket, and owns virtual time: whenever something
 * crosses it, the board stands still until the harness has answered.  The
 * protocol is described in docs/link-protocol.md.
 *
 * QEMU interface:
 *  + QOM property "fd": the connected stream socket
 *  + QOM property "seed": reported by the first HELLO; RESET replaces it
 *  + net client "link0": what a NIC's "netdev" property is to be set to
 */

#ifndef HW_SOCKBENCH_LINK_H
#define HW_SOCKBENCH_LINK_H

#include "hw/sysbus.h"
#include "net/net.h"
#include "qom/object.h"
#include "sockbench-link-wire.h"

#define TYPE_SOCKBENCH_LINK "sockbench-link"
OBJECT_DECLARE_SIMPLE_TYPE(SockbenchLinkState, SOCKBENCH_LINK)

#define TYPE_SOCKBENCH_FAULTS "sockbench-faults"
typedef struct SockbenchFaultsClass SockbenchFaultsClass;
DECLARE_CLASS_CHECKERS(SockbenchFaultsClass, SOCKBENCH_FAULTS,
                       TYPE_SOCKBENCH_FAULTS)

/* A device with a fault table.  Returns false for a fault it doesn't know. */
struct SockbenchFaultsClass {
    InterfaceClass parent_class;

    bool (*arm)(Object *obj, uint32_t fault, uint32_t count, uint32_t arg);
};

#define TYPE_SOCKBENCH_PORT "sockbench-port"
typedef struct SockbenchPortClass SockbenchPortClass;
DECLARE_CLASS_CHECKERS(SockbenchPortClass, SOCKBENCH_PORT,
                       TYPE_SOCKBENCH_PORT)

/* What takes frames where no net client can.  0, or a reason of LINK_DROP. */
struct SockbenchPortClass {
    InterfaceClass parent_class;

    uint8_t (*deliver)(Object *obj, const uint8_t *data, uint32_t size);
};

#define SOCKBENCH_LINK_PORTS      3
#define SOCKBENCH_LINK_WIFI       1
#define SOCKBENCH_LINK_CAN        2
#define SOCKBENCH_LINK_NETDEV     "link0"

/* Faults of the wire itself, which the link arms for any NIC. */
#define SOCKBENCH_FAULT_LINK_DOWN 1
#define SOCKBENCH_FAULT_LINK_UP   2

typedef struct SockbenchEvent SockbenchEvent;
typedef bool SockbenchMailboxFn(void *opaque, const uint8_t *data,
                                uint32_t size);

struct SockbenchLinkState {
    /*< private >*/
    SysBusDevice parent_obj;

    /*< public >*/
    int32_t fd;
    uint64_t seed;
    Object *fault_target[SOCKBENCH_LINK_PORTS];
    Object *port[SOCKBENCH_LINK_PORTS]; /* but Ethernet's */

    NetClientState *ncp;
    SockbenchMailboxFn *mailbox_fn;
    void *mailbox_opaque;
    GSource *hangup;

    QEMUTimer *timer;
    QTAILQ_HEAD(, SockbenchEvent) events;
    int64_t base;        /* virtual clock at the last HELLO */
    int64_t wake;        /* on the virtual clock */
    bool hello_due;
    bool silent;         /* a reset or the end is under way: say nothing */
    bool in_timer;

    uint8_t line[LOG_BYTES_MAX];
    uint32_t line_len;
    GByteArray *reply;
};

/* The next three are to be called before the machine runs. */
void sockbench_link_set_mailbox(SockbenchLinkState *s, SockbenchMailboxFn *fn,
                                void *opaque);
/* The device that arms the faults of that port: a TYPE_SOCKBENCH_FAULTS. */
void sockbench_link_set_faults(SockbenchLinkState *s, unsigned int port,
                               Object *target);
/* What takes the frames for that port: a TYPE_SOCKBENCH_PORT. */
void sockbench_link_set_port(SockbenchLinkState *s, unsigned int port,
                             Object *target);
/* End QEMU if what was due then, on the virtual clock, happens too late. */
void sockbench_link_check_lateness(SockbenchLinkState *s, int64_t due);
/* A frame that leaves the board by another port than Ethernet's. */
void sockbench_link_transmit(SockbenchLinkState *s, uint8_t port,
                             const uint8_t *data, uint32_t size);
void sockbench_link_mailbox(SockbenchLinkState *s, const uint8_t *data,
                            uint32_t size);
void sockbench_link_console(SockbenchLinkState *s, uint8_t byte);
void sockbench_link_panic(SockbenchLinkState *s, const char *report);
void sockbench_link_exit(SockbenchLinkState *s, uint32_t status);

#endif
