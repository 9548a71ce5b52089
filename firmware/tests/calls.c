/*
 * Calling the module from a test (calls.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "calls.h"

#define START_NS (1000 * MS)

struct value_result result;

static void run(const char *name, struct sock *self, const struct value_args *args)
{
    struct value_result mine; /* a task that waits must not share the result with others */
    if (strncmp(name, "eth.", 4) == 0)
        eth_call(name + 4, args, &mine);
    else if (strncmp(name, "wifi.", 5) == 0)
        wifi_call(name + 5, args, &mine);
    else
        sock_call(name, self, args, &mine);
    sock_result_release(&result);
    result = mine;
    if (mine.message == mine.text)
        result.message = result.text;
    /* Tuples point into the structure that the call filled in, unless they took memory. */
    if (result.value.kind == VALUE_TUPLE && result.memory == NULL) {
        result.value.items = mine.value.items == mine.items ? result.items : result.address;
        if (result.items[1].kind == VALUE_TUPLE)
            result.items[1].items = result.address;
        for (size_t i = 0; i < sizeof result.address / sizeof result.address[0]; i++) {
            struct value *text = &result.address[i];
            if (text->kind == VALUE_STR || text->kind == VALUE_BYTES)
                text->data = (uint8_t *)result.text + (text->data - (uint8_t *)mine.text);
        }
    } else if (result.value.kind == VALUE_STR) {
        result.value.data = (uint8_t *)result.text;
    }
}

void call_with(const char *name, struct sock *self, const struct value *values, size_t count)
{
    struct value_args args = {.positional = values, .positional_count = count};
    run(name, self, &args);
}

void call_keywords(const char *name, struct sock *self, const struct value_keyword *keywords,
                   size_t count)
{
    struct value_args args = {.keywords = keywords, .keyword_count = count};
    run(name, self, &args);
}

static void explain(const char *file, int line)
{
    print_error("%s:%d: exception %d, errno %d (%s), value kind %d\n", file, line,
                (int)result.exception, result.error,
                result.message != NULL ? result.message : "no message", (int)result.value.kind);
    _fail(file, line);
}

void expect_none_at(const char *file, int line)
{
    if (result.exception != EXC_NONE || result.value.kind != VALUE_NONE)
        explain(file, line);
}

void expect_int_at(int64_t number, const char *file, int line)
{
    if (result.exception != EXC_NONE || result.value.kind != VALUE_INT ||
        result.value.integer != number)
        explain(file, line);
}

void expect_data_at(const void *data, size_t bytes, const char *file, int line)
{
    if (result.exception != EXC_NONE || result.value.kind != VALUE_BUFFER ||
        result.value.bytes != bytes || (bytes > 0 && memcmp(result.value.data, data, bytes) != 0))
        explain(file, line);
}

void expect_exception_at(enum value_exception exception, int error, const char *file, int line)
{
    if (result.exception != exception || (error >= 0 && result.error != error) ||
        result.message == NULL || result.value.kind != VALUE_NONE)
        explain(file, line);
}

void expect_refusal_at(const char *file, int line)
{
    if (result.exception != EXC_TYPE_ERROR && result.exception != EXC_VALUE_ERROR &&
        result.exception != EXC_OVERFLOW_ERROR)
        explain(file, line);
}

struct sock *new_socket(int family, int type)
{
    CALL("socket", NULL, INT(family), INT(type));
    assert_int_equal(result.exception, EXC_NONE);
    assert_int_equal(result.value.kind, VALUE_SOCKET);
    return result.value.sock;
}

struct sock *new_tcp(void)
{
    return new_socket(SOCK_AF_INET, SOCK_TYPE_STREAM);
}

struct sock *new_udp(void)
{
    return new_socket(SOCK_AF_INET, SOCK_TYPE_DGRAM);
}

struct sock *connected_tcp(void)
{
    struct sock *self = new_tcp();
    fake_last()->connect_outcome = 1;
    CALL("connect", self, TUPLE(STR("10.0.0.2"), INT(80)));
    expect_none();
    return self;
}

struct sock *bound_udp(void)
{
    struct sock *self = new_udp();
    CALL("bind", self, INT(5000));
    expect_none();
    return self;
}

struct sock *listening_tcp(void)
{
    struct sock *self = new_tcp();
    CALL("bind", self, INT(80));
    expect_none();
    CALL0("listen", self);
    expect_none();
    return self;
}

void release(struct sock *self)
{
    sock_release(self);
}

int setup(void **state)
{
    (void)state;
    memset(&result, 0, sizeof result);
    fake_port_reset(START_NS);
    fake_provider_reset();
    sock_module_init(&fake_port, &fake_provider);
    return 0;
}

int teardown(void **state)
{
    (void)state;
    sock_result_release(&result);
    assert_int_equal(fake_sockets(), 0);
    assert_int_equal(fake_blocks(), 0);
    fake_provider_reset();
    return 0;
}
