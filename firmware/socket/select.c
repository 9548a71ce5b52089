/*
 * select: waiting until one of several sockets is ready.
 *
 * A socket is ready to be read or written when the call would not wait, which it also
 * does not when it would fail. It is exceptional when the next call would raise what
 * became of its connection. One waiter is entered at every member, so that an event of
 * any of them ends the wait; nothing is locked meanwhile, and nothing is consumed.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/call.h"

#define NS_PER_MS 1000000

enum list { LIST_READ, LIST_WRITE, LIST_ERROR, LIST_COUNT };

#define INTEREST                                                                                   \
    (PROVIDER_READABLE | PROVIDER_WRITABLE | PROVIDER_CONNECTED | PROVIDER_FAILED |                \
     EVENT_TURN_RECEIVE | EVENT_STATE)

/* One place in one of the lists. */
struct member {
    struct sock *sock;
    struct waiting waiting;
    bool ready;
};

struct selection {
    struct member *members; /* the lists, one after the other */
    size_t counts[LIST_COUNT];
    size_t total;
    struct sock_waiter waiter;
};

/* What there is to read: as provider->pending(), and what the module itself holds. */
static ptrdiff_t pending(struct descriptor *descriptor)
{
    sock_port->lock();
    bool held = descriptor->held.bytes > 0;
    sock_port->unlock();
    if (held || descriptor->ended)
        return 0;
    return sock_provider->pending(descriptor->provider_socket);
}

static bool is_ready(struct descriptor *descriptor, enum list list)
{
    bool stream = descriptor->type == SOCK_TYPE_STREAM;
    if (stream && !connect_is_settled(descriptor))
        return false;

    sock_port->lock();
    enum descriptor_state state = descriptor->state;
    bool failed = descriptor->connect_failure != 0;
    bool bound = descriptor->bound;
    sock_port->unlock();
    if (stream && state == STATE_OPEN)
        return list != LIST_ERROR || failed; /* every call fails at once */

    ptrdiff_t waiting;
    switch (list) {
    case LIST_READ:
        /* A datagram socket without a port is refused at once. */
        return (!stream && !bound) || pending(descriptor) != -SOCK_EAGAIN;
    case LIST_WRITE:
        if (!stream || sock_provider->writable == NULL)
            return true;
        return state == STATE_CONNECTED &&
               sock_provider->writable(descriptor->provider_socket) != -SOCK_EAGAIN;
    default:
        waiting = pending(descriptor);
        return waiting < 0 && waiting != -SOCK_EAGAIN;
    }
}

/* How many are ready, or -SOCK_EBADF if one was closed. */
static ptrdiff_t look(struct selection *selection)
{
    ptrdiff_t ready = 0;
    size_t place = 0;
    for (enum list list = LIST_READ; list < LIST_COUNT; list++) {
        for (size_t i = 0; i < selection->counts[list]; i++, place++) {
            struct member *member = &selection->members[place];
            struct descriptor *descriptor = member->sock->descriptor;
            sock_port->lock();
            bool closed = descriptor->closed;
            sock_port->unlock();
            if (closed)
                return -SOCK_EBADF;
            member->ready = is_ready(descriptor, list);
            ready += member->ready;
        }
    }
    return ready;
}

/* Until one is ready (> 0), the deadline (0), or one is closed (-SOCK_EBADF). */
static ptrdiff_t wait(struct selection *selection, int64_t deadline_ns, bool poll)
{
    for (;;) {
        ptrdiff_t ready = look(selection);
        if (ready != 0 || poll)
            return ready;
        if (!sock_port->waiter_wait(&selection->waiter, deadline_ns))
            return 0;
    }
}

/* Enter every member, wait, leave them again. */
static ptrdiff_t run(struct selection *selection, int64_t deadline_ns, bool poll)
{
    ptrdiff_t outcome = 0;
    size_t entered = 0;

    sock_port->waiter_init(&selection->waiter);
    while (entered < selection->total && outcome == 0) {
        struct member *member = &selection->members[entered];
        if (descriptor_enter_with(member->sock->descriptor, &member->waiting, INTEREST,
                                  &selection->waiter)) {
            sock_hold(member->sock);
            entered++;
        } else {
            outcome = -SOCK_EBADF;
        }
    }
    if (outcome == 0)
        outcome = wait(selection, deadline_ns, poll);
    while (entered > 0) {
        struct member *member = &selection->members[--entered];
        descriptor_leave(member->sock->descriptor, &member->waiting);
        sock_release(member->sock);
    }
    return outcome;
}

static void return_ready(struct call *call, const struct selection *selection, struct value *items)
{
    const struct member *member = selection->members;
    struct value_result *result = call->result;

    for (enum list list = LIST_READ; list < LIST_COUNT; list++) {
        result->address[list] = (struct value){.kind = VALUE_TUPLE, .items = items, .count = 0};
        for (size_t i = 0; i < selection->counts[list]; i++, member++) {
            if (!member->ready)
                continue;
            *items++ = (struct value){.kind = VALUE_SOCKET, .sock = member->sock};
            result->address[list].count++;
        }
    }
    result->value =
        (struct value){.kind = VALUE_TUPLE, .items = result->address, .count = LIST_COUNT};
}

/* The number of sockets in an argument; false, with the exception set, if it is no list of them. */
static bool count_members(struct call *call, const struct value *value, size_t *count)
{
    if (value->kind != VALUE_LIST && value->kind != VALUE_TUPLE)
        return call_raise(call, EXC_TYPE_ERROR, "select takes lists or tuples of sockets");
    for (size_t i = 0; i < value->count; i++) {
        if (value->items[i].kind != VALUE_SOCKET)
            return call_raise(call, EXC_TYPE_ERROR, "a member of a list is no socket");
    }
    *count = value->count;
    return true;
}

/* select(rlist, wlist, xlist, timeout_ms=None) */
void function_select(struct call *call)
{
    struct selection selection = {.total = 0};
    const struct value *timeout = call_argument(call, LIST_COUNT);
    int64_t timeout_ms = TIMEOUT_NONE;

    for (size_t list = 0; list < LIST_COUNT; list++) {
        if (!count_members(call, call_argument(call, list), &selection.counts[list]))
            return;
        selection.total += selection.counts[list];
    }
    if (timeout != NULL && timeout->kind != VALUE_NONE &&
        !call_timeout_of(call, timeout, &timeout_ms))
        return;
    if (selection.total == 0 && timeout_ms == TIMEOUT_NONE) {
        call_raise(call, EXC_VALUE_ERROR, "without a socket and a timeout select would never end");
        return;
    }
    int64_t deadline_ns = timeout_ms == TIMEOUT_NONE ? SOCK_DEADLINE_NEVER
                                                     : sock_port->now_ns() + timeout_ms * NS_PER_MS;

    /* At least one, since alloc() need not give memory for nothing. */
    struct value *items = sock_port->alloc((selection.total + 1) * sizeof *items);
    selection.members = sock_port->alloc((selection.total + 1) * sizeof *selection.members);
    ptrdiff_t outcome = -SOCK_ENOMEM;
    if (items != NULL && selection.members != NULL) {
        size_t place = 0;
        for (size_t list = 0; list < LIST_COUNT; list++) {
            for (size_t i = 0; i < selection.counts[list]; i++, place++)
                selection.members[place] =
                    (struct member){.sock = call_argument(call, list)->items[i].sock};
        }
        outcome = run(&selection, deadline_ns, timeout_ms == 0);
    }
    if (outcome >= 0) {
        call->result->memory = items;
        items = NULL;
        return_ready(call, &selection, call->result->memory);
    } else {
        call_fail(call, (int)outcome);
    }
    if (items != NULL)
        sock_port->release(items);
    if (selection.members != NULL)
        sock_port->release(selection.members);
}
