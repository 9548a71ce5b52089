/*
 * The module on the real lwIP: set-up, and the TCP peer 10.0.0.2 of a test.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_NETWORK_H
#define SOCKBENCH_TESTS_NETWORK_H

#include "calls.h"
#include "lwip/wire.h"

/* Let lwIP and every task work for this long. */
void run_for(int64_t ns);

/* The peer's end of a connection. */
struct peer {
    uint16_t port;
    uint16_t device_port;
    uint32_t sequence;        /* of its next byte */
    uint32_t acknowledgement; /* the next byte it expects */
};

#define PEER_WINDOW 8000

/* A socket that is connected to the peer at port 80. */
struct sock *connect_to(struct peer *peer);
/* A client's handshake with a listener at device_port. */
void client_connects(struct peer *peer, uint16_t port, uint16_t device_port);
void peer_sends(struct peer *peer, const char *text);
void peer_acknowledges(struct peer *peer, uint16_t window);
void peer_finishes(struct peer *peer);
void peer_resets(struct peer *peer);

/* Set-up and tear-down: at the end lwIP's heap and control blocks are as at the start. */
int network_setup(void **state);
int network_teardown(void **state);
#define NETWORK_TEST(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, network_setup, network_teardown)

#endif
