/*
 * The agent's operations: calls of the socket module, buffers, statistics, crashes. The
 * network's are in operations_net.c.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "agent/operations.h"

#include <string.h>

#include "agent/answer.h"
#include "agent/decode.h"
#include "agent/objects.h"
#include "agent/operations_net.h"
#include "board/crash.h"
#include "port/memory.h"
#include "port/network.h"
#include "port/os.h"
#include "port/sock_port.h"
#include "socket/eth.h"
#include "socket/module.h"
#include "socket/wifi.h"

#define FUNCTION_NAME_BYTES 64
#define HELD_MAX 128 /* sockets and buffers among one call's arguments: select takes many */
#define ITEM_BYTES 9u
#define METHOD_PREFIX "socket."
#define ETH_PREFIX "eth."
#define WIFI_PREFIX "wifi."

static int64_t now_ns(void)
{
    return sock_port_freertos.now_ns();
}

/* Calls of the module. */

struct held {
    size_t count;
    uint32_t handles[HELD_MAX];
};

static bool hold_socket(void *context, uint32_t handle, struct sock **sock)
{
    struct held *held = context;
    if (held->count == HELD_MAX || !objects_hold_socket(handle, sock))
        return false;
    held->handles[held->count++] = handle;
    return true;
}

static bool hold_buffer(void *context, uint32_t handle, uint8_t **data, size_t *bytes)
{
    struct held *held = context;
    if (held->count == HELD_MAX || !objects_hold_buffer(handle, data, bytes))
        return false;
    held->handles[held->count++] = handle;
    return true;
}

static size_t count_of(const struct sock_constant *constants, size_t *bytes)
{
    size_t count = 0;
    for (; constants[count].name != NULL; count++)
        *bytes += strlen(constants[count].name) + 2 * ITEM_BYTES;
    return count;
}

static bool put_constants(zcbor_state_t *state, const struct sock_constant *constants)
{
    bool good = true;
    for (; good && constants->name != NULL; constants++)
        good = zcbor_tstr_put_term(state, constants->name, FUNCTION_NAME_BYTES) &&
               zcbor_int64_put(state, constants->value);
    return good;
}

static void answer_constants(const struct request *request)
{
    int64_t now = now_ns();
    size_t bytes = ITEM_BYTES;
    size_t count = count_of(sock_constants(), &bytes);
    count += count_of(wifi_constants(), &bytes);

    struct answer answer;
    if (!answer_open(&answer, request, now, now_ns(), bytes))
        return;
    zcbor_state_t *state = answer.state;
    bool good = zcbor_map_start_encode(state, count) && put_constants(state, sock_constants()) &&
                put_constants(state, wifi_constants());
    answer_send(&answer, good && zcbor_map_end_encode(state, count));
}

/* The new object in the result of the constructor or of accept(); select() returns its arguments.
 */
static struct sock *made_socket(const struct value *value)
{
    if (value->kind == VALUE_TUPLE && value->count > 0)
        value = &value->items[0];
    return value->kind == VALUE_SOCKET ? value->sock : NULL;
}

static void answer_result(const struct request *request, int64_t t0, int64_t t1,
                          const struct value_result *result)
{
    if (result->exception != EXC_NONE) {
        answer_exception(request, t0, t1, result->exception, result->error, result->message);
        return;
    }
    struct sock *made = made_socket(&result->value);
    if (made != NULL && objects_add_socket(made) == 0) {
        sock_release(made);
        answer_bad(request, OBJECTS_USED_UP);
        return;
    }
    struct answer answer;
    if (answer_open(&answer, request, t0, t1, answer_value_bound(&result->value)))
        answer_send(&answer, answer_value(answer.state, &result->value, objects_handle_of));
}

static bool has_prefix(const char *function, const char *prefix)
{
    return strncmp(function, prefix, strlen(prefix)) == 0;
}

/* Split "socket.connect" into the module's name for it; NULL if "self" does not go with it. */
static const char *module_name(const char *function, bool has_self)
{
    bool is_method = has_prefix(function, METHOD_PREFIX);
    if (is_method != has_self)
        return NULL;
    if (is_method)
        return function + strlen(METHOD_PREFIX);
    static const char *const functions[] = {"socket", "ip_to_tuple", "select"};
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (strcmp(function, functions[i]) == 0)
            return function;
    }
    return has_prefix(function, ETH_PREFIX) || has_prefix(function, WIFI_PREFIX) ? function : NULL;
}

static void run_function(const char *name, struct sock *self, const struct value_args *args,
                         struct value_result *result)
{
    if (self == NULL && has_prefix(name, ETH_PREFIX))
        eth_call(name + strlen(ETH_PREFIX), args, result);
    else if (self == NULL && has_prefix(name, WIFI_PREFIX))
        wifi_call(name + strlen(WIFI_PREFIX), args, result);
    else
        sock_call(name, self, args, result);
}

static void op_call(const struct request *request)
{
    struct held held = {0};
    const struct decode_context context = {memory_alloc, memory_release, hold_socket, hold_buffer,
                                           &held};
    char function[FUNCTION_NAME_BYTES];
    struct decoded decoded = {0};
    struct sock *self = NULL;
    const char *wrong = NULL;
    struct span name;
    uint32_t handle;

    if (!request_text(request, "fn", &name) ||
        !request_copy_text(&name, function, sizeof function)) {
        answer_bad(request, "call without a function name");
        return;
    }
    if (strcmp(function, "module.constants") == 0) {
        answer_constants(request);
        return;
    }
    bool has_self = request_field(request, "self") != NULL;
    const char *module_function = module_name(function, has_self);
    if (module_function == NULL)
        wrong = has_self ? "not a method" : "no such function, or a method without self";
    else if (has_self && (!request_handle(request, "self", TAG_SOCKET, &handle) ||
                          !hold_socket(&held, handle, &self)))
        wrong = "self is no socket";
    if (wrong == NULL)
        wrong = decode_arguments(&decoded, request, &context);

    if (wrong == NULL) {
        struct value_result result;
        memset(&result, 0, sizeof result);
        int64_t t0 = now_ns();
        run_function(module_function, self, &decoded.args, &result);
        int64_t t1 = now_ns();
        answer_result(request, t0, t1, &result);
        sock_result_release(&result);
    } else {
        answer_bad(request, wrong);
    }
    decode_release(&decoded, &context);
    for (size_t i = 0; i < held.count; i++)
        objects_let_go(held.handles[i]);
}

static void op_drop(const struct request *request)
{
    uint32_t handle;
    int64_t now = now_ns();
    if (!request_handle(request, "self", TAG_SOCKET, &handle) || !objects_drop_socket(handle))
        answer_bad(request, "self is no socket");
    else
        answer_none(request, now, now_ns());
}

/* Buffers. */

/* The protocol's pseudo-random content: the top bytes of a linear congruential sequence. */
static void fill_pseudo_random(uint8_t *data, size_t bytes, uint32_t seed)
{
    for (size_t i = 0; i < bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (uint8_t)(seed >> 24);
    }
}

static void op_buffer_new(const struct request *request)
{
    uint64_t bytes;
    uint64_t fill = 0;
    uint64_t seed = 0;
    uint8_t *data;
    int64_t t0 = now_ns();
    bool has_seed = request_unsigned(request, "seed", &seed);
    bool has_fill = request_unsigned(request, "fill", &fill);

    if (!request_unsigned(request, "bytes", &bytes) || bytes > (size_t)MEMORY_KERNEL_HEAP_BYTES) {
        answer_bad(request, "bytes is missing or larger than the memory");
        return;
    }
    if (has_seed == has_fill || fill > UINT8_MAX || seed > UINT32_MAX) {
        answer_bad(request, "a buffer needs either fill (0..255) or seed (32 bits)");
        return;
    }
    uint32_t handle = objects_add_buffer((size_t)bytes, &data);
    if (handle == 0) {
        answer_bad(request, data == NULL ? "no memory for the buffer" : OBJECTS_USED_UP);
        return;
    }
    if (has_seed)
        fill_pseudo_random(data, (size_t)bytes, (uint32_t)seed);
    else
        memset(data, (int)fill, (size_t)bytes);

    struct answer answer;
    if (answer_open(&answer, request, t0, now_ns(), 2 * ITEM_BYTES))
        answer_send(&answer, zcbor_tag_put(answer.state, TAG_BUFFER) &&
                                 zcbor_uint32_put(answer.state, handle));
}

/* Find and hold the request's buffer, and check its "offset". Refuses the request itself. */
static bool find_buffer(const struct request *request, uint32_t *handle, uint8_t **data,
                        size_t *bytes)
{
    uint64_t offset;
    if (!request_handle(request, "buffer", TAG_BUFFER, handle) ||
        !objects_hold_buffer(*handle, data, bytes)) {
        answer_bad(request, "no such buffer");
        return false;
    }
    if (!request_unsigned(request, "offset", &offset) || offset > *bytes) {
        answer_bad(request, "offset is missing or behind the buffer's end");
        objects_let_go(*handle);
        return false;
    }
    *data += offset;
    *bytes -= (size_t)offset;
    return true;
}

static void op_buffer_read(const struct request *request)
{
    uint64_t wanted;
    uint32_t handle;
    uint8_t *data;
    size_t bytes;
    int64_t t0 = now_ns();

    if (!find_buffer(request, &handle, &data, &bytes))
        return;
    struct answer answer;
    if (!request_unsigned(request, "bytes", &wanted) || wanted > bytes)
        answer_bad(request, "bytes is missing or more than the buffer has");
    else if (answer_open(&answer, request, t0, now_ns(), ITEM_BYTES + (size_t)wanted))
        answer_send(&answer,
                    zcbor_bstr_encode_ptr(answer.state, (const char *)data, (size_t)wanted));
    objects_let_go(handle);
}

static void op_buffer_write(const struct request *request)
{
    struct span content;
    uint32_t handle;
    uint8_t *data;
    size_t bytes;
    int64_t t0 = now_ns();

    if (!find_buffer(request, &handle, &data, &bytes))
        return;
    if (!request_data(request, "data", &content) || content.bytes > bytes) {
        answer_bad(request, "data is missing or longer than the buffer");
    } else {
        memcpy(data, content.data, content.bytes);
        answer_none(request, t0, now_ns());
    }
    objects_let_go(handle);
}

static void op_buffer_free(const struct request *request)
{
    uint32_t handle;
    int64_t t0 = now_ns();
    if (!request_handle(request, "buffer", TAG_BUFFER, &handle) || !objects_drop_buffer(handle))
        answer_bad(request, "no such buffer");
    else
        answer_none(request, t0, now_ns());
}

/* Dying on request. */

static void op_crash(const struct request *request)
{
    static const struct {
        const char *how;
        void (*die)(void);
    } ways[] = {
        {"assert", crash_assert},
        {"hardfault", crash_fault},
        {"hang", crash_hang},
        {"stack", crash_stack},
    };
    struct span how;
    if (request_text(request, "how", &how)) {
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            if (strlen(ways[i].how) == how.bytes && memcmp(ways[i].how, how.data, how.bytes) == 0)
                ways[i].die();
        }
    }
    answer_bad(request, "how is missing or unknown");
}

operation operation_find(const struct span *name)
{
    static const struct {
        const char *name;
        operation run;
    } operations[] = {
        {"call", op_call},
        {"buffer.new", op_buffer_new},
        {"buffer.read", op_buffer_read},
        {"buffer.write", op_buffer_write},
        {"buffer.free", op_buffer_free},
        {"net.up", op_net_up},
        {"net.down", op_net_down},
        {"net.info", op_net_info},
        {"stats", op_stats},
        {"drop", op_drop},
        {"crash", op_crash},
    };
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strlen(operations[i].name) == name->bytes &&
            memcmp(operations[i].name, name->data, name->bytes) == 0)
            return operations[i].run;
    }
    return NULL;
}

void operation_functions(void (*visit)(void *context, const char *prefix, const char *name),
                         void *context)
{
    visit(context, "", "socket");
    visit(context, "", "ip_to_tuple");
    visit(context, "", "select");
    visit(context, "", "module.constants");
    for (const char *const *method = sock_methods(); *method != NULL; method++)
        visit(context, METHOD_PREFIX, *method);
    for (const char *const *function = eth_functions(); *function != NULL; function++)
        visit(context, ETH_PREFIX, *function);
    for (const char *const *function = wifi_functions(); *function != NULL; function++)
        visit(context, WIFI_PREFIX, *function);
}
