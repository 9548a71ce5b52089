/*
 * One call of a method: its arguments, its deadline, its outcome. Private to the
 * module's own files.
 *
 * A method checks its arguments, then enters the socket (call_enter), does its
 * work with operations of the provider, waits with call_wait() where one of them
 * would block, and leaves. There is one absolute deadline per call, set on entry.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_CALL_H
#define SOCKBENCH_SOCKET_CALL_H

#include "socket/address.h"
#include "socket/arguments.h"
#include "socket/descriptor.h"
#include "socket/errors.h"
#include "socket/module.h"
#include "socket/value.h"

/* Of a socket object: blocking mode without a timeout. 0 is non-blocking mode. */
#define TIMEOUT_NONE (-1)

/* The longest timeout: 2^42 milliseconds, 139 years; the clock has 63 bits of nanoseconds. */
#define TIMEOUT_MAX_MS ((int64_t)1 << 42)

struct sock {
    unsigned references; /* guarded by sock_port->lock */
    struct descriptor *descriptor;
    int64_t timeout_ms;
    int64_t receive_timeout_ms; /* SO_RCVTIMEO; settimeout() sets it too */
};

struct call {
    struct sock *self;
    struct descriptor *descriptor;
    struct arguments arguments;
    struct value_result *result;
    struct waiting waiting;
    int64_t deadline_ns;
    bool non_blocking;
    bool entered;
};

/* Which of the object's two timeouts bounds the call. */
enum call_kind { CALL_RECEIVES, CALL_OTHER };

/* End the call with an exception; always returns false, for `return call_raise(...)`. */
bool call_raise(struct call *call, enum value_exception exception, const char *message);

/* End the call with the exception that belongs to a (positive or negated) error number. */
bool call_fail(struct call *call, int error);

void call_return_integer(struct call *call, int64_t number);

/* The `number`th argument, or NULL. */
const struct value *call_argument(const struct call *call, size_t number);

/* Enter the socket; false, with the exception set, if it is closed. */
bool call_enter(struct call *call, unsigned interest, enum call_kind kind);
void call_leave(struct call *call);

/*
 * After an operation that would block: wait until it is worth another try. 0,
 * -SOCK_EAGAIN in non-blocking mode, -SOCK_ETIMEDOUT, or -SOCK_EBADF when closed.
 */
int call_wait(struct call *call);

/* Wait for the turn: 0, or as call_wait. */
int call_take_turn(struct call *call, enum turn turn);

/*
 * Find out how a connection attempt in the background went, if there is one.
 * Returns 0, or the error with which it failed, reported only once.
 */
int call_settle_connect(struct call *call);

/*
 * Whether no connection attempt is under way (any more). A failure in the background
 * is kept in the descriptor until call_settle_connect() reports it.
 */
bool connect_is_settled(struct descriptor *descriptor);

/* A timeout in milliseconds out of an integer; false, with the exception set, if it is none. */
bool call_timeout_of(struct call *call, const struct value *value, int64_t *timeout_ms);

/* The methods. Each fills in call->result; the result is None if it does not. */
void method_connect(struct call *call);
void method_bind(struct call *call);
void method_listen(struct call *call);
void method_accept(struct call *call);
void method_close(struct call *call);
void method_recv(struct call *call);
void method_recv_into(struct call *call);
void method_recvfrom(struct call *call);
void method_recvfrom_into(struct call *call);
void method_send(struct call *call);
void method_sendall(struct call *call);
void method_sendto(struct call *call);
void method_settimeout(struct call *call);
void method_setsockopt(struct call *call);
void method_getsockopt(struct call *call);
void method_getsockname(struct call *call);
void method_getpeername(struct call *call);
void method_fileno(struct call *call);

/* Streams and datagrams: the two halves of the receive and send methods. */
struct receive_target {
    uint8_t *buffer; /* the caller's, or NULL to allocate */
    uint64_t limit;  /* bytes wanted at most */
    bool with_address;
};
void stream_receive(struct call *call, const struct receive_target *target);
void datagram_receive(struct call *call, const struct receive_target *target);
void stream_send(struct call *call, const struct value *payload, bool all);

/* Functions of the module, in files of their own. */
void function_select(struct call *call);

/* One more reference to the object, so that sock_release() elsewhere frees nothing in use. */
void sock_hold(struct sock *self);

/* A socket object over this descriptor, whose handle it takes over; NULL without memory. */
struct sock *sock_new(struct descriptor *descriptor);

/* Numbers of options, for the list of constants. */
enum option_level { LEVEL_IP = 0, LEVEL_TCP = 6, LEVEL_CAN_RAW = 101, LEVEL_SOCKET = 0xffff };
enum option_name {
    OPTION_SO_RCVTIMEO = 1,
    OPTION_SO_REUSEADDR = 4,
    OPTION_SO_KEEPALIVE = 8,
    OPTION_TCP_NODELAY = 1,
    OPTION_TCP_KEEPIDLE = 3,
    OPTION_TCP_KEEPINTVL = 4,
    OPTION_TCP_KEEPCNT = 5,
    OPTION_IP_HDRINCL = 2,
    OPTION_CAN_RAW_FILTER = 1,
    OPTION_CAN_RAW_ERR_FILTER = 2,
    OPTION_CAN_RAW_LOOPBACK = 3,
    OPTION_CAN_RAW_RECV_OWN_MSGS = 4,
    OPTION_CAN_RAW_FD_FRAMES = 5,
};

#endif
