/*
 * The link of the sockbench board: messages and replies on the socket.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Owns the bytes of docs/link-protocol.md: framing, checking, and the queue
 * in the order of time and arrival.  When messages are sent, and what the
 * queued events do, is sockbench-link.c's part.
 *
 * What the harness sends is checked to the last byte, and any mistake ends
 * QEMU: a half-understood reply would be a run that nobody asked for.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/iov.h"
#include "qemu/queue.h"
#include "qemu/sockets.h"
#include "qemu/units.h"
#include "hw/registerfields.h"
#include "regs/board.h"
#include "sockbench-link-channel.h"
#include "trace.h"

/* A dead harness is no error of ours, and nobody reads what we would say. */
void G_NORETURN link_channel_gone(void)
{
    exit(1);
}

static void G_NORETURN link_malformed(const char *what)
{
    error_report("sockbench-link: malformed reply: %s", what);
    exit(1);
}

/* Sending */

void link_channel_send(SockbenchLinkState *s, uint8_t type, uint8_t port,
                       const void *payload, uint32_t size)
{
    uint8_t header[LINK_HEADER_BYTES] = { };
    struct iovec iov[2] = {
        { header, sizeof(header) },
        { (void *)payload, size },
    };
    unsigned int n = ARRAY_SIZE(iov);
    struct iovec *rest = iov;
    int64_t now = link_clock() - s->base;

    trace_sockbench_link_send(type, port, now, size);
    stl_le_p(header, LINK_HEADER_BYTES - 4 + size);
    header[4] = type;
    header[5] = port;
    stq_le_p(header + 8, now);
    while (iov_size(rest, n)) {
        struct msghdr msg = { .msg_iov = rest, .msg_iovlen = n };
        ssize_t done = RETRY_ON_EINTR(sendmsg(s->fd, &msg, MSG_NOSIGNAL));

        if (done < 0) {
            link_channel_gone();
        }
        iov_discard_front(&rest, &n, done);
    }
}

/* Receiving */

/* Have at least `size` bytes in the buffer. */
static void link_fill(SockbenchLinkState *s, size_t *have, size_t size)
{
    if (s->reply->len < size) {
        g_byte_array_set_size(s->reply, size);
    }
    while (*have < size) {
        ssize_t done = RETRY_ON_EINTR(recv(s->fd, s->reply->data + *have,
                                           s->reply->len - *have, 0));

        if (done <= 0) {
            link_channel_gone();
        }
        *have += done;
    }
}

static bool event_size_ok(uint8_t kind, uint32_t size)
{
    switch (kind) {
    case EVENT_FRAME:
        return size > 0 && size <= FRAME_BYTES_MAX;
    case EVENT_MBOX:
        return size <= SB_MAILBOX_BYTES_MAX;
    case EVENT_FAULT:
        return size == 12;
    case EVENT_RESET:
        return size == 8;
    case EVENT_STOP:
    case EVENT_QUIT:
        return size == 0;
    default:
        return false;
    }
}

/* Times are relative to HELLO on the wire; the far future saturates. */
static int64_t link_time(SockbenchLinkState *s, uint64_t t)
{
    return t > (uint64_t)(INT64_MAX - s->base) ? INT64_MAX : s->base + t;
}

/* After all that are due at the same time: the order of arrival decides. */
static void link_queue(SockbenchLinkState *s, SockbenchEvent *e)
{
    SockbenchEvent *before;

    QTAILQ_FOREACH_REVERSE(before, &s->events, next) {
        if (before->at <= e->at) {
            QTAILQ_INSERT_AFTER(&s->events, before, e, next);
            return;
        }
    }
    QTAILQ_INSERT_HEAD(&s->events, e, next);
}

static void link_parse(SockbenchLinkState *s, const uint8_t *p, size_t size)
{
    const uint8_t *end = p + size;
    uint64_t wake = ldq_le_p(p);
    uint16_t count = lduw_le_p(p + 8);
    int64_t now = link_clock();

    if (wake > INT64_MAX) {
        link_malformed("the wake-up time is not finite");
    }
    s->wake = MAX(link_time(s, wake), now);
    for (p += REPLY_HEADER_BYTES; count > 0; count--) {
        SockbenchEvent *e;
        uint32_t payload;

        if (end - p < EVENT_HEADER_BYTES) {
            link_malformed("it ends within an event");
        }
        payload = ldl_le_p(p + 12);
        if (payload > end - p - EVENT_HEADER_BYTES) {
            link_malformed("an event is longer than the reply");
        }
        if (!event_size_ok(p[8], payload)) {
            link_malformed("unknown event, or of impossible size");
        }
        e = g_malloc(sizeof(*e) + payload);
        e->at = MAX(link_time(s, ldq_le_p(p)), now);
        e->kind = p[8];
        e->port = p[9];
        e->size = payload;
        memcpy(e->data, p + EVENT_HEADER_BYTES, payload);
        trace_sockbench_link_event(e->kind, e->port, e->at - s->base, payload);
        link_queue(s, e);
        p += EVENT_HEADER_BYTES + payload;
    }
    if (p != end) {
        link_malformed("bytes after its last event");
    }
}

/* Read one reply: set the wake-up time, queue the events. */
void link_channel_receive(SockbenchLinkState *s)
{
    size_t have = 0;
    uint32_t length;

    link_fill(s, &have, 4);
    length = ldl_le_p(s->reply->data);
    if (length < REPLY_HEADER_BYTES || length > REPLY_BYTES_MAX) {
        link_malformed("impossible length");
    }
    link_fill(s, &have, 4 + (size_t)length);
    if (have != 4 + (size_t)length) {
        link_malformed("bytes after its end");
    }
    link_parse(s, s->reply->data + 4, length);
}

void link_channel_open(SockbenchLinkState *s)
{
    qemu_socket_set_block(s->fd);
    qemu_set_cloexec(s->fd);
    s->reply = g_byte_array_sized_new(64 * KiB);
    g_byte_array_set_size(s->reply, 64 * KiB);
}
