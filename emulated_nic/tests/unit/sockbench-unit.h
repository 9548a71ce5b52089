/*
 * What the unit tests of the wifi NIC's parts share.
 *
 * Copyright (c) 2026 The sockbench authors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

/*
 * Input is copied to memory of exactly its size before it is given to code
 * under test: AddressSanitizer then sees the first byte read behind it.
 */

#ifndef SOCKBENCH_UNIT_H
#define SOCKBENCH_UNIT_H

typedef struct Bytes {
    uint8_t *at;
    uint32_t size;
} Bytes;

static inline Bytes bytes_of(const void *data, uint32_t size)
{
    Bytes bytes = { g_malloc(size), size };

    if (size) {
        memcpy(bytes.at, data, size);
    }
    return bytes;
}

static inline void bytes_free(Bytes *bytes)
{
    g_free(bytes->at);
}

#define BYTES __attribute__((cleanup(bytes_free))) Bytes

/* Hexadecimal digits; blanks are for the reader. */
static inline Bytes bytes_from_hex(const char *hex)
{
    Bytes bytes = { g_malloc(strlen(hex) / 2 + 1), 0 };

    while (*hex) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        bytes.at[bytes.size++] = g_ascii_xdigit_value(hex[0]) << 4 |
                                 g_ascii_xdigit_value(hex[1]);
        hex += 2;
    }
    bytes.at = g_realloc(bytes.at, MAX(bytes.size, 1));
    return bytes;
}

static inline void assert_hex(const uint8_t *at, uint32_t size,
                              const char *hex)
{
    BYTES wanted = bytes_from_hex(hex);

    g_assert_cmpmem(at, size, wanted.at, wanted.size);
}

#endif
