/*
 * Addresses as programs write them, to and from struct sock_address.
 *
 * AF_INET: "x.y.z.w", (x, y, z, w), ("x.y.z.w", port), (x, y, z, w, port).
 * AF_INET6: "text", ("text", port), ("text", port, flowinfo, scope_id).
 * AF_CAN: "name", ("name",). A port that is not given is 0.
 *
 * No names are resolved. Text is read strictly: decimal octets without leading
 * zeros for IPv4, RFC 4291 section 2.2 for IPv6.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_ADDRESS_H
#define SOCKBENCH_SOCKET_ADDRESS_H

#include "socket/provider.h"
#include "socket/value.h"

/* Longest text of an address: IPv6 with an IPv4 tail, and a NUL. */
#define ADDRESS_TEXT_BYTES 46

/* What is wrong with an argument. */
struct address_fault {
    enum value_exception exception; /* EXC_NONE: nothing */
    const char *message;
};

/* Decode an address argument of a socket of this family. */
struct address_fault address_decode(enum sock_family family, const struct value *value,
                                    struct sock_address *address);

/* As address_decode, but an integer is a port on every address of this device. */
struct address_fault address_decode_local(enum sock_family family, const struct value *value,
                                          struct sock_address *address);

/* Read "x.y.z.w"; false if the text is anything else. */
bool address_ipv4_read(const uint8_t *text, size_t bytes, uint8_t ip[4]);
bool address_ipv6_read(const uint8_t *text, size_t bytes, uint8_t ip[16]);

/* Write the text and return its length, without the NUL. IPv6: RFC 5952. */
size_t address_ipv4_write(const uint8_t ip[4], char text[ADDRESS_TEXT_BYTES]);
size_t address_ipv6_write(const uint8_t ip[16], char text[ADDRESS_TEXT_BYTES]);

/*
 * Make the tuple that programs get: (ip, port), (ip, port, flowinfo, scope_id) or
 * (interface,). It lives in result->address and result->text.
 */
struct value address_encode(const struct sock_address *address, struct value_result *result);

#endif
