/*
 * struct sock_provider for host tests: sockets whose far end is the test.
 *
 * It keeps what the module sends, hands out what the test delivers, and checks the
 * contract of socket/provider.h: no operation after release, no event after close.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_FAKE_PROVIDER_H
#define SOCKBENCH_TESTS_FAKE_PROVIDER_H

#include "socket/errors.h"
#include "socket/provider.h"

#define FAKE_BYTES_MAX 262144
#define FAKE_DATAGRAMS_MAX 32

struct fake_datagram {
    uint8_t data[64];
    size_t bytes;
    struct sock_address address;
};

struct provider_socket {
    int family;
    int type;
    int protocol;
    provider_event_fn event;
    void *owner;
    bool closed;
    bool closed_unread;
    bool released;

    /* From the test to the module. */
    uint8_t *incoming;
    size_t incoming_start;
    size_t incoming_bytes;
    size_t segment_bytes; /* a receive() returns at most this much; 0: no limit */
    bool finished;
    bool end_told;
    int broken; /* negated error after the incoming bytes */
    struct fake_datagram datagrams[FAKE_DATAGRAMS_MAX];
    size_t datagram_start;
    size_t datagram_count;
    size_t connections; /* waiting in a listener */

    /* From the module to the test. */
    uint8_t *sent;
    size_t sent_bytes;
    size_t room; /* bytes that send() takes before it would block */
    struct fake_datagram sent_datagrams[FAKE_DATAGRAMS_MAX];
    size_t sent_datagram_count;
    struct sock_address bound_to;
    struct sock_address peer;
    unsigned binds;
    unsigned connects;
    unsigned cancels;
    int backlog;
    int connect_outcome; /* of connected(): 1, -SOCK_EINPROGRESS, or an error, once */
    int connect_error;   /* of connect() itself; 0: in progress */
    int64_t options[16];
    struct provider_socket *next;
};

extern const struct sock_provider fake_provider;

void fake_provider_reset(void);
/* The socket that was opened or accepted last. */
struct provider_socket *fake_last(void);
/* Sockets that were not released. */
size_t fake_sockets(void);
/* open() fails with this (negated) error from now on; 0: it works. */
void fake_refuse_open(int error);
/* Calls of any operation since the reset. */
size_t fake_operations(void);

void fake_deliver(struct provider_socket *self, const void *data, size_t bytes);
void fake_finish(struct provider_socket *self);
void fake_break(struct provider_socket *self, int error);
void fake_make_room(struct provider_socket *self, size_t bytes);
void fake_connect_ends(struct provider_socket *self, int outcome);
void fake_datagram(struct provider_socket *self, const void *data, size_t bytes, uint16_t port);
void fake_connection(struct provider_socket *self);

#endif
