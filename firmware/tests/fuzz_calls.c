/*
 * libFuzzer: any sequence of calls with any arguments, on a few sockets.
 *
 * The input is a program: it picks methods, sockets, positional and keyword arguments
 * of every kind, nested too, and now and then lets the far end do something. Every
 * call must end with a value or an exception, and at the end nothing may be left.
 * Sockets are non-blocking or have short timeouts, so that no call waits for ever.
 *
 *   cmake -S firmware/tests -B DIR -DSOCKBENCH_FUZZ=ON -DCMAKE_C_COMPILER=clang-14
 *   DIR/fuzz_calls -max_len=512
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include <stdlib.h>
#include <string.h>

#include "fake_port.h"
#include "fake_provider.h"
#include "socket/module.h"

#define SOCKS_MAX 4
#define VALUES_MAX 256
#define CALLS_MAX 64

static const uint8_t *input;
static size_t input_left;
static struct value values[VALUES_MAX];
static size_t value_count;
static uint8_t writable[64];
static struct sock *socks[SOCKS_MAX];

static uint8_t next_byte(void)
{
    if (input_left == 0)
        return 0;
    input_left--;
    return *input++;
}

/* A number that is often at an edge. */
static int64_t next_integer(void)
{
    static const int64_t edges[] = {
        0,
        1,
        2,
        -1,
        4,
        80,
        255,
        256,
        65535,
        65536,
        INT32_MAX,
        INT32_MIN,
        UINT32_MAX,
        INT64_C(1) << 42,
        (INT64_C(1) << 42) + 1,
        INT64_MAX,
        INT64_MIN,
        0xffff,
        6,
        99,
    };
    uint8_t choice = next_byte();
    if (choice < 128)
        return edges[choice % (sizeof edges / sizeof edges[0])];
    return (int8_t)next_byte();
}

/* Text out of the input itself, or something that looks like an address. */
static struct value next_text(enum value_kind kind)
{
    static const char *const texts[] = {"10.0.0.2",       "255.255.255.255", "::1",
                                        "fe80::1",        "1.2.3.4.5",       "",
                                        "::ffff:1.2.3.4", "010.0.0.1"};
    uint8_t choice = next_byte();
    if (choice < 128) {
        const char *text = texts[choice % (sizeof texts / sizeof texts[0])];
        return (struct value){.kind = kind, .data = (uint8_t *)text, .bytes = strlen(text)};
    }
    size_t bytes = choice & 31;
    if (bytes > input_left)
        bytes = input_left;
    struct value value = {.kind = kind, .data = (uint8_t *)input, .bytes = bytes};
    input += bytes;
    input_left -= bytes;
    return value;
}

static struct value next_value(int depth)
{
    enum value_kind kind = next_byte() % (VALUE_OTHER + 1);
    struct value value = {.kind = kind};
    switch (kind) {
    case VALUE_BOOL:
        value.integer = next_byte() & 1;
        break;
    case VALUE_INT:
        value.integer = next_integer();
        break;
    case VALUE_BIGINT:
        value.integer = (next_byte() & 1) != 0 ? 1 : -1;
        break;
    case VALUE_STR:
    case VALUE_BYTES:
        return next_text(kind);
    case VALUE_BUFFER:
        value.data = writable;
        value.bytes = next_byte() % (sizeof writable + 1);
        break;
    case VALUE_TUPLE:
    case VALUE_LIST: {
        size_t count = next_byte() % 7;
        if (depth == 0 || value_count + count > VALUES_MAX)
            count = 0;
        value.items = &values[value_count];
        value.count = count;
        value_count += count;
        for (size_t i = 0; i < count; i++)
            value.items[i] = next_value(depth - 1);
        break;
    }
    case VALUE_SOCKET:
        value.sock = socks[next_byte() % SOCKS_MAX];
        break;
    default:
        break;
    }
    return value;
}

static void keep(struct sock *sock)
{
    size_t slot = next_byte() % SOCKS_MAX;
    if (socks[slot] != NULL)
        sock_release(socks[slot]);
    socks[slot] = sock;
}

static void one_call(void)
{
    static const char *const keyword_names[] = {"bufsize", "flags",  "address", "buffer",
                                                "timeout", "maxlog", "family",  "fileno"};
    const char *const *methods = sock_methods();
    size_t method_count = 0;
    while (methods[method_count] != NULL)
        method_count++;

    value_count = 0;
    struct value positional[5];
    struct value_keyword keywords[2];
    size_t choice = next_byte() % (method_count + 3);
    struct sock *self = choice < method_count ? socks[next_byte() % SOCKS_MAX] : NULL;
    const char *name = choice < method_count    ? methods[choice]
                       : choice == method_count ? "ip_to_tuple"
                                                : "socket";
    struct value_args args = {.positional = positional,
                              .positional_count = next_byte() % 6,
                              .keywords = keywords,
                              .keyword_count = next_byte() % 3};
    for (size_t i = 0; i < args.positional_count; i++)
        positional[i] = next_value(2);
    for (size_t i = 0; i < args.keyword_count; i++)
        keywords[i] = (struct value_keyword){keyword_names[next_byte() % 8], next_value(2)};

    struct value_result result;
    sock_call(name, self, &args, &result);
    if (result.exception != EXC_NONE && result.message == NULL)
        abort();
    if (result.exception == EXC_NONE && result.value.kind == VALUE_SOCKET)
        keep(result.value.sock);
    if (result.exception == EXC_NONE && result.value.kind == VALUE_TUPLE &&
        result.value.items[0].kind == VALUE_SOCKET)
        keep(result.value.items[0].sock);
    sock_result_release(&result);
}

/* Something happens at the far end, so that calls find something to do. */
static void one_event(void)
{
    struct provider_socket *provider = fake_last();
    if (provider == NULL || provider->released)
        return;
    switch (next_byte() % 6) {
    case 0:
        if (provider->incoming_start + provider->incoming_bytes + 8 < FAKE_BYTES_MAX)
            fake_deliver(provider, "12345678", 8);
        break;
    case 1:
        if (provider->datagram_count < FAKE_DATAGRAMS_MAX)
            fake_datagram(provider, "datagram", 8, 9);
        break;
    case 2:
        fake_connection(provider);
        break;
    case 3:
        fake_connect_ends(provider, 1);
        break;
    case 4:
        fake_break(provider, SOCK_ECONNRESET);
        break;
    default:
        fake_finish(provider);
        break;
    }
}

/* Nothing may wait without an end: a timeout that someone set to None becomes 5 ms. */
static void bound_waiting(void)
{
    struct value timeout = {.kind = VALUE_INT, .integer = 5};
    struct value_args args = {.positional = &timeout, .positional_count = 1};
    struct value_result result;
    for (size_t i = 0; i < SOCKS_MAX; i++) {
        if (socks[i] != NULL)
            sock_call("settimeout", socks[i], &args, &result);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    input = data;
    input_left = bytes;
    fake_port_reset(0);
    fake_provider_reset();
    sock_module_init(&fake_port, &fake_provider);
    memset(socks, 0, sizeof socks);

    for (int i = 0; i < CALLS_MAX && input_left > 0; i++) {
        bound_waiting();
        if (next_byte() % 4 == 0)
            one_event();
        else
            one_call();
    }
    for (size_t i = 0; i < SOCKS_MAX; i++) {
        if (socks[i] != NULL)
            sock_release(socks[i]);
    }
    if (fake_sockets() != 0 || fake_blocks() != 0)
        abort();
    fake_provider_reset();
    return 0;
}
