/*
 * Receiving from and sending to streams.
 *
 * A receive call returns when it has as many bytes as were asked for, at the end
 * of the stream, or when the connection breaks. Bytes that a call took from the
 * provider but could not return, because its time ran out, are held back for the
 * next call: no byte of a stream is ever lost. Memory grows as data arrives,
 * since the size asked for says nothing about how much will come.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/call.h"

#include <string.h>

/* First block of a growing buffer: one full segment on Ethernet. */
#define BLOCK_BYTES 1460

/* Where a receive call collects its bytes. */
struct collector {
    uint8_t *data;
    size_t capacity;
    size_t have;
    bool growing; /* data is ours and grows; otherwise it is the caller's buffer */
};

static void set_held(struct descriptor *descriptor, uint8_t *block, size_t start, size_t bytes)
{
    sock_port->lock();
    descriptor->held.block = block;
    descriptor->held.start = start;
    descriptor->held.bytes = bytes;
    sock_port->unlock();
}

static void set_unreturned(struct descriptor *descriptor, size_t bytes)
{
    sock_port->lock();
    descriptor->unreturned = bytes;
    sock_port->unlock();
}

/* Make room for more; false without memory, with everything as it was. */
static bool grow(struct collector *collector, size_t wanted)
{
    uint8_t *larger = sock_port->alloc(wanted);
    if (larger == NULL)
        return false;
    if (collector->have > 0)
        memcpy(larger, collector->data, collector->have);
    if (collector->data != NULL)
        sock_port->release(collector->data);
    collector->data = larger;
    collector->capacity = wanted;
    return true;
}

/* Room for at least one more byte, at most up to the limit. */
static bool make_room(struct collector *collector, uint64_t limit)
{
    if (collector->have < collector->capacity)
        return true;
    if (!collector->growing)
        return false;
    size_t step = collector->capacity == 0 ? BLOCK_BYTES : collector->capacity;
    uint64_t wanted = (uint64_t)collector->capacity + step;
    if (wanted > limit)
        wanted = limit;
    if (wanted <= SIZE_MAX && grow(collector, (size_t)wanted))
        return true;
    /* Doubling is a luxury; a segment more will do. */
    wanted = (uint64_t)collector->capacity + BLOCK_BYTES;
    if (wanted > limit)
        wanted = limit;
    return wanted <= SIZE_MAX && grow(collector, (size_t)wanted);
}

/* Take what an earlier call left; false without memory, with nothing taken. */
static bool take_held(struct descriptor *descriptor, struct collector *collector, uint64_t limit)
{
    size_t bytes = descriptor->held.bytes;
    if (bytes == 0)
        return true;
    if (bytes > limit)
        bytes = (size_t)limit;
    if (collector->growing && !grow(collector, bytes))
        return false;
    memcpy(collector->data, descriptor->held.block + descriptor->held.start, bytes);
    collector->have = bytes;

    size_t left = descriptor->held.bytes - bytes;
    if (left == 0) {
        uint8_t *block = descriptor->held.block;
        set_held(descriptor, NULL, 0, 0);
        sock_port->release(block);
    } else {
        set_held(descriptor, descriptor->held.block, descriptor->held.start + bytes, left);
    }
    return true;
}

/*
 * Keep the bytes of a call that raises. Nothing is held at this point: a call takes
 * all that is held before it waits. Returns false without memory for a copy of the
 * caller's buffer.
 */
static bool hold_back(struct descriptor *descriptor, struct collector *collector)
{
    if (collector->have == 0)
        return true;
    uint8_t *block = collector->data;
    if (!collector->growing) {
        block = sock_port->alloc(collector->have);
        if (block == NULL)
            return false;
        memcpy(block, collector->data, collector->have);
    }
    set_held(descriptor, block, 0, collector->have);
    collector->data = NULL;
    collector->have = 0;
    return true;
}

/*
 * Collect up to `limit` bytes. 0 when the call may return what there is, otherwise
 * the error with which it ends.
 */
static int collect(struct call *call, struct collector *collector, uint64_t limit)
{
    struct descriptor *descriptor = call->descriptor;

    if (!take_held(descriptor, collector, limit))
        return -SOCK_ENOMEM;

    while (collector->have < limit && !descriptor->ended) {
        if (!make_room(collector, limit))
            return -SOCK_ENOMEM;
        ptrdiff_t got =
            sock_provider->receive(descriptor->provider_socket, collector->data + collector->have,
                                   collector->capacity - collector->have, NULL);
        if (got > 0) {
            collector->have += (size_t)got;
            continue;
        }
        if (got == 0) {
            descriptor->ended = true;
            break;
        }
        if (got != -SOCK_EAGAIN) {
            /* The bytes first; the provider repeats the error for the next call. */
            return collector->have > 0 ? 0 : (int)got;
        }
        set_unreturned(descriptor, collector->have);
        int error = call_wait(call);
        if (error == -SOCK_EAGAIN && collector->have > 0)
            return 0; /* non-blocking: what there is */
        if (error != 0)
            return error;
    }
    return 0;
}

/* With TURN_RECEIVE. */
static void receive_in_turn(struct call *call, const struct receive_target *target)
{
    struct descriptor *descriptor = call->descriptor;
    struct collector collector = {
        .data = target->buffer,
        .capacity = target->buffer == NULL ? 0 : (size_t)target->limit,
        .growing = target->buffer == NULL,
    };

    int error = collect(call, &collector, target->limit);
    if (error != 0 && error != -SOCK_EBADF && !hold_back(descriptor, &collector)) {
        /* Too little memory to keep the bytes for later: return them now. */
        error = 0;
    }
    set_unreturned(descriptor, 0);

    if (error != 0) {
        if (collector.growing && collector.data != NULL)
            sock_port->release(collector.data);
        if (error == -SOCK_ENOMEM)
            call_raise(call, EXC_MEMORY_ERROR, "no memory for the received bytes");
        else
            call_fail(call, error);
    } else if (!collector.growing) {
        call_return_integer(call, (int64_t)collector.have);
    } else {
        if (collector.have == 0 && collector.data != NULL) {
            sock_port->release(collector.data);
            collector.data = NULL;
        }
        call->result->value =
            (struct value){.kind = VALUE_BUFFER, .data = collector.data, .bytes = collector.have};
    }
}

static int check_connected(struct call *call)
{
    int error = call_settle_connect(call);
    if (error != 0)
        return error;
    return call->descriptor->state == STATE_CONNECTED ? 0 : -SOCK_ENOTCONN;
}

void stream_receive(struct call *call, const struct receive_target *target)
{
    int error = check_connected(call);
    if (error == 0 && target->limit == 0) {
        if (target->buffer == NULL)
            call->result->value = (struct value){.kind = VALUE_BUFFER};
        else
            call_return_integer(call, 0);
        return;
    }
    if (error == 0)
        error = call_take_turn(call, TURN_RECEIVE);
    if (error != 0) {
        call_fail(call, error);
        return;
    }
    receive_in_turn(call, target);
    descriptor_give_turn(call->descriptor, TURN_RECEIVE);
}

/* With TURN_SEND: send all, or at least one byte. Returns the bytes sent or an error. */
static ptrdiff_t send_in_turn(struct call *call, const struct value *payload, bool all)
{
    size_t sent = 0;

    while (sent < payload->bytes) {
        ptrdiff_t taken = sock_provider->send(call->descriptor->provider_socket,
                                              payload->data + sent, payload->bytes - sent, NULL);
        if (taken > 0) {
            sent += (size_t)taken;
            if (!all)
                break;
            continue;
        }
        int error = taken == -SOCK_EAGAIN ? call_wait(call) : (int)taken;
        if (error != 0)
            return error;
    }
    return (ptrdiff_t)sent;
}

void stream_send(struct call *call, const struct value *payload, bool all)
{
    ptrdiff_t sent = check_connected(call);
    if (sent == 0 && payload->bytes > 0) {
        sent = call_take_turn(call, TURN_SEND);
        if (sent == 0) {
            sent = send_in_turn(call, payload, all);
            descriptor_give_turn(call->descriptor, TURN_SEND);
        }
    }
    if (sent < 0)
        call_fail(call, (int)sent);
    else if (!all)
        call_return_integer(call, sent);
}
