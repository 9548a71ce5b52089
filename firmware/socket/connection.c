/*
 * connect, bind, listen, accept and close.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/call.h"

#define BACKLOG_DEFAULT 2
#define BACKLOG_MAX 255 /* lwIP counts in eight bits (struct tcp_pcb_listen) */

static bool decoded(struct call *call, struct address_fault fault)
{
    if (fault.exception == EXC_NONE)
        return true;
    return call_raise(call, fault.exception, fault.message);
}

/* From STATE_OPEN to STATE_CONNECTING, or why not. */
static int claim_connect(struct call *call)
{
    struct descriptor *descriptor = call->descriptor;
    int error = call_settle_connect(call);
    if (error != 0)
        return error;

    sock_port->lock();
    switch (descriptor->state) {
    case STATE_OPEN:
        descriptor->state = STATE_CONNECTING;
        descriptor->connect_waits = true;
        break;
    case STATE_CONNECTING:
        error = -SOCK_EALREADY;
        break;
    case STATE_CONNECTED:
        error = -SOCK_EISCONN;
        break;
    case STATE_LISTENING:
        error = -SOCK_EINVAL;
        break;
    }
    sock_port->unlock();
    return error;
}

/* Wait for the outcome of the attempt: 0 once connected. */
static int await_connect(struct call *call)
{
    struct provider_socket *provider_socket = call->descriptor->provider_socket;
    for (;;) {
        int outcome = sock_provider->connected(provider_socket);
        if (outcome != -SOCK_EINPROGRESS)
            return outcome > 0 ? 0 : outcome;
        if (call->non_blocking)
            return -SOCK_EINPROGRESS;
        int error = call_wait(call);
        if (error != 0) {
            /* The peer hears nothing; a late answer of it meets a closed port. */
            sock_provider->cancel(provider_socket);
            return error;
        }
    }
}

static void connect_stream(struct call *call, const struct sock_address *peer)
{
    struct descriptor *descriptor = call->descriptor;
    int error = claim_connect(call);
    if (error == 0) {
        error = sock_provider->connect(descriptor->provider_socket, peer);
        if (error == -SOCK_EINPROGRESS)
            error = await_connect(call);

        sock_port->lock();
        descriptor->connect_waits = false;
        if (error == 0)
            descriptor->state = STATE_CONNECTED;
        else if (error != -SOCK_EINPROGRESS)
            descriptor->state = STATE_OPEN;
        sock_port->unlock();
        descriptor_notify(descriptor, EVENT_STATE);
    }
    if (error != 0)
        call_fail(call, error);
}

/* Datagram sockets: sets the peer, any number of times. */
static void connect_datagram(struct call *call, const struct sock_address *peer)
{
    struct descriptor *descriptor = call->descriptor;
    int error = sock_provider->connect(descriptor->provider_socket, peer);
    if (error != 0) {
        call_fail(call, error);
        return;
    }
    sock_port->lock();
    descriptor->state = STATE_CONNECTED;
    descriptor->bound = true;
    sock_port->unlock();
}

void method_connect(struct call *call)
{
    struct sock_address peer;
    if (!decoded(call, address_decode(call->descriptor->family, call_argument(call, 0), &peer)))
        return;
    if (!call_enter(call, PROVIDER_CONNECTED | PROVIDER_FAILED, CALL_OTHER))
        return;
    if (call->descriptor->type == SOCK_TYPE_STREAM)
        connect_stream(call, &peer);
    else
        connect_datagram(call, &peer);
    call_leave(call);
}

void method_bind(struct call *call)
{
    struct descriptor *descriptor = call->descriptor;
    struct sock_address local;
    if (!decoded(call, address_decode_local(descriptor->family, call_argument(call, 0), &local)))
        return;
    if (!call_enter(call, 0, CALL_OTHER))
        return;

    int error = call_settle_connect(call);
    if (error == 0) {
        /* Claimed before the provider is asked, so that of two threads one is refused. */
        sock_port->lock();
        bool raw = descriptor->needs_no_bind;
        if (descriptor->state != STATE_OPEN || (descriptor->bound && !raw))
            error = -SOCK_EINVAL;
        else
            descriptor->bound = true;
        sock_port->unlock();
        if (error == 0) {
            error = sock_provider->bind(descriptor->provider_socket, &local);
            if (error != 0 && !raw) {
                sock_port->lock();
                descriptor->bound = false;
                sock_port->unlock();
            }
        }
    }
    if (error != 0)
        call_fail(call, error);
    call_leave(call);
}

/* From STATE_OPEN (or a listener's) to STATE_LISTENING, or why not. */
static int start_listening(struct call *call, int backlog)
{
    struct descriptor *descriptor = call->descriptor;
    if (descriptor->type != SOCK_TYPE_STREAM)
        return -SOCK_EOPNOTSUPP;
    int error = call_settle_connect(call);
    if (error != 0)
        return error;

    sock_port->lock();
    bool again = descriptor->state == STATE_LISTENING;
    if (!again) {
        if (descriptor->state != STATE_OPEN)
            error = -SOCK_EINVAL;
        else if (!descriptor->bound)
            error = -SOCK_EDESTADDRREQ;
        else
            descriptor->state = STATE_LISTENING;
    }
    sock_port->unlock();
    if (error != 0)
        return error;

    error = sock_provider->listen(descriptor->provider_socket, backlog);
    if (error != 0 && !again) {
        sock_port->lock();
        descriptor->state = STATE_OPEN;
        sock_port->unlock();
    }
    return error;
}

void method_listen(struct call *call)
{
    const struct value *maxlog = call_argument(call, 0);
    int64_t backlog = BACKLOG_DEFAULT;
    if (maxlog != NULL) {
        if (!argument_is_integer(maxlog)) {
            call_raise(call, EXC_TYPE_ERROR, "maxlog must be an integer");
            return;
        }
        backlog = argument_integer(maxlog);
    }
    if (backlog < 1)
        backlog = 1;
    if (backlog > BACKLOG_MAX)
        backlog = BACKLOG_MAX;

    if (!call_enter(call, 0, CALL_OTHER))
        return;
    int error = start_listening(call, (int)backlog);
    if (error != 0)
        call_fail(call, error);
    call_leave(call);
}

/*
 * With TURN_RECEIVE. Everything the new socket needs is there before a connection
 * is taken, so that one is never dropped for want of memory: it stays queued.
 */
static int accept_in_turn(struct call *call)
{
    struct descriptor *listener = call->descriptor;
    struct provider_socket *accepted;
    struct sock_address peer;

    for (;;) {
        ptrdiff_t pending = sock_provider->pending(listener->provider_socket);
        if (pending == -SOCK_EAGAIN) {
            int error = call_wait(call);
            if (error != 0)
                return error;
            continue;
        }
        if (pending < 0)
            return (int)pending;

        struct descriptor *descriptor;
        int error =
            descriptor_new(listener->family, listener->type, listener->protocol, &descriptor);
        if (error != 0)
            return error;
        struct sock *sock = sock_new(descriptor);
        error = sock == NULL ? -SOCK_ENOMEM
                             : sock_provider->accept(listener->provider_socket, &accepted, &peer);
        if (error != 0) {
            if (sock != NULL)
                sock_port->release(sock);
            descriptor_discard(descriptor);
            if (error == -SOCK_EAGAIN)
                continue; /* it was reset in the meantime */
            return error;
        }
        descriptor->bound = true;
        descriptor->state = STATE_CONNECTED;
        descriptor_attach(descriptor, accepted);

        struct value_result *result = call->result;
        result->items[0] = (struct value){.kind = VALUE_SOCKET, .sock = sock};
        result->items[1] = address_encode(&peer, result);
        result->value = (struct value){.kind = VALUE_TUPLE, .items = result->items, .count = 2};
        return 0;
    }
}

void method_accept(struct call *call)
{
    if (!call_enter(call, PROVIDER_READABLE | PROVIDER_FAILED | EVENT_TURN_RECEIVE, CALL_RECEIVES))
        return;
    int error = 0;
    if (call->descriptor->type != SOCK_TYPE_STREAM)
        error = -SOCK_EOPNOTSUPP;
    else if (call->descriptor->state != STATE_LISTENING)
        error = -SOCK_EINVAL;
    if (error == 0)
        error = call_take_turn(call, TURN_RECEIVE);
    if (error == 0) {
        error = accept_in_turn(call);
        descriptor_give_turn(call->descriptor, TURN_RECEIVE);
    }
    if (error != 0)
        call_fail(call, error);
    call_leave(call);
}

void method_close(struct call *call)
{
    descriptor_close(call->descriptor);
}
