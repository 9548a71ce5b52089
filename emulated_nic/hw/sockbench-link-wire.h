/*
 * Bytes of the sockbench link protocol, version 1.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_SOCKBENCH_LINK_WIRE_H
#define HW_SOCKBENCH_LINK_WIRE_H

#define LINK_VERSION 1

/* Board to harness. */
enum {
    LINK_HELLO = 1,
    LINK_TX = 2,
    LINK_MBOX = 3,
    LINK_WAKE = 4,
    LINK_PANIC = 5,
    LINK_EXIT = 6,
    LINK_LOG = 7,
    LINK_DROP = 8,
};

/* Reasons of LINK_DROP. */
enum {
    DROP_NOT_RECEIVING = 1,
    DROP_LINK_DOWN = 2,
    DROP_MAILBOX_FULL = 3,
    DROP_UNKNOWN = 4,
};

/* Harness to board. */
enum {
    EVENT_FRAME = 0,
    EVENT_MBOX = 1,
    EVENT_FAULT = 2,
    EVENT_RESET = 3,
    EVENT_STOP = 4,
    EVENT_QUIT = 5,
};

#define LOG_BYTES_MAX       256u /* a longer line comes in parts */
#define LINK_HEADER_BYTES   16u /* with the length field */
#define REPLY_HEADER_BYTES  12u /* without it */
#define EVENT_HEADER_BYTES  16u
#define REPLY_BYTES_MAX     (64u * 1024 * 1024)
#define FRAME_BYTES_MAX     65535u

#endif
