/*
 * Calling the module from a test: values, calls, expectations, and the set-up that
 * every test shares. Includes cmocka in the order that it wants.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_CALLS_H
#define SOCKBENCH_TESTS_CALLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_port.h"
#include "fake_provider.h"
#include "socket/eth.h"
#include "socket/module.h"
#include "socket/wifi.h"

#define NONE ((struct value){.kind = VALUE_NONE})
#define INT(number) ((struct value){.kind = VALUE_INT, .integer = (number)})
#define BOOL(number) ((struct value){.kind = VALUE_BOOL, .integer = (number)})
#define BIG(sign) ((struct value){.kind = VALUE_BIGINT, .integer = (sign)})
#define FLOAT ((struct value){.kind = VALUE_FLOAT})
#define OTHER ((struct value){.kind = VALUE_OTHER})
#define STR(text)                                                                                  \
    ((struct value){.kind = VALUE_STR, .data = (uint8_t *)(text), .bytes = sizeof(text) - 1})
#define BYTES(text)                                                                                \
    ((struct value){.kind = VALUE_BYTES, .data = (uint8_t *)(text), .bytes = sizeof(text) - 1})
#define BUFFER(array)                                                                              \
    ((struct value){.kind = VALUE_BUFFER, .data = (array), .bytes = sizeof(array)})
#define ITEMS(...)                                                                                 \
    ((struct value[]){__VA_ARGS__}),                                                               \
        .count = sizeof((struct value[]){__VA_ARGS__}) / sizeof(struct value)
#define TUPLE(...) ((struct value){.kind = VALUE_TUPLE, .items = ITEMS(__VA_ARGS__)})
#define LIST(...) ((struct value){.kind = VALUE_LIST, .items = ITEMS(__VA_ARGS__)})
#define EMPTY_TUPLE ((struct value){.kind = VALUE_TUPLE})

/* Run a call ("eth.link", "wifi.link": of those modules); its result stays in `result` until the
 * next one. */
extern struct value_result result;
void call_with(const char *name, struct sock *self, const struct value *values, size_t count);
#define CALL0(name, self) call_with((name), (self), NULL, 0)
#define CALL(name, self, ...)                                                                      \
    call_with((name), (self), (struct value[]){__VA_ARGS__},                                       \
              sizeof((struct value[]){__VA_ARGS__}) / sizeof(struct value))
/* With keyword arguments: pairs of name and value. */
void call_keywords(const char *name, struct sock *self, const struct value_keyword *keywords,
                   size_t count);
#define CALL_KW(name, self, ...)                                                                   \
    call_keywords((name), (self), (struct value_keyword[]){__VA_ARGS__},                           \
                  sizeof((struct value_keyword[]){__VA_ARGS__}) / sizeof(struct value_keyword))

void expect_none_at(const char *file, int line);
void expect_int_at(int64_t number, const char *file, int line);
void expect_data_at(const void *data, size_t bytes, const char *file, int line);
void expect_exception_at(enum value_exception exception, int error, const char *file, int line);
#define expect_none() expect_none_at(__FILE__, __LINE__)
#define expect_int(number) expect_int_at((number), __FILE__, __LINE__)
#define expect_data(text) expect_data_at((text), sizeof(text) - 1, __FILE__, __LINE__)
#define expect_io_error(error) expect_exception_at(EXC_IO_ERROR, (error), __FILE__, __LINE__)
#define expect_timeout() expect_exception_at(EXC_TIMEOUT_ERROR, SOCK_ETIMEDOUT, __FILE__, __LINE__)
#define expect_exception(exception) expect_exception_at((exception), -1, __FILE__, __LINE__)
/* Any of the classes that say "this argument is wrong". */
void expect_refusal_at(const char *file, int line);
#define expect_refusal() expect_refusal_at(__FILE__, __LINE__)

/* A socket object, which the test has to release() unless it closes the program. */
struct sock *new_socket(int family, int type);
struct sock *new_tcp(void);
struct sock *new_udp(void);
struct sock *connected_tcp(void); /* fake_last() is its provider's side */
struct sock *bound_udp(void);
struct sock *listening_tcp(void);
void release(struct sock *self);

/* Set-up and tear-down: a fresh module; at the end no memory and no socket is left. */
int setup(void **state);
int teardown(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
