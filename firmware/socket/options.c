/*
 * settimeout, socket options, names and numbers of a socket.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/call.h"

bool call_timeout_of(struct call *call, const struct value *value, int64_t *timeout_ms)
{
    if (!argument_is_integer(value))
        return call_raise(call, EXC_TYPE_ERROR, "a timeout must be an integer or None");
    *timeout_ms = argument_integer(value);
    if (*timeout_ms < 0)
        return call_raise(call, EXC_VALUE_ERROR, "a timeout must not be negative");
    if (*timeout_ms > TIMEOUT_MAX_MS)
        return call_raise(call, EXC_OVERFLOW_ERROR, "a timeout must be below 2**42 + 1 ms");
    return true;
}

void method_settimeout(struct call *call)
{
    const struct value *timeout = call_argument(call, 0);
    int64_t timeout_ms = TIMEOUT_NONE;
    if (timeout->kind != VALUE_NONE && !call_timeout_of(call, timeout, &timeout_ms))
        return;
    if (!call_enter(call, 0, CALL_OTHER))
        return;
    sock_port->lock();
    call->self->timeout_ms = timeout_ms;
    call->self->receive_timeout_ms = timeout_ms;
    sock_port->unlock();
    call_leave(call);
}

void method_fileno(struct call *call)
{
    /* A closed socket has no number: the old one may be another socket's by now. */
    sock_port->lock();
    int number = call->descriptor->closed ? -1 : call->descriptor->number;
    sock_port->unlock();
    call_return_integer(call, number);
}

static const struct {
    int level;
    int name;
    enum provider_option option;
    bool is_flag;
} provider_options[] = {
    {LEVEL_SOCKET, OPTION_SO_REUSEADDR, PROVIDER_REUSEADDR, true},
    {LEVEL_SOCKET, OPTION_SO_KEEPALIVE, PROVIDER_KEEPALIVE, true},
    {LEVEL_TCP, OPTION_TCP_NODELAY, PROVIDER_NODELAY, true},
    {LEVEL_TCP, OPTION_TCP_KEEPIDLE, PROVIDER_KEEPIDLE_S, false},
    {LEVEL_TCP, OPTION_TCP_KEEPINTVL, PROVIDER_KEEPINTVL_S, false},
    {LEVEL_TCP, OPTION_TCP_KEEPCNT, PROVIDER_KEEPCNT, false},
    {LEVEL_IP, OPTION_IP_HDRINCL, PROVIDER_HEADER_INCLUDED, true},
    {LEVEL_CAN_RAW, OPTION_CAN_RAW_ERR_FILTER, PROVIDER_CAN_ERRORS, false},
    {LEVEL_CAN_RAW, OPTION_CAN_RAW_LOOPBACK, PROVIDER_CAN_LOOPBACK, true},
    {LEVEL_CAN_RAW, OPTION_CAN_RAW_RECV_OWN_MSGS, PROVIDER_CAN_RECEIVE_OWN, true},
    {LEVEL_CAN_RAW, OPTION_CAN_RAW_FD_FRAMES, PROVIDER_CAN_FD_FRAMES, true},
};

#define PROVIDER_OPTION_COUNT (sizeof provider_options / sizeof provider_options[0])

/* Index into provider_options, or PROVIDER_OPTION_COUNT. */
static size_t find_option(int64_t level, int64_t name)
{
    size_t i = 0;
    while (i < PROVIDER_OPTION_COUNT &&
           (provider_options[i].level != level || provider_options[i].name != name))
        i++;
    return i;
}

static bool level_and_name(struct call *call, int64_t *level, int64_t *name)
{
    if (!argument_is_integer(call_argument(call, 0)) ||
        !argument_is_integer(call_argument(call, 1)))
        return call_raise(call, EXC_TYPE_ERROR, "level and option must be integers");
    *level = argument_integer(call_argument(call, 0));
    *name = argument_integer(call_argument(call, 1));
    return true;
}

/* SO_RCVTIMEO: milliseconds, 0 for none; bounds receiving and accept() alone. */
static void set_receive_timeout(struct call *call, const struct value *value)
{
    int64_t timeout_ms = TIMEOUT_NONE;
    if (!call_timeout_of(call, value, &timeout_ms))
        return;
    sock_port->lock();
    call->self->receive_timeout_ms = timeout_ms == 0 ? TIMEOUT_NONE : timeout_ms;
    sock_port->unlock();
}

/* The only option with a value of bytes: CAN_RAW_FILTER, an array of filters. */
static void set_can_filter(struct call *call, const struct value *value)
{
    if (value->kind != VALUE_BYTES && value->kind != VALUE_BUFFER) {
        call_raise(call, EXC_TYPE_ERROR, "the value of this option must be bytes");
        return;
    }
    if (!call_enter(call, 0, CALL_OTHER))
        return;
    int error = -SOCK_ENOPROTOOPT;
    if (call->descriptor->family == SOCK_AF_CAN && sock_provider->option_set_bytes != NULL) {
        error = sock_provider->option_set_bytes(call->descriptor->provider_socket,
                                                PROVIDER_CAN_FILTER, value->data, value->bytes);
    }
    if (error != 0)
        call_fail(call, error);
    call_leave(call);
}

void method_setsockopt(struct call *call)
{
    const struct value *value = call_argument(call, 2);
    int64_t level = 0;
    int64_t name = 0;
    if (!level_and_name(call, &level, &name))
        return;
    if (level == LEVEL_CAN_RAW && name == OPTION_CAN_RAW_FILTER) {
        set_can_filter(call, value);
        return;
    }
    if (!argument_is_integer(value)) {
        call_raise(call, EXC_TYPE_ERROR, "the value of an option must be an integer");
        return;
    }
    if (!call_enter(call, 0, CALL_OTHER))
        return;
    size_t found = find_option(level, name);
    if (level == LEVEL_SOCKET && name == OPTION_SO_RCVTIMEO) {
        set_receive_timeout(call, value);
    } else if (found == PROVIDER_OPTION_COUNT) {
        call_fail(call, SOCK_ENOPROTOOPT);
    } else {
        int64_t number = argument_integer(value);
        if (provider_options[found].is_flag)
            number = number != 0;
        int error = sock_provider->option_set(call->descriptor->provider_socket,
                                              provider_options[found].option, number);
        if (error != 0)
            call_fail(call, error);
    }
    call_leave(call);
}

void method_getsockopt(struct call *call)
{
    int64_t level = 0;
    int64_t name = 0;
    if (!level_and_name(call, &level, &name) || !call_enter(call, 0, CALL_OTHER))
        return;
    size_t found = find_option(level, name);
    if (level == LEVEL_SOCKET && name == OPTION_SO_RCVTIMEO) {
        sock_port->lock();
        int64_t timeout_ms = call->self->receive_timeout_ms;
        sock_port->unlock();
        call_return_integer(call, timeout_ms == TIMEOUT_NONE ? 0 : timeout_ms);
    } else if (found == PROVIDER_OPTION_COUNT) {
        call_fail(call, SOCK_ENOPROTOOPT);
    } else {
        int64_t number = 0;
        int error = sock_provider->option_get(call->descriptor->provider_socket,
                                              provider_options[found].option, &number);
        if (error != 0)
            call_fail(call, error);
        else
            call_return_integer(call, number);
    }
    call_leave(call);
}

static void return_name(struct call *call, bool peer)
{
    struct sock_address name;
    if (!call_enter(call, 0, CALL_OTHER))
        return;
    int error = call_settle_connect(call);
    if (error == 0 && peer && call->descriptor->state != STATE_CONNECTED)
        error = -SOCK_ENOTCONN;
    if (error == 0)
        error = sock_provider->name_of(call->descriptor->provider_socket, peer, &name);
    if (error != 0)
        call_fail(call, error);
    else
        call->result->value = address_encode(&name, call->result);
    call_leave(call);
}

void method_getsockname(struct call *call)
{
    return_name(call, false);
}

void method_getpeername(struct call *call)
{
    return_name(call, true);
}
