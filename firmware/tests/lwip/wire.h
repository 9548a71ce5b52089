/*
 * A network interface whose far end is the test: what lwIP sends is kept, what the
 * test injects arrives. The device is 10.0.0.1/24 without a gateway; its peers are
 * 10.0.0.2 and whoever the test speaks for. Packets are IP packets, without a link
 * layer.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_TESTS_WIRE_H
#define SOCKBENCH_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_DEVICE 0x0a000001u
#define WIRE_PEER 0x0a000002u
#define WIRE_BROADCAST 0x0a0000ffu

enum {
    WIRE_FIN = 1,
    WIRE_SYN = 2,
    WIRE_RST = 4,
    WIRE_PSH = 8,
    WIRE_ACK = 16,
};

/* A sent packet, as far as tests look at it. */
struct wire_packet {
    uint32_t from;
    uint32_t to;
    uint8_t protocol;
    uint16_t from_port;
    uint16_t to_port;
    uint32_t sequence; /* TCP */
    uint32_t acknowledgement;
    uint8_t flags;
    uint16_t window;
    size_t bytes; /* payload */
    const uint8_t *data;
};

/* lwIP is started once; this empties the list of packets. */
void wire_start(void);
void wire_clear(void);
void wire_set_link(bool up);
/* Another address of the device, 10.0.0.x; wire_start() restores the usual one. */
void wire_set_address(uint8_t last_octet);
size_t wire_count(void);
struct wire_packet wire_at(size_t i);
/* The last packet with these TCP flags set; fails if there is none. */
struct wire_packet wire_last(uint8_t flags);
bool wire_saw(uint8_t flags);

void wire_tcp(uint16_t from_port, uint16_t to_port, uint32_t sequence, uint32_t acknowledgement,
              uint8_t flags, uint16_t window, const void *data, size_t bytes);
void wire_udp(uint32_t from, uint16_t from_port, uint16_t to_port, const void *data, size_t bytes);
/* The same from the peer to every host of the network. */
void wire_broadcast(uint16_t from_port, uint16_t to_port, const void *data, size_t bytes);
/* ICMP destination unreachable about the i-th sent packet, its sequence number altered by skew. */
void wire_unreachable(size_t i, uint8_t code, uint32_t skew);

/* lwIP's timers and loopback: when they are due, and running them. */
int64_t wire_due_ns(void);
void wire_run(void);
/* Times the lock was taken and given alike, or the test fails. */
bool wire_is_locked(void);
/* Bytes of lwIP's heap and TCP control blocks in use. */
size_t wire_heap_used(void);
size_t wire_tcp_blocks(void);

#endif
