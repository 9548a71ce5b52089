/*
 * Decoding and encoding of addresses (address.h).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "socket/address.h"

#include <string.h>

#define PORT_MAX 65535
#define FLOWINFO_MAX 0xfffff

static const struct address_fault fine = {EXC_NONE, NULL};

static struct address_fault type_fault(const char *message)
{
    return (struct address_fault){EXC_TYPE_ERROR, message};
}

static struct address_fault value_fault(const char *message)
{
    return (struct address_fault){EXC_VALUE_ERROR, message};
}

/* bool counts as int, as everywhere in Python. */
static bool is_integer(const struct value *value)
{
    return value->kind == VALUE_INT || value->kind == VALUE_BOOL || value->kind == VALUE_BIGINT;
}

static bool in_range(const struct value *value, int64_t limit, int64_t *number)
{
    if (value->kind == VALUE_BIGINT || value->integer < 0 || value->integer > limit)
        return false;
    *number = value->integer;
    return true;
}

bool address_ipv4_read(const uint8_t *text, size_t bytes, uint8_t ip[4])
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        if (part > 0) {
            if (at == bytes || text[at] != '.')
                return false;
            at++;
        }
        unsigned octet = 0;
        size_t first = at;
        while (at < bytes && text[at] >= '0' && text[at] <= '9') {
            octet = octet * 10 + (text[at] - '0');
            if (octet > 255)
                return false;
            at++;
        }
        size_t digits = at - first;
        /* A leading zero means octal to some readers: refuse what is ambiguous. */
        if (digits == 0 || (digits > 1 && text[first] == '0'))
            return false;
        ip[part] = (uint8_t)octet;
    }
    return at == bytes;
}

static int hex_digit(uint8_t character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

bool address_ipv6_read(const uint8_t *text, size_t bytes, uint8_t ip[16])
{
    uint8_t groups[16];
    size_t filled = 0;     /* bytes of groups[] */
    size_t gap = SIZE_MAX; /* where "::" stands, in bytes of groups[] */
    size_t at = 0;

    if (bytes >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        at = 2;
    }
    while (at < bytes) {
        unsigned group = 0;
        size_t first = at;
        while (at < bytes && at - first < 4 && hex_digit(text[at]) >= 0)
            group = group * 16 + (unsigned)hex_digit(text[at++]);
        if (at < bytes && text[at] == '.') {
            /* The last four bytes may be written as an IPv4 address. */
            if (filled > 12 || !address_ipv4_read(text + first, bytes - first, groups + filled))
                return false;
            filled += 4;
            break;
        }
        if (at == first || filled == 16)
            return false;
        groups[filled++] = (uint8_t)(group >> 8);
        groups[filled++] = (uint8_t)group;
        if (at == bytes)
            break;
        if (text[at] != ':')
            return false;
        at++;
        if (at < bytes && text[at] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = filled;
            at++;
        } else if (at == bytes) {
            return false; /* a single colon at the end */
        }
    }
    if (gap == SIZE_MAX) {
        if (filled != 16)
            return false;
        memcpy(ip, groups, 16);
        return true;
    }
    if (filled > 14)
        return false; /* "::" stands for at least one group */
    memset(ip, 0, 16);
    memcpy(ip, groups, gap);
    memcpy(ip + 16 - (filled - gap), groups + gap, filled - gap);
    return true;
}

static size_t decimal_write(unsigned number, char *text)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < count; i++)
        text[i] = digits[count - 1 - i];
    return count;
}

size_t address_ipv4_write(const uint8_t ip[4], char text[ADDRESS_TEXT_BYTES])
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        if (part > 0)
            text[at++] = '.';
        at += decimal_write(ip[part], text + at);
    }
    text[at] = '\0';
    return at;
}

#define GROUPS 8u

/* The longest run of at least two zero groups, the first of equals (RFC 5952, 4.2). */
static void longest_zero_run(const uint8_t ip[16], size_t *start, size_t *length)
{
    *start = GROUPS;
    *length = 1;
    for (size_t group = 0; group < GROUPS; group++) {
        size_t run = 0;
        while (group + run < GROUPS && ip[2 * (group + run)] == 0 && ip[2 * (group + run) + 1] == 0)
            run++;
        if (run > *length) {
            *start = group;
            *length = run;
        }
    }
}

size_t address_ipv6_write(const uint8_t ip[16], char text[ADDRESS_TEXT_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    size_t zeros;
    size_t zero_count;
    longest_zero_run(ip, &zeros, &zero_count);

    size_t at = 0;
    for (size_t group = 0; group < GROUPS; group++) {
        if (group == zeros) {
            text[at++] = ':';
            text[at++] = ':';
            group += zero_count - 1;
            continue;
        }
        if (group > 0 && text[at - 1] != ':')
            text[at++] = ':';
        unsigned number = (unsigned)ip[2 * group] << 8 | ip[2 * group + 1];
        for (int shift = 12; shift >= 0; shift -= 4) {
            if (number >> shift != 0 || shift == 0)
                text[at++] = hex[(number >> shift) & 15];
        }
    }
    text[at] = '\0';
    return at;
}

static struct address_fault port_decode(const struct value *value, struct sock_address *address)
{
    int64_t port;
    if (!is_integer(value))
        return type_fault("a port must be an integer");
    if (!in_range(value, PORT_MAX, &port))
        return value_fault("a port must be 0 to 65535");
    address->port = (uint16_t)port;
    return fine;
}

static struct address_fault text_decode(const struct value *value, struct sock_address *address)
{
    if (address->family == SOCK_AF_INET) {
        if (!address_ipv4_read(value->data, value->bytes, address->ip))
            return value_fault("an IPv4 address must have the form x.y.z.w");
    } else if (!address_ipv6_read(value->data, value->bytes, address->ip)) {
        return value_fault("this is not an IPv6 address");
    }
    return fine;
}

/* (x, y, z, w) and (x, y, z, w, port) */
static struct address_fault octets_decode(const struct value *tuple, struct sock_address *address)
{
    for (size_t i = 0; i < tuple->count; i++) {
        if (!is_integer(&tuple->items[i]))
            return type_fault("the parts of an address tuple must be integers");
    }
    for (size_t i = 0; i < 4; i++) {
        int64_t octet;
        if (!in_range(&tuple->items[i], 255, &octet))
            return value_fault("the parts of an IPv4 address must be 0 to 255");
        address->ip[i] = (uint8_t)octet;
    }
    return tuple->count == 5 ? port_decode(&tuple->items[4], address) : fine;
}

/* ("text", port) and, for AF_INET6, ("text", port, flowinfo, scope_id) */
static struct address_fault pair_decode(const struct value *tuple, struct sock_address *address)
{
    int64_t number;
    if (tuple->items[0].kind != VALUE_STR)
        return type_fault("the first part of an address pair must be a string");
    for (size_t i = 1; i < tuple->count; i++) {
        if (!is_integer(&tuple->items[i]))
            return type_fault("a port must be an integer");
    }
    struct address_fault fault = text_decode(&tuple->items[0], address);
    if (fault.exception == EXC_NONE)
        fault = port_decode(&tuple->items[1], address);
    if (fault.exception != EXC_NONE || tuple->count == 2)
        return fault;

    if (!in_range(&tuple->items[2], FLOWINFO_MAX, &number))
        return value_fault("flowinfo must be 0 to 1048575");
    address->flowinfo = (uint32_t)number;
    if (!in_range(&tuple->items[3], UINT32_MAX, &number))
        return value_fault("scope_id must be 0 to 4294967295");
    address->scope_id = (uint32_t)number;
    return fine;
}

static struct address_fault can_decode(const struct value *value, struct sock_address *address)
{
    if (value->kind == VALUE_TUPLE && value->count == 1)
        value = &value->items[0];
    if (value->kind != VALUE_STR)
        return type_fault("a CAN address must have the form (\"name\",)");
    if (value->bytes == 0 || value->bytes >= SOCK_CAN_NAME_BYTES ||
        memchr(value->data, 0, value->bytes) != NULL)
        return value_fault("this is not the name of a CAN interface");
    memcpy(address->interface, value->data, value->bytes);
    return fine;
}

struct address_fault address_decode(enum sock_family family, const struct value *value,
                                    struct sock_address *address)
{
    memset(address, 0, sizeof *address);
    address->family = family;

    if (family == SOCK_AF_CAN)
        return can_decode(value, address);
    if (value->kind == VALUE_STR)
        return text_decode(value, address);
    if (value->kind != VALUE_TUPLE)
        return type_fault("an address must be a string or a tuple");
    if (value->count == 2)
        return pair_decode(value, address);
    if (family == SOCK_AF_INET && (value->count == 4 || value->count == 5))
        return octets_decode(value, address);
    if (family == SOCK_AF_INET6 && value->count == 4)
        return pair_decode(value, address);
    return type_fault("an address tuple has another number of parts");
}

struct address_fault address_decode_local(enum sock_family family, const struct value *value,
                                          struct sock_address *address)
{
    if (family == SOCK_AF_CAN || !is_integer(value))
        return address_decode(family, value, address);
    memset(address, 0, sizeof *address);
    address->family = family;
    return port_decode(value, address);
}

static struct value integer_value(int64_t number)
{
    return (struct value){.kind = VALUE_INT, .integer = number};
}

struct value address_encode(const struct sock_address *address, struct value_result *result)
{
    size_t bytes;
    size_t count = 2;

    if (address->family == SOCK_AF_CAN) {
        bytes = strlen(address->interface);
        memcpy(result->text, address->interface, bytes + 1);
        count = 1;
    } else if (address->family == SOCK_AF_INET6) {
        bytes = address_ipv6_write(address->ip, result->text);
        result->address[2] = integer_value(address->flowinfo);
        result->address[3] = integer_value(address->scope_id);
        count = 4;
    } else {
        bytes = address_ipv4_write(address->ip, result->text);
    }
    result->address[0] =
        (struct value){.kind = VALUE_STR, .data = (uint8_t *)result->text, .bytes = bytes};
    result->address[1] = integer_value(address->port);
    return (struct value){.kind = VALUE_TUPLE, .items = result->address, .count = count};
}
