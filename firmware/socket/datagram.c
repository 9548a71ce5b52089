/*
 * Datagrams (UDP and raw sockets), and the receive and send methods themselves,
 * which stream and datagram sockets share.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/call.h"

static void return_received(struct call *call, const struct receive_target *target, uint8_t *data,
                            size_t bytes, const struct sock_address *from)
{
    struct value_result *result = call->result;
    struct value content = target->buffer != NULL
                               ? (struct value){.kind = VALUE_INT, .integer = (int64_t)bytes}
                               : (struct value){.kind = VALUE_BUFFER, .data = data, .bytes = bytes};
    if (!target->with_address) {
        result->value = content;
        return;
    }
    result->items[0] = content;
    result->items[1] = address_encode(from, result);
    result->value = (struct value){.kind = VALUE_TUPLE, .items = result->items, .count = 2};
}

/* With TURN_RECEIVE, so that the datagram that is looked at is the one that is taken. */
static int receive_in_turn(struct call *call, const struct receive_target *target)
{
    struct provider_socket *provider_socket = call->descriptor->provider_socket;
    ptrdiff_t pending = sock_provider->pending(provider_socket);

    while (pending == -SOCK_EAGAIN) {
        int error = call_wait(call);
        if (error != 0)
            return error;
        pending = sock_provider->pending(provider_socket);
    }
    if (pending < 0)
        return (int)pending;

    size_t bytes = (uint64_t)pending < target->limit ? (size_t)pending : (size_t)target->limit;
    uint8_t *data = target->buffer;
    if (data == NULL && bytes > 0) {
        data = sock_port->alloc(bytes);
        if (data == NULL)
            return -SOCK_ENOMEM;
    }
    struct sock_address from;
    ptrdiff_t got = sock_provider->receive(provider_socket, data, bytes, &from);
    if (got <= 0 && target->buffer == NULL && data != NULL) {
        sock_port->release(data);
        data = NULL;
    }
    if (got < 0)
        return (int)got;
    return_received(call, target, data, (size_t)got, &from);
    return 0;
}

void datagram_receive(struct call *call, const struct receive_target *target)
{
    /* The document wants a bind() first; sending and connecting bind as well. */
    int error = call->descriptor->bound ? call_take_turn(call, TURN_RECEIVE) : -SOCK_EINVAL;
    if (error == 0) {
        error = receive_in_turn(call, target);
        descriptor_give_turn(call->descriptor, TURN_RECEIVE);
    }
    if (error == -SOCK_ENOMEM)
        call_raise(call, EXC_MEMORY_ERROR, "no memory for the received datagram");
    else if (error != 0)
        call_fail(call, error);
}

/* flags=0 is the only value that has a meaning; NULL stands for the default. */
static bool check_flags(struct call *call, const struct value *flags)
{
    if (flags == NULL)
        return true;
    if (!argument_is_integer(flags))
        return call_raise(call, EXC_TYPE_ERROR, "flags must be an integer");
    if (argument_integer(flags) != 0)
        return call_raise(call, EXC_VALUE_ERROR, "no flags are supported");
    return true;
}

static void receive(struct call *call, const struct receive_target *target)
{
    if (!call_enter(call, PROVIDER_READABLE | PROVIDER_FAILED | EVENT_TURN_RECEIVE, CALL_RECEIVES))
        return;
    if (call->descriptor->type != SOCK_TYPE_STREAM)
        datagram_receive(call, target);
    else if (!target->with_address)
        stream_receive(call, target);
    else
        call_fail(call, SOCK_EOPNOTSUPP);
    call_leave(call);
}

/* recv(bufsize, flags=0), recvfrom(bufsize, flags=0) */
static void receive_new(struct call *call, bool with_address)
{
    const struct value *size = call_argument(call, 0);
    if (!argument_is_integer(size)) {
        call_raise(call, EXC_TYPE_ERROR, "bufsize must be an integer");
        return;
    }
    if (!check_flags(call, call_argument(call, 1)))
        return;
    if (argument_integer(size) < 0) {
        call_raise(call, EXC_VALUE_ERROR, "bufsize must not be negative");
        return;
    }
    struct receive_target target = {.limit = (uint64_t)argument_integer(size),
                                    .with_address = with_address};
    receive(call, &target);
}

/* recv_into(buffer, bufsize=-1, flags=0), recvfrom_into(buffer, bufsize=-1, flags=0) */
static void receive_into(struct call *call, bool with_address)
{
    /* Stands for the data of an empty bytearray, which may be NULL. */
    static uint8_t empty;
    const struct value *buffer = call_argument(call, 0);
    const struct value *size = call_argument(call, 1);

    if (buffer->kind != VALUE_BUFFER) {
        call_raise(call, EXC_TYPE_ERROR, "buffer must be a bytearray");
        return;
    }
    if (size != NULL && !argument_is_integer(size)) {
        call_raise(call, EXC_TYPE_ERROR, "bufsize must be an integer");
        return;
    }
    if (!check_flags(call, call_argument(call, 2)))
        return;
    struct receive_target target = {.buffer = buffer->data != NULL ? buffer->data : &empty,
                                    .limit = buffer->bytes,
                                    .with_address = with_address};
    if (size != NULL && argument_integer(size) >= 0) {
        if ((uint64_t)argument_integer(size) > buffer->bytes) {
            call_raise(call, EXC_VALUE_ERROR, "bufsize is larger than the buffer");
            return;
        }
        target.limit = (uint64_t)argument_integer(size);
    }
    receive(call, &target);
}

void method_recv(struct call *call)
{
    receive_new(call, false);
}

void method_recvfrom(struct call *call)
{
    receive_new(call, true);
}

void method_recv_into(struct call *call)
{
    receive_into(call, false);
}

void method_recvfrom_into(struct call *call)
{
    receive_into(call, true);
}

static bool check_payload(struct call *call, const struct value *payload)
{
    if (argument_is_payload(payload))
        return true;
    return call_raise(call, EXC_TYPE_ERROR, "buffer must be bytes, bytearray or str");
}

/* One datagram to the given or, with NULL, to the connected address. */
static void send_datagram(struct call *call, const struct value *payload,
                          const struct sock_address *to, bool return_count)
{
    struct descriptor *descriptor = call->descriptor;
    ptrdiff_t sent =
        sock_provider->send(descriptor->provider_socket, payload->data, payload->bytes, to);
    if (sent < 0) {
        call_fail(call, (int)sent);
        return;
    }
    sock_port->lock();
    descriptor->bound = true;
    sock_port->unlock();
    if (return_count)
        call_return_integer(call, sent);
}

/* A frame on a CAN bus is for everybody there: no peer has to be named. */
static bool sends_when_bound(const struct descriptor *descriptor)
{
    return descriptor->family == SOCK_AF_CAN && descriptor->bound;
}

/* send(buffer, flags=0), sendall(buffer, flags=0) */
static void send_connected(struct call *call, bool all)
{
    const struct value *payload = call_argument(call, 0);
    if (!check_payload(call, payload) || !check_flags(call, call_argument(call, 1)))
        return;
    if (!call_enter(call, PROVIDER_WRITABLE | PROVIDER_FAILED | EVENT_TURN_SEND, CALL_OTHER))
        return;
    if (call->descriptor->type == SOCK_TYPE_STREAM)
        stream_send(call, payload, all);
    else if (call->descriptor->state == STATE_CONNECTED || sends_when_bound(call->descriptor))
        send_datagram(call, payload, NULL, !all);
    else
        call_fail(call, SOCK_EDESTADDRREQ);
    call_leave(call);
}

void method_send(struct call *call)
{
    send_connected(call, false);
}

void method_sendall(struct call *call)
{
    send_connected(call, true);
}

/* sendto(buffer, address, flags=0) */
void method_sendto(struct call *call)
{
    const struct value *payload = call_argument(call, 0);
    struct sock_address to;

    if (!check_payload(call, payload) || !check_flags(call, call_argument(call, 2)))
        return;
    struct address_fault fault =
        address_decode(call->descriptor->family, call_argument(call, 1), &to);
    if (fault.exception != EXC_NONE) {
        call_raise(call, fault.exception, fault.message);
        return;
    }
    if (!call_enter(call, 0, CALL_OTHER))
        return;
    if (call->descriptor->type == SOCK_TYPE_STREAM)
        call_fail(call, SOCK_EOPNOTSUPP);
    else if (call->descriptor->state == STATE_CONNECTED)
        call_fail(call, SOCK_EISCONN);
    else
        send_datagram(call, payload, &to, true);
    call_leave(call);
}
