/*
 * The version text, with the build id the linker computed (a note in the ELF format: name and
 * descriptor sizes, type, name "GNU", 20 bytes of SHA-1).
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "port/version.h"

#include <stdint.h>

#define VERSION "sockbench-fw " SOCKBENCH_VERSION "+"
#define NOTE_HASH_OFFSET 16
#define HASH_BYTES_SHOWN 6

extern const uint8_t linker_build_id[];

const char *version_text(void)
{
    static char text[sizeof VERSION + 2 * HASH_BYTES_SHOWN] = VERSION;
    char *out = &text[sizeof VERSION - 1];
    for (int i = 0; i < HASH_BYTES_SHOWN; i++) {
        uint8_t byte = linker_build_id[NOTE_HASH_OFFSET + i];
        *out++ = "0123456789abcdef"[byte >> 4];
        *out++ = "0123456789abcdef"[byte & 15];
    }
    return text;
}
