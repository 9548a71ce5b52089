/*
 * The module's face: names, parameters, constants, the constructor (module.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/module.h"

#include <assert.h>
#include <string.h>

#include "socket/call.h"

static const struct sock_constant constants[] = {
    {"AF_INET", SOCK_AF_INET},
    {"AF_INET6", SOCK_AF_INET6},
    {"AF_CAN", SOCK_AF_CAN},
    {"SOCK_STREAM", SOCK_TYPE_STREAM},
    {"SOCK_DGRAM", SOCK_TYPE_DGRAM},
    {"SOCK_RAW", SOCK_TYPE_RAW},
    {"SOL_SOCKET", LEVEL_SOCKET},
    {"SO_RCVTIMEO", OPTION_SO_RCVTIMEO},
    {"SO_REUSEADDR", OPTION_SO_REUSEADDR},
    {"SO_KEEPALIVE", OPTION_SO_KEEPALIVE},
    {"IPPROTO_IP", LEVEL_IP},
    {"IPPROTO_ICMP", SOCK_PROTO_ICMP},
    {"IPPROTO_TCP", SOCK_PROTO_TCP},
    {"IPPROTO_UDP", SOCK_PROTO_UDP},
    {"IPPROTO_ICMPV6", SOCK_PROTO_ICMPV6},
    {"IP_HDRINCL", OPTION_IP_HDRINCL},
    {"CAN_RAW", SOCK_PROTO_CAN_RAW},
    {"CAN_EFF_FLAG", 0x80000000},
    {"CAN_RTR_FLAG", 0x40000000},
    {"CAN_ERR_FLAG", 0x20000000},
    {"SOL_CAN_RAW", LEVEL_CAN_RAW},
    {"CAN_RAW_FILTER", OPTION_CAN_RAW_FILTER},
    {"CAN_RAW_ERR_FILTER", OPTION_CAN_RAW_ERR_FILTER},
    {"CAN_RAW_LOOPBACK", OPTION_CAN_RAW_LOOPBACK},
    {"CAN_RAW_RECV_OWN_MSGS", OPTION_CAN_RAW_RECV_OWN_MSGS},
    {"CAN_RAW_FD_FRAMES", OPTION_CAN_RAW_FD_FRAMES},
    {"TCP_NODELAY", OPTION_TCP_NODELAY},
    {"TCP_KEEPIDLE", OPTION_TCP_KEEPIDLE},
    {"TCP_KEEPINTVL", OPTION_TCP_KEEPINTVL},
    {"TCP_KEEPCNT", OPTION_TCP_KEEPCNT},
    {NULL, 0},
};

/* The documented methods in the document's order, then those of ours. */
static const char *const method_names[] = {
    "fileno",     "connect",       "close",       "recv",    "recv_into",
    "recvfrom",   "recvfrom_into", "send",        "sendall", "sendto",
    "settimeout", "bind",          "listen",      "accept",  "setsockopt",
    "getsockopt", "getsockname",   "getpeername", NULL,
};

struct method {
    void (*run)(struct call *call);
    struct signature signature;
};

/* In the order of method_names. */
static const struct method methods[] = {
    {method_fileno, {{NULL}, 0, 0}},
    {method_connect, {{"address"}, 1, 1}},
    {method_close, {{NULL}, 0, 0}},
    {method_recv, {{"bufsize", "flags"}, 2, 1}},
    {method_recv_into, {{"buffer", "bufsize", "flags"}, 3, 1}},
    {method_recvfrom, {{"bufsize", "flags"}, 2, 1}},
    {method_recvfrom_into, {{"buffer", "bufsize", "flags"}, 3, 1}},
    {method_send, {{"buffer", "flags"}, 2, 1}},
    {method_sendall, {{"buffer", "flags"}, 2, 1}},
    {method_sendto, {{"buffer", "address", "flags"}, 3, 2}},
    {method_settimeout, {{"timeout"}, 1, 1}},
    {method_bind, {{"address"}, 1, 1}},
    {method_listen, {{"maxlog"}, 1, 0}},
    {method_accept, {{NULL}, 0, 0}},
    {method_setsockopt, {{"level", "option", "value"}, 3, 3}},
    {method_getsockopt, {{"level", "option"}, 2, 2}},
    {method_getsockname, {{NULL}, 0, 0}},
    {method_getpeername, {{NULL}, 0, 0}},
};

#define METHOD_COUNT (sizeof methods / sizeof methods[0])

static_assert(sizeof method_names / sizeof method_names[0] == METHOD_COUNT + 1,
              "each method has a name");

void sock_module_init(const struct sock_port *port, const struct sock_provider *provider)
{
    descriptor_init(port, provider);
}

const struct sock_constant *sock_constants(void)
{
    return constants;
}

const char *const *sock_methods(void)
{
    return method_names;
}

struct sock *sock_new(struct descriptor *descriptor)
{
    struct sock *self = sock_port->alloc(sizeof *self);
    if (self != NULL) {
        *self = (struct sock){.references = 1,
                              .descriptor = descriptor,
                              .timeout_ms = TIMEOUT_NONE,
                              .receive_timeout_ms = TIMEOUT_NONE};
    }
    return self;
}

void sock_release(struct sock *self)
{
    sock_port->lock();
    bool gone = --self->references == 0;
    sock_port->unlock();
    if (gone) {
        descriptor_drop(self->descriptor);
        sock_port->release(self);
    }
}

void sock_hold(struct sock *self)
{
    sock_port->lock();
    self->references++;
    sock_port->unlock();
}

static const struct value_args no_arguments;

/* Bind the arguments or raise TypeError. */
static bool bind_arguments(struct call *call, const struct signature *signature,
                           const struct value_args *given)
{
    const char *fault =
        arguments_bind(signature, given != NULL ? given : &no_arguments, &call->arguments);
    return fault == NULL || call_raise(call, EXC_TYPE_ERROR, fault);
}

/* Which combinations of type and protocol mean something; 0 or the error. */
static int check_combination(int64_t family, int64_t type, int64_t protocol)
{
    if (family != SOCK_AF_INET && family != SOCK_AF_INET6 && family != SOCK_AF_CAN)
        return -SOCK_EAFNOSUPPORT;
    if (family == SOCK_AF_CAN) {
        if (type != SOCK_TYPE_RAW)
            return -SOCK_ESOCKTNOSUPPORT;
        /* Here, too, the documented default of proto stands for the usual protocol. */
        if (protocol == SOCK_PROTO_DEFAULT || protocol == SOCK_PROTO_CAN_RAW ||
            protocol == SOCK_PROTO_TCP)
            return 0;
        return -SOCK_EPROTONOSUPPORT;
    }
    switch (type) {
    case SOCK_TYPE_STREAM:
        if (protocol == SOCK_PROTO_DEFAULT || protocol == SOCK_PROTO_TCP)
            return 0;
        return -SOCK_EPROTONOSUPPORT;
    case SOCK_TYPE_DGRAM:
        /* IPPROTO_TCP is the documented default of proto, so it must go with this type. */
        if (protocol == SOCK_PROTO_DEFAULT || protocol == SOCK_PROTO_UDP ||
            protocol == SOCK_PROTO_TCP)
            return 0;
        return -SOCK_EPROTONOSUPPORT;
    case SOCK_TYPE_RAW:
        return protocol > 0 && protocol <= 255 ? 0 : -SOCK_EPROTONOSUPPORT;
    default:
        return -SOCK_ESOCKTNOSUPPORT;
    }
}

static void return_sock(struct call *call, struct descriptor *descriptor)
{
    struct sock *sock = sock_new(descriptor);
    if (sock == NULL) {
        descriptor_drop(descriptor);
        call_fail(call, SOCK_ENOMEM);
        return;
    }
    call->result->value = (struct value){.kind = VALUE_SOCKET, .sock = sock};
}

static void construct(struct call *call, enum sock_family family, enum sock_type type, int protocol)
{
    struct descriptor *descriptor;
    struct provider_socket *opened;

    int error = descriptor_new(family, type, protocol, &descriptor);
    if (error == 0) {
        error = sock_provider->open(family, type, protocol, &opened);
        if (error != 0)
            descriptor_discard(descriptor);
    }
    if (error != 0) {
        call_fail(call, error);
        return;
    }
    descriptor_attach(descriptor, opened);
    return_sock(call, descriptor);
}

/* socket(family=AF_INET, type=SOCK_STREAM, proto=IPPROTO_TCP, fileno=None) */
static void function_socket(struct call *call)
{
    static const char *const messages[] = {"family must be an integer", "type must be an integer",
                                           "proto must be an integer"};
    int64_t numbers[] = {SOCK_AF_INET, SOCK_TYPE_STREAM, SOCK_PROTO_TCP};

    for (size_t i = 0; i < 3; i++) {
        const struct value *value = call_argument(call, i);
        if (value == NULL)
            continue;
        if (!argument_is_integer(value)) {
            call_raise(call, EXC_TYPE_ERROR, messages[i]);
            return;
        }
        numbers[i] = argument_integer(value);
    }

    const struct value *fileno = call_argument(call, 3);
    if (fileno != NULL && fileno->kind != VALUE_NONE) {
        if (!argument_is_integer(fileno)) {
            call_raise(call, EXC_TYPE_ERROR, "fileno must be an integer or None");
            return;
        }
        struct descriptor *adopted = descriptor_adopt(argument_integer(fileno));
        if (adopted == NULL)
            call_fail(call, SOCK_EBADF);
        else
            return_sock(call, adopted);
        return;
    }

    int error = check_combination(numbers[0], numbers[1], numbers[2]);
    if (error != 0)
        call_fail(call, error);
    else
        construct(call, (enum sock_family)numbers[0], (enum sock_type)numbers[1], (int)numbers[2]);
}

static void function_ip_to_tuple(struct call *call)
{
    const struct value *text = call_argument(call, 0);
    uint8_t ip[4];
    if (text->kind != VALUE_STR) {
        call_raise(call, EXC_TYPE_ERROR, "the address must be a string");
        return;
    }
    if (!address_ipv4_read(text->data, text->bytes, ip)) {
        call_raise(call, EXC_VALUE_ERROR, "an IPv4 address must have the form x.y.z.w");
        return;
    }
    for (size_t i = 0; i < 4; i++)
        call->result->address[i] = (struct value){.kind = VALUE_INT, .integer = ip[i]};
    call->result->value =
        (struct value){.kind = VALUE_TUPLE, .items = call->result->address, .count = 4};
}

static const struct {
    const char *name;
    struct method method;
} functions[] = {
    {"socket", {function_socket, {{"family", "type", "proto", "fileno"}, 4, 0}}},
    {"ip_to_tuple", {function_ip_to_tuple, {{"address"}, 1, 1}}},
    {"select", {function_select, {{"rlist", "wlist", "xlist", "timeout_ms"}, 4, 3}}},
};

static const struct method *find(const char *name, bool of_socket)
{
    if (of_socket) {
        for (size_t i = 0; i < METHOD_COUNT; i++) {
            if (strcmp(method_names[i], name) == 0)
                return &methods[i];
        }
        return NULL;
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i].method;
    }
    return NULL;
}

void sock_call(const char *name, struct sock *self, const struct value_args *args,
               struct value_result *result)
{
    memset(result, 0, sizeof *result); /* EXC_NONE and None */
    struct call call = {.self = self, .result = result};

    const struct method *method = find(name, self != NULL);
    if (method == NULL) {
        call_raise(&call, EXC_ATTRIBUTE_ERROR, "the socket module has no such function");
        return;
    }
    if (!bind_arguments(&call, &method->signature, args))
        return;
    if (self == NULL) {
        method->run(&call);
        return;
    }
    sock_hold(self);
    call.descriptor = self->descriptor;
    method->run(&call);
    sock_release(self);
}

void sock_result_release(struct value_result *result)
{
    struct value *data = result->value.kind == VALUE_TUPLE && result->value.items == result->items
                             ? &result->items[0]
                             : &result->value;
    if (data->kind == VALUE_BUFFER && data->data != NULL) {
        sock_port->release(data->data);
        data->data = NULL;
        data->bytes = 0;
    }
    if (result->memory != NULL) {
        sock_port->release(result->memory);
        result->memory = NULL;
    }
}
