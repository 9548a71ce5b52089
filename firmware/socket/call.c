/*
 * What every method does alike: outcomes, entering, waiting, turns (call.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/call.h"

#define NS_PER_MS 1000000

bool call_raise(struct call *call, enum value_exception exception, const char *message)
{
    call->result->exception = exception;
    call->result->error = 0;
    call->result->message = message;
    call->result->value = (struct value){.kind = VALUE_NONE};
    return false;
}

bool call_fail(struct call *call, int error)
{
    if (error < 0)
        error = -error;
    call_raise(call, sock_error_class(error), sock_error_message(error));
    call->result->error = error;
    return false;
}

void call_return_integer(struct call *call, int64_t number)
{
    call->result->value = (struct value){.kind = VALUE_INT, .integer = number};
}

const struct value *call_argument(const struct call *call, size_t number)
{
    return call->arguments.by_parameter[number];
}

bool call_enter(struct call *call, unsigned interest, enum call_kind kind)
{
    int64_t timeout_ms;
    sock_port->lock();
    timeout_ms = kind == CALL_RECEIVES ? call->self->receive_timeout_ms : call->self->timeout_ms;
    sock_port->unlock();

    call->non_blocking = timeout_ms == 0;
    call->deadline_ns = timeout_ms == TIMEOUT_NONE ? SOCK_DEADLINE_NEVER
                                                   : sock_port->now_ns() + timeout_ms * NS_PER_MS;

    if (!descriptor_enter(call->descriptor, &call->waiting, interest))
        return call_fail(call, SOCK_EBADF);
    call->entered = true;
    return true;
}

void call_leave(struct call *call)
{
    descriptor_leave(call->descriptor, &call->waiting);
    call->entered = false;
}

int call_wait(struct call *call)
{
    if (call->non_blocking)
        return -SOCK_EAGAIN;
    return descriptor_wait(call->descriptor, &call->waiting, call->deadline_ns);
}

int call_take_turn(struct call *call, enum turn turn)
{
    while (!descriptor_take_turn(call->descriptor, turn)) {
        int error = call_wait(call);
        if (error != 0)
            return error;
    }
    return 0;
}

bool connect_is_settled(struct descriptor *descriptor)
{
    sock_port->lock();
    bool pending = descriptor->state == STATE_CONNECTING;
    bool ours = pending && !descriptor->connect_waits;
    sock_port->unlock();
    if (!ours)
        return !pending;

    int outcome = sock_provider->connected(descriptor->provider_socket);
    if (outcome == -SOCK_EINPROGRESS)
        return false;
    sock_port->lock();
    descriptor->state = outcome > 0 ? STATE_CONNECTED : STATE_OPEN;
    descriptor->connect_failure = outcome > 0 ? 0 : outcome;
    sock_port->unlock();
    return true;
}

int call_settle_connect(struct call *call)
{
    struct descriptor *descriptor = call->descriptor;
    (void)connect_is_settled(descriptor);
    sock_port->lock();
    int failure = descriptor->connect_failure;
    descriptor->connect_failure = 0;
    sock_port->unlock();
    return failure;
}
