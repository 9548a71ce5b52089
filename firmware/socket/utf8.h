/*
 * Whether bytes are text.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#ifndef SOCKBENCH_SOCKET_UTF8_H
#define SOCKBENCH_SOCKET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Well-formed UTF-8 (Unicode, table 3-7): neither overlong, nor a surrogate, nor above U+10FFFF. */
static inline bool utf8_is_valid(const uint8_t *text, size_t bytes)
{
    for (size_t i = 0; i < bytes;) {
        uint8_t first = text[i++];
        if (first < 0x80)
            continue;
        if (first < 0xc2 || first > 0xf4)
            return false;
        size_t more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        if (bytes - i < more)
            return false;
        uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        for (size_t k = 0; k < more; k++, i++) {
            if (text[i] < low || text[i] > high)
                return false;
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}

#endif
